"""The four layers of risk: who falls ill, what the budget's model did not know, what the year does to everybody, and what the contract left open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
STILL = 1e-10
"""A variance below this, as part of the cost squared, is none: pay follows the care."""


class Layer(StrEnum):
    """The four layers, in the order in which they are put on top of one another."""

    process = "process"
    parameter = "parameter"
    shock = "common shock"
    scope = "scope and price"


@dataclass(frozen=True)
class Bend:
    """One total on which pay turns. weights: (kinds of care,), of each in the total. moves: of totals, by what each makes the cost more or less.

    Both are parts of the expected cost. At the expected total nothing moves.
    """

    weights: Floats
    moves: Callable[[Floats], Floats]


@dataclass(frozen=True)
class Population:
    """Whose costs vary. It has its own people's histories, or nothing but a published spread.

    histories: after any person stop-loss. fitted_on: people behind the model of the budget. effect: what a year does to everybody. parts: (kinds of
    care,), of each the part of a change of its cost that is borne; all of it, if none are given. bend: where pay turns on a total, the total.
    """

    histories: Histories | None
    spread: float | None
    fitted_on: float
    effect: YearEffect
    years_averaged: int
    parts: Floats | None = None
    bend: Bend | None = None

    @cached_property
    def _windows(self) -> Floats:
        assert self.histories is not None
        return self.histories.windows(self.years_averaged)

    @cached_property
    def weights(self) -> Floats:
        """(kinds of care,): `parts`."""
        n = 1 if self.histories is None else len(self.histories.services)
        return np.ones(n) if self.parts is None else self.parts

    def totals(self, weights: Floats) -> Floats:
        """(histories,): of each the cost with these weights, as part of the mean of its whole cost."""
        found: Floats = self._windows @ weights / self._windows.sum(axis=1).mean()
        return found

    def process(self, n_people: int, weights: Floats | None = None) -> Part:
        """What luck makes of a year's cost of so many people, as part of what is expected. weights: those that are borne, if left out."""
        if self.histories is None:
            assert self.spread is not None
            return bell(self.spread / sqrt(n_people))
        n_history = max(1, round(n_people * self.histories.per_person(self.years_averaged)))
        costs = self.totals(self.weights if weights is None else weights)
        return people((costs - costs.mean()) / n_history, n_history)

    @cached_property
    def parameter_covariance(self) -> Floats:
        """(kinds of care, same): how uncertain the expected cost is, as part of it, given the people whom the model was fitted on."""
        if self.histories is None:
            assert self.spread is not None
            return np.array([[self.spread**2 / self.fitted_on]])
        costs = self.histories.costs.mean(axis=1)
        ours = refit(costs, self.histories.groups).covariance / costs.sum(axis=1).mean() ** 2
        return np.asarray(ours * self.histories.n_people / self.fitted_on, dtype=np.float64)

    @property
    def shock_covariance(self) -> Floats:
        """(kinds of care, same): what a year does, or several that are averaged and have nothing to do with one another."""
        return self.effect.covariance / self.years_averaged

    def process_covariance(self, n_people: int) -> Floats:
        """(kinds of care, same): as `process`."""
        if self.histories is None:
            return np.array([[self.process(n_people).variance]])
        n_history = max(1, round(n_people * self.histories.per_person(self.years_averaged)))
        covariance = np.cov(self._windows.T, bias=True).reshape(len(self.histories.services), -1)
        return np.asarray(covariance / self._windows.sum(axis=1).mean() ** 2 / n_history, dtype=np.float64)

    def covariances(self, n_people: int) -> dict[Layer, Floats]:
        """Of each layer that is of care."""
        return {
            Layer.process: self.process_covariance(n_people), Layer.parameter: self.parameter_covariance, Layer.shock: self.shock_covariance,
        }  # fmt: skip


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
    if population.bend is not None:
        return _bent(population, population.bend, items, n_people)
    parts = [*_care_parts(population, population.weights, n_people), *items.parts()]
    laws = laws_of(parts)
    return dict(zip(Layer, (*laws[:3], laws[-1]), strict=True))


def _care_parts(population: Population, weights: Floats, n_people: int) -> list[Part]:
    """Process, parameter and shock of the kinds of care with these weights."""
    spreads = [sqrt(max(0.0, float(weights @ c @ weights))) for c in (population.parameter_covariance, population.shock_covariance)]
    return [population.process(n_people, weights), *map(bell, spreads)]


def all_together(population: Population, items: Items, n_people: int) -> Law:
    """The last law of `layered` alone."""
    if population.bend is None:
        return layered(population, items, n_people)[Layer.scope]
    totals = laws_of(_care_parts(population, population.bend.weights, n_people))
    return laws_of([*_bent_parts(population, population.bend, totals, n_people), *items.parts()])[-1]


def _bent(population: Population, bend: Bend, items: Items, n_people: int) -> dict[Layer, Law]:
    """As `layered`, where pay turns on a total."""
    totals = laws_of(_care_parts(population, bend.weights, n_people))
    upto = [_bent_parts(population, bend, totals[: n + 1], n_people) for n in range(len(totals))]
    return dict(zip(Layer, (*(laws_of(parts)[-1] for parts in upto), laws_of([*upto[-1], *items.parts()])[-1]), strict=True))


def _bent_parts(population: Population, bend: Bend, totals: Sequence[Law], n_people: int) -> list[Part]:
    """The cost as what does not go with the total, layer by layer, and as what goes in proportion to it and how pay turns. totals: by layer.

    What does not go with it is what is left of the cost once its regression on the total is taken off, so that the two are not correlated; sums of
    so many people are near the normal law, where that is to be independent.
    """
    together = np.sum(list(population.covariances(n_people).values())[: len(totals)], axis=0)
    variance = float(bend.weights @ together @ bend.weights)
    slope = float(population.weights @ together @ bend.weights) / variance if variance > 0 else 0.0
    apart = _care_parts(population, population.weights - slope * bend.weights, n_people)[: len(totals)]
    law = totals[-1]
    on_total = Part(slope * law.values + _moved(population, bend, law.values), law.chances)
    return [*(part for part in apart if part.variance > 0), on_total]


def _moved(population: Population, bend: Bend, changes: Floats) -> Floats:
    """How pay turns at totals that are so much more or less than expected."""
    return bend.moves(float(population.totals(bend.weights).mean()) + changes)


def borne_weights(population: Population, n_people: int) -> Floats:
    """(kinds of care,): the part of a change of each that is borne; where pay turns on a total, on average over what the total may come to."""
    if population.bend is None:
        return population.weights
    law = laws_of(_care_parts(population, population.bend.weights, n_people))[-1]
    moved = _moved(population, population.bend, law.values)
    variance = law.sd**2
    slope = float((law.values - law.mean) * (moved - moved @ law.chances) @ law.chances) / variance if variance > 0 else 0.0
    return np.asarray(population.weights + slope * population.bend.weights, dtype=np.float64)


def by_layer(population: Population, items: Items, n_people: int) -> dict[Layer, float]:
    """Each layer's part of the variance."""
    weights = borne_weights(population, n_people)
    sizes = {layer: float(weights @ covariance @ weights) for layer, covariance in population.covariances(n_people).items()}
    sizes[Layer.scope] = sum(part.variance for part in items.parts())
    total = sum(sizes.values())
    return {layer: size / total if total > STILL else 0.0 for layer, size in sizes.items()}


def by_service(population: Population, items: Items, n_people: int) -> dict[str, float]:
    """Each service's part of the variance of the whole; what is open belongs to none, and stands beside them. Together 1."""
    if population.histories is None:
        return {}
    weights = borne_weights(population, n_people)
    covariance = np.sum(list(population.covariances(n_people).values()), axis=0) * np.outer(weights, weights)
    of_items = sum(part.variance for part in items.parts())
    total = float(covariance.sum()) + of_items
    if not (total > STILL and covariance.sum() > 0):
        return {}
    found: dict[str, float] = {}
    for service, share in zip(population.histories.services, shares_of_variance(covariance) * (covariance.sum() / total), strict=True):
        found[service] = found.get(service, 0.0) + float(share)
    ordered = dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))
    return ordered | ({OF_ITEMS: of_items / total} if of_items else {})


def spread_of(costs: Sequence[float] | Floats) -> float:
    """The standard deviation of one person's cost as part of its mean.

    >>> spread_of([0.0, 0.0, 0.0, 4.0])
    1.7320508075688772
    """
    values = np.asarray(costs, dtype=float)
    return float(values.std() / values.mean())
