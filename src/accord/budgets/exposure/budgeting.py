"""Against what the cost of a year is held: the budget that somebody has set, and who; or, where nobody has, what is expected."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from accord.budgets.capitation import MANAGEMENT
from accord.budgets.exposure.covering import Amounts, Cover
from accord.budgets.setting import file_of, in_order
from accord.clauses.risk_corridor import Agreed
from accord.clauses.walking import pennies
from accord.errors import UserError
from accord.place import Place
from accord.place.keeping import MANIFEST_NAME
from accord.rulebook import services

TABLE_NAME = "budget.parquet"
MONTHS = 12


@dataclass(frozen=True)
class Held:
    """A budget of a year, and by what it is so, in words. amount: None where nobody says. services: of one that is set, those that it is for."""

    amount: Decimal | None
    said_by: str
    services: tuple[str, ...] = ()


NOBODY = Held(None, "")
"""Nobody says what the budget is."""


def set_budget_of(place: Place, name: str, organisation: str | None) -> tuple[Held, Path]:
    """What a budget of the place gives in a year, to one organisation or to all, as it was set last; and where it is kept. Raises UserError."""
    file, kept = file_of(place, name), in_order(place, name)
    if not kept:
        raise UserError(f"the budget '{name}' is written, and was never set", where=str(file), what_to_do=f"set it: accord budget set {name}")
    folder = kept[-1]
    rows = pq.read_table(folder / TABLE_NAME).to_pylist()
    holders = sorted({row["organisation_id"] for row in rows})
    if organisation is not None and organisation not in holders:
        what = f"the budget '{name}' gives nothing to '{organisation}'"
        raise UserError(what, where=str(file), what_to_do=f"it is held by {', '.join(holders[:20])}")
    amount = sum((row["amount"] for row in rows if organisation in (None, row["organisation_id"])), Decimal(0))
    said = json.loads((folder / MANIFEST_NAME).read_bytes())
    start, end = date.fromisoformat(said["from"]), date.fromisoformat(said["to"])
    n_month = (end.year - start.year) * MONTHS + end.month - start.month
    said_by = f"accord budget set {name}, of {start} to {end}"
    return Held(pennies(amount * MONTHS / max(1, n_month)), said_by, _services({row["service"] for row in rows})), folder / TABLE_NAME


def _services(of_budget: set[str]) -> tuple[str, ...]:
    """Those that acts of care are of; none where the budget has parts of its own, such as types of enrolment, which could be of any care."""
    care = sorted(of_budget - {MANAGEMENT})
    return tuple(care) if {name for name, _, _ in services()}.issuperset(care) else ()


def of_gains(clauses: Sequence[Any], figures: Any) -> Held:
    """The target or the benchmark that the contract's own sharing is held against."""
    for clause in clauses:
        if clause.kind == "risk_corridor":
            agreed = clause.target.amount if isinstance(clause.target, Agreed) else figures.get(clause.id, {}).get("target")
            return Held(agreed, f"the target of '{clause.id}'")
        if clause.kind == "shared_savings":
            return Held(figures.get(clause.id, {}).get("benchmark"), f"the benchmark of '{clause.id}'")
        if clause.kind == "pool" and all(isinstance(each.amount, Decimal) for each in clause.contributions):
            return Held(sum((each.amount for each in clause.contributions), Decimal(0)), f"what is paid into '{clause.id}'")
    return NOBODY


def of_clauses(covers: Sequence[Cover], expected: Mapping[str, Amounts]) -> Held:
    """What the clauses that leave a risk pay for the care that is expected. expected: by clause and service, in a year."""
    paid = [cover.paid(expected[cover.id]) for cover in covers]
    known = [amount for amount in paid if amount is not None]
    if not known or len(known) < len(paid):
        return NOBODY
    names = ", ".join(f"'{cover.id}'" for cover in covers)
    return Held(pennies(sum(known, Decimal(0))), f"what {names} {'pays' if len(covers) == 1 else 'pay'} for care as it is expected")
