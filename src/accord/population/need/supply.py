"""needs/<file>.csv: figures of what is within reach of each organisation's people, such as beds, distance or waits."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from accord.errors import UserError
from accord.place.toml import read_text

KEY = "organisation_id"
LARGEST = 2_000_000
"""In units: a figure in thousandths must keep within a whole number of 32 bits."""


@dataclass(frozen=True)
class Supply:
    """Figures of supply. rows: organisation, variable, figure in thousandths. sha256: of the file; empty without one."""

    rows: tuple[tuple[str, str, int], ...] = ()
    sha256: str = ""


def read_supply(file: Path | None) -> Supply:
    """The figures of a file; none without one. Raises UserError, naming the line, for what is no figure, and for an organisation given twice."""
    if file is None:
        return Supply()
    text = read_text(file)
    reader = csv.DictReader(text.splitlines())
    variables = [name for name in reader.fieldnames or () if name != KEY]
    if KEY not in (reader.fieldnames or ()) or not variables:
        mend = f"write a heading with {KEY} and one column for each figure"
        raise UserError("the file of supply has no figures by organisation", where=f"{file}, line 1", what_to_do=mend)
    rows = tuple(_rows(file, reader, variables))
    return Supply(rows, hashlib.sha256(text.encode()).hexdigest())


def _rows(file: Path, reader: csv.DictReader[str], variables: list[str]) -> Iterator[tuple[str, str, int]]:
    seen: set[str] = set()
    for row in reader:
        where = f"{file}, line {reader.line_num}"
        organisation = (row[KEY] or "").strip()
        if not organisation or organisation in seen:
            raise UserError(f"organisation '{organisation}' is empty or there twice", where=where, what_to_do="write one row for each organisation")
        seen.add(organisation)
        yield from ((organisation, name, _thousandths(row[name], name, where)) for name in variables if (row[name] or "").strip())


def _thousandths(text: str, name: str, where: str) -> int:
    try:
        figure = Decimal(text.strip())
    except InvalidOperation:
        figure = Decimal("NaN")
    if not figure.is_finite() or abs(figure) > LARGEST:
        mend = f"write a plain number up to {LARGEST:,}, or leave the cell empty"
        raise UserError(f"'{text}' is no figure of {name}", where=where, what_to_do=mend)
    return int((figure * 1000).to_integral_value())
