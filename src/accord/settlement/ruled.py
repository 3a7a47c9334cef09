"""Rules of the rulebook for a day that a file names: a day that no value covers is told, and not guessed for."""

from __future__ import annotations

from datetime import date
from typing import Any

from accord.errors import UserError
from accord.rulebook import parameter

LATEST = date.max
"""A finance file is judged by what is known now: of values published for one day, the latest."""


def covers(name: str, day: date) -> bool:
    """Whether a rule has a value for a day."""
    return any(v.start_date <= day and (v.valid_until is None or day < v.valid_until) for v in parameter(name).values)


def rule_at(name: str, day: date) -> Any:
    """What a rule says of a day. Raises UserError for a day of which it says nothing."""
    if not covers(name, day):
        first = min(v.start_date for v in parameter(name).values)
        mend = f"leave out what is before {first:%Y-%m}, from which on it is known"
        raise UserError(f"the rulebook has no value for {day:%Y-%m}", where=f"the rule {name}", what_to_do=mend)
    return parameter(name).at(day, LATEST)
