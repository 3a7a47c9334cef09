"""The cap: the most, and if agreed the least, that another clause may come to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import Field

from accord.clauses.bridge import Bridge
from accord.clauses.terms import Clause, Id, Money, PartOf
from accord.clauses.walking import Exact, Within, money, percent, walk


class Terms(Clause):
    """No more than so much, of a clause and of a named step of it.

    on: whether the cap is on the gross result, on the payee's share of it, or on the payment after every other line; the same cap
    gives another amount on each. least: below zero, how much may be taken from the payee.
    """

    kind: Literal["cap"]
    of: Id = Field(examples=["gain_share"])
    on: Literal["gross", "share", "payment"]
    most: Money | PartOf = Field(examples=[Decimal("1000000.00")])
    least: Money | PartOf | None = None


@dataclass(frozen=True)
class Facts:
    """amount: what the cap is on. base: what `most` and `least` are a part of.

    before, after: of a cap on the gross or the share, what the other clause pays without it and with it.
    """

    amount: Decimal
    base: Decimal | None = None
    before: Decimal | None = None
    after: Decimal | None = None


def settle(terms: Terms, facts: Facts) -> Bridge:
    """From the amount that the cap is on to what is left of it; of the gross or the share, from what is paid without the cap to what is with it.

    >>> terms = Terms(kind="cap", id="c", of="gain_share", on="payment", most=PartOf(of="benchmark", rate=Decimal("0.10")))
    >>> settle(terms, Facts(Decimal(12260000), Decimal(119762995))).result
    Decimal('11976299.50')
    """
    if facts.before is None or facts.after is None:
        return capped(terms, facts)
    moved = facts.after - facts.before
    step = Exact("below the floor" if moved > 0 else "above the cap", moved, f"what the cap on the {terms.on} makes of the payment")
    return walk(Exact(f"the payment of '{terms.of}'", facts.before), [step], terms.round_at)


def capped(terms: Terms, facts: Facts) -> Bridge:
    """From the gross, the share or the payment, whichever the cap is on, to what is left of it."""
    return walk(Exact(f"the {terms.on} of '{terms.of}'", facts.amount), _steps(terms, facts), terms.round_at)


def bounds(terms: Terms, base: Decimal | None) -> Within:
    """The cap as two bounds. base: what its limits are a part of."""
    least = None if terms.least is None else -_limit(terms.least, base)
    return Within(_limit(terms.most, base), least)


def _steps(terms: Terms, facts: Facts) -> Iterator[Exact]:
    most = _limit(terms.most, facts.base)
    yield Exact("above the cap", min(Decimal(0), most - facts.amount), f"no more than {money(most)} on the {terms.on}")
    if terms.least is not None:
        least = -_limit(terms.least, facts.base)
        yield Exact("below the floor", max(Decimal(0), least - facts.amount), f"no less than {money(least)} on the {terms.on}")


def _limit(limit: Decimal | PartOf, base: Decimal | None) -> Decimal:
    if not isinstance(limit, PartOf):
        return limit
    assert base is not None, f"'{limit.of}' was not read"
    return limit.rate * base


def describe(terms: Terms) -> str:
    """The clause in a sentence."""
    least = f", nor less than minus {_words(terms.least)}" if terms.least is not None else ""
    return f"the {terms.on} of '{terms.of}' is no more than {_words(terms.most)}{least}"


def _words(limit: Decimal | PartOf) -> str:
    return f"{percent(limit.rate)} of '{limit.of}'" if isinstance(limit, PartOf) else money(limit)
