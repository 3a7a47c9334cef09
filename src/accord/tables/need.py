"""What a model of need is fitted from: person_year, what is known of a person before a year, and the tables that say what counts."""

from __future__ import annotations

from accord.tables.codes import SEX
from accord.tables.contract import Column, Table, bigint, day, flag, integer, money, text

KIND = ("age_sex", "diagnosis_group", "long_term", "deprivation", "ethnicity", "prior_use", "supply", "organisation")
"""What a predictor is about. What the last two say of a person is said of where the person lives or is registered, not of need."""

ACCOUNT_MONTH = Table(
    name="account_month",
    meaning="One month of one whole accounting year of the place's period.",
    columns=(
        day("month_date", "First day of the month.", required=True),
        day("year_date", "First day of the year.", required=True),
        bigint("month_bit", "1 for the year's first month, and twice that of the month before for each other: 2,048 for the last.", required=True),
    ),
    key=("month_date",),
)

NEED_YEAR = Table(
    name="need_year",
    meaning="One year whose cost is to be foretold, be it past or still to come.",
    columns=(
        day("year_date", "First day.", required=True),
        day("before_date", "First day of the year before, at whose end people are counted.", required=True),
        day("history_date", "First day of the years that are looked back on.", required=True),
    ),
    key=("year_date",),
)

NEED_SERVICE = Table(
    name="need_service",
    meaning="One pair of setting and admission whose cost a model of need foretells.",
    columns=(
        text("setting", "As in activity; 'unknown' where the record does not say.", required=True),
        text("admission", "As in activity; 'none' where the record does not say.", required=True),
    ),
    key=("setting", "admission"),
)

NEED_APART = Table(
    name="need_apart",
    meaning="One organisation none of whose people a model of need is fitted on, so that it can be judged on all of them.",
    columns=(text("organisation_id", "The practice, plan or area.", required=True),),
    key=("organisation_id",),
)

NEED_BAND = Table(
    name="need_band",
    meaning="One band of completed years, from the rulebook, as a model of need takes them.",
    columns=(
        text("age_band", "Its name.", required=True),
        integer("from_years", "First age in.", required=True),
        integer("below_years", "First age out.", required=True),
    ),
    key=("age_band",),
)

ORGANISATION_SUPPLY = Table(
    name="organisation_supply",
    meaning="One figure of what is within reach of the people of one organisation: beds, distance, waits. From a file of the place.",
    columns=(
        text("organisation_id", "The practice, plan or area.", required=True),
        text("variable", "What is measured.", required=True),
        integer("value_per_1000", "The figure in thousandths.", required=True),
    ),
    key=("organisation_id", "variable"),
)

CARE_MONTH = Table(
    name="care_month",
    meaning="What one person was given of the model's services in one month of a whole accounting year.",
    columns=(
        bigint("person_id", "The person; NULL for all care of nobody known."),
        day("year_date", "First day of the accounting year.", required=True),
        bigint("month_bit", "The month, as in account_month.", required=True),
        bigint("n_activity", "Acts of care that began in it.", required=True),
        bigint("n_without_cost", "Of which without a cost.", required=True),
        money("cost", "What they cost.", required=True),
    ),
    key=("person_id", "year_date", "month_bit"),
)

PERSON_YEAR = Table(
    name="person_year",
    meaning="One person in one accounting year, in which the person was in the population in any month.",
    columns=(
        bigint("person_id", "The person.", required=True),
        day("year_date", "First day of the accounting year.", required=True),
        integer("n_month", "Months in the population.", required=True),
        flag("is_at_start", "Whether in the population in the year's first month.", required=True),
        flag("is_at_end", "Whether in the population in the year's last month.", required=True),
        text("organisation_id", "The practice, plan or area of the latest of these months; NULL where none is known."),
        integer("age_years", "Completed years on the first day of the year; NULL if birth is unknown or lies in the year.", unit="years"),
        text("sex", "As in person; 'unknown' where it is.", required=True, codes=SEX),
        integer("deprivation_decile", "As in person.", unit="decile"),
        text("ethnicity", "As in person."),
        bigint("n_activity", "Acts of care of the model's services in these months.", required=True),
        bigint("n_without_cost", "Of which without a cost.", required=True),
        money("cost", "What they cost.", required=True),
        integer("n_emergency_admission", "Emergency admissions in these months: continuous stays, each once.", required=True),
    ),
    key=("person_id", "year_date"),
    order=("year_date", "person_id"),
)

NEED_LEFT_OUT = Table(
    name="need_left_out",
    meaning="Care of the model's services in the place's whole years that is in no person's year, and why.",
    columns=(
        text("reason", "Why.", required=True),
        bigint("n_activity", "Acts of care.", required=True),
        money("cost", "Their cost.", required=True),
    ),
    key=("reason",),
)

COST_CAP = Table(
    name="cost_cap",
    meaning="The amount above which one person's cost of one year is not counted.",
    columns=(day("year_date", "The year.", required=True), money("cap_amount", "The amount; NULL where all is counted.")),
    key=("year_date",),
)

NEED_PERSON = Table(
    name="need_person",
    meaning="One person whose cost of one year is foretold: one who was in the population in the last month before it.",
    columns=(
        day("year_date", "First day of the year that is foretold.", required=True),
        bigint("person_id", "The person.", required=True),
        text("organisation_id", "The practice, plan or area at the end of the year before; 'unknown' where none is known.", required=True),
        text("age_band", "On the first day of the year; 'unknown' where birth is.", required=True),
        text("sex", "As in person.", required=True, codes=SEX),
        integer("deprivation_decile", "As in person.", unit="decile"),
        text("ethnicity", "As in person; 'unknown' where it is.", required=True),
        flag("is_training", "Whether the model is fitted on the person; if not, it is judged on the person.", required=True),
        flag("is_apart", "Whether the organisation is kept out of the fit, and the person was not in it elsewhere.", required=True),
        integer("n_history_month", "Months in the population in the years that are looked back on.", required=True),
        integer("n_month", "Months in the population in the year itself; 0 where it is still to come, or the person has gone.", required=True),
        money("past_counted_cost", "Cost of the year before, up to that year's cap.", required=True),
        money("cost", "Cost of the year itself.", required=True),
        money("counted_cost", "Of which up to the cap.", required=True),
        integer("n_emergency_admission", "Emergency admissions in the year itself.", required=True),
        integer("n_past_emergency_admission", "Emergency admissions in the year before.", required=True),
    ),
    key=("year_date", "person_id"),
    order=("year_date", "person_id"),
)

PERSON_NEED = Table(
    name="person_need",
    meaning="One person's need in the year to come: what a fitted model expects the person's care to cost.",
    columns=(
        bigint("person_id", "The person.", required=True),
        day("year_date", "First day of the year to come.", required=True),
        text("organisation_id", "The practice, plan or area at the end of the year before.", required=True),
        Column("expected_cost", "DOUBLE", "Expected cost of a whole year, with supply and organisation at their mean.", required=True),
        Column("need", "DOUBLE", "The same as part of everybody's mean: 1 is average.", required=True),
        Column("age_sex_cost", "DOUBLE", "What age and sex alone would make of it.", required=True),
        integer("n_long_term", "Long-term conditions in the register that are predictors of the model.", required=True),
    ),
    key=("person_id",),
    order=("person_id",),
)

ORGANISATION_NEED = Table(
    name="organisation_need",
    meaning="What the people of one organisation need in the year to come, by a fitted model. A fit keeps it as CSV, and a budget may go by it.",
    columns=(
        text("organisation_id", "The practice, plan or area at the end of the year before.", required=True),
        bigint("n_person", "Its people.", required=True),
        Column("need", "DOUBLE", "Their mean need: 1 is everybody's.", required=True),
        money("weighted", "Its people weighted by need; over all organisations they add up to the people.", required=True),
        Column("expected_cost", "DOUBLE", "Expected cost of a whole year of all its people.", required=True),
    ),
    key=("organisation_id",),
    order=("organisation_id",),
)

NEED_FACT = Table(
    name="need_fact",
    meaning="One thing known of one person before the year that is foretold.",
    columns=(
        day("year_date", "First day of the year that is foretold.", required=True),
        bigint("person_id", "The person.", required=True),
        text("kind", "What it is about.", required=True, codes=KIND),
        text("label", "What it is.", required=True),
        integer("value_per_1000", "1,000 where it is so; of supply, the figure in thousandths.", required=True),
    ),
    key=("year_date", "person_id", "kind", "label"),
    order=("year_date", "person_id"),
)

NEED_COUNT = Table(
    name="need_count",
    meaning="How many people something is known of, in one year that is foretold.",
    columns=(
        day("year_date", "First day of the year that is foretold.", required=True),
        text("kind", "What it is about.", required=True, codes=KIND),
        text("label", "What it is.", required=True),
        bigint("n_training", "People on whom the model is fitted.", required=True),
        bigint("n_person", "All people.", required=True),
    ),
    key=("year_date", "kind", "label"),
    order=("year_date", "kind", "label"),
)

NEED_COLUMN = Table(
    name="need_column",
    meaning="Which column of the model something known counts in. Those of which too few people are known share one.",
    columns=(
        text("kind", "What it is about.", required=True, codes=KIND),
        text("label", "What it is.", required=True),
        integer("column_number", "The column, from 0.", required=True),
    ),
    key=("kind", "label"),
)

NEED_PREDICTOR = Table(
    name="need_predictor",
    meaning="One cell of the model's matrix that is not zero.",
    columns=(
        day("year_date", "First day of the year that is foretold.", required=True),
        bigint("person_id", "The person.", required=True),
        integer("column_number", "The column, from 0.", required=True),
        integer("value_per_1000", "The cell, in thousandths.", required=True),
    ),
    key=("year_date", "person_id", "column_number"),
    order=("year_date", "person_id", "column_number"),
)
