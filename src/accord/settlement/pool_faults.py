"""What does not hold between a contract's pools and its other clauses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accord.clauses import pool
from accord.clauses.kinds import changed_by
from accord.place.toml_faults import Fault, did_you_mean
from accord.place.toml_lines import KeyPath
from accord.settlement.contract import Contract


def pool_faults(contract: Contract) -> Iterator[Fault]:
    """A clause that a pool names and that is not there, is not paid, or changes another; one that two pools pay; two caps on one thing."""
    payers: dict[str, str] = {}
    for n, clause in enumerate(contract.clause):
        if clause.kind != "pool":
            continue
        for path, id in _named(clause):
            for fault in _named_faults(contract, clause, path, id):
                yield Fault(("clause", n, *fault.path), fault.what, fault.what_to_do)
        for m, id in enumerate(() if clause.shadow else clause.pays):
            if payers.setdefault(id, clause.id) != clause.id:
                yield Fault(("clause", n, "pays", m), f"'{payers[id]}' pays for '{id}' too", "let one of the two pools pay for it")
    yield from _caps_twice(contract)


def _named(clause: Any) -> Iterator[tuple[KeyPath, str]]:
    yield from ((("pays", m), id) for m, id in enumerate(clause.pays))
    for m, paid_in in enumerate(clause.contributions):
        if isinstance(paid_in.amount, pool.PartOfClause):
            yield ("contributions", m, "amount", "clause"), paid_in.amount.clause


def _named_faults(contract: Contract, clause: Any, path: KeyPath, id: str) -> Iterator[Fault]:
    named = next((each for each in contract.clause if each.id == id), None)
    if named is None:
        others = [each.id for each in contract.clause if each.kind != "pool"]
        yield Fault(path, f"'{clause.id}' names '{id}', and no clause has that id", did_you_mean(id, others, "the other clauses are"))
    elif named.kind == "pool":
        yield Fault(path, f"'{id}' is a pool, and comes to nothing that the payer pays", "name a clause that pays for care or shares a result")
    elif (of := changed_by(named)) is not None:
        yield Fault(path, f"'{id}' only changes '{of}'", f"name '{of}': what changes it is in what it comes to")
    elif named.shadow:
        yield Fault(path, f"'{id}' is a shadow, and comes to nothing", "take shadow out there, or name another clause")


def _caps_twice(contract: Contract) -> Iterator[Fault]:
    seen: dict[tuple[str, str], str] = {}
    for n, clause in enumerate(contract.clause):
        if clause.kind == "cap" and not clause.shadow and clause.on != "payment":
            first = seen.setdefault((clause.of, clause.on), clause.id)
            if first != clause.id:
                what = f"'{first}' is a cap on the {clause.on} of '{clause.of}' too"
                yield Fault(("clause", n, "on"), what, "keep the one of the two that was agreed")
