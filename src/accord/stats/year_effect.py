"""What a year does to everybody's cost at once, a hard winter or a new drug: no number of people makes it smaller."""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, exp, lgamma, log, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST_YEARS = 3
"""Two years make a trend, and leave nothing over that could be an effect of one of them."""


@dataclass(frozen=True)
class YearEffect:
    """covariance: (services, services), as part of the expected cost of all services together.

    between: of an effect that few years show, the spreads of the whole between which the true one is, at the confidence asked for.
    """

    covariance: Floats
    between: tuple[float, float] | None = None

    @property
    def sd(self) -> float:
        """Of the whole cost, as part of what is expected."""
        return float(np.sqrt(max(0.0, self.covariance.sum())))


def year_effect(sd: float, correlation: float, weights: Floats) -> YearEffect:
    """A year effect of this size on the whole cost, as it falls on each service.

    correlation: of any two services, 0 to 1. weights: (services,), each one's part of the expected cost. Every service varies by the same part
    of its own cost, as large as makes the whole vary by `sd`.

    >>> shared = year_effect(0.01, 0.5, np.array([0.75, 0.25]))
    >>> round(shared.sd, 6), [round(float(v), 4) for v in np.sqrt(np.diag(shared.covariance)) / [0.75, 0.25]]
    (0.01, [0.0111, 0.0111])
    """
    assert 0 <= correlation <= 1 and abs(weights.sum() - 1) < 1e-9, (correlation, weights)
    together = np.full((len(weights), len(weights)), correlation)
    np.fill_diagonal(together, 1.0)
    shape = together * np.outer(weights, weights)
    return YearEffect(shape * sd**2 / shape.sum())


def estimated_year_effect(means: Floats, luck: Floats, confidence: float) -> YearEffect:
    """The year effect that a place's own years show, beyond a straight trend and beyond luck.

    means: (years, services), the cost of a person in each year. luck: (services, services), the covariance of such a mean that comes from who the
    people are. What is left may be below nothing in some direction, and is nothing there. Few years show little: with three, one number. So the
    spreads are told between which the true one is, by the chi square of what is left over, with luck taken off either end.

    >>> flat = np.array([[100.0], [110.0], [120.0]])
    >>> estimated_year_effect(flat, np.zeros((1, 1)), 0.95).sd
    0.0
    """
    n_year = len(means)
    assert n_year >= FEWEST_YEARS, n_year
    time = np.stack([np.ones(n_year), np.arange(n_year, dtype=float)], axis=1)
    trend, *_ = np.linalg.lstsq(time, means, rcond=None)
    left = means - time @ trend
    whole = means.sum(axis=1).mean() ** 2
    covariance = (left.T @ left / (n_year - 2) - luck) / whole
    sizes, directions = np.linalg.eigh(covariance)
    seen, of_luck = float((left.sum(axis=1) ** 2).sum() / whole), float(luck.sum() / whole)
    ends = [chi_square_at((1 + side * confidence) / 2, n_year - 2) for side in (1, -1)]
    low, high = (sqrt(max(0.0, seen / end - of_luck)) for end in ends)
    return YearEffect((directions * np.where(sizes > 1e-18, sizes, 0.0)) @ directions.T, (low, high))


def chi_square_at(chance: float, freedom: int) -> float:
    """The value that chi square does not pass with this chance.

    >>> round(chi_square_at(0.95, 1), 4), round(chi_square_at(0.025, 8), 4), round(chi_square_at(0.975, 2), 4)
    (3.8415, 2.1797, 7.3778)
    """
    low, high = 0.0, 1.0
    while _chi_square_below(high, freedom) < chance:
        high *= 2
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if _chi_square_below(middle, freedom) < chance else (low, middle)
    return high


def _chi_square_below(value: float, freedom: int) -> float:
    """From one or two degrees of freedom up, two at a time. value: above 0."""
    found = erf(sqrt(value / 2)) if freedom % 2 else 1 - exp(-value / 2)
    for n in range(2 - freedom % 2, freedom, 2):
        found -= exp(n / 2 * log(value / 2) - value / 2 - lgamma(n / 2 + 1))
    return found


def shares_of_variance(covariance: Floats) -> Floats:
    """Each service's part of the variance of the whole: its covariance with it. (services,), adding up to 1; below zero where it evens others out.

    >>> [float(share) for share in shares_of_variance(np.array([[3.0, 0.0], [0.0, 1.0]]))]
    [0.75, 0.25]
    """
    total = covariance.sum()
    assert total > 0, "nothing varies"
    shares: Floats = covariance.sum(axis=1) / total
    return shares
