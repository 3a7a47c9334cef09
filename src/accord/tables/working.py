"""Tables by which rooms meet inside a run, and which a run does not publish: several of them hold raw identifiers."""

from __future__ import annotations

from collections.abc import Sequence

from accord.tables.care import ACTIVITY
from accord.tables.codes import ATTACHMENT_STANDING, FATE, POPULATION, SEVERITY, SEX
from accord.tables.contract import Column, Table, bigint, day, flag, integer, moment, money, text

REPEAT = Table(
    name="repeat",
    meaning="One record that is an exact duplicate of an earlier one.",
    columns=(
        integer("submission_id", "The file.", required=True, lineage=True),
        bigint("record_number", "The record.", required=True, lineage=True),
        integer("kept_submission_id", "The file of the record that is kept.", required=True, lineage=True),
        bigint("kept_record_number", "The record that is kept.", required=True, lineage=True),
    ),
    key=("submission_id", "record_number"),
)

RECORD_VERSION = Table(
    name="record_version",
    meaning="One record that may be corrected, replaced or withdrawn, or may do so to another.",
    columns=(
        integer("submission_id", "The file.", required=True, lineage=True),
        bigint("record_number", "The record.", required=True, lineage=True),
        bigint("record_id", "As in record_fate.", required=True),
        bigint("hash_b", "Second half of its content hash.", required=True),
        moment("known_at", "When its file was received.", required=True, lineage=True),
        moment("withdrawn_at", "When its file was withdrawn.", lineage=True),
        text("key_text", "What it is a version of; its content where it is of nothing.", required=True),
        text("version", "Sorts as versions follow; NULL where only time tells."),
        flag("is_cancel", "It takes its key out of force.", required=True),
        text("scope", "What its file replaces, where a file replaces the one before it."),
    ),
    key=("submission_id", "record_number"),
)

CONTESTED = Table(
    name="contested",
    meaning="One span in which a record lives that shares its key, or is cancelled, replaced or withdrawn.",
    columns=(
        integer("submission_id", "The file.", required=True, lineage=True),
        bigint("record_number", "The record.", required=True, lineage=True),
        bigint("record_id", "As in record_fate.", required=True),
        bigint("hash_b", "Second half of its content hash.", required=True),
        text("key_text", "What it is a version of.", required=True),
        text("version", "Sorts as versions follow."),
        flag("is_cancel", "It takes its key out of force.", required=True),
        moment("known_at", "When its file was received.", required=True, lineage=True),
        moment("alive_at", "Since when it may count; NULL if it never did.", lineage=True),
        moment("gone_at", "Until when; NULL if it still may.", lineage=True),
    ),
    key=("submission_id", "record_number", "alive_at"),
)

ENTRY = Table(
    name="entry",
    meaning="One time that a contested record came to count, or was taken back.",
    columns=(
        integer("submission_id", "The record's file.", required=True, lineage=True),
        bigint("record_number", "The record.", required=True, lineage=True),
        bigint("activity_id", "The id of the row in activity, where the record is an act of care.", required=True),
        bigint("reverses_id", "Of a reversal: what it takes back."),
        moment("known_at", "When.", required=True, lineage=True),
        flag("is_in_force", "Whether it counts now.", required=True),
    ),
    key=("activity_id",),
)

UNENTERED = Table(
    name="unentered",
    meaning="One contested record that never came to count, and why.",
    columns=(
        integer("submission_id", "The file.", required=True, lineage=True),
        bigint("record_number", "The record.", required=True, lineage=True),
        text("fate", "As in record_fate.", required=True, codes=FATE),
        integer("kept_submission_id", "Of an exact duplicate: the file of the record that counted.", lineage=True),
        bigint("kept_record_number", "Of an exact duplicate: the record that counted.", lineage=True),
    ),
    key=("submission_id", "record_number"),
)

REFUSAL = Table(
    name="refusal",
    meaning="One record that a rule refuses, duplicates among them.",
    columns=(
        integer("submission_id", "The file.", required=True, lineage=True),
        bigint("record_number", "The record.", required=True, lineage=True),
        text("rule", "The first rule that refused it.", required=True),
        text("column_name", "The column.", required=True),
    ),
    key=("submission_id", "record_number"),
)

DROPPED = Table(
    name="dropped",
    meaning="One record whose fate is not accepted.",
    columns=(
        integer("submission_id", "The file.", required=True, lineage=True),
        bigint("record_number", "The record.", required=True, lineage=True),
    ),
    key=("submission_id", "record_number"),
)

RECORD_ISSUE = Table(
    name="record_issue",
    meaning="One finding of one rule that needs no other record.",
    columns=(
        integer("submission_id", "The file.", required=True, lineage=True),
        bigint("record_number", "The record.", required=True, lineage=True),
        text("column_name", "The raw column.", required=True),
        text("rule", "The rule.", required=True),
        text("severity", "Refuse or flag.", required=True, codes=SEVERITY),
        text("raw_text", "What stood there; '(restricted)' where it could identify someone."),
        text("detail", "What was expected."),
    ),
    key=("submission_id", "record_number", "column_name", "rule"),
)

FILE_AMOUNT = Table(
    name="file_amount",
    meaning="What one file holds in all, straight from its text: not rounded, whatever became of its records.",
    columns=(
        integer("submission_id", "The file.", required=True, lineage=True),
        bigint("n_record", "Records landed.", required=True),
        Column("net_amount", "DECIMAL(38,6)", "Sum of net amounts as written.", required=True),
        Column("cost", "DECIMAL(38,6)", "Sum of costs as written.", required=True),
    ),
    key=("submission_id",),
)

ACTIVITY_IN_FORCE = Table(
    name="activity_in_force",
    meaning="The acts of care that count, corrections and what they take back left out.",
    columns=tuple(column for column in ACTIVITY if column.name not in ("reverses_id", "is_in_force")),
    key=ACTIVITY.key,
)

ATTACHMENT = Table(
    name="attachment",
    meaning="One accepted record whose codes belong to an act of care of another file, and that act.",
    columns=(
        integer("submission_id", "The file.", required=True, lineage=True),
        bigint("record_number", "The record.", required=True, lineage=True),
        text("spell_code", "The number by which it names the act.", required=True),
        text("standing", "Whether the act is there, and counts.", required=True, codes=ATTACHMENT_STANDING),
        bigint("activity_id", "The act; NULL where it is not there or does not count."),
        bigint("person_id", "The act's person."),
        day("care_date", "The day the act began."),
    ),
    key=("submission_id", "record_number"),
)

PERSON_STATEMENT = Table(
    name="person_statement",
    meaning="What records joined to one person state of that person, each distinct statement once.",
    columns=(
        bigint("person_id", "The person.", required=True),
        day("birth_date", "As stated."),
        text("sex", "As stated.", codes=SEX),
        day("death_date", "As stated."),
        text("ethnicity", "As stated."),
        integer("deprivation_decile", "As stated."),
        bigint("n_record", "Records that state it.", required=True),
    ),
    key=(),
)

ORGANISATION_STATEMENT = Table(
    name="organisation_statement",
    meaning="What records state of one organisation, each distinct statement once.",
    columns=(
        text("organisation_id", "Its code.", required=True),
        text("name", "As stated."),
        text("kind", "As stated, or as its part in a record implies.", required=True),
        text("parent_id", "As stated."),
        text("known_from", "Listed in a file, or only referred to.", required=True, codes=("file", "referred_to")),
    ),
    key=(),
)

PARTNER = Table(
    name="partner",
    meaning="One partner, as place.toml lists them.",
    columns=(
        text("partner_id", "The id.", required=True),
        text("name", "The name.", required=True),
        text("kind", "What it does.", required=True),
    ),
    key=("partner_id",),
)

CALENDAR_MONTH = Table(
    name="calendar_month",
    meaning="One month of the place's period.",
    columns=(
        day("month_date", "First day.", required=True),
        day("next_month_date", "First day of the month after.", required=True),
    ),
    key=("month_date",),
)

AGE_BAND = Table(
    name="age_band",
    meaning="One band of completed years, from the rulebook.",
    columns=(
        text("age_band", "Its name.", required=True),
        integer("from_years", "First age in.", required=True),
        integer("below_years", "First age out.", required=True),
    ),
    key=("age_band",),
)

CODE_FORM = Table(
    name="code_form",
    meaning="The form that a code system's codes have, from the rulebook.",
    columns=(
        text("code_system", "The system.", required=True),
        text("pattern", "A regular expression that the whole code matches.", required=True),
    ),
    key=("code_system",),
)

IDENTIFIER_HASH = Table(
    name="identifier_hash",
    meaning="One identifier and its keyed hash: the link between people and identifiers, kept under restricted/.",
    columns=(
        text("identifier", "System, partner and value.", required=True, personal=True),
        bigint("identifier_hash", "63-bit keyed hash.", required=True),
    ),
    key=("identifier",),
)

SAME_PERSON = Table(
    name="same_person",
    meaning="One statement that two identifiers of one system are one person's.",
    columns=(
        text("identifier_system", "The system.", required=True),
        text("previous_identifier", "What was in use before: system, partner and value.", required=True, personal=True),
        text("current_identifier", "What is in use now: system, partner and value.", required=True, personal=True),
        day("start_date", "First day that the previous one was in use, where stated."),
        day("end_date", "First day that it was in use no more, where stated."),
        moment("known_at", "When it was first received.", required=True, lineage=True),
    ),
    key=("previous_identifier", "current_identifier"),
)

LED_IDENTIFIER = Table(
    name="led_identifier",
    meaning="One identifier that statements of sameness are about, and the identifier of the same system that stands for its person.",
    columns=(
        text("identifier", "System, partner and value.", required=True, personal=True),
        text("leads_to", "What stands for the person; itself where statements contradict one another.", required=True, personal=True),
        flag("is_conflict", "Whether they do.", required=True),
        day("start_date", "First day that it was in use, where stated."),
        day("end_date", "First day that it was in use no more, where stated."),
        moment("known_at", "When the first statement about it was received.", required=True, lineage=True),
    ),
    key=("identifier",),
)

SIGHTING_PERSON = Table(
    name="sighting_person",
    meaning="One distinct combination of identifiers, and the person it leads to.",
    columns=(
        text("sighting_key", "The identifiers, joined.", required=True, personal=True),
        bigint("person_id", "The person.", required=True),
    ),
    key=("sighting_key",),
)

CARE_TOTAL = Table(
    name="care_total",
    meaning="Activity added up once for each way of cutting it. Within one cut every activity is in exactly one row.",
    columns=(
        text("cut", "How it is cut: by file and standing, or by one dimension and standing.", required=True),
        integer("submission_id", "The file, where cut by file.", lineage=True),
        text("group_id", "The group, where cut by a dimension; 'unknown' where the activity does not say."),
        flag("is_in_period", "Whether the start date is in the place's period, where cut by file."),
        flag("has_provider", "Whether the provider is known, where cut by file."),
        flag("has_person", "Whether the person is known, where cut by file."),
        flag("is_registered", "Whether registered in that month.", required=True),
        flag("is_resident", "Whether resident in that month.", required=True),
        bigint("n_activity", "Acts of care.", required=True),
        bigint("n_without_cost", "Of which without a cost.", required=True),
        money("net_amount", "Paid.", required=True),
        money("cost", "Cost.", required=True),
    ),
    key=(),
)

AT_RISK = Table(
    name="at_risk",
    meaning="Person-months of one population in one group of one dimension.",
    columns=(
        text("population", "Registered or resident.", required=True, codes=POPULATION),
        text("dimension", "How it is cut.", required=True),
        text("group_id", "The group.", required=True),
        bigint("n_person", "People.", required=True),
        bigint("n_person_month", "Person-months.", required=True),
    ),
    key=("population", "dimension", "group_id"),
)


def sighting(systems: Sequence[str]) -> Table:
    """The contract of `sighting` for a place that trusts these identifier systems, the most trusted first.

    Columns: sighting_key, one `id_<system>` a system (partner and value joined; NULL where the record has none), known_at.
    """
    ids = tuple(text(f"id_{system}", f"Identifier of system {system}.", personal=True) for system in systems)
    return Table(
        name="sighting",
        meaning="One distinct combination of identifiers, as records show them together.",
        columns=(
            text("sighting_key", "The identifiers, joined.", required=True, personal=True),
            *ids,
            moment("known_at", "When it was first received.", required=True, lineage=True),
        ),
        key=("sighting_key",),
    )
