"""Why a monthly file and the run come to different amounts: one cause of a closed list for each, by an arithmetic test, and all add up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from accord.settlement.contract import Contract
from accord.settlement.totals import NOTHING, Done, Total

PENNY = Decimal("0.01")
"""The most that rounding makes of one act."""

Key = tuple[str, str, date]
"""A service, a price group and a month."""


class Cause(StrEnum):
    """Why the two differ on one service and price group in one month: the closed list, in the order in which the tests are tried."""

    timing = "timing"
    scope = "scope"
    missing_rows = "missing rows"
    rounding = "rounding"
    price = "price"
    unknown = "unknown"


@dataclass(frozen=True)
class Apart:
    """One service and price group in one month on which file and run differ. amount: the file's less the run's. because: the figures that show it."""

    service: str
    price_group: str
    month: date
    amount: Decimal
    cause: Cause
    because: str

    @property
    def key(self) -> Key:
        """What it is about."""
        return self.service, self.price_group, self.month


@dataclass(frozen=True)
class _Side:
    n_activity: int = 0
    value: Decimal = NOTHING


def causes_of(contract: Contract, by_file: Done, by_run: Done) -> Iterator[Apart]:
    """Each difference with its cause, of the clauses that pay, in order. The amounts add up to the difference of the two."""
    paying = {clause.id for clause in contract.clause if not clause.shadow}
    file, run = (_sides(t for t in done.totals if t.clause_id in paying) for done in (by_file, by_run))
    nothing = _Side()
    keys = sorted({*file, *run}, key=_place)
    apart = {k: d for k in keys if (d := file.get(k, nothing).value - run.get(k, nothing).value)}
    found = dict(_timing(apart, file, run))
    for key, amount in apart.items():
        cause, because = found.get(key) or _alone(key, file, run)
        yield Apart(*key, amount, cause, because)


def totals_by_cause(causes: Iterable[Apart]) -> dict[Cause, Decimal]:
    """What each cause comes to, in the order of the list."""
    known = list(causes)
    return {cause: sum((a.amount for a in known if a.cause is cause), NOTHING) for cause in Cause if any(a.cause is cause for a in known)}


def _timing(apart: Mapping[Key, Decimal], file: Mapping[Key, _Side], run: Mapping[Key, _Side]) -> Iterator[tuple[Key, tuple[Cause, str]]]:
    """Acts and their amount that one side has in one month, and the other in the next: the two differences come to nothing."""
    waiting = list(apart)
    while waiting:
        key = waiting.pop(0)
        other = next((k for k in waiting if _is_next_month(key, k) and _moved(key, file, run) == _opposite(_moved(k, file, run))), None)
        if other is not None:
            waiting.remove(other)
            for one, two in ((key, other), (other, key)):
                yield one, (Cause.timing, f"the same acts in {two[2]:%Y-%m}")


def _is_next_month(key: Key, other: Key) -> bool:
    months = (other[2].year - key[2].year) * 12 + other[2].month - key[2].month
    return key[:2] == other[:2] and months == 1


def _moved(key: Key, file: Mapping[Key, _Side], run: Mapping[Key, _Side]) -> tuple[int, Decimal]:
    one, other = file.get(key, _Side()), run.get(key, _Side())
    return one.n_activity - other.n_activity, one.value - other.value


def _opposite(moved: tuple[int, Decimal]) -> tuple[int, Decimal]:
    return -moved[0], -moved[1]


def _alone(key: Key, file: Mapping[Key, _Side], run: Mapping[Key, _Side]) -> tuple[Cause, str]:
    """The cause of a difference that none in the next month mirrors."""
    for same, what in ((_of_service, key[0]), (_of_group, f"price group {key[1]}")):
        sides = [any(same(key, k) for k in side) for side in (file, run)]
        if sides[0] != sides[1]:
            return Cause.scope, f"{what} is only in the {'file' if sides[0] else 'run'}"
    if key not in file or key not in run:
        return Cause.missing_rows, f"{(run.get(key) or file[key]).n_activity:,} acts are only in the {'file' if key in file else 'run'}"
    return _of_figures(file[key], run[key])


def _of_figures(one: _Side, other: _Side) -> tuple[Cause, str]:
    """The cause where both sides have the month: by the acts, and what each is worth."""
    off = abs(one.value - other.value)
    if one.n_activity != other.n_activity:
        acts = f"{one.n_activity:,} acts in the file, {other.n_activity:,} in the run"
        is_same_price = abs(one.value * other.n_activity - other.value * one.n_activity) <= PENNY * one.n_activity * other.n_activity
        if one.n_activity and other.n_activity and is_same_price:
            return Cause.missing_rows, f"{acts}, at {other.value / other.n_activity:,.2f} each"
        return Cause.unknown, acts
    if not one.n_activity:
        return Cause.unknown, "no acts on either side"
    if off <= PENNY * one.n_activity:
        return Cause.rounding, f"no more than a penny for each of {one.n_activity:,} acts"
    prices = " and ".join(f"{side.value / side.n_activity:,.2f}" for side in (one, other))
    return Cause.price, f"{one.n_activity:,} acts, at {prices}"


def _of_service(key: Key, other: Key) -> bool:
    return key[0] == other[0]


def _of_group(key: Key, other: Key) -> bool:
    return key[:2] == other[:2]


def _sides(totals: Iterable[Total]) -> dict[Key, _Side]:
    found: dict[Key, _Side] = {}
    for t in totals:
        key = t.service, t.price_group, t.month
        at = found.get(key, _Side())
        found[key] = _Side(at.n_activity + t.n_activity, at.value + t.value)
    return found


def _place(key: Key) -> tuple[date, str, str]:
    return key[2], key[0], key[1]
