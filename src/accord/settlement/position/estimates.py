"""What a month of care will have come to, and how that is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from accord.clauses.walking import pennies
from accord.settlement.position.run_off import RunOff, run_off
from accord.settlement.position.totals import NOTHING, Line, MonthTotals
from accord.settlement.ruled import rule_at


class Method(StrEnum):
    """How the rest of a month is estimated: the closed list."""

    ladder = "by how earlier months came in"
    plan_for_rest = "little is known: the plan for the rest"
    nothing_came = "nothing has come: the plan"
    no_pattern = "no pattern is to be seen yet: up to the plan"
    thin = "little is known, and there is no plan"
    usual_for_rest = "little is known: as other months for the rest"
    usual = "nothing has come: as other months"
    usual_no_pattern = "no pattern is to be seen yet, and there is no plan"
    settled = "as the contract fixes it"


@dataclass(frozen=True)
class Estimate:
    """One month of one line. accrual: what is still to come; below zero where more will be taken back."""

    totals: MonthTotals
    accrual: Decimal
    method: Method

    @property
    def whole(self) -> Decimal:
        """What the month will have come to."""
        return self.totals.amount + self.accrual

    @property
    def tells_of_plan(self) -> bool:
        """Whether it shows how the plan is kept, and is not itself the plan."""
        return self.method in (Method.ladder, Method.plan_for_rest, Method.usual_for_rest) and self.totals.awaited > 0


@dataclass(frozen=True)
class Estimated:
    """One line, its months that have begun and those that have not. error: of the months that came in, together; None if it cannot be told."""

    line: Line
    begun: tuple[Estimate, ...]
    to_come: tuple[MonthTotals, ...]
    error: float | None


def estimated(line: Line, as_at: date) -> Estimated:
    """Each month of a line, whole. as_at: the month up to which anything is known."""
    if line.is_fixed:
        settled = tuple(Estimate(m, NOTHING, Method.settled) for m in line.months if m.month <= as_at)
        return Estimated(line, settled, tuple(m for m in line.months if m.month > as_at), 0.0)
    pattern = run_off(line.told, {m.month: m.awaited for m in line.months})
    begun = tuple(_estimates(line, as_at, pattern))
    to_come = tuple(m for m in line.months if m.month > as_at)
    return Estimated(line, begun, to_come, None if pattern is None else pattern.error)


def _estimates(line: Line, as_at: date, pattern: RunOff | None) -> Iterator[Estimate]:
    least = float(rule_at("run_off", as_at))
    for totals in line.months:
        if totals.month <= as_at:
            method = _method(totals, pattern, least)
            yield Estimate(totals, _accrual(totals, pattern, method), method)


def _method(totals: MonthTotals, pattern: RunOff | None, least: float) -> Method:
    is_planned = totals.usual is None
    if not totals.has_come:
        return Method.nothing_came if is_planned else Method.usual
    if pattern is None:
        return Method.no_pattern if is_planned else Method.usual_no_pattern
    if pattern.complete.get(totals.month, 1.0) >= least and totals.amount >= 0:
        return Method.ladder
    if not totals.awaited:
        return Method.thin
    return Method.plan_for_rest if is_planned else Method.usual_for_rest


def _accrual(totals: MonthTotals, pattern: RunOff | None, method: Method) -> Decimal:
    if method is Method.usual_no_pattern:
        return NOTHING
    if pattern is None or method in (Method.nothing_came, Method.usual):
        return max(totals.awaited - totals.amount, NOTHING)
    wholes = pattern.with_plan if method in (Method.plan_for_rest, Method.usual_for_rest) else pattern.ladder
    whole = wholes.get(totals.month)  # none where the library has no figure: nothing but 0 has come
    return NOTHING if whole is None else pennies(Decimal(str(whole)) - totals.amount)
