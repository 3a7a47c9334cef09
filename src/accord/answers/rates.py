"""Use and cost per person-month, by each dimension, for the registered and the resident population."""

from __future__ import annotations

from accord.engine import Step
from accord.tables import ACTIVITY, COST_PER_PERSON_MONTH, PERSON_MONTH
from accord.tables.codes import POPULATION
from accord.tables.working import AT_RISK, CALENDAR_MONTH, CARE_MONTH

CARE_MONTHS = Step(
    name="care by month and standing",
    sql="""select a.submission_id, m.month_date, a.setting, a.provider_id, a.person_id is not null as has_person,
  coalesce(p.is_registered, false) as is_registered, coalesce(p.is_resident, false) as is_resident,
  p.registered_id, p.resident_id, p.age_band, p.sex, count(*) as n_activity,
  cast(sum(case when a.cost is null then 1 else 0 end) as bigint) as n_without_cost,
  cast(coalesce(sum(a.net_amount), 0) as decimal(18, 2)) as net_amount, cast(coalesce(sum(a.cost), 0) as decimal(18, 2)) as cost
from activity a
left join calendar_month m on cast(date_trunc('month', a.start_date) as date) = m.month_date
left join person_month p on a.person_id = p.person_id and m.month_date = p.month_date
group by a.submission_id, m.month_date, a.setting, a.provider_id, a.person_id is not null, coalesce(p.is_registered, false),
  coalesce(p.is_resident, false), p.registered_id, p.resident_id, p.age_band, p.sex""",
    inputs=(ACTIVITY, CALENDAR_MONTH, PERSON_MONTH),
    output=CARE_MONTH,
    notes="""In: activity, calendar_month, person_month. Out: care_month: every activity in exactly one row.
The month is that of start_date for care and for registration alike. Leaves out: nothing.""",
)

_GROUPS = {
    "all": "'all'",
    "month": "cast(month_date as varchar)",
    "organisation": "coalesce({population}_id, 'unknown')",
    "age_sex_band": "age_band || ' ' || sex",
}
_CARE_ONLY = {"setting": "coalesce(setting, 'unknown')", "provider": "coalesce(provider_id, 'unknown')"}


def _at_risk(population: str, dimension: str, group: str) -> str:
    return f"""select '{population}' as population, '{dimension}' as dimension, {group.format(population=population)} as group_id,
  count(distinct person_id) as n_person, count(*) as n_person_month
from person_month where is_{population} group by {group.format(population=population) if dimension != "all" else "is_" + population}"""


def _care(population: str, dimension: str, group: str) -> str:
    return f"""select '{population}' as population, '{dimension}' as dimension, {group.format(population=population)} as group_id,
  cast(sum(n_activity) as bigint) as n_activity, cast(sum(n_without_cost) as bigint) as n_without_cost,
  cast(sum(net_amount) as decimal(18, 2)) as net_amount, cast(sum(cost) as decimal(18, 2)) as cost
from care_month where is_{population} group by {group.format(population=population) if dimension != "all" else "is_" + population}"""


AT_RISKS = Step(
    name="person-months at risk",
    sql="\nunion all\n".join(_at_risk(p, d, g) for p in POPULATION for d, g in _GROUPS.items()),
    inputs=(PERSON_MONTH,),
    output=AT_RISK,
)

_UNION = "\nunion all\n"
COSTS = Step(
    name="cost per person-month",
    sql=f"""with care as (
{_UNION.join(_care(p, d, g) for p in POPULATION for d, g in (_GROUPS | _CARE_ONLY).items())}),
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
    inputs=(CARE_MONTH, AT_RISK),
    output=COST_PER_PERSON_MONTH,
    notes="""In: care_month, at_risk. Out: cost_per_person_month.
Units: acts per 1,000 person-months; currency per person-month, rounded to six decimals. Both are NULL where nobody is at risk.
Leaves out: activity outside the period, of nobody known, or of people not in the population that month (rows of attrition).""",
)
