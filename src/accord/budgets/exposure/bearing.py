"""What a contract makes of a year's cost: who bears how much of it, by the kernels that settle it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from accord.budgets.exposure.covering import GAINS, Sides, not_covered
from accord.clauses import cap, pool, risk_corridor, shared_savings, stop_loss
from accord.clauses.walking import Within
from accord.errors import UserError

PENNY = Decimal("0.01")


@dataclass(frozen=True)
class Bargain:
    """The clauses of a contract that share risk, in the order in which they are settled; without any, who has the budget bears it all.

    clauses: terms with their rules read. budget: for the organisation's own people in a year. bands: of each clause that has one, its table of rates
    by size. quality: the score, where a clause goes by one. holder: the party that has the budget. figures: by clause and key, what else is known.
    """

    clauses: tuple[Any, ...]
    budget: Decimal
    bands: Mapping[str, tuple[shared_savings.Band, ...]] = field(default_factory=dict)
    quality: Decimal | None = None
    holder: str = ""
    figures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def person_stop_losses(self) -> list[stop_loss.Terms]:
        """Each stop-loss of one person: it works on histories, before they are added up."""
        return [clause for clause in self.clauses if clause.kind == "stop_loss" and clause.per == "person"]

    def within(self, clause_id: str) -> dict[str, Within]:
        """The bounds of caps on the gross or the share of a clause, by what they are on."""
        caps = [c for c in self.clauses if c.kind == "cap" and c.of == clause_id and c.on != "payment"]
        return {each.on: cap.bounds(each, self.budget) for each in caps}

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
    facts = risk_corridor.Facts(state.borne, bargain.figures.get(terms.id, {}).get("target", bargain.budget))
    return _State(state.borne, _settled(risk_corridor, bargain, terms, facts), state.n_people)


def _shared_savings(bargain: Bargain, terms: shared_savings.Terms, state: _State) -> _State:
    benchmark = bargain.figures.get(terms.id, {}).get("benchmark", bargain.budget)
    facts = shared_savings.Facts(benchmark, state.borne, state.n_people, bargain.bands.get(terms.id, ()), bargain.quality)
    return _State(state.borne, _settled(shared_savings, bargain, terms, facts), state.n_people)


def _settled(kind: Any, bargain: Bargain, terms: Any, facts: Any) -> Decimal:
    within = bargain.within(terms.id)
    paid: Decimal = kind.capped(terms, facts, within) if within else kind.settle(terms, facts).result
    return paid


def _cap(bargain: Bargain, terms: cap.Terms, state: _State) -> _State:
    is_here = terms.on == "payment" and terms.of in {clause.id for clause in bargain.clauses if clause.kind in GAINS}
    return _State(state.borne, cap.settle(terms, cap.Facts(state.result, bargain.budget)).result, state.n_people) if is_here else state


def _pool(bargain: Bargain, terms: pool.Terms, state: _State) -> _State:
    """What the pool pays for is one sum: by which of its clauses, nobody is told apart."""
    known = bargain.figures.get(terms.id, {})
    amounts: dict[str, Decimal] = {c.id: c.amount for c in terms.contributions if isinstance(c.amount, Decimal)}
    paid_for = {id: state.borne if n == 0 else Decimal(0) for n, id in enumerate(terms.pays)}
    results = dict.fromkeys([each.measure for each in terms.release], bargain.quality or Decimal(0))
    weights = {"budget": amounts, **known.get("weights", {})}
    facts = pool.Facts(Decimal(0) if terms.pays else state.borne, {}, paid_for, known.get("contributed", {}), results, weights)
    return _State(state.borne, pool.shares(terms, facts)[bargain.holder], state.n_people)


_WORK: dict[str, Callable[[Bargain, Any, _State], _State]] = {
    "stop_loss": _stop_loss, "risk_corridor": _corridor, "shared_savings": _shared_savings, "cap": _cap, "pool": _pool,
}  # fmt: skip


def check_bargain(clauses: Sequence[Any], sides: Sides, where: str) -> None:
    """Raises UserError for terms whose risk is not worked out: better none than a wrong figure."""
    has_gains = any(clause.kind in GAINS for clause in clauses)
    for clause in clauses:
        for what, mend in (*not_covered(clause, clauses, sides), *_not_worked_out(clause, sides, has_gains)):
            raise UserError(f"clause '{clause.id}': {what}", where=where, what_to_do=mend)


def _not_worked_out(clause: Any, sides: Sides, has_gains: bool) -> Iterator[tuple[str, str]]:
    if clause.kind == "stop_loss" and clause.per == "person" and clause.most is not None and has_gains:
        what = "with a most to a person stop-loss, what is shared turns on the total above the point, which is not worked out"
        yield what, "try it without most, which bears less risk"
    if clause.kind == "shared_savings" and sides.quality is None and _goes_by_quality(clause):
        yield "it goes by quality, and nobody has said how good that is", "add quality = 0.80 to the file of the folder risk"
    if clause.kind == "shared_savings" and len(_tables(clause)) > 1:
        yield "it has two tables of rates by size, one for losses", "write the minimum of losses as a rate"
    if clause.kind == "pool":
        yield from _pool_not_worked_out(clause, sides)


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


def _pool_not_worked_out(clause: pool.Terms, sides: Sides) -> Iterator[tuple[str, str]]:
    figures = f"the contract's file of figures, under [clause.{clause.id}]"
    if sides.payee not in clause.members:
        yield f"'{sides.payee}' is no member of the pool", f"the members are {', '.join(clause.members)}"
    contributed = sides.known(clause, "contributed") or {}
    for each in clause.contributions:
        if isinstance(each.amount, pool.PartOfClause):
            yield f"what {each.id} pays in is a part of what '{each.amount.clause}' comes to, which moves with the year", "write it as an amount"
        elif not isinstance(each.amount, Decimal) and each.id not in contributed:
            yield f"what {each.id} pays in is named, and not known here", f"write it into {figures}: contributed.{each.id} = 5000000.00"
    unknown = {clause.gain.by, clause.loss.by} - {"equal", "stated", "budget", *(sides.known(clause, "weights") or {})}
    if unknown:
        by = ", ".join(sorted(unknown))
        yield f"sharing by {by} is not known before the year is over", f'try by = "budget", "equal" or "stated"; or write weights into {figures}'
    if clause.release and sides.quality is None:
        yield "a gain is released by quality, and nobody has said how good that is", "add quality = 0.80 to the file of the folder risk"
