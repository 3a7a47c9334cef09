"""What a board reads of its exposure: chances by size and layer, what carries the variance, what can be borne, and a sketch of the year."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from rich.console import Console

from accord.budgets.exposure import Exposed, Exposure, Layer
from accord.screens.reports import count, grid_of, money, plain

N_BAR, WIDEST = 15, 50
"""Lines and signs of the sketch."""
EDGE = 1e-3
"""What the sketch leaves out at either end."""
SMALL = 5e-4
"""Below this a chance is not 0.0 %, but less than 0.1 %."""


def print_risk(console: Console, exposed: Exposed, currency: str, root: Path) -> None:
    """One screen of an exposure."""
    told = exposed.exposure
    _print_heading(console, told, currency)
    _print_sizes(console, told)
    _print_variance(console, told)
    _print_bearable(console, told, currency)
    _print_sketch(console, told)
    _print_left_out(console, told, currency)
    console.print(f"\nKept in {exposed.folder.relative_to(root)}: {', '.join(sorted(p.name for p in exposed.folder.iterdir()))}", soft_wrap=True)


def _amount(value: float) -> str:
    return money(Decimal(round(value)))


def _chance(chance: float) -> str:
    return "0" if chance == 0 else "<0.1%" if chance < SMALL else f"{chance:.1%}"


def _print_heading(console: Console, told: Exposure, currency: str) -> None:
    asked = told.question
    console.print(f"[bold]{plain(asked.title)}[/] · {asked.n_people:,} people", soft_wrap=True)
    console.print(f"A year is expected to cost {_amount(asked.expected)} {currency}; the budget is {_amount(asked.budget)}.", soft_wrap=True)
    histories, years = asked.population.histories, asked.population.years_averaged
    if histories is None:
        console.print(f"A person's cost varies by {told.spread:.2f} (published; by the normal law, whose tail is thin).", soft_wrap=True)
    else:
        mean = f" in the mean of {years} years" if years > 1 else ""
        people = f"{round(histories.n_people):,} people in the run over {count(histories.n_year, 'year')}"
        console.print(f"A person's cost varies by {told.spread:.2f}{mean}: {people}, drawn again as whole histories.", soft_wrap=True)
        if asked.holder:
            console.print(f"Care by every provider counts: {plain(asked.holder)} has the budget, and is taken to pay for it.", soft_wrap=True)
    if asked.pooled_with:
        others = count(len(asked.pooled_with), "other")
        console.print(f"Gains and losses are shared by budget with {others}: {asked.n_shared:,} people.", soft_wrap=True)


def _print_sizes(console: Console, told: Exposure) -> None:
    miss = [f"over\n{float(part):.4%}".rstrip("0%").rstrip(".") + "%" for part in told.question.miss]
    grid = grid_of("People", "with", "spread of\nthe cost", *miss, "over the\nreserve", left=2)
    for row in told.rows:
        first = row.layer is Layer.process
        figures = (f"{row.sd:.2%}", *map(_chance, row.missing), _chance(row.over_reserve))
        name = f"{row.n_people:,}" if first else ""
        grid.add_row(name, f"{'' if first else '+ '}{row.layer}", *figures, style="bold" if row.is_own else "")
    console.print("\nHow likely the budget is missed by more than so much, layer upon layer:", soft_wrap=True)
    console.print(grid)
    console.print("At other sizes the budget, the reserve and every amount are in proportion to the people.", soft_wrap=True)


def _print_variance(console: Console, told: Exposure) -> None:
    layers = "; ".join(f"{layer} {share:.1%}" for layer, share in told.by_layer.items())
    console.print(f"\nOf the variance: {layers}.", soft_wrap=True)
    if told.by_service:
        services = "; ".join(f"{name.replace('_', ' ')} {round(share, 3) + 0.0:.1%}" for name, share in told.by_service.items())
        console.print(f"By service: {services}.", soft_wrap=True)


def _print_bearable(console: Console, told: Exposure, currency: str) -> None:
    asked, found = told.question, told.bearable
    accepted = f"{asked.accepted:.4%}".rstrip("0%").rstrip(".") + "%"
    keeps = "gains" if told.result_mean >= 0 else "loses"
    result = f"{_amount(abs(told.result_mean))} {currency} on average, ± {_amount(told.result_sd)}"
    console.print(f"\nThe holder of the budget {keeps} {result}.", soft_wrap=True)
    style = "green" if found.cap is None else "red"
    reserve = _amount(float(asked.reserve))
    chance = f"[{style}]{_chance(found.chance)}[/]"
    console.print(f"The chance of losing more than the reserve of {reserve} is {chance}; the board accepts {accepted}.", soft_wrap=True)
    for line in _remedies(told):
        console.print(f"  - {line}", soft_wrap=True)


def _remedies(told: Exposure) -> Iterator[str]:
    found, asked = told.bearable, told.question
    if found.cap is not None:
        yield f"a share of at most {found.share:.1%} of gains and losses keeps to that, without a cap"
        yield f"or a cap on losses at {found.cap:.2%} of the budget, with the whole share"
        yield f"or a reserve of {_amount(found.reserve)}"
    if found.people is None:
        yield "no number of people makes this acceptable: what is not luck does not fall with size"
    else:
        yield f"the fewest people at which it is acceptable as it stands: about {found.people:,}"
    for about in asked.unvalued:
        yield f"no value is set on '{plain(about)}', so every chance above is too small"


def _print_sketch(console: Console, told: Exposure) -> None:
    """The cost as part of the budget, all layers together."""
    law, asked = told.laws[Layer.scope], told.question
    low, high = law.quantile(EDGE), law.quantile(1 - EDGE)
    step = (high - low) / N_BAR
    chances = [law.beyond(low + n * step) - law.beyond(low + (n + 1) * step) for n in range(N_BAR)]
    console.print("\nThe cost as part of the budget, all layers together:", soft_wrap=True)
    for n, chance in enumerate(chances):
        at = (1 + low + (n + 0.5) * step) * asked.expected / asked.budget
        bar = "#" * round(WIDEST * chance / max(chances))
        console.print(f"{at:8.1%} {_chance(chance):>6} {bar}", soft_wrap=True, markup=False)


def _print_left_out(console: Console, told: Exposure, currency: str) -> None:
    for left in told.left_out:
        console.print(f"In no history, {left.reason}: {count(left.n_activity, 'act')}, {money(left.cost)} {currency}", soft_wrap=True)
