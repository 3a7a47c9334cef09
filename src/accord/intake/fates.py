"""What becomes of every record: the steps that find duplicates, refuse, flag and count. Written from the maps' plans."""

from __future__ import annotations

from collections.abc import Sequence

from accord.engine import Step
from accord.intake.compile import Check
from accord.intake.plan import Plan
from accord.intake.reading import literal, name
from accord.intake.rules import RULES
from accord.tables import ISSUE, QUARANTINE, RECORD_FATE
from accord.tables.care import DIAGNOSIS, PROCEDURE
from accord.tables.contract import Table, bigint, flag, integer, text
from accord.tables.delivery import SUBMISSION
from accord.tables.people import PERSON
from accord.tables.working import (
    ACTIVITY_IN_FORCE,
    ATTACHMENT,
    CODE_FORM,
    DROPPED,
    FILE_AMOUNT,
    RECORD_ISSUE,
    REFUSAL,
    REPEAT,
    UNENTERED,
)

_UNION = "\nunion all\n"


def found_table(plan: Plan) -> Table:
    """The contract of `found_<map>`: the raw records in which a rule finds something, what each check says, and the first that refuses."""
    return Table(
        name=f"found_{plan.map.slug}",
        meaning=f"Records with findings, of: {plan.map.layout.title}.",
        columns=(
            *plan.map.raw.columns,
            *(flag(f"_check_{i}", f"{check.rule} in {check.column}.") for i, check in enumerate(plan.checks)),
            text("_refuse_rule", "The first rule that refuses it; NULL if none does."),
            text("_refuse_column", "The column it is refused for."),
        ),
        key=("_submission_id", "_record_number"),
    )


def checked_table(plan: Plan) -> Table:
    """The contract of `checked_<map>`: what each check says of every landed record."""
    return Table(
        name=f"checked_{plan.map.slug}",
        meaning=f"What each rule says of each record of: {plan.map.layout.title}.",
        columns=(
            integer("_submission_id", "The file.", required=True, lineage=True),
            bigint("_record_number", "The record.", required=True, lineage=True),
            *(flag(f"_check_{i}", f"{check.rule} in {check.column}.") for i, check in enumerate(plan.checks)),
        ),
        key=("_submission_id", "_record_number"),
    )


def checked(plan: Plan) -> Step:
    """In: raw_<map>. Out: checked_<map>. Every rule that needs no other record is put to every record, once: a filter would do so twice."""
    checks = "".join(f",\n  coalesce({c.condition}, false) as _check_{i}" for i, c in enumerate(plan.checks))
    return Step(
        name=f"check {plan.map.map_id}",
        sql=f"select v._submission_id, v._record_number{checks}\nfrom {plan.reading.select(checks)}",
        inputs=(plan.map.raw,),
        output=checked_table(plan),
    )


def found(plan: Plan) -> Step:
    """In: raw_<map>, checked_<map>. Out: found_<map>."""
    names = ", ".join(f"r.{name(column)}" for column in plan.map.raw.names)
    marks = "".join(f", c._check_{i}" for i, _ in enumerate(plan.checks))
    return Step(
        name=f"find faults in {plan.map.map_id}",
        sql=f"""select {names}{marks}, {_first(plan, "rule")} as _refuse_rule, {_first(plan, "column")} as _refuse_column
from {plan.map.raw.name} r
join {checked_table(plan).name} c on r._submission_id = c._submission_id and r._record_number = c._record_number
where {" or ".join(f"c._check_{i}" for i, _ in enumerate(plan.checks)) or "false"}""",
        inputs=(plan.map.raw, checked_table(plan)),
        output=found_table(plan),
    )


def _first(plan: Plan, what: str) -> str:
    whens = " ".join(f"when c._check_{plan.checks.index(c)} then {literal(getattr(c, what))}" for c in plan.refusing)
    return f"case {whens} end" if whens else "cast(null as varchar)"


_NO_REPEAT = """select submission_id, record_number, submission_id as kept_submission_id, record_number as kept_record_number
from refusal where false"""


def repeats(plans: Sequence[Plan]) -> Step:
    """In: raw tables of maps that nothing corrects. Out: repeat. Ties: the earliest received is kept, then the lowest submission and record."""
    plans = [p for p in plans if not p.is_corrected]
    if not plans:
        return Step(name="find exact duplicates", sql=_NO_REPEAT, inputs=(REFUSAL,), output=REPEAT)
    ids = _UNION.join(f"select _hash_a + _salt as record_id from {p.map.raw.name}" for p in plans)
    seen = _UNION.join(
        f"""select r._submission_id as submission_id, r._record_number as record_number, r._received_at as received_at,
  r._hash_a + r._salt as record_id, r._hash_b as hash_b
from {p.map.raw.name} r join candidate on r._hash_a + r._salt = candidate.record_id"""
        for p in plans
    )
    return Step(
        name="find exact duplicates",
        sql=f"""with every as (
{ids}),
candidate as (select record_id from every group by record_id having count(*) > 1),
seen as (
{seen}),
ranked as (
  select submission_id, record_number, record_id, hash_b,
    row_number() over (partition by record_id, hash_b
      order by received_at nulls last, submission_id nulls last, record_number nulls last) as place
  from seen)
select r.submission_id, r.record_number, k.submission_id as kept_submission_id, k.record_number as kept_record_number
from ranked r join ranked k on r.record_id = k.record_id and r.hash_b = k.hash_b and k.place = 1
where r.place > 1""",
        inputs=tuple(p.map.raw for p in plans),
        output=REPEAT,
    )


def refusals(plans: Sequence[Plan]) -> Step:
    """In: every found table. Out: refusal."""
    each = _UNION.join(
        f"""select _submission_id as submission_id, _record_number as record_number, _refuse_rule as rule, _refuse_column as column_name
from found_{p.map.slug} where _refuse_rule is not null"""
        for p in plans
    )
    return Step(name="refuse records", sql=each, inputs=tuple(found_table(p) for p in plans), output=REFUSAL)


def record_fates(plans: Sequence[Plan]) -> Step:
    """In: every raw table, repeat, unentered, refusal. Out: record_fate. Every landed record is in it once.

    A duplicate of a refused record is a duplicate, but where records correct one another each repetition of a refused one is refused.
    """
    each = _UNION.join(_fate(p) for p in plans)
    tables = (*([UNENTERED] if any(p.is_corrected for p in plans) else []), *([REPEAT] if not all(p.is_corrected for p in plans) else []))
    return Step(name="give every record its fate", sql=each, inputs=(*(p.map.raw for p in plans), *tables, REFUSAL), output=RECORD_FATE)


def _fate(plan: Plan) -> str:
    values = f"""{plan.has_activity} as is_activity,
  cast({plan.n_activity} as bigint) as n_activity,
  {plan.counted('net_amount')} as net_amount,
  {plan.counted('cost')} as cost"""
    dropped = '"repeat"' if not plan.is_corrected else "unentered"
    why = "d.fate" if plan.is_corrected else "'exact_duplicate'"
    return f"""select v._submission_id as submission_id, v._record_number as record_number,
  case when d.record_number is not null then {why} when q.record_number is not null then 'quarantined' else 'accepted' end as fate,
  v._record_id as record_id,
  {values},
  d.kept_submission_id as kept_submission_id, d.kept_record_number as kept_record_number
from {plan.reading.select(values)}
left join {dropped} d on v._submission_id = d.submission_id and v._record_number = d.record_number
left join refusal q on v._submission_id = q.submission_id and v._record_number = q.record_number"""


DROP = Step(
    name="list what is not accepted",
    sql="select submission_id, record_number from record_fate where fate <> 'accepted'",
    inputs=(RECORD_FATE,),
    output=DROPPED,
)

QUARANTINES = Step(
    name="quarantine",
    sql="""select f.submission_id, f.record_number, f.record_id, r.rule, r.column_name, f.net_amount, f.cost
from record_fate f join refusal r on f.submission_id = r.submission_id and f.record_number = r.record_number
where f.fate = 'quarantined'""",
    inputs=(RECORD_FATE, REFUSAL),
    output=QUARANTINE,
)


def file_amounts(plans: Sequence[Plan]) -> Step:
    """In: every raw table. Out: file_amount. Read apart from record_fate, so that the two can be held against each other."""
    each = _UNION.join(_amounts(p) for p in plans)
    return Step(
        name="add up each file",
        sql=f"""with amount as (
{each})
select submission_id, count(*) as n_record, cast(coalesce(sum(net_amount), 0) as decimal(38, 6)) as net_amount,
  cast(coalesce(sum(cost), 0) as decimal(38, 6)) as cost
from amount group by submission_id""",
        inputs=tuple(p.map.raw for p in plans),
        output=FILE_AMOUNT,
    )


def _amounts(plan: Plan) -> str:
    amounts = f"{plan.exact('net_amount')} as net_amount, {plan.exact('cost')} as cost"
    return f"select v._submission_id as submission_id, {amounts}\nfrom {plan.reading.select(amounts)}"


def record_issues(plans: Sequence[Plan]) -> Step:
    """In: every found table. Out: record_issue. Raw text that could identify someone is withheld here and kept under restricted/."""
    each = [_issue(plan, i, check) for plan in plans for i, check in enumerate(plan.checks)]
    tables = tuple(found_table(plan) for plan in plans if plan.checks)
    if not each:
        nothing = ", ".join(f"cast(null as {c.type.lower()}) as {c.name}" for c in RECORD_ISSUE)
        tables = (found_table(plans[0]),)
        each = [f"select {nothing} from {tables[0].name} where false"]
    return Step(name="list findings", sql=_UNION.join(each), inputs=tables, output=RECORD_ISSUE)


def _issue(plan: Plan, i: int, check: Check) -> str:
    raw = "'(restricted)'" if check.personal else f"substr({check.raw}, 1, 200)"
    return f"""select _submission_id as submission_id, _record_number as record_number, {literal(check.column)} as column_name,
  {literal(check.rule)} as rule, {literal(RULES[check.rule].severity)} as severity, {raw} as raw_text, {literal(check.detail)} as detail
from found_{plan.map.slug} where _check_{i}"""


ISSUES = Step(
    name="list every issue",
    sql="""with stay as (
  select person_id, provider_id, coalesce(spell_code, case when episode_number is not null then 'admitted ' || cast(admission_date as varchar) end,
      cast(activity_id as varchar)) as stay_code,
    min(admission_date) as admission_date, max(discharge_date) as discharge_date
  from activity_in_force where setting = 'inpatient' and admission_date is not null and discharge_date is not null
    and person_id is not null and provider_id is not null
  group by person_id, provider_id, coalesce(spell_code, case when episode_number is not null then 'admitted ' || cast(admission_date as varchar) end,
      cast(activity_id as varchar))),
ranked_stay as (
  select person_id, provider_id, stay_code, admission_date,
    max(discharge_date) over (partition by person_id, provider_id
      order by admission_date nulls last, discharge_date nulls last, stay_code nulls last
      rows between unbounded preceding and 1 preceding) as earlier_date
  from stay),
overlap as (
  select a.submission_id, a.record_number, a.admission_date, r.earlier_date
  from ranked_stay r
  join activity_in_force a on a.person_id = r.person_id and a.provider_id = r.provider_id
    and coalesce(a.spell_code, case when a.episode_number is not null then 'admitted ' || cast(a.admission_date as varchar) end,
      cast(a.activity_id as varchar)) = r.stay_code
  where r.admission_date < r.earlier_date and a.setting = 'inpatient' and a.admission_date is not null and a.discharge_date is not null),
code as (
  select activity_id, code_system, code, 'diagnosis' as column_name, position from diagnosis
  union all select activity_id, code_system, code, 'procedure', position from "procedure"
  union all select activity_id, currency_system, currency_code, 'currency_code', 0 from activity_in_force where currency_code is not null),
kind_of_code as (select coalesce(code_system, '') as code_system, code from code group by coalesce(code_system, ''), code),
bad_kind as (
  select k.code_system, k.code, case when k.code_system = '' then 'unknown code system' else 'not of the form of ' || k.code_system end as detail
  from kind_of_code k left join code_form f on k.code_system = f.code_system
  where k.code_system = '' or not regexp_matches(k.code, f.pattern)),
bad_code as (
  select c.activity_id, c.column_name || case when c.position > 0 then ' ' || cast(c.position as varchar) else '' end as column_name, c.code, b.detail
  from code c join bad_kind b on coalesce(c.code_system, '') = b.code_system and c.code = b.code),
out_of_life as (
  select a.submission_id, a.record_number, min(a.start_date) as start_date, a.start_date < p.birth_date as is_before,
    a.start_date > p.death_date as is_after
  from activity_in_force a join person p on a.person_id = p.person_id where a.start_date < p.birth_date or a.start_date > p.death_date
  group by a.submission_id, a.record_number, a.start_date < p.birth_date, a.start_date > p.death_date)
select submission_id, record_number, column_name, rule, severity, raw_text, detail from record_issue
union all
select submission_id, 0, 'file', reject_rule, 'reject', cast(null as varchar), reject_reason from submission where status = 'rejected'
union all
select submission_id, record_number, 'start_date', 'care_before_birth', 'flag', cast(start_date as varchar), 'before birth'
from out_of_life where is_before
union all
select submission_id, record_number, 'start_date', 'care_after_death', 'flag', cast(start_date as varchar), 'after death'
from out_of_life where is_after
union all
select submission_id, record_number, 'admission_date', 'overlapping_stay', 'flag', cast(admission_date as varchar),
  'an earlier stay ended on ' || cast(earlier_date as varchar)
from overlap
union all
select a.submission_id, a.record_number, b.column_name, 'malformed_code', 'flag', b.code, b.detail
from bad_code b join activity_in_force a on b.activity_id = a.activity_id
union all
select submission_id, record_number, 'spell_code', 'missing_activity', 'flag', spell_code, 'no act of care of the partner has this number'
from attachment where standing = 'not found'""",
    inputs=(RECORD_ISSUE, SUBMISSION, ACTIVITY_IN_FORCE, DIAGNOSIS, PROCEDURE, PERSON, CODE_FORM, ATTACHMENT),
    output=ISSUE,
    notes="""In: record_issue, submission, activity_in_force, diagnosis, procedure, person, code_form, attachment. Out: issue.
A stay is all rows of one person, provider and spell_code; without a code, all episodes of one admission date; any other row is a stay.
Ties: of two stays that begin on one day the one that ends first, then the lower code, counts as the earlier.
Leaves out: nothing is dropped; a stay counts as overlapping only if it begins before the last day of an earlier one.""",
)
