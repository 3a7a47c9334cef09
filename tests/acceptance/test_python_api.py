"""`import accord`: a place opened, its run's tables as relations with their contracts, an analyst's own step; nothing else on disk in reach."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

import accord
from accord import Column, Step, Table, UserError
from accord.notebook import OpenRun


@pytest.fixture(scope="module")
def run(published_once: Path) -> OpenRun:
    return accord.open(published_once).current()


def test_a_table_is_a_relation_to_go_on_with(run: OpenRun) -> None:
    relation = run.activity
    assert isinstance(relation, duckdb.DuckDBPyRelation)
    assert len(relation.fetchall()) == 4
    assert run.activity.arrow().read_all().num_rows == 4
    flagged = run.activity.filter("cost < 0")
    assert flagged.project("cost").fetchall() == [(-5,)]
    assert run.activity.aggregate("setting, count(*) as n", "setting").fetchall() == [("outpatient", 4)]
    assert run.activity.query("a", "select max(cost) from a").fetchall() == run.table("activity").max("cost").fetchall()


def test_a_table_becomes_a_pandas_frame_where_pandas_is(run: OpenRun) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    assert isinstance(run.activity.df(), pandas.DataFrame)


def test_a_table_becomes_a_polars_frame_where_polars_is(run: OpenRun) -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    assert isinstance(run.activity.pl(), polars.DataFrame)


def test_every_table_comes_with_its_contract(run: OpenRun) -> None:
    assert set(run.tables) == set(run.manifest.tables) <= set(dir(run))
    for name, table in run.tables.items():
        relation = getattr(run, name)
        assert relation.columns == list(table.names)
        assert [str(t) for t in relation.types] == [column.type for column in table]
        assert relation.count("*").fetchall() == [(run.manifest.tables[name].n_row,)]
        assert all(column.meaning for column in table)


def test_a_table_that_is_not_there(run: OpenRun) -> None:
    with pytest.raises(AttributeError, match="a run has no 'activty'; its tables are submission"):
        _ = run.activty
    with pytest.raises(UserError, match="did you mean 'activity'"):
        run.table("activty")
    assert not hasattr(run, "_repr_html_")  # what a notebook looks for


def test_sql_binds_its_values(run: OpenRun) -> None:
    asked = run.sql("select count(*) from activity where cost > $least", {"least": 8})
    assert asked.fetchall() == [(2,)]
    assert run.sql("select setting from activity limit 1").fetchall() == [("outpatient",)]
    hostile = "x' or 1 = 1 --"
    assert run.sql("select count(*) from activity where setting = $setting", {"setting": hostile}).fetchall() == [(0,)]


BUSY = Table(name="busy_day", meaning="A day with care.", columns=(
    Column("start_date", "DATE", "The day.", required=True), Column("n_activity", "BIGINT", "Acts that began on it.", required=True),
), key=("start_date",))  # fmt: skip
SQL = "select start_date, count(*) as n_activity from activity where cost > $least group by start_date"


def _step(run: OpenRun, sql: str) -> Step:
    return Step("busy days", sql, (run.tables["activity"],), BUSY, parameters={"least": "DECIMAL(18,2)"})


def test_an_analysts_own_step(run: OpenRun) -> None:
    days = run.step(_step(run, SQL), least=8)
    assert [(str(day), n) for day, n in days.order("start_date").fetchall()] == [("2025-04-02", 1), ("2025-05-03", 1)]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (SQL.replace("select start_date", "select start_dat as start_date"), "did you mean 'start_date'"),
        (SQL.replace("count(*)", "cast(sum(costs) as bigint)"), "did you mean 'cost'"),
        (SQL.replace("from activity", "from activty"), "activity"),
        (SQL.replace("n_activity", "n_activities"), "n_activity"),
        (SQL.replace("count(*)", "now()"), "now"),
        ("delete from activity", "not one SELECT"),
        (SQL + "; drop table activity", "not one SELECT"),
        ("select from where", "step 'busy days'"),
    ],
)
def test_a_step_is_checked_before_any_data_is_read(run: OpenRun, sql: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OpenRun, "connection", property(lambda _: pytest.fail("data was opened")))
    step = _step(run, sql)
    with pytest.raises(UserError) as caught:
        step.check()
    assert said in str(caught.value)
    assert "step 'busy days'" in str(caught.value)


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "select * from glob('/etc/*')",
        "select * from '/etc/passwd'",
        "select * from read_parquet('{place}/landed/*.parquet')",
        "select * from read_text('{place}/place.toml')",
        "select * from read_text('{run}/../../place.toml')",
        "copy activity to '/tmp/stolen.csv'",
        "attach '/tmp/other.duckdb'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set allowed_directories = ['/']",
    ],
)
def test_a_run_reaches_no_other_file(run: OpenRun, published_once: Path, query: str) -> None:
    with pytest.raises(duckdb.Error):
        run.connection.execute(query.format(place=published_once, run=run.folder)).fetchall()


@pytest.mark.parametrize(
    "query",
    [
        "insert into activity select * from activity", "delete from activity", "update activity set cost = 0", "drop view activity",
        "copy (select 1 as a) to '{run}/tables/activity.parquet' (format parquet)", "copy (select 1 as a) to '{run}/more.parquet'",
        "create table more as select 1 as a", "create or replace view activity as select 1 as a", "select 1; drop view activity", "",
        "explain analyze select 1", "export database '{run}/all'", "pragma database_list",
    ],
)  # fmt: skip
def test_a_run_is_only_read(published: Path, query: str, contents_of: Callable[[Path], object]) -> None:
    run = accord.open(published).current()
    before = contents_of(published)
    with pytest.raises(UserError, match="a run is only read"):
        run.sql(query.format(run=run.folder))
    assert contents_of(published) == before
    assert len(run.activity.fetchall()) == 4


def test_a_name_in_a_query_never_reaches_python(run: OpenRun) -> None:
    secret = run.activity.arrow().read_all()
    assert secret.num_rows
    with pytest.raises(duckdb.Error):
        run.sql("select * from secret").fetchall()


def test_a_place_says_what_is_wrong_with_it(tmp_path: Path, tiny: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        accord.open(tmp_path / "nowhere")
    with pytest.raises(UserError, match="no published run yet"):
        accord.open(tiny).current()
    assert accord.open(tiny).runs() == []


def test_check_and_run_from_python(tiny: Path) -> None:
    said: list[str] = []
    place = accord.open(tiny)
    report = place.check(said.append)
    assert said[0] == "land visits_1.csv"
    assert [f.rule for f in report.files[0].findings] == ["unreadable_date", "negative_amount", "missing_person"]
    assert not report.is_clean
    run = place.run()
    assert run.verify() == []
    assert run.report().n_person == 3
    assert run.run_id in repr(run)
    assert [r.run_id for r in place.runs()] == [run.run_id]
    assert all(place.replay().values())


def test_what_is_public_is_what_is_said(run: OpenRun) -> None:
    for name in accord.__all__:
        thing: Any = getattr(accord, name)
        assert thing.__doc__, name
    with pytest.raises(AttributeError, match="'accord' has no attribute 'opne'"):
        _ = accord.opne
