"""Published settlements, settled again, on a terminal."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from rich.console import Console

from accord.clauses.walking import percent
from accord.screens.reports import count, money, plain
from accord.settlement.mssp import Proof, Tally, Use


def print_proof(console: Console, proof: Proof) -> None:
    """One performance year of one results file: what came out as published, how exactly that could be told, and what did not."""
    console.print(f"\n[bold]{proof.year}[/] · {plain(proof.file.name)} · year known {proof.year_from}", soft_wrap=True)
    _print_reproduced(console, proof)
    rebuilt = " · ".join(f"{name} {_of(tally)}" for name, tally in proof.rates.items())
    if rebuilt:
        console.print(f"  rebuilt as printed: {rebuilt}", soft_wrap=True)
    console.print(f"  read from: {plain('; '.join(map(_use, proof.uses)))}", soft_wrap=True)
    _print_luck(console, proof)
    for words in proof.instead:
        console.print(f"  [yellow]{plain(words)}[/]", soft_wrap=True)
    _print_misses(console, proof)


def _print_luck(console: Console, proof: Proof) -> None:
    luck = proof.luck
    by = f"a person's cost varying by {luck.spread}, in {percent(luck.confidence)} of years"
    if luck.n:
        said = f"inside luck: {luck.n_inside:,} of {luck.n:,} savings and losses ({by}); outside: {luck.n - luck.n_inside:,}"
        console.print(f"  {said}", soft_wrap=True)
    if luck.n_unknown:
        said = f"luck: of {count(luck.n_unknown, 'ACO')} the file does not tell people and benchmark, so nothing can be said"
        console.print(f"  [yellow]{said}[/]", soft_wrap=True)


def _of(tally: Tally) -> str:
    return f"{tally.n_same:,} of {tally.n:,}"


def _print_reproduced(console: Console, proof: Proof) -> None:
    if proof.reproduced.n:
        console.print(f"  reproduced {_of(proof.reproduced)}", style="bold green" if proof.reproduced.n_same == proof.reproduced.n else "bold")
    else:
        console.print(f"  settled {proof.n_settled:,}, with nothing published to hold them against", style="bold")
    for name in ("earned", "owed"):
        published, settled = getattr(proof.published, name), getattr(proof.settled, name)
        console.print(f"  {name}: published {money(published)} · settled {money(settled, 2)} · difference {money(settled - published, 2)}")
    usual, most = proof.tolerance
    console.print(f"  an amount may differ by what the printed inputs leave open: {money(usual, 2)} for the median ACO, {money(most, 2)} at most")
    if proof.n_coarse:
        coarse = count(proof.n_coarse, "minimum rate is", "minimum rates are")
        console.print(f"  [yellow]{coarse} printed too coarsely to tell whether it was passed: what was published says so[/]", soft_wrap=True)
    if proof.n_blank:
        console.print(f"  [yellow]{count(proof.n_blank, 'row')} of the file without an amount: no ACO[/]", soft_wrap=True)


def _use(use: Use) -> str:
    """A column, what it is read for, and its last place: to the dollar, to a hundredth of a percent."""
    if use.step is None:
        return f"{use.header} ({use.meaning})"
    step = percent(use.step) if use.is_rate else f"{use.step.normalize():f}"
    return f"{use.header} ({use.meaning}, to {step}{', in percent' if use.in_percent else ''})"


def _print_misses(console: Console, proof: Proof) -> None:
    for cause, n in Counter(miss.cause for miss in proof.misses).most_common():
        console.print(f"  [red]{count(n, 'miss', 'misses')}[/]: {cause}")
        for miss in [miss for miss in proof.misses if miss.cause is cause]:
            amounts = f"published {_amount(miss.published)}, settled {_amount(miss.settled)}"
            console.print(f"    {plain(miss.aco_id)} {plain(miss.name)} (row {miss.row:,}): {amounts}; {plain(miss.because)}", soft_wrap=True)


def _amount(amount: Decimal | None) -> str:
    return money(amount, 2)
