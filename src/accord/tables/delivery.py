"""What was delivered and what became of every record: submission, record_fate, issue, quarantine."""

from __future__ import annotations

from accord.tables.codes import FATE, SEVERITY, SUBMISSION_STATUS
from accord.tables.contract import Table, bigint, flag, integer, moment, money, text

SUBMISSION = Table(
    name="submission",
    meaning="One file as a partner delivered it.",
    columns=(
        integer("submission_id", "The receipt's place in receipts.jsonl, from 1.", required=True, lineage=True),
        text("partner_id", "Who sent it.", required=True),
        text("source_id", "The source of place.toml that took it in.", required=True),
        text("map_id", "The map it is read by.", required=True),
        text("file_name", "Its name below sources/ when it was received.", required=True, lineage=True),
        text("sha256", "SHA-256 of the file's bytes.", required=True, lineage=True),
        bigint("n_byte", "Its size.", required=True, unit="bytes", lineage=True),
        moment("received_at", "When it was received.", required=True, lineage=True),
        text("status", "Landed, rejected whole, or the withdrawal of an earlier file.", required=True, codes=SUBMISSION_STATUS),
        bigint("n_record", "Records framed in it; 0 if rejected.", required=True),
        text("reject_rule", "If rejected: the rule."),
        bigint("reject_line", "If rejected: the line of the file at which it could not be framed."),
        text("reject_reason", "If rejected or a withdrawal: why, in words."),
        integer("withdraws_id", "Of a withdrawal: the submission whose records count no more.", lineage=True),
    ),
    key=("submission_id",),
    order=("submission_id",),
    smallest_count=0,
    may_be_empty=False,
)

RECORD_FATE = Table(
    name="record_fate",
    meaning="One record of one delivered file, and the one thing that became of it.",
    columns=(
        integer("submission_id", "The file.", required=True, lineage=True),
        bigint("record_number", "The record's place in the file, from 1, the heading left out.", required=True, lineage=True),
        text("fate", "Accepted, quarantined, an exact duplicate, superseded before it counted, or a cancellation.", required=True, codes=FATE),
        bigint("record_id", "Keyed to the record's content, partner and map: the same in every run.", required=True),
        flag("is_activity", "Whether the record describes an act of care.", required=True),
        bigint("n_activity", "Activities that an accepted act of care becomes: one, or of a rate one for each month.", required=True),
        money("net_amount", "What its net amount reads as, whatever its fate; NULL where it has none that can be read."),
        money("cost", "What its cost reads as, whatever its fate; NULL where it has none that can be read."),
        integer("kept_submission_id", "Of an exact duplicate: the file of the record that was kept.", lineage=True),
        bigint("kept_record_number", "Of an exact duplicate: the record that was kept.", lineage=True),
    ),
    key=("submission_id", "record_number"),
    may_be_empty=False,
)

ISSUE = Table(
    name="issue",
    meaning="One finding of one rule in one column of one record (record 0: the file as a whole).",
    columns=(
        integer("submission_id", "The file.", required=True, lineage=True),
        bigint("record_number", "The record; 0 is the file as a whole.", required=True, lineage=True),
        text("column_name", "The column of the raw file, or of the canonical table where the rule compares several.", required=True),
        text("rule", "The rule of the closed list in accord.intake.rules.", required=True),
        text("severity", "Reject a file, refuse a record, or flag it and keep it.", required=True, codes=SEVERITY),
        text("raw_text", "What stood there; '(restricted)' where it could identify someone."),
        text("detail", "What was expected, or what it was compared with."),
    ),
    key=("submission_id", "record_number", "column_name", "rule"),
    order=("submission_id", "record_number", "column_name", "rule"),
)

QUARANTINE = Table(
    name="quarantine",
    meaning="One refused record. Its raw text is kept apart, under restricted/.",
    columns=(
        integer("submission_id", "The file.", required=True, lineage=True),
        bigint("record_number", "The record.", required=True, lineage=True),
        bigint("record_id", "As in record_fate.", required=True),
        text("rule", "The first rule, in the list's order, that refused it.", required=True),
        text("column_name", "The column it was refused for.", required=True),
        money("net_amount", "Its net amount where that can be read."),
        money("cost", "Its cost where that can be read."),
    ),
    key=("submission_id", "record_number"),
    order=("submission_id", "record_number"),
)
