"""Budgets as a finance director reads them: who has what, how far from target, and how one came about."""

from __future__ import annotations

from decimal import Decimal

from rich.console import Console

from accord.budgets.counting import Counted
from accord.budgets.fitted_need import Need
from accord.budgets.moving import Moved, OtherNeed
from accord.budgets.setting import BudgetSet
from accord.clauses.walking import money
from accord.errors import UserError
from accord.screens.reports import grid_of, last_is_words, plain

MOST_ROWS = 30


def print_budget(console: Console, made: BudgetSet, organisation: str, currency: str) -> None:
    """Each holder's budget, or how one holder's came about."""
    period = made.written.period
    console.print(f"[bold]{plain(made.written.title)}[/], {period.start_date} to {period.end_date}", soft_wrap=True)
    holders = list(dict.fromkeys(id for id, _ in made.bridges))
    if organisation:
        if organisation not in holders:
            mend = f"those who do are: {', '.join(holders[:MOST_ROWS])}"
            raise UserError(f"'{organisation}' has no part of this budget", where="--organisation", what_to_do=mend)
        _print_one(console, made, organisation, currency)
    elif len(holders) == 1:
        _print_one(console, made, holders[0], currency)
    else:
        _print_all(console, made, holders, currency)
    for party, short in made.short.items():
        console.print(f"[red]{plain(party)} puts in {money(short)} {currency} less than it must.[/]", soft_wrap=True)
    for service, need in made.needs.items():
        _print_not_foretold(console, service, need)
    where = f"budgets/{made.budget_id}/{made.folder.name}"
    console.print(f"\nAll together {money(made.total)} {currency}, to the penny. Kept in {where}", soft_wrap=True, markup=False)


def _print_not_foretold(console: Console, service: str, need: Need) -> None:
    """People who need much of one kind of care may need little of another, so that whoever goes by another kind's need should know it."""
    if need.covers(service):
        return
    said = f"The model '{need.model}' foretells nothing of {service}: need of it goes by that of {', '.join(need.fit.services)}."
    mend = f'To go by its own, fit a model whose services = ["{service}"], or name a column of figures.'
    console.print(f"[yellow]{plain(said)} {plain(mend)}[/]", soft_wrap=True)


def _print_all(console: Console, made: BudgetSet, holders: list[str], currency: str) -> None:
    headings = ["", "people", "weighted\npeople", *(["away from\ntarget"] if made.distance else []), f"budget,\n{currency}", "for each\nperson"]
    grid = grid_of(*headings)
    for id in holders[:MOST_ROWS]:
        people = made.people.get(id, Decimal(0))
        away = [f"{made.distance[id]:+.2%}"] if made.distance else []
        each = made.of(id)
        weighted, per_person = made.weighted_people.get(id, people), money(each / people) if people else ""
        grid.add_row(plain(id), f"{people:,.0f}", f"{weighted:,.0f}", *away, money(each), per_person)
    console.print(grid)
    if len(holders) > MOST_ROWS:
        console.print(f"and {len(holders) - MOST_ROWS:,} more, all in budget.parquet", soft_wrap=True)


def _print_one(console: Console, made: BudgetSet, organisation: str, currency: str) -> None:
    for (id, service), bridge in made.bridges.items():
        if id != organisation:
            continue
        grid = last_is_words(grid_of(plain(service), currency, ""))
        for n, line in enumerate(bridge):
            grid.add_row(plain(line.name) if n == 0 else f"  {plain(line.name)}", money(line.amount), plain(line.because))
        grid.add_row("budget", money(bridge.result), "", style="bold")
        console.print(grid)
    console.print(f"[bold]{plain(organisation)} has {money(made.of(organisation))} {currency}[/]", soft_wrap=True)


def print_moved(console: Console, moved: Moved, currency: str) -> None:
    """Why each holder's budget moved, the largest moves first: the lines that moved any. Then where to ask on about need."""
    names = [name for name in moved.moves[0].parts if any(one.parts[name] for one in moved.moves)]
    grid = grid_of("", "before", *(name.replace(" ", "\n", 1) for name in names), "after")
    for one in sorted(moved.moves, key=lambda each: -abs(each.after - each.before))[:MOST_ROWS]:
        grid.add_row(plain(one.organisation_id), money(one.before), *(f"{one.parts[name]:+,.2f}" for name in names), money(one.after))
    totals = (sum((one.parts[name] for one in moved.moves), Decimal(0)) for name in names)
    before, after = (sum((getattr(one, key) for one in moved.moves), Decimal(0)) for key in ("before", "after"))
    grid.add_row("all", money(before), *(f"{each:+,.2f}" for each in totals), money(after), style="bold")
    console.print(f"[bold]{plain(moved.budget_id)}[/], from {moved.before} to {moved.after}, by line of the bridge, {currency}", soft_wrap=True)
    console.print(grid)
    for need in moved.needs:
        _print_other_need(console, need)


def _print_other_need(console: Console, need: OtherNeed) -> None:
    was, now = (f"by fit {each[1]} of the model {each[0]}" if each else "by no model" for each in (need.before, need.after))
    said = f"Need of {need.service} was {was}, and is {now}."
    if need.before and need.after and need.before[0] == need.after[0]:
        said += f" Why it moved: accord need diff {need.before[1]} {need.after[1]} --model {need.after[0]}"
    console.print(said, soft_wrap=True, markup=False)


def print_counted(console: Console, counted: Counted) -> None:
    """What was written into a file of figures, and what could not be put into it."""
    console.print(f"{len(counted.rows):,} rows written to {counted.file}{counted.of}", soft_wrap=True, markup=False)
    for row in counted.rows[:MOST_ROWS]:
        console.print("  " + _told(row), markup=False, soft_wrap=True)
    for row in counted.left_out:
        console.print(f"  left out: {_told(row)}", markup=False, soft_wrap=True)
    console.print("Fill in the columns that are empty, then set the budget: accord budget set", soft_wrap=True)


def _told(row: tuple[object, ...]) -> str:
    if len(row) == 2:
        return f"{row[0]}: {row[1]:,.1f} people" if isinstance(row[1], Decimal) else f"{row[0]}"
    name, year, n_month, spend, cut, n_cut = row
    return f"{name} {year}: {n_month:,} person-months, {spend:,} paid, and {cut:,} above the percentile ({n_cut:,} person-years)"
