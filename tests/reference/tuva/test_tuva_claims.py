"""The Tuva demo's claims: every paid cent reaches the totals, and what is outside enrolment is a line of the bridge.

Source: tuva-health/demo. What is expected is worked out here from the raw text by Python, apart from the package.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("tuva")
MEDICAL, PHARMACY, ELIGIBILITY = "medical_claim_seed.csv", "pharmacy_claim_seed.csv", "eligibility_seed.csv"
PERIOD = (date(2016, 1, 1), date(2019, 1, 1))
Key = tuple[str, int]


@pytest.fixture(scope="module")
def raw(outside_data: Path, read_records: Callable) -> dict[Key, dict]:
    folder = outside_data / "tuva_input_layer"
    return {(name, n): record for name in (MEDICAL, PHARMACY, ELIGIBILITY) for n, record in read_records(folder / name)}


@pytest.fixture(scope="module")
def run(outside_data: Path, publish: Callable, tmp_path_factory: pytest.TempPathFactory) -> object:
    files = [outside_data / "tuva_input_layer" / name for name in (MEDICAL, PHARMACY, ELIGIBILITY)]
    return publish("tuva", files, tmp_path_factory.mktemp("tuva"))


@pytest.fixture(scope="module")
def lines(raw) -> dict[Key, tuple[str, date, Decimal | None]]:
    """Each claim line: the person, the first day of care, what was paid."""
    return {key: (r["person_id"], _first_day(key[0], r), Decimal(r["paid_amount"]) if r["paid_amount"] else None)
            for key, r in raw.items() if key[0] != ELIGIBILITY}  # fmt: skip


def _first_day(name: str, r: dict) -> date:
    day = r["dispensing_date"] if name == PHARMACY else r["claim_line_start_date"] or r["claim_start_date"]
    return date.fromisoformat(day)


@pytest.fixture(scope="module")
def enrolled_months(raw) -> set[tuple[str, date]]:
    """Each person and first of month in which the person was enrolled on any day. Both days of a span are in it."""
    found = set()
    for (name, _), r in raw.items():
        if name == ELIGIBILITY:
            day, last = date.fromisoformat(r["enrollment_start_date"]), date.fromisoformat(r["enrollment_end_date"])
            while day <= last:
                found.add((r["person_id"], day.replace(day=1)))
                day += timedelta(days=1)
    return found


def _bridge(run, names: dict[int, str], total: str, measure: str = "net_amount") -> dict[str, dict[str, tuple[int, Decimal]]]:
    rows = run.sql(
        "select submission_id, line, n_record, amount from reconciliation where total = $total and measure = $measure order by line_number",
        {"total": total, "measure": measure},
    ).fetchall()
    bridge: dict[str, dict[str, tuple[int, Decimal]]] = defaultdict(dict)
    for submission, line, n, amount in rows:
        bridge[names[submission]][line] = (n, amount)
    return bridge


def test_the_paid_amount_of_every_claim_line_is_in_activity(lines, run, sent: Callable) -> None:
    names = sent(run)
    rows = run.activity.project("submission_id, record_number, start_date, net_amount").fetchall()
    published = {(names[s], n): (day, net) for s, n, day, net in rows}
    assert len(lines) == 2_075 + 291
    assert published == {key: (day, paid) for key, (_, day, paid) in lines.items()}


def test_the_bridge_starts_with_what_the_file_holds_and_ends_with_activity(lines, run, sent: Callable) -> None:
    bridge = _bridge(run, sent(run), "activity")
    for name in (MEDICAL, PHARMACY):
        mine = [paid or Decimal(0) for (file, _), (_, _, paid) in lines.items() if file == name]
        assert bridge[name]["in the file"] == bridge[name]["activity"] == (len(mine), sum(mine, Decimal(0)))
    assert bridge[MEDICAL]["activity"][1] == Decimal("163818.97")  # the sum of paid_amount in the file


def test_lines_outside_enrolment_are_a_line_of_the_bridge(lines, enrolled_months, run, sent: Callable) -> None:
    bridge = _bridge(run, sent(run), "registered")
    for name in (MEDICAL, PHARMACY):
        expected: dict[str, list[Decimal]] = {"outside the period": [], "no person": [], "no registration": [], "registered": []}
        for (file, _), (person, day, paid) in lines.items():
            if file == name:
                expected[_where(person, day, enrolled_months)].append(paid or Decimal(0))
        found = {line: bridge[name][line] for line in expected}
        signed = {line: 1 if line == "registered" else -1 for line in expected}
        assert found == {line: (signed[line] * len(each), signed[line] * sum(each, Decimal(0))) for line, each in expected.items()}
        assert expected["no registration"], f"{name} has no line outside enrolment, so this proves nothing"
    assert bridge[PHARMACY]["outside the period"][0] < 0


def _where(person: str, day: date, enrolled_months: set[tuple[str, date]]) -> str:
    if not PERIOD[0] <= day < PERIOD[1]:
        return "outside the period"
    return "registered" if (person, day.replace(day=1)) in enrolled_months else "no registration"


def test_every_bridge_adds_up(run) -> None:
    wrong = run.sql(
        """with numbered as (
          select submission_id, total, measure, line_number, n_record, amount,
            max(line_number) over (partition by submission_id, total, measure) as last_number from reconciliation)
        select submission_id, total, measure from numbered group by submission_id, total, measure
        having sum(case when line_number = last_number then -n_record else n_record end) <> 0
          or sum(case when line_number = last_number then -amount else amount end) <> 0"""
    ).fetchall()
    assert wrong == []


def test_the_registered_total_is_the_published_one(run, sent: Callable) -> None:
    bridge = _bridge(run, sent(run), "registered", "cost")
    total = run.sql("select cost, n_activity from cost_per_person_month where population = 'registered' and dimension = 'all'").fetchall()
    ends = [bridge[name]["registered"] for name in (MEDICAL, PHARMACY)]
    assert total == [(sum(amount for _, amount in ends), sum(n for n, _ in ends))]


def test_person_months_are_the_enrolled_months(enrolled_months, run) -> None:
    inside = {(person, month) for person, month in enrolled_months if PERIOD[0] <= month < PERIOD[1]}
    assert run.sql("select count(*) from person_month where is_registered").fetchall() == [(len(inside),)]
    assert run.sql("select count(*) from person").fetchall() == [(10,)]


def test_the_setting_follows_the_kind_of_claim(raw, run) -> None:
    found = dict(run.sql("select coalesce(setting, 'none'), count(*) from activity group by setting").fetchall())
    medical = [r for (name, _), r in raw.items() if name == MEDICAL]
    emergency = sum(1 for r in medical if r["place_of_service_code"] in ("20", "23"))
    inpatient = sum(1 for r in medical if r["place_of_service_code"] == "21" or r["bill_type_code"][:2] in ("11", "12"))
    assert "none" not in found
    assert found["emergency"] == emergency == 86
    assert found["inpatient"] == inpatient == 135
    assert found["pharmacy"] == 291


def test_diagnoses_said_to_be_of_a_procedure_list_have_no_system_and_are_flagged(raw, run) -> None:
    said = Counter(
        r["diagnosis_code_type"] for (name, _), r in raw.items() if name == MEDICAL for i in range(1, 26) if r[f"diagnosis_code_{i}"]
    )
    found = run.sql("select coalesce(code_system, 'none'), count(*) from diagnosis group by code_system").fetchall()
    assert dict(found) == {"icd10cm": said["icd-10-cm"], "none": said["icd-10-pcs"]}
    flagged = run.sql("select count(*) from issue where rule = 'malformed_code' and detail = 'unknown code system'").fetchall()
    assert flagged == [(said["icd-10-pcs"],)]
