"""An analyst's own step over tables that are there already."""

from __future__ import annotations

import duckdb
import pytest

from accord.engine import Step, run_on
from accord.errors import UserError
from accord.tables.contract import Table, bigint

VISIT = Table("visit", "", (bigint("id", ""), bigint("n", "")), ("id",))
OUT = Table("out", "", (bigint("n", ""),), ())


@pytest.fixture
def connection():
    with duckdb.connect() as made:
        made.execute("create view visit as select * from (values (1::bigint, 5::bigint), (2, 7)) v(id, n)")
        yield made


def test_it_runs_with_values_bound(connection):
    step = Step("mine", "select n from visit where id = $id", (VISIT,), OUT, {"id": "BIGINT"})
    assert run_on(step, connection, {"id": 2}).fetchall() == [(7,)]


def test_it_runs_without_values_and_with_percentile(connection):
    step = Step("mine", "select cast(round(percentile(n, 0.5), 0) as bigint) as n from visit", (VISIT,), OUT)
    assert run_on(step, connection).fetchall() == [(6,)]


def test_it_is_checked_first(connection):
    with pytest.raises(UserError, match="hides which columns"):
        run_on(Step("mine", "select * from visit", (VISIT,), OUT), connection)


def test_it_leaves_nothing_behind(connection):
    run_on(Step("mine", "select n from visit", (VISIT,), OUT), connection).fetchall()
    assert connection.execute("select table_name from information_schema.tables").fetchall() == [("visit",)]
