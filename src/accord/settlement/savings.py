"""Savings explained: why one year's cost of a population is not the other's, to the penny, and whether luck alone could have made the difference.

The cost of a service to a group is the number of people, x the part of them that was kept, left or joined, x the part of those in the group,
x acts for each person, x price of an act. Each factor is one cause; what came with no act has no price, and is the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from accord.clauses.bridge import Bridge, BridgeLine
from accord.clauses.walking import pennies
from accord.errors import UserError
from accord.settlement.luck import SPREADS
from accord.settlement.ruled import rule_at
from accord.settlement.sheet import AMOUNT, MONTH, WORDS, Reader, Row, in_order, number, one_of, read_sheet, row_error
from accord.stats import Verdict, luck_band, parts_of_change, verdict

STATES = ("kept", "left", "joined")
PENNY = Decimal("0.01")
COLUMNS = {
    "year": Reader(MONTH.read, "the year's first month, such as 2024-04"),
    "attributed": Reader(one_of(STATES), "kept, left or joined", blank="kept", is_optional=True),
    "group": WORDS,
    "people": Reader(number, "a whole number of people"),
    "service": WORDS,
    "activity": Reader(number, "how many acts, such as 1200", blank=Decimal(0)),
    "amount": AMOUNT,
}
"""The columns of the file: one row for each year, group of people and service."""


class Cause(StrEnum):
    """Why a cost changed: the closed list."""

    population = "population"
    attribution = "attribution change"
    case_mix = "case mix"
    volume = "volume"
    price = "price"
    rest = "rest"


CERTAIN = (Cause.population, Cause.price)
"""What luck has no hand in: how many people there were is counted, and prices are set."""

Group = tuple[str, str]
"""Whether these people were kept, left or joined, and their group."""


@dataclass(frozen=True)
class Year:
    """One year of a population. people: by group. acts, amounts: by group and service."""

    people: Mapping[Group, Fraction]
    acts: Mapping[tuple[Group, str], Fraction]
    amounts: Mapping[tuple[Group, str], Fraction]

    @cached_property
    def n_people(self) -> Fraction:
        """Everybody."""
        return sum(self.people.values(), Fraction(0))

    @cached_property
    def by_state(self) -> Mapping[str, Fraction]:
        """People who were kept, left and joined."""
        counted: dict[str, Fraction] = defaultdict(Fraction)
        for (state, _), n in self.people.items():
            counted[state] += n
        return counted

    @property
    def cost(self) -> Fraction:
        """What their care cost."""
        return sum(self.amounts.values(), Fraction(0))


@dataclass(frozen=True)
class Luck:
    """What one published spread of cost between people makes of a difference. band: to either side, as part of the earlier cost."""

    rule: str
    spread: Decimal
    band: float
    verdict: Verdict


@dataclass(frozen=True)
class Explained:
    """Two years' costs. bridge: from the earlier to the later, a line for each cause. uncertain: of the change, what luck could have made."""

    earlier: date
    later: date
    n_people: tuple[int, int]
    bridge: Bridge
    uncertain: Decimal
    confidence: Decimal
    luck: tuple[Luck, ...]

    @property
    def change(self) -> Decimal:
        """Below zero, a saving."""
        return self.bridge.result - self.bridge.start.amount

    def part(self, amount: Decimal) -> float:
        """An amount as part of the earlier cost."""
        return float(amount / self.bridge.start.amount)


def explain_savings(file: Path) -> Explained:
    """Why the later of two years of a file cost what it did. Raises UserError."""
    if not file.exists():
        mend = "write the file, or mend the name that leads to it; of a contract of the place, name the first months of both years: --from and --to"
        raise UserError(f"there is no file {file.name}", where=str(file), what_to_do=mend)
    rows = read_sheet(file, COLUMNS)
    years = in_order(rows, "year")
    if len(years) != 2:
        told = ", ".join(f"{year:%Y-%m}" for year in years)
        raise UserError(f"a change is between two years, and the file has {len(years)}: {told}", where=str(file), what_to_do="keep the rows of two")
    _check(file, rows, years)
    before, after = (_year([row for row in rows if row.cells["year"] == year]) for year in years)
    if before.cost <= 0:
        raise UserError(f"the year {years[0]:%Y-%m} cost nothing", where=str(file), what_to_do="write the amounts of both years")
    return explained(before, after, (years[0], years[1]))


def explained(before: Year, after: Year, years: tuple[date, date]) -> Explained:
    """The kernel: two years, the causes of their difference, and how much of it luck could have made."""
    parts = to_pennies(causes(before, after), after.cost - before.cost)
    lines = tuple(BridgeLine(cause, amount) for cause, amount in parts.items())
    bridge = Bridge(BridgeLine(f"cost of {years[0]:%Y-%m}", _decimal(before.cost)), lines)
    uncertain = sum((amount for cause, amount in parts.items() if cause not in CERTAIN), Decimal("0.00"))
    confidence = rule_at("interval_confidence", years[1])
    sizes = (int(before.n_people), int(after.n_people))
    rate = float(uncertain / bridge.start.amount)
    luck = tuple(_luck(rule, rate, sizes, (years[1], confidence)) for rule in SPREADS)
    return Explained(*years, sizes, bridge, uncertain, confidence, luck)


def _luck(rule: str, rate: float, sizes: Sequence[int], drawn: tuple[date, Decimal]) -> Luck:
    spread = rule_at(rule, drawn[0])
    band = luck_band(float(spread), sizes, float(drawn[1]))
    return Luck(rule, spread, band, verdict(rate, band))


def causes(before: Year, after: Year) -> dict[str, Fraction]:
    """What each cause adds to the change, exact; the parts add up to it. No order of the causes is preferred.

    A rate that one year does not know is the other's: people who joined had no volume or price before, so none of theirs changed.
    """
    keys = sorted({*before.amounts, *after.amounts})

    def cost(changed: frozenset[str]) -> Fraction:
        of: Mapping[str, tuple[Year, Year]] = {cause: (after, before) if cause in changed else (before, after) for cause in Cause}
        people = of[Cause.population][0].n_people
        return sum((people * _per_head(of, *key) + _rest(of[Cause.rest][0], key) for key in keys), Fraction(0))

    return parts_of_change(cost, list(Cause))


def _per_head(of: Mapping[str, tuple[Year, Year]], group: Group, service: str) -> Fraction:
    """The cost of one service to one group, for each of all people, by the year that each factor is taken from."""
    state, key = group[0], (group, service)
    part = _known(of[Cause.attribution], lambda year: year.by_state.get(state, Fraction(0)), lambda year: year.n_people)
    mix = _known(of[Cause.case_mix], lambda year: year.people.get(group, Fraction(0)), lambda year: year.by_state.get(state, Fraction(0)))
    rate = _known(of[Cause.volume], lambda year: year.acts.get(key, Fraction(0)), lambda year: year.people.get(group, Fraction(0)))
    price = _known(of[Cause.price], lambda year: year.amounts.get(key, Fraction(0)), lambda year: year.acts.get(key, Fraction(0)))
    return part * mix * rate * price


def _known(years: tuple[Year, Year], top: Callable[[Year], Fraction], bottom: Callable[[Year], Fraction]) -> Fraction:
    """A ratio of the first year, or of the second where the first has none, or nothing."""
    year = years[0] if bottom(years[0]) else years[1]
    return top(year) / bottom(year) if bottom(year) else Fraction(0)


def _rest(year: Year, key: tuple[Group, str]) -> Fraction:
    return Fraction(0) if year.acts.get(key) else year.amounts.get(key, Fraction(0))


def to_pennies(parts: Mapping[str, Fraction], total: Fraction) -> dict[str, Decimal]:
    """Exact parts of an amount, to the penny, so that they still add up. What rounding leaves goes where it had taken most; ties: the earlier.

    >>> to_pennies({"a": Fraction(1, 3), "b": Fraction(1, 3), "c": Fraction(1, 3)}, Fraction(1))
    {'a': Decimal('0.34'), 'b': Decimal('0.33'), 'c': Decimal('0.33')}
    """
    rounded = {name: _decimal(part) for name, part in parts.items()}
    left = int((total - sum(map(Fraction, rounded.values()))) * 100)
    sign = 1 if left > 0 else -1
    by_loss = sorted(parts, key=lambda name: sign * (Fraction(rounded[name]) - parts[name]))
    for name in by_loss[: abs(left)]:
        rounded[name] += sign * PENNY
    return rounded


def _decimal(exact: Fraction) -> Decimal:
    return pennies(Decimal(exact.numerator) / Decimal(exact.denominator))


def _year(rows: Sequence[Row]) -> Year:
    acts: dict[tuple[Group, str], Fraction] = defaultdict(Fraction)
    amounts: dict[tuple[Group, str], Fraction] = defaultdict(Fraction)
    for row in rows:
        key = _group(row), row.cells["service"]
        acts[key] += Fraction(row.cells["activity"])
        amounts[key] += Fraction(row.cells["amount"])
    return Year({_group(row): Fraction(row.cells["people"]) for row in rows}, acts, amounts)


def _group(row: Row) -> Group:
    return row.cells["attributed"], row.cells["group"]


def _check(file: Path, rows: Sequence[Row], years: Sequence[date]) -> None:
    """Raises UserError for rows that cannot be true together."""
    faults = []
    stated: dict[tuple[date, Group], Decimal] = {}
    for row in rows:
        people, state, year = row.cells["people"], row.cells["attributed"], row.cells["year"]
        first = stated.setdefault((year, _group(row)), people)
        if people != first:
            what = f"the group '{row.cells['group']}' has {people} people here and {first} above"
            faults.append((row.line, what, "write the same number on each of its rows"))
        if people <= 0 or people % 1:
            faults.append((row.line, f"there are {people} people", "write a whole number of people above 0: care of nobody belongs to no group"))
        if row.cells["activity"] < 0:
            faults.append((row.line, "the activity is below 0", "write how much was done; what was taken back is a smaller amount"))
        if (state, year) in (("left", years[1]), ("joined", years[0])):
            what = f"people who {state} stand in the {'later' if state == 'left' else 'earlier'} year"
            faults.append((row.line, what, "those who left are in the earlier year alone, those who joined in the later"))
    if faults:
        raise row_error(file, faults)
