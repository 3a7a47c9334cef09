"""How far luck alone takes the cost of a population: nobody can tell a saving within it from none.

A year's cost of n people has a standard deviation of `spread / sqrt(n)` as part of its mean, where `spread` is that of one person's yearly cost.
The law is the normal one: for rare and costly care its tail is too thin (Asthana, 2011), so that "outside" can be trusted of common care alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from math import ceil, inf, sqrt
from statistics import NormalDist

_NORMAL = NormalDist()


class Verdict(StrEnum):
    """Whether luck alone could have made a difference."""

    inside = "inside luck"
    outside = "outside luck"


def luck_band(spread: float, sizes: Sequence[int], confidence: float) -> float:
    """How far, as part of the mean, luck takes a figure to either side. 0.05 is 5 % up or down.

    spread: the standard deviation of one person's yearly cost as part of its mean. sizes: the people of one year, for a year held against a
    figure that is certain; of both, for one year held against another. confidence: how often luck stays within the band.

    >>> round(luck_band(2.15, [20_000], 0.90), 4)  # the minimum rate of 2.5 % at 20,000 people
    0.025
    >>> round(luck_band(2.15, [20_000, 20_000], 0.90), 4)  # either year may have been the lucky one
    0.0354
    """
    assert spread > 0 and 0 < confidence < 1 and sizes, (spread, confidence, sizes)
    if min(sizes) == 0:
        return inf
    return _NORMAL.inv_cdf((1 + confidence) / 2) * spread * sqrt(sum(1 / n for n in sizes))


def verdict(rate: float, band: float) -> Verdict:
    """On which side of the band a difference lies. On its edge it is inside."""
    return Verdict.inside if abs(rate) <= band else Verdict.outside


def chance_of_overspend(spread: float, n_people: int, beyond: float) -> float:
    """How likely luck alone is to cost a true budget more than this part of it.

    >>> round(chance_of_overspend(2.15, 5_000, 0.05), 3)
    0.05
    """
    assert n_people > 0, "nobody has no luck"
    return 1 - _NORMAL.cdf(beyond * sqrt(n_people) / spread)


def people_needed(spread: float, beyond: float, chance: float) -> int:
    """The fewest people at which luck overspends by more than this part of the budget no more often than `chance`.

    >>> people_needed(2.15, 0.02, 0.01)
    62542
    """
    assert 0 < chance < 0.5 and beyond > 0, (chance, beyond)
    return ceil((_NORMAL.inv_cdf(1 - chance) * spread / beyond) ** 2)
