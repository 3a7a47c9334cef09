"""Which version of a record counts, and since when: records that correct, replace, cancel or repeat an earlier one, and withdrawn files.

A record *lives* from the day its file was received until its file is withdrawn or, where a file replaces the one before it, until
the next file of its scope. Of the records of one key that live at a moment, the one of the latest version counts, unless it
cancels. Each change of what counts takes the record before it back, whole, and enters the new one; nothing is ever edited.
Records that are alone under their key and are not cancelled, replaced or withdrawn need none of this, and do not pass through it.
"""

from __future__ import annotations

from collections.abc import Sequence

from accord.engine import Step
from accord.intake.compile import compile_reader
from accord.intake.layout import CorrectionSection
from accord.intake.plan import Plan
from accord.intake.readers import Date, Integer
from accord.intake.reading import literal
from accord.tables.working import CONTESTED, ENTRY, RECORD_VERSION, REFUSAL, UNENTERED

_UNION = "\nunion all\n"
_CONTENT = "'r|' || cast(v._record_id as varchar) || '|' || cast(v._hash_b as varchar)"


def versions(plans: Sequence[Plan]) -> Step:
    """In: raw tables of maps whose records may be corrected, refusal. Out: record_version. Leaves out: refused records."""
    sql = _UNION.join(_version(plan) for plan in plans if plan.is_corrected) or _nothing(plans[0])
    corrected = [p.map.raw for p in plans if p.is_corrected]
    return Step(name="versions of records", sql=sql, inputs=(*corrected, REFUSAL) if corrected else (plans[0].map.raw,), output=RECORD_VERSION)


def _nothing(plan: Plan) -> str:
    columns = ", ".join(f"cast(null as {c.type.lower()}) as {c.name}" for c in RECORD_VERSION)
    return f"select {columns} from {plan.map.raw.name} where false"


def _version(plan: Plan) -> str:
    said = plan.map.layout.correction or CorrectionSection()
    salted = "cast(v._salt as varchar)"
    named = " || '|' || ".join(f"coalesce({plan.reading.text(column)}, '')" for column in said.key) or "''"
    scope = "".join(f" || '|' || coalesce({plan.reading.text(column)}, '')" for column in said.scope)
    values = f"""case when v._corrects = 'by_key' and {named} <> {literal("|" * (len(said.key) - 1))}
    then 'k|' || {salted} || '|' || {named} else {_CONTENT} end as key_text,
  case when v._corrects = 'by_key' then {_rank(plan, said)} end as version,
  {f"v._corrects = 'by_key' and {plan.condition(said.cancels)}" if said.cancels else "false"} as is_cancel,
  case when v._corrects = 'by_file' then v._source_id{scope} end as scope"""
    return f"""select v._submission_id as submission_id, v._record_number as record_number, v._record_id as record_id, v._hash_b as hash_b,
  v._received_at as known_at, v._withdrawn_at as withdrawn_at,
  {values}
from {plan.reading.select(values)}
left join refusal q on v._submission_id = q.submission_id and v._record_number = q.record_number
where q.record_number is null"""


def _rank(plan: Plan, said: CorrectionSection) -> str:
    """The SQL of a record's version as a text that sorts as the version does; what is empty or unreadable comes first."""
    parts = []
    for reader in said.version:
        target = "DATE" if isinstance(reader, Date) else "INTEGER" if isinstance(reader, Integer) else "VARCHAR"
        value = compile_reader(reader, plan.reading, target=target).sql
        text = f"lpad(cast({value} as varchar), 12, '0')" if target == "INTEGER" else f"cast({value} as varchar)"
        parts.append(f"coalesce({text}, '')")
    return " || '|' || ".join(parts) or "cast(null as varchar)"


CONTESTS = Step(
    name="records under one key",
    sql="""with file as (select distinct scope, submission_id, known_at, withdrawn_at from record_version where scope is not null),
turn as (
  select scope, known_at as turned_at from file union select scope, withdrawn_at from file where withdrawn_at is not null),
newest as (
  select t.scope, t.turned_at, f.submission_id from turn t join file f on t.scope = f.scope
  where f.known_at <= t.turned_at and (f.withdrawn_at is null or f.withdrawn_at > t.turned_at)
  qualify row_number() over (partition by t.scope, t.turned_at order by f.known_at desc nulls last, f.submission_id desc nulls last) = 1),
span as (select scope, turned_at, lead(turned_at) over (partition by scope order by turned_at nulls last) as until from turn),
life as (
  select n.scope, n.submission_id, s.turned_at as alive_at, s.until as gone_at
  from span s join newest n on s.scope = n.scope and s.turned_at = n.turned_at),
lived as (
  select r.submission_id, r.record_number, r.record_id, r.hash_b, r.key_text, r.version, r.is_cancel, r.known_at,
    r.known_at as alive_at, r.withdrawn_at as gone_at
  from record_version r where r.scope is null
  union all
  select r.submission_id, r.record_number, r.record_id, r.hash_b, r.key_text, r.version, r.is_cancel, r.known_at, l.alive_at, l.gone_at
  from record_version r left join life l on r.scope = l.scope and r.submission_id = l.submission_id
  where r.scope is not null),
contested as (
  select key_text from lived group by key_text
  having count(*) > 1 or max(case when is_cancel or alive_at is null or gone_at is not null then 1 else 0 end) = 1)
select l.submission_id, l.record_number, l.record_id, l.hash_b, l.key_text, l.version, l.is_cancel, l.known_at, l.alive_at, l.gone_at
from lived l join contested c on l.key_text = c.key_text""",
    inputs=(RECORD_VERSION,),
    output=CONTESTED,
    notes="""In: record_version. Out: contested: every record whose key another record has too, or that is cancelled, replaced or withdrawn,
once for each span in which it lives (NULL if it never does). Ties: of two files of one scope received at once, the later submission counts.""",
)

ENTRIES = Step(
    name="what counts, and since when",
    sql="""with turn as (
  select key_text, alive_at as turned_at from contested where alive_at is not null
  union select key_text, gone_at from contested where gone_at is not null),
alive as (
  select t.key_text, t.turned_at, c.submission_id, c.record_number, c.record_id, c.hash_b, c.is_cancel
  from turn t left join contested c on t.key_text = c.key_text and c.alive_at <= t.turned_at and (c.gone_at is null or c.gone_at > t.turned_at)
  qualify row_number() over (partition by t.key_text, t.turned_at order by c.version desc nulls last, c.known_at desc nulls last,
    c.submission_id desc nulls last, c.record_number desc nulls last) = 1),
state as (
  select key_text, turned_at, submission_id, record_number, case when not is_cancel then record_id end as record_id,
    case when not is_cancel then hash_b end as hash_b
  from alive),
before as (
  select key_text, turned_at, submission_id, record_number, record_id, hash_b,
    lag(record_id) over (partition by key_text order by turned_at nulls last) as before_id,
    lag(hash_b) over (partition by key_text order by turned_at nulls last) as before_b
  from state),
change as (
  select submission_id, record_number, record_id, key_text, turned_at,
    lead(turned_at) over (partition by key_text order by turned_at nulls last) as until
  from before where record_id is distinct from before_id or hash_b is distinct from before_b),
numbered as (
  select submission_id, record_number, record_id, turned_at, until,
    row_number() over (partition by record_id order by turned_at nulls last, key_text nulls last) as n
  from change where record_id is not null),
entered as (
  select submission_id, record_number, record_id, turned_at, until,
    record_id + case when n = 1 then 0 when record_id > 4611686018427387904 then -1000003 * (n - 1) else 1000003 * (n - 1) end as activity_id
  from numbered)
select submission_id, record_number, activity_id, cast(null as bigint) as reverses_id, turned_at as known_at, until is null as is_in_force
from entered
union all
select submission_id, record_number, -activity_id, activity_id, until, false from entered where until is not null""",
    inputs=(CONTESTED,),
    output=ENTRY,
    notes="""In: contested. Out: entry: each time that a contested record comes to count, or is taken back.
Of the records of a key that live at a moment the highest version counts. Ties: the latest received, then the highest submission and record.
Records of equal content are one: the next changes nothing. A reversal's id is the reversed one's, negated; a record that counts anew
has an id of its own.""",
)

UNENTER = Step(
    name="records that never counted",
    sql="""with kept as (
  select c.record_id, c.hash_b, e.submission_id, e.record_number
  from contested c join entry e on c.submission_id = e.submission_id and c.record_number = e.record_number
  where e.reverses_id is null
  qualify row_number() over (partition by c.record_id, c.hash_b
    order by e.known_at nulls last, e.submission_id nulls last, e.record_number nulls last) = 1),
entered as (select distinct submission_id, record_number from entry),
record as (select distinct submission_id, record_number, record_id, hash_b, is_cancel from contested)
select r.submission_id, r.record_number,
  case when r.is_cancel then 'cancellation' when k.record_id is not null then 'exact_duplicate' else 'superseded' end as fate,
  case when not r.is_cancel then k.submission_id end as kept_submission_id, case when not r.is_cancel then k.record_number end as kept_record_number
from record r
left join entered e on r.submission_id = e.submission_id and r.record_number = e.record_number
left join kept k on r.record_id = k.record_id and r.hash_b = k.hash_b
where e.record_number is null""",
    inputs=(CONTESTED, ENTRY),
    output=UNENTERED,
    notes="""In: contested, entry. Out: unentered: contested records that never came to count, and why.
A cancellation has no act of its own; an exact duplicate says what a record that counted says; the rest came after a later version.""",
)
