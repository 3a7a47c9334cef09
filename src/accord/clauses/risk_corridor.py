"""The risk corridor: how payer and payee part what is saved against a target, or lost, band by band."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from accord.clauses.bridge import Bridge
from accord.clauses.terms import Budget, Clause, Fraction, Listed, Money, Written, exact
from accord.clauses.walking import Exact, Within, money, percent, walk
from accord.place.toml_faults import Fault

Edge = Annotated[Decimal, BeforeValidator(exact), Field(ge=0, le=10, decimal_places=6, examples=[Decimal("0.10")])]


class Band(Written):
    """The part of a saving or loss that lies between two rates of the target, and the share of it that is the payee's. The last has no `to`."""

    start: Edge = Field(alias="from")
    end: Edge | None = Field(default=None, alias="to")
    share: Fraction


class Agreed(Written):
    """A target that both sides agreed on."""

    amount: Money


class Terms(Clause):
    """What is spent is held against a target; each band of the difference is shared as it says.

    Each pound of saving or loss is in exactly one band, so that the payee's part never jumps, and never falls as more is saved.
    loss_bands: the bands of losses, where they are not those of savings. no_loss: the payee bears no loss at all.
    """

    kind: Literal["risk_corridor"]
    target: Agreed | Budget
    bands: Listed[Band] = Field(min_length=1)
    loss_bands: Listed[Band] = ()
    no_loss: bool = False


@dataclass(frozen=True)
class Facts:
    """actual: what was spent, on which target is held. target: its amount, where the contract names a budget."""

    actual: Decimal
    target: Decimal | None = None


def settle(terms: Terms, facts: Facts) -> Bridge:
    """From what was saved (below zero: lost) against the target, band by band through what is the payer's, to what is the payee's.

    >>> bands = [Band(**{"from": Decimal("0"), "to": Decimal("0.10")}, share=Decimal(1)), Band(**{"from": Decimal("0.10")}, share=Decimal("0.5"))]
    >>> terms = Terms(kind="risk_corridor", id="r", target=Agreed(amount=Decimal(1000)), bands=bands)
    >>> [settle(terms, Facts(Decimal(spent))).result for spent in (800, 900, 1000, 1200)]
    [Decimal('150.00'), Decimal('100.00'), Decimal('0.00'), Decimal('-150.00')]
    """
    target = target_of(terms, facts)
    saved = target - facts.actual
    because = f"{money(facts.actual)} was spent, and the target is {money(target)}"
    return walk(Exact("saved against the target", saved, because), _steps(terms, target, saved), terms.round_at)


def target_of(terms: Terms, facts: Facts) -> Decimal:
    """The target: as agreed, or the amount of the budget that the contract names."""
    target = terms.target.amount if isinstance(terms.target, Agreed) else facts.target
    assert target is not None, "the budget that is the target was not read"
    return target


def amount_on(terms: Terms, facts: Facts, on: str) -> Decimal:
    """What a cap of its own clause is on: the gross is what was saved or lost, the share what of it is the payee's."""
    return target_of(terms, facts) - facts.actual if on == "gross" else settle(terms, facts).result


def capped(terms: Terms, facts: Facts, within: Mapping[str, Within]) -> Decimal:
    """What is paid with caps of their own clauses on the gross, the share or both."""
    if "gross" in within:
        facts = replace(facts, actual=target_of(terms, facts) - within["gross"].of(amount_on(terms, facts, "gross")))
    paid = settle(terms, facts).result
    return within["share"].of(paid) if "share" in within else paid


def _steps(terms: Terms, target: Decimal, saved: Decimal) -> Iterator[Exact]:
    if saved < 0 and terms.no_loss:
        yield Exact("loss", -saved, "the payee bears no loss")
        return
    sign = -1 if saved < 0 else 1
    for band in (terms.loss_bands if saved < 0 else ()) or terms.bands:
        top = abs(saved) if band.end is None else min(abs(saved), band.end * target)
        within = max(Decimal(0), top - band.start * target)
        because = f"of the part {_span(band)}, {percent(1 - band.share)} is the payer's"
        yield Exact(_span(band), -sign * within * (1 - band.share), because)


def _span(band: Band) -> str:
    return f"above {percent(band.start)}" if band.end is None else f"{percent(band.start)} to {percent(band.end)}"


def faults(terms: Terms) -> Iterator[Fault]:
    """Bands that overlap, leave a gap, end before they begin or do not cover everything; bands of a loss that nobody bears."""
    yield from _band_faults("bands", terms.bands)
    yield from _band_faults("loss_bands", terms.loss_bands)
    if terms.no_loss and terms.loss_bands:
        yield Fault(("loss_bands",), "the payee bears no loss, and there are bands of losses", "take out loss_bands, or no_loss")


def _band_faults(key: str, bands: Sequence[Band]) -> Iterator[Fault]:
    if not bands:
        return
    if bands[0].start != 0:
        what = f"what is below {percent(bands[0].start)} is in no band"
        yield Fault((key, 0, "from"), what, "let the first band begin at 0")
    for n, band in enumerate(bands):
        if band.end is not None and band.end <= band.start:
            what = f"the band ends ({percent(band.end)}) before or as it begins ({percent(band.start)})"
            yield Fault((key, n, "to"), what, "'from' is the lower end and 'to' the upper, so 'to' must be larger")
    for n, (lower, upper) in enumerate(pairwise(bands), start=1):
        if lower.end is None:
            yield Fault((key, n - 1), "the band has no end, and is not the last", f"add to = {upper.start}, where the next one begins")
        elif upper.start != lower.end:
            what = f"the bands {_span(lower)} and {_span(upper)} {'overlap' if upper.start < lower.end else 'leave a gap between them'}"
            yield Fault((key, n, "from"), what, f"let the band begin where the one before it ends: from = {lower.end}")
    if bands[-1].end is not None:
        what = f"what is above {percent(bands[-1].end)} is in no band"
        yield Fault((key, len(bands) - 1, "to"), what, "take 'to' out of the last band, or add one above it; its share may be 0")


def describe(terms: Terms) -> str:
    """The clause in a sentence."""
    target = f"the budget '{terms.target.budget}'" if isinstance(terms.target, Budget) else "the agreed target"
    losses = "; no losses" if terms.no_loss else f"; of losses {_shares(terms.loss_bands)}" if terms.loss_bands else "; of losses the same"
    return f"of what is saved against {target}, gives the payee {_shares(terms.bands)}{losses}"


def _shares(bands: Sequence[Band]) -> str:
    return ", ".join(f"{percent(band.share)} of the part {_span(band)}" for band in bands)
