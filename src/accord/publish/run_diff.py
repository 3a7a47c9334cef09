"""Why a later run says something else than an earlier one: each total's movement, as amounts by cause that add up to it exactly."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from accord.engine.duck import connection, literal
from accord.errors import UserError
from accord.place import Run

TOTALS = ("activity", "registered", "resident")


@dataclass(frozen=True)
class Moved:
    """What one cause moved of one total: acts of care, and cost in the place's currency. what: the file or the inputs to blame."""

    total: str
    cause: str
    what: str
    n_activity: int
    net_amount: Decimal
    cost: Decimal


@dataclass(frozen=True)
class RunDiff:
    """Two runs held against each other. before, after: each total's acts, net amount and cost; moved: adds up to the difference."""

    before_id: str
    after_id: str
    before: dict[str, tuple[int, Decimal, Decimal]]
    after: dict[str, tuple[int, Decimal, Decimal]]
    moved: tuple[Moved, ...]
    changed_inputs: tuple[str, ...]


# An act of care that only one run counts was delivered, corrected or withdrawn since, if the later run says so of it; otherwise both
# runs had its record, and read it by other maps, settings or rules. One that both count may stand in another population.
_PAIRS = """with standing as (
  select 'before' as run, a.activity_id, a.known_at, a.net_amount, a.cost, true as in_activity,
    coalesce(p.is_registered, false) as in_registered, coalesce(p.is_resident, false) as in_resident
  from before_activity a left join before_person_month p on a.person_id = p.person_id and date_trunc('month', a.start_date) = p.month_date
  where a.is_in_force
  union all
  select 'after', a.activity_id, a.known_at, a.net_amount, a.cost, true, coalesce(p.is_registered, false), coalesce(p.is_resident, false)
  from after_activity a left join after_person_month p on a.person_id = p.person_id and date_trunc('month', a.start_date) = p.month_date
  where a.is_in_force),
taken as (select reverses_id, known_at from after_activity where reverses_id is not null and known_at > $before_known),
cause_file as (
  select received_at, min(submission_id) as submission_id, min_by(file_name, submission_id) as file_name, min_by(status, submission_id) as status
  from after_submission group by received_at),
pair as (
  select b.activity_id is not null as was, c.activity_id is not null as is_now, b, c,
    coalesce(case when b.activity_id is null and c.known_at > $before_known then c.known_at end, t.known_at) as since
  from (select * from standing where run = 'before') b
  full join (select * from standing where run = 'after') c on b.activity_id = c.activity_id
  left join taken t on b.activity_id = t.reverses_id and c.activity_id is null),
told as (
  select p.b, p.c,
    case when p.was and p.is_now and p.b.net_amount is not distinct from p.c.net_amount and p.b.cost is not distinct from p.c.cost
      then 'registrations and people'
      when f.status = 'withdrawal' then 'withdrawal' when p.since is not null and p.was then 'correction'
      when p.since is not null then 'delivery' else 'maps, settings and rules' end as cause,
    coalesce(f.file_name, '') as what
  from pair p left join cause_file f on p.since = f.received_at)
"""


def run_diff(before: Run, after: Run) -> RunDiff:
    """In: two runs of a place, the earlier known first. Out: the difference by cause. Raises UserError if they are the other way round."""
    if after.manifest.known_at < before.manifest.known_at:
        raise UserError(
            f"run {after.run_id} knows less than run {before.run_id}", where="the runs asked for",
            what_to_do=f"give the earlier one first: accord diff {after.run_id} {before.run_id}",
        )  # fmt: skip
    folders = f"[{literal(str(before.folder))}, {literal(str(after.folder))}]"
    with connection({"allowed_directories": folders}) as opened:
        for name, run in (("before", before), ("after", after)):
            for table in ("activity", "person_month", "submission"):
                opened.execute(f"create view {name}_{table} as select * from read_parquet({literal(str(run.table_file(table)))})")
        known = {"before_known": before.manifest.known_at.replace(tzinfo=None)}
        sums = {name: _sums(opened.execute(_totals(name), known).fetchall()) for name in ("b", "c")}
        moved = tuple(Moved(*row) for row in opened.execute(_moves(), known).fetchall())
    found = RunDiff(before.run_id, after.run_id, sums["b"], sums["c"], moved, _changed_inputs(before, after))
    _assert_adds_up(found)
    return found


def _totals(side: str) -> str:
    each = [
        f"""select '{total}' as total, count(*) filter ({side}.in_{total}), coalesce(sum({side}.net_amount) filter ({side}.in_{total}), 0),
  coalesce(sum({side}.cost) filter ({side}.in_{total}), 0) from told"""
        for total in TOTALS
    ]
    return _PAIRS + " union all ".join(each)


def _sums(rows: list[tuple[str, int, Decimal, Decimal]]) -> dict[str, tuple[int, Decimal, Decimal]]:
    return {total: (n, net, cost) for total, n, net, cost in rows}


def _moves() -> str:
    each = []
    for total in TOTALS:
        amounts = ", ".join(
            f"""sum(case when c.in_{total} then coalesce({of.format('c')}, 0) else 0 end
    - case when b.in_{total} then coalesce({of.format('b')}, 0) else 0 end)"""
            for of in ("1", "{}.net_amount", "{}.cost")
        )
        each.append(f"select '{total}' as total, cause, what, {amounts} from told group by cause, what")
    union = " union all ".join(each)
    return f"""{_PAIRS}, moved(total, cause, what, n, net_amount, cost) as ({union})
select * from moved where n <> 0 or net_amount <> 0 or cost <> 0
order by list_position(['activity', 'registered', 'resident'], total), abs(cost) desc, cause, what"""


def _changed_inputs(before: Run, after: Run) -> tuple[str, ...]:
    was, now = before.manifest.inputs, after.manifest.inputs
    changed = [name.removeprefix("inputs/") for name in sorted(was | now) if was.get(name) != now.get(name)]
    rules = [("the rulebook", "rulebook_edition"), ("Accord itself", "accord_version")]
    return (*changed, *(said for said, key in rules if getattr(before.manifest, key) != getattr(after.manifest, key)))


def _assert_adds_up(found: RunDiff) -> None:
    for total in TOTALS:
        moved = [m for m in found.moved if m.total == total]
        (n_was, net_was, cost_was), (n_now, net_now, cost_now) = found.before[total], found.after[total]
        gap = (n_now - n_was, net_now - net_was, cost_now - cost_was)
        zero = Decimal(0)
        sums = (sum(m.n_activity for m in moved), sum((m.net_amount for m in moved), zero), sum((m.cost for m in moved), zero))
        assert gap == sums, f"{total}: the causes add up to {sums}, the totals differ by {gap}"
