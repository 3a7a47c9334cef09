"""Conditions: recorded of whom in which year, and held by whom in which."""

from __future__ import annotations

from accord.engine import Step
from accord.population.conditions.coding import STAY, UNDONE
from accord.tables import ACTIVITY, DIAGNOSIS, PERSON, PERSON_MONTH
from accord.tables.condition_lists import (
    ACCOUNTING_YEAR,
    CODE_MEANING,
    CONDITION_HELD,
    CONDITION_KIND,
    CONDITION_RECORD,
    HCC_CONDITION,
    PERSON_YEAR,
    YEAR_REACH,
)
from accord.tables.conditions import CONDITION
from accord.tables.working import ACTIVITY_IN_FORCE, CALENDAR_MONTH


def age_on(last_date: str, birth_date: str) -> str:
    """SQL of completed years on a day, 0 in the year of birth; NULL if birth is unknown."""
    return f"""greatest(0, extract(year from {last_date}) - extract(year from {birth_date})
    - case when extract(month from {last_date}) * 100 + extract(day from {last_date})
      < extract(month from {birth_date}) * 100 + extract(day from {birth_date}) then 1 else 0 end)"""


PERSON_YEARS = Step(
    name="accounting years of people",
    sql=f"""with month_of_year as (
  select m.month_date, y.year_number, y.last_date
  from calendar_month m join accounting_year y on m.month_date >= y.year_date and m.month_date <= y.last_date),
lived as (
  select distinct m.person_id, y.year_number, y.last_date
  from person_month m join month_of_year y on m.month_date = y.month_date)
select l.person_id, l.year_number,
  case when p.birth_date is not null then cast({age_on("l.last_date", "p.birth_date")} as integer) end as age_years
from lived l left join person p on l.person_id = p.person_id""",
    inputs=(PERSON_MONTH, CALENDAR_MONTH, ACCOUNTING_YEAR, PERSON),
    output=PERSON_YEAR,
    notes="""In: person_month, calendar_month, accounting_year, person. Out: person_year.
Units: completed years on the last day of the accounting year, also of those who died or left before. Leaves out: nobody of person_month.""",
)

# Dates as months counted from year 0 are never below 0, so that whole division means the same on every engine.
RECORDED = Step(
    name="conditions recorded",
    sql=f"""with first as (
  select extract(year from min(month_date)) * 12 + extract(month from min(month_date)) as first_month,
    max(next_month_date) as end_date from calendar_month),
oldest as (select min(recorded_number) as recorded_number from year_reach),
undone as ({UNDONE}),
stay as ({STAY}),
found as (
  select d.person_id, m.condition_number, d.diagnosis_date,
    greatest((extract(year from d.diagnosis_date) * 12 + extract(month from d.diagnosis_date) - f.first_month + 36000) // 12 - 3000,
      o.recorded_number) as year_number
  from diagnosis d
  join code_meaning m on d.code_system = m.code_system and d.code = m.code
  cross join first f
  cross join oldest o
  left join undone u on d.activity_id = u.activity_id
  left join stay s on d.activity_id = s.activity_id
  where d.person_id is not null and u.activity_id is null and d.diagnosis_date < f.end_date
    and (m.scope = 'any' or (m.scope = 'stay' and s.activity_id is not null) or (m.scope = 'urgent' and s.is_urgent and d.position = 1)))
select person_id, cast(year_number as integer) as year_number, condition_number, count(*) as n_record, min(diagnosis_date) as first_date
from found group by person_id, year_number, condition_number""",
    inputs=(DIAGNOSIS, CODE_MEANING, YEAR_REACH, ACTIVITY, ACTIVITY_IN_FORCE, CALENDAR_MONTH),
    output=CONDITION_RECORD,
    notes="""In: diagnosis, code_meaning, year_reach, activity, activity_in_force, calendar_month. Out: condition_record.
The oldest year of year_reach is one that no finite look-back reaches: older records are put into it, and only what lasts for ever is read from there.
Leaves out: diagnoses that code_seen gives a reason for, and those outside a classification's scope.""",
)

HELD = Step(
    name="conditions held",
    sql=f"""with reached as (
  select r.person_id, t.year_number, r.condition_number, r.n_record, r.first_date, y.last_date, k.from_age_years,
    t.year_number = r.year_number as is_own
  from condition_record r
  join condition_kind k on r.condition_number = k.condition_number
  join year_reach t on k.look_back_years = t.look_back_years and r.year_number = t.recorded_number
  join accounting_year y on t.year_number = y.year_number)
select r.person_id, r.year_number, r.condition_number, cast(sum(r.n_record) as bigint) as n_record, min(r.first_date) as first_date
from reached r
left join person_year p on r.person_id = p.person_id and r.year_number = p.year_number
left join person b on r.person_id = b.person_id
where (r.is_own or p.person_id is not null)
  and (r.from_age_years = 0 or b.birth_date is null or {age_on("r.last_date", "b.birth_date")} >= r.from_age_years)
group by r.person_id, r.year_number, r.condition_number""",
    inputs=(CONDITION_RECORD, CONDITION_KIND, YEAR_REACH, ACCOUNTING_YEAR, PERSON_YEAR, PERSON),
    output=CONDITION_HELD,
    notes="""In: condition_record, condition_kind, year_reach, accounting_year, person_year, person. Out: condition_held.
A record holds in its own year, and in the years that its classification's look-back reaches while the person is in person_month.
Leaves out: records of before the period that no year looks back on, and people below the age from which a register is kept.""",
)

CONDITIONS = Step(
    name="conditions",
    sql="""select h.person_id, y.year_date, k.classification, k.condition, h.n_record, h.first_date
from condition_held h
join condition_kind k on h.condition_number = k.condition_number
join accounting_year y on h.year_number = y.year_number
where k.is_published
union all
select person_id, year_date, classification, condition, n_record, first_date from hcc_condition""",
    inputs=(CONDITION_HELD, CONDITION_KIND, ACCOUNTING_YEAR, HCC_CONDITION),
    output=CONDITION,
    notes="""In: condition_held, condition_kind, accounting_year, hcc_condition. Out: condition.
Leaves out: what segments alone look at (lasting, passing).""",
)
