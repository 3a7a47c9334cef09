"""One activity for each month of a record whose money is a rate: the days of care that are known, and what they come to.

The days run from the first day of care, or the first of the place's period, to the last, or, while the care is open or goes on, to the
last day of the period or the day on which the record was last stated, whichever is first: nothing is accrued beyond what is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from accord.intake.rates import over
from accord.intake.reading import Reading
from accord.tables import ACTIVITY

# The months of a record are numbered apart by a prime near the 50th power of two: no product leaves the 64 bits, and an id that falls
# below nought is brought back by the highest, so that two records' ids meet as seldom as two hashes do.
_STRIDE = 1_125_899_906_842_597
_HIGHEST = 9_223_372_036_854_775_807
_FIRST, _LAST = 'w."_first_day"', 'w."_last_day"'


def first_day(reading: Reading, start: str) -> str:
    """The SQL of the first day that counts."""
    opens = f"try_cast({reading.delivered('_period_from')} as date)"
    return f"case when {start} < {opens} then {opens} else {start} end"


def last_day(reading: Reading, end: str) -> str:
    """The SQL of the last day that counts: of care that is open or goes on, the last that is known."""
    closes = f"cast(try_cast({reading.delivered('_period_to')} as date) - interval 1 day as date)"
    stated = f"cast({reading.stated_at()} as date)"
    known = f"case when {stated} < {closes} then {stated} else {closes} end"
    return f"case when {end} < {known} then {end} else {known} end"


def n_days(reading: Reading, start: str, end: str) -> str:
    """The SQL of the number of days that count of a whole record; none, where it ends before it begins or begins after all is known."""
    first, last = first_day(reading, start), last_day(reading, end)
    return f"case when {last} >= {first} then date_diff('day', {first}, {last}) + 1 else 0 end"


def n_activities(reading: Reading, start: str, end: str) -> str:
    """The SQL of the number of activities that a record becomes: one a month, and one where no day counts."""
    first, last = first_day(reading, start), last_day(reading, end)
    return f"case when {last} >= {first} then {_months_between(first, last)} + 1 else 1 end"


def _months_between(earlier: str, later: str) -> str:
    months = [f"(extract(year from {day}) * 12 + extract(month from {day}))" for day in (later, earlier)]
    return f"cast({' - '.join(months)} as bigint)"


def by_month(reading: Reading, values: Mapping[str, str], rates: Mapping[str, str], accepted: Callable[[str], str]) -> str:
    """SELECT of activities, one for each month of each record.

    values: each column of activity to its SQL over a reading, as if the record were one activity; rates: each amount to its SQL over a
    number of days still to put in; accepted: SELECT of columns of the accepted records. The quantity is the number of days.
    """
    whole = {c: sql for c, sql in values.items() if c not in rates and c != "quantity"}
    carried = dict.fromkeys(re.findall(r'v\.("(?:[^"]|"")+")', " ".join(rates.values())))
    columns = [f"{sql} as {c}" for c, sql in whole.items()] + [f"v.{c} as {c}" for c in carried]
    columns.append(f'{first_day(reading, values["start_date"])} as "_first_day"')
    columns.append(f'{last_day(reading, values["end_date"])} as "_last_day"')
    kept = ", ".join(f"w.{c}" for c in (*whole, *carried) if c not in ("start_date", "end_date"))
    return f"""select {", ".join(f"{sql} as {c}" for c, sql in _made(whole, rates).items())}
from (select {kept},
    case when m.month_date > {_FIRST} then m.month_date when m.month_date is null then w.start_date else {_FIRST} end as start_date,
    case when m.next_month_date <= {_LAST} then cast(m.next_month_date - interval 1 day as date)
      when m.month_date is null then w.end_date else {_LAST} end as end_date,
    case when m.month_date > {_FIRST} then date_diff('day', {_FIRST}, m.month_date) else 0 end as n_before,
    case when m.next_month_date <= {_LAST} then date_diff('day', {_FIRST}, m.next_month_date)
      when m.month_date is null then 0 else date_diff('day', {_FIRST}, {_LAST}) + 1 end as n_after,
    coalesce({_months_between(_FIRST, "m.month_date")}, 0) as n_month
  from (
{accepted(", ".join(columns))}) as w
  left join calendar_month m on {_LAST} >= {_FIRST} and m.month_date <= {_LAST} and m.next_month_date > {_FIRST}) as v"""


def _made(whole: Mapping[str, str], rates: Mapping[str, str]) -> dict[str, str]:
    """Each column of activity over the months of records `v`."""
    made = {c: f"v.{c}" for c in whole}
    made["quantity"] = _signed("v.n_after - v.n_before", "decimal(18, 6)")
    made |= {f: _signed(f"{over(sql, 'v.n_after')} - {over(sql, 'v.n_before')}", "decimal(18, 2)") for f, sql in rates.items()}
    # What is taken back has the id that the row it takes back has, negated: both are told apart by their month in the same way.
    made["activity_id"] = f"case when v.reverses_id is not null then -({_id_of('v.reverses_id')}) else {_id_of('v.activity_id')} end"
    made["reverses_id"] = f"case when v.reverses_id is not null then {_id_of('v.reverses_id')} end"
    return {c: made[c] for c in ACTIVITY.names}


def _signed(sql: str, type_: str) -> str:
    return f"cast(case when v.reverses_id is not null then -({sql}) else {sql} end as {type_})"


def _id_of(record: str) -> str:
    """The SQL of the id of a record's month: the record's own in its first, a number apart from it in each that follows."""
    apart = f"v.n_month * {_STRIDE}"
    return f"case when {record} >= {apart} then {record} - {apart} else {record} + ({_HIGHEST} - {apart}) end"
