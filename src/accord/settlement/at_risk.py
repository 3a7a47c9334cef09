"""A contract as whoever has its budget bears its risk: the clauses in order, with their rules read, and what its register has open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from accord.clauses.rules import with_rules_read
from accord.place import Place, read_model
from accord.settlement.checking import read_contract
from accord.settlement.contract import Contract
from accord.settlement.register import Register, register_beside, register_faults
from accord.settlement.settling import contract_files
from accord.settlement.signing import OpenLine, readiness


@dataclass(frozen=True)
class AtRisk:
    """One contract. clauses: every one that pays, in the order of settlement. services: that it prices. open: as of the day of its register.

    reserve, people, yearly_price: the register's; None where there is no register, or it does not say. files: what was read.
    """

    contract_id: str
    holder: str
    start_date: date
    clauses: tuple[Any, ...]
    services: tuple[str, ...]
    open: tuple[OpenLine, ...]
    reserve: Decimal | None
    people: int | None
    yearly_price: Decimal | None
    files: tuple[Path, ...]


def contract_at_risk(place: Place, named: str, known_on: date) -> AtRisk:
    """A contract of a place, and its register if it has one. known_on: the day by which rules were published. Raises UserError."""
    ((contract_id, file),) = contract_files(place, named).items()
    contract = read_contract(file, place.root)
    beside = register_beside(file)
    register = read_model(beside, Register, check=lambda read: register_faults(read, contract)) if beside.is_file() else None
    return AtRisk(
        contract_id, contract.payee, contract.period.start_date,
        tuple(with_rules_read(clause, contract.period.start_date, known_on) for clause in contract.chain() if not clause.shadow),
        tuple(sorted({service for clause in contract.pricing if not clause.shadow for service in clause.services})),
        _open(contract, register), register.reserve.amount if register else None, register.people if register else None,
        register.yearly_price if register else None, (file, beside) if register else (file,),
    )  # fmt: skip


def _open(contract: Contract, register: Register | None) -> tuple[OpenLine, ...]:
    return readiness(contract, register, register.as_at).lines if register else ()
