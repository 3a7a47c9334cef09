"""Weighted populations of every GP practice in England, as NHS England publishes them, by the kernels that set budgets.

Source: NHS England, weighted populations by GP practice 2023/24 and 2024/25, in the data of its place-based allocation tool.
What cannot be rebuilt from these files is the final core population: market forces and ambulance costs are in it and not in the files.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from accord.budgets.capitation import Facts, Serving, final_weights, set_capitation
from accord.budgets.weighting import blended, relative_need, scaled
from accord.rulebook import parameter

YEARS = {"2023_2024": Decimal("61903547.32"), "2024_2025": Decimal("62154630.31")}
PEOPLE, NEED, INEQUALITIES, FINAL = "pop 2022/23", "Primary Medical Care WP", "Health Ineq WP", "Final PMC WP"
PARTS = ("G&A WP", "CS WP", "MH WP", "Mat WP", INEQUALITIES, "Prescr WP", "Final WP", NEED, FINAL)
CLOSE = Fraction(1, 10**4)
"""The files have six and ten places; a sum of 6,553 printed numbers may be off by half of the last place of each."""

Rows = list[dict[str, str]]


@pytest.fixture(scope="module", params=sorted(YEARS))
def year(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def rows(outside_data: Path, year: str) -> Rows:
    file = outside_data / "nhs_allocation" / f"{year}.csv"
    if not file.is_file():
        pytest.skip("the weighted populations (../shared/data/nhs_allocation beside the repository) are not here; NHS England publishes them")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def _column(rows: Rows, name: str) -> list[Fraction]:
    return [Fraction(row[name]) for row in rows]


def _rate() -> Decimal:
    return Decimal(parameter("england/inequalities_share").at(date(2024, 4, 1), date(2026, 11, 25))["primary_medical"])


def test_every_total_is_the_population(rows: Rows, year: str) -> None:
    assert len(rows) == 6553
    totals = [sum(_column(rows, name), Fraction(0)) for name in (PEOPLE, *PARTS)]
    assert all(abs(total - Fraction(YEARS[year])) < Fraction(1, 100) for total in totals)


def test_final_primary_care_population_of_every_practice(rows: Rows) -> None:
    people = _column(rows, PEOPLE)
    serving = Serving("gp_contact", Decimal(1), given=_column(rows, NEED), inequalities=(_rate(), _column(rows, INEQUALITIES)))
    facts = Facts(Decimal("1.00"), [row["Practice_Code"] for row in rows], people, [serving])
    found = final_weights(facts, serving)
    wrong = [row["Practice_Code"] for row, each in zip(rows, found, strict=True) if abs(each - Fraction(row[FINAL])) > CLOSE]
    assert not wrong, f"{len(wrong)} of {len(rows)}: {wrong[:5]}"


def test_another_rate_would_be_seen(rows: Rows) -> None:
    mixed = blended([(Fraction(86, 100), _column(rows, NEED)), (Fraction(14, 100), _column(rows, INEQUALITIES))])
    assert sum(abs(a - b) > CLOSE for a, b in zip(mixed, _column(rows, FINAL), strict=True)) > 6500


def test_need_as_factors_is_need_as_a_weighted_population(rows: Rows) -> None:
    people, need = _column(rows, PEOPLE), _column(rows, NEED)
    some = range(0, len(rows), 97)
    chosen = [people[n] for n in some], [need[n] for n in some]
    ids = [rows[n]["Practice_Code"] for n in some]
    by_factor = Serving("gp_contact", Decimal(1), need=[Fraction(round(b / a, 12)) for a, b in zip(*chosen, strict=True)])
    given = Serving("gp_contact", Decimal(1), given=chosen[1])
    both = [set_capitation(Facts(Decimal("9000000.00"), ids, chosen[0], [each])) for each in (by_factor, given)]
    assert all(abs(both[0].of(id) - both[1].of(id)) <= Decimal("0.01") for id in ids)


@pytest.mark.parametrize("seed", range(5))
def test_components_of_any_chosen_practices(rows: Rows, seed: int) -> None:
    """As the tool has it: weighted people and people of the chosen, each as a ratio to those of the practices' own ICB."""
    chance = random.Random(seed)
    board = chance.choice(sorted({row["ICS22"] for row in rows}))
    within = [row for row in rows if row["ICS22"] == board]
    places = sorted(chance.sample(range(len(within)), k=max(1, len(within) // 3)))
    people = _column(within, PEOPLE)
    for name in PARTS:
        weights = _column(within, name)
        expected = _plain_index(weights, people, places)
        assert abs(float(relative_need(places, weights, people)) - expected) < 1e-12
        assert relative_need(range(len(within)), weights, people) == 1


def _plain_index(weights: Sequence[Fraction], people: Sequence[Fraction], places: Sequence[int]) -> float:
    chosen = sum(float(weights[n]) for n in places) / sum(float(people[n]) for n in places)
    return chosen / (sum(map(float, weights)) / sum(map(float, people)))


def test_a_budget_of_every_practice_adds_up(rows: Rows) -> None:
    people = _column(rows, PEOPLE)
    ids = [row["Practice_Code"] for row in rows]
    services = [
        Serving("gp_contact", Decimal("0.1"), given=_column(rows, NEED), inequalities=(_rate(), _column(rows, INEQUALITIES))),
        Serving("emergency_admission", Decimal("0.9"), given=scaled(_column(rows, "G&A WP"), sum(people, Fraction(0)))),
    ]
    total = Decimal("107000000000.01")
    made = set_capitation(Facts(total, ids, people, services))
    assert sum((bridge.result for bridge in made.bridges.values()), Decimal(0)) == total
    for line in ("need", "inequalities"):
        steps = [step for (_, service), bridge in made.bridges.items() if service == "gp_contact" for step in bridge.steps]
        moved = [step.amount for step in steps if step.name == line]
        assert sum(moved, Decimal(0)) == 0 and any(moved)
