"""Steps on Spark: tables are temporary views there, and each output is written as Parquet parts in the order of its contract."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from accord.engine.dialect import cast_in_spark, expression_in_spark, named_in_spark, type_in_spark
from accord.engine.spark.addresses import to_read, to_write
from accord.engine.spark.faults import in_plain_words
from accord.engine.spark.start import Started
from accord.engine.step import Step
from accord.tables import Table

ROW_NUMBER = "file_row_number"
"""What DuckDB calls the place of a row in its Parquet file, from 0; Spark has it among the hidden columns of a file."""

_ARROW_TYPES = {
    "string": "string", "large_string": "string", "int64": "bigint", "int32": "int", "int16": "smallint", "bool": "boolean", "double": "double",
    "date32[day]": "date", "timestamp[us]": "timestamp_ntz", "timestamp[ns]": "timestamp_ntz",
}  # fmt: skip
_DECIMAL = re.compile(r"decimal\d*\((\d+), (\d+)\)")


class SparkMaker:
    """A maker (see `accord.engine.maker`) of one session. Its views are its own, and go with it."""

    def __init__(self, started: Started) -> None:
        self._started = started
        self._spark = started.spark
        self._tables: set[str] = set()

    @property
    def name(self) -> str:
        """As the protocol says."""
        return f"spark {self._spark.version}"

    def register(self, name: str, files: Sequence[Path]) -> None:
        """As the protocol says."""
        self._name(self._read(files), name)

    def stack(self, table: Table, parts: Sequence[tuple[Path, Mapping[str, str]]]) -> None:
        """As the protocol says. Each file is one branch of a union: what is said of a file stands in its own branch."""
        branches = [self._branch(table, path, values) for path, values in parts] or [self._empty(table)]
        self._name(reduce(lambda one, next_one: one.unionAll(next_one), branches), table.name)

    def frame(self, step: Step, values: Mapping[str, object]) -> Any:
        """The rows of a step as a Spark DataFrame in the contract's columns and types; nothing has run yet."""
        return self._asked(step.text("spark"), values).selectExpr(*(cast_in_spark(c) for c in step.output))

    def make(self, step: Step, values: Mapping[str, object], folder: Path) -> list[Path]:
        """As the protocol says."""
        with in_plain_words(f"step '{step.name}'"), self._by_parts(step, values) as made:
            # A union of a hundred branches is a hundred tasks, and as many files, of a few rows each.
            rows = made.coalesce(self._started.n_core)
            if step.output.order:
                rows = rows.orderBy(*(rows[named_in_spark(c)].asc_nulls_last() for c in step.output.order))
            rows.write.parquet(to_write(folder))
        return sorted(folder.glob("part-*.parquet"))

    @contextmanager
    def _by_parts(self, step: Step, values: Mapping[str, object]) -> Iterator[Any]:
        """`frame`, with every named part that is read more than once worked out once and kept while the step runs.

        Left to itself Spark puts the text of a part in every place where it is read, and works it out there again.
        """
        parts, select = step.parts_in_spark()
        hides_a_table = bool(self._tables & {part.name.casefold() for part in parts})
        if hides_a_table or not any(part.n_read > 1 for part in parts):
            yield self.frame(step, values)
            return
        kept = []
        try:
            for part in parts:
                rows = self._asked(part.text, values)
                if part.n_read > 1:
                    kept.append(rows.persist())
                rows.createOrReplaceTempView(named_in_spark(part.name))
            yield self._asked(select, values).selectExpr(*(cast_in_spark(c) for c in step.output))
        finally:
            for rows in kept:
                rows.unpersist()
            for part in parts:
                self._spark.catalog.dropTempView(part.name)

    def _name(self, rows: Any, name: str) -> None:
        rows.createOrReplaceTempView(named_in_spark(name))
        self._tables.add(name.casefold())

    def _asked(self, text: str, values: Mapping[str, object]) -> Any:
        used = {name: value for name, value in values.items() if f":{name}" in text}
        return self._spark.sql(text, args=used) if used else self._spark.sql(text)

    def view(self, step: Step) -> None:
        """As the protocol says."""
        self._name(self.frame(step, {}), step.output.name)

    def close(self) -> None:
        """Let go of the session, and stop Spark where it was started for it."""
        self._started.stop()

    def _read(self, files: Sequence[Path]) -> Any:
        # Spark would start a job to learn what the first file's columns are.
        layout = pq.read_schema(files[0])
        columns = ", ".join(f"{named_in_spark(f.name)} {_type_of(str(f.type))}" for f in layout)
        return self._spark.read.schema(columns).parquet(*(to_read(file) for file in files))

    def _branch(self, table: Table, path: Path, values: Mapping[str, str]) -> Any:
        columns = [f"cast({_placed(values[c.name])} as {type_in_spark(c.type)}) as {named_in_spark(c.name)}" for c in table]
        return self._read([path]).selectExpr(*columns)

    def _empty(self, table: Table) -> Any:
        nothing = ", ".join(f"cast(null as {type_in_spark(c.type)}) as {named_in_spark(c.name)}" for c in table)
        return self._spark.sql(f"select {nothing} where false")


def _placed(sql: str) -> str:
    return expression_in_spark(re.sub(rf"\b{ROW_NUMBER}\b", '"_metadata"."row_index"', sql))


def _type_of(arrow: str) -> str:
    if found := _DECIMAL.fullmatch(arrow):
        return f"decimal({found[1]}, {found[2]})"
    return _ARROW_TYPES[arrow]
