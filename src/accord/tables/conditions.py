"""Who has which condition in which year: condition, person_score, segment, unmapped_code."""

from __future__ import annotations

from accord.tables.contract import Table, bigint, day, rate, text

CLASSIFICATION = ("charlson", "frailty", "long_term", "acsc", "hcc", "diagnosis_group")
SCORE = ("charlson", "charlson_2011", "frailty", "hcc_risk")
SEGMENT_NAME = (
    "short_dying",  # a short period of decline before dying
    "frailty_dementia",
    "organ_failure",  # limited reserve and exacerbations
    "disability",  # stable but significant
    "acute",  # acutely ill, else mostly well
    "maternal_infant",
    "chronic",  # long-term conditions, otherwise well
    "healthy",
)
UNMAPPED = (
    "no code system",  # the record states a system that is not known
    "no map for this system",  # the classification has no list of the system's codes
    "in no group",  # the classification is meant to cover the system whole, and the code is in none of its groups
    "not in a partial list",  # the classification's list of the system is known to be incomplete, and the code is not in it
)
_YEAR = "First day of the accounting year: blocks of twelve months from the first month of the place's period."

CONDITION = Table(
    name="condition",
    meaning="One condition of one person in one accounting year, by one classification. People without any have no row.",
    columns=(
        bigint("person_id", "The person. A year of theirs counts if they are in person_month in it, or have a diagnosis dated in it.", required=True),
        day("year_date", _YEAR, required=True),
        text("classification", "Whose list it is.", required=True, codes=CLASSIFICATION),
        text("condition", "The name or number of the condition within the classification.", required=True),
        bigint("n_record", "Diagnoses within the classification's look-back that ends with the year; of a register, all so far.", required=True),
        day("first_date", "The first of their days.", required=True),
    ),
    key=("person_id", "year_date", "classification", "condition"),
    order=("person_id", "year_date", "classification", "condition"),
)

PERSON_SCORE = Table(
    name="person_score",
    meaning="One score of one person in one accounting year. Charlson and frailty have rows for those with a condition of theirs: else it is 0.",
    columns=(
        bigint("person_id", "The person.", required=True),
        day("year_date", _YEAR, required=True),
        text("score", "Which; charlson by the weights of 1987, charlson_2011 by those of 2011.", required=True, codes=SCORE),
        rate("value", "The score: sum of the weights of the person's conditions; of hcc_risk, the relative cost that CMS predicts.", required=True),
        text("band", "As the score's source bands it; NULL where it gives no band, or none for the person's age."),
    ),
    key=("person_id", "year_date", "score"),
    order=("person_id", "year_date", "score"),
)

SEGMENT = Table(
    name="segment",
    meaning="The one segment of one person in one accounting year: exactly one row for everyone in person_month in it.",
    columns=(
        bigint("person_id", "The person.", required=True),
        day("year_date", _YEAR, required=True),
        text("segment", "Which of the eight.", required=True, codes=SEGMENT_NAME),
        text("because", "The rule that put the person there: the first, in the rulebook's order, that held.", required=True),
    ),
    key=("person_id", "year_date"),
    order=("person_id", "year_date"),
)

UNMAPPED_CODE = Table(
    name="unmapped_code",
    meaning="One diagnosis code that one classification could say nothing of, and why. A code that a whole list leaves out is no such code.",
    columns=(
        text("classification", "Whose list it is.", required=True, codes=CLASSIFICATION),
        text("code_system", "Whose code it is; 'unknown' where the record states no system that is known.", required=True),
        text("code", "The code.", required=True),
        text("reason", "Why nothing can be said.", required=True, codes=UNMAPPED),
        bigint("n_record", "Diagnoses with the code that the classification looks at, in any year.", required=True),
        bigint("n_person", "People with one.", required=True),
    ),
    key=("classification", "code_system", "code"),
    order=("classification", "code_system", "code"),
    smallest_count=8,
)
