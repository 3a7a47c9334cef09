"""One place where a step leaves the portable subset, and the questions that the rules ask of a parsed text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

MOST_SHOWN = 60
QUOTED_OR_NOT = re.compile(r"""('[^']*'|"[^"]*")|([^'"]+)""")


@dataclass(frozen=True)
class Breach:
    """What stands in the text (`node`), why it may not (`why`), and what to write instead (`instead`)."""

    node: exp.Expr
    why: str
    instead: str


def shown(node: exp.Expr) -> str:
    """The text of a node for a message: one line, cut where it is long."""
    text = QUOTED_OR_NOT.sub(lambda found: found[1] or found[2].lower(), node.sql(dialect="duckdb", comments=False))
    return f"`{text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + '…'}`"


def calls(tree: exp.Expr, classes: tuple[type[exp.Expr], ...], names: frozenset[str]) -> Iterator[exp.Expr]:
    """The calls of functions that sqlglot knows as `classes`, or does not know but that bear one of `names`."""
    for node in tree.find_all(exp.Anonymous, *classes):
        if not isinstance(node, exp.Anonymous) or node.name.lower() in names:
            yield node


def bare(node: exp.Expr | None) -> exp.Expr | None:
    """The node inside its parentheses and casts."""
    while isinstance(node, exp.Paren | exp.Cast):
        node = node.this
    return node


def lands_uncast(node: exp.Expr) -> bool:
    """Whether the value reaches an output column with no cast on the way. What only decides or orders does not land."""
    inner: exp.Expr = node
    outer = node.parent
    while outer is not None:
        if isinstance(outer, exp.Cast | exp.Predicate | exp.Ordered | exp.Where | exp.Having | exp.Qualify | exp.Join | exp.Div):
            return False
        if isinstance(outer, exp.Select):
            return inner.arg_key == "expressions"
        inner, outer = outer, outer.parent
    return False
