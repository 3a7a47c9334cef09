"""The public Python API: a place and its runs, for a notebook or a script."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import duckdb

from accord import pipeline, place
from accord.engine import Step, run_on
from accord.engine.duck import connection, literal, name
from accord.errors import UserError
from accord.publish.check_report import CheckReport
from accord.publish.run_diff import RunDiff, run_diff
from accord.publish.run_report import RunReport, run_report
from accord.tables import PUBLISHED, Table


def _silent(_: str) -> None:
    """Progress that nobody watches."""


class OpenRun:
    """One published run. Each of its tables is an attribute: a DuckDB relation, read when asked.

    `.df()`, `.pl()` and `.arrow()` of a relation give a pandas, Polars or Arrow table; `.filter`, `.aggregate` and `.query` go on.
    """

    def __init__(self, run: place.Run) -> None:
        self._run = run

    @property
    def run_id(self) -> str:
        """The run's name."""
        return self._run.run_id

    @property
    def folder(self) -> Path:
        """Where its Parquet files and manifest are."""
        return self._run.folder

    @property
    def manifest(self) -> place.Manifest:
        """What it was made from, and the hash of everything in it."""
        return self._run.manifest

    @property
    def tables(self) -> dict[str, Table]:
        """Its tables by name, each with its contract: the meaning of every column."""
        return {table: PUBLISHED[table] for table in self._run.manifest.tables}

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """A read-only connection on which every table of the run is a view; it reaches no other file."""
        opened = connection({"allowed_directories": f"[{literal(str(self.folder))}]"})
        for table in self._run.manifest.tables:
            opened.execute(f"create view {name(table)} as select * from read_parquet({literal(str(self._run.table_file(table)))})")
        return opened

    def table(self, table: str) -> duckdb.DuckDBPyRelation:
        """One table as a relation. Raises UserError naming the tables there are."""
        self._run.table_file(table)
        return self.connection.sql(f"select * from {name(table)}")

    def __getattr__(self, table: str) -> duckdb.DuckDBPyRelation:
        """`run.activity` is `run.table("activity")`."""
        if table.startswith("_") or table not in PUBLISHED:
            raise AttributeError(f"a run has no {table!r}; its tables are {', '.join(PUBLISHED)}")
        return self.table(table)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._run.manifest.tables]

    def sql(self, query: str, values: Mapping[str, object] | None = None) -> duckdb.DuckDBPyRelation:
        """A query over the run's tables, with `$name` values bound. Raises UserError at what is not one SELECT: a run is only read."""
        statements = self.connection.extract_statements(query)
        if [s.type for s in statements] != [duckdb.StatementType.SELECT]:
            said = ", ".join(s.type.name for s in statements) or "nothing"
            raise UserError(
                f"a run is only read, by one SELECT, and this is {said}", where="the query",
                what_to_do="write one SELECT; to keep what it gives, turn the relation into a frame or a table and write that",
            )  # fmt: skip
        return self.connection.sql(query, params=dict(values)) if values else self.connection.sql(query)

    def step(self, step: Step, **values: object) -> duckdb.DuckDBPyRelation:
        """An analyst's own step over the run's tables, checked as every step is before any data is read. Raises UserError."""
        return run_on(step, self.connection, values)

    def report(self) -> RunReport:
        """The figures of the one screen that `accord run` prints."""
        return run_report(self.connection)

    def verify(self) -> list[str]:
        """What is not as it was published: nothing, if every file still has its hash."""
        return place.verify(self._run)

    def __repr__(self) -> str:
        return f"<run {self.run_id}: {', '.join(f'{t} {e.n_row:,}' for t, e in self._run.manifest.tables.items())}>"


class OpenPlace:
    """A place: what can be done with it, and its runs."""

    def __init__(self, opened: place.Place) -> None:
        self.place = opened

    def run(self, progress: pipeline.Progress = _silent, resources: pipeline.Resources = pipeline.AS_THE_ENGINE_CHOOSES) -> OpenRun:
        """Receive what is new, build, audit and publish. Raises UserError, AuditError."""
        return OpenRun(pipeline.run(self.place, progress, resources))

    def run_as_known(
        self, moment: str, progress: pipeline.Progress = _silent, resources: pipeline.Resources = pipeline.AS_THE_ENGINE_CHOOSES
    ) -> OpenRun:
        """The run as it would have been on a day, at a time, or at a named snapshot. The current run stays. Raises UserError, AuditError."""
        return OpenRun(pipeline.run_as_known(self.place, self.place.settings.moment(moment), progress, resources))

    def diff(self, before: str, after: str = "current") -> RunDiff:
        """Which published totals moved between two runs, by how much, and what moved them. Raises UserError."""
        return run_diff(place.open_run(self.place, before), place.open_run(self.place, after))

    def check(
        self, progress: pipeline.Progress = _silent, resources: pipeline.Resources = pipeline.AS_THE_ENGINE_CHOOSES
    ) -> CheckReport:
        """What a run would find. Nothing is kept."""
        return pipeline.check(self.place, progress, resources)

    def current(self) -> OpenRun:
        """The run in force. Raises UserError if there is none yet."""
        return OpenRun(place.open_run(self.place))

    def runs(self) -> list[OpenRun]:
        """Every published run, the oldest first."""
        return [OpenRun(run) for run in place.list_runs(self.place)]

    def open_run(self, run: str) -> OpenRun:
        """A run by its id or the beginning of it. Raises UserError."""
        return OpenRun(place.open_run(self.place, run))

    def replay(
        self,
        run: str = "current",
        progress: pipeline.Progress = _silent,
        resources: pipeline.Resources = pipeline.AS_THE_ENGINE_CHOOSES,
    ) -> dict[str, bool]:
        """Make a run again from its own inputs: each table, and whether it came out the same."""
        return pipeline.replay(self.place, place.open_run(self.place, run), progress, resources)


def open(path: Path | str) -> OpenPlace:
    """Open the place in a folder. Raises UserError if it is none, naming the line of place.toml that is wrong."""
    return OpenPlace(place.open_place(path))
