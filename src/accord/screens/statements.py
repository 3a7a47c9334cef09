"""Contracts settled, explained and compared, as a finance director reads them."""

from __future__ import annotations

import shlex
from collections import defaultdict
from datetime import date
from decimal import Decimal

from rich.console import Console

from accord.clauses.kinds import stage_of
from accord.place import Place
from accord.screens.disputes import add_disputed_rows, print_disputes
from accord.screens.reports import count, grid_of, last_is_words, money, plain
from accord.settlement.comparing import Comparison, Side
from accord.settlement.explaining import Explained
from accord.settlement.settling import Outcome, Outcomes

_MOST_UNSETTLED = 20


def print_settled(console: Console, place: Place, outcomes: Outcomes) -> None:
    """The statement of each contract, and of a run what no contract pays for."""
    for outcome in outcomes.contracts:
        _print_outcome(console, outcome, place.settings.currency)
    if outcomes.conserved:
        _print_conserved(console, outcomes, place.settings.currency)


def print_settlements(console: Console, place: Place, outcomes: Outcomes) -> None:
    """One line a contract, and where its statements are."""
    grid = last_is_words(grid_of("Contracts, settled for the time being", "acts of\ncare", "due", "paid on\naccount", "balance", ""))
    for outcome in outcomes.contracts:
        m = outcome.manifest
        n_activity = outcomes.conserved.settled[m.contract_id][0] if outcomes.conserved and m.contract_id in outcomes.conserved.settled else 0
        owes = plain(_who_owes(m.payer, m.payee, m.balance))
        grid.add_row(plain(m.title), f"{n_activity:,}", money(m.due), money(m.paid), money(m.balance), owes)
    console.print()
    console.print(grid)
    where = plain(shlex.quote(str(place.root)))
    console.print(f"Statements: {plain(str(place.root / 'settlements'))}. In full: accord settle -p {where}", soft_wrap=True)


def _print_outcome(console: Console, outcome: Outcome, currency: str) -> None:
    m, settled = outcome.manifest, outcome.settled
    source = f"run {m.run_id}" if m.run_id else "a monthly file"
    console.print(f"\n[bold]{plain(m.title)}[/] · {m.status} · {m.start_date} to {settled.span.last_date} · from {source}", soft_wrap=True)
    console.print(f"{plain(m.payer)} pays {plain(m.payee)} · settlement {m.settlement_id}", soft_wrap=True)
    if settled.span.part < 1:
        part = f"{settled.span.part.numerator} of {settled.span.part.denominator}"
        console.print(f"Amounts that the contract fixes for its whole period count in part: {part}.", soft_wrap=True)
    _print_months(console, outcome, currency)
    _print_chain(console, outcome, currency)
    _print_due(console, outcome, currency)
    print_disputes(console, outcome.settled, currency)
    _print_pools(console, outcome, currency)
    _print_differences(console, outcome, currency)
    _print_fate(console, outcome)


def _print_months(console: Console, outcome: Outcome, currency: str) -> None:
    """What was done, month by month: by the clauses that pay, at their prices."""
    paying = {clause.id for clause in outcome.settled.contract.pricing if not clause.shadow}
    services = sorted({t.service for t in outcome.done.totals if t.clause_id in paying})
    amounts: dict[tuple[date, str], Decimal] = defaultdict(Decimal)
    acts: dict[date, int] = defaultdict(int)
    for t in (t for t in outcome.done.totals if t.clause_id in paying):
        amounts[t.month, t.service] += t.value
        acts[t.month] += t.n_activity
    if not acts:
        return
    grid = grid_of(f"Value by month, {currency}", "acts of\ncare", *(service.replace("_", "\n") for service in services))
    for month in sorted(acts):
        grid.add_row(f"{month:%Y-%m}", f"{acts[month]:,}", *(money(amounts.get((month, s)), 2) for s in services))
    whole = [sum((amounts[month, s] for month in acts if (month, s) in amounts), Decimal(0)) for s in services]
    grid.add_row("all", f"{sum(acts.values()):,}", *(money(each, 2) for each in whole), style="bold")
    console.print()
    console.print(grid)


def _print_chain(console: Console, outcome: Outcome, currency: str) -> None:
    console.print("\n[bold]The chain[/]")
    for n, each in enumerate(outcome.settled.clauses, start=1):
        shadow = " · shown and not paid" if each.terms.shadow else ""
        console.print(f"{n}. {plain(each.terms.id)} ({each.terms.kind}): {stage_of(each.terms)}{shadow}", soft_wrap=True)
        grid = last_is_words(grid_of("   line", currency, "because"))
        for name, bridge in each.bridges.items():
            is_shown = each.terms.shadow or name != "paid"
            for k, line in enumerate(bridge):
                grid.add_row(f"   {name}/{k} {plain(line.name)}", money(line.amount, 2), plain(line.because), style="dim" if is_shown else "")
            grid.add_row(f"   {name} comes to", money(bridge.result, 2), "", style="dim" if is_shown else "bold")
        console.print(grid)


def _print_due(console: Console, outcome: Outcome, currency: str) -> None:
    m, settled = outcome.manifest, outcome.settled
    grid = last_is_words(grid_of("Account", currency, ""))
    for each in (each for each in settled.clauses if not (each.terms.shadow or each.pool or each.debtor)):
        grid.add_row(f"  {plain(each.terms.id)}", money(each.due, 2), "")
    add_disputed_rows(grid, settled)
    for line in (line for line in settled.taxes if not line.debtor):
        lost = f"{money(line.lost, 2)} of it is irrecoverable, a cost of {m.payer}" if line.lost else "recoverable"
        grid.add_row(f"  VAT on {plain(line.clause_id)}", money(line.amount, 2), plain(lost))
    grid.add_row("due", money(m.due, 2), "", style="bold")
    grid.add_row("  paid on account", money(-m.paid, 2), "")
    grid.add_row("balance", money(m.balance, 2), plain(_who_owes(m.payer, m.payee, m.balance)), style="bold")
    if settled.kept:
        grid.add_row("ring-fenced", money(settled.kept, 2), plain(f"kept back by {m.payer}, for the schemes of the marginal rate"))
    console.print()
    console.print(grid)


def _print_pools(console: Console, outcome: Outcome, currency: str) -> None:
    """The account of each pool: a party of its own, so that nothing of it is in what the two sides owe each other."""
    for account in outcome.settled.pools:
        grid = last_is_words(grid_of(f"Pool {plain(account.id)}", currency, ""))
        for party, what, amount in account.lines():
            grid.add_row(f"  {plain(party)}", money(amount, 2), what)
        grid.add_row("left in the pool", money(account.left, 2), "", style="bold")
        console.print()
        console.print(grid)


def _who_owes(payer: str, payee: str, balance: Decimal) -> str:
    if not balance:
        return "nothing is owed"
    return f"{payer} owes {payee}" if balance > 0 else f"{payee} owes {payer}"


def _print_differences(console: Console, outcome: Outcome, currency: str) -> None:
    if not outcome.differences:
        return
    apart = [d for d in outcome.differences if d.amount]
    same = len(outcome.differences) - len(apart)
    of = count(len(outcome.differences), "amount of a month and service", "amounts of a month and service")
    console.print(f"\nThe monthly file against the run: {same} of {of} agree.")
    if not apart:
        return
    grid = grid_of("Month", "service", f"file, {currency}", f"run, {currency}", "difference", left=2)
    for d in apart:
        grid.add_row(f"{d.month:%Y-%m}", d.service, money(d.by_file, 2), money(d.by_run, 2), money(d.amount, 2))
    grid.add_row("all", "", "", "", money(sum((d.amount for d in apart), Decimal(0)), 2), style="bold")
    console.print(grid)


def _print_fate(console: Console, outcome: Outcome) -> None:
    undone = [journal.reverses for journal in outcome.posted if journal.reverses]
    if not outcome.posted and outcome.stands != outcome.manifest.settlement_id:
        console.print(f"It was settled so before, and {outcome.stands} has followed it: nothing changes.", soft_wrap=True)
    elif not outcome.posted:
        console.print("It was settled so before: nothing changes.")
    if undone:
        console.print(f"Takes back: {plain(', '.join(map(str, undone)))}.", soft_wrap=True)
    console.print(f"Files: {plain(str(outcome.folder))}", soft_wrap=True)


def _print_conserved(console: Console, outcomes: Outcomes, currency: str) -> None:
    whole = outcomes.conserved
    assert whole is not None, "there was a run"
    grid = grid_of("Where all care of the run went", "acts of\ncare", f"amount in\nthe run, {currency}")
    grid.add_row("care in force", f"{whole.n_activity:,}", money(whole.amount, 2), style="bold")
    for contract_id, (n, amount) in whole.settled.items():
        grid.add_row(f"  contract {plain(contract_id)}", f"{n:,}", money(amount, 2))
    grid.add_row("  no contract pays for it", f"{whole.unsettled[0]:,}", money(whole.unsettled[1], 2))
    console.print()
    console.print(grid)
    _print_unsettled(console, outcomes, currency)


def _print_unsettled(console: Console, outcomes: Outcomes, currency: str) -> None:
    if not outcomes.unsettled:
        return
    grid = grid_of("No contract", "payer", "provider", "service", "acts of\ncare", "without\namount", currency, left=4)
    for each in outcomes.unsettled[:_MOST_UNSETTLED]:
        n = (f"{each.n_activity:,}", f"{each.n_unvalued:,}", money(each.amount, 2))
        grid.add_row(each.reason, plain(each.payer or "not stated"), plain(each.provider), each.service, *n)
    if len(outcomes.unsettled) > _MOST_UNSETTLED:
        rest = outcomes.unsettled[_MOST_UNSETTLED:]
        n_activity, n_without = sum(each.n_activity for each in rest), sum(each.n_unvalued for each in rest)
        amount = money(sum((each.amount for each in rest), Decimal(0)), 2)
        grid.add_row(f"… {len(rest)} more", "", "", "", f"{n_activity:,}", f"{n_without:,}", amount)
    console.print()
    console.print(grid)


def print_explained(console: Console, explained: Explained, most: int) -> None:
    """A line in its bridge, the clause and its rule, and the acts it rests on."""
    m, line = explained.manifest, explained.bridge[explained.number]
    console.print(f"[bold]{plain(explained.name)}[/] · {plain(line['line'])}: {money(line['amount'], 2)}", soft_wrap=True)
    console.print(f"because: {plain(line['because'])}", soft_wrap=True)
    console.print(f"settlement {m.settlement_id} of {plain(m.title)}, {m.payer} pays {m.payee}, {m.status}", soft_wrap=True)
    if explained.clause is not None:
        c = explained.clause
        console.print(f"clause {plain(c.id)} ({c.kind}), {explained.stage}: it {plain(explained.says)}", soft_wrap=True)
    grid = last_is_words(grid_of("bridge", "amount", "because"))
    for n, each in enumerate(explained.bridge):
        grid.add_row(plain(f"{n} {each['line']}"), money(each["amount"], 2), plain(each["because"]), style="bold" if n == explained.number else "")
    console.print()
    console.print(grid)
    _print_acts(console, explained, most)


def _print_acts(console: Console, explained: Explained, most: int) -> None:
    if explained.acts is None:
        why = "it sums up the clauses" if explained.clause is None else "it was settled from a monthly file"
        console.print(f"\nNo acts of care are known under it: {why}.")
        return
    if not explained.acts:
        console.print("\nThe clause prices no acts of care itself.")
        return
    console.print(f"\nIt rests on {count(len(explained.acts), 'act')} of care, worth {money(explained.value, 2)} together:", soft_wrap=True)
    grid = grid_of("activity", "person (pseudonym)", "day", "service", "code", "nights", "value", left=5)
    for act in explained.acts[:most]:
        nights = "" if act.nights is None else str(act.nights)
        value = money(act.value, 2) if act.is_priced else "no price"
        grid.add_row(str(act.activity_id), str(act.person or "unknown"), str(act.day), act.service, plain(act.code or ""), nights, value)
    if len(explained.acts) > most:
        grid.add_row(f"… {len(explained.acts) - most} more: --rows")
    console.print(grid)


def print_comparison(console: Console, place: Place, found: Comparison) -> None:
    """Who gains and who loses by the second contract, and what is only moved."""
    currency = place.settings.currency
    for letter, side in (("A", found.first), ("B", found.second)):
        _print_side(console, letter, side, currency)
    grid = grid_of("Party", f"under A,\n{currency}", f"under B,\n{currency}", "gains (+) or\nloses (-)")
    for each in found.effects:
        grid.add_row(plain(each.party), money(each.first, 2), money(each.second, 2), f"{each.gain:+,.2f}")
    console.print()
    console.print(grid)
    shifted = money(found.shifted, 2)
    console.print(f"\nShifted from one party's account to another's: {shifted}. Saved: 0.00, as the care is the same.", soft_wrap=True)
    if found.left:
        console.print(f"Left to nobody: {money(-found.left, 2)}, VAT that the payer does not get back.", soft_wrap=True)


def _print_side(console: Console, letter: str, side: Side, currency: str) -> None:
    s = side.settled
    console.print(f"[bold]{letter}[/] {plain(side.file.name)}: {plain(s.contract.title)}", soft_wrap=True)
    acts = f"{count(side.n_activity, 'act')} of care, worth {money(side.value, 2)} by its prices"
    console.print(f"  {s.span.start_date} to {s.span.last_date}, {acts}; due {money(s.due, 2)} {currency}", soft_wrap=True)
    chain = ", then ".join(f"{c.terms.id} ({c.terms.kind})" for c in s.clauses)
    console.print(f"  chain: {plain(chain)}", soft_wrap=True)
