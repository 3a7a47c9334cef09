"""What a month of care will have come to, and how that is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from accord.clauses.walking import pennies
from accord.settlement.position.run_off import RunOff, run_off
from accord.settlement.position.totals import Line, MonthTotals
from accord.settlement.ruled import rule_at


class Method(StrEnum):
    """How the rest of a month is estimated: the closed list."""

    ladder = "by how earlier months came in"
    plan_for_rest = "little is known: the plan for the rest"
    nothing_came = "nothing has come: the plan"
    no_pattern = "no pattern is to be seen yet: up to the plan"
    thin = "little is known, and there is no plan"


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
        return self.method in (Method.ladder, Method.plan_for_rest) and self.totals.plan > 0


@dataclass(frozen=True)
class Estimated:
    """One line, its months that have begun and those that have not. error: of the months that came in, together; None if it cannot be told."""

    line: Line
    begun: tuple[Estimate, ...]
    to_come: tuple[MonthTotals, ...]
    error: float | None


def estimated(line: Line, as_at: date) -> Estimated:
    """Each month of a line, whole. as_at: the month up to which anything is known."""
    pattern = run_off(line.told, {m.month: m.plan for m in line.months})
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
    if not totals.has_come:
        return Method.nothing_came
    if pattern is None:
        return Method.no_pattern
    if pattern.complete.get(totals.month, 1.0) >= least and totals.amount >= 0:
        return Method.ladder
    return Method.plan_for_rest if totals.plan else Method.thin


def _accrual(totals: MonthTotals, pattern: RunOff | None, method: Method) -> Decimal:
    if pattern is None or method is Method.nothing_came:
        return max(totals.plan - totals.amount, Decimal("0.00"))
    wholes = pattern.with_plan if method is Method.plan_for_rest else pattern.ladder
    whole = wholes.get(totals.month)  # none where the library has no figure: nothing but 0 has come
    return Decimal("0.00") if whole is None else pennies(Decimal(str(whole)) - totals.amount)
