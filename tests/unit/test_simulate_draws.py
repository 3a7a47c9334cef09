"""Drawing by chance, whole arrays at a time."""

from __future__ import annotations

import numpy as np

from accord.simulate import draws
from accord.simulate.geography import nhs_numbers


def test_events_follow_their_rates() -> None:
    rates = np.array([[0.0, 2.0], [0.5, 0.0]])
    who, month = draws.events(draws.generator(1, 0, "x"), np.tile(rates, (20_000, 1)))
    cell = np.bincount((who % 2) * 2 + month, minlength=4) / 20_000
    assert np.allclose(cell, rates.ravel(), atol=0.05)
    assert cell[0] == cell[3] == 0, "what has no rate never happens"
    assert (np.diff(who) >= 0).all()


def test_subjects_do_not_move_each_other() -> None:
    first = draws.generator(1, 0, "deaths").random(5)
    draws.generator(1, 0, "births").random(100)
    assert (draws.generator(1, 0, "deaths").random(5) == first).all()
    assert (draws.generator(1, 1, "deaths").random(5) != first).any()
    assert (draws.generator(2, 0, "deaths").random(5) != first).any()


def test_choices_follow_their_shares() -> None:
    drawn = draws.choices_by(draws.generator(1, 0, "x"), np.array([[1.0, 0.0, 3.0], [0.0, 1.0, 0.0]]), np.repeat([0, 1], 10_000))
    assert (drawn[10_000:] == 1).all()
    assert set(drawn[:10_000]) == {0, 2}
    assert abs((drawn[:10_000] == 2).mean() - 0.75) < 0.02


def test_heavy_amounts_have_the_mean_that_is_asked_for() -> None:
    drawn = draws.heavy(draws.generator(1, 0, "x"), 40.0, 0.7, 400_000)
    assert abs(drawn.mean() - 40) < 0.3
    assert np.median(drawn) < 35


def test_numbers_are_of_the_range_kept_for_tests_and_valid() -> None:
    numbers = nhs_numbers()
    assert (numbers // 10**7 == 999).all()
    digits = numbers[:, None] // 10 ** np.arange(9, -1, -1) % 10
    assert ((digits[:, :9] * np.arange(10, 1, -1)).sum(axis=1) + digits[:, 9]).reshape(-1).astype(int).__mod__(11).max() == 0
    assert 9_999_999_999 not in numbers
    assert np.unique(numbers).size == numbers.size > 900_000
