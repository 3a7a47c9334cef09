"""`accord agree`: two statements side by side, each difference with one cause, thresholds by the month of the statements."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HEADING = "party,counterparty,contract,kind,month,reference,amount,activity\n"
BASE_OURS = "RMX,QMW,acute,receivable,2022-06,BASE,1000.00,\n"
BASE_THEIRS = "QMW,RMX,acute,payable,2022-06,BASE,1000.00,\n"


@pytest.fixture
def agree(accord: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """`agree(theirs, ours, …)`: the command over two statements; both also have one entry that agrees."""

    def run(theirs: str, ours: str, *options: object) -> Any:
        files = [tmp_path / "theirs.csv", tmp_path / "ours.csv"]
        for file, text in zip(files, (HEADING + BASE_THEIRS + theirs, HEADING + BASE_OURS + ours), strict=True):
            file.write_text(text, encoding="utf-8")
        return accord("agree", *files, *options)

    return run


def test_statements_that_agree_are_clean(agree):
    ended = agree("", "")
    assert (ended.code, ended.err) == (0, "")
    assert "By cause" not in ended.out


@pytest.mark.parametrize(
    ("theirs", "ours", "causes"),
    [
        ("QMW,RMX,acute,payable,2022-06,A,70.00,\n", "RMX,QMW,acute,receivable,2022-05,A,70.00,\n", "timing 0.00; together 0.00"),
        ("", "RMX,QMW,acute,receivable,2022-06,A,70.00,\n", "missing in theirs 70.00; together 70.00"),
        ("QMW,RMX,acute,payable,2022-06,A,70.00,\n", "", "missing in ours -70.00; together -70.00"),
        ("QMW,RMX,acute,payable,2022-06,A,70.00,7\n", "RMX,QMW,acute,receivable,2022-06,A,77.00,7\n", "price 7.00; together 7.00"),
        ("QMW,RMX,acute,payable,2022-06,A,70.00,7\n", "RMX,QMW,acute,receivable,2022-06,A,77.00,8\n", "unknown 7.00; together 7.00"),
        ("QMW,RMX,acute,payable,2022-06,A,70.00,\n", "RMX,QMW,acute,receivable,2022-06,A,77.00,7\n", "unknown 7.00; together 7.00"),
        ("QMW,RMX,acute,payable,2022-06,A,70.00,0\n", "RMX,QMW,acute,receivable,2022-06,A,77.00,0\n", "unknown 7.00; together 7.00"),
        ("QMW,RMX,beds,payable,2022-06,A,70.00,\n", "RMX,QMW,acute,receivable,2022-06,A,70.00,\n", "scope 0.00; together 0.00"),
        ("QMW,RMX,beds,payable,2022-06,A,70.00,\n", "", "scope -70.00; together -70.00"),
        # another month, but not the next one
        ("QMW,RMX,acute,payable,2022-06,A,70.00,\n", "RMX,QMW,acute,receivable,2022-04,A,70.00,\n",
         "missing in theirs 70.00; missing in ours -70.00; together 0.00"),
        # we owe them, and they think we owe more
        ("QMW,RMX,acute,receivable,2022-06,A,90.00,3\n", "RMX,QMW,acute,payable,2022-06,A,60.00,3\n", "price 30.00; together 30.00"),
        # an accrual below zero is owed by the party
        ("QMW,RMX,acute,accrual,2022-06,A,-90.00,\n", "RMX,QMW,acute,accrual,2022-06,A,100.00,\n", "unknown 10.00; together 10.00"),
    ],
)  # fmt: skip
def test_each_difference_has_one_cause(agree, theirs, ours, causes):
    ended = agree(theirs, ours)
    assert f"By cause: {causes}." in ended.out
    assert ended.code == 0, "below the threshold"


def test_the_price_that_each_side_took_is_shown(agree):
    ended = agree("QMW,RMX,acute,payable,2022-06,A,70.00,7\n", "RMX,QMW,acute,receivable,2022-06,A,77.00,7\n")
    assert "price: activity 7, at 11.00 and 10.00" in ended.out


def test_what_one_side_disputes_is_no_difference_of_the_balance(agree):
    ended = agree("QMW,RMX,acute,dispute,2022-06,A,-7000.00,\n", "RMX,QMW,acute,receivable,2022-06,A,7000.00,\n")
    assert "A (7,000.00) is receivable to us and dispute to them: the balance is the same" in ended.out
    assert "By cause" not in ended.out
    assert ended.code == 1, "both lines are over the threshold, though the balance is not"


@pytest.mark.parametrize(
    ("amount", "code", "told"),
    [
        ("2499.99", 0, "below the threshold"), ("2500.00", 1, "to be raised"), ("299999.99", 1, "to be raised"), ("300000.00", 1, "must be agreed"),
    ],
)  # fmt: skip
def test_the_thresholds_of_2022_23(agree, amount, code, told):
    ended = agree("", f"RMX,QMW,acute,receivable,2022-06,A,{amount},\n")
    assert ended.code == code
    assert told in ended.out
    assert "Raised from 2,500.00, to be agreed from 300,000.00 (england/agreement_of_balances, 2022-06)." in ended.out


def test_differences_that_hide_each_other_are_still_raised(agree):
    ended = agree("QMW,RMX,acute,payable,2022-06,A,9000.00,\n", "RMX,QMW,acute,receivable,2022-06,B,9000.00,\n")
    assert ended.code == 1
    assert "together 0.00" in ended.out


def test_a_year_without_published_thresholds_is_refused_not_guessed(agree):
    entry = "RMX,QMW,acute,receivable,2025-06,A,100.00,\n"
    ended = agree("", entry)
    assert (ended.code, ended.out) == (2, "")
    assert "no thresholds were published for 2025-06" in ended.err
    ended = agree("", entry, "--raised-from", "100", "--agreed-from", "1000")
    assert ended.code == 1
    assert "Raised from 100.00, to be agreed from 1,000.00 (as stated)." in ended.out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--raised-from", "5"), "one threshold of two"),
        (("--raised-from", "5", "--agreed-from", "4"), "no less than"),
        (("--raised-from", "NaN", "--agreed-from", "4"), "no amount"),
    ],
)
def test_thresholds_are_stated_together_and_in_order(agree, options, told):
    ended = agree("", "", *options)
    assert ended.code == 2
    assert told in ended.err


def test_rows_about_others_are_left_out_and_counted(agree):
    ended = agree("QMW,RXX,acute,payable,2022-06,A,9000.00,\n", "")
    assert ended.code == 0
    assert "1 row of QMW's statement is about others, and left out" in ended.out


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("RMX,QMW,acute,receivable,2022-06,A,7O.00,\n", "amount is '7O.00'"),
        ("RMX,QMW,acute,recievable,2022-06,A,70.00,\n", "kind is 'recievable'"),
        ("RMX,QMW,acute,receivable,June 2022,A,70.00,\n", "month is 'June 2022'"),
        ("RMX,QMW,acute,receivable,2022-06,A,1,234.00,\n", "there are 9 cells below 8 headings"),
        ("RMX,QMW,acute,receivable,2022-06,A,70.001,\n", "amount is '70.001'"),
        ("RMX,QMW,acute,receivable,2022-06,,70.00,\n", "reference is empty"),
        ("RMZ,QMW,acute,receivable,2022-06,A,70.00,\n", "this entry is RMZ's, and the statement is RMX's"),
        ("RMX,RMX,acute,receivable,2022-06,A,70.00,\n", "RMX owes itself"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_with_its_line(agree, row, told):
    ended = agree("", row)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert "ours.csv, line 3\n" in ended.err


def test_the_same_file_twice_is_a_mistake(accord, tmp_path):
    file = tmp_path / "ours.csv"
    file.write_text(HEADING + BASE_OURS, encoding="utf-8")
    ended = accord("agree", file, file)
    assert ended.code == 2
    assert "both statements are RMX's" in ended.err


@pytest.mark.parametrize(
    ("heading", "told"),
    [
        ("party,counterparty,contract,kind,month,reference\n", "the file has no column 'amount'"),
        (HEADING.replace("activity", "acts"), "nothing is known of a column 'acts'"),
        (HEADING.replace("activity", "amount"), "the column 'amount' stands there twice"),
        ("", "theirs.csv is empty"),
        (HEADING, "theirs.csv has no rows"),
    ],
)
def test_a_file_of_other_columns_is_told(accord, tmp_path, heading, told):
    theirs, ours = tmp_path / "theirs.csv", tmp_path / "ours.csv"
    theirs.write_text(heading, encoding="utf-8")
    ours.write_text(HEADING + BASE_OURS, encoding="utf-8")
    ended = accord("agree", theirs, ours)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err


def test_names_from_outside_are_shown_as_they_stand(agree):
    assert "[red]A" in agree("", "RMX,QMW,acute,receivable,2022-06,[red]A,100.00,\n").out
