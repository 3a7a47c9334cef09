"""Synthea's CSV export: counts and amounts worked out here from the raw text by Python, apart from the package.

Source: UNMC-CRANE/database-stats-lecture, an export of Synthea; the layout is that of Synthea's wiki, CSV File Data Dictionary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("synthea")
FILES = ("patients", "encounters", "conditions", "procedures", "organizations", "payers")
PERIOD = (date(2019, 1, 1), date(2023, 1, 1))
SETTINGS = {
    "ambulatory": "outpatient", "outpatient": "outpatient", "wellness": "gp", "urgentcare": "emergency", "emergency": "emergency",
    "inpatient": "inpatient", "hospice": "long_term_care", "snf": "long_term_care", "virtual": "online",
}  # fmt: skip


@pytest.fixture(scope="module")
def raw(outside_data: Path, read_records: Callable) -> dict[str, dict[int, dict]]:
    return {name: dict(read_records(outside_data / "synthea_csv" / f"{name}.csv.gz")) for name in FILES}


@pytest.fixture(scope="module")
def run(outside_data: Path, publish: Callable, tmp_path_factory: pytest.TempPathFactory) -> object:
    return publish("synthea", [outside_data / "synthea_csv" / f"{name}.csv.gz" for name in FILES], tmp_path_factory.mktemp("synthea"))


def test_every_record_is_accepted(raw, run, sent: Callable) -> None:
    names = sent(run)
    fates = run.sql("select submission_id, fate, count(*) from record_fate group by all").fetchall()
    found = {(names[s].split(".")[0], fate): n for s, fate, n in fates}
    assert found == {(name, "accepted"): len(records) for name, records in raw.items()}
    assert len(raw["encounters"]) == 7_584
    assert run.sql("select count(*) from person").fetchall() == [(111,)]


def test_each_encounter_is_one_act_with_its_claim_s_amounts(raw, run) -> None:
    rows = run.activity.project("record_number, start_date, setting, gross_amount, net_amount, client_amount, cost").fetchall()
    expected = {}
    for n, r in raw["encounters"].items():
        total, covered = Decimal(r["TOTAL_CLAIM_COST"]), Decimal(r["PAYER_COVERAGE"])
        expected[n] = (date.fromisoformat(r["START"][:10]), SETTINGS[r["ENCOUNTERCLASS"]], total, covered, total - covered, total)
    assert {n: tuple(rest) for n, *rest in rows} == expected


def test_the_golden_totals(raw, run) -> None:
    found = run.sql("select sum(gross_amount), sum(net_amount), sum(client_amount) from activity").fetchall()
    assert found == [(Decimal("21910819.27"), Decimal("16355083.04"), Decimal("5555736.23"))]
    assert found[0][0] == sum(Decimal(r["TOTAL_CLAIM_COST"]) for r in raw["encounters"].values())
    assert run.sql("select count(*) from issue where rule = 'amounts_do_not_tie'").fetchall() == [(0,)]


def test_residents_cost_what_their_encounters_in_the_period_cost(raw, run) -> None:
    inside = [r for r in raw["encounters"].values() if PERIOD[0] <= date.fromisoformat(r["START"][:10]) < PERIOD[1]]
    row = run.sql("select n_activity, cost from cost_per_person_month where population = 'resident' and dimension = 'all'").fetchall()
    assert row == [(len(inside), sum(Decimal(r["TOTAL_CLAIM_COST"]) for r in inside))]
    assert row == [(1_996, Decimal("7297442.06"))]


def test_codes_of_other_files_belong_to_their_encounters(raw, run) -> None:
    spells = {n: r["Id"] for n, r in raw["encounters"].items()}
    for name, table, column in (("conditions", "diagnosis", "REASONCODE"), ("procedures", "procedure", "CODE")):
        rows = run.sql(f'select a.record_number, c.code, count(*) from "{table}" c join activity a using (activity_id) group by all').fetchall()
        expected = Counter((r["ENCOUNTER"], r["CODE"]) for r in raw[name].values())
        expected += Counter((r["Id"], r[column]) for r in raw["encounters"].values() if r[column])
        assert {(spells[n], code): k for n, code, k in rows} == dict(expected), name


def test_a_procedure_s_cost_is_counted_once(raw, run) -> None:
    assert sum(Decimal(r["BASE_COST"]) for r in raw["procedures"].values()) > 0
    ends = run.sql(
        """select line, sum(amount) from reconciliation
        where total = 'activity' and measure = 'cost' and line in ('in the file', 'activity') group by 1"""
    )
    assert dict(ends.fetchall()) == {"in the file": Decimal("21910819.27"), "activity": Decimal("21910819.27")}
