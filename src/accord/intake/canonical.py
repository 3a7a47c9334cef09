"""Accepted records into canonical tables: one SELECT a map, put together by UNION ALL. Written from the maps' plans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from accord.engine import Step
from accord.intake import spread
from accord.intake.compile import compile_reader, decimal
from accord.intake.layout import ObservationSection, RegistrationSection
from accord.intake.plan import Plan, identifying
from accord.intake.readers import Code, FirstOf
from accord.intake.reading import literal
from accord.intake.selecting import UNION, accepted, by_parts, entered, part_of, step_of, system_of
from accord.tables import ACTIVITY, OBSERVATION, ORGANISATION, REGISTRATION
from accord.tables.working import (
    ACTIVITY_IN_FORCE,
    CALENDAR_MONTH,
    ORGANISATION_STATEMENT,
    PARTNER,
    PERSON_STATEMENT,
    SAME_PERSON,
    SIGHTING_PERSON,
    sighting,
)


def sightings(plans: Sequence[Plan], systems: Sequence[str]) -> Step:
    """In: raw tables, dropped. Out: sighting: each distinct combination of identifiers that an accepted record shows.

    Leaves out: records without an identifier that can identify someone (missing_person in issue).

    That is asked of what is grouped, and with `known_at` in the question: an engine would put it otherwise into the reading of every single
    file, and take longer to plan that for some hundreds of files than to run everything else.
    """
    names = [f"id_{system}" for system in systems]
    each = []
    for plan, shown in ((p, s) for p in plans for s in _shown_together(p)):
        ids = ", ".join(f"{shown.get(s, 'cast(null as varchar)')} as id_{s}" for s in systems)
        each.append(accepted(plan, f"{ids}, v._received_at as known_at", person=False, whole=True))
    output = sighting(systems)
    if not each:
        return step_of("sightings of people", [], plans, output)
    columns = ", ".join(names)
    key = " || '|' || ".join(f"coalesce({n}, '')" for n in names)
    usable = [identifying(s, f"split_part(id_{s}, '|', 2)") if s == "nhs_number" else f"id_{s}" for s in systems]
    valid = [f"case when {u} is not null then {n} end as {n}" if u != n else n for n, u in zip(names, usable, strict=True)]
    sql = f"""with every as (
{UNION.join(each)}),
distinct_one as (select {columns}, min(known_at) as known_at from every group by {columns})
select sighting_key, {columns}, known_at from (
  select {key} as sighting_key, {", ".join(valid)}, known_at from distinct_one) as held
where case when known_at is not null then coalesce({columns}, '') end <> ''"""
    return step_of("sightings of people", [sql], plans, output)


def _shown_together(plan: Plan) -> Iterator[Mapping[str, str]]:
    """Which identifiers a map's records show together: those that name the person; and each that is stated to be another's, by itself."""
    if plan.identifiers:
        yield plan.identifiers
    for said in plan.map.layout.same_person:
        yield from ({said.system: f"case when {plan.condition(said.when)} then {sql} end"} for sql in plan.stated(said))


def same_people(plans: Sequence[Plan]) -> Step:
    """In: raw tables, dropped. Out: same_person, each statement once. Leaves out: what states an identifier to be its own."""
    each = []
    for plan, i, said in ((p, i, said) for p in plans for i, said in enumerate(p.map.layout.same_person)):
        previous, current = plan.stated(said)
        system = literal(f"{said.system}|")
        columns = f"""{literal(said.system)} as identifier_system, {system} || {previous} as previous_identifier,
  {system} || {current} as current_identifier, {plan.sql("same_person", i, "start_date")} as start_date,
  {plan.sql("same_person", i, "end_date")} as end_date, v._received_at as known_at"""
        each.append(accepted(plan, columns, person=False, condition=plan.condition(said.when)))
    if not each:
        return step_of("statements that two identifiers are one person's", [], plans, SAME_PERSON)
    sql = f"""with every as (
{UNION.join(each)})
select identifier_system, previous_identifier, current_identifier, min(start_date) as start_date, max(end_date) as end_date,
  min(known_at) as known_at
from every where previous_identifier <> current_identifier group by identifier_system, previous_identifier, current_identifier"""
    return step_of("statements that two identifiers are one person's", [sql], plans, SAME_PERSON)


def person_statements(plans: Sequence[Plan]) -> Step:
    """In: raw tables, dropped, sighting_person. Out: person_statement."""
    fields = ("birth_date", "sex", "death_date", "ethnicity", "deprivation_decile")
    each = []
    for plan in (p for p in plans if p.map.layout.person):
        stated = ", ".join(f"{plan.sql('person', field)} as {field}" for field in fields)
        each.append(accepted(plan, f"p.person_id, {stated}", condition="p.person_id is not null"))
    if not each:
        return step_of("what records state of people", [], plans, PERSON_STATEMENT, SIGHTING_PERSON)
    sql = f"""with every as (
{UNION.join(each)})
select person_id, {', '.join(fields)}, count(*) as n_record from every group by person_id, {', '.join(fields)}"""
    return step_of("what records state of people", [sql], plans, PERSON_STATEMENT, SIGHTING_PERSON)


def registrations(plans: Sequence[Plan]) -> Step:
    """In: raw tables, dropped, sighting_person. Out: registration, one row a record and population."""
    each = [_registration(plan, i, section) for plan in plans for i, section in enumerate(plan.map.layout.registration)]
    return step_of("registrations", each, plans, REGISTRATION, SIGHTING_PERSON)


def _registration(plan: Plan, i: int, section: RegistrationSection) -> str:
    columns = f"""{entered(plan)} as registration_id, {literal(section.population)} as population, p.person_id,
  {plan.sql("registration", i, "organisation")} as organisation_id, {plan.sql("registration", i, "start_date")} as start_date,
  {plan.sql("registration", i, "end_date")} as end_date, v._received_at as known_at"""
    return accepted(plan, columns, condition=plan.condition(section.when))


def _currency_system(plan: Plan) -> str:
    reader = plan.map.layout.activity.currency if plan.map.layout.activity else None
    if isinstance(reader, FirstOf):
        codes = [(compile_reader(r, plan.reading, target="VARCHAR").sql, r.system) for r in reader.first_of if isinstance(r, Code)]
        return f"case {' '.join(f'when {code} is not null then {system_of(plan, system)}' for code, system in codes)} end"
    return system_of(plan, reader.system) if isinstance(reader, Code) else "cast(null as varchar)"


_AS_READ = (
    "admission", "service_code", "start_date", "end_date", "admission_date", "discharge_date", "spell_code", "episode_number",
    "admission_source_code", "discharge_destination_code", "quantity", "duration_minutes",
)  # fmt: skip


def _taken_back(plan: Plan, amounts: Mapping[str, str]) -> dict[str, str]:
    """Quantities and amounts of an activity, the other way round in a row that takes one back."""
    if not plan.is_corrected:
        return dict(amounts)
    kinds = {name: kind.lower() for name, kind in ACTIVITY.types.items()}
    return {name: f"cast(case when e.reverses_id is not null then -({sql}) else {sql} end as {kinds[name]})" for name, sql in amounts.items()}


def _activity(plan: Plan) -> str:
    read = {f: plan.sql("activity", f) for f in _AS_READ}
    counted = _taken_back(plan, {f: read[f] for f in ("quantity", "duration_minutes")} | dict(plan.amounts))
    corrected = plan.is_corrected
    values = {
        "activity_id": entered(plan), "person_id": "p.person_id", "partner_id": "v._partner_id",
        "provider_id": plan.sql("activity", "provider"), "payer_id": plan.sql("activity", "payer"),
        "practice_id": plan.sql("activity", "practice"), "setting": plan.sql("activity", "setting"),
        "currency_system": _currency_system(plan), "currency_code": plan.sql("activity", "currency"), **read, **counted,
        "cost_basis": f"case when {plan.amounts['cost']} is null then 'none' else 'reported' end",
        "reverses_id": "e.reverses_id" if corrected else "cast(null as bigint)",
        "is_in_force": "coalesce(e.is_in_force, true)" if corrected else "true",
        "known_at": "coalesce(e.known_at, v._received_at)" if corrected else "v._received_at", "submission_id": "v._submission_id",
        "record_number": "v._record_number",
    }  # fmt: skip
    if plan.has_rates:
        return spread.by_month(plan.reading, values, plan.rates, lambda columns: accepted(plan, columns, condition=plan.has_activity, whole=True))
    columns = ",\n  ".join(f"{values[c]} as {c}" for c in ACTIVITY.names)
    return accepted(plan, columns, condition=plan.has_activity, whole=True)


def activities(plans: Sequence[Plan]) -> Step:
    """In: raw tables, dropped, sighting_person. Out: activity. Leaves out: records that are no act of care (an audit counts them)."""
    return step_of("activity", [_activity(p) for p in plans if p.map.layout.activity], plans, ACTIVITY, SIGHTING_PERSON, CALENDAR_MONTH)


IN_FORCE = Step(
    name="activity in force",
    sql=f"select {', '.join(ACTIVITY_IN_FORCE.names)} from activity where is_in_force",
    inputs=(ACTIVITY,),
    output=ACTIVITY_IN_FORCE,
    notes="In: activity. Out: activity_in_force. Leaves out: reversing rows, and what they take back.",
)


def observations(plans: Sequence[Plan]) -> Step:
    """In: raw tables, dropped, sighting_person. Out: observation, one row a filled column. A number that cannot be read is kept as text."""
    parts: list[str] = []
    each: list[str] = []
    for plan in plans:
        sections = plan.map.layout.observation
        if sections:
            values = {f"date_{i}": plan.sql("observation", i, "date") for i, _ in enumerate(sections)}
            values |= {f"value_{n}": plan.reading.text(column, section.missing) for n, _, section, column in _observable(plan)}
            parts.append(part_of(plan, values, ""))
            each += _observed(plan)
    return by_parts("observations", parts, each, plans, OBSERVATION)


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
    kind = "case population when 'resident' then 'area' when 'registered' then 'gp_practice' else 'other' end"
    each.append(_referred("organisation_id", kind, "registration"))
    sql = f"with every as (\n{UNION.join(each)})\nselect distinct organisation_id, name, kind, parent_id, known_from from every"
    return step_of("what records state of organisations", [sql], plans, ORGANISATION_STATEMENT, ACTIVITY, REGISTRATION)


def _listed_organisation(plan: Plan) -> str:
    columns = f"""{plan.sql("organisation", "id")} as organisation_id, {plan.sql("organisation", "name")} as name,
  coalesce({plan.sql("organisation", "kind")}, 'other') as kind, {plan.sql("organisation", "parent")} as parent_id, 'file' as known_from"""
    return accepted(plan, columns, person=False)


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

