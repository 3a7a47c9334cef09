"""Registration spans into person-months."""

from __future__ import annotations

from accord.engine import Session, Step
from accord.tables import PERSON, PERSON_MONTH, REGISTRATION
from accord.tables.working import AGE_BAND, CALENDAR_MONTH

PERSON_MONTHS = Step(
    name="person-months",
    sql="""with span as (
  select person_id, population, organisation_id, start_date, end_date, registration_id, count(*) over (partition by person_id, population) as n_span
  from registration where population in ('registered', 'resident') and person_id is not null and (end_date is null or end_date > start_date)),
ranked as (
  select s.person_id, s.population, m.month_date, s.organisation_id, row_number() over (partition by s.person_id, s.population, m.month_date
    order by s.start_date desc nulls last, s.end_date desc nulls first, s.organisation_id nulls last, s.registration_id nulls last) as place
  from span s
  join calendar_month m on s.start_date < m.next_month_date and coalesce(s.end_date, date '9999-12-31') > m.month_date
  where s.n_span > 1),
in_force as (
  select s.person_id, s.population, m.month_date, s.organisation_id
  from span s
  join calendar_month m on s.start_date < m.next_month_date and coalesce(s.end_date, date '9999-12-31') > m.month_date
  where s.n_span = 1
  union all
  select person_id, population, month_date, organisation_id from ranked where place = 1),
latest as (
  select person_id, month_date,
    max(case when population = 'registered' then organisation_id end) as registered_id,
    max(case when population = 'resident' then organisation_id end) as resident_id,
    max(case when population = 'registered' then 1 else 0 end) as n_registered,
    max(case when population = 'resident' then 1 else 0 end) as n_resident
  from in_force group by person_id, month_date),
age as (
  select b.birth_date, m.month_date,
    case when extract(year from m.month_date) * 12 + extract(month from m.month_date)
        < extract(year from b.birth_date) * 12 + extract(month from b.birth_date) then null
      else greatest(0, extract(year from m.month_date) - extract(year from b.birth_date)
        - case when extract(month from m.month_date) * 100 + extract(day from m.month_date)
            < extract(month from b.birth_date) * 100 + extract(day from b.birth_date) then 1 else 0 end) end as age_years
  from (select distinct birth_date from person where birth_date is not null) as b cross join calendar_month m),
band as (
  select k.age_years, b.age_band from (select distinct age_years from age) as k
  left join age_band b on k.age_years >= b.from_years and k.age_years < b.below_years),
banded as (
  select a.birth_date, a.month_date, cast(a.age_years as integer) as age_years, b.age_band from age a join band b on a.age_years = b.age_years)
select l.person_id, l.month_date, l.registered_id, l.resident_id, l.n_registered = 1 as is_registered, l.n_resident = 1 as is_resident,
  b.age_years, coalesce(b.age_band, 'unknown') as age_band, coalesce(p.sex, 'unknown') as sex
from latest l
left join person p on l.person_id = p.person_id
left join banded b on p.birth_date = b.birth_date and l.month_date = b.month_date
where p.death_date is null or p.death_date >= l.month_date""",
    inputs=(REGISTRATION, CALENDAR_MONTH, PERSON, AGE_BAND),
    output=PERSON_MONTH,
    notes="""In: registration, calendar_month, person, age_band. Out: person_month: a month counts if a span touches any day of it.
Ties: of several spans in a month the one that began last, then the one that ends last, then the lower organisation and record.
A person's only span needs no ranking. A person with two memberships has one row a month.
Units: completed years on the first of the month, 0 in the month of birth.
Leaves out: what a payer's list or a person's choice says; as rows of attrition, spans of nobody known, outside the period or without a day,
and months after the month of death.""",
)


def build(session: Session) -> None:
    """In: registration, calendar_month, person, age_band. Out: person_month."""
    session.materialise(PERSON_MONTHS)
