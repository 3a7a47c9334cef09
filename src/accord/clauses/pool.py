"""The pool: a party of its own, into which members pay and out of which care is paid; what is left, or lacks, is shared by a key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from pydantic import Field

from accord.books.allocation import allocate
from accord.clauses.bridge import Bridge
from accord.clauses.lists import not_the_whole, repeated
from accord.clauses.rules import said, stated
from accord.clauses.terms import Budget, Clause, Fraction, Id, Listed, Money, Rate, Written
from accord.clauses.walking import NOTHING, Exact, money, pennies, percent, walk
from accord.place.toml_faults import Fault, did_you_mean

Key = Literal["equal", "budget", "equity", "performance", "lost_activity", "stated"]


class PartOfClause(Written):
    """A part of what another clause of the contract comes to, with all that changes it."""

    clause: Id = Field(examples=["planned"])
    rate: Fraction = Field(examples=[Decimal("0.05")])


class Contribution(Written):
    """What one member pays in: an amount, a budget of its own by name, or a part of what another clause comes to."""

    id: Id = Field(examples=["QMW"])
    amount: Money | Budget | PartOfClause


class Condition(Written):
    """A measure that must be reached before a gain is shared out; until then it stays in the pool."""

    measure: Id = Field(examples=["core_set"])
    at_least: Fraction = Field(examples=[Decimal("0.40")])


class Share(Written):
    """One member's share, as the members agreed it."""

    id: Id = Field(examples=["QMW"])
    share: Fraction


class Sharing(Written):
    """By what key. Where it finds nothing to go by, each gets the same.

    equal: each the same. budget, equity, performance: in proportion to each one's. lost_activity: to those who lost activity, by its value,
    as compensation. stated: by the shares written here.
    """

    by: Key
    shares: Listed[Share] = ()


class Terms(Clause):
    """Members pay into a pool, which pays for care. A loss is always shared; a gain once every condition is met, less a reserve.

    reserve: the part of a gain that stays in the pool as the network's own. pays: the clauses that are paid out of the pool in the payer's place,
    each with all that changes it and its VAT.
    """

    kind: Literal["pool"]
    members: Listed[Id] = Field(min_length=2, examples=[["QMW", "RMX"]])
    contributions: Listed[Contribution] = Field(min_length=1)
    pays: Listed[Id] = Field(default=(), examples=[["planned"]])
    gain: Sharing
    loss: Sharing
    release: Listed[Condition] = ()
    reserve: Rate | None = None


@dataclass(frozen=True)
class Facts:
    """spent: what care cost the pool beside the clauses that it pays. contributed: by member, the budget that its contribution names.

    comes_to: by clause, what a clause comes to of which a part is paid in. paid_for: by clause, what the pool pays, with VAT that nobody gets back.
    results: by measure. weights: by key, what each member goes by: its budget, equity, performance, or the value of activity it lost.
    """

    spent: Decimal = NOTHING
    comes_to: Mapping[str, Decimal] = field(default_factory=dict)
    paid_for: Mapping[str, Decimal] = field(default_factory=dict)
    contributed: Mapping[str, Decimal] = field(default_factory=dict)
    results: Mapping[str, Decimal] = field(default_factory=dict)
    weights: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)


def settle(terms: Terms, facts: Facts) -> Bridge:
    """From what was paid in, through what was spent, to what is shared: above zero a gain, below zero a loss.

    >>> equally = Sharing(by="equal")
    >>> terms = Terms(kind="pool", id="p", members=["A", "B", "C"], contributions=[Contribution(id="A", amount=Decimal(100))],
    ...               gain=equally, loss=equally, reserve=Decimal("0.10"))
    >>> settle(terms, Facts(Decimal(40))).result, shares(terms, Facts(Decimal(40)))
    (Decimal('54.00'), {'A': Decimal('18.00'), 'B': Decimal('18.00'), 'C': Decimal('18.00')})
    """
    steps = [Exact(f"paid in by {c.id}", contributed(c, facts), _why(c)) for c in terms.contributions]
    steps += [Exact(f"paid for {clause}", -facts.paid_for[clause], f"what '{clause}' comes to, in the payer's place") for clause in terms.pays]
    if facts.spent or not terms.pays:
        steps.append(Exact("spent", -facts.spent, "what care cost the pool"))
    left = sum((step.amount for step in steps), NOTHING)
    return walk(Exact("the pool", NOTHING, "before anything is paid in"), [*steps, *_kept(terms, facts, left)], terms.round_at)


def contributed(contribution: Contribution, facts: Facts) -> Decimal:
    """What one contribution comes to, to the penny: it is paid."""
    match contribution.amount:
        case Budget():
            return pennies(facts.contributed[contribution.id])
        case PartOfClause(clause=clause, rate=rate):
            return pennies(facts.comes_to[clause] * rate)
        case amount:
            return amount


def _why(contribution: Contribution) -> str:
    match contribution.amount:
        case Budget(budget=budget):
            return f"the budget '{budget}'"
        case PartOfClause(clause=clause, rate=rate):
            return f"{percent(rate)} of what '{clause}' comes to"
        case _:
            return "a contribution"


def _kept(terms: Terms, facts: Facts, left: Decimal) -> Iterator[Exact]:
    if left <= 0:
        return
    missed = [c.measure for c in terms.release if facts.results.get(c.measure, NOTHING) < c.at_least]
    if missed:
        yield Exact("not released", -left, f"not reached: {', '.join(missed)}")
    elif terms.reserve is not None:
        yield Exact("reserve", -left * stated(terms.reserve), f"{percent(stated(terms.reserve))} of a gain stays in the pool")


def shares(terms: Terms, facts: Facts) -> dict[str, Decimal]:
    """Each member's part of what is shared, to the penny; together exactly all of it."""
    shared = settle(terms, facts).result
    weights = weights_of(terms, facts)
    return dict(zip(weights, allocate(shared, list(weights.values())), strict=True))


def weights_of(terms: Terms, facts: Facts) -> dict[str, Decimal]:
    """What each member goes by under the key of the gain or of the loss."""
    sharing = terms.loss if settle(terms, facts).result < 0 else terms.gain
    said_of = {s.id: s.share for s in sharing.shares} if sharing.by == "stated" else facts.weights.get(sharing.by, {})
    weights = {member: said_of.get(member, NOTHING) for member in terms.members}
    return weights if any(weights.values()) else dict.fromkeys(terms.members, Decimal(1))


def shared_out(terms: Terms, facts: Facts) -> Bridge:
    """From what is shared, through each member's part, to nothing."""
    shared = settle(terms, facts).result
    key = (terms.loss if shared < 0 else terms.gain).by.replace("_", " ")
    steps = [Exact(f"to {member}", -part, f"by {key}") for member, part in shares(terms, facts).items()]
    return walk(Exact("to be shared", shared), steps, terms.round_at)


def faults(terms: Terms) -> Iterator[Fault]:
    """Members and contributions that stand twice; who pays in or shares and is no member; shares that are lacking, unwanted or not the whole."""
    yield from repeated("contributions", [c.id for c in terms.contributions])
    yield from _strangers(terms, "contributions", [c.id for c in terms.contributions])
    for key, sharing in (("gain", terms.gain), ("loss", terms.loss)):
        for fault in _sharing_faults(terms, sharing):
            yield Fault((key, *fault.path), fault.what, fault.what_to_do)


def _sharing_faults(terms: Terms, sharing: Sharing) -> Iterator[Fault]:
    if (sharing.by == "stated") != bool(sharing.shares):
        what = "the shares are stated, and there are none" if sharing.by == "stated" else f"shares are written, and the key is '{sharing.by}'"
        mend = 'write shares = [{ id = "QMW", share = 0.5 }, …]' if sharing.by == "stated" else 'take shares out, or write by = "stated"'
        yield Fault(("shares",), what, mend)
    elif sharing.shares:
        yield from repeated("shares", [s.id for s in sharing.shares])
        yield from _strangers(terms, "shares", [s.id for s in sharing.shares])
        yield from not_the_whole("shares", [s.share for s in sharing.shares])


def _strangers(terms: Terms, table: str, ids: list[str]) -> Iterator[Fault]:
    for n, each in enumerate(ids):
        if each not in terms.members:
            yield Fault((table, n, "id"), f"'{each}' is not a member of the pool", did_you_mean(each, terms.members, "its members are"))


def describe(terms: Terms) -> str:
    """The clause in a sentence."""
    paid_in = " and ".join(f"{c.id} ({money(c.amount) if isinstance(c.amount, Decimal) else _why(c)})" for c in terms.contributions)
    reserve = f", less {said(terms.reserve)} as reserve" if terms.reserve is not None else ""
    release = "".join(f", once {c.measure} reaches {percent(c.at_least)}" for c in terms.release)
    into = f"{paid_in} pay into a pool of {', '.join(terms.members)}"
    out = f"; it pays for {', '.join(terms.pays)}" if terms.pays else ""
    return f"{into}{out}; a gain is shared {_by(terms.gain)}{reserve}{release}; a loss {_by(terms.loss)}"


def _by(sharing: Sharing) -> str:
    stated_shares = ", ".join(f"{s.id} {percent(s.share)}" for s in sharing.shares)
    words = {"equal": "equally", "lost_activity": "among those who lost activity", "stated": f"by stated shares ({stated_shares})"}
    return words.get(sharing.by, f"by {sharing.by}")
