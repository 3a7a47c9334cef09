"""Agreement of balances: two statements side by side, and every difference with one cause of a closed list, each an arithmetic test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from accord.errors import UserError
from accord.settlement.ruled import covers, rule_at
from accord.settlement.statement import Entry, Kind, Statements, read_statements

RULE = "england/agreement_of_balances"
NOTHING = Decimal("0.00")
K = TypeVar("K")


class Cause(StrEnum):
    """Why two statements differ on one reference in one month."""

    timing = "timing"
    scope = "scope"
    missing_theirs = "missing in theirs"
    missing_ours = "missing in ours"
    price = "price"
    unknown = "unknown"


class Demand(StrEnum):
    """What the thresholds ask for."""

    none = ""
    below = "below the threshold"
    raised = "to be raised"
    agreed = "must be agreed"


@dataclass(frozen=True)
class Thresholds:
    """From what amounts a mismatch is raised and must be agreed. source: the rule, or who said so."""

    raised_from: Decimal
    agreed_from: Decimal
    source: str

    def demand(self, difference: Decimal) -> Demand:
        """What is asked for a difference of either sign."""
        if not difference:
            return Demand.none
        if abs(difference) < self.raised_from:
            return Demand.below
        return Demand.raised if abs(difference) < self.agreed_from else Demand.agreed


@dataclass(frozen=True)
class Line:
    """One contract and kind, side by side, as our side sees it."""

    contract: str
    kind: Kind
    ours: Decimal
    theirs: Decimal

    @property
    def difference(self) -> Decimal:
        """What we say more than they do."""
        return self.ours - self.theirs


@dataclass(frozen=True)
class Difference:
    """One reference in one month on which the statements differ. ours, theirs: None where a statement does not have it."""

    contract: str
    reference: str
    month: date
    ours: Decimal | None
    theirs: Decimal | None
    cause: Cause
    because: str

    @property
    def amount(self) -> Decimal:
        """What we say more than they do."""
        return (self.ours or NOTHING) - (self.theirs or NOTHING)


@dataclass(frozen=True)
class Moved:
    """A reference that both statements have, at the same amount, under other kinds: no difference of the balance."""

    contract: str
    reference: str
    month: date
    amount: Decimal
    ours: tuple[Kind, ...]
    theirs: tuple[Kind, ...]


@dataclass(frozen=True)
class Agreement:
    """Two statements held against each other. The differences add up to the difference of the balances, and so do the lines."""

    statements: Statements
    thresholds: Thresholds
    lines: tuple[Line, ...]
    differences: tuple[Difference, ...]
    moved: tuple[Moved, ...]

    @property
    def difference(self) -> Decimal:
        """What we say that they owe us, less what they say."""
        return sum((line.difference for line in self.lines), NOTHING)

    @property
    def by_cause(self) -> Mapping[Cause, Decimal]:
        """What each cause makes of the difference."""
        found = {cause: [d.amount for d in self.differences if d.cause is cause] for cause in Cause}
        return {cause: sum(amounts, NOTHING) for cause, amounts in found.items() if amounts}

    @property
    def is_agreed(self) -> bool:
        """Whether nothing has to be raised: no line, and no difference that another of opposite sign hides."""
        asked = (self.thresholds.demand(amount) for amount in [*(x.difference for x in self.lines), *(x.amount for x in self.differences)])
        return not {Demand.raised, Demand.agreed} & set(asked)


def agree(theirs: Path, ours: Path, stated: tuple[Decimal | None, Decimal | None]) -> Agreement:
    """Two files, held against each other. stated: the thresholds that both sides agreed, instead of the rulebook's. Raises UserError."""
    return agreed(read_statements(theirs, ours), stated)


def agreed(statements: Statements, stated: tuple[Decimal | None, Decimal | None]) -> Agreement:
    """Two statements, held against each other by the thresholds of their last month, or by those that are stated. Raises UserError."""
    last = max(entry.month for entry in (*statements.ours, *statements.theirs))
    return compared(statements, thresholds(stated, last))


def thresholds(stated: tuple[Decimal | None, Decimal | None], month: date) -> Thresholds:
    """The thresholds of a month: as stated, or by the rulebook. Raises UserError where it has none for the month."""
    raised, agreed = stated
    if raised is not None and agreed is not None:
        if not 0 <= raised <= agreed:
            raise UserError("a mismatch must be agreed before it is raised", where="--agreed-from", what_to_do="write no less than --raised-from")
        return Thresholds(raised, agreed, "as stated")
    if raised is not None or agreed is not None:
        raise UserError("one threshold of two is stated", where="--raised-from and --agreed-from", what_to_do="state both, or neither")
    if not covers(RULE, month):
        what = f"no thresholds were published for {month:%Y-%m}, the last month of the statements"
        raise UserError(what, where=f"the rule {RULE}", what_to_do="state those that both sides go by: --raised-from 2500 --agreed-from 300000")
    said = rule_at(RULE, month)
    return Thresholds(Decimal(said["raised_from"]), Decimal(said["agreed_from"]), f"{RULE}, {month:%Y-%m}")


Key = tuple[str, str, date]
"""A contract, a reference and a month."""


def compared(statements: Statements, by: Thresholds) -> Agreement:
    """The kernel: side by side, with a cause for each difference."""
    ours, theirs = _by(statements.ours, _key), _by(statements.theirs, _key)
    keys = sorted({*ours, *theirs})
    differing = {key: d for key in keys if (d := _sum(ours.get(key, ())) - _sum(theirs.get(key, ())))}
    causes = _causes(differing, ours, theirs)
    differences = [Difference(*key, _said(ours.get(key)), _said(theirs.get(key)), *causes[key]) for key in differing]
    moved = [Moved(*key, _sum(ours[key]), a, b) for key in keys if key in ours and key in theirs and key not in differing
             and (a := _kinds(ours[key])) != (b := _kinds(theirs[key]))]  # fmt: skip
    return Agreement(statements, by, tuple(_lines(statements)), tuple(differences), tuple(moved))


def _causes(
    differing: Mapping[Key, Decimal], ours: Mapping[Key, Sequence[Entry]], theirs: Mapping[Key, Sequence[Entry]]
) -> dict[Key, tuple[Cause, str]]:
    """Each key's cause, and the figures that show it. The tests are tried in the order of the list; a pair has one cause, and comes to nothing."""
    found: dict[Key, tuple[Cause, str]] = {}
    for key, other in _pairs(differing, found, _is_a_month_later):
        found[key] = Cause.timing, f"the same in {other[2]:%Y-%m}"
        found[other] = Cause.timing, f"the same in {key[2]:%Y-%m}"
    for key, other in _pairs(differing, found, _is_another_contract):
        found[key] = Cause.scope, f"the same under {other[0]}"
        found[other] = Cause.scope, f"the same under {key[0]}"
    contracts = {key[0] for key in ours} & {key[0] for key in theirs}
    for key in differing:
        if key not in found:
            found[key] = _cause_alone(ours.get(key), theirs.get(key), key[0] in contracts)
    return found


def _cause_alone(ours: Sequence[Entry] | None, theirs: Sequence[Entry] | None, is_shared: bool) -> tuple[Cause, str]:
    """The cause of a difference that no other one mirrors. is_shared: whether both statements know its contract."""
    if ours is None or theirs is None:
        if not is_shared:
            return Cause.scope, f"{'we' if ours is None else 'they'} have nothing under this contract"
        return (Cause.missing_ours if ours is None else Cause.missing_theirs), ""
    acts = _acts(ours), _acts(theirs)
    if acts[0] is None or acts[1] is None:
        return Cause.unknown, "no activity is stated on both sides"
    if acts[0] != acts[1] or not acts[0]:
        return Cause.unknown, f"activity {acts[0]:,f} with us, {acts[1]:,f} with them"
    prices = (_sum(side) / acts[0] for side in (ours, theirs))
    return Cause.price, f"activity {acts[0]:,f}, at " + " and ".join(f"{abs(price):,.2f}" for price in prices)


def _pairs(
    differing: Mapping[Key, Decimal], found: Mapping[Key, object], are_pair: Callable[[Key, Key], bool]
) -> Iterable[tuple[Key, Key]]:
    """Differences of opposite amount that belong together, each in one pair at most, in the order of the keys."""
    waiting = [key for key in differing if key not in found]
    while waiting:
        key = waiting.pop(0)
        other = next((k for k in waiting if differing[k] == -differing[key] and are_pair(key, k)), None)
        if other is not None:
            waiting.remove(other)
            yield key, other


def _is_a_month_later(a: Key, b: Key) -> bool:
    months = [key[2].year * 12 + key[2].month for key in (a, b)]
    return a[:2] == b[:2] and months[1] - months[0] == 1


def _is_another_contract(a: Key, b: Key) -> bool:
    return a[0] != b[0] and a[1:] == b[1:]


def _lines(statements: Statements) -> Iterable[Line]:
    ours, theirs = _by(statements.ours, _place), _by(statements.theirs, _place)
    for contract, kind in sorted({*ours, *theirs}, key=lambda place: (place[0], list(Kind).index(place[1]))):
        yield Line(contract, kind, *(_sum(side.get((contract, kind), ())) for side in (ours, theirs)))


def _key(entry: Entry) -> Key:
    return entry.contract, entry.reference, entry.month


def _place(entry: Entry) -> tuple[str, Kind]:
    return entry.contract, entry.kind


def _by(entries: Iterable[Entry], key: Callable[[Entry], K]) -> dict[K, list[Entry]]:
    found: dict[K, list[Entry]] = defaultdict(list)
    for entry in entries:
        found[key(entry)].append(entry)
    return dict(found)


def _sum(entries: Iterable[Entry]) -> Decimal:
    return sum((entry.amount for entry in entries), NOTHING)


def _said(entries: Sequence[Entry] | None) -> Decimal | None:
    return None if entries is None else _sum(entries)


def _kinds(entries: Iterable[Entry]) -> tuple[Kind, ...]:
    return tuple(sorted({entry.kind for entry in entries}, key=list(Kind).index))


def _acts(entries: Iterable[Entry]) -> Decimal | None:
    """How much was done; None if an entry does not say."""
    acts = [entry.activity for entry in entries]
    return sum((a for a in acts if a is not None), Decimal(0)) if None not in acts else None
