"""The National Tariff of 2017/18 and 2018/19 as one list of a place: each HRG is priced as published, to the last day of one year and from the next.

Source: NHS Improvement, national prices by HRG with trim points, through the repositories named in ../shared/data/README.md. 0 means no price.
What is expected is worked out here from the raw text by Python, apart from the package.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from accord.engine import Session
from accord.engine.feed import write_columns
from accord.place import read_model
from accord.settlement.acting import PRICED
from accord.settlement.contract import Contract
from accord.settlement.prices import price_list, price_tables
from accord.tables import Table
from accord.tables.settlement import ACT, CONTRACT_CLAIM

CONTRACT = """\
title      = "A hospital for two years"
payer      = "CCG"
payee      = "RMX"
period     = { from = 2017-04-01, to = 2019-04-01 }
population = { registered_with = "partners" }

[[clause]]
kind     = "activity_price"
id       = "care"
services = ["elective_admission", "emergency_admission", "outpatient"]
prices   = "tariff"
unpriced = "at_cost"
"""
ORIGIN = 'title = "National tariff"\nsource = "NHS Improvement"\nfrom = 2017-04-01\nto = 2019-04-01\n'
YEARS = {"2017/18": (date(2017, 4, 1), date(2018, 4, 1)), "2018/19": (date(2018, 4, 1), date(2019, 4, 1))}
DAYS = {"2017/18": date(2018, 3, 31), "2018/19": date(2018, 4, 1)}
KINDS = {
    "Combined": ("inpatient", "elective", "Ordinary elective long stay trim point (days)"),
    "Emergency_Tariff": ("inpatient", "emergency", "Non-elective long stay trim point (days)"),
    "Outpatient_tariff": ("outpatient", "", ""),
}
PER_DAY = "Per day long stay payment (for days exceeding trim point) (£)"
BEYOND = 3


@dataclass(frozen=True)
class Wanted:
    """One act, with the amounts that the published tables lead to."""

    code: str
    kind: str
    year: str
    is_long: bool
    base: Decimal
    beyond: Decimal
    trim: int | None


def records(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.fixture(scope="module")
def published(outside_data: Path) -> tuple[list[dict[str, str]], dict[str, dict[str, str]]]:
    folder = outside_data / "nhs_tariff"
    trims = {row["HRG code"]: row for row in records(folder / "hrg_tariff_trimpoints_2017_18_2018_19_charlesperera.csv")}
    return records(folder / "hrg_tariff_2017_18_2018_19_long_sophiakokeny.csv"), trims


@pytest.fixture(scope="module")
def wanted(published: Any) -> list[Wanted]:
    prices, trims = published
    found = []
    for row, kind, is_long in product(prices, KINDS, (False, True)):
        trim_column = KINDS[kind][2]
        base = Decimal(row[kind] or 0)
        if is_long and not trim_column:
            continue
        beyond = BEYOND * Decimal(trims[row["HRG Code"]][PER_DAY]) if is_long and base else Decimal(0)
        trim = int(Decimal(trims[row["HRG Code"]][trim_column])) if trim_column else None
        found.append(Wanted(row["HRG Code"], kind, row["Year"], is_long, base, beyond, trim))
    return found


def _written(session: Session, table: Table, rows: list[dict[str, Any]]) -> None:
    write_columns(session, table, {name: [row.get(name) for row in rows] for name in table.names})


@pytest.fixture(scope="module")
def priced(published: Any, wanted: list[Wanted], tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, Any]]]:
    """Every act of `wanted`, priced by the list as a place would keep it."""
    folder = tmp_path_factory.mktemp("tariff")
    prices, trims = published
    lines = ["currency_code,setting,admission,price,trim_days,per_day,from,to"]
    for row, (kind, (setting, admission, trim_column)) in product(prices, KINDS.items()):
        trim = f"{int(Decimal(trims[row['HRG Code']][trim_column]))},{trims[row['HRG Code']][PER_DAY]}" if trim_column else ","
        start, end = YEARS[row["Year"]]
        lines.append(f"{row['HRG Code']},{setting},{admission},{row[kind]},{trim},{start},{end}")
    (folder / "tariff.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "tariff.toml").write_text(ORIGIN, encoding="utf-8")
    (folder / "contract.toml").write_text(CONTRACT, encoding="utf-8")
    one = price_list(folder, "tariff", read_model(folder / "contract.toml", Contract), folder / "contract.toml", 0)
    acts, claims = [], []
    for n, act in enumerate(wanted):
        setting, admission, _ = KINDS[act.kind]
        stay = None if act.trim is None else act.trim + (BEYOND if act.is_long else 0)
        said = {"provider_id": "RMX", "service": "care", "care_date": DAYS[act.year], "month_date": DAYS[act.year].replace(day=1)}
        acts.append({"activity_id": n, "setting": setting, "admission": admission or None, "currency_code": act.code, "stay_days": stay, **said})
        claims.append({"contract_id": "c", "clause_id": "care", "activity_id": n, "prices": "tariff", "is_paying": True, "n_claim": 1})
    with Session(folder=folder / "tables", scratch=folder / "spill") as session:
        _written(session, ACT, acts)
        _written(session, CONTRACT_CLAIM, claims)
        for table, rows in price_tables([one]):
            _written(session, table, [dict(zip(table.names, row, strict=True)) for row in rows])
        session.materialise(PRICED)
        columns = ("activity_id", "value_amount", "base_amount", "long_stay_amount", "is_priced", "unpriced_reason")
        yield [dict(zip(columns, row, strict=True)) for row in session.rows(f"select {', '.join(columns)} from contract_activity order by 1")]


def test_every_hrg_is_priced_as_published(wanted: list[Wanted], priced: list[dict[str, Any]]) -> None:
    assert len(priced) == len(wanted) == 23_030
    wrong = [
        (act, row) for act, row in zip(wanted, priced, strict=True)
        if (row["base_amount"], row["long_stay_amount"], row["value_amount"]) != (act.base, act.beyond, act.base + act.beyond)
    ]  # fmt: skip
    assert wrong == []


def test_zero_is_no_price_and_never_a_free_service(wanted: list[Wanted], priced: list[dict[str, Any]]) -> None:
    none = [(act, row) for act, row in zip(wanted, priced, strict=True) if not act.base]
    assert all(not row["is_priced"] and row["unpriced_reason"] == "price of 0 or none" for _, row in none)
    assert all(row["is_priced"] and row["unpriced_reason"] is None for act, row in zip(wanted, priced, strict=True) if act.base)
    short = Counter(act.kind for act, _ in none if not act.is_long)
    assert short == {"Outpatient_tariff": 4_136, "Combined": 53, "Emergency_Tariff": 11}


def test_a_stroke_of_the_first_and_of_the_second_year(wanted: list[Wanted], priced: list[dict[str, Any]]) -> None:
    """AA22C as an emergency: 9,766 to 31 March 2018 and 9,859 from 1 April; three nights beyond the 98th are 720 more."""
    strokes = [(act, row) for act, row in zip(wanted, priced, strict=True) if (act.code, act.kind) == ("AA22C", "Emergency_Tariff")]
    found = {(act.year, act.is_long): row["value_amount"] for act, row in strokes}
    assert found == {("2017/18", False): 9_766, ("2017/18", True): 10_486, ("2018/19", False): 9_859, ("2018/19", True): 10_579}
