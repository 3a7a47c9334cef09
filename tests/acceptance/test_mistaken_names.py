"""A name that is nothing, or leads elsewhere, is told with its mend: never answered with nothing, or with a file outside its folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HOSPITAL = """\
title      = "Wexcombe hospital 2025/26"
payer      = "WXICB"
payee      = "WXH"
period     = { from = 2025-04-01, to = 2026-04-01 }
population = { registered_with = "partners" }

[[clause]]
kind     = "activity_price"
id       = "planned"
services = ["elective_admission"]
prices   = "submitted"
unpriced = "at_cost"
"""
PAYER = '\n[[partner]]\nid = "WXICB"\nname = "Wexcombe ICB"\nkind = "payer"\nvat = "outside"\n'


@pytest.fixture(scope="module")
def place(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(small_run, tmp_path_factory.mktemp("names") / "wexcombe", symlinks=True))
    with (folder / "place.toml").open("a", encoding="utf-8") as settings:
        settings.write(PAYER)
    (folder / "contracts" / "hospital.toml").write_text(HOSPITAL, encoding="utf-8")
    (folder / "contracts" / "offer.toml").write_text(HOSPITAL.replace("elective_admission", "outpatient_attendance"), encoding="utf-8")
    return folder


def test_a_model_is_written_into_its_folder_alone(accord: Callable[..., Any], place: Path) -> None:
    before = {path.name for path in place.iterdir()}
    for name in ("../place2", "a/b", "", "."):
        ended = accord("need", "new", name, "-p", place)
        assert ended.code == 2, name
        assert "cannot be the name of a model" in ended.message
    assert {path.name for path in place.iterdir()} == before


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("attribution", "diff", "2025-10-01", "2026-03-15", "--organisation", "WX01"), ("nobody belongs to 'WX01'", "did you mean 'WX001'?")),
        (("attribution", "diff", "2025-13-01", "2026-03-15"), ("'2025-13-01' is no day",)),
        (("attribution", "diff", "zzz", "2026-03-15"), ("no run is called 'zzz'",)),
        (("budget", "set"), ("the place has no budgets",)),
        (("need", "explain", "abc"), ("'abc' is no person_id", "accord show person")),
        (("need", "explain", "9" * 20), ("is no person_id",)),
        (("need", "diff", "2024", "2025", "--person", "A. Smith"), ("is no person_id",)),
        (("savings", "hospital"), ("there is no file hospital", "--from and --to")),
    ],
)
def test_what_is_mistaken_is_told(accord: Callable[..., Any], place: Path, command: tuple[str, ...], said: tuple[str, ...]) -> None:
    ended = accord(*command, "-p", place)
    assert ended.code == 2
    assert all(words in ended.message for words in said), ended.message


def test_an_organisation_that_has_people_is_answered(accord: Callable[..., Any], place: Path) -> None:
    ended = accord("attribution", "diff", "2025-10-01", "2026-03-15", "--organisation", "WX001", "-p", place)
    assert ended.code == 0, ended.err
    assert "People of WX001" in ended.out


def test_a_budget_that_is_no_toml_is_told_where_it_breaks(accord: Callable[..., Any], place: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(place, tmp_path / "wexcombe", symlinks=True))
    (copied / "budgets").mkdir()
    (copied / "budgets" / "torn.toml").write_text('title = "Torn"\nsource = [\n', encoding="utf-8")
    ended = accord("budget", "set", "torn", "-p", copied)
    assert ended.code == 2
    assert "not valid TOML" in ended.message


def test_contracts_of_the_place_are_compared_by_name(accord: Callable[..., Any], place: Path) -> None:
    by_name = accord("compare", "hospital", "offer", "-p", place)
    by_file = accord("compare", place / "contracts" / "hospital.toml", place / "contracts" / "offer.toml", "-p", place)
    assert by_name.code == 0, by_name.err
    assert by_name.out == by_file.out
    assert accord("compare", "hospitl", "offer", "-p", place).code == 2


def test_a_contract_without_a_plan_shows_none_and_says_a_reason_once(accord: Callable[..., Any], place: Path) -> None:
    screen = accord("position", "-p", place, "--contract", "hospital").out
    (month,) = [line.split() for line in screen.splitlines() if line.startswith("2025-04 ")]
    assert month[2] == "–"
    assert "there is no plan." in screen
    assert screen.count("no pattern is to be seen") == 1
    early = accord("position", "-p", place, "--known-at", "2020-01").out
    assert "No position of hospital" in early
    assert "Partner, all contracts" not in early
