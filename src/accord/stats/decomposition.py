"""A change, shared out between the factors that made it: the mean over every order in which they could have changed (Shapley's value)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from math import factorial


def parts_of_change(value: Callable[[frozenset[str]], Fraction], factors: Sequence[str]) -> dict[str, Fraction]:
    """What each factor adds to the change, exact. The parts add up to `value(all) - value(none)`, and no order of the factors is preferred.

    value: the figure when the factors of the set are as they became and the others as they were. It is asked for every set once.

    Source: Shapley, A value for n-person games (1953); Sun, Changes in energy consumption, Energy Economics 20 (1998), of two years' costs.

    >>> was, became = {"price": 2, "volume": 100}, {"price": 3, "volume": 90}
    >>> def cost(changed):
    ...     price, volume = ((became if name in changed else was)[name] for name in ("price", "volume"))
    ...     return Fraction(price * volume)
    >>> {name: int(part) for name, part in parts_of_change(cost, ["price", "volume"]).items()}  # 270 - 200
    {'price': 95, 'volume': -25}
    """
    known = {chosen: value(chosen) for chosen in _every_set(factors)}
    return {factor: sum((_weight(len(c), len(factors)) * (known[c | {factor}] - known[c]) for c in known if factor not in c), Fraction(0))
            for factor in factors}  # fmt: skip


def _every_set(factors: Sequence[str]) -> Iterator[frozenset[str]]:
    for size in range(len(factors) + 1):
        yield from map(frozenset, combinations(factors, size))


def _weight(n_before: int, n: int) -> Fraction:
    """The part of all orders in which these, and no others, have changed before."""
    return Fraction(factorial(n_before) * factorial(n - n_before - 1), factorial(n))
