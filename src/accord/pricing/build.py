"""The pricing room's part of a run."""

from __future__ import annotations

from accord.engine import Session
from accord.engine.feed import write_rows
from accord.pricing.costing import STEPS
from accord.pricing.files import Costs
from accord.tables.pricing import COST_POOL, STANDARD_TIME, UNIT_COST


def build(session: Session, costs: Costs) -> None:
    """In: as the doorplate says; what the place knows of costs. Out: as it says; the three small tables are empty where it knows nothing."""
    write_costs(session, costs)
    for step in STEPS:
        session.materialise(step)


def write_costs(session: Session, costs: Costs) -> None:
    """In: what the place knows of costs. Out: unit_cost, cost_pool, standard_time."""
    units = ((u.line, u.setting, u.admission, u.currency_code, u.service_code, u.amount, u.start_date, u.end_date) for u in costs.unit_costs)
    write_rows(session, UNIT_COST, units)
    pools = (
        (p.id, p.provider, p.setting, p.start_date, p.end_date, p.cost, p.theoretical_minutes, p.practical_minutes, p.cost_per_minute,
         p.minutes_per_act) for p in costs.pools
    )  # fmt: skip
    write_rows(session, COST_POOL, pools)
    write_rows(session, STANDARD_TIME, ((p.id, s.service_code, s.minutes) for p in costs.pools for s in p.standard))

