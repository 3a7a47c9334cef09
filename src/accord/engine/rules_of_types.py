"""The rules of the portable subset that need types. Each finds its breaches in a qualified, typed tree; `lint` lists them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from accord.engine.breach import Breach, bare, shown
from accord.engine.query import Query

DECIMAL = frozenset({exp.DType.DECIMAL})
DOUBLE = frozenset({exp.DType.DOUBLE, exp.DType.FLOAT})
DAY = frozenset({exp.DType.DATE})
MOMENT = frozenset({exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ, exp.DType.DATETIME})
WHOLE = frozenset({exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT, exp.DType.INT128})
ROUNDED = (exp.Round, exp.Floor, exp.Ceil, exp.Trunc, exp.Sign, exp.IntDiv)


def _is(node: exp.Expr | None, kinds: frozenset[exp.DType]) -> bool:
    # sqlglot calls every rounded number a double; DuckDB and Spark keep a decimal a decimal.
    while isinstance(node, exp.Paren | exp.Round | exp.Distinct):
        node = node.expressions[0] if isinstance(node, exp.Distinct) else node.this
    return node is not None and node.type is not None and node.type.this in kinds


def sums_of_doubles(_: Query, tree: exp.Query) -> Iterator[Breach]:
    """Sums and means of doubles."""
    for node in tree.find_all(exp.Sum, exp.Avg):
        if _is(node.this, DOUBLE):
            why = "adds doubles in whatever order threads meet: six runs, six answers"
            instead = "exact decimals or whole numbers to add; make the rate a double afterwards and round it"
            yield Breach(node, why, instead)


def divided_decimals(_: Query, tree: exp.Query) -> Iterator[Breach]:
    """Means and quotients of decimals, whose scale each engine chooses."""
    instead = "`cast(cost as double) / nullif(n, 0)`, rounded, for a rate; money itself is divided only by exact allocation"
    for node in tree.find_all(exp.Avg):
        if _is(node.this, DECIMAL):
            yield Breach(node, "averages a decimal", instead.replace("cost", "sum(cost)", 1).replace("n,", "count(cost),", 1))
    for quotient in tree.find_all(exp.Div, exp.IntDiv, exp.Mod):
        if _is(quotient.this, DECIMAL) or _is(quotient.expression, DECIMAL):
            yield Breach(quotient, "divides a decimal", instead)


def decimal_products(_: Query, tree: exp.Query) -> Iterator[Breach]:
    """Products of decimals whose precision each engine chooses."""
    for node in tree.find_all(exp.Mul):
        sides = (node.this, node.expression)
        if any(_is(s, DECIMAL) for s in sides) and not any(_is(s, DOUBLE) for s in sides) and not _is_cast(node):
            why = "is a product of decimals, whose precision each engine chooses"
            yield Breach(node, why, f"`cast({shown(node)[1:-1]} as decimal(18, 2))`, or the type its contract states")


def _is_cast(node: exp.Expr) -> bool:
    outer = node.parent
    while isinstance(outer, exp.Paren | exp.Round | exp.Neg):
        outer = outer.parent
    return isinstance(outer, exp.Cast)


def casts_that_cut(_: Query, tree: exp.Query) -> Iterator[Breach]:
    """A cast of a fraction to a whole number: 3 on one engine and 2 on another."""
    for node in tree.find_all(exp.Cast):
        inner = bare(node.this) if isinstance(node.this, exp.Paren) else node.this
        if node.to.this in WHOLE and not isinstance(inner, ROUNDED) and (_is(inner, DECIMAL) or _is(inner, DOUBLE)):
            instead = f"`cast(round({shown(node.this)[1:-1]}, 0) as {node.to.sql('duckdb').lower()})`"
            yield Breach(node, "rounds 2.5 to 3 on one engine and cuts it to 2 on another", instead)


def days_apart(_: Query, tree: exp.Query) -> Iterator[Breach]:
    """A day less a day, and days counted between moments."""
    for node in tree.find_all(exp.Sub):
        if _is(node.this, DAY) and _is(node.expression, DAY):
            instead = f"`date_diff('day', {shown(node.expression)[1:-1]}, {shown(node.this)[1:-1]})`"
            yield Breach(node, "is a number on one engine and an interval on another", instead)
    for span in tree.find_all(exp.DateDiff):
        if span.text("unit").upper() == "DAY" and (_is(span.this, MOMENT) or _is(span.expression, MOMENT)):
            why = "counts midnights between moments on one engine and whole days on another"
            yield Breach(span, why, "`date_diff('day', cast(a as date), cast(b as date))`")
