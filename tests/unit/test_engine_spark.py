"""What a person is told where Spark cannot be had, and that nothing of it is imported unless it is asked for."""

from __future__ import annotations

import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from spec_engines import GROUP, MASTER, skip_without, spark_is_missing, started

from accord.engine import Session, Step
from accord.engine.feed import write_columns
from accord.engine.spark import SparkMaker, Started, probe, start
from accord.engine.spark.faults import in_plain_words
from accord.errors import UserError
from accord.tables.contract import Table, bigint


def _refused(master: str, scratch: Path) -> UserError:
    with pytest.raises(UserError) as caught:
        start(master, scratch)
    return caught.value


def test_spark_is_not_imported_unless_asked_for() -> None:
    code = "import sys, accord, accord.cli; print([m for m in sys.modules if m.split('.')[0] in ('pyspark', 'py4j', 'pandas', 'grpc')])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_without_pyspark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    told = _refused("local[2]", tmp_path)
    assert "no package pyspark" in told.what
    assert "requirements-spark.txt" in told.what_to_do


def test_without_what_an_address_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "grpc", None)
    monkeypatch.setitem(sys.modules, "pyspark", sys)
    monkeypatch.setitem(sys.modules, "pandas", sys)
    assert "no package grpc" in _refused("sc://127.0.0.1:15002", tmp_path).what


def test_without_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", sys)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    told = _refused("local[2]", tmp_path)
    assert "needs Java" in told.what
    assert "openjdk-17-jre-headless" in told.what_to_do


@pytest.mark.parametrize("master", ["spark://127.0.0.1:{}", "sc://127.0.0.1:{}"])
def test_a_master_that_does_not_answer(master: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("pyspark", "pandas", "grpc", "grpc_status", "google.rpc", "zstandard"):
        monkeypatch.setitem(sys.modules, package, sys)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        told = _refused(master.format(closed.getsockname()[1]), tmp_path)
    assert "there is no Spark at" in told.what
    assert "local[2]" in told.what_to_do


def test_a_master_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", sys)
    assert "is not where a Spark runs" in _refused("loca[2]", tmp_path).what


class _Apart:
    """Spark on a machine that does not share the folder: what it reads is gone, or what it writes lands elsewhere."""

    def __init__(self, spark: Any, *, loses: bool = False, elsewhere: Path | None = None) -> None:
        self._spark, self._loses, self._elsewhere = spark, loses, elsewhere
        self.read = self.write = self
        self.sparkContext = spark.sparkContext

    def schema(self, _: str) -> _Apart:
        return self

    def range(self, *_: int) -> _Apart:
        return self

    def parquet(self, address: str) -> Any:
        if self._elsewhere and address.endswith("back"):
            return self._spark.range(5).write.parquet(str(self._elsewhere))
        rows = self._spark.read.schema("n bigint").parquet(address)
        if self._loses:
            Path(address.removeprefix("file:")).unlink()
        return rows


@pytest.mark.spark
@GROUP
@pytest.mark.parametrize("how", ["reads", "writes"])
def test_an_executor_that_does_not_see_the_folder(how: str, tmp_path: Path) -> None:
    skip_without(spark_is_missing())
    probe(started(), tmp_path)
    apart = _Apart(started().spark, loses=how == "reads", elsewhere=tmp_path / "elsewhere" if how == "writes" else None)
    with pytest.raises(UserError) as caught:
        probe(Started(apart, MASTER, is_ours=False), tmp_path)
    assert "does not see this folder as this machine does" in caught.value.what
    assert caught.value.where == str(tmp_path)
    assert "every machine of the cluster" in caught.value.what_to_do
    assert not list(tmp_path.glob(".probe-*"))


@pytest.mark.spark
@GROUP
def test_a_number_too_large_stops_the_run_in_plain_words() -> None:
    skip_without(spark_is_missing())
    step = Step("too large", "select cast(n * 4611686018427387904 as bigint) as n from t", (Table("t", "", (bigint("n", ""),), ()),),
                Table("out", "", (bigint("n", ""),), ()))  # fmt: skip
    spark = started().spark.newSession()
    spark.sql("select 4L as n").createOrReplaceTempView("t")
    with pytest.raises(UserError, match="meets a number too large for its column"), in_plain_words("step 'too large'"):
        spark.sql(step.text("spark")).collect()


TABLE = Table("t", "", (bigint("n", ""),), (), order=("n",))
TWICE = "with {0} as (select n + 1 as n from t) select a.n from {0} a join {0} b on a.n = b.n union all select n from {0}"


@pytest.mark.spark
@GROUP
@pytest.mark.parametrize("part", ["twice", "other"])
def test_a_part_that_is_read_more_than_once_hides_no_table(part: str, tmp_path: Path) -> None:
    """`other` is a table of the session too: in the step it is the part, and after it the table again."""
    skip_without(spark_is_missing())
    spark = started().spark.newSession()
    maker = SparkMaker(Started(spark, MASTER, is_ours=False))
    other = replace(TABLE, name="other")
    with Session(folder=tmp_path / "tables", scratch=tmp_path / "scratch", maker=maker) as session:
        write_columns(session, TABLE, {"n": [2, 1, None]})
        write_columns(session, other, {"n": [9]})
        made = session.materialise(Step("twice", TWICE.format(part), (TABLE,), replace(TABLE, name="out")))
        session.materialise(Step("after", "select n from other", (other,), replace(TABLE, name="copy")))
        assert pq.read_table(made.path).column("n").to_pylist() == [2, 2, 3, 3, None]
        assert session.rows("select n from copy") == [(9,)]
        assert sorted(view.viewName for view in spark.sql("show views").collect()) == ["copy", "other", "out", "t"]
    assert not [p for p in (tmp_path / "tables").iterdir() if p.suffix != ".parquet"]


def test_a_fault_that_nobody_can_mend_stays_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError), in_plain_words("a step"):
        _ = 1 // 0
