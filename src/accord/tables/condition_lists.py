"""Tables by which conditions are worked out inside a run, and which a run does not publish."""

from __future__ import annotations

from accord.tables.conditions import CONDITION, PERSON_SCORE, SCORE, SEGMENT_NAME
from accord.tables.contract import Table, bigint, day, flag, integer, rate, text

SCOPE = ("any", "stay", "urgent")
"""Which diagnoses a classification looks at: every one, those of stays in hospital, the first-named of an emergency stay's first episode."""
COVERAGE = ("whole", "chosen", "partial")
STANDING = ("counted", "no person", "taken back", "after the period")

ACCOUNTING_YEAR = Table(
    name="accounting_year",
    meaning="One block of twelve months of the place's period; the last may be shorter.",
    columns=(
        integer("year_number", "Its place, from 0.", required=True),
        day("year_date", "First day.", required=True),
        day("last_date", "Last day.", required=True),
    ),
    key=("year_number",),
)

YEAR_REACH = Table(
    name="year_reach",
    meaning="One accounting year in which what was recorded in one year still holds, for one look-back.",
    columns=(
        integer("look_back_years", "As in condition_kind; 0 is for ever.", required=True, unit="years"),
        integer("recorded_number", "The year of the record; below 0 before the period.", required=True),
        integer("year_number", "A year in which it holds.", required=True),
    ),
    key=("look_back_years", "recorded_number", "year_number"),
)

CONDITION_KIND = Table(
    name="condition_kind",
    meaning="One condition of one classification, from the rulebook.",
    columns=(
        integer("condition_number", "Its number in this run.", required=True),
        text("classification", "Whose it is; lasting and passing are for segments alone.", required=True),
        text("condition", "Its name.", required=True),
        text("scope", "Which diagnoses are looked at.", required=True, codes=SCOPE),
        integer("look_back_years", "Accounting years that count, the year itself the last; 0 is for ever.", required=True, unit="years"),
        integer("from_age_years", "Completed years on the year's last day from which it is held.", required=True, unit="years"),
        flag("is_published", "Whether table condition has it.", required=True),
    ),
    key=("condition_number",),
)

CONDITION_CODE = Table(
    name="condition_code",
    meaning="One way in which codes of one system begin that mean one condition, from the rulebook.",
    columns=(
        integer("condition_number", "The condition.", required=True),
        text("code_system", "Whose code it is.", required=True),
        integer("n_character", "How many first characters are compared; 0 is the whole code.", required=True),
        text("code", "What they are.", required=True),
    ),
    key=("condition_number", "code_system", "n_character", "code"),
)

CLASSIFICATION_SYSTEM = Table(
    name="classification_system",
    meaning="One code system for which one published classification has a list, or one that it has none for in any (an empty system).",
    columns=(
        text("classification", "Whose list it is.", required=True),
        text("scope", "Which diagnoses it looks at.", required=True, codes=SCOPE),
        text("code_system", "The system; '' where the row only says that there is the classification.", required=True),
        text("coverage", "How much of the system the list is meant to cover.", codes=COVERAGE),
    ),
    key=("classification", "code_system"),
)

CONDITION_WEIGHT = Table(
    name="condition_weight",
    meaning="Points of one condition in one score, from the rulebook.",
    columns=(
        text("score", "The score.", required=True, codes=SCORE),
        integer("condition_number", "The condition.", required=True),
        rate("weight", "Points.", required=True),
        integer("gives_way_number", "The condition beside which it does not count."),
    ),
    key=("score", "condition_number"),
)

SCORE_BAND = Table(
    name="score_band",
    meaning="One band of one score, from the rulebook.",
    columns=(
        text("score", "The score.", required=True, codes=SCORE),
        text("band", "Its name.", required=True),
        rate("from_value", "Points, the first in.", required=True),
        rate("below_value", "Points, the first out.", required=True),
        integer("from_age_years", "Completed years on the year's last day from which it is given.", required=True, unit="years"),
    ),
    key=("score", "band"),
)

SEGMENT_RULE = Table(
    name="segment_rule",
    meaning="One rule that puts people into a segment, from the rulebook: the first that holds counts.",
    columns=(
        integer("rule_number", "Its place in the order.", required=True),
        text("segment", "Where it puts the person.", required=True, codes=SEGMENT_NAME),
        text("because", "Why, in words.", required=True),
        text("kind", "What is looked at.", required=True, codes=("condition", "score", "age", "emergency_stay", "else")),
        integer("condition_number", "Of a condition: which."),
        text("score", "Of a score: which.", codes=SCORE),
        rate("from_value", "Of a score: points, the first in."),
        integer("from_age_years", "Completed years on the year's last day, the first in.", unit="years"),
        integer("below_age_years", "The first out.", unit="years"),
    ),
    key=("rule_number",),
)

CODE_SEEN = Table(
    name="code_seen",
    meaning="One code among the diagnoses, and how often it stands there.",
    columns=(
        text("standing", "Whether its diagnoses count, or why not.", required=True, codes=STANDING),
        text("code_system", "Whose code it is; 'unknown' where the record states no system that is known.", required=True),
        text("code", "The code.", required=True),
        bigint("n_record", "Diagnoses.", required=True),
        bigint("n_person", "People.", required=True),
        bigint("n_stay_record", "Diagnoses of stays in hospital.", required=True),
        bigint("n_stay_person", "Their people.", required=True),
        bigint("n_urgent_record", "First-named diagnoses of emergency stays.", required=True),
        bigint("n_urgent_person", "Their people.", required=True),
    ),
    key=("standing", "code_system", "code"),
)

CODE_MEANING = Table(
    name="code_meaning",
    meaning="One condition that one code among the diagnoses means.",
    columns=(
        text("code_system", "Whose code it is.", required=True),
        text("code", "The code.", required=True),
        integer("condition_number", "The condition.", required=True),
        text("scope", "Which diagnoses with the code count.", required=True, codes=SCOPE),
    ),
    key=("code_system", "code", "condition_number"),
)

CONDITION_RECORD = Table(
    name="condition_record",
    meaning="One condition that was recorded of one person in one accounting year, in or before the period.",
    columns=(
        bigint("person_id", "The person.", required=True),
        integer("year_number", "The year of the record, as in accounting_year; what no look-back reaches is put into the earliest.", required=True),
        integer("condition_number", "The condition.", required=True),
        bigint("n_record", "Diagnoses.", required=True),
        day("first_date", "The first of their days.", required=True),
    ),
    key=("person_id", "year_number", "condition_number"),
)

PERSON_YEAR = Table(
    name="person_year",
    meaning="One person in one accounting year with a row in person_month.",
    columns=(
        bigint("person_id", "The person.", required=True),
        integer("year_number", "The year.", required=True),
        integer("age_years", "Completed years on the year's last day; NULL if birth is unknown.", unit="years"),
    ),
    key=("person_id", "year_number"),
)

CONDITION_HELD = Table(
    name="condition_held",
    meaning="One condition that one person has in one accounting year, recorded in it or reaching into it.",
    columns=CONDITION_RECORD.columns,
    key=CONDITION_RECORD.key,
)

HCC_CODE = Table(
    name="hcc_code",
    meaning="One ICD-10-CM code that the HCC model asked for knows.",
    columns=(text("code", "The code.", required=True),),
    key=("code",),
)

HCC_PROCEDURE = Table(
    name="hcc_procedure",
    meaning="One HCPCS code that makes the diagnoses of a claim count, as CMS lists them.",
    columns=(text("code", "The code.", required=True),),
    key=("code",),
)

HCC_FACT = Table(
    name="hcc_fact",
    meaning="One kind of observation that tells what the HCC model asks of a person, from the rulebook.",
    columns=(
        text("fact", "What it tells.", required=True, codes=("dual_status", "entitlement")),
        text("code_system", "Whose observation it is.", required=True),
        text("code", "Which.", required=True),
    ),
    key=("code_system", "code"),
)

HCC_PERSON = Table(
    name="hcc_person",
    meaning="What the HCC model asks of one person for one accounting year.",
    columns=(
        bigint("person_id", "The person.", required=True),
        integer("year_number", "The year of the diagnoses.", required=True),
        integer("age_years", "Completed years on the first 1 February after the year; NULL if birth is unknown.", unit="years"),
        text("sex", "As in person."),
        text("dual_status", "CMS's code of Medicaid beside Medicare, stated last by the year's end."),
        text("entitlement", "CMS's code of the original reason for entitlement, stated last by the year's end."),
    ),
    key=("person_id", "year_number"),
    order=("person_id", "year_number"),
)

HCC_DIAGNOSIS = Table(
    name="hcc_diagnosis",
    meaning="One code of the HCC model that was recorded of one person in one accounting year where CMS counts it.",
    columns=(
        bigint("person_id", "The person.", required=True),
        integer("year_number", "The year.", required=True),
        text("code", "The ICD-10-CM code.", required=True),
        bigint("n_record", "Diagnoses.", required=True),
        day("first_date", "The first of their days.", required=True),
    ),
    key=("person_id", "year_number", "code"),
    order=("person_id", "year_number", "code"),
)

HCC_CONDITION = Table(
    name="hcc_condition",
    meaning="One condition category of one person in one accounting year, after the hierarchies; none where no model is asked for.",
    columns=CONDITION.columns,
    key=CONDITION.key,
)

HCC_SCORE = Table(
    name="hcc_score",
    meaning="The relative cost that the HCC model predicts of one person; none where no model is asked for.",
    columns=PERSON_SCORE.columns,
    key=PERSON_SCORE.key,
)
