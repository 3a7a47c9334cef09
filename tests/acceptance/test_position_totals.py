"""`accord position`: where each contract stands, from a file of monthly totals; and what such a file may not say."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HEADING = "contract,partner,service,month,known,plan,activity,amount,paid\n"
MONTHS = [f"2025-{n:02d}" for n in range(4, 13)]


def plans(partner: str, n: int = 9) -> str:
    return "".join(f"acute,{partner},care,{m},2025-03,1000.00,,,\n" for m in MONTHS[:n])


def amounts(partner: str, n: int, first: str = "600.00", later: str = "400.00") -> str:
    """Sixty percent is known in the month of care, the rest in the next."""
    rows = [(m, MONTHS[i + age], amount) for i, m in enumerate(MONTHS[:n]) for age, amount in enumerate((first, later)) if i + age < n]
    return "".join(f"acute,{partner},care,{m},{known},,10,{amount},{900 if m == known else 0}.00\n" for m, known, amount in rows)


@pytest.fixture
def position(accord: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """`position(rows, …)`: the command over a file of these rows."""

    def run(rows: str, *options: object, heading: str = HEADING) -> Any:
        file = tmp_path / "totals.csv"
        file.write_text(heading + rows, encoding="utf-8")
        return accord("position", file, *options)

    return run


def cells(out: str, name: str) -> list[str]:
    return next(line for line in out.splitlines() if line.startswith(name)).split()[1:]


def test_what_is_still_to_come_is_accrued_and_due(position):
    ended = position(plans("RMX") + amounts("RMX", 6))
    assert (ended.code, ended.err) == (0, "")
    assert cells(ended.out, "2025-08") == ["20", "1,000.00", "1,000.00", "0.00", "1,000.00", "900.00", "100.00"]
    assert cells(ended.out, "2025-09") == ["10", "1,000.00", "600.00", "400.00", "1,000.00", "900.00", "100.00"]
    assert cells(ended.out, "together") == ["110", "6,000.00", "5,600.00", "400.00", "6,000.00", "5,400.00", "600.00"]
    assert "Outturn of 9 months: 9,000.00; plan 9,000.00 (+0.0%)." in ended.out
    assert "Of it 3,000.00 is of 3 months to come" in ended.out
    assert "No month has strayed so far: there is nothing to tell an interval from." in ended.out


def test_a_partner_who_delivered_nothing_is_named(position):
    ended = position(plans("RMX") + amounts("RMX", 6) + plans("COMM") + amounts("COMM", 5))
    assert "Nothing has come of COMM, care since 2025-08." in ended.out
    assert "nothing has come: the plan" in " ".join(ended.out.split())
    assert cells(ended.out, "COMM")[0] == "6,000.00"


def test_the_position_can_be_read_as_it_was_known(position):
    rows = plans("RMX") + amounts("RMX", 6)
    ended = position(rows, "--known-at", "2025-07")
    assert "As at 2025-07." in ended.out
    assert "4 rows became known later, and are left out." in ended.out
    assert cells(ended.out, "2025-07")[3] == "400.00"
    assert "2025-08 " not in ended.out


def test_credits_lower_what_is_due(position):
    ended = position(plans("RMX") + amounts("RMX", 6, first="1100.00", later="-100.00"))
    assert cells(ended.out, "2025-09")[2:5] == ["1,100.00", "-100.00", "1,000.00"]


def test_a_contract_of_one_month_is_accrued_to_its_plan(position):
    ended = position(plans("RMX") + amounts("RMX", 1))
    assert cells(ended.out, "2025-04")[2:5] == ["600.00", "400.00", "1,000.00"]
    assert "No interval: too little has come of RMX, care." in ended.out


def test_two_contracts_stand_apart(position):
    ended = position(plans("RMX") + amounts("RMX", 4) + (plans("RMX") + amounts("RMX", 4)).replace("acute,", "[b]beds,"))
    assert ended.out.count("Outturn of 9 months") == 2
    assert "\n[b]beds\n" in ended.out


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("acute,RMX,care,2025-05,2025-04,,1,5.00,\n", "care is known before the month in which it was given"),
        ("acute,RMX,care,2025-05,2025-06,,,,\n", "the row has neither plan, activity, amount nor paid"),
        ("acute,RMX,care,2025-13,2025-06,,1,5.00,\n", "month is '2025-13'"),
        ("acute,RMX,care,2025-05,2025-06,,many,5.00,\n", "activity is 'many'"),
        ("acute,RMX,care,2025-05,2025-06,,1,(5.00),\n", "amount is '(5.00)'"),
        ("acute,,care,2025-05,2025-06,,1,5.00,\n", "partner is empty"),
    ],
)
def test_a_row_that_cannot_be_is_told_with_its_line(position, row, told):
    ended = position(plans("RMX", 1) + row)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert "totals.csv, line 3\n" in ended.err


def test_a_file_without_amounts_is_none(position):
    ended = position("", heading=HEADING.replace(",amount", ""))
    assert ended.code == 2
    assert "the file has no column 'amount'" in ended.err


def test_months_before_any_convention_are_refused(position):
    ended = position("acute,RMX,care,1985-05,1985-05,10.00,1,5.00,\n")
    assert (ended.code, ended.out) == (2, "")
    assert "the rulebook has no value for 1985-05" in ended.err


def test_a_mistyped_year_is_told_and_makes_no_century_of_months(position):
    ended = position(plans("RMX") + "acute,RMX,care,2205-05,2205-06,,1,5.00,\n")
    assert (ended.code, ended.out) == (2, "")
    assert "from 2025-03 (line 2) to 2205-06 (line 11)" in ended.err


@pytest.mark.parametrize(("month", "told"), [("2025-02", "nothing was known by 2025-02"), ("May", "is no month")])
def test_a_month_of_which_nothing_is_known_is_refused(position, month, told):
    ended = position(plans("RMX"), "--known-at", month)
    assert ended.code == 2
    assert told in ended.err


def test_without_the_library_it_says_what_to_install(position, monkeypatch):
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name == "chainladder":
            raise ImportError("No module named 'chainladder'")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    ended = position(plans("RMX") + amounts("RMX", 6))
    assert (ended.code, ended.out) == (2, "")
    assert "pip install -r requirements-runoff.txt" in ended.err
