"""What is shown of need: groups of a handful of people are not."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from accord.population.need import SMALLEST_COUNT, Coding, Flagged, Judged
from accord.screens.admission_risk import hidden_groups
from accord.screens.need import _print_coding, _print_ratios


def shown(printer, *rows) -> str:
    out = io.StringIO()
    printer(Console(file=out, width=160), rows)
    return out.getvalue()


def test_a_ratio_of_a_handful_is_not_shown():
    few = Judged("validation", "allocated", "predictive_ratio by ethnicity", "Z", SMALLEST_COUNT - 1, 9.99)
    many = Judged("validation", "allocated", "predictive_ratio by ethnicity", "A", SMALLEST_COUNT, 1.01)
    said = shown(_print_ratios, few, many)
    assert "1.01" in said
    assert "9.99" not in said


def test_coding_of_a_handful_is_not_shown():
    few, many = (Coding(id, n, 1.0, 1.0, 1.0, None, None, True) for id, n in (("FEW", SMALLEST_COUNT - 1), ("MANY", SMALLEST_COUNT)))
    said = shown(_print_coding, few, many)
    assert "MANY" in said
    assert "FEW" not in said


@pytest.mark.parametrize(
    ("on_the_list", "hidden"), [((20, 30, 40), set()), ((7, 30, 20), {0, 2}), ((7, 30, 3), {0, 2}), ((7, 6, 5), {0, 1, 2}), ((0, 30, 20), {0, 2})]
)
def test_one_hidden_group_takes_another_with_it(on_the_list, hidden):
    assert hidden_groups([Flagged(n + 5, n, 1000, 100) for n in on_the_list]) == hidden
