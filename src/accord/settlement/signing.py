"""May it be signed? What is open beside a contract, held against what is set aside for it; and who sits on both sides of the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import sqrt
from pathlib import Path

from accord.clauses.walking import money
from accord.errors import UserError
from accord.place.toml import every_fault
from accord.settlement.checking import check_contract
from accord.settlement.contract import Contract
from accord.settlement.register import FOLDER, IN_WORDS, OpenKind, Register, Seat, Vat, register_beside, register_faults
from accord.settlement.ruled import covers, rule_at

SPREAD = "england/person_cost_variation"
NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class OpenLine:
    """One thing that is open, with what it may cost; None if nobody has said. id: as the register has it; VAT has no other."""

    kind: OpenKind
    about: str
    value: Decimal | None
    reference: str = ""
    id: str = OpenKind.vat


@dataclass(frozen=True)
class Conflict:
    """Somebody who sits on both sides on the same day. handled: how that is dealt with; empty if nobody has said."""

    person: str
    for_payer: str
    for_payee: str
    handled: str


@dataclass(frozen=True)
class Readiness:
    """Whether a contract may be signed on a day. reasons: why not, each a sentence."""

    title: str
    on: date
    yearly_price: Decimal
    reserve: Decimal
    lines: tuple[OpenLine, ...]
    conflicts: tuple[Conflict, ...]
    reasons: tuple[str, ...]
    lucks: float | None

    @property
    def open_total(self) -> Decimal:
        """What is open together, as far as it has a value."""
        return sum((line.value for line in self.lines if line.value is not None), NOTHING)

    @property
    def part_of_price(self) -> Decimal:
        """What is open as part of the first year's price."""
        return self.open_total / self.yearly_price

    @property
    def may_be_signed(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.reasons

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to find: it may be signed, and every conflict of interest is dealt with."""
        return self.may_be_signed and all(conflict.handled for conflict in self.conflicts)


def read_for_signing(file: Path, place: Path | None) -> tuple[Contract | None, Register | None, tuple[UserError, ...]]:
    """A contract and its register, with every fault of the first; or, if it has none, every fault of the second. Raises UserError."""
    checked = check_contract(file, place)
    if checked.contract is None or checked.faults:
        return None, None, checked.faults
    contract, beside = checked.contract, register_beside(file)
    if not beside.is_file():
        keys = "as_at, yearly_price, [reserve], [vat], and one [[open]] for each thing that is not settled"
        mend = f"write {FOLDER}/{beside.name} beside the contract, with {keys}"
        raise UserError("the contract has no register of what is open, so nobody can say whether to sign", where=str(beside), what_to_do=mend)
    register, faults = every_fault(beside, Register, check=lambda read: register_faults(read, contract))
    return contract, register, tuple(faults)


def readiness(contract: Contract, register: Register, on: date) -> Readiness:
    """The kernel: what was open on a day, and the reasons against signing on it."""
    lines = (*(OpenLine(OpenKind(o.kind), o.about, o.value, o.reference, o.id) for o in register.open if o.is_open(on)), *_unfunded(register.vat))
    conflicts = tuple(_conflicts(contract, [seat for seat in register.seat if seat.is_taken(on)]))
    reserve = register.reserve.amount if register.reserve.agreed_on <= on else NOTHING
    reasons = tuple(_reasons(lines, reserve))
    open_total = sum((line.value for line in lines if line.value is not None), NOTHING)
    lucks = _lucks(float(open_total / register.yearly_price), register.people, contract.period.start_date)
    return Readiness(contract.title, on, register.yearly_price, reserve, lines, conflicts, reasons, lucks)


def _unfunded(vat: Vat) -> Iterator[OpenLine]:
    if vat.status == "unknown":
        yield OpenLine(OpenKind.vat, f"how VAT falls on a {vat.legal_form} is not known", vat.value, vat.reference)
    elif vat.status == "irrecoverable" and not vat.is_funded:
        yield OpenLine(OpenKind.vat, f"VAT that a {vat.legal_form} cannot recover", vat.value, vat.reference)


def _reasons(lines: tuple[OpenLine, ...], reserve: Decimal) -> Iterator[str]:
    known = {kind: sum((o.value for o in lines if o.kind == kind and o.value is not None), NOTHING) for kind in OpenKind}
    total = sum(known.values(), NOTHING)
    if total > reserve:
        parts = ", ".join(f"{IN_WORDS[kind]} {money(value)}" for kind, value in known.items() if value)
        yield f"what is open comes to {money(total)} ({parts}), and the reserve is {money(reserve)}: {money(total - reserve)} is nobody's"
    for line in lines:
        if line.value is None:
            yield f"no value is set on '{line.about}' ({IN_WORDS[line.kind]}), so no reserve can be shown to bear it"


def _conflicts(contract: Contract, seats: list[Seat]) -> Iterator[Conflict]:
    """Each pair of seats that one person has on both sides. A name is compared without regard to case and blanks."""
    for ours in (seat for seat in seats if seat.party == contract.payer):
        for theirs in (seat for seat in seats if seat.party == contract.payee):
            if _same(ours.person) == _same(theirs.person):
                yield Conflict(theirs.person, ours.role, theirs.role, theirs.handled or ours.handled)


def _same(person: str) -> str:
    return " ".join(person.casefold().split())


def _lucks(part: float, people: int | None, day: date) -> float | None:
    """How many standard deviations of a year's luck this part of the price is; None where the people or the spread of their cost are not known."""
    if people is None or not covers(SPREAD, day):
        return None
    return part / (float(rule_at(SPREAD, day)) / sqrt(people))


def day_of_signing(register: Register, file: Path, on: date | None) -> date:
    """The day that was asked for, or else the register's. Raises UserError for a day of which the register cannot know."""
    if on is not None and on > register.as_at:
        mend = "bring the register up to date, and write its new as_at"
        raise UserError(f"the register is as at {register.as_at}, and does not know {on}", where=str(register_beside(file)), what_to_do=mend)
    return on or register.as_at
