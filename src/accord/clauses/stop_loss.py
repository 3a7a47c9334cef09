"""The stop-loss: above an agreed point, of one person or of all, the payer bears what care costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import Field

from accord.clauses.bridge import Bridge
from accord.clauses.rules import said, stated
from accord.clauses.terms import Clause, Id, Money, PartOf, Rate
from accord.clauses.walking import NOTHING, Exact, money, percent, walk
from accord.place.toml_faults import Fault


class Terms(Clause):
    """Who has a budget is relieved of costs above a point. of: the clause that gives the budget. above: the point; the payee bears what is below.

    share: the part above it that the payer bears. most: the most that it bears in all.
    """

    kind: Literal["stop_loss"]
    of: Id = Field(examples=["budget"])
    per: Literal["person", "aggregate"]
    above: Money | PartOf = Field(examples=[Decimal("150000.00")])
    share: Rate
    most: Money | None = None


@dataclass(frozen=True)
class Facts:
    """costs: what each person's care cost in the period; of an aggregate stop-loss, one figure for all. base: what `above` is a part of."""

    costs: tuple[Decimal, ...]
    base: Decimal | None = None


def settle(terms: Terms, facts: Facts) -> Bridge:
    """From what care cost, through what stays with the payee, to what the payer pays.

    >>> terms = Terms(kind="stop_loss", id="s", of="budget", per="person", above=Decimal(100000), share=Decimal("0.80"))
    >>> settle(terms, Facts((Decimal(350000), Decimal(100000), Decimal(90000)))).result
    Decimal('200000.00')
    """
    return walk(Exact("cost of care", sum(facts.costs, NOTHING)), _steps(terms, facts), terms.round_at)


def _steps(terms: Terms, facts: Facts) -> Iterator[Exact]:
    point = _point(terms, facts)
    whose = "each person" if terms.per == "person" else "all together"
    over = sum((max(Decimal(0), cost - point) for cost in facts.costs), Decimal(0))
    relieved = over * stated(terms.share)
    yield Exact("below the point", over - sum(facts.costs, Decimal(0)), f"the payee bears {money(point)} of {whose}")
    yield Exact("the payee's share above", relieved - over, f"the payer bears {percent(stated(terms.share))} above it")
    if terms.most is not None:
        yield Exact("above the most", min(Decimal(0), terms.most - relieved), f"the payer bears {money(terms.most)} at most")


def _point(terms: Terms, facts: Facts) -> Decimal:
    if not isinstance(terms.above, PartOf):
        return terms.above
    assert facts.base is not None, f"'{terms.above.of}' was not read"
    return terms.above.rate * facts.base


def faults(terms: Terms) -> Iterator[Fault]:
    """A point for each person that is a part of everybody's budget."""
    if terms.per == "person" and isinstance(terms.above, PartOf):
        what = f"the point for each person is a part of '{terms.above.of}', which is for all together"
        yield Fault(("above",), what, 'write an amount for one person: above = 150000.00, or per = "aggregate"')


def describe(terms: Terms) -> str:
    """The clause in a sentence."""
    point = f"{percent(terms.above.rate)} of '{terms.above.of}'" if isinstance(terms.above, PartOf) else money(terms.above)
    whose = "a person's" if terms.per == "person" else "all people's"
    most = f", at most {money(terms.most)}" if terms.most is not None else ""
    return f"the payer bears {said(terms.share)} of {whose} costs above {point}{most}"
