"""What may be asked of the simulator."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from accord.errors import UserError
from accord.simulate.options import asked


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"people": 0}, "--people"), ({"people": -5}, "--people"), ({"people": 10**9}, "--people"), ({"practices": 0}, "--practices"),
        ({"people": 10, "practices": 11}, "--practices"), ({"years": 0}, "--years"), ({"years": -1}, "--years"), ({"years": 99}, "--years"),
        ({"start": date(2025, 4, 1), "end": date(2024, 4, 1)}, "--to"), ({"start": date(2025, 4, 1), "end": date(2025, 4, 1)}, "--to"),
        ({"start": date(2025, 4, 2)}, "--from and --to"), ({"end": date(2025, 4, 30)}, "--from and --to"),
        ({"start": date(2023, 4, 1), "end": date(2024, 4, 1), "years": 3}, "--years, --from and --to"),
        ({"dirt": -0.1}, "--dirt"), ({"faults": {"no_such": 0.1}}, "--fault"), ({"faults": {"missing_number": 2.0}}, "--fault missing_number"),
        ({"seed": -1}, "--seed"), ({"start": date(1700, 1, 1)}, "--from and --to"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(options: dict[str, Any], where: str) -> None:
    with pytest.raises(UserError) as refused:
        asked(**{"seed": 1, **options})
    assert refused.value.where == where
    assert refused.value.what_to_do


def test_the_period_follows_from_any_two() -> None:
    assert asked(seed=1, start=date(2020, 1, 1), years=3).end == date(2023, 1, 1)
    assert asked(seed=1, end=date(2020, 1, 1), years=3).start == date(2017, 1, 1)
    assert asked(seed=1, start=date(2020, 1, 1), end=date(2020, 3, 1)).end == date(2020, 3, 1)


def test_there_are_practices_for_any_number_of_people() -> None:
    assert [asked(seed=1, people=n).practices for n in (1, 1_000, 20_000, 1_000_000)] == [1, 4, 8, 100]
