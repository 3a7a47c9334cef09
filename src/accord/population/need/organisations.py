"""What each organisation's people need, and whether what is recorded of them has grown faster than what they cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import log, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accord.books import allocate
from accord.population.need.scoring import Scored

Real = NDArray[np.float64]


@dataclass(frozen=True)
class OrganisationNeed:
    """One organisation's list. need: the mean need of its people, 1 being everybody's. weighted: people weighted by need; over all organisations

    these add up to the people, exactly. expected_cost: of all its people, a whole year.
    """

    organisation_id: str
    n_person: int
    need: float
    weighted: Decimal
    expected_cost: float


@dataclass(frozen=True)
class Coding:
    """What is recorded at one organisation, beside what its people cost. Each figure is over what everybody's ages and sexes would give it.

    recorded: diagnosis groups and long-term conditions for each person. score: need. cost: cost of the year before.
    The growths are from the year before to the coming one: of the mean score and of the mean cost; None where there is no year before.
    is_marked: whether more is recorded, for what its people cost, than luck in their cost alone would make of it.
    """

    organisation_id: str
    n_person: int
    recorded: float
    score: float
    cost: float
    score_growth: float | None
    cost_growth: float | None
    is_marked: bool

    @property
    def unmatched_growth(self) -> float | None:
        """The growth of the score that growth of cost does not match."""
        if self.score_growth is None or self.cost_growth is None:
            return None
        return (1 + self.score_growth) / (1 + self.cost_growth) - 1


def organisation_needs(scored: Scored) -> tuple[OrganisationNeed, ...]:
    """The lists of the coming year. A list whose people are expected to cost less than nothing together has the weight 0."""
    name, where = np.unique(scored.column("organisation_id"), return_inverse=True)
    n, expected = np.bincount(where), np.bincount(where, scored.expected)
    weighted = allocate(Decimal(f"{scored.need.size}.00"), [Fraction(max(float(each), 0.0)) for each in expected])
    mean = float(scored.expected.mean())
    return tuple(
        OrganisationNeed(str(id), int(k), float(e) / int(k) / mean, w, float(e))
        for id, k, e, w in zip(name, n, expected, weighted, strict=True)
    )


def coding(coming: Scored, before: Scored | None, confidence: float) -> tuple[Coding, ...]:
    """Each organisation of the coming year. before: the same of the year before it, by the same model; None where it cannot be foretold.

    confidence: how often luck in cost keeps an organisation unmarked that records as others do.
    """
    name, where = np.unique(coming.column("organisation_id"), return_inverse=True)
    n = np.bincount(where)
    cell = _cells(coming)
    cost = coming.column("past_counted_cost")
    figures = [_beside(each, cell, where) for each in (coming.n_recorded.astype(float), coming.expected, cost)]
    spread = float(cost.std() / cost.mean()) if cost.mean() > 0 else float("inf")
    growths = _growths(coming, before)
    reach = NormalDist().inv_cdf(confidence)
    found = []
    for i, id in enumerate(name):
        recorded, score, spent = (float(figure[i]) for figure in figures)
        is_marked = recorded > 0 and spent > 0 and log(recorded / spent) > reach * spread / sqrt(int(n[i]))
        of_score, of_cost = growths.get(str(id), (None, None))
        found.append(Coding(str(id), int(n[i]), recorded, score, spent, of_score, of_cost, is_marked))
    return tuple(found)


def _cells(scored: Scored) -> NDArray[np.int64]:
    """The age and sex of each, as a number."""
    both = np.char.add(scored.column("age_band").astype(str), scored.column("sex").astype(str))
    return np.asarray(np.unique(both, return_inverse=True)[1], np.int64)


def _beside(value: Real, cell: NDArray[np.int64], where: NDArray[Any]) -> Real:
    """What a group's people have together over what people of their ages and sexes have on average."""
    usual = (np.bincount(cell, value) / np.bincount(cell))[cell]
    with np.errstate(divide="ignore", invalid="ignore"):
        beside: Real = np.bincount(where, value) / np.bincount(where, usual)
    return beside


def _growths(coming: Scored, before: Scored | None) -> dict[str, tuple[float, float]]:
    if before is None:
        return {}
    means = [dict(_means(each)) for each in (before, coming)]
    every = [tuple(float(v.mean()) for v in (each.expected, each.column("past_counted_cost"))) for each in (before, coming)]
    found = {}
    for id, (score, cost) in means[1].items():
        was = means[0].get(id)
        if was and was[0] > 0 and was[1] > 0 and every[0][1] > 0:
            found[id] = score / was[0] - 1, cost / was[1] - 1
    return found


def _means(scored: Scored) -> Iterator[tuple[str, tuple[float, float]]]:
    name, where = np.unique(scored.column("organisation_id"), return_inverse=True)
    n = np.bincount(where)
    score, cost = (np.bincount(where, each) / n for each in (scored.expected, scored.column("past_counted_cost")))
    yield from ((str(id), (float(s), float(c))) for id, s, c in zip(name, score, cost, strict=True))
