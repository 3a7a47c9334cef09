"""Weighted populations: people, counted by what they need and what it costs to meet it there."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

Weights = Sequence[Fraction]
"""One number an organisation, none below zero, in the order of the organisations."""


def weighted(people: Weights, *factors: Weights) -> tuple[Fraction, ...]:
    """Each organisation's people times its factors, such as need and market forces, scaled so that the weighted people add up to the people.

    >>> [float(each) for each in weighted([Fraction(100), Fraction(100)], [Fraction(1), Fraction(3)])]
    [50.0, 150.0]
    """
    products = list(people)
    for factor in factors:
        products = [product * each for product, each in zip(products, factor, strict=True)]
    return scaled(products, sum(people, Fraction(0)))


def scaled(weights: Weights, total: Fraction) -> tuple[Fraction, ...]:
    """The same weights, so that they add up to `total`. An assertion if they add up to nothing."""
    whole = sum(weights, Fraction(0))
    assert whole > 0, "there is nobody to weigh"
    return tuple(each * total / whole for each in weights)


def blended(parts: Sequence[tuple[Fraction, Weights]]) -> tuple[Fraction, ...]:
    """Several weighted populations as one, each by its share; the shares need not add up to one.

    0.85 of the weighted population for primary medical care and 0.15 of the one for health inequalities are how NHS England arrives at the final one
    of primary care (columns of the published workbook, 2023/24 and 2024/25).

    >>> [float(each) for each in blended([(Fraction(85), [Fraction(10), Fraction(20)]), (Fraction(15), [Fraction(30), Fraction(0)])])]
    [13.0, 17.0]
    """
    whole = sum((share for share, _ in parts), Fraction(0))
    assert whole > 0, "no part has a share"
    columns = [[share * each / whole for each in weights] for share, weights in parts]
    return tuple(sum(row, Fraction(0)) for row in zip(*columns, strict=True))


def relative_need(chosen: Sequence[int], weights: Weights, people: Weights) -> Fraction:
    """How much more than the whole the chosen organisations need: (weighted / people of the chosen) / (weighted / people of all).

    chosen: their places. Source: the formula on the page of NHS England's place-based allocation tool, (WP_p / GP_p) / (WP_i / GP_i).

    >>> float(relative_need([1], [Fraction(50), Fraction(150)], [Fraction(100), Fraction(100)]))
    1.5
    """
    part = sum((weights[n] for n in chosen), Fraction(0)) / sum((people[n] for n in chosen), Fraction(0))
    return part / (sum(weights, Fraction(0)) / sum(people, Fraction(0)))
