"""Monthly totals as finance teams hold them: each row is what became known in one month of the care of another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from accord.errors import UserError
from accord.settlement.sheet import AMOUNT, MONTH, WORDS, Reader, Row, number, read_sheet, row_error

NOTHING = Decimal("0.00")
MOST_MONTHS = 120
ADDED = ("plan", "activity", "amount", "paid")
COLUMNS = {
    "contract": WORDS,
    "partner": WORDS,
    "service": WORDS,
    "month": MONTH,
    "known": MONTH,
    "plan": Reader(AMOUNT.read, AMOUNT.wanted, may_be_empty=True),
    "activity": Reader(number, "how many acts, such as 1200", may_be_empty=True),
    "amount": Reader(AMOUNT.read, AMOUNT.wanted, may_be_empty=True),
    "paid": Reader(AMOUNT.read, AMOUNT.wanted, may_be_empty=True),
}
"""The columns. Rows of one month of care add up: a correction is a row of its own, known later, with what it adds or takes back."""


@dataclass(frozen=True)
class MonthTotals:
    """One month of care. has_come: whether any activity or amount of it has been told, be it 0.

    usual: where a line has no plan at all, what its months have come to; it stands for the plan wherever a month must be estimated.
    """

    month: date
    plan: Decimal = NOTHING
    activity: Decimal = Decimal(0)
    amount: Decimal = NOTHING
    paid: Decimal = NOTHING
    has_come: bool = False
    usual: Decimal | None = None

    @property
    def awaited(self) -> Decimal:
        """What the month is expected to come to before anything is known of it."""
        return self.plan if self.usual is None else self.usual


@dataclass(frozen=True)
class Line:
    """One service of one partner under one contract.

    months: every one from the first to the last, in order. told: amounts by month of care and month known.
    is_fixed: what it comes to in a month is settled when the month is, and nothing more is to come, as of a block.
    """

    contract: str
    partner: str
    service: str
    months: tuple[MonthTotals, ...]
    told: Mapping[tuple[date, date], Decimal]
    is_fixed: bool = False

    @property
    def last_told(self) -> date | None:
        """The last month in which anything of its care came; None if nothing ever did."""
        return max((known for _, known in self.told), default=None)


@dataclass(frozen=True)
class Totals:
    """A file as it was known in a month. n_later: rows that became known only afterwards, and are left out."""

    as_at: date
    lines: tuple[Line, ...]
    n_later: int


def read_totals(file: Path, known_at: date | None) -> Totals:
    """A file of totals. known_at: as at this month; the last month in which anything became known, if None. Raises UserError."""
    rows = read_sheet(file, COLUMNS)
    _check(file, rows)
    as_at = known_at or max(row.cells["known"] for row in rows)
    known = [row for row in rows if row.cells["known"] <= as_at]
    if not known:
        raise UserError(f"nothing was known by {as_at:%Y-%m}", where=str(file), what_to_do="write a later --known-at, or none")
    return Totals(as_at, tuple(_lines(known)), len(rows) - len(known))


def _check(file: Path, rows: Sequence[Row]) -> None:
    """Raises UserError for rows that say nothing, or tell of care before it was given."""
    faults = []
    for row in rows:
        if all(row.cells[name] is None for name in ADDED):
            faults.append((row.line, "the row has neither plan, activity, amount nor paid", "take it out, or write 0 where nothing was done"))
        if _tells_of_care(row) and row.cells["known"] < row.cells["month"]:
            faults.append((row.line, "care is known before the month in which it was given", "write what is expected as plan, or mend known"))
    if faults:
        raise row_error(file, faults)
    _check_span(file, rows)


def _check_span(file: Path, rows: Sequence[Row]) -> None:
    """A year that is mistyped would make a century of empty months."""
    named = sorted((row.cells[name], row.line) for row in rows for name in ("month", "known"))
    (first, first_line), (last, last_line) = named[0], named[-1]
    if (last.year - first.year) * 12 + last.month - first.month >= MOST_MONTHS:
        what = f"the file goes from {first:%Y-%m} (line {first_line}) to {last:%Y-%m} (line {last_line}), which is over {MOST_MONTHS // 12} years"
        raise UserError(what, where=str(file), what_to_do="mend the year, or keep the rows of the contracts that are still open")


def _tells_of_care(row: Row) -> bool:
    return row.cells["amount"] is not None or row.cells["activity"] is not None


def _lines(rows: Iterable[Row]) -> Iterator[Line]:
    grouped: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row.cells["contract"], row.cells["partner"], row.cells["service"]].append(row)
    for names, held in sorted(grouped.items()):
        told: dict[tuple[date, date], Decimal] = defaultdict(Decimal)
        for row in filter(_tells_of_care, held):
            told[row.cells["month"], row.cells["known"]] += row.cells["amount"] or NOTHING
        yield Line(*names, tuple(_months(held)), dict(told))


def _months(rows: Sequence[Row]) -> Iterator[MonthTotals]:
    months = [row.cells["month"] for row in rows]
    for month in each_month(min(months), max(months)):
        held = [row for row in rows if row.cells["month"] == month]
        plan, activity, amount, paid = (sum((row.cells[name] or NOTHING for row in held), NOTHING) for name in ADDED)
        yield MonthTotals(month, plan, activity, amount, paid, any(map(_tells_of_care, held)))


def each_month(first: date, last: date) -> Iterator[date]:
    """The first days of the months from one to another, both in.

    >>> [f"{month:%Y-%m}" for month in each_month(date(2025, 11, 1), date(2026, 1, 1))]
    ['2025-11', '2025-12', '2026-01']
    """
    for n in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield date(n // 12, n % 12 + 1, 1)
