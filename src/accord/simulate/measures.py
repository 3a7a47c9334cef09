"""What each target measures, as a query over the published tables of a run: the tables that anybody can read, never the truth.

`$youngest` and `$oldest` bound the age: first in, first out. Every query gives one number, or none where the run cannot tell.
"""

from __future__ import annotations

from collections.abc import Mapping

_YEARS = """(select sum(1) / 12.0 from person_month m
  where m.is_registered and m.age_years >= $youngest and m.age_years < $oldest)"""
_AGE = "date_diff('month', p.birth_date, {day}) / 12.0"
_OF_AGE = f"{_AGE} >= $youngest and {_AGE} < $oldest"
_LISTED = """exists (select 1 from person_month m where m.person_id = {row}.person_id and m.is_registered
  and m.month_date = date_trunc('month', {day}))"""

_ACTS = f"""select count(*) as n from activity a join person p using (person_id)
  where a.is_in_force and {_OF_AGE.format(day="a.start_date")} and {_LISTED.format(row="a", day="a.start_date")}"""
_SPELLS = f"""from spell s join person p using (person_id)
  where {_OF_AGE.format(day="s.admission_date")} and {_LISTED.format(row="s", day="s.admission_date")}"""


def _per_1000(condition: str) -> str:
    return f"select 1000.0 * ({_ACTS} and {condition}) / {_YEARS}"


def _a_person(condition: str) -> str:
    return f"select 1.0 * ({_ACTS} and {condition}) / {_YEARS}"


def _spells_per_1000(condition: str) -> str:
    return f"select 1000.0 * (select count(*) {_SPELLS} and {condition}) / {_YEARS}"


# Acts of the setting that are the person's, and cost: what was paid, or else what it cost. A year begins with the period.
_COST = """select person_id, n_year, sum(case when {settings} then coalesce(a.net_amount, a.cost, 0) else 0 end) as cost from (
    select person_id, cast(floor(date_diff('month', (select min(month_date) from person_month), month_date) / 12) as integer) as n_year
    from person_month where is_registered group by all having count(*) >= 11) y
  left join (select person_id, net_amount, cost, setting,
      cast(floor(date_diff('month', (select min(month_date) from person_month), start_date) / 12) as integer) as n_year
    from activity where is_in_force) a using (person_id, n_year)
  group by person_id, n_year"""
_ALL_COST = _COST.format(settings="true")
_HOSPITAL_COST = _COST.format(settings="a.setting in ('inpatient', 'outpatient', 'emergency')")
_TOP = """with c as ({cost}), r as (select cost, row_number() over (partition by n_year order by cost desc, person_id) as place,
    count(*) over (partition by n_year) as n from c)
  select 100.0 * sum(cost) filter (where place <= {share} * n) / sum(cost) from r"""
_PAIRS = """with c as ({cost}), pair as (select a.person_id, a.cost as before, b.cost as after
    from c a join c b on a.person_id = b.person_id and b.n_year = a.n_year + 1)
  {ask}"""
_PERSISTENT = """, r as (select row_number() over (order by before desc, person_id) as place_before,
    row_number() over (order by after desc, person_id) as place_after, count(*) over () as n from pair)
  select 100.0 * count(*) filter (where place_before <= {share} * n and place_after <= {share} * n)
    / nullif(count(*) filter (where place_before <= {share} * n), 0) from r"""


def _with_condition(snomed: str) -> str:
    """People with a code at any contact with a practice, of those registered in the last month, in per cent."""
    return f"""with listed as (select m.person_id from person_month m
        where m.is_registered and m.month_date = (select max(month_date) from person_month) and m.age_years >= $youngest and m.age_years < $oldest)
      select 100.0 * count(*) filter (where person_id in (
        select person_id from diagnosis where code_system = 'snomed_ct' and code = '{snomed}')) / count(*) from listed"""


_CONDITIONS = {
    "hypertension": "38341003", "diabetes": "44054006", "coronary_heart_disease": "53741008", "heart_failure": "84114007",
    "atrial_fibrillation": "49436004", "stroke": "230690007", "copd": "13645005", "asthma": "195967001", "ckd": "709044004",
    "cancer": "363346000", "dementia": "52448006", "depression": "35489007", "severe_mental_illness": "58214004", "osteoarthritis": "396275006",
}  # fmt: skip
_LAST = "m.month_date = (select max(month_date) from person_month) and m.is_registered"

MEASURES: Mapping[str, str] = {
    "emergency_admissions": _spells_per_1000("s.admission = 'emergency'"),
    "attendances": _per_1000("a.setting = 'emergency'"),
    "attendances_admitted": f"""select 100.0 * ({_ACTS} and a.setting = 'emergency' and a.discharge_destination_code = '306706006')
      / nullif(({_ACTS} and a.setting = 'emergency'), 0)""",
    "elective_admissions": _spells_per_1000("s.admission = 'elective'"),
    "day_cases": _spells_per_1000("s.admission = 'elective' and s.n_night = 0"),
    "day_case_share": f"select 100.0 * count(*) filter (where s.n_night = 0) / nullif(count(*), 0) {_SPELLS} and s.admission = 'elective'",
    "outpatient_attendances": _per_1000("a.setting = 'outpatient'"),
    "gp_contacts": _a_person("a.setting = 'gp'"),
    "gp_minutes": "select avg(duration_minutes) from activity where is_in_force and setting = 'gp'",
    "gp_face_to_face": "select 100.0 * count(*) filter (where value_text in ('face_to_face', 'home_visit')) / count(*) from observation "
    "where code_system = 'gp_contact' and code = 'mode'",
    "gp_by_gp": "select 100.0 * count(*) filter (where service_code = 'gp') / count(*) from activity where is_in_force and setting = 'gp'",
    "primary_care_share": """select 100.0 * count(*) filter (where setting in ('gp', 'online')) / count(*) from activity
      where is_in_force and setting in ('gp', 'online', 'inpatient', 'outpatient', 'emergency')""",
    "readmissions": """select 100.0 * count(*) filter (where is_in_numerator)
        / nullif(count(*) filter (where is_in_denominator and is_window_whole), 0)
      from readmission r join person p using (person_id)
      where date_diff('month', p.birth_date, r.discharge_date) / 12.0 >= $youngest
        and date_diff('month', p.birth_date, r.discharge_date) / 12.0 < $oldest""",
    "emergency_nights": f"select avg(s.n_night) {_SPELLS} and s.admission = 'emergency'",
    "elective_nights": f"select avg(s.n_night) {_SPELLS} and s.admission = 'elective' and s.n_night > 0",
    "emergency_same_day": f"select 100.0 * count(*) filter (where s.n_night = 0) / nullif(count(*), 0) {_SPELLS} and s.admission = 'emergency'",
    "emergency_long_stays": f"select 100.0 * count(*) filter (where s.n_night >= 21) / nullif(count(*), 0) {_SPELLS} and s.admission = 'emergency'",
    "cost_top_1": _TOP.format(cost=_ALL_COST, share=0.01),
    "cost_top_5": _TOP.format(cost=_ALL_COST, share=0.05),
    "cost_top_10": _TOP.format(cost=_ALL_COST, share=0.10),
    "hospital_cost_top_1": _TOP.format(cost=_HOSPITAL_COST, share=0.01),
    "hospital_cost_top_5": _TOP.format(cost=_HOSPITAL_COST, share=0.05),
    "cost_variation": f"with c as ({_ALL_COST}) select stddev_samp(cost) / avg(cost) from c where n_year = 0",
    "hospital_cost_variation": f"with c as ({_HOSPITAL_COST}) select stddev_samp(cost) / avg(cost) from c where n_year = 0",
    "no_hospital_cost": f"with c as ({_HOSPITAL_COST}) select 100.0 * count(*) filter (where cost = 0) / count(*) from c",
    "cost_correlation": _PAIRS.format(cost=_ALL_COST, ask="select corr(cast(before as double), cast(after as double)) from pair"),
    "hospital_cost_correlation": _PAIRS.format(cost=_HOSPITAL_COST, ask="select corr(cast(before as double), cast(after as double)) from pair"),
    "top_5_stay": _PAIRS.format(cost=_ALL_COST, ask=_PERSISTENT.format(share=0.05)),
    "top_10_stay": _PAIRS.format(cost=_ALL_COST, ask=_PERSISTENT.format(share=0.10)),
    "age_sex_r2": f"""with c as ({_HOSPITAL_COST}), g as (select cast(c.cost as double) as cost, p.sex,
        least(cast(floor(date_diff('month', p.birth_date, (select min(month_date) from person_month)) / 60.0) as integer), 18) as band
        from c join person p using (person_id) where n_year = 0),
      m as (select cost, avg(cost) over (partition by sex, band) as fitted, avg(cost) over () as mean from g)
      select sum((fitted - mean) ** 2) / nullif(sum((cost - mean) ** 2), 0) from m""",
    "births": f"""select 1000.0 * count(*) / {_YEARS} from person
      where birth_date >= (select min(month_date) from person_month) and birth_date <= (select last_day(max(month_date)) from person_month)""",
    "deaths": f"""select 1000.0 * count(*) / {_YEARS} from person p where death_date is not null
      and date_diff('month', p.birth_date, death_date) / 12.0 >= $youngest and date_diff('month', p.birth_date, death_date) / 12.0 < $oldest""",
    "practice_changes": f"""select 100.0 * (select count(*) from (select person_id from registration where population = 'registered'
        group by person_id having count(distinct organisation_id) > 1)) / {_YEARS}""",
    "age_share": f"""select 100.0 * count(*) filter (where m.age_years >= $youngest and m.age_years < $oldest) / count(*)
      from person_month m where {_LAST}""",
    **{f"{condition}_prevalence": _with_condition(code) for condition, code in _CONDITIONS.items()},
    "two_conditions": """with listed as (select m.person_id from person_month m where m.is_registered and m.age_years >= $youngest
        and m.age_years < $oldest and m.month_date = (select max(month_date) from person_month)),
      n as (select person_id, count(distinct code) as n from diagnosis where code_system = 'snomed_ct' group by person_id)
      select 100.0 * count(*) filter (where n >= 2) / count(*) from listed left join n using (person_id)""",
    "community_contacts": _per_1000("a.setting = 'community'"),
    "mental_health_contacts": _per_1000("a.setting = 'mental_health' and a.admission_date is null"),
    "social_care_users": f"""select 1000.0 * count(distinct a.person_id) / nullif((select count(*) from person_month m where {_LAST}
        and m.age_years >= $youngest and m.age_years < $oldest), 0)
      from activity a join person p using (person_id) where a.is_in_force and a.setting = 'social_care'
        and a.service_code in ('home_care', 'residential', 'nursing')
        and a.start_date >= (select max(month_date) from person_month)
        and date_diff('month', p.birth_date, a.start_date) / 12.0 >= $youngest and date_diff('month', p.birth_date, a.start_date) / 12.0 < $oldest""",
    "ambulance_incidents": _per_1000("a.setting = 'ambulance'"),
    "ambulance_conveyed": "select 100.0 * count(*) filter (where service_code = 'see_and_convey') / count(*) from activity "
    "where is_in_force and setting = 'ambulance'",
    "prescription_items": f"""select (select sum(a.quantity) from activity a where a.is_in_force and a.setting = 'pharmacy') / {_YEARS}""",
    "oxford_before": "select avg(o.value_number) from observation o where o.code_system = 'proms' and o.code = 'oxford_score' and exists "
    "(select 1 from observation q where q.observation_id = o.observation_id and q.code = 'questionnaire' and q.value_number = 1)",
    "oxford_after": "select avg(o.value_number) from observation o where o.code_system = 'proms' and o.code = 'oxford_score' and exists "
    "(select 1 from observation q where q.observation_id = o.observation_id and q.code = 'questionnaire' and q.value_number = 2)",
    "winter_admissions": """select avg(n) filter (where month(month_date) in (12, 1, 2)) / avg(n) from (
      select date_trunc('month', admission_date) as month_date, count(*) / max(day(last_day(admission_date))) as n
      from spell where admission = 'emergency' and admission_date >= (select min(month_date) from person_month)
        and admission_date <= (select last_day(max(month_date)) from person_month) group by all)""",
    "deprivation_admissions": """with y as (select p.deprivation_decile as d, count(*) as n from person_month m join person p using (person_id)
        where m.is_registered group by all),
      e as (select p.deprivation_decile as d, count(*) as n from spell s join person p using (person_id) where s.admission = 'emergency' group by all)
      select (sum(e.n) filter (where d <= 2) * 1.0 / sum(y.n) filter (where d <= 2))
        / (sum(e.n) filter (where d >= 9) * 1.0 / sum(y.n) filter (where d >= 9)) from y join e using (d)""",
    "reablement_at_home": """with r as (select person_id, max(end_date) as ended from activity where is_in_force and service_code = 'reablement'
        group by person_id, spell_code)
      select 100.0 * count(*) filter (where not exists (select 1 from person p where p.person_id = r.person_id and p.death_date < ended + 91)
        and not exists (
          select 1 from spell s where s.person_id = r.person_id and s.admission_date <= ended + 91 and coalesce(s.end_date, ended + 92) > ended + 91))
        / nullif(count(*), 0) from r where ended + 91 <= (select last_day(max(month_date)) from person_month)""",
}
"""Query by measure."""
