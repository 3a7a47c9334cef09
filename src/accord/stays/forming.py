"""Inpatient activities into spells: which belong together, when a spell ended, and what of it is accrued."""

from __future__ import annotations

from accord.engine import Step
from accord.tables import PERSON
from accord.tables.stays import PROVIDER_SPELL, STAY_ACTIVITY, STAY_RULE
from accord.tables.working import ACTIVITY_IN_FORCE, CALENDAR_MONTH

STAY_ACTIVITIES = Step(
    name="activities into spells",
    sql="""with bed as (
  select a.activity_id, a.person_id, a.provider_id, coalesce(a.spell_code,
      case when a.episode_number is not null then 'admitted ' || cast(a.admission_date as varchar) end, cast(a.activity_id as varchar)) as bill_code,
    a.start_date, a.episode_number, a.admission_date, case when r.code is null then a.discharge_date end as discharge_date,
    r.code is not null as is_interim, a.net_amount, a.cost
  from activity_in_force a
  left join stay_rule r on r.what = 'still_patient' and a.discharge_destination_code = r.code
    and a.start_date >= r.start_date and a.start_date < r.end_date
  where a.setting = 'inpatient'),
bill as (
  select person_id, provider_id, bill_code, min(admission_date) as admission_date, max(discharge_date) as discharge_date
  from bed where person_id is not null and provider_id is not null
  group by person_id, provider_id, bill_code having min(admission_date) is not null),
stay as (
  select person_id, provider_id, bill_code,
    case when count(*) over (partition by person_id, provider_id, admission_date)
        > count(discharge_date) over (partition by person_id, provider_id, admission_date)
      then min(bill_code) over (partition by person_id, provider_id, admission_date) else bill_code end as stay_code
  from bill),
ranked as (
  select b.activity_id, s.person_id, s.provider_id, s.stay_code, row_number() over (partition by s.person_id, s.provider_id, s.stay_code
    order by b.start_date nulls last, b.episode_number nulls last, b.activity_id nulls last) as place
  from bed b join stay s on b.person_id = s.person_id and b.provider_id = s.provider_id and b.bill_code = s.bill_code),
named as (
  select activity_id, cast(place as integer) as place,
    max(case when place = 1 then activity_id end) over (partition by person_id, provider_id, stay_code) as spell_id
  from ranked)
select b.activity_id, b.person_id, n.spell_id, n.place as place_in_spell,
  case when n.spell_id is not null then null when b.person_id is null then 'no person' when b.provider_id is null then 'no provider'
    else 'no admission date' end as reason,
  b.is_interim, b.net_amount, b.cost
from bed b left join named n on b.activity_id = n.activity_id""",
    inputs=(ACTIVITY_IN_FORCE, STAY_RULE),
    output=STAY_ACTIVITY,
    notes="""In: activity_in_force, stay_rule. Out: stay_activity: every inpatient activity in force, once.
A spell is all rows of one person, provider and spell_code; without a code, all numbered episodes of one admission date; any other row is a
spell of its own. The flag overlapping_stay goes by the same.
Of one person's spells with one admission date at one provider, if any lacks a discharge (unfinished episodes, interim bills) all are one.
Ties: first is the activity that starts first, then the lower episode number, then the lower id.
Source: Health and Social Care Information Centre, Provider Spells Methodology (2014), for episodes without a number, as the British Heart
Foundation's Data Science Centre has it: the same admission date.
Leaves out: nothing; what is in no spell has its reason (rows of attrition).""",
)


def _share(amount: str) -> str:
    """The part of an amount that belongs to n_accrued of its n_night nights: cumulative, to the cent, halves away from zero."""
    cents = f"cast(round({amount} * 100, 0) as bigint)"
    # Whole hundreds of nights first, so that no product leaves 64 bits; the parts of all nights add up to the amount.
    whole = f"abs({cents}) // nullif(n_night, 0) * n_accrued"
    rest = f"(2 * (abs({cents}) % nullif(n_night, 0)) * n_accrued + n_night) // nullif(2 * n_night, 0)"
    part = f"cast(sign({amount}) as bigint) * ({whole} + {rest})"
    return f"cast(cast({part} as decimal(18, 0)) * cast('0.01' as decimal(3, 2)) as decimal(18, 2))"


def _accrued(amount: str) -> str:
    nothing = "when admission_date >= period_date then cast(0 as decimal(18, 2))"
    whole = f"when n_night is null or n_accrued >= n_night then {amount}"
    return f"case {nothing} {whole}\n    else {_share(amount)} end as {amount}_accrued"


PROVIDER_SPELLS = Step(
    name="spells of one provider",
    sql=f"""with period as (select max(next_month_date) as period_date from calendar_month),
part as (
  select s.spell_id, s.place_in_spell, a.activity_id, a.person_id, a.provider_id, a.spell_code, a.admission, a.admission_source_code,
    a.discharge_destination_code, a.admission_date, case when s.is_interim then null else a.discharge_date end as discharge_date,
    coalesce(a.end_date, a.start_date) as care_date, a.net_amount, a.cost,
    max(s.place_in_spell) over (partition by s.spell_id) as last_place,
    max(case when a.discharge_destination_code is not null and not s.is_interim then s.place_in_spell end)
      over (partition by s.spell_id) as told_place
  from stay_activity s join activity_in_force a on s.activity_id = a.activity_id
  where s.spell_id is not null),
formed as (
  select spell_id, max(person_id) as person_id, max(provider_id) as provider_id,
    max(case when place_in_spell = 1 then spell_code end) as spell_code,
    max(case when place_in_spell = 1 then admission end) as admission,
    max(case when place_in_spell = 1 then admission_source_code end) as admission_source_code,
    max(case when place_in_spell = told_place then discharge_destination_code end) as discharge_destination_code,
    max(case when place_in_spell = last_place then activity_id end) as last_activity_id,
    min(admission_date) as admission_date, max(discharge_date) as discharge_date, max(care_date) as care_date,
    count(*) as n_episode, cast(coalesce(sum(net_amount), 0) as decimal(18, 2)) as net_amount,
    cast(coalesce(sum(cost), 0) as decimal(18, 2)) as cost, count(*) - count(cost) as n_without_cost
  from part group by spell_id),
followed as (
  select f.spell_id, f.person_id, f.provider_id, f.spell_code, f.admission, f.admission_source_code, f.discharge_destination_code,
    f.last_activity_id, f.admission_date, f.discharge_date, f.care_date, f.n_episode, f.net_amount, f.cost, f.n_without_cost,
    case when p.death_date >= f.admission_date then p.death_date end as death_date,
    lead(f.admission_date) over (partition by f.person_id, f.provider_id order by f.admission_date nulls last, f.spell_id nulls last) as next_date,
    case when f.discharge_date is not null then f.admission_date < max(f.discharge_date) over (partition by f.person_id, f.provider_id
      order by case when f.discharge_date is null then 1 else 0 end nulls last, f.admission_date nulls last, f.discharge_date nulls last,
        coalesce(f.spell_code, cast(f.spell_id as varchar)) nulls last, f.spell_id nulls last
      rows between unbounded preceding and 1 preceding) end as is_overlapping
  from formed f left join person p on f.person_id = p.person_id),
ended as (
  select spell_id, admission_date, greatest(admission_date, case when discharge_date is not null then discharge_date
      when death_date is not null then least(death_date, coalesce(next_date, death_date))
      when next_date is not null then least(greatest(care_date, admission_date), next_date) end) as end_date,
    case when discharge_date is not null then 'discharge' when death_date is not null then 'death' when next_date is not null then 'next_admission'
      else 'open' end as end_basis
  from followed),
placed as (
  select e.spell_id, case when e.end_basis <> 'open' then e.end_date end as end_date, e.end_basis, p.period_date,
    case when e.admission_date >= p.period_date then e.admission_date
      when e.end_basis = 'open' or e.end_date >= p.period_date then p.period_date else e.end_date end as accrued_to_date,
    e.admission_date < p.period_date and (e.end_basis = 'open' or e.end_date >= p.period_date) as is_open
  from ended e cross join period p),
counted as (
  select f.spell_id, f.person_id, f.provider_id, f.spell_code, f.admission, f.admission_source_code, f.discharge_destination_code,
    f.last_activity_id, f.admission_date, f.discharge_date, f.n_episode, f.net_amount, f.cost, f.n_without_cost,
    coalesce(f.is_overlapping, false) as is_overlapping, p.end_date, p.end_basis, p.period_date, p.accrued_to_date, p.is_open,
    cast(date_diff('day', f.admission_date, p.end_date) as bigint) as n_night,
    cast(date_diff('day', f.admission_date, p.accrued_to_date) as bigint) as n_accrued
  from followed f join placed p on f.spell_id = p.spell_id)
select spell_id, person_id, provider_id, spell_code, admission, admission_source_code, admission_date, discharge_date, end_date, end_basis,
  discharge_destination_code, last_activity_id, n_episode, cast(n_night as integer) as n_night, is_overlapping, is_open, accrued_to_date,
  cast(n_accrued as integer) as n_night_accrued, net_amount, cost, n_without_cost,
  {_accrued("net_amount")},
  {_accrued("cost")}
from counted""",
    inputs=(STAY_ACTIVITY, ACTIVITY_IN_FORCE, PERSON, CALENDAR_MONTH),
    output=PROVIDER_SPELL,
    notes="""In: stay_activity, activity_in_force, person, calendar_month. Out: provider_spell.
Without a discharge date a spell ends with the person's death; or else with the last care known, if the person was admitted again to the same
provider; or else it is open. Ties: of equal spells the lower spell_code counts as the earlier, as for the flag overlapping_stay.
Units: nights; currency. Amounts accrue by night, cumulatively and to the cent: what is accrued to a day and what is left add up to the whole.
A spell whose end is not known has accrued all that has been reported of it; one that begins after the period has accrued nothing.
Leaves out: nothing.""",
)
