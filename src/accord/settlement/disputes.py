"""Disputes of a contract's lines: `disputes/<contract>.toml`, which either party writes, and how each stands on a day."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from accord.clauses.terms import Id, Listed, Money, Name, Written, exact
from accord.clauses.walking import money
from accord.errors import UserError
from accord.place import read_model
from accord.place.toml_faults import Fault, did_you_mean
from accord.settlement.contract import Contract
from accord.settlement.pooling import debtors

FOLDER = "disputes"
PAID_BRIDGE = "paid"
NOTHING = Decimal("0.00")
_LINE_PARTS = 4
Contested = Annotated[Decimal, BeforeValidator(exact), Field(gt=0, max_digits=18, decimal_places=2, examples=[Decimal("5000.00")])]


class Agreed(Written):
    """The two sides have met: what of the amount in dispute stands after all. The rest falls away."""

    agreed: Money = Field(examples=[Decimal("2000.00")])


class Dispute(Written):
    """One line that a party does not accept. line: as the statement names it (CONTRACT/CLAUSE/BRIDGE/NUMBER), or a clause for all it comes to.

    amount: how much of the line, without a sign. answer_by: the last day for an answer, as the contract says: no rule of the rulebook says it.
    outcome: `upheld`, the amount falls away; `rejected`, the line stands; or what was agreed. Either both resolved_on and outcome, or neither.
    """

    id: Id = Field(examples=["coding-q2"])
    line: Name = Field(examples=["hospital/emergency/paid/0"])
    raised_by: Id = Field(examples=["QMW"])
    raised_on: date = Field(examples=[date(2025, 9, 20)])
    reason: Name = Field(examples=["twelve stays are coded with a complication that the notes do not have"])
    amount: Contested
    answer_by: date = Field(examples=[date(2025, 10, 18)])
    resolved_on: date | None = None
    outcome: Literal["upheld", "rejected"] | Agreed | None = None
    reference: str = ""

    @property
    def clause_id(self) -> str:
        """The clause whose line it is."""
        return self.line.split("/")[1] if "/" in self.line else self.line

    @property
    def number(self) -> int | None:
        """The number of the line in the bridge of what is paid; None of the whole clause."""
        return int(self.line.split("/")[-1]) if "/" in self.line else None

    def is_resolved(self, on: date) -> bool:
        """Whether it was decided by that day."""
        return self.resolved_on is not None and self.resolved_on <= on

    def frozen(self, on: date) -> Decimal:
        """What of the line is not due on a day because nobody has decided: without a sign."""
        return NOTHING if self.is_resolved(on) else self.amount

    def conceded(self, on: date) -> Decimal:
        """What of the line has fallen away by a day: without a sign."""
        if not self.is_resolved(on) or self.outcome == "rejected":
            return NOTHING
        return self.amount - (self.outcome.agreed if isinstance(self.outcome, Agreed) else NOTHING)

    def stands(self, on: date) -> str:
        """How it stands on a day, in words: its clock, or how it was decided."""
        if self.is_resolved(on):
            how = f"agreed that {money(self.outcome.agreed)} stands" if isinstance(self.outcome, Agreed) else str(self.outcome)
            return f"{how} on {self.resolved_on}"
        if on == date.max:  # a monthly file alone: no day is known
            return f"answer by {self.answer_by}"
        left = (self.answer_by - on).days
        days = f"{abs(left)} day{'' if abs(left) == 1 else 's'}"
        return f"answer by {self.answer_by}: {days} {'left' if left >= 0 else 'overdue'}"


class Disputes(Written):
    """The file of one contract."""

    dispute: Listed[Dispute] = Field(min_length=1)


@dataclass(frozen=True)
class Held:
    """A dispute as a settlement meets it. frozen: what of it is not due yet; conceded: what fell away; both signed as the line is."""

    dispute: Dispute
    frozen: Decimal
    conceded: Decimal
    stands: str


@dataclass(frozen=True)
class Raised:
    """The disputes of one contract, and the file that holds them, or would. Each with its place in the file."""

    file: Path
    disputes: tuple[tuple[int, Dispute], ...] = ()

    def by(self, day: date) -> Raised:
        """Those that were raised by a day: what came later is not known yet."""
        return Raised(self.file, tuple((n, each) for n, each in self.disputes if each.raised_on <= day))


def read_disputes(folder: Path, contract_id: str, contract: Contract) -> Raised:
    """The disputes of a contract; none where there is no file. folder: the place's disputes/. Raises UserError with the line of the fault."""
    file = folder / f"{contract_id}.toml"
    if not file.is_file():
        return Raised(file)
    read = read_model(file, Disputes, check=lambda disputes: dispute_faults(disputes, contract_id, contract))
    return Raised(file, tuple(enumerate(read.dispute)))


def check_names(folder: Path, contracts: Collection[str]) -> None:
    """Make sure that every file of disputes is of a contract, so that none is passed over. Raises UserError."""
    for file in sorted(folder.glob("*.toml")):
        if file.stem not in contracts:
            mend = did_you_mean(file.stem, sorted(contracts), "call the file as the contract's; the contracts are")
            raise UserError(f"{FOLDER}/{file.name} is of no contract of the place", where=str(file), what_to_do=mend)


def dispute_faults(read: Disputes, contract_id: str, contract: Contract) -> Iterator[Fault]:
    """What does not hold between the keys of disputes, or between them and the contract."""
    ids = [each.id for each in read.dispute]
    for n, each in enumerate(read.dispute):
        if each.id in ids[:n]:
            yield Fault(("dispute", n, "id"), f"two disputes are called '{each.id}'", "give each a name of its own")
        if each.raised_by not in (contract.payer, contract.payee):
            what = f"'{each.raised_by}' is no party of this contract"
            yield Fault(("dispute", n, "raised_by"), what, f"write {contract.payer} or {contract.payee}")
        for fault in (*_day_faults(each, contract), *_line_faults(each, contract_id, contract)):
            yield Fault(("dispute", n, *fault.path), fault.what, fault.what_to_do)


def _day_faults(each: Dispute, contract: Contract) -> Iterator[Fault]:
    if each.raised_on < contract.period.start_date:
        what = f"it is raised on {each.raised_on}, and the contract begins on {contract.period.start_date}"
        yield Fault(("raised_on",), what, "write the day on which it was raised")
    if each.answer_by < each.raised_on:
        yield Fault(("answer_by",), f"an answer is due by {each.answer_by}, before it is raised", "write the last day for an answer")
    if each.resolved_on is not None and each.resolved_on < each.raised_on:
        yield Fault(("resolved_on",), f"it is resolved on {each.resolved_on}, before it is raised", "write the day on which it was decided")
    if (each.resolved_on is None) != (each.outcome is None):
        key = "outcome" if each.resolved_on is None else "resolved_on"
        mend = 'write both resolved_on and outcome ("upheld", "rejected" or { agreed = 2000.00 }), or neither'
        yield Fault((key,), "a dispute that is resolved has a day and an outcome, and one of the two is missing", mend)
    if isinstance(each.outcome, Agreed) and each.outcome.agreed > each.amount:
        what = f"{money(each.outcome.agreed)} is agreed, and only {money(each.amount)} is in dispute"
        yield Fault(("outcome", "agreed"), what, "write what of the amount in dispute stands after all")


def _line_faults(each: Dispute, contract_id: str, contract: Contract) -> Iterator[Fault]:
    parts = each.line.split("/")
    if len(parts) not in (1, _LINE_PARTS) or (len(parts) == _LINE_PARTS and not (parts[3].isascii() and parts[3].isdecimal())):
        yield Fault(("line",), f"'{each.line}' is no line of a statement", _how_to_write(contract_id, contract))
        return
    clauses: dict[str, Any] = {clause.id: clause for clause in contract.clause}
    if len(parts) == _LINE_PARTS and parts[0] != contract_id:
        yield Fault(("line",), f"'{each.line}' is a line of the contract '{parts[0]}'", f"write it into {FOLDER}/{parts[0]}.toml")
    elif each.clause_id not in clauses:
        yield Fault(("line",), f"the contract has no clause '{each.clause_id}'", did_you_mean(each.clause_id, list(clauses), "its clauses are"))
    elif clauses[each.clause_id].shadow or (len(parts) == _LINE_PARTS and parts[2] != PAID_BRIDGE):
        yield Fault(("line",), f"'{each.line}' is shown and not paid", f"name a line of the bridge '{PAID_BRIDGE}' of a clause that pays")
    elif each.clause_id in debtors(contract_id, contract) or clauses[each.clause_id].kind == "pool":
        mend = f"{contract.payer} and {contract.payee} may freeze what stands between them; agree with the members of the pool what it pays"
        yield Fault(("line",), f"'{each.line}' is a matter of a pool, which is no party of a dispute", mend)


def _how_to_write(contract_id: str, contract: Contract) -> str:
    first = contract.clause[0].id
    return f"write CONTRACT/CLAUSE/BRIDGE/NUMBER as the statement has it, such as {contract_id}/{first}/{PAID_BRIDGE}/0, or a clause: {first}"
