"""A statement of balances: what one party says that another owes it, and what it owes, entry by entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from accord.errors import UserError
from accord.settlement.sheet import AMOUNT, MONTH, WORDS, Reader, Row, number, one_of, read_sheet, row_error


class Kind(StrEnum):
    """What an entry is to the party whose statement it is in."""

    receivable = "receivable"
    payable = "payable"
    accrual = "accrual"
    dispute = "dispute"


MIRRORED = {Kind.receivable: Kind.payable, Kind.payable: Kind.receivable, Kind.accrual: Kind.accrual, Kind.dispute: Kind.dispute}
COLUMNS = {
    "party": WORDS,
    "counterparty": WORDS,
    "contract": WORDS,
    "kind": Reader(one_of([*Kind]), "receivable, payable, accrual or dispute"),
    "month": MONTH,
    "reference": WORDS,
    "amount": AMOUNT,
    "activity": Reader(number, "how many acts, such as 1200", is_optional=True),
}
"""The columns of a statement. An accrual or a dispute is above zero where it is owed to the party, below zero where it is owed by it."""


@dataclass(frozen=True)
class Entry:
    """One entry, as our side sees it: above zero is owed to us. kind: by our side's name, so that their payable is our receivable."""

    contract: str
    kind: Kind
    month: date
    reference: str
    amount: Decimal
    activity: Decimal | None = None


@dataclass(frozen=True)
class Statements:
    """The two statements of one pair of parties. n_left_out: rows of each file that are about others."""

    us: str
    them: str
    ours: tuple[Entry, ...]
    theirs: tuple[Entry, ...]
    n_left_out: tuple[int, int]


def read_statements(theirs: Path, ours: Path) -> Statements:
    """Two files as one pair of parties' entries, both as our side sees them. Raises UserError."""
    our_rows, their_rows = read_sheet(ours, COLUMNS), read_sheet(theirs, COLUMNS)
    us, them = _party(ours, our_rows), _party(theirs, their_rows)
    if us == them:
        raise UserError(f"both statements are {us}'s", where=f"{theirs} and {ours}", what_to_do="give theirs first, then ours")
    facing = [[row for row in rows if row.cells["counterparty"] == other] for rows, other in ((our_rows, them), (their_rows, us))]
    for file, rows, other in ((ours, facing[0], them), (theirs, facing[1], us)):
        if not rows:
            mend = f"write {other} as counterparty: so it calls itself in its own statement"
            raise UserError(f"{file.name} has no entry with {other}", where=str(file), what_to_do=mend)
    left_out = len(our_rows) - len(facing[0]), len(their_rows) - len(facing[1])
    return Statements(us, them, tuple(map(_ours, facing[0])), tuple(map(_theirs, facing[1])), left_out)


def their_side(theirs: Path) -> tuple[str, list[str], dict[str, list[Entry]]]:
    """The other party's statement alone: who they are, whom they name, and by each of those the entries as that one sees them. Raises UserError."""
    rows = read_sheet(theirs, COLUMNS)
    facing: dict[str, list[Entry]] = {}
    for row in rows:
        facing.setdefault(row.cells["counterparty"], []).append(_theirs(row))
    return _party(theirs, rows), sorted(facing), facing


def _party(file: Path, rows: Sequence[Row]) -> str:
    first = str(rows[0].cells["party"])
    others = [(row.line, f"this entry is {row.cells['party']}'s, and the statement is {first}'s", "a statement is of one party") for row in rows
              if row.cells["party"] != first]  # fmt: skip
    alone = [(row.line, f"{first} owes itself", "write the other party as counterparty") for row in rows if row.cells["counterparty"] == first]
    if others or alone:
        raise row_error(file, [*others, *alone])
    return first


def _ours(row: Row) -> Entry:
    kind, amount = Kind(row.cells["kind"]), row.cells["amount"]
    signed = -amount if kind is Kind.payable else amount
    return Entry(row.cells["contract"], kind, row.cells["month"], row.cells["reference"], signed, row.cells["activity"])


def _theirs(row: Row) -> Entry:
    seen = _ours(row)
    return Entry(seen.contract, MIRRORED[seen.kind], seen.month, seen.reference, -seen.amount, seen.activity)
