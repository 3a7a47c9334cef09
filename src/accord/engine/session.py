"""One DuckDB connection for one run: register files, run steps, write each table once. Another engine may run the steps."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from accord.engine import duck
from accord.engine.maker import Maker
from accord.engine.step import Step
from accord.errors import UserError
from accord.tables import Table

# 50 million rows of 15 columns sorted by person with 4 GB and two threads: 31 to 45 s and 4.2 GB whatever the row group
# (41,000 to 1,000,000) or codec; snappy is half as large again as zstd level 1 and level 3 no smaller than level 1. A
# quarter of a million rows finds one person's rows in 8 ms (41,000: 30 ms) and still leaves 200 groups to share out.
ROW_GROUP = 250_000
STEP_LOG = "accord.steps"
"""The log that tells, at level DEBUG, of each step its name, its seconds and its rows."""

_log = logging.getLogger(STEP_LOG)
PARQUET = f"format parquet, compression zstd, compression_level 1, row_group_size {ROW_GROUP}"


@dataclass(frozen=True)
class Written:
    """One table as written: its contract, its file, and how many rows the file has."""

    table: Table
    path: Path
    n_row: int


@dataclass(frozen=True)
class Kernel:
    """A table that Python made and not a step: what made it, and of each column the (table, column) pairs it is made of."""

    name: str
    output: Table
    columns: Mapping[str, tuple[tuple[str, str], ...]]


class Session:
    """One in-memory database for one run; a context manager.

    folder: where tables are written. scratch: where large sorts spill. readable: further folders and files that may be read.
    maker: a second engine, which then makes the rows of every step; all that is written is still read here.
    Nothing else on disk can be reached, no extension is loaded, times are UTC, and no setting can be changed afterwards.
    """

    def __init__(
        self,
        *,
        folder: Path,
        scratch: Path,
        readable: Sequence[Path] = (),
        memory_limit: str | None = None,
        threads: int | None = None,
        maker: Maker | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self.maker = maker
        for made in (self.folder, scratch):
            made.mkdir(parents=True, exist_ok=True)
        self._written: dict[str, Written] = {}
        self._steps: list[Step] = []
        self.kernels: list[Kernel] = []
        self.connection, self._on_disk = duck.session_pair(_settings([self.folder, scratch, *readable], scratch, memory_limit, threads))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._on_disk.close()
        self.connection.close()
        if self.maker:
            self.maker.close()

    @property
    def written(self) -> tuple[Written, ...]:
        """The tables that this session has written so far, in order."""
        return tuple(self._written.values())

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that this session has run so far, in order."""
        return tuple(self._steps)

    def register(self, name: str, files: Sequence[Path], *, select: str | None = None) -> None:
        """Make Parquet files of one layout readable as view `name`; `select` is the list of columns (all, if None).

        `file_row_number` (from 0) and `filename` may be selected by name. A name is registered once.
        """
        assert files, f"no file to register as {name}"
        self.connection.execute(f"create view {duck.name(name)} as select {select or '*'} from {duck.parquet(files)}")
        if self.maker:
            self.maker.register(name, files)

    def materialise(self, step: Step, /, **values: object) -> Written:
        """Check `step`, run it with `values` bound, write its output once as Parquet in the contract's order, and register that.

        Rows are sorted by the contract's `order`, NULL last; a sort larger than memory spills to scratch.
        """
        table, text = step.output, step.runnable(values)
        assert table.name not in self._written, f"{table.name} is materialised a second time, by step '{step.name}'"
        self._hold_to_contracts(step)
        path = self.folder / f"{table.name}.parquet"
        began = time.perf_counter()
        n_row = self._made_elsewhere(self.maker, step, values, path) if self.maker else self._made_here(text, step, values, path)
        _log.debug("%s: %.3f s, %d rows", step.name, time.perf_counter() - began, n_row)
        self._written[table.name] = Written(table, path, n_row)
        self._steps.append(step)
        self.register(table.name, [path])
        return self._written[table.name]

    def _made_here(self, text: str, step: Step, values: Mapping[str, object], path: Path) -> int:
        order = ", ".join(f"{duck.name(column)} nulls last" for column in step.output.order)
        select = f"select {duck.names(step.output.names)} from ({text}\n)" + (f" order by {order}" if order else "")
        return self._copy(f"copy ({select}) to {duck.literal(str(path))} ({PARQUET})", values, f"step '{step.name}'")

    def _made_elsewhere(self, maker: Maker, step: Step, values: Mapping[str, object], path: Path) -> int:
        """The other engine's parts, which follow one another in the contract's order, put together into the one file."""
        parts = self.folder / f".parts-{step.output.name}"
        try:
            select = f"select {duck.names(step.output.names)} from {duck.parquet(maker.make(step, values, parts))}"
            return self._copy(f"copy ({select}) to {duck.literal(str(path))} ({PARQUET})", {}, f"step '{step.name}'")
        finally:
            shutil.rmtree(parts, ignore_errors=True)

    def view(self, step: Step) -> None:
        """Check `step`, and make its output readable without writing it: for a table that is a plain choice of another's rows."""
        self._hold_to_contracts(step)
        self.connection.execute(f"create view {duck.name(step.output.name)} as select {duck.names(step.output.names)} from ({step.runnable({})}\n)")
        if self.maker:
            self.maker.view(step)
        self._steps.append(step)

    def relation(self, name: str) -> duckdb.DuckDBPyRelation:
        """A registered or materialised table, to be read lazily while the session is open."""
        return self.connection.sql(f"select * from {duck.name(name)}")

    def rows(self, sql: str, values: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a small result."""
        return self.connection.execute(sql, dict(values or {})).fetchall()

    def _hold_to_contracts(self, step: Step) -> None:
        # A step is typed against contracts: an input of other types would be written on with other types.
        for table in step.inputs:
            found = {str(row[0]): str(row[1]) for row in self.rows(f"describe select * from {duck.name(table.name)}")}
            wrong = {name: found.get(name) for name, kind in table.types.items() if found.get(name) != kind}
            assert not wrong, f"input '{table.name}' of step '{step.name}' is not as its contract has it: {wrong}"

    def _copy(self, sql: str, values: Mapping[str, object], maker: str) -> int:
        try:
            try:
                return _n_copied(self.connection, sql, values)
            except duckdb.OutOfMemoryException:
                _log.info("%s does not fit into memory: it is done again, on disk from the start", maker)
                return _n_copied(self._on_disk, sql, values)
        except duckdb.OutOfMemoryException as error:
            reason = str(error).split("\n", 1)[0]
            mend = "close other programs, give it more memory, or free space where the run spills"
            raise UserError(f"{maker} ran out of memory: {reason}", where=maker, what_to_do=mend) from None
        except (duckdb.ConversionException, duckdb.OutOfRangeException) as error:
            # The engine's words may hold a total, never a person's text: only sums and casts of numbers are left to fail here.
            reason = str(error).split("\n", 1)[0]
            mend = "look for amounts that cannot be money: accord check names each file's amounts that are too large or unreadable"
            raise UserError(f"{maker} meets a number too large for its column: {reason}", where=maker, what_to_do=mend) from None


def _n_copied(connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, object]) -> int:
    return int(connection.execute(sql, dict(values)).fetchall()[0][0])


def _settings(reachable: Sequence[Path], scratch: Path, memory_limit: str | None, threads: int | None) -> dict[str, str]:
    # What is asked for is a pattern, and DuckDB holds the pattern's own text against these: so both are listed.
    files = [form for p in reachable if p.is_file() for form in (str(p.absolute()), duck.exactly(p.absolute()))]
    folders = [form for p in reachable if not p.is_file() for form in (str(p.absolute()), duck.exactly(p.absolute()))]
    settings = {
        # A list of codes becomes a join otherwise: two dozen of them in one step take seconds to plan, and no less to run.
        "disabled_optimizers": "'in_clause'",
        "temp_directory": duck.literal(str(scratch.absolute())),
        "allowed_directories": f"[{duck.literals(folders)}]",
        "allowed_paths": f"[{duck.literals(files)}]",
    }
    if memory_limit is not None:
        settings["memory_limit"] = duck.literal(memory_limit)
    if threads is not None:
        settings["threads"] = str(threads)
    return settings
