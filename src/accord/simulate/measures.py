"""What each target measures, as a query over the published tables of a run: the tables that anybody can read, never the truth.

`$youngest` and `$oldest` bound the age: first in, first out. Every query gives one number, or none where the run cannot tell.
"""

from __future__ import annotations

from collections.abc import Mapping

TABLES = """
create temp table bound as select min(month_date) as first_date, last_day(max(month_date)) as last_date from person_month;
create temp table listed as select person_id, month_date, registered_id, age_years, age_band from person_month where is_registered;
create temp table act as
  select a.*, l.age_years, l.registered_id, p.deprivation_decile from activity a join person p using (person_id)
  join listed l on l.person_id = a.person_id and l.month_date = date_trunc('month', a.start_date) where a.is_in_force;
create temp table stay as
  select s.*, l.age_years, l.age_band, l.registered_id, p.deprivation_decile from spell s join person p using (person_id)
  join listed l on l.person_id = s.person_id and l.month_date = date_trunc('month', s.admission_date)
  where s.admission in ('emergency', 'elective', 'maternity') and s.from_spell_id is null;
create temp table whole_year as
  select person_id, min(age_years) as age_years, cast(floor(date_diff('month', (select first_date from bound), month_date) / 12) as integer) as n_year
  from listed group by person_id, n_year having count(*) >= 11;
create temp table spent as
  select y.person_id, y.n_year, any_value(y.age_years) as age_years,
    cast(sum(case when a.setting <> 'social_care' then a.amount else 0 end) as double) as cost,
    cast(sum(case when a.setting in ('inpatient', 'outpatient', 'emergency') then a.amount else 0 end) as double) as hospital_cost
  from whole_year y left join (
    select person_id, setting, coalesce(net_amount, cost) as amount,
      cast(floor(date_diff('month', (select first_date from bound), start_date) / 12) as integer) as n_year from act) a using (person_id, n_year)
  group by y.person_id, y.n_year;
create temp table asked as
  select person_id, any_value(observation_date) as day, max(value_number) filter (where code = 'questionnaire') as which,
    max(value_number) filter (where code = 'oxford_score') as oxford, max(value_text) filter (where code = 'procedure') as procedure,
    max(value_text) filter (where code = 'operation_date') as operated,
    1 - 0.081 * cast(max(value_number) filter (where code in ('mobility', 'self_care', 'activity', 'discomfort', 'anxiety')) > 1 as int)
      - 0.269 * cast(max(value_number) filter (where code in ('mobility', 'self_care', 'activity', 'discomfort', 'anxiety')) = 3 as int)
      - sum(case code || cast(cast(value_number as integer) as varchar)
        when 'mobility2' then 0.069 when 'mobility3' then 0.314 when 'self_care2' then 0.104 when 'self_care3' then 0.214
        when 'activity2' then 0.036 when 'activity3' then 0.094 when 'discomfort2' then 0.123 when 'discomfort3' then 0.386
        when 'anxiety2' then 0.071 when 'anxiety3' then 0.236 else 0 end) as eq5d
  from observation where code_system = 'proms' group by person_id, observation_id;
create temp table coded as
  select distinct d.person_id, d.code from diagnosis d join activity a using (activity_id) where d.code_system = 'snomed_ct' and a.setting = 'gp';
create temp table package as
  select person_id, spell_code, service_code, min(start_date) as start_date, max(end_date) as end_date, sum(gross_amount) as gross,
    sum(date_diff('day', start_date, coalesce(end_date, start_date)) + 1) as n_day
  from act where setting = 'social_care' group by person_id, spell_code, service_code;
"""
"""What the queries share, made once a run. EQ-5D by the United Kingdom's time trade-off values (MVH A1)."""

_OF_AGE = "age_years >= $youngest and age_years < $oldest"
_YEARS = f"(select count(*) / 12.0 from listed where {_OF_AGE})"
_LATEST = f"(select count(*) from listed where month_date = (select max(month_date) from listed) and {_OF_AGE})"
_RATE_OF_ALL = "(select count(*) from stay where admission = 'emergency') / (select count(*) / 12.0 from listed)"


def _per_1000(what: str, condition: str) -> str:
    return f"select 1000.0 * (select count(*) from {what} where {_OF_AGE} and {condition}) / {_YEARS}"


def _share(what: str, of: str, part: str) -> str:
    return f"select 1.0 * count(*) filter (where {part}) / nullif(count(*), 0) from {what} where {of}"


def _prevalence(snomed: str) -> str:
    """People coded by a practice, of those registered in the last month."""
    return f"""select 1.0 * count(c.person_id) / count(*)
      from listed l left join (select person_id from coded where code = '{snomed}') c using (person_id)
      where l.month_date = (select max(month_date) from listed) and {_OF_AGE}"""


def _top(cost: str, share: float) -> str:
    return f"""with r as (select {cost} as cost, row_number() over (partition by n_year order by {cost} desc, person_id) as place,
        count(*) over (partition by n_year) as n from spent where {_OF_AGE})
      select sum(cost) filter (where place <= {share} * n) / sum(cost) from r"""


def _between_practices(setting: str) -> str:
    """Spread of practices' rates, standardised for nothing: standard deviation over mean."""
    source = "stay where admission = 'emergency'" if setting == "stay" else "act where setting = 'emergency'"
    return f"""with y as (select registered_id, count(*) / 12.0 as n_year from listed group by all),
      e as (select registered_id, count(*) as n from {source} group by all)
      select stddev_samp(n / n_year) / avg(n / n_year) from y join e using (registered_id)"""


def _by_deprivation(events: str, most: str, least: str) -> str:
    """The rate of the most over that of the least deprived, each against what its ages would have at everybody's rates."""
    return f"""with y as (
        select p.deprivation_decile as d, l.age_band, count(*) as n_year from listed l join person p using (person_id) group by all),
      e as (select deprivation_decile as d, age_band, count(*) as n from {events} group by all),
      r as (select age_band, sum(coalesce(n, 0)) * 1.0 / sum(n_year) as rate from y left join e using (d, age_band) group by all),
      f as (select d, sum(coalesce(n, 0)) as n, sum(n_year * rate) as expected
        from y left join e using (d, age_band) join r using (age_band) group by all)
      select (sum(n) filter (where {most}) / sum(expected) filter (where {most}))
        / (sum(n) filter (where {least}) / sum(expected) filter (where {least})) from f"""


def _in_winter(events: str, day: str) -> str:
    return f"""select avg(n) filter (where month(month_date) in (12, 1, 2)) / avg(n) from (
        select date_trunc('month', {day}) as month_date, count(*) * 1.0 / max(day(last_day({day}))) as n from {events}
        and {day} between (select first_date from bound) and (select last_date from bound) group by all)"""


def _joint(which: int, column: str) -> str:
    return f"select avg({column}) from asked where procedure = 'hip_replacement' and which = {which}"


def _gain(column: str) -> str:
    return f"""select avg(a.{column} - b.{column}) from asked b join asked a using (person_id, operated)
      where b.which = 1 and a.which = 2 and b.procedure = 'hip_replacement'"""


def _weekly(service: str) -> str:
    return f"select 7 * sum(gross) / sum(n_day) from package where service_code = '{service}'"


_CONDITIONS = {
    "hypertension": "38341003", "diabetes": "44054006", "chd": "53741008", "heart_failure": "84114007", "af": "49436004", "stroke": "230690007",
    "copd": "13645005", "asthma": "195967001", "ckd": "709044004", "cancer": "363346000", "dementia": "52448006", "depression": "35489007",
    "smi": "58214004",
}  # fmt: skip
_NOT_QOF = "('396275006')"

MEASURES: Mapping[str, str] = {
    # people
    "age_share": f"select 1.0 * {_LATEST} / (select count(*) from listed where month_date = (select max(month_date) from listed))",
    "births": f"""select 1000.0 * count(*) / {_YEARS} from person, bound where birth_date between first_date and last_date""",
    "deaths": f"select 1000.0 * count(*) / {_YEARS} from person where death_date is not null",
    "deaths_in_hospital": _share("observation", "code_system = 'death_registration'", "value_text = 'hospital'"),
    # emergencies
    "emergency_admissions": _per_1000("stay", "admission = 'emergency'"),
    "emergency_admissions_to_all": f"""select (select count(*) from stay where admission = 'emergency' and {_OF_AGE}) / {_YEARS}
      / ({_RATE_OF_ALL})""",
    "emergency_admissions_share": _share("stay", "admission = 'emergency'", _OF_AGE),
    "emergency_admissions_by_deprivation": _by_deprivation("stay where admission = 'emergency'", "d <= 2", "d >= 9"),
    "emergency_admissions_between_practices": _between_practices("stay"),
    "first_emergency_admissions": f"""with first as (
        select person_id, min(admission_date) as day from stay where admission = 'emergency' group by all)
      select 1000.0 * (select count(*) from first join stay using (person_id) where day = admission_date and admission = 'emergency' and {_OF_AGE})
        / (select count(*) / 12.0 from listed left join first using (person_id) where {_OF_AGE} and (day is null or month_date <= day))""",
    "winter_admissions": _in_winter("stay where admission = 'emergency'", "admission_date"),
    "winter_attendances": _in_winter("act where setting = 'emergency'", "start_date"),
    "attendances": _per_1000("act", "setting = 'emergency'"),
    "attendances_share": _share("act", "setting = 'emergency'", _OF_AGE),
    "attendances_admitted": _share("act", f"setting = 'emergency' and {_OF_AGE}", "discharge_destination_code = '306706006'"),
    "major_attendances_admitted": _share("act", "setting = 'emergency' and service_code = '01'", "discharge_destination_code = '306706006'"),
    "attendances_major": _share("act", "setting = 'emergency'", "service_code = '01'"),
    "attendances_by_deprivation": """select 1.0 * count(*) filter (where deprivation_decile = 1) / count(*) filter (where deprivation_decile = 10)
      from act where setting = 'emergency'""",
    "attendances_again": """select avg(cast(date_diff('day', before, start_date) <= 7 as integer)) from (
      select start_date, lag(start_date) over (partition by person_id order by start_date, activity_id) as before
      from act where setting = 'emergency')""",
    "attendances_between_practices": _between_practices("act"),
    # stays and clinics
    "admissions": _per_1000("stay", "true"),
    "elective_admissions": _per_1000("stay", "admission = 'elective'"),
    "day_case_share": _share("stay", "admission = 'elective'", "n_night = 0"),
    "outpatient_attendances": _per_1000("act", "setting = 'outpatient'"),
    "outpatient_attended": _share("observation", "code_system = 'hes' and code = 'ATTENDED'", "value_text in ('5', '6')"),
    "emergency_nights": "select avg(n_night) from stay where admission = 'emergency'",
    "emergency_overnight_nights": "select avg(n_night) from stay where admission = 'emergency' and n_night > 0",
    "elective_overnight_nights": "select avg(n_night) from stay where admission = 'elective' and n_night > 0",
    "overnight_nights": f"select avg(n_night) from stay where n_night > 0 and {_OF_AGE}",
    "emergency_same_day": _share("stay", "admission = 'emergency'", "n_night = 0"),
    "emergency_long_stays": _share("stay", "admission = 'emergency'", "n_night > 14"),
    "bed_days_share": f"select 1.0 * sum(n_night) filter (where {_OF_AGE}) / sum(n_night) from stay",
    "emergency_share": _share("stay", _OF_AGE, "admission = 'emergency'"),
    "readmissions": """select 1.0 * count(*) filter (where r.is_in_numerator) / nullif(count(*), 0) from readmission r
      join stay s on s.spell_id = r.continuous_stay_id
      where r.is_in_denominator and r.is_window_whole and (s.n_night > 0 or s.admission = 'emergency')""",
    "readmissions_of_all": """select 1.0 * count(*) filter (where is_readmitted) / nullif(count(*), 0) from readmission where is_window_whole""",
    # close to home
    "gp_contacts": f"select 1.0 * (select count(*) from act where setting = 'gp' and {_OF_AGE}) / {_YEARS}",
    "gp_by_gp": _share("act", "setting = 'gp'", "service_code = 'gp'"),
    "gp_face_to_face": _share("observation", "code_system = 'gp_contact' and code = 'mode'", "value_text in ('face_to_face', 'home_visit')"),
    **{
        f"gp_minutes_{mode}": f"""select avg(duration_minutes) from act a where setting = 'gp' and service_code = 'gp' and exists (
          select 1 from observation o join record_fate f on f.record_id = o.observation_id
          where f.submission_id = a.submission_id and f.record_number = a.record_number and o.code = 'mode' and o.value_text = '{mode}')"""
        for mode in ("face_to_face", "telephone")
    },
    "gp_share_of_contacts": _share("act", "setting in ('gp', 'inpatient', 'outpatient', 'emergency')", "setting = 'gp'"),
    "gp_share_of_wider_contacts": _share(
        "act", "setting in ('gp', 'inpatient', 'outpatient', 'emergency', 'community', 'mental_health')", "setting = 'gp'"
    ),
    "prescription_items": f"select (select sum(quantity) from act where setting = 'pharmacy') / {_YEARS}",
    "prescription_cost": f"select (select sum(cost) from act where setting = 'pharmacy') / {_YEARS}",
    "prescription_items_share": f"select sum(quantity) filter (where {_OF_AGE}) / sum(quantity) from act where setting = 'pharmacy'",
    # conditions
    **{f"{condition}_prevalence": _prevalence(code) for condition, code in _CONDITIONS.items()},
    "copd_by_deprivation": """with y as (select deprivation_decile as d, count(*) as n from person group by all),
      e as (select p.deprivation_decile as d, count(*) as n from coded join person p using (person_id) where code = '13645005' group by all)
      select (sum(e.n) filter (where d <= 1) * 1.0 / sum(y.n) filter (where d <= 1))
        / (sum(e.n) filter (where d >= 10) * 1.0 / sum(y.n) filter (where d >= 10)) from y left join e using (d)""",
    "two_conditions": f"""select 1.0 * count(*) filter (where n >= 2) / count(*) from listed
      left join (select person_id, count(*) as n from coded where code not in {_NOT_QOF} group by all) using (person_id)
      where month_date = (select max(month_date) from listed) and {_OF_AGE}""",
    # community, mental health, ambulance
    "community_contacts": _per_1000("act", "setting = 'community'"),
    "mental_health_contacts": _per_1000("act", "setting = 'mental_health' and admission_date is null"),
    "mental_health_people": f"""select 1.0 * count(distinct a.person_id) / (select count(distinct person_id) from listed where {_OF_AGE}
        and month_date > (select last_date - interval 12 month from bound)) from act a where setting = 'mental_health' and {_OF_AGE}
        and start_date > (select last_date - interval 12 month from bound)""",
    "ambulance_incidents": _per_1000("act", "setting = 'ambulance'"),
    "ambulance_conveyed": _share("act", "setting = 'ambulance'", "service_code = 'see_and_convey'"),
    # social care
    "long_term_care": f"""select 1000.0 * count(distinct person_id) / {_LATEST} from act where setting = 'social_care'
      and service_code in ('home_care', 'residential', 'nursing') and {_OF_AGE} and start_date > (select last_date - interval 12 month from bound)""",
    "reablement_episodes": f"select 1000.0 * (select count(*) from package where service_code = 'reablement') / {_YEARS}",
    "reablement_at_home": f"""with r as (select k.*, date_diff('month', p.birth_date, k.start_date) / 12.0 as age_years, p.death_date
        from package k join person p using (person_id) where service_code = 'reablement')
      select 1.0 * count(*) filter (where not coalesce(death_date <= start_date + 91, false)
        and not exists (select 1 from spell s where s.person_id = r.person_id and s.admission_date <= start_date + 91
          and coalesce(s.end_date, start_date + 92) > start_date + 91)
        and not exists (select 1 from package h where h.person_id = r.person_id and h.service_code in ('residential', 'nursing')
          and h.start_date <= r.start_date + 91)) / nullif(count(*), 0)
      from r where {_OF_AGE} and start_date + 91 <= (select last_date from bound)""",
    "social_care_spend": f"select (select sum(gross) from package) / {_YEARS}",
    "nursing_price": _weekly("nursing"),
    "residential_price": _weekly("residential"),
    "deaths_with_social_care": """select avg(cast(exists (select 1 from package k where k.person_id = p.person_id and k.end_date > p.death_date - 366)
      as integer)) from person p, bound where death_date > first_date + 180""",
    # cost
    "cost_top_5": _top("cost", 0.05),
    "cost_top_5_over_rest": f"with t(s) as ({_top('cost', 0.05)}) select 19 * s / (1 - s) from t",
    "hospital_cost_top_1": _top("hospital_cost", 0.01),
    "top_5_stay": """with pair as (select a.person_id, a.cost as before, b.cost as after from spent a join spent b
        on a.person_id = b.person_id and b.n_year = a.n_year + 1 where a.age_years >= $youngest and a.age_years < $oldest),
      r as (select row_number() over (order by before desc, person_id) as place_before,
        row_number() over (order by after desc, person_id) as place_after, count(*) over () as n from pair)
      select 1.0 * count(*) filter (where place_before <= 0.05 * n and place_after <= 0.05 * n)
        / nullif(count(*) filter (where place_before <= 0.05 * n), 0) from r""",
    "age_sex_r2": """with g as (select s.hospital_cost as cost, p.sex, least(cast(floor(s.age_years / 5.0) as integer), 18) as band
        from spent s join person p using (person_id) where n_year = 0),
      m as (select cost, avg(cost) over (partition by sex, band) as fitted, avg(cost) over () as mean from g)
      select sum((fitted - mean) ** 2) / nullif(sum((cost - mean) ** 2), 0) from m""",
    "cost_variation": "select stddev_samp(cost) / avg(cost) from spent where n_year = 0",
    "cost_variation_truncated": """with c as (select cost from spent where n_year = 0),
      cut as (select least(cost, (select quantile_cont(cost, 0.99) from c)) as cost from c)
      select stddev_samp(cost) / avg(cost) from cut""",
    # outcomes
    "eq5d_before": _joint(1, "eq5d"), "eq5d_after": _joint(2, "eq5d"), "eq5d_gain": _gain("eq5d"),
    "oxford_before": _joint(1, "oxford"), "oxford_after": _joint(2, "oxford"), "oxford_gain": _gain("oxford"),
}  # fmt: skip
"""Query by measure."""
