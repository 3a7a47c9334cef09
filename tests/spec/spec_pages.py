"""A spec page read into cases: tables in, a step, and the table that comes out or the refusal. README.md tells how."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path

from accord.engine import Step
from accord.tables import PUBLISHED, Column, Table

GIVEN = re.compile(r"^Given `(?P<name>\w+)`(?:, as `(?P<module>[\w.]+):(?P<attribute>\w+)`)?")
WHEN = re.compile(r"^When(?: step `(?P<module>[\w.]+):(?P<attribute>\w+)`)?")
PARAMETER = re.compile(r"^- `\$(?P<name>\w+)` \((?P<type>[^`]+)\) is (?:`(?P<value>[^`]*)`|absent)$")
HEADING = re.compile(r"^(?P<name>\w+)(?: +(?P<type>[A-Z]+(?:\(\d+, *\d+\))?))?$")
CELL_END = re.compile(r"(?<!\\)\|")


class PageError(Exception):
    """A page that cannot be read as cases: the page, the line, what is wrong."""


@dataclass(frozen=True)
class Grid:
    """One ASCII table of a page, as text."""

    line: int
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Rows:
    """The rows of one input: its contract and full-width rows of Python values."""

    table: Table
    rows: tuple[tuple[object, ...], ...]


@dataclass(frozen=True)
class Case:
    """One section of a page."""

    title: str
    line: int
    step: Step
    given: Mapping[str, Rows]
    values: Mapping[str, object]
    shown: tuple[Column, ...] = ()
    expected: tuple[tuple[object, ...], ...] = ()
    refusals: tuple[str, ...] = ()


@dataclass
class Section:
    """What has been read of one section so far."""

    title: str
    line: int
    given: dict[str, tuple[Grid, re.Match[str]]] = field(default_factory=dict)
    named: tuple[str, str] | None = None
    sql: str | None = None
    parameters: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    expected: Grid | None = None
    refusals: list[str] = field(default_factory=list)
    expects_refusal: bool = False


def cases(page: Path) -> list[Case]:
    """Every case of a page. Raises PageError for a page that cannot be read, or that has none."""
    shared, *sections = list(_sections(page))
    if shared.sql or shared.named:
        sections = [shared, *sections]
    read = [_case(page, shared, section) for section in sections if section.sql or section.named]
    if not read or len(read) != len(sections):
        raise PageError(f"{page.name}: every section (## …) has a When and a Then; found {len(read)} in {len(sections)} sections")
    return read


def _sections(page: Path) -> Iterator[Section]:
    lines = page.read_text(encoding="utf-8").splitlines()
    section, waiting, at = Section(page.stem, 1), None, 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("## "):
            yield section
            section, waiting = Section(line[3:].strip(), at + 1), None
        elif match := GIVEN.match(line):
            waiting = match
        elif match := WHEN.match(line):
            waiting = match
            if match["module"]:
                section.named = (match["module"], match["attribute"])
        elif line.startswith("Then"):
            waiting, section.expects_refusal = "then", "refused" in line
        elif match := PARAMETER.match(line):
            section.parameters[match["name"]] = (match["type"], match["value"])
        elif line.startswith("```"):
            at = _fence(page, lines, at, section, waiting)
        elif line.startswith("|"):
            grid = _grid(page, lines, at)
            at += len(grid.rows) + 1
            _place(page, section, waiting, grid)
        elif line.startswith("> ") and section.expects_refusal:
            section.refusals.append(line[2:].strip())
        at += 1
    yield section


def _fence(page: Path, lines: Sequence[str], at: int, section: Section, waiting: object) -> int:
    end = next((n for n in range(at + 1, len(lines)) if lines[n].startswith("```")), None)
    if end is None:
        raise PageError(f"{page.name}, line {at + 1}: a block that is not closed")
    if lines[at].strip() == "```sql":
        if not (isinstance(waiting, re.Match) and waiting.re is WHEN):
            raise PageError(f"{page.name}, line {at + 1}: SQL that no `When` runs")
        section.sql = "\n".join(lines[at + 1 : end])
    return end


def _place(page: Path, section: Section, waiting: object, grid: Grid) -> None:
    if waiting == "then":
        section.expected = grid
    elif isinstance(waiting, re.Match) and waiting.re is GIVEN:
        section.given[waiting["name"]] = (grid, waiting)
    else:
        raise PageError(f"{page.name}, line {grid.line}: a table that follows neither Given nor Then")


def _grid(page: Path, lines: Sequence[str], at: int) -> Grid:
    end = next((n for n in range(at, len(lines)) if not lines[n].startswith("|")), len(lines))
    cells = [tuple(c.strip().replace("\\|", "|") for c in CELL_END.split(line.strip())[1:-1]) for line in lines[at:end]]
    headings, *rest = cells
    for offset, row in enumerate(rest):
        if len(row) != len(headings):
            raise PageError(f"{page.name}, line {at + offset + 2}: {len(row)} cells under {len(headings)} headings")
    if not rest or set("".join(rest[0])) - set("-: "):
        raise PageError(f"{page.name}, line {at + 2}: a line of dashes belongs below the headings")
    return Grid(at + 1, headings, tuple(rest[1:]))


def _case(page: Path, shared: Section, section: Section) -> Case:
    if section.expected is None and not section.refusals:
        raise PageError(f"{page.name}, line {section.line}: a section without a Then")
    givens = {**shared.given, **section.given}
    named = _named(page, *section.named) if section.named else None
    known = {t.name: t for t in named.inputs} if isinstance(named, Step) else {}
    given = {name: _rows(page, name, *found, known) for name, found in givens.items()}
    given |= {name: Rows(table, ()) for name, table in known.items() if name not in given}
    parameters = {**shared.parameters, **section.parameters}
    shown = _columns(page, section.expected, named.output if isinstance(named, Step) else None) if section.expected else ()
    step = named if isinstance(named, Step) else _step(section, given, parameters, shown)
    grid = section.expected.rows if section.expected else ()
    expected = tuple(tuple(value(cell, c.type) for cell, c in zip(row, shown, strict=True)) for row in grid)
    values = {name: None if text is None else value(text, kind) for name, (kind, text) in parameters.items()}
    return Case(section.title, section.line, step, given, values, shown, expected, tuple(section.refusals))


def _step(
    section: Section, given: Mapping[str, Rows], parameters: Mapping[str, tuple[str, str | None]], shown: Sequence[Column]
) -> Step:
    read = tuple(rows.table for name, rows in given.items() if re.search(rf"\b{name}\b", section.sql or ""))
    output = Table("result", "The result of the page's query.", tuple(shown), key=())
    return Step(section.title, section.sql or "", read, output, {name: kind for name, (kind, _) in parameters.items()})


def _named(page: Path, module: str, attribute: str) -> object:
    found = getattr(import_module(module), attribute, None)
    if not isinstance(found, Step | Table):
        raise PageError(f"{page.name}: {module}:{attribute} is neither a step nor a table")
    return found


def _rows(page: Path, name: str, grid: Grid, match: re.Match[str], known: Mapping[str, Table]) -> Rows:
    contract = _named(page, match["module"], match["attribute"]) if match["module"] else known.get(name, PUBLISHED.get(name))
    headings = [_heading(page, grid, h) for h in grid.headings]
    if all(kind for _, kind in headings):
        table = Table(name, f"Table {name} of the page.", tuple(Column(n, k, "") for n, k in headings), key=())
    elif isinstance(contract, Table):
        table = replace(contract, name=name)
    else:
        raise PageError(f"{page.name}, line {grid.line}: no contract is known for {name}; write a type after each heading")
    shown = _columns(page, grid, table)
    rows = [dict(zip((c.name for c in shown), row, strict=True)) for row in grid.rows]
    return Rows(table, tuple(tuple(value(row.get(c.name, ""), c.type) for c in table) for row in rows))


def _columns(page: Path, grid: Grid, contract: Table | None) -> tuple[Column, ...]:
    columns = []
    for name, kind in (_heading(page, grid, h) for h in grid.headings):
        if contract is not None and name not in contract.names:
            raise PageError(f"{page.name}, line {grid.line}: {contract.name} has no column {name}")
        if contract is None and not kind:
            raise PageError(f"{page.name}, line {grid.line}: write the type after {name}, such as {name} BIGINT")
        columns.append(contract[name] if contract is not None else Column(name, kind, ""))
    return tuple(columns)


def _heading(page: Path, grid: Grid, text: str) -> tuple[str, str]:
    match = HEADING.match(text)
    if match is None:
        raise PageError(f"{page.name}, line {grid.line}: a heading is a column's name and its type, not {text!r}")
    return match["name"], (match["type"] or "").replace(", ", ",")


def value(cell: str, kind: str) -> object:
    """A cell as a Python value of an engine type. An empty cell is NULL; '' is an empty text, and quotes keep spaces."""
    if cell == "":
        return None
    if kind == "VARCHAR":
        return cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == "'" else cell
    if kind.startswith("DECIMAL"):
        return Decimal(cell)
    if kind == "BOOLEAN":
        return {"true": True, "false": False}[cell]
    readers = {"DATE": date.fromisoformat, "TIMESTAMP": datetime.fromisoformat, "DOUBLE": float}
    return readers.get(kind, int)(cell)
