"""Pay for performance: points for what was achieved, by list and prevalence; or a part of a payment, withheld and earned back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from accord.clauses.bridge import Bridge
from accord.clauses.lists import repeated
from accord.clauses.rules import said, stated
from accord.clauses.terms import Clause, Fraction, Id, Listed, Money, Rate, Rule, Written, exact
from accord.clauses.walking import NOTHING, Exact, money, percent, walk
from accord.place.toml_faults import Fault


class Measured(Written):
    """A measure with its points: none at `from` or below, all at `to` or above, in proportion between.

    by_prevalence: whether its points count as much more as the payee has more people with the condition than the country has.
    """

    id: Id = Field(examples=["diabetes_hba1c"])
    points: Annotated[Decimal, BeforeValidator(exact), Field(gt=0, le=10000, decimal_places=2, examples=[Decimal("17")])]
    lower: Fraction = Field(alias="from", examples=[Decimal("0.35")])
    upper: Fraction = Field(alias="to", examples=[Decimal("0.75")])
    by_prevalence: bool = False


class Points(Written):
    """What a point is worth to a payee with a list of the average size; a list half as long is paid half as much."""

    per_point: Money | Rule
    average_list: Annotated[Decimal, BeforeValidator(exact), Field(gt=0, max_digits=18, decimal_places=2, examples=[Decimal("9085")])] | Rule


class Withheld(Written):
    """A part of what another clause pays, kept back and earned by points."""

    of: Id = Field(examples=["budget"])
    rate: Rate


class Terms(Clause):
    """Measures earn points. points: each is worth money; or withhold: they earn back a part of another clause. One of the two."""

    kind: Literal["pay_for_performance"]
    measures: Listed[Measured] = Field(min_length=1)
    points: Points | None = None
    withhold: Withheld | None = None


@dataclass(frozen=True)
class Facts:
    """achieved: by measure, the numerator over the denominator; a measure that is not there earns nothing.

    list_size: people on the payee's list. prevalence: by measure, the payee's over the country's. base: what the other clause pays.
    """

    achieved: Mapping[str, Decimal]
    list_size: Decimal = NOTHING
    prevalence: Mapping[str, Decimal] = field(default_factory=dict)
    base: Decimal = NOTHING


def settle(terms: Terms, facts: Facts) -> Bridge:
    """From what all points are worth, or from what the other clause pays, to what is paid.

    >>> measure = Measured(**{"from": Decimal("0.35"), "to": Decimal("0.75")}, id="hba1c", points=Decimal(10))
    >>> terms = Terms(kind="pay_for_performance", id="p", measures=[measure],
    ...               points=Points(per_point=Decimal("200.00"), average_list=Decimal(9000)))
    >>> settle(terms, Facts({"hba1c": Decimal("0.55")}, list_size=Decimal(4500))).result
    Decimal('500.00')
    """
    if terms.withhold:
        return walk(Exact(f"paid by '{terms.withhold.of}'", facts.base), _withheld(terms, terms.withhold, facts), terms.round_at)
    assert terms.points, "a clause of points says what they are worth"
    return walk(_all_worth(terms, terms.points), _pointed(terms, terms.points, facts), terms.round_at)


def earned(measure: Measured, achieved: Decimal) -> Decimal:
    """The points of one measure: none at its lower threshold, all at its upper.

    >>> measure = Measured(**{"from": Decimal("0.38"), "to": Decimal("0.78")}, id="bp", points=Decimal(20))
    >>> [earned(measure, Decimal(a)) for a in ("0.30", "0.58", "0.90")]
    [Decimal('0'), Decimal('10.0'), Decimal('20')]
    """
    reached = (achieved - measure.lower) / (measure.upper - measure.lower)
    return measure.points * max(Decimal(0), min(Decimal(1), reached))


def _all_worth(terms: Terms, worth: Points) -> Exact:
    points, per_point = _all_points(terms), _worth(worth.per_point)
    return Exact("all points", points * per_point, f"{points} points at {money(per_point)}")


def _pointed(terms: Terms, worth: Points, facts: Facts) -> Iterator[Exact]:
    per_point = _worth(worth.per_point)
    for measure, points in _points(terms, facts):
        achieved = percent(facts.achieved.get(measure.id, NOTHING))
        yield Exact(f"{measure.id} not earned", (points - measure.points) * per_point, f"{achieved} earns {points:.2f} of {measure.points}")
    by_list = facts.list_size / _worth(worth.average_list)
    gained = sum((points for _, points in _points(terms, facts)), NOTHING) * per_point
    yield Exact("list size", gained * (by_list - 1), f"a list of {facts.list_size} is {by_list:.3f} of the average")
    for measure, points in _points(terms, facts):
        if measure.by_prevalence:
            ratio = facts.prevalence[measure.id]
            because = f"the condition is {ratio:.3f} times as frequent as in the country"
            yield Exact(f"{measure.id} prevalence", points * per_point * by_list * (ratio - 1), because)


def _withheld(terms: Terms, withheld: Withheld, facts: Facts) -> Iterator[Exact]:
    held = facts.base * stated(withheld.rate)
    part = sum((points for _, points in _points(terms, facts)), NOTHING) / _all_points(terms)
    yield Exact("withheld", -held, f"{percent(stated(withheld.rate))} of what '{withheld.of}' pays")
    yield Exact("earned back", held * part, f"{part * 100:.2f} % of the points were earned")


def _points(terms: Terms, facts: Facts) -> list[tuple[Measured, Decimal]]:
    return [(m, earned(m, facts.achieved[m.id]) if m.id in facts.achieved else NOTHING) for m in terms.measures]


def _all_points(terms: Terms) -> Decimal:
    return sum((measure.points for measure in terms.measures), NOTHING)


def _worth(amount: Decimal | Rule) -> Decimal:
    assert isinstance(amount, Decimal), f"the rule {amount} was not read before its clause was settled"
    return amount


def faults(terms: Terms) -> Iterator[Fault]:
    """Points that are worth two things or none; measures that stand twice; thresholds the wrong way round."""
    if (terms.points is None) == (terms.withhold is None):
        what = "says not what the points are worth" if terms.points is None else "the points are worth money, and earn back a withhold too"
        mend = 'write one of points = { per_point = 201.16, average_list = 9085 } and withhold = { of = "budget", rate = 0.02 }'
        yield Fault(("points",), what, mend)
    yield from repeated("measures", [measure.id for measure in terms.measures])
    for n, measure in enumerate(terms.measures):
        if measure.upper <= measure.lower:
            what = f"all points are earned at {percent(measure.upper)}, and none at {percent(measure.lower)}"
            yield Fault(("measures", n, "to"), what, "'from' is where points begin and 'to' where all are earned, so 'to' must be larger")


def describe(terms: Terms) -> str:
    """The clause in a sentence."""
    points = f"{_all_points(terms).normalize():f} points for {len(terms.measures)} measure{'s' if len(terms.measures) > 1 else ''}"
    if terms.withhold:
        return f"keeps back {said(terms.withhold.rate)} of what '{terms.withhold.of}' pays, to be earned by {points}"
    assert terms.points
    worth = terms.points.per_point
    each = money(worth) if isinstance(worth, Decimal) else f"the amount of {worth.rule}"
    return f"pays {each} a point, by list and prevalence, for {points}"
