"""Run one case of a page on one engine, and tell in tables how the answer differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from spec_engines import Engine
from spec_pages import Case, Rows, shown_rows

from accord.errors import UserError
from accord.tables import ACTIVITY, Column

Lines = Counter[tuple[str, ...]]
Shown = Sequence[Column]


class PageDiffersError(AssertionError):
    """The answer is not the page's."""


def run_case(case: Case, engine: Engine) -> None:
    """Run `case` on `engine`. Raises PageDiffersError, with both sides, if the page does not hold."""
    if case.refusals:
        _refused(case, engine)
    elif case.place:
        made = case.place.make(list(case.made), engine.run)
        for name, holds in case.made.items():
            shown, expected = shown_rows(holds.grid, made[name].table)
            _compare(f"{case.title}: `{name}`", engine, _chosen(made[name], holds.where), shown, expected)
    elif case.step:
        rows = engine.run(case.step, case.given, case.values)
        _compare(case.title, engine, Rows(case.step.output, tuple(rows)), case.shown, case.expected)


def _chosen(found: Rows, where: Mapping[str, str]) -> Rows:
    places = [(found.table.names.index(column), text) for column, text in where.items()]
    return Rows(found.table, tuple(row for row in found.rows if all(str(row[at]) == text for at, text in places)))


def _compare(title: str, engine: Engine, found: Rows, shown: Shown, expected: Sequence[tuple[object, ...]]) -> None:
    places = [found.table.names.index(c.name) for c in shown]
    got = Counter(tuple(cell(row[p], c) for p, c in zip(places, shown, strict=True)) for row in found.rows)
    wanted = Counter(tuple(cell(v, c) for v, c in zip(row, shown, strict=True)) for row in expected)
    if got != wanted:
        raise PageDiffersError(_told(title, engine, shown, (wanted - got, got - wanted, wanted & got)))


def cell(value: object, column: Column) -> str:
    """One value as it stands in a page: decimals at their full scale, an absent value as nothing, an empty text as ''."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return _decimal(value, int(column.type.rstrip(")").split(",")[1]))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.12g}"
    return str(value) or "''"


def _decimal(exact: Decimal, scale: int) -> str:
    # A page that shows more places than the type has must not pass by being rounded.
    full = round(exact, scale)
    return f"{full:f}" if full == exact else f"{exact:f}"


def _refused(case: Case, engine: Engine) -> None:
    try:
        if case.place:
            case.place.make([ACTIVITY.name], engine.run)
        elif case.step:
            case.step.check()
    except UserError as error:
        said = " ".join(str(error).split())
        missing = [text for text in case.refusals if " ".join(text.split()) not in said]
        if missing:
            raise PageDiffersError(
                f"{case.title}: refused, but in other words.\n  the page: {missing}\n  the error: {error}"
            ) from None
    else:
        raise PageDiffersError(f"{case.title}: the page says it is refused, and it is not\n{case.step.text() if case.step else ''}")


def _told(title: str, engine: Engine, shown: Shown, sides: tuple[Lines, Lines, Lines]) -> str:
    missing, extra, same = sides
    names = tuple(c.name for c in shown)
    marked = [("  ", names), *_marked("- ", missing), *_marked("+ ", extra), *_marked("  ", same)]
    table = _aligned(marked)
    return f"{title}: {engine.name} gives other rows (- the page's, + the engine's)\n" + "\n".join(table)


def _marked(mark: str, rows: Lines) -> list[tuple[str, tuple[str, ...]]]:
    return [(mark, row) for row in sorted(rows.elements())]


def _aligned(marked: Sequence[tuple[str, tuple[str, ...]]]) -> list[str]:
    widths = [max(len(row[n]) for _, row in marked) for n in range(len(marked[0][1]))]
    return [mark + "| " + " | ".join(v.ljust(w) for v, w in zip(row, widths, strict=True)) + " |" for mark, row in marked]
