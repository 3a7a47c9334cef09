"""What followed each discharge: the next stay within the window, what is left out and why, and whether it counts."""

from __future__ import annotations

from accord.engine import Step
from accord.tables import DIAGNOSIS, PERSON
from accord.tables.stays import (
    CONTINUOUS_STAY,
    READMISSION,
    READMISSION_EXCLUSION,
    READMISSION_PAIR,
    SPELL,
    STAY_ACTIVITY,
    STAY_RULE,
)
from accord.tables.working import ACTIVITY_IN_FORCE, CALENDAR_MONTH

PAIRS = Step(
    name="discharges and the next stay",
    sql="""with period as (select max(next_month_date) as period_date from calendar_month),
seen as (select max(case when end_date > admission_date then end_date else admission_date end) as seen_date from spell),
followed as (
  select continuous_stay_id, person_id, last_spell_id, last_provider_id, end_date,
    lead(continuous_stay_id) over (partition by person_id order by admission_date nulls last, continuous_stay_id nulls last) as next_stay_id,
    lead(first_provider_id) over (partition by person_id order by admission_date nulls last, continuous_stay_id nulls last) as next_provider_id,
    lead(admission) over (partition by person_id order by admission_date nulls last, continuous_stay_id nulls last) as next_admission,
    lead(admission_date) over (partition by person_id order by admission_date nulls last, continuous_stay_id nulls last) as next_date
  from continuous_stay),
windowed as (
  select f.continuous_stay_id, f.person_id, f.last_spell_id, f.last_provider_id, f.end_date, f.next_stay_id, f.next_provider_id,
    f.next_admission, f.next_date, r.n is not null and date_diff('day', f.end_date, f.next_date) <= r.n as is_next,
    r.n is not null and date_diff('day', f.end_date, p.period_date) > r.n and date_diff('day', f.end_date, s.seen_date) >= r.n as is_whole
  from followed f cross join period p cross join seen s
  left join stay_rule r on r.what = 'last_day' and f.end_date >= r.start_date and f.end_date < r.end_date
  where f.end_date is not null)
select continuous_stay_id, person_id, last_spell_id as discharge_spell_id, last_provider_id as provider_id, end_date as discharge_date,
  case when is_next then next_stay_id end as next_stay_id, case when is_next then next_provider_id end as next_provider_id,
  case when is_next then next_admission end as next_admission, case when is_next then next_date end as next_admission_date,
  case when is_next then cast(date_diff('day', end_date, next_date) as integer) end as n_day, is_whole as is_window_whole,
  case when is_next then next_admission = 'emergency' when is_whole then false end as is_readmitted
from windowed""",
    inputs=(CONTINUOUS_STAY, SPELL, CALENDAR_MONTH, STAY_RULE),
    output=READMISSION_PAIR,
    notes="""In: continuous_stay, spell, calendar_month, stay_rule. Out: readmission_pair: one row a continuous stay that has ended.
Only the person's very next stay is looked at: a later one follows that one's discharge. The data reach to the end of the place's period, or to
the last admission or discharge of anybody where that is sooner: a window that is not over by then is not whole.
Units: days from discharge, 0 on the same day. Ties: of stays that begin on one day the lower id. Leaves out: stays that have not ended
(rows of attrition).""",
)

_WINDOW = "e.discharge_date >= r.start_date and e.discharge_date < r.end_date and r.policy in ('measure', 'payment')"


def _by_rule(what: str, subject: str, condition: str, joins: str = "") -> str:
    return f"""select e.continuous_stay_id, e.person_id, r.policy, r.rule, r.subject
from readmission_pair e {joins}
join stay_rule r on r.what = '{what}' and r.subject = '{subject}' and {condition} and {_WINDOW}"""


_OF_INDEX = "join continuous_stay c on e.continuous_stay_id = c.continuous_stay_id"
_OF_NEXT = "join continuous_stay c on e.next_stay_id = c.continuous_stay_id"
_OF_PERSON = "join person p on e.person_id = p.person_id"
_YEARS = """extract(year from e.next_admission_date) - extract(year from p.birth_date)
  - case when extract(month from e.next_admission_date) * 100 + extract(day from e.next_admission_date)
    < extract(month from p.birth_date) * 100 + extract(day from p.birth_date) then 1 else 0 end"""


def _by_code(subject: str, stay: str) -> str:
    return _by_rule(
        "code",
        subject,
        "r.code_system = k.code_system and r.code = k.code and (r.position = 'any' or r.position = k.position)",
        f"join coded k on e.{stay} = k.continuous_stay_id",
    )


def _by_data(rule: str, subject: str, condition: str) -> str:
    return f"""select continuous_stay_id, person_id, 'data' as policy, '{rule}' as rule, '{subject}' as subject
from readmission_pair e where {condition}"""


_FOUND = "\nunion all\n".join(
    (
        _by_code("index", "continuous_stay_id"),
        _by_code("readmission", "next_stay_id"),
        _by_rule("discharge_destination", "index", "r.code = c.discharge_destination_code", _OF_INDEX),
        _by_rule("admission", "index", "r.code = c.admission", _OF_INDEX),
        _by_rule("night", "index", "r.code = c.admission and c.n_night <= r.n", _OF_INDEX),
        _by_rule("admission_source", "readmission", "r.code = c.admission_source_code", _OF_NEXT),
        _by_rule("death_date", "index", "p.death_date <= e.discharge_date", _OF_PERSON),
        _by_rule("age_years", "readmission", f"{_YEARS} < r.n", _OF_PERSON),
        _by_data("window_not_complete", "index", "not is_window_whole"),
        _by_data("admission_unknown", "index", "next_stay_id is not null and next_admission is null"),
        """select e.continuous_stay_id, e.person_id, 'data', 'discharge_not_stated', 'index'
from readmission_pair e join continuous_stay c on e.continuous_stay_id = c.continuous_stay_id where c.end_basis = 'next_admission'""",
        """select e.continuous_stay_id, e.person_id, 'data', 'no_rule', 'index' from readmission_pair e
anti join stay_rule r on r.what = 'last_day' and e.discharge_date >= r.start_date and e.discharge_date < r.end_date""",
    )
)

EXCLUSIONS = Step(
    name="readmission exclusions",
    sql=f"""with stayed as (
  select a.activity_id, s.continuous_stay_id from stay_activity a join spell s on a.spell_id = s.spell_id),
whole_code as (
  select t.continuous_stay_id, d.code_system, d.code, case when d.position = 1 then 'first' else 'later' end as position
  from stayed t join diagnosis d on t.activity_id = d.activity_id where d.code_system is not null
  union all
  select t.continuous_stay_id, a.currency_system, a.currency_code, 'any'
  from stayed t join activity_in_force a on t.activity_id = a.activity_id where a.currency_system is not null and a.currency_code is not null),
cut as (
  select continuous_stay_id, code_system, substr(code, 1, 2) as code, position from whole_code
  union all select continuous_stay_id, code_system, substr(code, 1, 3), position from whole_code
  union all select continuous_stay_id, code_system, substr(code, 1, 4), position from whole_code),
coded as (
  select distinct w.continuous_stay_id, w.code_system, w.code, w.position
  from cut w join (select distinct code_system, code from stay_rule where what = 'code') r on w.code_system = r.code_system and w.code = r.code),
found as (
{_FOUND})
select distinct continuous_stay_id, person_id, policy, rule, subject from found""",
    inputs=(READMISSION_PAIR, CONTINUOUS_STAY, SPELL, STAY_ACTIVITY, ACTIVITY_IN_FORCE, DIAGNOSIS, PERSON, STAY_RULE),
    output=READMISSION_EXCLUSION,
    notes="""In: readmission_pair, continuous_stay, spell, stay_activity, activity_in_force, diagnosis, person, stay_rule.
Out: readmission_exclusion: every rule that holds, not the first alone. A rule is that of the day of discharge.
Of the data: the window is cut off by the end of the data; the next stay's admission is of no known kind; the day of discharge is not stated;
the rulebook has no window for that day and currency. Units: completed years. Leaves out: nothing.""",
)

READMISSIONS = Step(
    name="readmissions",
    sql="""with excluded as (
  select continuous_stay_id, count(*) as n_exclusion,
    cast(sum(case when policy in ('data', 'measure') and subject = 'index' then 1 else 0 end) as bigint) as n_index,
    cast(sum(case when policy in ('data', 'measure') and subject = 'readmission' then 1 else 0 end) as bigint) as n_readmission
  from readmission_exclusion group by continuous_stay_id)
select p.continuous_stay_id, p.person_id, p.discharge_spell_id, p.provider_id, p.discharge_date, p.next_stay_id, p.next_provider_id,
  p.next_admission, p.next_admission_date, p.n_day, p.is_window_whole, p.is_readmitted, coalesce(x.n_exclusion, 0) as n_exclusion,
  coalesce(x.n_index, 0) = 0 as is_in_denominator,
  coalesce(x.n_index, 0) = 0 and coalesce(x.n_readmission, 0) = 0 and coalesce(p.is_readmitted, false) as is_in_numerator
from readmission_pair p left join excluded x on p.continuous_stay_id = x.continuous_stay_id""",
    inputs=(READMISSION_PAIR, READMISSION_EXCLUSION),
    output=READMISSION,
    notes="""In: readmission_pair, readmission_exclusion. Out: readmission: one row an index discharge, whatever excludes it.
The numerator is emergency readmissions of the denominator that no rule of the published indicator leaves out. Leaves out: nothing.""",
)
