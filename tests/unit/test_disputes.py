"""Disputes as people write them: what is wrong with one is told with its line; what is frozen goes by the day, and never beyond the line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from accord.errors import UserError
from accord.place import read_model
from accord.settlement.chain import Case, Settled, Tax, settle
from accord.settlement.contract import Contract
from accord.settlement.disputes import Raised, read_disputes
from accord.settlement.figures import Given
from accord.settlement.freezing import with_disputes
from accord.settlement.span import span_of
from accord.settlement.totals import Done, Total

CONTRACT = """\
title      = "A contract"
payer      = "QMW"
payee      = "RMX"
period     = { from = 2025-04-01, to = 2026-04-01 }
population = { registered_with = "partners" }

[[clause]]
kind       = "marginal_rate"
id         = "urgent"
services   = ["emergency_admission"]
prices     = "submitted"
baseline   = { amount = 600.00 }
rate_above = 0.30

[[clause]]
kind     = "activity_price"
id       = "visits"
services = ["gp_contact"]
prices   = "submitted"
unpriced = "not_paid"
shadow   = true

[[clause]]
kind = "cap"
id   = "most"
of   = "urgent"
on   = "payment"
most = 650.00
"""
DISPUTE = """\
[[dispute]]
id        = "coding"
line      = "urgent"
raised_by = "QMW"
raised_on = 2025-09-20
reason    = "stays are coded too high"
amount    = 100.00
answer_by = 2025-10-18
"""
URGENT = Total("urgent", date(2025, 4, 1), "emergency_admission", "all", 9, Decimal("1000.00"))


def told(call: Callable[[], Any]) -> UserError:
    with pytest.raises(UserError) as found:
        call()
    return found.value


def contract_of(folder: Path) -> Contract:
    (folder / "one.toml").write_text(CONTRACT, encoding="utf-8")
    return read_model(folder / "one.toml", Contract)


def raised_in(folder: Path, text: str) -> Raised:
    (folder / "disputes").mkdir(exist_ok=True)
    (folder / "disputes" / "one.toml").write_text(text, encoding="utf-8")
    return read_disputes(folder / "disputes", "one", contract_of(folder))


def settled_with(folder: Path, text: str, known_on: date, tax: Tax = Tax()) -> Settled:  # noqa: B008 (a frozen value)
    contract = contract_of(folder)
    plain = settle(Case("one", contract, span_of(contract, None), Done((URGENT,)), Given(folder), tax, False, date.max))
    return with_disputes(plain, raised_in(folder, text), known_on)


@pytest.mark.parametrize(
    ("was", "written", "line", "what", "mend"),
    [
        ('"urgent"', '"urgnt"', 3, "the contract has no clause 'urgnt'", "did you mean 'urgent'?"),
        ('"urgent"', '"one/urgnt/paid/1"', 3, "the contract has no clause 'urgnt'", "did you mean 'urgent'?"),
        ('"urgent"', '"two/urgent/paid/1"', 3, "is a line of the contract 'two'", "write it into disputes/two.toml"),
        ('"urgent"', '"one/urgent/1"', 3, "'one/urgent/1' is no line of a statement", "such as one/urgent/paid/0, or a clause: urgent"),
        ('"urgent"', '"one/urgent/paid/x"', 3, "is no line of a statement", "write CONTRACT/CLAUSE/BRIDGE/NUMBER"),
        ('"urgent"', '"one/urgent/ring_fenced/0"', 3, "is shown and not paid", "name a line of the bridge 'paid'"),
        ('"urgent"', '"visits"', 3, "'visits' is shown and not paid", "of a clause that pays"),
        ('"urgent"', '"one/_whole/paid/1"', 3, "the contract has no clause '_whole'", "its clauses are"),
        ('"QMW"', '"LA"', 4, "'LA' is no party of this contract", "write QMW or RMX"),
        ("2025-09-20", "2025-03-20", 5, "it is raised on 2025-03-20, and the contract begins on 2025-04-01", "on which it was raised"),
        ("2025-10-18", "2025-09-18", 8, "an answer is due by 2025-09-18, before it is raised", "the last day for an answer"),
        ("100.00", "0", 7, "amount", "0"),
        ("answer_by = 2025-10-18\n", "", 1, "answer_by", "answer_by"),
        ("2025-10-18\n", "2025-10-18\nresolved_on = 2025-11-01\n", 9, "one of the two is missing", "write both resolved_on and outcome"),
        ("2025-10-18\n", '2025-10-18\noutcome = "upheld"\n', 9, "one of the two is missing", "or neither"),
        ("2025-10-18\n", '2025-10-18\noutcome = "upheld"\nresolved_on = 2025-09-19\n', 10, "before it is raised", "it was decided"),
        ("2025-10-18\n", "2025-10-18\nresolved_on = 2025-11-01\noutcome = { agreed = 100.01 }\n", 10, "100.01 is agreed, and", "stands after all"),
        ("2025-10-18\n", '2025-10-18\nresolved_on = 2025-11-01\noutcome = "uphold"\n', 10, "outcome", "upheld"),
    ],
)  # fmt: skip
def test_a_dispute_that_cannot_be_is_told_with_its_line(tmp_path: Path, was: str, written: str, line: int, what: str, mend: str) -> None:
    assert DISPUTE.count(was) == 1
    error = told(lambda: raised_in(tmp_path, DISPUTE.replace(was, written)))
    assert what in error.what
    assert error.where == f"{tmp_path / 'disputes' / 'one.toml'}, line {line}"
    assert mend in error.what_to_do


def test_two_disputes_of_one_name_are_told(tmp_path: Path) -> None:
    error = told(lambda: raised_in(tmp_path, f"{DISPUTE}\n{DISPUTE}"))
    assert (error.what, error.where) == ("two disputes are called 'coding'", f"{tmp_path / 'disputes' / 'one.toml'}, line 11")


@pytest.mark.parametrize(
    ("line", "amount", "what"),
    [
        ("urgent", "720.01", "720.01 of 'urgent' is in dispute, and the line comes to 720.00"),
        ("one/urgent/paid/1", "280.01", "280.01 of 'one/urgent/paid/1' is in dispute, and the line comes to -280.00"),
        ("one/urgent/paid/2", "1.00", "the settlement has no line 'one/urgent/paid/2': the bridge of 'urgent' ends with number 1"),
        ("one/most/paid/0", "1.00", "'one/most/paid/0' is what another clause pays, before 'most' changes it"),
    ],
)
def test_a_line_that_is_not_there_or_is_smaller_is_told_when_it_is_settled(tmp_path: Path, line: str, amount: str, what: str) -> None:
    text = DISPUTE.replace('"urgent"', f'"{line}"').replace("100.00", amount)
    error = told(lambda: settled_with(tmp_path, text, date(2025, 10, 1)))
    assert error.what == what
    assert error.where == f"{tmp_path / 'disputes' / 'one.toml'}, line {7 if 'comes to' in what else 3}"


def test_several_disputes_of_a_line_are_together_no_more_than_the_line(tmp_path: Path) -> None:
    other = DISPUTE.replace('"coding"', '"doubles"').replace("100.00", "620.01")
    error = told(lambda: settled_with(tmp_path, f"{DISPUTE}\n{other}", date(2025, 10, 1)))
    assert error.what == "620.01 of 'urgent' is in dispute (720.01 with the disputes before it), and the line comes to 720.00"
    of_line = other.replace('"urgent"', '"one/urgent/paid/0"')
    assert "(720.01 with the disputes before it)" in told(lambda: settled_with(tmp_path, f"{DISPUTE}\n{of_line}", date(2025, 10, 1))).what
    rejected = DISPUTE + 'resolved_on = 2025-09-30\noutcome = "rejected"\n'
    assert settled_with(tmp_path, f"{rejected}\n{other}", date(2025, 10, 1)).frozen == Decimal("620.01")


@pytest.mark.parametrize(
    ("known_on", "frozen", "conceded", "stands"),
    [
        ("2025-09-20", "100.00", "0.00", "answer by 2025-10-18: 28 days left"),
        ("2025-10-18", "100.00", "0.00", "answer by 2025-10-18: 0 days left"),
        ("2025-10-19", "100.00", "0.00", "answer by 2025-10-18: 1 day overdue"),
        ("2025-11-01", "0.00", "60.00", "agreed that 40.00 stands on 2025-11-01"),
    ],
)
def test_a_dispute_stands_as_it_stood_on_the_day(tmp_path: Path, known_on: str, frozen: str, conceded: str, stands: str) -> None:
    text = DISPUTE + "resolved_on = 2025-11-01\noutcome = { agreed = 40.00 }\n"
    one = settled_with(tmp_path, text, date.fromisoformat(known_on), Tax(Decimal("0.20"), False))
    (held,) = one.disputes
    assert (one.frozen, one.conceded, held.stands) == (Decimal(frozen), Decimal(conceded), stands)
    assert one.due_net == Decimal("650.00") - one.frozen - one.conceded
    assert one.vat == one.due_net / 5
    names = [line.name for line in one.whole()]
    assert names == ["before any clause", "urgent", "most", "in dispute: coding" if one.frozen else "fallen away: coding", "VAT"]


def test_a_dispute_that_is_not_known_yet_does_not_count(tmp_path: Path) -> None:
    one = settled_with(tmp_path, DISPUTE, date(2025, 9, 19))
    assert (one.disputes, one.due) == ((), Decimal("650.00"))


def test_a_deduction_in_dispute_is_not_made_until_it_is_decided(tmp_path: Path) -> None:
    text = DISPUTE.replace('"urgent"', '"one/urgent/paid/1"').replace('"QMW"', '"RMX"')
    one = settled_with(tmp_path, text, date(2025, 10, 1))
    assert (one.frozen, one.due) == (Decimal("-100.00"), Decimal("750.00"))
    upheld = settled_with(tmp_path, text + 'resolved_on = 2025-09-30\noutcome = "upheld"\n', date(2025, 10, 1))
    assert (upheld.frozen, upheld.conceded, upheld.due) == (Decimal("0.00"), Decimal("-100.00"), Decimal("750.00"))
