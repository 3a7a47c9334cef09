"""A capitated budget: one total divided by people, need, market forces and inequalities, and how fast each organisation gets there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from accord.books import allocate
from accord.budgets.pace import Pace, distance_from_target, moved
from accord.budgets.weighting import Weights, blended, scaled, weighted
from accord.clauses.bridge import Bridge, BridgeLine
from accord.clauses.walking import money, percent

NOTHING = Decimal("0.00")
MANAGEMENT = "management"
"""The name under which an allowance for running a budget stands beside the services."""


@dataclass(frozen=True)
class Serving:
    """How one service's money is divided. share: its part of the total. need, market_forces: factors by organisation; None is one for all.

    need_by: the model that need is by, in words. given: a weighted population as published, instead of people times factors.
    inequalities: the part of the money that goes by the population weighted for inequalities, and that population.
    """

    service: str
    share: Decimal
    need: Weights | None = None
    market_forces: Weights | None = None
    given: Weights | None = None
    inequalities: tuple[Decimal, Weights] | None = None
    need_by: str = ""


@dataclass(frozen=True)
class Allowance:
    """What running the budget is paid: for each person, or as a part of the budget. within: whether it is taken out of the total first."""

    within: bool
    per_person: Decimal | None = None
    rate: Decimal | None = None


@dataclass(frozen=True)
class Facts:
    """total: two places. people: of each organisation, in its order. baselines: what each had, where there is a pace."""

    total: Decimal
    organisations: Sequence[str]
    people: Weights
    services: Sequence[Serving]
    baselines: Weights = ()
    pace: Pace | None = None
    allowance: Allowance | None = None


@dataclass(frozen=True)
class Set:
    """Budgets as bridges, by organisation and service. distance: of each organisation from target before the move; empty without a pace."""

    bridges: Mapping[tuple[str, str], Bridge]
    target: Mapping[str, Decimal]
    weighted_people: Mapping[str, Decimal]
    distance: Mapping[str, Decimal] = field(default_factory=dict)

    def of(self, organisation: str) -> Decimal:
        """What an organisation has for all its services."""
        return sum((bridge.result for (id, _), bridge in self.bridges.items() if id == organisation), NOTHING)


def set_capitation(facts: Facts) -> Set:
    """Every organisation's budget by service, each a bridge whose lines add up; all together they are the total, to the penny.

    Each stage divides the whole of a service's money again, so that a line says what its rule moves between organisations: over all of them the
    lines of need, market forces, inequalities and pace are nothing. An allowance beside the total comes on top of it.
    """
    running = allowances(facts)
    within = sum(running, NOTHING) if facts.allowance and facts.allowance.within else NOTHING
    shared = facts.total - within
    by_service = dict(zip((s.service for s in facts.services), allocate(shared, [s.share for s in facts.services]), strict=True))
    bridges = {(id, s.service): bridge for s in facts.services for id, bridge in _of_service(facts, s, by_service[s.service])}
    targets = [sum((bridges[id, s.service].result for s in facts.services), NOTHING) for id in facts.organisations]
    bridges |= _paced(facts, bridges, targets, shared)
    bridges = _with_allowances(facts, bridges, running)
    return Set(bridges, dict(zip(facts.organisations, targets, strict=True)), _weighted_people(facts), _distances(facts, targets))


def _of_service(facts: Facts, one: Serving, amount: Decimal) -> Iterator[tuple[str, Bridge]]:
    stages = list(_stages(facts, one))
    amounts = [allocate(amount, weights) for _, _, weights in stages]
    whole = float(sum(facts.people, Fraction(0)))
    for n, id in enumerate(facts.organisations):
        because = f"{float(facts.people[n]):,.1f} of {whole:,.1f} people, of {money(amount)} for {one.service}"
        start = BridgeLine("people", amounts[0][n], because)
        steps = [
            BridgeLine(name, after[n] - before[n], because)
            for (name, because, _), (before, after) in zip(stages[1:], pairwise(amounts), strict=True)
        ]
        yield id, Bridge(start, tuple(steps))


def _stages(facts: Facts, one: Serving) -> Iterator[tuple[str, str, Weights]]:
    """The weights by which a service is divided, each with what it adds to the one before."""
    yield "people", "", facts.people
    at: Weights = facts.people
    if one.given is not None:
        at = scaled(one.given, sum(facts.people, Fraction(0)))
        yield "need", "the weighted population that is given", at
    factors = [factor for factor in (one.need, one.market_forces) if factor is not None]
    if one.need is not None:
        yield "need", f"what these people need of {one.service} beside all people{one.need_by}", weighted(facts.people, one.need)
    if one.market_forces is not None:
        yield "market forces", "what it costs to give care there", weighted(facts.people, *factors)
    at = weighted(facts.people, *factors) if factors else at
    if one.inequalities is not None:
        rate, index = one.inequalities
        mixed = blended([(1 - Fraction(rate), at), (Fraction(rate), scaled(index, sum(facts.people, Fraction(0))))])
        yield "inequalities", f"{percent(rate)} goes by the population weighted for health inequalities", mixed


def final_weights(facts: Facts, one: Serving) -> Weights:
    """The weighted population by which a service is divided in the end, scaled to the people."""
    *_, (_, _, weights) = _stages(facts, one)
    return scaled(weights, sum(facts.people, Fraction(0)))


def _weighted_people(facts: Facts) -> dict[str, Decimal]:
    whole = blended([(Fraction(s.share), final_weights(facts, s)) for s in facts.services])
    return {id: Decimal(round(each * 100)) / 100 for id, each in zip(facts.organisations, whole, strict=True)}


def _paced(facts: Facts, bridges: Mapping[tuple[str, str], Bridge], targets: Sequence[Decimal], total: Decimal) -> dict[tuple[str, str], Bridge]:
    """The bridges with a line that takes each organisation from its target to what it has at this pace, over its services by their targets."""
    if facts.pace is None:
        return {}
    at = moved(facts.baselines, [Fraction(t) for t in targets], Fraction(total), facts.pace)
    finals = allocate(total, at.amounts)
    found = {}
    for n, id in enumerate(facts.organisations):
        own = [bridges[id, s.service].result for s in facts.services]
        because = f"grows by {float(at.growth[n]):.2%} on {money(_exact(facts.baselines[n]))}; its target is {money(targets[n])}"
        for s, moves in zip(facts.services, allocate(finals[n] - targets[n], own), strict=True):
            found[id, s.service] = bridges[id, s.service].then(BridgeLine("pace of change", moves, because))
    return found


def _distances(facts: Facts, targets: Sequence[Decimal]) -> dict[str, Decimal]:
    if facts.pace is None:
        return {}
    ratio = Fraction(sum(targets, NOTHING)) / sum(facts.baselines, Fraction(0))
    away = [distance_from_target(has * ratio, Fraction(target)) for has, target in zip(facts.baselines, targets, strict=True)]
    return {id: Decimal(round(each * 10**6)) / 10**6 for id, each in zip(facts.organisations, away, strict=True)}


def allowances(facts: Facts) -> tuple[Decimal, ...]:
    """Each organisation's allowance: its people times the amount, or the rate of the total divided by people."""
    agreed = facts.allowance
    if agreed is None:
        return tuple(NOTHING for _ in facts.organisations)
    if agreed.per_person is not None:
        whole = Fraction(agreed.per_person) * sum(facts.people, Fraction(0))
    else:
        whole = Fraction(agreed.rate or 0) * Fraction(facts.total)
    return allocate(Decimal(round(whole * 100)) / 100, facts.people)


def _with_allowances(facts: Facts, bridges: Mapping[tuple[str, str], Bridge], running: Sequence[Decimal]) -> dict[tuple[str, str], Bridge]:
    """An allowance is a service of its own, as it buys no care."""
    agreed = facts.allowance
    if agreed is None:
        return dict(bridges)
    what = f"{money(agreed.per_person)} a person" if agreed.per_person is not None else f"{percent(agreed.rate or NOTHING)} of the total, by people"
    because = f"{what}, to run the budget; {'out of' if agreed.within else 'beside'} the total"
    lines = [BridgeLine("management-cost allowance", each, because) for each in running]
    return {**bridges, **{(id, MANAGEMENT): Bridge(line) for id, line in zip(facts.organisations, lines, strict=True)}}


def _exact(number: Fraction) -> Decimal:
    return Decimal(round(number * 100)) / 100
