"""When each act under a contract became known: as it was told, and as it was taken back."""

from __future__ import annotations

from accord.engine import Step
from accord.tables import ACTIVITY
from accord.tables.settlement import CONTRACT_ACTIVITY, CONTRACT_TOLD

TOLD = Step(
    name="acts under clauses by when they were known",
    sql="""with event as (
  select activity_id, known_at, 1 as sign from activity where reverses_id is null
  union all
  select reverses_id as activity_id, known_at, -1 as sign from activity where reverses_id is not null)
select c.contract_id, c.clause_id, c.activity_id, cast(e.sign as integer) as sign, c.person_id, c.service, c.month_date,
  coalesce(c.currency_code, 'none') as price_group, greatest(c.month_date, cast(date_trunc('month', e.known_at) as date)) as known_date,
  cast(e.sign * c.value_amount as decimal(18, 2)) as value_amount,
  cast(case when c.is_priced then 0 else e.sign end as integer) as n_unpriced,
  cast(case when c.is_priced then 0 else cast(e.sign * coalesce(c.cost, c.amount, 0) as decimal(18, 2)) end as decimal(18, 2)) as unpriced_cost,
  cast(e.sign * coalesce(c.cost, c.amount, 0) as decimal(18, 2)) as cost, c.is_paying
from contract_activity c join event e on c.activity_id = e.activity_id""",
    inputs=(ACTIVITY, CONTRACT_ACTIVITY),
    output=CONTRACT_TOLD,
    notes="""In: activity, contract_activity of every act that was ever told. Out: contract_told: one row an act and clause, and one more where it was
taken back. Care that is told before its month begins counts as known in its month. Units: currency. Ties: none. Leaves out: nothing.""",
)
