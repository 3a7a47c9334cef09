"""From the lines to a contract's position: its months, its partners, and the outturn that is to be expected, with an interval."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import sqrt
from pathlib import Path

from accord.clauses.walking import pennies
from accord.settlement.position.estimates import Estimate, Estimated, Method, estimated
from accord.settlement.position.run_off import FEWEST_MONTHS
from accord.settlement.position.totals import NOTHING, MonthTotals, Totals, read_totals
from accord.settlement.ruled import rule_at


@dataclass(frozen=True)
class MonthPosition:
    """One month, or several months, of one contract or partner. methods: how the accrual was estimated; those of the services differ."""

    plan: Decimal
    activity: Decimal
    actual: Decimal
    accrual: Decimal
    paid: Decimal
    methods: tuple[Method, ...] = ()
    month: date | None = None

    @property
    def due(self) -> Decimal:
        """What the care that was given comes to, as far as can be told."""
        return self.actual + self.accrual

    @property
    def balance(self) -> Decimal:
        """Due less paid: above zero is still to be paid."""
        return self.due - self.paid


@dataclass(frozen=True)
class Outturn:
    """What all planned months will come to. low, high: None where no interval can be drawn; lacking: the services for which none could.

    to_come: the part of it that is of months not begun.
    """

    plan: Decimal
    to_come: Decimal
    forecast: Decimal
    low: Decimal | None
    high: Decimal | None
    lacking: tuple[str, ...]


@dataclass(frozen=True)
class PartnerPosition:
    """One partner of one contract: its months that have begun together, and its outturn."""

    partner: str
    begun: MonthPosition
    outturn: Outturn


@dataclass(frozen=True)
class ContractPosition:
    """One contract: each month that has begun, the months together, the partners, the outturn.

    payer: where it is known, as in a place.
    behind: the services of which nothing came in the last month: partner, service, and when something last did.
    """

    contract: str
    months: tuple[MonthPosition, ...]
    begun: MonthPosition
    partners: tuple[PartnerPosition, ...]
    outturn: Outturn
    n_to_come: int
    behind: tuple[tuple[str, str, date | None], ...]
    payer: str | None = None


@dataclass(frozen=True)
class Position:
    """Every contract of a file, as it was known in a month."""

    as_at: date
    confidence: Decimal
    contracts: tuple[ContractPosition, ...]
    n_later: int


def position(file: Path, known_at: date | None) -> Position:
    """A file of totals as positions. known_at: as at this month; the last in which anything became known, if None. Raises UserError."""
    return positions(read_totals(file, known_at))


def positions(totals: Totals) -> Position:
    """The position of each contract."""
    confidence = rule_at("interval_confidence", totals.as_at)
    lines = [estimated(line, totals.as_at) for line in totals.lines]
    contracts = [
        _contract(name, [each for each in lines if each.line.contract == name], totals.as_at, confidence)
        for name in sorted({each.line.contract for each in lines})
    ]
    return Position(totals.as_at, confidence, tuple(contracts), totals.n_later)


def _contract(name: str, lines: Sequence[Estimated], as_at: date, confidence: Decimal) -> ContractPosition:
    begun = [estimate for line in lines for estimate in line.begun]
    months = sorted({estimate.totals.month for estimate in begun})
    partners = sorted({line.line.partner for line in lines})
    return ContractPosition(
        contract=name,
        months=tuple(_together([e for e in begun if e.totals.month == month], month) for month in months),
        begun=_together(begun),
        partners=tuple(_partner(partner, [line for line in lines if line.line.partner == partner], confidence) for partner in partners),
        outturn=outturn(lines, confidence),
        n_to_come=len({m.month for line in lines for m in line.to_come}),
        behind=tuple(_behind(lines, as_at)),
    )


def _partner(name: str, lines: Sequence[Estimated], confidence: Decimal) -> PartnerPosition:
    return PartnerPosition(name, _together([estimate for line in lines for estimate in line.begun]), outturn(lines, confidence))


def _behind(lines: Iterable[Estimated], as_at: date) -> Iterator[tuple[str, str, date | None]]:
    """Services of which nothing came in the last month, though something was to come: one that is over and whole is not behind."""
    for each in lines:
        last, has_plan = each.line.last_told, any(m.plan for m in each.line.months)
        is_awaited = any(e.accrual or (e.totals.awaited and not e.totals.has_come) for e in each.begun)
        if each.begun and not each.line.is_fixed and last != as_at and (is_awaited or not has_plan):
            yield each.line.partner, each.line.service, last


def _together(estimates: Sequence[Estimate], month: date | None = None) -> MonthPosition:
    def total(figure: Callable[[MonthTotals], Decimal]) -> Decimal:
        return sum((figure(e.totals) for e in estimates), NOTHING)

    accrual = sum((e.accrual for e in estimates), NOTHING)
    methods = tuple(method for method in Method if any(e.method is method for e in estimates))
    return MonthPosition(
        total(lambda t: t.plan), total(lambda t: t.activity), total(lambda t: t.amount), accrual, total(lambda t: t.paid), methods, month
    )


def outturn(lines: Sequence[Estimated], confidence: Decimal) -> Outturn:
    """What the lines come to in all their months. Their errors are added up as if all were wrong in one direction: the widest interval."""
    plan = sum((m.plan for line in lines for m in line.line.months), NOTHING)
    begun = sum((e.whole for line in lines for e in line.begun), NOTHING)
    to_come = sum((_to_come(line) for line in lines), NOTHING)
    errors = [_error(line) for line in lines]
    known = [error for error in errors if error is not None]
    lacking = tuple(f"{x.line.partner}, {x.line.service}" for x, error in zip(lines, errors, strict=True) if error is None)
    if lacking:
        return Outturn(plan, to_come, begun + to_come, None, None, lacking)
    half = pennies(Decimal(str(_reach(lines, float(confidence)) * sum(known)))) if any(known) else NOTHING
    return Outturn(plan, to_come, begun + to_come, begun + to_come - half, begun + to_come + half, ())


def _reach(lines: Sequence[Estimated], confidence: float) -> float:
    """How many standard errors an interval goes to either side: by Student's law, as an error that was seen in few months is uncertain itself."""
    from scipy.special import stdtrit  # comes with the library of the run-off, as heavy as it

    n_months = min(sum(e.totals.has_come for e in line.begun) for line in lines if not line.line.is_fixed)
    return float(stdtrit(n_months - 1, (1 + confidence) / 2))


def _to_come(line: Estimated) -> Decimal:
    """The months not begun: their plan, times how the plan was kept in those that have come."""
    plan = sum((m.awaited for m in line.to_come), NOTHING)
    followed = [e for e in line.begun if e.tells_of_plan]
    if not followed:
        return plan
    return pennies(plan * sum((e.whole for e in followed), NOTHING) / sum((e.totals.awaited for e in followed), NOTHING))


def _error(line: Estimated) -> float | None:
    """The standard error of a line's outturn: of what is to come in, and of months known by their plan alone; None where it cannot be told.

    A month's spread about the kept part of its plan goes with the plan (the ratio estimator: Cochran, Sampling techniques, chapter 6).
    """
    if line.line.is_fixed:
        return 0.0
    by_plan = [m.awaited for m in line.to_come] + [e.totals.awaited for e in line.begun if e.method in (Method.nothing_came, Method.usual)]
    ahead, followed = float(sum(by_plan, NOTHING)), [e for e in line.begun if e.tells_of_plan]
    if line.error is None or (ahead and len(followed) < FEWEST_MONTHS):
        return None
    if not ahead:
        return line.error
    plans, wholes = [float(e.totals.awaited) for e in followed], [float(e.whole) for e in followed]
    kept = sum(wholes) / sum(plans)
    spread = sum((whole - kept * plan) ** 2 / plan for plan, whole in zip(plans, wholes, strict=True)) / (len(followed) - 1)
    return sqrt(line.error**2 + spread * (ahead + ahead**2 / sum(plans)))
