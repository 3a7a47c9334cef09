"""Need by a model that is fitted: the table organisation_need of `needs/<model>/<fit>/`, as a capitation that names the model takes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from accord.budgets.budget_file import FittedNeed
from accord.errors import UserError
from accord.place import Place, Run
from accord.place.csv_rows import read_rows
from accord.place.keeping import MANIFEST_NAME, damaged_files, kept
from accord.place.runs import file_sha256
from accord.place.toml_faults import did_you_mean
from accord.tables.need import ORGANISATION_NEED

FOLDER, MODEL_NAME, TABLE_NAME = "needs", "model.json", "organisation_need.csv"
EVERY_SERVICE = "all"
OF_TABLE = "table "
"""How the tables of the run begin among the inputs of a fit, each with the hash of its content."""

Wrong = Callable[[str, str], UserError]
"""What is wrong with the need that a budget asks for, and the mend, as an error that names the budget's line."""


@dataclass(frozen=True)
class Fit:
    """One kept fit of a model. tables: the run that it was fitted on, by the hash of each. text: the hash of the model's file.

    services: those whose cost it foretells; none is every one.
    """

    folder: Path
    run_id: str
    made_at: datetime
    tables: Mapping[str, str]
    text: str
    fitted_year: date
    coming_year: date
    services: tuple[str, ...]


@dataclass(frozen=True)
class Need:
    """What the people of each organisation need, 1 being the mean person of the fit; none below zero, as one cannot have less than no budget."""

    model: str
    fit: Fit
    by_organisation: Mapping[str, Fraction]

    def words(self, service: str) -> str:
        """Which model, which fit of it (its id holds the hash of all that it was fitted by), and of which day; and if it is one of other care."""
        of_other = "" if self.covers(service) else " of other care"
        return f", by the model {self.model}{of_other}, fit {self.fit.folder.name} of {self.fit.made_at:%Y-%m-%d}"

    def covers(self, service: str) -> bool:
        """Whether the cost of a service is part of what the model foretells."""
        return not self.fit.services or service in self.fit.services

    @property
    def files(self) -> tuple[Path, ...]:
        """What the budget is set by."""
        return self.fit.folder / TABLE_NAME, self.fit.folder / MANIFEST_NAME

    def of(self, organisations: Sequence[str], figures: Path) -> list[Fraction]:
        """The need of each. Raises UserError for one of whose people the fit foretells nothing."""
        missing = [id for id in organisations if id not in self.by_organisation]
        if missing:
            more = f" (nor of {len(missing) - 1} more)" if len(missing) > 1 else ""
            what = f"the model '{self.model}', fit {self.fit.folder.name}, foretells nothing of the people of '{missing[0]}'{more}"
            mend = did_you_mean(missing[0], sorted(self.by_organisation), "take its line out, or fit on a run that knows its people; it knows")
            raise UserError(what, where=str(figures), what_to_do=mend)
        return [self.by_organisation[id] for id in organisations]


def read_need(place: Place, asked: FittedNeed, begins: date, run: Run, wrong: Wrong) -> Need:
    """Of the fits of a model on a run, the one on the latest year, made last. begins: the budget. Raises UserError where there is none to go by."""
    fits = [fit for fit in _fits(place, asked.model, wrong) if fit.tables == _tables(run)]
    if not fits:
        raise _of_other_run(place, asked.model, run, wrong)
    text = file_sha256(_model_file(place, asked.model)) if _model_file(place, asked.model).is_file() else None
    as_written = [fit for fit in fits if text in (None, fit.text)]
    if not as_written:
        raise wrong(f"needs/{asked.model}.toml was changed after it was fitted", f"fit it again: accord need fit {asked.model}")
    of_year = [fit for fit in as_written if _is_of(fit, asked, begins)]
    if not of_year:
        year = as_written[-1].coming_year
        told = f"asks for the year from {asked.year}" if asked.year else f"begins in another, on {begins}"
        mend = f'if that year\'s need shall count, write need = {{ model = "{asked.model}", year = {year} }}'
        raise wrong(f"the model '{asked.model}' foretells the year from {year}, and the budget {told}", mend)
    fit = max(of_year, key=lambda one: (one.fitted_year, one.made_at))
    return Need(asked.model, fit, _by_organisation(fit, wrong))


def _is_of(fit: Fit, asked: FittedNeed, begins: date) -> bool:
    year = fit.coming_year
    return year == asked.year if asked.year else year <= begins < year.replace(year=year.year + 1)


def _tables(run: Run) -> dict[str, str]:
    return {name: entry.content_hash for name, entry in run.manifest.tables.items()}


def _model_file(place: Place, name: str) -> Path:
    return place.root / FOLDER / f"{name}.toml"


def _fits(place: Place, name: str, wrong: Wrong) -> list[Fit]:
    """Every fit of a model, the last made last. Raises UserError where there is none."""
    folders = kept(place.root / FOLDER / name)
    if folders:
        return sorted((_fit(folder, wrong) for folder in folders), key=lambda one: one.made_at)
    if _model_file(place, name).is_file():
        raise wrong(f"the model of need '{name}' has not been fitted", f"accord need fit {name}")
    there = sorted(each.stem for each in (place.root / FOLDER).glob("*.toml"))
    mend = did_you_mean(name, there, "the models are") if there else f"make one, and fit it: accord need new {name}, accord need fit {name}"
    raise wrong(f"there is no model of need called '{name}'", mend)


def _fit(folder: Path, wrong: Wrong) -> Fit:
    try:
        said, model = (dict[str, Any](json.loads((folder / name).read_bytes())) for name in (MANIFEST_NAME, MODEL_NAME))
        tables = {name.removeprefix(OF_TABLE): sha for name, sha in said["inputs"].items() if name.startswith(OF_TABLE)}
        years = [date.fromisoformat(model[key]) for key in ("fitted_year", "coming_year")]
        services = () if model["services"] == EVERY_SERVICE else tuple(model["services"])
        return Fit(folder, said["run_id"], datetime.fromisoformat(said["created_at"]), tables, said["inputs"]["model"], years[0], years[1], services)
    except (OSError, ValueError, KeyError):
        raise _damaged(folder, wrong) from None


def _of_other_run(place: Place, name: str, run: Run, wrong: Wrong) -> UserError:
    last = _fits(place, name, wrong)[-1]
    what = f"the model '{name}' was fitted on run {last.run_id}, and the budget is set on run {run.run_id}, whose tables are others"
    return wrong(what, f"fit it on this run: accord need fit {name} --run {run.run_id}; or set the budget on the other: --run {last.run_id}")


def _damaged(folder: Path, wrong: Wrong) -> UserError:
    return wrong(f"the fit {folder.name} is not as it was published", f"delete {folder}, and fit again")


def _by_organisation(fit: Fit, wrong: Wrong) -> dict[str, Fraction]:
    said = json.loads((fit.folder / MANIFEST_NAME).read_bytes())
    if TABLE_NAME not in said["files"] or damaged_files(fit.folder, said["files"]):
        raise _damaged(fit.folder, wrong)
    rows = read_rows(fit.folder / TABLE_NAME, ORGANISATION_NEED.names)
    return {row.text("organisation_id"): max(Fraction(Decimal(row.text("need"))), Fraction(0)) for row in rows}
