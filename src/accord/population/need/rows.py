"""The rows of one year, a batch at a time: people with their outcome, and the cells of the matrix that are not zero."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from accord.population.need.preparing import RowFiles
from accord.stats.least_squares import Cells

BATCH = 16_384
"""People a batch: at 250 columns 33 MB in full, and large enough for the product to be as fast as the machine."""

MONTHS = 12
CELLS = ("year_date", "person_id", "column_number", "value_per_1000")
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Batch:
    """Some people of one year, in the order of person_id. people: rows of need_person. cells: what is known of them, row by row."""

    people: pa.RecordBatch
    cells: Cells

    def numbers(self, column: str) -> NDArray[np.float64]:
        """A column of people as doubles; NaN where it is NULL."""
        found: NDArray[np.float64] = np.asarray(self.people.column(column).cast(pa.float64()).to_numpy(zero_copy_only=False))
        return found

    def flags(self, column: str) -> NDArray[np.bool_]:
        """A column of people that is true or false."""
        return np.asarray(self.people.column(column).to_numpy(zero_copy_only=False), bool)

    @property
    def weight(self) -> NDArray[np.float64]:
        """The part of the year that each was in the population."""
        return self.numbers("n_month") / MONTHS

    @property
    def yearly_cost(self) -> NDArray[np.float64]:
        """Each one's counted cost, made a whole year's; 0 for those of no month, who have no weight."""
        month = self.numbers("n_month")
        return self.numbers("counted_cost") * MONTHS / np.maximum(month, 1)


def batches(files: RowFiles, year: date, size: int = BATCH) -> Iterator[Batch]:
    """Everybody of one year with what is known of each: the two files walked side by side, so that never more than a few batches are held.

    size: people a batch.
    """
    cell_parts = _cell_parts(files.cells, year)
    held: tuple[Whole, ...] = tuple(np.zeros(0, np.int64) for _ in range(3))
    for part in _of_year(files.people, year, size):
        ids = np.asarray(part.column("person_id").to_numpy())
        while (not held[0].size or held[0][-1] <= ids[-1]) and (more := next(cell_parts, None)) is not None:
            held = tuple(np.concatenate(pair) for pair in zip(held, more, strict=True))
        cut = int(np.searchsorted(held[0], ids[-1], "right"))
        person, column, value = (each[:cut] for each in held)
        held = tuple(each[cut:] for each in held)
        row = np.searchsorted(ids, person)
        assert not person.size or bool((ids[row] == person).all()), "something is known of a person who is not in need_person"
        yield Batch(part, Cells(row, column, value / 1000, ids.size, len(files.predictors)))


def _cell_parts(file: Path, year: date) -> Iterator[tuple[Whole, ...]]:
    for part in _of_year(file, year, 8 * BATCH, CELLS):
        yield tuple(np.asarray(part.column(name).to_numpy(), np.int64) for name in CELLS[1:])


def _of_year(file: Path, year: date, size: int, columns: tuple[str, ...] | None = None) -> Iterator[Any]:
    import pyarrow.compute as pc

    for part in pq.ParquetFile(file).iter_batches(batch_size=size, columns=list(columns) if columns else None):
        kept = part.filter(pc.equal(part.column("year_date"), pa.scalar(year)))
        if kept.num_rows:
            yield kept
