"""Care close to home without a bed: general practice, online clinics, pharmacies, ambulances that do not convey."""

from __future__ import annotations

import numpy as np

from accord.simulate.conditions import NAMES as CONDITIONS
from accord.simulate.draws import Days, Real, Whole, band_of, choices_by, generator, heavy, pence
from accord.simulate.model import MODEL
from accord.simulate.need import Population
from accord.simulate.programmes import Programmes, practice_levels, thinned
from accord.simulate.rows import Rows, rows

_GP = MODEL["gp"]


def consultations(population: Population, programmes: Programmes) -> Rows:
    """Contacts with practices: staff, mode, minutes, and the conditions that each was coded for, as bits."""
    rng = generator(population.options.seed, population.block, "consultations")
    who, day = population.draw("gp")
    age = population.people.age_on(who, day)
    band = band_of(age, _GP["ages"])
    staff = choices_by(rng, np.asarray(_GP["staff_share"], float), band)
    mode = choices_by(rng, np.asarray(_GP["mode_share"], float), band)
    mean = np.asarray(_GP["minutes_of_staff"], float)[staff] * np.asarray(_GP["minutes_of_mode"], float)[mode]
    minutes = np.maximum(np.rint(heavy(rng, mean, _GP["spread_of_minutes"], who.size)), 1).astype(np.int64)
    return rows(
        "consultation", who, day, prevented=thinned(population, programmes, "gp", who, day), staff=staff, mode=mode, minutes=minutes,
        practice=population.people.practice_on(who, day), problems=_problems(rng, population, who, day),
    )  # fmt: skip


def _problems(rng: np.random.Generator, population: Population, who: Whole, day: Days) -> Whole:
    """The conditions coded at each contact, as bits. A practice that codes more finds more in the same people, and codes it more often."""
    level = practice_levels(population.geography.n_practice, "coding")[population.people.practice_on(who, day)][:, None]
    has = (~np.isnat(population.conditions.onset)).mean(axis=0)
    extra = rng.random((population.people.size, len(CONDITIONS))) < _GP["found_where_coding_is_high"] * has
    present = population.conditions.present(who, day).astype(bool) | (extra[who] & (level > 1))
    is_coded = present & (rng.random(present.shape) < np.minimum(_GP["coded_at_a_contact"] * level, 1))
    return np.asarray((is_coded * (1 << np.arange(len(CONDITIONS)))).sum(axis=1))


def online(population: Population) -> Rows:
    """Contacts with an online clinic."""
    rng = generator(population.options.seed, population.block, "online contacts")
    who, day = population.draw("online")
    return rows(
        "online", who, day, minutes=np.maximum(np.rint(heavy(rng, 7.0, 0.5, who.size)), 1).astype(np.int64),
        outcome=rng.integers(0, len(MODEL["online"]["outcome"]), who.size), amount=np.full(who.size, pence(np.array(MODEL["online"]["price"]))),
    )  # fmt: skip


def dispensings(population: Population) -> Rows:
    """What pharmacies dispensed: one row a visit, with its items and their cost; more items for those with more conditions."""
    rng = generator(population.options.seed, population.block, "dispensings")
    who, day = population.draw("dispensing")
    n_condition = population.conditions.present(who, day).sum(axis=1)
    items = 1 + rng.poisson(MODEL["pharmacy"]["items_a_condition"] * n_condition)
    cost: Real = items * heavy(rng, MODEL["pharmacy"]["cost_an_item"], MODEL["pharmacy"]["spread_of_cost"], who.size)
    return rows("dispensing", who, day, amount=np.maximum(pence(cost), 1), items=items, is_cancelled=np.zeros(who.size, bool))


def incidents(population: Population, attendances: Rows) -> Rows:
    """Ambulance incidents: those who are brought to an emergency department, the older the more of them, and those seen and left at home."""
    said = MODEL["ambulance"]
    rng = generator(population.options.seed, population.block, "incidents")
    age = population.people.age_on(attendances.who, attendances.day)
    share = np.interp(age, said["age"], said["brought"]) * np.where(attendances["is_admitted"], said["if_admitted"], 1.0)
    brought = attendances.only(rng.random(attendances.size) < share)
    who, day = population.draw("see_and_treat")
    every_who, every_day = np.concatenate((brought.who, who)), np.concatenate((brought.day, day))
    is_brought = np.arange(every_who.size) < brought.size
    amount = pence(np.where(is_brought, said["cost_brought"], said["cost_left"]).astype(float))
    minutes = np.rint(heavy(rng, np.where(is_brought, 105.0, 65.0), 0.35, every_who.size)).astype(np.int64)
    return rows(
        "incident", every_who, every_day, amount=amount, minutes=minutes, is_brought=is_brought,
        prevented=np.concatenate((brought.prevented, np.zeros(who.size, bool))),
        hospital=np.concatenate((brought["hospital"], np.full(who.size, -1))),
    )  # fmt: skip
