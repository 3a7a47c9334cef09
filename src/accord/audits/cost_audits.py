"""The audits of costs: every act has one or the reason why it has none, what records report stands, and capacity is used or unused."""

from __future__ import annotations

_EVERY_ACT = """select 'activity ' || coalesce(a.activity_id, c.activity_id) || case
    when c.activity_id is null then ' is in force, and activity_cost does not say what it cost'
    when a.activity_id is null then ' is in activity_cost, and not in force'
    when c.cost is null then ' is costed by ' || c.cost_basis || ', and has no cost' else ' has a cost, and no basis' end
from (select activity_id from activity where is_in_force) a full join activity_cost c on a.activity_id = c.activity_id
where a.activity_id is null or c.activity_id is null or (c.cost is null) <> (c.cost_basis = 'none')"""

_REPORTED = """select 'activity ' || a.activity_id || ' reports ' || coalesce(cast(a.cost as varchar), 'no cost') || ', activity_cost has '
  || coalesce(cast(c.cost as varchar), 'none') || ' on the basis ' || c.cost_basis
from activity a join activity_cost c on a.activity_id = c.activity_id
where (a.cost is not null) <> (c.cost_basis = 'reported') or (a.cost is not null and a.cost <> c.cost)"""

_BY_BASIS = """with there as (
  select coalesce(setting, 'unknown') as setting, provider_id, cost_basis, reason, count(*) as n, coalesce(sum(cost), 0) as cost
  from activity_cost group by all)
select coalesce(b.setting, t.setting) || ' of ' || coalesce(b.provider_id, t.provider_id) || ', ' || coalesce(b.reason, t.reason) || ': '
  || coalesce(b.cost, 0) || ' of ' || coalesce(b.n_activity, 0) || ' acts, they have ' || coalesce(t.cost, 0) || ' and are ' || coalesce(t.n, 0)
from cost_by_basis b full join there t
  on b.setting = t.setting and b.provider_id = t.provider_id and b.cost_basis = t.cost_basis and b.reason = t.reason
where b.cost is distinct from t.cost or b.n_activity is distinct from t.n"""

_LINES = """with line as (select coalesce(sum(cost), 0) as cost from cost_by_basis where cost_basis = 'reported'),
bridge as (select coalesce(sum(amount), 0) as cost from reconciliation where total = 'activity' and measure = 'cost' and line = 'activity')
select 'cost_by_basis has ' || l.cost || ' reported, the files'' bridges lead to ' || b.cost from line l cross join bridge b where l.cost <> b.cost"""

_CAPACITY = """with drawn as (
  select pool_id, count(*) as n, coalesce(sum(used_minutes), 0) as used, coalesce(sum(case when cost_basis = 'minutes' then cost end), 0) as cost
  from activity_cost where pool_id is not null group by pool_id)
select 'pool ' || coalesce(c.pool_id, d.pool_id) || ' of ' || coalesce(c.cost, 0) || ': used ' || coalesce(c.used_minutes, 0) || ' minutes at '
  || coalesce(c.used_cost, 0) || ', unused ' || coalesce(c.unused_minutes, 0) || ' at ' || coalesce(c.unused_cost, 0) || '; acts took '
  || coalesce(d.used, 0) || ' minutes'
from capacity c full join drawn d on c.pool_id = d.pool_id
where c.pool_id is null or c.n_activity <> coalesce(d.n, 0) or c.used_minutes <> coalesce(d.used, 0) or c.by_minutes_cost <> coalesce(d.cost, 0)
  or c.used_minutes + c.unused_minutes <> c.practical_minutes or c.used_cost + c.unused_cost <> c.cost
  or c.by_minutes_cost + c.by_other_cost <> c.used_cost"""

COST_AUDITS: dict[str, str] = {
    "every activity in force has a cost, or the reason why it has none": _EVERY_ACT,
    "what records report as cost stands": _REPORTED,
    "costs by basis are those of the acts": _BY_BASIS,
    "reported costs are what the files lead to": _LINES,
    "capacity is used or unused": _CAPACITY,
}
"""Name of each audit to the query that finds its breaches, as in AUDITS."""
