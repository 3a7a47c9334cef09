"""Planted faults against what a run found: of each kind how many were planted, how many were found, and what was found where nothing was planted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from accord.engine.duck import connection, literal, name
from accord.errors import UserError
from accord.simulate.model import MODEL
from accord.simulate.truths import TRUTH


@dataclass(frozen=True)
class FoundFaults:
    """One kind of fault. n_planted: in files that were not rejected whole; n_hidden: in those that were. n_found: by one of the rules.

    n_false: findings of those rules on records of clean files in which nothing was planted; of rules that several kinds share, on every line.
    """

    kind: str
    title: str
    rules: tuple[str, ...]
    n_planted: int
    n_hidden: int
    n_found: int
    n_false: int

    @property
    def recall(self) -> float | None:
        """The share found; None where nothing was planted."""
        return self.n_found / self.n_planted if self.n_planted else None


_FOUND = """
create temp view finding as
  select s.file_name, i.record_number, i.rule from issue i join submission s using (submission_id)
  union all
  select s.file_name, greatest(f.record_number, f.kept_record_number), 'exact_duplicate' from record_fate f join submission s using (submission_id)
  where f.fate = 'exact_duplicate' and f.kept_submission_id = f.submission_id;
create temp table planted as
  select t.kind, f.file_name, t.record_number,
    f.file_name in (select file_name from submission where status = 'rejected') as is_rejected
  from true_fault t join true_file f using (file_number);
"""
_COUNTS = """
select count(*) filter (where not is_rejected or record_number = 0),
  count(*) filter (where is_rejected and record_number > 0),
  count(*) filter (where (not is_rejected or record_number = 0) and exists (
    select 1 from finding g where g.file_name = p.file_name and g.record_number = p.record_number and list_contains($rules, g.rule)))
from planted p where kind = $kind
"""
_FALSE = """
select count(*) from finding g where list_contains($rules, g.rule)
  and not exists (select 1 from planted p where p.file_name = g.file_name and p.record_number = g.record_number)
"""


def found_faults(run: Path, truth: Path) -> list[FoundFaults]:
    """Each kind of fault of the model, held against a published run. run, truth: their folders. Raises UserError if there is no truth."""
    if not truth.is_dir():
        mend = "give a place that accord simulate wrote, with the -truth folder beside it"
        raise UserError("there is no truth to compare with", where=str(truth), what_to_do=mend)
    with _opened(run / "tables", truth) as opened:
        opened.execute(_FOUND)
        return [_counted(opened, kind) for kind in MODEL["fault"]]


def other_findings(run: Path, truth: Path) -> list[tuple[str, int]]:
    """Findings of any rule on records in which nothing was planted: the rule, and how many. A clean place has none."""
    with _opened(run / "tables", truth) as opened:
        opened.execute(_FOUND)
        rules = [r for (r,) in opened.execute("select distinct rule from finding order by rule").fetchall()]
        counts = [(rule, _one(opened, _FALSE, {"rules": [rule]})[0]) for rule in rules]
        return [(rule, n) for rule, n in counts if n]


def _counted(opened: duckdb.DuckDBPyConnection, kind: str) -> FoundFaults:
    said = MODEL["fault"][kind]
    rules = list(said["found_by"])
    planted, hidden, found = _one(opened, _COUNTS, {"kind": kind, "rules": rules})
    (false,) = _one(opened, _FALSE, {"rules": rules})
    return FoundFaults(kind, said["title"], tuple(rules), planted, hidden, found, false)


def _one(opened: duckdb.DuckDBPyConnection, query: str, values: dict[str, object]) -> tuple[int, ...]:
    return opened.execute(query, values).fetchall()[0]


def _opened(tables: Path, truth: Path) -> duckdb.DuckDBPyConnection:
    """A connection that sees the run's tables and the truth, and no other file."""
    opened = connection({"allowed_directories": f"[{literal(str(tables))}, {literal(str(truth))}]"})
    for folder, found in ((tables, ("issue", "submission", "record_fate")), (truth, tuple(TRUTH))):
        for table in found:
            opened.execute(f"create view {name(table)} as select * from read_parquet({literal(str(folder / f'{table}.parquet'))})")
    return opened
