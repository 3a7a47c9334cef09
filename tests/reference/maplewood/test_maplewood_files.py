"""Maplewood: all eight files of a stranger's place through maps that a user wrote, accounted for row by row.

Source: scientistigwe/azure-clinical-data-warehouse-maplewood. What is expected is worked out here from the raw rows, apart from the package.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.xdist_group("maplewood")
FILES = (
    "patients.csv", "practices.csv", "trusts.csv", "sus_episodes.parquet", "ecds_attendances.parquet", "csds_contacts.csv",
    "mhsds_referrals.csv", "social_care.csv",
)  # fmt: skip
CARE = FILES[3:]
Key = tuple[str, int]


def _rows(file: Path, read_records: Callable) -> Iterator[tuple[int, dict]]:
    if file.suffix == ".csv":
        yield from read_records(file)
        return
    for n, row in enumerate(pq.read_table(file).to_pylist(), 1):
        yield n, {column: "" if value is None else str(value) for column, value in row.items()}


@pytest.fixture(scope="module")
def raw(outside_data: Path, read_records: Callable) -> dict[Key, dict]:
    return {(name, n): row for name in FILES for n, row in _rows(outside_data / "maplewood" / name, read_records)}


@pytest.fixture(scope="module")
def run(outside_data: Path, publish: Callable, tmp_path_factory: pytest.TempPathFactory) -> object:
    return publish("maplewood", [outside_data / "maplewood" / name for name in FILES], tmp_path_factory.mktemp("maplewood"))


@pytest.fixture(scope="module")
def fates(run, sent: Callable) -> dict[Key, tuple]:
    """Each record's fate, id, and the record that is kept if it is a duplicate."""
    names = sent(run)
    rows = run.record_fate.project("submission_id, record_number, fate, record_id, kept_submission_id, kept_record_number").fetchall()
    assert len({r[:2] for r in rows}) == len(rows)
    return {(names[s], n): (fate, record, (names[ks], kn) if ks is not None else None) for s, n, fate, record, ks, kn in rows}


@pytest.fixture(scope="module")
def people(run, sent: Callable, fates) -> dict[Key, int | None]:
    """The person of each record of care, and of each patient row (through its registration)."""
    names = sent(run)
    found = {(names[s], n): person for s, n, person in run.activity.project("submission_id, record_number, person_id").fetchall()}
    registered = dict(run.sql("select registration_id, person_id from registration where population = 'registered'").fetchall())
    return found | {key: registered[record] for key, (fate, record, _) in fates.items() if key[0] == "patients.csv" and fate == "accepted"}


def has_pseudonym(row: dict) -> bool:
    return row["nhs_number"] not in ("", "INVALID")


def test_every_row_of_all_eight_files_has_one_fate(raw, fates, run) -> None:
    assert Counter(name for name, _ in raw) == {
        "patients.csv": 10_800, "practices.csv": 50, "trusts.csv": 10, "sus_episodes.parquet": 109_668, "ecds_attendances.parquet": 68_564,
        "csds_contacts.csv": 8_543, "mhsds_referrals.csv": 1_610, "social_care.csv": 101,
    }  # fmt: skip
    assert set(fates) == set(raw)
    assert run.sql("select distinct status from submission").fetchall() == [("landed",)]


def test_a_row_is_a_duplicate_exactly_if_an_earlier_row_of_its_file_is_the_same(raw, fates) -> None:
    first: dict[tuple, Key] = {}
    expected = {}
    for key, row in sorted(raw.items()):
        kept = first.setdefault((key[0], *row.values()), key)
        expected[key] = ("accepted", None) if kept == key else ("exact_duplicate", kept)
    assert sum(1 for fate, _ in expected.values() if fate == "exact_duplicate") == 409
    assert {key: (fate, kept) for key, (fate, _, kept) in fates.items()} == expected


def test_every_row_of_care_is_an_act_of_care(raw, fates, people) -> None:
    assert {key for key in people if key[0] in CARE} == {key for key in raw if key[0] in CARE}


def test_one_person_stands_behind_each_patient_with_or_without_an_nhs_number(raw, people, run) -> None:
    pairs = {(raw[key]["patient_id"], person) for key, person in people.items()}
    assert None not in {person for _, person in pairs}
    assert len(pairs) == len({p for p, _ in pairs}) == len({p for _, p in pairs}) == 10_000
    assert run.sql("select count(*) from person").fetchall() == [(10_000,)]
    lacking = Counter(key[0] for key, row in raw.items() if key in people and not has_pseudonym(row))
    assert lacking["sus_episodes.parquet"] == 2_941 + 2_923
    assert lacking["ecds_attendances.parquet"] == 1_835 + 1_846


def test_each_pseudonym_is_linked_once_and_the_shared_one_joins_nobody(raw, run) -> None:
    patients: dict[str, set[str]] = defaultdict(set)
    for row in raw.values():
        if "nhs_number" in row and has_pseudonym(row):
            patients[row["nhs_number"]].add(row["patient_id"])
    expected = Counter("conflict" if len(each) > 1 else "joined" for each in patients.values())
    assert expected["conflict"] == 1
    found = run.sql("select basis, count(*) from person_link where identifier_system = 'maplewood_pseudonym' group by basis").fetchall()
    assert dict(found) == dict(expected)
    strongest = run.sql("select basis, count(*) from person_link where identifier_system = 'maplewood_patient' group by basis").fetchall()
    assert strongest == [("strongest", 10_000)]


def test_missing_practices_are_registrations_with_nobody_known(raw, fates, run) -> None:
    organisation = dict(run.sql("select registration_id, organisation_id from registration where population = 'registered'").fetchall())
    for key, row in raw.items():
        if key[0] == "patients.csv" and fates[key][0] == "accepted":
            assert organisation[fates[key][1]] == (row["registered_practice"] or None), key
    missing = {row["patient_id"] for (name, _), row in raw.items() if name == "patients.csv" and not row["registered_practice"]}
    unknown = run.sql(
        "select n_person from cost_per_person_month where population = 'registered' and dimension = 'organisation' and group_id = 'unknown'"
    ).fetchall()
    assert unknown == [(len(missing),)]


def test_organisations_come_from_the_lists_and_the_rest_is_only_referred_to(raw, run) -> None:
    listed = {row["practice_code"] for (name, _), row in raw.items() if name == "practices.csv"}
    named = {row["registered_practice"] for (name, _), row in raw.items() if name == "patients.csv"} - {""}
    found = dict(run.sql("select organisation_id, known_from from organisation where kind = 'gp_practice' and known_from <> 'place'").fetchall())
    assert found == {code: "file" if code in listed else "referred_to" for code in listed | named}
    trusts = run.sql("select organisation_id, kind from organisation where organisation_id in ('RAA', 'RAC') order by 1").fetchall()
    assert trusts == [("RAA", "hospital"), ("RAC", "community")]


def test_episodes_that_end_before_they_begin_are_flagged_and_kept(raw, people, run, sent: Callable) -> None:
    names = sent(run)
    rows = run.sql("select distinct submission_id, record_number from issue where rule = 'end_before_start'").fetchall()
    expected = {key for key, row in raw.items() if key[0] == "sus_episodes.parquet" and row["discharge_date"] < row["admission_date"]}
    assert len(expected) == 1_788
    assert {(names[s], n) for s, n in rows} == expected
    assert expected <= set(people)


def test_each_code_in_a_list_is_a_row_of_its_own(raw, run) -> None:
    codes: Counter[str] = Counter()
    for (name, _), row in raw.items():
        if name == "sus_episodes.parquet":
            codes.update(c.strip() for c in [row["primary_diagnosis"], *row["secondary_diagnoses"].split(",")] if c.strip() not in ("", "INVALID"))
        elif name == "mhsds_referrals.csv":
            codes[row["primary_diagnosis"]] += 1
    found = run.sql("select code, count(*) from diagnosis where code_system = 'icd10' group by code").fetchall()
    assert dict(found) == dict(codes)
    assert run.sql("select count(*) from issue where rule = 'too_many_codes'").fetchall() == [(0,)]


def test_the_setting_is_that_of_the_service(raw, run) -> None:
    mind = sum(1 for (name, _), row in raw.items() if name == "csds_contacts.csv" and row["service_type"] == "N03")
    found = dict(run.sql("select setting, count(*) from activity group by setting").fetchall())
    assert found == {
        "inpatient": 109_668, "emergency": 68_564, "community": 8_543 - mind, "mental_health": 1_610 + mind, "social_care": 101,
    }  # fmt: skip


def test_nothing_has_a_cost_and_the_tables_say_so(run) -> None:
    assert run.sql("select distinct cost_basis, cost, net_amount from activity").fetchall() == [("none", None, None)]
    n_activity, n_without, cost = run.sql(
        "select n_activity, n_without_cost, cost from cost_per_person_month where population = 'registered' and dimension = 'all'"
    ).fetchall()[0]
    assert n_activity == n_without > 0
    assert cost == 0
    assert run.sql("select count(*), cast(sum(value_number) as integer) from observation where code = 'weekly_cost'").fetchall()[0][0] == 101
