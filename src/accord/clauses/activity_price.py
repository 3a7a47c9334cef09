"""Activity at its price: what each act is paid by a list, with the supplements and deductions that are agreed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from pydantic import Field

from accord.clauses.bridge import Bridge
from accord.clauses.lists import repeated
from accord.clauses.rules import said, stated
from accord.clauses.services import Served
from accord.clauses.terms import Clause, Factor, Id, Listed, Rate, RuleName, Written
from accord.clauses.walking import Exact, money, percent, walk
from accord.place.toml_faults import Fault


class Adjustment(Written):
    """Acts of one sort that are paid more or less than their price: 0.70 pays 70 %, 1.15 pays 15 % more."""

    id: Id = Field(examples=["short_stay"])
    rate: Factor


class Terms(Clause):
    """Every act of some services is paid by a list of prices.

    share: the part of the price that is paid; all of it, if left out. unpriced: whether an act without a price is paid at its cost.
    """

    kind: Literal["activity_price"]
    services: Listed[Served] = Field(min_length=1, examples=[["emergency_admission"]])
    prices: RuleName = Field(examples=["england/national_tariff"])
    share: Rate | None = None
    adjustments: Listed[Adjustment] = ()
    unpriced: Literal["at_cost", "not_paid"]


@dataclass(frozen=True)
class Facts:
    """What was done, in money. value: at list price.

    adjusted: by adjustment, the value of its acts as it stands when the adjustment comes to them, in the contract's order.
    worked_out: of the cost of acts without a price, what no record reports: it rests on unit costs and minutes.
    """

    value: Decimal
    adjusted: Mapping[str, Decimal] = field(default_factory=dict)
    n_unpriced: int = 0
    cost_of_unpriced: Decimal = Decimal(0)
    worked_out: Decimal = Decimal(0)


def settle(terms: Terms, facts: Facts) -> Bridge:
    """From the value at list price to what is paid.

    >>> terms = Terms(kind="activity_price", id="a", services=["bed"], prices="england/tariff", unpriced="not_paid",
    ...               adjustments=[Adjustment(id="short_stay", rate=Decimal("0.70"))])
    >>> settle(terms, Facts(Decimal(5000), {"short_stay": Decimal(1000)})).result
    Decimal('4700.00')
    """
    return walk(Exact("value at list price", facts.value), _steps(terms, facts), terms.round_at)


def _steps(terms: Terms, facts: Facts) -> Iterator[Exact]:
    adjusted = facts.value
    for each in terms.adjustments:
        of = facts.adjusted.get(each.id, Decimal(0))
        adjusted += of * (each.rate - 1)
        yield Exact(each.id, of * (each.rate - 1), f"{money(of)} of it is paid at {percent(each.rate)}")
    if terms.share is not None:
        share = stated(terms.share)
        yield Exact("share of the price", adjusted * (share - 1), f"{percent(share)} of the price is paid")
    if facts.n_unpriced:
        paid = facts.cost_of_unpriced if terms.unpriced == "at_cost" else Decimal(0)
        how = "paid at" if terms.unpriced == "at_cost" else "not paid, and their cost is"
        because = f"{facts.n_unpriced} acts have no price: {how} {money(facts.cost_of_unpriced)}{on_basis(facts.worked_out)}"
        yield Exact("without a price", paid, because)


def on_basis(worked_out: Decimal) -> str:
    """What of a cost no record reports, in words; nothing where records report all of it."""
    return f", of which {money(worked_out)} is worked out by unit costs and minutes" if worked_out else ""


def faults(terms: Terms) -> Iterator[Fault]:
    """An adjustment that is named twice."""
    yield from repeated("adjustments", [each.id for each in terms.adjustments])


_UNPRICED = {"at_cost": "paid at cost", "not_paid": "not paid"}


def describe(terms: Terms) -> str:
    """The clause in a sentence."""
    adjusted = "".join(f"; {a.id.replace('_', ' ')} at {percent(a.rate)}" for a in terms.adjustments)
    share = "" if terms.share is None else f" at {said(terms.share)}"
    return f"pays each act by {terms.prices}{share}{adjusted}; acts without a price are {_UNPRICED[terms.unpriced]}"
