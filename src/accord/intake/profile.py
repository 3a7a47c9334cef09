"""What stands in a file that no map describes yet: its form, its columns, and what each column's contents can be."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from accord.errors import UserError
from accord.intake.child import LandingChild
from accord.intake.land import FileForm, Landed, Rejected
from accord.intake.readers import DATE_FORMATS
from accord.rulebook import code_forms

N_LOOKED_AT = 20_000
"""How many records a profile looks at: the first of the file."""
_MOST_DISTINCT = 5_000
_NEARLY_ALL = 0.95
_DELIMITERS = (",", ";", "\t", "|")
_MONEY = re.compile(r"[+-]?\d{1,13}(\.\d{1,6})?")
_WHOLE = re.compile(r"[+-]?\d{1,9}")
_DAY_PARTS = {
    "YYYY-MM-DD": r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})", "YYYYMMDD": r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})",
    "DD/MM/YYYY": r"(?P<d>\d{2})/(?P<m>\d{2})/(?P<y>\d{4})", "MM/DD/YYYY": r"(?P<m>\d{2})/(?P<d>\d{2})/(?P<y>\d{4})",
    "DDMMYYYY": r"(?P<d>\d{2})(?P<m>\d{2})(?P<y>\d{4})", "MMYYYY": r"(?P<m>\d{2})(?P<y>\d{4})", "YYYY-MM": r"(?P<y>\d{4})-(?P<m>\d{2})",
    "DD-MON-YYYY": r"(?P<d>\d{2})-(?P<mon>[A-Za-z]{3})-(?P<y>\d{4})",
    "YYYY-MM-DD hh:mm:ss": r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})[ T]\d{2}:\d{2}.*",
}  # fmt: skip
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
assert _DAY_PARTS.keys() == DATE_FORMATS.keys()


@dataclass(frozen=True)
class ColumnProfile:
    """One column of the records looked at.

    formats: the date formats that nearly all filled values keep to; systems: the code systems whose form they have. values: the first
    distinct ones.
    """

    name: str
    n_filled: int
    n_distinct: int
    values: frozenset[str]
    formats: tuple[str, ...]
    systems: frozenset[str]
    is_nhs_number: bool
    is_money: bool
    is_whole: bool

    @property
    def is_unique(self) -> bool:
        """Whether no two records looked at have the same value."""
        return 0 < self.n_filled == self.n_distinct


@dataclass(frozen=True)
class FileProfile:
    """One file: how it is written, how many records it holds and how many were looked at, and its columns in order."""

    file: Path
    form: FileForm
    n_record: int
    n_looked_at: int
    columns: tuple[ColumnProfile, ...]


def profile(file: Path) -> FileProfile:
    """Read a file as a run would, in a child process, and look at its first records. Nothing of it is kept. Raises UserError if it cannot be read."""
    if not file.is_file():
        raise UserError("there is no such file", where=str(file), what_to_do="name a CSV or Parquet file")
    with tempfile.TemporaryDirectory(prefix="accord-map-") as work:
        form, landed = _landed(file, Path(work))
        kept = [c for c in pq.read_schema(landed.path).names if c in set(landed.columns)]
        batches = pq.ParquetFile(landed.path).iter_batches(N_LOOKED_AT, columns=kept)
        first = next(iter(batches), None)
        columns = tuple(_column(name, first[name] if first is not None else pa.array([], pa.string())) for name in landed.columns)
        return FileProfile(file, form, landed.n_record, 0 if first is None else first.num_rows, columns)


def _landed(file: Path, work: Path) -> tuple[FileForm, Landed]:
    with file.open("rb") as opened:
        is_parquet = opened.read(4) == b"PAR1"
    forms = [FileForm("parquet")] if is_parquet else [FileForm("csv", mark, encoding=e) for e in ("utf-8", "cp1252") for mark in _DELIMITERS]
    found: tuple[FileForm, Landed] | None = None
    refused: Rejected | None = None
    with LandingChild() as child:
        for n, form in enumerate(forms):
            (work / str(n)).mkdir()
            result = child.land(file, form, work / str(n), work)
            if isinstance(result, Rejected):
                refused = refused or result
            elif len(result.columns) > 1:
                return form, result
            else:
                found = found or (form, result)
    if found:
        return found
    assert refused is not None
    raise UserError(refused.reason, where=str(file), what_to_do="mend the file, or ask its sender for another: a run would reject it whole too")


def _column(name: str, held: pa.Array) -> ColumnProfile:
    trimmed = pc.utf8_trim_whitespace(held.cast(pa.string()))
    filled = trimmed.filter(pc.fill_null(pc.greater(pc.utf8_length(trimmed), 0), False))
    values = [str(v) for v in pc.unique(filled).to_pylist()]
    some = values[:_MOST_DISTINCT]
    return ColumnProfile(
        name, len(filled), len(values), frozenset(some), tuple(f for f in DATE_FORMATS if _nearly_all(some, _dated(f))),
        frozenset(s for s, pattern in code_forms().items() if _nearly_all(some, _coded(pattern))),
        _nearly_all(some, is_nhs_number), _nearly_all(some, lambda v: bool(_MONEY.fullmatch(v))),
        _nearly_all(some, lambda v: bool(_WHOLE.fullmatch(v))),
    )  # fmt: skip


def _nearly_all(values: Iterable[str], holds: Callable[[str], bool]) -> bool:
    held = [holds(value) for value in values]
    return bool(held) and sum(held) >= _NEARLY_ALL * len(held)


def _coded(pattern: str) -> Callable[[str], bool]:
    form = re.compile(pattern)
    return lambda value: bool(form.match(value.upper().replace(".", "")))


def _dated(format_: str) -> Callable[[str], bool]:
    shape = re.compile(_DAY_PARTS[format_])
    return lambda value: bool((found := shape.fullmatch(value)) and _is_day(found.groupdict()))


def _is_day(parts: Mapping[str, str]) -> bool:
    month = _MONTHS.index(parts["mon"].lower()) + 1 if parts.get("mon", "").lower() in _MONTHS else int(parts.get("m") or 0)
    try:
        # A number of eight digits is a day only if its year is one in which somebody could be cared for.
        return 1850 <= date(int(parts["y"]), month, int(parts.get("d") or 1)).year <= 2150
    except ValueError:
        return False


def is_nhs_number(text: str) -> bool:
    """Whether ten digits end in the check digit of the nine before (NHS Data Dictionary, NHS NUMBER: modulus 11); one digit ten times is none."""
    digits = text.replace(" ", "").replace("-", "")
    if not re.fullmatch(r"[0-9]{10}", digits) or len(set(digits)) == 1:
        return False
    return sum((10 - i) * int(digit) for i, digit in enumerate(digits)) % 11 == 0
