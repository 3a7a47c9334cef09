"""A programme's benchmark: what people like these cost in earlier years, trended, weighted for risk, and brought to the year that is settled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from accord.clauses.bridge import Bridge
from accord.clauses.walking import Exact, money, percent, walk

ONE = Decimal(1)


@dataclass(frozen=True)
class BaseYear:
    """One benchmark year of one type of enrolment. per_capita: what a person-year cost. trend: what takes it to the last benchmark year.

    risk: what takes its people's risk to that of the last benchmark year, a ratio.
    """

    year: int
    per_capita: Decimal
    trend: Decimal = ONE
    risk: Decimal = ONE


@dataclass(frozen=True)
class Enrolled:
    """One type of enrolment. weights are those of the benchmark. update: from the last benchmark year to the year settled.

    risk: mean risk of the year settled as a ratio to that of the last benchmark year, before any cap. adjustment: an amount a person-year, for the
    region or for prior savings, in the last benchmark year's money. person_years: of the year settled.
    """

    name: str
    years: tuple[BaseYear, ...]
    person_years: Decimal
    update: Decimal = ONE
    risk: Decimal = ONE
    adjustment: Decimal = Decimal(0)


@dataclass(frozen=True)
class RiskCap:
    """How far risk may grow. over_all: whether the cap is on all types together, in which case each is scaled alike, or on each by itself."""

    rate: Decimal
    over_all: bool


def capped_risks(types: Sequence[Enrolled], cap: RiskCap | None) -> tuple[Fraction, ...]:
    """The risk ratio of each type under the cap. Only growth is capped. Over all types, ratios are weighted by person-years.

    >>> [float(each) for each in capped_risks([Enrolled("a", (), Decimal(1), risk=Decimal("1.10"))], RiskCap(Decimal("0.03"), over_all=True))]
    [1.03]
    """
    ratios = [Fraction(one.risk) for one in types]
    if cap is None:
        return tuple(ratios)
    most = 1 + Fraction(cap.rate)
    if not cap.over_all:
        return tuple(min(ratio, most) for ratio in ratios)
    people = [Fraction(one.person_years) for one in types]
    mean = sum((n * ratio for n, ratio in zip(people, ratios, strict=True)), Fraction(0)) / sum(people, Fraction(0))
    return tuple(ratio * most / mean for ratio in ratios) if mean > most else tuple(ratios)


def set_benchmark(types: Sequence[Enrolled], weights: Sequence[Decimal], cap: RiskCap | None) -> dict[str, Bridge]:
    """By type of enrolment, from what benchmark years cost to the benchmark of the year settled; each bridge rounds its running total.

    weights: of the benchmark years, in their order, which add up to one.
    """
    assert sum(weights) == 1, f"the weights {weights} do not add up to one"
    capped = capped_risks(types, cap)
    return {one.name: _bridge(one, weights, ratio, cap) for one, ratio in zip(types, capped, strict=True)}


def _bridge(one: Enrolled, weights: Sequence[Decimal], risk: Fraction, cap: RiskCap | None) -> Bridge:
    people = Fraction(one.person_years)

    def mean(of: Callable[[BaseYear], Fraction]) -> Fraction:
        return sum((Fraction(w) * Fraction(y.per_capita) * of(y) for w, y in zip(weights, one.years, strict=True)), Fraction(0))

    spent = people * mean(lambda _: Fraction(1))
    trended = people * mean(lambda y: Fraction(y.trend))
    like = people * mean(lambda y: Fraction(y.trend) * Fraction(y.risk))
    adjusted = like + people * Fraction(one.adjustment)
    updated = adjusted * Fraction(one.update)
    uncapped = updated * (Fraction(one.risk) - 1)
    steps = _lines(one, {"trend": trended - spent, "risk of the years": like - trended, "adjustment": adjusted - like, "update": updated - adjusted,
                         "risk since": uncapped, "risk cap": updated * (risk - Fraction(one.risk))}, cap)  # fmt: skip
    said = " + ".join(f"{percent(w)} of {money(y.per_capita)} ({y.year})" for w, y in zip(weights, one.years, strict=True))
    return walk(Exact("benchmark years", _decimal(spent), f"{said}, for {_plain(one.person_years)} person-years"), steps, "total")


def _lines(one: Enrolled, amounts: Mapping[str, Fraction], cap: RiskCap | None) -> Iterator[Exact]:
    words = {
        "trend": "each year taken to the last: " + ", ".join(f"{y.year} x {_plain(y.trend)}" for y in one.years),
        "risk of the years": "each year's people made as ill as the last year's: " + ", ".join(f"{y.year} x {_plain(y.risk)}" for y in one.years),
        "adjustment": f"{money(one.adjustment)} a person-year",
        "update": f"x {_plain(one.update)} to the year settled",
        "risk since": f"people are {_plain(one.risk)} times as ill as in the last year",
        "risk cap": f"growth of risk counts up to {percent(cap.rate)}" if cap else "",
    }
    return (Exact(name, _decimal(amount), words[name]) for name, amount in amounts.items() if amount or name != "risk cap")


def _decimal(number: Fraction) -> Decimal:
    return Decimal(number.numerator) / Decimal(number.denominator)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
