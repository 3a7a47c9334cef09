"""What `accord check` tells: per file what became of its records, what was found with an example, and what later rooms will miss."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from accord.engine import Session


@dataclass(frozen=True)
class RuleCount:
    """How often one rule found something in one column of one file, with the first example."""

    rule: str
    severity: str
    column: str
    n: int
    example_record: int
    example: str


@dataclass(frozen=True)
class FileReport:
    """One delivered file and what became of its records."""

    submission_id: int
    file_name: str
    partner_id: str
    source_id: str
    map_id: str
    status: str
    n_record: int
    n_accepted: int
    n_refused: int
    n_duplicate: int
    n_flagged: int
    rejected: str
    findings: tuple[RuleCount, ...]


@dataclass(frozen=True)
class CheckReport:
    """Every file, the files that no source takes, and what later rooms will miss."""

    files: tuple[FileReport, ...]
    unclaimed: tuple[str, ...]
    missed: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether nothing was rejected, refused or flagged, and no file lies unclaimed. Exact duplicates are no fault."""
        return not self.unclaimed and all(f.status == "landed" and not f.findings for f in self.files)


_FILES = """with fate as (
  select submission_id, sum(case when fate = 'accepted' then 1 else 0 end) as n_accepted,
    sum(case when fate = 'quarantined' then 1 else 0 end) as n_refused, sum(case when fate = 'exact_duplicate' then 1 else 0 end) as n_duplicate
  from record_fate group by submission_id),
flagged as (
  select i.submission_id, count(distinct i.record_number) as n from issue i
  join record_fate f on i.submission_id = f.submission_id and i.record_number = f.record_number and f.fate = 'accepted'
  where i.severity = 'flag' group by i.submission_id)
select s.submission_id, s.file_name, s.partner_id, s.source_id, s.map_id, s.status, s.n_record, coalesce(f.n_accepted, 0),
  coalesce(f.n_refused, 0), coalesce(f.n_duplicate, 0), coalesce(g.n, 0),
  case when s.status = 'rejected' then coalesce('line ' || s.reject_line || ': ', '') || s.reject_reason else '' end
from submission s left join fate f using (submission_id) left join flagged g using (submission_id)
order by s.submission_id"""

_FINDINGS = """with ranked as (
  select submission_id, rule, severity, column_name, record_number, raw_text, detail,
    count(*) over (partition by submission_id, rule, column_name) as n,
    row_number() over (partition by submission_id, rule, column_name order by record_number) as place
  from issue where severity <> 'reject')
select submission_id, rule, severity, column_name, n, record_number, coalesce(raw_text, '') || case when detail <> '' then ' — ' || detail else '' end
from ranked where place = 1 order by submission_id, severity desc, n desc, rule, column_name"""

# What a later room needs: a query that gives a row if it is missing, and what will be missed.
_NEEDS = (
    ("select 1 from (select count(*) as n from registration where population = 'registered') where n = 0",
     "nobody is registered: no cost per person-month of the registered population, no attribution by list"),
    ("select 1 from (select count(*) as n from registration where population = 'resident') where n = 0",
     "nobody's area is known: no cost per person-month of the resident population"),
    ("select 1 from (select count(*) as n from activity) where n = 0", "there is no activity: nothing to cost, price or measure"),
    ("select count(*) from activity where cost is null having count(*) > 0",
     "acts of care without a cost: {0} (they are counted, but add nothing to a cost)"),
    ("select count(*) from activity where provider_id is null having count(*) > 0",
     "acts of care that name no provider: {0} (no contract can price them)"),
    ("select count(*) from activity where person_id is null having count(*) > 0",
     "acts of care that name nobody: {0} (they reach no person's cost)"),
    ("select count(*) from activity where setting is null having count(*) > 0",
     "acts of care without a setting: {0} (they are counted as unknown)"),
    ("select 1 from (select count(*) as n from diagnosis) where n = 0", "there are no diagnoses: no conditions, no need from illness"),
    ("select count(*) from person where birth_date is null having count(*) > 0",
     "people without a date of birth: {0} (their age band is unknown)"),
    ("select count(*) from person where sex is null having count(*) > 0", "people whose sex is not recorded: {0}"),
    ("select count(*) from person_link where basis = 'conflict' having count(*) > 0",
     "identifiers seen with several stronger ones: {0} (their own records stay apart)"),
)  # fmt: skip


def _file(row: Any, findings: dict[Any, list[RuleCount]]) -> FileReport:
    values: list[Any] = [*row, tuple(findings[row[0]])]
    return FileReport(*values)


def check_report(session: Session, unclaimed: Sequence[str]) -> CheckReport:
    """In: a session whose tables up to `issue` are made; names of files that no source takes. Out: the report."""
    findings: dict[Any, list[RuleCount]] = defaultdict(list)
    for submission_id, rule, severity, column, n, record, example in session.rows(_FINDINGS):
        findings[submission_id].append(RuleCount(str(rule), str(severity), str(column), int(str(n)), int(str(record)), str(example)))
    files = [_file(row, findings) for row in session.rows(_FILES)]
    missed = [words.format(f"{rows[0][0]:,}") for sql, words in _NEEDS if (rows := session.rows(sql))]
    return CheckReport(tuple(files), tuple(unclaimed), tuple(missed))
