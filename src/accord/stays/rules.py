"""The rulebook's dated rules about stays as one small table, for the steps to join."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from accord.engine import Session
from accord.engine.feed import write_columns
from accord.rulebook import Value, parameter
from accord.rulebook import each_code as codes
from accord.tables.stays import STAY_RULE

FOR_EVER = date(9999, 12, 31)
_KIND = {"policy": "stay", "rule": "", "subject": "stay", "what": "", "code_system": "", "with_code": "", "position": "any"}


def write_rules(session: Session, currency: str, known_on: date) -> None:
    """In: the rulebook, as published by `known_on`. Out: stay_rule, of the health system that accounts in `currency`; empty if none does."""
    rows = list(rule_rows([*parameter("stay_rules").values, *parameter("readmission_rules").values], currency, known_on))
    write_columns(session, STAY_RULE, {name: [row[name] for row in rows] for name in STAY_RULE.names})


def rule_rows(values: list[Value], currency: str, known_on: date) -> Iterator[dict[str, Any]]:
    """Each code or number of each rule with the days on which it applies. A later value of one kind takes over on its first day."""
    known = [v for v in values if v.published_on <= known_on and v.amount["currency"] == currency]
    for value in known:
        kind = _kind(value)
        same = [v for v in known if _kind(v) == kind]
        if any(v.start_date == value.start_date and v.published_on > value.published_on for v in same):
            continue
        ends = [v.start_date for v in same if v.start_date > value.start_date]
        end = min([*ends, value.valid_until or FOR_EVER])
        for code in codes(value.amount.get("codes", [""])):
            yield {**dict(kind), "code": code, "n": value.amount.get("n"), "start_date": value.start_date, "end_date": end}


def _kind(value: Value) -> tuple[tuple[str, Any], ...]:
    said: Mapping[str, Any] = {**_KIND, **value.amount}
    return tuple((name, said[name] or said["what"]) if name == "rule" else (name, said[name]) for name in _KIND)
