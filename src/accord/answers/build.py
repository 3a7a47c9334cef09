"""The answers room's part of a run."""

from __future__ import annotations

from accord.answers.accounts import ATTRITIONS, RECONCILE
from accord.answers.rates import AT_RISKS, CARE_TOTALS, COSTS
from accord.engine import Session


def build(session: Session) -> None:
    """In: as the doorplate says. Out: care_total, at_risk, cost_per_person_month, reconciliation, attrition."""
    for step in (CARE_TOTALS, AT_RISKS, COSTS, RECONCILE, ATTRITIONS):
        session.materialise(step)
