"""DE-SynPUF: a model of need fitted on samples 1 and 2 (what is known of 2008, and inpatient cost of 2009), tried on 3 and 4, of 2009 and of 2010.

Source: CMS 2008-2010 DE-SynPUF. The files are synthetic: links between one year and the next are weaker than in life (CMS, DE-SynPUF user manual).
Nothing here is tuned. What is expected of sums is worked out from the run's own tables by another road. An area is a state; those of samples 3 and 4
are areas of their own here, and kept apart: so the model is fitted on nobody of theirs.
"""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import accord
from accord.intake.catalogue import SHIPPED
from accord.place import hold, open_place, open_run
from accord.population import need

MODEL = """\
title          = "Inpatient care of Medicare"
population     = "resident"
services       = "all"
history_years  = 1
training_share = 0.9
apart          = {{ organisations = [{apart}] }}
least_people   = 50
predictors     = ["age_sex", "diagnosis_groups", "long_term", "organisation"]
truncation     = {{ rule = "truncation_percentile" }}
"""
EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "desynpuf"
BENEFICIARY = "cms_desynpuf_beneficiary"
BENEFICIARIES = "DE1_0_{}_Beneficiary_Summary_File_Sample_{}.csv.gz"
OTHERS = "_3_4"
"""How the areas of samples 3 and 4 end."""

pytestmark = pytest.mark.xdist_group("desynpuf")


@pytest.fixture(scope="module")
def run(outside_data: Path, tmp_path_factory: pytest.TempPathFactory) -> object:
    files = sorted((outside_data / "desynpuf").glob("DE1_0_*.csv.gz"))
    if len(files) != 16:
        pytest.skip("the sixteen files of DE-SynPUF samples 1 to 4 are not here")
    place = tmp_path_factory.mktemp("desynpuf_need") / "desynpuf"
    for folder in ("sources", "maps"):
        (place / folder).mkdir(parents=True)
    for file in files:
        shutil.copyfile(file, place / "sources" / file.name)
    text = (SHIPPED / f"{BENEFICIARY}.toml").read_text(encoding="utf-8")
    states = re.sub(r'(?<= = )"([A-Z]{2}|other_state)"', rf'"\1{OTHERS}"', text)
    (place / "maps" / "other_samples.toml").write_text(states, encoding="utf-8")
    (place / "place.toml").write_text("".join(_sources((EXAMPLE / "place.toml").read_text(encoding="utf-8"))), encoding="utf-8")
    return accord.open(place).run()


def _sources(text: str) -> Iterator[str]:
    """The example's place, each of its yearly files of beneficiaries once for samples 1 and 2, and once for 3 and 4."""
    first, *sources = re.split(r"(?=^\[\[source\]\]$)", text, flags=re.MULTILINE)
    yield first
    for source in sources:
        if BENEFICIARY not in source:
            yield source
            continue
        yield source.replace("Sample_*", "Sample_[12]")
        yield source.replace("Sample_*", "Sample_[34]").replace(BENEFICIARY, "other_samples").replace('id      = "', 'id      = "other_')


@pytest.fixture(scope="module")
def rows(run) -> list[dict[str, str]]:
    """Every figure of the fit."""
    place = open_place(run.folder.parents[1])
    areas = run.sql("select distinct resident_id from person_month where month_date = date '2008-12-01' order by 1").fetchall()
    apart = ", ".join(f'"{area}"' for (area,) in areas if str(area).endswith(OTHERS))
    (place.root / "needs").mkdir()
    (place.root / "needs" / "medicare.toml").write_text(MODEL.format(apart=apart), encoding="utf-8")
    with hold(place, "test"):
        report = need.fit_need(place, open_run(place), "medicare", date(2009, 1, 1))
    return list(csv.DictReader((report.fit.folder / "validation.csv").read_text(encoding="utf-8").splitlines()))


@pytest.fixture(scope="module")
def judged(rows) -> dict[tuple[str, str, str, str], float]:
    """The figures by part, model, measure and group."""
    return {(r["part"], r["model"], r["measure"], r["group"]): float(r["value"]) for r in rows}


def test_it_is_fitted_on_samples_1_and_2_and_tried_on_3_and_4(rows, outside_data: Path, read_records: Callable) -> None:
    """As many people as the files of 2009 of these samples have: who is in them was there at the end of 2008."""
    files = {sample: outside_data / "desynpuf" / BENEFICIARIES.format("2009", sample) for sample in "1234"}
    n = {sample: sum(1 for _ in read_records(file)) for sample, file in files.items()}
    parts = {r["part"]: int(r["n"]) for r in rows if (r["model"], r["measure"]) == ("age_sex", "r2_person")}
    assert parts["training"] + parts["validation"] == n["1"] + n["2"]
    assert parts["apart"] == n["3"] + n["4"]


def test_diagnoses_of_one_year_tell_several_times_more_of_the_next_than_age_and_sex(judged) -> None:
    of = {model: judged["apart", model, "r2_person", "all"] for model in ("age_sex", "with_diagnoses")}
    assert 0 < 3 * of["age_sex"] < of["with_diagnoses"] < 0.5, of


def test_states_of_the_other_samples_are_foretold_better_than_their_people(judged) -> None:
    of = {measure: judged["apart", "allocated", measure, "all"] for measure in ("r2_person", "r2_organisation")}
    assert of["r2_organisation"] > 5 * of["r2_person"] > 0, of


def test_every_age_of_the_other_samples_is_foretold_about_what_it_costs(judged) -> None:
    wanted = ("apart", "predictive_ratio by age band")
    ratios = {group: value for (part, _, measure, group), value in judged.items() if (part, measure) == wanted}
    bands = ("65-69", "70-74", "75-79", "80-84", "85-89")
    assert all(0.8 < ratios[band] < 1.2 for band in bands), ratios


def test_all_people_of_the_other_samples_are_foretold_to_cost_what_people_of_samples_1_and_2_do(judged, outside_data, read_records) -> None:
    """Their need is alike: so what is foretold of them is off by what their claims say that they cost less, which is the luck of a sample."""
    paid, n = [0.0, 0.0], [0, 0]
    for sample in "1234":
        n[sample in "34"] += sum(1 for _ in read_records(outside_data / "desynpuf" / BENEFICIARIES.format("2009", sample)))
        claims = read_records(outside_data / "desynpuf" / f"DE1_0_2008_to_2010_Inpatient_Claims_Sample_{sample}.csv.gz")
        paid[sample in "34"] += sum(float(r["CLM_PMT_AMT"]) for _, r in claims if r["CLM_FROM_DT"].startswith("2009"))
    costs_more = (paid[0] / n[0]) / (paid[1] / n[1])
    assert judged["apart", "allocated", "predictive_ratio", "all"] == pytest.approx(costs_more, abs=0.03)


def test_the_year_after_is_recalibrated_by_its_fall_of_cost(judged, run) -> None:
    """Mean inpatient spending falls by near half in 2010, and the mean need of the people hardly moves."""
    cost = dict(run.sql("select extract(year from start_date), sum(cast(cost as double)) from activity where is_in_force group by 1").fetchall())
    part = "year 2010-01-01, apart"
    assert judged[part, "allocated", "recalibrated_by", "all"] == pytest.approx(cost[2010] / cost[2009], abs=0.15)
    assert 0.95 < judged[part, "allocated", "predictive_ratio", "all"] < 1.05
    ratios = [v for (p, _, measure, _), v in judged.items() if (p, measure) == (part, "predictive_ratio by decile of need")]
    assert len(ratios) == 10
    assert np.isfinite(ratios).all()


def test_that_the_model_does_not_carry_over_to_2010_is_told(judged) -> None:
    """The fall is not even: who had codes in 2009 costs less in 2010 than such people did in 2009. The mean can be put right, the spread cannot."""
    parts = ("apart", "year 2010-01-01, apart")
    r2, slope = ([judged[part, "allocated", measure, "all"] for part in parts] for measure in ("r2_person", "calibration_slope"))
    assert r2[1] < r2[0]
    assert slope[1] < slope[0] < 1.2
