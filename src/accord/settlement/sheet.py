"""The files that finance teams hold today: a CSV by the names of its columns, each cell read exactly, or one error with line and mend."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from accord.errors import UserError
from accord.place.toml import read_text
from accord.place.toml_faults import did_you_mean

DELIMITERS = ",;\t|"
_AMOUNT = re.compile(r"-?(?:\d{1,15}|\d{1,3}(?:,\d{3}){1,4})(?:\.\d{1,2})?")
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,6})?")
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])(?:-01)?")


@dataclass(frozen=True)
class Reader:
    """How the cells of a column are read. read: the value, or None for what it is not. wanted: a good one. blank: what an empty cell is.

    is_optional: the file may have no such column. may_be_empty: a cell of it may hold nothing, which is None.
    """

    read: Callable[[str], Any]
    wanted: str
    blank: Any = None
    is_optional: bool = False
    may_be_empty: bool = False


@dataclass(frozen=True)
class Row:
    """One line of a file, by column. line: as an editor counts it."""

    line: int
    cells: Mapping[str, Any]


def amount(text: str) -> Decimal | None:
    """An amount of at most two places, with or without commas between thousands.

    >>> amount("-1,234.5"), amount("12.345"), amount("£5")
    (Decimal('-1234.50'), None, None)
    """
    return Decimal(text.replace(",", "")).quantize(Decimal("0.01")) if _AMOUNT.fullmatch(text) else None


def number(text: str) -> Decimal | None:
    """A plain number."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def month(text: str) -> date | None:
    """A month, as its first day.

    >>> month("2025-04"), month("04/2025")
    (datetime.date(2025, 4, 1), None)
    """
    found = _MONTH.fullmatch(text)
    return date(int(found[1]), int(found[2]), 1) if found and int(found[1]) > 0 else None


def words(text: str) -> str | None:
    """Any text that can be shown on one line."""
    return text if text.isprintable() else None


def one_of(options: Sequence[str]) -> Callable[[str], str | None]:
    """One word of a closed list, in any case."""
    return lambda text: text.lower() if text.lower() in options else None


WORDS = Reader(words, "a name or a number")
MONTH = Reader(month, "a month, such as 2025-04")
AMOUNT = Reader(amount, "an amount, such as 1234.50 or -1234.50")


def read_sheet(file: Path, readers: Mapping[str, Reader]) -> list[Row]:
    """The rows of a file. Its columns may stand in any order; one that nobody reads is a fault, so that none is passed over in silence.

    Raises UserError: the first fault by line, and how many more there are.
    """
    lines = list(_cells(file))
    heading, rows = _heading(file, lines, readers), lines[1:]
    if not rows:
        raise UserError(f"{file.name} has no rows", where=str(file), what_to_do="put one row below the headings for each figure")
    faults: list[tuple[int, str, str]] = []
    read = [Row(line, dict(_read(line, heading, cells, readers, faults))) for line, cells in rows]
    if faults:
        raise row_error(file, faults)
    return read


def row_error(file: Path, faults: Sequence[tuple[int, str, str]]) -> UserError:
    """The one message for the faults of a file's rows, each a line, what is wrong, and the mend."""
    line, what, mend = min(faults)
    others = len(faults) - 1
    more = f" (and {others} more fault{'s' if others > 1 else ''} in this file)" if others else ""
    return UserError(what + more, where=f"{file}, line {line}", what_to_do=mend)


def _cells(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Each line that is not empty, its cells without the blanks around them."""
    text = read_text(file)
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=first.count), strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        mend = "save it again as CSV: a text with a quote or a comma in it stands in double quotes"
        raise UserError(f"{file.name} is no CSV: {error}", where=f"{file}, line {reader.line_num}", what_to_do=mend) from None


def _heading(file: Path, lines: Sequence[tuple[int, list[str]]], readers: Mapping[str, Reader]) -> list[str]:
    if not lines:
        raise UserError(f"{file.name} is empty", where=str(file), what_to_do=f"begin with the headings {', '.join(readers)}")
    line, cells = lines[0]
    heads = [cell.lower() for cell in cells]
    for what, mend in _heading_faults(heads, readers):
        raise UserError(what, where=f"{file}, line {line}", what_to_do=mend)
    return heads


def _heading_faults(heads: Sequence[str], readers: Mapping[str, Reader]) -> Iterator[tuple[str, str]]:
    for name in [name for name, reader in readers.items() if name not in heads and not reader.is_optional]:
        yield f"the file has no column '{name}'", f"the columns are {', '.join(readers)}; this file has {', '.join(heads)}"
    for name in [head for head in heads if head not in readers]:
        yield f"nothing is known of a column '{name}'", did_you_mean(name, list(readers), "take it out, or name it as one of")
    for name in [head for n, head in enumerate(heads) if head in heads[:n]]:
        yield f"the column '{name}' stands there twice", "keep one of the two"


def _read(
    line: int, heading: Sequence[str], cells: Sequence[str], readers: Mapping[str, Reader], faults: list[tuple[int, str, str]]
) -> Iterator[tuple[str, Any]]:
    """Each column's value on one line; what cannot be read is put to the faults."""
    if len(cells) != len(heading):
        what = f"there are {len(cells)} cells below {len(heading)} headings"
        faults.append((line, what, "put a comma between cells, and quotes around a text with a comma"))
        return
    written = dict(zip(heading, cells, strict=True))
    for name, reader in readers.items():
        text = written.get(name, "")
        value = reader.read(text) if text else reader.blank
        if value is None and (text or not (reader.is_optional or reader.may_be_empty)):
            faults.append((line, f"{name} is '{text}'" if text else f"{name} is empty", f"write {reader.wanted}"))
        yield name, value


def in_order(rows: Iterable[Row], name: str) -> list[Any]:
    """The values of one column, each once, in their order."""
    return sorted({row.cells[name] for row in rows})
