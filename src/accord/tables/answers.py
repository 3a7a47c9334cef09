"""The first answers and the accounts of what is in them: cost_per_person_month, reconciliation, attrition."""

from __future__ import annotations

from accord.tables.codes import POPULATION
from accord.tables.contract import Table, bigint, integer, money, rate, text

DIMENSION = ("all", "month", "setting", "provider", "organisation", "age_sex_band")
TOTAL = ("activity", "provider", "registered", "resident")
MEASURE = ("net_amount", "cost")

COST_PER_PERSON_MONTH = Table(
    name="cost_per_person_month",
    meaning="Use and cost of one population, cut one way. Rows of one dimension add up to the row 'all'.",
    columns=(
        text("population", "Registered on a list, or resident in an area.", required=True, codes=POPULATION),
        text("dimension", "How it is cut.", required=True, codes=DIMENSION),
        text("group_id", "The setting, provider, practice or area, month, or age-sex band; 'unknown' where a row states none.", required=True),
        bigint("n_person", "People in the group's months (by provider and setting: people of the whole population).", required=True),
        bigint("n_person_month", "Person-months at risk: the group's own, or the whole population's by provider and setting.", required=True),
        bigint("n_activity", "Acts of care.", required=True),
        money("net_amount", "Paid.", required=True),
        money("cost", "Cost, where there is one.", required=True),
        bigint("n_without_cost", "Acts of care that have no cost.", required=True),
        rate("activity_per_1000", "Acts of care per 1,000 person-months.", unit="per 1,000 person-months"),
        rate("cost_per_person_month", "Cost per person-month.", unit="currency per person-month"),
    ),
    key=("population", "dimension", "group_id"),
    order=("population", "dimension", "group_id"),
    smallest_count=8,
)

RECONCILIATION = Table(
    name="reconciliation",
    meaning="One step from what one file holds to one published total. Lines 1 to n-1 add up to the last.",
    columns=(
        integer("submission_id", "The file.", required=True, lineage=True),
        text("total", "The published total that it leads to.", required=True, codes=TOTAL),
        text("measure", "Which amount.", required=True, codes=MEASURE),
        integer("line_number", "Order of the step.", required=True),
        text("line", "What the step takes off, or the total it reaches.", required=True),
        bigint("n_record", "Records.", required=True),
        money("amount", "Amount; signed, so that the lines add up.", required=True),
    ),
    key=("submission_id", "total", "measure", "line_number"),
    order=("submission_id", "total", "measure", "line_number"),
    smallest_count=0,
    may_be_empty=False,
)

ATTRITION = Table(
    name="attrition",
    meaning="What one step left out, and why.",
    columns=(
        text("step", "The step.", required=True),
        text("reason", "Why rows were left out.", required=True),
        bigint("n_row", "Rows left out.", required=True),
        bigint("n_person", "People they belong to; NULL where the step sees sums only."),
        money("net_amount", "Their net amount.", required=True),
        money("cost", "Their cost.", required=True),
    ),
    key=("step", "reason"),
    order=("step", "reason"),
    smallest_count=0,
)
