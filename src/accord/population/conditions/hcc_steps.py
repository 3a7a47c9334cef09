"""What an HCC model reads: of each person-year the age, sex and standing in Medicare, and the codes that CMS counts."""

from __future__ import annotations

from accord.engine import Step
from accord.population.conditions.coding import UNDONE
from accord.tables import ACTIVITY, DIAGNOSIS, OBSERVATION, PERSON, PROCEDURE
from accord.tables.condition_lists import (
    ACCOUNTING_YEAR,
    HCC_CODE,
    HCC_DIAGNOSIS,
    HCC_FACT,
    HCC_PERSON,
    HCC_PROCEDURE,
    PERSON_YEAR,
)
from accord.tables.working import ACTIVITY_IN_FORCE

HCC_PERSONS = Step(
    name="people of an HCC model",
    sql="""with told as (
  select o.person_id, y.year_number, f.fact, o.value_text
  from observation o
  join hcc_fact f on o.code_system = f.code_system and o.code = f.code
  join accounting_year y on o.observation_date <= y.last_date
  where o.person_id is not null and o.value_text is not null
  qualify row_number() over (partition by o.person_id, y.year_number, f.fact
    order by o.observation_date desc nulls last, o.observation_id desc nulls last, o.position desc nulls last) = 1),
fact as (
  select person_id, year_number, max(case when fact = 'dual_status' then value_text end) as dual_status,
    max(case when fact = 'entitlement' then value_text end) as entitlement
  from told group by person_id, year_number)
select m.person_id, m.year_number,
  case when p.birth_date is not null then cast(greatest(0,
    extract(year from y.last_date) + case when extract(month from y.last_date) > 1 then 1 else 0 end - extract(year from p.birth_date)
    - case when extract(month from p.birth_date) * 100 + extract(day from p.birth_date) > 201 then 1 else 0 end) as integer) end as age_years,
  p.sex, f.dual_status, f.entitlement
from person_year m
join accounting_year y on m.year_number = y.year_number
left join person p on m.person_id = p.person_id
left join fact f on m.person_id = f.person_id and m.year_number = f.year_number""",
    inputs=(PERSON_YEAR, ACCOUNTING_YEAR, PERSON, OBSERVATION, HCC_FACT),
    output=HCC_PERSON,
    notes="""In: person_year, accounting_year, person, observation, hcc_fact. Out: hcc_person.
Units: completed years on the first 1 February after the year's last day, as CMS counts the age of the year that is paid.
Ties: of several statements by the year's end the latest, then the highest record and position. Leaves out: nobody of person_year.""",
)

HCC_DIAGNOSES = Step(
    name="diagnoses of an HCC model",
    sql=f"""with undone as ({UNDONE}),
claim as (
  select activity_id from activity_in_force where setting = 'inpatient' and admission_date is not null
  union
  select p.activity_id from "procedure" p join hcc_procedure h on p.code = h.code where p.code_system = 'hcpcs')
select d.person_id, y.year_number, d.code, count(*) as n_record, min(d.diagnosis_date) as first_date
from diagnosis d
join hcc_code c on d.code = c.code
join accounting_year y on d.diagnosis_date >= y.year_date and d.diagnosis_date <= y.last_date
join claim l on d.activity_id = l.activity_id
left join undone u on d.activity_id = u.activity_id
where d.code_system = 'icd10cm' and d.person_id is not null and u.activity_id is null
group by d.person_id, y.year_number, d.code""",
    inputs=(DIAGNOSIS, HCC_CODE, ACCOUNTING_YEAR, ACTIVITY, ACTIVITY_IN_FORCE, PROCEDURE, HCC_PROCEDURE),
    output=HCC_DIAGNOSIS,
    notes="""In: diagnosis, hcc_code, accounting_year, activity, activity_in_force, procedure, hcc_procedure. Out: hcc_diagnosis.
A claim counts if it is a stay in hospital (inpatient, with a day of admission), or one of its procedures is on CMS's list.
Leaves out: codes that the model does not know, claims that CMS does not count, acts of care taken back, diagnoses of nobody known or outside
the years (the last three have their rows of attrition).""",
)
