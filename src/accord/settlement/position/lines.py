"""One contract of a place as the lines of a position: by clause what it plans, what was told of it and when, and what it fixes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from accord.books import allocate
from accord.clauses.rules import stated
from accord.clauses.services import names
from accord.clauses.walking import pennies
from accord.settlement.chain import Case, Settled, SettledClause
from accord.settlement.figures import Payment
from accord.settlement.position.run_off import run_off
from accord.settlement.position.totals import NOTHING, Line, MonthTotals

FIXED = ("block", "capitation")
BY_ACTIVITY = ("activity_price", "marginal_rate")


@dataclass(frozen=True)
class Told:
    """Acts of one clause, service and month of care that became known in one month. value: at the clause's prices, below 0 where taken back."""

    clause_id: str
    service: str
    month: date
    known: date
    n_activity: int
    value: Decimal


@dataclass(frozen=True)
class Standing:
    """One contract as it stands. case: to date. settled: the same, settled; whole: its whole period, for what it plans. months: of its period.

    people: by month. plans: by month and service, as the place's file of plans has them.
    """

    case: Case
    settled: Settled
    whole: Settled
    months: tuple[date, ...]
    as_at: date
    people: Mapping[date, int]
    told: tuple[Told, ...]
    plans: Mapping[tuple[date, str], Decimal]
    payments: tuple[Payment, ...]

    @property
    def begun(self) -> list[date]:
        """The months of the contract that are over or have begun."""
        return [month for month in self.months if month <= self.as_at]


def lines_of(one: Standing) -> Iterator[Line]:
    """The lines of a contract. What is actual in them adds up to what the contract's settlement to date comes to, with its VAT.

    What a pool pays in the payer's place is no line of it: it does not stand between the two.
    """
    for now, whole in zip(one.settled.clauses, one.whole.clauses, strict=True):
        if not (now.terms.shadow or now.debtor or now.pool):
            yield from _clause_lines(one, now, whole)
    if off := one.settled.frozen + one.settled.conceded:
        yield _fixed(one, "in dispute or fallen away", actual=_in_last_month(one, -off))
    if one.settled.vat:
        yield _fixed(one, "VAT", actual=_in_last_month(one, one.settled.vat))
    if one.payments:
        yield _paid(one)


def _clause_lines(one: Standing, now: SettledClause, whole: SettledClause) -> Iterator[Line]:
    id, kind = now.terms.id, now.terms.kind
    if kind in FIXED:
        weights = [_people(one, month) for month in one.months] if kind == "capitation" and any(one.people.values()) else [1] * len(one.months)
        plan = dict(zip(one.months, allocate(whole.due, weights), strict=True))
        actual = dict(zip(one.begun, allocate(now.due, weights[: len(one.begun)]), strict=True)) if sum(weights[: len(one.begun)]) else {}
        acts = _acts([t for t in one.told if t.clause_id == id])
        yield _fixed(one, id, plan, actual, acts)
        return
    moving = list(_moving(one, now, whole))
    left = now.due - sum((m.amount for line in moving for m in line.months if m.month <= one.as_at), NOTHING)
    yield from moving
    if kind == "fixed_and_variable":
        actual = dict(zip(one.begun, allocate(left, [1] * len(one.begun)), strict=True))
        yield _fixed(one, f"{id}, fixed part", _fixed_plan(one, whole), actual)
    elif left or not moving:
        yield _fixed(one, f"{id}, by its own rule" if moving else id, actual=_in_last_month(one, left))


def _moving(one: Standing, now: SettledClause, whole: SettledClause) -> Iterator[Line]:
    """The lines of a clause whose amounts come in as acts do: each of its services at the rate at which it is paid."""
    terms = now.terms
    is_by_activity = terms.kind in BY_ACTIVITY and getattr(terms, "of", None) is None
    rates: dict[str, Decimal] = {service: Decimal(1) for service in names(terms.services)} if is_by_activity else {}
    planned: dict[str, Decimal] = {}
    if terms.kind == "fixed_and_variable":
        rates = {part.service: stated(part.rate) for part in terms.variable}
        planned = {part.service: part.plan for part in whole.terms.variable if part.plan is not None}
    for service, rate in rates.items():
        told = [t for t in one.told if (t.clause_id, t.service) == (terms.id, service)]
        plan = {month: pennies(rate * one.plans[month, service]) for month in one.months if (month, service) in one.plans}
        if not plan and service in planned:
            plan = dict(zip(one.months, allocate(pennies(rate * planned[service]), [1] * len(one.months)), strict=True))
        yield _with_usual(one, _line(one, service, plan, [replace(t, value=pennies(rate * t.value)) for t in told]))


def _fixed_plan(one: Standing, whole: SettledClause) -> dict[date, Decimal]:
    """Of a fixed and variable clause, the part that does not move: the fixed amount, less what the plan of each difference takes off it."""
    off = sum((pennies(stated(part.rate) * part.plan) for part in whole.terms.variable if part.plan is not None), NOTHING)
    fixed = whole.terms.fixed - off
    return dict(zip(one.months, allocate(fixed, [1] * len(one.months)), strict=True))


def _line(one: Standing, service: str, plan: Mapping[date, Decimal], told: Sequence[Told]) -> Line:
    by_known: dict[tuple[date, date], Decimal] = defaultdict(lambda: NOTHING)
    for each in told:
        by_known[each.month, each.known] += each.value
    acts, came = _acts(told), {month for month, _ in by_known}
    amounts = {month: sum((v for (m, _), v in by_known.items() if m == month), NOTHING) for month in came}
    months = tuple(
        MonthTotals(month, plan.get(month, NOTHING), Decimal(acts.get(month, 0)), amounts.get(month, NOTHING), has_come=month in came)
        for month in one.months
    )
    return Line(one.case.contract_id, one.case.contract.payee, service, months, dict(by_known))


def _with_usual(one: Standing, line: Line) -> Line:
    """A line without any plan, with what its months have come to on the mean in place of one."""
    came = [m for m in line.months if m.has_come]
    if any(m.plan for m in line.months) or not came:
        return line
    pattern = run_off(line.told, {})
    wholes = [Decimal(str(pattern.ladder.get(m.month, 0.0))) if pattern else m.amount for m in came]
    usual = max(pennies(sum(wholes, NOTHING) / len(wholes)), NOTHING)
    return replace(line, months=tuple(replace(m, usual=usual) for m in line.months))


def _fixed(
    one: Standing, service: str, plan: Mapping[date, Decimal] | None = None, actual: Mapping[date, Decimal] | None = None,
    acts: Mapping[date, int] | None = None,
) -> Line:  # fmt: skip
    months = tuple(
        MonthTotals(m, (plan or {}).get(m, NOTHING), Decimal((acts or {}).get(m, 0)), (actual or {}).get(m, NOTHING), has_come=True)
        for m in one.months
    )
    return Line(one.case.contract_id, one.case.contract.payee, service, months, {}, is_fixed=True)


def _paid(one: Standing) -> Line:
    """Payments on account, each in the month in which it was made; before the first or after the last month, in that one."""
    paid: dict[date, Decimal] = defaultdict(lambda: NOTHING)
    for each in one.payments:
        paid[min(max(each.day.replace(day=1), one.begun[0]), one.begun[-1])] += each.amount
    line = _fixed(one, "payments on account")
    return replace(line, months=tuple(replace(m, paid=paid.get(m.month, NOTHING)) for m in line.months))


def _in_last_month(one: Standing, amount: Decimal) -> dict[date, Decimal]:
    return {one.begun[-1]: amount}


def _people(one: Standing, month: date) -> int:
    """The people of a month; of one that nobody has counted yet, those of the last that was."""
    counted = [m for m in one.people if m <= month]
    return one.people[max(counted)] if counted else 0


def _acts(told: Sequence[Told]) -> dict[date, int]:
    found: dict[date, int] = defaultdict(int)
    for each in told:
        found[each.month] += each.n_activity
    return found


def people_of(people: Mapping[date, int], months: Sequence[date]) -> int:
    """Person-months of all months, those that nobody has counted yet as the last that was."""
    last, n = 0, 0
    for month in months:
        last = people.get(month, last)
        n += last
    return n
