"""From combinations of identifiers to people. The steps are written for a place's identifier systems, the most trusted first."""

from __future__ import annotations

from collections.abc import Sequence

from accord.engine import Step
from accord.tables import PERSON, PERSON_LINK
from accord.tables.contract import Table, flag, text
from accord.tables.working import IDENTIFIER_HASH, LED_IDENTIFIER, PERSON_STATEMENT, SIGHTING_PERSON, sighting

RESOLVED = Table(
    name="resolved",
    meaning="One combination of identifiers and the identifier that stands for its person.",
    columns=(
        text("sighting_key", "The combination.", required=True, personal=True),
        text("person_key", "System, partner and value of the person's strongest identifier.", required=True, personal=True),
    ),
    key=("sighting_key",),
)
IDENTIFIER = Table(
    name="identifier",
    meaning="One identifier of any system.",
    columns=(
        text("identifier", "System, partner and value.", required=True, personal=True),
        text("identifier_system", "The system.", required=True),
        text("person_key", "The identifier of the person it leads to.", required=True, personal=True),
        flag("is_conflict", "Whether it was seen with two or more different stronger identifiers.", required=True),
    ),
    key=("identifier",),
)


def _key(system: str) -> str:
    return f"'{system}' || '|' || id_{system}"


def resolve(systems: Sequence[str]) -> Step:
    """In: sighting, led_identifier. Out: resolved.

    An identifier that a source states to be the same person's as another counts as the one that stands for that person. Then, level by
    level from the most trusted, an identifier leads to the one person that stronger identifiers seen beside it lead to; seen beside none
    it is a person; seen beside two or more it stays a person apart.
    """
    levels, previous = [_known(systems)], "known"
    for n, system in enumerate(systems):
        levels.append(_level(n, system, systems, previous))
        previous = f"level_{n}"
    return Step(
        name="one person behind many identifiers",
        sql=f"with {', '.join(levels)}\nselect sighting_key, person_key from {previous}",
        inputs=(sighting(systems), LED_IDENTIFIER),
        output=RESOLVED,
    )


def _known(systems: Sequence[str]) -> str:
    ids = ", ".join(f"coalesce(substr(l_{n}.leads_to, {len(system) + 2}), s.id_{system}) as id_{system}" for n, system in enumerate(systems))
    joins = "\n".join(f"  left join led_identifier l_{n} on '{system}|' || s.id_{system} = l_{n}.identifier" for n, system in enumerate(systems))
    return f"known as (\n  select s.sighting_key, {ids}\n  from sighting s\n{joins})"


def _level(n: int, system: str, systems: Sequence[str], previous: str) -> str:
    columns = ", ".join(f"s.id_{each}" for each in systems)
    if n == 0:
        return f"level_0 as (select s.sighting_key, {columns}, {_key(system)} as person_key from known s)"
    return f"""beside_{n} as (
  select id_{system}, min(person_key) as first_key, max(person_key) as last_key from {previous}
  where id_{system} is not null and person_key is not null group by id_{system}),
level_{n} as (
  select s.sighting_key, {columns},
    coalesce(s.person_key, case when b.first_key = b.last_key then b.first_key else {_key(f"{system}").replace("id_", "s.id_")} end) as person_key
  from {previous} s left join beside_{n} b on s.id_{system} = b.id_{system})"""


def identifiers(systems: Sequence[str]) -> Step:
    """In: sighting, resolved, led_identifier. Out: identifier, every identifier once."""
    each = "\nunion all\n".join(
        f"""select {_key(system).replace("id_", "s.id_")} as identifier, '{system}' as identifier_system, r.person_key
from sighting s join resolved r on s.sighting_key = r.sighting_key where s.id_{system} is not null"""
        for system in systems
    )
    return Step(
        name="identifiers",
        sql=f"""with every as (
{each}),
led as (select identifier, identifier_system, min(person_key) as first_key, max(person_key) as last_key from every
  group by identifier, identifier_system)
select led.identifier, identifier_system, case when first_key = last_key then first_key else led.identifier end as person_key,
  first_key <> last_key or coalesce(s.is_conflict, false) as is_conflict
from led left join led_identifier s on led.identifier = s.identifier""",
        inputs=(sighting(systems), RESOLVED, LED_IDENTIFIER),
        output=IDENTIFIER,
    )


PEOPLE_OF_SIGHTINGS = Step(
    name="people of sightings",
    sql="""select r.sighting_key, h.identifier_hash as person_id
from resolved r join identifier_hash h on r.person_key = h.identifier""",
    inputs=(RESOLVED, IDENTIFIER_HASH),
    output=SIGHTING_PERSON,
)


def links(systems: Sequence[str]) -> Step:
    """In: identifier, identifier_hash, sighting, led_identifier. Out: person_link: every identifier that leads to a person, and why."""
    first_known = "\nunion all\n".join(
        f"select {_key(system)} as identifier, known_at from sighting where id_{system} is not null" for system in systems
    )
    return Step(
        name="links from identifiers to people",
        sql=f"""with every as (
{first_known}),
first_known as (select identifier, min(known_at) as known_at from every group by identifier)
select p.identifier_hash as person_id, i.identifier_system, split_part(i.identifier, '|', 2) as partner_id,
  h.identifier_hash as identifier_hash,
  case when i.is_conflict then 'conflict' when i.identifier = i.person_key then 'strongest' when s.identifier is not null then 'stated'
    else 'joined' end as basis,
  s.start_date, s.end_date, case when i.identifier = i.person_key then f.known_at else coalesce(s.known_at, f.known_at) end as known_at
from identifier i
join identifier_hash h on i.identifier = h.identifier
join identifier_hash p on i.person_key = p.identifier
join first_known f on i.identifier = f.identifier
left join led_identifier s on i.identifier = s.identifier""",
        inputs=(IDENTIFIER, IDENTIFIER_HASH, sighting(systems), LED_IDENTIFIER),
        output=PERSON_LINK,
    )


def _most_stated(field: str) -> str:
    return f"""{field}_said as (
  select person_id, {field}, cast(sum(n_record) as bigint) as n from person_statement where {field} is not null group by person_id, {field}),
{field}_ranked as (
  select person_id, {field}, row_number() over (partition by person_id order by n desc nulls last, {field} nulls last) as place,
    count(*) over (partition by person_id) as n_said
  from {field}_said),
{field}_chosen as (select person_id, {field}, n_said from {field}_ranked where place = 1)"""


_FIELDS = ("birth_date", "sex", "ethnicity", "deprivation_decile")
PERSONS = Step(
    name="what is known of each person",
    sql=f"""with person_known as (select distinct person_id from sighting_person),
death as (select person_id, min(death_date) as death_date from person_statement group by person_id),
{", ".join(_most_stated(field) for field in _FIELDS)}
select k.person_id, birth_date_chosen.birth_date, sex_chosen.sex, death.death_date, ethnicity_chosen.ethnicity,
  deprivation_decile_chosen.deprivation_decile,
  coalesce(birth_date_chosen.n_said, 1) > 1 or coalesce(sex_chosen.n_said, 1) > 1 as has_conflict
from person_known k
left join death on k.person_id = death.person_id
{" ".join(f"left join {field}_chosen on k.person_id = {field}_chosen.person_id" for field in _FIELDS)}""",
    inputs=(SIGHTING_PERSON, PERSON_STATEMENT),
    output=PERSON,
    notes="""In: sighting_person, person_statement. Out: person.
Ties: what most records state stands; of equals the smallest. Of several dates of death, the earliest.""",
)
