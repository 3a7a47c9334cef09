"""Selects over a map's accepted records, and steps put together from them by UNION ALL."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from accord.engine import Step
from accord.intake.plan import Plan
from accord.intake.readers import Lookup
from accord.intake.reading import literal
from accord.tables import Table
from accord.tables.working import ATTACHMENT, DROPPED, ENTRY, SIGHTING_PERSON

UNION = "\nunion all\n"
"""What stands between the selects of several maps."""


def accepted(plan: Plan, columns: str, *, person: bool = True, condition: str = "", whole: bool = False) -> str:
    """SELECT of columns of a map's accepted records `v`, with their person `p`: those that count, or, if `whole`, every entry `e` of each."""
    used = f"{columns} {condition} {plan.sighting_key if person else ''}"
    entries = "\nleft join entry e on v._submission_id = e.submission_id and v._record_number = e.record_number" if plan.is_corrected else ""
    condition = f"{condition} and coalesce(e.is_in_force, true)".removeprefix(" and ") if entries and not whole else condition
    joined = f"\nleft join sighting_person p on {plan.sighting_key} = p.sighting_key" if person else ""
    return f"""select {columns}
from {plan.reading.select(used)}
left join dropped d on v._submission_id = d.submission_id and v._record_number = d.record_number{entries}{joined}
where d.record_number is null{f" and {condition}" if condition else ""}"""


def _read_by(sql: str, plans: Sequence[Plan], *more: Table) -> tuple[Table, ...]:
    """Of all tables that might be read, those that the text names: not every map has every section."""
    return tuple(t for t in (*(p.map.raw for p in plans), DROPPED, ENTRY, *more) if re.search(rf"(from|join) {t.name}\b", sql))


def step_of(what: str, each: Sequence[str], plans: Sequence[Plan], output: Table, *more: Table) -> Step:
    """A step of some selects; of none, a table without rows."""
    sql = UNION.join(each) or _nothing(plans[0], output)
    return Step(name=what, sql=sql, inputs=_read_by(sql, plans, *more), output=output)


def _nothing(plan: Plan, output: Table) -> str:
    columns = ", ".join(f"cast(null as {c.type.lower()}) as {c.name}" for c in output)
    return f"select {columns} from {plan.map.raw.name} where false"


def entered(plan: Plan) -> str:
    """The SQL of the id of what a record becomes: its own, unless it came to count anew or is taken back."""
    return "coalesce(e.activity_id, v._record_id)" if plan.is_corrected else "v._record_id"


def part_of(plan: Plan, values: Mapping[str, str], condition: str) -> str:
    """A named part: a map's accepted records with their person, worked out once however many columns become rows."""
    columns = ", ".join([f"{entered(plan)} as record_id", "p.person_id", *(f"{sql} as {as_}" for as_, sql in values.items())])
    return f"accepted_{plan.map.slug} as (\n{accepted(plan, columns, condition=condition)})"


def by_parts(what: str, parts: Sequence[str], each: Sequence[str], plans: Sequence[Plan], output: Table) -> Step:
    """A step of selects over named parts."""
    if not each:
        return step_of(what, [], plans, output, SIGHTING_PERSON)
    return step_of(what, [f"with {', '.join(parts)}\n{UNION.join(each)}"], plans, output, SIGHTING_PERSON, ATTACHMENT)


def system_of(plan: Plan, system: str | Lookup) -> str:
    """The SQL of a code system: stated once, or a lookup of a column; NULL where the record states one that is unknown."""
    if isinstance(system, str):
        return literal(system)
    text = plan.reading.text(system.lookup, system.missing)
    whens = " ".join(f"when {literal(theirs)} then {literal(ours)}" for theirs, ours in system.values.items())
    otherwise = f"else {literal(system.otherwise)} " if system.otherwise else ""
    return f"case {text} {whens} {otherwise}end"
