"""A results file as ACOs: which column holds what, how exactly each is printed, and what each row says."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from accord.errors import UserError
from accord.settlement.mssp.columns import FIELDS, NUMERIC, TRACK_FLAGS, Field, Kind, found, headers_of, track_of, year_by_columns
from accord.settlement.mssp.figures import Column, Figure, column, day, flag

FIRST_YEAR = 2012
DELIMITERS = (",", ";", "\t", "|")
MOST_LINES_ABOVE = 10
AMOUNTS = frozenset({"benchmark", "spent", "difference"})
PUBLISHED = ("earned", "gated", "minimum", "share", "loss")
_YEAR = re.compile(r"(?<!\d)(20[12]\d)(?!\d)")
_YEAR_OF_RESULTS = re.compile(r"(?:py|results)[\s_.-]*(20[12]\d)(?!\d)", re.IGNORECASE)
WORKBOOK = b"PK"


@dataclass(frozen=True)
class Aco:
    """One row of a results file. figures, flags: by field, those that the row states. row: its number below the header."""

    id: str
    name: str
    row: int
    year: int
    track: str | None
    figures: Mapping[str, Figure]
    flags: Mapping[str, bool]
    is_two_sided: bool | None = None
    is_low_revenue: bool | None = None
    agreement_from: date | None = None


@dataclass(frozen=True)
class Use:
    """A column that is read: for what, and in which steps it is printed."""

    meaning: str
    header: str
    step: Decimal | None = None
    is_rate: bool = False
    in_percent: bool = False


@dataclass(frozen=True)
class Results:
    """One file. lacking: by field, the meaning of what it has no column for. year_from: how its year is known. n_blank: rows without amounts."""

    file: Path
    year_from: str
    uses: tuple[Use, ...]
    lacking: Mapping[str, str]
    acos: tuple[Aco, ...]
    n_blank: int


def read_results(file: Path, year: int | None) -> Results:
    """A results file, whatever its headers are called. year: of a file that says it nowhere. Raises UserError."""
    headers, rows = _table(file)
    heads = headers_of(headers)
    _check_columns(file, headers, heads)
    texts = {header: [row[n].strip() if n < len(row) else "" for row in rows] for n, header in reversed(list(enumerate(headers)))}
    columns = {name: _column(FIELDS[name], texts[head]) for name, head in heads.items() if FIELDS[name].kind in NUMERIC}
    track_heads = {} if "track" in heads else {t: head for t, names in TRACK_FLAGS.items() if (head := found(headers, names))}
    sheet = _Sheet(heads, texts, columns, track_heads)
    stated = [n for n in range(len(rows)) if any(held.figures[n] for name, held in columns.items() if name in (*AMOUNTS, "earned"))]
    if not stated:
        raise _wrong_file(file, "has no row that states an amount")
    years, year_from = _years(file, headers, [sheet.text("year", n) for n in stated], year)
    acos = tuple(sheet.aco(n, of_year) for n, of_year in zip(stated, years, strict=True))
    uses = (*_uses(heads, columns), *([Use(FIELDS["track"].meaning, ", ".join(track_heads.values()))] if track_heads else []))
    lacking = {name: field.meaning for name, field in FIELDS.items() if name not in heads and not (name == "track" and track_heads)}
    return Results(file, year_from, uses, lacking, acos, len(rows) - len(acos))


@dataclass(frozen=True)
class _Sheet:
    """The cells of a file. heads: field to header. columns: by field, its numbers. track_heads: track to the header of its flag."""

    heads: Mapping[str, str]
    texts: Mapping[str, Sequence[str]]
    columns: Mapping[str, Column]
    track_heads: Mapping[str, str]

    def text(self, name: str, n: int) -> str:
        return self.texts[self.heads[name]][n] if name in self.heads else ""

    def aco(self, n: int, year: int) -> Aco:
        flags = {name: flag(self.text(name, n)) for name in self.heads if FIELDS[name].kind is Kind.flag}
        return Aco(
            id=self.text("aco", n) or f"row {n + 1}",
            name=self.text("name", n),
            row=n + 1,
            year=year,
            track=self.track(n),
            figures={name: figure for name, held in self.columns.items() if (figure := held.figures[n]) is not None},
            flags={name: said for name, said in flags.items() if said is not None},
            is_two_sided=_word(self.text("risk_model", n), "two", "one"),
            is_low_revenue=_word(self.text("revenue", n), "low", "high"),
            agreement_from=day(self.text("agreement", n)),
        )

    def track(self, n: int) -> str | None:
        """The file of 2013 marks Track 2 alone: everybody else was in Track 1, as there was no other."""
        if "track" in self.heads:
            return track_of(self.text("track", n))
        default = "track_1" if list(self.track_heads) == ["track_2"] else None
        return next((track for track, head in self.track_heads.items() if flag(self.texts[head][n])), default)


def _column(field: Field, texts: Sequence[str]) -> Column:
    return column(texts, Decimal(field.most_as_part) if field.kind is Kind.rate else None)


def _word(text: str, yes: str, no: str) -> bool | None:
    word = text.lower()
    return True if word.startswith(yes) else False if word.startswith(no) else None


def _uses(heads: Mapping[str, str], columns: Mapping[str, Column]) -> Iterator[Use]:
    for name, head in heads.items():
        held = columns.get(name)
        yield Use(FIELDS[name].meaning, head, held.step if held else None, FIELDS[name].kind is Kind.rate, bool(held and held.in_percent))


# --- the file ---------------------------------------------------------------------------------------------------------------


def _table(file: Path) -> tuple[list[str], list[list[str]]]:
    text = _decoded(file)
    head = text.splitlines()[:MOST_LINES_ABOVE]
    delimiter = max(DELIMITERS, key=lambda each: max((line.count(each) for line in head), default=0))
    try:
        rows = [row for row in csv.reader(text.splitlines(keepends=True), delimiter=delimiter) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise _wrong_file(file, f"cannot be divided into rows ({error})") from error
    if not rows:
        raise _wrong_file(file, "is empty")
    top = max(range(min(len(rows), MOST_LINES_ABOVE)), key=lambda n: (_n_known(rows[n]), -n))
    return [header.strip() for header in rows[top]], rows[top + 1 :]


def _n_known(headers: Sequence[str]) -> int:
    return len(headers_of(headers))


def _decoded(file: Path) -> str:
    try:
        raw = file.read_bytes()
    except FileNotFoundError as error:
        raise UserError("there is no such file", where=str(file), what_to_do="look at its name and folder") from error
    except OSError as error:
        raise UserError(f"the file cannot be read: {error.strerror}", where=str(file), what_to_do="name a CSV file that can be read") from error
    if raw.startswith(WORKBOOK) or b"\0" in raw.removeprefix(b"\xff\xfe"):
        raise _wrong_file(file, "is not a CSV file")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _wrong_file(file: Path, what: str) -> UserError:
    mend = "give it a results file of the Shared Savings Program as CSV: one row an ACO, below a row of headers; a workbook is saved as CSV first"
    return UserError(f"the file {what}", where=str(file), what_to_do=mend)


def _check_columns(file: Path, headers: Sequence[str], heads: Mapping[str, str]) -> None:
    has_amounts = sum(name in heads for name in AMOUNTS) >= 2
    if has_amounts and any(name in heads for name in PUBLISHED):
        return
    lacking = ("benchmark", "spent") if not has_amounts else PUBLISHED[:1]
    wanted = " and ".join(f"{FIELDS[name].meaning} ({FIELDS[name].names[0]})" for name in lacking if name not in heads) or "two of the amounts"
    what = f"the file has no column for {wanted}, so nothing in it can be settled; its columns are {', '.join(headers[:8])}…"
    mend = "give it a results file of the Shared Savings Program, or call the columns as the data dictionary of CMS does"
    raise UserError(what, where=str(file), what_to_do=mend)


# --- year -------------------------------------------------------------------------------------------------------------------


def _years(file: Path, headers: Sequence[str], texts: Sequence[str], asked: int | None) -> tuple[list[int], str]:
    n_row = len(texts)
    if asked is not None:
        return [asked] * n_row, "as it was asked for"
    stated = [_YEAR.search(text) for text in texts]
    if all(stated):
        return [int(year[1]) for year in stated if year], "by its column"
    if named := _YEAR_OF_RESULTS.search(file.stem) or _YEAR.search(file.stem):
        return [int(named[1])] * n_row, "by its file's name"
    if (year := year_by_columns(headers)) is not None:
        return [year] * n_row, "by the columns it has"
    what = "the file says its performance year neither in a column nor in its name"
    raise UserError(what, where=str(file), what_to_do="add --year 2018, or name the file py2018.csv")
