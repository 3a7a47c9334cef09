"""What each kind of clause must know: from what was done, from the clauses before it, or from the figures that the payer sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any

from accord.clauses import block, cap, marginal_rate, pool, risk_corridor, shared_savings
from accord.clauses.kinds import kind_of
from accord.clauses.rules import stated, with_rules_read
from accord.clauses.services import names
from accord.clauses.terms import Budget, PartOf, ValueOf
from accord.clauses.walking import pennies
from accord.rulebook import parameter
from accord.settlement.contract import CAPPED, Contract, root_of
from accord.settlement.figures import Given
from accord.settlement.span import Span, months_of
from accord.settlement.totals import NOTHING, Done, Total, by_service, value


@dataclass(frozen=True)
class Needed:
    """In place of a figure that no table holds and that the payer must send. why: in words."""

    why: str = "which no table holds"


NEEDED = Needed()

EMERGENCY_DEPARTMENT = "emergency_attendance"
MONTHS = 12
PERSON_YEAR_PLACES = Decimal("0.000001")


@dataclass(frozen=True)
class SoFar:
    """What a clause is settled with. paid: what each clause before it comes to, with all that changed it. is_final: nothing more is to come.

    known_on: the day by which rules were published. settled: of each clause before it the terms, cut to the days, and the facts.
    lost_vat: by clause, the VAT on it that nobody gets back.
    """

    contract: Contract
    span: Span
    done: Done
    given: Given
    is_final: bool
    known_on: date
    paid: Mapping[str, Decimal] = field(default_factory=dict)
    settled: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    lost_vat: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def due(self) -> Decimal:
        """What the clauses before it come to."""
        return sum(self.paid.values(), NOTHING)

    def paid_by(self, clause_id: str) -> Decimal:
        """What a clause comes to so far, with all that changed it."""
        return self.paid[root_of(self.contract, clause_id)]


def facts_of(clause: Any, so_far: SoFar) -> Any:
    """The facts of a clause. What the payer sends goes before what was worked out. Raises UserError naming a figure that is missing."""
    kind = kind_of(clause)
    known = {**_KNOWN[clause.kind](clause, so_far), **so_far.given.of(clause)}
    if isinstance(earlier := known.get("earlier"), tuple):  # of whole years, and held against the part of one that is over
        known["earlier"] = tuple(year * so_far.span.part.numerator / so_far.span.part.denominator for year in earlier)
    for each in fields(kind.facts):
        is_required = each.default is MISSING and each.default_factory is MISSING
        if isinstance(needed := known.get(each.name, NEEDED if is_required else None), Needed):
            raise so_far.given.missing(clause, each.name, needed.why)
    for key, name in _PARTS[clause.kind](clause) if clause.kind in _PARTS else ():
        if name not in known.get(key, ()):
            raise so_far.given.missing(clause, key, part=name)
    return kind.facts(**known)


def _activity_price(clause: Any, so_far: SoFar) -> dict[str, Any]:
    totals = so_far.done.of(clause.id)
    known = {"value": value(totals), "n_unpriced": sum(t.n_unpriced for t in totals)}
    known["cost_of_unpriced"] = sum((t.unpriced_cost for t in totals), NOTHING)
    known["worked_out"] = sum((t.worked_out for t in totals), NOTHING)
    return {**known, "adjusted": NEEDED} if clause.adjustments else known


def _marginal_rate(clause: Any, so_far: SoFar) -> dict[str, Any]:
    known = {"value": _value_after_adjustments(clause, so_far), "end_date": so_far.span.end_date}
    if isinstance(clause.baseline, ValueOf):
        known["repriced"] = _repriced(clause, so_far)
    excluded = {"unpriced": _unpriced(clause, so_far.done.of(clause.of or clause.id, names(clause.services)), so_far)}
    known["costed"] = _costed(clause, so_far)
    excluded["emergency_department"] = value(so_far.done.of(clause.of or clause.id, [EMERGENCY_DEPARTMENT]))
    return {**known, "excluded": NEEDED if "best_practice" in clause.excludes else excluded}


def _costed(clause: Any, so_far: SoFar) -> marginal_rate.Costed:
    """What the acts that are held against the baseline cost. Which acts were best practice no table says: their average counts too."""
    left_out = [EMERGENCY_DEPARTMENT] if "emergency_department" in clause.excludes else []
    held = [t for t in so_far.done.of(clause.of or clause.id, names(clause.services)) if t.service not in left_out]
    at_cost = NOTHING if "unpriced" in clause.excludes else _unpriced(clause, held, so_far)
    n_priced, n_costed = sum(t.n_activity - t.n_unpriced for t in held), sum(t.n_costed for t in held)
    return marginal_rate.Costed(n_priced, n_costed, sum((t.cost for t in held), NOTHING), at_cost)


def _unpriced(clause: Any, totals: list[Total], so_far: SoFar) -> Decimal:
    """What acts without a price have in the value: nothing, or what they cost where the clause that prices them pays at cost."""
    base = so_far.settled[clause.of][0] if clause.of else None
    is_at_cost = base is not None and base.kind == "activity_price" and base.unpriced == "at_cost"
    return sum((t.unpriced_cost for t in totals), NOTHING) if is_at_cost else NOTHING


def _repriced(clause: Any, so_far: SoFar) -> Any:
    """The earlier span's activity as the clause values today's, cut as what is agreed is; what is paid in full is not in it either.

    Where the clause that prices it changes prices act by act, only whoever knows the acts of that year can say.
    """
    earlier = so_far.done.earlier.get(clause.id)
    if not earlier:
        return Needed(f"as the run has no care of {clause.baseline.value_of.start_date} to {clause.baseline.value_of.end_date} at hand")
    if "best_practice" in clause.excludes:
        return Needed("as no table says which acts of that span were best practice")
    left_out = [EMERGENCY_DEPARTMENT] if "emergency_department" in clause.excludes else []
    held = [t for t in earlier if t.service not in left_out]
    amount = value(held)
    if clause.of is not None:
        base, facts = so_far.settled[clause.of]
        is_plain = base.kind == "activity_price" and not base.adjustments
        if not is_plain or so_far.paid_by(clause.of) != kind_of(base).settle(base, facts).result:
            return Needed(f"as '{clause.of}' changes prices act by act")
        amount = amount if base.share is None else amount * stated(base.share)
        amount += NOTHING if "unpriced" in clause.excludes else _unpriced(clause, held, so_far)
    return pennies(amount * so_far.span.part.numerator / so_far.span.part.denominator)


def _value_after_adjustments(clause: Any, so_far: SoFar) -> Any:
    """What the activity comes to before the marginal rate: of a part of the services of a clause that adjusts its prices, nobody can say."""
    at_list = value(so_far.done.of(clause.of or clause.id, names(clause.services)))
    if clause.of is None:
        return at_list
    base = next(each for each in so_far.contract.pricing if each.id == clause.of)
    if set(base.services) == set(clause.services):
        return so_far.paid_by(base.id)
    return at_list if so_far.paid_by(base.id) == value(so_far.done.of(base.id)) else NEEDED


def _block(clause: Any, so_far: SoFar) -> dict[str, Any]:
    known = {"start_date": so_far.span.start_date, "actual": value(so_far.done.of(clause.id)), **_volume(clause, so_far)}
    return {**known, "earlier": NEEDED} if clause.low_volume else known


def _volume(clause: Any, so_far: SoFar) -> dict[str, Any]:
    """What the block is based on, and the months that are over; nothing of a period that is not of whole months."""
    start, end = so_far.span.start_date, so_far.span.end_date
    if {start.day, end.day, so_far.contract.period.end_date.day} != {1}:
        return {}
    totals = so_far.done.of(clause.id)
    months = list(months_of(start, so_far.contract.period.end_date))
    over = tuple(_month(month, [t for t in totals if t.month == month]) for month in months if month < end)
    confidence = parameter("interval_confidence").at(start, so_far.known_on)
    return {"basis": _basis(clause, so_far), "by_month": over, "n_months": len(months), "confidence": confidence}


def _month(month: date, totals: list[Total]) -> block.Month:
    return block.Month(month, sum(t.n_activity for t in totals), value(totals))


def _basis(clause: Any, so_far: SoFar) -> Any:
    """What the block is based on, for the whole period: what it names, or what it pays."""
    if isinstance(clause.based_on, ValueOf):
        earlier = so_far.done.earlier.get(clause.id)
        span = clause.based_on.value_of
        return value(earlier) if earlier else Needed(f"as the run has no care of {span.start_date} to {span.end_date} at hand")
    if clause.based_on is not None or clause.low_volume:
        return clause.based_on
    written: Any = next(each for each in so_far.contract.clause if each.id == clause.id)
    whole: Any = with_rules_read(written, so_far.contract.period.start_date, so_far.known_on)
    return block.settle(whole, block.Facts(so_far.span.start_date, NOTHING)).result


def _fixed_and_variable(clause: Any, so_far: SoFar) -> dict[str, Any]:
    return {"actual": by_service(so_far.done.of(clause.id))}


def _capitation(clause: Any, so_far: SoFar) -> dict[str, Any]:
    n = so_far.done.n_person_month
    known: dict[str, Any] = {"people": NEEDED if n is None else (Decimal(n) / MONTHS).quantize(PERSON_YEAR_PLACES)}
    if isinstance(clause.budget, Budget):
        known["budget"] = NEEDED
    elif clause.budget.need:
        known["need"] = NEEDED
    if so_far.is_final and clause.withhold:
        known["earned"] = NEEDED
    if so_far.is_final and clause.retention is not None:
        known["has_stayed"] = NEEDED
    return known


def _stop_loss(clause: Any, so_far: SoFar) -> dict[str, Any]:
    costs = so_far.done.person_costs.get(clause.of, ())
    known: dict[str, Any] = {"costs": costs if clause.per == "person" else (sum(costs, NOTHING),)}
    if not so_far.done.person_costs:
        known["costs"] = NEEDED
    return {**known, "base": _base(clause, clause.above, so_far)} if isinstance(clause.above, PartOf) else known


def _risk_corridor(clause: Any, so_far: SoFar) -> dict[str, Any]:
    """What was spent is what the clauses before it pay; under a capitation it is what the care cost, which the payer must send."""
    is_paid_by_head = any(each.kind == "capitation" for each in so_far.contract.clause)
    known = {"actual": NEEDED if is_paid_by_head else so_far.due}
    return known if isinstance(clause.target, risk_corridor.Agreed) else {**known, "target": NEEDED}


def _base(clause: Any, limit: PartOf, so_far: SoFar) -> Any:
    """What a limit is a part of: as sent, or the figure so called of the clause that is changed, if that has one."""
    terms, facts = so_far.settled[clause.of]
    known = getattr(facts, limit.of, None)
    if known is None and limit.of == "target" and terms.kind == "risk_corridor":
        known = risk_corridor.target_of(terms, facts)
    return so_far.given.of(clause).get("base", NEEDED if known is None else known)


def _cap(clause: Any, so_far: SoFar) -> dict[str, Any]:
    """Of the gross or the share, the clause is settled once more within it, and within every cap of its that came before."""
    part = next((limit for limit in (clause.most, clause.least) if isinstance(limit, PartOf)), None)
    base = None if part is None else _base(clause, part, so_far)
    known: dict[str, Any] = {"amount": so_far.paid_by(clause.of), **({} if part is None else {"base": base})}
    if clause.on == CAPPED[-1] or isinstance(base, Needed):
        return known
    terms, facts = so_far.settled[clause.of]
    capped, earlier = CAPPED_KINDS[terms.kind].capped, list(_earlier_caps(clause, so_far))
    before = earlier[-1][1].after if earlier else kind_of(terms).settle(terms, facts).result
    within = {each.on: cap.bounds(each, their.base) for each, their in earlier}
    alone, both = capped(terms, facts, within), capped(terms, facts, {**within, clause.on: cap.bounds(clause, base)})
    after = before if alone == both else both  # a cap that does not bind does not round once more
    return {**known, "amount": CAPPED_KINDS[terms.kind].amount_on(terms, facts, clause.on), "before": before, "after": after}


CAPPED_KINDS: Mapping[str, Any] = {"risk_corridor": risk_corridor, "shared_savings": shared_savings}
"""The kinds that have a gross and a share of their own, which a cap may be on."""


def _earlier_caps(clause: Any, so_far: SoFar) -> Iterator[tuple[Any, Any]]:
    for terms, facts in so_far.settled.values():
        if terms.kind == "cap" and terms.of == clause.of and not terms.shadow and terms.on != CAPPED[-1]:
            yield terms, facts


def _pool(clause: Any, so_far: SoFar) -> dict[str, Any]:
    """What clauses come to is known; what was spent beside them, budgets, measures and what members go by are for the payer to say."""
    given = so_far.given.of(clause)
    parts = [c.amount.clause for c in clause.contributions if isinstance(c.amount, pool.PartOfClause)]
    known: dict[str, Any] = {"comes_to": {id: so_far.paid_by(id) for id in parts}}
    known["paid_for"] = {id: so_far.paid_by(id) + so_far.lost_vat.get(id, NOTHING) for id in clause.pays}
    if not clause.pays:
        known["spent"] = NEEDED
    for c in clause.contributions:
        if isinstance(c.amount, Budget) and c.id not in given.get("contributed", {}):
            raise so_far.given.missing(clause, f"contributed.{c.id}")
    for by in sorted({clause.gain.by, clause.loss.by} - {"equal", "stated"} - set(given.get("weights", {}))):
        raise so_far.given.missing(clause, f"weights.{by}")
    if so_far.is_final and clause.release:
        known["results"] = NEEDED
    return known


def _bundle(clause: Any, so_far: SoFar) -> dict[str, Any]:
    """How many episodes began, and what followed them, are for the payer to say: no table forms episodes."""
    is_open = clause.warranty is not None and clause.warranty.historical is None
    asked = {"n_episode": True, "historical": is_open, "cost": clause.stop is not None, "cost_after": bool(clause.stop and clause.warranty)}
    return {key: NEEDED for key, is_asked in asked.items() if is_asked}


def _readmission_withhold(clause: Any, so_far: SoFar) -> dict[str, Any]:
    known = {"value": NEEDED, **({"excluded": NEEDED} if clause.exclusions else {})}
    return {**known, "before": NEEDED} if any(group.allowed is not None for group in clause.groups) else known


def _pay_for_performance(clause: Any, so_far: SoFar) -> dict[str, Any]:
    known: dict[str, Any] = {"achieved": NEEDED}
    if clause.withhold:
        return {**known, "base": so_far.paid_by(clause.withhold.of)}
    is_weighted = any(measure.by_prevalence for measure in clause.measures)
    return {**known, "list_size": NEEDED, **({"prevalence": NEEDED} if is_weighted else {})}


def _shared_savings(clause: Any, so_far: SoFar) -> dict[str, Any]:
    """Benchmark, spend and quality are for whoever runs the programme to say; each term that looks at one of them asks for it."""
    loss, quality = clause.loss, clause.quality
    sizes = {m.table for m in (clause.minimum, loss and loss.minimum) if isinstance(m, shared_savings.BySize)}
    is_scored = quality is not None and (quality.at_least is not None or quality.scaled != "never")
    asked = {
        "benchmark": True, "spent": True, "n_people": bool(sizes or clause.low_revenue), "bands": len(sizes) > 1,
        "quality": is_scored or (loss is not None and isinstance(loss.rate, shared_savings.ByQuality)),
        "is_met": quality is not None and quality.at_least is None, "is_alternative_met": quality is not None and quality.scaled == "alternative",
        "is_guarded": clause.guardrail, "is_low_revenue": clause.low_revenue is not None, "part_of_year": clause.proration is not None,
        "has_left": clause.proration == "losses_only", "excused_part": clause.extreme_circumstances,
        "excused_amount": clause.extreme_circumstances, "advances": clause.recoupment,
    }  # fmt: skip
    known: dict[str, Any] = {key: NEEDED for key, is_asked in asked.items() if is_asked}
    if len(sizes) == 1:
        known["bands"] = shared_savings.bands_of(sizes.pop(), so_far.span.start_date, so_far.known_on)
    return known


_PARTS: Mapping[str, Callable[[Any], list[tuple[str, str]]]] = {
    "pay_for_performance": lambda clause: [("prevalence", m.id) for m in clause.measures if m.by_prevalence and not clause.withhold],
    "readmission_withhold": lambda clause: [("before", group.after) for group in clause.groups if group.allowed is not None],
}
"""The parts of a figure that must each be there: the prevalence of a measure, the year before of a group."""

_KNOWN: Mapping[str, Callable[[Any, SoFar], dict[str, Any]]] = {
    "activity_price": _activity_price,
    "marginal_rate": _marginal_rate,
    "block": _block,
    "fixed_and_variable": _fixed_and_variable,
    "capitation": _capitation,
    "stop_loss": _stop_loss,
    "risk_corridor": _risk_corridor,
    "cap": _cap,
    "bundle": _bundle,
    "readmission_withhold": _readmission_withhold,
    "pay_for_performance": _pay_for_performance,
    "shared_savings": _shared_savings,
    "pool": _pool,
}
