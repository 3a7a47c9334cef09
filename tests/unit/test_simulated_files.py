"""The files of an invented place and its truth say the same, and the same seed gives the same bytes."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

import accord as package
from accord.errors import UserError
from accord.place import open_place, unclaimed_files
from accord.simulate import Options, asked, simulate
from accord.simulate.model import MODEL
from accord.simulate.sources import SOURCES
from accord.simulate.writing import Simulated

SMALL = asked(people=1_500, years=1, seed=7)
NUMBERS = {"nhs_number", "NHS_NUMBER", "NEWNHSNO"}


def _simulated(folder: Path, options: Options) -> Simulated:
    return simulate(folder / "place", options, lambda _: None)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return _simulated(tmp_path_factory.mktemp("clean"), replace(SMALL, dirt=0.0))


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return _simulated(tmp_path_factory.mktemp("dirty"), replace(SMALL, dirt=3.0))


def _truth(made: Simulated, query: str) -> list[tuple]:
    with duckdb.connect() as opened:
        for table in made.truth.glob("*.parquet"):
            opened.execute(f"create view {table.stem} as select * from read_parquet('{table}')")
        return opened.execute(query).fetchall()


def _records(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def _hashes(made: Simulated) -> dict[str, str]:
    files = [*made.place.root.rglob("*"), *made.truth.rglob("*")]
    return {str(f.relative_to(made.place.root.parent)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files if f.is_file()}


@pytest.mark.parametrize("which", ["clean", "dirty"])
def test_records_people_and_amounts_are_those_of_the_truth(which: str, request: pytest.FixtureRequest) -> None:
    made = request.getfixturevalue(which)
    broken = {n for (n,) in _truth(made, "select file_number from true_fault where record_number = 0")}
    amount_of = {s.id: s.amount for s in SOURCES}
    counted = 0
    for number, name, source, n_record, amount in _truth(
        made, "select file_number, file_name, source_id, n_record, amount from true_file"
    ):
        if number in broken:
            continue
        records = _records(made.place.sources / name)
        assert len(records) == n_record, name
        cells = [r[amount_of[source]] for r in records] if amount_of[source] else []
        assert sum(Decimal(c) for c in cells if c and c != "to follow") == (amount if cells else 0), name
        counted += 1
    assert counted > 200
    assert {str(p.relative_to(made.place.sources)) for p in made.place.sources.rglob("*.csv")} == {
        n for (n,) in _truth(made, "select file_name from true_file")
    }


def test_people_of_clean_files_are_those_of_the_truth(clean: Simulated) -> None:
    number_of = {n: k for k, n in _truth(clean, "select person_key, nhs_number from true_person")}
    for number, name in _truth(clean, "select file_number, file_name from true_file"):
        records = _records(clean.place.sources / name)
        column = next(iter(NUMBERS & set(records[0])), None)
        if column:
            keys = [k for (k,) in _truth(clean, f"select person_key from true_record where file_number = {number} order by record_number")]
            assert [number_of[r[column]] for r in records] == keys, name


def test_clean_files_have_no_fault_planted(clean: Simulated) -> None:
    assert _truth(clean, "select count(*) from true_fault")[0][0] == 0


def test_every_kind_of_fault_is_planted_where_the_truth_says(dirty: Simulated) -> None:
    planted = dict(_truth(dirty, "select kind, count(*) from true_fault group by kind"))
    rare = {"overlapping_stay", "unknown_code", "birth_date", "name", "malformed_code"}
    assert set(MODEL["fault"]) - rare <= set(planted) <= set(MODEL["fault"])
    for name, record, was in _truth(dirty, """
            select file_name, record_number, was from true_fault join true_file using (file_number)
            where kind = 'mistyped_number' and file_number not in (select file_number from true_fault where record_number = 0)"""):  # fmt: skip
        found = _records(dirty.place.sources / name)[record - 1]
        now = found[next(iter(NUMBERS & set(found)))]
        assert sum(a != b for a, b in zip(now, was, strict=True)) == 1


def test_every_file_has_a_source_and_no_truth_is_in_the_place(dirty: Simulated) -> None:
    assert not unclaimed_files(dirty.place)
    assert {s.id for s in open_place(dirty.place.root).settings.source} == {s.id for s in SOURCES}
    assert not [p for p in dirty.place.root.rglob("*") if "true_" in p.name or "truth" in p.name]
    assert not dirty.truth.is_relative_to(dirty.place.root)


def test_the_same_seed_gives_the_same_bytes_whatever_the_processes(tmp_path: Path) -> None:
    options = asked(people=40_500, start=SMALL.start, end=SMALL.start.replace(month=6), seed=3)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    alone, together = _simulated(tmp_path / "one", options), _simulated(tmp_path / "two", replace(options, threads=2))
    assert _hashes(alone) == _hashes(together)


def test_another_seed_gives_another_place(clean: Simulated, tmp_path: Path) -> None:
    other = _simulated(tmp_path, replace(SMALL, dirt=0.0, seed=8))
    same = set(_hashes(clean).items()) & set(_hashes(other).items())
    sent = [name for name, _ in same if name.startswith("place/sources/") and name.endswith(".csv")]
    assert sent == ["place/sources/commissioner/organisations_2025-04.csv"]
    assert not {name for name, _ in same} & {"place-truth/true_person.parquet", "place-truth/true_record.parquet"}


def test_people_beyond_the_numbers_kept_for_tests_are_known_by_a_pseudonym(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("accord.simulate.layouts.has_tokens", lambda _: True)
    monkeypatch.setattr("accord.simulate.writing.has_tokens", lambda _: True)
    monkeypatch.setattr("accord.simulate.geography.ROOM", 10**9)  # none of these people has a number
    made = _simulated(tmp_path, replace(SMALL, people=150, dirt=0.0))
    records = _records(next(made.place.sources.glob("gp_federation/registrations_*.csv")))
    assert {(r["nhs_number"], r["token_person_id"][:1]) for r in records} == {("", "T")}
    run = package.open(made.place.root).run()
    assert run.sql("select count(*) from person").fetchall() == [(made.n_person,)]
    assert run.issue.count("*").fetchall() == [(0,)]


@pytest.mark.parametrize("kept", ["place", "place-truth"])
def test_nothing_is_written_over(kept: str, tmp_path: Path) -> None:
    (tmp_path / kept).mkdir()
    (tmp_path / kept / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="is not empty"):
        _simulated(tmp_path, replace(SMALL, people=50))
    assert [p.name for p in tmp_path.rglob("*")] == [kept, "mine.txt"]


def test_an_interruption_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(tmp_path / "place", replace(SMALL, people=200), interrupted)
    assert list(tmp_path.iterdir()) == []
