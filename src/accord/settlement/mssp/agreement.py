"""The rules of a performance year as the terms of an agreement: by track, or by what a row says where it does not name its track."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from accord.clauses.shared_savings import Band, ByQuality, BySize, Cap, Limit, Loss, LowRevenue, Quality, Terms, bands_of
from accord.clauses.terms import Budget
from accord.rulebook import parameter
from accord.settlement.mssp.reading import Aco

AS_KNOWN_NOW = date.max
TABLE = "us_mssp/minimum_savings_rate"


def rule(name: str, year: int) -> Any:
    """A rule of the program as of the end of a performance year; nothing where it had none."""
    on = date(year, 12, 31)
    known = parameter(f"us_mssp/{name}")
    return known.at(on, AS_KNOWN_NOW) if any(value.start_date <= on for value in known.values) else {}


@cache
def bands(year: int) -> tuple[Band, ...]:
    """The minimum rates by size of a performance year."""
    return bands_of(TABLE, date(year, 12, 31), AS_KNOWN_NOW)


@cache
def elected_rates(year: int) -> tuple[Decimal, ...]:
    """The minimum rates that a two-sided ACO could elect."""
    return tuple(Decimal(rate) for rate in rule("elected_minimum_rate", year))


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


def agreed(aco: Aco) -> tuple[Terms | None, bool]:
    """The terms of an ACO and whether it is certain that it owes losses or does not; no terms where its row does not tell.

    Where the row names no track, they are those of any track with its sharing rate; what such tracks do not have in common is left out.
    """
    if aco.track is not None and aco.track in rule("sharing_rate", aco.year):
        return _without_size(terms_of(aco.year, aco.track), aco), True
    alike = [terms_of(aco.year, track) for track in _alike(aco)]
    if not alike:
        return None, False
    chosen = max(alike, key=lambda terms: terms.loss is not None)
    limits = {terms.loss.limit for terms in alike if terms.loss is not None}
    if chosen.loss is not None and len(limits) > 1:
        chosen = chosen.model_copy(update={"loss": chosen.loss.model_copy(update={"limit": None})})
    return _without_size(chosen, aco), len({terms.loss is None for terms in alike}) == 1


def _alike(aco: Aco) -> list[str]:
    most = aco.figures.get("most_share") or aco.figures.get("share")
    rates = rule("sharing_rate", aco.year)
    alike = [track for track in rates if most is not None and most.is_near(rates[track])]
    return [track for track in alike if aco.is_two_sided in (None, is_two_sided(track, aco.year))]


def _without_size(terms: Terms, aco: Aco) -> Terms:
    """Where the row does not say how many people it has, its own mark tells who shares below the minimum."""
    if terms.low_revenue is None or "people" in aco.figures:
        return terms
    return terms.model_copy(update={"low_revenue": terms.low_revenue.model_copy(update={"people_at_least": 0})})
