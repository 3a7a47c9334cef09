"""One ACO settled in one chain: from benchmark, expenditure, size, track, quality and flags, by the rules of its year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from accord.clauses import shared_savings
from accord.clauses.bridge import Bridge
from accord.clauses.rules import stated
from accord.clauses.shared_savings import Band, ByQuality, BySize, Cap, Facts, Limit, Loss, LowRevenue, Quality, Terms
from accord.clauses.terms import Budget
from accord.rulebook import parameter
from accord.settlement.mssp.columns import FIELDS
from accord.settlement.mssp.figures import Figure
from accord.settlement.mssp.reading import Aco

NOTHING, WHOLE = Decimal(0), Decimal(1)
AS_KNOWN_NOW = date.max
TABLE = "us_mssp/minimum_savings_rate"


@dataclass(frozen=True)
class Settled:
    """What the chain makes of one ACO. tolerance: how far off the rounding of the printed inputs may put it.

    lacking: what the chain needs and the row does not state; with any of it there is no bridge. n_candidate: how many minimum rates the
    printed one may stand for, where that decides.
    """

    aco: Aco
    terms: Terms
    facts: Facts | None = None
    bridge: Bridge | None = None
    tolerance: Decimal = NOTHING
    lacking: tuple[str, ...] = ()
    n_candidate: int = 1

    @property
    def amount(self) -> Decimal | None:
        """What is paid, or below zero owed; None if the row lacks something."""
        return self.bridge.result if self.bridge is not None else None

    @property
    def is_reproduced(self) -> bool:
        """Whether what was published is what comes out, give or take the tolerance."""
        published = self.aco.figures.get("earned")
        return self.amount is not None and published is not None and abs(published.value - self.amount) <= self.tolerance


def rule(name: str, year: int) -> Any:
    """A rule of the program as of the end of a performance year; nothing where it had none."""
    on = date(year, 12, 31)
    known = parameter(f"us_mssp/{name}")
    return known.at(on, AS_KNOWN_NOW) if any(value.start_date <= on for value in known.values) else {}


@cache
def bands(year: int) -> tuple[Band, ...]:
    """The minimum rates by size of a performance year."""
    return shared_savings.bands_of(TABLE, date(year, 12, 31), AS_KNOWN_NOW)


@cache
def is_two_sided(track: str, year: int) -> bool:
    """Whether an ACO of a track owes losses."""
    return track in rule("loss_rate", year) or track in rule("loss_rate_by_quality", year)


@cache
def terms_of(year: int, track: str) -> Terms:
    """The agreement of every ACO of one track in one year, but for the minimum that it elected."""
    cap, low = rule("payment_limit", year).get(track), rule("low_revenue", year)
    return Terms(
        kind="shared_savings",
        id=track,
        benchmark=Budget(budget="benchmark"),
        minimum=BySize(table=TABLE),
        share=rule("sharing_rate", year)[track],
        cap=None if cap is None else Cap(of="benchmark", rate=cap),
        loss=_loss(year, track),
        quality=Quality(gate="quality_performance_standard", scaled=rule("quality_rule", year)),
        sequestration=Decimal(rule("sequestration", year)),
        guardrail=True,
        low_revenue=LowRevenue(part=low["part"], people_at_least=low["people_at_least"]) if low and track in low["tracks"] else None,
        proration="losses_only",
        extreme_circumstances=True,
        round_at="total",
    )


def _loss(year: int, track: str) -> Loss | None:
    if not is_two_sided(track, year):
        return None
    fixed, limit = rule("loss_rate", year).get(track), rule("loss_limit", year).get(track)
    rate = ByQuality.model_validate(rule("loss_rate_by_quality", year)[track]) if fixed is None else fixed
    return Loss(rate=rate, limit=None if limit is None else Limit(of="benchmark", rate=limit))


def settle(aco: Aco) -> Settled:
    """One ACO by the rules. What was paid is not looked at, but to choose among minimum rates that the file prints too coarsely to tell apart."""
    terms, lacking = _terms(aco)
    benchmark, spent = _amounts(aco.figures)
    if benchmark is None or spent is None:
        return Settled(aco, terms, lacking=("benchmark or expenditure",))
    facts = _facts(aco, benchmark, spent, terms)
    needs = (*lacking, *_needs(aco, terms, facts))
    if needs:
        return Settled(aco, terms, facts, lacking=tuple(dict.fromkeys(needs)))
    return _nearest(aco, [terms.model_copy(update={"minimum": minimum}) for minimum in _minimums(aco, terms)], facts)


def _nearest(aco: Aco, candidates: list[Terms], facts: Facts) -> Settled:
    bridges = [shared_savings.settle(terms, facts) for terms in candidates]
    published = aco.figures.get("earned")
    n_candidate = len({bridge.result for bridge in bridges})
    chosen = 0
    if published is not None and n_candidate > 1:
        chosen = min(range(len(bridges)), key=lambda n: abs(bridges[n].result - published.value))
    terms, bridge = candidates[chosen], bridges[chosen]
    return Settled(aco, terms, facts, bridge, _tolerance(aco, terms, facts, bridge), n_candidate=n_candidate)


# --- terms ------------------------------------------------------------------------------------------------------------------


def _terms(aco: Aco) -> tuple[Terms, tuple[str, ...]]:
    """The terms of an ACO, and what is lacking to tell its track."""
    if aco.track is not None and aco.track in rule("sharing_rate", aco.year):
        return _with_printed_rate(terms_of(aco.year, aco.track), aco), ()
    if (alike := _track_alike(aco)) is None:
        return terms_of(aco.year, next(iter(rule("sharing_rate", aco.year)))), (FIELDS["track"].meaning,)
    terms, loss = terms_of(aco.year, alike), aco.figures.get("loss")
    if loss is not None and terms.loss is not None:
        terms = terms.model_copy(update={"loss": terms.loss.model_copy(update={"rate": loss.value})})
    return _with_printed_rate(terms, aco), ()


def _with_printed_rate(terms: Terms, aco: Aco) -> Terms:
    """The same terms; with the printed sharing rate in place of a quality score that is not there and would count."""
    share = aco.figures.get("share")
    if "quality" in aco.figures or share is None or _is_full(terms, aco):
        return terms
    # The printed rate is already that of low revenue, where it is one.
    low = terms.low_revenue and terms.low_revenue.model_copy(update={"part": WHOLE})
    return terms.model_copy(update={"share": share.value, "quality": None, "low_revenue": low})


def _track_alike(aco: Aco) -> str | None:
    """A track that shares at the printed rate, and owes losses or not as the row says; None where that leaves both kinds, or none."""
    most = aco.figures.get("most_share") or aco.figures.get("share")
    sided = {track: is_two_sided(track, aco.year) for track in rule("sharing_rate", aco.year)}
    rates = rule("sharing_rate", aco.year)
    alike = [track for track in rates if most is not None and most.is_near(rates[track]) and aco.is_two_sided in (None, sided[track])]
    return alike[0] if len({sided[track] for track in alike}) == 1 else None


def _is_full(terms: Terms, aco: Aco) -> bool:
    """Whether the largest sharing rate is paid whatever the score is."""
    return terms.quality is None or (terms.quality.scaled != "always" and aco.flags.get("is_met") is True)


def _minimums(aco: Aco, terms: Terms) -> Iterator[BySize | Decimal]:
    """The minimum rates that an ACO may have: by size, or, of a two-sided one, whatever its printed rate may stand for."""
    printed = aco.figures.get("minimum")
    by_size = BySize(table=TABLE)
    if printed is None or (terms.loss is None and "people" in aco.figures):
        yield by_size
        return
    elected = [Decimal(rate) for rate in rule("elected_minimum_rate", aco.year) if terms.loss is not None and printed.is_near(Decimal(rate))]
    yield from elected
    if "people" in aco.figures and printed.is_near(_rate_of_size(aco)):
        yield by_size
    elif not elected:
        yield printed.value


def _rate_of_size(aco: Aco) -> Decimal:
    return shared_savings.rate_of_size(bands(aco.year), int(aco.figures["people"].value))


# --- facts ------------------------------------------------------------------------------------------------------------------


def _amounts(figures: Mapping[str, Figure]) -> tuple[Figure | None, Figure | None]:
    """Benchmark and expenditure; the one that is not printed from the other and their difference."""
    benchmark, spent, difference = (figures.get(name) for name in ("benchmark", "spent", "difference"))
    if benchmark is None and spent is not None and difference is not None:
        benchmark = spent + difference
    if spent is None and benchmark is not None and difference is not None:
        spent = Figure((benchmark - difference).value, difference.half)
    return benchmark, spent


def _facts(aco: Aco, benchmark: Figure, spent: Figure, terms: Terms) -> Facts:
    quality, people, relief = (aco.figures.get(name) for name in ("quality", "people", "relief"))
    months = Decimal(rule("emergency_months", aco.year))
    is_excused_by_rule = months == 12 or relief is None
    return Facts(
        benchmark=benchmark.value,
        spent=spent.value,
        n_people=int(people.value) if people else 0,
        bands=bands(aco.year),
        quality=quality.value if quality else None,
        is_met=_is_met(aco) if terms.quality is not None else None,
        is_alternative_met=aco.flags.get("is_alternative_met", False),
        is_guarded=aco.flags.get("is_guarded", False),
        is_low_revenue=_is_low_revenue(aco),
        has_left=aco.flags.get("has_left", False),
        excused_part=months / 12 if is_excused_by_rule else NOTHING,
        excused_amount=abs(relief.value) if relief else NOTHING,
    )


def _is_met(aco: Aco) -> bool:
    """Files before 2016 do not say who met the standard: whoever did not has a sharing rate of nothing."""
    share = aco.figures.get("share")
    return aco.flags.get("is_met", share is None or share.value > 0)


def _is_low_revenue(aco: Aco) -> bool:
    """Low revenue in an agreement to which the rule applies; as the file marks it, where it does not say these."""
    low = rule("low_revenue", aco.year)
    if not low or aco.is_low_revenue is None or aco.agreement_from is None:
        return aco.flags.get("is_reduced", False)
    return aco.is_low_revenue and bool(aco.agreement_from >= low["agreements_from"])


def _needs(aco: Aco, terms: Terms, facts: Facts) -> Iterator[str]:
    """What the chain needs for this ACO, given which way it went, and the row does not state."""
    is_gain = facts.benchmark >= facts.spent
    if not is_gain and terms.loss is None:
        return
    if "minimum" not in aco.figures and (terms.loss is not None or "people" not in aco.figures):
        yield FIELDS["minimum"].meaning
    by_score = not _is_full(terms, aco) if is_gain else terms.loss is not None and isinstance(terms.loss.rate, ByQuality)
    if by_score and facts.quality is None:
        yield FIELDS["quality"].meaning


# --- how exactly ------------------------------------------------------------------------------------------------------------


def _tolerance(aco: Aco, terms: Terms, facts: Facts, bridge: Bridge) -> Decimal:
    """What the rounding of the inputs can make of the amount, to first order, and half of the last place of what was published."""
    of_gross, gross = of_gross_amount(aco), abs(facts.benchmark - facts.spent)
    of_published = aco.figures["earned"].half if "earned" in aco.figures else NOTHING
    if not bridge.result:
        return of_published
    if facts.benchmark >= facts.spent:
        kept = WHOLE - stated(terms.sequestration)
        return of_published + kept * (shared_savings.sharing_rate(terms, facts) * of_gross + gross * of_sharing_rate(aco, terms))
    of_relief = aco.figures["relief"].half if "relief" in aco.figures else NOTHING
    return of_published + of_relief + shared_savings.loss_rate(terms, facts) * of_gross + gross * of_loss_rate(aco, terms)


def of_gross_amount(aco: Aco) -> Decimal:
    """How far off the rounding of two printed amounts may put the gross saving or loss."""
    halves = [aco.figures[name].half for name in ("benchmark", "spent", "difference") if name in aco.figures]
    return sum(halves[:2], NOTHING)


def of_sharing_rate(aco: Aco, terms: Terms) -> Decimal:
    """How far off the rounding of a printed score, or of a printed rate in its place, may put the sharing rate."""
    if terms.quality is None:
        return aco.figures["share"].half if "share" in aco.figures else NOTHING
    return NOTHING if _is_full(terms, aco) or "quality" not in aco.figures else stated(terms.share) * aco.figures["quality"].half


def of_loss_rate(aco: Aco, terms: Terms) -> Decimal:
    """How far off the rounding of a printed score may put the loss rate."""
    if terms.loss is None or not isinstance(terms.loss.rate, ByQuality) or "quality" not in aco.figures:
        return NOTHING
    return stated(terms.share) * aco.figures["quality"].half


def without_sequestration(settled: Settled) -> Decimal:
    """What would be paid if nothing were withheld."""
    assert settled.facts is not None
    return shared_savings.settle(settled.terms.model_copy(update={"sequestration": NOTHING}), settled.facts).result
