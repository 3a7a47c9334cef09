"""The four layers of risk: who falls ill, what the budget's model did not know, what the year does to everybody, and what the contract left open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from accord.budgets.exposure.histories import Histories
from accord.budgets.exposure.riskfile import OpenItem
from accord.stats.compound import Law, Part, bell, laws_of, people, triangle
from accord.stats.refit import refit
from accord.stats.year_effect import YearEffect, shares_of_variance

Floats = NDArray[np.float64]
OF_ITEMS = "scope and price"


class Layer(StrEnum):
    """The four layers, in the order in which they are put on top of one another."""

    process = "process"
    parameter = "parameter"
    shock = "common shock"
    scope = "scope and price"


@dataclass(frozen=True)
class Population:
    """Whose costs vary. It has its own people's histories, or nothing but a published spread.

    histories: after any person stop-loss. fitted_on: people behind the model of the budget. effect: what a year does to everybody.
    """

    histories: Histories | None
    spread: float | None
    fitted_on: float
    effect: YearEffect
    years_averaged: int

    @cached_property
    def _windows(self) -> Floats:
        assert self.histories is not None
        return self.histories.windows(self.years_averaged)

    def process(self, n_people: int) -> Part:
        """What luck makes of a year's cost of so many people, as part of what is expected."""
        if self.histories is None:
            assert self.spread is not None
            return bell(self.spread / sqrt(n_people))
        n_history = max(1, round(n_people * self.histories.per_person(self.years_averaged)))
        costs = self._windows.sum(axis=1)
        return people(costs / costs.mean() / n_history - 1 / n_history, n_history)

    @cached_property
    def parameter_covariance(self) -> Floats:
        """(services, services): how uncertain the expected cost is, as part of it, given the people whom the model was fitted on."""
        if self.histories is None:
            assert self.spread is not None
            return np.array([[self.spread**2 / self.fitted_on]])
        costs = self.histories.costs.mean(axis=1)
        ours = refit(costs, self.histories.groups).covariance / costs.sum(axis=1).mean() ** 2
        return np.asarray(ours * self.histories.n_people / self.fitted_on, dtype=np.float64)

    @property
    def shock_covariance(self) -> Floats:
        """(services, services): what a year does, or several that are averaged and have nothing to do with one another."""
        return self.effect.covariance / self.years_averaged

    def process_covariance(self, n_people: int) -> Floats:
        """(services, services): as `process`."""
        if self.histories is None:
            return np.array([[self.process(n_people).variance]])
        n_history = max(1, round(n_people * self.histories.per_person(self.years_averaged)))
        covariance = np.cov(self._windows.T, bias=True).reshape(len(self.histories.services), -1)
        return np.asarray(covariance / self._windows.sum(axis=1).mean() ** 2 / n_history, dtype=np.float64)


@dataclass(frozen=True)
class Items:
    """What is open. costs: low, likely and high as part of the expected cost, and the chance, for each."""

    items: tuple[OpenItem, ...]
    expected: float

    def parts(self) -> list[Part]:
        """One part of the sum for each."""
        return [self._part(item) for item in self.items]

    def _part(self, item: OpenItem) -> Part:
        low, likely, high = (float(amount) / self.expected for amount in (item.low, item.likely, item.high))
        return triangle(low, likely, high, float(item.chance))


def layered(population: Population, items: Items, n_people: int) -> dict[Layer, Law]:
    """The cost as part of what is expected, less 1: by process alone, with the parameter too, with the shock too, and with what is open.

    Layers add up: what a percent of one does to a percent of another, a hundredth of a percent, is left out.
    """
    parts = [
        population.process(n_people), bell(float(np.sqrt(population.parameter_covariance.sum()))),
        bell(float(np.sqrt(max(0.0, population.shock_covariance.sum())))), *items.parts(),
    ]  # fmt: skip
    laws = laws_of(parts)
    return dict(zip(Layer, (*laws[:3], laws[-1]), strict=True))


def by_layer(population: Population, items: Items, n_people: int) -> dict[Layer, float]:
    """Each layer's part of the variance."""
    sizes = {
        Layer.process: population.process(n_people).variance, Layer.parameter: float(population.parameter_covariance.sum()),
        Layer.shock: float(population.shock_covariance.sum()), Layer.scope: sum(part.variance for part in items.parts()),
    }  # fmt: skip
    total = sum(sizes.values())
    return {layer: size / total for layer, size in sizes.items()}


def by_service(population: Population, items: Items, n_people: int) -> dict[str, float]:
    """Each service's part of the variance of the whole; what is open belongs to none, and stands beside them. Together 1."""
    if population.histories is None:
        return {}
    covariance = population.process_covariance(n_people) + population.parameter_covariance + population.shock_covariance
    of_items = sum(part.variance for part in items.parts())
    total = covariance.sum() + of_items
    shares = shares_of_variance(covariance) * (covariance.sum() / total)
    found = dict(zip(population.histories.services, map(float, shares), strict=True))
    ordered = dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))
    return ordered | ({OF_ITEMS: of_items / total} if of_items else {})


def spread_of(costs: Sequence[float] | Floats) -> float:
    """The standard deviation of one person's cost as part of its mean.

    >>> spread_of([0.0, 0.0, 0.0, 4.0])
    1.7320508075688772
    """
    values = np.asarray(costs, dtype=float)
    return float(values.std() / values.mean())
