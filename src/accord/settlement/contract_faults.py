"""What does not hold between the keys of a contract, or between it and its place: each fault with the key it is about and the mend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from accord.clauses.kinds import KINDS, Role, changed_by, kind_of, prices_activity
from accord.clauses.lists import repeated
from accord.clauses.rules import rule_faults
from accord.clauses.terms import PartOf
from accord.place.toml_faults import Fault, did_you_mean
from accord.place.toml_lines import KeyPath
from accord.settlement.contract import Contract
from accord.settlement.facts import CAPPED_KINDS
from accord.settlement.pool_faults import pool_faults
from accord.settlement.prices import price_faults
from accord.settlement.scoping import earlier_span
from accord.settlement.service_faults import changed_services, paid_twice, service_faults
from accord.settlement.taxing import own_vat_faults, tax_faults

_DAY = timedelta(days=1)
_NAMES_FIGURES = ("budget", "need", "gate", "measure")
_OF_THE_CLAUSE = ("benchmark", "target", "budget")
"""What a part may be of without being a budget by name: the figure so called of the clause that is changed."""


@dataclass(frozen=True)
class Surroundings:
    """Where a contract stands. partners and figures: ids of the place's partners, and of the sources and budgets that may hold figures;
    None: no place.

    regimes: of each partner, its VAT regime.
    others: the contracts beside it that can be read, by the names of their files. name: its own file's. prices: the place's folder of price lists.
    """

    partners: Sequence[str] | None = None
    regimes: Mapping[str, str] = field(default_factory=dict)
    figures: Sequence[str] | None = None
    others: Mapping[str, Contract] = field(default_factory=dict)
    name: str = ""
    prices: Path | None = None


def contract_faults(contract: Contract, around: Surroundings) -> Iterator[Fault]:
    """Every fault of a contract whose keys are each well formed."""
    yield from _period_faults(contract)
    yield from _party_faults(contract, around)
    yield from repeated("clause", [clause.id for clause in contract.clause])
    yield from _words_twice(contract)
    yield from service_faults(contract)
    yield from own_vat_faults(contract)
    yield from tax_faults(contract, around.regimes)
    yield from pool_faults(contract)
    if contract.under is not None:
        yield from _head_faults(contract, contract.under, around)
    yield from _other_faults(contract, around)
    if around.prices is not None:
        yield from price_faults(around.prices, contract)
    for n, clause in enumerate(contract.clause):
        for fault in _clause_faults(contract, clause, around):
            yield Fault(("clause", n, *fault.path), fault.what, fault.what_to_do)


def _period_faults(contract: Contract) -> Iterator[Fault]:
    start, end = contract.period.start_date, contract.period.end_date
    if end <= start:
        mend = "'from' is the first day in and 'to' the first day out, so 'to' must be later"
        yield Fault(("period", "to"), f"the period ends ({end}) before or as it starts ({start})", mend)


def _party_faults(contract: Contract, around: Surroundings) -> Iterator[Fault]:
    if contract.payer == contract.payee:
        yield Fault(("payee",), f"'{contract.payee}' would pay itself", "name the two sides of the contract")
    for path, party in _parties(contract):
        if around.partners is not None and party not in around.partners:
            what = f"'{party}' is not a partner of the place"
            yield Fault(path, what, did_you_mean(party, around.partners, "the partners are"))


def _parties(contract: Contract) -> Iterator[tuple[KeyPath, str]]:
    """Everyone that the contract names, with the path of the key that does."""
    yield ("payer",), contract.payer
    yield ("payee",), contract.payee
    population = getattr(contract.population, "registered_with", ())
    yield from ((("population", "registered_with", n), each) for n, each in enumerate(population) if isinstance(population, tuple))
    if isinstance(population, str) and population != "partners":
        yield ("population", "registered_with"), population
    for n, clause in enumerate(contract.clause):
        yield from ((("clause", n, "members", m), member) for m, member in enumerate(getattr(clause, "members", ())))
        yield from ((("clause", n, "partners", m, "id"), p.id) for m, p in enumerate(getattr(clause, "partners", None) or ()))


def _words_twice(value: Any, path: KeyPath = ()) -> Iterator[Fault]:
    """A word that a list has twice: a service, a member, an exclusion."""
    if isinstance(value, BaseModel):
        for name, held in type(value).model_fields.items():
            yield from _words_twice(getattr(value, name), (*path, held.alias or name))
    for n, each in enumerate(value if isinstance(value, tuple) else ()):
        yield from _words_twice(each, (*path, n))
        if isinstance(each, str) and each in value[:n]:
            yield Fault((*path, n), f"'{each}' stands in {path[-1]} twice", "keep one of the two")


def _other_faults(contract: Contract, around: Surroundings) -> Iterator[Fault]:
    """Services that another contract between the same two sides pays for at the same time."""
    for name, other in around.others.items():
        if (other.payer, other.payee) == (contract.payer, contract.payee) and _overlap(contract, other):
            yield from paid_twice(contract, name, other)


def _head_faults(contract: Contract, under: str, around: Surroundings) -> Iterator[Fault]:
    head = around.others.get(under)
    if under == around.name:
        yield Fault(("under",), "the contract is under itself", "name the contract by which its payer is paid, or take 'under' out")
    elif head is None:
        what = f"there is no contract '{under}' beside this one that could be read"
        yield Fault(("under",), what, did_you_mean(under, list(around.others), "the contracts are"))
    elif head.payee != contract.payer:
        what = f"the payer of a subcontract is the payee of the one above it, and '{under}' pays {head.payee}, not {contract.payer}"
        yield Fault(("payer",), what, f'write payer = "{head.payee}", or mend under')
    elif contract.period.start_date < head.period.start_date or contract.period.end_date > head.period.end_date:
        what = f"the period goes beyond that of '{under}', {head.period.start_date} to {head.period.end_date}"
        yield Fault(("period",), what, "keep within it")


def _overlap(one: Contract, other: Contract) -> bool:
    return one.period.start_date < other.period.end_date and other.period.start_date < one.period.end_date


def _clause_faults(contract: Contract, clause: Any, around: Surroundings) -> Iterator[Fault]:
    yield from kind_of(clause).faults(clause)
    yield from rule_faults(clause, contract.period.start_date)
    yield from _of_faults(contract, clause)
    yield from _date_faults(contract, clause)
    yield from _loss_faults(clause)
    if around.figures is not None:
        yield from _figure_faults(clause, around.figures)


def _of_faults(contract: Contract, clause: Any) -> Iterator[Fault]:
    """A clause that changes one that is not there, that changes it in turn, or that pays for nothing of the kind."""
    of, path = changed_by(clause), ("of",) if getattr(clause, "of", None) else ("withhold", "of")
    if of is None:
        return
    by_id = {each.id: each for each in contract.clause}
    if of not in by_id:
        what = f"'{clause.id}' changes '{of}', and no clause has that id"
        yield Fault(path, what, did_you_mean(of, [i for i in by_id if i != clause.id], "the other clauses are"))
        return
    changed = by_id[of]
    if _leads_back(clause, by_id):
        what = f"'{clause.id}' changes itself" if of == clause.id else f"'{clause.id}' changes '{of}', which in the end changes '{clause.id}'"
        yield Fault(path, what, "name the clause whose amount it changes; in the end that is one that pays for care")
    elif changed.shadow and not clause.shadow:
        what = f"'{clause.id}' is paid, and changes '{of}', which is a shadow and is not"
        yield Fault(path, what, "write shadow = true here too, or take it out there")
    else:
        yield from _base_needed(clause, changed, path)


def _leads_back(clause: Any, by_id: Mapping[str, Any]) -> bool:
    seen, at = {clause.id}, changed_by(clause)
    while at is not None and at in by_id:
        if at in seen:
            return True
        seen.add(at)
        at = changed_by(by_id[at])
    return False


def _base_needed(clause: Any, changed: Any, path: KeyPath) -> Iterator[Fault]:
    if clause.kind == "cap":
        if changed.kind == "pool":
            what = f"'{changed.id}' is a pool: what it shares out is its members', and is not paid by the contract's payer"
            yield Fault(("of",), what, "keep a part of a gain in the pool with reserve, or put the cap on a clause that the pool pays")
        elif clause.on != "payment" and changed.kind not in CAPPED_KINDS:
            what = f"the cap is on the {clause.on} of '{changed.id}', and a {changed.kind} has no share and no gross of its own"
            yield Fault(("on",), what, 'write on = "payment"')
        return
    if clause.kind != "pay_for_performance" and not prices_activity(changed):
        what = f"'{clause.id}' needs a clause that pays for care, and '{changed.id}' is a {changed.kind}"
        bases = [kind for kind in KINDS.values() if kind.role is Role.base]
        yield Fault(path, what, f"name a clause of one of these kinds: {', '.join(kind.name for kind in bases)}")
        return
    yield from changed_services(clause, changed)


def _date_faults(contract: Contract, clause: Any) -> Iterator[Fault]:
    """A baseline that is not before the contract; a change or an uplift that would never count."""
    baseline, span = getattr(clause, "baseline", None), earlier_span(clause)
    if span is not None and span.end_date > contract.period.start_date:
        key = "baseline" if baseline else "based_on"
        what = f"the span of {key} ends on {span.end_date - _DAY}, after the contract begins: activity would be held against itself"
        yield Fault((key, "value_of", "to"), what, f"let it end by {contract.period.start_date}")
    dated: list[tuple[KeyPath, date]] = [(("baseline", "changes", n, "from"), c.start_date) for n, c in enumerate(getattr(baseline, "changes", ()))]
    dated += [(("uplifts", n, "from"), u.start_date) for n, u in enumerate(getattr(clause, "uplifts", ()))]
    for path, day in dated:
        if day >= contract.period.end_date:
            yield Fault(path, f"{day} is after the contract ends", f"write a day before {contract.period.end_date}, or take it out")


def _loss_faults(clause: Any) -> Iterator[Fault]:
    """A loss that may be of any size."""
    if clause.kind == "shared_savings" and clause.loss is not None and clause.loss.limit is None:
        mend = 'write limit = { of = "benchmark", rate = 0.02 } into loss: what the partners can bear at most'
        yield Fault(("loss",), "the loss has no limit: the payee would bear any loss", mend)


def _figure_faults(clause: Any, figures: Sequence[str]) -> Iterator[Fault]:
    """Budgets, weights, gates and measures that are figures of nobody: until their rooms exist, the payer sends them as a source."""
    for path, name in _named_figures(clause):
        if name not in figures:
            what = f"no source and no budget of the place holds the figures '{name}'"
            mend = f'add a [[source]] with id = "{name}", or of a budget budgets/{name}.toml; there are'
            yield Fault(path, what, did_you_mean(name, figures, mend))


def _named_figures(value: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, tuple):
        for n, each in enumerate(value):
            yield from _named_figures(each, (*path, n))
    if not isinstance(value, BaseModel):
        return
    if isinstance(value, PartOf) and value.of not in _OF_THE_CLAUSE:
        yield (*path, "of"), value.of
    for name, known in type(value).model_fields.items():
        held = getattr(value, name)
        if name in _NAMES_FIGURES and isinstance(held, str):
            yield (*path, name), held
        yield from _named_figures(held, (*path, known.alias or name))
