"""What care costs: activity_cost, cost_by_basis, capacity, and the small tables of what a place knows of unit costs and of capacity."""

from __future__ import annotations

from accord.tables.codes import ADMISSION, COST_BASIS, SETTING
from accord.tables.contract import Table, bigint, day, integer, money, rate, text

COST_REASON = (
    "the record reports it", "unit cost", "minutes by the rate of the pool", "neither minutes nor standard minutes", "no unit cost and no pool",
)  # fmt: skip
"""How a cost was found, or why there is none."""

MINUTES_BASIS = ("recorded", "standard")

ACTIVITY_COST = Table(
    name="activity_cost",
    meaning="What one activity in force costs, and on which basis: reported, else by unit cost, else by minutes, else none.",
    columns=(
        bigint("activity_id", "The activity.", required=True),
        bigint("person_id", "The person; NULL where no identifier could be read."),
        text("setting", "Where in the system; NULL where the record does not say.", codes=SETTING),
        text("provider_id", "Who gave the care; the sender where the record does not say.", required=True),
        money("cost", "What the care took; NULL where the basis is none."),
        text("cost_basis", "What the cost rests on.", required=True, codes=COST_BASIS),
        text("reason", "The same in words, or why there is none.", required=True, codes=COST_REASON),
        integer("unit_cost_line", "Of a unit cost: its line in costs/unit_costs.csv."),
        text("pool_id", "The pool of capacity that the act draws on, whatever its cost rests on; NULL where it draws on none."),
        rate("used_minutes", "The minutes of that pool that it takes; NULL where they are not known.", unit="minutes"),
        text("minutes_basis", "Whether those are the record's, or the pool's standard.", codes=MINUTES_BASIS),
    ),
    key=("activity_id",),
    order=("person_id", "activity_id"),
)

COST_BY_BASIS = Table(
    name="cost_by_basis",
    meaning="Acts of care of one setting and provider, and what they cost, on one basis.",
    columns=(
        text("setting", "Where in the system; 'unknown' where the records do not say.", required=True),
        text("provider_id", "Who gave the care.", required=True),
        text("cost_basis", "What the cost rests on.", required=True, codes=COST_BASIS),
        text("reason", "The same in words, or why there is none.", required=True, codes=COST_REASON),
        bigint("n_activity", "Acts of care.", required=True),
        bigint("n_zero", "Acts among them that cost 0.", required=True),
        money("cost", "What they cost.", required=True),
    ),
    key=("setting", "provider_id", "cost_basis", "reason"),
    order=("setting", "provider_id", "cost_basis", "reason"),
    smallest_count=0,
)

CAPACITY = Table(
    name="capacity",
    meaning="One pool of capacity: what it costs, how much of it care used, and what the rest cost.",
    columns=(
        text("pool_id", "The pool.", required=True),
        text("provider_id", "Whose it is: a provider, or a partner with all that belong to it.", required=True),
        text("setting", "Where in the system.", required=True, codes=SETTING),
        day("start_date", "First day in.", required=True),
        day("end_date", "First day out.", required=True),
        money("cost", "What the capacity costs.", required=True),
        rate("theoretical_minutes", "Minutes if nobody were ever away or waiting.", required=True, unit="minutes"),
        rate("practical_minutes", "Minutes that can be worked.", required=True, unit="minutes"),
        rate("cost_per_minute", "Cost by practical minutes: the rate at which acts draw on the pool.", required=True),
        bigint("n_activity", "Acts of care that drew on it.", required=True),
        bigint("n_without_minutes", "Acts among them whose minutes are not known: they use more than is shown.", required=True),
        rate("used_minutes", "Minutes that the others took.", required=True, unit="minutes"),
        rate("unused_minutes", "Practical minutes that nothing took; below 0 where more was used.", required=True, unit="minutes"),
        rate("utilisation", "Used by practical minutes.", required=True),
        money("used_cost", "Used minutes by the rate.", required=True),
        money("unused_cost", "The rest of the cost.", required=True),
        money("by_minutes_cost", "Of used_cost, what activity_cost holds on the basis of minutes, act by act.", required=True),
        money("by_other_cost", "The rest of used_cost: acts whose cost is reported or a unit cost, and rounding.", required=True),
    ),
    key=("pool_id",),
    order=("pool_id",),
    smallest_count=0,
)

UNIT_COST = Table(
    name="unit_cost",
    meaning="One unit cost: what an act of a kind costs, as a nation or a place publishes it.",
    columns=(
        integer("unit_cost_line", "Its line in the file.", required=True),
        text("setting", "Only in this setting.", required=True, codes=SETTING),
        text("admission", "Only for this kind of admission; NULL for any.", codes=ADMISSION),
        text("currency_code", "Only for this code; NULL for any."),
        text("service_code", "Only for this specialty or service; NULL for any."),
        rate("unit_cost", "What one act costs.", required=True),
        day("start_date", "First day of it.", required=True),
        day("end_date", "First day that it does not apply to; NULL is none."),
    ),
    key=("unit_cost_line",),
)

COST_POOL = Table(
    name="cost_pool",
    meaning="One pool of capacity, as the place's files state it.",
    columns=(
        text("pool_id", "The pool.", required=True),
        text("provider_id", "Whose it is: a provider, or a partner with all that belong to it.", required=True),
        text("setting", "Where in the system.", required=True, codes=SETTING),
        day("start_date", "First day in.", required=True),
        day("end_date", "First day out.", required=True),
        money("cost", "What the capacity costs.", required=True),
        rate("theoretical_minutes", "Minutes if nobody were ever away or waiting.", required=True, unit="minutes"),
        rate("practical_minutes", "Minutes that can be worked.", required=True, unit="minutes"),
        rate("cost_per_minute", "Cost by practical minutes.", required=True),
        rate("standard_minutes", "Minutes of an act that does not say; NULL where none are stated.", unit="minutes"),
    ),
    key=("pool_id",),
)

STANDARD_TIME = Table(
    name="standard_time",
    meaning="The minutes of an act of one service of a pool, where the record does not say.",
    columns=(
        text("pool_id", "The pool.", required=True),
        text("service_code", "The specialty or service, in the provider's code.", required=True),
        rate("standard_minutes", "Minutes.", required=True, unit="minutes"),
    ),
    key=("pool_id", "service_code"),
)
