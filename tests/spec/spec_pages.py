"""A spec page read into cases: tables in, a step, and the table that comes out or the refusal. README.md tells how.

A page may hold maps and files instead, and show tables that a run makes of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path

from spec_place import PageFile, PagePlace, Rows, systems_of

from accord.engine import Step
from accord.tables import PUBLISHED, Column, Table, working

GIVEN = re.compile(r"^Given `(?P<name>\w+)`(?:, as `(?P<module>[\w.]+):(?P<attribute>\w+)`)?")
WHEN = re.compile(r"^When(?: step `(?P<module>[\w.]+):(?P<attribute>\w+)`)?")
PARAMETER = re.compile(r"^- `\$(?P<name>\w+)` \((?P<type>[^`]+)\) is (?:`(?P<value>[^`]*)`|absent)$")
MAP = re.compile(r"^Given the map `(?P<map>\w+)`")
FILE = re.compile(r"^Given the file `(?P<file>[^`]+)`(?P<about>.*)$")
MAP_OF_FILE = re.compile(r"under the map `(\w+)`")
PARTNER_OF_FILE = re.compile(r"from `(\w+)`")
DAY_OF_FILE = re.compile(r"received on `([\d-]+)`")
CORRECTED = re.compile(r"corrected `(\w+)`")
WITHDRAWN = re.compile(r"withdrawn on `([\d-]+)`")
GIVEN_OF_FILE = re.compile(r"`(\w+)` = `([^`]*)`")
TRUST = re.compile(r"^People are known by (?P<systems>`.*)")
HOLDS = re.compile(r"^(?:Then|and|And) `(?P<made>\w+)` holds(?:, where (?P<where>.*))?")
CONDITION = re.compile(r"`(\w+)` is `([^`]*)`")
WORKING = {t.name: t for t in vars(working).values() if isinstance(t, Table)}
RECEIVED = "2026-04-01"
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
class Holds:
    """What a made table is to hold: its rows, or those of them where each named column has the text given."""

    grid: Grid
    where: Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """One section of a page. `place`, with the tables it is to hold in `made`, takes the place of the step where the page has files."""

    title: str
    line: int
    step: Step | None
    given: Mapping[str, Rows]
    values: Mapping[str, object]
    shown: tuple[Column, ...] = ()
    expected: tuple[tuple[object, ...], ...] = ()
    refusals: tuple[str, ...] = ()
    place: PagePlace | None = None
    made: Mapping[str, Holds] = field(default_factory=dict)


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
    maps: dict[str, str] = field(default_factory=dict)
    files: dict[str, tuple[Grid, str]] = field(default_factory=dict)
    trust: tuple[str, ...] = ()
    made: dict[str, Holds] = field(default_factory=dict)


def cases(page: Path) -> list[Case]:
    """Every case of a page. Raises PageError for a page that cannot be read, or that has none."""
    shared, *sections = list(_sections(page))
    if shared.sql or shared.named:
        sections = [shared, *sections]
    read = [_case(page, shared, section) for section in sections if section.sql or section.named or section.made or _is_refused(shared, section)]
    if not read or len(read) != len(sections):
        raise PageError(f"{page.name}: every section (## …) has a When (or files) and a Then; found {len(read)} in {len(sections)} sections")
    return read


def _is_refused(shared: Section, section: Section) -> bool:
    """Whether a section shows that a map or a file is refused."""
    return bool(section.refusals and (shared.files or section.files))


def _sections(page: Path) -> Iterator[Section]:
    lines = page.read_text(encoding="utf-8").splitlines()
    section, waiting, at = Section(page.stem, 1), None, 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("## "):
            yield section
            section, waiting = Section(line[3:].strip(), at + 1), None
        elif match := GIVEN.match(line) or MAP.match(line) or FILE.match(line) or HOLDS.match(line):
            waiting = match
        elif match := TRUST.match(line):
            section.trust = tuple(re.findall(r"`(\w+)`", match["systems"]))
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
    elif lines[at].strip() == "```toml" and isinstance(waiting, re.Match) and waiting.re is MAP:
        section.maps[waiting["map"]] = "\n".join(lines[at + 1 : end]) + "\n"
    return end


def _place(page: Path, section: Section, waiting: object, grid: Grid) -> None:
    if waiting == "then":
        section.expected = grid
    elif isinstance(waiting, re.Match) and waiting.re is GIVEN:
        section.given[waiting["name"]] = (grid, waiting)
    elif isinstance(waiting, re.Match) and waiting.re is FILE:
        section.files[waiting["file"]] = (grid, waiting["about"])
    elif isinstance(waiting, re.Match) and waiting.re is HOLDS:
        section.made[waiting["made"]] = Holds(grid, dict(CONDITION.findall(waiting["where"] or "")))
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
    if section.expected is None and not section.refusals and not section.made:
        raise PageError(f"{page.name}, line {section.line}: a section without a Then")
    givens = {**shared.given, **section.given}
    if section.made or _is_refused(shared, section):
        return _of_files(page, shared, section, givens)
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


def _of_files(page: Path, shared: Section, section: Section, givens: Mapping[str, tuple[Grid, re.Match[str]]]) -> Case:
    maps = {**shared.maps, **section.maps}
    files = [_file(page, name, *found, maps) for name, found in {**shared.files, **section.files}.items()]
    given = {name: _rows(page, name, *found, WORKING) for name, found in givens.items()}
    place = PagePlace(maps, section.trust or shared.trust or systems_of(maps), files, given)
    return Case(section.title, section.line, None, given, {}, refusals=tuple(section.refusals), place=place, made=section.made)


def _file(page: Path, name: str, grid: Grid, about: str, maps: Mapping[str, str]) -> PageFile:
    map_id = found[1] if (found := MAP_OF_FILE.search(about)) else next(iter(maps), "")
    if map_id not in maps:
        raise PageError(f"{page.name}, line {grid.line}: the file {name} is under the map {map_id!r}, which the page does not give")
    partner = found[1] if (found := PARTNER_OF_FILE.search(about)) else "PARTNER"
    day = found[1] if (found := DAY_OF_FILE.search(about)) else RECEIVED
    records = tuple(tuple(str(v) if (v := value(cell, "VARCHAR")) else None for cell in row) for row in grid.rows)
    corrects = found[1] if (found := CORRECTED.search(about)) else "never"
    withdrawn = datetime.fromisoformat(found[1]) if (found := WITHDRAWN.search(about)) else None
    given = dict(GIVEN_OF_FILE.findall(about))
    return PageFile(name, map_id, partner, datetime.fromisoformat(day), given, grid.headings, records, corrects, withdrawn)


def shown_rows(grid: Grid, table: Table) -> tuple[tuple[Column, ...], tuple[tuple[object, ...], ...]]:
    """The columns that a table of a page shows, under a contract, and its rows as values."""
    shown = _columns(Path(table.name), grid, table)
    return shown, tuple(tuple(value(cell, c.type) for cell, c in zip(row, shown, strict=True)) for row in grid.rows)


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
