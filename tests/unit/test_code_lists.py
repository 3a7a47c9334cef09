"""Lists of codes: what stands beside each is true of it, and it holds what its source holds."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from decimal import Decimal
from hashlib import sha256
from itertools import pairwise, product

import pytest

from accord.population.conditions.rules import WHOLE_CODE, kinds
from accord.rulebook import code_forms, code_lists, each_code, listed, parameter
from accord.rulebook.reader import FOLDER
from accord.tables.conditions import CLASSIFICATION, SCORE, SEGMENT_NAME

TABLES = sorted(p.relative_to(FOLDER).with_suffix("").as_posix() for p in FOLDER.glob("codes/*.csv"))
LISTS = {one.name: one for one in code_lists()}


def codes_of(name, condition):
    return [code for row in listed(name).rows if row["condition"] == condition for code in each_code(row["codes"].split())]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_as_what_stands_beside_it_says(name):
    about = listed(name).about
    assert about["sha256"] == sha256((FOLDER / f"{name}.csv").read_bytes()).hexdigest()
    assert all(about[key] for key in ("title", "version", "reference", "href", "licence", "checked_on", "retrieved_on"))
    assert about["href"].startswith("https://")
    assert list(about["columns"]) == list(listed(name).rows[0])


@pytest.mark.parametrize("name", LISTS)
def test_codes_have_the_form_of_their_system_and_stand_once_in_a_condition(name):
    one = LISTS[name]
    assert one.about["coverage"] in ("whole", "chosen", "partial")
    for row in one.rows:
        codes = list(each_code(row["codes"].split()))
        assert codes
        assert [code for code, n in Counter(codes).items() if n > 1] == []
        assert not [code for code in codes if "-" in code], "a range of which the ends have different letters"
        for system, code in product(one.about["code_systems"][:1], codes):
            # External causes of ICD-9-CM are told by four characters, all else by three and more.
            assert system in WHOLE_CODE or 3 <= len(code) <= 5
            assert re.search(code_forms()[system], code) or code in ("C4A", "C7A", "C7B", "D3A", "M1A", "O9A", "Z3A", "I1A", "I5A", "J4A"), code


@pytest.mark.parametrize("name", [name for name, one in LISTS.items() if one.about["coverage"] == "whole"])
def test_a_code_is_in_one_group(name):
    codes = [code for row in LISTS[name].rows for code in each_code(row["codes"].split())]
    assert [code for code, n in Counter(codes).items() if n > 1] == []


def test_groups_of_icd10_leave_no_gap_that_its_blocks_do_not_leave():
    found = {code for row in listed("codes/diagnosis_group_icd10").rows for code in each_code(row["codes"].split())}
    of_chapters = {f"{letter}{n:02}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" for n in range(100)}
    gaps = {code for code in of_chapters if code not in found}
    # A category between two blocks is one that WHO has not given out.
    assert len(gaps) < 320
    used = "A09 C80 D48 E11 F03 G30 H25 I21 J18 K52 L03 M16 N39 O80 P07 Q90 R69 S72 T88 W19 X59 Y95 Z51 U07"
    assert not gaps & set(used.split())


def _check_digit_is_right(code):
    """Verhoeff's check, by which every SNOMED CT identifier ends."""
    turned, turns = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4], [list(range(10))]
    for _ in range(7):
        turns.append([turned[n] for n in turns[-1]])
    check = 0
    for n, digit in enumerate(reversed(code)):
        check = _in_the_pentagon(check, turns[n % 8][int(digit)])
    return check == 0


def _in_the_pentagon(a, b):
    """The product of two turns (0 to 4) or turns of the other side (5 to 9) of a regular pentagon."""
    turn = (a + b if a < 5 else a - b) % 5
    return turn if (a < 5) == (b < 5) else turn + 5


def test_concepts_of_snomed_end_with_their_check_digit():
    codes = [code for row in listed("codes/long_term_snomed_ct").rows for code in each_code(row["codes"].split())]
    assert _check_digit_is_right("44054006")
    assert not _check_digit_is_right("44054007")
    assert [code for code in codes if not _check_digit_is_right(code)] == []


def test_the_frailty_score_has_109_categories_with_the_points_of_its_source():
    points = {row["condition"]: Decimal(row["weight"]) for row in listed("codes/frailty_weight").rows}
    assert len(points) == 109
    assert {code: points[code] for code in ("F00", "G81", "G30", "I69", "R50")} == {
        "F00": Decimal("7.1"), "G81": Decimal("4.4"), "G30": Decimal("4.0"), "I69": Decimal("3.7"), "R50": Decimal("0.1"),
    }  # fmt: skip
    assert set(points) == {row["condition"] for row in listed("codes/frailty_icd10").rows}
    assert all(code == row["condition"] for row in listed("codes/frailty_icd10").rows for code in each_code(row["codes"].split()))


def test_the_most_points_of_charlson_are_those_of_its_sources():
    """Of two grades of one illness the graver counts: 29 by the weights of 1987, 24 by those of 2011 (acornamr/acorn-dashboard, uCCI)."""
    for score, most in (("charlson", 29), ("charlson_2011", 24)):
        rows = [row for row in listed("codes/charlson_weight").rows if row["score"] == score]
        assert len(rows) == 17
        assert sum(int(row["weight"]) for row in rows if not row["gives_way_to"]) == most


@pytest.mark.parametrize("system", ["icd10", "icd9cm"])
def test_both_lists_of_charlson_have_the_conditions_that_have_weights(system):
    weighed = {row["condition"] for row in listed("codes/charlson_weight").rows}
    assert {row["condition"] for row in listed(f"codes/charlson_{system}").rows} == weighed


def test_codes_that_the_source_of_charlson_names():
    assert codes_of("codes/charlson_icd10", "myocardial_infarction") == ["I21", "I22", "I252"]
    assert "4254" in codes_of("codes/charlson_icd9cm", "congestive_heart_failure")
    assert "C44" not in codes_of("codes/charlson_icd10", "cancer")
    assert "J44" in codes_of("codes/charlson_icd10", "chronic_pulmonary_disease")
    assert "173" not in codes_of("codes/charlson_icd9cm", "cancer"), "skin other than melanoma"


def test_bands_of_a_score_meet():
    for score in ("charlson", "frailty"):
        rows = [row for row in listed("codes/score_band").rows if row["score"] == score]
        assert all(a["below_value"] == b["from_value"] for a, b in pairwise(rows))
        assert rows[-1]["below_value"] == ""


def test_registers_are_the_same_in_every_system():
    known = {row["condition"] for row in listed("codes/long_term_age").rows}
    assert len(known) == 22
    for system in ("icd10", "icd9cm", "snomed_ct"):
        assert {row["condition"] for row in listed(f"codes/long_term_{system}").rows} == known


def test_rules_of_segments_are_whole():
    rows = listed("codes/segment_rule").rows
    assert {row["segment"] for row in rows} == set(SEGMENT_NAME)
    assert [int(row["rule_number"]) for row in rows] == list(range(1, len(rows) + 1))
    assert [row["kind"] for row in rows].index("else") == len(rows) - 1, "the last rule takes everybody"
    known = {(one.about["classification"], row["condition"]) for one in code_lists() for row in one.rows}
    assert [row for row in rows if row["kind"] == "condition" and (row["classification"], row["condition"]) not in known] == []
    assert {row["score"] for row in rows if row["kind"] == "score"} <= set(SCORE)


def test_every_classification_has_its_rule():
    ruled = {v.amount["classification"] for v in parameter("condition_rules").values}
    assert ruled == {one.about["classification"] for one in code_lists()}
    assert set(CLASSIFICATION) - {"hcc"} <= ruled


def test_a_classification_counts_from_the_day_it_was_published():
    assert "frailty" not in {k.classification for k in kinds(date(2018, 4, 25))}
    assert "frailty" in {k.classification for k in kinds(date(2018, 4, 26))}
