"""A file of the folder `risk`: what a board says about a budget, so that its exposure can be worked out."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from accord.clauses.terms import Budget, Fraction, Id, Listed, Money, Name, Rule, Service, Written, exact
from accord.place.toml_faults import Fault

FOLDER = "risk"

Spread = Annotated[Decimal, BeforeValidator(exact), Field(gt=0, le=100, decimal_places=6, examples=[Decimal("3.61")])]
People = Annotated[int, Field(gt=0, le=100_000_000, examples=[90_000])]
Chance = Annotated[Decimal, BeforeValidator(exact), Field(gt=0, lt=1, decimal_places=6, examples=[Decimal("0.05")])]
Amount = Annotated[Decimal, BeforeValidator(exact), Field(max_digits=18, decimal_places=2, examples=[Decimal("250000.00")])]


class StatedSpread(Written):
    """The standard deviation of one person's yearly cost as part of its mean, with where that is written."""

    amount: Spread
    reference: Name = Field(examples=["study of our own people, 2024, page 12"])


class StatedEffect(Written):
    """What a year does to everybody's cost, as part of it: its standard deviation, how far any two services move together, and the source."""

    sd: Fraction = Field(examples=[Decimal("0.0100")])
    correlation: Fraction = Field(examples=[Decimal("0.50")])
    reference: Name = Field(examples=["outturn of our own ten years, board paper 14"])


class EstimatedEffect(Written):
    """The year effect that the run's own years show: three or more are needed."""

    estimated: Literal[True]


class OpenItem(Written):
    """One thing of scope or price that is not settled. chance: how likely it comes at all; low, likely, high: what it then costs in a year.

    Below zero it saves. An item of the contract's register under the same id is replaced by it.
    """

    id: Id = Field(examples=["estates"])
    about: Name = Field(examples=["rent of the two clinics"])
    low: Amount
    likely: Amount
    high: Amount
    chance: Annotated[Decimal, BeforeValidator(exact), Field(gt=0, le=1, decimal_places=6, examples=[Decimal("0.50")])] = Decimal(1)


class RiskFile(Written):
    """The whole file. people: the organisation's own; as the run counts them, if left out. sizes: other numbers of people to be shown.

    miss: by what parts of the budget it may be missed. reserve: the register's, if left out. accepted: how often the board accepts that it is not
    enough. budget: of the organisation's own people in a year, an amount or a budget of the place that is set; the contract's, if left out. expected:
    likewise, as the run's people cost, if left out. population: whose care; as the contract has it, or registered, if left out.
    years_averaged: over how many years the contract settles. spread: a published one instead of the place's own people. fitted_on: on how many
    people the model behind the budget was fitted; the run's, if left out. quality: the score that clauses go by.
    """

    title: Name
    sizes: Listed[People] = Field(min_length=1, examples=[[5_000, 20_000, 100_000, 500_000]])
    miss: Listed[Chance] = Field(min_length=1, examples=[[Decimal("0.01"), Decimal("0.02"), Decimal("0.05"), Decimal("0.10")]])
    accepted: Chance
    people: People | None = None
    reserve: Money | None = None
    budget: Money | Budget | None = None
    expected: Money | None = None
    years_averaged: int = Field(default=1, ge=1, le=10)
    population: Literal["registered", "resident", "attributed"] | None = None
    services: Listed[Service] = ()
    spread: Rule | StatedSpread | None = None
    fitted_on: People | None = None
    year_effect: Rule | StatedEffect | EstimatedEffect
    open: Listed[OpenItem] = ()
    pooled_with: Listed[People] = ()
    quality: Fraction | None = None


def risk_faults(risk: RiskFile) -> Iterator[Fault]:
    """Items that stand twice or whose amounts are not in order; what a published spread cannot tell."""
    ids = [item.id for item in risk.open]
    for n, item in enumerate(risk.open):
        if item.id in ids[:n]:
            yield Fault(("open", n, "id"), f"two things are open under the name '{item.id}'", "give each a name of its own")
        if not item.low <= item.likely <= item.high:
            yield Fault(("open", n, "likely"), "low, likely and high are not in order", "let low be the smallest and high the largest of the three")
    if risk.accepted >= Decimal("0.5"):
        yield Fault(("accepted",), "a reserve that is more often too small than not is none", "write a smaller chance, such as 0.05")
    for name in ("budget", "expected"):
        if getattr(risk, name) == 0:
            yield Fault((name,), f"'{name}' is 0, and nothing can be held against it", f"write the {name} of a year, or take the key out")
    if risk.spread is not None:
        yield from _spread_faults(risk)


def _spread_faults(risk: RiskFile) -> Iterator[Fault]:
    for name, why in {
        "people": "how many people", "fitted_on": "on how many people the budget's model was fitted", "budget": "what the budget is",
    }.items():  # fmt: skip
        if getattr(risk, name) is None:
            yield Fault(("spread",), f"with a published spread nobody is counted, and the file does not say {why}", f"add {name} = …")
    if risk.years_averaged > 1:
        what = "a published spread does not tell how far the years of one person resemble each other, so years cannot be averaged"
        yield Fault(("years_averaged",), what, "take spread out, and let the place's own people be resampled; or average no years")
    if isinstance(risk.year_effect, EstimatedEffect):
        yield Fault(("year_effect",), "with a published spread there are no years to estimate from", "name a rule, or state sd and correlation")
    if risk.services:
        yield Fault(("services",), "a published spread is of all services", "take services out, or spread")
