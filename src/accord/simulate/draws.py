"""Drawing by chance, whole arrays at a time: the same seed, block and subject give the same numbers, whatever else is drawn."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.datetime64]
Whole = NDArray[np.int64]
Real = NDArray[np.float64]
Mask = NDArray[np.bool_]
DAY = np.timedelta64(1, "D")
NEVER = np.datetime64("NaT", "D")


def generator(seed: int, block: int, subject: str) -> np.random.Generator:
    """Chance for one subject of one block of people: what other subjects draw does not move it."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, block, zlib.crc32(subject.encode())])))


def events(rng: np.random.Generator, rates: Real) -> tuple[Whole, Whole]:
    """Poisson events of rates of shape (people, months): the person and month of each, by person and month.

    As many as a Poisson draw of the sum, each put where the running sum says: the same law as a draw for every cell, at the cost of the events.
    """
    running = np.cumsum(rates, dtype=np.float64)
    total = float(running[-1]) if running.size else 0.0
    places = np.searchsorted(running, np.sort(rng.random(rng.poisson(total))) * total, side="right")
    places = np.minimum(places, max(running.size - 1, 0))
    return places // rates.shape[1], places % rates.shape[1]


def days_in(rng: np.random.Generator, month: Whole, first: Days) -> Days:
    """A day of each event's month. first: the first of each month, and of the month after the last."""
    length = (first[1:] - first[:-1]).astype(np.int64)
    return first[month] + (rng.random(month.size) * length[month]).astype(np.int64) * DAY


def choices(rng: np.random.Generator, shares: Real | Sequence[float], size: int) -> Whole:
    """One of several by their shares, which need not add up to 1. Out: positions, shape (size,)."""
    running = np.cumsum(np.asarray(shares, float))
    found: Whole = np.searchsorted(running, rng.random(size) * running[-1], side="right")
    return found


def choices_by(rng: np.random.Generator, shares: Real, row: Whole) -> Whole:
    """One of several by the shares of the row that each has. shares: (rows, choices). Out: positions, shape of `row`."""
    running = np.cumsum(shares, axis=1)
    drawn = rng.random(row.size) * running[row, -1]
    found: Whole = (running[row] <= drawn[:, None]).sum(axis=1)
    return found


def heavy(rng: np.random.Generator, mean: Real | float, spread: float, size: int) -> Real:
    """Log-normal amounts of a mean. spread: standard deviation of the logarithm."""
    return np.asarray(mean) * np.exp(spread * rng.standard_normal(size) - spread * spread / 2)


def band_of(age: Real | Whole, edges: Sequence[int]) -> Whole:
    """The band of each age: the position of the last edge at or below it."""
    return np.searchsorted(np.asarray(edges), age, side="right") - 1


def pence(pounds: Real) -> Whole:
    """Amounts in whole pence."""
    return np.rint(pounds * 100).astype(np.int64)
