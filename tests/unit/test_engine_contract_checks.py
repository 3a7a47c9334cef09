"""The findings about a table as written."""

from __future__ import annotations

import pytest

from accord.engine import Session, contract_checks, duck, findings
from accord.tables.contract import Table, bigint, money, text

TABLE = Table(
    "visit",
    "",
    (
        bigint("id", "", required=True),
        bigint("part", ""),
        text("kind", "", codes=("a", "it's")),
        money("cost", "", required=True),
    ),
    key=("id", "part"),
    may_be_empty=False,
)
GOOD = "(1, 1, 'a', 1.5), (1, 2, 'it''s', 2), (2, 1, null, 0)"


@pytest.fixture
def found(tmp_path):
    def look(
        rows: str, table: Table = TABLE, select: str = "id::bigint as id, part::bigint as part, kind, cost::decimal(18,2) as cost"
    ):
        with Session(folder=tmp_path, scratch=tmp_path / "s") as session:
            path = tmp_path / "visit.parquet"
            values = f"select {select} from (values {rows}) v(id, part, kind, cost)"
            session.connection.execute(f"copy ({values}) to {duck.literal(str(path))} (format parquet)")
            session.register("visit", [path])
            return findings(session, table)

    return look


def test_a_good_table_has_none(found):
    assert found(GOOD) == []


def test_required_values_codes_and_keys(found):
    assert found(GOOD + ", (null, 7, 'b', 1), (1, 1, 'c', null), (1, 1, 'a', 1)") == [
        "visit.id is required, and it is NULL, in 1 row, such as id NULL, part 7",
        "visit.kind is none of its codes, in 2 rows, such as id 1, part 1, kind c",
        "visit.cost is required, and it is NULL, in 1 row, such as id 1, part 1, cost NULL",
        "visit has repeated keys: 1 key stands in more than one row, such as id 1, part 1",
    ]


def test_the_key_of_a_large_table_is_looked_at_in_parts(found, monkeypatch):
    monkeypatch.setattr(contract_checks, "KEYS_AT_ONCE", 2)
    repeated = ", ".join(f"({n}, 1, 'a', 1), ({n}, 1, 'a', 2), ({n}, 2, 'a', 2)" for n in range(10))
    (finding,) = found(repeated)
    assert finding.startswith("visit has repeated keys: 10 keys stand in more than one row, such as id ")
    assert found(GOOD) == []


def test_a_null_in_a_key_is_a_value_like_others(found):
    assert "repeated keys" in found("(1, null, 'a', 1), (1, null, 'a', 1)")[0]


def test_an_empty_table(found, tmp_path):
    with Session(folder=tmp_path, scratch=tmp_path / "s") as session:
        columns = ", ".join(f"cast(null as {c.type}) as {c.name}" for c in TABLE)
        session.connection.execute(f"create view visit as select {columns} where false")
        assert findings(session, TABLE) == ["visit is empty, and it may not be"]
        allowed = Table("visit", "", TABLE.columns, TABLE.key)
        assert findings(session, allowed) == []


def test_columns_and_types(found):
    assert found(GOOD, select="id::integer as id, part::bigint as part, kind, cost::double as cost, 1 as more") == [
        "visit.id is written as INTEGER, not as BIGINT",
        "visit.cost is written as DOUBLE, not as DECIMAL(18,2)",
        "visit has a column more, which its contract does not",
    ]
    assert found(GOOD, select="id::bigint as id, part::bigint as part, kind") == ["visit has no column cost"]


def test_columns_in_another_order(found):
    select = "part::bigint as part, id::bigint as id, kind, cost::decimal(18,2) as cost"
    assert found(GOOD, select=select) == ["visit has its columns in another order than its contract"]
