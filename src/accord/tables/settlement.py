"""Tables by which a run's care meets its contracts while they are settled, and contract_activity, which a settlement publishes."""

from __future__ import annotations

from accord.tables.codes import ADMISSION, COST_BASIS, POPULATION, SETTING
from accord.tables.contract import Table, bigint, day, flag, integer, money, rate, text

UNSETTLED_REASON = (
    "not discharged yet", "claimed by several contracts", "no contract", "no clause pays for it", "outside the days settled",
    "outside the population",
)  # fmt: skip

UNPRICED_REASON = (
    "no amount in the record", "no currency code", "not in the list", "not for its day, setting or admission", "price of 0 or none",
)  # fmt: skip
"""Why an act has no price, by the first that holds."""

SERVICE = Table(
    name="service",
    meaning="One pair of setting and kind of admission, and the service that contracts know it by.",
    columns=(
        text("setting", "Where in the system; 'unknown' where the record does not say.", required=True),
        text("admission", "How an admission came about; 'none' where there is none.", required=True),
        text("service", "The service.", required=True),
    ),
    key=("setting", "admission"),
)

CONTRACT_SCOPE = Table(
    name="contract_scope",
    meaning="One service of one clause that prices activity: between whom, when, and by which prices.",
    columns=(
        text("contract_id", "The contract: its file's name without .toml.", required=True),
        text("clause_id", "The clause.", required=True),
        text("service", "The service.", required=True),
        text("payer_id", "Who pays.", required=True),
        text("payee_id", "Who is paid.", required=True),
        text("population", "Whether people count who are registered or who are resident.", required=True, codes=POPULATION),
        day("start_date", "First day in.", required=True),
        day("end_date", "First day out.", required=True),
        text("prices", "A list of prices, or 'submitted' or 'reported_cost'.", required=True),
        flag("is_paying", "Whether the clause pays; a shadow only shows.", required=True),
        text("service_code", "Only acts of this specialty; NULL is any."),
        text("currency_code", "Only acts of this code; NULL is any."),
        flag("is_baseline", "Whether it is of an earlier span that a baseline is repriced by; NULL is no."),
        day("priced_on_date", "Of such a span: the day whose prices are current, the contract's first; NULL is the day of the care."),
    ),
    key=("contract_id", "clause_id", "service", "service_code", "currency_code"),
)

CONTRACT_MEMBER = Table(
    name="contract_member",
    meaning="One organisation or area whose people are the population of a contract.",
    columns=(
        text("contract_id", "The contract.", required=True),
        text("organisation_id", "The practice, plan or area.", required=True),
    ),
    key=("contract_id", "organisation_id"),
)

PRICE = Table(
    name="price",
    meaning="One price of one list.",
    columns=(
        text("price_list", "The list.", required=True),
        text("currency_code", "What is priced.", required=True),
        text("setting", "Only in this setting; NULL in any.", codes=SETTING),
        text("admission", "Only for this kind of admission; NULL for any.", codes=ADMISSION),
        rate("price_amount", "The price; NULL or 0 is no price."),
        integer("trim_days", "Nights that the price pays for; NULL is all.", unit="days"),
        rate("per_day_amount", "The price of each night beyond; NULL where there is none."),
        integer("short_stay_days", "Of an emergency admission: the nights up to which only a share is paid; NULL is none.", unit="days"),
        rate("short_stay_share", "That share; NULL where there is none."),
        day("start_date", "First day of the price; NULL is any."),
        day("end_date", "First day that it does not apply to; NULL is none."),
    ),
    key=("price_list", "currency_code", "setting", "admission", "start_date"),
)

PRICE_SUPPLEMENT = Table(
    name="price_supplement",
    meaning="One supplement of one list: what is paid on top of a price, as a rate of it.",
    columns=(
        text("price_list", "The list.", required=True),
        text("currency_code", "Only for this code; NULL for any."),
        text("service_code", "Only for this specialty or service of the provider's; NULL for any."),
        rate("supplement_rate", "The rate.", required=True),
        day("start_date", "First day of it; NULL is any."),
        day("end_date", "First day that it does not apply to; NULL is none."),
    ),
    key=("price_list", "currency_code", "service_code", "supplement_rate", "start_date"),
)

PROVIDER_FACTOR = Table(
    name="provider_factor",
    meaning="What one list's prices are multiplied by for one provider. No factor of an allocation of money to areas.",
    columns=(
        text("price_list", "The list.", required=True),
        text("provider_id", "The provider.", required=True),
        rate("factor", "The factor.", required=True),
        day("start_date", "First day of it; NULL is any."),
        day("end_date", "First day that it does not apply to; NULL is none."),
    ),
    key=("price_list", "provider_id", "start_date"),
)

ACT = Table(
    name="act",
    meaning="One activity in force, as contracts see it.",
    columns=(
        bigint("activity_id", "The activity.", required=True),
        bigint("person_id", "The person; NULL where no identifier could be read."),
        text("payer_id", "The partner that pays, or whoever the record names; NULL where it does not say."),
        text("provider_id", "The partner that gave the care, or the organisation where it is no partner's.", required=True),
        text("setting", "Where in the system.", codes=SETTING),
        text("admission", "How an admission came about.", codes=ADMISSION),
        text("service", "The service.", required=True),
        day("care_date", "The day of the care; of admitted care, of the discharge: NULL before it."),
        day("month_date", "First day of its month; NULL outside the place's period."),
        text("currency_code", "What it is priced by."),
        text("service_code", "Specialty, clinic or service type, in the partner's code."),
        integer("stay_days", "Nights in hospital.", unit="days"),
        money("net_amount", "What the record says the payer pays."),
        money("cost", "What the record says that the care took."),
        money("worked_out_cost", "What it took by unit cost or by minutes; NULL where the record says, or nothing does."),
        text("cost_basis", "What the one or the other rests on.", codes=COST_BASIS),
        money("amount", "The amount by which it is counted: net_amount, or the cost where there is none, reported or worked out."),
    ),
    key=("activity_id",),
    order=("activity_id",),
)

CONTRACT_CLAIM = Table(
    name="contract_claim",
    meaning="One act of care that one clause is about.",
    columns=(
        text("contract_id", "The contract.", required=True),
        text("clause_id", "The clause.", required=True),
        bigint("activity_id", "The activity.", required=True),
        text("prices", "The list of prices.", required=True),
        flag("is_paying", "Whether the clause pays; a shadow only shows.", required=True),
        bigint("n_claim", "How many clauses would pay for the act.", required=True),
        day("priced_on_date", "The day whose prices count; NULL is the day of the care."),
    ),
    key=("contract_id", "clause_id", "activity_id"),
    order=("contract_id", "clause_id", "activity_id"),
)

CONTRACT_ACTIVITY = Table(
    name="contract_activity",
    meaning="One act of care under one clause of a contract: what a line of a statement rests on.",
    columns=(
        text("contract_id", "The contract.", required=True),
        text("clause_id", "The clause; with '/baseline' after it, of the earlier span that its baseline is repriced by.", required=True),
        bigint("activity_id", "The activity.", required=True),
        bigint("person_id", "The person, by pseudonym; NULL where no identifier could be read."),
        text("service", "The service.", required=True),
        day("care_date", "The day of the care; of admitted care, of the discharge.", required=True),
        day("month_date", "First day of its month.", required=True),
        text("currency_code", "What it is priced by."),
        integer("stay_days", "Nights in hospital.", unit="days"),
        money("value_amount", "What it is worth by the clause's prices; 0 where it has no price.", required=True),
        money("base_amount", "Of value_amount: the list's price, or what the record states.", required=True),
        money("long_stay_amount", "Of value_amount: for the nights beyond those that the price pays for.", required=True),
        money("short_stay_amount", "Of value_amount: taken off an emergency admission that was short; 0 or less.", required=True),
        money("supplement_amount", "Of value_amount: the supplement on the price, after what a short stay takes off.", required=True),
        money("market_forces_amount", "Of value_amount: what the provider's factor adds to all of these, or takes off.", required=True),
        flag("is_priced", "Whether it has a price: one of 0 is none.", required=True),
        text("unpriced_reason", "Why it has none.", codes=UNPRICED_REASON),
        money("cost", "What the care took, reported or worked out; NULL where the basis is none."),
        text("cost_basis", "What the cost rests on.", required=True, codes=COST_BASIS),
        money("amount", "The amount by which it is counted: what the payer pays by the record, or the cost where it does not say."),
        flag("is_paying", "Whether the clause pays; a shadow only shows.", required=True),
    ),
    key=("contract_id", "clause_id", "activity_id"),
    order=("contract_id", "clause_id", "activity_id"),
)

CONTRACT_TOLD = Table(
    name="contract_told",
    meaning="One act of care under one clause as it was told, or as it was taken back: what was known, and in which month.",
    columns=(
        text("contract_id", "The contract.", required=True),
        text("clause_id", "The clause.", required=True),
        bigint("activity_id", "The activity that was told.", required=True),
        integer("sign", "1 where it was told, -1 where it was taken back.", required=True),
        bigint("person_id", "The person; NULL where no identifier could be read."),
        text("service", "The service.", required=True),
        day("month_date", "First day of the month of care.", required=True),
        text("price_group", "The currency code; 'none' where there is none.", required=True),
        day("known_date", "First day of the month in which it was received; the month of care at the earliest.", required=True),
        money("value_amount", "What it is worth by the clause's prices; below 0 where it was taken back.", required=True),
        integer("n_unpriced", "1 if it has no price, and -1 if such an act was taken back; else 0.", required=True),
        money("unpriced_cost", "What it cost, if it has no price.", required=True),
        money("cost", "The cost, or the amount counted where no cost is known.", required=True),
        flag("is_paying", "Whether the clause pays; a shadow only shows.", required=True),
    ),
    key=("contract_id", "clause_id", "activity_id", "sign"),
    order=("contract_id", "clause_id", "activity_id", "sign"),
)

CONTRACT_TOTAL = Table(
    name="contract_total",
    meaning="The acts of one service and price group in one month under one clause.",
    columns=(
        text("contract_id", "The contract.", required=True),
        text("clause_id", "The clause.", required=True),
        text("service", "The service.", required=True),
        day("month_date", "First day of the month.", required=True),
        text("price_group", "The currency code; 'none' where there is none.", required=True),
        bigint("n_activity", "Acts.", required=True),
        money("value_amount", "What they are worth by the clause's prices.", required=True),
        bigint("n_unpriced", "Acts among them that have no price.", required=True),
        money("unpriced_cost", "What those cost, reported or worked out.", required=True),
        flag("is_paying", "Whether the clause pays; a shadow only shows.", required=True),
        money("amount", "The amount by which the acts are counted.", required=True),
        money("worked_out_cost", "Of unpriced_cost: by unit costs and by minutes, where the record reports none.", required=True),
        bigint("n_costed", "Acts that have a price and a cost.", required=True),
        money("priced_cost", "What those cost, reported or worked out.", required=True),
    ),
    key=("contract_id", "clause_id", "service", "month_date", "price_group"),
    order=("contract_id", "clause_id", "service", "month_date", "price_group"),
)

UNSETTLED_ACTIVITY = Table(
    name="unsettled_activity",
    meaning="The acts of one payer, provider and service that no contract pays for, for one reason.",
    columns=(
        text("reason", "Why.", required=True, codes=UNSETTLED_REASON),
        text("payer_id", "Who pays, where the record says."),
        text("provider_id", "Who gave the care.", required=True),
        text("service", "The service.", required=True),
        bigint("n_activity", "Acts.", required=True),
        bigint("n_unvalued", "Acts among them that have no amount.", required=True),
        money("amount", "The amount of the others, or their cost where they have none.", required=True),
    ),
    key=("reason", "payer_id", "provider_id", "service"),
    order=("reason", "payer_id", "provider_id", "service"),
)

YEAR_MEMBER = Table(
    name="year_member",
    meaning="One person of a contract's population in one of two years that are held against each other.",
    columns=(
        text("contract_id", "The contract.", required=True),
        bigint("person_id", "The person.", required=True),
        integer("year_number", "1 for the earlier year, 2 for the later.", required=True),
        text("list_id", "The practice or area through which the person belongs, as of the first month of the year.", required=True),
        text("age_band", "Age band, as of that month.", required=True),
        text("sex", "Sex.", required=True),
        text("attributed", "kept if the person belongs in both years, left if in the earlier alone, joined if in the later.", required=True),
    ),
    key=("contract_id", "person_id", "year_number"),
    order=("contract_id", "person_id", "year_number"),
)

YEAR_CARE = Table(
    name="year_care",
    meaning="The acts of one service and price group that a group of people was given in one of two years, under the clauses that pay.",
    columns=(
        integer("year_number", "1 for the earlier year, 2 for the later.", required=True),
        text("attributed", "kept, left or joined.", required=True),
        text("age_band", "Age band.", required=True),
        text("sex", "Sex.", required=True),
        text("list_id", "The practice or area.", required=True),
        text("service", "The service.", required=True),
        text("price_group", "The currency code; 'none' where there is none.", required=True),
        bigint("n_activity", "Acts that have a value.", required=True),
        money("value_amount", "What they are worth by the clause's prices.", required=True),
        bigint("n_unpriced", "Acts that have none: they change no cost.", required=True),
    ),
    key=("year_number", "attributed", "age_band", "sex", "list_id", "service", "price_group"),
    order=("year_number", "attributed", "age_band", "sex", "list_id", "service", "price_group"),
)

PERSON_COST = Table(
    name="person_cost",
    meaning="What one person's acts under one clause cost.",
    columns=(
        text("contract_id", "The contract.", required=True),
        text("clause_id", "The clause.", required=True),
        bigint("person_id", "The person."),
        money("cost", "The cost, or the amount counted where no cost is known.", required=True),
    ),
    key=("contract_id", "clause_id", "person_id"),
    order=("contract_id", "clause_id", "person_id"),
)

CONTRACT_PEOPLE = Table(
    name="contract_people",
    meaning="How many people of a contract's population there were in one month.",
    columns=(
        text("contract_id", "The contract.", required=True),
        day("month_date", "First day of the month.", required=True),
        bigint("n_person", "People.", required=True),
    ),
    key=("contract_id", "month_date"),
    order=("contract_id", "month_date"),
)
