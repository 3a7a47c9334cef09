"""Statements that two identifiers of one system are one person's, into the identifier that stands for each person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple


class Statement(NamedTuple):
    """One source says that whoever was known by `previous`, since start_date where that is known, is now known by `current`."""

    previous: str
    current: str
    start_date: date | None


class Led(NamedTuple):
    """The identifier that stands for an identifier's person; its own, where statements contradict one another."""

    leads_to: str
    is_conflict: bool


def led_by_statements(statements: Sequence[Statement]) -> dict[str, Led]:
    """Every identifier of some statements, and the one that stands for its person.

    Statements are followed from the previous to the current identifier, over as many as there are. An identifier from which they end at
    one current identifier is that person's. One from which they end at two, or at none since they go round in a ring, stays a person
    apart. Of a person's identifiers the earliest in use stands for the person, so that a further one changes no number: one that has a
    successor before one that has none. Ties: the first in alphabetical order.

    >>> led_by_statements([Statement("B", "C", date(2021, 1, 1)), Statement("A", "C", date(2018, 1, 1))])["C"]
    Led(leads_to='A', is_conflict=False)
    >>> led_by_statements([Statement("A", "C", None), Statement("A", "D", None)])["A"]
    Led(leads_to='A', is_conflict=True)
    """
    said = [each for each in statements if each.previous != each.current]
    ends = _ends(said)
    people: dict[str, list[str]] = defaultdict(list)
    for identifier, reached in ends.items():
        if len(reached) == 1:
            people[reached[0]].append(identifier)
    led = {identifier: Led(identifier, True) for identifier, reached in ends.items() if len(reached) != 1}
    first_day = _first_days(said)
    for end, identifiers in people.items():
        chosen = min(identifiers, key=lambda i: (i == end, first_day.get(i, date.max), i))
        led |= {identifier: Led(chosen, False) for identifier in identifiers}
    return led


def _ends(statements: Iterable[Statement]) -> dict[str, list[str]]:
    """For each identifier the current ones, without a successor, that statements lead to from it: all if there is one, two if there are more."""
    before: dict[str, set[str]] = defaultdict(set)
    has_successor = set()
    reached: dict[str, list[str]] = {}
    for previous, current, _ in statements:
        before[current].add(previous)
        has_successor.add(previous)
        reached |= {previous: [], current: []}
    todo = [(end, end) for end in reached if end not in has_successor]
    while todo:
        identifier, end = todo.pop()
        if end in reached[identifier] or len(reached[identifier]) == 2:
            continue
        reached[identifier].append(end)
        todo += [(previous, end) for previous in before[identifier]]
    return reached


def _first_days(statements: Iterable[Statement]) -> Mapping[str, date]:
    days: dict[str, date] = {}
    for previous, _, start in statements:
        if start is not None:
            days[previous] = min(start, days.get(previous, start))
    return days
