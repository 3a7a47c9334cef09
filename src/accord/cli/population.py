"""Commands about whose people are whose."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from accord import place, screens
from accord.cli.command import HERE, PlaceOption, app, out
from accord.population.attribution import difference, point, shown

attribution_commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(attribution_commands, name="attribution", help="Whose people are whose, and how that changes.")

RunOption = Annotated[str, typer.Option(help="A run's id, or its beginning.")]


class Side(StrEnum):
    """Which care of people is counted."""

    before = "before"
    after = "after"


@attribution_commands.command("show")
def attribution_show(directory: PlaceOption = HERE, run: RunOption = "current") -> None:
    """Show, year by year, how many people are whose, by which step, and which step left the others out."""
    screens.print_attribution(out, shown(place.open_run(place.open_place(directory), run)))


@attribution_commands.command("diff")
def attribution_diff(
    first: Annotated[str, typer.Argument(help="The earlier day (2025-04-30), a run's id, or RUN@DAY.")],
    second: Annotated[str, typer.Argument(help="The later day, a run's id, or RUN@DAY.")],
    directory: PlaceOption = HERE,
    run: RunOption = "current",
    organisation: Annotated[str | None, typer.Option(help="People of this organisation alone.", show_default="all")] = None,
    cost: Annotated[Side, typer.Option(help="The care whose cost is counted: up to a year before each day, or after.")] = Side.before,
) -> None:
    """Say who joined, stayed, switched and left between two days, why, and what their care took before each, or after."""
    opened = place.open_place(directory)
    found = difference(point(opened, first, run), point(opened, second, run), organisation, is_after=cost is Side.after)
    screens.print_attribution_difference(out, found, opened.settings.currency)
