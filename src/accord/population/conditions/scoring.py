"""Scores: the points of the conditions that people hold, and their bands; and the one segment of each person."""

from __future__ import annotations

from accord.engine import Step
from accord.population.conditions.holding import age_on
from accord.tables import PERSON
from accord.tables.condition_lists import (
    ACCOUNTING_YEAR,
    CONDITION_HELD,
    CONDITION_WEIGHT,
    HCC_SCORE,
    PERSON_YEAR,
    SCORE_BAND,
    SEGMENT_RULE,
)
from accord.tables.conditions import PERSON_SCORE, SEGMENT
from accord.tables.working import ACTIVITY_IN_FORCE

SCORES = Step(
    name="scores",
    sql=f"""with weighed as (
  select h.person_id, h.year_number, w.score, case when g.condition_number is null then w.weight else 0 end as weight
  from condition_held h
  join condition_weight w on h.condition_number = w.condition_number
  left join condition_held g on h.person_id = g.person_id and h.year_number = g.year_number and w.gives_way_number = g.condition_number),
summed as (
  select person_id, year_number, score, cast(sum(weight) as decimal(18, 6)) as value from weighed group by person_id, year_number, score),
aged as (
  select s.person_id, y.year_date, s.score, s.value,
    case when p.birth_date is not null then {age_on("y.last_date", "p.birth_date")} end as age_years
  from summed s
  join accounting_year y on s.year_number = y.year_number
  left join person p on s.person_id = p.person_id)
select a.person_id, a.year_date, a.score, a.value, b.band
from aged a
left join score_band b on a.score = b.score and a.value >= b.from_value and a.value < b.below_value
  and (b.from_age_years = 0 or a.age_years >= b.from_age_years)
union all
select person_id, year_date, score, value, band from hcc_score""",
    inputs=(CONDITION_HELD, CONDITION_WEIGHT, SCORE_BAND, ACCOUNTING_YEAR, PERSON, HCC_SCORE),
    output=PERSON_SCORE,
    notes="""In: condition_held, condition_weight, score_band, accounting_year, person, hcc_score. Out: person_score.
A condition counts once a year however often it was recorded, and not at all beside the graver one that it gives way to.
Units: points. Bands are those of the score's source; frailty has none below its age or where birth is unknown.
Leaves out: people without any condition of a score, whose score is 0.""",
)

SEGMENTS = Step(
    name="segments",
    sql="""with urgent as (
  select distinct a.person_id, y.year_number
  from activity_in_force a join accounting_year y on a.start_date >= y.year_date and a.start_date <= y.last_date
  where a.setting = 'inpatient' and a.admission = 'emergency' and a.person_id is not null),
met as (
  select h.person_id, h.year_number, r.rule_number
  from condition_held h join segment_rule r on r.kind = 'condition' and h.condition_number = r.condition_number
  union all
  select p.person_id, p.year_number, r.rule_number
  from person_score s
  join accounting_year y on s.year_date = y.year_date
  join person_year p on s.person_id = p.person_id and y.year_number = p.year_number
  join segment_rule r on r.kind = 'score' and s.score = r.score and s.value >= r.from_value and p.age_years >= r.from_age_years
  union all
  select p.person_id, p.year_number, r.rule_number
  from person_year p join segment_rule r on r.kind = 'age' and p.age_years >= r.from_age_years and p.age_years < r.below_age_years
  union all
  select u.person_id, u.year_number, r.rule_number from urgent u join segment_rule r on r.kind = 'emergency_stay'
  union all
  select p.person_id, p.year_number, r.rule_number from person_year p join segment_rule r on r.kind = 'else'),
first as (select person_id, year_number, min(rule_number) as rule_number from met group by person_id, year_number)
select p.person_id, y.year_date, r.segment, r.because
from person_year p
join accounting_year y on p.year_number = y.year_number
join first f on p.person_id = f.person_id and p.year_number = f.year_number
join segment_rule r on f.rule_number = r.rule_number""",
    inputs=(PERSON_YEAR, ACCOUNTING_YEAR, CONDITION_HELD, PERSON_SCORE, SEGMENT_RULE, ACTIVITY_IN_FORCE),
    output=SEGMENT,
    notes="""In: person_year, accounting_year, condition_held, person_score, segment_rule, activity_in_force. Out: segment.
Ties: of the rules that hold the first in the rulebook's order. Units: completed years on the last day of the accounting year; an unknown
age meets no rule that asks for one. Leaves out: people who are not in person_month in the year.""",
)
