"""How far a contract is settled: the days that count, and the part of its fixed amounts that they have used up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

from pydantic import BaseModel

from accord.clauses.walking import pennies
from accord.settlement.contract import Contract

M = TypeVar("M", bound=BaseModel)
_OF_THE_PERIOD = ("value", "amount", "fixed", "plan", "most", "least", "threshold")
"""The keys of terms that are an amount of money for the whole period of a contract."""


@dataclass(frozen=True)
class Span:
    """From the first day of a contract to `end_date`, the first day out. part: of the whole period, by months where it is whole months."""

    start_date: date
    end_date: date
    part: Fraction

    @property
    def last_date(self) -> date:
        """The last day in."""
        return self.end_date - timedelta(days=1)


def span_of(contract: Contract, until: date | None) -> Span:
    """The whole period, or as much of it as is over before `until`, which lies within it or after."""
    start, end = contract.period.start_date, contract.period.end_date
    cut = end if until is None else min(until, end)
    if {start.day, cut.day, end.day} == {1}:
        return Span(start, cut, Fraction(_months(start, cut), _months(start, end)))
    return Span(start, cut, Fraction((cut - start).days, (end - start).days))


def to_date(terms: M, part: Fraction) -> M:
    """The same terms with the amounts of the whole period cut to the part of it that is over, to the penny.

    A stop-loss of one person keeps its point: it is what one person may cost in a year, however far the year is.
    """
    return terms if part == 1 else terms.model_copy(update={name: _cut(terms, name, part) for name in type(terms).model_fields})


def next_month(month: date) -> date:
    """The first day of the month after.

    >>> next_month(date(2025, 12, 1))
    datetime.date(2026, 1, 1)
    """
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def months_of(start: date, end: date) -> Iterator[date]:
    """The first day of each month of a span, the first from the month that it begins in."""
    month = start.replace(day=1)
    while month < end:
        yield month
        month = next_month(month)


def _months(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month


def _cut(terms: Any, name: str, part: Fraction) -> Any:
    value = getattr(terms, name)
    is_of_period = name in _OF_THE_PERIOD or (name == "above" and getattr(terms, "per", None) == "aggregate")
    if isinstance(value, Decimal):
        return pennies(value * part.numerator / part.denominator) if is_of_period else value
    if isinstance(value, tuple):
        return tuple(to_date(each, part) if isinstance(each, BaseModel) else each for each in value)
    return to_date(value, part) if isinstance(value, BaseModel) else value
