"""Time-driven activity-based costing: the worked example of its authors, priced by the steps of a run.

Source: R. S. Kaplan and S. R. Anderson, "Time-Driven Activity-Based Costing" (working paper; read at yumpu.com/en/document/view/47674301, page 8; the
same example is in the Harvard Business Review of November 2004): $560,000 for 700,000 minutes of practical capacity; 9,800 orders of 40 minutes, 280
complaints of 220 and 500 credit checks of 250. That 700,000 is 80 % of 875,000 theoretical minutes is this test's, to go through practical_share.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from accord.engine import Session
from accord.engine.feed import write_columns
from accord.pricing import Costs, Pool, build
from accord.tables import ORGANISATION
from accord.tables.working import ACTIVITY_IN_FORCE

ACTS = (("order", 40, 9_800, "313600.00"), ("complaint", 220, 280, "49280.00"), ("credit_check", 250, 500, "100000.00"))
POOL = Pool.model_validate(
    {
        "id": "service", "provider": "DEPT", "setting": "other", "from": date(2004, 1, 1), "to": date(2004, 4, 1), "cost": Decimal("560000.00"),
        "theoretical_minutes": 875_000, "practical_share": Decimal("0.80"), "standard": [{"service_code": n, "minutes": m} for n, m, _, _ in ACTS],
    }
)  # fmt: skip


@pytest.fixture(scope="module", params=["recorded", "standard"])
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """The quarter's acts, costed: once with the minutes in each record, once by standard minutes alone."""
    folder = tmp_path_factory.mktemp("tdabc")
    acts = [(name, minutes) for name, minutes, n, _ in ACTS for _ in range(n)]
    said: dict[str, list[Any]] = {name: [None] * len(acts) for name in ACTIVITY_IN_FORCE.names}
    said |= {"activity_id": list(range(len(acts))), "service_code": [name for name, _ in acts]}
    said["duration_minutes"] = [minutes if request.param == "recorded" else None for _, minutes in acts]
    constants = {"partner_id": "DEPT", "provider_id": "DEPT", "setting": "other", "start_date": date(2004, 2, 1), "cost_basis": "none"}
    constants |= {"known_at": datetime(2004, 4, 1), "submission_id": 1, "record_number": 1}
    said |= {name: [value] * len(acts) for name, value in constants.items()}
    with Session(folder=folder / "tables", scratch=folder / "spill") as made:
        write_columns(made, ACTIVITY_IN_FORCE, said)
        write_columns(made, ORGANISATION, {name: [None] for name in ORGANISATION.names})
        build(made, Costs(pools=(POOL,)))
        yield made


def test_the_rate_is_eighty_cents_a_minute() -> None:
    assert (POOL.practical_minutes, POOL.cost_per_minute) == (Decimal(700_000), Decimal("0.80"))


@pytest.mark.parametrize(
    ("name", "unit", "total"), [("order", "32", ACTS[0][3]), ("complaint", "176", ACTS[1][3]), ("credit_check", "200", ACTS[2][3])]
)
def test_what_an_act_costs(session: Session, name: str, unit: str, total: str) -> None:
    found = session.rows(
        "select min(c.cost), max(c.cost), sum(c.cost) from activity_cost c join activity_in_force a using (activity_id) where a.service_code = $name",
        {"name": name},
    )
    assert found == [(Decimal(unit), Decimal(unit), Decimal(total))]


def test_what_was_used_and_what_was_not(session: Session) -> None:
    columns = "used_minutes, used_cost, unused_minutes, unused_cost, by_minutes_cost, by_other_cost, utilisation"
    used, used_cost, unused, unused_cost, by_minutes, other, utilisation = session.rows(f"select {columns} from capacity")[0]
    assert (used, used_cost, unused, unused_cost) == (578_600, Decimal("462880.00"), 121_400, Decimal("97120.00"))
    assert (by_minutes, other) == (used_cost, 0)
    assert round(utilisation, 4) == Decimal("0.8266")  # the paper says 83 %


def test_every_act_says_its_basis(session: Session) -> None:
    assert session.rows("select cost_basis, n_activity, cost from cost_by_basis") == [("minutes", 10_580, Decimal("462880.00"))]
