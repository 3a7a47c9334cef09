"""How well risks tell who it will be, and whether so many are as are said: AUC, Brier score, calibration, and what a list of a given length finds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Flagged:
    """A list of those at the highest risk. n: on it. n_event: of them, who had the event. n_all, n_all_event: everybody, and of them."""

    n: int
    n_event: int
    n_all: int
    n_all_event: int

    @property
    def predictive_value(self) -> float:
        """Of those on the list, the part who had the event."""
        return self.n_event / self.n if self.n else float("nan")

    @property
    def sensitivity(self) -> float:
        """Of those who had the event, the part who were on the list."""
        return self.n_event / self.n_all_event if self.n_all_event else float("nan")

    @property
    def share(self) -> float:
        """The part of everybody who are on the list."""
        return self.n / self.n_all if self.n_all else float("nan")


def area_under_curve(risk: Real, event: Mask) -> float:
    """The chance that one with the event had a higher risk than one without it; equal risks count half. NaN unless there are both.

    In: n risks and whether the event came, each of shape (n,). Source: Hanley and McNeil, Radiology 143 (1982).

    >>> area_under_curve(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    n_event = int(event.sum())
    n_other = event.size - n_event
    if not n_event or not n_other:
        return float("nan")
    _, where, counts = np.unique(risk, return_inverse=True, return_counts=True)
    rank = np.cumsum(counts) - (counts - 1) / 2
    return float((rank[where][event].sum() - n_event * (n_event + 1) / 2) / (n_event * n_other))


def brier_score(risk: Real, event: Mask) -> float:
    """The mean square of risk less event: 0 is certain and right.

    >>> brier_score(np.array([0.0, 0.5]), np.array([False, True]))
    0.125
    """
    return float(np.mean((risk - event) ** 2))


def calibration(risk: Real, event: Mask) -> tuple[float, float]:
    """Slope and intercept of the event on the log odds of the risk. (1, 0) is right; a slope below 1 says that risks are too extreme.

    The intercept is that of a line whose slope is 1: above 0 where more events came than were said. Source: Cox, Biometrika 45 (1958).
    """
    odds = np.log(np.clip(risk, 1e-9, 1 - 1e-9) / (1 - np.clip(risk, 1e-9, 1 - 1e-9)))
    ones = np.ones(odds.size)
    slope = _logistic(np.column_stack((ones, odds)), event, np.zeros(odds.size))[1]
    return float(slope), float(_logistic(ones[:, None], event, odds)[0])


def _logistic(columns: Real, event: Mask, offset: Real) -> Real:
    """Newton's steps on the likelihood; some ten are enough for two columns."""
    found = np.zeros(columns.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-(columns @ found + offset)))
        weight = chance * (1 - chance)
        step = np.linalg.solve((columns * weight[:, None]).T @ columns, columns.T @ (event - chance))
        found = found + step
        if float(np.abs(step).max()) < 1e-10:
            break
    return found


def highest(risk: Real, n: int) -> Mask:
    """Who are the n at the highest risk. Ties: who comes first.

    >>> highest(np.array([0.2, 0.9, 0.2]), 2).tolist()
    [True, True, False]
    """
    chosen = np.zeros(risk.size, bool)
    chosen[np.argsort(-risk, kind="stable")[: max(n, 0)]] = True
    return chosen


def flagged(chosen: Mask, event: Mask) -> Flagged:
    """What a list found. In: who is on it and who had the event, each of shape (n,)."""
    return Flagged(int(chosen.sum()), int((chosen & event).sum()), int(chosen.size), int(event.sum()))


def most_to_spend(effect: float, chance: float, cost: float) -> float:
    """What may be spent on each of a list's people without costing more than it saves: effect × chance of the event × its cost.

    >>> round(most_to_spend(0.10, 1.0, 1088.0))  # PARR-30: £1,088 of readmission for each patient at band 11 and above, one in ten prevented
    109
    """
    return effect * chance * cost
