"""What must hold between the sections of a map, and within its table of positions."""

from __future__ import annotations

from collections.abc import Iterator

from accord.intake.layout import Layout
from accord.intake.readers import READER_KINDS, Weekly
from accord.place.toml_faults import Fault, nearest


def layout_faults(layout: Layout) -> Iterator[Fault]:
    """What does not hold between the sections of a map."""
    read = layout.read_columns()
    if not read:
        mend = f"give it a section such as [activity], whose fields are readers ({', '.join(READER_KINDS)})"
        yield Fault((), "the map reads no column", mend)
    yield from _ignored_wrongly(layout, set(read))
    for column in sorted(layout.may_lack() - set(read) - set(layout.ignored_columns())):
        near = nearest(column, read)
        mend = f"take it out, or correct the name{f' (did you mean {near!r}?)' if near else ''}"
        yield Fault(("file", "may_lack"), f"may_lack names {column!r}, which no section reads", mend)
    systems = [i.system for i in layout.identifier]
    for i, system in enumerate(systems):
        if system in systems[:i]:
            yield Fault(("identifier", i, "system"), f"identifier system {system!r} is named twice", "keep one [[identifier]] of each system")
    if (layout.activity or layout.registration or layout.person) and not layout.identifier:
        mend = "add an [[identifier]] with column, system and scope: it says which column tells who the person is"
        yield Fault((), "the map has records about people but no [[identifier]]", mend)
    populations = [r.population for r in layout.registration]
    for i, population in enumerate(populations):
        if population in populations[:i]:
            what = f"two [[registration]] sections are of one population, {population!r}"
            yield Fault(("registration", i, "population"), what, "keep one: a record registers a person in each population once")
    yield from _rates_at_odds(layout)
    yield from _codes_of_nothing(layout)
    yield from _repeated_columns(layout)
    yield from _positions_at_odds(layout, set(read))


def _rates_at_odds(layout: Layout) -> Iterator[Fault]:
    """A record whose money is a rate becomes several activities: what is not a rate would be repeated in each."""
    if not layout.activity or not layout.has_rates():
        return
    said = {field: reader for field in type(layout.activity).model_fields if (reader := getattr(layout.activity, field)) is not None}
    rates = [field for field, reader in said.items() if isinstance(reader, Weekly)]
    for field in ("gross_amount", "client_amount", "other_funder_amount", "net_amount", "cost"):
        if field in said and field not in rates:
            what = f"{field} is not a rate, and {rates[0] if rates else 'another amount'} is: it would count in every month"
            yield Fault(("activity", field), what, 'write every amount of the section as { weekly = "COLUMN" }, or none')
    if "gross_amount" in rates and "net_amount" in rates:
        mend = "read the gross amount and the shares, and ignore the net with that reason: it is the gross less the shares, day by day"
        yield Fault(("activity", "net_amount"), "both gross_amount and net_amount are rates: their days would be rounded apart", mend)
    for field in ("quantity", "duration_minutes"):
        if rates and field in said:
            mend = "take it out, or make it an [[observation]]: the quantity of a rate is its days"
            yield Fault(("activity", field), f"{field} would be repeated in every month of a rate", mend)


def _codes_of_nothing(layout: Layout) -> Iterator[Fault]:
    coded = [name for name in ("diagnosis", "procedure") if getattr(layout, name)]
    for name in coded:
        if not layout.activity and not layout.belongs_to:
            mend = "add the section [activity], or [belongs_to] if another file holds the act of care"
            yield Fault((name,), f"the map has codes of a {name} but no act of care that they belong to", mend)
    if layout.belongs_to and layout.activity:
        yield Fault(("belongs_to",), "a record is an act of care or belongs to one, not both", "keep one of [activity] and [belongs_to]")
    if layout.belongs_to and not coded:
        yield Fault(("belongs_to",), "the map has no codes that could belong to an act of care", "add a [[diagnosis]] or [[procedure]]")


def _ignored_wrongly(layout: Layout, read: set[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for i, ignored in enumerate(layout.ignore):
        for column in ignored.columns:
            if column in read:
                yield Fault(("ignore", i, "columns"), f"column {column!r} is read by a section and ignored too", "take it out of one of them")
            if column in seen:
                yield Fault(("ignore", i, "columns"), f"column {column!r} is ignored twice", "keep one of the two")
            seen.add(column)


def _repeated_columns(layout: Layout) -> Iterator[Fault]:
    """An observation's row is told by its column: twice the same would be two rows of one key."""
    seen: set[tuple[str, str]] = set()
    for i, section in enumerate(layout.observation):
        for column in section.columns:
            if (section.system, column) in seen:
                yield Fault(("observation", i, "columns"), f"column {column!r} is observed twice under {section.system!r}", "keep one of the two")
            seen.add((section.system, column))


def _positions_at_odds(layout: Layout, read: set[str]) -> Iterator[Fault]:
    """Every character of a record belongs to one column, every column is read or ignored, and every column that is read is somewhere."""
    positions = layout.file.positions
    if not positions:
        return
    named: set[str] = set()
    follows = 1
    for i, each in enumerate(positions):
        where = ("file", "positions", i)
        last = each.first + each.width - 1
        if each.column.lower() in named:
            yield Fault(where, f"column {each.column!r} has two positions, capitals aside", "give each column a name of its own")
        if each.first < follows:
            what = f"column {each.column!r} stands at {each.first} to {last}, and the column before it ends at {follows - 1}: they overlap"
            yield Fault(where, what, "list the columns in order, and correct the first character or the width of one of them")
        if each.first > follows:
            what = f"characters {follows} to {each.first - 1}, before {each.column!r}, belong to no column"
            yield Fault(where, what, 'name them, such as "filler_1", and add the name to an [[ignore]] with the reason; or correct a width')
        named.add(each.column.lower())
        follows = last + 1
    yield from _columns_without_position(layout, read) or _positions_without_meaning(layout, read)


def _columns_without_position(layout: Layout, read: set[str]) -> list[Fault]:
    known = {each.column for each in layout.file.positions}
    near = {column: nearest(column, known) for column in read - known}
    return [
        Fault(path, f"the map reads {column!r}, which has no position",
              f"correct the name, or give it a position{f' (did you mean {near[column]!r}?)' if near[column] else ''}")
        for path, column in layout.columns_by_key() if column not in known
    ]  # fmt: skip


def _positions_without_meaning(layout: Layout, read: set[str]) -> list[Fault]:
    told = read | set(layout.ignored_columns())
    return [
        Fault(("file", "positions", i), f"column {each.column!r} has a position, and the map does not say what it is",
              "read it in a section, or add it to an [[ignore]] with the reason")
        for i, each in enumerate(layout.file.positions) if each.column not in told
    ]  # fmt: skip
