"""Small tables and landed files into a session: what a run knows before its first step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from accord.engine import duck
from accord.engine.session import Kernel, Session
from accord.tables import Table
from accord.tables.contract import MONEY, RATE

_ARROW = {
    "BIGINT": pa.int64(), "INTEGER": pa.int32(), "VARCHAR": pa.string(), "DATE": pa.date32(), "TIMESTAMP": pa.timestamp("us"),
    "BOOLEAN": pa.bool_(), MONEY: pa.decimal128(18, 2), RATE: pa.decimal128(18, 6),
}  # fmt: skip


def arrow_type(kind: str) -> pa.DataType:
    """What a column of an engine type is in a Parquet file."""
    return _ARROW[kind]


def write_columns(session: Session, table: Table, columns: Mapping[str, Sequence[Any]], made_by: Kernel | None = None) -> Path:
    """Write a small table that no step makes, column by column, and register it. made_by: for lineage. Out: its file."""
    arrays = [pa.array(columns[c.name], type=_ARROW[c.type]) for c in table]
    path = session.folder / f"{table.name}.parquet"
    pq.write_table(pa.table(arrays, names=list(table.names)), path)
    session.register(table.name, [path])
    if made_by:
        session.kernels.append(made_by)
    return path


def write_rows(session: Session, table: Table, rows: Iterable[Sequence[Any]]) -> Path:
    """The same, row by row, each with the table's columns in their order; without a row the table is empty. Out: its file."""
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [() for _ in table.names]
    return write_columns(session, table, dict(zip(table.names, columns, strict=True)))


def write_file(file: Path, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """A table that is kept outside a run, as Parquet: each row a mapping by column."""
    listed = list(rows)
    arrays = [pa.array([row[c.name] for row in listed], type=_ARROW[c.type]) for c in table]
    pq.write_table(pa.table(arrays, names=list(table.names)), file)


def stack(session: Session, table: Table, parts: Sequence[tuple[Path, Mapping[str, str]]]) -> None:
    """Register a view of `table` over landed files. Each part is a file and, for each column of the table, the SQL that reads it there."""
    selects = [f"select {_listed(table, values)} from {duck.parquet([path])}" for path, values in parts]
    empty = ", ".join(f"cast(null as {c.type}) as {duck.name(c.name)}" for c in table)
    text = " union all ".join(selects) or f"select {empty} where false"
    session.connection.execute(f"create view {duck.name(table.name)} as {text}")
    if session.maker:
        session.maker.stack(table, parts)


def _listed(table: Table, values: Mapping[str, str]) -> str:
    return ", ".join(f"cast({values[c.name]} as {c.type}) as {duck.name(c.name)}" for c in table)
