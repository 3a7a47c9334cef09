"""What the exposure of a budget is worked out from: each person's years, and what each cost by service."""

from __future__ import annotations

from accord.tables.codes import SEX
from accord.tables.contract import Table, bigint, day, integer, money, text

LEFT_OUT_REASON = ("no person", "outside the whole years", "not of the population in the month", "another service")

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

COUNTED_SERVICE = Table(
    name="counted_service",
    meaning="One service that a budget is for.",
    columns=(text("service", "The service.", required=True),),
    key=("service",),
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
    meaning="What one person's acts of one service cost in the months of one year in which the person counted.",
    columns=(
        bigint("person_id", "The person.", required=True),
        integer("year_number", "The year, counted from 0.", required=True),
        text("service", "The service.", required=True),
        money("cost", "The cost, or the amount paid where no cost is known.", required=True),
    ),
    key=("person_id", "year_number", "service"),
    order=("person_id", "year_number", "service"),
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
