"""OMOP Synthea27Nj: its own people and visits, read by Python from the archive; its COST table is empty, and so is every amount.

Source: OHDSI/EunomiaDatasets, Synthea27Nj_5.4.zip; the layout is OMOP CDM 5.4.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("omop")
FILES = ("PERSON", "DEATH", "OBSERVATION_PERIOD", "VISIT_OCCURRENCE", "CONDITION_OCCURRENCE", "PROCEDURE_OCCURRENCE")
PERIOD = (date(2013, 1, 1), date(2022, 1, 1))


@pytest.fixture(scope="module")
def files(outside_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("omop_files")
    with zipfile.ZipFile(outside_data / "omop_synthea27nj" / "Synthea27Nj_5.4.zip") as archive:
        return {name: Path(archive.extract(f"{name}.csv", folder)) for name in (*FILES, "COST")}


@pytest.fixture(scope="module")
def raw(files, read_records: Callable) -> dict[str, dict[int, dict]]:
    return {name: dict(read_records(path)) for name, path in files.items()}


@pytest.fixture(scope="module")
def run(files, publish: Callable, tmp_path_factory: pytest.TempPathFactory) -> object:
    return publish("omop", [files[name] for name in FILES], tmp_path_factory.mktemp("omop"))


def test_its_own_people(raw, run) -> None:
    people = raw["PERSON"].values()
    assert len(people) == 28
    rows = run.person.project("birth_date, sex, death_date").fetchall()
    died = {r["person_id"]: date.fromisoformat(r["death_date"]) for r in raw["DEATH"].values()}
    assert len(died) == 3
    expected = Counter(
        (date(int(r["year_of_birth"]), int(r["month_of_birth"]), int(r["day_of_birth"])),
         {"M": "male", "F": "female"}[r["gender_source_value"]], died.get(r["person_id"]))
        for r in people
    )  # fmt: skip
    assert Counter(rows) == expected


def test_its_own_visits(raw, run) -> None:
    visits = raw["VISIT_OCCURRENCE"].values()
    assert len(visits) == 1_791
    found = dict(run.sql("select setting, count(*) from activity group by setting").fetchall())
    assert found == {"outpatient": 1_722, "emergency": 56, "inpatient": 13}
    rows = run.activity.project("spell_code, start_date, end_date").fetchall()
    assert Counter(rows) == Counter(
        (r["visit_occurrence_id"], date.fromisoformat(r["visit_start_date"]), date.fromisoformat(r["visit_end_date"])) for r in visits
    )
    assert run.sql("select count(distinct person_id) from activity").fetchall() == [(len({r["person_id"] for r in visits}),)] == [(28,)]


def test_there_is_no_amount_and_the_answers_say_so(raw, run) -> None:
    assert raw["COST"] == {}
    assert run.sql("select distinct cost_basis, gross_amount, net_amount, cost from activity").fetchall() == [("none", None, None, None)]
    n, without, cost = run.sql(
        "select n_activity, n_without_cost, cost from cost_per_person_month where population = 'registered' and dimension = 'all'"
    ).fetchall()[0]
    assert n == without == 558
    assert cost == 0


def test_time_at_risk_is_the_observation_period(raw, run) -> None:
    months = set()
    for r in raw["OBSERVATION_PERIOD"].values():
        day, last = (date.fromisoformat(r[f"observation_period_{end}_date"]) for end in ("start", "end"))
        first = max(day, PERIOD[0]).replace(day=1)
        while first <= last and first < PERIOD[1]:
            months.add((r["person_id"], first))
            first = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    assert run.sql("select count(*) from person_month where is_registered").fetchall() == [(len(months),)]
    assert len(months) == 2_491


def test_conditions_and_procedures_belong_to_their_visits(raw, run) -> None:
    for name, table, column in (("CONDITION", "diagnosis", "condition_source_value"), ("PROCEDURE", "procedure", "procedure_source_value")):
        records = [r for r in raw[f"{name}_OCCURRENCE"].values() if r["visit_occurrence_id"]]
        rows = run.sql(f'select a.spell_code, c.code, count(*) from "{table}" c join activity a using (activity_id) group by all').fetchall()
        assert {(s, code): n for s, code, n in rows} == dict(Counter((r["visit_occurrence_id"], r[column]) for r in records)), name
    lone = [n for n, r in raw["CONDITION_OCCURRENCE"].items() if not r["visit_occurrence_id"]]
    assert run.sql("select record_number, rule, column_name from quarantine").fetchall() == [(lone[0], "missing_required", "visit_occurrence_id")]
