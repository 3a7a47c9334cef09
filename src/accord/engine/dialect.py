"""A step's text in Spark's words: what sqlglot writes, mended in the places where that would mean something else.

Each mend is one row of MENDS; the page `engine/in_sparks_words` of the manual shows each on both engines. Spark is set to ANSI
rules, UTC and timestamps without a zone (`accord.engine.spark.settings`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import sqlglot
from sqlglot import exp

from accord.engine.breach import bare
from accord.engine.query import Query, typed
from accord.tables import Column, Table

SPACES = "".join(map(chr, (0x20, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)))
"""What DuckDB's `trim` takes off: the space separators (category Zs) of Unicode. Spark's takes off U+0020 alone."""

WHOLE_NUMBERS = exp.DataType.build("decimal(38, 0)")
_NUMBER = "number"


@dataclass(frozen=True)
class Mend:
    """One difference in meaning: what is written, what is written for Spark instead, why, and the node that is put in place."""

    this: str
    instead: str
    why: str
    node: type[exp.Expr]
    mend: Callable[[exp.Expr], exp.Expr]


@dataclass(frozen=True)
class Part:
    """One named part of a step's `with`: its name, in how many places it is read, and its text."""

    name: str
    n_read: int
    text: str


def _trim(node: exp.Expr) -> exp.Expr:
    if node.args.get("expression") is not None or node.args.get("position"):
        return node
    return exp.Trim(this=node.this, expression=exp.Literal.string(SPACES), position="BOTH")


def _truncated(node: exp.Expr) -> exp.Expr:
    return exp.cast(node, "timestamp", dialect="duckdb")


def _apart(node: exp.Expr) -> exp.Expr:
    end, start = node.this, node.expression
    if node.text("unit").upper() == "DAY":
        days = exp.Anonymous(this="DATE_DIFF", expressions=[exp.cast(end, "date"), exp.cast(start, "date")])
        return exp.cast(days, "bigint")
    whole = [exp.Anonymous(this="DATE_TRUNC", expressions=[exp.Literal.string("SECOND"), side]) for side in (start, end)]
    return exp.Anonymous(this="TIMESTAMPDIFF", expressions=[exp.var("SECOND"), *whole])


def _matched(node: exp.Expr) -> exp.Expr:
    pattern = node.expression
    if isinstance(pattern, exp.Literal):
        text = pattern.name
        ended = text[:-1] + r"\z" if text.endswith("$") and not text.endswith(r"\$") else text
        return exp.RegexpLike(this=node.this, expression=exp.Literal.string(f"(?d){ended}"))
    ended_there = exp.Anonymous(this="REGEXP_REPLACE", expressions=[pattern, exp.Literal.string("[$]$"), exp.Literal.string(r"\\z")])
    return exp.RegexpLike(this=node.this, expression=exp.Anonymous(this="CONCAT", expressions=[exp.Literal.string("(?d)"), ended_there]))


def _like(node: exp.Expr) -> exp.Expr:
    pattern = node.expression
    if isinstance(pattern, exp.Literal) and "\\" in pattern.name:
        node.set("expression", exp.Literal.string(pattern.name.replace("\\", r"\\")))
    return node


def _rounded(node: exp.Expr) -> exp.Expr:
    places = bare(node.args.get("decimals"))
    if not node.meta.get("of_double") or not isinstance(places, exp.Literal) or places.name == "0":
        return node
    by = exp.cast(exp.Literal.number(10 ** int(places.name)), "double")
    whole = exp.Round(this=exp.Mul(this=exp.Paren(this=node.this), expression=by), decimals=exp.Literal.number(0))
    return exp.Div(this=whole, expression=by.copy(), typed=True)


def _wide(node: exp.Expr) -> exp.Expr:
    if node.this in (exp.DType.INT128, exp.DType.UINT128):
        return WHOLE_NUMBERS.copy()
    return node


MENDS = (
    Mend("trim(x)", "trim(both '…' from x)", "Spark takes off U+0020 alone, and DuckDB every space of Unicode", exp.Trim, _trim),
    Mend("date_trunc('month', d)", "cast(date_trunc('MONTH', d) as timestamp_ntz)", "Spark's has a zone", exp.TimestampTrunc, _truncated),
    Mend("date_trunc('month', d)", "cast(date_trunc('MONTH', d) as timestamp_ntz)", "Spark's has a zone", exp.DateTrunc, _truncated),
    Mend("date_diff('day' | 'second', a, b)", "date_diff(b, a), or whole seconds", "Spark's counts whole spans, DuckDB's the boundaries",
         exp.DateDiff, _apart),
    Mend("regexp_matches(x, 'a$')", "x rlike '(?d)a\\z'", "in Java `$` also stands before a last line end, and `.` stops at more",
         exp.RegexpLike, _matched),
    Mend("x like 'a\\b'", "x like 'a\\\\b'", "Spark's pattern has \\ for an escape", exp.Like, _like),
    Mend("round(x, 6) of a double", "round(x * 1e6, 0) / 1e6", "Spark rounds the digits as printed, DuckDB the number", exp.Round, _rounded),
    Mend("hugeint", "decimal(38, 0)", "Spark has no such type", exp.DataType, _wide),
)  # fmt: skip
"""Every difference in meaning that is known between what sqlglot writes for Spark and what DuckDB does with the same text."""

_BY_NODE: Mapping[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {m.node: m.mend for m in MENDS}


def in_spark(query: Query, inputs: Sequence[Table]) -> str:
    """The text of a checked step for Spark, its parameters as `:name` cast to their types. In: its inputs' contracts. Out: one SELECT."""
    return _written(_prepared(query, inputs))


def in_spark_by_parts(query: Query, inputs: Sequence[Table]) -> tuple[list[Part], str]:
    """`in_spark` with what stands in its leading `with` apart, in order, and then the SELECT over it."""
    tree = _prepared(query, inputs)
    leading = tree.args.get("with_")
    if leading is None or leading.recursive:
        return [], _written(tree)
    parts = [Part(cte.alias, _n_read(tree, cte.alias), _written(cte.this)) for cte in list(leading.expressions)]
    tree.set("with_", None)
    return parts, _written(tree)


def _n_read(tree: exp.Expr, name: str) -> int:
    return sum(table.name.casefold() == name.casefold() for table in tree.find_all(exp.Table))


def _prepared(query: Query, inputs: Sequence[Table]) -> exp.Query:
    tree = query.tree.copy()
    for mark in list(tree.find_all(exp.Placeholder)):
        mark.replace(exp.cast(mark.copy(), query.parameters[mark.name], dialect="duckdb"))
    _mark_doubles(query, tree, inputs)
    return tree


def expression_in_spark(sql: str) -> str:
    """One scalar expression in DuckDB's words, of landed columns and literals, in Spark's. `file_row_number` is a column like others."""
    return _written(sqlglot.parse_one(sql, read="duckdb"))


def type_in_spark(kind: str) -> str:
    """A contract's type in Spark's words."""
    return exp.DataType.build(kind, dialect="duckdb").sql(dialect="spark")


def cast_in_spark(column: Column) -> str:
    """A column cast to its contract's type, under its own name."""
    return f"cast({named_in_spark(column.name)} as {type_in_spark(column.type)}) as {named_in_spark(column.name)}"


def named_in_spark(text: str) -> str:
    """`text` as an identifier of Spark."""
    return "`" + text.replace("`", "``") + "`"


def _written(tree: exp.Expr) -> str:
    # From the leaves up: what is put in place is not met again.
    for node in list(tree.walk(bfs=False))[::-1]:
        if mend := _BY_NODE.get(type(node)):
            mended = mend(node)
            if mended is not node and node is not tree:
                node.replace(mended)
            elif node is tree:
                tree = mended
    return tree.sql(dialect="spark", pretty=True)


def _mark_doubles(query: Query, tree: exp.Query, inputs: Sequence[Table]) -> None:
    """Say of each `round` whether it rounds a double: of decimals both engines give the same."""
    rounds = dict(enumerate(tree.find_all(exp.Round)))
    if not rounds:
        return
    marked = query.tree.copy()
    for n, node in enumerate(marked.find_all(exp.Round)):
        node.meta[_NUMBER] = n
    for node in typed(replace(query, tree=marked), inputs).find_all(exp.Round):
        inner = node.this
        while isinstance(inner, exp.Paren | exp.Round):
            inner = inner.this
        if inner.type is not None and inner.type.this in (exp.DType.DOUBLE, exp.DType.FLOAT) and _NUMBER in node.meta:
            rounds[node.meta[_NUMBER]].meta["of_double"] = True
