"""What does not hold between the services of a contract's clauses: two that would pay for one act, and narrowings that narrow nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

from accord.clauses.kinds import prices_activity
from accord.clauses.services import Narrowed, name_of, overlap, said
from accord.place.toml_faults import Fault, did_you_mean
from accord.place.toml_lines import KeyPath
from accord.settlement.contract import Contract


def service_faults(contract: Contract) -> Iterator[Fault]:
    """Services that two clauses would both pay for, or that one clause has twice; and those that are narrowed to everything."""
    for n, clause in enumerate(contract.clause):
        for fault in _own_faults(getattr(clause, "services", ())):
            yield Fault(("clause", n, *fault.path), fault.what, fault.what_to_do)
    for (_, first), (n, second) in combinations(paying(contract), 2):
        for m, served in _both(first, second):
            what = f"'{first.id}' and '{second.id}' both pay for {said(served)}"
            mend = f"take {said(served)} out of the services of one, narrow it, or write shadow = true for the one that is only to be shown"
            yield Fault(("clause", n, "services", m), what, mend)


def paid_twice(contract: Contract, name: str, other: Contract) -> Iterator[Fault]:
    """Services that another contract between the same two sides pays for at the same time."""
    for (n, clause), (_, their) in product(paying(contract), paying(other)):
        for m, served in _both(their, clause):
            what = f"'{clause.id}' pays for {said(served)}, and so does '{their.id}' of contract '{name}' between the same two sides"
            mend = f"take {said(served)} out of one, narrow it, part their periods, or write shadow = true for what is only to be shown"
            yield Fault(("clause", n, "services", m), what, mend)


def paying(contract: Contract) -> list[tuple[int, Any]]:
    """The clauses that pay for activity, with their places in the file."""
    return [(n, clause) for n, clause in enumerate(contract.clause) if prices_activity(clause) and not clause.shadow]


def changed_services(clause: Any, changed: Any, path: KeyPath = ("services",)) -> Iterator[Fault]:
    """Services of a clause that changes another which does not pay for them so: what was done is known by the other's services, each as a whole."""
    theirs = list(map(said, changed.services))
    for n, served in enumerate(getattr(clause, "services", ())):
        others = [said(each) for each in changed.services if each not in clause.services and name_of(each) == name_of(served)]
        if served not in changed.services:
            what = f"'{clause.id}' is about {said(served)}, which '{changed.id}' does not pay for"
            yield Fault((*path, n), what, did_you_mean(said(served), theirs, f"'{changed.id}' pays for"))
        elif others:
            what = f"'{clause.id}' is about {said(served)}, and '{changed.id}' pays for {', '.join(others)} too"
            yield Fault((*path, n), what, f"name every part of {name_of(served)}, or give it a clause of its own that prices it")


def _own_faults(services: tuple[str | Narrowed, ...]) -> Iterator[Fault]:
    for n, served in enumerate(services):
        if isinstance(served, Narrowed) and not (served.specialty or served.codes):
            yield Fault(("services", n), f"{served.service} is narrowed to nothing", f'write "{served.service}", or add specialty or codes')
        first = next((each for each in services[:n] if overlap(each, served) and not (isinstance(each, str) and each == served)), None)
        if first is not None:
            what = f"{said(served)} and {said(first)} have acts in common"
            yield Fault(("services", n), what, "narrow them so that no act is of both, or keep one")


def _both(first: Any, second: Any) -> list[tuple[int, str | Narrowed]]:
    return [(m, served) for m, served in enumerate(second.services) if any(overlap(served, each) for each in first.services)]
