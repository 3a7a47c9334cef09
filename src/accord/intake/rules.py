"""The rules of intake: what is looked for in every file and record, how severe it is, and what to do about it. A closed list."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Rule:
    """One rule. severity: refuse (the record is quarantined) or flag (the record is kept and costed)."""

    name: str
    severity: str
    title: str
    mend: str


_RULES = (
    Rule("unreadable_date", "refuse", "a date in a required column cannot be read", "correct the date, or the format in the map"),
    Rule("unreadable_amount", "refuse", "an amount in a required column cannot be read", "send plain digits with a decimal point"),
    Rule("unreadable_number", "refuse", "a number in a required column cannot be read", "send plain digits"),
    Rule("missing_required", "refuse", "a required column is empty", "fill the column, or make it not required in the map"),
    Rule("unreadable_value", "flag", "a value of a column that is not required cannot be read", "correct it; it counts as empty"),
    Rule("negative_amount", "flag", "an amount is below zero", "a credit or reversal is kept; correct it if it is neither"),
    Rule("over_precise_amount", "flag", "an amount has more than two decimals", "it is rounded, and the difference shown in the reconciliation"),
    Rule("amounts_do_not_tie", "flag", "gross less the client's and other funders' shares is not the net amount", "say which amount is right"),
    Rule("end_before_start", "flag", "it ends before it starts", "correct one of the dates"),
    Rule("future_date", "flag", "the day lies after the day the file was received", "correct the date"),
    Rule("unknown_code", "flag", "a code is not in its list", "add it to the map's lookup, or correct it"),
    Rule("too_many_codes", "flag", "a column holds more codes than the map takes from it", "raise `most` in the map"),
    Rule("malformed_code", "flag", "a code does not have the form of its code system", "correct the code, or the system the map states"),
    Rule("invalid_nhs_number", "flag", "an NHS number is not ten digits with a right check digit", "trace it; the record does not join on it"),
    Rule("repeated_digit_nhs_number", "flag", "an NHS number is one digit ten times", "trace the number; the record does not join on it"),
    Rule("missing_person", "flag", "no identifier of a person can be read", "trace the person; the record is costed under nobody"),
    Rule("missing_activity", "flag", "the act of care that a record's codes belong to is not there", "send its file, or correct the number"),
    Rule("care_before_birth", "flag", "care began before the person's birth", "correct the date or the identifier"),
    Rule("care_after_death", "flag", "care began after the person's death", "correct the date or the identifier"),
    Rule("overlapping_stay", "flag", "a stay begins before the person's earlier stay at that provider ended", "correct the dates, or reverse it"),
)  # fmt: skip
RULES = MappingProxyType({rule.name: rule for rule in _RULES})
"""Every record rule by name, in the order in which the first to refuse a record is named."""
