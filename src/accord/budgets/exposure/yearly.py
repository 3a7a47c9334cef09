"""What a year does to everybody, from where the file says: a rule of the rulebook, a stated size, or the years that the run holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from accord.budgets.exposure.histories import MONTHS, Floats, Histories
from accord.budgets.exposure.riskfile import EstimatedEffect, RiskFile, StatedEffect
from accord.clauses.rules import rule_names
from accord.clauses.terms import Rule
from accord.errors import UserError
from accord.place import line_of
from accord.place.toml_faults import did_you_mean
from accord.rulebook import parameter
from accord.stats.year_effect import FEWEST_YEARS, YearEffect, estimated_year_effect, year_effect

Days = tuple[date, date]
"""The day of which a rule is asked, and the day by which it was published."""


@dataclass(frozen=True)
class Sourced:
    """A year effect, and where it is from, for a reader."""

    effect: YearEffect
    said_by: str


def effect_of(risk: RiskFile, file: Path, days: Days, histories: Histories | None) -> Sourced:
    """The year effect that a file asks for. Raises UserError."""
    written = risk.year_effect
    if isinstance(written, EstimatedEffect):
        assert histories is not None, "a spread has no years"
        return _estimated(file, days, histories)
    by_kind = histories.costs.sum(axis=(0, 1)) if histories else np.ones(1)
    if isinstance(written, StatedEffect):
        return _sourced(by_kind, written.sd, written.correlation, written.reference)
    amount: Mapping[str, Any] = rule_of(file, written, "year_effect", days)
    return _sourced(by_kind, amount["sd"], amount["correlation"], f"{written.rule}: {parameter(written.rule).title}")


def _sourced(by_kind: Floats, sd: Decimal, correlation: Decimal, said_by: str) -> Sourced:
    found = year_effect(float(sd), float(correlation), by_kind / by_kind.sum())
    return Sourced(found, f"{said_by}; any two services go together by {correlation.normalize():f}" if len(by_kind) > 1 else said_by)


def rule_of(file: Path, named: Rule, key: str, days: Days) -> Any:
    """The value of a rule on the day. Raises UserError."""
    if named.rule not in rule_names():
        raise wrong(file, key, f"the rulebook has no rule '{named.rule}'", did_you_mean(named.rule, rule_names(), "the rules are"))
    try:
        amount = parameter(named.rule).at(*days)
    except AssertionError:
        what = f"the rule '{named.rule}' has no value for {days[0]} as published by {days[1]}"
        raise wrong(file, key, what, "state the number that was agreed instead, with its reference") from None
    if sorted(amount if isinstance(amount, dict) else ()) != (["correlation", "sd"] if key == "year_effect" else []):
        raise wrong(file, key, f"the rule '{named.rule}' gives no {key.replace('_', ' ')}", "name a rule of this kind")
    return amount


def wrong(file: Path, key: str, what: str, mend: str) -> UserError:
    """A fault of a key of the file."""
    return UserError(what, where=f"{file}, line {line_of(file, (key,))}", what_to_do=mend)


def _estimated(file: Path, days: Days, histories: Histories) -> Sourced:
    if histories.n_year < FEWEST_YEARS:
        what = f"the run holds {histories.n_year} whole years, and a year effect is seen in {FEWEST_YEARS} or more"
        mend = 'name a published one: year_effect = { rule = "england/year_effect" }, or state sd, correlation and reference'
        raise wrong(file, "year_effect", what, mend)
    of_year = histories.months.sum(axis=0) / MONTHS
    means = histories.costs.sum(axis=0) / of_year[:, None]
    years = histories.windows(1)
    luck = np.cov(years.T, bias=True).reshape(len(histories.services), -1) * len(years) / histories.n_year / histories.n_people**2
    confidence = parameter("interval_confidence").at(*days)
    found = estimated_year_effect(means, luck, float(confidence))
    assert found.between is not None
    low, high = found.between
    at = f"with {confidence:.0%} confidence it is {low:.1%} to {high:.1%}"
    words = f"estimated from the run's own {histories.n_year} years, which show little: {at}"
    return Sourced(found, words)
