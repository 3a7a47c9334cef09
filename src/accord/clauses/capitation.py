"""Capitation: so much for each person and what that person needs, whatever care is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import Field

from accord.clauses.bridge import Bridge
from accord.clauses.rules import said, stated
from accord.clauses.services import Served
from accord.clauses.terms import Budget, Clause, Fraction, Id, Listed, Money, Rate, Written
from accord.clauses.walking import Exact, money, percent, walk
from accord.place.toml_faults import Fault


class PerPerson(Written):
    """An amount for each person and year. need: the weights of need by which it is multiplied; each person counts as one, if left out."""

    per_person: Money = Field(examples=[Decimal("1250.00")])
    need: Id | None = None


class Withhold(Written):
    """A part that is held back until it is earned. gate: the measure that says how much of it is."""

    rate: Rate
    gate: Id = Field(examples=["core_set"])


class Management(Written):
    """What it costs to run the budget: a rate of it, or an amount for each person and year. One of the two."""

    rate: Fraction | None = None
    per_person: Money | None = None


class Terms(Clause):
    """The payee has a budget for some services and a population, and bears what they cost.

    discount: what the payer keeps for good. retention: what it keeps until the payee has stayed for the agreed time.
    """

    kind: Literal["capitation"]
    services: Listed[Served] = Field(min_length=1, examples=[["emergency_admission", "community_contact"]])
    budget: PerPerson | Budget
    discount: Rate | None = None
    withhold: Withhold | None = None
    retention: Rate | None = None
    management: Management | None = None


@dataclass(frozen=True)
class Facts:
    """people: person-years. need: their mean weight. budget: its amount, where the contract names one.

    earned: the part of what was withheld that is earned, 0 to 1. has_stayed: whether what was retained is due.
    """

    people: Decimal
    need: Decimal = Decimal(1)
    budget: Decimal | None = None
    earned: Decimal = Decimal(0)
    has_stayed: bool = False


def settle(terms: Terms, facts: Facts) -> Bridge:
    """From so many people, or from the budget that is named, to what is paid. Each rate is of what the lines above leave.

    >>> terms = Terms(kind="capitation", id="c", services=["all"], budget=PerPerson(per_person=Decimal(1000), need="england"),
    ...               discount=Decimal("0.035"), withhold=Withhold(rate=Decimal("0.02"), gate="core_set"))
    >>> settle(terms, Facts(Decimal(10000), need=Decimal("1.05"), earned=Decimal("0.5"))).result
    Decimal('10031175.00')
    """
    return walk(_start(terms, facts), _steps(terms, facts), terms.round_at)


def _start(terms: Terms, facts: Facts) -> Exact:
    if isinstance(terms.budget, PerPerson):
        per_person = terms.budget.per_person
        return Exact("people", facts.people * per_person, f"{facts.people} person-years at {money(per_person)}")
    assert facts.budget is not None, f"the budget '{terms.budget.budget}' was not read"
    return Exact("budget", facts.budget, f"the budget '{terms.budget.budget}'")


def _steps(terms: Terms, facts: Facts) -> Iterator[Exact]:
    start = _start(terms, facts).amount
    need = start * (facts.need - 1) if isinstance(terms.budget, PerPerson) and terms.budget.need else Decimal(0)
    discount = (start + need) * stated(terms.discount)
    left = start + need - discount
    if need:
        yield Exact("need", need, f"these people's mean weight of need is {facts.need}")
    if terms.discount is not None:
        yield Exact("discount", -discount, f"the payer keeps {percent(stated(terms.discount))}")
    if terms.withhold:
        held = left * stated(terms.withhold.rate)
        yield Exact("withheld", -held, f"{percent(stated(terms.withhold.rate))} until '{terms.withhold.gate}' earns it")
        yield Exact("earned back", held * facts.earned, f"'{terms.withhold.gate}' earns {percent(facts.earned)} of it")
    if terms.retention is not None:
        kept = left * stated(terms.retention)
        yield Exact("retained", -kept, f"{percent(stated(terms.retention))} until the agreed time is over")
        yield Exact("retention given back", kept * facts.has_stayed, "the agreed time is over" if facts.has_stayed else "not yet")
    if terms.management:
        yield _management(terms.management, left, facts.people)


def _management(agreed: Management, budget: Decimal, people: Decimal) -> Exact:
    if agreed.rate is not None:
        return Exact("management", budget * agreed.rate, f"{percent(agreed.rate)} of the budget, to run it")
    per_person = agreed.per_person or Decimal(0)
    return Exact("management", people * per_person, f"{money(per_person)} a person, to run the budget")


def faults(terms: Terms) -> Iterator[Fault]:
    """An allowance for management that says both of its ways, or neither."""
    if terms.management and (terms.management.rate is None) == (terms.management.per_person is None):
        yield Fault(("management",), "says not what running the budget is paid", "write one of rate = 0.02 and per_person = 25.00")


def describe(terms: Terms) -> str:
    """The clause in a sentence."""
    held = terms.budget
    weighted = f", weighted by the need of '{held.need}'" if isinstance(held, PerPerson) and held.need else ""
    what = f"{money(held.per_person)} a person and year{weighted}" if isinstance(held, PerPerson) else f"the budget '{held.budget}'"
    parts = [
        f"less a discount of {said(terms.discount)}" if terms.discount is not None else "",
        f"with {said(terms.withhold.rate)} withheld until '{terms.withhold.gate}' earns it" if terms.withhold else "",
        f"with {said(terms.retention)} retained" if terms.retention is not None else "",
        "and an allowance for management" if terms.management else "",
    ]
    return ", ".join(filter(None, [f"pays {what}, whatever care is given", *parts]))
