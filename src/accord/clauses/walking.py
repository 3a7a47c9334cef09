"""From a starting figure to what is paid, to the penny: the bridge that every kernel returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple

from accord.clauses.bridge import Bridge, BridgeLine

PENNY = Decimal("0.01")
NOTHING = Decimal(0)


def pennies(amount: Decimal) -> Decimal:
    """An amount to the penny; half a penny goes away from zero, and nothing has no sign.

    >>> pennies(Decimal("0.125")), pennies(Decimal("-0.125")), pennies(Decimal("-0.004"))
    (Decimal('0.13'), Decimal('-0.13'), Decimal('0.00'))
    """
    return amount.quantize(PENNY, ROUND_HALF_UP) + NOTHING


class Exact(NamedTuple):
    """A line of a bridge before it is rounded."""

    name: str
    amount: Decimal
    because: str = ""


class Within(NamedTuple):
    """The bounds that a cap puts to an amount. least: the lower one, below zero where something may be taken; None: there is none."""

    most: Decimal
    least: Decimal | None = None

    def of(self, amount: Decimal) -> Decimal:
        """The amount, or the bound that it passes.

        >>> [Within(Decimal(10), Decimal(-2)).of(Decimal(n)) for n in (12, 5, -7)]
        [Decimal('10'), Decimal('5'), Decimal('-2')]
        >>> Within(Decimal(10)).of(Decimal(12))
        Decimal('10')
        """
        held = min(amount, self.most)
        return held if self.least is None else max(held, self.least)


def walk(start: Exact, steps: Iterable[Exact], round_at: Literal["line", "total"]) -> Bridge:
    """The bridge over exact lines, rounded as the clause says. Either way it adds up.

    With `total`, a line is what the rounded running total moves by, so that no line is more than a penny from its exact amount.

    >>> thirds = [Exact(name, Decimal(1) / 3) for name in "abc"]
    >>> [walk(Exact("start", Decimal(0)), thirds, at).result for at in ("line", "total")]
    [Decimal('0.99'), Decimal('1.00')]
    """
    lines = _each_rounded(steps) if round_at == "line" else _running_total_rounded(start.amount, steps)
    return Bridge(BridgeLine(start.name, pennies(start.amount), start.because), tuple(lines))


def _each_rounded(steps: Iterable[Exact]) -> Iterator[BridgeLine]:
    for step in steps:
        yield BridgeLine(step.name, pennies(step.amount), step.because)


def _running_total_rounded(exact: Decimal, steps: Iterable[Exact]) -> Iterator[BridgeLine]:
    for step in steps:
        before, exact = exact, exact + step.amount
        yield BridgeLine(step.name, pennies(exact) - pennies(before), step.because)


def percent(rate: Decimal) -> str:
    """A rate as people say it.

    >>> percent(Decimal("0.30")), percent(Decimal("0.035")), percent(Decimal("1"))
    ('30 %', '3.5 %', '100 %')
    """
    return f"{(rate * 100).normalize():f} %"


def money(amount: Decimal) -> str:
    """An amount as people read it.

    >>> money(Decimal("1234567.8")), money(Decimal(-5))
    ('1,234,567.80', '-5.00')
    """
    return f"{pennies(amount):,}"
