"""What may be asked of the simulator, and what makes no sense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from accord.errors import UserError
from accord.simulate.model import MODEL

MOST_PEOPLE = 5_000_000
MOST_YEARS = 20


@dataclass(frozen=True)
class Options:
    """One place to be invented.

    practices: how many, or None for as many as the model gives so many people. start, end: first day in, first day out. dirt: how much of
    the usual dirt, 1 being the model's own shares and 0 none. faults: shares by kind that take the place of the model's.
    threads: how many processes work; it changes nothing in the files.
    """

    people: int
    start: date
    end: date
    seed: int
    practices: int
    dirt: float = 1.0
    faults: Mapping[str, float] = field(default_factory=dict)
    threads: int = 1


def asked(  # noqa: PLR0913 (each option of a command is an argument)
    *, people: int | None = None, years: int | None = None, start: date | None = None, end: date | None = None, seed: int | None = None,
    practices: int | None = None, dirt: float = 1.0, faults: Mapping[str, float] | None = None, threads: int = 1,
) -> Options:  # fmt: skip
    """Options as a person gives them, None where they leave the choice to the model. Raises UserError at what makes no sense."""
    people = MODEL["default"]["people"] if people is None else people
    _within(people, 1, MOST_PEOPLE, "--people", "people")
    first, last = _period(years, start, end)
    wanted = _practices(people) if practices is None else practices
    _within(wanted, 1, people, "--practices", "practices")
    _within(dirt, 0, 10, "--dirt", "times the usual dirt")
    seed = MODEL["default"]["seed"] if seed is None else seed
    _within(seed, 0, 2**32 - 1, "--seed", "as a seed")
    for kind, share in (faults or {}).items():
        _known_fault(kind)
        _within(share, 0, 0.5, f"--fault {kind}", "as a share of records")
    return Options(people, first, last, seed, wanted, dirt, dict(faults or {}), threads)


def _practices(people: int) -> int:
    said = MODEL["place"]
    few: int = min(said["least_practices"], people // said["least_list"])
    return max(1, few, int(people // said["people_a_practice"]))


def _period(years: int | None, start: date | None, end: date | None) -> tuple[date, date]:
    if years is not None:
        _within(years, 1, MOST_YEARS, "--years", "years")
    if years is not None and start is not None and end is not None:
        raise UserError("the period is said twice", where="--years, --from and --to", what_to_do="give two of the three")
    years = MODEL["default"]["years"] if years is None else years
    if start is None:
        end = end or MODEL["default"]["end"]
        assert end is not None
        start = _years_later(end, -years)
    end = end or _years_later(start, years)
    if end <= start:
        what = f"the period ends ({end}) before or as it starts ({start})"
        raise UserError(what, where="--to", what_to_do="'--to' is the first day out: later than --from")
    if start.day != 1 or end.day != 1:
        what = f"files are monthly, and the period from {start} to {end} is not of whole months"
        raise UserError(what, where="--from and --to", what_to_do="begin and end on the first of a month")
    if not 1900 < start.year < end.year + 1 <= 2200:
        what = f"the period from {start} to {end} lies outside 1901 to 2199"
        raise UserError(what, where="--from and --to", what_to_do="give another period")
    return start, end


def _years_later(day: date, years: int) -> date:
    return day.replace(year=day.year + years)


def _within(n: float, least: float, most: float, where: str, what: str) -> None:
    if not least <= n <= most:
        raise UserError(f"{n:,} {what} make no place", where=where, what_to_do=f"give between {least:,} and {most:,}")


def _known_fault(kind: str) -> None:
    known = MODEL["fault"]
    if kind not in known:
        raise UserError(f"there is no kind of fault {kind!r}", where="--fault", what_to_do=f"the kinds are {', '.join(known)}")
