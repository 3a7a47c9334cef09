"""Commands that set budgets, and count figures for them from a run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from accord import place, screens
from accord.budgets.budget_file import Pooled, read_ruled
from accord.budgets.counting import count_figures
from accord.budgets.moving import moved
from accord.budgets.setting import budget_files, file_of, in_order, set_budget
from accord.cli.command import HERE, PlaceOption, app, out
from accord.errors import UserError

budget_commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(budget_commands, name="budget", help="Budgets of organisations: capitation, benchmarks of programmes, pools.")

RunOption = Annotated[str, typer.Option(help="The run that is counted: its id, or its beginning.")]
Named = Annotated[str, typer.Argument(help="The budget's name, as its file in budgets/ without .toml.")]


@budget_commands.command("set")
def budget_set(
    name: Annotated[str, typer.Argument(help="The budget's name, as its file in budgets/ without .toml.", show_default="each of the place")] = "",
    directory: PlaceOption = HERE,
    organisation: Annotated[str, typer.Option(help="Show how this organisation's budget came about, line by line.")] = "",
    run: Annotated[str, typer.Option(help="The run on which a model is fitted that a budget takes need from: its id, or its beginning.")] = "current",
) -> None:
    """Set budgets from their files and figures: each a bridge that adds up to the total, kept in budgets/NAME/."""
    opened = place.open_place(directory)
    for each in [name] if name else budget_files(opened) or [file_of(opened, name).stem]:
        before = in_order(opened, each)
        made = set_budget(opened, each, run=run)
        screens.print_budget(out, made, organisation, opened.settings.currency)
        if before and made.folder not in before:
            out.print(f"It was set before as {before[-1].name}: accord budget diff {each} says what moved it", soft_wrap=True, markup=False)


@budget_commands.command("diff")
def budget_diff(
    name: Named,
    before: Annotated[str, typer.Argument(help="What was set earlier: its id, or its beginning.", show_default="the last but one")] = "",
    after: Annotated[str, typer.Argument(help="What was set later.", show_default="the last")] = "",
    directory: PlaceOption = HERE,
) -> None:
    """Say why each organisation's budget moved between two settings, by line of the bridge, and which command says why need moved."""
    opened = place.open_place(directory)
    screens.print_moved(out, moved(opened, name, before, after), opened.settings.currency)


@budget_commands.command("figures")
def budget_figures(name: Named, directory: PlaceOption = HERE, run: RunOption = "current") -> None:
    """Count the figures that a budget needs from a run: people by list, or cost by type of enrolment and year. Factors are left to be filled in."""
    opened = place.open_place(directory)
    file = file_of(opened, name)
    written = read_ruled(file, datetime.now(UTC).date())
    if isinstance(written, Pooled):
        raise UserError("a pool has no file of figures", where=str(file), what_to_do="write what each partner puts in into the budget itself")
    screens.print_counted(out, count_figures(opened, place.open_run(opened, run), name, file, written))
