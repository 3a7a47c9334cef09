"""Shared savings: what is spent below a benchmark is shared, once it passes a minimum and quality is met; losses too, if agreed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field

from accord.books.allocation import allocate
from accord.clauses.bridge import Bridge
from accord.clauses.lists import not_the_whole, repeated
from accord.clauses.rules import amount_at, said, stated
from accord.clauses.terms import Budget, Clause, Fraction, Id, Listed, Rate, RuleName, Written
from accord.clauses.walking import NOTHING, Exact, Within, money, pennies, percent, walk
from accord.place.toml_faults import Fault
from accord.rulebook import parameter

WHOLE = Decimal(1)


class BySize(Written):
    """A rate by the number of people, from a table of the rulebook, in a straight line between the ends of its rows."""

    table: RuleName = Field(examples=["us_mssp/minimum_savings_rate"])


class Cap(Written):
    """The most that is paid. on: of the gross, of the payee's share, or of the payment after sequestration; the three differ."""

    of: Literal["benchmark"]
    rate: Rate = Field(examples=[Decimal("0.10")])
    on: Literal["gross", "share", "payment"] = "payment"


class Limit(Written):
    """The most that is owed."""

    of: Literal["benchmark"]
    rate: Rate = Field(examples=[Decimal("0.02")])


class ByQuality(Written):
    """One less the sharing rate times the quality score, within bounds; the upper bound where quality is not met."""

    at_least: Fraction = Field(examples=[Decimal("0.40")])
    at_most: Fraction = Field(examples=[Decimal("0.75")])


class Loss(Written):
    """What part of a loss is owed. minimum: as of savings, if it is left out."""

    rate: Rate | ByQuality = Field(examples=[Decimal("0.30")])
    minimum: Rate | BySize | None = None
    limit: Limit | None = None


class Quality(Written):
    """The measure that opens the gate. at_least: left out where whoever scores it says whether it is met.

    scaled: whether the sharing rate goes by the score: never, always, or only where an alternative standard is met and not the main one.
    """

    gate: Id = Field(examples=["core_set"])
    at_least: Fraction | None = None
    scaled: Literal["never", "always", "alternative"] = "never"


class LowRevenue(Written):
    """A payee of low revenue shares below the minimum too, at a part of the rate, if it has people enough."""

    part: Rate = Field(examples=[Decimal("0.50")])
    people_at_least: int = Field(ge=0, examples=[5000])


class Partner(Written):
    """One partner's share of the result."""

    id: Id = Field(examples=["GP_FED"])
    share: Fraction


class Terms(Clause):
    """Below the benchmark the payee is paid a share, above it owes one. The minimum is a threshold: once passed, the first pound is shared.

    share: the largest sharing rate. sequestration: withheld from gains alone. guardrail: what is saved only through a benchmark that was
    raised to excuse losses is not paid. proration: for a part of a year; `losses_only`: whoever leaves early bears losses and gets no gain.
    extreme_circumstances: a disaster excuses losses. recoupment: advances are taken off a gain.
    """

    kind: Literal["shared_savings"]
    benchmark: Budget
    minimum: Rate | BySize | None = None
    share: Rate = Field(examples=[Decimal("0.50")])
    cap: Cap | None = None
    loss: Loss | None = None
    quality: Quality | None = None
    sequestration: Rate | None = None
    guardrail: bool = False
    low_revenue: LowRevenue | None = None
    proration: Literal["gains_and_losses", "losses_only"] | None = None
    extreme_circumstances: bool = False
    recoupment: bool = False
    partners: Listed[Partner] = ()


@dataclass(frozen=True)
class Band:
    """One row of a table of rates by size. people_to: the last number that belongs to it; the last row has none."""

    people_from: int
    rate_from: Decimal
    rate_to: Decimal
    people_to: int | None = None


@dataclass(frozen=True)
class Facts:
    """benchmark, spent: of the people in all. bands: the table that a minimum names. quality: the score, 0 to 1.

    is_met: the standard, as whoever scores it says; None: by the terms. excused: of a loss, the part by rule and the amount on top of it.
    """

    benchmark: Decimal
    spent: Decimal
    n_people: int = 0
    bands: tuple[Band, ...] = ()
    quality: Decimal | None = None
    is_met: bool | None = None
    is_alternative_met: bool = False
    is_guarded: bool = False
    is_low_revenue: bool = False
    part_of_year: Decimal = WHOLE
    has_left: bool = False
    excused_part: Decimal = NOTHING
    excused_amount: Decimal = NOTHING
    advances: Decimal = NOTHING


def settle(terms: Terms, facts: Facts) -> Bridge:
    """From the gross saving or loss to what is paid; below zero, what is owed.

    >>> half = Terms(kind="shared_savings", id="s", benchmark=Budget(budget="b"), minimum=Decimal("0.02"), share=Decimal("0.50"))
    >>> [settle(half, Facts(Decimal(1000), Decimal(spent))).result for spent in (900, 980, 981, 1100)]
    [Decimal('50.00'), Decimal('10.00'), Decimal('0.00'), Decimal('0.00')]
    """
    gross = facts.benchmark - facts.spent
    start = Exact("gross savings" if gross >= 0 else "gross loss", gross, f"{money(facts.benchmark)} less {money(facts.spent)} spent")
    return walk(start, _steps(terms, facts, gross), terms.round_at)


def _steps(terms: Terms, facts: Facts, gross: Decimal) -> Iterator[Exact]:
    amount = gross
    for name, step in (GAIN if gross > 0 else LOSS).items():
        after, because = step(terms, facts, amount)
        if after != amount:
            yield Exact(name, after - amount, because)
        amount = after


def amount_on(terms: Terms, facts: Facts, on: str) -> Decimal:
    """What a cap of its own clause is on: the gross past the minimum and the guardrail, or the share of it."""
    return _through(terms, facts, {}, up_to=on)


def capped(terms: Terms, facts: Facts, within: Mapping[str, Within]) -> Decimal:
    """What is paid with caps of their own clauses on the gross, the share or both: each where a cap among the terms would stand."""
    return pennies(_through(terms, facts, within))


def _through(terms: Terms, facts: Facts, within: Mapping[str, Within], up_to: str = "") -> Decimal:
    """The amount after each step, or as it comes to a cap on `up_to`."""
    amount = facts.benchmark - facts.spent
    steps, capped_after = (GAIN, CAPPED_GAIN) if amount > 0 else (LOSS, CAPPED_LOSS)
    for name, step in steps.items():
        amount, on = step(terms, facts, amount)[0], capped_after.get(name, "")
        if up_to and on == up_to:
            break
        amount = within[on].of(amount) if on in within else amount
    return amount


def minimum_rate(terms: Terms, facts: Facts, of_loss: bool = False) -> Decimal:
    """The part of the benchmark that must be saved, or lost, before anything is shared."""
    own = terms.loss.minimum if of_loss and terms.loss is not None else None
    minimum = terms.minimum if own is None else own
    return rate_of_size(facts.bands, facts.n_people) if isinstance(minimum, BySize) else stated(minimum)


def rate_of_size(bands: tuple[Band, ...], n_people: int) -> Decimal:
    """The rate for so many people, in a straight line within a band.

    >>> rate_of_size((Band(0, Decimal("0.04"), Decimal("0.03"), 99), Band(100, Decimal("0.02"), Decimal("0.02"))), 99)
    Decimal('0.03')
    """
    assert bands, "the table of rates by size was not read"
    band = next(b for b in reversed(bands) if b.people_from <= n_people or b is bands[0])
    if band.people_to is None or band.rate_from == band.rate_to:
        return band.rate_from
    return band.rate_from + (band.rate_to - band.rate_from) * (n_people - band.people_from) / (band.people_to - band.people_from)


def bands_of(table: str, on: date, known_at: date) -> tuple[Band, ...]:
    """A table of rates by size of the rulebook, as in force on a day and published by another. Raises UserError as `amount_at` does."""
    return tuple(
        Band(row["people_from"], Decimal(row["rate_from"]), Decimal(row["rate_to"]), row.get("people_to"))
        for row in amount_at(table, on, known_at)
    )


def is_past_minimum(terms: Terms, facts: Facts) -> bool:
    """Whether the saving or loss is as large as the minimum."""
    gross = facts.benchmark - facts.spent
    return abs(gross) >= minimum_rate(terms, facts, of_loss=gross < 0) * facts.benchmark


def sharing_rate(terms: Terms, facts: Facts) -> Decimal:
    """The part of a saving that is the payee's, after quality; a part of that for a payee of low revenue below the minimum."""
    rate = stated(terms.share) * _earned_by_quality(terms.quality, facts)
    part = _part_below_minimum(terms, facts)
    return rate if part is None or is_past_minimum(terms, facts) else rate * part


def loss_rate(terms: Terms, facts: Facts) -> Decimal:
    """The part of a loss that is owed; nothing where losses are not shared."""
    if terms.loss is None:
        return NOTHING
    bounds = terms.loss.rate
    if not isinstance(bounds, ByQuality):
        return stated(bounds)
    if not (_is_met(terms.quality, facts) or facts.is_alternative_met):
        return bounds.at_most
    return min(bounds.at_most, max(bounds.at_least, WHOLE - stated(terms.share) * _score(facts)))


def _is_met(quality: Quality | None, facts: Facts) -> bool:
    if quality is None or facts.is_met is not None:
        return facts.is_met is not False
    return quality.at_least is None or _score(facts) >= quality.at_least


def _score(facts: Facts) -> Decimal:
    assert facts.quality is not None, "the quality score was not read"
    return facts.quality


def _earned_by_quality(quality: Quality | None, facts: Facts) -> Decimal:
    if _is_met(quality, facts):
        return _score(facts) if quality is not None and quality.scaled == "always" else WHOLE
    return _score(facts) if quality is not None and quality.scaled == "alternative" and facts.is_alternative_met else NOTHING


Step = Callable[[Terms, Facts, Decimal], tuple[Decimal, str]]


def _passed(terms: Terms, facts: Facts, amount: Decimal) -> tuple[Decimal, str]:
    rate = minimum_rate(terms, facts, of_loss=amount < 0)
    is_shared = is_past_minimum(terms, facts) or _part_below_minimum(terms, facts) is not None
    return amount if is_shared else NOTHING, f"less than the minimum of {percent(round(rate, 6))} of the benchmark"


def _part_below_minimum(terms: Terms, facts: Facts) -> Decimal | None:
    """What a payee of low revenue gets of its sharing rate below the minimum; None for any other, and for a loss."""
    agreed, is_saving = terms.low_revenue, facts.benchmark > facts.spent
    if agreed is None or not (is_saving and facts.is_low_revenue and facts.n_people >= agreed.people_at_least):
        return None
    return stated(agreed.part)


def _guarded(terms: Terms, facts: Facts, amount: Decimal) -> tuple[Decimal, str]:
    return NOTHING if terms.guardrail and facts.is_guarded else amount, "saved only through a benchmark that was raised to excuse losses"


def _shared(terms: Terms, facts: Facts, amount: Decimal) -> tuple[Decimal, str]:
    rate = sharing_rate(terms, facts)
    return amount * rate, f"the payee's share is {percent(round(rate, 6))}"


def _owed(terms: Terms, facts: Facts, amount: Decimal) -> tuple[Decimal, str]:
    rate = loss_rate(terms, facts)
    return amount * rate, f"the payee owes {percent(round(rate, 6))}" if terms.loss is not None else "the payee owes no loss"


def _limited(terms: Terms, facts: Facts, amount: Decimal) -> tuple[Decimal, str]:
    if terms.loss is None or terms.loss.limit is None:
        return amount, ""
    rate = stated(terms.loss.limit.rate)
    return max(amount, -rate * facts.benchmark), f"no more than {percent(rate)} of the benchmark is owed"


def _capped(on: str) -> Step:
    def cap(terms: Terms, facts: Facts, amount: Decimal) -> tuple[Decimal, str]:
        if terms.cap is None or terms.cap.on != on:
            return amount, ""
        rate = stated(terms.cap.rate)
        return min(amount, rate * facts.benchmark), f"no more than {percent(rate)} of the benchmark"

    return cap


def _prorated(terms: Terms, facts: Facts, amount: Decimal) -> tuple[Decimal, str]:
    if terms.proration is None:
        return amount, ""
    if terms.proration == "losses_only" and amount > 0:
        return NOTHING if facts.has_left else amount, "whoever leaves before the end of the year shares no savings"
    return amount * facts.part_of_year, f"{percent(round(facts.part_of_year, 6))} of the year"


def _sequestered(terms: Terms, _: Facts, amount: Decimal) -> tuple[Decimal, str]:
    rate = stated(terms.sequestration)
    return amount * (WHOLE - rate), f"{percent(rate)} of a gain is withheld"


def _excused(terms: Terms, facts: Facts, amount: Decimal) -> tuple[Decimal, str]:
    if not terms.extreme_circumstances:
        return amount, ""
    left = amount * (WHOLE - facts.excused_part) + facts.excused_amount
    return min(NOTHING, left), "extreme and uncontrollable circumstances"


def _recouped(terms: Terms, facts: Facts, amount: Decimal) -> tuple[Decimal, str]:
    return amount - min(facts.advances, amount) if terms.recoupment else amount, f"of advances of {money(facts.advances)}"


GAIN: Mapping[str, Step] = {
    "below the minimum": _passed,
    "through the guardrail": _guarded,
    "above the cap on the gross": _capped("gross"),
    "kept by the payer": _shared,
    "above the cap on the share": _capped("share"),
    "left early": _prorated,
    "sequestration": _sequestered,
    "above the cap on the payment": _capped("payment"),
    "advances taken off": _recouped,
}
"""What becomes of a gross saving, in order. A line stands in the bridge if it changes the amount."""

LOSS: Mapping[str, Step] = {
    "below the minimum": _passed,
    "borne by the payer": _owed,
    "above the limit": _limited,
    "for the part of the year": _prorated,
    "excused": _excused,
}
"""What becomes of a gross loss, in order."""

# After which step a cap of its own clause takes hold.
CAPPED_GAIN = {"above the cap on the gross": "gross", "above the cap on the share": "share"}
CAPPED_LOSS = {"below the minimum": "gross", "borne by the payer": "share"}


def shared_out(terms: Terms, facts: Facts) -> Bridge:
    """From what is paid or owed, through each partner's part, to nothing."""
    paid = settle(terms, facts).result
    parts = allocate(paid, [p.share for p in terms.partners]) if terms.partners else ()
    steps = [Exact(f"to {p.id}", -part, f"{percent(p.share)} of it") for p, part in zip(terms.partners, parts, strict=True)]
    return walk(Exact("paid" if paid >= 0 else "owed", paid), steps, terms.round_at)


def faults(terms: Terms) -> Iterator[Fault]:
    """Tables that are not there, bounds the wrong way round, partners named twice or whose shares are not the whole."""
    minimums = {("minimum",): terms.minimum, ("loss", "minimum"): terms.loss.minimum if terms.loss else None}
    for path, minimum in minimums.items():
        if isinstance(minimum, BySize) and not _is_table(minimum.table):
            mend = 'name one, such as "us_mssp/minimum_savings_rate", or write a rate: minimum = 0.02'
            yield Fault((*path, "table"), f"the rulebook has no table of rates by size '{minimum.table}'", mend)
    if terms.loss and isinstance(terms.loss.rate, ByQuality) and terms.loss.rate.at_least > terms.loss.rate.at_most:
        yield Fault(("loss", "rate", "at_least"), "the least loss rate is above the greatest", "exchange at_least and at_most")
    if terms.low_revenue is not None and terms.minimum is None:
        yield Fault(("low_revenue",), "there is no minimum that low revenue could excuse", "add minimum, or take low_revenue out")
    if terms.partners:
        yield from repeated("partners", [p.id for p in terms.partners])
        yield from not_the_whole("partners", [p.share for p in terms.partners])


def _is_table(name: str) -> bool:
    try:
        amounts: list[Any] = [value.amount for value in parameter(name).values]
    except (FileNotFoundError, KeyError):  # not there, or a list of codes
        return False
    return all(isinstance(amount, list) and all(isinstance(row, dict) and "rate_from" in row for row in amount) for amount in amounts)


def describe(terms: Terms) -> str:
    """The clause in a sentence."""
    minimum = terms.minimum
    least = "" if minimum is None else f" once they pass {f'the rate of {minimum.table}' if isinstance(minimum, BySize) else said(minimum)}"
    cap = f", at most {said(terms.cap.rate)} of the benchmark, on the {terms.cap.on}" if terms.cap else ""
    gate = f", if '{terms.quality.gate}' is met" if terms.quality else ""
    return f"pays {said(terms.share)} of savings against '{terms.benchmark.budget}'{least}{gate}{cap}; {_describe_loss(terms.loss)}"


def _describe_loss(loss: Loss | None) -> str:
    if loss is None:
        return "no loss is owed"
    rate = f"{percent(loss.rate.at_least)} to {percent(loss.rate.at_most)}, by quality," if isinstance(loss.rate, ByQuality) else said(loss.rate)
    return f"{rate} of losses is owed" + (f", at most {said(loss.limit.rate)} of the benchmark" if loss.limit else "")
