"""What a board reads of its exposure: chances by size and layer, what carries the variance, what can be borne, and a sketch of the year."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from rich.console import Console

from accord.budgets.exposure import Exposed, Exposure, Layer
from accord.budgets.exposure.assess import FEWEST, Question
from accord.screens.reports import count, grid_of, money, plain

N_BAR, WIDEST = 15, 50
"""Lines and signs of the sketch."""
EDGE = 1e-3
"""What the sketch leaves out at either end."""
DEAR = (0.1, 0.05, 0.01)
"""How rare the dear years are that are told with their cost."""
WORTH_SAYING = 0.005
"""A service with a smaller part of the variance is told together with others like it."""
SMALL = 5e-4
"""Below this a chance is not 0.0 %, but less than 0.1 %."""


def print_risk(console: Console, exposed: Exposed, currency: str, root: Path) -> None:
    """One screen of an exposure."""
    told = exposed.exposure
    _print_heading(console, told, currency)
    _print_sizes(console, told)
    _print_variance(console, told)
    _print_bearable(console, told, currency)
    _print_sketch(console, told, currency)
    _print_left_out(console, told, currency)
    console.print(f"\nKept in {exposed.folder.relative_to(root)}: {', '.join(sorted(p.name for p in exposed.folder.iterdir()))}", soft_wrap=True)


def _amount(value: float) -> str:
    return money(Decimal(round(value)))


def _chance(chance: float) -> str:
    return "0" if chance == 0 else "<0.1%" if chance < SMALL else f"{chance:.1%}"


def _part(part: float) -> str:
    return f"{part:.4%}".rstrip("0%").rstrip(".") + "%"


def _print_heading(console: Console, told: Exposure, currency: str) -> None:
    asked = told.question
    console.print(f"[bold]{plain(asked.title)}[/] · {asked.n_people:,} people", soft_wrap=True)
    for line in (*_budget_lines(told, currency), *_luck_lines(told, currency)):
        console.print(line, soft_wrap=True)
    if asked.told:
        console.print(f"\nWhat the contract's clauses leave with {plain(asked.holder)}:", soft_wrap=True)
        for id, kind, words in asked.told:
            console.print(f"  {plain(id)} ({kind.replace('_', ' ')}): {plain(words)}", soft_wrap=True)


def _budget_lines(told: Exposure, currency: str) -> Iterator[str]:
    """What is expected, the budget, and the gap between them, which no luck explains."""
    asked = told.question
    in_run = ", by what it cost in the run; nothing is added for prices and growth since" if asked.population.histories else ""
    since = ", by the file" if asked.is_expected_stated else in_run
    yield f"A year is expected to cost {_amount(asked.expected)} {currency}{since}."
    if asked.held.amount is None:
        why = "so what is expected stands for it, and a budget too low from the start is in no chance below"
        yield f"[bold red]NOBODY HAS SET A BUDGET[/], {why}. Write budget = … into the file, or set one: accord budget set."
        return
    gap = round(asked.expected - asked.budget)
    yield f"The budget is {_amount(asked.budget)} {currency} a year, by {plain(asked.held.said_by)}."
    yield from _other_care(asked)
    if gap == 0:
        yield "There is no gap before any luck: the year is expected to cost as much."
        return
    much = f"{_amount(abs(gap))} {currency} {'more' if gap >= 0 else 'less'}, {abs(gap) / asked.budget:.1%} of the budget"
    yield f"The gap, before any luck: the year is expected to cost {much}."


def _other_care(asked: Question) -> Iterator[str]:
    """A budget of some services held against the care of more is missed for certain, and no luck has to do with it."""
    histories, services = asked.population.histories, asked.held.services
    others = sorted(set(histories.services) - set(services)) if histories and services else []
    if others:
        listed = ", ".join(f'"{each}"' for each in services)
        said = f"The budget is for {', '.join(services)}, and care of other services is counted too: {', '.join(others)}."
        yield f"[yellow]{plain(said)} To hold like against like write {plain(f'services = [{listed}]')} into the file.[/]"


def _luck_lines(told: Exposure, currency: str) -> Iterator[str]:
    """How much one person's year differs from another's, what becomes of it over all of them, and how much a year moves everybody."""
    asked = told.question
    histories, years = asked.population.histories, asked.population.years_averaged
    mean = f" in the mean of {years} years" if years > 1 else ""
    own = next(row for row in told.rows if row.is_own and row.layer is Layer.process)
    if histories is None:
        yield f"One person's year differs from another's by {told.spread:.2f} times its average (published; by the normal law, whose tail is thin)."
    else:
        each = asked.expected / asked.n_people
        differs = f"differs from person to person by {_amount(told.spread * each)} {currency}{mean}, {told.spread:.2f} times as much"
        yield f"A person's care costs {_amount(each)} {currency} a year on average, and {differs}."
    over = f"Over {asked.n_shared:,} people, that luck moves the year by {_amount(own.sd * asked.expected)} {currency} ({own.sd:.2%}) up or down"
    yield f"{over} in a usual year."
    if histories is not None:
        yield f"{round(histories.n_people):,} people of the run, over {count(histories.n_year, 'year')}, are drawn again as whole histories."
    yield f"What a year does to everybody at once moves it by {asked.population.effect.sd:.2%} ({plain(asked.year_said_by)})."
    if asked.pooled_with:
        others = count(len(asked.pooled_with), "other")
        yield f"Gains and losses are shared by budget with {others}: {asked.n_shared:,} people."


def _print_sizes(console: Console, told: Exposure) -> None:
    miss = [f"over\n{_part(part)}" for part in told.question.miss]
    grid = grid_of("People", "with", "spread of\nthe cost", *miss, "over the\nreserve", left=2)
    for row in told.rows:
        first = row.layer is Layer.process
        figures = (f"{row.sd:.2%}", *map(_chance, row.missing), _chance(row.over_reserve))
        name = f"{row.n_people:,}" if first else ""
        grid.add_row(name, f"{'' if first else '+ '}{row.layer}", *figures, style="bold" if row.is_own else "")
    console.print("\nHow likely more than so much of the budget is lost, layer upon layer:", soft_wrap=True)
    console.print(grid)
    console.print("At other sizes the budget, the reserve and every amount are in proportion to the people.", soft_wrap=True)


def _print_variance(console: Console, told: Exposure) -> None:
    if not any(told.by_layer.values()):
        return
    layers = "; ".join(f"{layer} {share:.1%}" for layer, share in told.by_layer.items())
    console.print(f"\nWhat makes years differ (parts of the variance): {layers}.", soft_wrap=True)
    large = {name: share for name, share in told.by_service.items() if abs(share) >= WORTH_SAYING}
    small = [share for name, share in told.by_service.items() if name not in large]
    if large:
        services = [f"{name.replace('_', ' ')} {share:.1%}" for name, share in large.items()]
        services += [f"{count(len(small), 'other')} {round(sum(small), 3) + 0.0:.1%}"] if small else []
        console.print(f"By service: {'; '.join(services)}.", soft_wrap=True)


def _print_bearable(console: Console, told: Exposure, currency: str) -> None:
    asked, found = told.question, told.bearable
    keeps = "gains" if told.result_mean >= 0 else "loses"
    result = f"{_amount(abs(told.result_mean))} {currency} on average, give or take {_amount(told.result_sd)} in a usual year"
    console.print(f"\n{plain(asked.holder) or 'The holder of the budget'} {keeps} {result}.", soft_wrap=True)
    style = "green" if found.cap is None else "red"
    reserve = _amount(float(asked.reserve))
    chance = f"[{style}]{_chance(found.chance)}[/]"
    console.print(f"The chance of losing more than the reserve of {reserve} is {chance}; the board accepts {_part(asked.accepted)}.", soft_wrap=True)
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
        much = f"{FEWEST:,} or fewer" if found.people == FEWEST else f"about {found.people:,}"
        yield f"the fewest people at which it is acceptable as it stands: {much}"
    for about in asked.unvalued:
        yield f"no value is set on '{plain(about)}', so every chance above is too small"


def _print_sketch(console: Console, told: Exposure, currency: str) -> None:
    """The cost as part of the budget, all layers together."""
    law, asked = told.laws[Layer.scope], told.question
    low, high = law.quantile(EDGE), law.quantile(1 - EDGE)
    if not any(told.by_layer.values()):
        console.print("\nWhat the year costs the holder does not move: the pay follows the care.", soft_wrap=True)
        return
    step = (high - low) / N_BAR
    chances = [law.beyond(low + n * step) - law.beyond(low + (n + 1) * step) for n in range(N_BAR)]
    of_budget = asked.expected / asked.budget
    console.print("\nThe cost as part of the budget, all layers together:", soft_wrap=True)
    for n, chance in enumerate(chances):
        start, end = ((1 + low + (n + side) * step) * of_budget for side in (0, 1))
        bar = "#" * round(WIDEST * chance / max(chances))
        mark = "  <- the budget" if start <= 1 < end else ""
        console.print(f"{(start + end) / 2:8.1%} {_chance(chance):>6} {bar}{mark}", soft_wrap=True, markup=False)
    dear = [f"one in {round(1 / chance)} costs more than {_amount((1 + law.quantile(1 - chance)) * asked.expected)}" for chance in DEAR]
    console.print(f"Of such years {', '.join(dear)} {currency}.", soft_wrap=True)


def _print_left_out(console: Console, told: Exposure, currency: str) -> None:
    if told.left_out:
        console.print("\nCare of the run that is in none of this:", soft_wrap=True)
    for left in told.left_out:
        console.print(f"  {left.reason}: {count(left.n_activity, 'act')}, {money(left.cost)} {currency}", soft_wrap=True)
