"""`accord settle` of contracts that name a budget of the place: what was set is what is settled by, and the settlement keeps it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

CONTRACT = """title      = "Wexcombe care by budget"
payer      = "WXICB"
payee      = "WXH"
period     = { from = 2025-04-01, to = 2026-04-01 }
population = { registered_with = "partners" }

[[clause]]
kind     = "capitation"
id       = "all_care"
services = ["elective_admission", "emergency_admission"]
budget   = { budget = "partners" }
discount = 0.10
"""
BUDGET = """title   = "Budgets of the partners"
source  = "the board"
kind    = "capitation"
period  = { from = 2025-04-01, to = 2026-04-01 }
total   = 300000.00
figures = "partners.csv"
people  = "people"

[[service]]
id    = "emergency_admission"
share = 1.0
need  = "need"
"""
PARTNER = '\n[[partner]]\nid = "WXICB"\nname = "ICB"\nkind = "payer"\nvat = "outside"\n'


@pytest.fixture(scope="module")
def place_once(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(small_run, tmp_path_factory.mktemp("budgets") / "wexcombe", symlinks=True))
    with (folder / "place.toml").open("a", encoding="utf-8") as settings:
        settings.write(PARTNER)
    (folder / "budgets").mkdir()
    (folder / "contracts" / "care.toml").write_text(CONTRACT, encoding="utf-8")
    (folder / "budgets" / "partners.toml").write_text(BUDGET, encoding="utf-8")
    (folder / "budgets" / "partners.csv").write_text("organisation_id,people,need\nWXH,200,1.0\nWCM,100,1.0\n", encoding="utf-8")
    return folder


@pytest.fixture
def place(place_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(place_once, tmp_path / "wexcombe", symlinks=True))


def _settled(place: Path) -> dict:
    folder = max((place / "settlements" / "care").iterdir(), key=lambda each: json.loads((each / "manifest.json").read_text())["created_at"])
    return {"folder": folder, **json.loads((folder / "manifest.json").read_text())}


def test_a_budget_that_is_set_is_settled_by(place: Path, accord: Callable) -> None:
    ended = accord("settle", "care", "-p", place)
    assert ended.code == 2 and "figure 'budget'" in ended.err
    accord("budget", "set", "partners", "-p", place)
    accord("settle", "care", "-p", place)
    assert Decimal(_settled(place)["due"]) == Decimal("180000.00")  # two thirds of 300,000, less a tenth


def test_another_budget_is_another_settlement_and_the_old_one_replays(place: Path, accord: Callable) -> None:
    accord("budget", "set", "partners", "-p", place)
    accord("settle", "care", "-p", place)
    before = _settled(place)
    (place / "budgets" / "partners.csv").write_text("organisation_id,people,need\nWXH,100,1.0\nWCM,100,1.0\n", encoding="utf-8")
    accord("budget", "set", "partners", "-p", place)
    accord("settle", "care", "-p", place)
    after = _settled(place)
    assert Decimal(after["due"]) == Decimal("135000.00") and after["follows"] == before["settlement_id"]
    ended = accord("replay", "-p", place, "--settlement", f"care/{before['settlement_id']}")
    assert ended.code == 0, ended.err


def test_what_the_payer_sends_goes_before_a_budget(place: Path, accord: Callable) -> None:
    (place / "figures").mkdir()
    text = 'title = "t"\nsource = "a letter"\n\n[clause.all_care]\nbudget = 100000.00\n'
    (place / "figures" / "care.toml").write_text(text, encoding="utf-8")
    accord("budget", "set", "partners", "-p", place)
    accord("settle", "care", "-p", place)
    assert Decimal(_settled(place)["due"]) == Decimal("90000.00")


@pytest.mark.parametrize(
    ("file", "old", "new", "what"),
    [
        ("budgets/partners.csv", "WXH", "WGF", "gives nothing to WXH"),
        ("budgets/partners.toml", "to = 2026-04-01", "to = 2027-04-01", "is of 2025-04-01 to 2027-04-01"),
    ],
)
def test_a_budget_that_does_not_fit(place: Path, accord: Callable, file: str, old: str, new: str, what: str) -> None:
    (place / file).write_text((place / file).read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    accord("budget", "set", "partners", "-p", place)
    ended = accord("settle", "care", "-p", place)
    assert ended.code == 2 and what in " ".join(ended.err.split()) and "care.toml, line 11" in ended.err
    assert not (place / "settlements").exists()
