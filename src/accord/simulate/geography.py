"""Where people live and whom they are registered with: small areas with their deprivation, practices, and numbers to know people by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from accord.simulate.draws import Real, Whole, choices_by, generator
from accord.simulate.model import MODEL
from accord.simulate.options import Options

if TYPE_CHECKING:
    from accord.simulate.people import People

_WEIGHTS = np.arange(10, 1, -1)
ROOM = 12_000
"""NHS numbers that are kept for one block: its people, those born, and those entered twice."""

_PLACE_WIDE = 2**31
"""The block that stands for chance of the whole place."""


@dataclass(frozen=True)
class Geography:
    """The areas and practices of a place. decile: of deprivation by area, 1 the most deprived. shares: (areas, practices).

    order: the order in which the seed gives out NHS numbers.
    """

    decile: Whole
    shares: Real
    order: Whole

    @property
    def n_practice(self) -> int:
        """How many practices."""
        return int(self.shares.shape[1])

    def draw_area(self, rng: np.random.Generator, size: int) -> Whole:
        """An area for each household, all as likely."""
        return rng.integers(0, self.decile.size, size)

    def draw_practice(self, rng: np.random.Generator, area: Whole, unlike: Whole | None = None) -> Whole:
        """A practice for each household by where it lives; `unlike`: another one than this, where there is another."""
        shares = self.shares[area]
        if unlike is not None and self.n_practice > 1:
            shares = shares.copy()
            shares[np.arange(area.size), unlike] = 0
            shares[shares.sum(axis=1) == 0] = 1
        return choices_by(rng, shares, np.arange(area.size))

    def numbered(self, people: People, block: int) -> People:
        """The people with NHS numbers of the block's own share, and a second number for each, which only those entered twice ever use.

        Once the reserved numbers have run out, number is 0: those people are known by their pseudonym alone.
        """
        first = block * ROOM
        if first + ROOM > self.order.size:
            return people
        mine = nhs_numbers()[self.order[first : first + ROOM]]
        second = mine[::-1][: people.size].copy()
        second[people.size + np.arange(people.size) >= ROOM] = 0
        return replace(people, number=mine[: people.size], second_number=second)


def geography_of(options: Options) -> Geography:
    """The areas, practices and order of numbers of a place; every practice draws on the areas near it, in a ring."""
    rng = generator(options.seed, _PLACE_WIDE, "geography")
    n_area = max(10, options.people // MODEL["place"]["people_an_area"] // 10 * 10)
    decile = 1 + (7 * np.arange(n_area) + rng.integers(0, 10)) % 10  # as many areas in each tenth, and neighbours unlike
    at, practice_at = np.arange(n_area) / n_area, np.arange(options.practices) / options.practices
    apart = np.abs(at[:, None] - practice_at[None, :])
    apart = np.minimum(apart, 1 - apart) * options.practices
    size = np.exp(MODEL["place"]["spread_of_lists"] * rng.standard_normal(options.practices))
    return Geography(decile, np.exp(-apart) * size, rng.permutation(nhs_numbers().size))


@cache
def nhs_numbers() -> Whole:
    """Every NHS number of the range kept for tests (999) whose check digit is right, but for the one of ten nines."""
    stem = 999_000_000 + np.arange(1_000_000)
    digits = (stem[:, None] // 10 ** np.arange(8, -1, -1)) % 10
    check = (11 - (digits * _WEIGHTS).sum(axis=1) % 11) % 11
    return np.setdiff1d((stem * 10 + check)[check < 10], [9_999_999_999])
