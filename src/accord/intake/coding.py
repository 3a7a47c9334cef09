"""Diagnosis and procedure codes into rows: those of an act's own record, and those that other files hold of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from accord.engine import Step
from accord.intake.layout import CodesSection
from accord.intake.plan import Plan
from accord.intake.reading import literal
from accord.intake.selecting import UNION, accepted, by_parts, part_of, step_of, system_of
from accord.tables import Table
from accord.tables.working import ACTIVITY_IN_FORCE, ATTACHMENT


def attachments(plans: Sequence[Plan]) -> Step:
    """In: raw tables, dropped, activity_in_force. Out: attachment: the records whose codes belong to an act of care of another file.

    Ties: of several acts of one number the first in episode_number, then the earliest, then the lowest id. Leaves out: nothing.
    """
    belonging = [accepted(p, f"{_ABOUT_RECORD}, {p.sql('belongs_to', 'spell_code')} as spell_code", person=False) for p in plans
                 if p.map.layout.belongs_to]  # fmt: skip
    if not belonging:
        return step_of("codes of their own files", [], plans, ATTACHMENT)
    named = [f"select v._partner_id as partner_id, {spell} as spell_code from {p.reading.select(spell)}"
             for p in plans if ("activity", "spell_code") in p.fields and (spell := p.sql("activity", "spell_code"))]  # fmt: skip
    sql = f"""with belonging as (
{UNION.join(belonging)}),
wanted as (select distinct partner_id, spell_code from belonging),
act as (
  select a.partner_id, a.spell_code, a.activity_id, a.person_id, a.start_date
  from activity_in_force a join wanted w on a.partner_id = w.partner_id and a.spell_code = w.spell_code
  qualify row_number() over (partition by a.partner_id, a.spell_code
    order by a.episode_number nulls last, a.start_date nulls last, a.activity_id nulls last) = 1),
named as (
{UNION.join(named) or "select partner_id, spell_code from act"}),
delivered as (select distinct n.partner_id, n.spell_code from named n join wanted w on n.partner_id = w.partner_id and n.spell_code = w.spell_code)
select b.submission_id, b.record_number, b.spell_code, case when a.activity_id is not null then 'attached'
    when d.spell_code is not null then 'not in force' else 'not found' end as standing,
  a.activity_id, a.person_id, a.start_date as care_date
from belonging b
left join act a on b.partner_id = a.partner_id and b.spell_code = a.spell_code
left join delivered d on b.partner_id = d.partner_id and b.spell_code = d.spell_code"""
    return step_of("codes of their own files", [sql], plans, ATTACHMENT, ACTIVITY_IN_FORCE)


_ABOUT_RECORD = "v._submission_id as submission_id, v._record_number as record_number, v._partner_id as partner_id"


def code_rows(plans: Sequence[Plan], output: Table) -> Step:
    """In: raw tables, dropped, sighting_person, attachment. Out: diagnosis or procedure, one row a code position that is filled.

    Codes that belong to an act of another file follow the act's own, in the order that their records state.
    Ties: by code system, code and day; what is equal in all of them is the same code twice.
    """
    own_parts, own = _own_codes([p for p in plans if p.map.layout.activity], output)
    parts, attached = _attached_codes([p for p in plans if p.map.layout.belongs_to], output)
    if not attached:
        return by_parts(f"{output.name} codes", own_parts, own, plans, output)
    nothing = f"select activity_id, person_id, stated_position as position, code_system, code, {output.name}_date from attached where false"
    placed = f"""own as (
{UNION.join(own) or nothing}),
last_own as (select activity_id, max(position) as position from own group by activity_id),
placed as (
  select activity_id, person_id, row_number() over (partition by activity_id order by stated_position nulls last, stated_order nulls last,
    code_system nulls last, code nulls last, {output.name}_date nulls last, submission_id nulls last, record_number nulls last) as place,
    code_system, code, {output.name}_date
  from attached)"""
    rows = [f"select activity_id, person_id, position, code_system, code, {output.name}_date from own",
            f"""select p.activity_id, p.person_id, cast(coalesce(o.position, 0) + p.place as integer) as position, p.code_system, p.code,
  p.{output.name}_date
from placed p left join last_own o on p.activity_id = o.activity_id"""]  # fmt: skip
    return by_parts(f"{output.name} codes", [*own_parts, *parts, f"attached as (\n{UNION.join(attached)})", placed], rows, plans, output)


def _attached_codes(plans: Sequence[Plan], output: Table) -> tuple[list[str], list[str]]:
    """Parts and rows of the codes of records that belong to an act of another file."""
    parts: list[str] = []
    each: list[str] = []
    for plan in plans:
        sections: list[CodesSection] = getattr(plan.map.layout, output.name)
        for i, section in enumerate(sections):
            values = {"stated_order": plan.sql("belongs_to", "order"), f"system_{i}": system_of(plan, section.system)}
            values |= dict(_codes_read(plan, i, section))
            columns = ", ".join([_ABOUT_RECORD, *(f"{sql} as {as_}" for as_, sql in values.items())])
            part = f"belonging_{plan.map.slug}_{i}"
            parts.append(f"{part} as (\n{accepted(plan, columns, person=False)})")
            for offset, _ in enumerate(_positions(section)):
                dated = f"coalesce(b.date_{i}_{offset}, a.care_date)" if section.dates else "a.care_date"
                each.append(f"""select a.activity_id, a.person_id, {section.first_position + offset} as stated_position, b.stated_order,
  b.system_{i} as code_system, b.code_{i}_{offset} as code, {dated} as {output.name}_date, b.submission_id, b.record_number
from {part} b join attachment a on b.submission_id = a.submission_id and b.record_number = a.record_number
where b.code_{i}_{offset} is not null and a.activity_id is not null""")
    return parts, each


def _own_codes(plans: Sequence[Plan], output: Table) -> tuple[list[str], list[str]]:
    """Parts and rows of the codes that stand in the records of the acts themselves."""
    parts: list[str] = []
    each: list[str] = []
    for plan in plans:
        sections: list[CodesSection] = getattr(plan.map.layout, output.name)
        if sections:
            values = {"care_date": plan.sql("activity", "start_date")}
            for i, section in enumerate(sections):
                values |= {f"system_{i}": system_of(plan, section.system), **dict(_codes_read(plan, i, section))}
            parts.append(part_of(plan, values, plan.has_activity))
            each += [row for i, section in enumerate(sections) for row in _codes(plan, i, section, output)]
    return parts, each


def _codes_read(plan: Plan, i: int, section: CodesSection) -> Iterator[tuple[str, str]]:
    for offset, (column, part) in enumerate(_positions(section)):
        taken = f"split_part({{x}}, {literal(section.split or '')}, {part})" if part else "{x}"
        yield f"code_{i}_{offset}", f"upper(replace({plan.reading.text(column, section.missing, taken)}, '.', ''))"
    for offset, column in enumerate(section.dates):
        yield f"date_{i}_{offset}", plan.code_date(section, column)[1]


def _codes(plan: Plan, i: int, section: CodesSection, output: Table) -> Iterator[str]:
    for offset, _ in enumerate(_positions(section)):
        dated = f"coalesce(date_{i}_{offset}, care_date)" if section.dates else "care_date"
        yield f"""select record_id as activity_id, person_id, {section.first_position + offset} as position, system_{i} as code_system,
  code_{i}_{offset} as code, {dated} as {output.name}_date
from accepted_{plan.map.slug} where code_{i}_{offset} is not null"""


def _positions(section: CodesSection) -> Iterator[tuple[str, int | None]]:
    if section.split:
        yield from ((section.columns[0], part) for part in range(1, section.most + 1))
    else:
        yield from ((column, None) for column in section.columns)
