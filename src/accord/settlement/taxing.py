"""Whether VAT is charged on what is due, by the payee's regime, and whether the payer gets it back."""

from __future__ import annotations

from pathlib import Path

from accord.errors import UserError
from accord.place import PlaceSettings, line_of
from accord.settlement.chain import Tax
from accord.settlement.contract import Contract

CHARGES = ("standard",)
"""The regimes whose parties charge VAT on care: that of other bodies is exempt, or between public bodies no supply."""

NEVER_RECOVERS = ("exempt", "outside")


def tax_of(settings: PlaceSettings, contract: Contract, file: Path) -> Tax:
    """The VAT of a contract. Raises UserError where its terms and the regimes in place.toml do not go together."""
    regimes = {partner.id: partner.vat for partner in settings.partner}
    payer, payee = regimes[contract.payer], regimes[contract.payee]
    if payee not in CHARGES:
        if contract.vat is not None:
            what = f"{contract.payee} charges no VAT: its regime in place.toml is {payee}"
            raise _fault(file, what, "take vat out, or mend the partner's regime")
        return Tax()
    if contract.vat is None:
        what = f"{contract.payee} charges VAT (its regime in place.toml is {payee}), and the contract does not say at which rate"
        raise _fault(file, what, "add vat = { rate = 0.20, recoverable = false } with the rate and what the payer gets back")
    if contract.vat.recoverable and payer in NEVER_RECOVERS:
        what = f"{contract.payer} gets no VAT back: its regime in place.toml is {payer}"
        raise _fault(file, what, "write recoverable = false: the VAT is a cost of the payer")
    return Tax(contract.vat.rate, contract.vat.recoverable)


def _fault(file: Path, what: str, mend: str) -> UserError:
    return UserError(what, where=f"{file}, line {line_of(file, ('vat',))}", what_to_do=mend)
