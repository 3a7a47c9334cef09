"""What every command shares: the application, the two streams, options that recur, and how it ends."""

from __future__ import annotations

import io
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import duckdb
import typer
from rich.console import Console
from rich.markup import escape

from accord import pipeline
from accord.errors import AuditError, ExitCode, UserError

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


def resources_of(memory: str | None, threads: int | None, engine: EngineName, master: str | None) -> pipeline.Resources:
    """How much of the machine a run may use, as options say it. Raises UserError."""
    if engine is EngineName.duckdb and master:
        raise UserError("--master is where Spark runs, and the engine is duckdb", where="--master", what_to_do="add --engine spark")
    return pipeline.Resources(memory, threads, (master or "local[*]") if engine is EngineName.spark else None)


def say(text: str) -> None:
    """A line on standard output, as it stands."""
    out.print(text, markup=False, soft_wrap=True)


def complain(text: str) -> None:
    """A line on standard error, as it stands."""
    err.print(f"accord: {text}", markup=False, soft_wrap=True)


class _Complaints(logging.Handler):
    """What is logged, above the moving line of a terminal instead of through it."""

    def emit(self, record: logging.LogRecord) -> None:
        complain(record.getMessage())


@contextmanager
def progress_lines() -> Iterator[pipeline.Progress]:
    """A moving line on a terminal, plain lines elsewhere; both on standard error."""
    if not err.is_terminal:
        yield complain
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
        complain(str(error))
        sys.exit(ExitCode.USER_ERROR)
    except AuditError as error:
        complain(str(error))
        sys.exit(ExitCode.FOUND)
    except duckdb.OutOfMemoryException as error:
        what = f"there is not enough memory: {str(error).splitlines()[0]}"
        complain(str(UserError(what, where="the engine", what_to_do="give it more with --memory, or fewer --threads")))
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
    complain("interrupted; the last published run stays current")
    sys.exit(ExitCode.INTERRUPTED)
