"""The content hash: the same for the same rows however they stand, another for others, and what its rule says read plainly."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from hashlib import md5, sha256

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.engine import content_hash, duck
from accord.tables.contract import Column, Table, bigint, day, flag, integer, moment, money, text

TABLE = Table(
    "t",
    "",
    (
        bigint("id", ""), text("words", ""), text("more words", ""), money("cost", ""), day("seen", ""), moment("at", ""),
        flag("yes", ""), Column("ratio", "DOUBLE", ""), integer("file", "", lineage=True),
    ),
    key=("id",),
)  # fmt: skip


class OnlyRows:
    """As much of a session as a hash needs, over rows in memory."""

    def __init__(self, rows, table=TABLE):
        self.connection = duckdb.connect()
        columns = ", ".join(f"{duck.name(c.name)} {c.type}" for c in table)
        self.connection.execute(f"create table {duck.name(table.name)} ({columns})")
        if rows:
            places = ", ".join("?" for _ in table)
            self.connection.executemany(f"insert into {duck.name(table.name)} values ({places})", rows)

    def rows(self, sql, values=None):
        with self.connection:
            return self.connection.execute(sql).fetchall()


def hashed(rows, table=TABLE):
    return content_hash(OnlyRows(rows, table), table)


whole = st.integers(-(2**63), 2**63 - 1)
words = st.one_of(
    st.none(),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
    st.sampled_from(["", "~", "|", "1:|"]),
)
moments = st.datetimes(datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2100-01-01"))
row = st.tuples(
    st.none() | whole,
    words,
    words,
    st.none() | st.decimals(Decimal("-1e15"), Decimal("1e15"), places=2),
    st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    st.none() | moments,
    st.none() | st.booleans(),
    st.none() | st.floats(-1e9, 1e9, allow_subnormal=False),
    st.integers(0, 9),
)


def plainly(value, column):
    """The canonical text of one value, read off the rule and not off the SQL."""
    if value is None:
        return "~|"
    if column.type == "VARCHAR":
        return f"{len(value)}:{value}|"
    if column.type == "TIMESTAMP":
        return f"{value:%Y-%m-%dT%H:%M:%S.%f}|".rjust(27, "0")
    if column.type == "DOUBLE":
        return f"{value + 0.0:.11e}|"
    if column.type.startswith("DECIMAL"):
        return f"{value:.2f}|"
    return f"{str(value).lower() if isinstance(value, bool) else value}|"


def plain_hash(rows):
    content = [c for c in TABLE if not c.lineage]
    first = second = 0
    for each in rows:
        digest = md5("".join(plainly(v, c) for v, c in zip(each, content, strict=False)).encode()).hexdigest()
        first, second = first + int(digest[:16], 16), second + int(digest[16:], 16)
    told = ["accord content hash 1", *(f"{c.name} {c.type}" for c in content), str(len(rows)), str(first), str(second)]
    return sha256("\n".join(told).encode()).hexdigest()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(row, max_size=5))
def test_it_is_what_its_rule_says(rows):
    assert hashed(rows) == plain_hash(rows)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(row, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_order_and_delivery_are_irrelevant_and_repeats_are_not(rows, chance):
    mixed = [(*r[:-1], chance.randint(0, 9)) for r in rows]
    chance.shuffle(mixed)
    assert hashed(mixed) == hashed(rows)
    assert hashed([*rows, rows[0]]) != hashed(rows)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(row, row)
def test_other_rows_have_another_hash(one, other):
    same = plain_hash([one]) == plain_hash([other])
    assert (hashed([one]) == hashed([other])) == same


ONE = (1, "a", "b", Decimal("1.50"), date(2024, 4, 1), datetime.fromisoformat("2024-04-01T10:00:00"), True, 0.5, 1)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, 2), (1, ""), (1, None), (1, "A"), (2, "b "), (3, Decimal("1.51")), (3, None), (4, date(2024, 4, 2)),
        (5, datetime.fromisoformat("2024-04-01T10:00:00.000001")), (6, False), (6, None), (7, 0.5000001),
    ],
)  # fmt: skip
def test_each_column_counts(place, value):
    assert hashed([(*ONE[:place], value, *ONE[place + 1 :])]) != hashed([ONE])


def test_nothing_moves_between_columns():
    assert hashed([(1, "a|b", "c", *ONE[3:])]) != hashed([(1, "a", "b|c", *ONE[3:])])
    assert hashed([(1, "", None, *ONE[3:])]) != hashed([(1, None, "", *ONE[3:])])


def test_the_last_bits_of_a_double_and_the_sign_of_zero_do_not_count():
    assert hashed([(*ONE[:7], 0.1 + 0.2, 1)]) == hashed([(*ONE[:7], 0.3, 1)])
    assert hashed([(*ONE[:7], -0.0, 1)]) == hashed([(*ONE[:7], 0.0, 1)])


def test_names_and_types_count_even_without_rows():
    assert hashed([], TABLE) != hashed([], Table("t", "", TABLE.columns[:3], ()))
    renamed = Table("t", "", (bigint("other", ""), *TABLE.columns[1:]), ())
    assert hashed([ONE], renamed) != hashed([ONE])
