"""What was done, found and measured: activity, diagnosis, procedure, observation."""

from __future__ import annotations

from accord.tables.codes import ADMISSION, COST_BASIS, SETTING
from accord.tables.contract import Table, bigint, day, flag, integer, moment, money, rate, text

ACTIVITY = Table(
    name="activity",
    meaning="One act of care: what happened, to whom, by whom, when, and for how much. Never edited: a correction is a reversing row.",
    columns=(
        bigint("activity_id", "The record it came from, as in record_fate.", required=True),
        bigint("person_id", "The person; NULL where no identifier could be read."),
        text("partner_id", "Who sent the record.", required=True),
        text("provider_id", "Who gave the care; NULL where the record does not say."),
        text("payer_id", "Who pays, where the record says."),
        text("practice_id", "The person's practice as this record states it."),
        text("setting", "Where in the system; NULL where the record does not say or its code is unknown.", codes=SETTING),
        text("admission", "Of an admission: how it came about.", codes=ADMISSION),
        text("service_code", "Specialty, clinic, revenue centre or service type, in the partner's code."),
        text("currency_system", "The code system of currency_code."),
        text("currency_code", "What it is priced by: HRG, DRG, unit of a block."),
        day("start_date", "The day care began: the day that decides its month.", required=True),
        day("end_date", "The day it ended; NULL while open or not stated."),
        day("admission_date", "Of a hospital stay: admission."),
        day("discharge_date", "Of a hospital stay: discharge. Nights are the difference."),
        text("spell_code", "The provider's own number of the spell or claim that groups several rows."),
        integer("episode_number", "Place within the spell."),
        text("admission_source_code", "Where the person came from, in the partner's code."),
        text("discharge_destination_code", "Where the person went, in the partner's code."),
        rate("quantity", "How many units of whatever the row counts.", unit="units"),
        integer("duration_minutes", "How long it took.", unit="minutes"),
        money("gross_amount", "Charged before anybody's share is taken off."),
        money("client_amount", "The part the person pays: deductible, co-insurance, client contribution."),
        money("other_funder_amount", "The part another funder pays."),
        money("net_amount", "What the payer pays: gross less the other two."),
        money("cost", "What the care took, on the basis that cost_basis names."),
        text("cost_basis", "Reported amount, national unit cost, minutes by rate, or none.", required=True, codes=COST_BASIS),
        bigint("reverses_id", "The activity that this row takes back, whole."),
        flag("is_in_force", "Whether it counts: it takes nothing back, and nothing takes it back.", required=True),
        moment("known_at", "When the file was received.", required=True, lineage=True),
        integer("submission_id", "The file.", required=True, lineage=True),
        bigint("record_number", "The record in the file.", required=True, lineage=True),
    ),
    key=("activity_id",),
    order=("person_id", "start_date", "activity_id"),
)

DIAGNOSIS = Table(
    name="diagnosis",
    meaning="One diagnosis code of one activity.",
    columns=(
        bigint("activity_id", "The activity.", required=True),
        bigint("person_id", "The person; NULL where no identifier could be read."),
        integer("position", "1 is the first-named (primary).", required=True),
        text("code_system", "Whose code it is; NULL where the record states a system that is unknown."),
        text("code", "The code, upper case, without dots or padding.", required=True),
        day("diagnosis_date", "The day of the activity, unless the record dates the code itself.", required=True),
    ),
    key=("activity_id", "position"),
    order=("person_id", "diagnosis_date", "activity_id", "position"),
)

PROCEDURE = Table(
    name="procedure",
    meaning="One procedure code of one activity.",
    columns=(
        bigint("activity_id", "The activity.", required=True),
        bigint("person_id", "The person; NULL where no identifier could be read."),
        integer("position", "1 is the first-named (primary).", required=True),
        text("code_system", "Whose code it is; NULL where the record states a system that is unknown."),
        text("code", "The code, upper case, without dots or padding.", required=True),
        day("procedure_date", "The day of the activity, unless the record dates the code itself.", required=True),
    ),
    key=("activity_id", "position"),
    order=("person_id", "procedure_date", "activity_id", "position"),
)

OBSERVATION = Table(
    name="observation",
    meaning="One thing measured, answered or stated of a person: a score, a flag, a yearly total.",
    columns=(
        bigint("observation_id", "The record it came from, as in record_fate.", required=True),
        integer("position", "Place within the record.", required=True),
        bigint("person_id", "The person; NULL where no identifier could be read."),
        text("code_system", "Whose code it is.", required=True),
        text("code", "What was observed.", required=True),
        day("observation_date", "When.", required=True),
        rate("value_number", "The value, where it is a number."),
        text("value_text", "The value, where it is not."),
    ),
    key=("observation_id", "position"),
    order=("person_id", "observation_date", "observation_id", "position"),
)
