"""Files of budgets and their figures: what is wrong is told with its line and the mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from accord.budgets.setting import set_budget
from accord.errors import UserError
from accord.place import Place, new_place, open_place

CAPITATION = """title   = "By need"
source  = "a paper"
kind    = "capitation"
period  = { from = 2025-04-01, to = 2026-04-01 }
total   = 1000.00
figures = "practices.csv"
people  = "people"

[[service]]
id    = "gp_contact"
share = 0.4
need  = "need"

[[service]]
id    = "emergency_admission"
share = 0.6
inequalities = { rate = { rule = "england/inequalities_share", option = "primary_medical" }, weighted = "weighted" }
"""
FIGURES = "organisation_id,people,need,weighted,has\nP1,100,1.2,90,300.00\nP2,300,0.9,310,800.00\n"
PERIOD = "period  = { from = 2024-04-01, to = 2025-04-01 }"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    new_place(tmp_path / "place")
    opened = open_place(tmp_path / "place")
    (opened.root / "budgets").mkdir(exist_ok=True)
    return opened


def _write(place: Place, text: str = CAPITATION, figures: str = FIGURES, name: str = "one") -> None:
    (place.root / "budgets" / f"{name}.toml").write_text(text.replace("period  = { from = 2025-04-01, to = 2026-04-01 }", PERIOD), encoding="utf-8")
    (place.root / "budgets" / "practices.csv").write_text(figures, encoding="utf-8")


def test_a_budget_is_kept_once(place: Place) -> None:
    _write(place)
    first, again = set_budget(place, "one"), set_budget(place, "one")
    assert first.folder == again.folder and [p.name for p in first.folder.parent.iterdir()] == [first.folder.name]
    assert {p.name for p in first.folder.iterdir()} == {"budget.parquet", "budget_line.parquet", "inputs", "manifest.json"}
    _write(place, figures=FIGURES.replace("100,1.2", "101,1.2"))
    assert set_budget(place, "one").folder != first.folder


def test_a_part_of_a_budget_is_divided_again(place: Place) -> None:
    _write(place)
    part = CAPITATION.replace("total   = 1000.00", 'total   = { budget = "one", organisation = "P2" }')
    _write(place, part, name="indicative")
    assert set_budget(place, "indicative").total == set_budget(place, "one").of("P2")


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ('kind    = "capitation"', 'kind    = "capitaton"', 3, "no kind of budget"),
        ("share = 0.4", "share = 0.5", 11, "add up to 1.1"),
        ('id    = "gp_contact"', 'id    = "emergency_admission"', 15, "twice"),
        ('need  = "need"', 'need  = "need"\nweighted = "weighted"', 13, "factors too"),
        ('option = "primary_medical"', 'option = "core"', 17, "core"),
        (', weighted = "weighted" }', " }", 17, "not by which population"),
        ("total   = 1000.00", 'total   = { budget = "one", organisation = "P2" }', None, "a part of itself"),
        ("total   = 1000.00", 'total   = { budget = "other", organisation = "P2" }', None, "no budget 'other'"),
        ("to = 2026-04-01", "to = 2024-04-01", 4, "ends before it begins"),
        ("[[service]]", "[management]\nwithin = true\nper_person = 18.80\n\n[[service]]", 9, "out of a total of"),
        ("[[service]]", '[pace]\nbaseline = "has"\nspeed = 0.5\ngrowth_at_least = 0.0\n\n[[service]]', 9, "at the least"),
        ("[[service]]", '[pace]\nbaseline = "has"\nspeed = 0.5\ngrowth_at_least = 0.03\ngrowth_at_most = 0.02\n\n[[service]]', 13, "below the least"),
        ("[[service]]", "[management]\nwithin = true\n\n[[service]]", 9, "not what running the budget is paid"),
    ],
)
def test_faults_of_a_budget(place: Place, old: str, new: str, line: int | None, what: str) -> None:
    text = CAPITATION.replace("period  = { from = 2025-04-01, to = 2026-04-01 }", PERIOD.replace("2025-04-01 }", "2026-04-01 }"))
    assert old in text
    _write(place, text.replace(old, new, 1))
    with pytest.raises(UserError) as told:
        set_budget(place, "one")
    assert what in told.value.what and told.value.what_to_do
    assert line is None or told.value.where.endswith(f"one.toml, line {line}"), told.value.where


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("P2,300", "P1,300", 3, "earlier line"),
        ("100,1.2", "0,1.2", 2, "is 0"),
        ("100,1.2", "100,", 2, "is empty"),
        ("100,1.2", "100,-1", 2, "is -1"),
        ("need,", "needs,", 1, "no column 'need'"),
        ("P1,100,1.2,90,300.00\nP2,300,0.9,310,800.00\n", "", None, "no rows"),
        (FIGURES, FIGURES.replace(",", ";"), 1, "parted by ';'"),
        (FIGURES, FIGURES.replace(",", "\t"), 1, "parted by tabs"),
    ],
)
def test_faults_of_figures(place: Place, old: str, new: str, line: int | None, what: str) -> None:
    _write(place, figures=FIGURES.replace(old, new, 1))
    with pytest.raises(UserError) as told:
        set_budget(place, "one")
    assert what in told.value.what
    assert line is None or told.value.where.endswith(f"practices.csv, line {line}")


POOLED = """title  = "The pool"
source = "the agreement"
kind   = "pooled"
period = { from = 2025-04-01, to = 2026-04-01 }
holder = "POOL"

[[contribution]]
party  = "ICB"
amount = 700.01
least  = 750.00

[[contribution]]
party  = "COUNCIL"
amount = 300.00

[[service]]
id    = "social_care"
share = 0.5

[[service]]
id    = "community_contact"
share = 0.5
"""


def test_a_pool_tells_who_is_short(place: Place) -> None:
    _write(place, POOLED, name="pool")
    made = set_budget(place, "pool")
    assert str(made.total) == "1000.01" and {party: str(short) for party, short in made.short.items()} == {"ICB": "49.99"}
