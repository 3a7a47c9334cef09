"""The care of a run, as its contracts see it: each act under the clauses that are about it, or with the reason why none is."""

from __future__ import annotations

from accord.engine import Step
from accord.tables import ACTIVITY, ACTIVITY_COST, ORGANISATION, PERSON_MONTH
from accord.tables.settlement import (
    ACT,
    CONTRACT_ACTIVITY,
    CONTRACT_CLAIM,
    CONTRACT_MEMBER,
    CONTRACT_PEOPLE,
    CONTRACT_SCOPE,
    CONTRACT_TOTAL,
    PERSON_COST,
    PRICE,
    PRICE_SUPPLEMENT,
    PROVIDER_FACTOR,
    SERVICE,
    UNSETTLED_ACTIVITY,
)
from accord.tables.working import CALENDAR_MONTH

ACTS = Step(
    name="acts of care as contracts see them",
    sql="""with party as (
  select o.organisation_id, case when o.known_from <> 'place' and p.known_from = 'place' then p.organisation_id else o.organisation_id end as party_id
  from organisation o left join organisation p on o.parent_id = p.organisation_id),
seen as (
  select a.activity_id, a.person_id, coalesce(y.party_id, a.payer_id) as payer_id,
    coalesce(v.party_id, a.provider_id, a.partner_id) as provider_id, a.setting, a.admission, s.service,
    case when a.setting = 'inpatient' then a.discharge_date else a.start_date end as care_date, a.currency_code,
    case when a.setting = 'inpatient' then cast(date_diff('day', a.admission_date, a.discharge_date) as integer) end as stay_days,
    a.net_amount, a.cost, case when a.cost is null then w.cost end as worked_out_cost,
    case when a.cost is not null then 'reported' else coalesce(w.cost_basis, 'none') end as cost_basis,
    coalesce(a.net_amount, a.cost, w.cost) as amount, a.service_code
  from activity a
  left join activity_cost w on a.activity_id = w.activity_id
  join service s on coalesce(a.setting, 'unknown') = s.setting and coalesce(a.admission, 'none') = s.admission
  left join party v on a.provider_id = v.organisation_id
  left join party y on a.payer_id = y.organisation_id
  where a.is_in_force)
select t.activity_id, t.person_id, t.payer_id, t.provider_id, t.setting, t.admission, t.service, t.care_date, m.month_date, t.currency_code,
  t.service_code, t.stay_days, t.net_amount, t.cost, t.worked_out_cost, t.cost_basis, t.amount
from seen t left join calendar_month m on t.care_date >= m.month_date and t.care_date < m.next_month_date""",
    inputs=(ACTIVITY, ACTIVITY_COST, ORGANISATION, SERVICE, CALENDAR_MONTH),
    output=ACT,
    notes="""In: activity, activity_cost, organisation, service, calendar_month. Out: act: one row an activity in force.
A cost that the record reports stands; else it is the one worked out, if there is one.
An organisation that belongs to a partner stands for that partner; where the record names no provider, the sender does.
Units: nights. Ties: none. Leaves out: activity that is not in force: it takes back, or is taken back.""",
)

_OF_POPULATION = """left join person_month p on a.person_id = p.person_id and a.month_date = p.month_date
  left join contract_member b on s.contract_id = b.contract_id
    and b.organisation_id = case when s.population = 'resident' then p.resident_id else p.registered_id end"""

_NARROWED = """(s.service_code is null or a.service_code = s.service_code)
    and (s.currency_code is null or a.currency_code = s.currency_code)"""

CLAIMS = Step(
    name="acts that clauses are about",
    sql=f"""with claim as (
  select s.contract_id, s.clause_id, a.activity_id, s.prices, s.is_paying, s.priced_on_date
  from act a
  join contract_scope s on a.provider_id = s.payee_id and a.service = s.service and (a.payer_id is null or a.payer_id = s.payer_id)
    and a.care_date >= s.start_date and a.care_date < s.end_date
    and {_NARROWED}
  {_OF_POPULATION}
  where b.organisation_id is not null)
select contract_id, clause_id, activity_id, prices, is_paying,
  cast(count(case when is_paying then 1 end) over (partition by activity_id) as bigint) as n_claim, priced_on_date
from claim""",
    inputs=(ACT, CONTRACT_SCOPE, PERSON_MONTH, CONTRACT_MEMBER),
    output=CONTRACT_CLAIM,
    notes="""In: act, contract_scope, person_month, contract_member. Out: contract_claim: one row an act and clause.
A clause that narrows a service to specialties or codes is about no act whose record does not state one.
Of an act whose record names no payer, the contract of its provider is taken to pay; two such contracts leave it to neither.
Units: none. Ties: none. Leaves out: acts that no clause is about: unsettled_activity.""",
)

PRICED = Step(
    name="acts priced",
    sql="""with listed as (
  select distinct price_list, currency_code from price),
claimed as (
  select c.contract_id, c.clause_id, c.activity_id, c.is_paying, c.prices, coalesce(c.priced_on_date, a.care_date) as day
  from contract_claim c join act a on c.activity_id = a.activity_id
  where c.n_claim <= 1),
found as (
  select c.contract_id, c.clause_id, c.activity_id, c.is_paying, c.prices, a.person_id, a.admission, a.service, a.care_date, a.month_date,
    a.currency_code, a.stay_days, a.net_amount, a.cost as reported_cost, coalesce(a.cost, a.worked_out_cost) as cost,
    case when a.cost is not null then 'reported' else coalesce(a.cost_basis, 'none') end as cost_basis,
    a.amount, l.currency_code is not null as is_listed, p.price_list is not null as is_found,
    p.price_amount, p.trim_days, p.per_day_amount, p.short_stay_days, p.short_stay_share, s.supplement_rate, f.factor,
    row_number() over (partition by c.contract_id, c.clause_id, c.activity_id
      order by p.setting asc nulls last, p.admission asc nulls last, p.start_date desc nulls last, s.supplement_rate desc nulls last,
        s.currency_code asc nulls last, s.service_code asc nulls last, f.start_date desc nulls last) as place
  from claimed c
  join act a on c.activity_id = a.activity_id
  left join listed l on c.prices = l.price_list and a.currency_code = l.currency_code
  left join price p on c.prices = p.price_list and a.currency_code = p.currency_code
    and (p.setting is null or p.setting = a.setting) and (p.admission is null or p.admission = a.admission)
    and (p.start_date is null or c.day >= p.start_date) and (p.end_date is null or c.day < p.end_date)
  left join price_supplement s on c.prices = s.price_list
    and (s.currency_code is null or s.currency_code = a.currency_code) and (s.service_code is null or s.service_code = a.service_code)
    and (s.start_date is null or c.day >= s.start_date) and (s.end_date is null or c.day < s.end_date)
  left join provider_factor f on c.prices = f.price_list and a.provider_id = f.provider_id
    and (f.start_date is null or c.day >= f.start_date) and (f.end_date is null or c.day < f.end_date)),
by_list as (
  select b.contract_id, b.clause_id, b.activity_id, b.prices, b.currency_code, b.is_listed, b.is_found, b.is_paying, b.person_id, b.service,
    b.care_date, b.month_date, b.stay_days, b.cost, b.cost_basis, b.amount, coalesce(b.factor, 1) as factor,
    1 + coalesce(b.supplement_rate, 0) as topped_rate,
    case when b.prices = 'submitted' then cast(b.net_amount as decimal(18, 6))
      when b.prices = 'reported_cost' then cast(b.reported_cost as decimal(18, 6))
      else nullif(b.price_amount, 0) end as price_amount,
    cast(greatest(coalesce(b.stay_days - b.trim_days, 0), 0) * coalesce(b.per_day_amount, 0) as decimal(18, 6)) as beyond_amount,
    case when b.admission = 'emergency' and b.stay_days <= b.short_stay_days then b.short_stay_share else 1 end as share
  from found b where b.place = 1),
reduced as (
  select b.contract_id, b.clause_id, b.activity_id, b.prices, b.currency_code, b.is_listed, b.is_found, b.is_paying, b.person_id, b.service,
    b.care_date, b.month_date, b.stay_days, b.cost, b.cost_basis, b.amount, b.factor, b.price_amount, b.beyond_amount, b.topped_rate,
    cast(b.price_amount * b.share as decimal(18, 6)) as reduced_amount
  from by_list b),
run_up as (
  select r.contract_id, r.clause_id, r.activity_id, r.prices, r.currency_code, r.is_listed, r.is_found, r.is_paying, r.person_id, r.service,
    r.care_date, r.month_date, r.stay_days, r.cost, r.cost_basis, r.amount, r.factor,
    r.price_amount, r.price_amount + r.beyond_amount as with_long_stay_amount,
    r.reduced_amount + r.beyond_amount as after_short_stay_amount,
    cast(cast(r.reduced_amount * r.topped_rate as decimal(18, 6)) + r.beyond_amount as decimal(18, 6)) as with_supplement_amount
  from reduced r),
rounded as (
  select u.contract_id, u.clause_id, u.activity_id, u.prices, u.currency_code, u.is_listed, u.is_found, u.is_paying, u.person_id, u.service,
    u.care_date, u.month_date, u.stay_days, u.cost, u.cost_basis, u.amount, coalesce(cast(u.price_amount as decimal(18, 2)), 0) as to_base,
    coalesce(cast(u.with_long_stay_amount as decimal(18, 2)), 0) as to_long_stay,
    coalesce(cast(u.after_short_stay_amount as decimal(18, 2)), 0) as to_short_stay,
    coalesce(cast(u.with_supplement_amount as decimal(18, 2)), 0) as to_supplement,
    coalesce(cast(u.with_supplement_amount * u.factor as decimal(18, 2)), 0) as value_amount
  from run_up u)
select contract_id, clause_id, activity_id, person_id, service, care_date, month_date, currency_code, stay_days, value_amount,
  to_base as base_amount, cast(to_long_stay - to_base as decimal(18, 2)) as long_stay_amount,
  cast(to_short_stay - to_long_stay as decimal(18, 2)) as short_stay_amount,
  cast(to_supplement - to_short_stay as decimal(18, 2)) as supplement_amount,
  cast(value_amount - to_supplement as decimal(18, 2)) as market_forces_amount, value_amount <> 0 as is_priced,
  case when value_amount <> 0 then null when prices in ('submitted', 'reported_cost') then 'no amount in the record'
    when currency_code is null then 'no currency code' when not is_listed then 'not in the list'
    when not is_found then 'not for its day, setting or admission' else 'price of 0 or none' end as unpriced_reason,
  cost, cost_basis, amount, is_paying
from rounded""",
    inputs=(CONTRACT_CLAIM, ACT, PRICE, PRICE_SUPPLEMENT, PROVIDER_FACTOR),
    output=CONTRACT_ACTIVITY,
    notes="""In: contract_claim, act, price, price_supplement, provider_factor. Out: contract_activity: one row an act and clause.
The price is that of the care's day, of admitted care that of the discharge; of a baseline's earlier acts that of the contract's first
day. A price that names setting and admission goes before one that does not.
Of several supplements the highest counts, on the price after what a short stay takes off; the provider's factor multiplies all.
Each act is rounded to the penny, and each component is the difference of two sums so rounded: they add up to value_amount.
Units: currency. Ties: none, as no list prices one code twice on one day. Leaves out: acts that several contracts would pay for: unsettled_activity.
Source: tariffs are reduced for short emergency stays, long stays are paid by the day beyond a trim point, top-ups are a proportion of the tariff, and
the tariff with its adjustments is multiplied by the factor: HFMA, Introduction to payment by results (4), 5 May 2011.""",
)

TOTALS = Step(
    name="acts by clause, service and month",
    sql="""select contract_id, clause_id, service, month_date, coalesce(currency_code, 'none') as price_group, count(*) as n_activity,
  cast(sum(value_amount) as decimal(18, 2)) as value_amount, count(case when not is_priced then 1 end) as n_unpriced,
  cast(sum(case when is_priced then 0 else coalesce(cost, amount, 0) end) as decimal(18, 2)) as unpriced_cost, is_paying,
  cast(sum(coalesce(amount, 0)) as decimal(18, 2)) as amount,
  cast(sum(case when not is_priced and cost_basis in ('unit_cost', 'minutes') then coalesce(cost, 0) else 0 end)
    as decimal(18, 2)) as worked_out_cost,
  count(case when is_priced and cost is not null then 1 end) as n_costed,
  cast(sum(case when is_priced then coalesce(cost, 0) else 0 end) as decimal(18, 2)) as priced_cost
from contract_activity
group by contract_id, clause_id, service, month_date, coalesce(currency_code, 'none'), is_paying""",
    inputs=(CONTRACT_ACTIVITY,),
    output=CONTRACT_TOTAL,
    notes="In: contract_activity. Out: contract_total. Units: currency. Ties: none. Leaves out: nothing.",
)

UNSETTLED = Step(
    name="acts that no contract pays for",
    sql=f"""with near as (
  select a.activity_id, max(case when a.service = s.service and {_NARROWED} then 1 else 0 end) as has_clause,
    max(case when a.service = s.service and {_NARROWED}
      and a.care_date >= s.start_date and a.care_date < s.end_date then 1 else 0 end) as has_day
  from act a join contract_scope s on a.provider_id = s.payee_id and (a.payer_id is null or a.payer_id = s.payer_id)
  where s.is_paying
  group by a.activity_id),
claimed as (
  select activity_id, max(n_claim) as n_claim from contract_claim where is_paying group by activity_id),
left_over as (
  select a.payer_id, a.provider_id, a.service, a.amount,
    case when a.care_date is null then 'not discharged yet' when c.n_claim > 1 then 'claimed by several contracts'
      when n.activity_id is null then 'no contract' when n.has_clause = 0 then 'no clause pays for it'
      when n.has_day = 0 then 'outside the days settled' else 'outside the population' end as reason
  from act a
  left join near n on a.activity_id = n.activity_id
  left join claimed c on a.activity_id = c.activity_id
  where c.n_claim is null or c.n_claim > 1)
select reason, payer_id, provider_id, service, count(*) as n_activity, count(case when amount is null then 1 end) as n_unvalued,
  cast(coalesce(sum(amount), 0) as decimal(18, 2)) as amount
from left_over group by reason, payer_id, provider_id, service""",
    inputs=(ACT, CONTRACT_SCOPE, CONTRACT_CLAIM),
    output=UNSETTLED_ACTIVITY,
    notes="""In: act, contract_scope, contract_claim. Out: unsettled_activity, for the first reason that holds of each act.
Units: currency. Ties: none. Leaves out: acts that one clause pays for.""",
)

PERSON_COSTS = Step(
    name="cost by person and clause",
    sql="""select contract_id, clause_id, person_id, cast(sum(coalesce(cost, amount, 0)) as decimal(18, 2)) as cost
from contract_activity group by contract_id, clause_id, person_id""",
    inputs=(CONTRACT_ACTIVITY,),
    output=PERSON_COST,
    notes="In: contract_activity. Out: person_cost. Units: currency. Ties: none. Leaves out: nothing.",
)

PEOPLE = Step(
    name="people of each contract by month",
    sql="""with span as (
  select contract_id, population, min(start_date) as start_date, max(end_date) as end_date from contract_scope
  where not coalesce(is_baseline, false) group by contract_id, population)
select s.contract_id, p.month_date, count(*) as n_person
from person_month p
join span s on p.month_date >= s.start_date and p.month_date < s.end_date
join contract_member b on s.contract_id = b.contract_id
  and b.organisation_id = case when s.population = 'resident' then p.resident_id else p.registered_id end
group by s.contract_id, p.month_date""",
    inputs=(CONTRACT_SCOPE, PERSON_MONTH, CONTRACT_MEMBER),
    output=CONTRACT_PEOPLE,
    notes="""In: contract_scope, person_month, contract_member. Out: contract_people. Units: people. Ties: none.
Leaves out: people who are not of the contract's population in the month.""",
)

STEPS = (ACTS, CLAIMS, PRICED, TOTALS, UNSETTLED, PERSON_COSTS, PEOPLE)
"""Every step of a settlement, in order."""
