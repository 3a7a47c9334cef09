"""What is known of each person before the year that is foretold, and the column of the model in which it counts."""

from __future__ import annotations

from accord.engine import Step
from accord.tables.conditions import CONDITION
from accord.tables.need import NEED_COLUMN, NEED_COUNT, NEED_FACT, NEED_PERSON, NEED_PREDICTOR, NEED_YEAR, ORGANISATION_SUPPLY

FACTS = Step(
    name="need-facts",
    sql="""with recorded as (
  select distinct n.year_date, c.person_id, 'diagnosis_group' as kind, c.condition as label
  from condition c join need_year n on c.year_date >= n.history_date and c.year_date < n.year_date
  where c.classification = 'diagnosis_group'
  union all
  select n.year_date, c.person_id, 'long_term' as kind, c.condition as label
  from condition c join need_year n on c.year_date = n.before_date
  where c.classification = 'long_term')
select year_date, person_id, 'age_sex' as kind, concat(sex, ' ', age_band) as label, cast(1000 as integer) as value_per_1000 from need_person
union all
select r.year_date, r.person_id, r.kind, r.label, cast(1000 as integer) as value_per_1000
from recorded r join need_person p on r.year_date = p.year_date and r.person_id = p.person_id
union all
select year_date, person_id, 'deprivation' as kind, coalesce(cast(deprivation_decile as varchar), 'unknown') as label,
  cast(1000 as integer) as value_per_1000 from need_person
union all
select year_date, person_id, 'ethnicity' as kind, ethnicity as label, cast(1000 as integer) as value_per_1000 from need_person
union all
select year_date, person_id, 'prior_use' as kind, case when n_past_emergency_admission >= 3 then 'emergency admissions: 3 and more'
    else concat('emergency admissions: ', cast(n_past_emergency_admission as varchar)) end as label, cast(1000 as integer) as value_per_1000
from need_person where n_past_emergency_admission > 0
union all
select p.year_date, p.person_id, 'supply' as kind, s.variable as label, s.value_per_1000
from need_person p join organisation_supply s on p.organisation_id = s.organisation_id
union all
select year_date, person_id, 'organisation' as kind, organisation_id as label, cast(1000 as integer) as value_per_1000 from need_person""",
    inputs=(NEED_PERSON, NEED_YEAR, CONDITION, ORGANISATION_SUPPLY),
    output=NEED_FACT,
    notes="""In: need_person, need_year, condition, organisation_supply. Out: need_fact, one row for each thing known of each person.
A diagnosis group counts once, in however many of the years looked back on it is recorded: both of the years alike, as PBRA had it. A long-term
condition counts if it stands in the register at the end of the year before.
Leaves out: conditions of people of whom the year is not foretold. A person of an organisation without supply figures has none.""",
)

COUNTS = Step(
    name="need-counts",
    sql="""select f.year_date, f.kind, f.label, cast(sum(case when p.is_training and p.n_month > 0 then 1 else 0 end) as bigint) as n_training,
  count(*) as n_person
from need_fact f join need_person p on f.year_date = p.year_date and f.person_id = p.person_id
group by f.year_date, f.kind, f.label""",
    inputs=(NEED_FACT, NEED_PERSON),
    output=NEED_COUNT,
    notes="In: need_fact, need_person. Out: need_count. Units: people.",
)

PREDICTORS = Step(
    name="need-predictors",
    sql="""select f.year_date, f.person_id, c.column_number, max(f.value_per_1000) as value_per_1000
from need_fact f join need_column c on f.kind = c.kind and f.label = c.label
group by f.year_date, f.person_id, c.column_number""",
    inputs=(NEED_FACT, NEED_COLUMN),
    output=NEED_PREDICTOR,
    notes="""In: need_fact, need_column. Out: need_predictor, the cells of the matrix that are not zero.
Leaves out: what is known and is no predictor of the model. Of several things in one column the largest counts, so a flag stays a flag.""",
)
