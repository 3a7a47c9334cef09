"""Which input columns one SELECT makes its output columns of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, build_scope

from accord.tables import Table

ROWS = "*"
Sources = frozenset[tuple[str, str]]


def sources(tree: exp.Query, inputs: Sequence[Table], output: Table) -> dict[str, tuple[tuple[str, str], ...]]:
    """Output column to its (input table, column) pairs, sorted. `tree` is qualified. A count of rows is (table, "*")."""
    scope = build_scope(tree)
    assert scope is not None
    spelt = {(t.name.casefold(), c.casefold()): (t.name, c) for t in inputs for c in (*t.names, ROWS)}
    reached = _Walk(spelt)
    return {name: tuple(sorted(reached.column(scope, place))) for place, name in enumerate(output.names)}


class _Walk:
    """A walk from columns through the scopes of one query down to its input tables; each column of each scope once."""

    def __init__(self, spelt: dict[tuple[str, str], tuple[str, str]]) -> None:
        self._spelt = spelt
        self._known: dict[tuple[int, int], Sources] = {}

    def column(self, scope: Scope, place: int) -> Sources:
        key = (id(scope), place)
        if key not in self._known:
            self._known[key] = frozenset()  # a recursive part meets itself here
            self._known[key] = frozenset(self._of_place(scope, place))
        return self._known[key]

    def _of_place(self, scope: Scope, place: int) -> Iterator[tuple[str, str]]:
        if scope.set_operation_scopes:
            for side in scope.set_operation_scopes:
                yield from self.column(side, place)
        elif isinstance(scope.expression, exp.Query):
            yield from self._of_expression(scope, scope.expression.selects[place])

    def _of_expression(self, scope: Scope, node: exp.Expr) -> Iterator[tuple[str, str]]:
        inner = {id(s.expression): s for s in scope.subquery_scopes}
        for part in node.walk(prune=lambda n: id(n) in inner):
            if id(part) in inner:
                for place in range(len(_names(inner[id(part)]))):
                    yield from self.column(inner[id(part)], place)
            elif isinstance(part, exp.Column):
                yield from self._of_column(scope, part)
            elif isinstance(part, exp.Count) and isinstance(part.this, exp.Star):
                yield from self._of_rows(scope)

    def _of_column(self, scope: Scope, column: exp.Column) -> Iterator[tuple[str, str]]:
        source = _source(scope, column.table)
        if isinstance(source, Scope):
            names = _names(source)
            if column.name.casefold() in names:
                yield from self.column(source, names.index(column.name.casefold()))
        elif isinstance(source, exp.Table):
            yield self._spelt[source.name.casefold(), column.name.casefold()]

    def _of_rows(self, scope: Scope) -> Iterator[tuple[str, str]]:
        for source in scope.selected_sources.values():
            if isinstance(source[1], Scope):
                for inner in source[1].set_operation_scopes or [source[1]]:
                    yield from self._of_rows(inner)
            elif isinstance(source[1], exp.Table):
                yield self._spelt[source[1].name.casefold(), ROWS]


def _source(scope: Scope | None, name: str) -> object:
    # A column of a correlated subquery belongs to a scope further out.
    while scope is not None:
        if name in scope.sources:
            return scope.sources[name]
        scope = scope.parent
    return None


def _names(scope: Scope) -> list[str]:
    # A list of VALUES has rows, not selected columns: what comes from it comes from no table.
    return [n.casefold() for n in scope.expression.named_selects] if isinstance(scope.expression, exp.Query) else []
