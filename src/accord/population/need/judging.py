"""How well a model does on people it was not fitted on: R², predictive ratios, calibration, organisations that are far off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accord.population.need.fitting import Fitted
from accord.population.need.rows import MONTHS
from accord.population.need.scoring import Scored

Real = NDArray[np.float64]
ALLOCATED = "allocated"
"""The model as money is shared out by it: supply and organisation at their mean."""

APART = "apart"
"""The part of those whose whole organisation is kept out of the fit."""

FAR_OFF = 0.10
"""The part by which PBRA counted a practice as off (Dixon et al, BMJ 2011;343:d6608)."""

N_GROUP = 10


@dataclass(frozen=True)
class Judged:
    """One figure of one group. part: validation, apart, training, or a later year, also of those apart. n: people, or organisations where the

    figure is about these.

    value: R², or what was foretold over what it cost (a predictive ratio), or a slope, an intercept, a share.
    """

    part: str
    model: str
    measure: str
    group: str
    n: int
    value: float


def judge(fitted: Fitted, scored: Scored) -> tuple[Judged, ...]:
    """The kernel. In: the fitted year, scored. Out: R² of each nested model, then everything of the allocated one, of the validation people;

    then the same of the people of organisations kept apart, if there are any.
    """
    told = {stage.name: scored.stages[:, n] for n, stage in enumerate(fitted.stages)} | {ALLOCATED: scored.expected}
    found = [Judged("training", stage.name, "r2_person", "all", fitted.training.n, stage.r2_training) for stage in fitted.stages]
    for part, seen in _parts(scored):
        for name, each in told.items():
            found.append(Judged(part, name, "r2_person", "all", seen.n, _r2(seen.weight, seen.cost, seen.only(each))))
            found.append(_r2_of_organisations(part, name, seen, each))
        found += _of_allocated(part, seen, scored, 1.0)
    return tuple(found)


def _parts(scored: Scored) -> Iterator[tuple[str, _Seen]]:
    """Whom the model is judged on: others of the organisations it was fitted on, and whole organisations that were kept apart."""
    is_training, is_apart = scored.column("is_training"), scored.column("is_apart")
    yield "validation", _Seen.of(scored, ~is_training & ~is_apart)
    apart = _Seen.of(scored, is_apart)
    if apart.n:
        yield APART, apart


def judge_later(fitted: Fitted, scored: Scored) -> tuple[Judged, ...]:
    """A later year, foretold with the coefficients as they are, and recalibrated: every score times what the year cost over what was foretold."""
    everybody = _Seen.of(scored, np.ones(scored.need.size, bool))
    times = everybody.total / everybody.sum_of(scored.expected)
    found: list[Judged] = []
    for which, seen in _parts(scored):
        part = f"year {scored.year}" + (f", {APART}" if which == APART else "")
        r2 = _r2(seen.weight, seen.cost, seen.only(scored.expected) * times)
        found.append(Judged(part, ALLOCATED, "recalibrated_by", "all", everybody.n, times))
        found.append(Judged(part, ALLOCATED, "r2_person", "all", seen.n, r2))
        found.append(_r2_of_organisations(part, ALLOCATED, seen, scored.expected * times))
        found += _of_allocated(part, seen, scored, times)
    return tuple(found)


@dataclass(frozen=True)
class _Seen:
    """Those who count in a judgement. weight: the part of the year in the population; cost: made a whole year's."""

    chosen: NDArray[np.bool_]
    weight: Real
    cost: Real
    organisation: NDArray[Any]

    @classmethod
    def of(cls, scored: Scored, chosen: NDArray[np.bool_]) -> _Seen:
        month = scored.column("n_month")
        chosen = chosen & (month > 0)
        cost = scored.column("counted_cost")[chosen] * MONTHS / month[chosen]
        return cls(chosen, month[chosen] / MONTHS, cost, scored.column("organisation_id")[chosen])

    @property
    def n(self) -> int:
        return int(self.weight.size)

    @property
    def total(self) -> float:
        return float(self.weight @ self.cost)

    def only(self, values: NDArray[Any]) -> NDArray[Any]:
        return values[self.chosen]

    def sum_of(self, told: Real) -> float:
        return float(self.weight @ told[self.chosen])

    def over(self, told: Real) -> float:
        """What was foretold of them over what they cost; told: of the chosen."""
        return float(self.weight @ told) / self.total if self.total else float("nan")


def _r2(weight: Real, actual: Real, told: Real) -> float:
    mean = float(weight @ actual) / float(weight.sum())
    about = float(weight @ (actual - mean) ** 2)
    return 1 - float(weight @ (actual - told) ** 2) / about if about > 0 else float("nan")


@dataclass(frozen=True)
class _ByGroup:
    """Of each group its name, people, part-years of them, and mean cost of a year as it was and as it was foretold."""

    name: NDArray[Any]
    n: NDArray[Any]
    weight: Real
    actual: Real
    told: Real


def _by_group(seen: _Seen, group: NDArray[Any], told: Real) -> _ByGroup:
    name, where = np.unique(group, return_inverse=True)
    weight = np.bincount(where, seen.weight).astype(float)
    actual, foretold = (np.bincount(where, seen.weight * each) / weight for each in (seen.cost, told))
    return _ByGroup(name, np.bincount(where), weight, actual, foretold)


def _r2_of_organisations(part: str, model: str, seen: _Seen, told: Real) -> Judged:
    by = _by_group(seen, seen.organisation, seen.only(told))
    return Judged(part, model, "r2_organisation", "all", int(by.name.size), _r2(by.weight, by.actual, by.told))


def _of_allocated(part: str, seen: _Seen, scored: Scored, times: float) -> Iterator[Judged]:
    told = seen.only(scored.expected) * times
    by = _by_group(seen, seen.organisation, told)
    off = np.abs(by.told - by.actual) > FAR_OFF * by.actual
    yield Judged(part, ALLOCATED, "organisations_far_off", "all", int(by.name.size), float(off.mean()))
    slope, intercept = _line(seen, told)
    yield Judged(part, ALLOCATED, "calibration_slope", "all", seen.n, slope)
    yield Judged(part, ALLOCATED, "calibration_intercept", "all", seen.n, intercept)
    yield Judged(part, ALLOCATED, "predictive_ratio", "all", seen.n, seen.over(told))
    for measure, group in _groups(seen, scored, told):
        yield from _ratios(part, measure, seen, group, told)
    if part.endswith(APART):
        yield from _ratios(part, "organisation", seen, seen.organisation, told)


def _line(seen: _Seen, told: Real) -> tuple[float, float]:
    """Cost as a straight line of what was foretold: 1 and 0 is right; a slope below 1 says that scores differ more than costs do."""
    mean_told, mean = (float(seen.weight @ each) / float(seen.weight.sum()) for each in (told, seen.cost))
    about = float(seen.weight @ (told - mean_told) ** 2)
    slope = float(seen.weight @ ((told - mean_told) * (seen.cost - mean))) / about if about > 0 else float("nan")
    return slope, mean - slope * mean_told


def _groups(seen: _Seen, scored: Scored, told: Real) -> Iterator[tuple[str, NDArray[Any]]]:
    yield "decile of need", _as_text(_tenths(seen.weight, told))
    yield "deprivation decile", _as_text(seen.only(scored.column("deprivation_decile")))
    yield "ethnicity", seen.only(scored.column("ethnicity"))
    yield "long-term conditions", _as_text(np.minimum(seen.only(scored.n_long_term), 3).astype(float), most=3)
    yield "age band", seen.only(scored.column("age_band"))


def _tenths(weight: Real, told: Real) -> Real:
    """The tenth in which each falls, from 1 (least need), by part-years. Ties: who comes first."""
    order = np.argsort(told, kind="stable")
    tenth = np.empty(told.size)
    passed = np.cumsum(weight[order]) - weight[order] / 2
    tenth[order] = 1 + np.minimum(np.floor(passed / weight.sum() * N_GROUP), N_GROUP - 1)
    return tenth


def _as_text(values: Real, most: int | None = None) -> NDArray[Any]:
    name: Callable[[float], str] = lambda v: "unknown" if np.isnan(v) else f"{int(v):02d}" + (" and more" if most == int(v) else "")  # noqa: E731
    known, where = np.unique(values, return_inverse=True)
    return np.array([name(v) for v in known], object)[where]


def _ratios(part: str, measure: str, seen: _Seen, group: NDArray[Any], told: Real) -> Iterator[Judged]:
    by = _by_group(seen, group, told)
    for name, n, actual, foretold in zip(by.name, by.n, by.actual, by.told, strict=True):
        yield Judged(part, ALLOCATED, f"predictive_ratio by {measure}", str(name), int(n), float(foretold / actual) if actual else float("nan"))


def figure(judged: Sequence[Judged], measure: str, model: str, part: str = "validation") -> float:
    """One figure of everybody; NaN where there is none."""
    return next((j.value for j in judged if (j.part, j.model, j.measure, j.group) == (part, model, measure, "all")), float("nan"))
