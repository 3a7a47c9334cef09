"""The rows of a model: walked in batches of any size, columns shared by what few people have, years, supply, capacity."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import UserError
from accord.population.need.admission_risk import Capacity, capacity_of, equity
from accord.population.need.model_file import Apart
from accord.population.need.preparing import FEW, Predictor, RowFiles, columns_of, frame_of, kept_apart
from accord.population.need.rows import batches
from accord.population.need.supply import read_supply
from accord.stats.discrimination import highest

YEAR = date(2025, 4, 1)
PEOPLE = {3: [0], 5: [], 8: [0, 2], 9: [1], 12: []}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    other = date(2026, 4, 1)
    ids = [*PEOPLE, 3]
    pq.write_table(pa.table({"year_date": [YEAR] * 5 + [other], "person_id": ids}), folder / "people.parquet")
    cells = [(person, column) for person, columns in PEOPLE.items() for column in columns]
    rows = [(YEAR, *cell) for cell in cells] + [(other, 3, 1)]
    names = ("year_date", "person_id", "column_number")
    table = pa.table({name: [row[n] for row in rows] for n, name in enumerate(names)})
    pq.write_table(table.append_column("value_per_1000", pa.array([1000] * len(rows), pa.int32())), folder / "cells.parquet")
    return folder


@given(size=st.integers(1, 7))
def test_the_size_of_a_batch_changes_nothing(files: Path, size: int):
    predictors = tuple(Predictor("long_term", str(n), (str(n),), 1, 1) for n in range(3))
    found = list(batches(RowFiles(files / "people.parquet", files / "cells.parquet", predictors), YEAR, size))
    assert [id for batch in found for id in batch.people.column("person_id").to_pylist()] == list(PEOPLE)
    full = np.concatenate([batch.cells.filled() for batch in found])
    expected = np.zeros((5, 3))
    for row, columns in enumerate(PEOPLE.values()):
        expected[row, columns] = 1
    np.testing.assert_array_equal(full, expected)


def test_what_few_people_have_shares_a_column():
    found = list(columns_of("long_term", [("asthma", 90, 200), ("rare", 3, 7), ("rarer", 2, 2)], 5))
    assert [(p.label, p.labels, p.n_training, p.n_person) for p in found] == [
        ("asthma", ("asthma",), 90, 200), (FEW, ("rare", "rarer"), 5, 9),
    ]  # fmt: skip


def test_what_nobody_was_trained_on_has_no_column_but_everybody_has_an_age():
    assert [p.labels for p in columns_of("ethnicity", [("A", 90, 200), ("new", 0, 7)], 5)] == [("A",)]
    assert [p.labels for p in columns_of("organisation", [("P1", 90, 200), ("P2", 3, 7), ("P3", 0, 9)], 5)] == [("P1",), ("P2",)], "P3 is apart"
    assert [p.labels for p in columns_of("age_sex", [("f", 90, 200), ("m", 80, 200), ("unknown", 0, 7)], 5)] == [("f", "unknown"), ("m",)]


def place_of(start, end):
    return SimpleNamespace(settings=SimpleNamespace(period=SimpleNamespace(start_date=start, end_date=end)), settings_file="place.toml")


def test_years_are_blocks_of_twelve_months_from_the_first():
    model = SimpleNamespace(history_years=2)
    frame = frame_of(place_of(date(2022, 4, 1), date(2026, 3, 1)), model, None)
    assert frame.whole == tuple(date(year, 4, 1) for year in (2022, 2023, 2024))
    assert (frame.fitted, frame.coming, frame.n_history) == (date(2024, 4, 1), date(2025, 4, 1), 2)
    assert frame.foretold == (date(2024, 4, 1), date(2025, 4, 1))


def test_with_fewer_years_there_is_less_history():
    frame = frame_of(place_of(date(2024, 4, 1), date(2026, 4, 1)), SimpleNamespace(history_years=2), None)
    assert (frame.n_history, frame.asked, frame.fitted) == (1, 2, date(2025, 4, 1))


@pytest.mark.parametrize(("end", "year"), [(date(2025, 4, 1), None), (date(2026, 4, 1), date(2024, 4, 1)), (date(2026, 4, 1), date(2026, 4, 1))])
def test_a_year_that_cannot_be_foretold_is_refused(end, year):
    with pytest.raises(UserError):
        frame_of(place_of(date(2024, 4, 1), end), SimpleNamespace(history_years=2), year)


@given(known=st.sets(st.text(min_size=1), min_size=1, max_size=30), share=st.decimals("0.001", "0.999", places=3), more=st.text(min_size=1))
def test_a_share_of_organisations_is_kept_apart_whatever_they_are_called(known, share, more):
    apart = kept_apart(sorted(known), Apart(share=share))
    assert set(apart) <= known and len(apart) == min(round(len(known) * share), len(known) - 1)
    later = set(kept_apart(sorted(known | {more}), Apart(share=share)))
    assert len(set(apart) - later) <= 1, "who comes later takes the place of one at most"


def test_an_organisation_that_is_to_be_kept_apart_is_known():
    with pytest.raises(UserError, match="'P9' is to be kept apart"):
        kept_apart(["P1", "P2"], Apart(organisations=("P1", "P9")))


def test_supply_is_read_by_organisation(tmp_path):
    file = tmp_path / "supply.csv"
    file.write_text("organisation_id,beds,km\nA,2.5,\nB,3,10.25\n")
    assert read_supply(file).rows == (("A", "beds", 2500), ("B", "beds", 3000), ("B", "km", 10250))


@pytest.mark.parametrize("text", ["organisation_id\nA\n", "id,beds\nA,1\n", "organisation_id,beds\nA,many\n", "organisation_id,beds\nA,1\nA,2\n"])
def test_supply_that_cannot_be_read_is_told(tmp_path, text):
    file = tmp_path / "supply.csv"
    file.write_text(text)
    with pytest.raises(UserError, match=r"line \d"):
        read_supply(file)


@pytest.mark.parametrize(("text", "capacity"), [("250", Capacity(n=250)), ("0.5%", Capacity(share=0.005)), (" 3% ", Capacity(share=0.03))])
def test_a_capacity_is_people_or_a_part(text, capacity):
    assert capacity_of(text) == capacity


@pytest.mark.parametrize("text", ["", "0", "100%", "0%", "2.5", "-3", "many"])
def test_no_capacity(text):
    with pytest.raises(UserError):
        capacity_of(text)


def test_a_list_is_tried_on_as_large_a_part_of_others():
    assert Capacity(n=250).of(5_000, 10_000) == 125
    assert Capacity(share=0.01).of(5_000, 10_000) == 50
    assert Capacity(n=250).of(100, 200) == 100


def test_a_list_of_everybody_tells_nobody_apart():
    assert Capacity(n=199).of_everybody(200) == 199
    with pytest.raises(UserError, match="200 can be seen to, and there are 200 people"):
        Capacity(n=200).of_everybody(200)


def test_equity_by_fifths_counts_everybody_once():
    decile = np.array([1, 2, 3, 10, np.nan])
    risk, event = np.array([0.5, 0.4, 0.3, 0.2, 0.1]), np.array([True, False, True, False, True])
    groups = {g.quintile: g for g in equity(decile, risk, event, highest(risk, 2))}
    assert list(groups) == ["1 (most deprived)", "2", "5 (least deprived)", "not known"]
    assert groups["1 (most deprived)"].flagged.predictive_value == 0.5
    assert groups["2"].flagged.sensitivity == 0
    assert groups["1 (most deprived)"].observed_over_expected == pytest.approx(1 / 0.9)
    assert sum(g.flagged.n_all for g in groups.values()) == 5
