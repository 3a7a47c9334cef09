"""Stays in hospital: stay_activity, spell, transfer, continuous_stay, readmission, readmission_exclusion, and what their steps pass on."""

from __future__ import annotations

from accord.tables.codes import ADMISSION
from accord.tables.contract import Column, Table, bigint, day, flag, integer, money, text

STAY_REASON = ("no person", "no provider", "no admission date")
END_BASIS = ("discharge", "death", "next_admission", "open")
"""How the end of a spell is known: stated, by death, by the next admission to the same provider, or not at all."""

JOINED_BY = ("overlapping_dates", "discharge_destination", "admission_source", "admission_method", "adjoining_dates")
POLICY = ("data", "measure", "payment")
"""What an exclusion is from: from any figure, as the data cannot answer; from the published indicator; from the rule of payment."""

SUBJECT = ("index", "readmission")
POSITION = ("any", "first", "later")


def _accrued() -> tuple[Column, ...]:
    return (
        flag("is_open", "Admitted before the end of the place's period and not ended by it: accrued to the end, not dropped.", required=True),
        day("accrued_to_date", "The day to which nights and amounts are accrued: the end, or that of the period if it is sooner.", required=True),
        integer("n_night_accrued", "Nights from admission to accrued_to_date.", required=True),
        money("net_amount", "Paid, in all.", required=True),
        money("cost", "Cost, where there is one, in all.", required=True),
        bigint("n_without_cost", "Activities that have no cost.", required=True),
        money("net_amount_accrued", "Of net_amount, the part up to accrued_to_date; the rest belongs to the nights after.", required=True),
        money("cost_accrued", "Of cost, the part up to accrued_to_date.", required=True),
    )


STAY_ACTIVITY = Table(
    name="stay_activity",
    meaning="One inpatient activity in force: the spell it is part of, or the reason why it is part of none.",
    columns=(
        bigint("activity_id", "The activity.", required=True),
        bigint("person_id", "The person; NULL where no identifier could be read."),
        bigint("spell_id", "The spell; NULL where it is in none."),
        integer("place_in_spell", "1 is the first: by start date, then episode number."),
        text("reason", "Why it is in no spell.", codes=STAY_REASON),
        flag("is_interim", "Whether its destination code says that the person was still a patient.", required=True),
        money("net_amount", "Paid."),
        money("cost", "Cost."),
    ),
    key=("activity_id",),
    order=("person_id", "spell_id", "place_in_spell"),
)

_SPELL = (
    bigint("spell_id", "The activity_id of its first activity.", required=True),
    bigint("person_id", "The person.", required=True),
    text("provider_id", "Who gave the care.", required=True),
    text("spell_code", "The provider's own number of it; NULL where the records bear none."),
    text("admission", "How the admission came about, as the first activity has it.", codes=ADMISSION),
    text("admission_source_code", "Where the person came from, as the first activity has it, in the partner's code."),
    day("admission_date", "The first day.", required=True),
    day("discharge_date", "The last day, as stated; NULL where none is, or only that of an interim bill."),
    day("end_date", "The last day as far as it is known; NULL while the spell is open."),
    text("end_basis", "How end_date is known.", required=True, codes=END_BASIS),
    text("discharge_destination_code", "Where the person went, as the last activity that says so has it, in the partner's code."),
    bigint("last_activity_id", "Its last activity.", required=True),
    bigint("n_episode", "Activities in it.", required=True),
    integer("n_night", "Nights from admission to end_date; NULL while open."),
    flag("is_overlapping", "Whether it begins before an earlier one of the person at the provider was discharged.", required=True),
    *_accrued(),
)

PROVIDER_SPELL = Table(
    name="provider_spell",
    meaning="One spell, before it is known which continuous stay it is part of.",
    columns=_SPELL,
    key=("spell_id",),
)

SPELL = Table(
    name="spell",
    meaning="One stay of one person with one provider, from admission to discharge.",
    columns=(
        *_SPELL,
        bigint("continuous_stay_id", "The continuous stay it is part of: the spell_id of its first spell.", required=True),
        bigint("from_spell_id", "The spell it continues; NULL of the first."),
        text("joined_by", "The rule by which it continues that.", codes=JOINED_BY),
    ),
    key=("spell_id",),
    order=("person_id", "admission_date", "spell_id"),
)

TRANSFER = Table(
    name="transfer",
    meaning="One spell that continues another, and the rule by which it does.",
    columns=(
        bigint("to_spell_id", "The spell that continues.", required=True),
        bigint("from_spell_id", "The spell it continues: of all earlier ones the one that ended last.", required=True),
        bigint("continuous_stay_id", "The continuous stay that both are part of.", required=True),
        bigint("person_id", "The person.", required=True),
        text("from_provider_id", "Where from.", required=True),
        text("to_provider_id", "Where to.", required=True),
        text("rule", "Why they are one stay.", required=True, codes=JOINED_BY),
        text("discharge_destination_code", "What the earlier provider said."),
        text("admission_source_code", "What the later provider said."),
        day("from_date", "The last day of the earlier one; NULL while it is open."),
        day("to_date", "The admission of the later one.", required=True),
        integer("n_day", "Days between the two, below zero where they overlap; NULL while the earlier one is open."),
    ),
    key=("to_spell_id",),
    order=("person_id", "to_date", "to_spell_id"),
)

CONTINUOUS_STAY = Table(
    name="continuous_stay",
    meaning="One time of one person in hospital, over every provider: spells that continue one another.",
    columns=(
        bigint("continuous_stay_id", "The spell_id of its first spell.", required=True),
        bigint("person_id", "The person.", required=True),
        bigint("last_spell_id", "The spell that ends last.", required=True),
        text("first_provider_id", "Who admitted.", required=True),
        text("last_provider_id", "Who discharged.", required=True),
        text("admission", "How the first admission came about.", codes=ADMISSION),
        text("admission_source_code", "Where the person came from."),
        day("admission_date", "The first day.", required=True),
        day("end_date", "The last day of the spell that ends last; NULL while the stay is open."),
        text("end_basis", "How end_date is known.", required=True, codes=END_BASIS),
        text("discharge_destination_code", "Where the person went in the end, in the partner's code."),
        bigint("n_spell", "Spells in it.", required=True),
        bigint("n_transfer", "Of which joined by a transfer or by adjoining dates.", required=True),
        bigint("n_overlap", "Of which joined because their dates overlap.", required=True),
        bigint("n_provider", "Providers in it.", required=True),
        integer("n_night", "Nights from the first admission to end_date, those between its spells among them; NULL while open."),
        *_accrued(),
    ),
    key=("continuous_stay_id",),
    order=("person_id", "admission_date", "continuous_stay_id"),
)

_READMISSION = (
    bigint("continuous_stay_id", "The stay that ended: the index discharge.", required=True),
    bigint("person_id", "The person.", required=True),
    bigint("discharge_spell_id", "The spell from which the person was discharged.", required=True),
    text("provider_id", "Who discharged.", required=True),
    day("discharge_date", "When.", required=True),
    bigint("next_stay_id", "The person's next stay, if it began within the window."),
    text("next_provider_id", "Who admitted to it."),
    text("next_admission", "How that admission came about.", codes=ADMISSION),
    day("next_admission_date", "When."),
    integer("n_day", "Days from discharge to that admission."),
    flag("is_window_whole", "Whether the data reach to the window's last day.", required=True),
    flag("is_readmitted", "Whether the next stay within the window began as an emergency; NULL where the data cannot tell."),
)

READMISSION_PAIR = Table(
    name="readmission_pair",
    meaning="One discharge and the person's next stay, before anything is excluded.",
    columns=_READMISSION,
    key=("continuous_stay_id",),
)

READMISSION = Table(
    name="readmission",
    meaning="One index discharge, and whether an emergency readmission followed within the window that the rulebook gives.",
    columns=(
        *_READMISSION,
        bigint("n_exclusion", "Rows of readmission_exclusion.", required=True),
        flag("is_in_denominator", "Whether the published indicator counts the discharge.", required=True),
        flag("is_in_numerator", "Whether it counts the readmission.", required=True),
    ),
    key=("continuous_stay_id",),
    order=("person_id", "discharge_date", "continuous_stay_id"),
)

READMISSION_EXCLUSION = Table(
    name="readmission_exclusion",
    meaning="One rule by which one index discharge, or the readmission after it, is left out.",
    columns=(
        bigint("continuous_stay_id", "The index discharge.", required=True),
        bigint("person_id", "The person.", required=True),
        text("policy", "What it is left out of.", required=True, codes=POLICY),
        text("rule", "Why.", required=True),
        text("subject", "Whether the discharge or the readmission is left out.", required=True, codes=SUBJECT),
    ),
    key=("continuous_stay_id", "policy", "rule", "subject"),
    order=("person_id", "continuous_stay_id", "policy", "rule", "subject"),
)

STAY_RULE = Table(
    name="stay_rule",
    meaning="One code or number of one dated rule about stays, from the rulebook, for the health system that the place's currency names.",
    columns=(
        text("policy", "What it belongs to: stay (what is one stay), or as in readmission_exclusion.", required=True, codes=("stay", *POLICY)),
        text("rule", "Its name.", required=True),
        text("subject", "Which stay is looked at.", required=True, codes=("stay", *SUBJECT)),
        text("what", "What of it is looked at.", required=True),
        text("code_system", "Whose code it is; '' where a code needs none.", required=True),
        text("code", "The code, or how the code begins; '' where the rule is a number.", required=True),
        text("with_code", "A second code that must hold too; '' where there is none.", required=True),
        text("position", "Of a diagnosis: whether any, the first-named or a later one counts.", required=True, codes=POSITION),
        integer("n", "The number, where the rule is one."),
        day("start_date", "First day it applies.", required=True),
        day("end_date", "First day it no longer does.", required=True),
    ),
    key=("policy", "rule", "subject", "what", "code_system", "code", "with_code", "start_date"),
)
