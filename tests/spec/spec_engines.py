"""The engines that every spec page runs on. An engine is one function; the next one is one more row of ENGINES."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from spec_pages import Rows

from accord.engine import Step, duck, run_on

Answer = list[tuple[object, ...]]


@dataclass(frozen=True)
class Engine:
    """An engine by name, and how it runs a step over small tables: rows of Python values, in any order."""

    name: str
    run: Callable[[Step, Mapping[str, Rows], Mapping[str, object]], Answer]


def on_duckdb(step: Step, given: Mapping[str, Rows], values: Mapping[str, object]) -> Answer:
    """The rows of `step` over `given`, by DuckDB in memory."""
    with duck.connection({"threads": "1"}) as connection:
        for name, rows in given.items():
            columns = ", ".join(f"{duck.name(c.name)} {c.type}" for c in rows.table)
            connection.execute(f"create table {duck.name(name)} ({columns})")
            places = ", ".join(f"cast(? as {c.type})" for c in rows.table)
            for row in rows.rows:
                connection.execute(f"insert into {duck.name(name)} values ({places})", list(row))
        return run_on(step, connection, values).fetchall()


ENGINES = (Engine("duckdb", on_duckdb),)
