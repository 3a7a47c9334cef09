"""The maps of community, mental health and social care, in one place: every column of each layout, corrections, and audits that hold."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

import accord
from accord.intake.catalogue import SHIPPED
from accord.intake.layout import Layout

PLACE = """name = "Outside hospital"
currency = "GBP"
period = { from = 2021-04-01, to = 2022-04-01 }
calendar = "nhs_financial_year"
key = "demo"
identity = { trust = ["nhs_number", "council_client", "csds_person", "mhsds_person", "local_patient_id"] }

[[partner]]
id = "RCO"
name = "Community and mental health trust"
kind = "community"
vat = "nhs_contracted_out"

[[partner]]
id = "LA"
name = "Council"
kind = "council"
vat = "local_authority"
"""
CLD = "social_care_cld"
PEOPLE = ("9990000018", "9990000026", "9990000034")


def _layout(name: str) -> Layout:
    return Layout.model_validate(tomllib.loads((SHIPPED / f"{name}.toml").read_text(encoding="utf-8"), parse_float=Decimal))


def _write(place: Path, name: str, rows: Sequence[dict], file: str = "a") -> None:
    """A file with every column that the map reads or ignores, in that order; cells that a row does not give are empty."""
    layout = _layout(name)
    columns = layout.read_columns() + layout.ignored_columns()
    assert len(columns) == len(set(columns))
    with (place / "sources" / f"{name}_{file}.csv").open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


def _source(name: str, partner: str, corrects: str) -> str:
    return f'\n[[source]]\nid = "{name}"\nglob = "{name}_*.csv"\nmap = "{name}"\npartner = "{partner}"\ncorrects = "{corrects}"\n'


SOURCES = {
    "csds_care_contact": ("RCO", "by_key"), "csds_patient": ("RCO", "never"), "mhsds_care_contact": ("RCO", "by_key"),
    "mhsds_hospital_spell": ("RCO", "by_key"), "mhsds_patient": ("RCO", "never"), "social_care_cld": ("LA", "by_file"),
    "social_care_package": ("LA", "by_file"),
}  # fmt: skip
PACKAGES = (
    {"package_id": "P1", "nhs_number": PEOPLE[0], "client_id": "C1", "service": "home_care", "start_date": "2020-11-04", "end_date": "2021-06-07",
     "weekly_gross": "310.57", "weekly_client": "45.33", "weekly_other_funder": "10.01"},
    {"package_id": "P2", "client_id": "C1", "service": "residential", "start_date": "2021-06-08", "end_date": "2022-03-31", "weekly_gross": "911.11"},
    {"package_id": "P3", "nhs_number": PEOPLE[1], "service": "nursing", "start_date": "2021-12-30", "end_date": "2022-01-02", "weekly_gross": "0.01"},
)  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory):
    place = tmp_path_factory.mktemp("outside")
    (place / "sources").mkdir()
    (place / "place.toml").write_text(PLACE + "".join(_source(n, *s) for n, s in SOURCES.items()), encoding="utf-8")
    contacts = [
        {"PERSON ID": "A", "CARE CONTACT IDENTIFIER": f"K{n}", "CARE CONTACT DATE": f"2021-05-0{n}", "ATTENDANCE STATUS": status,
         "ORGANISATION IDENTIFIER (CODE OF PROVIDER)": "RCO", "UNIQUE SUBMISSION ID": "7", "CLINICAL CONTACT DURATION OF CARE CONTACT": "30"}
        for n, status in enumerate(("5", "6", "", "7", "2", "4", "3", "0"), 1)
    ]  # fmt: skip
    refreshed = [contacts[0] | {"UNIQUE SUBMISSION ID": "8", "CLINICAL CONTACT DURATION OF CARE CONTACT": "45"}]
    _write(place, "csds_care_contact", contacts + refreshed)
    _write(place, "csds_patient", [{"PERSON ID": "A", "PERSON STATED GENDER CODE": "2", "ETHNIC CATEGORY": "A"}])
    _write(place, "mhsds_care_contact", [
        {"Person_ID": "M", "CareContactId": f"K{n}", "CareContDate": f"2021-05-0{n}", "AttendStatus": status, "OrgIDProv": "RCO",
         "UniqSubmissionID": "1", "ClinContDurOfCareCont": "50"} for n, status in enumerate(("5", "3"), 1)
    ])  # fmt: skip
    spell = {"Person_ID": "M", "HospProvSpellID": "S1", "OrgIDProv": "RCO", "StartDateHospProvSpell": "2021-06-20", "UniqMonthID": "1503"}
    _write(place, "mhsds_hospital_spell", [spell, spell | {"UniqMonthID": "1504", "DischDateHospProvSpell": "2021-07-04"}])
    _write(place, "mhsds_patient", [{"Person_ID": "M", "Gender": "1", "PersDeathDate": "2021-12-01"}])
    event = {"NHS Number": PEOPLE[2], "Event Type": "Service", "LA Code": "209", "Event Start Date": "01/05/2021", "Event End Date": "30/06/2021"}
    _write(place, CLD, [
        event | {"Event Type": "Request", "Event Reference": "R1"},
        event | {"Event Reference": "E1", "Unit Cost": "21.50", "Cost Frequency (Unit Type)": "Hourly", "Planned units per week": "14"},
        event | {"Event Reference": "E2", "Unit Cost": "1000.00", "Cost Frequency (Unit Type)": "4-weekly"},
        event | {"Event Reference": "E3", "Unit Cost": "85.00", "Cost Frequency (Unit Type)": "One-off"},
    ])  # fmt: skip
    _write(place, "social_care_package", PACKAGES)
    return accord.open(place).run()


def _days(first: str, last: str) -> dict[tuple[int, int], tuple[int, int]]:
    """Each month of the period to the days before its first day and through its last, counted from the first that counts."""
    start, end = max(date.fromisoformat(first), date(2021, 4, 1)), min(date.fromisoformat(last), date(2022, 3, 31))
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for n in range((end - start).days + 1):
        day = date.fromordinal(start.toordinal() + n)
        before, _ = found.get((day.year, day.month), (n, n))
        found[day.year, day.month] = (before, n + 1)
    return found


def _come_to(rate: str, n: int) -> Decimal:
    return Decimal((Fraction(rate or "0") * 100 * n / 7 + Fraction(1, 2)).__floor__()) / 100


def test_every_file_lands_and_every_audit_holds(run) -> None:
    assert dict(run.sql("select status, count(*) from submission group by status").fetchall()) == {"landed": len(SOURCES)}
    assert all(audit.held for audit in run.manifest.audits)


def test_each_month_of_a_package_has_its_days_of_every_amount(run) -> None:
    rows = run.sql(
        "select spell_code, start_date, quantity, gross_amount, client_amount, other_funder_amount, net_amount, cost from activity "
        "where spell_code in ('P1', 'P2', 'P3')"
    ).fetchall()
    found = {(package, day.year, day.month): (int(n), *amounts) for package, day, n, *amounts in rows}
    assert len(found) == len(rows)
    expected = {}
    for p in PACKAGES:
        for month, (before, through) in _days(p["start_date"], p["end_date"]).items():
            gross, client, other = (
                _come_to(p.get(c, ""), through) - _come_to(p.get(c, ""), before) if p.get(c) else None
                for c in ("weekly_gross", "weekly_client", "weekly_other_funder")
            )
            expected[p["package_id"], *month] = (through - before, gross, client, other, gross - (client or 0) - (other or 0), gross)
    assert found == expected
    assert sum(n for n, *_ in found.values()) == 68 + 297 + 4


def test_the_shares_of_a_package_are_kept_and_the_bridge_adds_up(run) -> None:
    whole = dict(run.sql("select spell_code, sum(client_amount) from activity where client_amount is not null group by 1").fetchall())
    assert whole == {"P1": _come_to("45.33", 68)}
    lines = run.sql(
        "select line, r.n_record from reconciliation r join submission s using (submission_id) "
        "where total = 'activity' and measure = 'cost' and s.map_id = 'social_care_package' and r.n_record <> 0 order by line_number"
    ).fetchall()
    assert lines == [("in the file", 3), ("further months", 12), ("activity", 15)]


def test_a_client_known_by_the_council_s_number_is_the_person_of_the_nhs_number(run) -> None:
    assert run.sql("select count(distinct person_id) from activity where spell_code in ('P1', 'P2')").fetchall() == [(1,)]


def test_client_level_data_cost_what_their_frequency_says(run) -> None:
    rows = run.sql(
        "select spell_code, sum(cost), sum(net_amount), count(*) from activity where spell_code in ('R1', 'E1', 'E2', 'E3') group by 1"
    ).fetchall()
    assert {code: rest for code, *rest in rows} == {
        "E1": [_come_to("301.00", 61), None, 2], "E2": [Decimal("2178.57"), None, 2], "E3": [Decimal("85.00"), None, 2],
    }  # fmt: skip
    assert run.sql("select count(*) from observation where code = 'Event Type' and value_text = 'Request'").fetchall() == [(1,)]


def test_contacts_that_took_place_are_acts_of_care_and_the_later_submission_counts(run) -> None:
    rows = run.sql(
        "select start_date, duration_minutes from activity where setting = 'community' and is_in_force order by start_date, duration_minutes"
    ).fetchall()
    assert rows == [(date(2021, 5, 1), 45), (date(2021, 5, 2), 30), (date(2021, 5, 3), 30)]
    assert run.sql("select sex, count(*) from person where sex is not null group by sex order by sex").fetchall() == [("female", 1), ("male", 1)]


def test_a_stay_in_a_mental_health_hospital_is_that_of_its_latest_month(run) -> None:
    mental = run.activity.filter("setting = 'mental_health' and is_in_force").order("start_date")
    rows = mental.project("admission_date, discharge_date").fetchall()
    assert rows == [(None, None), (date(2021, 6, 20), date(2021, 7, 4))]
