"""Budgets that clauses name, as the place has set them: `budgets/<name>/<id>/budget.parquet`, the one that was kept last."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from accord.clauses.terms import Budget
from accord.clauses.walking import pennies
from accord.errors import UserError
from accord.place import Place, line_of
from accord.place.keeping import MANIFEST_NAME, kept
from accord.settlement.contract import Contract
from accord.settlement.span import Span

FOLDER = "budgets"
TABLE_NAME = "budget.parquet"
KEYS = {"capitation": "budget", "risk_corridor": "target", "shared_savings": "benchmark"}
"""By kind of clause, the key by which it names a budget: so is the figure called that holds its amount."""


def budget_names(root: Path) -> list[str]:
    """The budgets of a place: those that are written, and those that are set. root: its folder."""
    folder = root / FOLDER
    return sorted({each.stem for each in folder.iterdir() if each.is_dir() or each.suffix == ".toml"}) if folder.is_dir() else []


def budgets_of(place: Place, contract: Contract, file: Path, span: Span) -> dict[str, dict[str, Decimal]]:
    """By clause and key, what the payee has by each budget that is named and set, for the part of the period that is settled.

    A budget that nobody has set is left to the payer's figures. Raises UserError for one of other days than the contract's, and where
    several hold it and the payee is none of them.
    """
    found: dict[str, dict[str, Decimal]] = {}
    for n, clause, key, name in _named(contract):
        folder = _latest(place, name)
        if folder is not None:
            amount = _amount(folder, contract, file, (n, key, name))
            found[clause.id] = {key: pennies(amount * span.part.numerator / span.part.denominator)}
    return found


def budget_texts(place: Place, contract: Contract) -> Mapping[str, bytes]:
    """The files that budgets are read from, by their names in the place."""
    return {file.relative_to(place.root).as_posix(): file.read_bytes() for file in budget_paths(place, contract)}


def budget_paths(place: Place, contract: Contract) -> list[Path]:
    """The files that budgets are read from."""
    folders = [folder for _, _, _, name in _named(contract) if (folder := _latest(place, name)) is not None]
    return [folder / name for folder in folders for name in (TABLE_NAME, MANIFEST_NAME)]


def _named(contract: Contract) -> Iterator[tuple[int, Any, str, str]]:
    for n, clause in enumerate(contract.clause):
        key = KEYS.get(clause.kind)
        named = getattr(clause, key) if key else None
        if key and isinstance(named, Budget):
            yield n, clause, key, named.budget


def _latest(place: Place, name: str) -> Path | None:
    return max(kept(place.root / FOLDER / name), key=lambda folder: str(_said(folder)["created_at"]), default=None)


def _said(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / MANIFEST_NAME).read_bytes()))


def _amount(folder: Path, contract: Contract, file: Path, named: tuple[int, str, str]) -> Decimal:
    """What the payee has; of a budget that one alone holds, whoever it is, all of it."""
    n, key, name = named
    said, period = _said(folder), contract.period
    where = f"{file}, line {line_of(file, ('clause', n, key))}"
    if (date.fromisoformat(said["from"]), date.fromisoformat(said["to"])) != (period.start_date, period.end_date):
        what = f"the budget '{name}' is of {said['from']} to {said['to']}, and the contract of {period.start_date} to {period.end_date}"
        raise UserError(what, where=where, what_to_do="set a budget for the days of the contract, and name it")
    rows = pq.read_table(folder / TABLE_NAME).to_pylist()
    holders = sorted({row["organisation_id"] for row in rows})
    holder = holders[0] if len(holders) == 1 else contract.payee
    if holder not in holders:
        what = f"the budget '{name}' gives nothing to {contract.payee}"
        raise UserError(what, where=where, what_to_do=f"let it: it is held by {', '.join(holders[:20])}")
    return sum((row["amount"] for row in rows if row["organisation_id"] == holder), Decimal("0.00"))
