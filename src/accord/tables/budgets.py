"""What an organisation has to spend, and how the amount came about: budget, budget_line. `accord budget` keeps them."""

from __future__ import annotations

from accord.tables.contract import Table, bigint, day, integer, money, text

BUDGET = Table(
    name="budget",
    meaning="The amount that one organisation has for one service in the period of a budget.",
    columns=(
        text("budget_id", "The budget: its file's name without .toml.", required=True),
        text("organisation_id", "Who holds it.", required=True),
        text("service", "For what; 'all' where the budget is not divided by service.", required=True),
        money("amount", "For the whole period.", required=True),
    ),
    key=("budget_id", "organisation_id", "service"),
    order=("budget_id", "organisation_id", "service"),
    smallest_count=0,
)

BUDGET_LINE = Table(
    name="budget_line",
    meaning="One step from a starting figure to a budget. Line 0 is the start; the lines of a budget, organisation and service add up.",
    columns=(
        text("budget_id", "The budget: its file's name without .toml.", required=True),
        text("organisation_id", "Who holds it.", required=True),
        text("service", "For what; 'all' where the budget is not divided by service.", required=True),
        integer("line_number", "Order of the step.", required=True),
        text("line", "What the figure is, or what the step does.", required=True),
        money("amount", "Amount; signed, so that the lines add up.", required=True),
        text("because", "The rule and its figures in words.", required=True),
    ),
    key=("budget_id", "organisation_id", "service", "line_number"),
    order=("budget_id", "organisation_id", "service", "line_number"),
    smallest_count=0,
)

ENROLMENT_TYPE = Table(
    name="enrolment_type",
    meaning="One type of enrolment of a benchmark: by age, and by what is observed of a person in the year.",
    columns=(
        text("enrolment_type", "Its name.", required=True),
        integer("position", "Its place: a person-month is of the first that fits.", required=True),
        integer("from_years", "The youngest.", required=True, unit="years"),
        integer("below_years", "The first age that is too old.", required=True, unit="years"),
        text("code_system", "Of what must be observed: whose code; NULL where nothing must."),
        text("code", "Of what must be observed: the code."),
        text("value_text", "Of what must be observed: its text."),
    ),
    key=("enrolment_type",),
)

BUDGET_YEAR = Table(
    name="budget_year",
    meaning="One year of a budget's figures: twelve months from a month of the place's own.",
    columns=(
        integer("year", "The calendar year in which it begins.", required=True),
        day("start_date", "First day in.", required=True),
        day("end_date", "First day out.", required=True),
    ),
    key=("year",),
)

TYPE_MONTH = Table(
    name="type_month",
    meaning="One person-month in a year of the figures, and the type of enrolment that it is of.",
    columns=(
        bigint("person_id", "The person.", required=True),
        day("month_date", "First day of the month.", required=True),
        integer("year", "The year.", required=True),
        text("enrolment_type", "The type; NULL where none fits."),
    ),
    key=("person_id", "month_date"),
)

TYPE_YEAR = Table(
    name="type_year",
    meaning="One person in one year and type of enrolment: for how long, and what the payer paid.",
    columns=(
        bigint("person_id", "The person; NULL for all care of nobody known."),
        integer("year", "The year.", required=True),
        text("enrolment_type", "The type; 'no type fits', or 'not enrolled' for care in a month without enrolment.", required=True),
        integer("n_month", "Months of it.", required=True),
        money("spend", "What was paid for care that began in these months.", required=True),
        money("yearly_spend", "The same for twelve months; NULL without a month."),
    ),
    key=("person_id", "year", "enrolment_type"),
)

TYPE_FIGURE = Table(
    name="type_figure",
    meaning="One type of enrolment in one year: person-years, and what was paid, cut at a percentile of its person-years.",
    columns=(
        text("enrolment_type", "The type; 'no type fits', or 'not enrolled' for care in a month without enrolment.", required=True),
        integer("year", "The year.", required=True),
        bigint("n_month", "Person-months.", required=True),
        money("spend", "What was paid, after the cut.", required=True),
        money("cut", "What the cut took off.", required=True),
        bigint("n_cut", "Person-years of which something was cut.", required=True),
    ),
    key=("enrolment_type", "year"),
)

LISTED = Table(
    name="listed",
    meaning="Person-months of one organisation.",
    columns=(
        text("organisation_id", "The practice or plan; NULL where nobody's list."),
        bigint("n_month", "Person-months.", required=True),
    ),
    key=("organisation_id",),
)
