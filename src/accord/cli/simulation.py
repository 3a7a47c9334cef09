"""Commands that invent a place."""

from __future__ import annotations

import os
import shlex
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

import accord
from accord import place, screens, simulate
from accord.cli.command import Engine, EngineName, Master, Threads, app, out, progress_lines, say
from accord.cli.runs import run
from accord.settlement.settling import Asked, settle_place


@app.command()
def demo(
    directory: Annotated[Path, typer.Argument(help="Where to make the demo place.")] = Path("accord-demo"),
    small: Annotated[bool, typer.Option("--small", help="A hand-made place of 302 people instead, the one that the manual reads.")] = False,
    engine: Engine = EngineName.duckdb,
    master: Master = None,
) -> None:
    """Make an invented place, run it, and print one screen. A place that is there already is not made again."""
    if not (directory / "place.toml").exists():
        if small:
            simulate.copy_small_place(directory)
            say(f"Made an invented place in {directory} (its people, partners and amounts are made up).")
        else:
            _simulated(directory, simulate.asked())
    run(directory, engine=engine, master=master)
    opened = place.open_place(directory)
    if any(opened.contracts.glob("*.toml")):
        screens.print_settlements(out, opened, settle_place(Asked(opened, place.open_run(opened)), ""))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as wrong:
        raise typer.BadParameter(f"{text!r} is no day: write it as 2024-04-01") from wrong


def _share(text: str) -> tuple[str, float]:
    kind, _, share = text.partition("=")
    try:
        return kind, float(share)
    except ValueError as wrong:
        raise typer.BadParameter(f"{text!r} is no share of a fault: write it as missing_number=0.02") from wrong


@app.command("simulate")
def simulate_place(  # noqa: PLR0913 (each option of a command is an argument)
    to: Annotated[Path, typer.Option("--out", help="The place's folder; its truth goes into a folder beside it.")],
    people: Annotated[int | None, typer.Option(help="How many people.", show_default="20,000")] = None,
    years: Annotated[int | None, typer.Option(help="How many years.", show_default="2")] = None,
    start: Annotated[date | None, typer.Option("--from", parser=_day, metavar="DATE", help="The first day in, the first of a month.")] = None,
    end: Annotated[date | None, typer.Option("--to", parser=_day, metavar="DATE", help="The first day out.", show_default="2026-04-01")] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed gives another place; the same one the same bytes.", show_default="1")] = None,
    practices: Annotated[int | None, typer.Option(help="How many practices.", show_default="by the people")] = None,
    dirt: Annotated[float, typer.Option(help="How many times the usual dirt; 0 for clean files.")] = 1.0,
    fault: Annotated[list[str] | None, typer.Option(help="KIND=SHARE: another share of one kind of fault.")] = None,
    threads: Threads = None,
    calibration: Annotated[bool, typer.Option("--calibration", help="Print published targets against a run of the place.")] = False,
    faults: Annotated[bool, typer.Option("--faults", help="Print planted faults against what a run found.")] = False,
) -> None:
    """Write an invented place: raw files of every partner, and its truth beside it. One that is there is only compared."""
    if not ((calibration or faults) and (to / "place.toml").exists()):
        shares = dict(map(_share, fault or []))
        cores = threads or os.cpu_count() or 1
        options = simulate.asked(
            people=people, years=years, start=start, end=end, seed=seed, practices=practices, dirt=dirt, faults=shares, threads=cores
        )
        _simulated(to, options)
    if calibration or faults:
        _compare(to, calibration=calibration, faults=faults)
    else:
        say(f"Next: accord run {shlex.quote(str(to))}")


def _simulated(to: Path, options: simulate.Options) -> None:
    with progress_lines() as progress:
        made = simulate.simulate(to, options, progress)
    screens.print_simulated(out, made)


def _compare(directory: Path, *, calibration: bool, faults: bool) -> None:
    """A run of the place, the current one if there is one, against targets and truth."""
    opened = accord.open(directory)
    if not opened.runs():
        with progress_lines() as progress:
            opened.run(progress)
    tables, truth = opened.current().folder, simulate.truth_folder(directory)
    if calibration:
        screens.print_calibration(out, simulate.measure(tables), simulate.assumptions())
    if faults:
        screens.print_faults(out, simulate.found_faults(tables, truth), simulate.other_findings(tables, truth))
