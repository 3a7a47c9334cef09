"""A fixed amount for what is planned, and a variable part for what is done: the blended payment, and aligned payment and incentive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import Field

from accord.clauses.bridge import Bridge
from accord.clauses.lists import repeated
from accord.clauses.rules import said, stated
from accord.clauses.services import Served, names
from accord.clauses.terms import Clause, Fraction, Listed, Money, Rate, RuleName, Service, Written
from accord.clauses.walking import Exact, money, percent, walk
from accord.place.toml_faults import Fault, did_you_mean


class Variable(Written):
    """Of one service, the part that follows what is done: rate x (actual - plan), or rate x actual. plan: the planned value, at list price."""

    service: Service = Field(examples=["emergency_admission"])
    rate: Rate
    of: Literal["difference", "actual"]
    plan: Money | None = None


class Terms(Clause):
    """A fixed amount, and a variable part by service. prices: the list at which what is done is valued.

    limit: the most by which the variable part of the differences may move the payment, as a part of the fixed amount.
    """

    kind: Literal["fixed_and_variable"]
    services: Listed[Served] = Field(min_length=1, examples=[["emergency_admission"]])
    prices: RuleName = Field(examples=["england/national_tariff"])
    fixed: Money
    variable: Listed[Variable] = Field(min_length=1)
    limit: Fraction | None = None


@dataclass(frozen=True)
class Facts:
    """actual: the value at list price of what was done, by service."""

    actual: Mapping[str, Decimal]


def settle(terms: Terms, facts: Facts) -> Bridge:
    """From the fixed amount to what is paid.

    >>> terms = Terms(kind="fixed_and_variable", id="f", services=["emergency"], prices="england/tariff", fixed=Decimal(10000000),
    ...     variable=[Variable(service="emergency", rate=Decimal("0.20"), of="difference", plan=Decimal(10000000))])
    >>> settle(terms, Facts({"emergency": Decimal(11000000)})).result
    Decimal('10200000.00')
    """
    return walk(Exact("fixed", terms.fixed), _steps(terms, facts), terms.round_at)


def _steps(terms: Terms, facts: Facts) -> Iterator[Exact]:
    moved = Decimal(0)
    for part in terms.variable:
        actual = facts.actual.get(part.service, Decimal(0))
        plan = (part.plan or Decimal(0)) if part.of == "difference" else Decimal(0)
        amount = stated(part.rate) * (actual - plan)
        moved += amount if part.of == "difference" else 0
        against = f" less {money(plan)} planned" if part.of == "difference" else ""
        yield Exact(part.service, amount, f"{percent(stated(part.rate))} of {money(actual)} done{against}")
    if terms.limit is not None:
        most = terms.fixed * terms.limit
        over = moved - max(-most, min(most, moved))
        yield Exact("limit", -over, f"the differences may move the payment by {money(most)}, {percent(terms.limit)} of the fixed amount")


def faults(terms: Terms) -> Iterator[Fault]:
    """A variable service that the clause does not pay for, or that stands twice; a difference without a plan, a plan without a difference."""
    yield from repeated("variable", [part.service for part in terms.variable], "service")
    for n, part in enumerate(terms.variable):
        if part.service not in names(terms.services):
            what = f"'{part.service}' has a variable part, and is not among the services of the clause"
            yield Fault(("variable", n, "service"), what, did_you_mean(part.service, names(terms.services), "its services are"))
        if (part.of == "difference") != (part.plan is not None):
            what = "the difference from a plan needs the plan" if part.plan is None else "a rate of what is done needs no plan"
            mend = "add plan = 5000000.00, the planned value" if part.plan is None else 'take plan out, or write of = "difference"'
            yield Fault(("variable", n, "plan"), what, mend)


def describe(terms: Terms) -> str:
    """The clause in a sentence."""
    parts = "; ".join(
        f"{said(p.rate)} of {p.service.replace('_', ' ')}" + (f" over or under {money(p.plan)}" if p.plan is not None else "") for p in terms.variable
    )
    limit = f"; the differences move it by at most {percent(terms.limit)}" if terms.limit is not None else ""
    return f"pays {money(terms.fixed)}, and of activity by {terms.prices}: {parts}{limit}"
