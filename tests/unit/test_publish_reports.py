"""What `accord check` and the screen of a run tell, held against small places whose figures can be counted by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from spec_dirt import CARE_COLUMNS, LIST_COLUMNS, make, page_file

from accord.publish.check_report import check_report
from accord.publish.run_report import run_report


def care(**said):
    record = {"nhs": "9434765919", "kind": "care", "seen": "2025-05-01", "left": "2025-05-02", "site": "RMX", "paid": "10.00", "cost": "20.00"}
    return tuple((record | said).get(c) for c in CARE_COLUMNS)


def listed(**said):
    record = {"nhs": "9434765919", "practice": "A81001", "area": "E01", "joined": "2025-04-01"}
    return tuple((record | said).get(c) for c in LIST_COLUMNS)


def place(acts, lists):
    return make([page_file("care.csv", "care", "RMX", acts, CARE_COLUMNS), page_file("lists.csv", "lists", "GP", lists, LIST_COLUMNS)])


@pytest.fixture(scope="module")
def clean():
    made = place([care(born="1950-01-01", sex="1", codes="I219")], [listed()])
    with made.connection:
        yield made


@pytest.fixture(scope="module")
def dirty():
    made = place(
        [
            care(),
            care(),
            care(seen="never"),
            care(seen="2025-02-30", paid="-1"),
            care(seen="2025-05-03", paid="-5", cost=None, left="2025-05-04"),
            care(seen="2025-05-05", nhs="4444444444", site=None, left="2025-05-06", paid="ten"),
        ],
        [listed(area=None)],
    )
    with made.connection:
        yield made


def test_a_clean_place(clean):
    report = check_report(clean, [])
    assert report.is_clean
    assert report.missed == ()
    assert [(f.file_name, f.partner_id, f.map_id, f.status) for f in report.files] == [
        ("care.csv", "RMX", "care", "landed"), ("lists.csv", "GP", "lists", "landed"),
    ]  # fmt: skip


def test_a_file_that_no_source_takes_or_a_finding_is_not_clean(clean, dirty):
    stray = check_report(clean, ["stray.csv"])
    assert not stray.is_clean
    assert stray.unclaimed == ("stray.csv",)
    assert not check_report(dirty, []).is_clean


def test_each_file_with_what_became_of_its_records(dirty):
    acts, lists = check_report(dirty, []).files
    assert (acts.n_record, acts.n_accepted, acts.n_refused, acts.n_duplicate, acts.n_flagged) == (6, 3, 2, 1, 2)
    assert (lists.n_record, lists.n_accepted, lists.n_refused, lists.n_duplicate, lists.n_flagged) == (1, 1, 0, 0, 0)


def test_each_rule_with_its_count_and_first_example(dirty):
    findings = {(f.rule, f.column): f for f in check_report(dirty, []).files[0].findings}
    refused = findings["unreadable_date", "seen"]
    assert (refused.severity, refused.n, refused.example_record) == ("refuse", 2, 3)
    assert refused.example == "never — expected a date as YYYY-MM-DD"
    assert (findings["negative_amount", "paid"].n, findings["negative_amount", "paid"].example_record) == (2, 4)
    assert findings["repeated_digit_nhs_number", "nhs"].example == "(restricted)"
    assert next(iter(findings)) == ("unreadable_date", "seen"), "what refuses comes first"


def test_what_later_rooms_will_miss(dirty):
    missed = check_report(dirty, []).missed
    assert "nobody's area is known: no cost per person-month of the resident population" in missed
    assert "acts of care without a cost: 1 (they are counted, but add nothing to a cost)" in missed
    assert "acts of care that name no provider: 1 (no contract can price them)" in missed
    assert "acts of care that name nobody: 1 (they reach no person's cost)" in missed
    assert "there are no diagnoses: no conditions, no need from illness" in missed
    assert "people without a date of birth: 1 (their age band is unknown)" in missed
    assert len(missed) == 7


def test_the_screen_of_a_run(dirty):
    report = run_report(dirty.connection)
    assert (report.n_person, report.n_file, report.n_rejected, report.n_record, report.n_quarantined) == (1, 2, 0, 7, 2)
    everyone = report.populations["registered"]
    assert (everyone.n_person_month, everyone.n_activity, everyone.cost, everyone.n_without_cost) == (12, 2, Decimal("20.00"), 1)
    assert everyone.cost_per_person_month == Decimal("1.666667")
    assert [(row.group, row.n_activity) for row in report.by_setting] == [("inpatient", 2)]
    assert [(row.group, row.n_person_month) for row in report.by_organisation] == [("A81001", 12)]
    assert report.rejected == ()


def test_the_bridge_of_a_run_goes_from_the_files_to_the_registered(dirty):
    assert [(line, n) for line, n, _ in run_report(dirty.connection).bridge] == [
        ("in the file", 7), ("rounding", 0), ("refused", -2), ("exact duplicate", -1), ("no act of care", -1), ("activity", 3),
        ("outside the period", 0), ("no person", -1), ("no registration", 0), ("registered", 2),
    ]  # fmt: skip
    amounts = [amount for _, _, amount in run_report(dirty.connection).bridge]
    assert sum(amounts[:5]) == amounts[5]
    assert sum(amounts[5:9]) == amounts[9] == Decimal("20.00")


def test_where_nobody_is_registered_the_screen_is_of_residents():
    resident = place([care()], [listed(practice=None, joined="2025-05-01", gone="2025-05-01")])
    with resident.connection:
        resident.connection.execute("delete from cost_per_person_month where population = 'registered'")
        assert run_report(resident.connection).bridge[-1][0] == "resident"
