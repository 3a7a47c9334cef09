"""The engines that every spec page runs on. An engine is one function; the next one is one more row of ENGINES."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from spec_pages import Rows
from sqlglot import exp

from accord.engine import Step, duck, run_on
from accord.engine.dialect import cast_in_spark, named_in_spark

if TYPE_CHECKING:
    from accord.engine.spark import Started

Answer = list[tuple[object, ...]]
MASTER = "local[2]"
FRUGAL = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
SMALL = {
    # A page has a handful of rows: to compile Java for them, or to spread them out, takes longer than to answer.
    "spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN", "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1", "spark.default.parallelism": "1", "spark.buffer.pageSize": "1m",
    # Nor is Java compiled for speed that so short a life never gets back: by the first of its compilers only, and on one core.
    "spark.driver.defaultJavaOptions": FRUGAL, "spark.executor.defaultJavaOptions": FRUGAL,
}  # fmt: skip
GROUP = pytest.mark.xdist_group("spark")
"""What runs on Spark runs in one worker, one after the other, on one session."""


@dataclass(frozen=True)
class Engine:
    """An engine by name, how it runs a step over small tables (rows of Python values, in any order), and why it cannot here, if so."""

    name: str
    run: Callable[[Step, Mapping[str, Rows], Mapping[str, object]], Answer]
    missing: Callable[[], str] = lambda: ""


class OnOneSession:
    """Small tables on one session of an engine. A table that stays the same from one step to the next is not put there again."""

    def __init__(self, put: Callable[[str, Rows], object], answer: Callable[[Step, Mapping[str, object]], Answer]) -> None:
        self._put, self._answer = put, answer
        self._there: dict[str, Rows] = {}
        self._answers: dict[object, Answer] = {}

    def run(self, step: Step, given: Mapping[str, Rows], values: Mapping[str, object]) -> Answer:
        """The rows of `step` over `given`. The same question is put once."""
        step.runnable(values)
        bound = tuple((name, type(value), value) for name, value in values.items())
        asked = (step.sql, step.output, tuple((name, rows.table, rows.rows) for name, rows in given.items()), bound)
        if asked not in self._answers:
            for name, rows in given.items():
                if self._there.get(name) != rows:
                    self._put(name, rows)
                    self._there[name] = rows
            self._answers[asked] = self._answer(step, values)
        return self._answers[asked]


@cache
def _duckdb() -> OnOneSession:
    connection = duck.connection({"threads": "1"})
    atexit.register(_duckdb.cache_clear)

    def put(name: str, rows: Rows) -> None:
        columns = ", ".join(f"{duck.name(c.name)} {c.type}" for c in rows.table)
        connection.execute(f"create or replace table {duck.name(name)} ({columns})")
        if rows.rows:
            row = "(" + ", ".join(f"cast(? as {c.type})" for c in rows.table) + ")"
            lines = ", ".join([row] * len(rows.rows))
            connection.execute(f"insert into {duck.name(name)} values {lines}", [value for line in rows.rows for value in line])

    return OnOneSession(put, lambda step, values: run_on(step, connection, values).fetchall())


def on_duckdb(step: Step, given: Mapping[str, Rows], values: Mapping[str, object]) -> Answer:
    """The rows of `step` over `given`, by DuckDB in memory."""
    return _duckdb().run(step, given, values)


@cache
def started() -> Started:
    """The one Spark session of a test run."""
    from accord.engine import spark

    scratch = Path(tempfile.mkdtemp(prefix="accord-spark-"))
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    return spark.start(MASTER, scratch, settings=SMALL)


@cache
def _spark() -> OnOneSession:
    from accord.engine.spark import SparkMaker

    spark = started().spark.newSession()
    maker = SparkMaker(type(started())(spark, MASTER, is_ours=False))

    def put(name: str, rows: Rows) -> None:
        spark.sql(_local(rows)).createOrReplaceTempView(named_in_spark(name))

    return OnOneSession(put, lambda step, values: [tuple(row) for row in maker.frame(step, values).collect()])


def _local(rows: Rows) -> str:
    columns = ", ".join(cast_in_spark(c) for c in rows.table)
    names = ", ".join(named_in_spark(c.name) for c in rows.table)
    lines = ", ".join("(" + ", ".join(_text(v) for v in row) + ")" for row in rows.rows)
    if not lines:
        return f"select {columns} from values ({', '.join('null' for _ in rows.table)}) as v({names}) where false"
    return f"select {columns} from values {lines} as v({names})"


def _text(value: object) -> str:
    return "null" if value is None else exp.Literal.string(str(value)).sql(dialect="spark")


def on_spark(step: Step, given: Mapping[str, Rows], values: Mapping[str, object]) -> Answer:
    """The rows of `step` over `given`, by Spark, in the words and under the settings of a run."""
    return _spark().run(step, given, values)


@cache
def spark_is_missing() -> str:
    """Why there is no Spark on this machine; nothing, if there is."""
    if find_spec("pyspark") is None:
        return "pyspark is not installed: pip install -r requirements-spark.txt"
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java") is None and not (home and (Path(home) / "bin" / "java").exists()):
        return "there is no Java: install Java 17"
    return ""


def skip_without(missing: str) -> None:
    """Skip what cannot run here, with the reason; where CI is true, that is a failure."""
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"CI runs everything on both engines, and here {missing}")
    if missing:
        pytest.skip(missing)


ENGINES = (Engine("duckdb", on_duckdb), Engine("spark", on_spark, spark_is_missing))
