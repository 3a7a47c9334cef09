"""Whose people are whose, and how that changes, on a terminal."""

from __future__ import annotations

from rich.console import Console

from accord.population.attribution import Difference, Moved, Shown, Year
from accord.screens.reports import count, grid_of, last_is_words, money, plain

_MOST_ORGANISATIONS = 12
_METHOD = {"registered": "the list", "resident": "the area", "plurality": "most primary care"}
_STEP = {
    "payer_list": "by the payer's list", "choice": "by own choice", "list": "by the list", "area": "by the area",
    "primary_care": "by most primary care", "specialty": "by most primary care of specialists", "wide_window": "by most primary care, wider window",
    "specialty_not_stated": "by most primary care, specialty not stated",
}  # fmt: skip


def print_attribution(console: Console, found: Shown) -> None:
    """Each year: from everybody known to those who are somebody's, then whose."""
    for year in found.years:
        _print_year(console, year)
    console.print("\nWho they are: accord show attribution; who was left out, and by which step: accord show attribution_attrition", soft_wrap=True)


def _print_year(console: Console, year: Year) -> None:
    console.print(f"\n[bold]{year.start_date} to {year.end_date}[/], by {_METHOD[year.method]}", soft_wrap=True)
    grid = grid_of("", "people")
    grid.add_row("known", f"{year.n_person:,}")
    for reason, n in year.left_out:
        grid.add_row(f"  {reason}", f"-{n:,}")
    grid.add_row("attributed", f"{year.n_attributed:,}", style="bold")
    for step, n in year.told_by:
        grid.add_row(f"  {_STEP[step]}", f"{n:,}")
    console.print(grid)
    if year.n_overridden:
        said = "a payer's list or own choice says other than our own rule"
        console.print(f"{count(year.n_overridden, 'person', 'people')}: {said}.", soft_wrap=True)
    if year.n_tie:
        console.print(f"{count(year.n_tie, 'person', 'people')}: two came out equal, and the published order decided.", soft_wrap=True)
    _print_organisations(console, year)


def _print_organisations(console: Console, year: Year) -> None:
    if not year.organisations:
        return
    grid = last_is_words(grid_of("Whose", "people", "person-months", "name"))
    for organisation, name, n, months in year.organisations[:_MOST_ORGANISATIONS]:
        grid.add_row(plain(organisation), f"{n:,}", f"{months:,}", plain(name or ""))
    if others := year.organisations[_MOST_ORGANISATIONS:]:
        grid.add_row(f"{len(others):,} others", f"{sum(o[2] for o in others):,}", f"{sum(o[3] for o in others):,}", "")
    console.print(grid)


def print_attribution_difference(console: Console, found: Difference, currency: str) -> None:
    """The two totals, and between them every reason with its people and what they are worth."""
    whose = f"People of {plain(found.organisation_id)}" if found.organisation_id else "People attributed"
    console.print(f"[bold]{whose}[/], {found.first.day} and {found.second.day}; cost in {currency}", soft_wrap=True)
    grid = grid_of("", "people", "their cost,\nfirst days", "their cost,\nsecond days", "moves\npeople", "moves\ncost")
    (n_first, cost_first), (n_second, cost_second) = found.totals
    grid.add_row(f"on {found.first.day}", f"{n_first:,}", money(cost_first), "", "", "", style="bold")
    for one in found.moved:
        moves = (f"{one.n_moved:+,}", f"{one.cost_moved:+,.0f}")
        grid.add_row(f"  {one.kind}: {plain(one.reason)}", f"{one.n_person:,}", money(one.cost_first), money(one.cost_second), *moves)
    ends = (f"{n_second - n_first:+,}", f"{cost_second - cost_first:+,.0f}")
    grid.add_row(f"on {found.second.day}", f"{n_second:,}", "", money(cost_second), *ends, style="bold")
    console.print(grid)
    _print_summary(console, found.moved)
    (since, until), (second_since, second_until) = found.spans
    days = count((until - since).days, "day")
    told = f"Cost is that of care in {days} on each side: from {since} to {until}, and from {second_since} to {second_until}."
    console.print(told, soft_wrap=True)
    if since == until:
        console.print("[yellow]There is no such day in the period: choose other days, or the other side (--cost).[/]", soft_wrap=True)


def _print_summary(console: Console, moved: tuple[Moved, ...]) -> None:
    said = [f"{sum(m.n_person for m in moved if m.kind == kind):,} {kind}" for kind in ("joined", "left", "switched", "stayed")]
    console.print(f"{', '.join(said)}. Who stays moves the cost by what their care took more or less.", soft_wrap=True)
