"""What the columns of results files have been called, year by year, and by which columns the year of a file can be told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a column is read."""

    amount = "amount"
    number = "number"
    rate = "rate"
    flag = "flag"
    text = "text"


NUMERIC = (Kind.amount, Kind.number, Kind.rate)


@dataclass(frozen=True)
class Field:
    """One thing that the chain uses. names: what its column is called, the usual name first. meaning: what it is, in words.

    most_as_part: of a rate, what a column of parts of one never exceeds; a column that does is in percent.
    """

    kind: Kind
    meaning: str
    names: tuple[str, ...]
    most_as_part: str = "1"


FIELDS: dict[str, Field] = {
    "aco": Field(Kind.text, "the ACO", ("ACO_ID", "ACO_Num", "ACO Number", "ACO_Identifier")),
    "name": Field(Kind.text, "its name", ("ACO_Name", "ACO Name (LBN or DBA)", "ACO DBA LBN")),
    "year": Field(Kind.text, "the performance year", ("Performance_Year", "year", "PY", "Perf_Year")),
    "track": Field(Kind.text, "track or level", ("Current_Track", "Track", "ACO_Track", "Track_Level")),
    "risk_model": Field(Kind.text, "one-sided or two-sided", ("Risk_Model",)),
    "revenue": Field(Kind.text, "low or high revenue", ("Rev_Exp_Cat", "Revenue_Category")),
    "agreement": Field(Kind.text, "when the agreement began", ("Current_Start_Date", "Start_Date", "Agreement_Start_Date")),
    "benchmark": Field(Kind.amount, "benchmark", ("ABtotBnchmk", "Total Benchmark Expenditures", "Total_Benchmark")),
    "spent": Field(Kind.amount, "expenditure", ("ABtotExp", "Total Expenditures", "Total Assigned Beneficiary Expenditures")),
    "difference": Field(
        Kind.amount, "benchmark less expenditure",
        ("BnchmkMinExp", "Benchmark Minus Expenditures", "Total Benchmark Expenditures Minus Total Assigned Beneficiary Expenditures",
         "Total Benchmark Minus Assigned Beneficiary Expenditures"),
    ),
    "gated": Field(
        Kind.amount, "savings or losses past the minimum",
        ("GenSaveLoss", "Generated Savings/Losses", "Generated Total Savings/Losses", "Generated_Total_Savings_or_Losses"),
    ),
    "earned": Field(
        Kind.amount, "earned or owed, as published",
        ("EarnSaveLoss", "EarnShrSavings", "Earned Shared Savings Payments/Owe Losses", "Earned_Shared_Savings_Payments_or_Owe_Losses",
         "Earned Shared Savings Payments", "Earned Shared Savings"),
    ),
    "relief": Field(Kind.amount, "losses excused by a disaster", ("DisAdj", "Disaster_Adjustment")),
    "people": Field(Kind.number, "people assigned", ("N_AB", "Total Assigned Beneficiaries", "Assigned_Beneficiaries")),
    "minimum": Field(
        Kind.rate, "minimum savings rate", ("MinSavPerc", "Minimum Savings Rate", "Minimum Savings Rate (%)", "Minimum_Savings_Rate_Percent", "MSR"),
        most_as_part="0.2",
    ),
    "quality": Field(Kind.rate, "quality score", ("QualScore", "Quality Score")),
    "most_share": Field(Kind.rate, "largest sharing rate", ("MaxShareRate", "QualPerfShare", "Maximum Sharing Rate")),
    "share": Field(Kind.rate, "sharing rate, as published", ("FinalShareRate", "Final Sharing Rate", "Final_Share_Rate")),
    "loss": Field(Kind.rate, "loss rate, as published", ("FinalLossRate", "Final Loss Rate")),
    "is_met": Field(Kind.flag, "met the quality standard", ("Met_QPS", "Met the Quality Performance Standard")),
    "is_alternative_met": Field(Kind.flag, "met the alternative standard", ("Met_AltQPS",)),
    "has_left": Field(Kind.flag, "left before the end of the year", ("Impact_Mid_Year_Termination",)),
    "is_guarded": Field(Kind.flag, "excused by the guardrail", ("Guardrail",)),
    "is_reduced": Field(Kind.flag, "shared at the rate of low revenue", ("ReducedSS",)),
}  # fmt: skip

TRACK_FLAGS: dict[str, tuple[str, ...]] = {
    "track_1": ("Current_Track_1", "Track1"),
    "track_1_plus": ("Current_Track_1_Plus", "Track1Plus"),
    "track_2": ("Current_Track_2", "Track2"),
    "track_3": ("Current_Track_3", "Track3"),
    **{f"basic_{level}": (f"Current_BASIC_{level.upper()}",) for level in "abcde"},
    "enhanced": ("Current_ENHANCED",),
}
"""Files up to 2021 have a column of ones and noughts for each track instead of one that names it."""

TRACK_WORDS: dict[str, str] = {
    "1": "track_1", "1plus": "track_1_plus", "2": "track_2", "3": "track_3", "en": "enhanced", "enhanced": "enhanced",
    **{prefix + level: f"basic_{level}" for level in "abcde" for prefix in ("", "basic", "level", "basiclevel")},
}  # fmt: skip
"""How a column that names the track names it, in plain letters and without the word track."""

YEAR_MARKS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (2024, ("ReducedSS", "Guardrail")),
    (2023, ("Met_AltQPS", "FinalLossRate")),
    (2022, ("Met_FirstYear", "Met_Incentive")),
    (2021, ("MaxShareRate", "Report_WI")),
    (2019, ("Participation_Six_Months", "Current_BASIC_E")),
    (2018, ("RevLossLimit", "Current_Track_1_Plus", "RecvdMean")),
    (2017, ("RegTrndUpdt", "Current_Track_3")),
    (2016, ("Current_Track_3", "pneu_adm")),
)
"""Columns by which the year of a file can be told that says it neither in a column nor in its name: it has all of them, and none of a later

year's. The layout of 2020 is not known well enough to be here, and those before 2016 do not differ.
"""


def plain(name: str) -> str:
    """A header in small letters and digits alone; a plus is spelled out.

    >>> plain(" ACO_ID "), plain("Generated Total Savings/Losses"), plain("Track 1+")
    ('acoid', 'generatedtotalsavingslosses', 'track1plus')
    """
    return re.sub(r"[^a-z0-9]", "", name.lower().replace("+", "plus"))


def found(headers: Sequence[str], names: Iterable[str], has_notes: bool = False) -> str | None:
    """The header by which one of some names stands in a file. has_notes: the number of a note behind a name does not count.

    >>> found(["Track 1", "Owe Losses3"], ["Owe Losses"], has_notes=True), found(["Track 1"], ["Track"])
    ('Owe Losses3', None)
    """
    by_name = {plain(header): header for header in reversed(headers)}
    if has_notes:
        by_name = {plain(header).rstrip("0123456789"): header for header in reversed(headers)} | by_name
    return next((by_name[plain(name)] for name in names if plain(name) in by_name), None)


def headers_of(headers: Sequence[str]) -> dict[str, str]:
    """Field to the header of its column, of those that a file has."""
    by_field = {name: found(headers, field.names, field.kind in NUMERIC) for name, field in FIELDS.items()}
    return {name: header for name, header in by_field.items() if header is not None}


def year_by_columns(headers: Sequence[str]) -> int | None:
    """The performance year of a whole file, by its columns; None where they leave a doubt, as in a file that somebody has thinned out.

    >>> year_by_columns(["Met_AltQPS", "FinalLossRate"]), year_by_columns(["Met_FirstYear", "Met_Incentive", "Met_AltQPS"])
    (2023, None)
    """
    present = {plain(header) for header in headers}
    later: set[str] = set()
    for year, marks in YEAR_MARKS:
        wanted = {plain(mark) for mark in marks}
        if wanted <= present and not (later - wanted) & present:
            return year
        later |= wanted
    return None


def track_of(word: str) -> str | None:
    """A track as the rulebook calls it.

    >>> track_of("EN"), track_of("BASIC Level E"), track_of("Track 1+"), track_of("b")
    ('enhanced', 'basic_e', 'track_1_plus', 'basic_b')
    """
    return TRACK_WORDS.get(plain(word).replace("track", ""))
