"""When what happened becomes known: by month, some of it late, some wrong at first and put right, some taken back, some twice a month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from accord.simulate.draws import NEVER, Mask, Whole, generator
from accord.simulate.model import MODEL
from accord.simulate.need import Population
from accord.simulate.rows import Rows, together

_SAID = MODEL["arrival"]
_CORRECTED = ("attendance", "admitted", "appointment")
_LATE = ("consultation", "attendance", "admitted", "appointment", "dispensing", "community_contact", "mental_health_contact", "online", "voluntary")


@dataclass(frozen=True)
class Arrivals:
    """Events as they are sent. month: the file's, `n` and more for those that have not come by the period's end. part: as in file_name.

    in_force: whether this is what counts in the end of what is sent about the event.
    """

    rows: Rows
    month: Whole
    part: Whole
    in_force: Mask

    def only(self, kept: Mask | Whole) -> Arrivals:
        """Some of them."""
        return Arrivals(self.rows.only(kept), self.month[kept], self.part[kept], self.in_force[kept])


def arrivals(population: Population, rows: Rows) -> Arrivals:
    """When and how often each event is sent."""
    rng = generator(population.options.seed, population.block, f"arrival {rows.source}")
    made = _once(population, rows)
    if rows.source in _LATE:
        made = replace(made, month=made.month + _delay(rng, rows.size))
    if rows.source in _CORRECTED:
        made = joined(*_wrong_first(rng, made, population.calendar.n))
    if rows.source == "dispensing":
        made = joined(*_taken_back(rng, made, population.calendar.n))
    if rows.source == "incident":
        made = _twice(rng, made)
    if rows.source in ("registration", "package", "mental_health_stay"):
        made = _open_then_ended(population, made)
    return made


def _once(population: Population, rows: Rows) -> Arrivals:
    month = population.calendar.month_of(rows.known)
    return Arrivals(rows, np.where(np.isnat(rows.known), population.calendar.n, month), np.zeros(rows.size, np.int64), np.ones(rows.size, bool))


def _delay(rng: np.random.Generator, size: int) -> Whole:
    return np.where(rng.random(size) < _SAID["late"], rng.integers(1, 4, size), 0)


def _wrong_first(rng: np.random.Generator, made: Arrivals, n_month: int) -> tuple[Arrivals, Arrivals]:
    """Of a share with an amount: first with another amount, a month before the right one comes; until it has come the wrong one counts."""
    is_wrong = (rng.random(made.month.size) < _SAID["corrected"]) & (made.rows.amount > 0)
    first = made.only(is_wrong)
    amount = np.rint(first.rows.amount * rng.choice([0.5, 0.8, 1.1, 1.5, 2.0], first.month.size)).astype(np.int64)
    wrong = replace(first, rows=replace(first.rows, amount=amount), in_force=first.month + 1 >= n_month)
    return replace(made, month=made.month + is_wrong), wrong


def _taken_back(rng: np.random.Generator, made: Arrivals, n_month: int) -> tuple[Arrivals, Arrivals]:
    """A share of dispensings is cancelled a month or two later: once that has come, neither the form nor its cancellation counts."""
    is_back = rng.random(made.month.size) < _SAID["taken_back"]
    first = made.only(is_back)
    columns = {**first.rows.columns, "is_cancelled": np.ones(first.month.size, bool)}
    month = first.month + rng.integers(1, 3, first.month.size)
    in_force = np.ones(made.month.size, bool)
    in_force[is_back] = month >= n_month
    return replace(made, in_force=in_force), Arrivals(replace(first.rows, columns=columns), month, first.part, np.zeros(month.size, bool))


def _twice(rng: np.random.Generator, made: Arrivals) -> Arrivals:
    """Each month first as flex, with most of it, and then frozen, with all of it; what was flex counts no more."""
    flex = made.only(rng.random(made.month.size) < _SAID["flex"])
    flex = replace(flex, part=np.full(flex.month.size, 1), in_force=np.zeros(flex.month.size, bool))
    return joined(replace(made, part=np.full(made.month.size, 2)), flex)


def _open_then_ended(population: Population, made: Arrivals) -> Arrivals:
    """What lasts is sent when it begins, without an end, and again when it has ended. What began before the period is in the first file."""
    rows, n = made.rows, population.calendar.n
    begins = np.maximum(population.calendar.month_of(rows.day), 0)
    ends = np.where(np.isnat(rows.known), n, population.calendar.month_of(rows.known))
    has_ended, is_sent_twice = ends < n, (ends > begins) & (ends < n)
    opened = replace(rows, known=np.where(ends > begins, NEVER, rows.known))
    if "died" in rows.columns:
        opened = replace(opened, columns={**opened.columns, "died": np.where(ends > begins, NEVER, rows["died"])})
    first = Arrivals(_versioned(opened, begins), begins, made.part, ~is_sent_twice)
    second = Arrivals(_versioned(rows, ends), ends, made.part, has_ended).only(is_sent_twice)
    return joined(first, second)


def _versioned(rows: Rows, month: Whole) -> Rows:
    return replace(rows, columns={**rows.columns, "version": month})


def joined(*parts: Arrivals) -> Arrivals:
    """Several sets of events of one source as one."""
    month, part, in_force = (np.concatenate([getattr(p, name) for p in parts]) for name in ("month", "part", "in_force"))
    return Arrivals(together([p.rows for p in parts]), month, part, in_force)


def by_file(made: Arrivals, n_month: int) -> Iterator[tuple[int, int, Whole]]:
    """The files that the events go into: month, part, and the positions of their events by person and day."""
    order = np.lexsort((made.rows.day, made.rows.who, made.part, made.month))
    order = order[(made.month[order] < n_month) & (made.month[order] >= 0)]
    place = made.month[order] * 3 + made.part[order]
    for at in np.split(order, np.flatnonzero(np.diff(place)) + 1):
        if at.size:
            yield int(made.month[at[0]]), int(made.part[at[0]]), at
