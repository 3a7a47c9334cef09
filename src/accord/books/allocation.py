"""An amount divided by weights, to the penny, so that the shares add up to the amount."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

PENNIES = 100


def allocate(amount: Decimal, weights: Sequence[Decimal | Fraction | int]) -> tuple[Decimal, ...]:
    """Each weight's share of an amount of two places, by largest remainder: no share is a penny or more from its exact value.

    Pennies that are left over go to the largest remainders; ties: the earlier weight. A negative amount is divided as its opposite is.

    >>> allocate(Decimal("100.00"), [1, 1, 1])
    (Decimal('33.34'), Decimal('33.33'), Decimal('33.33'))
    >>> allocate(Decimal("-0.05"), [Decimal("0.7"), Decimal("0.3"), 0])
    (Decimal('-0.04'), Decimal('-0.01'), Decimal('0.00'))
    """
    exact_weights = [Fraction(weight) for weight in weights]
    assert min(exact_weights, default=Fraction(0)) >= 0, f"a weight is negative: {weights}"
    total = sum(exact_weights)
    assert total > 0, f"there is nothing to divide {amount} by: the weights are {weights}"
    pennies = Fraction(abs(amount)) * PENNIES
    assert pennies.denominator == 1, f"{amount} is not an amount of two places"
    shares = _largest_remainder(int(pennies), [weight / total for weight in exact_weights])
    sign = -1 if amount < 0 else 1
    return tuple(Decimal(sign * share).scaleb(-2) for share in shares)


def _largest_remainder(pennies: int, parts: list[Fraction]) -> list[int]:
    exact = [pennies * part for part in parts]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(parts)), key=lambda n: shares[n] - exact[n])
    for n in by_remainder[: pennies - sum(shares)]:
        shares[n] += 1
    return shares
