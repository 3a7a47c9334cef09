"""CSV files that people write: prices, unit costs, payments, monthly totals, figures. Each cell that cannot be read is told with its line."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from io import StringIO
from pathlib import Path
from typing import TypeVar

from accord.errors import UserError
from accord.place.toml import read_text
from accord.place.toml_faults import did_you_mean

T = TypeVar("T")
PENNY_PLACES = 2
_MARKS = {";": "';'", "\t": "tabs", "|": "'|'"}
"""What other programs put between columns."""


@dataclass(frozen=True)
class Row:
    """One row of such a file: its line, and its cells by column."""

    file: Path
    line: int
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """A cell that must not be empty. Raises UserError."""
        if not self.cells[column]:
            raise self.wrong(column, "is empty", "write it")
        return self.cells[column]

    def number(self, column: str, places: int = PENNY_PLACES) -> Decimal:
        """A cell that is a number with at most so many places. Raises UserError."""
        return self._read(column, lambda text: _number(text, places), f"write a number with a point and at most {places} places, as 1234.50")

    def number_or_none(self, column: str, places: int = PENNY_PLACES) -> Decimal | None:
        """The same; None where the cell is empty. Raises UserError."""
        return self.number(column, places) if self.cells[column] else None

    def whole(self, column: str) -> int:
        """A cell that is a whole number from 0 up. Raises UserError."""
        return self._read(column, _whole, "write a whole number, as 12")

    def whole_or_none(self, column: str) -> int | None:
        """The same; None where the cell is empty. Raises UserError."""
        return self.whole(column) if self.cells[column] else None

    def day(self, column: str) -> date:
        """A cell that is a day. Raises UserError."""
        return self._read(column, date.fromisoformat, "write a day as 2025-08-20")

    def day_or_none(self, column: str) -> date | None:
        """The same; None where the cell is empty. Raises UserError."""
        return self.day(column) if self.cells[column] else None

    def one_of(self, column: str, known: Sequence[str]) -> str | None:
        """A cell that is one of a closed list; None where it is empty, for any. Raises UserError."""
        text = self.cells[column]
        if text and text not in known:
            raise self.wrong(column, f"is {text!r}", did_you_mean(text, known, "leave it empty for any, or write one of"))
        return text or None

    def month(self, column: str) -> date:
        """A cell that is a month, as its first day. Raises UserError."""
        return self._read(column, month_of, "write a month as 2025-08")

    def wrong(self, column: str, what: str, mend: str) -> UserError:
        """What is wrong with a cell."""
        return UserError(f"'{column}' {what}", where=f"{self.file}, line {self.line}", what_to_do=mend)

    def _read(self, column: str, read: Callable[[str], T], mend: str) -> T:
        try:
            return read(self.text(column))
        except (ValueError, InvalidOperation):
            raise self.wrong(column, f"is {self.cells[column][:40]!r}", mend) from None


def month_of(text: str) -> date:
    """The first day of a month that is written 2025-08. ValueError for anything else."""
    if len(text) != len("2025-08"):
        raise ValueError(text)
    return date.fromisoformat(f"{text}-01")


def read_rows(file: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> Iterator[Row]:
    """The rows of a CSV file with a header that names these columns, in any order; more columns are passed over. Raises UserError.

    optional: columns that may be left out, and are empty then; a column that seems to be one of them misspelt is a fault.
    """
    lines = csv.reader(StringIO(read_text(file)), strict=True)
    try:
        header = [name.strip() for name in next(lines, [])]
        _check_header(file, header, columns, optional)
        absent = {name: "" for name in optional if name not in header}
        for cells in lines:
            if any(cells):
                yield _row(file, lines.line_num, header, cells, absent)
    except csv.Error as error:
        raise UserError(
            f"{file.name} is not CSV: {error}", where=f"{file}, line {lines.line_num}", what_to_do="put text that holds a comma or a quote in quotes"
        ) from None


def _check_header(file: Path, header: Sequence[str], columns: Sequence[str], optional: Sequence[str]) -> None:
    missing = [name for name in columns if name not in header]
    if missing and len(header) == 1 and (other := next((mark for mark in _MARKS if mark in header[0]), None)):
        mend = f"save it with a comma between columns, and a point in numbers: {', '.join(columns)}"
        raise UserError(f"the columns of {file.name} are parted by {_MARKS[other]}", where=f"{file}, line 1", what_to_do=mend)
    if missing:
        what = f"{file.name} has no column '{missing[0]}'"
        raise UserError(what, where=f"{file}, line 1", what_to_do=did_you_mean(missing[0], header, f"name {', '.join(columns)}; it has"))
    for name in header:
        meant = [] if name in columns else difflib.get_close_matches(name, [each for each in optional if each not in header], n=1, cutoff=0.8)
        if meant and name not in optional:
            raise UserError(f"{file.name} has a column '{name}'", where=f"{file}, line 1", what_to_do=f"did you mean '{meant[0]}'?")


def _row(file: Path, line: int, header: Sequence[str], cells: Sequence[str], absent: Mapping[str, str]) -> Row:
    if len(cells) != len(header):
        what = f"the line has {len(cells)} fields, and the header names {len(header)}"
        raise UserError(what, where=f"{file}, line {line}", what_to_do="write one field a column; leave one empty where there is nothing")
    return Row(file, line, {**absent, **{name: cell.strip() for name, cell in zip(header, cells, strict=True)}})


def _number(text: str, places: int) -> Decimal:
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -places or abs(number) >= Decimal(10) ** 12:
        raise ValueError(text)
    return number.quantize(Decimal(1).scaleb(-places))


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(text)
    return int(text)
