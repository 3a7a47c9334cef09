"""Whether VAT is charged on what is due, by the payee's regime and clause by clause, and whether the payer gets it back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from accord.clauses.kinds import changed_by
from accord.clauses.terms import Vat
from accord.clauses.walking import NOTHING, pennies
from accord.errors import UserError
from accord.place import PlaceSettings, line_of
from accord.place.toml_faults import Fault
from accord.place.toml_lines import KeyPath
from accord.settlement.contract import Contract, root_of

CHARGES = ("standard",)
"""The regimes whose parties charge VAT on care: that of other bodies is exempt, or between public bodies no supply."""

NEVER_RECOVERS = ("exempt", "outside")


@dataclass(frozen=True)
class Tax:
    """VAT as it falls on what a clause comes to. rate: None where none is charged."""

    rate: Decimal | None = None
    is_recoverable: bool = True


@dataclass(frozen=True)
class TaxLine:
    """The VAT on one clause with all that changed it. debtor: the pool that owes it; "" is the payer."""

    clause_id: str
    debtor: str
    net: Decimal
    tax: Tax
    amount: Decimal

    @property
    def lost(self) -> Decimal:
        """What of it nobody gets back."""
        return NOTHING if self.tax.is_recoverable else self.amount


def tax_on(contract: Contract, clause_id: str, default: Tax) -> Tax:
    """The VAT of a clause that changes no other: its own, or the contract's."""
    own = next(clause.vat for clause in contract.clause if clause.id == clause_id)
    match own:
        case None:
            return default
        case Vat(rate=rate, recoverable=is_recoverable):
            return Tax(rate, is_recoverable)
        case _:
            return Tax()


def tax_lines(contract: Contract, dues: Iterable[tuple[str, str, Decimal]], default: Tax) -> tuple[TaxLine, ...]:
    """The VAT on each clause that changes no other, to the penny. dues: of each clause its id, who owes it, and what it comes to.

    Of clauses with one debtor and the same VAT the lines add up to the VAT on their sum: a line is what the rounded running total moves by.
    """
    nets: dict[tuple[str, str], Decimal] = {}
    for clause_id, debtor, due in dues:
        root = root_of(contract, clause_id)
        nets[root, debtor] = nets.get((root, debtor), NOTHING) + due
    running: dict[tuple[str, Tax], Decimal] = {}
    lines = []
    for (root, debtor), net in nets.items():
        tax = tax_on(contract, root, default)
        if tax.rate is not None:
            before = running.get((debtor, tax), NOTHING)
            running[debtor, tax] = before + net
            lines.append(TaxLine(root, debtor, net, tax, pennies((before + net) * tax.rate) - pennies(before * tax.rate)))
    return tuple(lines)


def tax_faults(contract: Contract, regimes: Mapping[str, str]) -> Iterator[Fault]:
    """VAT that does not go with the regimes of the two sides. regimes: by partner; a side that is no partner is another fault."""
    payer, payee = regimes.get(contract.payer), regimes.get(contract.payee)
    if payer is None or payee is None:
        return
    stated: list[tuple[KeyPath, Vat]] = [(("vat",), contract.vat)] if contract.vat else []
    stated += [(("clause", n, "vat"), clause.vat) for n, clause in enumerate(contract.clause) if isinstance(clause.vat, Vat)]
    for path, vat in stated:
        if payee not in CHARGES:
            what = f"{contract.payee} charges no VAT: its regime in place.toml is {payee}"
            yield Fault(path, what, "take vat out, or mend the partner's regime")
        elif vat.recoverable and payer in NEVER_RECOVERS:
            what = f"{contract.payer} gets no VAT back: its regime in place.toml is {payer}"
            yield Fault(path, what, "write recoverable = false: the VAT is a cost of the payer")
    if payee in CHARGES and contract.vat is None:
        yield from _unstated(contract, payee)


def _unstated(contract: Contract, regime: str) -> Iterator[Fault]:
    """Clauses of which nobody says at which rate. If it is all of them, the contract lacks its VAT; else each of them does."""
    charged = [(n, clause) for n, clause in enumerate(contract.clause) if _is_charged(clause)]
    lacking = [(n, clause) for n, clause in charged if clause.vat is None]
    charges = f"{contract.payee} charges VAT (its regime in place.toml is {regime}), and"
    mend = "add vat = { rate = 0.20, recoverable = false } with the rate and what the payer gets back"
    if lacking and len(lacking) == len(charged):
        yield Fault(("vat",), f"{charges} the contract does not say at which rate", mend)
        return
    for n, clause in lacking:
        yield Fault(("clause", n), f"{charges} neither '{clause.id}' nor the contract says at which rate", f'{mend}, or vat = "exempt"')


def _is_charged(clause: Any) -> bool:
    return not clause.shadow and changed_by(clause) is None and clause.kind != "pool"


def own_vat_faults(contract: Contract) -> Iterator[Fault]:
    """VAT of what has none of its own: a clause that changes another, or a pool."""
    for n, clause in enumerate(contract.clause):
        of = changed_by(clause)
        if clause.vat is not None and (of is not None or clause.kind == "pool"):
            what = f"'{clause.id}' changes '{of}', and has the VAT of that clause" if of else f"what a pool '{clause.id}' shares out is no supply"
            yield Fault(("clause", n, "vat"), what, f"take vat out, or write it into '{of}'" if of else "take vat out")


def tax_of(settings: PlaceSettings, contract: Contract, file: Path) -> Tax:
    """The VAT of a contract where a clause says nothing of its own. Raises UserError where terms and regimes do not go together."""
    for fault in tax_faults(contract, {partner.id: partner.vat for partner in settings.partner}):
        raise UserError(fault.what, where=f"{file}, line {line_of(file, fault.path)}", what_to_do=fault.what_to_do)
    return Tax() if contract.vat is None else Tax(contract.vat.rate, contract.vat.recoverable)
