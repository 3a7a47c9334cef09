"""Each key of a map, and each key of place.toml that leads to a map, deleted, retyped, misspelled and dangled, through `accord check`."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Key = tuple[str | int, ...]

PLACE = """\
name     = "Rich"
currency = "GBP"
period   = { from = 2025-04-01, to = 2025-07-01 }
calendar = "nhs_financial_year"
key      = "demo"

[identity]
trust = [
  "nhs_number",
  "local_id",
]

[[partner]]
id   = "RMX"
name = "Riverside Hospital"
kind = "hospital"
vat  = "nhs_contracted_out"

[[source]]
id      = "stays"
glob    = "stays.csv"
map     = "stays"
partner = "RMX"

[source.given]
year_start = "2025-04-01"
ward       = "W1"
"""
# Every section and every kind of reader, each option that has a default given another value where it can have one.
RICH: dict[str, Any] = {
    "title": "Stays, one row a stay",
    "reference": "written for this test",
    "file": {
        "format": "csv", "delimiter": ";", "quote": "'", "encoding": "cp1252", "header": True, "may_lack": ["WEIGHT"], "missing": ["-"],
    },
    "identifier": [
        {"column": "NHS", "system": "nhs_number", "scope": "any", "missing": ["none"]},
        {"column": "LOCAL", "system": "local_id", "scope": "partner"},
    ],
    "person": {
        "birth_date": {"first_of": [{"date": "DOB", "format": "YYYY-MM-DD"}, {"date": "DOB2", "format": "DDMMYYYY", "missing": ["?"]}]},
        "sex": {"lookup": "SEX", "values": {"1": "male", "2": "female"}, "otherwise": "unknown", "missing": ["9"]},
        "death_date": {"constant": "2025-06-30"},
        "ethnicity": {"text": "ETHNOS", "missing": ["Z"]},
        "deprivation_decile": {"integer": "IMD", "missing": ["99"]},
    },
    "registration": [
        {
            "population": "registered",
            "organisation": {"text": "GP", "required": True},
            "start_date": {"given": "year_start"},
            "end_date": {"months_after": {"given": "year_start"}, "count": "MONTHS"},
            "when": {"column": "LISTED", "in": ["Y"]},
        },
        {
            "population": "resident",
            "organisation": {"text": "AREA"},
            "start_date": {"constant": "2025-04-01"},
            "end_date": {"months_after": {"date": "MOVED", "format": "DD-MON-YYYY"}, "count": "MONTHS"},
        },
    ],
    "activity": {
        "setting": {"lookup": "KIND", "values": {"I": "inpatient", "C": "community"}, "otherwise": "inpatient"},
        "start_date": {"date": "FROM", "format": "YYYYMMDD", "required": True},
        "end_date": {"date": "TO", "format": "YYYYMMDD", "plus_days": 1, "missing": ["00000000"]},
        "provider": {"partner": "id"},
        "payer": {"constant": "QMW"},
        "practice": {"first_of": [{"text": "GP"}, {"constant": "none"}], "required": True},
        "service_code": {"given": "ward"},
        "currency": {"code": "HRG", "system": "hrg", "missing": ["U"]},
        "episode_number": {"integer": "EPI"},
        "quantity": {"number": "WEIGHT", "missing": ["0"]},
        "duration_minutes": {"constant": "30"},
        "gross_amount": {"amount": ["BED", "DRUGS"], "plus": [{"rate": "RATE", "times": "DAYS"}], "missing": ["n/a"]},
        "net_amount": {"amount": "NET", "required": True},
        "when": {"column": "STATUS", "not_in": ["void"]},
    },
    "diagnosis": [
        {
            "columns": ["DIAG_{1..2}"], "system": {"lookup": "ICDV", "values": {"9": "icd9cm", "0": "icd10"}, "otherwise": "icd10"},
            "first_position": 2, "missing": ["XXX"],
        },
        {"columns": ["DIAGS"], "system": "icd10", "split": "|", "most": 3},
    ],
    "procedure": [{"columns": ["OP_{1..2}"], "system": "opcs4", "dates": ["OPDATE_{1..2}"], "date_format": "DD/MM/YYYY"}],
    "observation": [
        {"columns": ["SCORE"], "system": "local", "value": "number", "missing": ["-1"], "date": {"date": "SEEN", "format": "YYYY-MM"}}
    ],
    "organisation": {
        "id": {"text": "SITE"}, "kind": {"constant": "hospital"}, "name": {"text": "SITENAME"}, "parent": {"partner": "id"},
    },
    "ignore": [{"columns": ["LINE", "NOTE"], "reason": "says nothing of care"}],
}  # fmt: skip
COLUMNS = (
    "NHS LOCAL DOB DOB2 SEX ETHNOS IMD GP MONTHS LISTED AREA MOVED KIND FROM TO HRG EPI WEIGHT BED DRUGS RATE DAYS NET STATUS "
    "DIAG_1 DIAG_2 ICDV DIAGS OP_1 OP_2 OPDATE_1 OPDATE_2 SCORE SEEN SITE SITENAME LINE NOTE"
).split()

RECORD = {
    "NHS": "9990000018", "LOCAL": "A1", "DOB": "1950-01-31", "SEX": "1", "ETHNOS": "A", "IMD": "3", "GP": "P1", "MONTHS": "3",
    "LISTED": "Y", "AREA": "E01", "MOVED": "01-JUN-2025", "KIND": "I", "FROM": "20250402", "TO": "20250404", "HRG": "AA01A", "EPI": "1",
    "WEIGHT": "1.5", "BED": "100.00", "DRUGS": "20.00", "RATE": "1.50", "DAYS": "2", "NET": "123.00", "STATUS": "final",
    "DIAG_1": "I10", "DIAG_2": "E119", "ICDV": "0", "DIAGS": "J45|J46", "OP_1": "W371", "OPDATE_1": "03/04/2025", "SCORE": "7",
    "SEEN": "2025-04", "SITE": "S1", "SITENAME": "North Wing",
}  # fmt: skip


def write(document: dict[str, Any]) -> tuple[str, dict[Key, int]]:
    """The document as TOML with every key on a line of its own, and the line of each key: written apart from what reads it."""
    lines: list[str] = []
    at: dict[Key, int] = {}
    _table(document, (), lines, at)
    return "\n".join(lines) + "\n", at


def _table(table: dict[str, Any], path: Key, lines: list[str], at: dict[Key, int]) -> None:
    def is_table(value: Any) -> bool:
        return isinstance(value, dict) or (isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value))

    for key, value in table.items():
        if not is_table(value):
            lines.append(f"{_name(key)} = {_value(value)}")
            at[*path, key] = len(lines)
    for key, value in table.items():
        dotted = ".".join(_name(k) for k in (*path, key) if isinstance(k, str))
        for n, each in enumerate(value if isinstance(value, list) else [value]) if is_table(value) else ():
            lines.append(f"[[{dotted}]]" if isinstance(value, list) else f"[{dotted}]")
            at.setdefault((*path, key), len(lines))
            here: Key = (*path, key, n) if isinstance(value, list) else (*path, key)
            at[here] = len(lines)
            _table(each, here, lines, at)


def _name(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z_]+", key) else json.dumps(key)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value(v) for v in value)}]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_name(k)} = {_value(v)}" for k, v in value.items()) + " }"
    return json.dumps(value)


def make_rich(folder: Path) -> Path:
    """A place whose one map is RICH, with a file of two records."""
    (folder / "sources").mkdir(parents=True)
    (folder / "maps").mkdir()
    (folder / "place.toml").write_text(PLACE, encoding="utf-8")
    (folder / "maps" / "stays.toml").write_text(write(RICH)[0], encoding="utf-8")
    records = [COLUMNS, [RECORD.get(c, "") for c in COLUMNS], [RECORD.get(c, "") if c != "NHS" else "9990000026" for c in COLUMNS]]
    (folder / "sources" / "stays.csv").write_text("".join(";".join(r) + "\n" for r in records), encoding="cp1252")
    return folder
