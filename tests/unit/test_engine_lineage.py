"""A published column followed back through several steps."""

from __future__ import annotations

import pytest

from accord.engine import Hop, Step, trace
from accord.errors import UserError
from accord.tables.contract import Table, bigint

RAW = Table("raw", "", (bigint("a", ""), bigint("b", "")), ())
LEFT = Table("lefts", "", (bigint("x", ""),), ())
RIGHT = Table("rights", "", (bigint("x", ""),), ())
OUT = Table("out", "", (bigint("y", ""), bigint("n", "")), ())
STEPS = (
    Step("left", "select a as x from raw", (RAW,), LEFT),
    Step("right", "select a + b as x from raw", (RAW,), RIGHT),
    Step("join", "select l.x + r.x as y, count(*) over () as n from lefts l, rights r", (LEFT, RIGHT), OUT),
)


def test_each_column_once_nearest_first():
    assert trace(STEPS, "out", "y") == [
        Hop("join", "out", "y", (("lefts", "x"), ("rights", "x"))),
        Hop("left", "lefts", "x", (("raw", "a"),)),
        Hop("right", "rights", "x", (("raw", "a"), ("raw", "b"))),
        Hop("", "raw", "a", ()),
        Hop("", "raw", "b", ()),
    ]


def test_a_count_ends_at_the_rows_it_counts():
    hops = trace(STEPS, "out", "n")
    assert hops[0] == Hop("join", "out", "n", (("lefts", "*"), ("rights", "*")))
    assert Hop("left", "lefts", "*", ()) in hops


@pytest.mark.parametrize(
    ("table", "column", "nearest"), [("outs", "y", "out"), ("rights", "z", "x"), ("nowhere", "y", "choose among")]
)
def test_what_is_not_there(table, column, nearest):
    with pytest.raises(UserError) as caught:
        trace(STEPS, table, column)
    assert nearest in caught.value.what_to_do
