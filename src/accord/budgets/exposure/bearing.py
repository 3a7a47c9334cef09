"""What a contract makes of a year's cost: who bears how much of it, by the kernels that settle it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from accord.clauses import cap, pool, risk_corridor, shared_savings, stop_loss
from accord.clauses.rules import stated
from accord.errors import UserError

GAINS = ("risk_corridor", "shared_savings", "pool")
"""Kinds that share what is saved or lost, and on which a cap may lie."""
PENNY = Decimal("0.01")


@dataclass(frozen=True)
class Bargain:
    """The clauses of a contract that share risk, in the order in which they are settled; without any, who has the budget bears it all.

    clauses: terms with their rules read. budget: for the organisation's own people in a year. bands: of each clause that has one, its table of rates
    by size. quality: the score, where a clause goes by one. holder: the party that has the budget.
    """

    clauses: tuple[Any, ...]
    budget: Decimal
    bands: Mapping[str, tuple[shared_savings.Band, ...]] = field(default_factory=dict)
    quality: Decimal | None = None
    holder: str = ""

    def person_stop_losses(self) -> Iterator[tuple[float, float]]:
        """The point and the payer's share of each stop-loss of one person: it works on histories, before they are added up."""
        for clause in self.clauses:
            if clause.kind == "stop_loss" and clause.per == "person":
                yield float(clause.above), float(stated(clause.share))

    def result(self, cost: float, n_people: int) -> float:
        """What the holder keeps of the budget; below zero, what it loses. cost: after any stop-loss of one person. It never rises with cost."""
        borne = Decimal(cost).quantize(PENNY)
        state = _State(borne, self.budget - borne, n_people)
        for clause in self.clauses:
            work = _WORK.get(clause.kind)
            if work is not None:
                state = work(self, clause, state)
        return float(state.result)

    def loss(self, cost: float, n_people: int) -> float:
        """What the holder loses; below zero, what it keeps."""
        return -self.result(cost, n_people)

    def first_cost_beyond(self, loss: float, n_people: int, reach: tuple[float, float]) -> float:
        """The cost from which on more than this is lost, searched between two costs; the upper one if none there loses so much."""
        low, high = reach
        if self.loss(high, n_people) <= loss:
            return high
        if self.loss(low, n_people) > loss:
            return low
        while high - low > max(0.01, 1e-9 * abs(high)):
            middle = (low + high) / 2
            low, high = (low, middle) if self.loss(middle, n_people) > loss else (middle, high)
        return high


@dataclass(frozen=True)
class _State:
    """A year on its way through the chain."""

    borne: Decimal
    result: Decimal
    n_people: int


def _stop_loss(bargain: Bargain, terms: stop_loss.Terms, state: _State) -> _State:
    if terms.per == "person":
        return state
    relief = stop_loss.settle(terms, stop_loss.Facts((max(Decimal(0), state.borne),), bargain.budget)).result
    return _State(state.borne - relief, state.result + relief, state.n_people)


def _corridor(bargain: Bargain, terms: risk_corridor.Terms, state: _State) -> _State:
    shared = risk_corridor.settle(terms, risk_corridor.Facts(state.borne, bargain.budget)).result
    return _State(state.borne, shared, state.n_people)


def _shared_savings(bargain: Bargain, terms: shared_savings.Terms, state: _State) -> _State:
    facts = shared_savings.Facts(bargain.budget, state.borne, state.n_people, bargain.bands.get(terms.id, ()), bargain.quality)
    return _State(state.borne, shared_savings.settle(terms, facts).result, state.n_people)


def _cap(bargain: Bargain, terms: cap.Terms, state: _State) -> _State:
    if terms.of not in {clause.id for clause in bargain.clauses if clause.kind in GAINS}:
        return state
    return _State(state.borne, cap.settle(terms, cap.Facts(state.result, bargain.budget)).result, state.n_people)


def _pool(bargain: Bargain, terms: pool.Terms, state: _State) -> _State:
    amounts: dict[str, Decimal] = {c.id: c.amount for c in terms.contributions if isinstance(c.amount, Decimal)}
    facts = pool.Facts(state.borne, weights={"budget": amounts})
    return _State(state.borne, pool.shares(terms, facts)[bargain.holder], state.n_people)


_WORK: dict[str, Callable[[Bargain, Any, _State], _State]] = {
    "stop_loss": _stop_loss, "risk_corridor": _corridor, "shared_savings": _shared_savings, "cap": _cap, "pool": _pool,
}  # fmt: skip


def check_bargain(clauses: Sequence[Any], holder: str, quality: Decimal | None, where: str) -> None:
    """Raises UserError for terms whose risk is not worked out: better none than a wrong figure."""
    for clause in clauses:
        for what, mend in _not_worked_out(clause, holder, quality):
            raise UserError(f"clause '{clause.id}': {what}", where=where, what_to_do=mend)


def _not_worked_out(clause: Any, holder: str, quality: Decimal | None) -> Iterator[tuple[str, str]]:
    if clause.kind == "stop_loss" and clause.per == "person" and clause.most is not None:
        yield "a person stop-loss with a most is not worked out: who is above depends on everybody", "try it without most, which bears less risk"
    if clause.kind == "cap" and clause.on == "gross":
        yield "a cap on the gross is not worked out", "write the cap into the clause that it is on, or put it on the payment"
    if clause.kind == "shared_savings" and quality is None and _goes_by_quality(clause):
        yield "it goes by quality, and nobody has said how good that is", "add quality = 0.80 to the file of the folder risk"
    if clause.kind == "shared_savings" and len(_tables(clause)) > 1:
        yield "it has two tables of rates by size, one for losses", "write the minimum of losses as a rate"
    if clause.kind == "pool":
        yield from _pool_not_worked_out(clause, holder)


def _goes_by_quality(clause: shared_savings.Terms) -> bool:
    is_scored = clause.quality is not None and (clause.quality.at_least is not None or clause.quality.scaled != "never")
    return is_scored or (clause.loss is not None and isinstance(clause.loss.rate, shared_savings.ByQuality))


def _tables(clause: shared_savings.Terms) -> set[str]:
    minimums = (clause.minimum, clause.loss.minimum if clause.loss else None)
    return {minimum.table for minimum in minimums if isinstance(minimum, shared_savings.BySize)}


def bands_for(clauses: Sequence[Any], on: date, known_at: date) -> dict[str, tuple[shared_savings.Band, ...]]:
    """The table of rates by size of each clause that names one, as in force on a day and published by another."""
    named = {clause.id: _tables(clause) for clause in clauses if clause.kind == "shared_savings"}
    return {id: shared_savings.bands_of(next(iter(tables)), on, known_at) for id, tables in named.items() if tables}


def _pool_not_worked_out(clause: pool.Terms, holder: str) -> Iterator[tuple[str, str]]:
    if holder not in clause.members:
        yield f"'{holder}' is no member of the pool", f"the members are {', '.join(clause.members)}"
    if not all(isinstance(c.amount, Decimal) for c in clause.contributions):
        yield "a contribution is named, and its amount is not known here", "write each contribution as an amount"
    unknown = {clause.gain.by, clause.loss.by} - {"equal", "stated", "budget"}
    if unknown:
        yield f"sharing by {', '.join(sorted(unknown))} is not known before the year is over", 'try by = "budget", "equal" or "stated"'
