"""Pace of change: how fast an organisation moves from what it has to its target, so that the whole comes to the total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

GROWTH_PLACES = 12
LOSES_ALL = Fraction(-1)


@dataclass(frozen=True)
class Pace:
    """How organisations move. speed: the part of its distance from target that each closes in the period, beside the growth that all have.

    least, most: the bounds of growth. Nobody loses more than it has; None of the most has no bound.
    """

    speed: Fraction
    least: Fraction = LOSES_ALL
    most: Fraction | None = None


@dataclass(frozen=True)
class Moved:
    """Exact amounts after the move. common: the growth that everybody has, before distance and bounds."""

    amounts: tuple[Fraction, ...]
    growth: tuple[Fraction, ...]
    common: Fraction


def distance_from_target(has: Fraction, target: Fraction) -> Fraction:
    """How far above its target an organisation is, as part of the target; below zero, if it is under.

    >>> distance_from_target(Fraction(95), Fraction(100))
    Fraction(-1, 20)
    """
    return (has - target) / target


def bounds_of_total(baselines: Sequence[Fraction], pace: Pace) -> tuple[Fraction, Fraction | None]:
    """The least and the most that everybody can have together within the bounds of growth."""
    whole = sum(baselines, Fraction(0))
    return whole * (1 + pace.least), None if pace.most is None else whole * (1 + pace.most)


def moved(baselines: Sequence[Fraction], targets: Sequence[Fraction], total: Fraction, pace: Pace) -> Moved:
    """What each has: its baseline, grown by what all grow and by `speed` times how far it is below target, within the bounds.

    The growth of all is the one number by which everything comes to `total`. baselines: above zero. Distance is taken after everybody has grown
    alike, so that a rising total makes nobody seem under target. An assertion if the bounds do not admit the total: ask `bounds_of_total`.

    >>> at = moved([Fraction(110), Fraction(90)], [Fraction(105), Fraction(105)], Fraction(210), Pace(Fraction(1, 2)))
    >>> [round(float(each), 2) for each in at.amounts]
    [110.55, 99.45]
    """
    whole = sum(baselines, Fraction(0))
    least, most = bounds_of_total(baselines, pace)
    assert least <= total and (most is None or total <= most), "the bounds of growth do not admit the total"
    own = [_growth(has * total / whole, target, pace.speed) for has, target in zip(baselines, targets, strict=True)]
    common = _common(baselines, own, total, pace)
    growth = tuple(_bounded(common + each, pace) for each in own)
    return Moved(tuple(has * (1 + each) for has, each in zip(baselines, growth, strict=True)), growth, common)


def _growth(has: Fraction, target: Fraction, speed: Fraction) -> Fraction:
    # To twelve places: thousands of distances as exact fractions would have a common denominator of thousands of digits.
    return Fraction(round(-speed * distance_from_target(has, target), GROWTH_PLACES))


def _bounded(growth: Fraction, pace: Pace) -> Fraction:
    return max(pace.least, growth if pace.most is None else min(growth, pace.most))


def _common(baselines: Sequence[Fraction], own: Sequence[Fraction], total: Fraction, pace: Pace) -> Fraction:
    """The growth of all that makes the sum `total`: the sum rises with it in straight pieces, between the places where a bound begins to hold.

    Exact, by halving the list of those places and then solving the one piece.
    """
    ends = sorted({bound - each for each in own for bound in (pace.least, pace.most) if bound is not None})

    def at(common: Fraction) -> Fraction:
        return sum((has * (1 + _bounded(common + each, pace)) for has, each in zip(baselines, own, strict=True)), Fraction(0))

    low, high = 0, len(ends)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if at(ends[middle]) < total else (low, middle)
    return _on_piece(baselines, own, total, pace, (ends[low - 1] if low else None, ends[low] if low < len(ends) else None))


def _on_piece(
    baselines: Sequence[Fraction], own: Sequence[Fraction], total: Fraction, pace: Pace, piece: tuple[Fraction | None, Fraction | None]
) -> Fraction:
    """The growth of all within one straight piece, from one of its ends to the other."""
    start, end = piece
    inside = (start + end) / 2 if start is not None and end is not None else end - 1 if end is not None else (start or Fraction(0)) + 1
    free, fixed = Fraction(0), Fraction(0)
    for has, each in zip(baselines, own, strict=True):
        held = _bounded(inside + each, pace)
        is_free = held == inside + each
        free, fixed = (free + has, fixed + has * (1 + each)) if is_free else (free, fixed + has * (1 + held))
    if not free:
        return end if end is not None else start if start is not None else Fraction(0)
    return (total - fixed) / free
