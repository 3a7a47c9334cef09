"""Who joined, stayed, switched and left between two days, why, and what each is worth: parts that add up from the first total to the second."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import duckdb

from accord.engine.duck import connection, literal
from accord.errors import UserError
from accord.place import Place, PlaceSettings, Run, open_run, read_model
from accord.place.toml_faults import did_you_mean
from accord.population.attribution.showing import check_has_attribution

Span = tuple[date, date]
KIND = ("stayed", "switched", "joined", "left")
_LIKE_A_DAY = re.compile(r"\d{1,4}-\d{1,2}-\d{1,2}")
_TABLES = ("attribution", "attribution_attrition", "person_month", "person", "registration", "activity")


@dataclass(frozen=True)
class Point:
    """One run as it stands on one day."""

    run: Run
    day: date
    settings: PlaceSettings


@dataclass(frozen=True)
class Moved:
    """People who did one thing for one reason. cost_first, cost_second: what their care took in the days of each side."""

    kind: str
    reason: str
    n_person: int
    cost_first: Decimal
    cost_second: Decimal

    @property
    def n_moved(self) -> int:
        """By how many people the second total is larger for it."""
        return {"joined": self.n_person, "left": -self.n_person}.get(self.kind, 0)

    @property
    def cost_moved(self) -> Decimal:
        """By how much the second total is larger for it."""
        first = Decimal(0) if self.kind == "joined" else self.cost_first
        second = Decimal(0) if self.kind == "left" else self.cost_second
        return second - first


@dataclass(frozen=True)
class Difference:
    """Two days held against each other. totals: people and the cost of their care, of each day; moved adds up between them.

    spans: the days whose care is counted, first in and first out, of each side: as many days on both sides, a year at most.
    """

    first: Point
    second: Point
    spans: tuple[Span, Span]
    organisation_id: str | None
    totals: tuple[tuple[int, Decimal], tuple[int, Decimal]]
    moved: tuple[Moved, ...]


def point(place: Place, text: str, run: str) -> Point:
    """A day of a run (2025-09-30), a run as it was known (its id), or RUN@DAY. run: which, where the text names none. Raises UserError."""
    named, _, day_text = text.rpartition("@")
    try:
        day = date.fromisoformat(day_text)
    except ValueError:
        if named or _LIKE_A_DAY.fullmatch(day_text):
            mend = "write year-month-day as the calendar has it, such as 2025-09-30"
            raise UserError(f"'{day_text}' is no day", where=text, what_to_do=mend) from None
        named, day = text, None
    opened = open_run(place, named or run)
    check_has_attribution(opened)
    settings = read_model(opened.folder / "inputs" / "place.toml", PlaceSettings)
    period = settings.period
    day = day or max(period.start_date, min(period.end_date - timedelta(days=1), opened.manifest.known_at.date()))
    if not period.start_date <= day < period.end_date:
        what = f"{day} is not in the period of run {opened.run_id}, {period.start_date} to {period.end_date}"
        raise UserError(what, where=text, what_to_do="give a day of the period, or a run")
    return Point(opened, day, settings)


def difference(first: Point, second: Point, organisation_id: str | None, *, is_after: bool) -> Difference:
    """In: two points, the earlier day first; of one organisation alone, or of all; whether care before or after each day is counted.

    Raises UserError if the points are the other way round, or nobody belongs to the organisation.
    """
    if second.day < first.day:
        what = f"{second.day} is before {first.day}"
        raise UserError(what, where="the days asked for", what_to_do=f"give the earlier one first: accord attribution diff {second.day} {first.day}")
    folders = f"[{literal(str(first.run.folder))}, {literal(str(second.run.folder))}]"
    with connection({"allowed_directories": folders}) as opened:
        spans = _spans(first, second, is_after)
        for name, at, span in (("first", first, spans[0]), ("second", second, spans[1])):
            _state(opened, name, at, span)
        _check_has_people(opened, organisation_id)
        values = {"first_day": first.day, "second_day": second.day, "organisation_id": organisation_id}
        opened.execute(_PEOPLE, values)
        totals = tuple((int(n), cost) for n, cost in opened.execute(_TOTALS).fetchall())
        moved = tuple(Moved(kind, reason, int(n), a, b) for kind, reason, n, a, b in opened.execute(_MOVED, {"kinds": list(KIND)}).fetchall())
    found = Difference(first, second, spans, organisation_id, (totals[0], totals[1]), moved)
    _assert_adds_up(found)
    return found


def _check_has_people(opened: duckdb.DuckDBPyConnection, organisation_id: str | None) -> None:
    """A misspelt organisation would have nobody on either day, and look like an answer. Raises UserError naming those that have people."""
    if organisation_id is None:
        return
    known = [row[0] for row in opened.execute(_WHOSE).fetchall()]
    if organisation_id not in known:
        mend = did_you_mean(organisation_id, known, "those with people in the two runs are")
        raise UserError(f"nobody belongs to '{organisation_id}'", where="--organisation", what_to_do=mend)


def _spans(first: Point, second: Point, is_after: bool) -> tuple[Span, Span]:
    """As many days before (or after) each of the two, a year at most, as both runs account for."""
    ends = [at.settings.period.end_date if is_after else at.settings.period.start_date for at in (first, second)]
    n_day = min(365, *(abs(at.day - end).days for at, end in zip((first, second), ends, strict=True)))
    one, other = ((at.day, at.day + timedelta(n_day)) if is_after else (at.day - timedelta(n_day), at.day) for at in (first, second))
    return one, other


def _state(opened: duckdb.DuckDBPyConnection, name: str, at: Point, span: Span) -> None:
    """Of one day: each person's organisation or the reason for none, what is known of them, and the cost of the days counted."""
    for table in _TABLES:
        opened.execute(f"create view {name}_{table} as select * from read_parquet({literal(str(at.run.table_file(table)))})")
    said = at.settings.attribution
    listed: Sequence[str] = said.participants
    population = "resident" if said.method == "resident" else "registered"
    text = _STATE.format(side=name, population=population)
    values = {
        "day": at.day, "month": at.day.replace(day=1), "since": span[0], "until": span[1], "participants": list(listed), "ours": said.organisation,
        "is_monthly": said.method != "plurality",
    }  # fmt: skip
    opened.execute(text, values)


# Of any day, as an organisation may have nobody on these two.
_WHOSE = """select whose_id from first_state where whose_id is not null union select whose_id from second_state where whose_id is not null
union select organisation_id from first_attribution union select organisation_id from second_attribution order by 1"""

# Lists and areas are told by the month of the day, everything else by the year that the day lies in.
_STATE = """create table {side}_state as
with yearly as (
  select person_id, organisation_id, step, cast(null as varchar) as reason from {side}_attribution where start_date <= $day and end_date > $day
  union all
  select person_id, null, null, reason from {side}_attribution_attrition where start_date <= $day and end_date > $day),
monthly as (
  select person_id, is_resident, case when is_{population} then case when list_contains($participants, {population}_id) then $ours
      else coalesce({population}_id, 'unknown') end end as organisation_id
  from {side}_person_month where month_date = $month),
worth as (
  select person_id, sum(coalesce(cost, 0)) as cost from {side}_activity
  where is_in_force and start_date >= $since and start_date < $until group by person_id),
seen as (
  select person_id, min(start_date) as first_date from (
    select person_id, start_date from {side}_registration union all select person_id, start_date from {side}_activity where is_in_force)
  group by person_id),
held as (
  select y.*, $is_monthly and coalesce(y.step, '') not in ('payer_list', 'choice')
      and coalesce(y.reason, '') not in ('not on the payer''s list', 'aligned to another organisation', 'chose another organisation') as by_month
  from yearly y)
select h.person_id,
  case when h.by_month then case when $ours is null or m.organisation_id = $ours then m.organisation_id end else h.organisation_id end as whose_id,
  case when h.by_month then '{population}' else h.step end as step,
  case when not h.by_month then h.reason when m.organisation_id is not null then 'with another organisation'
    else 'not {population} then' end as reason,
  coalesce(m.is_resident, false) as is_resident, p.birth_date, p.death_date, s.first_date, coalesce(w.cost, 0) as cost
from held h
join {side}_person p on h.person_id = p.person_id
left join monthly m on h.person_id = m.person_id
left join worth w on h.person_id = w.person_id
left join seen s on h.person_id = s.person_id"""

_PEOPLE = """create table people as
with pair as (
  select coalesce(a.person_id, b.person_id) as person_id, a.whose_id as whose_first, b.whose_id as whose_second, b.step as step_second,
    coalesce(a.reason, 'not known then') as reason_first, coalesce(b.reason, 'not known any more') as reason_second,
    coalesce(b.birth_date, a.birth_date) as birth_date, coalesce(b.death_date, a.death_date) as death_date,
    coalesce(a.is_resident, false) as was_resident, coalesce(b.is_resident, false) as is_resident,
    least(a.first_date, b.first_date) as first_date, coalesce(a.cost, 0) as cost_first, coalesce(b.cost, 0) as cost_second
  from first_state a full join second_state b on a.person_id = b.person_id),
ours as (
  select *, case when $organisation_id is null then whose_first is not null else coalesce(whose_first = $organisation_id, false) end as is_first,
    case when $organisation_id is null then whose_second is not null else coalesce(whose_second = $organisation_id, false) end as is_second
  from pair),
moved as (
  select *, case when is_first and is_second then case when whose_first = whose_second then 'stayed' else 'switched' end
    when is_second then 'joined' when is_first then 'left' end as kind
  from ours)
select *, case kind
    when 'stayed' then 'with the same organisation'
    when 'switched' then case step_second when 'payer_list' then 'the payer''s list' when 'choice' then 'own choice'
      when 'registered' then 'changed lists' when 'resident' then 'moved within the place' else 'more care elsewhere' end
    when 'joined' then case when step_second = 'payer_list' then 'the payer''s list' when step_second = 'choice' then 'own choice'
      when whose_first is not null then 'from another organisation' when birth_date >= $first_day then 'born'
      when first_date >= $first_day or first_date is null
        then case when step_second = 'registered' then 'new registration' else 'never seen before' end
      when step_second = 'registered' and was_resident then 'joined a list, resident before'
      when step_second = 'registered' then 'on a list again' when step_second = 'resident' then 'moved in' else 'before: ' || reason_first end
    when 'left' then case when death_date < $second_day then 'died' when whose_second is not null then 'to another organisation'
      when step_second = 'registered' and not is_resident then 'left the list and the area'
      when step_second = 'registered' then 'left the list, still resident' when step_second = 'resident' then 'moved away'
      else 'now: ' || reason_second end
  end as why
from moved where kind is not null"""

_TOTALS = """select count(*) filter (is_first), coalesce(sum(cost_first) filter (is_first), 0) from people
union all select count(*) filter (is_second), coalesce(sum(cost_second) filter (is_second), 0) from people"""
_MOVED = """select kind, why, count(*) as n, sum(cost_first), sum(cost_second) from people group by kind, why
order by list_position($kinds, kind), n desc, why"""


def _assert_adds_up(found: Difference) -> None:
    (n_first, cost_first), (n_second, cost_second) = found.totals
    moved = sum(m.n_moved for m in found.moved), sum((m.cost_moved for m in found.moved), Decimal(0))
    assert moved == (n_second - n_first, cost_second - cost_first), f"the parts add up to {moved}, the totals are {found.totals}"
