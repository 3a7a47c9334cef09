"""How each file's amount reaches each published total, and what every step left out."""

from __future__ import annotations

from accord.engine import Step
from accord.tables import (
    ATTRIBUTION_ATTRITION,
    ATTRITION,
    CONTINUOUS_STAY,
    PERSON,
    RECONCILIATION,
    RECORD_FATE,
    REGISTRATION,
    STAY_ACTIVITY,
)
from accord.tables.answers import MEASURE
from accord.tables.working import ATTACHMENT, CALENDAR_MONTH, CARE_TOTAL, FILE_AMOUNT

# Each total is reached from activity by taking off what these conditions find, in this order; a row is taken off by the first that holds.
_STEPS = {
    "provider": (("outside the period", "not is_in_period"), ("no provider", "not has_provider")),
    "registered": (
        ("outside the period", "not is_in_period"), ("no person", "not has_person"), ("no registration", "not is_registered"),
    ),
    "resident": (
        ("outside the period", "not is_in_period"), ("no person", "not has_person"), ("no residence", "not is_resident"),
    ),
}  # fmt: skip
_FATES = (
    ("refused", "quarantined"), ("exact duplicate", "exact_duplicate"), ("superseded", "superseded"), ("cancellation", "cancellation"),
)  # fmt: skip


def _line(number: int, total: str, measure: str, line: str, n: str, amount: str, source: str) -> str:
    return (
        f"select submission_id, '{total}' as total, '{measure}' as measure, {number} as line_number, '{line}' as line, "
        f"cast({n} as bigint) as n_record, cast({amount} as decimal(18, 2)) as amount from {source}"
    )


def _to_activity(measure: str) -> list[str]:
    total = "activity"
    lines = [
        _line(1, total, measure, "in the file", "in_file", f"{measure}_in_file", "account"),
        _line(2, total, measure, "rounding", "0", f"{measure}_read - cast({measure}_in_file as decimal(18, 2))", "account"),
    ]
    for number, (line, fate) in enumerate(_FATES, 3):
        lines.append(_line(number, total, measure, line, f"-n_{fate}", f"-{measure}_{fate}", "account"))
    lines.append(_line(7, total, measure, "no act of care", "n_act - n_accepted", f"{measure}_act - {measure}_accepted", "account"))
    lines.append(_line(8, total, measure, "further months", "n_months", "0", "account"))
    lines.append(_line(9, total, measure, "taken back", "n_activity - n_act - n_months", f"{measure}_activity - {measure}_act", "account"))
    lines.append(_line(10, total, measure, "activity", "n_activity", f"{measure}_activity", "account"))
    return lines


def _from_activity(total: str, measure: str) -> list[str]:
    steps = _STEPS[total]
    lines = [_line(1, total, measure, "activity", "n_activity", f"{measure}_activity", "account")]
    for number, (line, _) in enumerate(steps, 2):
        lines.append(_line(number, total, measure, line, f"-n_{total}_{number}", f"-{measure}_{total}_{number}", "account"))
    lines.append(_line(len(steps) + 2, total, measure, total, f"n_{total}", f"{measure}_{total}", "account"))
    return lines


def _sums(table: str, name: str, condition: str, count: str) -> str:
    """n, net_amount and cost of the rows that meet a condition; none is zero."""
    sums = [f"cast(coalesce(sum(case when {condition} then {count} else 0 end), 0) as bigint) as n_{name}"]
    sums += [f"cast(coalesce(sum(case when {condition} then {m} else 0 end), 0) as decimal(18, 2)) as {m}_{name}" for m in MEASURE]
    return ", ".join(sums)


def _care_sums() -> str:
    sums = [_sums("care_total", "activity", "true", "n_activity")]
    for total, steps in _STEPS.items():
        before = "true"
        for number, (_, condition) in enumerate(steps, 2):
            sums.append(_sums("care_total", f"{total}_{number}", f"{before} and {condition}", "n_activity"))
            before = f"{before} and not ({condition})"
        sums.append(_sums("care_total", total, before, "n_activity"))
    return ",\n    ".join(sums)


def _care_names() -> list[str]:
    names = ["activity"]
    for total, steps in _STEPS.items():
        names += [f"{total}_{number}" for number, _ in enumerate(steps, 2)] + [total]
    return [f"{what}_{name}" for name in names for what in ("n", *MEASURE)]


_FATE_NAMES = {
    "accepted": "fate = 'accepted'", "act": "fate = 'accepted' and is_activity", **{fate: f"fate = '{fate}'" for _, fate in _FATES},
}  # fmt: skip
_ALL_LINES = [
    line for measure in MEASURE for lines in (_to_activity(measure), *(_from_activity(t, measure) for t in _STEPS)) for line in lines
]
_UNION = "\nunion all\n"
_NEWLINE = ",\n    "

RECONCILE = Step(
    name="reconciliation",
    sql=f"""with fate as (
  select submission_id,
    {_NEWLINE.join(_sums("record_fate", fate, condition, "1") for fate, condition in _FATE_NAMES.items())},
    {", ".join(f"cast(coalesce(sum({m}), 0) as decimal(18, 2)) as {m}_read" for m in MEASURE)},
    cast(coalesce(sum(case when fate = 'accepted' and is_activity then n_activity - 1 else 0 end), 0) as bigint) as n_months
  from record_fate group by submission_id),
care as (
  select submission_id,
    {_care_sums()}
  from care_total where cut = 'file' group by submission_id),
account as (
  select f.submission_id, f.n_record as in_file, {", ".join(f"cast(f.{m} as decimal(18, 2)) as {m}_in_file" for m in MEASURE)},
    {", ".join(f"fate.{m}_read" for m in MEASURE)}, fate.n_months,
    {", ".join(f"fate.{what}_{fate}" for fate in _FATE_NAMES for what in ("n", *MEASURE))},
    {", ".join(f"coalesce(care.{name}, 0) as {name}" for name in _care_names())}
  from file_amount f
  join fate on f.submission_id = fate.submission_id
  left join care on f.submission_id = care.submission_id)
{_UNION.join(_ALL_LINES)}""",
    inputs=(FILE_AMOUNT, RECORD_FATE, CARE_TOTAL),
    output=RECONCILIATION,
    notes="""In: file_amount, record_fate, care_total. Out: reconciliation: the lines of each bridge add up to its last.
The first line comes from the landed text, the last from the published total: an audit holds the two against each other.
Units: the place's currency. 'rounding' is what reading to two decimals adds. A row is taken off by the first reason that holds.""",
)

ATTRITIONS = Step(
    name="attrition",
    sql="""with care as (
  select case when not is_in_period then 'outside the period' when not has_person then 'no person'
      when not is_registered and not is_resident then 'neither registered nor resident'
      when not is_registered then 'not registered' else 'not resident' end as reason,
    n_activity, net_amount, cost
  from care_total where cut = 'file' and (not is_in_period or not has_person or not is_registered or not is_resident)),
period as (select min(month_date) as first_date, max(next_month_date) as last_date from calendar_month),
span as (
  select r.person_id, case when r.person_id is null then 'no person' when r.end_date <= r.start_date then 'no day in it'
      else 'outside the period' end as reason
  from registration r cross join period
  where r.population in ('registered', 'resident') and (r.person_id is null or r.end_date <= r.start_date or r.start_date >= period.last_date
    or coalesce(r.end_date, date '9999-12-31') <= period.first_date)),
after_death as (
  select distinct r.person_id, m.month_date
  from registration r
  join person p on r.person_id = p.person_id
  join calendar_month m on r.start_date < m.next_month_date and coalesce(r.end_date, date '9999-12-31') > m.month_date
  where r.population in ('registered', 'resident') and p.death_date < m.month_date and (r.end_date is null or r.end_date > r.start_date))
select 'cost_per_person_month' as step, reason, cast(sum(n_activity) as bigint) as n_row, cast(null as bigint) as n_person,
  cast(sum(net_amount) as decimal(18, 2)) as net_amount, cast(sum(cost) as decimal(18, 2)) as cost
from care group by reason
union all
select 'person_month', reason, count(*), count(distinct person_id), cast(0 as decimal(18, 2)), cast(0 as decimal(18, 2)) from span group by reason
union all
select 'person_month', 'after death', count(*), count(distinct person_id), cast(0 as decimal(18, 2)), cast(0 as decimal(18, 2))
from after_death having count(*) > 0
union all
select 'attachment', 'act of care ' || standing, count(*), cast(null as bigint), cast(0 as decimal(18, 2)), cast(0 as decimal(18, 2))
from attachment where standing <> 'attached' group by standing
union all
select 'spell', reason, count(*), count(distinct person_id), cast(coalesce(sum(net_amount), 0) as decimal(18, 2)),
  cast(coalesce(sum(cost), 0) as decimal(18, 2))
from stay_activity where spell_id is null group by reason
union all
select 'readmission', 'not discharged', count(*), count(distinct person_id), cast(coalesce(sum(net_amount), 0) as decimal(18, 2)),
  cast(coalesce(sum(cost), 0) as decimal(18, 2))
from continuous_stay where end_date is null having count(*) > 0
union all
select 'attribution', reason, count(*), count(distinct person_id), cast(0 as decimal(18, 2)), cast(0 as decimal(18, 2))
from attribution_attrition group by reason""",
    inputs=(CARE_TOTAL, REGISTRATION, CALENDAR_MONTH, PERSON, ATTACHMENT, STAY_ACTIVITY, CONTINUOUS_STAY, ATTRIBUTION_ATTRITION),
    output=ATTRITION,
    notes="""In: care_total, registration, calendar_month, person, attachment, stay_activity, continuous_stay, attribution_attrition. Out: attrition.
Leaves out: nothing; it is the account of what others leave out. People are not counted where rows were added up before.""",
)
