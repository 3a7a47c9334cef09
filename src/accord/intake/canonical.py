"""Accepted records into canonical tables: one SELECT a map, put together by UNION ALL. Written from the maps' plans."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from accord.engine import Step
from accord.intake.compile import compile_reader, decimal
from accord.intake.layout import CodesSection, ObservationSection, RegistrationSection
from accord.intake.plan import Plan, identifying
from accord.intake.readers import Code, FirstOf, Lookup
from accord.intake.reading import literal
from accord.tables import ACTIVITY, OBSERVATION, ORGANISATION, REGISTRATION, Table
from accord.tables.working import (
    ACTIVITY_IN_FORCE,
    DROPPED,
    ORGANISATION_STATEMENT,
    PARTNER,
    PERSON_STATEMENT,
    SIGHTING_PERSON,
    sighting,
)

_UNION = "\nunion all\n"


def _accepted(plan: Plan, columns: str, *, person: bool = True, condition: str = "") -> str:
    """SELECT of columns of a map's accepted records `v`, with their person `p`."""
    used = f"{columns} {condition} {plan.sighting_key if person else ''}"
    joined = f"\nleft join sighting_person p on {plan.sighting_key} = p.sighting_key" if person else ""
    return f"""select {columns}
from {plan.reading.select(used)}
left join dropped d on v._submission_id = d.submission_id and v._record_number = d.record_number{joined}
where d.record_number is null{f" and {condition}" if condition else ""}"""


def _read_by(sql: str, plans: Sequence[Plan], *more: Table) -> tuple[Table, ...]:
    """Of all tables that might be read, those that the text names: not every map has every section."""
    return tuple(t for t in (*(p.map.raw for p in plans), DROPPED, *more) if re.search(rf"(from|join) {t.name}\b", sql))


def _step(what: str, each: Sequence[str], plans: Sequence[Plan], output: Table, *more: Table) -> Step:
    sql = _UNION.join(each) or _nothing(plans[0], output)
    return Step(name=what, sql=sql, inputs=_read_by(sql, plans, *more), output=output)


def _nothing(plan: Plan, output: Table) -> str:
    columns = ", ".join(f"cast(null as {c.type.lower()}) as {c.name}" for c in output)
    return f"select {columns} from {plan.map.raw.name} where false"


def sightings(plans: Sequence[Plan], systems: Sequence[str]) -> Step:
    """In: raw tables, dropped. Out: sighting: each distinct combination of identifiers that an accepted record shows.

    Leaves out: records without an identifier that can identify someone (missing_person in issue).
    """
    names = [f"id_{system}" for system in systems]
    each = []
    for plan in (p for p in plans if p.identifiers):
        ids = ", ".join(f"{plan.identifiers.get(s, 'cast(null as varchar)')} as id_{s}" for s in systems)
        each.append(_accepted(plan, f"{ids}, v._received_at as known_at", person=False))
    output = sighting(systems)
    if not each:
        return _step("sightings of people", [], plans, output)
    columns = ", ".join(names)
    key = " || '|' || ".join(f"coalesce({n}, '')" for n in names)
    usable = [identifying(s, f"split_part(id_{s}, '|', 2)") if s == "nhs_number" else f"id_{s}" for s in systems]
    valid = [f"case when {u} is not null then {n} end as {n}" if u != n else n for n, u in zip(names, usable, strict=True)]
    sql = f"""with every as (
{_UNION.join(each)}),
distinct_one as (select {columns}, min(known_at) as known_at from every where coalesce({columns}, '') <> '' group by {columns})
select sighting_key, {columns}, known_at from (
  select {key} as sighting_key, {", ".join(valid)}, known_at from distinct_one) as held
where coalesce({columns}, '') <> ''"""
    return _step("sightings of people", [sql], plans, output)


def person_statements(plans: Sequence[Plan]) -> Step:
    """In: raw tables, dropped, sighting_person. Out: person_statement."""
    fields = ("birth_date", "sex", "death_date", "ethnicity", "deprivation_decile")
    each = []
    for plan in (p for p in plans if p.map.layout.person):
        stated = ", ".join(f"{plan.sql('person', field)} as {field}" for field in fields)
        each.append(_accepted(plan, f"p.person_id, {stated}", condition="p.person_id is not null"))
    if not each:
        return _step("what records state of people", [], plans, PERSON_STATEMENT, SIGHTING_PERSON)
    sql = f"""with every as (
{_UNION.join(each)})
select person_id, {', '.join(fields)}, count(*) as n_record from every group by person_id, {', '.join(fields)}"""
    return _step("what records state of people", [sql], plans, PERSON_STATEMENT, SIGHTING_PERSON)


def registrations(plans: Sequence[Plan]) -> Step:
    """In: raw tables, dropped, sighting_person. Out: registration, one row a record and population."""
    each = [_registration(plan, i, section) for plan in plans for i, section in enumerate(plan.map.layout.registration)]
    return _step("registrations", each, plans, REGISTRATION, SIGHTING_PERSON)


def _registration(plan: Plan, i: int, section: RegistrationSection) -> str:
    columns = f"""v._record_id as registration_id, {literal(section.population)} as population, p.person_id,
  {plan.sql("registration", i, "organisation")} as organisation_id, {plan.sql("registration", i, "start_date")} as start_date,
  {plan.sql("registration", i, "end_date")} as end_date, v._received_at as known_at"""
    return _accepted(plan, columns, condition=plan.condition(section.when))


def _currency_system(plan: Plan) -> str:
    reader = plan.map.layout.activity.currency if plan.map.layout.activity else None
    if isinstance(reader, FirstOf):
        codes = [(compile_reader(r, plan.reading, target="VARCHAR").sql, r.system) for r in reader.first_of if isinstance(r, Code)]
        return f"case {' '.join(f'when {code} is not null then {_system(plan, system)}' for code, system in codes)} end"
    return _system(plan, reader.system) if isinstance(reader, Code) else "cast(null as varchar)"


def _system(plan: Plan, system: str | Lookup) -> str:
    """The SQL of a code system: stated once, or a lookup of a column; NULL where the record states one that is unknown."""
    if isinstance(system, str):
        return literal(system)
    text = plan.reading.text(system.lookup, system.missing)
    whens = " ".join(f"when {literal(theirs)} then {literal(ours)}" for theirs, ours in system.values.items())
    otherwise = f"else {literal(system.otherwise)} " if system.otherwise else ""
    return f"case {text} {whens} {otherwise}end"


_AS_READ = (
    "admission", "service_code", "start_date", "end_date", "admission_date", "discharge_date", "spell_code", "episode_number",
    "admission_source_code", "discharge_destination_code", "quantity", "duration_minutes",
)  # fmt: skip


def _activity(plan: Plan) -> str:
    read = {f: plan.sql("activity", f) for f in _AS_READ}
    values = {
        "activity_id": "v._record_id", "person_id": "p.person_id", "partner_id": "v._partner_id",
        "provider_id": plan.sql("activity", "provider"), "payer_id": plan.sql("activity", "payer"),
        "practice_id": plan.sql("activity", "practice"), "setting": plan.sql("activity", "setting"),
        "currency_system": _currency_system(plan), "currency_code": plan.sql("activity", "currency"), **read, **plan.amounts,
        "cost_basis": f"case when {plan.amounts['cost']} is null then 'none' else 'reported' end",
        "reverses_id": "cast(null as bigint)", "is_in_force": "true", "known_at": "v._received_at", "submission_id": "v._submission_id",
        "record_number": "v._record_number",
    }  # fmt: skip
    columns = ",\n  ".join(f"{values[c]} as {c}" for c in ACTIVITY.names)
    return _accepted(plan, columns, condition=plan.has_activity)


def activities(plans: Sequence[Plan]) -> Step:
    """In: raw tables, dropped, sighting_person. Out: activity. Leaves out: records that are no act of care (an audit counts them)."""
    return _step("activity", [_activity(p) for p in plans if p.map.layout.activity], plans, ACTIVITY, SIGHTING_PERSON)


IN_FORCE = Step(
    name="activity in force",
    sql=f"select {', '.join(ACTIVITY_IN_FORCE.names)} from activity where is_in_force",
    inputs=(ACTIVITY,),
    output=ACTIVITY_IN_FORCE,
    notes="In: activity. Out: activity_in_force. Leaves out: reversing rows, and what they take back.",
)


def _part(plan: Plan, values: Mapping[str, str], condition: str) -> str:
    """A named part: a map's accepted records with their person, worked out once however many columns become rows."""
    columns = ", ".join(["v._record_id as record_id", "p.person_id", *(f"{sql} as {as_}" for as_, sql in values.items())])
    return f"accepted_{plan.map.slug} as (\n{_accepted(plan, columns, condition=condition)})"


def _by_parts(what: str, parts: Sequence[str], each: Sequence[str], plans: Sequence[Plan], output: Table) -> Step:
    if not each:
        return _step(what, [], plans, output, SIGHTING_PERSON)
    return _step(what, [f"with {', '.join(parts)}\n{_UNION.join(each)}"], plans, output, SIGHTING_PERSON)


def code_rows(plans: Sequence[Plan], output: Table) -> Step:
    """In: raw tables, dropped, sighting_person. Out: diagnosis or procedure, one row a code position that is filled."""
    parts: list[str] = []
    each: list[str] = []
    for plan in plans:
        sections: list[CodesSection] = getattr(plan.map.layout, output.name)
        if sections:
            values = {"care_date": plan.sql("activity", "start_date")}
            for i, section in enumerate(sections):
                values |= {f"system_{i}": _system(plan, section.system), **dict(_codes_read(plan, i, section))}
            parts.append(_part(plan, values, plan.has_activity))
            each += [row for i, section in enumerate(sections) for row in _codes(plan, i, section, output)]
    return _by_parts(f"{output.name} codes", parts, each, plans, output)


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


def observations(plans: Sequence[Plan]) -> Step:
    """In: raw tables, dropped, sighting_person. Out: observation, one row a filled column. A number that cannot be read is kept as text."""
    parts: list[str] = []
    each: list[str] = []
    for plan in plans:
        sections = plan.map.layout.observation
        if sections:
            values = {f"date_{i}": plan.sql("observation", i, "date") for i, _ in enumerate(sections)}
            values |= {f"value_{n}": plan.reading.text(column, section.missing) for n, _, section, column in _observable(plan)}
            parts.append(_part(plan, values, ""))
            each += _observed(plan)
    return _by_parts("observations", parts, each, plans, OBSERVATION)


def _observable(plan: Plan) -> Iterator[tuple[int, int, ObservationSection, str]]:
    """Each column that is observed: its place within the record, its section's place, its section, its name."""
    columns = [(i, section, column) for i, section in enumerate(plan.map.layout.observation) for column in section.columns]
    yield from ((n, i, section, column) for n, (i, section, column) in enumerate(columns, 1))


def _observed(plan: Plan) -> Iterator[str]:
    for n, i, section, column in _observable(plan):
        number = decimal(f"value_{n}", "decimal(18, 6)") if section.value == "number" else "cast(null as decimal(18, 6))"
        yield f"""select record_id as observation_id, {n} as position, person_id, {literal(section.system)} as code_system,
  {literal(column)} as code, date_{i} as observation_date, {number} as value_number, case when {number} is null then value_{n} end as value_text
from accepted_{plan.map.slug} where value_{n} is not null"""


def organisation_statements(plans: Sequence[Plan]) -> Step:
    """In: raw tables, dropped, activity, registration. Out: organisation_statement: listed by files, or only referred to."""
    each = [_listed_organisation(plan) for plan in plans if plan.map.layout.organisation]
    roles = (
        ("provider_id", "case setting when 'gp' then 'gp_practice' when 'inpatient' then 'hospital' when 'outpatient' then 'hospital' "
         "when 'emergency' then 'hospital' when 'community' then 'community' when 'mental_health' then 'mental_health' "
         "when 'pharmacy' then 'pharmacy' when 'ambulance' then 'ambulance' "
         "when 'voluntary' then 'voluntary' else 'other' end"),
        ("payer_id", "'payer'"), ("practice_id", "'gp_practice'"),
    )  # fmt: skip
    each += [_referred(column, kind, "activity") for column, kind in roles]
    each.append(_referred("organisation_id", "case population when 'resident' then 'area' else 'gp_practice' end", "registration"))
    sql = f"with every as (\n{_UNION.join(each)})\nselect distinct organisation_id, name, kind, parent_id, known_from from every"
    return _step("what records state of organisations", [sql], plans, ORGANISATION_STATEMENT, ACTIVITY, REGISTRATION)


def _listed_organisation(plan: Plan) -> str:
    columns = f"""{plan.sql("organisation", "id")} as organisation_id, {plan.sql("organisation", "name")} as name,
  coalesce({plan.sql("organisation", "kind")}, 'other') as kind, {plan.sql("organisation", "parent")} as parent_id, 'file' as known_from"""
    return _accepted(plan, columns, person=False)


def _referred(column: str, kind: str, table: str) -> str:
    return f"""select {column} as organisation_id, cast(null as varchar) as name, {kind} as kind, cast(null as varchar) as parent_id,
  'referred_to' as known_from
from {table} where {column} is not null"""


ORGANISATIONS = Step(
    name="organisations",
    sql="""with every as (
  select partner_id as organisation_id, name, kind, cast(null as varchar) as parent_id, 'place' as known_from, 1 as trust from partner
  union all
  select organisation_id, name, kind, parent_id, known_from, case known_from when 'file' then 2 else 3 end from organisation_statement),
ranked as (
  select organisation_id, name, kind, parent_id, known_from, row_number() over (partition by organisation_id
    order by trust nulls last, name nulls last, kind nulls last, parent_id nulls last) as place
  from every)
select organisation_id, name, kind, parent_id, known_from from ranked where place = 1""",
    inputs=(PARTNER, ORGANISATION_STATEMENT),
    output=ORGANISATION,
    notes="""In: partner, organisation_statement. Out: organisation.
Ties: place.toml before a file before a mere mention; then name, kind and parent in alphabetical order.""",
)

