"""What attribution came to in a run, year by year: a waterfall from everybody known to those who are somebody's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from accord.engine.duck import connection, literal
from accord.errors import UserError
from accord.place import Run
from accord.tables.codes import ATTRIBUTION_REASON, ATTRIBUTION_STEP

TABLES = ("attribution", "attribution_attrition", "organisation")


@dataclass(frozen=True)
class Year:
    """One year: everybody known, those left out by reason and those told by step, both in the order of the rule; together everybody.

    organisations: id, name if known, people, person-months; the most people first. n_overridden: where a payer or the person says otherwise.
    """

    start_date: date
    end_date: date
    method: str
    n_person: int
    left_out: tuple[tuple[str, int], ...]
    told_by: tuple[tuple[str, int], ...]
    organisations: tuple[tuple[str, str | None, int, int], ...]
    n_overridden: int
    n_tie: int

    @property
    def n_attributed(self) -> int:
        """How many people are somebody's."""
        return sum(n for _, n in self.told_by)


@dataclass(frozen=True)
class Shown:
    """The years of one run, the first first."""

    run_id: str
    years: tuple[Year, ...]


def shown(run: Run) -> Shown:
    """In: attribution, attribution_attrition, organisation of a run. Raises UserError for a run that was made before there was attribution."""
    check_has_attribution(run)
    with connection({"allowed_directories": f"[{literal(str(run.folder))}]"}) as opened:
        for table in TABLES:
            opened.execute(f"create view {table} as select * from read_parquet({literal(str(run.table_file(table)))})")
        spans = opened.execute(_SPANS).fetchall()
        counts = opened.execute(_COUNTS).fetchall()
        named = opened.execute(_ORGANISATIONS).fetchall()
    return Shown(run.run_id, tuple(_year(span, counts, named) for span in spans))


def check_has_attribution(run: Run) -> None:
    """Raises UserError if a run has no table of attribution."""
    if "attribution" not in run.manifest.tables:
        what = f"run {run.run_id} was made before Accord told whose people are whose"
        raise UserError(what, where="the run asked for", what_to_do="make a new run: accord run")


_SPANS = """select start_date, end_date, method, sum(n), sum(n_overridden), sum(n_tie) from (
  select start_date, end_date, method, count(*) as n, count(*) filter (is_overridden) as n_overridden, count(*) filter (is_tie) as n_tie
  from attribution group by all
  union all
  select start_date, end_date, method, count(*), count(*) filter (is_overridden), 0 from attribution_attrition group by all)
group by start_date, end_date, method order by start_date"""
_COUNTS = """select start_date, 'step' as what, step as word, count(*) as n from attribution group by all
union all select start_date, 'reason', reason, count(*) from attribution_attrition group by all"""
_ORGANISATIONS = """select a.start_date, a.organisation_id, o.name, count(*) as n, sum(a.n_person_month)
from attribution a left join organisation o using (organisation_id) group by all order by a.start_date, n desc, a.organisation_id"""


def _year(span: tuple[Any, ...], counts: Iterable[tuple[Any, ...]], named: Iterable[tuple[Any, ...]]) -> Year:
    start, end, method, n, n_overridden, n_tie = span
    of = {(what, word): int(k) for day, what, word, k in counts if day == start}
    organisations = tuple((i, name, int(k), int(months)) for day, i, name, k, months in named if day == start)
    left_out, told_by = _in_order(of, "reason", ATTRIBUTION_REASON), _in_order(of, "step", ATTRIBUTION_STEP)
    year = Year(start, end, method, int(n), left_out, told_by, organisations, int(n_overridden), int(n_tie))
    assert year.n_person == year.n_attributed + sum(k for _, k in left_out), f"the waterfall of {start} does not add up"
    return year


def _in_order(of: Mapping[tuple[str, str], int], what: str, words: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple((word, of[what, word]) for word in words if (what, word) in of)
