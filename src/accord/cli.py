"""Every command. No logic of its own: it opens a place, calls, and prints."""

from __future__ import annotations

import io
import json
import logging
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import duckdb
import typer
from rich.console import Console
from rich.markup import escape

import accord
from accord import bench as benches
from accord import pipeline, place, screens, settlement_screens, simulate
from accord.engine.recorded import recorded_files, trace_recorded
from accord.errors import AuditError, ExitCode, UserError
from accord.intake.draft import suggest
from accord.settlement import mssp
from accord.settlement.checking import check_contract, in_words

app = typer.Typer(
    name="accord", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="The books of a health and care partnership: raw extracts in, one audited run of tables out.",
)  # fmt: skip

out = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
err = Console(stderr=True, highlight=False)

Dir = Annotated[Path, typer.Argument(help="The place's folder.", show_default="this folder")]
PlaceOption = Annotated[Path, typer.Option("--place", "-p", help="The place's folder.", show_default="this folder")]
MOST_THREADS = 256  # some thousands were seen to end the process


def _memory(text: str | None) -> str | None:
    """DuckDB takes -1GB for no limit at all, and with less than some 250 MB it cannot begin."""
    found = re.fullmatch(r"(\d{1,6}) ?([MG])B", text or "0MB", re.IGNORECASE)
    if text is not None and (not found or int(found[1]) < (256 if found[2] in "mM" else 1)):
        raise typer.BadParameter(f"{text!r} is not an amount of memory: write 256MB or more, such as 800MB or 6GB")
    return text


Memory = Annotated[
    str | None,
    typer.Option(callback=_memory, help="The most memory the engine may use, such as 6GB.", show_default="80 % of the machine's"),
]
Threads = Annotated[int | None, typer.Option(min=1, max=MOST_THREADS, help="How many threads the engine may use.", show_default="every core")]


class EngineName(StrEnum):
    """What runs the steps."""

    duckdb = "duckdb"
    spark = "spark"


Engine = Annotated[EngineName, typer.Option(help="What runs the steps: duckdb (embedded) or spark.")]
Master = Annotated[
    str | None,
    typer.Option(help="Where Spark runs: local[2], spark://HOST:PORT, or a Spark Connect address, sc://HOST:PORT.", show_default="local[*]"),
]
KnownAt = Annotated[
    str | None,
    typer.Option(
        "--known-at", help="Make the run as it would have been on a day (2025-08-20), at a time, or at a snapshot of place.toml.", show_default="now"
    ),
]
HERE = Path()


map_commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(map_commands, name="map", help="Maps from a partner's layout to Accord's tables.")

contract_commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(contract_commands, name="contract", help="Contracts between partners.")

prove_commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(prove_commands, name="prove", help="Published settlements, settled again from their rules.")


class Format(StrEnum):
    """How a report is written."""

    text = "text"
    json = "json"


@app.command()
def new(directory: Annotated[Path, typer.Argument(help="A folder that does not exist yet, or is empty.")]) -> None:
    """Make a new place, with a commented place.toml."""
    made = place.new_place(directory)
    _say(f"Made a place in {made.root}.")
    _say(f"Next: list partners and sources in place.toml, put files into sources/, and type: accord check {shlex.quote(str(directory))}")


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
    with _progress() as progress:
        report = accord.open(directory).check(progress, _resources(memory, threads, engine, master))
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
    resources = _resources(memory, threads, engine, master)
    opened = accord.open(directory)
    with _progress() as progress:
        made = opened.run(progress, resources) if known_at is None else opened.run_as_known(known_at, progress, resources)
    screens.print_run(out, opened.place.settings, made, directory, place.unclaimed_files(opened.place) if known_at is None else [])
    if known_at is not None:
        _say(f"As known at {made.manifest.known_at:%Y-%m-%d %H:%M} UTC. The current run is still {opened.current().run_id}.")


@app.command()
def demo(
    directory: Annotated[Path, typer.Argument(help="Where to make the demo place.")] = Path("accord-demo"),
    engine: Engine = EngineName.duckdb,
    master: Master = None,
) -> None:
    """Make a small invented place, run it, and print one screen."""
    if not (directory / "place.toml").exists():
        simulate.copy_small_place(directory)
        _say(f"Made an invented place in {directory} (its people, partners and amounts are made up).")
    run(directory, engine=engine, master=master)


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
    memory: Memory = None,
    threads: Threads = None,
    engine: Engine = EngineName.duckdb,
    master: Master = None,
) -> None:
    """Make a run again from its inputs, and compare."""
    with _progress() as progress:
        same = accord.open(directory).replay(run, progress, _resources(memory, threads, engine, master))
    differing = [f"{table} came out different" for table, is_same in same.items() if not is_same]
    run_id = accord.open(directory).open_run(run).run_id
    screens.print_findings(out, f"replay of run {run_id}", differing, f"all {len(same)} tables came out the same")
    if differing:
        raise typer.Exit(ExitCode.FOUND)


@app.command()
def withdraw(
    file: Annotated[str, typer.Argument(help="The file's name below sources/, or its submission_id.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept with the receipts.")],
    directory: PlaceOption = HERE,
) -> None:
    """Withdraw a delivered file: its records count no more."""
    said = pipeline.withdraw(place.open_place(directory), file, reason)
    _say(f"Withdrew {said.file_name} (submission {said.withdraws_id}). The next run takes back what it said: accord run")


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


def _resources(memory: str | None, threads: int | None, engine: EngineName, master: str | None) -> pipeline.Resources:
    if engine is EngineName.duckdb and master:
        raise UserError("--master is where Spark runs, and the engine is duckdb", where="--master", what_to_do="add --engine spark")
    return pipeline.Resources(memory, threads, (master or "local[*]") if engine is EngineName.spark else None)


@map_commands.command("suggest")
def map_suggest(
    file: Annotated[Path, typer.Argument(help="A CSV or Parquet file that no map describes yet.")],
    name: Annotated[str, typer.Option("--map", help="The map's name.", show_default="the file's")] = "",
) -> None:
    """Draft a map for an unknown file, and say what it could not place. The map goes to standard output."""
    suggested = suggest(file, name)
    print(suggested.text, end="")
    screens.print_suggestion(err, suggested)


@contract_commands.command("check")
def contract_check(
    file: Annotated[Path, typer.Argument(help="The contract, a TOML file.")],
    directory: Annotated[
        Path | None, typer.Option("--place", "-p", help="The place's folder.", show_default="the one that has the file in contracts/")
    ] = None,
) -> None:
    """Tell every fault of a contract, or else what each of its clauses does, in the order in which they are settled."""
    checked = check_contract(file, directory)
    for fault in checked.faults:
        _complain(str(fault))
    if checked.faults or checked.contract is None:
        raise typer.Exit(ExitCode.USER_ERROR)
    for line in in_words(checked.contract):
        _say(line)
    if not checked.has_place:
        _say("The file is in no place's contracts/, so its parties and the figures that it names were not looked for.")


@prove_commands.command("mssp")
def prove_mssp(
    files: Annotated[list[Path], typer.Argument(help="Results files of the Medicare Shared Savings Program, as CSV.")],
    year: Annotated[int | None, typer.Option(min=2012, max=2099, help="Their performance year.", show_default="as the file says")] = None,
) -> None:
    """Settle every ACO again from the program's rules, and hold it against what was published. Exit code 1 if a miss is unexplained."""
    proofs = mssp.prove(files, year)
    for proof in proofs:
        settlement_screens.print_proof(out, proof)
    if any(miss.cause is mssp.Cause.unexplained for proof in proofs for miss in proof.misses):
        raise typer.Exit(ExitCode.FOUND)


def _say(text: str) -> None:
    out.print(text, markup=False, soft_wrap=True)


def _complain(text: str) -> None:
    err.print(f"accord: {text}", markup=False, soft_wrap=True)


class _Complaints(logging.Handler):
    """What is logged, above the moving line of a terminal instead of through it."""

    def emit(self, record: logging.LogRecord) -> None:
        _complain(record.getMessage())


class Bench(StrEnum):
    """What can be measured."""

    intake = "intake"
    tuva = "tuva"
    place = "place"
    all = "all"


@app.command()
def bench(  # noqa: PLR0913 (each option of a command is an argument)
    what: Annotated[Bench, typer.Argument(help="intake, tuva, place or all.")] = Bench.all,
    records: Annotated[int | None, typer.Option(min=100, help="Records of intake and place.", show_default="5 and 50 million")] = None,
    people: Annotated[int | None, typer.Option(min=10, help="People of tuva.", show_default="10,000")] = None,
    files: Annotated[Path | None, typer.Option(help="The folder of the Tuva input layer's files; all leaves tuva out without it.")] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", help="Where to work. What is made there is taken away again.", show_default="the system's")
    ] = None,
    memory: Annotated[str, typer.Option(help="The most memory that what is measured may hold.")] = "8GB",
    threads: Annotated[int, typer.Option(min=1, help="How many threads it may use.")] = 2,
    engine: Engine = EngineName.duckdb,
    master: Master = None,
) -> None:
    """Measure speed and memory on invented records."""
    limits = benches.Limits(memory, threads, files, folder, _resources(None, None, engine, master).spark)
    for asked in benches.asked(what.value, records, people, limits):
        with _progress() as progress:
            figures = benches.bench(asked, progress)
        benches.print_figures(out, figures)


@contextmanager
def _progress() -> Iterator[pipeline.Progress]:
    """A moving line on a terminal, plain lines elsewhere; both on standard error."""
    if not err.is_terminal:
        yield _complain
        return
    with err.status("starting") as status:
        yield lambda label: status.update(escape(label))


def main() -> None:
    """The `accord` command: exit code 0, or 1 for a finding, 2 for a person's mistake, 130 if interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter gets a question mark, not a traceback
    logging.basicConfig(level=logging.INFO, handlers=[_Complaints()])
    try:
        app()
    except UserError as error:
        _complain(str(error))
        sys.exit(ExitCode.USER_ERROR)
    except AuditError as error:
        _complain(str(error))
        sys.exit(ExitCode.FOUND)
    except duckdb.OutOfMemoryException as error:
        what = f"there is not enough memory: {str(error).splitlines()[0]}"
        _complain(str(UserError(what, where="the engine", what_to_do="give it more with --memory, or fewer --threads")))
        sys.exit(ExitCode.USER_ERROR)
    except RuntimeError as error:
        if str(error) != "Query interrupted":  # what DuckDB makes of Ctrl-C
            raise
        _end_interrupted()
    except SystemExit as end:
        if end.code == ExitCode.INTERRUPTED:  # what Typer makes of it
            _end_interrupted()
        raise


def _end_interrupted() -> NoReturn:
    _complain("interrupted; the last published run stays current")
    sys.exit(ExitCode.INTERRUPTED)
