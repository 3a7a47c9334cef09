"""What every table is: columns, types, keys, meaning, edition, smallest publishable count.

In:    nothing.
Out:   a `Table` per canonical table, `PUBLISHED` (every table of a run, by name) and the closed lists in `codes`.
Reads: no rules.
Never: holds rows, runs a query, or knows which room writes a table.
"""

from accord.tables.answers import ATTRITION, COST_PER_PERSON_MONTH, RECONCILIATION
from accord.tables.attribution import ATTRIBUTION, ATTRIBUTION_ATTRITION
from accord.tables.care import ACTIVITY, DIAGNOSIS, OBSERVATION, PROCEDURE
from accord.tables.conditions import CONDITION, PERSON_SCORE, SEGMENT, UNMAPPED_CODE
from accord.tables.contract import Column, Table
from accord.tables.delivery import ISSUE, QUARANTINE, RECORD_FATE, SUBMISSION
from accord.tables.people import ORGANISATION, PERSON, PERSON_LINK, PERSON_MONTH, REGISTRATION
from accord.tables.pricing import ACTIVITY_COST, CAPACITY, COST_BY_BASIS
from accord.tables.stays import CONTINUOUS_STAY, READMISSION, READMISSION_EXCLUSION, SPELL, STAY_ACTIVITY, TRANSFER

PUBLISHED: dict[str, Table] = {
    table.name: table
    for table in (
        SUBMISSION, ISSUE, RECORD_FATE, QUARANTINE, PERSON, PERSON_LINK, ORGANISATION, REGISTRATION, ACTIVITY, DIAGNOSIS,
        PROCEDURE, OBSERVATION, STAY_ACTIVITY, SPELL, TRANSFER, CONTINUOUS_STAY, READMISSION, READMISSION_EXCLUSION, PERSON_MONTH,
        ATTRIBUTION, ATTRIBUTION_ATTRITION, CONDITION, PERSON_SCORE, SEGMENT, UNMAPPED_CODE, ACTIVITY_COST, COST_BY_BASIS, CAPACITY,
        ATTRITION, COST_PER_PERSON_MONTH, RECONCILIATION,
    )
}  # fmt: skip
"""Every table that a run publishes, by name, in the order of the manual."""

__all__ = [
    "ACTIVITY", "ACTIVITY_COST", "ATTRIBUTION", "ATTRIBUTION_ATTRITION", "ATTRITION", "CAPACITY", "CONDITION", "CONTINUOUS_STAY",
    "COST_BY_BASIS", "COST_PER_PERSON_MONTH", "DIAGNOSIS", "ISSUE", "OBSERVATION", "ORGANISATION", "PERSON", "PERSON_LINK", "PERSON_MONTH",
    "PERSON_SCORE", "PROCEDURE", "PUBLISHED", "QUARANTINE", "READMISSION", "READMISSION_EXCLUSION", "RECONCILIATION", "RECORD_FATE",
    "REGISTRATION", "SEGMENT", "SPELL", "STAY_ACTIVITY", "SUBMISSION", "TRANSFER", "UNMAPPED_CODE", "Column", "Table",
]  # fmt: skip
