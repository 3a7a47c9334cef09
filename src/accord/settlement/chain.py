"""A contract settled: its clauses in the order of the chain, each with its bridge, and what is due in the end. No table, no clock, no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from accord.clauses.bridge import Bridge, BridgeLine
from accord.clauses.kinds import kind_of
from accord.clauses.rules import with_rules_read
from accord.clauses.walking import money, pennies, percent
from accord.errors import UserError
from accord.place import line_of
from accord.settlement.contract import Contract
from accord.settlement.disputes import PAID_BRIDGE, Held
from accord.settlement.facts import SETTLED_KINDS, SoFar, facts_of, root_of
from accord.settlement.figures import Given
from accord.settlement.span import Span, to_date
from accord.settlement.totals import NOTHING, Done

PAID = PAID_BRIDGE
WITHOUT_PRICE = "without_price"
WHOLE_CONTRACT = "_whole"
"""In place of a clause's id, which cannot begin so, of the bridge from nothing through each clause and VAT to what is due."""


@dataclass(frozen=True)
class SettledClause:
    """One clause settled. bridges: the one to what is paid, and those beside it. due: what it adds to what the payer owes, 0 of a shadow.

    kept: what the marginal rate keeps back, which is ring-fenced.
    """

    terms: Any
    bridges: Mapping[str, Bridge]
    due: Decimal
    kept: Decimal


@dataclass(frozen=True)
class Tax:
    """VAT as it falls on what is due. rate: None where the payee's regime charges none."""

    rate: Decimal | None = None
    is_recoverable: bool = True


@dataclass(frozen=True)
class Settled:
    """A contract settled for a span of its period. clauses: in the order of the chain. disputes: those that are known, as they stand."""

    contract_id: str
    contract: Contract
    span: Span
    is_final: bool
    clauses: tuple[SettledClause, ...]
    tax: Tax
    disputes: tuple[Held, ...] = ()

    @property
    def status(self) -> Literal["interim", "final"]:
        """Whether the contract is closed by it."""
        return "final" if self.is_final else "interim"

    @property
    def net(self) -> Decimal:
        """What the clauses come to, before VAT."""
        return sum((each.due for each in self.clauses), NOTHING)

    @property
    def frozen(self) -> Decimal:
        """What of it is in dispute, and so not due yet."""
        return sum((each.frozen for each in self.disputes), NOTHING)

    @property
    def conceded(self) -> Decimal:
        """What of it was in dispute and has fallen away."""
        return sum((each.conceded for each in self.disputes), NOTHING)

    @property
    def due_net(self) -> Decimal:
        """What the clauses come to less what is in dispute or has fallen away, before VAT."""
        return self.net - self.frozen - self.conceded

    @property
    def vat(self) -> Decimal:
        """The VAT on what is due."""
        return NOTHING if self.tax.rate is None else pennies(self.due_net * self.tax.rate)

    @property
    def irrecoverable_vat(self) -> Decimal:
        """The VAT that the payer does not get back."""
        return NOTHING if self.tax.is_recoverable else self.vat

    @property
    def due(self) -> Decimal:
        """What the payer owes the payee now."""
        return self.due_net + self.vat

    @property
    def kept(self) -> Decimal:
        """What the payer keeps back in a ring-fenced account."""
        return sum((each.kept for each in self.clauses), NOTHING)

    def whole(self) -> Bridge:
        """From nothing, clause by clause, less what is in dispute, and through VAT, to what is due."""
        bridge = Bridge(BridgeLine("before any clause", NOTHING))
        for each in (each for each in self.clauses if not each.terms.shadow):
            bridge = bridge.then(BridgeLine(each.terms.id, each.due, f"what the clause '{each.terms.id}' ({each.terms.kind}) comes to"))
        for held in (held for held in self.disputes if held.frozen or held.conceded):
            of, because = held.dispute, f"{held.dispute.raised_by} disputes {held.dispute.line}: {held.dispute.reason}; {held.stands}"
            name = f"in dispute: {of.id}" if held.frozen else f"fallen away: {of.id}"
            bridge = bridge.then(BridgeLine(name, -held.frozen - held.conceded, because))
        if self.tax.rate is None:
            return bridge
        lost = f"; {money(self.irrecoverable_vat)} of it the payer does not get back" if self.irrecoverable_vat else "; the payer gets it back"
        return bridge.then(BridgeLine("VAT", self.vat, f"{percent(self.tax.rate)} of {money(self.due_net)}{lost}"))


def check_kinds(contract: Contract, file: Path) -> None:
    """Make sure that every clause is of a kind that a file can be settled by. Raises UserError."""
    for n, clause in enumerate(contract.clause):
        where = f"{file}, line {line_of(file, ('clause', n, 'kind'))}"
        mend = f"settle it by hand, or write it by one of these kinds: {', '.join(SETTLED_KINDS)}"
        if clause.kind not in SETTLED_KINDS:
            raise UserError(f"a contract with a {clause.kind} ('{clause.id}') cannot be settled from its file yet", where=where, what_to_do=mend)
        if clause.kind == "cap" and clause.on != "payment":
            where = f"{file}, line {line_of(file, ('clause', n, 'on'))}"
            what = f"a cap on the {clause.on} ('{clause.id}') cannot be settled from its file yet"
            raise UserError(what, where=where, what_to_do='write on = "payment", if both sides mean what is paid')


@dataclass(frozen=True)
class Case:
    """One contract as it is to be settled: its file's name, its terms, how far, and what is known."""

    contract_id: str
    contract: Contract
    span: Span
    done: Done
    given: Given
    tax: Tax
    is_final: bool
    known_on: date


def settle(case: Case) -> Settled:
    """Every clause in the order of the chain. Order of the totals is irrelevant. Raises UserError naming a figure that is missing."""
    so_far = SoFar(case.contract, case.span, case.done, case.given, case.is_final, case.known_on)
    settled = []
    for written in case.contract.chain():
        terms = to_date(with_rules_read(written, case.contract.period.start_date, case.known_on), case.span.part)
        one = _clause(terms, so_far)
        settled.append(one)
        so_far = replace(so_far, paid=_paid(so_far, one))
    return Settled(case.contract_id, case.contract, case.span, case.is_final, tuple(settled), case.tax)


def _clause(terms: Any, so_far: SoFar) -> SettledClause:
    kind, facts = kind_of(terms), facts_of(terms, so_far)
    paid = kind.settle(terms, facts)
    beside = {name: shown(terms, facts) for name, shown in kind.beside.items() if _is_shown(terms, facts, name)}
    bridges = {PAID: paid, **beside, **dict(_without_price(terms, so_far))}
    due = NOTHING if terms.shadow else paid.result - (paid.start.amount if _only_changes(terms) else NOTHING)
    kept = -paid.steps[0].amount if terms.kind == "marginal_rate" and not terms.shadow else NOTHING
    return SettledClause(terms, bridges, due, kept)


def _is_shown(terms: Any, facts: Any, name: str) -> bool:
    """Whether a bridge that is shown beside has all that it needs."""
    needs = {"room_below_threshold": "low_volume", "shared_out": "partners"}
    return facts.cost is not None if name == "provider_gain" else name not in needs or bool(getattr(terms, needs[name]))


def _only_changes(terms: Any) -> bool:
    """Whether the bridge of a clause begins with what another clause pays, so that only the difference is its own."""
    is_withheld = terms.kind == "readmission_withhold" or (terms.kind == "pay_for_performance" and terms.withhold is not None)
    return terms.kind == "cap" or is_withheld or (terms.kind == "marginal_rate" and terms.of is not None)


def _without_price(terms: Any, so_far: SoFar) -> Iterator[tuple[str, Bridge]]:
    """Acts that a clause could not price are a line with what they cost, never a free service. activity_price has a line of its own for them."""
    totals = so_far.done.of(terms.id)
    n = sum(t.n_unpriced for t in totals)
    if n and terms.kind != "activity_price" and hasattr(terms, "prices"):
        cost = sum((t.unpriced_cost for t in totals), NOTHING)
        because = f"{n} acts have no price by {terms.prices}: what they cost is not in the value"
        yield WITHOUT_PRICE, Bridge(BridgeLine("acts without a price", cost, because))


def _paid(so_far: SoFar, one: SettledClause) -> dict[str, Decimal]:
    """What each clause comes to with all that changed it: what a clause changes counts for the clause at the root, and so once."""
    root = root_of(so_far.contract, one.terms.id)
    return {**so_far.paid, root: so_far.paid.get(root, NOTHING) + one.due}
