"""The steps of costing: each act's cost and its basis, what is costed on which basis, and what of each pool of capacity was used."""

from __future__ import annotations

from accord.engine import Step
from accord.tables import ACTIVITY_COST, CAPACITY, COST_BY_BASIS, ORGANISATION
from accord.tables.pricing import COST_POOL, STANDARD_TIME, UNIT_COST
from accord.tables.working import ACTIVITY_IN_FORCE

ACTIVITY_COSTS = Step(
    name="what each act cost",
    sql="""with act as (
  select a.activity_id, a.person_id, a.setting, a.admission, a.service_code, a.currency_code, a.start_date, a.duration_minutes, a.cost,
    coalesce(a.provider_id, a.partner_id) as provider_id
  from activity_in_force a),
unit as (
  select t.activity_id, u.unit_cost_line, u.unit_cost, row_number() over (partition by t.activity_id order by u.currency_code asc nulls last,
    u.service_code asc nulls last, u.admission asc nulls last, u.unit_cost_line asc nulls last) as place
  from act t
  join unit_cost u on t.setting = u.setting and t.start_date >= u.start_date and (u.end_date is null or t.start_date < u.end_date)
    and (u.admission is null or u.admission = t.admission) and (u.currency_code is null or u.currency_code = t.currency_code)
    and (u.service_code is null or u.service_code = t.service_code)
  where t.cost is null),
owned as (
  select p.pool_id, p.setting, p.start_date, p.end_date, p.cost_per_minute, p.standard_minutes, p.provider_id, 1 as distance
  from cost_pool p
  union all
  select p.pool_id, p.setting, p.start_date, p.end_date, p.cost_per_minute, p.standard_minutes, o.organisation_id as provider_id, 2 as distance
  from cost_pool p join organisation o on p.provider_id = o.parent_id),
draw as (
  select t.activity_id, p.pool_id, p.cost_per_minute, cast(nullif(greatest(t.duration_minutes, 0), 0) as decimal(18, 6)) as recorded_minutes,
    coalesce(s.standard_minutes, p.standard_minutes) as standard_minutes,
    row_number() over (partition by t.activity_id order by p.distance asc nulls last, p.pool_id asc nulls last) as place
  from act t
  join owned p on t.provider_id = p.provider_id and t.setting = p.setting and t.start_date >= p.start_date and t.start_date < p.end_date
  left join standard_time s on p.pool_id = s.pool_id and t.service_code = s.service_code),
known as (
  select t.activity_id, t.person_id, t.setting, t.provider_id, t.cost as reported_cost, cast(u.unit_cost as decimal(18, 2)) as of_unit_cost,
    u.unit_cost_line, d.pool_id, coalesce(d.recorded_minutes, d.standard_minutes) as used_minutes,
    case when d.recorded_minutes is not null then 'recorded' when d.standard_minutes is not null then 'standard' end as minutes_basis,
    cast(coalesce(d.recorded_minutes, d.standard_minutes) * d.cost_per_minute as decimal(18, 2)) as of_minutes_cost
  from act t
  left join unit u on t.activity_id = u.activity_id and u.place = 1
  left join draw d on t.activity_id = d.activity_id and d.place = 1)
select activity_id, person_id, setting, provider_id, coalesce(reported_cost, of_unit_cost, of_minutes_cost) as cost,
  case when reported_cost is not null then 'reported' when of_unit_cost is not null then 'unit_cost' when of_minutes_cost is not null then 'minutes'
    else 'none' end as cost_basis,
  case when reported_cost is not null then 'the record reports it' when of_unit_cost is not null then 'unit cost'
    when of_minutes_cost is not null then 'minutes by the rate of the pool' when pool_id is not null then 'neither minutes nor standard minutes'
    else 'no unit cost and no pool' end as reason,
  unit_cost_line, pool_id, used_minutes, minutes_basis
from known""",
    inputs=(ACTIVITY_IN_FORCE, ORGANISATION, UNIT_COST, COST_POOL, STANDARD_TIME),
    output=ACTIVITY_COST,
    notes="""In: activity_in_force, organisation, unit_cost, cost_pool, standard_time. Out: activity_cost: one row an activity in force.
What a record reports stands. Else the unit cost that says most about the act: by its code, then its service, then its kind of admission. Else the
minutes by the rate of its provider's pool, or of the pool of the partner that the provider belongs to. An act draws on a pool whatever its cost
rests on, so that used capacity is all that was used. Prices in force are those of the day on which care began, as its month is.
Units: currency, each act rounded to the penny; minutes, 0 and less of which are not known. Ties: no two unit costs or pools are for the same acts
and days. Leaves out: activity that is not in force.""",
)

COSTS_BY_BASIS = Step(
    name="what is costed on which basis",
    sql="""select coalesce(setting, 'unknown') as setting, provider_id, cost_basis, reason, count(*) as n_activity,
  count(case when cost = 0 then 1 end) as n_zero, cast(coalesce(sum(cost), 0) as decimal(18, 2)) as cost
from activity_cost group by coalesce(setting, 'unknown'), provider_id, cost_basis, reason""",
    inputs=(ACTIVITY_COST,),
    output=COST_BY_BASIS,
    notes="In: activity_cost. Out: cost_by_basis. Units: currency. Ties: none. Leaves out: nothing: every activity in force is in one row.",
)

CAPACITIES = Step(
    name="capacity used and unused",
    sql="""with used as (
  select pool_id, count(*) as n_activity, count(case when used_minutes is null then 1 end) as n_without_minutes,
    cast(coalesce(sum(used_minutes), 0) as decimal(18, 6)) as used_minutes,
    cast(coalesce(sum(case when cost_basis = 'minutes' then cost end), 0) as decimal(18, 2)) as by_minutes_cost
  from activity_cost where pool_id is not null group by pool_id),
drawn as (
  select p.pool_id, p.provider_id, p.setting, p.start_date, p.end_date, p.cost, p.theoretical_minutes, p.practical_minutes, p.cost_per_minute,
    coalesce(u.n_activity, 0) as n_activity, coalesce(u.n_without_minutes, 0) as n_without_minutes, coalesce(u.used_minutes, 0) as used_minutes,
    coalesce(u.by_minutes_cost, 0) as by_minutes_cost, coalesce(cast(u.used_minutes * p.cost_per_minute as decimal(18, 2)), 0) as used_cost
  from cost_pool p left join used u on p.pool_id = u.pool_id)
select pool_id, provider_id, setting, start_date, end_date, cost, theoretical_minutes, practical_minutes, cost_per_minute, n_activity,
  n_without_minutes, used_minutes, cast(practical_minutes - used_minutes as decimal(18, 6)) as unused_minutes,
  cast(round(cast(used_minutes as double) / nullif(cast(practical_minutes as double), 0), 6) as decimal(18, 6)) as utilisation, used_cost,
  cast(cost - used_cost as decimal(18, 2)) as unused_cost, by_minutes_cost, cast(used_cost - by_minutes_cost as decimal(18, 2)) as by_other_cost
from drawn""",
    inputs=(ACTIVITY_COST, COST_POOL),
    output=CAPACITY,
    notes="""In: activity_cost, cost_pool. Out: capacity: one row a pool, also of one that nothing drew on. used_cost and unused_cost are the cost.
Units: minutes; currency. Ties: none. Leaves out: acts that draw on no pool, which activity_cost shows.""",
)

STEPS = (ACTIVITY_COSTS, COSTS_BY_BASIS, CAPACITIES)
"""Every step of costing, in order."""
