"""Commands about need: what people's care is expected to cost, why, and why that moved."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

import typer

from accord import place, screens
from accord.budgets.moving import budgets_by
from accord.cli.command import HERE, PlaceOption, app, out, say
from accord.errors import UserError
from accord.population import need

need_commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(need_commands, name="need", help="What each person's care is expected to cost next year, and why.")

ModelOption = Annotated[str, typer.Option("--model", help="The model's name, as its file without .toml.", show_default="the only one that is fitted")]
FitOption = Annotated[str, typer.Option("--fit", help="The fit's id, or its beginning.", show_default="the latest made")]
RunOption = Annotated[str, typer.Option(help="The run that it is fitted on: its id, or its beginning.")]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no day: write year-month-day, such as 2025-04-01") from None


def _person_id(text: str) -> int:
    """A person_id is a 64-bit number: what is longer is nobody's, and no table can be asked for it."""
    if re.fullmatch(r"\d{1,19}", text, re.ASCII) and int(text) < 2**63:
        return int(text)
    mend = "write the number by which the run's tables know the person, as the first column of accord show person has it; not a name or NHS number"
    raise UserError(f"'{text}' is no person_id", where="the person asked for", what_to_do=mend)


YearOption = Annotated[
    date | None,
    typer.Option(parser=_day, metavar="DAY", help="The first day of the year whose cost it is fitted on.", show_default="the last whole one"),
]


@need_commands.command("new")
def new(name: Annotated[str, typer.Argument(help="A name for the model.")], directory: PlaceOption = HERE) -> None:
    """Write the model that comes with Accord into needs/, to be changed as you like."""
    say(f"Wrote {need.new_need_model(place.open_place(directory), name)}")


@need_commands.command("fit")
def fit(
    name: Annotated[str, typer.Argument(help="The model's name, as its file without .toml.")],
    directory: PlaceOption = HERE,
    run: RunOption = "current",
    year: YearOption = None,
) -> None:
    """Fit a model on a run, judge it on people it was not fitted on, and keep everybody's expected cost of the year to come."""
    opened = place.open_place(directory)
    with place.hold(opened, f"fit of {name}"):
        report = need.fit_need(opened, place.open_run(opened, run), name, year)
    screens.print_need(out, report, need.published_r2(report), opened.settings.currency)


@need_commands.command("show")
def show(directory: PlaceOption = HERE, model: ModelOption = "", fit: FitOption = "latest") -> None:
    """Show a fit again: what it rests on, how well it does, what each list needs, what is recorded there."""
    opened = place.open_place(directory)
    report = need.report_of(need.open_fit(opened, need.named_model(opened, model), fit))
    screens.print_need(out, report, need.published_r2(report), opened.settings.currency)


@need_commands.command("explain")
def explain(
    person: Annotated[int, typer.Argument(parser=_person_id, metavar="PERSON_ID", help="The person_id, as accord show person has it.")],
    directory: PlaceOption = HERE,
    model: ModelOption = "",
    fit: FitOption = "latest",
) -> None:
    """Show one person's score line by line; the lines add up to it."""
    opened = place.open_place(directory)
    said = need.explain(need.open_fit(opened, need.named_model(opened, model), fit), person)
    screens.print_explanation(out, said, opened.settings.currency)


@need_commands.command("diff")
def diff(
    before: Annotated[str, typer.Argument(help="The earlier fit's id, or its beginning.")],
    after: Annotated[str, typer.Argument(help="The later fit's.")],
    directory: PlaceOption = HERE,
    model: ModelOption = "",
    person: Annotated[
        int | None, typer.Option(parser=_person_id, metavar="PERSON_ID", help="One person instead of every list.", show_default="every list")
    ] = None,
) -> None:
    """Say why need moved between two fits: age, new and lost codes, where people live, the model, normalisation; of lists also who came and left."""
    opened = place.open_place(directory)
    name = need.named_model(opened, model)
    fits = need.open_fit(opened, name, before), need.open_fit(opened, name, after)
    if person is None:
        screens.print_list_changes(out, need.list_changes(*fits))
        for budget in budgets_by(opened, name, fits[1].manifest.fit_id):
            say(f"The budget '{budget}' was set by the later fit: accord budget diff {budget} says what that moved")
    else:
        screens.print_score_change(out, need.explain_change(*fits, person))


@app.command("admission-risk")
def admission_risk(
    name: Annotated[str, typer.Argument(help="A model of need of the place: its predictors of need are taken.")],
    capacity: Annotated[str, typer.Option(help="How many can be seen to: a number of people, or a part of all, such as 0.5%.")],
    purpose: Annotated[str | None, typer.Option(help="What the list is for: direct-care, and nothing else.", show_default="refused")] = None,
    directory: PlaceOption = HERE,
    run: RunOption = "current",
) -> None:
    """List who may be admitted as an emergency next year, for direct care alone, with how far the list can be trusted and what such lists did."""
    opened = place.open_place(directory)
    with place.hold(opened, "admission risk"):
        report = need.admission_risk(opened, place.open_run(opened, run), name, purpose, need.capacity_of(capacity))
    screens.print_admission_risk(out, report, opened.settings.currency)
