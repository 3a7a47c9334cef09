"""What the exposure of a budget is worked out from: each person's years, and what each cost by service."""

from __future__ import annotations

from accord.tables.codes import SEX
from accord.tables.contract import Table, bigint, day, integer, money, text

LEFT_OUT_REASON = ("no person", "outside the whole years", "not of the population in the month", "another service", "another provider")

HISTORY_MONTH = Table(
    name="history_month",
    meaning="One month of the whole years of a place's period.",
    columns=(
        day("month_date", "First day.", required=True),
        day("next_month_date", "First day of the month after.", required=True),
        integer("year_number", "The year, counted from 0 at the beginning of the period.", required=True),
    ),
    key=("month_date",),
)

BORNE_CARE = Table(
    name="borne_care",
    meaning="One service whose cost counts, of one clause or of a budget without a contract: who must have given it, and who must pay for it.",
    columns=(
        text("clause_id", "The clause; empty without a contract.", required=True),
        integer("clause_number", "Of several clauses that an act could be of, the lowest counts.", required=True),
        text("service", "The service.", required=True),
        text("service_code", "Only acts of this specialty; NULL is any."),
        text("currency_code", "Only acts of this code; NULL is any."),
        text("provider_id", "Only care that this party gave; NULL is anybody's."),
        text("payer_id", "Only care that this party pays for, or whose record names no payer; NULL is anybody's."),
        text("basis", "What the care counts at: what it cost, or its price, as the record has them.", required=True, codes=("cost", "price")),
    ),
    key=("clause_id", "service", "service_code", "currency_code"),
)

COUNTED_MONTH = Table(
    name="counted_month",
    meaning="One person in one month of the whole years in which the person is of the budget's people.",
    columns=(
        bigint("person_id", "The person.", required=True),
        day("month_date", "First day of the month.", required=True),
        integer("year_number", "The year, counted from 0.", required=True),
        text("organisation_id", "The practice, area or organisation by which the person counts; NULL where none is known."),
        text("age_band", "In the month.", required=True),
        text("sex", "As in person; 'unknown' where it is.", required=True, codes=SEX),
    ),
    key=("person_id", "month_date"),
    order=("person_id", "month_date"),
)

PERSON_YEAR = Table(
    name="person_year",
    meaning="One person in one year, if counted in any month of it.",
    columns=(
        bigint("person_id", "The person.", required=True),
        integer("year_number", "The year, counted from 0.", required=True),
        bigint("n_month", "In how many of its months the person counted.", required=True),
        text("age_band", "In the first of them.", required=True),
        text("sex", "As in person; 'unknown' where it is.", required=True, codes=SEX),
    ),
    key=("person_id", "year_number"),
    order=("person_id", "year_number"),
)

PERSON_YEAR_COST = Table(
    name="person_year_cost",
    meaning="What one person's acts of one service, under one clause, cost in the months of one year in which the person counted.",
    columns=(
        bigint("person_id", "The person.", required=True),
        integer("year_number", "The year, counted from 0.", required=True),
        text("clause_id", "The clause; empty without a contract.", required=True),
        text("service", "The service.", required=True),
        money("cost", "The cost, reported or worked out, or the amount paid, by the basis of the clause; else the other.", required=True),
    ),
    key=("person_id", "year_number", "clause_id", "service"),
    order=("person_id", "year_number", "clause_id", "service"),
)

ORGANISATION_SIZE = Table(
    name="organisation_size",
    meaning="How many person-months one organisation or area, with what belongs to it, had in the whole years.",
    columns=(bigint("n_month", "Person-months.", required=True),),
    key=("n_month",),
)

HISTORY_LEFT_OUT = Table(
    name="history_left_out",
    meaning="Acts in force that no history holds, for one reason.",
    columns=(
        text("reason", "Why: the first that holds.", required=True, codes=LEFT_OUT_REASON),
        bigint("n_activity", "Acts.", required=True),
        money("cost", "What they cost.", required=True),
    ),
    key=("reason",),
)
