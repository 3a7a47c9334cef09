"""One screen of a run that a finance director can read: how many people, what their care cost, and where every pound went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb


@dataclass(frozen=True)
class RateRow:
    """One group of one cut: acts, cost and rates."""

    group: str
    n_person_month: int
    n_activity: int
    cost: Decimal
    cost_per_person_month: Decimal | None
    activity_per_1000: Decimal | None
    n_without_cost: int


@dataclass(frozen=True)
class RunReport:
    """The figures of the screen. bridge: lines from the files to the registered population's cost, with record counts."""

    n_person: int
    n_file: int
    n_rejected: int
    n_record: int
    n_quarantined: int
    n_flagged: int
    populations: dict[str, RateRow]
    by_setting: tuple[RateRow, ...]
    by_organisation: tuple[RateRow, ...]
    bridge: tuple[tuple[str, int, Decimal], ...]
    rejected: tuple[tuple[str, str], ...]


_RATES = """select c.population, c.group_id || coalesce(' ' || o.name, ''), c.n_person_month, c.n_activity, c.cost, c.cost_per_person_month,
  c.activity_per_1000, c.n_without_cost
from cost_per_person_month c left join organisation o on c.dimension = 'organisation' and c.group_id = o.organisation_id
where c.dimension = ? order by c.population, c.cost desc, c.group_id"""

_FLAGGED = """select count(*) from record_fate f where f.fate = 'accepted' and exists (
  select 1 from issue i where i.submission_id = f.submission_id and i.record_number = f.record_number and i.severity = 'flag')"""

_BRIDGE = """select case when total = 'activity' then 1 else 2 end, line_number, line, sum(n_record), sum(amount)
from reconciliation where measure = 'cost' and (total = 'activity' or (total = ? and line_number > 1))
group by 1, 2, 3
having line not in ('superseded', 'cancellation', 'further months', 'taken back') or sum(n_record) <> 0 or sum(amount) <> 0
order by 1, 2"""


def run_report(connection: duckdb.DuckDBPyConnection) -> RunReport:
    """In: a connection over a run's tables. Out: the report, on the registered population, or the resident one where nobody is registered."""
    one = _one(connection)
    everyone = {str(row[0]): RateRow(*row[1:]) for row in connection.execute(_RATES, ["all"]).fetchall()}
    population = "registered" if "registered" in everyone or not everyone else "resident"
    bridge = [(line, int(n), amount) for _, _, line, n, amount in connection.execute(_BRIDGE, [population]).fetchall()]
    rejected = connection.execute(
        "select file_name, coalesce('line ' || reject_line || ': ', '') || reject_reason from submission where status = 'rejected' order by 1"
    ).fetchall()
    return RunReport(
        n_person=one("select count(*) from person"), n_rejected=len(rejected),
        n_file=one("select count(*) from submission where status <> 'withdrawal'"),
        n_record=one("select count(*) from record_fate"), n_quarantined=one("select count(*) from quarantine"),
        n_flagged=one(_FLAGGED), populations=everyone,
        by_setting=_rows(connection, "setting", population), by_organisation=_rows(connection, "organisation", population),
        bridge=tuple(bridge), rejected=tuple((str(a), str(b)) for a, b in rejected),
    )  # fmt: skip


def _one(connection: duckdb.DuckDBPyConnection) -> Any:
    return lambda sql: int(connection.execute(sql).fetchall()[0][0])


def _rows(connection: duckdb.DuckDBPyConnection, dimension: str, population: str) -> tuple[RateRow, ...]:
    rows: Sequence[Any] = connection.execute(_RATES, [dimension]).fetchall()
    return tuple(RateRow(*row[1:]) for row in rows if row[0] == population)
