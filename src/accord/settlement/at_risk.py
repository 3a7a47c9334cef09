"""A contract as its payee bears its risk: the clauses of a year, with their rules read; what its register has open; whose people and care."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from accord.clauses.rules import with_rules_read
from accord.engine import Session
from accord.errors import UserError
from accord.place import Place, read_model
from accord.settlement.budgeted import KEYS, budget_paths, budgets_of
from accord.settlement.care import acts_into
from accord.settlement.checking import read_contract
from accord.settlement.contract import Contract, Resident
from accord.settlement.figures import read_figures
from accord.settlement.register import Register, register_beside, register_faults
from accord.settlement.settling import contract_files
from accord.settlement.signing import OpenLine, readiness
from accord.settlement.span import Span, to_date

MONTHS = 12
OF_THE_PERIOD = (*KEYS.values(), "repriced")
"""The figures that are an amount of money for the whole period of a contract, known before the year is over."""


@dataclass(frozen=True)
class AtRisk:
    """One contract. clauses: every one that pays, in the order of settlement, its amounts those of a year.

    figures: by clause and key, what the payer sent or a budget that is set gives, of a year. population: registered or resident. open: as of the day
    of its register. reserve, people, yearly_price: the register's; None where there is no register, or it does not say. files: what was read.
    """

    contract_id: str
    contract: Contract
    clauses: tuple[Any, ...]
    figures: Mapping[str, Mapping[str, Any]]
    open: tuple[OpenLine, ...]
    reserve: Decimal | None
    people: int | None
    yearly_price: Decimal | None
    files: tuple[Path, ...]

    @property
    def population(self) -> str:
        """Whether people count who are registered or who are resident."""
        return "resident" if isinstance(self.contract.population, Resident) else "registered"


def contract_at_risk(place: Place, named: str, known_on: date) -> AtRisk:
    """A contract of a place, and its register if it has one. known_on: the day by which rules were published. Raises UserError."""
    ((contract_id, file),) = contract_files(place, named).items()
    contract = read_contract(file, place.root)
    beside = register_beside(file)
    register = read_model(beside, Register, check=lambda read: register_faults(read, contract)) if beside.is_file() else None
    part = _a_year(contract, file)
    figures, sent = _figures(place, contract, (contract_id, file), part)
    return AtRisk(
        contract_id, contract, tuple(_of_a_year(contract, part, known_on)), figures,
        _open(contract, register), register.reserve.amount if register else None, register.people if register else None,
        register.yearly_price if register else None, tuple(path for path in (file, beside, sent, *budget_paths(place, contract)) if path.is_file()),
    )  # fmt: skip


def acts_of(place: Place, session: Session, *, at: AtRisk | None) -> None:
    """Make the tables act and contract_member in a session over a run; without a contract nobody is a member."""
    acts_into(session, place, {at.contract_id: at.contract} if at else {})


def _a_year(contract: Contract, file: Path) -> Fraction:
    """By what the amounts of a contract's period are multiplied to be those of a year. Raises UserError."""
    start, end = contract.period.start_date, contract.period.end_date
    if start.day != 1 or end.day != 1:
        mend = "let the period begin and end with a month"
        raise UserError("the exposure is of a year, and the contract is not of whole months", where=f"{file}, period", what_to_do=mend)
    n_month = (end.year - start.year) * MONTHS + end.month - start.month
    return Fraction(MONTHS, n_month)


def _of_a_year(contract: Contract, part: Fraction, known_on: date) -> Iterator[Any]:
    for clause in contract.chain():
        if not clause.shadow:
            yield to_date(with_rules_read(clause, contract.period.start_date, known_on), part)


def _figures(place: Place, contract: Contract, named: tuple[str, Path], part: Fraction) -> tuple[dict[str, dict[str, Any]], Path]:
    """What the payer sent goes before a budget that is set; and where what it sent stands, or would."""
    contract_id, file = named
    budgets = budgets_of(place, contract, file, Span(contract.period.start_date, contract.period.end_date, part))
    given = read_figures(place.root / "figures", contract_id, contract)
    return {c.id: {**budgets.get(c.id, {}), **{key: _cut(key, each, part) for key, each in given.of(c).items()}} for c in contract.clause}, given.file


def _cut(key: str, figure: Any, part: Fraction) -> Any:
    return figure * part.numerator / part.denominator if key in OF_THE_PERIOD and isinstance(figure, Decimal) else figure


def _open(contract: Contract, register: Register | None) -> tuple[OpenLine, ...]:
    return readiness(contract, register, register.as_at).lines if register else ()
