"""What must be told to DuckDB: quoting of names, texts and files, the macros of the portable subset, and a locked connection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb

MACROS = ("create or replace temp macro percentile(x, p) as quantile_cont(cast(x as double), p)",)
"""The functions that the portable subset adds, in DuckDB's words. Spark has `percentile` of its own; both give a double."""

ALWAYS: Mapping[str, str] = {
    "TimeZone": "'UTC'",
    "python_enable_replacements": "false",  # a name in a query must never reach a Python variable
    "enable_progress_bar": "false",  # it would write over whatever stands on the screen
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
CLOSED: Mapping[str, str] = {"enable_external_access": "false", "lock_configuration": "true"}


def name(text: str) -> str:
    """`text` as a quoted identifier."""
    return '"' + text.replace('"', '""') + '"'


def names(texts: Iterable[str]) -> str:
    """Several quoted identifiers, comma-separated."""
    return ", ".join(name(t) for t in texts)


def literal(text: str) -> str:
    """`text` as a string literal. For file names, options and code lists only: values of a step are bound."""
    return "'" + text.replace("'", "''") + "'"


def literals(texts: Iterable[str]) -> str:
    """Several string literals, comma-separated."""
    return ", ".join(literal(t) for t in texts)


def parquet(files: Sequence[Path]) -> str:
    """A table function that reads exactly these files: a file's name is never taken for a pattern."""
    return f"read_parquet([{literals(exactly(f.absolute()) for f in files)}])"


def exactly(file: Path) -> str:
    """The pattern that matches this path alone, for wherever DuckDB takes a pattern."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(file))


def connection(settings: Mapping[str, str], *, close: bool = True) -> duckdb.DuckDBPyConnection:
    """An in-memory database with UTC, our macros and `settings` (name to SQL text), closed to files and to other settings.

    close: False leaves files and settings open.
    """
    made = duckdb.connect(":memory:")
    for key, value in {**ALWAYS, **settings, **(CLOSED if close else {})}.items():
        made.execute(f"set {key} = {value}")
    add_macros(made)
    return made


def session_pair(settings: Mapping[str, str]) -> tuple[duckdb.DuckDBPyConnection, duckdb.DuckDBPyConnection]:
    """As `connection`, twice over the same database; what the second sorts, joins or groups goes to disk from the start.

    A sort below UNION ALL that has taken in one of its parts in memory cannot turn to the disk any more (measured: DuckDB 1.5
    and 2.0), so that many small files can fail where one large one does not. The second connection is for what has failed so.
    """
    first = connection(settings, close=False)
    second = first.cursor()
    for key, value in {**ALWAYS, **settings, "debug_force_external": "true"}.items():
        second.execute(f"set {key} = {value}")
    add_macros(second)
    for key, value in CLOSED.items():
        first.execute(f"set {key} = {value}")
    return first, second


def add_macros(to: duckdb.DuckDBPyConnection) -> None:
    """Define the macros of the portable subset on a connection. They are temporary: nothing is written to a database."""
    for macro in MACROS:
        to.execute(macro)
