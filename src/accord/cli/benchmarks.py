"""The command that measures speed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from accord import bench as benches
from accord.cli.command import Engine, EngineName, Master, app, out, progress_lines, resources_of


class Bench(StrEnum):
    """What can be measured."""

    intake = "intake"
    tuva = "tuva"
    place = "place"
    simulate = "simulate"
    risk = "risk"
    need = "need"
    all = "all"


@app.command()
def bench(  # noqa: PLR0913 (each option of a command is an argument)
    what: Annotated[Bench, typer.Argument(help="intake, tuva, place, simulate, risk, need or all.")] = Bench.all,
    records: Annotated[int | None, typer.Option(min=100, help="Records of intake and place.", show_default="5 and 50 million")] = None,
    people: Annotated[int | None, typer.Option(min=10, help="People of tuva, simulate and need.", show_default="10,000, and 1 million")] = None,
    draws: Annotated[int | None, typer.Option(min=10, help="Draws of risk.", show_default="10,000")] = None,
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
    limits = benches.Limits(memory, threads, files, folder, resources_of(None, None, engine, master).spark)
    for asked in benches.asked(what.value, records, people, limits, draws):
        with progress_lines() as progress:
            figures = benches.bench(asked, progress)
        benches.print_figures(out, figures)
