"""A contract settled: its clauses in the order of the chain, each with its bridge, and what is due in the end. No table, no clock, no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from accord.clauses.activity_price import on_basis
from accord.clauses.bridge import Bridge, BridgeLine
from accord.clauses.kinds import kind_of
from accord.clauses.rules import with_rules_read
from accord.clauses.walking import money, percent
from accord.settlement.contract import Contract, root_of
from accord.settlement.disputes import PAID_BRIDGE, Held
from accord.settlement.facts import SoFar, facts_of
from accord.settlement.figures import Given
from accord.settlement.pooling import PoolAccount, account_of, debtors
from accord.settlement.span import Span, to_date
from accord.settlement.taxing import Tax, TaxLine, tax_lines
from accord.settlement.totals import NOTHING, Done

PAID = PAID_BRIDGE
WITHOUT_PRICE = "without_price"
WHOLE_CONTRACT = "_whole"
"""In place of a clause's id, which cannot begin so, of the bridge from nothing through each clause and VAT to what is due."""


@dataclass(frozen=True)
class SettledClause:
    """One clause settled. bridges: the one to what is paid, and those beside it. due: what it adds to what is owed, 0 of a shadow and of a pool.

    kept: what the marginal rate keeps back, which is ring-fenced; where a pool pays, it stays in the pool. debtor: the pool that owes it; "" is
    the payer. pool: of a pool, its account. facts: what it was settled with.
    """

    terms: Any
    bridges: Mapping[str, Bridge]
    due: Decimal
    kept: Decimal
    debtor: str = ""
    pool: PoolAccount | None = None
    facts: Any = None


@dataclass(frozen=True)
class Settled:
    """A contract settled for a span of its period. clauses: in the order of the chain. tax: the VAT of a clause that says nothing of its own.

    disputes: those that are known, as they stand.
    """

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
    def pools(self) -> list[PoolAccount]:
        """The account of each pool."""
        return [each.pool for each in self.clauses if each.pool]

    @property
    def net(self) -> Decimal:
        """What the clauses come to that no pool pays, before VAT."""
        return sum((each.due for each in self.clauses if not each.debtor), NOTHING)

    @property
    def taxes(self) -> tuple[TaxLine, ...]:
        """The VAT, a line for each clause that changes no other, on what of it is not in dispute; what pools owe too."""
        charged = [each for each in self.clauses if not (each.terms.shadow or each.pool)]
        return tax_lines(self.contract, [(e.terms.id, e.debtor, e.due - self.contested(e.terms.id)) for e in charged], self.tax)

    def contested(self, clause_id: str) -> Decimal:
        """What of a clause is in dispute or has fallen away."""
        return sum((each.frozen + each.conceded for each in self.disputes if each.dispute.clause_id == clause_id), NOTHING)

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
        """The VAT that the payer owes on what is due."""
        return sum((line.amount for line in self.taxes if not line.debtor), NOTHING)

    @property
    def irrecoverable_vat(self) -> Decimal:
        """The VAT that the payer does not get back."""
        return sum((line.lost for line in self.taxes if not line.debtor), NOTHING)

    @property
    def due(self) -> Decimal:
        """What the payer owes the payee now."""
        return self.due_net + self.vat

    @property
    def kept(self) -> Decimal:
        """What the payer keeps back in a ring-fenced account."""
        return sum((each.kept for each in self.clauses if not each.debtor), NOTHING)

    def whole(self) -> Bridge:
        """From nothing, clause by clause, less what pools pay and what is in dispute, and through VAT, to what is due."""
        bridge = Bridge(BridgeLine("before any clause", NOTHING))
        for each in (each for each in self.clauses if not (each.terms.shadow or each.pool)):
            bridge = bridge.then(BridgeLine(each.terms.id, each.due, f"what the clause '{each.terms.id}' ({each.terms.kind}) comes to"))
        for account in self.pools:
            paid = sum((each.due for each in self.clauses if each.debtor == account.id), NOTHING)
            if account.pays:
                bridge = bridge.then(BridgeLine(f"paid by {account.clause_id}", -paid, f"the pool pays {', '.join(account.pays)}"))
        bridge = bridge.then(*(_dispute_line(held) for held in self.disputes if held.frozen or held.conceded))
        return bridge.then(*(_vat_line(line) for line in self.taxes if not line.debtor))


def _dispute_line(held: Held) -> BridgeLine:
    of = held.dispute
    name = f"in dispute: {of.id}" if held.frozen else f"fallen away: {of.id}"
    return BridgeLine(name, -held.frozen - held.conceded, f"{of.raised_by} disputes {of.line}: {of.reason}; {held.stands}")


def _vat_line(line: TaxLine) -> BridgeLine:
    assert line.tax.rate is not None, "a line of VAT has a rate"
    lost = f"; {money(line.lost)} of it the payer does not get back" if line.lost else "; the payer gets it back"
    return BridgeLine(f"VAT on {line.clause_id}", line.amount, f"{percent(line.tax.rate)} of {money(line.net)}{lost}")


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
    owes = debtors(case.contract_id, case.contract)
    settled: list[SettledClause] = []
    for written in case.contract.chain():
        terms = to_date(with_rules_read(written, case.contract.period.start_date, case.known_on), case.span.part)
        if terms.kind == "pool":
            so_far = replace(so_far, lost_vat=_lost_vat(case, settled))
        one, facts = _clause(case, terms, so_far, owes.get(terms.id, ""))
        settled.append(one)
        so_far = replace(so_far, paid=_paid(so_far, one), settled={**so_far.settled, terms.id: (terms, facts)})
    return Settled(case.contract_id, case.contract, case.span, case.is_final, tuple(settled), case.tax)


def _lost_vat(case: Case, settled: list[SettledClause]) -> dict[str, Decimal]:
    """By clause, the VAT that a pool pays and nobody gets back."""
    so_far = Settled(case.contract_id, case.contract, case.span, case.is_final, tuple(settled), case.tax)
    return {line.clause_id: line.lost for line in so_far.taxes if line.debtor}


def _clause(case: Case, terms: Any, so_far: SoFar, debtor: str) -> tuple[SettledClause, Any]:
    kind, facts = kind_of(terms), facts_of(terms, so_far)
    paid = kind.settle(terms, facts)
    beside = {name: shown(terms, facts) for name, shown in kind.beside.items() if _is_shown(terms, facts, name)}
    bridges = {PAID: paid, **beside, **dict(_without_price(terms, so_far))}
    is_paid = not terms.shadow and terms.kind != "pool"
    due = paid.result - (paid.start.amount if _only_changes(terms) else NOTHING) if is_paid else NOTHING
    kept = -paid.steps[0].amount if terms.kind == "marginal_rate" and is_paid and not debtor else NOTHING
    account = account_of(case.contract_id, terms, facts) if terms.kind == "pool" and not terms.shadow else None
    return SettledClause(terms, bridges, due, kept, debtor, account, facts), facts


def _is_shown(terms: Any, facts: Any, name: str) -> bool:
    """Whether a bridge that is shown beside has all that it needs."""
    match name:
        case "provider_gain":
            return facts.cost is not None
        case "capped":
            return facts.before is not None
        case "volume_left":
            return facts.basis is not None and bool(facts.by_month)
        case "room_below_threshold":
            return terms.low_volume is not None
        case "shared_out":
            return terms.kind == "pool" or bool(terms.partners)
        case _:
            return True


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
        worked_out = on_basis(sum((t.worked_out for t in totals), NOTHING))
        because = f"{n} acts have no price by {terms.prices}: what they cost is not in the value{worked_out}"
        yield WITHOUT_PRICE, Bridge(BridgeLine("acts without a price", cost, because))


def _paid(so_far: SoFar, one: SettledClause) -> dict[str, Decimal]:
    """What each clause comes to with all that changed it: what a clause changes counts for the clause at the root, and so once."""
    root = root_of(so_far.contract, one.terms.id)
    return {**so_far.paid, root: so_far.paid.get(root, NOTHING) + one.due}
