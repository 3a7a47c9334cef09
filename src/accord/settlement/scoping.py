"""Which acts each clause of a contract is about: by service, specialty, code and days; and those of the earlier span of a baseline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from accord.clauses.services import rows
from accord.clauses.terms import Period, ValueOf
from accord.settlement.contract import Contract
from accord.settlement.prices import SUBMITTED
from accord.settlement.span import Span

BASELINE = "/baseline"
"""After a clause's id, which cannot have a stroke in it: the acts of the earlier span, priced by the clause's prices and not paid."""


@dataclass(frozen=True)
class Part:
    """One service of one clause, of one specialty and one code where it is narrowed; None is any. is_baseline: of the earlier span."""

    clause_id: str
    service: str
    specialty: str | None
    code: str | None
    start_date: date
    end_date: date
    prices: str
    is_paying: bool
    is_baseline: bool = False


def parts_of(contract: Contract, span: Span, days: Period) -> Iterator[Part]:
    """Every part of a contract's clauses. days: those of which the run has care; a baseline's span that goes beyond them has none."""
    for clause in contract.pricing:
        yield from _parts(clause, clause.id, clause, (span.start_date, span.end_date), is_baseline=False)
    for clause in contract.clause:
        earlier = earlier_span(clause)
        if earlier is not None and days.start_date <= earlier.start_date and earlier.end_date <= days.end_date:
            priced_by = next((each for each in contract.clause if each.id == getattr(clause, "of", None)), clause)
            yield from _parts(clause, f"{clause.id}{BASELINE}", priced_by, (earlier.start_date, earlier.end_date), is_baseline=True)


def earlier_span(clause: Any) -> Period | None:
    """The span whose activity a marginal rate's baseline, or what a block is based on, is worth at current prices."""
    held = getattr(clause, "baseline", None) or getattr(clause, "based_on", None)
    return held.value_of if isinstance(held, ValueOf) else None


def _parts(clause: Any, id: str, priced_by: Any, days: tuple[date, date], *, is_baseline: bool) -> Iterator[Part]:
    prices, is_paying = getattr(priced_by, "prices", None) or SUBMITTED, not (clause.shadow or is_baseline)
    for served in clause.services:
        for service, specialty, code in rows(served):
            yield Part(id, service, specialty, code, *days, prices, is_paying, is_baseline)
