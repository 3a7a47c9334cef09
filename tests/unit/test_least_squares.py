"""Least squares from sums: the same as from the whole matrix, however it is cut, and a column that says nothing new is dropped."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.stats.least_squares import Cells, Sums, explained, no_sums, residual, solve, sums_of

N, P = 400, 9


def cells_of(full):
    row, column = np.nonzero(full)
    return Cells(row, column, full[row, column], *full.shape)


def invented(seed, n=N, p=P):
    rng = np.random.default_rng(seed)
    full = (rng.random((n, p)) < 0.3) * rng.normal(1, 0.5, (n, p))
    full[:, 0] = 1
    return full, full @ rng.normal(0, 100, p) + rng.normal(0, 50, n), rng.integers(0, 13, n) / 12


def summed(full, y, weight, cuts):
    total = no_sums(full.shape[1])
    for a, b in zip([0, *cuts], [*cuts, len(y)], strict=True):
        total = total + sums_of(cells_of(full[a:b]), y[a:b], weight[a:b])
    return total


def test_the_coefficients_are_those_of_the_whole_matrix():
    full, y, weight = invented(1)
    root = np.sqrt(weight)
    expected = np.linalg.lstsq(full * root[:, None], y * root, rcond=None)[0]
    found = solve(summed(full, y, weight, []), range(P))
    np.testing.assert_allclose(found.coefficient, expected, rtol=1e-9)
    assert found.dropped == ()


def test_errors_are_those_of_the_textbook():
    full, y, _ = invented(2)
    found = solve(summed(full, y, np.ones(N), []), range(P))
    about = y - full @ found.coefficient
    expected = np.sqrt(np.diag(np.linalg.inv(full.T @ full)) * (about @ about) / (N - P))
    np.testing.assert_allclose(found.error, expected, rtol=1e-8)


@given(st.lists(st.integers(0, N), max_size=12).map(sorted))
def test_how_the_rows_are_cut_changes_nothing(cuts):
    full, y, weight = invented(3)
    one, many = summed(full, y, weight, []), summed(full, y, weight, cuts)
    np.testing.assert_allclose(many.xtx, one.xtx, rtol=1e-12)
    np.testing.assert_allclose(solve(many, range(P)).coefficient, solve(one, range(P)).coefficient, rtol=1e-9)
    assert many.n == one.n == int((weight > 0).sum())


def test_of_columns_that_say_the_same_the_later_is_dropped_and_nothing_else_moves():
    full, y, weight = invented(4)
    doubled = np.column_stack((full[:, :4], full[:, 1] + full[:, 2], full[:, 4:]))
    found = solve(summed(doubled, y, weight, []), range(P + 1))
    assert found.dropped == (4,)
    np.testing.assert_allclose(np.delete(found.coefficient, 4), solve(summed(full, y, weight, []), range(P)).coefficient, rtol=1e-8)


def test_the_order_decides_which_is_dropped_and_not_what_is_foretold():
    full, y, weight = invented(5)
    doubled = np.column_stack((full, full[:, 1] - 2 * full[:, 3]))
    sums = summed(doubled, y, weight, [])
    forth, back = solve(sums, range(P + 1)), solve(sums, [*range(P, -1, -1)])
    assert forth.dropped != back.dropped
    np.testing.assert_allclose(doubled @ forth.coefficient, doubled @ back.coefficient, rtol=1e-7, atol=1e-7)


def test_a_column_of_nobody_is_dropped():
    full, y, weight = invented(6)
    full[:, 5] = 0
    assert solve(summed(full, y, weight, []), range(P)).dropped == (5,)


def test_r2_of_other_people_needs_their_sums_alone():
    full, y, weight = invented(7, n=900)
    training, others = summed(full[:500], y[:500], weight[:500], []), summed(full[500:], y[500:], weight[500:], [])
    found = solve(training, range(P)).coefficient
    about = y[500:] - full[500:] @ found
    w = weight[500:]
    mean = (w @ y[500:]) / w.sum()
    assert residual(others, found) == pytest.approx(w @ about**2)
    assert explained(others, found) == pytest.approx(1 - (w @ about**2) / (w @ (y[500:] - mean) ** 2))


def test_what_makes_no_difference_explains_nothing():
    sums = Sums(2, 2.0, 6.0, 18.0, np.array([2.0]), np.array([[2.0]]), np.array([6.0]))  # both cost 3
    assert np.isnan(explained(sums, np.array([3.0])))
