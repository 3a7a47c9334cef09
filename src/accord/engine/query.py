"""A step's text as a tree: parsed, told apart from what DuckDB would fill in silently, qualified and typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import dedent

from sqlglot import exp, tokenize
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, SqlglotError, TokenError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema
from sqlglot.tokenizer_core import TokenType

from accord.errors import UserError
from accord.tables import Table

NULL_ORDERINGS = ("nulls_are_last", "nulls_are_small", "nulls_are_large")


@dataclass(frozen=True)
class Query:
    """A parsed step. `silent` holds the id of each ORDER BY key that does not say NULLS FIRST or LAST."""

    step: str
    text: str
    tree: exp.Query
    parameters: Mapping[str, str]
    silent: frozenset[int]

    def line(self, node: exp.Expr) -> int:
        """The line of the text, from 1, on which `node` begins; the nearest that is known."""
        found = [n.meta["line"] for n in node.walk() if "line" in n.meta]
        if found:
            return int(min(found))
        return self.line(node.parent) if node.parent is not None else 1

    def where(self, *lines: int) -> str:
        """The place in words, for an error."""
        several = sorted(set(lines))
        if not several:
            return f"step '{self.step}'"
        word = "line" if len(several) == 1 else "lines"
        return f"step '{self.step}', {word} {', '.join(map(str, several))} of its SQL"


def clean(sql: str) -> str:
    """The text without the indentation and blank lines that its place in a Python file gives it."""
    return dedent(sql).strip().removesuffix(";").rstrip()


def parse(step: str, sql: str, parameters: Mapping[str, str]) -> Query:
    """Parse one SELECT (or a UNION of several). Raises UserError for anything else."""
    text = clean(sql)
    tree, *others = _trees(step, text)
    silent = frozenset(
        id(key[0])
        for key in zip(*(list(t.find_all(exp.Ordered)) for t in (tree, *others)), strict=True)
        if len({bool(k.args["nulls_first"]) for k in key}) > 1
    )
    return Query(step, text, tree, parameters, silent)


def _trees(step: str, text: str) -> list[exp.Query]:
    # sqlglot fills in what an ORDER BY key leaves unsaid by its dialect's habit. Where three habits
    # agree, the text said it itself.
    trees = []
    for ordering in NULL_ORDERINGS:
        dialect = Dialect.get_or_raise("duckdb")
        dialect.NULL_ORDERING = ordering
        trees.append(_one_select(step, text, dialect))
        if trees[0].find(exp.Ordered) is None:
            break
    return trees


def _one_select(step: str, text: str, dialect: Dialect) -> exp.Query:
    try:
        parsed = [t for t in dialect.parse(text) if t is not None]
    except (ParseError, TokenError) as error:
        details = getattr(error, "errors", None) or [{}]
        line = details[0].get("line")
        where = f"step '{step}'" + (f", line {line} of its SQL" if line else "")
        what = f"step '{step}' is not SQL that can be read: {details[0].get('description', error)}"
        raise UserError(what, where=where, what_to_do="correct the text near " + repr(details[0].get("highlight", ""))) from None
    if len(parsed) != 1 or not isinstance(parsed[0], exp.Query) or isinstance(parsed[0], exp.Subquery):
        what = f"step '{step}' is not one SELECT"
        raise UserError(what, where=f"step '{step}'", what_to_do="write one SELECT; put earlier parts in `with` before it")
    return parsed[0]


def with_parameters(text: str, put: Callable[[str], str]) -> str:
    """The text with each `$parameter` replaced by `put(parameter)`; every other character and line stays."""
    tokens = tokenize(text, dialect="duckdb")
    pieces, done = [], 0
    for mark, named in pairwise(tokens):
        if mark.token_type == TokenType.PARAMETER and named.start == mark.end + 1:
            pieces += [text[done : mark.start], put(named.text)]
            done = named.end + 1
    return "".join([*pieces, text[done:]])


def typed(query: Query, inputs: Sequence[Table]) -> exp.Query:
    """The tree with every column qualified by its table and every expression typed, as far as sqlglot knows types."""
    tables: dict[str, object] = {t.name: dict(t.types) for t in inputs}
    schema = MappingSchema(tables, dialect="duckdb")
    tree = query.tree.copy()
    for mark in list(tree.find_all(exp.Placeholder)):
        mark.replace(exp.cast(exp.null(), query.parameters[mark.name], dialect="duckdb"))
    try:
        qualified = qualify(
            tree, schema=schema, dialect="duckdb", validate_qualify_columns=False, identify=False, quote_identifiers=False
        )
        annotated = annotate_types(qualified, schema=schema, dialect="duckdb")
    except SqlglotError as error:
        raise UserError(
            f"the columns of step '{query.step}' cannot be followed: {error}",
            where=query.where(),
            what_to_do="write the table's alias before each column",
        ) from None
    assert isinstance(annotated, exp.Query)
    return annotated
