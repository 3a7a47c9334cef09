"""One ACO settled in one chain: from benchmark, expenditure, size, track, quality and flags, by the rules of its year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from accord.clauses import shared_savings
from accord.clauses.bridge import Bridge
from accord.clauses.rules import stated
from accord.clauses.shared_savings import ByQuality, BySize, Facts, Terms
from accord.settlement.mssp.agreement import TABLE, agreed, bands, elected_rates, rule
from accord.settlement.mssp.columns import FIELDS
from accord.settlement.mssp.figures import Figure
from accord.settlement.mssp.reading import Aco

NOTHING, WHOLE = Decimal(0), Decimal(1)


@dataclass(frozen=True)
class Settled:
    """What the chain makes of one ACO. tolerance: how far off the rounding of the printed inputs may put it.

    lacking: what the chain needs and the row does not state; with any of it there is no bridge. is_coarse: the minimum rate is printed too
    coarsely to tell whether it was passed, and what was published had to.
    """

    aco: Aco
    lacking: tuple[str, ...] = ()
    terms: Terms | None = None
    facts: Facts | None = None
    bridge: Bridge | None = None
    tolerance: Decimal = NOTHING
    is_coarse: bool = False

    @property
    def amount(self) -> Decimal | None:
        """What is paid, or below zero owed; None if the row lacks something."""
        return self.bridge.result if self.bridge is not None else None

    @property
    def is_reproduced(self) -> bool:
        """Whether what was published is what comes out, give or take the tolerance."""
        published = self.aco.figures.get("earned")
        return self.amount is not None and published is not None and abs(published.value - self.amount) <= self.tolerance


def settle(aco: Aco) -> Settled:
    """One ACO by the rules. What was published is an input nowhere, but among minimum rates that are printed too coarsely to tell apart."""
    terms, is_sure = agreed(aco)
    benchmark, spent = _amounts(aco.figures)
    if terms is None or benchmark is None or spent is None:
        return Settled(aco, (FIELDS["track"].meaning if terms is None else "benchmark or expenditure",))
    terms = _with_printed_loss_rate(terms, aco)
    facts = _facts(aco, benchmark, spent, terms)
    lacking = tuple(_lacking(aco, terms, facts, is_sure))
    if lacking:
        return Settled(aco, lacking, terms, facts)
    return _settled(aco, [terms.model_copy(update={"minimum": minimum}) for minimum in _minimums(aco, terms)], facts)


def _settled(aco: Aco, candidates: list[Terms], facts: Facts) -> Settled:
    """The settlement by each minimum that the ACO may have, if they come to the same; by the nearest, if the printed one decides too little."""
    bridges = [shared_savings.settle(terms, facts) for terms in candidates]
    is_open, published, chosen = len({bridge.result for bridge in bridges}) > 1, aco.figures.get("earned"), 0
    if is_open and "minimum" not in aco.figures:
        return Settled(aco, (FIELDS["minimum"].meaning,), candidates[0], facts)
    if is_open and published is not None:
        chosen = min(range(len(bridges)), key=lambda n: abs(bridges[n].result - published.value))
    terms, bridge = candidates[chosen], bridges[chosen]
    return Settled(aco, (), terms, facts, bridge, _tolerance(aco, terms, facts, bridge), is_coarse=is_open)


def _minimums(aco: Aco, terms: Terms) -> Iterator[BySize | Decimal]:
    """The minimum rates that an ACO may have: by size, or, of a two-sided one, whatever its printed rate may stand for."""
    printed, is_sized, by_size = aco.figures.get("minimum"), "people" in aco.figures, BySize(table=TABLE)
    if terms.loss is None and is_sized:
        yield by_size
        return
    elected = [rate for rate in elected_rates(aco.year) if terms.loss is not None and (printed is None or printed.is_near(rate))]
    yield from elected
    if is_sized and (printed is None or printed.is_near(shared_savings.rate_of_size(bands(aco.year), int(aco.figures["people"].value)))):
        yield by_size
    elif not elected and printed is not None:
        yield from (printed.value, printed.value - printed.half, printed.value + printed.half)


# --- facts ------------------------------------------------------------------------------------------------------------------


def _amounts(figures: Mapping[str, Figure]) -> tuple[Figure | None, Figure | None]:
    """Benchmark and expenditure; the one that is not printed from the other and their difference."""
    benchmark, spent, difference = (figures.get(name) for name in ("benchmark", "spent", "difference"))
    if benchmark is None and spent is not None and difference is not None:
        benchmark = spent + difference
    if spent is None and benchmark is not None and difference is not None:
        spent = benchmark - difference
    return benchmark, spent


def _facts(aco: Aco, benchmark: Figure, spent: Figure, terms: Terms) -> Facts:
    people, relief, score = aco.figures.get("people"), aco.figures.get("relief"), score_of(aco, terms)
    months = Decimal(rule("emergency_months", aco.year))
    return Facts(
        benchmark=benchmark.value,
        spent=spent.value,
        n_people=int(people.value) if people else 0,
        bands=bands(aco.year),
        quality=score.value if score else None,
        is_met=_is_met(aco),
        is_alternative_met=_is_alternative_met(aco),
        is_guarded=aco.flags.get("is_guarded", False),
        is_low_revenue=_is_low_revenue(aco),
        has_left=aco.flags.get("has_left", False),
        excused_part=months / 12 if months == 12 or relief is None else NOTHING,
        excused_amount=abs(relief.value) if relief else NOTHING,
    )


def _is_met(aco: Aco) -> bool:
    """Where a file does not say who met the standard: whoever shares, and did not meet the alternative one alone."""
    return aco.flags.get("is_met", _shares(aco) is not False and not aco.flags.get("is_alternative_met", False))


def _is_alternative_met(aco: Aco) -> bool:
    """Where a file does not say who met the alternative standard: whoever shares without having met the main one."""
    return aco.flags.get("is_alternative_met", not _is_met(aco) and _shares(aco) is True)


def _shares(aco: Aco) -> bool | None:
    share = aco.figures.get("share")
    return None if share is None else share.value > 0


def _is_low_revenue(aco: Aco) -> bool:
    """Low revenue in an agreement to which the rule applies; as the row itself is marked, where it does not say all that the rule asks."""
    low = rule("low_revenue", aco.year)
    if not low or aco.is_low_revenue is None or aco.agreement_from is None or "people" not in aco.figures:
        return aco.flags.get("is_reduced", False)
    return aco.is_low_revenue and bool(aco.agreement_from >= low["agreements_from"])


def score_of(aco: Aco, terms: Terms) -> Figure | None:
    """The quality score; where it is not printed and the sharing rate goes by it, what the printed rate makes it."""
    share, most = aco.figures.get("share"), stated(terms.share)
    if "quality" in aco.figures or share is None or is_full(terms, aco):
        return aco.figures.get("quality")
    return Figure(share.value / most, share.half / most)


def is_full(terms: Terms, aco: Aco) -> bool:
    """Whether the sharing rate is the largest there is, whatever the score."""
    return terms.quality is None or (terms.quality.scaled != "always" and _is_met(aco))


def _with_printed_loss_rate(terms: Terms, aco: Aco) -> Terms:
    """The same terms; with the printed loss rate, where the one by quality cannot be rebuilt."""
    printed = aco.figures.get("loss")
    if terms.loss is None or not isinstance(terms.loss.rate, ByQuality) or printed is None or score_of(aco, terms) is not None:
        return terms
    return terms.model_copy(update={"loss": terms.loss.model_copy(update={"rate": printed.value})})


def _lacking(aco: Aco, terms: Terms, facts: Facts, is_sure: bool) -> Iterator[str]:
    """What the chain needs for this ACO, given which way it went, and the row does not state."""
    is_gain = facts.benchmark >= facts.spent
    if not is_gain and not is_sure:
        yield FIELDS["track"].meaning
    if not is_gain and terms.loss is None:
        return
    if "minimum" not in aco.figures and "people" not in aco.figures:
        yield FIELDS["minimum"].meaning
    goes_by_score = not is_full(terms, aco) if is_gain else terms.loss is not None and isinstance(terms.loss.rate, ByQuality)
    if goes_by_score and facts.quality is None:
        yield FIELDS["quality"].meaning


# --- how exactly ------------------------------------------------------------------------------------------------------------


def _tolerance(aco: Aco, terms: Terms, facts: Facts, bridge: Bridge) -> Decimal:
    """What the rounding of the inputs can make of the amount, to first order, and half of the last place of what was published."""
    of_published = _half(aco, "earned")
    gross = facts.benchmark - facts.spent
    if not bridge.result:
        return of_published
    if gross > 0:
        kept = WHOLE - stated(terms.sequestration)
        return of_published + kept * (shared_savings.sharing_rate(terms, facts) * of_gross(aco) + gross * of_sharing_rate(aco, terms))
    return of_published + _half(aco, "relief") + shared_savings.loss_rate(terms, facts) * of_gross(aco) - gross * of_loss_rate(aco, terms)


def _half(aco: Aco, name: str) -> Decimal:
    return aco.figures[name].half if name in aco.figures else NOTHING


def of_gross(aco: Aco) -> Decimal:
    """How far off the rounding of two printed amounts may put the gross saving or loss."""
    halves = [aco.figures[name].half for name in ("benchmark", "spent", "difference") if name in aco.figures]
    return sum(halves[:2], NOTHING)


def of_sharing_rate(aco: Aco, terms: Terms) -> Decimal:
    """How far off the rounding of the score may put the sharing rate."""
    score = score_of(aco, terms)
    return NOTHING if score is None or is_full(terms, aco) else stated(terms.share) * score.half


def of_loss_rate(aco: Aco, terms: Terms) -> Decimal:
    """How far off the rounding of the score, or of a printed loss rate in its place, may put the loss rate."""
    score = score_of(aco, terms)
    if terms.loss is None or not isinstance(terms.loss.rate, ByQuality):
        return _half(aco, "loss") if score is None else NOTHING
    return NOTHING if score is None else stated(terms.share) * score.half
