"""`accord compare`: the same care settled under two contracts, and for every party what it gains or loses by the second."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from accord.errors import UserError
from accord.place import hold
from accord.settlement.care import care_of
from accord.settlement.chain import Settled, settle
from accord.settlement.checking import read_alternative
from accord.settlement.luck import LuckOfSaving, lucks
from accord.settlement.pooling import in_hand_of
from accord.settlement.settling import Asked, case_of, scope
from accord.settlement.totals import NOTHING, Total, value

Supply = tuple[str, str]
"""Who gives care, and its service."""


@dataclass(frozen=True)
class Side:
    """One of the two. value: what the acts under its paying clauses are worth by its prices.

    lucks: the band about each saving. by_service: the acts that it pays for, by who gives them and service, with their value.
    """

    file: Path
    settled: Settled
    n_activity: int
    value: Decimal
    lucks: tuple[LuckOfSaving, ...] = ()
    by_service: Mapping[Supply, tuple[int, Decimal]] = field(default_factory=dict)


@dataclass(frozen=True)
class Effect:
    """What one party has in hand under each contract: received less paid and VAT that it does not get back."""

    party: str
    first: Decimal
    second: Decimal

    @property
    def gain(self) -> Decimal:
        """What the party gains by the second contract; below zero, what it loses."""
        return self.second - self.first


@dataclass(frozen=True)
class Comparison:
    """Two contracts over the same care."""

    first: Side
    second: Side
    effects: tuple[Effect, ...]

    @property
    def shifted(self) -> Decimal:
        """What moves from some parties to others: what the ones gain at the expense of the others."""
        return min(sum((e.gain for e in self.effects if e.gain > 0), NOTHING), -sum((e.gain for e in self.effects if e.gain < 0), NOTHING))

    def only(self, one: Side, other: Side) -> dict[Supply, tuple[int, Decimal]]:
        """The care that one contract pays for and the other does not: by that one it is given unpaid, which saves nobody anything."""
        return {supply: acts for supply, acts in one.by_service.items() if supply not in other.by_service and acts[0]}

    @property
    def left(self) -> Decimal:
        """What the parties together gain; below zero, lose: VAT that nobody gets back. The care itself is the same, so nothing of it is saved."""
        return sum((e.gain for e in self.effects), NOTHING)


def compare_contracts(asked: Asked, first: Path, second: Path) -> Comparison:
    """Settle the care of a run under each contract alone. Nothing is posted. Raises UserError."""
    if asked.run is None:
        raise UserError("the place has no published run yet", where=str(asked.place.root), what_to_do="make one: accord run")
    with hold(asked.place, "compare"):
        sides = [_side(asked, _file_of(asked, named)) for named in (first, second)]
    partners = [partner.id for partner in asked.place.settings.partner]
    return Comparison(sides[0], sides[1], tuple(effects(sides[0].settled, sides[1].settled, partners)))


def _file_of(asked: Asked, named: Path) -> Path:
    """A file as it is given, or else the contract of the place that has the name, as `settle` calls it."""
    of_place = asked.place.root / "contracts" / f"{named}.toml"
    return of_place if len(named.parts) == 1 and not named.exists() and of_place.is_file() else named


def effects(first: Settled, second: Settled, partners: Iterable[str] = ()) -> Iterator[Effect]:
    """What each party of either contract, and each partner of the place, has in hand under both, by its name."""
    one, other = in_hand(first), in_hand(second)
    yield from (Effect(party, one.get(party, NOTHING), other.get(party, NOTHING)) for party in sorted({*one, *other, *partners}))


def in_hand(settled: Settled) -> dict[str, Decimal]:
    """What a settlement leaves each side with, and each member of a pool and the pool itself, VAT left out that is handed on or got back."""
    found: dict[str, Decimal] = defaultdict(lambda: NOTHING)
    found[settled.contract.payer] -= settled.net + settled.irrecoverable_vat
    found[settled.contract.payee] += sum((each.due for each in settled.clauses), NOTHING)
    for party, amount in in_hand_of(settled.pools):
        found[party] += amount
    return dict(found)


def _side(asked: Asked, file: Path) -> Side:
    assert asked.run is not None, "a comparison is of a run"
    contract = read_alternative(file, asked.place.root)
    with care_of(asked.place, asked.run, {file.stem: scope(asked, contract, file)}) as care:
        done = care.done[file.stem]
        settled = settle(case_of(asked, file.stem, contract, done, file))
    paying = [total for total in done.totals if total.clause_id in {clause.id for clause in contract.pricing if not clause.shadow}]
    n_activity = sum(total.n_activity for total in paying)
    return Side(file, settled, n_activity, value(paying), tuple(lucks(settled, done)), _by_service(contract.payee, paying))


def _by_service(payee: str, totals: Sequence[Total]) -> dict[Supply, tuple[int, Decimal]]:
    found: dict[Supply, tuple[int, Decimal]] = {}
    for t in totals:
        n, worth = found.get((payee, t.service), (0, NOTHING))
        found[payee, t.service] = n + t.n_activity, worth + t.value
    return found
