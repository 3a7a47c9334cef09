"""The rulebook's lists of codes, weights, bands and segments as small tables, for the steps to join."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise, product
from typing import Any

from accord.engine import Session
from accord.engine.feed import write_rows
from accord.rulebook import code_lists, each_code, listed, parameter
from accord.tables.condition_lists import (
    ACCOUNTING_YEAR,
    CLASSIFICATION_SYSTEM,
    CONDITION_CODE,
    CONDITION_KIND,
    CONDITION_WEIGHT,
    SCORE_BAND,
    SEGMENT_RULE,
    YEAR_REACH,
)
from accord.tables.conditions import CLASSIFICATION

WHOLE_CODE = frozenset({"snomed_ct"})
"""Systems whose codes have no beginning in common with what is below them."""
NO_END = Decimal(10**9)


@dataclass(frozen=True)
class Kind:
    """One condition: its number in the run, and what the rulebook says of its classification."""

    number: int
    classification: str
    condition: str
    scope: str
    look_back_years: int
    from_age_years: int


def kinds(known_on: date) -> list[Kind]:
    """Every condition of the classifications whose rules were known on a day, in the order of the lists."""
    rules = {v.amount["classification"]: v.amount for v in parameter("condition_rules").values if v.published_on <= known_on}
    ages = {row["condition"]: int(row["from_age_years"]) for row in listed("codes/long_term_age").rows}
    names = dict.fromkeys((one.about["classification"], row["condition"]) for one in code_lists() for row in one.rows)
    found = [(c, name, rules[c]) for c, name in names if c in rules]
    return [
        Kind(n, c, name, rule["scope"], int(rule["look_back_years"]), ages.get(name, 0) if c == "long_term" else 0)
        for n, (c, name, rule) in enumerate(found)
    ]


def accounting_years(start: date, end: date) -> list[tuple[date, date]]:
    """The first and last day of each block of twelve months, whole months from that of `start` to that of the day before `end`.

    >>> accounting_years(date(2024, 4, 15), date(2025, 5, 2))
    [(datetime.date(2024, 4, 1), datetime.date(2025, 3, 31)), (datetime.date(2025, 4, 1), datetime.date(2025, 5, 31))]
    """
    first, last = start.replace(day=1), end - timedelta(days=1)
    out = date(last.year + last.month // 12, last.month % 12 + 1, 1)
    firsts = [first.replace(year=year) for year in range(first.year, out.year + 1) if first.replace(year=year) < out]
    return [(a, b - timedelta(days=1)) for a, b in pairwise([*firsts, out])]


def write_rules(session: Session, period: tuple[date, date], known_on: date, hcc_model: str | None) -> None:
    """In: the place's period, the rulebook as published by `known_on`. Out: the tables of rules."""
    found = kinds(known_on)
    years = accounting_years(*period)
    write_rows(session, ACCOUNTING_YEAR, [(n, first, last) for n, (first, last) in enumerate(years)])
    write_rows(session, YEAR_REACH, list(_reach(len(years), sorted({0, *(k.look_back_years for k in found)}))))
    said = [(k.number, k.classification, k.condition, k.scope, k.look_back_years, k.from_age_years) for k in found]
    write_rows(session, CONDITION_KIND, [(*row, row[1] in CLASSIFICATION) for row in said])
    numbers = {(k.classification, k.condition): k.number for k in found}
    write_rows(session, CONDITION_CODE, list(_codes(numbers)))
    write_rows(session, CLASSIFICATION_SYSTEM, list(_systems(found, hcc_model)))
    write_rows(session, CONDITION_WEIGHT, list(_weights(numbers)))
    write_rows(session, SCORE_BAND, list(_bands()))
    write_rows(session, SEGMENT_RULE, list(_segments(numbers)))


def _reach(n_year: int, look_backs: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    oldest = -max(look_backs)  # no finite look-back reaches it
    for look_back in look_backs:
        for year in range(n_year):
            first = year - look_back + 1 if look_back else oldest
            yield from ((look_back, recorded, year) for recorded in range(first, year + 1))


def _codes(numbers: dict[tuple[str, str], int]) -> Iterator[tuple[int, str, int, str]]:
    for one in code_lists():
        for row in one.rows:
            number = numbers.get((one.about["classification"], row["condition"]))
            if number is None:
                continue
            for system, code in product(one.about["code_systems"], each_code(row["codes"].split())):
                yield number, system, 0 if system in WHOLE_CODE else len(code), code


def _systems(found: Sequence[Kind], hcc_model: str | None) -> Iterator[tuple[str, str, str, str | None]]:
    scopes = {k.classification: k.scope for k in found if k.classification in CLASSIFICATION}
    for classification, scope in scopes.items():
        yield classification, scope, "", None
        lists = [one.about for one in code_lists() if one.about["classification"] == classification]
        yield from ((classification, scope, system, about["coverage"]) for about in lists for system in about["code_systems"])
    if hcc_model:
        yield "hcc", "any", "", None
        yield "hcc", "any", "icd10cm", "chosen"


def _weights(numbers: dict[tuple[str, str], int]) -> Iterator[tuple[str, int, Decimal, int | None]]:
    for name in ("codes/charlson_weight", "codes/frailty_weight"):
        of = listed(name).about["classification"]
        for row in listed(name).rows:
            if (number := numbers.get((of, row["condition"]))) is not None:
                yield row["score"], number, Decimal(row["weight"]), numbers.get((of, row["gives_way_to"]))


def _bands() -> Iterator[tuple[str, str, Decimal, Decimal, int]]:
    for row in listed("codes/score_band").rows:
        below = Decimal(row["below_value"]) if row["below_value"] else NO_END
        yield row["score"], row["band"], Decimal(row["from_value"]), below, int(row["from_age_years"])


def _segments(numbers: dict[tuple[str, str], int]) -> Iterator[tuple[Any, ...]]:
    for row in listed("codes/segment_rule").rows:
        number = numbers.get((row["classification"], row["condition"]))
        if row["kind"] == "condition" and number is None:
            continue  # a classification that was not known yet
        value = Decimal(row["from_value"]) if row["from_value"] else None
        ages = [int(row[name]) if row[name] else None for name in ("from_age_years", "below_age_years")]
        yield int(row["rule_number"]), row["segment"], row["because"], row["kind"], number, row["score"] or None, value, *ages
