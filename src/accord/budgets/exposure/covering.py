"""What of a contract's care its payee bears, clause by clause: whose acts count, what of their cost is paid as it is done, and on what pay turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from accord.budgets.exposure.histories import NO_CLAUSE, CareOf
from accord.clauses import activity_price, block, cap, capitation, fixed_and_variable, marginal_rate, stop_loss
from accord.clauses.rules import stated
from accord.clauses.services import name_of, rows
from accord.clauses.terms import Budget
from accord.clauses.walking import NOTHING, money, percent
from accord.rulebook import services

WHOLE = Decimal(1)
GAINS = ("risk_corridor", "shared_savings", "pool")
"""Kinds that share what is saved or lost: with one of them, all that the clauses pay for counts towards it."""
EMERGENCY_DEPARTMENT = "emergency_attendance"
BY_PRICE = ("activity_price", "fixed_and_variable", "marginal_rate")
OF_COST = "reported_cost"
"""Kinds whose pay goes by the price of each act; and the name, in place of a list, of prices that are what the record says the care cost."""
Amounts = Mapping[str, Decimal]
"""By service, what its care costs in a year."""


@dataclass(frozen=True)
class Turn:
    """One total of care on which pay turns, so that it does not go in proportion to it. weights: of each service in the total.

    paid: what is paid for a total, up to an amount that does not depend on it.
    """

    weights: Mapping[str, Decimal]
    paid: Callable[[Decimal], Decimal]


@dataclass(frozen=True)
class Cover:
    """One clause that prices care, as its payee bears its cost. care: which acts. rates: by service, what of its cost is paid as it is done.

    paid: what the clause pays in a year for care of so much; None where nobody has said. words: for the payee, in a line.
    """

    id: str
    care: tuple[CareOf, ...]
    paid: Callable[[Amounts], Decimal | None]
    words: str
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    turn: Turn | None = None

    @property
    def is_borne(self) -> bool:
        """Whether any of its care is a risk of the payee."""
        return self.turn is not None or any(self.rates.get(each.service, NOTHING) < WHOLE for each in self.care)


@dataclass(frozen=True)
class Sides:
    """Between whom a contract is, what of it is known beside its clauses, and the size it is about.

    figures: by clause and key. start_date, end_date: of the contract. people: whose care it is. quality: the score that clauses go by.
    """

    payer: str
    payee: str
    figures: Mapping[str, Mapping[str, Any]]
    start_date: date
    end_date: date
    people: Decimal = NOTHING
    quality: Decimal | None = None

    def known(self, clause: Any, key: str) -> Any:
        """A figure of a clause; None if there is none."""
        return self.figures.get(clause.id, {}).get(key)


def covers_of(clauses: Sequence[Any], sides: Sides, only: Sequence[str] = ()) -> tuple[Cover, ...]:
    """Every clause that prices care, in the order in which one claims an act. only: the services that the budget is for, where the file says."""
    paid_by_pool = {id for clause in clauses if clause.kind == "pool" for id in clause.pays}
    found = tuple(each for each in _covers(clauses, sides) if not paid_by_pool or each.id in paid_by_pool)
    if any(clause.kind == "shared_savings" for clause in clauses) or not found:
        gain = next((clause for clause in clauses if clause.kind in GAINS), None)
        words = "is held against all care of its people, whoever gives it" if gain else ""
        found = (Cover(gain.id if gain else NO_CLAUSE, all_care(gain.id if gain else NO_CLAUSE), lambda _: None, words),)
    elif any(clause.kind in GAINS for clause in clauses):
        found = tuple(replace(each, rates={}, turn=None, words=f"{each.words}; counts in full towards what is shared") for each in found)
    if only:
        found = tuple(replace(each, care=tuple(row for row in each.care if row.service in only)) for each in found)
    return tuple(each for each in found if each.care)


def all_care(clause_id: str) -> tuple[CareOf, ...]:
    """Every service, whoever gives it."""
    return tuple(CareOf(clause_id, service) for service in sorted({name for name, _, _ in services()}))


def services_of(clauses: Sequence[Any]) -> list[str]:
    """The services that clauses of the contract name, each once."""
    return sorted({name_of(served) for clause in clauses for served in getattr(clause, "services", ())})


def _covers(clauses: Sequence[Any], sides: Sides) -> Iterator[Cover]:
    """A marginal rate on another clause's prices claims its acts before that clause does."""
    for clause in sorted(clauses, key=lambda each: each.kind != "marginal_rate"):
        make = _COVERS.get(clause.kind)
        if make is not None:
            yield _capped(make(clause, sides), [each for each in clauses if each.kind == "cap" and each.of == clause.id], clause.kind)


def _care(clause: Any, sides: Sides, *, is_by_anybody: bool = False) -> tuple[CareOf, ...]:
    """At cost, but at its price where pay goes by that."""
    provider, payer = (None, None) if is_by_anybody else (sides.payee, sides.payer)
    basis = "price" if clause.kind in BY_PRICE and clause.prices != OF_COST else "cost"
    found = (row for served in clause.services for row in rows(served))
    return tuple(CareOf(clause.id, service, specialty, code, provider, payer, basis) for service, specialty, code in found)


def _total(amounts: Amounts) -> Decimal:
    return sum(amounts.values(), NOTHING)


def _activity_price(clause: activity_price.Terms, sides: Sides) -> Cover:
    share = WHOLE if clause.share is None else stated(clause.share)
    words = "pays for each act, so how many there are is no risk" if share >= WHOLE else f"pays {percent(share)} of each act; the rest is borne"

    def paid(done: Amounts) -> Decimal:
        return activity_price.settle(clause, activity_price.Facts(_total(done))).result

    care = _care(clause, sides)
    return Cover(clause.id, care, paid, words, {each.service: share for each in care})


def _block(clause: block.Terms, sides: Sides) -> Cover:
    earlier = sides.known(clause, "earlier")

    def paid(_: Amounts) -> Decimal | None:
        if clause.value is None and not earlier:
            return None
        return block.settle(clause, block.Facts(sides.start_date, NOTHING, earlier or ())).result

    return Cover(clause.id, _care(clause, sides), paid, f"pays a fixed amount; all care of its services that {sides.payee} gives is borne at cost")


def _capitation(clause: capitation.Terms, sides: Sides) -> Cover:
    """What is paid for running the budget buys no care. What is withheld is earned as far as quality says; what is retained is due."""
    terms = clause.model_copy(update={"management": None})

    def paid(_: Amounts) -> Decimal | None:
        budget, need = sides.known(clause, "budget"), sides.known(clause, "need")
        if isinstance(clause.budget, Budget) and budget is None:
            return None
        earned = WHOLE if sides.quality is None else sides.quality
        return capitation.settle(terms, capitation.Facts(sides.people, WHOLE if need is None else need, budget, earned, has_stayed=True)).result

    care = _care(clause, sides, is_by_anybody=True)
    is_need_open = getattr(clause.budget, "need", None) and sides.known(clause, "need") is None
    words = f"all care of these services of its people is borne, whoever gives it{'; need is taken as 1, as nobody sent it' if is_need_open else ''}"
    return Cover(clause.id, care, paid, f"pays by the head; {words}")


def _fixed_and_variable(clause: fixed_and_variable.Terms, sides: Sides) -> Cover:
    moving = [part for part in clause.variable if clause.limit is None or part.of == "actual"]
    rates = {part.service: stated(part.rate) for part in moving}

    def paid(done: Amounts) -> Decimal:
        return fixed_and_variable.settle(clause, fixed_and_variable.Facts(done)).result

    parts = ", ".join(f"{percent(WHOLE - stated(part.rate))} of {part.service.replace('_', ' ')}" for part in clause.variable)
    return Cover(clause.id, _care(clause, sides), paid, f"of care that changes, {parts} is borne, and all else", rates, _limited(clause))


def _limited(clause: fixed_and_variable.Terms) -> Turn | None:
    """Of differences that may move the payment so far and no further, the sum is what it turns on."""
    parts = [part for part in clause.variable if part.of == "difference" and stated(part.rate) > 0]
    if clause.limit is None or not parts:
        return None
    planned = sum((stated(part.rate) * (part.plan or NOTHING) for part in parts), NOTHING)
    first = parts[0]

    def paid(moved: Decimal) -> Decimal:
        done = {part.service: part.plan or NOTHING for part in parts}
        done[first.service] += (moved - planned) / stated(first.rate)
        return fixed_and_variable.settle(clause, fixed_and_variable.Facts(done)).result

    return Turn({part.service: stated(part.rate) for part in parts}, paid)


def _marginal_rate(clause: marginal_rate.Terms, sides: Sides) -> Cover:
    in_full = [EMERGENCY_DEPARTMENT] if "emergency_department" in clause.excludes else []
    care = _care(clause, sides)
    weights = {each.service: WHOLE for each in care if each.service not in in_full}

    def paid(value: Decimal) -> Decimal:
        facts = marginal_rate.Facts(value, sides.end_date, sides.known(clause, "repriced"))
        return marginal_rate.settle(clause, facts).result

    def paid_for(done: Amounts) -> Decimal:
        held = sum((amount for service, amount in done.items() if service not in in_full), NOTHING)
        return paid(held) + _total(done) - held

    at = marginal_rate.baseline(clause, marginal_rate.Facts(NOTHING, sides.end_date, sides.known(clause, "repriced") or NOTHING)).result
    words = f"pays for each act up to {money(at)}; of what is above, {percent(WHOLE - stated(clause.rate_above))} is borne"
    return Cover(clause.id, care, paid_for, words, dict.fromkeys(in_full, WHOLE), Turn(weights, paid))


_COVERS: Mapping[str, Callable[[Any, Sides], Cover]] = {
    "activity_price": _activity_price, "block": _block, "capitation": _capitation, "fixed_and_variable": _fixed_and_variable,
    "marginal_rate": _marginal_rate,
}  # fmt: skip


def _capped(cover: Cover, caps: Sequence[cap.Terms], kind: str) -> Cover:
    """With the most that the clause may come to: above it, every act is borne. Of a fixed amount, a cap changes the amount alone."""
    for limit in caps:
        cover = _with_cap(cover, limit, is_fixed=kind in ("block", "capitation"))
    return cover


def _with_cap(cover: Cover, limit: cap.Terms, *, is_fixed: bool) -> Cover:
    def capped(amount: Decimal) -> Decimal:
        return cap.settle(limit, cap.Facts(amount)).result

    def paid(done: Amounts) -> Decimal | None:
        amount = cover.paid(done)
        return None if amount is None else capped(amount)

    if is_fixed:
        return replace(cover, paid=paid)
    before = cover.turn.paid if cover.turn else lambda total: cover.paid({"": total}) or NOTHING
    weights = cover.turn.weights if cover.turn else {each.service: WHOLE for each in cover.care}
    words = f"{cover.words}; '{limit.id}' caps it at {money(Decimal(str(limit.most)))}, and all above is borne"
    return replace(cover, paid=paid, words=words, rates={}, turn=Turn(weights, lambda total: capped(before(total))))


def not_covered(clause: Any, clauses: Sequence[Any], sides: Sides) -> Iterator[tuple[str, str]]:
    """Why what a clause leaves with the payee is not worked out, and what to do."""
    has_gains = any(each.kind in GAINS for each in clauses)
    if clause.kind == "bundle":
        yield "which acts are of an episode no table says", "take the clause out of a copy of the contract, and write what it may cost under [[open]]"
    if clause.kind == "marginal_rate":
        yield from _marginal_not_covered(clause, clauses, sides, has_gains)
    if clause.kind == "fixed_and_variable" and clause.limit is not None and has_gains:
        yield "its limit moves what is paid, and so what is shared, by another rule than cost", "ask for one of the two by itself"
    if clause.kind == "cap" and (of := next((c for c in clauses if c.id == clause.of), None)) is not None and of.kind not in GAINS:
        yield from _cap_not_covered(clause, of, clauses)


def _marginal_not_covered(clause: Any, clauses: Sequence[Any], sides: Sides, has_gains: bool) -> Iterator[tuple[str, str]]:
    if has_gains:
        yield "it moves what is paid, and so what is shared, by another rule than cost", "ask for one of the two by itself"
    if hasattr(clause.baseline, "value_of") and sides.known(clause, "repriced") is None:
        mend = f"write what they come to into the contract's file of figures, under [clause.{clause.id}]: repriced = 4200000.00"
        yield "its baseline is the worth of earlier acts at current prices, which is known once it is settled", mend
    if "best_practice" in clause.excludes:
        yield "which acts are best practice no table says", "take best_practice out of a copy of the contract, and try how much it matters"
    base = next((each for each in clauses if each.id == clause.of), None)
    if base is not None and (base.kind != "activity_price" or base.share is not None):
        yield f"it stands on '{base.id}', which does not pay the whole price of each act", "let it have prices of its own"


def _cap_not_covered(clause: Any, of: Any, clauses: Sequence[Any]) -> Iterator[tuple[str, str]]:
    if clause.on != "payment":
        yield f"it is on the {clause.on} of '{of.id}', which has none of its own", 'write on = "payment"'
    elif not isinstance(clause.most, Decimal):
        yield "its limit is a part of an amount that is not known before the year is over", "write it as an amount"
    elif of.kind == "fixed_and_variable" or of.kind not in _COVERS:
        yield f"what it caps ('{of.id}', {of.kind}) is not worked out with a cap", "ask without the cap, which bears less risk"
    elif any(each.kind in GAINS for each in clauses):
        yield "it moves what is paid, and so what is shared, by another rule than cost", "ask for one of the two by itself"


def cover_of_stop_loss(terms: stop_loss.Terms) -> Cover:
    """A stop-loss of one person with a most, as a clause that pays what is above the point up to that. Its care is told apart in the histories."""

    def paid(above: Decimal) -> Decimal:
        one = terms.above if isinstance(terms.above, Decimal) else NOTHING
        return stop_loss.settle(terms, stop_loss.Facts((one + above / stated(terms.share),))).result

    every = {name: WHOLE for name, _, _ in services()}
    return Cover(terms.id, (), lambda done: paid(_total(done)), "", turn=Turn(every, paid))


def beside_care(clause: Any) -> str:
    """What becomes of a clause that prices no care, in a line; empty where it stands in the result itself."""
    if clause.kind == "pay_for_performance":
        return "goes by measures and not by care: taken to be earned in full" if clause.withhold else "goes by measures and not by care: left out"
    if clause.kind == "readmission_withhold":
        return "what is not paid for readmissions is left out, as nobody knows before the year is over: it would be borne on top"
    return {
        "stop_loss": "counts: the payer bears its share above the point", "cap": "counts", "risk_corridor": "counts: shares the result band by band",
        "shared_savings": "counts: shares the result", "pool": "counts: members share the result",
    }.get(clause.kind, "")  # fmt: skip
