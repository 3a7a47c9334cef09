"""Commands that settle contracts, explain what came out, and compare one contract with another."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from accord import place, screens
from accord.cli.command import HERE, PlaceOption, app, out
from accord.errors import UserError
from accord.place.csv_rows import month_of
from accord.settlement.comparing import compare_contracts
from accord.settlement.explaining import explain_line
from accord.settlement.settling import Asked, settle_place
from accord.settlement.span import next_month

RunOption = Annotated[str, typer.Option(help="The run whose care is settled: its id, or its beginning.")]
Until = Annotated[str | None, typer.Option(help="The last month that counts, such as 2025-08.", show_default="the whole period")]

Known = Annotated[
    str | None, typer.Option("--known-at", help="The day up to which payments and rules count.", show_default="when the run was known")
]


@app.command()
def settle(
    contract: Annotated[str, typer.Argument(help="The contract's name, as its file without .toml.", show_default="each of the place")] = "",
    directory: PlaceOption = HERE,
    run: RunOption = "current",
    until: Until = None,
    final: Annotated[bool, typer.Option("--final", help="Close the contract: what comes later is a correction.")] = False,
    known_at: Known = None,
    totals: Annotated[
        Path | None, typer.Option(help="Settle from a monthly CSV of contract, month, service, price_group, activity, amount instead of a run.")
    ] = None,
) -> None:
    """Settle contracts, month by month, to the penny: bridge lines, postings and a statement of each, in settlements/."""
    asked = asked_of(directory, run, until, known_at)
    outcomes = settle_place(Asked(asked.place, asked.run, asked.until, final, asked.known_on, totals), contract)
    screens.print_settled(out, asked.place, outcomes)


@app.command()
def explain(
    line: Annotated[str, typer.Argument(help="The line: CONTRACT/CLAUSE/BRIDGE/NUMBER, as the statement has it.")],
    directory: PlaceOption = HERE,
    settlement: Annotated[str, typer.Option(help="The settlement's id, or its beginning.", show_default="the latest of the contract")] = "",
    rows: Annotated[int, typer.Option(min=1, help="How many acts of care.")] = 10,
) -> None:
    """Go from a line of a statement down to its clause, the rule, and the acts of care that it rests on, by pseudonym."""
    opened = place.open_place(directory)
    screens.print_explained(out, explain_line(opened, line, settlement), rows)


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(help="A contract: a TOML file, or the name of one of the place.")],
    second: Annotated[Path, typer.Argument(help="Another contract.")],
    directory: PlaceOption = HERE,
    run: RunOption = "current",
    until: Until = None,
    known_at: Known = None,
) -> None:
    """Settle the same care under one contract and under another, and show who gains and who loses. Nothing is posted."""
    asked = asked_of(directory, run, until, known_at)
    screens.print_comparison(out, asked.place, compare_contracts(asked, first, second))


def asked_of(directory: Path, run: str, until: str | None = None, known_at: str | None = None) -> Asked:
    """What options ask for. run: "current" may name none yet. Raises UserError."""
    opened = place.open_place(directory)
    chosen = None if run == "current" and place.current_run(opened) is None else place.open_run(opened, run)
    known_on = opened.settings.moment(known_at).date() if known_at else None
    if chosen and known_on and known_on < chosen.manifest.known_at.date():
        what = f"run {chosen.run_id} knows what came by {chosen.manifest.known_at.date()}, which is after {known_on}"
        raise UserError(what, where="--known-at", what_to_do=f"make the run of then: accord run --known-at {known_on}, and name it with --run")
    return Asked(opened, chosen, _end_of(until) if until else None, known_on=known_on)


def _end_of(until: str) -> date:
    try:
        return next_month(month_of(until))
    except ValueError:
        raise UserError(f"{until!r} is no month", where="--until", what_to_do="write it as 2025-08") from None
