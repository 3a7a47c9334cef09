"""The register of a contract that is not signed yet: what is open beside it, what is set aside for that, and who sits on both sides.

It is a file of its own, of the contract's name, in the folder `open` beside it: the contract is what both sides sign, the register is why they may
or may not. It is no part of the contract, so nothing that settles contracts reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import Field

from accord.clauses.terms import Id, Listed, Money, Name, Written
from accord.place.toml_faults import Fault
from accord.settlement.contract import Contract

FOLDER = "open"


class OpenKind(StrEnum):
    """What can be open: the closed list."""

    clarification = "clarification"
    baseline = "baseline"
    vat = "vat"
    missing_data = "missing_data"


IN_WORDS = {
    OpenKind.clarification: "open clarifications",
    OpenKind.baseline: "disputed baseline",
    OpenKind.vat: "VAT that nobody has funded",
    OpenKind.missing_data: "missing data",
}


class Open(Written):
    """One thing that is not settled. value: what it may cost whoever bears it; without a value it cannot be held against any reserve."""

    id: Id = Field(examples=["cost-lines"])
    kind: Literal["clarification", "baseline", "missing_data"]
    about: Name = Field(examples=["costs that the bid left to be clarified"])
    value: Money | None = None
    opened_on: date = Field(examples=[date(2025, 4, 1)])
    closed_on: date | None = None
    reference: str = ""

    def is_open(self, on: date) -> bool:
        """Whether it was raised by that day, and not settled on or before it."""
        return self.opened_on <= on and (self.closed_on is None or on < self.closed_on)


class Vat(Written):
    """How VAT falls on the payee as it is constituted. value: what cannot be recovered. is_funded: whether somebody has agreed to pay it."""

    status: Literal["recoverable", "irrecoverable", "unknown"]
    legal_form: Name = Field(examples=["limited liability partnership"])
    is_funded: bool = False
    value: Money | None = None
    reference: str = ""


class Reserve(Written):
    """What is set aside for what is open. held_by: whose money it is."""

    amount: Money
    held_by: Id = Field(examples=["RMX"])
    agreed_on: date = Field(examples=[date(2025, 3, 1)])
    reference: str = ""


class Seat(Written):
    """Somebody who sits on a party's side, from a day and until another. handled: how a conflict is dealt with, where it is."""

    person: Name = Field(examples=["A. Marlow"])
    party: Id = Field(examples=["QMW"])
    role: Name = Field(examples=["member of the governing body"])
    start_date: date = Field(alias="from", examples=[date(2024, 4, 1)])
    end_date: date | None = Field(default=None, alias="until")
    handled: str = ""

    def is_taken(self, on: date) -> bool:
        """Whether the person sat there on that day."""
        return self.start_date <= on and (self.end_date is None or on < self.end_date)


class Register(Written):
    """The whole register, as at a day. yearly_price: of the contract's first year. people: whose care it is about, if that is known."""

    as_at: date = Field(examples=[date(2025, 4, 1)])
    yearly_price: Money
    people: int | None = Field(default=None, gt=0, examples=[850_000])
    reserve: Reserve
    vat: Vat
    open: Listed[Open] = ()
    seat: Listed[Seat] = ()


def register_beside(contract: Path) -> Path:
    """Where the register of a contract is."""
    return contract.parent / FOLDER / contract.name


def register_faults(register: Register, contract: Contract) -> Iterator[Fault]:
    """What does not hold between the keys of a register, and between it and its contract."""
    parties = (contract.payer, contract.payee)
    if register.yearly_price == 0:
        yield Fault(("yearly_price",), "the contract's first year costs nothing", "write the price of its first year")
    if register.reserve.held_by not in parties:
        yield Fault(("reserve", "held_by"), f"'{register.reserve.held_by}' is no side of this contract", f"write {' or '.join(parties)}")
    if register.reserve.agreed_on > register.as_at:
        yield Fault(("reserve", "agreed_on"), "the reserve is agreed after the day of the register", "write the day on which it was agreed")
    if register.vat.status == "recoverable" and register.vat.value:
        yield Fault(("vat", "value"), "VAT that is recoverable has no cost", 'take value out, or write status = "irrecoverable"')
    yield from _faults_of_open(register)
    for n, seat in enumerate(register.seat):
        if seat.party not in parties:
            yield Fault(("seat", n, "party"), f"'{seat.party}' is no side of this contract", f"write {' or '.join(parties)}")
        if seat.end_date is not None and seat.end_date <= seat.start_date:
            yield Fault(("seat", n, "until"), "the seat ends before it begins", "write the first day after it")


def _faults_of_open(register: Register) -> Iterator[Fault]:
    ids = [one.id for one in register.open]
    for n, one in enumerate(register.open):
        if one.id in ids[:n]:
            yield Fault(("open", n, "id"), f"two things are open under the name '{one.id}'", "give each a name of its own")
        if one.opened_on > register.as_at:
            yield Fault(("open", n, "opened_on"), "it is opened after the day of the register", "write the day it was raised, or a later as_at")
        if one.closed_on is not None and not one.opened_on <= one.closed_on <= register.as_at:
            what = "it is closed before it was opened, or after the day of the register"
            yield Fault(("open", n, "closed_on"), what, "write the day it was settled")
