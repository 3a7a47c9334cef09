"""When a volume that was agreed for a period runs out, by the months of it that are over: the month, and how far luck may move it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

MONTHS_NEEDED = 3
"""Of one or two months no spread can be told."""


@dataclass(frozen=True)
class RunsOut:
    """The month, 1 the first of the period, in which the running total passes the volume. None: not within the period.

    expected: at the mean of the months so far. earliest, latest: as luck may have it, at the confidence asked for. dispersion: the variance of a
    month's value as a multiple of its mean over the value of one act: 1 is Poisson.
    """

    expected: int | None
    earliest: int | None
    latest: int | None
    dispersion: float


def runs_out(values: Sequence[float], counts: Sequence[int], volume: float, n_months: int, confidence: float) -> RunsOut:
    """When the running total of monthly values passes a volume. values, counts: of the months that are over, their value and how many acts.

    A month's value is taken as a number of acts of one mean value. Its variance is that of Poisson counts, or larger, where the months so far
    spread more widely (the quasi-Poisson dispersion, chi square over its degrees of freedom, never below 1). The interval has both that the months
    to come vary and that their mean is known from few. A trend or a season in the year is not in it.

    >>> runs_out([100.0, 110.0, 90.0], [10, 11, 9], 600.0, 12, 0.95)
    RunsOut(expected=7, earliest=5, latest=9, dispersion=1.0)
    >>> runs_out([100.0, 250.0, 90.0], [10, 25, 9], 400.0, 3, 0.95).expected, runs_out([100.0, 110.0, 90.0], [10, 11, 9], 5000.0, 12, 0.95).expected
    (3, None)
    """
    assert len(values) == len(counts) >= MONTHS_NEEDED and 0 < confidence < 1, (values, counts, confidence)
    n, total = len(values), sum(values)
    passed = next((k for k in range(1, n + 1) if sum(values[:k]) > volume), None)
    mean, n_acts = total / n, sum(counts)
    if passed is not None or mean <= 0 or n_acts == 0:
        return RunsOut(passed, passed, passed, 1.0)
    of_one = total / n_acts
    dispersion = max(1.0, sum((v - mean) ** 2 for v in values) / ((n - 1) * mean * of_one))
    z = NormalDist().inv_cdf((1 + confidence) / 2)

    def first(side: float) -> int | None:
        for k in range(n + 1, n_months + 1):
            ahead = k - n
            spread = sqrt(dispersion * of_one * mean * (ahead + ahead**2 / n))
            if total + ahead * mean + side * z * spread > volume:
                return k
        return None

    return RunsOut(first(0), first(1), first(-1), dispersion)
