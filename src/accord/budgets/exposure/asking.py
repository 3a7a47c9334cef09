"""From what people wrote and what a run holds to a question that can be worked out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from accord.budgets.exposure.assess import FURTHEST, Question
from accord.budgets.exposure.bearing import PENNY, Bargain, bands_for, check_bargain
from accord.budgets.exposure.budgeting import NOBODY, Held, of_clauses, of_gains
from accord.budgets.exposure.covering import Cover, Sides, beside_care, cover_of_stop_loss, covers_of
from accord.budgets.exposure.histories import NO_CLAUSE, Histories
from accord.budgets.exposure.layers import Bend, Floats, Items, Population
from accord.budgets.exposure.riskfile import OpenItem, RiskFile, StatedSpread
from accord.budgets.exposure.yearly import effect_of, rule_of, wrong
from accord.clauses.rules import stated
from accord.clauses.terms import Budget
from accord.errors import UserError
from accord.stats.year_effect import YearEffect

LOOKED_AT = (0.25, 0.5, 0.75)
NARROWEST, PENNY_OFF = 1e-9, 0.02
"""Where between two totals a straight line is looked for; how near two may come, and how far off one it may be, as each amount is rounded."""


@dataclass(frozen=True)
class Terms:
    """What a contract and its register say. open: id, what it is about, and what it may cost, None if nobody has said.

    holder: the payee. figures: by clause and key, what is known beside the clauses. population: registered or resident.
    """

    holder: str = ""
    clauses: tuple[Any, ...] = ()
    open: tuple[tuple[str, str, Decimal | None], ...] = ()
    reserve: Decimal | None = None
    people: int | None = None
    budget: Decimal | None = None
    payer: str = ""
    figures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    population: str = "registered"
    end_date: date = date.max


@dataclass(frozen=True)
class Asked:
    """A file of the folder `risk`, where it stands, and the days by which its rules are read. terms: of the contract that it is about, if any.

    set_budget: what the budget that the file names gives in a year.
    """

    risk: RiskFile
    file: Path
    on: date
    known_on: date
    terms: Terms = field(default_factory=Terms)
    set_budget: Held = NOBODY

    @property
    def sides(self) -> Sides:
        """Between whom the contract is."""
        terms = self.terms
        return Sides(terms.payer, terms.holder, terms.figures, self.on, terms.end_date, quality=self.risk.quality)


def covers_asked(asked: Asked) -> tuple[Cover, ...]:
    """What of the contract's care is borne, and who claims which act. Raises UserError for a clause whose risk is not worked out."""
    check_bargain(asked.terms.clauses, asked.sides, str(asked.file))
    covers = covers_of(asked.terms.clauses, asked.sides, asked.risk.services)
    if not covers:
        what = f"the services of the file ({', '.join(asked.risk.services)}) are none that a clause of the contract is about"
        raise UserError(what, where=str(asked.file), what_to_do="take services out, so that the clauses say which care counts")
    if not any(cover.is_borne for cover in covers):
        what = f"the contract pays {asked.terms.holder} for each act, so that how much care there is is no risk to it"
        raise UserError(what, where=str(asked.file), what_to_do=f"look at what else the contract leaves open: accord sign {asked.file.stem}")
    return covers


def question_of(asked: Asked, histories: Histories | None) -> Question:
    """Everything that `assess` needs. histories: None where a published spread stands for them. Raises UserError."""
    risk, terms = asked.risk, asked.terms
    every = covers_asked(asked)
    borne = paying = tuple(cover for cover in every if cover.is_borne)
    n_people = _people(asked, histories)
    bargain = Bargain(terms.clauses, Decimal(1), bands_for(terms.clauses, asked.on, asked.known_on), risk.quality, terms.holder, terms.figures)
    scaled = _scaled(_some(histories.only(_kinds(histories, borne)), borne), risk, n_people) if histories else None
    if scaled is None and (len(borne) < len(every) or any(cover.turn or cover.rates for cover in borne)):
        raise _fault(asked, "spread", "a published spread is of all care, and the contract leaves a part of it", "take spread out")
    if scaled is None and bargain.person_stop_losses:
        what = "a person stop-loss cannot be worked out from a published spread, which knows no person"
        raise _fault(asked, "spread", what, "take spread out, so that the place's own people count")
    if scaled is not None:
        scaled = _relieved(asked, scaled, bargain, borne)
        limited = tuple(cover_of_stop_loss(clause) for clause in bargain.person_stop_losses if clause.id in scaled.clauses)
        borne, paying = borne + limited, _with_people(asked, n_people) + limited
    sizes = {cover.id: _of_clause(scaled, cover, n_people) for cover in borne} if scaled else {}
    held = _held(asked, paying, sizes)
    expected = scaled.cost_per_person * n_people if scaled else float(risk.expected or held.amount or 0)
    bargain = replace(bargain, budget=held.amount if held.amount is not None else Decimal(expected).quantize(PENNY))
    items, unvalued = _items(asked)
    sourced = effect_of(risk, asked.file, (asked.on, asked.known_on), scaled)
    population = _population(asked, scaled, sourced.effect, _bend(asked, scaled, borne, expected), _parts(scaled, borne))
    return Question(
        risk.title, population, Items(items, expected), bargain, n_people, risk.sizes, tuple(map(float, risk.miss)),
        _reserve(asked), float(risk.accepted), risk.pooled_with, unvalued, terms.holder, held, _told(asked, every, histories, n_people),
        sourced.said_by, risk.expected is not None,
    )  # fmt: skip


def _with_people(asked: Asked, n_people: int) -> tuple[Cover, ...]:
    """The covers that leave a risk, as they pay for so many people."""
    sides = replace(asked.sides, people=Decimal(n_people))
    return tuple(cover for cover in covers_of(asked.terms.clauses, sides, asked.risk.services) if cover.is_borne)


def _kinds(histories: Histories, covers: Sequence[Cover]) -> list[int]:
    """The kinds of care of which a part is borne."""
    every = range(len(histories.services))
    if not histories.clauses or covers[0].id == NO_CLAUSE:
        return list(every)
    rates = {cover.id: cover.rates for cover in covers}
    return [n for n in every if histories.clauses[n] in rates and rates[histories.clauses[n]].get(histories.services[n], Decimal(0)) < 1]


def _some(histories: Histories, covers: Sequence[Cover]) -> Histories:
    """The same. Raises UserError for people without cost."""
    if histories.services and histories.cost_per_person > 0:
        return histories
    names = ", ".join(f"'{cover.id}'" for cover in covers if cover.id)
    what = f"the run has no care that {names} is about, of these people" if names else "these people's care cost nothing"
    mend = "look at what the run has of this population, by whom and of which services: accord show activity"
    raise UserError(what, where="services", what_to_do=mend)


def _of_clause(histories: Histories, cover: Cover, n_people: int) -> dict[str, Decimal]:
    return {service: Decimal(each * n_people).quantize(PENNY) for service, each in histories.per_person_of(cover.id).items()}


def _people(asked: Asked, histories: Histories | None) -> int:
    if histories and histories.n_own is not None:
        return max(1, round(histories.n_own))
    if asked.risk.people is not None:
        return asked.risk.people
    return asked.terms.people or (round(histories.n_people) if histories else 0)


def _scaled(histories: Histories, risk: RiskFile, n_people: int) -> Histories:
    """The histories at the cost that is expected of them, where the file says another than they had."""
    factor = float(risk.expected) / (histories.cost_per_person * n_people) if risk.expected is not None else 1.0
    return replace(histories, costs=histories.costs * factor)


def _relieved(asked: Asked, histories: Histories, bargain: Bargain, covers: Sequence[Cover]) -> Histories:
    """With each stop-loss of one person on the care of its clause. Raises UserError for one of all people on a part of the care."""
    for clause in bargain.person_stop_losses:
        assert isinstance(clause.above, Decimal), "a point of one person is an amount"
        point, share = float(clause.above), float(stated(clause.share))
        if not histories.clauses:
            histories = histories.with_stop_loss(point, share)
        elif clause.of in histories.clauses:
            is_limited = clause.most is not None and share > 0
            apart, taken = histories.with_stop_loss_apart, histories.with_stop_loss
            histories = apart(point, share, clause.of, clause.id) if is_limited else taken(point, share, clause.of)
    for clause in bargain.clauses:
        if clause.kind == "stop_loss" and clause.per == "aggregate" and len(covers) > 1:
            what = f"clause '{clause.id}': it is on the care of '{clause.of}' alone, and {len(covers)} clauses leave a risk"
            raise UserError(what, where=str(asked.file), what_to_do=f"ask for the services of '{clause.of}' by themselves: services = […]")
    return histories


def _held(asked: Asked, covers: Sequence[Cover], sizes: dict[str, dict[str, Decimal]]) -> Held:
    """Against what the cost is held: as the file says, as the contract's own sharing does, as its clauses pay, as the register has it."""
    written = asked.risk.budget
    if isinstance(written, Budget):
        return asked.set_budget
    if written is not None:
        return Held(written, "the file")
    found = [of_gains(asked.terms.clauses, asked.terms.figures), of_clauses(covers, sizes) if sizes else NOBODY]
    found.append(Held(asked.terms.budget, "the price of the first year in the register"))
    return next((held for held in found if held.amount), NOBODY)


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


def _told(asked: Asked, covers: Sequence[Cover], histories: Histories | None, n_people: int) -> tuple[tuple[str, str, str], ...]:
    """What becomes of each clause: its id, its kind, and the words for it, with the care of which nothing is borne."""
    by_id = {cover.id: cover for cover in covers}
    found = []
    for clause in asked.terms.clauses:
        words = by_id[clause.id].words if clause.id in by_id else beside_care(clause)
        if histories and clause.id in by_id and not by_id[clause.id].is_borne:
            yearly = sum(histories.per_person_of(clause.id).values()) * n_people
            words += f" ({yearly:,.0f} a year, in no figure below)"
        found.append((clause.id, clause.kind, words))
    return tuple(found)


def _population(asked: Asked, histories: Histories | None, effect: YearEffect, bend: Bend | None, parts: Floats | None) -> Population:
    risk = asked.risk
    spread = _spread(asked) if histories is None else None
    fitted_on = risk.fitted_on or (histories.n_people if histories else 0)
    years = risk.years_averaged
    if histories and years > histories.n_year:
        what = f"the contract averages {years} years, and the run holds {histories.n_year} whole ones"
        raise _fault(asked, "years_averaged", what, "average fewer, or take in earlier files")
    return Population(histories, spread, fitted_on, effect, years, parts, bend)


def _parts(histories: Histories | None, covers: Sequence[Cover]) -> Floats | None:
    if histories is None or not histories.clauses:
        return None
    rates = {cover.id: cover.rates for cover in covers}
    paid = [float(rates[id].get(service, 0)) for id, service in zip(histories.clauses, histories.services, strict=True)]
    return 1 - np.array(paid)


def _bend(asked: Asked, histories: Histories | None, covers: Sequence[Cover], expected: float) -> Bend | None:
    """Where pay turns on a total. Raises UserError where it does on two: they rise and fall together, and one law does not say how."""
    turning = [cover for cover in covers if cover.turn is not None]
    if histories is None or not turning:
        return None
    if len(turning) > 1:
        what = f"pay turns on the totals of {len(turning)} clauses ({', '.join(cover.id for cover in turning)}), which are not worked out together"
        raise UserError(what, where=str(asked.file), what_to_do="ask for the services of one of them by themselves: services = […]")
    (cover,) = turning
    turn = cover.turn
    assert turn is not None
    weights = np.array([
        float(turn.weights.get(service, 0)) if id == cover.id else 0.0 for id, service in zip(histories.clauses, histories.services, strict=True)
    ])  # fmt: skip
    middle = float(histories.costs.sum(axis=(0, 1)) @ weights / histories.costs.sum())

    def paid(total: float) -> float:
        return float(turn.paid(Decimal(max(0.0, total) * expected).quantize(PENNY))) / expected

    known = knots_of(paid, 0.0, FURTHEST * middle, PENNY_OFF / expected)
    at, worth = np.array(list(known)), np.array(list(known.values()))

    def moves(totals: Floats) -> Floats:
        found: Floats = paid(middle) - np.interp(totals, at, worth)
        return found

    return Bend(weights, moves)


def knots_of(paid: Callable[[float], float], low: float, high: float, near: float) -> dict[float, float]:
    """Points between which what is paid goes in straight lines, so that a clause is worked out at few totals and known at all; in order.

    near: how far off a straight line still is one.

    >>> list(knots_of(lambda total: min(total, 4.0), 0.0, 16.0, 1e-9))
    [0.0, 4.0, 8.0, 16.0]
    """
    found = {low: paid(low), high: paid(high)}
    waiting = [(low, high)]
    while waiting:
        start, end = waiting.pop()
        inner = {start + (end - start) * part: paid(start + (end - start) * part) for part in LOOKED_AT}
        line = np.interp(list(inner), [start, end], [found[start], found[end]])
        if end - start > NARROWEST * (high - low) and np.abs(line - list(inner.values())).max() > near:
            middle = (start + end) / 2
            found[middle] = inner[middle] if middle in inner else paid(middle)
            waiting += [(start, middle), (middle, end)]
    return dict(sorted(found.items()))


def _spread(asked: Asked) -> float:
    spread = asked.risk.spread
    if isinstance(spread, StatedSpread):
        return float(spread.amount)
    assert spread is not None, "there are neither people nor a spread"
    return float(rule_of(asked.file, spread, "spread", (asked.on, asked.known_on)))


def _fault(asked: Asked, key: str, what: str, mend: str) -> UserError:
    return wrong(asked.file, key, what, mend)


def open_items(lines: Iterable[Any]) -> tuple[tuple[str, str, Decimal | None], ...]:
    """What a register has open, as `Terms` wants it: each line has an id, what it is about, and a value."""
    return tuple((line.id, line.about, line.value) for line in lines)
