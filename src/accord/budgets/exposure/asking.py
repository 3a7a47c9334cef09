"""From what people wrote and what a run holds to a question that can be worked out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from accord.budgets.exposure.assess import Question
from accord.budgets.exposure.bearing import PENNY, Bargain, bands_for, check_bargain
from accord.budgets.exposure.histories import Histories
from accord.budgets.exposure.layers import Items, Population
from accord.budgets.exposure.riskfile import EstimatedEffect, OpenItem, RiskFile, StatedEffect, StatedSpread
from accord.clauses.rules import rule_names
from accord.clauses.terms import Rule
from accord.errors import UserError
from accord.place import line_of
from accord.place.toml_faults import did_you_mean
from accord.rulebook import parameter
from accord.stats.year_effect import FEWEST_YEARS, YearEffect, estimated_year_effect, year_effect


@dataclass(frozen=True)
class Terms:
    """What a contract and its register say. open: id, what it is about, and what it may cost, None if nobody has said."""

    holder: str = ""
    clauses: tuple[Any, ...] = ()
    open: tuple[tuple[str, str, Decimal | None], ...] = ()
    reserve: Decimal | None = None
    people: int | None = None
    budget: Decimal | None = None


@dataclass(frozen=True)
class Asked:
    """A file of the folder `risk`, where it stands, and the days by which its rules are read. terms: of the contract that it is about, if any."""

    risk: RiskFile
    file: Path
    on: date
    known_on: date
    terms: Terms = field(default_factory=Terms)


def question_of(asked: Asked, histories: Histories | None) -> Question:
    """Everything that `assess` needs. histories: None where a published spread stands for them. Raises UserError."""
    risk, terms = asked.risk, asked.terms
    check_bargain(terms.clauses, terms.holder, risk.quality, str(asked.file))
    n_people = _people(asked, histories)
    bargain = Bargain(terms.clauses, Decimal(1), bands_for(terms.clauses, asked.on, asked.known_on), risk.quality, terms.holder)
    scaled = _scaled(histories, risk, n_people) if histories else None
    for point, share in bargain.person_stop_losses():
        scaled = _relieved(asked, scaled, point, share)
    budget = risk.budget if risk.budget is not None else terms.budget
    expected = scaled.cost_per_person * n_people if scaled else float(risk.expected or budget or 0)
    bargain = replace(bargain, budget=budget or Decimal(expected).quantize(PENNY))
    items, unvalued = _items(asked)
    return Question(
        risk.title, _population(asked, scaled), Items(items, expected), bargain, n_people, risk.sizes, tuple(map(float, risk.miss)),
        _reserve(asked), float(risk.accepted), risk.pooled_with, unvalued, terms.holder,
    )  # fmt: skip


def _people(asked: Asked, histories: Histories | None) -> int:
    if histories and histories.n_own is not None:
        return max(1, round(histories.n_own))
    if asked.risk.people is not None:
        return asked.risk.people
    return asked.terms.people or (round(histories.n_people) if histories else 0)


def _scaled(histories: Histories, risk: RiskFile, n_people: int) -> Histories:
    """The histories at the cost that is expected of them, where the file says another than they had. Raises UserError for people without cost."""
    if not histories.cost_per_person > 0:
        mend = "choose other services, or look at what the run has of this population: accord tables"
        raise UserError("these people's care cost nothing", where="services", what_to_do=mend)
    factor = float(risk.expected) / (histories.cost_per_person * n_people) if risk.expected is not None else 1.0
    return replace(histories, costs=histories.costs * factor)


def _relieved(asked: Asked, histories: Histories | None, point: float, share: float) -> Histories:
    if histories is None:
        what = "a person stop-loss cannot be worked out from a published spread, which knows no person"
        raise _fault(asked, "spread", what, "take spread out, so that the place's own people count")
    return histories.with_stop_loss(point, share)


def _reserve(asked: Asked) -> Decimal:
    reserve = asked.risk.reserve if asked.risk.reserve is not None else asked.terms.reserve
    if reserve is None:
        mend = "add reserve = 0.00 to it, or write the register of the contract, with its [reserve]"
        raise UserError("nobody has said what the reserve is", where=str(asked.file), what_to_do=mend)
    return reserve


def _items(asked: Asked) -> tuple[tuple[OpenItem, ...], tuple[str, ...]]:
    """What is open: as the file has it, else as the register does, at its whole value: nobody has said that it may be less."""
    written = {item.id: item for item in asked.risk.open}
    known = [(id, about, value) for id, about, value in asked.terms.open if id not in written]
    certain = [OpenItem(id=id, about=about, low=v, likely=v, high=v) for id, about, v in known if v is not None]
    return (*written.values(), *certain), tuple(about for _, about, value in known if value is None)


def _population(asked: Asked, histories: Histories | None) -> Population:
    risk = asked.risk
    spread = _spread(asked) if histories is None else None
    fitted_on = risk.fitted_on or (histories.n_people if histories else 0)
    years = risk.years_averaged
    if histories and years > histories.n_year:
        what = f"the contract averages {years} years, and the run holds {histories.n_year} whole ones"
        raise _fault(asked, "years_averaged", what, "average fewer, or take in earlier files")
    return Population(histories, spread, fitted_on, _effect(asked, histories), years)


def _spread(asked: Asked) -> float:
    spread = asked.risk.spread
    if isinstance(spread, StatedSpread):
        return float(spread.amount)
    assert spread is not None, "there are neither people nor a spread"
    return float(_rule(asked, spread, "spread"))


def _rule(asked: Asked, named: Rule, key: str) -> Any:
    """The value of a rule on the day. Raises UserError."""
    if named.rule not in rule_names():
        raise _fault(asked, key, f"the rulebook has no rule '{named.rule}'", did_you_mean(named.rule, rule_names(), "the rules are"))
    try:
        amount = parameter(named.rule).at(asked.on, asked.known_on)
    except AssertionError:
        what = f"the rule '{named.rule}' has no value for {asked.on} as published by {asked.known_on}"
        raise _fault(asked, key, what, "state the number that was agreed instead, with its reference") from None
    if sorted(amount if isinstance(amount, dict) else ()) != (["correlation", "sd"] if key == "year_effect" else []):
        raise _fault(asked, key, f"the rule '{named.rule}' gives no {key.replace('_', ' ')}", "name a rule of this kind")
    return amount


def _fault(asked: Asked, key: str, what: str, mend: str) -> UserError:
    return UserError(what, where=f"{asked.file}, line {line_of(asked.file, (key,))}", what_to_do=mend)


def _effect(asked: Asked, histories: Histories | None) -> YearEffect:
    written = asked.risk.year_effect
    if isinstance(written, EstimatedEffect):
        assert histories is not None, "a spread has no years"
        return _estimated(asked, histories)
    amount: Mapping[str, Any] = (
        {"sd": written.sd, "correlation": written.correlation} if isinstance(written, StatedEffect) else _rule(asked, written, "year_effect")
    )
    by_service = histories.costs.sum(axis=(0, 1)) if histories else np.ones(1)
    return year_effect(float(amount["sd"]), float(amount["correlation"]), by_service / by_service.sum())


def _estimated(asked: Asked, histories: Histories) -> YearEffect:
    if histories.n_year < FEWEST_YEARS:
        what = f"the run holds {histories.n_year} whole years, and a year effect is seen in {FEWEST_YEARS} or more"
        mend = 'name a published one: year_effect = { rule = "us_mssp/year_effect" }, or state sd, correlation and reference'
        raise _fault(asked, "year_effect", what, mend)
    of_year = histories.months.sum(axis=0) / 12
    means = histories.costs.sum(axis=0) / of_year[:, None]
    years = histories.windows(1)
    luck = np.cov(years.T, bias=True).reshape(len(histories.services), -1) * len(years) / histories.n_year / histories.n_people**2
    return estimated_year_effect(means, luck)


def open_items(lines: Iterable[Any]) -> tuple[tuple[str, str, Decimal | None], ...]:
    """What a register has open, as `Terms` wants it: each line has an id, what it is about, and a value."""
    return tuple((line.id, line.about, line.value) for line in lines)
