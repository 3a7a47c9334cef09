"""The disputes of a contract as both of its sides read them: what is frozen, why, since when, and how long there is for an answer."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from accord.screens.reports import grid_of, last_is_words, money, plain
from accord.settlement.chain import Settled


def add_disputed_rows(grid: Table, settled: Settled) -> None:
    """What is settled, what of it is not due, dispute by dispute: rows of the account. Nothing where nothing is in dispute or has fallen away."""
    if not (settled.frozen or settled.conceded):
        return
    grid.add_row("settled", money(settled.net, 2), "", style="bold")
    for held in (held for held in settled.disputes if held.frozen or held.conceded):
        what = "frozen until it is decided" if held.frozen else "fallen away"
        grid.add_row(f"  in dispute: {plain(held.dispute.id)}", money(-held.frozen - held.conceded, 2), plain(what))


def print_disputes(console: Console, settled: Settled, currency: str) -> None:
    """Every dispute that is known: its line, value, reason, who raised it when, and its clock."""
    if not settled.disputes:
        return
    grid = last_is_words(grid_of("Disputes", "line", "raised by", "on", f"value, {currency}", "", left=4))
    for held in settled.disputes:
        of = held.dispute
        grid.add_row(plain(of.id), plain(of.line), plain(of.raised_by), str(of.raised_on), money(of.amount, 2), held.stands)
    console.print()
    console.print(grid)
    for held in settled.disputes:
        console.print(f"{plain(held.dispute.id)}: {plain(held.dispute.reason)}", soft_wrap=True)
