"""DE-SynPUF samples 1 to 4: a model of need fitted on half of the people and their inpatient cost of 2009, judged on the other half, tried on 2010.

Source: CMS 2008-2010 DE-SynPUF. The files are synthetic: links between one year and the next are weaker than in life (CMS, DE-SynPUF user manual).
Nothing here is tuned. What is expected of sums is worked out from the run's own tables by another road.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

MODEL = """\
title          = "Inpatient care of Medicare"
population     = "resident"
services       = "all"
history_years  = 1
training_share = 0.5
least_people   = 50
predictors     = ["age_sex", "diagnosis_groups", "long_term", "organisation"]
truncation     = { rule = "truncation_percentile" }
"""

pytestmark = pytest.mark.xdist_group("desynpuf")


@pytest.fixture(scope="module")
def run(outside_data: Path, publish: Callable, tmp_path_factory: pytest.TempPathFactory) -> object:
    files = sorted((outside_data / "desynpuf").glob("DE1_0_*.csv.gz"))
    if len(files) != 16:
        pytest.skip("the sixteen files of DE-SynPUF samples 1 to 4 are not here")
    return publish("desynpuf", files, tmp_path_factory.mktemp("desynpuf_need"))


@pytest.fixture(scope="module")
def judged(run) -> dict[tuple[str, str, str, str], float]:
    """Every figure of the fit, by part, model, measure and group."""
    from datetime import date

    from accord.place import hold, open_place, open_run
    from accord.population import need

    place = open_place(run.folder.parents[1])
    (place.root / "needs").mkdir()
    (place.root / "needs" / "medicare.toml").write_text(MODEL, encoding="utf-8")
    with hold(place, "test"):
        report = need.fit_need(place, open_run(place), "medicare", date(2009, 1, 1))
    rows = csv.DictReader((report.fit.folder / "validation.csv").read_text(encoding="utf-8").splitlines())
    return {(r["part"], r["model"], r["measure"], r["group"]): float(r["value"]) for r in rows}


def test_diagnoses_of_one_year_tell_more_of_the_next_than_age_and_sex(judged) -> None:
    of = {model: judged["validation", model, "r2_person", "all"] for model in ("age_sex", "with_diagnoses")}
    assert 0 < of["age_sex"] < of["with_diagnoses"] < 0.5, of


def test_states_are_foretold_better_than_people(judged) -> None:
    of = {measure: judged["validation", "allocated", measure, "all"] for measure in ("r2_person", "r2_organisation")}
    assert of["r2_organisation"] > 3 * of["r2_person"] > 0, of


def test_every_age_is_foretold_about_what_it_costs(judged) -> None:
    wanted = ("validation", "predictive_ratio by age band")
    ratios = {group: value for (part, _, measure, group), value in judged.items() if (part, measure) == wanted}
    assert {"65-69", "70-74", "75-79", "80-84", "85-89"} <= set(ratios)
    assert all(0.85 < ratios[band] < 1.15 for band in ("65-69", "70-74", "75-79", "80-84")), ratios


def test_the_year_after_is_recalibrated_by_its_fall_of_cost(judged, run) -> None:
    """Mean inpatient spending falls by near half in 2010, and the mean need of the people hardly moves."""
    cost = dict(run.sql("select extract(year from start_date), sum(cast(cost as double)) from activity where is_in_force group by 1").fetchall())
    times = judged["year 2010-01-01", "allocated", "recalibrated_by", "all"]
    assert times == pytest.approx(cost[2010] / cost[2009], abs=0.15)
    ratios = [v for (part, _, measure, _), v in judged.items() if part.startswith("year") and measure == "predictive_ratio by decile of need"]
    assert len(ratios) == 10
    assert np.isfinite(ratios).all()


def test_that_the_model_does_not_carry_over_to_2010_is_told(judged) -> None:
    """The fall is not even: who had codes in 2009 costs less in 2010 than such people did in 2009. The mean can be put right, the spread cannot."""
    part = "year 2010-01-01"
    assert judged[part, "allocated", "r2_person", "all"] < judged["validation", "allocated", "r2_person", "all"]
    assert judged[part, "allocated", "calibration_slope", "all"] < judged["validation", "allocated", "calibration_slope", "all"] < 1.2
