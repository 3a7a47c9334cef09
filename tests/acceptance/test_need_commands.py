"""Need over an invented place whose truth is known: true need is found, what is shown adds up, and a list of people stays with those who care."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

import accord as package
from accord import pipeline
from accord.notebook import OpenRun
from accord.place import hold, open_place
from accord.simulate import asked, simulate, truth_folder
from accord.simulate.geography import geography_of
from accord.simulate.need import population_of, reference_mean
from accord.simulate.people import BLOCK

pytestmark = pytest.mark.xdist_group("need")
OPTIONS = replace(asked(people=5_000, years=3, dirt=0.0), threads=1)
CODES_MORE = "AS008"


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("need") / "place"
    simulate(folder, OPTIONS, lambda _: None)
    package.open(folder).run()
    return folder


@pytest.fixture(scope="session")
def run(place: Path) -> OpenRun:
    return package.open(place).current()


@pytest.fixture(scope="session")
def fit(place: Path, accord: Callable):
    """The model that comes with Accord, fitted once: its folder, and what the screen says."""
    assert accord("need", "new", "hospital", "-p", place).code == 0
    ended = accord("need", "fit", "hospital", "-p", place)
    assert ended.code == 0, ended.err
    return next(path for path in (place / "needs" / "hospital").iterdir()), ended.out


def rows_of(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))


@pytest.fixture(scope="session")
def people(fit, place: Path, run: OpenRun) -> dict[str, np.ndarray]:
    """Everybody's need, what age and sex make of it, and the true expected cost of the period's last year: their own rates, by mean prices."""
    at = duckdb.connect()
    at.execute(f"create view need as select * from '{fit[0]}/person_need.parquet'")
    for table in truth_folder(place).glob("true_*.parquet"):
        at.execute(f"create view {table.stem} as select * from '{table}'")
    for table in ("activity", "submission"):
        at.execute(f"create view {table} as select * from '{run.folder}/tables/{table}.parquet'")
    found = at.execute("""select a.person_id, any_value(r.person_key) from activity a join submission s using (submission_id)
      join true_file f using (file_name) join true_record r using (file_number, record_number) where r.person_key is not null group by 1""")
    keys = dict(found.fetchall())
    truth = _expected(_prices(at))
    rows = [row for row in at.execute("select person_id, need, age_sex_cost from need").fetchall() if keys.get(row[0]) in truth]
    return {
        "need": np.array([row[1] for row in rows]), "age_sex": np.array([row[2] for row in rows]),
        "truth": np.array([truth[keys[row[0]]] for row in rows]),
    }  # fmt: skip


def _prices(at: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """What one event of each service of the simulator costs, on average, as the run has it."""
    def total(where: str) -> tuple[float, int]:
        cost, n = at.execute(f"select coalesce(sum(cast(cost as double)), 0), count(*) from activity where is_in_force and {where}").fetchall()[0]
        return cost, max(n, 1)

    seen, visits = total("setting = 'outpatient'"), total("setting = 'emergency'")
    emergency, elective = (total(f"setting = 'inpatient' and admission = '{how}'") for how in ("emergency", "elective"))
    planned = dict.fromkeys(("day_case", "elective_stay", "joint_replacement"), elective[0] / elective[1])
    of_visits = (visits[0] + emergency[0]) / visits[1]
    return {"outpatient": seen[0] / seen[1], "emergency_department": of_visits, "direct_admission": emergency[0] / emergency[1], **planned}


def _expected(prices: dict[str, float]) -> dict[int, float]:
    geography, mean = geography_of(OPTIONS), reference_mean(OPTIONS)
    found: dict[int, float] = {}
    for block in range(-(-OPTIONS.people // BLOCK)):
        one = population_of(block, min(BLOCK, OPTIONS.people - block * BLOCK), OPTIONS, geography, mean)
        cost = sum(price * one.rates(service)[:, -12:].sum(axis=1) for service, price in prices.items())
        found |= dict(zip(one.people.key.tolist(), np.asarray(cost).tolist(), strict=True))
    return found


def test_true_need_is_found_and_far_better_than_by_age_and_sex(people):
    of = {name: float(np.corrcoef(people[name], people["truth"])[0, 1]) for name in ("need", "age_sex")}
    assert len(people["need"]) > 3_000
    assert of["need"] > of["age_sex"] + 0.2, of


def test_of_what_can_be_explained_age_and_sex_explain_several_times_less(fit):
    rows = rows_of(fit[0] / "validation.csv")
    r2 = {row["model"]: float(row["value"]) for row in rows if (row["part"], row["measure"]) == ("validation", "r2_person")}
    assert 3 * r2["age_sex"] < r2["with_diagnoses"]


def test_the_practice_that_codes_more_stands_out(fit):
    rows = {row["organisation_id"]: row for row in rows_of(fit[0] / "coding.csv")}
    beside = {id: float(row["recorded"]) / float(row["cost"]) for id, row in rows.items()}
    assert max(beside, key=beside.__getitem__) == CODES_MORE
    assert [id for id, row in rows.items() if row["is_marked"] == "True"] == [CODES_MORE]


def test_weighted_lists_add_up_to_the_people(fit):
    rows = rows_of(fit[0] / "organisation_need.csv")
    model = json.loads((fit[0] / "model.json").read_text())
    assert sum(round(100 * float(row["weighted"])) for row in rows) == 100 * model["n_person"] == 100 * sum(int(row["n_person"]) for row in rows)


def test_the_screen_says_what_it_rests_on(fit):
    for words in ("judged on", "counts up to", "PBRA", "off by more than 10 %", "growth of", "Foretold over actual cost", "kept apart"):
        assert words in fit[1], words


def test_a_second_fit_of_the_same_is_the_same(fit, place, accord):
    again = accord("need", "fit", "hospital", "-p", place)
    assert "(there already)" in again.out
    shown = accord("need", "show", "-p", place)
    assert shown.out == again.out


def test_a_score_is_told_line_by_line(fit, place, accord):
    person, expected = duckdb.sql(f"select person_id, expected_cost from '{fit[0]}/person_need.parquet' order by need desc limit 1").fetchall()[0]
    said = accord("need", "explain", person, "-p", place).out
    amounts = [float(found.replace(",", "")) for found in re.findall(r"  (-?[\d,]+\.\d\d)(?: |$)", said, re.MULTILINE)]
    assert f"{expected:,.2f}" in said
    assert re.search(r"diagnosis group|long term", said)
    assert amounts


def test_between_two_years_what_moved_is_told(fit, place, accord):
    ended = accord("need", "fit", "hospital", "-p", place, "--year", "2024-04-01")
    assert "Tried as it is on year 2025-04-01" in ended.out
    earlier = next(path.name for path in (place / "needs" / "hospital").iterdir() if path.name.startswith("2024"))
    said = accord("need", "diff", earlier, fit[0].name, "-p", place)
    assert said.code == 0, said.err
    assert "normalisation" in said.out


def test_a_fit_that_was_changed_is_refused(fit, place, accord, tmp_path):
    copy = tmp_path / "place"
    shutil.copytree(place, copy, symlinks=True)
    (file,) = copy.glob(f"needs/hospital/{fit[0].name}/model.json")
    file.chmod(0o644)
    file.write_text(file.read_text().replace('"place_mean"', '"place_mean" '))
    ended = accord("need", "show", "-p", copy, "--fit", fit[0].name)
    assert ended.code == 2
    assert "not as published" in ended.message


def test_a_list_of_people_is_for_direct_care_alone(place, fit, accord):
    for purpose in ((), ("--purpose", "commissioning")):
        ended = accord("admission-risk", "hospital", "--capacity", "1%", "-p", place, *purpose)
        assert ended.code == 2
        assert "direct care alone" in ended.message
    assert not list(place.glob("restricted/*/admission_risk"))


def test_the_list_is_written_apart_and_the_screen_shows_nobody(place, fit, accord):
    pytest.importorskip("sklearn")
    ended = accord("admission-risk", "hospital", "--capacity", "100", "-p", place, "--purpose", "direct-care")
    assert ended.code == 0, ended.err
    (file,) = place.glob("restricted/*/admission_risk/*/list.csv")
    listed = rows_of(file)
    assert len(listed) == 100
    assert not [row["person_id"] for row in listed if row["person_id"] in ended.out]
    for words in ("9% HIGHER", "PRISMATIC", "AUC", "positive predictive value", "sensitivity", "most deprived", "may be spent"):
        assert words in ended.out, words
    area = float(re.search(r"AUC (\d\.\d+)", ended.out)[1])
    assert area > 0.6
    opened = open_place(place)
    with hold(opened, "test"):
        pipeline._sweep(opened)
    assert file.exists(), "the list of a run stays when the next run is made, which sweeps up what dead ones left"


def test_faults_of_a_model_are_told_with_their_line(place, accord):
    file = place / "needs" / "wrong.toml"
    text = (place / "needs" / "hospital.toml").read_text()
    for old, new, words in (
        ('"age_sex", ', "", "no age_sex"), ("emergency_admission", "emergncy_admission", "did you mean 'emergency_admission'"),
        ('{ rule = "truncation_percentile" }', "{ amount = 100000 }", "truncation"), ("{ share = 0.1 }", "{ }", "kept apart"),
        ('"organisation"]', '"supply"]', "file of it"),
    ):  # fmt: skip
        file.write_text(text.replace(old, new, 1))
        ended = accord("need", "fit", "wrong", "-p", place)
        assert ended.code == 2
        assert words in ended.message
        assert "line" in ended.message
    file.unlink()


def test_a_model_that_is_not_there_is_told_how_to_make(tiny, accord):
    ended = accord("need", "fit", "mine", "-p", tiny)
    assert ended.code == 2
    ended = accord("need", "show", "-p", tiny)
    assert ended.code == 2
    assert "accord need new" in ended.message
