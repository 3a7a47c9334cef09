"""The band of luck about each saving of a settlement: how far luck alone takes what was spent on so many people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from accord.clauses.walking import money, pennies, percent
from accord.settlement.chain import Settled, SettledClause
from accord.settlement.ruled import covers, rule_at
from accord.settlement.totals import NOTHING, Done
from accord.stats import Verdict, luck_band, verdict

SPREADS = ("england/person_cost_variation", "us_mssp/person_cost_variation")
CONFIDENCE = "interval_confidence"
MONTHS = 12


@dataclass(frozen=True)
class Band:
    """What one published spread of cost between people makes of a saving. band: to either side, as part of what was expected."""

    rule: str
    spread: Decimal
    band: float
    verdict: Verdict


@dataclass(frozen=True)
class LuckOfSaving:
    """One clause that rests on a saving. saving: below zero, a loss. expected: what it is held against. n_people: person-years.

    bands: none where nobody knows how many people there were, or what was expected; because says which.
    """

    clause_id: str
    kind: str
    saving: Decimal
    expected: Decimal | None
    n_people: int | None
    confidence: Decimal | None
    bands: tuple[Band, ...]
    because: str

    @property
    def rate(self) -> float | None:
        """The saving as part of what was expected."""
        return float(self.saving / self.expected) if self.expected else None

    def amount(self, band: Band) -> Decimal | None:
        """How far luck goes to either side, in money; None where it has no bound."""
        return pennies(Decimal(str(band.band)) * self.expected) if self.expected and band.band < float("inf") else None


def lucks(settled: Settled, done: Done) -> Iterator[LuckOfSaving]:
    """The band about each clause of a contract that rests on a saving, in the order of the chain."""
    for each in settled.clauses:
        if each.terms.kind in _SAVING_OF:
            saving, expected = _SAVING_OF[each.terms.kind](each)
            yield luck_of(each, saving, expected, _people(each, done), settled.span.start_date)


def luck_of(each: SettledClause, saving: Decimal, expected: Decimal | None, n_people: int | None, day: date) -> LuckOfSaving:
    """One saving, held against the bands of so many people. What is expected is taken as certain: luck is in the one year that was spent."""
    told = each.terms.id, each.terms.kind, saving, expected
    if not n_people:
        return LuckOfSaving(*told, None, None, (), "nobody knows how many people it is about: whether it is inside luck cannot be said")
    if not expected:
        return LuckOfSaving(*told, n_people, None, (), "nothing was expected to be spent: a saving has no rate, and luck no band")
    rules = [rule for rule in SPREADS if covers(rule, day)]
    if not rules or not covers(CONFIDENCE, day):
        return LuckOfSaving(*told, n_people, None, (), f"the rulebook has no spread of cost between people for {day:%Y-%m}")
    confidence, rate = rule_at(CONFIDENCE, day), float(saving / expected)
    return LuckOfSaving(*told, n_people, confidence, tuple(_band(rule, rate, n_people, day, confidence) for rule in rules), "")


def luck_rows(one: LuckOfSaving) -> Iterator[dict[str, Any]]:
    """Rows of a statement: the saving by each spread, with the band in money and the verdict with its figures."""
    base = {"section": "luck", "name": one.clause_id}
    if not one.bands:
        yield {**base, "detail": "saving", "amount": one.saving, "because": one.because}
    for band in one.bands:
        yield {**base, "detail": band.rule, "amount": one.amount(band), "because": in_words(one, band)}


def in_words(one: LuckOfSaving, band: Band) -> str:
    """A saving and its band in one sentence."""
    rate = one.rate
    assert rate is not None and one.expected is not None and one.n_people is not None and one.confidence is not None, "a band is about a rate"
    width = f"{band.band:.1%}" if band.band < 1 else "over 100%"
    figures = f"{one.n_people:,} person-years, a person's cost varying by {band.spread}"
    part = f"{money(one.saving)} is {rate:+.1%} of {money(one.expected)}"
    return f"{band.verdict}: {part}; luck alone keeps within ±{width} in {percent(one.confidence)} of years ({figures})"


def _band(rule: str, rate: float, n_people: int, day: date, confidence: Decimal) -> Band:
    spread = rule_at(rule, day)
    band = luck_band(float(spread), [n_people], float(confidence))
    return Band(rule, spread, band, verdict(rate, band))


def _people(each: SettledClause, done: Done) -> int | None:
    """Person-years: as the payer states them for the clause, or as the run counts the contract's population."""
    stated = getattr(each.facts, "n_people", None)
    if stated:
        return int(stated)
    return None if done.n_person_month is None else done.n_person_month // MONTHS


def _of_benchmark(each: SettledClause) -> tuple[Decimal, Decimal | None]:
    return each.facts.benchmark - each.facts.spent, each.facts.benchmark


def _of_target(each: SettledClause) -> tuple[Decimal, Decimal | None]:
    target = each.facts.target if each.facts.target is not None else getattr(each.terms.target, "amount", None)
    return (NOTHING if target is None else target - each.facts.actual), target


def _of_stop_loss(each: SettledClause) -> tuple[Decimal, Decimal | None]:
    """What the stop-loss takes off the cost of all people: above zero, the payee is spared so much."""
    return each.bridges["paid"].result, sum(each.facts.costs, NOTHING)


_SAVING_OF = {"shared_savings": _of_benchmark, "risk_corridor": _of_target, "stop_loss": _of_stop_loss}
