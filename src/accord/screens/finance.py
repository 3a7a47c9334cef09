"""What a finance director reads: savings explained, whether a contract may be signed, two statements side by side, the position of each contract."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich.console import Console

from accord.clauses.walking import money, percent
from accord.screens.reports import count, grid_of, last_is_words, plain
from accord.settlement.agreement_of_balances import Agreement, Cause, Demand, Difference, Moved
from accord.settlement.position import ContractPosition, Method, MonthPosition, Outturn, PlacePosition, Position
from accord.settlement.register import IN_WORDS
from accord.settlement.savings import Explained
from accord.settlement.signing import Conflict, Readiness
from accord.settlement.two_years import TwoYears
from accord.stats import Verdict

MONTHS_OF_YEAR = 12
_STYLE = {Demand.none: "", Demand.below: "", Demand.raised: "yellow", Demand.agreed: "red"}


def print_savings(console: Console, told: Explained) -> None:
    """From one year's cost to the other's, and what luck could have made of it."""
    grid = grid_of("", "amount", "of the earlier\ncost")
    grid.add_row(told.bridge.start.name, money(told.bridge.start.amount), "")
    for line in told.bridge.steps:
        grid.add_row(f"  {line.name}", money(line.amount), f"{told.part(line.amount):+.1%}")
    grid.add_row(f"cost of {told.later:%Y-%m}", money(told.bridge.result), f"{told.part(told.change):+.1%}", style="bold")
    console.print(grid)
    said = "saved" if told.change < 0 else "more"
    people = " and ".join(f"{n:,}" for n in told.n_people)
    console.print(f"\n{money(abs(told.change))} {said}, with {people} people.", soft_wrap=True)
    certain = "Apart from how many people there were and from prices, which luck has no hand in"
    console.print(f"{certain}: {money(told.uncertain)} ({told.part(told.uncertain):+.1%}).", soft_wrap=True)
    _print_luck(console, told)


def print_two_years(console: Console, told: TwoYears) -> None:
    """The same of one contract's care in two years of a run."""
    console.print(f"[bold]{plain(told.contract_id)}[/], by its terms in both years, from run {told.run_id}", soft_wrap=True)
    print_savings(console, told.explained)
    if told.n_month < MONTHS_OF_YEAR:
        console.print(f"The bands are of whole years: in {count(told.n_month, 'month')} luck goes further than they say.", soft_wrap=True)
    if any(told.n_unpriced):
        n = " and ".join(f"{n:,}" for n in told.n_unpriced)
        console.print(f"{n} acts of the two years have no price, and no part in it.", soft_wrap=True)


def _print_luck(console: Console, told: Explained) -> None:
    console.print(f"Luck alone keeps within these bands in {percent(told.confidence)} of pairs of such years:", soft_wrap=True)
    for luck in told.luck:
        style = "yellow" if luck.verdict is Verdict.inside else "bold"
        width = f"±{luck.band:.1%}" if luck.band < 1 else "over ±100%"
        console.print(f"  {width} where a person's cost varies by {luck.spread} ({luck.rule}): [{style}]{luck.verdict}[/]", soft_wrap=True)
    if len({luck.verdict for luck in told.luck}) > 1:
        console.print("The two disagree: call it a saving only with a spread measured on your own people.", soft_wrap=True)


def print_readiness(console: Console, ready: Readiness) -> None:
    """Whether a contract may be signed, with what is open, what is set aside, and each reason."""
    console.print(f"[bold]{plain(ready.title)}[/], as at {ready.on}", soft_wrap=True)
    grid = last_is_words(grid_of("Open", "it may cost", "what"))
    for line in ready.lines:
        source = f" ({plain(line.reference)})" if line.reference else ""
        grid.add_row(IN_WORDS[line.kind], "not known" if line.value is None else money(line.value), plain(line.about) + source)
    part = f"{ready.part_of_price:.0%} of the first year's price of {money(ready.yearly_price)}"
    grid.add_row("together", money(ready.open_total), part, style="bold")
    grid.add_row("reserve", money(ready.reserve), "")
    console.print(grid)
    if ready.lucks is not None:
        console.print(f"What is open is as much as {ready.lucks:,.1f} standard deviations of a year's luck.", soft_wrap=True)
    _print_verdict(console, ready)


def _print_verdict(console: Console, ready: Readiness) -> None:
    for conflict in ready.conflicts:
        console.print(_conflict(conflict), soft_wrap=True)
    if ready.may_be_signed:
        amber = "[bold yellow]AMBER[/]: say how the conflict of interest is handled first."
        console.print("[bold green]GREEN[/]: it may be signed." if ready.is_clean else amber)
        return
    console.print("[bold red]RED[/]: do not sign.")
    for reason in ready.reasons:
        console.print(f"  - {plain(reason)}", soft_wrap=True)


def _conflict(found: Conflict) -> str:
    said = f"handled: {plain(found.handled)}" if found.handled else "[red]nobody has said how that is handled[/]"
    seats = f"{plain(found.for_payer)} for the payer and {plain(found.for_payee)} for the payee"
    return f"Conflict of interest: {plain(found.person)} is {seats}; {said}"


def print_agreement(console: Console, found: Agreement) -> None:
    """The two statements by contract and kind, then each difference with its cause, then what the causes come to."""
    said = found.statements
    console.print(f"[bold]{plain(said.us)} and {plain(said.them)}[/], as {plain(said.us)} sees it: above zero is owed to it", soft_wrap=True)
    for n, whose in zip(said.n_left_out, (said.us, said.them), strict=True):
        if n:
            console.print(f"{count(n, 'row')} of {plain(whose)}'s statement {'is' if n == 1 else 'are'} about others, and left out", soft_wrap=True)
    grid = last_is_words(grid_of("Contract", "kind", "ours", "theirs", "difference", "", left=2))
    for line in found.lines:
        asked = found.thresholds.demand(line.difference)
        grid.add_row(plain(line.contract), line.kind, money(line.ours), money(line.theirs), money(line.difference), asked, style=_STYLE[asked])
    totals = [money(sum((getattr(line, side) for line in found.lines), Decimal(0))) for side in ("ours", "theirs", "difference")]
    grid.add_row("balance", "", *totals, "", style="bold")
    console.print(grid)
    if found.differences:
        _print_differences(console, found)
    _print_moved(console, found.moved)
    by = found.thresholds
    console.print(f"\nRaised from {money(by.raised_from)}, to be agreed from {money(by.agreed_from)} ({plain(by.source)}).", soft_wrap=True)


def _print_differences(console: Console, found: Agreement) -> None:
    grid = last_is_words(grid_of("\nDifference", "contract", "month", "amount", "cause", left=3))
    for one in _largest_first(found.differences):
        asked = found.thresholds.demand(one.amount)
        what = plain(one.reference), plain(one.contract), f"{one.month:%Y-%m}"
        grid.add_row(*what, money(one.amount), f"{one.cause}{': ' if one.because else ''}{plain(one.because)}", style=_STYLE[asked])
    console.print(grid)
    parts = "; ".join(f"{cause} {money(amount)}" for cause, amount in found.by_cause.items())
    console.print(f"By cause: {parts}; together {money(found.difference)}.", soft_wrap=True)
    if Cause.unknown in found.by_cause:
        console.print("An unknown cause needs the activity behind both figures, or the paper.", soft_wrap=True)


def _largest_first(differences: Sequence[Difference]) -> list[Difference]:
    return sorted(differences, key=lambda d: (-abs(d.amount), d.contract, d.reference, d.month))


def _print_moved(console: Console, moved: Sequence[Moved]) -> None:
    for one in moved:
        ours, theirs = (", ".join(kinds) for kinds in (one.ours, one.theirs))
        console.print(f"{plain(one.reference)} ({money(one.amount)}) is {ours} to us and {theirs} to them: the balance is the same", soft_wrap=True)


def print_position(console: Console, found: Position) -> None:
    """Each contract: its months, its partners, and its outturn."""
    console.print(f"As at {found.as_at:%Y-%m}.", soft_wrap=True)
    if found.n_later:
        console.print(f"{count(found.n_later, 'row')} became known later, and {'is' if found.n_later == 1 else 'are'} left out.", soft_wrap=True)
    for contract in found.contracts:
        whose = f": {plain(contract.payer)} pays {plain(', '.join(p.partner for p in contract.partners))}" if contract.payer else ""
        console.print(f"\n[bold]{plain(contract.contract)}[/]{whose}", soft_wrap=True)
        _print_months(console, contract)
        _print_outturn(console, contract, found.confidence)
        _print_partners(console, contract)


def print_place_position(console: Console, found: PlacePosition) -> None:
    """The contracts of a place, those that have no position with the reason, and each partner's total."""
    n = found.n_received
    pattern = "so how it comes in cannot be seen" if n <= 1 else "which show how it comes in"
    console.print(f"From run {found.run_id}: its care was received in {count(n, 'month')}, {pattern}.", soft_wrap=True)
    print_position(console, found.position)
    grid = grid_of("\nPartner, all contracts", "due to it", "of it\nreceived", "due by it", "of it\npaid", "balance", "net outturn")
    for one in found.parties:
        amounts = one.to_receive, one.received, one.to_pay, one.paid, one.balance, one.forecast
        grid.add_row(plain(one.party), *map(money, amounts))
    if found.parties:
        console.print(grid)
    for contract, why in found.left_out:
        console.print(f"[yellow]No position of {plain(contract)}: {plain(why)}[/]", soft_wrap=True)


def _print_months(console: Console, contract: ContractPosition) -> None:
    grid = last_is_words(grid_of("Month", "activity", "plan", "actual", "accrual", "due", "paid", "balance", ""))
    notes = ["; ".join(method for method in month.methods if method not in (Method.ladder, Method.settled)) for month in contract.months]
    # A note of nearly every month would wrap beside each: it is told once, below, if no month is without any.
    usual = max(notes, key=notes.count, default="") if all(notes) and len(notes) > len(set(notes)) else ""
    for month, note in zip(contract.months, notes, strict=True):
        grid.add_row(f"{month.month:%Y-%m}", *_figures(month, contract), "" if note == usual else note)
    grid.add_row("together", *_figures(contract.begun, contract), "", style="bold")
    console.print(grid)
    if usual:
        console.print(f"Of each month, if it says nothing else: {usual}.", soft_wrap=True)
    for partner, service, last in contract.behind:
        when = "ever" if last is None else f"since {last:%Y-%m}"
        console.print(f"[yellow]Nothing has come of {plain(partner)}, {plain(service)} {when}.[/]", soft_wrap=True)


def _has_plan(contract: ContractPosition) -> bool:
    return bool(contract.outturn.plan) or any(month.plan for month in contract.months)


def _figures(one: MonthPosition, contract: ContractPosition) -> list[str]:
    acts = f"{one.activity.normalize():,f}"
    plan = money(one.plan) if _has_plan(contract) else "–"
    return [acts, plan, *(money(amount) for amount in (one.actual, one.accrual, one.due, one.paid, one.balance))]


def _print_outturn(console: Console, contract: ContractPosition, confidence: Decimal) -> None:
    said = contract.outturn
    months = count(len(contract.months) + contract.n_to_come, "month")
    against = f" ({(said.forecast - said.plan) / said.plan:+.1%})" if said.plan else ""
    plan = f"plan {money(said.plan)}{against}" if _has_plan(contract) else "there is no plan"
    console.print(f"Outturn of {months}: [bold]{money(said.forecast)}[/]; {plan}.", soft_wrap=True)
    if contract.n_to_come:
        console.print(f"Of it {money(said.to_come)} is of {count(contract.n_to_come, 'month')} to come, as the plan was kept so far.", soft_wrap=True)
    if said.lacking:
        console.print(f"[yellow]No interval: too little has come of {plain('; '.join(said.lacking))}.[/]", soft_wrap=True)
    elif said.low == said.high:
        console.print("No month has strayed so far: there is nothing to tell an interval from.", soft_wrap=True)
    else:
        console.print(f"In {percent(confidence)} of cases between {_interval(said)}, if months go on to vary as they did.", soft_wrap=True)


def _interval(said: Outturn) -> str:
    return "–" if said.low is None or said.high is None or said.low == said.high else f"{money(said.low)} and {money(said.high)}"


def _print_partners(console: Console, contract: ContractPosition) -> None:
    grid = last_is_words(grid_of("Partner", "due", "paid", "balance", "outturn", "between"))
    for one in contract.partners:
        figures = (money(amount) for amount in (one.begun.due, one.begun.paid, one.begun.balance, one.outturn.forecast))
        grid.add_row(plain(one.partner), *figures, _interval(one.outturn))
    console.print(grid)
