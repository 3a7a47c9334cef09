"""How uncertain a budget is because the model behind it was fitted on so many people and no more: groups of like people, and a mean cost of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Refit:
    """covariance: (services, services), of the expected cost of one person by service, if the model were fitted on other people as many."""

    covariance: Floats

    @property
    def sd(self) -> float:
        """Of the expected cost of one person over all services."""
        return float(np.sqrt(max(0.0, self.covariance.sum())))


def refit(costs: Floats, groups: NDArray[np.int64]) -> Refit:
    """The uncertainty of a budget made of a mean cost for each group and the number of people in it, which is known.

    costs: (people, services). groups: (people,), each a whole number from 0. A group of one person has no spread that could be seen, and adds none.

    >>> refit(np.array([[0.0], [2.0], [5.0], [5.0]]), np.array([0, 0, 1, 1])).sd  # half the people, their mean uncertain by the root of 1/2
    0.3535533905932738
    """
    n_group = int(groups.max()) + 1
    counts = np.bincount(groups, minlength=n_group)
    sums = np.stack([np.bincount(groups, column, n_group) for column in costs.T], axis=1)
    within = costs - (sums / np.maximum(counts, 1)[:, None])[groups]
    # The mean of a group of m people has a variance of s^2 / m and weighs m / M: together the sum of squares within groups, over M^2.
    return Refit(within.T @ within / len(costs) ** 2)
