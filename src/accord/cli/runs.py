"""Commands about a place and its runs."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import accord
from accord import pipeline, place, screens
from accord.cli.command import (
    HERE,
    Dir,
    Engine,
    EngineName,
    KnownAt,
    Master,
    Memory,
    PlaceOption,
    Threads,
    app,
    err,
    map_commands,
    out,
    progress_lines,
    resources_of,
    say,
)
from accord.engine.recorded import recorded_files, trace_recorded
from accord.errors import ExitCode
from accord.intake.draft import suggest
from accord.settlement.replaying import replay_settlement


class Format(StrEnum):
    """How a report is written."""

    text = "text"
    json = "json"


@app.command()
def new(directory: Annotated[Path, typer.Argument(help="A folder that does not exist yet, or is empty.")]) -> None:
    """Make a new place, with a commented place.toml."""
    made = place.new_place(directory)
    say(f"Made a place in {made.root}.")
    say(f"Next: list partners and sources in place.toml, put files into sources/, and type: accord check {shlex.quote(str(directory))}")


@app.command()
def check(
    directory: Dir = HERE,
    format: Annotated[Format, typer.Option(help="text or json.")] = Format.text,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if anything at all is found.")] = False,
    memory: Memory = None,
    threads: Threads = None,
    engine: Engine = EngineName.duckdb,
    master: Master = None,
) -> None:
    """Read every file and report what a run would find. Nothing is kept."""
    with progress_lines() as progress:
        report = accord.open(directory).check(progress, resources_of(memory, threads, engine, master))
    if format is Format.json:
        print(json.dumps(asdict(report) | {"is_clean": report.is_clean}, indent=1, default=str, ensure_ascii=False))
    else:
        screens.print_check(out, report)
    if strict and not report.is_clean:
        raise typer.Exit(ExitCode.FOUND)


@app.command()
def run(
    directory: Dir = HERE,
    known_at: KnownAt = None,
    memory: Memory = None,
    threads: Threads = None,
    engine: Engine = EngineName.duckdb,
    master: Master = None,
) -> None:
    """Receive what is new, build, audit and publish a run."""
    resources = resources_of(memory, threads, engine, master)
    opened = accord.open(directory)
    with progress_lines() as progress:
        made = opened.run(progress, resources) if known_at is None else opened.run_as_known(known_at, progress, resources)
    screens.print_run(out, opened.place.settings, made, directory, place.unclaimed_files(opened.place) if known_at is None else [])
    if known_at is not None:
        say(f"As known at {made.manifest.known_at:%Y-%m-%d %H:%M} UTC. The current run is still {opened.current().run_id}.")


@app.command()
def show(
    table: Annotated[str, typer.Argument(help="A table of the run; without one, the list of tables.")] = "",
    directory: PlaceOption = HERE,
    run: Annotated[str, typer.Option(help="A run's id, or its beginning.")] = "current",
    rows: Annotated[int, typer.Option(min=1, help="How many rows.")] = 20,
    columns: Annotated[bool, typer.Option("--columns", help="Its columns and what they mean, instead of rows.")] = False,
) -> None:
    """Show a table of a run, or what its columns mean."""
    opened = accord.open(directory).open_run(run)
    if not table:
        screens.print_tables(out, opened)
    elif columns:
        opened.table(table)
        screens.print_columns(out, opened.tables[table])
    else:
        screens.print_rows(out, opened, table, rows)


@app.command()
def runs(directory: PlaceOption = HERE) -> None:
    """List the published runs, the newest last."""
    opened = place.open_place(directory)
    screens.print_runs(out, place.list_runs(opened), place.current_run(opened))


@app.command()
def verify(run: Annotated[str, typer.Argument(help="A run's id, or its beginning.")] = "current", directory: PlaceOption = HERE) -> None:
    """Hold every file of a run against its published hash."""
    opened = accord.open(directory).open_run(run)
    findings = opened.verify()
    screens.print_findings(out, f"run {opened.run_id}", findings, "every file is as it was published")
    if findings:
        raise typer.Exit(ExitCode.FOUND)


@app.command()
def replay(
    run: Annotated[str, typer.Argument(help="A run's id, or its beginning.")] = "current",
    directory: PlaceOption = HERE,
    settlement: Annotated[
        str, typer.Option(help="A settlement instead of a run: CONTRACT for its latest, or CONTRACT/SETTLEMENT.", show_default="a run")
    ] = "",
    memory: Memory = None,
    threads: Threads = None,
    engine: Engine = EngineName.duckdb,
    master: Master = None,
) -> None:
    """Make a run, or a settlement, again from its inputs, and compare. A settlement is compared byte for byte."""
    if settlement:
        _replay_settlement(directory, settlement)
        return
    with progress_lines() as progress:
        same = accord.open(directory).replay(run, progress, resources_of(memory, threads, engine, master))
    differing = [f"{table} came out different" for table, is_same in same.items() if not is_same]
    run_id = accord.open(directory).open_run(run).run_id
    screens.print_findings(out, f"replay of run {run_id}", differing, f"all {len(same)} tables came out the same")
    if differing:
        raise typer.Exit(ExitCode.FOUND)


def _replay_settlement(directory: Path, settlement: str) -> None:
    replayed = replay_settlement(place.open_place(directory), settlement)
    id, n = replayed.manifest.settlement_id, replayed.n_file
    screens.print_findings(out, f"replay of settlement {id}", list(replayed.findings), f"same: all {n} files came out the same, byte for byte")
    if replayed.findings:
        raise typer.Exit(ExitCode.FOUND)


@app.command()
def withdraw(
    file: Annotated[str, typer.Argument(help="The file's name below sources/, or its submission_id.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept with the receipts.")],
    directory: PlaceOption = HERE,
) -> None:
    """Withdraw a delivered file: its records count no more."""
    said = pipeline.withdraw(place.open_place(directory), file, reason)
    say(f"Withdrew {said.file_name} (submission {said.withdraws_id}). The next run takes back what it said: accord run")


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="The earlier run's id, or its beginning.")],
    after: Annotated[str, typer.Argument(help="The later run's id, or its beginning.")] = "current",
    directory: PlaceOption = HERE,
) -> None:
    """Say which totals moved between two runs, and why."""
    opened = accord.open(directory)
    screens.print_diff(out, opened.diff(before, after), opened.place.settings.currency)


@app.command()
def lineage(
    column: Annotated[str, typer.Argument(help="TABLE.COLUMN, such as activity.net_amount.")],
    directory: PlaceOption = HERE,
    run: Annotated[str, typer.Option(help="A run's id, or its beginning.")] = "current",
) -> None:
    """Show where a published column comes from."""
    opened = accord.open(directory).open_run(run)
    recorded = opened.folder / pipeline.LINEAGE_NAME
    screens.print_lineage(out, trace_recorded(recorded, column), recorded_files(recorded))


@map_commands.command("suggest")
def map_suggest(
    file: Annotated[Path, typer.Argument(help="A CSV or Parquet file that no map describes yet.")],
    name: Annotated[str, typer.Option("--map", help="The map's name.", show_default="the file's")] = "",
) -> None:
    """Draft a map for an unknown file, and say what it could not place. The map goes to standard output."""
    suggested = suggest(file, name)
    print(suggested.text, end="")
    screens.print_suggestion(err, suggested)
