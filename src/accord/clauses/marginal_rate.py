"""The marginal rate: activity above a baseline is paid in part, per payer and payee, and what is kept back is ring-fenced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from accord.clauses.bridge import Bridge
from accord.clauses.lists import repeated, span_faults
from accord.clauses.rules import said, stated
from accord.clauses.services import Served
from accord.clauses.terms import Clause, Id, Listed, Money, Rate, Reason, RuleName, ValueOf, Written, exact
from accord.clauses.walking import NOTHING, Exact, money, percent, walk
from accord.place.toml_faults import Fault

COST_ABOVE = "cost of the activity above"
SHOWN_PLACES = 4


class BaselineChange(Written):
    """What both sides agreed to add to the baseline, or with a minus to take off it, for periods that end after a day."""

    start_date: date = Field(alias="from", examples=[date(2025, 10, 1)])
    amount: Annotated[Decimal, BeforeValidator(exact), Field(max_digits=18, decimal_places=2, examples=[Decimal("-250000.00")])]
    reason: Reason


class Agreed(Written):
    """An amount that both sides agreed on, and how they changed it since."""

    amount: Money
    changes: Listed[BaselineChange] = ()


class Scheme(Written):
    """What the money that is kept back is spent on."""

    id: Id = Field(examples=["falls"])
    amount: Money = Field(examples=[Decimal("288000.00")])


class Terms(Clause):
    """Above the baseline, a part of the price is paid. The rest goes to a ring-fenced account, out of which the schemes are paid.

    prices: the list by which the clause prices its services itself; or of: the clause that prices them. One of the two.
    excludes: what is paid in full and is not held against the baseline.
    """

    kind: Literal["marginal_rate"]
    services: Listed[Served] = Field(min_length=1, examples=[["emergency_admission"]])
    prices: RuleName | None = None
    of: Id | None = None
    baseline: ValueOf | Agreed
    rate_above: Rate
    excludes: Listed[Literal["best_practice", "emergency_department", "unpriced"]] = ()
    schemes: Listed[Scheme] = ()


@dataclass(frozen=True)
class Costed:
    """What a run knows of the cost of the acts that are held against the baseline. cost: of n_costed acts, of n_activity that have a price.

    at_cost: what acts without a price cost, where they are paid at that and it is in the value.
    """

    n_activity: int
    n_costed: int
    cost: Decimal
    at_cost: Decimal = Decimal(0)


@dataclass(frozen=True)
class Facts:
    """One payer's activity with one payee, in money, after every other adjustment. Nothing of another contract is netted off.

    value: all of it. excluded: of that, what is paid in full, by reason. repriced: the earlier span's activity at today's prices, where
    that is the baseline. end_date: the first day after the period. cost_above: what the activity above the baseline cost the provider, as it
    was sent. costed: what the run knows of cost, where nothing was sent.
    """

    value: Decimal
    end_date: date
    repriced: Decimal | None = None
    excluded: Mapping[str, Decimal] = field(default_factory=dict)
    cost_above: Decimal | None = None
    costed: Costed | None = None


def settle(terms: Terms, facts: Facts) -> Bridge:
    """From the value of the activity to what is paid for it.

    >>> terms = Terms(kind="marginal_rate", id="m", services=["emergency_admission"], prices="england/tariff",
    ...               baseline=Agreed(amount=Decimal(5000000)), rate_above=Decimal("0.30"))
    >>> above, below = (Facts(Decimal(value), date(2011, 4, 1)) for value in (6000000, 4000000))
    >>> settle(terms, above).result, settle(terms, below).result
    (Decimal('5300000.00'), Decimal('4000000.00'))
    """
    kept = value_above(terms, facts) * (1 - stated(terms.rate_above))
    because = f"{money(value_above(terms, facts))} is above the baseline, and is paid at {percent(stated(terms.rate_above))}"
    return walk(Exact("value of the activity", facts.value), [Exact("kept back above the baseline", -kept, because)], terms.round_at)


def value_above(terms: Terms, facts: Facts) -> Decimal:
    """The value that the marginal rate applies to."""
    return max(NOTHING, _held(terms, facts) - baseline(terms, facts).result)


def _held(terms: Terms, facts: Facts) -> Decimal:
    """The value that is held against the baseline."""
    return facts.value - sum((facts.excluded.get(reason, NOTHING) for reason in terms.excludes), NOTHING)


def baseline(terms: Terms, facts: Facts) -> Bridge:
    """From the amount that was agreed, or the earlier activity repriced, to the baseline of this period."""
    if isinstance(terms.baseline, ValueOf):
        assert facts.repriced is not None, "the activity of the baseline's span was not repriced"
        return walk(Exact("activity of the baseline's span", facts.repriced, "at current prices"), [], terms.round_at)
    dated = [c for c in terms.baseline.changes if c.start_date < facts.end_date]
    steps = [Exact(f"change of {c.start_date}", c.amount, c.reason) for c in dated]
    return walk(Exact("agreed baseline", terms.baseline.amount), steps, terms.round_at)


def ring_fenced(terms: Terms, facts: Facts) -> Bridge:
    """From what is kept back, through each scheme that is paid out of it, to what is not yet spent; below zero: overspent."""
    kept = -settle(terms, facts).steps[0].amount
    return walk(Exact("kept back", kept), [Exact(s.id, -s.amount, "a scheme paid out of what is kept back") for s in terms.schemes], terms.round_at)


def at_the_margin(terms: Terms, facts: Facts) -> Bridge:
    """From the value above the baseline, through what is kept back and what the care cost, to the provider's gain or loss on it.

    The cost is as it was sent; else the average of the clause's acts by the share of their value that is above the baseline, as no act is above
    it by itself. Where nobody knows a cost, there is no line of it, and the first line says so.
    """
    steps = [Exact("kept back", settle(terms, facts).steps[0].amount, f"paid at {percent(stated(terms.rate_above))}")]
    cost = _cost_above(terms, facts)
    steps += [cost] if cost else []
    because = "" if cost else "what it cost the provider is not known, so that this is income alone"
    return walk(Exact("value above the baseline", value_above(terms, facts), because), steps, terms.round_at)


def _cost_above(terms: Terms, facts: Facts) -> Exact | None:
    """The line of what the activity above the baseline cost; None where nobody knows."""
    if facts.cost_above is not None:
        return Exact(COST_ABOVE, -facts.cost_above, "what it cost the provider to give it")
    held, known = _held(terms, facts), facts.costed
    if known is None or held <= 0 or not (known.n_costed or (known.at_cost and not known.n_activity)):
        return None  # acts whose cost nobody knows are not free
    average = known.cost / known.n_costed if known.n_costed else NOTHING
    part = value_above(terms, facts) / held
    by = f"{money(average)} an act on average, of {known.n_costed} of {known.n_activity} priced acts whose cost is known, reported or worked out"
    at_cost = f"; with {money(known.at_cost)} of acts paid at cost" if known.at_cost else ""
    above = f"{percent(round(part, SHOWN_PLACES))} of the value is above"
    return Exact(COST_ABOVE, -(average * known.n_activity + known.at_cost) * part, f"{by}{at_cost}; {above}")


def faults(terms: Terms) -> Iterator[Fault]:
    """Prices named twice or not at all; a baseline's span that ends before it begins; a scheme named twice."""
    if (terms.prices is None) == (terms.of is None):
        what = "the clause says not which prices it applies to" if terms.of is None else "the clause names both a list and a clause for its prices"
        yield Fault(("prices",), what, 'write one of prices = "england/national_tariff" and of = "the id of the clause that prices"')
    if isinstance(terms.baseline, ValueOf):
        yield from span_faults("baseline", terms.baseline)
    yield from repeated("schemes", [scheme.id for scheme in terms.schemes])


def describe(terms: Terms) -> str:
    """The clause in a sentence."""
    held = terms.baseline
    if isinstance(held, ValueOf):
        base = f"the value of {held.value_of.start_date} to {held.value_of.end_date} at current prices"
    else:
        base = money(held.amount)
    excluded = f"; paid in full: {', '.join(e.replace('_', ' ') for e in terms.excludes)}" if terms.excludes else ""
    by = f"by {terms.prices}" if terms.prices else f"as '{terms.of}' prices it"
    return f"pays activity {by}; above {base} at {said(terms.rate_above)}{excluded}; the rest is ring-fenced"
