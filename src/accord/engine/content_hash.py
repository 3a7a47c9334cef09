"""One hash of what a table says, whatever the order of its rows, the engine that wrote it, or the delivery it came by.

Each row becomes one canonical text, column by column; its MD5 is cut into two 64-bit whole numbers; each half is added over
all rows in a wide integer, so that order is irrelevant and a repeated row counts as often as it stands. The two sums, the number
of rows and the columns are hashed once more. On Spark the sums are
`sum(cast(conv(substring(md5(row), 1, 16), 16, 10) as decimal(20, 0)))`, and the same from digit 17.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from accord.engine import duck
from accord.engine.session import Session
from accord.tables import Column, Table

EDITION = "accord content hash 1"
ABSENT = "~"
DOUBLE_DIGITS = 11  # after the first: 12 significant digits


def content_hash(session: Session, table: Table) -> str:
    """64 hexadecimal digits that two tables share when their content columns hold the same rows, as often."""
    columns = [table[name] for name in table.content_columns]
    assert columns, f"{table.name} has no content, only lineage"
    # One concat of many parts takes half as long as a chain of ||.
    row = f"concat({', '.join(_rendered(c) for c in columns)})"
    halves = ", ".join(f"sum(cast('0x' || substr(hash, {start}, 16) as ubigint))" for start in (1, 17))
    source = f"select md5({row}) as hash from {duck.name(table.name)}"
    n_row, first, second = session.rows(f"select count(*), {halves} from ({source})")[0]
    layout = [f"{c.name} {c.type}" for c in columns]
    told = "\n".join([EDITION, *layout, str(n_row), str(first or 0), str(second or 0)])
    return sha256(told.encode()).hexdigest()


def _rendered(column: Column) -> str:
    """SQL parts that give one column's canonical text, ended so that no two rows of different values share a text."""
    render = RENDERINGS[column.type.split("(")[0]]
    return f"coalesce({render(duck.name(column.name))}, '{ABSENT}'), '|'"


def _plain(column: str) -> str:
    """Whole numbers, decimals at their full scale, days as 2025-04-01, true and false. Spark: `cast(c as string)` (ANSI)."""
    return f"cast({column} as varchar)"


def _text(column: str) -> str:
    """Text with its length before it, so that no separator in it can be mistaken. Spark: the same words."""
    return f"(cast(length({column}) as varchar) || ':' || {column})"


def _moment(column: str) -> str:
    """2025-04-01T10:00:00.000000. Spark: `date_format(c, "yyyy-MM-dd'T'HH:mm:ss.SSSSSS")`."""
    return f"strftime({column}, '%Y-%m-%dT%H:%M:%S.%f')"


def _double(column: str) -> str:
    """Twelve significant digits, zero without a sign: 1.00000000000e+00. Spark: `format_string('%.11e', c + 0.0D)`."""
    return f"format('{{:.{DOUBLE_DIGITS}e}}', {column} + cast(0 as double))"


RENDERINGS: dict[str, Callable[[str], str]] = {
    "BIGINT": _plain,
    "INTEGER": _plain,
    "SMALLINT": _plain,
    "DECIMAL": _plain,
    "DATE": _plain,
    "BOOLEAN": _plain,
    "VARCHAR": _text,
    "TIMESTAMP": _moment,
    "DOUBLE": _double,
}
"""How each type is put into words. A contract of another type has no content hash: it fails here, loudly."""
