"""Figures that no table holds yet, as the payer sends them: `figures/<contract>.toml` by clause, and `figures/payments.csv`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError

from accord.clauses.kinds import Kind, kind_of
from accord.clauses.terms import Id, Name, Written, exact
from accord.errors import UserError
from accord.place import line_of, read_model
from accord.place.csv_rows import read_rows
from accord.place.toml_faults import Fault, did_you_mean
from accord.settlement.contract import Contract

PAYMENTS_NAME = "payments.csv"


class Figures(Written):
    """The file of one contract. clause: by the id of a clause, the figures that it needs."""

    title: Name = Field(examples=["Quality results of 2025/26"])
    source: Name = Field(examples=["the commissioner's letter of 2026-06-02"])
    clause: dict[Id, dict[str, Any]] = Field(examples=[{"gain_share": {"benchmark": Decimal("5000000.00")}}])


@dataclass(frozen=True)
class Given:
    """The figures of one contract, by clause and key; and the file that holds them, or would. budgets: those that the place has set."""

    file: Path
    by_clause: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    budgets: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)

    def beside(self, budgets: Mapping[str, Mapping[str, Decimal]]) -> Given:
        """The same, with budgets for what the payer has not sent."""
        return replace(self, budgets=budgets)

    def of(self, clause: Any) -> Mapping[str, Any]:
        """What is given for a clause: what the payer sent goes before a budget."""
        return {**self.budgets.get(clause.id, {}), **self.by_clause.get(clause.id, {})}

    def missing(self, clause: Any, key: str, why: str = "which no table holds", *, part: str = "") -> UserError:
        """A figure that a clause needs and nobody has sent. part: of a figure of several, the one that is missing."""
        of = f" of '{part}'" if part else ""
        what = f"clause '{clause.id}' ({clause.kind}) needs the figure '{key}'{of}, {why} and the payer has not sent"
        line = line_of(self.file, ("clause", clause.id)) if self.file.is_file() else 0
        where = f"{self.file}, line {line}" if line else f"{self.file}, which is not there" if not self.file.is_file() else str(self.file)
        head = "" if self.file.is_file() else "write title and source, and "
        return UserError(what, where=where, what_to_do=f"{head}under [clause.{clause.id}] add {key} = {f'{{ {part} = … }}' if part else '…'}")


@dataclass(frozen=True)
class Payment:
    """One payment on account: its day, and its amount; below zero where it was paid back."""

    day: date
    amount: Decimal


def read_figures(folder: Path, contract_id: str, contract: Contract) -> Given:
    """What the payer sent for a contract; nothing where there is no file. Raises UserError for an unknown clause, key or kind of number."""
    file = folder / f"{contract_id}.toml"
    if not file.is_file():
        return Given(file)
    read = read_model(file, Figures, check=lambda figures: _faults(figures, contract))
    clauses = {clause.id: clause for clause in contract.clause}
    return Given(file, {id: {key: _typed(kind_of(clauses[id]), key, value) for key, value in keys.items()} for id, keys in read.clause.items()})


def read_payments(folder: Path, contract_id: str, contracts: frozenset[str], until: date) -> tuple[Payment, ...]:
    """The payments on account of one contract that were made by a day. contracts: those that a row may name. Raises UserError."""
    file = folder / PAYMENTS_NAME
    if not file.is_file():
        return ()
    found = []
    for row in read_rows(file, ("date", "contract", "amount")):
        named = row.text("contract")
        if named not in contracts:
            raise row.wrong("contract", f"is '{named}', and no contract has that name", did_you_mean(named, sorted(contracts), "there are"))
        payment = Payment(row.day("date"), row.number("amount"))
        if named == contract_id and payment.day <= until:
            found.append(payment)
    return tuple(sorted(found, key=lambda payment: (payment.day, payment.amount)))


NEVER_SENT = {
    "pool": ("comes_to", "paid_for"), "cap": ("before", "after"), "block": ("by_month", "n_months", "confidence"), "marginal_rate": ("costed",),
    "activity_price": ("worked_out",),
}  # fmt: skip
"""By kind, what follows from other clauses, the months, the run or the rulebook alone, so that no figure may say otherwise."""


def facts_keys(kind: Kind) -> list[str]:
    """The figures that a clause of a kind may be given."""
    return [each.name for each in fields(kind.facts) if each.name not in NEVER_SENT.get(kind.name, ())]


def _faults(read: Figures, contract: Contract) -> Iterator[Fault]:
    clauses = {clause.id: clause for clause in contract.clause}
    for id, keys in read.clause.items():
        if id not in clauses:
            yield Fault(("clause", id), f"the contract has no clause '{id}'", did_you_mean(id, list(clauses), "its clauses are"))
            continue
        kind = kind_of(clauses[id])
        for key, value in keys.items():
            yield from _key_faults(kind, ("clause", id, key), key, value)
        if kind.name == "pool":
            yield from _member_faults(clauses[id], id, keys)


def _member_faults(clause: Any, id: str, keys: Mapping[str, Any]) -> Iterator[Fault]:
    """Figures by member of who is none, and keys below zero, by which nothing can be divided."""
    weights = keys.get("weights") if isinstance(keys.get("weights"), dict) else {}
    tables: list[tuple[tuple[str, ...], Any]] = [(("weights", by), each) for by, each in (weights or {}).items()]
    tables += [(("contributed",), keys["contributed"])] if "contributed" in keys else []
    for path, table in tables:
        for member, number in table.items() if isinstance(table, dict) else ():
            if member not in clause.members:
                what = f"'{member}' is not a member of the pool"
                yield Fault(("clause", id, *path, member), what, did_you_mean(member, clause.members, "its members are"))
            elif isinstance(number, int | Decimal) and number < 0:
                yield Fault(("clause", id, *path, member), f"'{member}' goes by {number}, which is below zero", "write 0 or more")


def _key_faults(kind: Kind, path: tuple[str | int, ...], key: str, value: Any) -> Iterator[Fault]:
    if key not in facts_keys(kind):
        yield Fault(path, f"a {kind.name} has no figure '{key}'", did_you_mean(key, facts_keys(kind), "its figures are"))
        return
    try:
        _typed(kind, key, value)
    except ValidationError as error:
        yield Fault(path, f"'{key}' cannot be read: {error.errors()[0]['msg']}", "write amounts and rates as numbers with a point: 1250.00")


def _typed(kind: Kind, key: str, value: Any) -> Any:
    hint = get_type_hints(kind.facts)[key]
    return TypeAdapter(hint).validate_python(_exact(value))


def _exact(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _exact(each) for key, each in value.items()}
    return tuple(map(_exact, value)) if isinstance(value, list) else exact(value)
