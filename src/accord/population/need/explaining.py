"""One person's score line by line, and why it moved between two fits. Lines add up to the score exactly as it is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

import numpy as np

from accord.errors import UserError
from accord.population.need.keeping import KeptFit, KeptModel

Facts = Mapping[tuple[str, str], float]
PENNY = Decimal("0.01")
TEN_THOUSANDTH = Decimal("0.0001")
CODED = ("diagnosis_group", "long_term")
CAUSES = ("age", "new code", "lost code", "where and how the person lives", "model", "normalisation")
"""Why a score moves, in the order in which each is changed from the earlier fit to the later: each is valued as the ones before left it."""


@dataclass(frozen=True)
class ScoreLine:
    """One thing that a score holds. amount: what it adds, in the currency. standard_error: of its coefficient; None of the mean of the place."""

    kind: str
    label: str
    amount: Decimal
    standard_error: float | None


@dataclass(frozen=True)
class Explanation:
    """One person's score. lines add up to expected_cost. need: that over everybody's mean. unknown: known of the person, not to the model."""

    person_id: int
    lines: tuple[ScoreLine, ...]
    expected_cost: Decimal
    mean: float
    unknown: tuple[tuple[str, str], ...]

    @property
    def need(self) -> float:
        """The score: 1 is everybody's mean."""
        return float(self.expected_cost) / self.mean


def explain(fit: KeptFit, person_id: int) -> Explanation:
    """Raises UserError for a person of whom the coming year is not foretold."""
    facts, model = _facts_of(fit, person_id), fit.model
    columns = _columns(model, facts)
    needed = [n for n in columns if not model.predictors[n].is_of_place]
    said: list[tuple[str, str, float, float | None]] = [
        (p.kind, p.label, p.coefficient * columns[n], p.standard_error) for n in needed if (p := model.predictors[n])
    ]
    said.append(("the place", "supply and organisation, at everybody's mean", model.place_mean, None))
    amounts = cumulated([amount for _, _, amount, _ in said], PENNY)
    lines = tuple(ScoreLine(kind, label, amount, error) for (kind, label, _, error), amount in zip(said, amounts, strict=True))
    unknown = tuple(sorted(pair for pair in facts if model.column_of(*pair) is None))
    return Explanation(person_id, lines, sum(amounts, Decimal("0.00")), model.mean, unknown)


def _facts_of(fit: KeptFit, person_id: int) -> Facts:
    facts = fit.facts_of(person_id)
    if not facts:
        people = fit.people().column("person_id")
        near = ", ".join(str(id) for id in people.slice(0, 3).to_pylist())
        what = f"the fit {fit.manifest.fit_id} foretells nothing of person {person_id}"
        mend = f"give the person_id of somebody who was in the population in the last month before {fit.model.coming_year}, such as {near}"
        raise UserError(what, where=str(fit.folder), what_to_do=mend)
    return facts


def _columns(model: KeptModel, facts: Facts) -> dict[int, float]:
    """What counts in each column: of several things in one the largest, as in the fit."""
    found: dict[int, float] = {}
    for (kind, label), value in facts.items():
        number = model.column_of(kind, label)
        if number is not None:
            found[number] = max(found.get(number, value), value)
    return dict(sorted(found.items()))


def cumulated(amounts: Sequence[float], to: Decimal) -> list[Decimal]:
    """Amounts rounded so that they add up to their rounded sum: each is the rounded sum so far less the one before.

    >>> cumulated([0.005, 0.005, 0.005], PENNY)  # together 0.015
    [Decimal('0.00'), Decimal('0.01'), Decimal('0.01')]
    """
    sums = [Decimal(0).quantize(to), *(Decimal(str(round(float(each), 9))).quantize(to) for each in np.cumsum(amounts))]
    return [after - before for before, after in pairwise(sums)]


@dataclass(frozen=True)
class ScoreChange:
    """Why one person's need moved: parts by cause, in their order, add up to it exactly."""

    person_id: int
    before: Decimal
    after: Decimal
    parts: Mapping[str, Decimal]


def explain_change(before: KeptFit, after: KeptFit, person_id: int) -> ScoreChange:
    """Raises UserError for a person whom one of the fits does not know."""
    stages = _stages(before.model, after.model, _facts_of(before, person_id), _facts_of(after, person_id))
    start, end = (Decimal(str(round(each, 9))).quantize(TEN_THOUSANDTH) for each in (stages[0], stages[-1]))
    rounded = [Decimal(str(round(each, 9))).quantize(TEN_THOUSANDTH) for each in stages]
    parts = {cause: b - a for cause, (a, b) in zip(CAUSES, pairwise(rounded), strict=True)}
    return ScoreChange(person_id, start, end, parts)


def _stages(was: KeptModel, now: KeptModel, old: Facts, new: Facts) -> list[float]:
    """The need at first, and after each cause has changed."""
    known = [old, *_changed(old, new)]
    needs = [_expected(was, facts) / was.mean for facts in known]
    return [*needs, _expected(now, new) / was.mean, _expected(now, new) / now.mean]


def _changed(old: Facts, new: Facts) -> Iterator[Facts]:
    """What is known after each of the first four causes."""
    ages = {pair: value for pair, value in old.items() if pair[0] != "age_sex"} | {p: v for p, v in new.items() if p[0] == "age_sex"}
    yield ages
    gained = ages | {pair: value for pair, value in new.items() if pair[0] in CODED}
    yield gained
    lost = {pair: value for pair, value in gained.items() if pair[0] not in CODED or pair in new}
    yield lost
    yield new


def _expected(model: KeptModel, facts: Facts) -> float:
    needed = [(n, value) for n, value in _columns(model, facts).items() if not model.predictors[n].is_of_place]
    return sum(model.predictors[n].coefficient * value for n, value in needed) + model.place_mean
