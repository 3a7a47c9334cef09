"""The parts of a price add up to it, whatever the list; reported costs stand and capacity is conserved, whatever the records and pools."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accord.engine import duck
from accord.pricing.costing import ACTIVITY_COSTS, CAPACITIES, COSTS_BY_BASIS
from accord.settlement.acting import PRICED
from accord.tables import ORGANISATION
from accord.tables.pricing import COST_POOL, STANDARD_TIME, UNIT_COST
from accord.tables.settlement import ACT, CONTRACT_CLAIM, PRICE, PRICE_SUPPLEMENT, PROVIDER_FACTOR
from accord.tables.working import ACTIVITY_IN_FORCE

SIX, PENNY = Decimal("0.000001"), Decimal("0.01")
DAY = date(2025, 5, 1)
rates = st.decimals(Decimal("0.000001"), Decimal("3"), places=6)
prices = st.one_of(st.none(), st.just(Decimal(0)), st.decimals(Decimal("0.01"), Decimal("99999"), places=6))
money = st.decimals(Decimal("-5000"), Decimal("90000"), places=2)


def table(connection, contract, rows):
    columns = ", ".join(f"{duck.name(c.name)} {c.type}" for c in contract)
    connection.execute(f"create or replace table {duck.name(contract.name)} ({columns})")
    if rows:
        places = ", ".join("?" for _ in contract)
        connection.executemany(f"insert into {duck.name(contract.name)} values ({places})", [[row.get(n) for n in contract.names] for row in rows])


def made(connection, step):
    connection.execute(f"create or replace table {duck.name(step.output.name)} as {step.runnable({})}")
    names = step.output.names
    found = connection.execute(f"select {', '.join(map(duck.name, names))} from {duck.name(step.output.name)}").fetchall()
    return [dict(zip(names, row, strict=True)) for row in found]


@st.composite
def lists(draw):
    """One price, perhaps a supplement and a factor, and an act that it is about."""
    trim = draw(st.none() | st.integers(0, 20))
    short = draw(st.none() | st.integers(0, 3))
    price = {
        "price_amount": draw(prices), "trim_days": trim, "per_day_amount": None if trim is None else draw(rates) * 100,
        "short_stay_days": short, "short_stay_share": None if short is None else min(draw(rates), Decimal(1)),
    }  # fmt: skip
    stay, admission = draw(st.integers(0, 40)), draw(st.sampled_from(["emergency", "elective"]))
    return price, draw(st.none() | rates), draw(st.none() | rates), stay, admission


def expected(price, supplement, factor, stay, admission):
    """The same sum, plainly: each product to six decimals, and the end to the penny."""
    base = price["price_amount"]
    if not base:
        return Decimal("0.00")
    beyond = (max(stay - price["trim_days"], 0) * price["per_day_amount"]) if price["trim_days"] is not None else Decimal(0)
    is_short = admission == "emergency" and price["short_stay_days"] is not None and stay <= price["short_stay_days"]
    reduced = (base * (price["short_stay_share"] if is_short else 1)).quantize(SIX, ROUND_HALF_UP)
    topped = (reduced * (1 + (supplement or 0))).quantize(SIX, ROUND_HALF_UP) + beyond
    return (topped * (factor or 1)).quantize(PENNY, ROUND_HALF_UP)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(lists(), min_size=1, max_size=8))
def test_the_parts_of_a_price_add_up_to_it(drawn):
    connection = duck.connection({"threads": "1"})
    each = list(enumerate(drawn))
    table(connection, PRICE, [{"price_list": f"l{n}", "currency_code": "A", **price} for n, (price, *_) in each])
    table(connection, PRICE_SUPPLEMENT, [{"price_list": f"l{n}", "currency_code": "A", "supplement_rate": s} for n, (_, s, *_) in each if s])
    table(connection, PROVIDER_FACTOR, [{"price_list": f"l{n}", "provider_id": "P", "factor": f} for n, (_, _, f, *_) in each if f])
    said = {"provider_id": "P", "setting": "inpatient", "service": "bed", "care_date": DAY, "month_date": DAY, "currency_code": "A"}
    table(connection, ACT, [{"activity_id": n, "stay_days": stay, "admission": admission, **said} for n, (*_, stay, admission) in each])
    claim = {"contract_id": "c", "clause_id": "k", "is_paying": True, "n_claim": 1}
    table(connection, CONTRACT_CLAIM, [{"activity_id": n, "prices": f"l{n}", **claim} for n, _ in each])
    found = {row["activity_id"]: row for row in made(connection, PRICED)}
    assert len(found) == len(drawn)
    for n, one in each:
        row = found[n]
        parts = [row[f"{part}_amount"] for part in ("base", "long_stay", "short_stay", "supplement", "market_forces")]
        assert sum(parts) == row["value_amount"] == expected(*one)
        assert row["is_priced"] == (row["value_amount"] != 0) == (row["unpriced_reason"] is None)


acts = st.fixed_dictionaries(
    {
        "setting": st.sampled_from(["gp", "outpatient", None]), "service_code": st.sampled_from([None, "x", "y"]),
        "provider_id": st.sampled_from([None, "A", "B"]),
        "duration_minutes": st.none() | st.integers(-5, 600), "cost": st.none() | money, "start_date": st.sampled_from([DAY, date(2024, 1, 1)]),
    }
)  # fmt: skip
pools = st.fixed_dictionaries(
    {"cost": st.decimals(Decimal("0.01"), Decimal("9999999"), places=2), "cost_per_minute": rates, "standard_minutes": st.none() | st.integers(1, 60)}
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(acts, max_size=12), st.lists(pools, max_size=2), st.lists(rates, max_size=2))
def test_reported_costs_stand_and_capacity_is_conserved(drawn, some_pools, unit_costs):
    connection = duck.connection({"threads": "1"})
    said = {"partner_id": "A", "cost_basis": "none", "known_at": datetime(2025, 6, 1), "submission_id": 1, "record_number": 1}
    table(connection, ACTIVITY_IN_FORCE, [{"activity_id": n, **said, **act} for n, act in enumerate(drawn)])
    table(connection, ORGANISATION, [{"organisation_id": "B", "kind": "other", "parent_id": "A", "known_from": "file"}])
    year = {"start_date": date(2025, 4, 1), "end_date": date(2026, 4, 1)}
    sized = {"setting": "gp", "theoretical_minutes": 1000, "practical_minutes": 800, **year}
    table(connection, COST_POOL, [{"pool_id": f"p{n}", "provider_id": "AB"[n], **sized, **pool} for n, pool in enumerate(some_pools)])
    table(connection, STANDARD_TIME, [{"pool_id": f"p{n}", "service_code": "x", "standard_minutes": 7} for n, _ in enumerate(some_pools)])
    units = [{"unit_cost_line": n, "setting": "outpatient", "service_code": [None, "y"][n], "unit_cost": c, **year} for n, c in enumerate(unit_costs)]
    table(connection, UNIT_COST, units)
    costs = made(connection, ACTIVITY_COSTS)
    by_basis, capacity = made(connection, COSTS_BY_BASIS), made(connection, CAPACITIES)
    assert sorted(row["activity_id"] for row in costs) == list(range(len(drawn)))
    assert all((row["cost"] is None) == (row["cost_basis"] == "none") for row in costs)
    assert {row["activity_id"]: row["cost"] for row in costs if row["cost_basis"] == "reported"} == {
        n: act["cost"] for n, act in enumerate(drawn) if act["cost"] is not None
    }
    assert sum(row["cost"] for row in by_basis) == sum(row["cost"] or 0 for row in costs)
    assert sum(row["n_activity"] for row in by_basis) == len(drawn)
    assert len(capacity) == len(some_pools)
    for row in capacity:
        drew = [cost for cost in costs if cost["pool_id"] == row["pool_id"]]
        assert row["used_minutes"] == sum(cost["used_minutes"] or 0 for cost in drew)
        assert row["used_minutes"] + row["unused_minutes"] == row["practical_minutes"]
        assert row["used_cost"] + row["unused_cost"] == row["cost"]
        assert row["by_minutes_cost"] + row["by_other_cost"] == row["used_cost"]
        if all(cost["cost_basis"] in ("minutes", "none") for cost in drew):  # then only rounding is left, of half a penny an act and in the whole
            assert abs(row["by_other_cost"]) <= Decimal("0.005") * (len(drew) + 1)
