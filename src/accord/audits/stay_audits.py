"""The audits of stays: nothing inpatient is lost or counted twice between activity and the continuous stay, and every discharge is answered for."""

from __future__ import annotations

_AMOUNTS = ("net_amount", "cost")

_IN_ONE = """with bed as (select activity_id from activity where is_in_force and setting = 'inpatient')
select 'activity ' || coalesce(b.activity_id, s.activity_id) || case
    when s.activity_id is null then ' is inpatient care, and in no row of stay_activity'
    when b.activity_id is null then ' is in stay_activity, and no inpatient care in force'
    when s.spell_id is null and s.reason is null then ' is in no spell, without a reason'
    when s.spell_id is not null and s.reason is not null then ' is in a spell, and has a reason why it is in none'
    else ' is in spell ' || s.spell_id || ', which is not there' end
from bed b full join stay_activity s on b.activity_id = s.activity_id left join spell p on s.spell_id = p.spell_id
where b.activity_id is null or s.activity_id is null or (s.spell_id is null) = (s.reason is null)
  or (s.spell_id is not null and p.spell_id is null)"""

_LEFT_OUT = """with there as (
  select reason, count(*) as n, coalesce(sum(a.net_amount), 0) as net_amount, coalesce(sum(a.cost), 0) as cost
  from stay_activity s join activity a on s.activity_id = a.activity_id where s.spell_id is null group by reason)
select 'attrition has ' || coalesce(a.n_row, 0) || ' activities in no spell for ' || coalesce(t.reason, a.reason)
  || ', there are ' || coalesce(t.n, 0)
from there t full join (select * from attrition where step = 'spell') a on t.reason = a.reason
where t.n is distinct from a.n_row or t.net_amount is distinct from a.net_amount or t.cost is distinct from a.cost"""

_SPELLS = """with there as (
  select s.spell_id, count(*) as n, count(*) - count(a.cost) as n_without_cost, coalesce(sum(a.net_amount), 0) as net_amount,
    coalesce(sum(a.cost), 0) as cost
  from stay_activity s join activity a on s.activity_id = a.activity_id where s.spell_id is not null group by s.spell_id)
select 'spell ' || coalesce(p.spell_id, t.spell_id) || ' has ' || coalesce(p.net_amount, 0) || ' and ' || coalesce(p.cost, 0)
  || ' of ' || coalesce(p.n_episode, 0) || ' activities, they have ' || coalesce(t.net_amount, 0) || ' and ' || coalesce(t.cost, 0)
  || ' and are ' || coalesce(t.n, 0)
from spell p full join there t on p.spell_id = t.spell_id
where p.n_episode is distinct from t.n or p.n_without_cost is distinct from t.n_without_cost
  or p.net_amount is distinct from t.net_amount or p.cost is distinct from t.cost"""

_SUMS = ", ".join(f"sum({a}) as {a}, sum({a}_accrued) as {a}_accrued" for a in _AMOUNTS)
_UNLIKE = " or ".join(f"c.{a} is distinct from t.{a} or c.{a}_accrued is distinct from t.{a}_accrued" for a in _AMOUNTS)
_STAYS = f"""with there as (select continuous_stay_id, count(*) as n_spell, {_SUMS} from spell group by continuous_stay_id)
select 'continuous stay ' || coalesce(c.continuous_stay_id, t.continuous_stay_id) || ' has ' || coalesce(c.net_amount, 0) || ' and '
  || coalesce(c.cost, 0) || ' of ' || coalesce(c.n_spell, 0) || ' spells, they have ' || coalesce(t.net_amount, 0) || ' and '
  || coalesce(t.cost, 0) || ' and are ' || coalesce(t.n_spell, 0)
from continuous_stay c full join there t on c.continuous_stay_id = t.continuous_stay_id
where c.n_spell is distinct from t.n_spell or {_UNLIKE}"""

_APART = """with placed as (
  select p.person_id, p.continuous_stay_id, min(p.admission_date) as first_date, max(coalesce(p.end_date, date '9999-12-31')) as last_date
  from spell p group by p.person_id, p.continuous_stay_id),
followed as (
  select person_id, continuous_stay_id, first_date, max(last_date) over (partition by person_id order by first_date, last_date, continuous_stay_id
    rows between unbounded preceding and 1 preceding) as earlier_date
  from placed)
select 'continuous stay ' || continuous_stay_id || ' of person ' || person_id || ' begins on ' || first_date
  || ', another lasts until ' || earlier_date
from followed where first_date < earlier_date"""

_TRANSFERS = """select 'spell ' || coalesce(p.spell_id, t.to_spell_id) || ' continues ' || coalesce(cast(p.from_spell_id as varchar), 'none')
  || ' by ' || coalesce(p.joined_by, 'no rule') || ', transfer says ' || coalesce(cast(t.from_spell_id as varchar), 'none')
  || ' by ' || coalesce(t.rule, 'none')
from (select * from spell where from_spell_id is not null or joined_by is not null) p full join transfer t on p.spell_id = t.to_spell_id
where p.from_spell_id is distinct from t.from_spell_id or p.joined_by is distinct from t.rule"""

_BEYOND = " or ".join(
    f"({a} >= 0 and {a}_accrued not between 0 and {a}) or ({a} < 0 and {a}_accrued not between {a} and 0)"
    f" or ({a}_accrued <> {a} and not is_open and accrued_to_date > admission_date)"
    for a in _AMOUNTS
)
_ACCRUED = f"""select 'spell ' || spell_id || ' has accrued ' || net_amount_accrued || ' of ' || net_amount || ' and ' || cost_accrued
  || ' of ' || cost || ' in ' || n_night_accrued || ' nights to ' || accrued_to_date
from spell where {_BEYOND} or accrued_to_date < admission_date or n_night_accrued <> accrued_to_date - admission_date or n_night_accrued > n_night"""

_DISCHARGES = """select 'continuous stay ' || coalesce(c.continuous_stay_id, r.continuous_stay_id)
  || case when r.continuous_stay_id is null then ' ended, and readmission does not say what followed'
    when c.continuous_stay_id is null then ' is in readmission, and has not ended' else ' ended on another day than readmission says' end
from (select * from continuous_stay where end_date is not null) c full join readmission r on c.continuous_stay_id = r.continuous_stay_id
where c.end_date is distinct from r.discharge_date"""

_EXCLUDED = """with said as (
  select continuous_stay_id, count(*) as n,
    count(*) filter (policy in ('data', 'measure') and subject = 'index') as n_index,
    count(*) filter (policy in ('data', 'measure') and subject = 'readmission') as n_readmission,
    count(*) filter (rule = 'window_not_complete') as n_window
  from readmission_exclusion group by continuous_stay_id)
select 'continuous stay ' || coalesce(r.continuous_stay_id, s.continuous_stay_id) || ': readmission and its ' || coalesce(s.n, 0)
  || ' exclusions do not agree'
from readmission r full join said s on r.continuous_stay_id = s.continuous_stay_id
where r.n_exclusion is distinct from coalesce(s.n, 0) or r.is_in_denominator <> (coalesce(s.n_index, 0) = 0)
  or r.is_window_whole <> (coalesce(s.n_window, 0) = 0) or (not r.is_window_whole and r.next_stay_id is null and r.is_readmitted is not null)
  or r.is_in_numerator <> (coalesce(s.n_index, 0) = 0 and coalesce(s.n_readmission, 0) = 0 and coalesce(r.is_readmitted, false))"""

STAY_AUDITS: dict[str, str] = {
    "every inpatient activity is in one spell, or has its reason": _IN_ONE,
    "attrition says what is in no spell": _LEFT_OUT,
    "amounts of spells are those of their activities": _SPELLS,
    "amounts of continuous stays are those of their spells": _STAYS,
    "continuous stays of one person lie apart": _APART,
    "every spell that continues another is in transfer": _TRANSFERS,
    "no more is accrued than there is": _ACCRUED,
    "every stay that ended has its row in readmission": _DISCHARGES,
    "every exclusion counts, and none is missing": _EXCLUDED,
}
"""Name of each audit to the query that finds its breaches, as in AUDITS."""
