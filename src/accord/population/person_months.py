"""Registration spans into person-months."""

from __future__ import annotations

from accord.engine import Session, Step
from accord.tables import PERSON, PERSON_MONTH, REGISTRATION
from accord.tables.working import AGE_BAND, CALENDAR_MONTH

PERSON_MONTHS = Step(
    name="person-months",
    sql="""with in_month as (
  select r.person_id, r.population, m.month_date, r.organisation_id, r.start_date, r.end_date, r.registration_id
  from registration r
  join calendar_month m on r.start_date < m.next_month_date and coalesce(r.end_date, date '9999-12-31') > m.month_date
  where r.person_id is not null and (r.end_date is null or r.end_date > r.start_date)),
ranked as (
  select person_id, population, month_date, organisation_id, row_number() over (partition by person_id, population, month_date
    order by start_date desc nulls last, end_date desc nulls first, organisation_id nulls last, registration_id nulls last) as place
  from in_month),
latest as (
  select person_id, month_date,
    max(case when population = 'registered' then organisation_id end) as registered_id,
    max(case when population = 'resident' then organisation_id end) as resident_id,
    max(case when population = 'registered' then 1 else 0 end) as n_registered,
    max(case when population = 'resident' then 1 else 0 end) as n_resident
  from ranked where place = 1 group by person_id, month_date),
aged as (
  select l.person_id, l.month_date, l.registered_id, l.resident_id, l.n_registered, l.n_resident, p.sex,
    case when p.birth_date is null
        or extract(year from l.month_date) * 12 + extract(month from l.month_date) < extract(year from p.birth_date) * 12 + extract(month from p.birth_date)
      then null
      else greatest(0, extract(year from l.month_date) - extract(year from p.birth_date)
        - case when extract(month from l.month_date) * 100 + extract(day from l.month_date)
            < extract(month from p.birth_date) * 100 + extract(day from p.birth_date) then 1 else 0 end) end as age_years
  from latest l left join person p on l.person_id = p.person_id
  where p.death_date is null or p.death_date >= l.month_date)
select a.person_id, a.month_date, a.registered_id, a.resident_id, a.n_registered = 1 as is_registered, a.n_resident = 1 as is_resident,
  cast(a.age_years as integer) as age_years, coalesce(b.age_band, 'unknown') as age_band, coalesce(a.sex, 'unknown') as sex
from aged a left join age_band b on a.age_years >= b.from_years and a.age_years < b.below_years""",
    inputs=(REGISTRATION, CALENDAR_MONTH, PERSON, AGE_BAND),
    output=PERSON_MONTH,
    notes="""In: registration, calendar_month, person, age_band. Out: person_month: a month counts if a span touches any day of it.
Ties: of several spans in a month the one that began last, then the one that ends last, then the lower organisation and record.
A person with two memberships has one row a month. Units: completed years on the first of the month, 0 in the month of birth.
Leaves out: spans of nobody known, spans outside the period or without a day, months after the month of death (rows of attrition).""",
)


def build(session: Session) -> None:
    """In: registration, calendar_month, person, age_band. Out: person_month."""
    session.materialise(PERSON_MONTHS)
