"""The coefficients: sums of the training people added up batch by batch, solved once for each nested model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from accord.population.need.preparing import PLACE_KINDS, Predictor, RowFiles
from accord.population.need.rows import BATCH, batches
from accord.stats.least_squares import Solution, Sums, explained, no_sums, solve, sums_of_rows

Real = NDArray[np.float64]
STAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("age_sex", ("age_sex",)),
    ("with_diagnoses", ("diagnosis_group", "long_term")),
    ("with_needs", ("deprivation", "ethnicity", "prior_use")),
    ("full", PLACE_KINDS),
)
"""Nested models, each with what it adds: the last is the one that is used."""


@dataclass(frozen=True)
class Stage:
    """One nested model, from the same sums. n_column: columns that are estimated. r2_training: of the people it is fitted on."""

    name: str
    solution: Solution
    n_column: int
    r2_training: float


@dataclass(frozen=True)
class Fitted:
    """What is known of cost after one pass over the fitted year. stages: the last is used.

    training, validation: the sums of each part; who is of an organisation kept apart is in neither.
    """

    predictors: tuple[Predictor, ...]
    training: Sums
    validation: Sums
    stages: tuple[Stage, ...]

    @property
    def full(self) -> Stage:
        """The model that is used."""
        return self.stages[-1]

    @property
    def is_of_place(self) -> NDArray[np.bool_]:
        """Which columns say where people are."""
        return np.array([p.is_of_place for p in self.predictors])

    @property
    def need(self) -> Real:
        """The coefficients of need: those of the place at 0, to be met by the mean of what they add."""
        return np.where(self.is_of_place, 0.0, self.full.solution.coefficient)

    @property
    def of_place(self) -> Real:
        """The coefficients of supply and organisation, the others at 0."""
        return np.where(self.is_of_place, self.full.solution.coefficient, 0.0)


def fit_rows(files: RowFiles, year: date, size: int = BATCH) -> Fitted:
    """One pass over the fitted year. size: people a batch, which changes nothing but the last digits."""
    return fitted_from(files.predictors, *sums_by_part(files, year, size))


def sums_by_part(files: RowFiles, year: date, size: int = BATCH) -> tuple[Sums, Sums]:
    """The sums of one year's training people and of the others, weighted by the part of the year each was in the population.

    Who is of an organisation kept apart is in neither: the model has no level of that organisation to be held against.
    """
    parts = [no_sums(len(files.predictors)) for _ in range(2)]
    for batch in batches(files, year, size):
        full, cost, weight = batch.cells.filled(), batch.yearly_cost, batch.weight
        is_training, is_apart = batch.flags("is_training"), batch.flags("is_apart")
        for n, chosen in enumerate((is_training, ~is_training & ~is_apart)):
            parts[n] = parts[n] + sums_of_rows(full[chosen], cost[chosen], weight[chosen])
    return parts[0], parts[1]


def fitted_from(predictors: Sequence[Predictor], training: Sums, validation: Sums) -> Fitted:
    """The kernel: each nested model from the sums alone."""
    return Fitted(tuple(predictors), training, validation, tuple(_stages(predictors, training)))


def _stages(predictors: Sequence[Predictor], training: Sums) -> Iterator[Stage]:
    kinds: tuple[str, ...] = ()
    for name, more in STAGES:
        kinds += more
        columns = [number for number, p in enumerate(predictors) if p.kind in kinds]
        if name != STAGES[-1][0] and not any(p.kind in more for p in predictors):
            continue
        solution = solve(training, columns)
        r2 = explained(training, solution.coefficient) if training.weight else float("nan")
        yield Stage(name, solution, len(columns) - len(solution.dropped), r2)
