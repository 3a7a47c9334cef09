"""Fits as they are kept: `needs/<name>/<id>/`, built aside, hashed, published by one rename and never changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from accord.errors import UserError
from accord.place import Place
from accord.place.keeping import MANIFEST_NAME, damaged_files, keep, kept
from accord.place.toml_faults import did_you_mean
from accord.population.need.model_file import FOLDER
from accord.tables.need import KIND

MODEL_NAME, PERSON_NAME, FACT_NAME = "model.json", "person_need.parquet", "person_fact.parquet"
VALIDATION_NAME, ORGANISATION_NAME, CODING_NAME = "validation.csv", "organisation_need.csv", "coding.csv"


class _Kept(BaseModel):
    """What is read back as it was written; a later version may have written more."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class KeptPredictor(_Kept):
    """One column of a kept model. is_dropped: those before it said all that it says; its coefficient is 0."""

    kind: str
    label: str
    labels: tuple[str, ...]
    coefficient: float
    standard_error: float
    n_training: int
    n_person: int
    is_dropped: bool

    @property
    def is_of_place(self) -> bool:
        """Whether it says where people are, and not what they need."""
        return KIND.index(self.kind) >= KIND.index("supply")


class KeptLeftOut(_Kept):
    """Care of the whole years that is in no person's year."""

    reason: str
    n_activity: int
    cost: Decimal


class KeptModel(_Kept):
    """model.json: all that a score follows from. place_mean: what supply and organisation add on average, given to everybody in their stead.

    mean: everybody's mean expected cost, by which need is a part of the average. cap: the most of one person's cost of a year that counted.
    counted_share: the part of the fitted year's cost that did. apart: organisations kept out of the fit, with people in the fitted year n_apart.
    """

    title: str
    population: str
    services: str | tuple[str, ...]
    fitted_year: date
    coming_year: date
    n_history: int
    n_history_asked: int
    truncation: str
    cap: str | None
    counted_share: float
    n_training: int
    n_validation: int
    apart: tuple[str, ...] = ()
    n_apart: int = 0
    n_person: int
    n_below_zero: int
    place_mean: float
    mean: float
    has_conditions: bool
    left_out: tuple[KeptLeftOut, ...]
    predictors: tuple[KeptPredictor, ...]

    def column_of(self, kind: str, label: str) -> int | None:
        """The column in which something known counts; None where the model knows nothing of it."""
        return self._columns.get((kind, label))

    @cached_property
    def _columns(self) -> dict[tuple[str, str], int]:
        return {(p.kind, label): n for n, p in enumerate(self.predictors) for label in p.labels}

    @property
    def coefficients(self) -> NDArray[np.float64]:
        """Every coefficient, in order."""
        return np.array([p.coefficient for p in self.predictors])


class NeedManifest(_Kept):
    """What a fit says of itself. inputs, files: each with its hash."""

    edition: int = 1
    fit_id: str
    name: str
    run_id: str
    created_at: datetime
    accord_version: str
    rulebook_edition: str
    inputs: dict[str, str]
    files: dict[str, str] = {}


@dataclass(frozen=True)
class KeptFit:
    """One kept fit: its folder, what it says of itself, and its model."""

    folder: Path
    manifest: NeedManifest
    model: KeptModel

    def facts_of(self, person_id: int) -> dict[tuple[str, str], float]:
        """What is known of one person before the year to come: kind and label to value. Empty for a person of whom no year is foretold."""
        found = pq.read_table(self.folder / FACT_NAME, filters=[("person_id", "=", person_id)]).to_pylist()
        return {(row["kind"], row["label"]): row["value_per_1000"] / 1000 for row in found}

    def people(self) -> pa.Table:
        """person_need, in the order of person_id."""
        return pq.read_table(self.folder / PERSON_NAME)


def fits_folder(place: Place, name: str) -> Path:
    """Where the fits of a model are."""
    return place.root / FOLDER / name


def publish(place: Place, manifest: NeedManifest, fill: Callable[[Path], None]) -> Path:
    """Build a fit aside, hash what `fill` wrote, and give the folder its name. Raises UserError if the disk fails."""
    return keep(fits_folder(place, manifest.name), manifest.fit_id, fill, partial(_text, manifest))


def now() -> datetime:
    """The moment, for a manifest: nothing that is fitted depends on it."""
    return datetime.now(UTC)


def named_model(place: Place, name: str) -> str:
    """A model's name as given, or the only one that is fitted, if none is. Raises UserError where there are several, or none."""
    if name:
        return name
    folder = place.root / FOLDER
    there = sorted(each.name for each in folder.iterdir() if each.is_dir()) if folder.is_dir() else []
    if len(there) == 1:
        return there[0]
    what = "no model of need has been fitted" if not there else f"{len(there)} models have been fitted"
    mend = f"give --model with one of: {', '.join(there)}" if there else "make one, and fit it: accord need new NAME, accord need fit NAME"
    raise UserError(what, where=str(folder), what_to_do=mend)


def open_fit(place: Place, name: str, fit: str = "latest") -> KeptFit:
    """A fit of a model, by the beginning of its id, or the latest made. Raises UserError for one that is not there, or is not as it was published."""
    there = kept(fits_folder(place, name))
    if not there:
        raise UserError(f"the model '{name}' has not been fitted", where=str(fits_folder(place, name)), what_to_do=f"accord need fit {name}")
    if fit == "latest":
        return max(map(_opened, there), key=lambda one: (one.manifest.created_at, one.manifest.fit_id))
    found = [folder for folder in there if folder.name.startswith(fit)]
    if len(found) != 1:
        mend = did_you_mean(fit, [folder.name for folder in there], "the fits are")
        raise UserError(f"{len(found)} fits of '{name}' begin with '{fit}'", where=str(fits_folder(place, name)), what_to_do=mend)
    return _opened(found[0])


def _opened(folder: Path) -> KeptFit:
    try:
        manifest = NeedManifest.model_validate_json((folder / MANIFEST_NAME).read_bytes())
        model = KeptModel.model_validate_json((folder / MODEL_NAME).read_bytes())
    except (OSError, ValidationError):
        raise UserError(f"fit {folder.name} cannot be opened", where=str(folder), what_to_do="delete the folder, and fit again") from None
    damaged = damaged_files(folder, manifest.files)
    if damaged:
        what = f"{', '.join(damaged)} {'is' if len(damaged) == 1 else 'are'} not as published"
        raise UserError(what, where=str(folder), what_to_do="delete the folder, and fit again")
    return KeptFit(folder, manifest, model)


def _text(manifest: NeedManifest, files: Mapping[str, str]) -> str:
    return manifest.model_copy(update={"files": dict(files)}).model_dump_json(indent=2) + "\n"


def write_json(file: Path, model: KeptModel) -> None:
    """The model as text that a person can read."""
    file.write_text(json.dumps(model.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
