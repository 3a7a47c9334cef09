"""Codes: which there are among the diagnoses, what each means, and of which nothing can be said."""

from __future__ import annotations

from accord.engine import Step
from accord.tables import ACTIVITY, DIAGNOSIS
from accord.tables.condition_lists import CLASSIFICATION_SYSTEM, CODE_MEANING, CODE_SEEN, CONDITION_CODE, CONDITION_KIND
from accord.tables.conditions import UNMAPPED_CODE
from accord.tables.working import ACTIVITY_IN_FORCE, CALENDAR_MONTH

# Both joins are with few of the acts of care: those taken back, and those that are stays. A join with all of them would cost as much again.
STAY = """select activity_id, coalesce(admission = 'emergency', false) and coalesce(episode_number, 1) = 1 as is_urgent
  from activity_in_force where setting = 'inpatient'"""
UNDONE = "select activity_id from activity where not is_in_force"

CODES_SEEN = Step(
    name="codes among the diagnoses",
    sql=f"""with period as (select max(next_month_date) as end_date from calendar_month),
undone as ({UNDONE}),
stay as ({STAY}),
placed as (
  select case when d.person_id is null then 'no person' when u.activity_id is not null then 'taken back'
      when d.diagnosis_date >= p.end_date then 'after the period' else 'counted' end as standing,
    coalesce(d.code_system, 'unknown') as code_system, d.code, d.person_id,
    case when s.activity_id is not null and d.person_id is not null then 1 end as is_stay,
    case when s.is_urgent and d.position = 1 and d.person_id is not null then 1 end as is_urgent
  from diagnosis d
  cross join period p
  left join undone u on d.activity_id = u.activity_id
  left join stay s on d.activity_id = s.activity_id),
of_person as (
  select standing, code_system, code, person_id, count(*) as n_record, count(is_stay) as n_stay, count(is_urgent) as n_urgent
  from placed group by standing, code_system, code, person_id)
select standing, code_system, code, cast(sum(n_record) as bigint) as n_record, count(person_id) as n_person,
  cast(sum(n_stay) as bigint) as n_stay_record, count(case when n_stay > 0 then 1 end) as n_stay_person,
  cast(sum(n_urgent) as bigint) as n_urgent_record, count(case when n_urgent > 0 then 1 end) as n_urgent_person
from of_person group by standing, code_system, code""",
    inputs=(DIAGNOSIS, ACTIVITY, ACTIVITY_IN_FORCE, CALENDAR_MONTH),
    output=CODE_SEEN,
    notes="""In: diagnosis, activity, activity_in_force, calendar_month. Out: code_seen.
A stay is an act of care of setting inpatient; an emergency's first-named diagnosis counts in its first episode (or where episodes have no number).
Leaves out: nothing. What does not count has its reason in `standing`, the first that holds (rows of attrition): nobody known, an act of care
that is taken back, a day after the place's period. Days before the period count: they are what later years look back on.""",
)


def _meant(n: int) -> str:
    """Codes joined by their first characters, as many as some list compares."""
    return f"select code_system, code, {n} as n_character, substr(code, 1, {n}) as start from seen"


CODE_MEANINGS = Step(
    name="what codes mean",
    sql=f"""with seen as (select code_system, code from code_seen where standing = 'counted'),
start as (
  {_meant(3)}
  union all
  {_meant(4)}
  union all
  {_meant(5)}
  union all
  select code_system, code, 0, code from seen)
select distinct s.code_system, s.code, c.condition_number, k.scope
from start s
join condition_code c on s.code_system = c.code_system and s.n_character = c.n_character and s.start = c.code
join condition_kind k on c.condition_number = k.condition_number""",
    inputs=(CODE_SEEN, CONDITION_CODE, CONDITION_KIND),
    output=CODE_MEANING,
    notes="""In: code_seen, condition_code, condition_kind. Out: code_meaning: a code means a condition if it begins as one of its codes.
A code may mean several conditions, also of one classification. Leaves out: codes that mean none, see unmapped_code.""",
)

_OF_SCOPE = "case k.scope when 'any' then s.n_{0} when 'stay' then s.n_stay_{0} else s.n_urgent_{0} end"

UNMAPPED_CODES = Step(
    name="codes of which nothing can be said",
    sql=f"""with looked as (select classification, scope from classification_system where code_system = ''),
meant as (
  select distinct k.classification, m.code_system, m.code
  from code_meaning m join condition_kind k on m.condition_number = k.condition_number),
held as (
  select k.classification, s.code_system, s.code, {_OF_SCOPE.format("record")} as n_record, {_OF_SCOPE.format("person")} as n_person,
    case when s.code_system = 'unknown' then 'no code system' when y.coverage is null then 'no map for this system'
      when y.coverage = 'whole' and m.code is null then 'in no group'
      when y.coverage = 'partial' and m.code is null then 'not in a partial list' end as reason
  from code_seen s
  cross join looked k
  left join classification_system y on k.classification = y.classification and s.code_system = y.code_system
  left join meant m on k.classification = m.classification and s.code_system = m.code_system and s.code = m.code
  where s.standing = 'counted')
select classification, code_system, code, reason, n_record, n_person from held where reason is not null and n_record > 0""",
    inputs=(CODE_SEEN, CODE_MEANING, CONDITION_KIND, CLASSIFICATION_SYSTEM),
    output=UNMAPPED_CODE,
    notes="""In: code_seen, code_meaning, condition_kind, classification_system. Out: unmapped_code.
Only diagnoses that the classification looks at are counted: those of general practice are none of a score of hospital stays.
Leaves out: codes that a list leaves out on purpose, which mean that the person does not have its conditions on their ground.""",
)
