"""Commands for finance and contract leads: from files that they hold today, for which no run is needed, or from a place."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from accord import screens
from accord.cli.command import HERE, PlaceOption, app, complain, out
from accord.cli.settlements import asked_of
from accord.errors import ExitCode, UserError
from accord.settlement.agreement_of_balances import agree as agree_balances
from accord.settlement.agreement_of_balances import agreed as agreed_balances
from accord.settlement.own_statement import statements_of_place, write_our_statement
from accord.settlement.position import position as positions_of
from accord.settlement.position import position_of_place
from accord.settlement.savings import explain_savings
from accord.settlement.sheet import amount, month
from accord.settlement.signing import day_of_signing, read_for_signing, readiness
from accord.settlement.two_years import two_years


def _amount(text: str) -> Decimal:
    found = amount(text)
    if found is None:
        raise typer.BadParameter(f"'{text}' is no amount: write a plain number, such as 2500")
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no day: write year-month-day, such as 2025-04-01") from None


def _month(text: str) -> date:
    found = month(text)
    if found is None:
        raise typer.BadParameter(f"'{text}' is no month: write year-month, such as 2025-12")
    return found


@app.command("position")
def position(
    totals: Annotated[
        Path | None,
        typer.Argument(
            help="Totals by contract, partner, service, month of care and month known, as CSV.", show_default="the run and contracts of the place"
        ),
    ] = None,
    directory: PlaceOption = HERE,
    contract: Annotated[str, typer.Option(help="Of a place, one contract by its file's name without .toml.", show_default="each")] = "",
    run: Annotated[str, typer.Option(help="Of a place, the run whose care counts: its id, or its beginning.")] = "current",
    known_at: Annotated[
        date | None,
        typer.Option(parser=_month, metavar="MONTH", help="The position as it was known in this month.", show_default="the last"),
    ] = None,
) -> None:
    """Say where each contract stands: plan, actual, accrual, due and paid by month, and the outturn with its interval, of a file or a place."""
    if totals is not None:
        screens.print_position(out, positions_of(totals, known_at))
    else:
        screens.print_place_position(out, position_of_place(asked_of(directory, run), known_at, contract))


@app.command("sign")
def sign(
    contract: Annotated[Path, typer.Argument(help="The contract, a TOML file; its register is open/CONTRACT beside it.")],
    on: Annotated[date | None, typer.Option(parser=_day, metavar="DAY", help="The day of signing.", show_default="the day of the register")] = None,
    directory: Annotated[
        Path | None, typer.Option("--place", "-p", help="The place's folder.", show_default="the one that has the file in contracts/")
    ] = None,
) -> None:
    """Say whether a contract may be signed: what is open beside it, held against the reserve, and who sits on both sides. Exit code 1 if not."""
    read, register, faults = read_for_signing(contract, directory)
    for fault in faults:
        complain(str(fault))
    if faults or read is None or register is None:
        raise typer.Exit(ExitCode.USER_ERROR)
    ready = readiness(read, register, day_of_signing(register, contract, on))
    screens.print_readiness(out, ready)
    if not ready.is_clean:
        raise typer.Exit(ExitCode.FOUND)


@app.command("agree")
def agree(
    theirs: Annotated[Path, typer.Argument(metavar="THEIR_STATEMENT", help="The other party's statement, as CSV.")],
    ours: Annotated[
        Path | None, typer.Argument(metavar="OURS", help="Our statement of the same contracts, as CSV.", show_default="the books of the place")
    ] = None,
    directory: PlaceOption = HERE,
    us: Annotated[str, typer.Option(help="Of a place, whose books are ours.", show_default="the one that their statement names")] = "",
    write: Annotated[Path | None, typer.Option(metavar="FILE", help="Write our side of the place's books as CSV, for them to read.")] = None,
    raised_from: Annotated[
        Decimal | None, typer.Option(parser=_amount, metavar="AMOUNT", help="From what amount a mismatch is raised.", show_default="the rulebook's")
    ] = None,
    agreed_from: Annotated[
        Decimal | None, typer.Option(parser=_amount, metavar="AMOUNT", help="From what amount it must be agreed.", show_default="the rulebook's")
    ] = None,
) -> None:
    """Hold two parties' statements of balances against each other, with a cause for each difference. Exit code 1 if one has to be raised."""
    if ours is not None:
        found = agree_balances(theirs, ours, (raised_from, agreed_from))
    else:
        asked = asked_of(directory, "current")
        stands = position_of_place(asked, None) if asked.run else None
        statements = statements_of_place(asked.place, theirs, us, stands)
        if write is not None:
            write_our_statement(write, statements)
        found = agreed_balances(statements, (raised_from, agreed_from))
    screens.print_agreement(out, found)
    if not found.is_agreed:
        raise typer.Exit(ExitCode.FOUND)


@app.command("savings")
def savings(
    of: Annotated[str, typer.Argument(metavar="FILE|CONTRACT", help="Two years of people, activity and amounts as CSV; or a contract of the place.")],
    directory: PlaceOption = HERE,
    earlier: Annotated[
        date | None, typer.Option("--from", parser=_month, metavar="MONTH", help="Of a contract, the first month of the earlier year.")
    ] = None,
    later: Annotated[
        date | None, typer.Option("--to", parser=_month, metavar="MONTH", help="Of a contract, the first month of the later year.")
    ] = None,
    months: Annotated[int, typer.Option(min=1, max=12, help="Of a contract, how many months of each year.")] = 12,
    run: Annotated[str, typer.Option(help="Of a contract, the run whose care counts: its id, or its beginning.")] = "current",
) -> None:
    """Say why a year's care cost other than the year's before: price, volume, case mix, population, attribution; and what luck could have made."""
    if earlier is None and later is None:
        screens.print_savings(out, explain_savings(Path(of)))
        return
    if earlier is None or later is None:
        raise UserError("a contract's savings are between two years", where="--from and --to", what_to_do="write the first month of both")
    screens.print_two_years(out, two_years(asked_of(directory, run), of, earlier, later, months))
