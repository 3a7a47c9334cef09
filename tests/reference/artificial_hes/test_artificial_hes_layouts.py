"""NHS England's artificial HES: three national layouts, 515 columns, to one published run.

Source: NHS England artificial data pilot, as copied in CUREd-Plus/cuRed. What is expected is worked out here from the raw text.
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from accord.intake.catalogue import SHIPPED
from accord.intake.layout import Layout

pytestmark = pytest.mark.xdist_group("artificial_hes")
APC, OP, AE = "artificial_hes_apc_0102_truncated.csv", "artificial_hes_op_0304_truncated.csv", "artificial_hes_ae_0708_truncated.csv"
NOTHING = ("", "-", "&")
UNDATED = (APC, 1_942)  # its four dates are all 1801-01-01, "invalid date submitted"
Key = tuple[str, int]


@pytest.fixture(scope="module")
def raw(outside_data: Path, read_records: Callable) -> dict[Key, dict]:
    return {(name, n): record for name in (APC, OP, AE) for n, record in read_records(outside_data / "artificial_hes" / name)}


@pytest.fixture(scope="module")
def run(outside_data: Path, publish: Callable, tmp_path_factory: pytest.TempPathFactory) -> object:
    return publish("artificial_hes", [outside_data / "artificial_hes" / n for n in (APC, OP, AE)], tmp_path_factory.mktemp("artificial_hes"))


def _of(raw: dict[Key, dict], name: str) -> list[dict]:
    """The records of a file that can be read: all but the one without any date."""
    return [record for key, record in raw.items() if key[0] == name and key != UNDATED]


def test_all_three_layouts_are_landed_and_all_records_but_one_accepted(raw, run, sent: Callable) -> None:
    names = sent(run)
    assert sum(len(_of(raw, name)[0]) for name in (APC, OP, AE)) == 193 + 157 + 165
    assert run.sql("select distinct status from submission").fetchall() == [("landed",)]
    fates = Counter((names[s], fate) for s, fate in run.record_fate.project("submission_id, fate").fetchall())
    assert fates == {(APC, "accepted"): 2_074, (APC, "quarantined"): 1, (OP, "accepted"): 1_000, (AE, "accepted"): 1_000}
    refused = run.sql("select submission_id, record_number, rule, column_name from quarantine").fetchall()
    assert [(names[s], *rest) for s, *rest in refused] == [(*UNDATED, "missing_required", "EPISTART")]


def test_appointments_that_were_not_kept_are_no_act_of_care_and_are_counted(raw, run) -> None:
    seen = [r for r in _of(raw, OP) if r["ATTENDED"] in ("5", "6")]
    assert len(seen) == 818
    found = dict(run.sql("select setting, count(*) from activity group by setting").fetchall())
    assert found == {"inpatient": 2_074, "outpatient": 818, "emergency": 1_000}
    kept = run.sql("select value_text, count(*) from observation where code = 'ATTENDED' group by value_text").fetchall()
    assert dict(kept) == Counter(r["ATTENDED"] for r in _of(raw, OP))
    line = run.sql(
        "select distinct n_record from reconciliation where total = 'activity' and line = 'no act of care' and n_record <> 0"
    ).fetchall()
    assert line == [(-182,)]


def test_each_pseudonym_is_one_person(raw, run) -> None:
    people = {r["PSEUDO_HESID"] for name in (APC, OP, AE) for r in _of(raw, name)}
    assert run.sql("select count(*) from person").fetchall() == [(len(people),)]


def test_dates_that_stand_for_nothing_are_read_as_nothing(raw, run) -> None:
    assert run.sql("select count(*) from activity where start_date < date '1900-01-01' or end_date < date '1900-01-01'").fetchall() == [(0,)]
    undischarged = sum(1 for r in _of(raw, APC) if r["DISDATE"] in ("", "1800-01-01", "1801-01-01"))
    assert run.sql("select count(*) from activity where setting = 'inpatient' and discharge_date is null").fetchall() == [(undischarged,)]


def test_diagnoses_keep_their_position_and_their_system(raw, run) -> None:
    expected: Counter[tuple] = Counter()
    for r in _of(raw, APC):
        expected.update(("icd10", p, c) for p in range(1, 21) if (c := r[f"DIAG_4_{p:02}"].strip()) not in NOTHING)
    for r in _of(raw, OP):
        if r["ATTENDED"] in ("5", "6"):
            expected.update(("icd10", p, c) for p in range(1, 13) if (c := r[f"DIAG_4_{p:02}"].strip()) not in (*NOTHING, "R69X"))
    scheme = {"01": "ae_diagnosis", "02": "icd10", "04": "read2", "": None}
    for r in _of(raw, AE):
        expected.update((scheme[r["DIAGSCHEME"]], p, c) for p in range(1, 13) if (c := r[f"DIAG3_{p:02}"].strip()) not in NOTHING)
    found = run.sql("select code_system, position, code, count(*) from diagnosis group by code_system, position, code").fetchall()
    assert {row[:3]: row[3] for row in found} == dict(expected)


def test_no_procedure_is_made_of_a_sign_for_none(run) -> None:
    assert run.sql("select count(*) from \"procedure\" where code in ('-', '&', 'X999') or trim(code) = ''").fetchall() == [(0,)]


def test_the_method_of_admission_is_read_whole(raw, run) -> None:
    group = {"1": "elective", "2": "emergency", "3": "maternity"}
    special = {"81": "transfer", "82": "maternity", "98": None, "99": None}
    expected = Counter(special.get(m, group.get(m[0], "unlisted")) for m in (r["ADMIMETH"] for r in _of(raw, APC)))
    found = run.sql("select admission, count(*) from activity where setting = 'inpatient' group by admission").fetchall()
    assert dict(found) == dict(expected)
    assert run.sql("select count(*) from issue where rule = 'unknown_code' and column_name = 'ADMIMETH'").fetchall() == [(0,)]


def test_nobody_is_registered_and_the_totals_say_so(raw, run) -> None:
    assert run.sql("select count(*) from person_month").fetchall() == [(0,)]
    before = sum(1 for r in _of(raw, APC) if r["EPISTART"] < "2001-04-01")
    reasons = run.sql("select reason, n_row from attrition where step = 'cost_per_person_month'").fetchall()
    assert dict(reasons) == {"outside the period": before, "neither registered nor resident": 2_074 + 818 + 1_000 - before}


def test_the_emergency_care_map_names_every_field_of_the_national_layout(outside_data: Path) -> None:
    metadata = json.loads((outside_data / "artificial_hes" / "ecds.json").read_text(encoding="utf-8"))
    fields = [column["name"] for table in metadata["tables"] for column in table["tableSchema"]["columns"]]
    layout = Layout.model_validate(tomllib.loads((SHIPPED / "ecds.toml").read_text(encoding="utf-8")))
    named = {*layout.read_columns(), *layout.ignored_columns()}
    assert len(fields) == 340
    assert [field for field in fields if field not in named] == []
    assert [c for c in layout.read_columns() if c not in fields and c not in layout.may_lack()] == []


def test_episodes_without_a_spell_number_form_spells_by_their_admission(raw, run) -> None:
    """These files bear no spell number: the episodes of one person, provider and admission date are one spell. Their days are random."""
    expected = Counter((r["PSEUDO_HESID"], r["PROCODE3"], r["ADMIDATE"]) for r in _of(raw, APC))
    spells = run.sql("select n_episode, count(*) from spell group by n_episode").fetchall()
    assert dict(spells) == Counter(expected.values())
    assert run.sql("select count(*), count(spell_id) from stay_activity").fetchall() == [(2_074, 2_074)]


def test_stays_without_a_discharge_are_open_unless_the_person_was_admitted_there_again(raw, run) -> None:
    admitted: dict[tuple[str, str], list[str]] = {}
    for r in _of(raw, APC):
        admitted.setdefault((r["PSEUDO_HESID"], r["PROCODE3"]), []).append(r["ADMIDATE"])
    lasting = [r for r in _of(raw, APC) if r["DISDATE"] in ("", "1800-01-01", "1801-01-01")]
    again = sum(max(admitted[r["PSEUDO_HESID"], r["PROCODE3"]]) > r["ADMIDATE"] for r in lasting)
    found = dict(run.sql("select end_basis, count(*) from spell where discharge_date is null group by end_basis").fetchall())
    assert found == {"open": len(lasting) - again, "next_admission": again}


def test_the_flag_of_overlapping_stays_is_that_of_spells(run) -> None:
    spells = """select a.submission_id, a.record_number from spell s join stay_activity t on s.spell_id = t.spell_id
        join activity a on t.activity_id = a.activity_id where s.is_overlapping"""
    issues = "select submission_id, record_number from issue where rule = 'overlapping_stay'"
    assert len(run.sql(issues).fetchall()) == 68
    assert run.sql(f"({spells} except {issues}) union all ({issues} except {spells})").fetchall() == []
