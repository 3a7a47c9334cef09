"""What people write about costs, and what is wrong with it: unit costs, pools of capacity, and files that nothing reads."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from accord.errors import UserError
from accord.pricing import NO_COSTS, Costs, UnitCost, cost_files, read_costs

ORIGIN = 'title = "National costs"\nsource = "the publisher"\nfrom = 2025-04-01\n'
POOL = """
[[pool]]
id                  = "contacts"
provider            = "FED"
setting             = "gp"
from                = 2025-04-01
to                  = 2026-04-01
cost                = 560000
theoretical_minutes = 875000
practical_share     = 0.80
"""
POOLS = 'title = "Capacity"\nsource = "the accounts"\n' + POOL


def costs_of(folder: Path, **files: str) -> Costs:
    (folder / "costs").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "costs" / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return read_costs(cost_files(folder))


def told(folder: Path, **files: str) -> UserError:
    with pytest.raises(UserError) as found:
        costs_of(folder, **files)
    return found.value


def test_a_place_without_costs_knows_none(tmp_path: Path) -> None:
    assert read_costs(cost_files(tmp_path)) == NO_COSTS


def test_unit_costs_and_pools_are_read(tmp_path: Path) -> None:
    rows = "setting,unit_cost,service_code,from\noutpatient,120.5,,\noutpatient,150,300,2025-10-01\n"
    found = costs_of(tmp_path, unit_costs__csv=rows, unit_costs__toml=f"{ORIGIN}to = 2026-04-01\n", practices__toml=POOLS)
    end = date(2026, 4, 1)
    assert found.unit_costs == (
        UnitCost(2, "outpatient", None, None, None, Decimal("120.5"), date(2025, 4, 1), end),
        UnitCost(3, "outpatient", None, None, "300", Decimal(150), date(2025, 10, 1), end),
    )
    assert [(p.id, p.practical_minutes, p.cost_per_minute) for p in found.pools] == [("contacts", 700_000, Decimal("0.80"))]


@pytest.mark.parametrize(
    ("rows", "line", "what"),
    [
        ("setting,unit_cost\n,12\n", 2, "'setting' is empty"),
        ("setting,unit_cost\ngpp,12\n", 2, "'setting' is 'gpp'"),
        ("setting,unit_cost\ngp,0\n", 2, "'unit_cost' is 0"),
        ("setting,unit_cost\ngp,\n", 2, "'unit_cost' is empty"),
        ("setting,unit_cost\ngp,12\ngp,13\n", 3, "'unit_cost' is of the same acts and days as that of line 2"),
        ("setting,unit_cost,from,to\ngp,12,2025-10-01,2025-10-01\n", 2, "'to' is 2025-10-01, which is not after 2025-10-01"),
        ("setting,unit_cost,servce_code\ngp,12,300\n", 1, "unit_costs.csv has a column 'servce_code'"),
    ],
)
def test_a_unit_cost_that_cannot_be_read_is_told_with_its_line(tmp_path: Path, rows: str, line: int, what: str) -> None:
    error = told(tmp_path, unit_costs__csv=rows, unit_costs__toml=ORIGIN)
    assert what in error.what
    assert error.where == f"{tmp_path / 'costs' / 'unit_costs.csv'}, line {line}"
    assert error.what_to_do


def test_figures_without_a_source_and_files_that_nothing_reads_are_refused(tmp_path: Path) -> None:
    assert "has no unit_costs.toml beside it" in told(tmp_path, unit_costs__csv="setting,unit_cost\n").what
    assert "nothing reads unitcosts.csv" in told(tmp_path, unitcosts__csv="setting,unit_cost\n").what


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (POOLS.replace('source = "the accounts"\n', ""), "source"),
        (POOLS.replace("2026-04-01", "2025-04-01"), "'contacts' ends before or as it begins"),
        (POOLS.replace("560000", "0"), "cost"),
        (POOLS.replace("0.80", "1.20"), "practical_share"),
        (POOLS.replace("practical_share     = 0.80\n", ""), "practical_share"),
        (POOLS.replace('"gp"', '"gpp"'), "setting"),
        (POOLS + POOL, "two pools are called 'contacts'"),
        (POOLS + POOL.replace('"contacts"', '"nurses"'), "'contacts' and 'nurses' are both of FED's gp on some days"),
        (POOLS + 'standard = [ { service_code = "n", minutes = 5 }, { service_code = "n", minutes = 6 } ]\n', "'n' has standard minutes twice"),
    ],
)
def test_a_pool_that_does_not_hold_is_told_with_its_line(tmp_path: Path, text: str, what: str) -> None:
    error = told(tmp_path, capacity__toml=text)
    assert what in error.what
    assert error.where.startswith(f"{tmp_path / 'costs' / 'capacity.toml'}, line ")


def test_two_files_do_not_state_one_pool_twice(tmp_path: Path) -> None:
    error = told(tmp_path, a__toml=POOLS, b__toml=POOLS)
    assert (error.what, error.where) == ("two pools are called 'contacts'", f"{tmp_path / 'costs' / 'b.toml'}, line 5")


def test_pools_of_years_that_follow_one_another_are_two(tmp_path: Path) -> None:
    later = POOL.replace("2026-04-01", "2027-04-01").replace("2025-04-01", "2026-04-01").replace('"contacts"', '"contacts_2026"')
    assert len(costs_of(tmp_path, capacity__toml=POOLS + later).pools) == 2
