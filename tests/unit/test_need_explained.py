"""Scores explained: lines add up to the score, causes add up to the change, and a list's change is that of its people."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.errors import UserError
from accord.population.need.explaining import CAUSES, PENNY, cumulated, explain, explain_change
from accord.population.need.keeping import FACT_NAME, PERSON_NAME, KeptFit, KeptModel, KeptPredictor, NeedManifest
from accord.population.need.list_changes import list_changes

PAIRS = [
    ("age_sex", "f 60-64"), ("age_sex", "f 65-69"), ("diagnosis_group", "I20-I25"), ("diagnosis_group", "rare"), ("diagnosis_group", "rarer"),
    ("long_term", "diabetes"), ("deprivation", "1"), ("deprivation", "9"), ("organisation", "A"), ("organisation", "B"),
]  # fmt: skip
COLUMNS = [[pair] for pair in PAIRS[:3]] + [PAIRS[3:5]] + [[pair] for pair in PAIRS[5:]]


def model_of(coefficients, place_mean, mean):
    predictors = tuple(
        KeptPredictor(kind=pairs[0][0], label=pairs[0][1], labels=tuple(label for _, label in pairs), coefficient=c, standard_error=1.5,
                      n_training=9, n_person=9, is_dropped=False)
        for pairs, c in zip(COLUMNS, coefficients, strict=True)
    )  # fmt: skip
    return KeptModel(
        title="A model", population="registered", services="all", fitted_year=date(2025, 4, 1), coming_year=date(2026, 4, 1), n_history=2,
        n_history_asked=2, truncation="none", cap=None, counted_share=1, n_training=9, n_validation=9, n_person=9, n_below_zero=0,
        place_mean=place_mean, mean=mean, has_conditions=True, left_out=(), predictors=predictors,
    )  # fmt: skip


def fit_of(folder: Path, model, people) -> KeptFit:
    """A kept fit. people: by person the organisation and the pairs known of each."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [(id, *pair, 1000) for id, (_, pairs) in sorted(people.items()) for pair in sorted(pairs)]
    names = ("person_id", "kind", "label", "value_per_1000")
    pq.write_table(pa.table({name: [row[n] for row in rows] for n, name in enumerate(names)}), folder / FACT_NAME)
    needs = [_need(model, pairs) for _, (_, pairs) in sorted(people.items())]
    pq.write_table(
        pa.table({"person_id": sorted(people), "organisation_id": [people[id][0] for id in sorted(people)], "need": needs}), folder / PERSON_NAME
    )
    manifest = NeedManifest(
        fit_id=folder.name, name="m", run_id="r", created_at=datetime(2026, 1, 1, tzinfo=UTC), accord_version="0", rulebook_edition="", inputs={}
    )
    return KeptFit(folder, manifest, model)


def _need(model, pairs):
    columns = {model.column_of(*pair) for pair in pairs} - {None}
    return (sum(model.predictors[n].coefficient for n in columns if not model.predictors[n].is_of_place) + model.place_mean) / model.mean


OLD = model_of([300.0, 400.0, 500.0, 250.0, 120.0, 30.0, -20.0, 90.0, -70.0], 12.5, 640.0)
NEW = model_of([310.0, 395.0, 560.0, 240.0, 150.0, 25.0, -25.0, 80.0, -60.0], 10.0, 655.0)
BEFORE = {
    1: ("A", {PAIRS[0], PAIRS[3], PAIRS[4], PAIRS[6], PAIRS[8]}), 2: ("A", {PAIRS[1], PAIRS[2], PAIRS[8]}), 3: ("B", {PAIRS[0], PAIRS[9]}),
    5: ("B", {PAIRS[0], PAIRS[9]}),
}  # fmt: skip
AFTER = {
    1: ("A", {PAIRS[1], PAIRS[2], PAIRS[5], PAIRS[7], PAIRS[8]}), 2: ("B", {PAIRS[1], PAIRS[9]}), 4: ("B", {PAIRS[0], PAIRS[9]}),
    5: ("B", {PAIRS[1], PAIRS[9], ("ethnicity", "Z")}),
}  # fmt: skip


@pytest.fixture(scope="module")
def fits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fits")
    return fit_of(folder / "old", OLD, BEFORE), fit_of(folder / "new", NEW, AFTER)


def test_lines_add_up_and_the_place_counts_at_its_mean(fits):
    said = explain(fits[0], 1)
    assert [(line.kind, line.amount) for line in said.lines] == [
        ("age_sex", Decimal("300.00")), ("diagnosis_group", Decimal("250.00")), ("deprivation", Decimal("30.00")), ("the place", Decimal("12.50")),
    ]  # fmt: skip
    assert said.expected_cost == sum(line.amount for line in said.lines) == Decimal("592.50")
    assert said.need == pytest.approx(592.5 / 640)


def test_what_the_model_knows_nothing_of_is_told(fits):
    assert explain(fits[1], 5).unknown == (("ethnicity", "Z"),)


def test_a_person_of_whom_nothing_is_foretold_is_refused(fits):
    with pytest.raises(UserError, match="foretells nothing of person 4"):
        explain(fits[0], 4)


def test_causes_add_up_to_the_change(fits):
    said = explain_change(*fits, 1)
    assert list(said.parts) == list(CAUSES)
    assert said.before + sum(said.parts.values()) == said.after
    assert said.parts["age"] == pytest.approx(Decimal("0.1563"), abs=Decimal("0.0001"))  # 100 / 640
    assert said.parts["new code"] == pytest.approx(Decimal("0.9688"), abs=Decimal("0.0001"))  # 620 / 640
    assert said.parts["lost code"] == pytest.approx(Decimal("-0.3906"), abs=Decimal("0.0001"))  # -250 / 640: two rare codes, one column


def test_the_same_person_under_the_same_fit_does_not_move(fits):
    assert set(explain_change(fits[0], fits[0], 1).parts.values()) == {Decimal("0.0000")}


def test_a_list_moves_by_who_came_who_left_and_the_causes_of_those_who_stayed(fits):
    moved = {one.organisation_id: one for one in list_changes(*fits)}
    assert {id: (one.n_before, one.n_after) for id, one in moved.items()} == {"A": (2, 1), "B": (2, 3)}
    for one in moved.values():
        assert one.before + one.came + one.left + sum(one.parts.values()) == pytest.approx(one.after)
    assert moved["A"].left == pytest.approx(-_need(OLD, BEFORE[2][1])), "person 2 changed lists"
    assert moved["B"].came == pytest.approx(_need(NEW, AFTER[2][1]) + _need(NEW, AFTER[4][1]))
    alone = explain_change(*fits, 1)
    assert {cause: float(part) for cause, part in alone.parts.items()} == pytest.approx(dict(moved["A"].parts), abs=1e-4)


PEOPLE = st.dictionaries(st.integers(1, 6), st.tuples(st.sampled_from("AB"), st.sets(st.sampled_from(PAIRS), min_size=1)), min_size=1)


@settings(deadline=None, max_examples=40)
@given(before=PEOPLE, after=PEOPLE)
def test_of_any_two_lists_everything_adds_up(tmp_path_factory, before, after):
    folder = tmp_path_factory.mktemp("any")
    for one in list_changes(fit_of(folder / "old", OLD, before), fit_of(folder / "new", NEW, after)):
        assert one.before + one.came + one.left + sum(one.parts.values()) == pytest.approx(one.after, abs=1e-9)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_rounded_amounts_add_up_to_their_rounded_sum(amounts):
    assert abs(float(sum(cumulated(amounts, PENNY))) - sum(amounts)) <= 0.006
