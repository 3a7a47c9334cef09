"""Each person's expected cost: the model's need, with supply and organisation at the mean that they have over everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from accord.population.need.fitting import Fitted
from accord.population.need.preparing import RowFiles
from accord.population.need.rows import BATCH, Batch, batches

Real = NDArray[np.float64]
KEPT = ("person_id", "organisation_id", "age_band", "sex", "deprivation_decile", "ethnicity", "is_training", "is_apart", "n_history_month", "n_month",
        "past_counted_cost", "cost", "counted_cost", "n_emergency_admission", "n_past_emergency_admission")  # fmt: skip


@dataclass(frozen=True)
class Scored:
    """Everybody of one year, in the order of person_id. people: columns of need_person.

    stages: what each nested model foretells of a whole year, shape (people, models). need: what the columns of need add up to.
    of_place: what those of supply and organisation do; of whom the model knows no organisation, as of those kept apart, what they do on average.
    n_long_term, n_recorded: long-term conditions, and these with diagnosis groups.
    """

    year: date
    people: pa.Table
    stages: Real
    need: Real
    of_place: Real
    n_long_term: NDArray[np.int64]
    n_recorded: NDArray[np.int64]

    @property
    def place_mean(self) -> float:
        """What supply and organisation add on average: each person's expected cost holds this in their stead."""
        return float(self.of_place.mean())

    @property
    def expected(self) -> Real:
        """The expected cost of a whole year, with supply and organisation at their mean."""
        return self.need + self.place_mean

    def column(self, name: str) -> NDArray[Any]:
        """A column of people: numbers as doubles, NaN where NULL; texts and flags as they are."""
        column = self.people.column(name)
        if pa.types.is_decimal(column.type) or pa.types.is_integer(column.type):
            column = column.cast(pa.float64()) if name != "person_id" else column
        return np.asarray(column.to_numpy(zero_copy_only=False))


def score(files: RowFiles, fitted: Fitted, year: date, size: int = BATCH) -> Scored:
    """One pass over one year. In: any year that is foretold. Out: vectors by person; the matrix is never held whole. Nobody: an assertion."""
    models = np.column_stack([*(stage.solution.coefficient for stage in fitted.stages), fitted.need, fitted.of_place])
    kinds = np.array([p.kind for p in fitted.predictors])
    counted = kinds == "long_term", np.isin(kinds, ("long_term", "diagnosis_group")), kinds == "organisation"
    people, told, counts = [], [], []
    for batch in batches(files, year, size):
        people.append(batch.people.select(list(KEPT)))
        told.append(batch.cells.filled() @ models)
        counts.append(np.column_stack([_count(batch, which) for which in counted]))
    assert people, f"nobody is foretold of {year}"
    every, count = np.concatenate(told), np.concatenate(counts)
    n = len(fitted.stages)
    stages, need, of_place = every[:, :n], every[:, n], every[:, n + 1]
    is_known = count[:, 2] > 0
    if counted[2].any() and is_known.any():
        of_place = np.where(is_known, of_place, of_place[is_known].mean())
        stages[:, -1] = need + of_place
    return Scored(year, pa.Table.from_batches(people), stages, need, of_place, count[:, 0], count[:, 1])


def _count(batch: Batch, which: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many of some columns each has."""
    return np.bincount(batch.cells.row[which[batch.cells.column]], minlength=batch.cells.n_row)
