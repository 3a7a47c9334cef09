"""Who may be admitted as an emergency next year: a list for direct care alone, and how far such a list can be trusted."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accord import rulebook
from accord.errors import UserError
from accord.place import Place, Run, restricted_folder
from accord.place.keeping import keep
from accord.population.need.model_file import NeedModel, model_path, read_need_model
from accord.population.need.preparing import Prepared, prepared
from accord.population.need.rows import batches
from accord.population.need.supply import Supply
from accord.stats import discrimination as told

PURPOSE = "direct-care"
KEPT = "admission_risk"
LIST_NAME = "list.csv"
INSTALL = "pip install -r requirements-analysis.txt, or pip install 'accord[analysis]'"
SMALLEST_COUNT = 8
"""People on the list below which a group's figures are not shown: 1 to 7 are suppressed in hospital statistics (NHS England, HES analysis guide)."""

RIDGE = 1.0
"""How strongly coefficients are held near 0, as scikit-learn has it: one that few people tell of does not run away."""

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Capacity:
    """How many can be seen to: a number of people, or a part of everybody. One of the two."""

    n: int | None = None
    share: float | None = None

    def of(self, n_all: int, n_list: int) -> int:
        """How many of `n_all` are as large a part as the list is of the `n_list` that it is drawn from."""
        return min(n_all, round(n_all * (self.share if self.share is not None else (self.n or 0) / max(n_list, 1))))

    def of_everybody(self, n_person: int) -> int:
        """How many of everybody the list is drawn from: fewer than all, or it tells nobody apart. Raises UserError."""
        if self.n is not None and self.n >= n_person:
            mend = f"write fewer than that, such as {max(1, n_person // 50)}, or a part of all such as 2%"
            raise UserError(f"{self.n:,} can be seen to, and there are {n_person:,} people in all", where="--capacity", what_to_do=mend)
        return self.of(n_person, n_person)


def capacity_of(text: str) -> Capacity:
    """A capacity as people write it: 250, or 0.5%. Raises UserError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(%?)", text.strip())
    figure = float(found[1]) if found else 0.0
    if found and found[2] and 0 < figure < 100:
        return Capacity(share=figure / 100)
    if found and not found[2] and figure >= 1 and figure == int(figure):
        return Capacity(n=int(figure))
    mend = "write how many people can be seen to: a whole number such as 250, or a part of all below 100%, such as 0.5%"
    raise UserError(f"'{text}' is no capacity", where="--capacity", what_to_do=mend)


@dataclass(frozen=True)
class GroupRisk:
    """One fifth of areas. observed_over_expected: events over the sum of risks; above 1, the risk is underrated here."""

    quintile: str
    flagged: told.Flagged
    observed_over_expected: float


@dataclass(frozen=True)
class Spend:
    """What may be spent on each person of the list, if so large a part of their events were prevented."""

    effect: Decimal
    most: float


@dataclass(frozen=True)
class RiskReport:
    """How well the risks do on people the model was not fitted on, and where the list is. n_list: people on the list of the coming year.

    flagged: what a list of the same part of the validation people finds. event_cost: emergency care of one admitted, a year; None if unknown.
    deciles: by tenth of risk the mean risk and the part who were admitted. evidence: what happened where such lists were made, with sources.
    """

    title: str
    fitted_year: date
    coming_year: date
    n_training: int
    n_list: int
    area_under_curve: float
    brier: float
    brier_of_mean: float
    slope: float
    intercept: float
    deciles: tuple[tuple[float, float], ...]
    flagged: told.Flagged
    event_cost: float | None
    spends: tuple[Spend, ...]
    equity: tuple[GroupRisk, ...]
    evidence: tuple[rulebook.Value, ...]
    list_file: Path


def admission_risk(place: Place, run: Run, name: str, purpose: str | None, capacity: Capacity) -> RiskReport:
    """Fit, judge, and write the list below restricted/. Within `hold` only.

    purpose: must be direct-care: a list of people at risk is for those who care for them. Raises UserError for any other, and where nobody was
    admitted.
    """
    if purpose != PURPOSE:
        mend = f"if this list is for those who care for these people, and for nothing else, say so: --purpose {PURPOSE}"
        raise UserError("a list of people at risk is made for direct care alone", where="--purpose", what_to_do=mend)
    model = _with_prior_use(read_need_model(place, name))
    with prepared(place, run, model, Supply(), None) as made:
        rows, coming = _rows(made, made.frame.fitted), _rows(made, made.frame.coming)
        risks = _fitted_risks(rows, coming)
        n_list = capacity.of_everybody(coming.person.size)
        list_file = _write_list(place, run, name, coming, risks[1], n_list)
        return _report(made, rows, risks[0], n_list, coming.person.size, list_file)


def _with_prior_use(model: NeedModel) -> NeedModel:
    """The same predictors of need, and emergency admissions of the year before: fit for a list, unfit for sharing out money."""
    kept = [p for p in model.predictors if p not in ("supply", "organisation", "prior_use")]
    return model.model_copy(update={"predictors": (*kept, "prior_use"), "supply_file": None})


@dataclass(frozen=True)
class _Rows:
    """Everybody of one year, with the cells of a sparse matrix: columns that are not zero, by person."""

    person: NDArray[np.int64]
    organisation: NDArray[Any]
    decile: Real
    is_training: Mask
    is_there: Mask
    event: Mask
    matrix: Any


def _rows(made: Prepared, year: date) -> _Rows:
    sparse = _library()[1]
    parts = list(batches(made.files, year))
    if not parts:
        raise UserError(f"nobody is foretold of {year}", where="needs/", what_to_do="look at the population that the model names")
    matrix = sparse.vstack([
        sparse.csr_matrix((p.cells.value, (p.cells.row, p.cells.column)), shape=(p.cells.n_row, p.cells.n_column)) for p in parts
    ]).tocsr()  # fmt: skip

    def column(name: str) -> NDArray[Any]:
        return np.concatenate([np.asarray(p.people.column(name).to_numpy(zero_copy_only=False)) for p in parts])

    decile, month, admitted = (np.concatenate([p.numbers(n) for p in parts]) for n in ("deprivation_decile", "n_month", "n_emergency_admission"))
    is_training = column("is_training").astype(bool)
    return _Rows(column("person_id"), column("organisation_id"), decile, is_training, month > 0, admitted > 0, matrix)


def _library() -> tuple[Any, Any]:
    """Imported here: it takes two seconds, and no other command needs it."""
    try:
        from scipy import sparse
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        what = f"risks are fitted by the library scikit-learn, which is not installed ({error})"
        raise UserError(what, where="accord admission-risk", what_to_do=INSTALL) from None
    return LogisticRegression, sparse


def _fitted_risks(rows: _Rows, coming: _Rows) -> tuple[Real, Real]:
    """The risk of everybody, in the fitted year and in the coming one. Raises UserError where nobody, or everybody, was admitted."""
    chosen = rows.is_training & rows.is_there
    for who in (chosen, ~rows.is_training & rows.is_there):
        if rows.event[who].sum() < SMALLEST_COUNT or (~rows.event[who]).sum() < SMALLEST_COUNT:
            mend = "look whether admissions state how they came about, or take a place with more people"
            raise UserError("too few people had an emergency admission to learn from", where="continuous_stay", what_to_do=mend)
    fitted = _library()[0](C=1 / RIDGE, max_iter=2_000).fit(rows.matrix[chosen], rows.event[chosen])
    return fitted.predict_proba(rows.matrix)[:, 1], fitted.predict_proba(coming.matrix)[:, 1]


def _report(made: Prepared, rows: _Rows, risks: Real, n_list: int, n_coming: int, list_file: Path) -> RiskReport:
    seen = ~rows.is_training & rows.is_there
    risk, event = risks[seen], rows.event[seen]
    chosen = told.highest(risk, Capacity(n=n_list).of(risk.size, n_coming))
    found = told.flagged(chosen, event)
    slope, intercept = told.calibration(risk, event)
    cost = event_cost(made)
    effects = rulebook.parameter("intervention_effect").at(made.frame.fitted, date.max)
    spends = () if cost is None else tuple(Spend(e, told.most_to_spend(float(e), found.predictive_value, cost)) for e in effects)
    return RiskReport(
        made.model.title, made.frame.fitted, made.frame.coming, int((rows.is_training & rows.is_there).sum()), n_list,
        told.area_under_curve(risk, event), told.brier_score(risk, event), told.brier_score(np.full(risk.size, event.mean()), event),
        slope, intercept,
        tuple(_deciles(risk, event)), found, cost, spends, tuple(equity(rows.decile[seen], risk, event, chosen)),
        rulebook.parameter("intervention_evidence").values, list_file,
    )  # fmt: skip


def event_cost(made: Prepared) -> float | None:
    """What the emergency admissions of one person who has any cost in the fitted year; None where no cost is known."""
    sql = """select cast(sum(cost) as double), count(distinct person_id) from activity
      where is_in_force and setting = 'inpatient' and admission = 'emergency' and start_date >= $start and start_date < $end"""
    years = (*made.frame.whole, made.frame.coming)
    end = years[years.index(made.frame.fitted) + 1]
    (cost, n), *_ = made.session.rows(sql, {"start": made.frame.fitted, "end": end})
    return cost / n if cost and n else None


def _deciles(risk: Real, event: Mask) -> Iterator[tuple[float, float]]:
    for part in np.array_split(np.argsort(risk, kind="stable"), 10):
        if part.size:
            yield float(risk[part].mean()), float(event[part].mean())


def equity(decile: Real, risk: Real, event: Mask, chosen: Mask) -> Iterator[GroupRisk]:
    """The kernel: the list by fifths of areas, the most deprived first; those whose area is not known last. All of shape (n,)."""
    fifth = np.where(np.isnan(decile), 6, np.ceil(decile / 2))
    for number, words in enumerate(("1 (most deprived)", "2", "3", "4", "5 (least deprived)", "not known"), 1):
        here = fifth == number
        if here.any():
            yield GroupRisk(words, told.flagged(chosen[here], event[here]), float(event[here].sum() / max(risk[here].sum(), 1e-9)))


def _write_list(place: Place, run: Run, name: str, coming: _Rows, risk: Real, n: int) -> Path:
    """The list, by pseudonym, where only those who may know people read. The same inputs give the same list."""
    chosen = np.flatnonzero(told.highest(risk, n))
    rows = sorted(zip(-risk[chosen], coming.person[chosen], coming.organisation[chosen], strict=True))
    text = model_path(place, name).read_bytes()
    inputs = {"run": run.run_id, "model": hashlib.sha256(text).hexdigest(), "rulebook": rulebook.edition(), "n": str(n)}
    id = f"{name}-{hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:12]}"
    folder = restricted_folder(place) / run.run_id / KEPT
    if not (folder / id).exists():
        keep(folder, id, partial(_fill, rows), lambda files: _manifest(inputs, files))
    return folder / id / LIST_NAME


def _manifest(inputs: Mapping[str, str], files: Mapping[str, str]) -> str:
    return json.dumps({"purpose": PURPOSE, "inputs": dict(inputs), "files": dict(files)}, indent=2) + "\n"


def _fill(rows: Sequence[tuple[float, int, str]], to: Path) -> None:
    with (to / LIST_NAME).open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("person_id", "organisation_id", "risk"))
        out.writerows((person, organisation, f"{-risk:.4f}") for risk, person, organisation in rows)

