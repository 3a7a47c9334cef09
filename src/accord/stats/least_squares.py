"""Least squares from sums: X'WX, X'Wy and y'Wy are added up batch by batch, so that no matrix of people is ever held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """Some rows of a matrix of `n_row` rows and `n_column` columns, by its cells that are not zero: row, column and value, each of shape (cells,)."""

    row: Whole
    column: Whole
    value: Real
    n_row: int
    n_column: int

    def filled(self) -> Real:
        """The rows in full, shape (rows, columns)."""
        full = np.zeros((self.n_row, self.n_column))
        full[self.row, self.column] = self.value
        return full


@dataclass(frozen=True)
class Sums:
    """All that weighted least squares needs of any number of rows. n: rows. weight, y, yty: sums of w, wy and wy². x, xtx, xty: Wx, X'WX, X'Wy."""

    n: int
    weight: float
    y: float
    yty: float
    x: Real
    xtx: Real
    xty: Real

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.n + other.n, self.weight + other.weight, self.y + other.y, self.yty + other.yty, self.x + other.x, self.xtx + other.xtx,
            self.xty + other.xty,
        )  # fmt: skip


def no_sums(n_column: int) -> Sums:
    """The sums of no rows."""
    return Sums(0, 0.0, 0.0, 0.0, np.zeros(n_column), np.zeros((n_column, n_column)), np.zeros(n_column))


def sums_of(cells: Cells, outcome: Real, weight: Real) -> Sums:
    """The sums of one batch. In: cells of n rows, outcome and weight of shape (n,). Rows of weight 0 count for nothing.

    >>> one = Cells(np.array([0, 1, 1]), np.array([0, 0, 1]), np.ones(3), 2, 2)
    >>> sums_of(one, np.array([1.0, 3.0]), np.ones(2)).xty.tolist()
    [4.0, 3.0]
    """
    return sums_of_rows(cells.filled(), outcome, weight)


def sums_of_rows(full: Real, outcome: Real, weight: Real) -> Sums:
    """The same of rows that are filled already, shape (n, columns)."""
    weighted = full * weight[:, None]
    n, y = int((weight > 0).sum()), weight * outcome
    squares = float((y * outcome).sum())
    return Sums(n, float(weight.sum()), float(y.sum()), squares, weighted.sum(axis=0), full.T @ weighted, weighted.T @ outcome)


@dataclass(frozen=True)
class Solution:
    """coefficient, error: by column, 0 where a column is dropped. dropped: columns that the earlier ones already say all about.

    error: the standard error if the spread about the line is the same for everybody, which cost is not: too small where need is large.
    """

    coefficient: Real
    error: Real
    dropped: tuple[int, ...]


_SAID_ALREADY = 1e-9
"""What must be left of a column's own square, once the columns before it have said theirs: less is rounding (the sums have 15 digits)."""


def solve(sums: Sums, columns: Sequence[int]) -> Solution:
    """The least squares coefficients of some columns, in order: a column is dropped where those before it already say all that it says.

    Source: the sweep of the normal equations in a given order (Beaton 1964; Goodnight, A tutorial on the sweep operator, 1979).
    Raises AssertionError for columns that are not there.

    >>> rows = np.array([[1.0, 0, 1], [1, 1, 2], [1, 2, 3], [1, 3, 4]])  # the third column is the sum of the others
    >>> cells = Cells(*np.nonzero(rows), rows[np.nonzero(rows)], 4, 3)
    >>> found = solve(sums_of(cells, np.array([1.0, 3, 5, 7]), np.ones(4)), [0, 1, 2])
    >>> found.coefficient.round(6).tolist(), found.dropped
    ([1.0, 2.0, 0.0], (2,))
    """
    n_column = sums.xty.size
    assert all(0 <= column < n_column for column in columns), columns
    kept = _independent(sums.xtx, columns)
    coefficient, error = np.zeros(n_column), np.zeros(n_column)
    if kept:
        part = np.ix_(kept, kept)
        scale = 1 / np.sqrt(np.diag(sums.xtx)[kept])
        inverse = np.linalg.inv(sums.xtx[part] * scale[:, None] * scale[None, :]) * scale[:, None] * scale[None, :]
        coefficient[kept] = inverse @ sums.xty[kept]
        spread = max(residual(sums, coefficient), 0.0) / max(sums.n - len(kept), 1)
        error[kept] = np.sqrt(np.diag(inverse) * spread)
    return Solution(coefficient, error, tuple(column for column in columns if column not in set(kept)))


def _independent(xtx: Real, columns: Sequence[int]) -> list[int]:
    """The columns that say something which those before them do not, by a Cholesky factor that grows by one row for each."""
    kept: list[int] = []
    factor = np.zeros((len(columns), len(columns)))
    for column in columns:
        size = len(kept)
        own = xtx[column, column]
        if own <= 0:
            continue
        scaled = xtx[kept, column] / np.sqrt(np.diag(xtx)[kept] * own)
        row = _forward(factor[:size, :size], scaled)
        left = 1.0 - float(row @ row)
        if left > _SAID_ALREADY:
            factor[size, :size], factor[size, size] = row, np.sqrt(left)
            kept.append(column)
    return kept


def _forward(lower: Real, right: Real) -> Real:
    """What solves a lower triangle."""
    solved = np.zeros(right.size)
    for i in range(right.size):
        solved[i] = (right[i] - lower[i, :i] @ solved[:i]) / lower[i, i]
    return solved


def residual(sums: Sums, coefficient: Real) -> float:
    """The weighted sum of squares about what is foretold, of any rows, on whatever rows the coefficients were fitted."""
    return float(sums.yty - 2 * coefficient @ sums.xty + coefficient @ sums.xtx @ coefficient)


def explained(sums: Sums, coefficient: Real) -> float:
    """R²: the part of the variation about the rows' own mean that the coefficients explain. Below 0 where the mean would do better."""
    about_mean = sums.yty - sums.y**2 / sums.weight
    return float("nan") if about_mean <= 0 else 1 - residual(sums, coefficient) / about_mean
