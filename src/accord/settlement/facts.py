"""What each kind of clause must know: from what was done, from the clauses before it, or from the figures that the payer sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any

from accord.clauses import marginal_rate, risk_corridor, shared_savings
from accord.clauses.kinds import changed_by, kind_of
from accord.clauses.terms import Budget, PartOf
from accord.settlement.contract import Contract
from accord.settlement.figures import Given
from accord.settlement.span import Span
from accord.settlement.totals import NOTHING, Done, by_service, value

NEEDED = object()
"""In place of a figure that no table holds and that the payer must send."""

EMERGENCY_DEPARTMENT = "emergency_attendance"
MONTHS = 12
PERSON_YEAR_PLACES = Decimal("0.000001")


@dataclass(frozen=True)
class SoFar:
    """What a clause is settled with. paid: what each clause before it comes to, with all that changed it. is_final: nothing more is to come.

    known_on: the day by which rules were published.
    """

    contract: Contract
    span: Span
    done: Done
    given: Given
    is_final: bool
    known_on: date
    paid: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def due(self) -> Decimal:
        """What the clauses before it come to."""
        return sum(self.paid.values(), NOTHING)

    def paid_by(self, clause_id: str) -> Decimal:
        """What a clause comes to so far, with all that changed it."""
        return self.paid[root_of(self.contract, clause_id)]


def root_of(contract: Contract, clause_id: str) -> str:
    """The clause that a clause changes in the end; itself, if it changes none."""
    by_id = {each.id: each for each in contract.clause}
    while (of := changed_by(by_id[clause_id])) is not None and of in by_id:
        clause_id = of
    return clause_id


def facts_of(clause: Any, so_far: SoFar) -> Any:
    """The facts of a clause. What the payer sends goes before what was worked out. Raises UserError naming a figure that is missing."""
    kind = kind_of(clause)
    known = {**_KNOWN[clause.kind](clause, so_far), **so_far.given.of(clause)}
    if isinstance(earlier := known.get("earlier"), tuple):  # of whole years, and held against the part of one that is over
        known["earlier"] = tuple(year * so_far.span.part.numerator / so_far.span.part.denominator for year in earlier)
    for each in fields(kind.facts):
        is_required = each.default is MISSING and each.default_factory is MISSING
        if known.get(each.name, NEEDED if is_required else None) is NEEDED:
            raise so_far.given.missing(clause, each.name)
    for key, name in _PARTS[clause.kind](clause) if clause.kind in _PARTS else ():
        if name not in known.get(key, ()):
            raise so_far.given.missing(clause, key, name)
    return kind.facts(**known)


def _activity_price(clause: Any, so_far: SoFar) -> dict[str, Any]:
    totals = so_far.done.of(clause.id)
    known = {"value": value(totals), "n_unpriced": sum(t.n_unpriced for t in totals)}
    known["cost_of_unpriced"] = sum((t.unpriced_cost for t in totals), NOTHING)
    return {**known, "adjusted": NEEDED} if clause.adjustments else known


def _marginal_rate(clause: Any, so_far: SoFar) -> dict[str, Any]:
    known = {"value": _value_after_adjustments(clause, so_far), "end_date": so_far.span.end_date}
    if isinstance(clause.baseline, marginal_rate.ValueOf):
        known["repriced"] = NEEDED
    excluded = {"unpriced": NOTHING}  # what has no price has no value either
    excluded["emergency_department"] = value(so_far.done.of(clause.of or clause.id, [s for s in clause.services if s == EMERGENCY_DEPARTMENT]))
    return {**known, "excluded": NEEDED if "best_practice" in clause.excludes else excluded}


def _value_after_adjustments(clause: Any, so_far: SoFar) -> Any:
    """What the activity comes to before the marginal rate: of a part of the services of a clause that adjusts its prices, nobody can say."""
    at_list = value(so_far.done.of(clause.of or clause.id, clause.services))
    if clause.of is None:
        return at_list
    base = next(each for each in so_far.contract.pricing if each.id == clause.of)
    if set(base.services) == set(clause.services):
        return so_far.paid_by(base.id)
    return at_list if so_far.paid_by(base.id) == value(so_far.done.of(base.id)) else NEEDED


def _block(clause: Any, so_far: SoFar) -> dict[str, Any]:
    known = {"start_date": so_far.span.start_date, "actual": value(so_far.done.of(clause.id))}
    return {**known, "earlier": NEEDED} if clause.low_volume else known


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
    return {**known, "base": NEEDED} if isinstance(clause.above, PartOf) else known


def _risk_corridor(clause: Any, so_far: SoFar) -> dict[str, Any]:
    """What was spent is what the clauses before it pay; under a capitation it is what the care cost, which the payer must send."""
    is_paid_by_head = any(each.kind == "capitation" for each in so_far.contract.clause)
    known = {"actual": NEEDED if is_paid_by_head else so_far.due}
    return known if isinstance(clause.target, risk_corridor.Agreed) else {**known, "target": NEEDED}


def _cap(clause: Any, so_far: SoFar) -> dict[str, Any]:
    is_part = any(isinstance(limit, PartOf) for limit in (clause.most, clause.least))
    known = {"amount": so_far.paid_by(clause.of)}
    return {**known, "base": NEEDED} if is_part else known


def _bundle(clause: Any, so_far: SoFar) -> dict[str, Any]:
    """How many episodes began, and what followed them, are for the payer to say: no table forms episodes."""
    is_open = clause.warranty is not None and clause.warranty.historical is None
    return {"n_episode": NEEDED, **({"historical": NEEDED} if is_open else {})}


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
}

SETTLED_KINDS: Sequence[str] = tuple(_KNOWN)
"""The kinds of clause that a contract can be settled by."""
