"""Spells into continuous stays: which continues which, by what rule, and the stays that come of it."""

from __future__ import annotations

from accord.engine import Step
from accord.tables.stays import CONTINUOUS_STAY, PROVIDER_SPELL, SPELL, STAY_RULE, TRANSFER

_COLUMNS = ", ".join(f"s.{name}" for name in PROVIDER_SPELL.names)


def _rule(alias: str, what: str, condition: str) -> str:
    return f"""left join stay_rule {alias} on {alias}.what = '{what}' and {alias}.policy = 'stay' and {condition}
    and p.admission_date >= {alias}.start_date and p.admission_date < {alias}.end_date"""


SPELLS = Step(
    name="spells into continuous stays",
    sql=f"""with placed as (
  select spell_id, person_id, provider_id, admission_date, coalesce(end_date, date '9999-12-31') as until_date, admission,
    admission_source_code, discharge_destination_code, row_number() over (partition by person_id
      order by admission_date nulls last, coalesce(end_date, date '9999-12-31') nulls last, spell_id nulls last) as place
  from provider_spell),
reached as (
  select spell_id, person_id, place, until_date, max(until_date) over (partition by person_id
    order by place nulls last rows between unbounded preceding and 1 preceding) as earlier_date
  from placed),
followed as (
  select spell_id, person_id, place, max(case when earlier_date is null or until_date >= earlier_date then place end)
    over (partition by person_id order by place nulls last rows between unbounded preceding and 1 preceding) as from_place
  from reached),
pair as (
  select t.spell_id, f.spell_id as from_spell_id, date_diff('day', f.until_date, t.admission_date) as n_day, t.admission_date, t.admission,
    t.admission_source_code, f.discharge_destination_code, f.provider_id <> t.provider_id as is_elsewhere
  from followed k
  join placed t on k.spell_id = t.spell_id
  join placed f on k.person_id = f.person_id and k.from_place = f.place),
judged as (
  select p.spell_id, p.from_spell_id, case
    when p.n_day < 0 then 'overlapping_dates'
    when p.n_day <= days.n and never.code is null and destination.code is not null then 'discharge_destination'
    when p.n_day <= days.n and never.code is null and origin.code is not null then 'admission_source'
    when p.n_day <= days.n and never.code is null and method.code is not null then 'admission_method'
    when p.n_day <= adjoining.n and p.is_elsewhere then 'adjoining_dates' end as joined_by
  from pair p
  {_rule("days", "transfer_days", "days.code = ''")}
  {_rule("adjoining", "adjoining_days", "adjoining.code = ''")}
  {_rule("destination", "discharge_destination", "destination.code = p.discharge_destination_code")}
  {_rule("origin", "admission_source", "origin.code = p.admission_source_code")}
  {_rule("method", "admission_method", "method.code = p.admission")}
  {_rule("never", "not_a_transfer", "never.code = p.discharge_destination_code and never.with_code = p.admission_source_code")}
    and p.admission = 'emergency'),
joined as (
  select k.spell_id, k.person_id, k.place, j.joined_by, case when j.joined_by is not null then j.from_spell_id end as from_spell_id
  from followed k left join judged j on k.spell_id = j.spell_id),
numbered as (
  select spell_id, person_id, joined_by, from_spell_id, cast(sum(case when joined_by is null then 1 else 0 end) over (partition by person_id
    order by place nulls last rows between unbounded preceding and current row) as bigint) as stay_number
  from joined),
named as (
  select spell_id, joined_by, from_spell_id,
    max(case when joined_by is null then spell_id end) over (partition by person_id, stay_number) as continuous_stay_id
  from numbered)
select {_COLUMNS}, n.continuous_stay_id, n.from_spell_id, n.joined_by
from provider_spell s join named n on s.spell_id = n.spell_id""",
    inputs=(PROVIDER_SPELL, STAY_RULE),
    output=SPELL,
    notes="""In: provider_spell, stay_rule. Out: spell.
A spell is held against the one that ended last of all earlier ones of the person. It continues that if it begins before that ended (nobody
is in two places), or if a rule of the day of its admission says so: few enough days and a code of transfer, or adjoining dates elsewhere.
Ties: earlier is what was admitted earlier, then what ended earlier, then the lower id. Of several rules the first counts: destination, source,
method, dates. A spell whose end is not known has not ended, and what begins after it overlaps it. Leaves out: nothing.""",
)

TRANSFERS = Step(
    name="transfers",
    sql="""select t.spell_id as to_spell_id, f.spell_id as from_spell_id, t.continuous_stay_id, t.person_id, f.provider_id as from_provider_id,
  t.provider_id as to_provider_id, t.joined_by as rule, f.discharge_destination_code, t.admission_source_code, f.end_date as from_date,
  t.admission_date as to_date, cast(date_diff('day', f.end_date, t.admission_date) as integer) as n_day
from spell t join spell f on t.from_spell_id = f.spell_id""",
    inputs=(SPELL,),
    output=TRANSFER,
    notes="In: spell. Out: transfer. Leaves out: spells that continue none.",
)

CONTINUOUS_STAYS = Step(
    name="continuous stays",
    sql="""with ranked as (
  select continuous_stay_id, spell_id, person_id, provider_id, admission, admission_source_code, admission_date, end_date, end_basis,
    discharge_destination_code, joined_by, is_open, accrued_to_date, net_amount, cost, n_without_cost, net_amount_accrued, cost_accrued,
    row_number() over (partition by continuous_stay_id
      order by end_date desc nulls first, admission_date desc nulls last, spell_id desc nulls last) as place_from_end
  from spell),
formed as (
  select continuous_stay_id, max(person_id) as person_id, max(case when place_from_end = 1 then spell_id end) as last_spell_id,
    max(case when spell_id = continuous_stay_id then provider_id end) as first_provider_id,
    max(case when place_from_end = 1 then provider_id end) as last_provider_id,
    max(case when spell_id = continuous_stay_id then admission end) as admission,
    max(case when spell_id = continuous_stay_id then admission_source_code end) as admission_source_code,
    min(admission_date) as admission_date, max(case when place_from_end = 1 then end_date end) as end_date,
    max(case when place_from_end = 1 then end_basis end) as end_basis,
    max(case when place_from_end = 1 then discharge_destination_code end) as discharge_destination_code, count(*) as n_spell,
    cast(sum(case when joined_by <> 'overlapping_dates' then 1 else 0 end) as bigint) as n_transfer,
    cast(sum(case when joined_by = 'overlapping_dates' then 1 else 0 end) as bigint) as n_overlap, count(distinct provider_id) as n_provider,
    max(case when is_open then 1 else 0 end) as n_open, max(accrued_to_date) as accrued_to_date,
    cast(sum(net_amount) as decimal(18, 2)) as net_amount, cast(sum(cost) as decimal(18, 2)) as cost,
    cast(sum(n_without_cost) as bigint) as n_without_cost, cast(sum(net_amount_accrued) as decimal(18, 2)) as net_amount_accrued,
    cast(sum(cost_accrued) as decimal(18, 2)) as cost_accrued
  from ranked group by continuous_stay_id)
select continuous_stay_id, person_id, last_spell_id, first_provider_id, last_provider_id, admission, admission_source_code, admission_date,
  end_date, end_basis, discharge_destination_code, n_spell, n_transfer, n_overlap, n_provider,
  cast(date_diff('day', admission_date, end_date) as integer) as n_night, n_open = 1 as is_open, accrued_to_date,
  cast(date_diff('day', admission_date, accrued_to_date) as integer) as n_night_accrued, net_amount, cost, n_without_cost,
  net_amount_accrued, cost_accrued
from formed""",
    inputs=(SPELL,),
    output=CONTINUOUS_STAY,
    notes="""In: spell. Out: continuous_stay. Amounts are those of its spells, added up.
Ties: the last spell is the one that has not ended, or ended last; then the one admitted later, then the higher id.
Units: nights; currency. Leaves out: nothing.""",
)
