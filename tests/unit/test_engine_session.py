"""A session: what it can reach, what it writes, and how."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest

from accord.engine import Session, Step, duck
from accord.errors import UserError
from accord.tables.contract import Table, bigint, day, money, text

HOSTILE = [
    "a[1].parquet",
    "it's*.parquet",
    'q"?.parquet',
    "semi;colon --.parquet",
    "back\\slash.parquet",
    "{a,b}.parquet",
    "né.parquet",
]
VISIT = Table(
    "visit", "", (bigint("id", ""), text("code", ""), money("cost", ""), day("seen", "")), ("id",), order=("code", "id")
)
COPY = Step("copy", "select id, code, cost, seen from raw where cost >= $least", (Table("raw", "", VISIT.columns, ()),), VISIT,
            {"least": "DECIMAL(18,2)"})  # fmt: skip


def parquet(path, sql):
    with duckdb.connect() as outside:
        outside.execute(f"copy ({sql}) to {duck.literal(str(path))} (format parquet)")
    return path


@pytest.fixture
def place(tmp_path):
    (tmp_path / "landed").mkdir()
    return tmp_path


@pytest.fixture
def session(place):
    with Session(
        folder=place / "run", scratch=place / "scratch", readable=[place / "landed"], memory_limit="500MB", threads=2
    ) as made:
        yield made


ROWS = """
    select * from (values
        (2::bigint, 'b', 1.5::decimal(18, 2), date '2024-04-01'), (1, 'b', 2.25, null), (3, 'a', 0.1, null), (4, null, 9, null)
    ) v(id, code, cost, seen)"""


@pytest.fixture
def raw(session, place):
    session.register("raw", [parquet(place / "landed" / "raw.parquet", ROWS)])
    return session


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_is_read_by_its_name_alone(session, place, name):
    parquet(place / "landed" / "other.parquet", "select 0 as a")
    session.register(f"view of {name}", [parquet(place / "landed" / name, "select 1 as a")])
    assert session.relation(f"view of {name}").fetchall() == [(1,)]


def test_several_files_are_one_table_with_record_numbers(session, place):
    files = [parquet(place / "landed" / f"{n}.parquet", f"select {n} as a union all select {n + 1}") for n in (1, 3)]
    session.register("several", files, select="a, file_row_number + 1 as record_number")
    assert sorted(session.rows("select record_number, count(*) from several group by 1")) == [(1, 2), (2, 2)]


def test_a_folder_whose_name_has_quotes(tmp_path):
    folder = tmp_path / 'the people\'s "place"'
    with Session(folder=folder, scratch=tmp_path / "s") as session:
        session.materialise(Step("one", "select cast(1 as bigint) as id", (), Table("one", "", (bigint("id", ""),), ("id",))))
        assert session.rows("select id from one") == [(1,)]
    assert (folder / "one.parquet").exists()


@pytest.mark.parametrize(
    "sql",
    [
        "copy (select 1) to '{outside}/x.parquet'",
        "select * from read_text('{outside}/secret.txt')",
        "select * from read_csv('/etc/passwd')",
        "attach '{outside}/x.db'",
        "set threads = 1",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "install httpfs",
        "load '{outside}/x.duckdb_extension'",
    ],
)
def test_nothing_else_can_be_reached_or_changed(session, tmp_path_factory, sql):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.txt").write_text("secret")
    with pytest.raises(duckdb.Error):
        session.connection.execute(sql.format(outside=outside)).fetchall()
    assert sorted(p.name for p in outside.iterdir()) == ["secret.txt"]


def test_a_query_never_reaches_a_python_variable(session):
    hidden = duckdb.sql("select 1 as a")  # noqa: F841
    with pytest.raises(duckdb.CatalogException):
        session.rows("select a from hidden")


def test_times_are_utc(session):
    assert session.rows("select current_setting('TimeZone')") == [("UTC",)]


def test_a_step_is_written_in_its_contracts_order_with_null_last(raw, place):
    written = raw.materialise(COPY, least=Decimal("1.5"))
    assert (written.table, written.path, written.n_row) == (VISIT, place / "run" / "visit.parquet", 3)
    assert [r[0] for r in raw.rows(f"select id from {duck.parquet([written.path])} order by file_row_number")] == [1, 2, 4]
    assert raw.written == (written,)
    assert raw.steps == (COPY,)
    with duckdb.connect() as outside:
        form = outside.execute("select distinct compression from parquet_metadata(?)", [str(written.path)]).fetchall()
        types = outside.execute("describe select * from read_parquet(?)", [str(written.path)]).fetchall()
    assert form == [("ZSTD",)]
    assert {t[0]: t[1] for t in types} == VISIT.types


def test_a_value_is_bound_with_its_declared_type(raw):
    # Bound without a type, 1.504 would keep its third place and leave out the row of 1.50.
    assert raw.materialise(COPY, least=Decimal("1.504")).n_row == 3


def test_an_input_of_other_types_than_its_contract_is_our_mistake(session, place):
    session.register("raw", [parquet(place / "landed" / "raw.parquet", ROWS.replace("::bigint", ""))])
    with pytest.raises(AssertionError, match=r"input 'raw' of step 'copy' is not as its contract has it: .'id': 'INTEGER'"):
        session.materialise(COPY, least=0)


def test_a_second_writing_of_a_table_is_our_mistake(raw):
    raw.materialise(COPY, least=0)
    with pytest.raises(AssertionError, match="second time"):
        raw.materialise(COPY, least=0)


def test_a_step_that_does_not_check_writes_nothing(raw, place):
    bad = Step("bad", "select id, code, cost / id as cost, seen from raw", COPY.inputs, VISIT)
    with pytest.raises(UserError):
        raw.materialise(bad)
    assert list((place / "run").iterdir()) == []


def test_a_text_that_ends_in_a_comment(raw):
    step = Step("copy", "select id, code, cost, seen from raw -- all of them", COPY.inputs, VISIT)
    assert raw.materialise(step).n_row == 4


def test_a_sort_larger_than_memory_spills_to_scratch_and_is_sorted(tmp_path):
    source = parquet(
        tmp_path / "raw.parquet",
        "select (hash(i) % 100000)::bigint as id, repeat(md5(i::varchar), 8) as code from range(1200000) t(i)",
    )
    table = Table("sorted", "", (bigint("id", ""), text("code", "")), (), order=("id", "code"))
    step = Step("sort", "select id, code from raw", (Table("raw", "", table.columns, ()),), table)
    with Session(
        folder=tmp_path / "run", scratch=tmp_path / "scratch", readable=[source], memory_limit="300MB", threads=1
    ) as session:
        session.register("raw", [source])
        written = session.materialise(step)
        assert written.n_row == 1_200_000
        before = f"select id, lag(id) over (order by file_row_number) as before from {duck.parquet([written.path])}"
        unsorted = f"select count(*) from ({before}) where id < before"
        assert session.rows(unsorted) == [(0,)]


class OutOfMemory:
    """A connection that has no memory for a copy: whether the engine itself has some left hangs on how its threads take turns."""

    def __init__(self, connection):
        self.connection = connection

    def execute(self, sql, *values):
        if sql.startswith("copy"):
            raise duckdb.OutOfMemoryException("failed to allocate")
        return self.connection.execute(sql, *values)

    def __getattr__(self, name):
        return getattr(self.connection, name)


def test_a_step_that_does_not_fit_into_memory_is_done_again_on_disk(raw, caplog):
    fits = raw.connection
    raw.connection = OutOfMemory(fits)
    with caplog.at_level("INFO", "accord.steps"):
        assert raw.materialise(COPY, least=0).n_row == 4
    assert caplog.messages == ["step 'copy' does not fit into memory: it is done again, on disk from the start"]
    is_on_disk = "select current_setting('debug_force_external'), current_setting('TimeZone'), current_setting('lock_configuration')"
    assert raw._on_disk.execute(is_on_disk).fetchall() == [(True, "UTC", True)]
    assert fits.execute(is_on_disk).fetchall() == [(False, "UTC", True)]


def test_running_out_of_memory_is_told_without_a_traceback(tmp_path):
    # 4 MB hold no group-by of half a million texts, and a scratch folder of one file's size leaves nowhere to spill.
    source = parquet(tmp_path / "raw.parquet", "select md5(i::varchar) as code from range(500000) t(i)")
    table = Table("grouped", "", (text("code", ""), bigint("n", "")), ())
    step = Step("group", "select code, count(*) as n from raw group by code", (Table("raw", "", (text("code", ""),), ()),), table)
    with Session(
        folder=tmp_path / "run", scratch=tmp_path / "scratch", readable=[source], memory_limit="4MB", threads=1
    ) as session:
        session.register("raw", [source])
        with pytest.raises(UserError, match="step 'group' ran out of memory"):
            session.materialise(step)


def test_a_total_too_large_for_its_column_is_told_without_a_traceback(session, place):
    source = Table("vast", "", (money("cost", ""),), ())
    session.register("vast", [parquet(place / "landed" / "vast.parquet", "select 9999999999999999.99::decimal(18, 2) as cost from range(2)")])
    total = Table("total", "", (money("cost", ""),), ())
    with pytest.raises(UserError, match="too large for its column"):
        session.materialise(Step("add up", "select cast(sum(cost) as decimal(18, 2)) as cost from vast", (source,), total))
