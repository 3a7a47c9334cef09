"""Outpatient clinics, and what patients say before and after an operation and of the care they had."""

from __future__ import annotations

import numpy as np

from accord.simulate.draws import DAY, Days, Mask, Real, band_of, choices_by, generator
from accord.simulate.hospital import HOSPITALS, KINDS, Hospital, hospital_near
from accord.simulate.model import MODEL
from accord.simulate.need import Population
from accord.simulate.programmes import Programmes, thinned
from accord.simulate.rows import Rows, rows, together

_CLINIC = MODEL["clinic"]
_PROM = MODEL["outcome"]


def appointments(population: Population, programmes: Programmes) -> Rows:
    """Outpatient appointments, those that people missed among them; a missed one is not paid."""
    rng = generator(population.options.seed, population.block, "appointments")
    who, day = population.draw("outpatient")
    age = population.people.age_on(who, day)
    specialty = choices_by(rng, np.asarray(_CLINIC["share"], float), band_of(age, _CLINIC["ages"]))
    is_first = rng.random(who.size) < _CLINIC["first"]
    is_missed = rng.random(who.size) < _CLINIC["missed"]
    price = np.where(is_first, np.asarray(_CLINIC["price_first"])[specialty], np.asarray(_CLINIC["price_follow_up"])[specialty])
    hospital = hospital_near(population, who, day)
    factor = np.array([MODEL["hospital"][h]["market_forces"] for h in HOSPITALS])[hospital]
    amount = np.where(is_missed, 0, np.rint(price * factor * 100)).astype(np.int64)
    return rows(
        "appointment", who, day, amount=amount, specialty=specialty, is_first=is_first, is_missed=is_missed, hospital=hospital,
        prevented=thinned(population, programmes, "outpatient", who, day),
    )  # fmt: skip


def questionnaires(population: Population, hospital: Hospital) -> Rows:
    """Answers before a joint replacement and half a year after: worse before, better after, and truly better at one hospital than at the other."""
    rng = generator(population.options.seed, population.block, "questionnaires")
    is_joint = np.isin(hospital.stays["kind"], [KINDS.index(kind) for kind in _PROM["kinds"]])
    operated = hospital.stays.only(is_joint & ~hospital.stays.prevented)
    before = np.clip(np.rint(_PROM["before"] + _PROM["before_spread"] * rng.standard_normal(operated.size)), 0, 48)
    better = np.array([MODEL["hospital"][h]["outcome"] for h in HOSPITALS])[operated["hospital"]]
    gain = _PROM["gain"] + better - _PROM["less_a_point"] * (before - _PROM["before"]) + _PROM["gain_spread"] * rng.standard_normal(operated.size)
    after = np.clip(np.rint(before + gain), 0, 48)
    return together([
        _answers(rng, population, operated, before, operated.day - rng.integers(7, 40, operated.size) * DAY, 1),
        _answers(rng, population, operated, after, operated.day + rng.integers(175, 215, operated.size) * DAY, 2),
    ])  # fmt: skip


def _answers(rng: np.random.Generator, population: Population, operated: Rows, score: Real, day: Days, which: int) -> Rows:
    """One questionnaire of each who answers: the Oxford score, and the five answers of EQ-5D, worse where the score is low."""
    answers = population.is_here(operated.who, day) & (rng.random(operated.size) < _PROM["answered"])
    ill = 1 - score / 48
    dimension = {
        name: 1 + (ill > cut + 0.16 * rng.standard_normal(operated.size)).astype(int) + (ill > cut + 0.68 + 0.12 * rng.standard_normal(operated.size))
        for name, cut in _PROM["eq5d"].items()
    }
    vas = np.clip(np.rint(82 - 38 * ill + 12 * rng.standard_normal(operated.size)), 0, 100).astype(np.int64)
    return rows(
        "questionnaire", operated.who, operated.day, known=day, which=np.full(operated.size, which), kind=operated["kind"],
        hospital=operated["hospital"], score=score.astype(np.int64), vas=vas, **dimension,
    ).only(answers)  # fmt: skip


def experiences(population: Population, contacts: list[Rows]) -> Rows:
    """What some people answered of a contact, from 1 (very poor) to 5; better or worse by the partner asked about."""
    said = MODEL["experience"]
    rng = generator(population.options.seed, population.block, "experiences")
    made = []
    for service, seen in enumerate(contacts):
        asked: Mask = ~seen.prevented & (rng.random(seen.size) < said["asked"][service])
        one = seen.only(asked)
        answer = 1 + choices_by(rng, np.asarray(said["share"], float), np.full(one.size, service))
        made.append(rows("experience", one.who, one.day, service=np.full(one.size, service), answer=answer))
    return together(made)
