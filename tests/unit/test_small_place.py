"""The small place that `accord demo --small` makes: invented people only, believable amounts, and the faults its README names."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import accord
from accord.errors import UserError
from accord.notebook import OpenRun
from accord.place import open_place, source_files, unclaimed_files
from accord.simulate import copy_small_place

FAULTS = {
    "ragged_record": 1, "unreadable_date": 3, "unreadable_value": 2, "negative_amount": 2, "over_precise_amount": 2, "amounts_do_not_tie": 1,
    "end_before_start": 1, "unknown_code": 3, "malformed_code": 1, "invalid_nhs_number": 4, "repeated_digit_nhs_number": 1,
    "missing_person": 5, "care_after_death": 2, "overlapping_stay": 1,
}  # fmt: skip
"""The least number of findings of each rule that the small place is made to have."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_small_place(tmp_path_factory.mktemp("demo") / "wexcombe")


@pytest.fixture(scope="module")
def run(small_run: Path) -> OpenRun:
    return accord.open(small_run).current()


def _nhs_numbers(folder: Path) -> Iterator[str]:
    for path in sorted((folder / "sources").rglob("*.*")):
        if path.suffix == ".parquet":
            yield from (n for n in pq.read_table(path).column("nhs_number").to_pylist() if n)
        elif path.suffix in (".csv", ".gz"):
            with gzip.open(path, "rt", encoding="utf-8-sig") if path.suffix == ".gz" else path.open(encoding="utf-8-sig") as lines:
                for record in csv.DictReader(lines):
                    yield from (record[c] for c in ("nhs_number", "NHS_NUMBER", "NEWNHSNO") if record.get(c))


def test_every_file_has_a_source_and_every_source_a_file(folder: Path) -> None:
    place = open_place(folder)
    assert not unclaimed_files(place)
    assert {f.source.id for f in source_files(place)} == {s.id for s in place.settings.source}


def test_its_numbers_are_of_the_range_kept_for_tests(folder: Path) -> None:
    numbers = [n.replace(" ", "") for n in _nhs_numbers(folder)]
    assert len(numbers) > 3_000
    assert {n[:3] for n in numbers} == {"999"}


def test_it_is_small(folder: Path) -> None:
    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file() and "sources" in p.parts) < 400_000


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match="empty"):
        copy_small_place(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["letter.txt"]


def test_the_faults_that_its_readme_names_are_found(run: OpenRun) -> None:
    found = dict(run.sql("select rule, count(*) from issue group by rule").fetchall())
    assert {rule: n for rule, n in FAULTS.items() if found.get(rule, 0) < n} == {}
    duplicates = run.sql("select count(*) from record_fate where fate = 'exact_duplicate'").fetchall()[0][0]
    assert duplicates >= 5


def test_the_file_that_breaks_off_is_rejected_whole_and_the_rest_goes_on(run: OpenRun) -> None:
    rejected = run.sql("select file_name, n_record from submission where status = 'rejected'").fetchall()
    assert rejected == [("hospital/emergency_2026_03.csv", 0)]


def test_its_cost_is_that_of_an_english_place(run: OpenRun) -> None:
    a_month = dict(run.sql("select population, cost_per_person_month from cost_per_person_month where dimension = 'all'").fetchall())
    assert Decimal(1_500) < a_month["registered"] * 12 < Decimal(2_500)
    costs = run.sql("select setting, sum(cost), count(cost) from activity group by setting").fetchall()
    unit = {setting: cost / n for setting, cost, n in costs if n}
    assert 170 < unit["emergency"] < 230
    assert 130 < unit["outpatient"] < 180
    assert "gp" not in unit


def test_both_populations_are_known_and_differ(run: OpenRun) -> None:
    months = dict(run.sql("select population, n_person_month from cost_per_person_month where dimension = 'all'").fetchall())
    assert 3_000 < months["resident"] < months["registered"] < 3_700


def test_every_setting_of_its_partners_is_there(run: OpenRun) -> None:
    found = {row[0] for row in run.sql("select distinct setting from activity where setting is not null").fetchall()}
    assert found == {"gp", "inpatient", "outpatient", "emergency", "community", "mental_health", "social_care", "ambulance"}
