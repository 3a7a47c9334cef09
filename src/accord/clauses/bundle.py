"""The bundle: one price for an episode and, with a warranty, for what goes wrong after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import Field

from accord.clauses.bridge import Bridge
from accord.clauses.rules import said, stated
from accord.clauses.services import Served
from accord.clauses.terms import Clause, Fraction, Listed, Money, Rate, Written
from accord.clauses.walking import NOTHING, Exact, money, percent, walk


class Warranty(Written):
    """What follows an episode within so many days is not paid for. Instead its price has a share of what that cost in the past.

    historical: the mean cost of what followed one episode, where it was agreed; worked out of the payer's own past, if left out.
    """

    days: int = Field(ge=1, le=365, examples=[90])
    share: Fraction = Field(examples=[Decimal("0.50")])
    historical: Money | None = None


class Stop(Written):
    """How far the payee may gain or lose by all episodes together, as parts of what they are paid; what is beyond is the payer's."""

    gain: Rate = Field(examples=[Decimal("0.20")])
    loss: Rate = Field(examples=[Decimal("0.20")])


class Terms(Clause):
    """A fee for each episode of some services, less a discount, with a warranty on what follows, and a stop to what may be gained or lost by it."""

    kind: Literal["bundle"]
    services: Listed[Served] = Field(min_length=1, examples=[["elective_cabg"]])
    fee: Money
    discount: Rate | None = None
    warranty: Warranty | None = None
    stop: Stop | None = None


@dataclass(frozen=True)
class Facts:
    """n_episode: how many began in the period. historical: the mean cost of what followed one, in the past, where it was not agreed.

    cost: what the episodes cost the provider. cost_after: what followed them within the days of the warranty.
    """

    n_episode: int
    historical: Decimal | None = None
    cost: Decimal | None = None
    cost_after: Decimal = Decimal(0)


def settle(terms: Terms, facts: Facts) -> Bridge:
    """From the fees of the episodes to what is paid for them and for the warranty.

    >>> terms = Terms(kind="bundle", id="b", services=["elective_cabg"], fee=Decimal(20000), discount=Decimal("0.02"),
    ...               warranty=Warranty(days=90, share=Decimal("0.50"), historical=Decimal(3000)))
    >>> settle(terms, Facts(10)).result
    Decimal('210700.00')
    """
    return walk(Exact("fees", facts.n_episode * terms.fee, f"{facts.n_episode} episodes at {money(terms.fee)}"), _steps(terms, facts), terms.round_at)


def _steps(terms: Terms, facts: Facts) -> Iterator[Exact]:
    before = facts.n_episode * terms.fee
    if terms.warranty:
        mean = facts.historical if terms.warranty.historical is None else terms.warranty.historical
        assert mean is not None, "the past cost of what followed an episode was not worked out"
        price = facts.n_episode * mean * terms.warranty.share
        before += price
        because = f"{percent(terms.warranty.share)} of {money(mean)}, the past cost of what followed within {terms.warranty.days} days"
        yield Exact("warranty", price, because)
    if terms.discount is not None:
        yield Exact("discount", -before * stated(terms.discount), f"the payer keeps {percent(stated(terms.discount))}")
    if terms.stop:
        yield from _stopped(terms, terms.stop, facts, before * (1 - stated(terms.discount)))


def _stopped(terms: Terms, stop: Stop, facts: Facts, price: Decimal) -> Iterator[Exact]:
    """What of a gain or loss by the price, against what the episodes cost and under a warranty what followed them, is the payer's."""
    assert facts.cost is not None, "the cost of the episodes is not known"
    gain = price - facts.cost - (facts.cost_after if terms.warranty else NOTHING)
    most, least = price * stated(stop.gain), -price * stated(stop.loss)
    yield Exact("above the stop-gain", min(NOTHING, most - gain), f"the payee gains {percent(stated(stop.gain))} of the price at most")
    yield Exact("beyond the stop-loss", max(NOTHING, least - gain), f"the payee loses {percent(stated(stop.loss))} of the price at most")


def provider_gain(terms: Terms, facts: Facts) -> Bridge:
    """From what is paid, through what the episodes and what followed them cost, to the provider's gain (below zero: loss)."""
    assert facts.cost is not None, "the cost of the episodes is not known"
    steps = [
        Exact("cost of the episodes", -facts.cost, f"{facts.n_episode} episodes"),
        Exact("cost of what followed", -facts.cost_after, "covered by the warranty" if terms.warranty else "paid for apart"),
    ]
    return walk(Exact("paid", settle(terms, facts).result), steps if terms.warranty else steps[:1], terms.round_at)


def describe(terms: Terms) -> str:
    """The clause in a sentence."""
    discount = f", less {said(terms.discount)}" if terms.discount is not None else ""
    warranty, stop = terms.warranty, terms.stop
    bounds = f"; gains of more than {said(stop.gain)} and losses of more than {said(stop.loss)} of the price are the payer's" if stop else ""
    covered = f"; what follows within {warranty.days} days is not paid for, against {percent(warranty.share)} of its past cost" if warranty else ""
    return f"pays {money(terms.fee)} an episode{covered}{discount}{bounds}"
