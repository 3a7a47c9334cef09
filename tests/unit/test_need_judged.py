"""What a model of need is judged by, on invented people whose need is known: 120,000 people of 60 practices, heavy-tailed costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from accord.population.need.fitting import fitted_from
from accord.population.need.judging import figure, judge, judge_later
from accord.population.need.organisations import coding, organisation_needs
from accord.population.need.preparing import Predictor
from accord.population.need.scoring import KEPT, Scored
from accord.stats.least_squares import Cells, no_sums, sums_of

N, N_PRACTICE, N_BAND, N_DIAGNOSIS = 120_000, 60, 10, 12
BUSY = 7
"""A practice whose people cost a half more than they need: its habits, or the hospital next door."""

COST_A_BAND = np.linspace(150, 700, N_BAND)
COST_A_DIAGNOSIS = np.linspace(500, 5_000, N_DIAGNOSIS)


def invented(seed: int):
    rng = np.random.default_rng(seed)
    practice, band = rng.integers(0, N_PRACTICE, N), rng.integers(0, N_BAND, N)
    illness = 0.02 * (1 + band / 4) * np.linspace(0.5, 1.7, N_PRACTICE)[practice]
    has = rng.random((N, N_DIAGNOSIS)) < illness[:, None]
    need = COST_A_BAND[band] + has @ COST_A_DIAGNOSIS
    mean = need * np.where(practice == BUSY, 1.5, 1.0)
    cost = mean * rng.lognormal(-2, 2, N)  # its mean is 1, its coefficient of variation 7
    return practice, band, has, need, np.minimum(cost, 60_000).round(2)


@pytest.fixture(scope="module")
def made():
    practice, band, has, need, cost = invented(1)
    full = np.zeros((N, N_BAND + N_DIAGNOSIS + N_PRACTICE))
    full[np.arange(N), band] = 1
    full[:, N_BAND : N_BAND + N_DIAGNOSIS] = has
    full[np.arange(N), N_BAND + N_DIAGNOSIS + practice] = 1
    kinds = ["age_sex"] * N_BAND + ["diagnosis_group"] * N_DIAGNOSIS + ["organisation"] * N_PRACTICE
    predictors = tuple(Predictor(kind, str(n), (str(n),), 9, 9) for n, kind in enumerate(kinds))
    is_training = np.arange(N) % 2 == 0
    parts = [no_sums(len(kinds))] * 2
    for rows in np.array_split(np.arange(N), 12):
        row, column = np.nonzero(full[rows])
        cells = Cells(row, column, np.ones(row.size), rows.size, len(kinds))
        for n, chosen in enumerate((is_training, ~is_training)):
            parts[n] = parts[n] + sums_of(cells, cost[rows], chosen[rows].astype(float))
    fitted = fitted_from(predictors, *parts)
    columns = {
        "organisation_id": np.array([f"P{p:02d}" for p in practice]), "age_band": band.astype(str), "sex": np.full(N, "female"),
        "is_training": is_training, "is_apart": np.zeros(N, bool),
        "n_month": np.full(N, 12), "counted_cost": cost, "cost": cost, "past_counted_cost": cost, "person_id": np.arange(N),
        "ethnicity": np.full(N, "A"), "deprivation_decile": 1 + practice % 10,
    }  # fmt: skip
    people = pa.table({name: columns.get(name, np.zeros(N, int)) for name in KEPT})
    stages = full @ np.column_stack([stage.solution.coefficient for stage in fitted.stages])
    count = has.sum(axis=1)
    scored = Scored(date(2025, 4, 1), people, stages, full @ fitted.need, full @ fitted.of_place, count, count)
    return fitted, scored, judge(fitted, scored), need, practice


def test_age_and_sex_explain_several_times_less_than_diagnoses(made):
    _, _, judged, _, _ = made
    of = {model: figure(judged, "r2_person", model) for model in ("age_sex", "with_diagnoses")}
    assert 3 * of["age_sex"] < of["with_diagnoses"] < 0.2


def test_practices_are_foretold_far_better_than_people(made):
    _, _, judged, _, _ = made
    assert figure(judged, "r2_organisation", "with_diagnoses") > 5 * figure(judged, "r2_person", "with_diagnoses")


def test_sixty_practices_seem_to_explain_more_of_those_they_were_fitted_on(made):
    _, _, judged, *_ = made
    training, validation = (
        [figure(judged, "r2_person", model, part) for model in ("with_diagnoses", "full")] for part in ("training", "validation")
    )
    assert training[1] - training[0] > validation[1] - validation[0]


def test_true_need_is_found(made):
    _, scored, _, need, _ = made
    assert np.corrcoef(scored.expected, need)[0, 1] > 0.95
    assert np.corrcoef(scored.stages[:, 0], need)[0, 1] < 0.5, "age and sex alone do not find it"


def test_what_a_practice_does_is_not_what_its_people_need(made):
    _, scored, _, need, practice = made
    lists = {one.organisation_id: one for one in organisation_needs(scored)}
    true = need[practice == BUSY].mean() / need.mean()
    assert lists[f"P{BUSY:02d}"].need == pytest.approx(true, rel=0.05)
    paid_as_it_spends = scored.stages[practice == BUSY, -1].mean() / scored.stages[:, -1].mean()
    assert paid_as_it_spends > 1.25 * true, "the model does see that it spends more"


def test_weighted_people_add_up_to_the_people_exactly(made):
    _, scored, *_ = made
    lists = organisation_needs(scored)
    assert sum(one.weighted for one in lists) == Decimal(N)
    assert sum(one.n_person for one in lists) == N


def test_the_model_is_calibrated_and_every_tenth_is_paid_about_what_it_costs(made):
    _, _, judged, _, _ = made
    assert figure(judged, "calibration_slope", "allocated") == pytest.approx(1, abs=0.1)
    ratios = {j.group: j.value for j in judged if j.measure == "predictive_ratio by decile of need"}
    assert list(ratios) == [f"{n:02d}" for n in range(1, 11)]
    assert all(0.75 < ratio < 1.25 for ratio in ratios.values())


def test_a_year_in_which_everything_costs_half_is_recalibrated(made):
    fitted, scored, judged, _, _ = made
    half = scored.people.set_column(KEPT.index("counted_cost"), "counted_cost", pa.array(scored.column("counted_cost") / 2))
    later = judge_later(fitted, replace(scored, people=half, year=date(2026, 4, 1)))
    part = "year 2026-04-01"
    all_told = scored.column("counted_cost").sum() / scored.expected.sum() / 2
    assert figure(later, "recalibrated_by", "allocated", part) == pytest.approx(all_told)
    assert figure(later, "r2_person", "allocated", part) == pytest.approx(figure(judged, "r2_person", "allocated"), abs=0.01)


def test_a_practice_that_records_more_for_what_its_people_cost_is_marked_and_no_other(made):
    _, scored, _, _, practice = made
    usual = {one.organisation_id: one for one in coding(scored, None, 0.999)}
    assert [id for id, one in usual.items() if one.is_marked] == []
    more = np.where(practice == 20, 3 * scored.n_recorded, scored.n_recorded)
    found = coding(replace(scored, n_recorded=more), scored, 0.999)
    assert [one.organisation_id for one in found if one.is_marked] == ["P20"]
    assert all(one.score_growth == pytest.approx(0) == one.cost_growth for one in found)


def test_growth_of_score_that_cost_does_not_match(made):
    _, scored, _, _, practice = made
    grown = replace(scored, need=np.where(practice == 20, 1.2 * scored.need, scored.need), of_place=np.zeros(N))
    before = replace(scored, of_place=np.zeros(N))
    found = {one.organisation_id: one for one in coding(grown, before, 0.999)}
    assert found["P20"].unmatched_growth == pytest.approx(0.2)
    assert found["P21"].unmatched_growth == pytest.approx(0)
