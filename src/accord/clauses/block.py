"""The block: an amount set in advance, whatever is done; and its shadow, what the activity would have come to at its price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field

from accord.clauses.bridge import Bridge
from accord.clauses.lists import span_faults
from accord.clauses.services import Served
from accord.clauses.terms import Clause, Fraction, Listed, Money, Rule, RuleName, ValueOf, Written
from accord.clauses.walking import NOTHING, Exact, money, percent, walk
from accord.place.toml_faults import Fault
from accord.stats import MONTHS_NEEDED, runs_out


class Uplift(Written):
    """From a day on, the amount rises by the uplift for costs and falls by the efficiency that is asked for."""

    start_date: date = Field(alias="from", examples=[date(2025, 4, 1)])
    uplift: Fraction = Field(examples=[Decimal("0.028")])
    efficiency: Fraction = Field(examples=[Decimal("0.011")])


class LowVolume(Written):
    """An amount too small to count activity for: the mean of earlier years. threshold: above what the arrangement is not meant for it."""

    years: int = Field(ge=1, le=10, examples=[3])
    threshold: Money | Rule


class Terms(Clause):
    """A fixed amount for some services. value: what was agreed, before uplifts; or low_volume: the mean of earlier years. One of the two.

    prices: the list at which the block's shadow is priced. A block always has one: without it nobody can say what the block hides.
    based_on: what the activity is worth that the block was reckoned by, for the whole period; what the block pays, if it is left out.
    """

    kind: Literal["block"]
    services: Listed[Served] = Field(min_length=1, examples=[["community_contact"]])
    prices: RuleName = Field(examples=["england/national_tariff"])
    value: Money | None = None
    uplifts: Listed[Uplift] = ()
    low_volume: LowVolume | None = None
    based_on: Money | ValueOf | None = None


@dataclass(frozen=True)
class Month:
    """One month that is over: its acts, and what they are worth at list price."""

    month: date
    n_activity: int
    value: Decimal


@dataclass(frozen=True)
class Facts:
    """start_date: of the period. actual: its activity at list price. earlier: the value of each year before it, the latest last.

    basis: what the activity is worth that the block is based on. by_month: the months that are over, each once. n_months: of the whole period.
    confidence: of the interval in which the basis runs out.
    """

    start_date: date
    actual: Decimal
    earlier: tuple[Decimal, ...] = ()
    basis: Decimal | None = None
    by_month: tuple[Month, ...] = ()
    n_months: int = 0
    confidence: Decimal = NOTHING


def settle(terms: Terms, facts: Facts) -> Bridge:
    """From the amount that was agreed to what is paid: the product of (1 + uplift - efficiency) of every year that has begun.

    >>> terms = Terms(kind="block", id="b", services=["contact"], prices="england/tariff", value=Decimal(1000000), uplifts=[
    ...     Uplift(**{"from": date(2024, 4, 1)}, uplift=Decimal("0.03"), efficiency=Decimal("0.01")),
    ...     Uplift(**{"from": date(2025, 4, 1)}, uplift=Decimal("0.06"), efficiency=Decimal("0.01"))])
    >>> settle(terms, Facts(date(2025, 4, 1), Decimal(1200000))).result
    Decimal('1071000.00')
    """
    agreed = _mean(facts.earlier[-terms.low_volume.years :]) if terms.low_volume else terms.value
    assert agreed is not None, "a block has a value, or is of low volume"
    return walk(Exact("agreed", agreed, _of_what(terms)), _uplifted(terms, facts, agreed), terms.round_at)


def _of_what(terms: Terms) -> str:
    return f"the mean of {terms.low_volume.years} earlier years" if terms.low_volume else "before uplifts"


def _uplifted(terms: Terms, facts: Facts, agreed: Decimal) -> Iterator[Exact]:
    running = agreed
    for each in (u for u in terms.uplifts if u.start_date <= facts.start_date):
        step = running * (each.uplift - each.efficiency)
        because = f"costs {percent(each.uplift)} up, efficiency {percent(each.efficiency)}"
        yield Exact(f"uplift of {each.start_date}", step, because)
        running += step


def _mean(amounts: tuple[Decimal, ...]) -> Decimal:
    assert amounts, "a block of low volume needs the value of earlier years"
    return sum(amounts, Decimal(0)) / len(amounts)


def shadow(terms: Terms, facts: Facts) -> Bridge:
    """From what is paid to what the activity would have come to: the gap is what the block hides, above zero if it pays too little."""
    paid = settle(terms, facts).result
    because = f"the activity is worth {money(facts.actual)} by {terms.prices}"
    return walk(Exact("paid", paid), [Exact("gap", facts.actual - paid, because)], terms.round_at)


def volume_left(terms: Terms, facts: Facts) -> Bridge:
    """From what the block is based on, through what was done and what is expected still, to what is left at the end; below zero, it runs out."""
    assert facts.basis is not None and facts.by_month, "what the block is based on, or the months that are over, were not read"
    done = sum((each.value for each in facts.by_month), NOTHING)
    n, ahead = len(facts.by_month), facts.n_months - len(facts.by_month)
    why = f"{n} of {facts.n_months} months: {_runs_out(facts)}"
    steps = [Exact("done so far", -done, why), Exact("expected still", -done * ahead / n, f"{ahead} more months as those that are over, on average")]
    return walk(Exact("what the block is based on", facts.basis), steps, terms.round_at)


def _runs_out(facts: Facts) -> str:
    """When the volume runs out, in words, with the interval."""
    assert facts.basis is not None
    if len(facts.by_month) < MONTHS_NEEDED:
        return f"of fewer than {MONTHS_NEEDED} months nobody can tell when the volume runs out"
    values, counts = [float(each.value) for each in facts.by_month], [each.n_activity for each in facts.by_month]
    found = runs_out(values, counts, float(facts.basis), facts.n_months, float(facts.confidence))

    def named(n: int | None) -> str:
        months = facts.start_date.month - 1 + (n or 0) - 1
        return "after the period" if n is None else f"{facts.start_date.year + months // 12}-{months % 12 + 1:02}"

    if found.expected is not None and found.expected <= len(facts.by_month):
        return f"the volume ran out in {named(found.expected)}"
    between = f"{percent(facts.confidence)} between {named(found.earliest)} and {named(found.latest)}"
    if found.earliest is None:
        return "the volume does not run out within the period"
    when = f"runs out in {named(found.expected)}" if found.expected is not None else "is not expected to run out within the period"
    return f"at their pace the volume {when} ({between})"


def room_below_threshold(terms: Terms, facts: Facts) -> Bridge:
    """From the threshold of low volume to how far the block stays below it; below zero, it is not of low volume and should be agreed anew."""
    threshold = terms.low_volume.threshold if terms.low_volume else Decimal(0)
    assert isinstance(threshold, Decimal), "the rule of the threshold was not read before its clause was settled"
    return walk(Exact("threshold", threshold, "of low volume"), [Exact("the block", -settle(terms, facts).result, "what is paid")], terms.round_at)


def faults(terms: Terms) -> Iterator[Fault]:
    """A value named twice or not at all; uplifts out of order; a span that ends before it begins."""
    if isinstance(terms.based_on, ValueOf):
        yield from span_faults("based_on", terms.based_on)
    if (terms.value is None) == (terms.low_volume is None):
        what = "the block has no amount" if terms.value is None else "the block has an agreed value and is of low volume too"
        mend = "write one of value = 5000000.00 and low_volume = { years = 3, threshold = { rule = … } }"
        yield Fault(("value",), what, mend)
    for n, (before, after) in enumerate(zip(terms.uplifts, terms.uplifts[1:], strict=False), start=1):
        if after.start_date <= before.start_date:
            what = f"the uplift of {after.start_date} stands after that of {before.start_date}"
            yield Fault(("uplifts", n, "from"), what, "write uplifts in the order of their days, each day once")


def describe(terms: Terms) -> str:
    """The clause in a sentence."""
    times = f", uplifted {len(terms.uplifts)} time{'s' if len(terms.uplifts) > 1 else ''}" if terms.uplifts else ""
    what = (_of_what(terms) if terms.value is None else money(terms.value)) + times
    return f"pays {what}, whatever is done; shown beside it: the activity by {terms.prices}, and the gap"
