"""A bridge: from a starting figure, step by step, to an ending figure. Each line says why; together they add up, to the penny."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

PLACES = -2


@dataclass(frozen=True)
class BridgeLine:
    """One figure of a bridge. because: the rule and its figures in words, with the reference of the source."""

    name: str
    amount: Decimal
    because: str = ""

    def __post_init__(self) -> None:
        assert self.name, "a line of a bridge has a name"
        exponent = self.amount.as_tuple().exponent
        assert exponent == PLACES, f"the line '{self.name}' is {self.amount}, which is not an amount of two places"


@dataclass(frozen=True)
class Bridge:
    """A starting figure and the steps from it to the result.

    >>> shared = Bridge(BridgeLine("gross savings", Decimal("1000.00"))).then(BridgeLine("kept by the payer", Decimal("-500.00")))
    >>> shared.result
    Decimal('500.00')
    >>> [line.name for line in shared]
    ['gross savings', 'kept by the payer']
    """

    start: BridgeLine
    steps: tuple[BridgeLine, ...] = ()

    def __iter__(self) -> Iterator[BridgeLine]:
        yield self.start
        yield from self.steps

    @property
    def result(self) -> Decimal:
        """What the lines add up to: exact, as every line has two places."""
        return sum((step.amount for step in self.steps), self.start.amount)

    def then(self, *steps: BridgeLine) -> Bridge:
        """The same bridge, some steps longer."""
        return Bridge(self.start, (*self.steps, *steps))
