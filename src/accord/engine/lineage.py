"""A published column followed back through the steps to the tables that no step makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from accord.engine.step import Step
from accord.errors import UserError

Made = Mapping[str, tuple[tuple[str, str], ...]]
"""Of each column of a table, the (table, column) pairs it is made of."""


@dataclass(frozen=True)
class Hop:
    """One column on the way back: the step that makes it, and the (table, column) pairs it is made of.

    A leaf has step "" and no sources. Column "*" stands for the rows of a table, where they are counted.
    """

    step: str
    table: str
    column: str
    sources: tuple[tuple[str, str], ...]


def trace(steps: Sequence[Step], table: str, column: str) -> list[Hop]:
    """The hops from `table.column` back to the leaves, each column once, nearest first.

    Raises UserError for a table or column that is not there.
    """
    makers = {s.output.name: s for s in steps}
    names = {t.name: list(t.names) for s in steps for t in (*s.inputs, s.output)}
    made = {name: step.lineage() for name, step in makers.items() if name in _upstream(makers, table)}
    return follow({name: step.name for name, step in makers.items()}, made, names, table, column)


def follow(
    makers: Mapping[str, str], made: Mapping[str, Made], names: Mapping[str, Sequence[str]], table: str, column: str
) -> list[Hop]:
    """`trace` over what is recorded of steps. makers: table to step; made: table to what its columns are made of; names: table to columns."""
    _check(names, table, column)
    return list(_hops(makers, made, table, column))


def _upstream(makers: dict[str, Step], table: str) -> set[str]:
    reached, ahead = set(), [table]
    while ahead:
        name = ahead.pop()
        if name in makers and name not in reached:
            reached.add(name)
            ahead += [t.name for t in makers[name].inputs]
    return reached


def _hops(makers: Mapping[str, str], made: Mapping[str, Made], table: str, column: str) -> Iterator[Hop]:
    ahead, seen = [(table, column)], {(table, column)}
    while ahead:
        name, wanted = ahead.pop(0)
        found = made.get(name, {}).get(wanted, ())
        yield Hop(makers.get(name, ""), name, wanted, found)
        fresh = [s for s in found if s not in seen]
        seen.update(fresh)
        ahead += fresh


def _check(names: Mapping[str, Sequence[str]], table: str, column: str) -> None:
    if table not in names:
        raise _unknown(f"there is no table '{table}' in the steps", table, list(names))
    if column not in names[table]:
        raise _unknown(f"table '{table}' has no column '{column}'", column, list(names[table]))


def _unknown(what: str, name: str, known: list[str]) -> UserError:
    nearest = get_close_matches(name, known, n=1)
    mend = f"did you mean '{nearest[0]}'?" if nearest else f"choose among {', '.join(known)}"
    return UserError(what, where="the column asked for", what_to_do=mend)
