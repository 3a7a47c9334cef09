"""`accord savings`: two years of totals, the causes of the change to the penny, and whether luck could have made it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HEADING = "year,attributed,group,people,service,activity,amount\n"


@pytest.fixture
def savings(accord: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """`savings(rows)`: the command over a file of these rows."""

    def run(rows: str, heading: str = HEADING) -> Any:
        file = tmp_path / "years.csv"
        file.write_text(heading + rows, encoding="utf-8")
        return accord("savings", file)

    return run


def line(out: str, name: str) -> str:
    return " ".join(next(line for line in out.splitlines() if line.strip().startswith(name)).split())


def test_one_cause_at_a_time(savings):
    """4 acts a person became 3, at 10 each: all volume."""
    ended = savings("2024-04,kept,all,100,visit,400,4000.00\n2025-04,kept,all,100,visit,300,3000.00\n")
    assert (ended.code, ended.err) == (0, "")
    assert line(ended.out, "volume") == "volume -1,000.00 -25.0%"
    assert all(line(ended.out, cause).split()[-2] == "0.00" for cause in ("population", "attribution", "case mix", "price", "rest"))
    assert "1,000.00 saved, with 100 and 100 people." in ended.out


def test_two_causes_share_what_they_made_together(savings):
    """400 acts at 10 became 300 at 12: volume -100 x 11, price +2 x 350."""
    ended = savings("2024-04,kept,all,100,visit,400,4000.00\n2025-04,kept,all,100,visit,300,3600.00\n")
    assert line(ended.out, "volume") == "volume -1,100.00 -27.5%"
    assert line(ended.out, "price") == "price 700.00 +17.5%"


def test_dear_people_who_left_are_no_saving_of_care(savings):
    ended = savings(
        "2024-04,kept,all,100,visit,400,4000.00\n2024-04,left,all,100,visit,1600,16000.00\n"
        "2025-04,kept,all,100,visit,400,4000.00\n2025-04,joined,all,100,visit,400,4000.00\n"
    )
    assert line(ended.out, "attribution change") == "attribution change -12,000.00 -60.0%"
    assert line(ended.out, "volume").split()[-2] == "0.00"


def test_an_older_population_is_case_mix(savings):
    ended = savings(
        "2024-04,kept,young,50,visit,50,500.00\n2024-04,kept,old,50,visit,250,2500.00\n"
        "2025-04,kept,young,40,visit,40,400.00\n2025-04,kept,old,60,visit,300,3000.00\n"
    )
    assert line(ended.out, "case mix") == "case mix 400.00 +13.3%"


def test_amounts_without_acts_are_the_rest(savings):
    ended = savings("2024-04,kept,all,100,drugs,,4000.00\n2025-04,kept,all,200,drugs,,3000.00\n")
    assert line(ended.out, "rest") == "rest -1,000.00 -25.0%"
    assert line(ended.out, "population").split()[-2] == "0.00"


@pytest.mark.parametrize(("n", "verdicts"), [(10_000, ["inside", "inside"]), (40_000, ["inside", "outside"]), (400_000, ["outside", "outside"])])
def test_the_same_saving_is_luck_or_not_by_the_number_of_people(savings, n, verdicts):
    """4 percent less volume."""
    ended = savings(f"2024-04,kept,all,{n},visit,{n},{n}0.00\n2025-04,kept,all,{n},visit,{n * 96 // 100},{n * 96 // 100}0.00\n")
    assert [found.rpartition(" luck")[0].split()[-1] for found in ended.out.splitlines() if "varies by" in found] == verdicts
    assert ("The two disagree" in ended.out) == (verdicts == ["inside", "outside"])


def test_lower_prices_are_never_luck(savings):
    ended = savings("2024-04,kept,all,50,visit,400,4000.00\n2025-04,kept,all,50,visit,400,2000.00\n")
    assert "which luck has no hand in: 0.00 (+0.0%)" in ended.out


def test_the_column_of_attribution_may_be_left_out(savings):
    ended = savings("2024-04,all,100,visit,400,4000.00\n2025-04,all,100,visit,300,3000.00\n", HEADING.replace("attributed,", ""))
    assert ended.code == 0


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("2024-04,kept,all,100,visit,400,4000.00\n", "the file has 1: 2024-04"),
        ("2024-04,kept,all,1,v,1,1\n2025-04,kept,all,1,v,1,1\n2026-04,kept,all,1,v,1,1\n", "the file has 3"),
        ("2024-04,kept,all,1,v,1,1\n2024-04,kept,all,2,w,1,1\n2025-04,kept,all,1,v,1,1\n", "has 2 people here and 1 above"),
        ("2024-04,kept,all,0,v,1,1\n2025-04,kept,all,1,v,1,1\n", "there are 0 people"),
        ("2024-04,kept,all,1.5,v,1,1\n2025-04,kept,all,1,v,1,1\n", "there are 1.5 people"),
        ("2024-04,joined,all,1,v,1,1\n2025-04,kept,all,1,v,1,1\n", "people who joined stand in the earlier year"),
        ("2024-04,kept,all,1,v,1,1\n2025-04,left,all,1,v,1,1\n", "people who left stand in the later year"),
        ("2024-04,kept,all,1,v,-1,1\n2025-04,kept,all,1,v,1,1\n", "the activity is below 0"),
        ("2024-04,kept,all,1,v,1,0\n2025-04,kept,all,1,v,1,1\n", "the year 2024-04 cost nothing"),
        ("2004-04,kept,all,1,v,1,1\n2005-04,kept,all,1,v,1,1\n", "the rulebook has no value for 2005-04"),
        ("2024-04,new,all,1,v,1,1\n2025-04,kept,all,1,v,1,1\n", "attributed is 'new'"),
    ],
)
def test_what_cannot_be_true_is_told(savings, rows, told):
    ended = savings(rows)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
