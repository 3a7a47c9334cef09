"""Use and cost per person-month, by each dimension, for the registered and the resident population."""

from __future__ import annotations

from accord.engine import Step
from accord.tables import COST_PER_PERSON_MONTH, PERSON_MONTH
from accord.tables.codes import POPULATION
from accord.tables.working import ACTIVITY_IN_FORCE, AT_RISK, CALENDAR_MONTH, CARE_TOTAL

_UNION = "\nunion all\n"
_CUTS = {
    "month": ("month_date",), "setting": ("setting",), "provider": ("provider_id",), "registered organisation": ("registered_id",),
    "resident organisation": ("resident_id",), "age_sex_band": ("age_band", "sex"),
}  # fmt: skip
_STANDING = ("is_in_period", "has_provider", "has_person", "is_registered", "is_resident")
_SETS = [("submission_id", *_STANDING), *((*columns, "is_registered", "is_resident") for columns in _CUTS.values())]
_NAMED = " ".join(f"when grouping({columns[0]}) = 0 then '{cut}'" for cut, columns in {"file": ("submission_id",), **_CUTS}.items())
_SEPARATE = ",\n    ".join(f"({', '.join(columns)})" for columns in _SETS)

CARE_TOTALS = Step(
    name="care by standing and by each dimension",
    sql=f"""with placed as (
  select a.submission_id, m.month_date, a.setting, a.provider_id, p.registered_id, p.resident_id, p.age_band, p.sex,
    m.month_date is not null as is_in_period, a.provider_id is not null as has_provider, a.person_id is not null as has_person,
    coalesce(p.is_registered, false) as is_registered, coalesce(p.is_resident, false) as is_resident, a.net_amount, a.cost
  from activity_in_force a
  left join calendar_month m on cast(date_trunc('month', a.start_date) as date) = m.month_date
  left join person_month p on a.person_id = p.person_id and m.month_date = p.month_date)
select case {_NAMED} end as cut, submission_id,
  case when grouping(submission_id) = 1 then coalesce(cast(month_date as varchar), setting, provider_id, registered_id, resident_id,
    age_band || ' ' || sex, 'unknown') end as group_id,
  {", ".join(_STANDING)}, count(*) as n_activity, count(*) - count(cost) as n_without_cost,
  cast(coalesce(sum(net_amount), 0) as decimal(18, 2)) as net_amount, cast(coalesce(sum(cost), 0) as decimal(18, 2)) as cost
from placed group by grouping sets (
    {_SEPARATE})""",
    inputs=(ACTIVITY_IN_FORCE, CALENDAR_MONTH, PERSON_MONTH),
    output=CARE_TOTAL,
    notes="""In: activity_in_force, calendar_month, person_month. Out: care_total: in each cut every activity is in exactly one row.
The month is that of start_date for care and for registration alike. Leaves out: nothing.""",
)

_GROUPS = {
    "all": "'all'",
    "month": "cast(month_date as varchar)",
    "organisation": "coalesce({population}_id, 'unknown')",
    "age_sex_band": "age_band || ' ' || sex",
}
_CUT_OF = {"all": "file", "organisation": "{population} organisation"}
_DIMENSIONS = (*_GROUPS, "setting", "provider")


def _at_risk(population: str, dimension: str, group: str) -> str:
    if dimension == "month":
        return f"""select '{population}' as population, 'month' as dimension, cast(month_date as varchar) as group_id,
  n_{population} as n_person, n_{population} as n_person_month from month where n_{population} > 0"""
    group = group.format(population=population)
    return f"""select '{population}' as population, '{dimension}' as dimension, {group} as group_id,
  count(distinct person_id) as n_person, cast(sum(n_person_month) as bigint) as n_person_month
from standing where is_{population} group by {group if dimension != "all" else "is_" + population}"""


def _care(population: str, dimension: str) -> str:
    group = "'all'" if dimension == "all" else "group_id"
    cut = _CUT_OF.get(dimension, dimension).format(population=population)
    return f"""select '{population}' as population, '{dimension}' as dimension, {group} as group_id,
  cast(sum(n_activity) as bigint) as n_activity, cast(sum(n_without_cost) as bigint) as n_without_cost,
  cast(sum(net_amount) as decimal(18, 2)) as net_amount, cast(sum(cost) as decimal(18, 2)) as cost
from care_total where is_{population} and cut = '{cut}' group by {group if dimension != "all" else "is_" + population}"""


AT_RISKS = Step(
    name="person-months at risk",
    sql=f"""with standing as (
  select person_id, is_registered, is_resident, registered_id, resident_id, age_band, sex, count(*) as n_person_month
  from person_month group by person_id, is_registered, is_resident, registered_id, resident_id, age_band, sex),
month as (
  select month_date, cast(sum(case when is_registered then 1 else 0 end) as bigint) as n_registered,
    cast(sum(case when is_resident then 1 else 0 end) as bigint) as n_resident
  from person_month group by month_date)
{_UNION.join(_at_risk(p, d, g) for p in POPULATION for d, g in _GROUPS.items())}""",
    inputs=(PERSON_MONTH,),
    output=AT_RISK,
)

COSTS = Step(
    name="cost per person-month",
    sql=f"""with care as (
{_UNION.join(_care(p, d) for p in POPULATION for d in _DIMENSIONS)}),
place as (
  select population, dimension, group_id from at_risk
  union
  select population, dimension, group_id from care)
select g.population, g.dimension, g.group_id, coalesce(r.n_person, 0) as n_person, coalesce(r.n_person_month, 0) as n_person_month,
  coalesce(c.n_activity, 0) as n_activity, coalesce(c.net_amount, 0) as net_amount, coalesce(c.cost, 0) as cost,
  coalesce(c.n_without_cost, 0) as n_without_cost,
  cast(round(cast(coalesce(c.n_activity, 0) as double) * 1000 / nullif(r.n_person_month, 0), 6) as decimal(18, 6)) as activity_per_1000,
  cast(round(cast(coalesce(c.cost, 0) as double) / nullif(r.n_person_month, 0), 6) as decimal(18, 6)) as cost_per_person_month
from place g
left join care c on g.population = c.population and g.dimension = c.dimension and g.group_id = c.group_id
left join at_risk r on g.population = r.population
  and r.dimension = case when g.dimension in ('setting', 'provider') then 'all' else g.dimension end
  and r.group_id = case when g.dimension in ('setting', 'provider') then 'all' else g.group_id end""",
    inputs=(CARE_TOTAL, AT_RISK),
    output=COST_PER_PERSON_MONTH,
    notes="""In: care_total, at_risk. Out: cost_per_person_month.
Units: acts per 1,000 person-months; currency per person-month, rounded to six decimals. Both are NULL where nobody is at risk.
Leaves out: activity outside the period, of nobody known, or of people not in the population that month (rows of attrition).""",
)
