"""The audits, each a query that finds what must not be there. They read the tables as written."""

from __future__ import annotations

from dataclasses import dataclass

from accord.audits.attribution_audits import ATTRIBUTION_AUDITS
from accord.audits.condition_audits import CONDITION_AUDITS
from accord.audits.cost_audits import COST_AUDITS
from accord.audits.stay_audits import STAY_AUDITS
from accord.engine import Session, findings
from accord.tables import PUBLISHED
from accord.tables.answers import MEASURE


@dataclass(frozen=True)
class Finding:
    """One audit: its name, whether it held, and in words what it found."""

    name: str
    held: bool
    detail: str


_COUNTS = """with fate as (select submission_id, count(*) as n, max(record_number) as last from record_fate group by submission_id)
select s.file_name || ': ' || s.n_record || ' records framed, ' || coalesce(f.n, 0) || ' fates to record '
  || coalesce(f.last, 0) || ', ' || coalesce(a.n_record, 0) || ' read'
from submission s left join fate f using (submission_id) left join file_amount a using (submission_id)
where s.n_record <> coalesce(f.n, 0) or s.n_record <> coalesce(f.last, 0) or s.n_record <> coalesce(a.n_record, 0)"""

_REFUSED = """select 'record ' || coalesce(f.record_number, q.record_number) || ' of submission ' || coalesce(f.submission_id, q.submission_id)
  || case when q.record_number is null then ' is refused, but not in quarantine'
    when f.record_number is null then ' is in quarantine, but not refused'
    else ' has other amounts in quarantine' end
from (select * from record_fate where fate = 'quarantined') f
full join quarantine q on f.submission_id = q.submission_id and f.record_number = q.record_number
where f.record_number is null or q.record_number is null or f.net_amount is distinct from q.net_amount or f.cost is distinct from q.cost"""

_REASONS = """select 'record ' || q.record_number || ' of submission ' || q.submission_id || ' is refused, and no issue says why'
from quarantine q anti join (select * from issue where severity = 'refuse') i
  on q.submission_id = i.submission_id and q.record_number = i.record_number and q.rule = i.rule and q.column_name = i.column_name"""

_REPEATS = """select 'record ' || d.record_number || ' of submission ' || d.submission_id || ' is a duplicate of none that was kept'
from (select * from record_fate where fate = 'exact_duplicate') d
anti join (select * from record_fate where fate <> 'exact_duplicate') k
  on d.kept_submission_id = k.submission_id and d.kept_record_number = k.record_number and d.record_id = k.record_id"""

_ACTS_LOST = """select 'record ' || f.record_number || ' of submission ' || f.submission_id || ' is accepted, but not in activity'
from record_fate f anti join activity a on f.submission_id = a.submission_id and f.record_number = a.record_number
where f.fate = 'accepted' and f.is_activity"""

_ACTS_ADDED = """select 'activity ' || a.activity_id || ' comes from no accepted record'
from activity a anti join (
  select f.record_id, f.submission_id, f.record_number, r.id is not null or f.n_activity > 1 as is_several
  from record_fate f left join (select distinct reverses_id as id from activity where reverses_id is not null) r on f.record_id = r.id
  where f.fate = 'accepted' and f.is_activity) f
  on a.submission_id = f.submission_id and a.record_number = f.record_number
    and (a.activity_id = f.record_id or a.reverses_id is not null or f.is_several)"""

_BACK = """select 'activity ' || r.activity_id || ' does not take back ' || r.reverses_id || ' whole'
from (select * from activity where reverses_id is not null) r left join activity a on r.reverses_id = a.activity_id
where a.activity_id is null or a.reverses_id is not null or r.person_id is distinct from a.person_id or r.start_date <> a.start_date
  or r.setting is distinct from a.setting or r.provider_id is distinct from a.provider_id or r.known_at < a.known_at
  or -r.net_amount is distinct from a.net_amount or -r.cost is distinct from a.cost or -r.gross_amount is distinct from a.gross_amount"""

_FORCE = """select 'activity ' || a.activity_id
  || case when a.is_in_force then ' counts, though it is taken back' else ' does not count, though nothing takes it back' end
from activity a left join (select distinct reverses_id as id from activity where reverses_id is not null) r on a.activity_id = r.id
where a.is_in_force <> (a.reverses_id is null and r.id is null)"""

_ONCE = """select 'record ' || record_number || ' of submission ' || submission_id || ' counts ' || count(*) || ' times'
from activity where is_in_force group by submission_id, record_number, start_date having count(*) > 1"""

_MONTHLY = """with act as (
  select a.submission_id, a.record_number, count(*) as n, sum(a.net_amount) as net_amount, sum(a.cost) as cost
  from activity a where a.is_in_force group by a.submission_id, a.record_number having count(*) > 1)
select 'record ' || f.record_number || ' of submission ' || f.submission_id || ' is ' || a.n || ' activities of ' || f.n_activity
  || ', with ' || coalesce(a.net_amount, 0) || ' of ' || coalesce(f.net_amount, 0)
from act a join record_fate f on a.submission_id = f.submission_id and a.record_number = f.record_number
where a.n <> f.n_activity or a.net_amount is distinct from f.net_amount or a.cost is distinct from f.cost"""

_AMOUNTS = """with fate as (
  select submission_id, sum(net_amount) as net_amount, sum(cost) as cost from record_fate where fate = 'accepted' group by submission_id),
again as (
  select distinct a.activity_id from activity a join activity r on a.submission_id = r.submission_id and a.record_number = r.record_number
  where a.reverses_id is null and r.reverses_id <> a.activity_id and r.known_at <= a.known_at),
act as (
  select submission_id, sum(net_amount) as net_amount, sum(cost) as cost
  from activity where reverses_id is null and activity_id not in (select activity_id from again) group by submission_id)
select 'submission ' || submission_id || ': accepted ' || coalesce(f.net_amount, 0) || ' and ' || coalesce(f.cost, 0)
  || ', in activity ' || coalesce(a.net_amount, 0) || ' and ' || coalesce(a.cost, 0)
from fate f full join act a using (submission_id)
where coalesce(f.net_amount, 0) <> coalesce(a.net_amount, 0) or coalesce(f.cost, 0) <> coalesce(a.cost, 0)"""

_TIES = """select 'activity ' || activity_id || ': gross ' || gross_amount || ', shares and net '
  || (net_amount + coalesce(client_amount, 0) + coalesce(other_funder_amount, 0))
from activity where coalesce(client_amount, other_funder_amount) is not null
  and gross_amount <> net_amount + coalesce(client_amount, 0) + coalesce(other_funder_amount, 0)
  and (submission_id, record_number) not in (select submission_id, record_number from issue where rule = 'amounts_do_not_tie')"""

_BRIDGES = """with placed as (
  select *, line_number = max(line_number) over (partition by submission_id, total, measure) as is_last from reconciliation)
select 'submission ' || submission_id || ', ' || measure || ' to ' || total || ': lines add up to ' || sum(case when is_last then 0 else amount end)
  || ' in ' || sum(case when is_last then 0 else n_record end) || ' records, the total is ' || sum(case when is_last then amount else 0 end)
  || ' in ' || sum(case when is_last then n_record else 0 end)
from placed group by submission_id, total, measure
having sum(case when is_last then -amount else amount end) <> 0 or sum(case when is_last then -n_record else n_record end) <> 0"""


def _line(measure: str, line: str, source: str, n: str) -> str:
    amount = f"cast(coalesce(sum({measure}), 0) as decimal(18, 2))"
    said = f"'{measure}' as measure, '{line}' as line, {n} as n_there, {amount} as amount_there"
    return f"select submission_id, {said} from {source} group by submission_id"


_LINES = "\n  union all ".join(
    _line(measure, line, source, n)
    for measure in MEASURE
    for line, source, n in (("in the file", "file_amount", "sum(n_record)"), ("activity", "activity_in_force", "count(*)"))
)
_ENDS = f"""with there as (
  {_LINES})
select 'submission ' || submission_id || ', ' || measure || ', ' || line || ': ' || coalesce(r.amount, 0) || ' in ' || coalesce(r.n_record, 0)
  || ' records, but there are ' || coalesce(t.amount_there, 0) || ' in ' || coalesce(t.n_there, 0)
from there t full join (select * from reconciliation where line in ('in the file', 'activity')) r using (submission_id, measure, line)
where coalesce(r.amount, 0) <> coalesce(t.amount_there, 0) or coalesce(r.n_record, 0) <> coalesce(t.n_there, 0)"""

# Reading to two decimals moves an amount by half a hundredth at most, and a record's net amount may be worked out of three: a larger
# difference is a loss that calls itself rounding.
_ROUNDING = """select 'submission ' || r.submission_id || ': ' || r.amount || ' of ' || r.measure || ' over ' || f.n_record || ' records'
from reconciliation r join file_amount f using (submission_id)
where r.line = 'rounding' and abs(r.amount) > 0.015 * f.n_record + 0.005"""

_NO_ACT = """select 'submission ' || submission_id || ': ' || amount || ' of ' || measure || ' is neither refused nor in activity'
from reconciliation where line = 'no act of care' and amount <> 0"""


def _published(population: str, measure: str) -> str:
    return f"""with bridge as (select coalesce(sum(amount), 0) as amount, coalesce(sum(n_record), 0) as n
  from reconciliation where total = '{population}' and measure = '{measure}' and line = '{population}'),
answer as (select coalesce(sum({measure}), 0) as amount, coalesce(sum(n_activity), 0) as n
  from cost_per_person_month where population = '{population}' and dimension = 'all')
select 'the files'' bridges lead to ' || b.amount || ' in ' || b.n || ', cost_per_person_month says ' || a.amount || ' in ' || a.n
from bridge b cross join answer a where a.amount <> b.amount or a.n <> b.n"""


_DIMENSIONS = """with part as (
  select population, dimension, sum(n_activity) as n, sum(net_amount) as net, sum(cost) as cost,
    case when dimension in ('setting', 'provider') then max(n_person_month) else sum(n_person_month) end as months
  from cost_per_person_month group by population, dimension)
select p.population || ' by ' || p.dimension || ' does not add up to all'
from part p join part whole on p.population = whole.population and whole.dimension = 'all'
where p.n <> whole.n or p.net <> whole.net or p.cost <> whole.cost or (p.months <> whole.months and p.n > 0)"""


_MONTHS = """with month as (
  select 'registered' as population, count(*) as n from person_month where is_registered
  union all select 'resident', count(*) from person_month where is_resident),
answer as (select population, n_person_month as n from cost_per_person_month where dimension = 'all')
select m.population || ': ' || m.n || ' person-months, the rates count ' || coalesce(a.n, 0)
from month m left join answer a on m.population = a.population where m.n <> coalesce(a.n, 0)"""


def _known(table: str, column: str, other: str, key: str) -> str:
    return f"""select '{table}.{column} ' || t.{column} || ' is not in {other}' from {table} t anti join {other} o on t.{column} = o.{key}
where t.{column} is not null"""


AUDITS: dict[str, str] = {
    "every record framed has one fate": _COUNTS,
    "every refused record is in quarantine": _REFUSED,
    "every refused record has its reason": _REASONS,
    "every exact duplicate is of a record that was kept": _REPEATS,
    "every accepted act of care is in activity": _ACTS_LOST,
    "every activity is an accepted act of care": _ACTS_ADDED,
    "every reversal takes back one activity, whole": _BACK,
    "what counts is what nothing takes back": _FORCE,
    "every record counts once": _ONCE,
    "the months of a rate add up to its record": _MONTHLY,
    "accepted amounts are those of activity, file by file": _AMOUNTS,
    "gross is net and shares, or an issue says it is not": _TIES,
    "every bridge adds up": _BRIDGES,
    "every bridge starts at its file and passes through activity": _ENDS,
    "rounding is no more than rounding": _ROUNDING,
    "no amount lies in a record that is no act of care": _NO_ACT,
    **{f"{m} of the {p} is what the files lead to": _published(p, m) for p in ("registered", "resident") for m in MEASURE},
    "every dimension adds up to all": _DIMENSIONS,
    "the rates count every person-month": _MONTHS,
    "every person of a person-month is known": _known("person_month", "person_id", "person", "person_id"),
    "every person of an activity is known": _known("activity", "person_id", "person", "person_id"),
    "every person of a registration is known": _known("registration", "person_id", "person", "person_id"),
    "every provider is known": _known("activity", "provider_id", "organisation", "organisation_id"),
    "every diagnosis belongs to an activity": _known("diagnosis", "activity_id", "activity", "activity_id"),
    "every procedure belongs to an activity": _known('"procedure"', "activity_id", "activity", "activity_id"),
    **STAY_AUDITS,
    **ATTRIBUTION_AUDITS,
    "every person of a condition is known": _known("condition", "person_id", "person", "person_id"),
    **CONDITION_AUDITS,
    **COST_AUDITS,
}
"""Name of each audit to the query that finds its breaches: none, if it holds. Each row is a sentence."""


def audit(session: Session) -> list[Finding]:
    """Every audit over a session's tables, then every table's contract. In: the session, its tables written. Out: one finding an audit."""
    return [_audit(session, name, sql) for name, sql in AUDITS.items()] + [_contract(session, name) for name in PUBLISHED]


def _audit(session: Session, name: str, sql: str) -> Finding:
    rows = session.rows(f"select * from ({sql}) limit 3")
    if not rows:
        return Finding(name, True, "")
    more = session.rows(f"select count(*) from ({sql})")[0][0]
    return Finding(name, False, "; ".join(str(row[0]) for row in rows) + (f" … {more} in all" if int(str(more)) > len(rows) else ""))


def _contract(session: Session, name: str) -> Finding:
    found = findings(session, PUBLISHED[name])
    return Finding(f"{name} keeps its contract", not found, "; ".join(found[:3]))
