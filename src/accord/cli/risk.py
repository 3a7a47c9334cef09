"""The command that says how much risk a budget bears."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Annotated

import typer

from accord import place, screens
from accord.budgets.exposure import Request, Terms, expose, open_items
from accord.cli.command import HERE, PlaceOption, app, out, progress_lines
from accord.settlement.at_risk import acts_of, contract_at_risk
from accord.settlement.sheet import amount, number


def _reserve(text: str) -> Decimal:
    found = amount(text)
    if found is None or found < 0:
        raise typer.BadParameter(f"'{text}' is nothing that can be set aside: write a plain number, 0 or more, such as 2500")
    return found


def _accepted(text: str) -> Decimal:
    found = number(text)
    if found is None or not 0 < found < Decimal("0.5"):
        raise typer.BadParameter(f"'{text}' is no chance that a board accepts: write a number between 0 and 0.5, such as 0.05")
    return found


def _request(opened: place.Place, run: place.Run | None, contract: str) -> Request:
    known_on = run.manifest.known_at.date() if run else datetime.now(UTC).date()
    if not contract:
        return Request(opened, run, contract, opened.settings.period.start_date, known_on, partial(acts_of, opened, at=None))
    at = contract_at_risk(opened, contract, known_on)
    written = at.contract
    terms = Terms(
        written.payee, at.clauses, open_items(at.open), at.reserve, at.people, at.yearly_price, written.payer, at.figures, at.population,
        written.period.end_date,
    )  # fmt: skip
    return Request(opened, run, at.contract_id, written.period.start_date, known_on, partial(acts_of, opened, at=at), terms, at.files)


@app.command("risk")
def risk(
    contract: Annotated[str, typer.Argument(help="The contract's name, as its file without .toml.", show_default="none: risk/place.toml")] = "",
    directory: PlaceOption = HERE,
    run: Annotated[str, typer.Option(help="The run whose people are resampled: its id, or its beginning.")] = "current",
    organisation: Annotated[
        str | None, typer.Option(metavar="ID", help="The size of this organisation or area, as the run counts it.", show_default="the file's")
    ] = None,
    reserve: Annotated[
        Decimal | None, typer.Option(parser=_reserve, metavar="AMOUNT", help="What is set aside.", show_default="the file's, or the register's")
    ] = None,
    accept: Annotated[
        Decimal | None,
        typer.Option(parser=_accepted, metavar="CHANCE", help="How often the board accepts that this is not enough.", show_default="the file's"),
    ] = None,
    picture: Annotated[bool, typer.Option("--picture/--no-picture", help="Draw risk.svg too.")] = True,
) -> None:
    """Say how likely a budget is to be missed, in four layers and at every size, and what share and cap keep the loss within the reserve."""
    opened = place.open_place(directory)
    chosen = None if run == "current" and place.current_run(opened) is None else place.open_run(opened, run)
    changed = {key: value for key, value in {"reserve": reserve, "accepted": accept}.items() if value is not None}
    request = replace(_request(opened, chosen, contract), changed=changed, organisation=organisation, has_picture=picture)
    with progress_lines() as progress:
        exposed = expose(request, progress)
    screens.print_risk(out, exposed, opened.settings.currency, opened.root)
