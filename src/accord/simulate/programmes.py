"""Programmes of integrated care whose effect is known: whom each takes in, on which day, and what it truly changes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from accord.simulate.draws import DAY, NEVER, Days, Mask, Real, Whole, generator
from accord.simulate.model import MODEL
from accord.simulate.need import Population

NAMES = tuple(MODEL["programme"])
WORKS, AT_THEIR_WORST, SHIFTS, DOES_LESS = NAMES


@dataclass(frozen=True)
class Programmes:
    """enrolled: the day each person was taken into each programme, shape (people, programmes), NaT for never.

    died_of_less: people whose death the programme that does less brought on.
    """

    enrolled: Days
    died_of_less: Mask

    def is_in(self, programme: str, who: Whole, day: Days) -> Mask:
        """Whether each is in a programme on a day."""
        is_in: Mask = self.enrolled[who, NAMES.index(programme)] <= day
        return is_in


def practices_of(programme: str, n_practice: int) -> Whole:
    """The practices that run a programme: every eighth, beginning with the programme's own."""
    return np.arange(MODEL["programme"][programme]["practice"], n_practice, 8)


def start_of(population: Population) -> np.datetime64:
    """The day on which programmes begin: the middle month of the period."""
    return np.datetime64(population.calendar.first[population.calendar.n // 2])


def enrol(population: Population, attendances: tuple[Whole, Days]) -> tuple[Population, Programmes]:
    """Take people into programmes, and let the one that does less bring some deaths forward.

    attendances: who came to an emergency department, and when: the programme that takes people at their worst goes by them.
    Out: the people with their deaths as they will be, and the programmes.
    """
    people, start = population.people, start_of(population)
    enrolled = np.full((people.size, len(NAMES)), NEVER)
    everybody = np.arange(people.size)
    practice = people.practice_on(everybody, np.full(people.size, start))
    is_here = population.is_here(everybody, np.full(people.size, start))
    age = people.age_on(everybody, np.full(people.size, start))
    chosen = {
        WORKS: population.conditions.frailty >= MODEL["programme"][WORKS]["least_frailty"],
        SHIFTS: age >= MODEL["programme"][SHIFTS]["least_age"],
        DOES_LESS: (age >= MODEL["programme"][DOES_LESS]["least_age"]) & _is_in_need(population),
    }
    for name, is_chosen in chosen.items():
        runs = np.isin(practice, practices_of(name, population.geography.n_practice))
        days = start + generator(population.options.seed, population.block, name).integers(0, 60, people.size) * DAY
        is_in = runs & is_here & is_chosen & population.is_here(everybody, days)
        enrolled[is_in, NAMES.index(name)] = days[is_in]
    enrolled[:, NAMES.index(AT_THEIR_WORST)] = _at_their_worst(population, attendances, practice)
    return _deaths_of_less(population, enrolled)


def _is_in_need(population: Population) -> Mask:
    level = population.conditions.frailty + 0.25 * population.people.latent
    is_in_need: Mask = level >= np.quantile(level, 1 - MODEL["programme"][DOES_LESS]["share_in_need"])
    return is_in_need


def _at_their_worst(population: Population, attendances: tuple[Whole, Days], practice: Whole) -> Days:
    """The day after an attendance that followed another within the window: people are never worse than then."""
    who, day = attendances
    said = MODEL["programme"][AT_THEIR_WORST]
    order = np.lexsort((day, who))
    who, day = who[order], day[order]
    runs = np.isin(practice, practices_of(AT_THEIR_WORST, population.geography.n_practice))
    is_second = np.zeros(who.size, bool)
    is_second[1:] = (who[1:] == who[:-1]) & (day[1:] - day[:-1] <= said["window_days"] * DAY)
    is_second &= (day >= start_of(population)) & runs[who] & population.is_here(who, day + DAY)
    found = np.full(population.people.size, NEVER)
    first, at = np.unique(who[is_second], return_index=True)
    found[first] = day[is_second][at] + DAY
    return found


def _deaths_of_less(population: Population, enrolled: Days) -> tuple[Population, Programmes]:
    """Deaths that would not have come so soon: a small share of those enrolled, some time after."""
    people, said = population.people, MODEL["programme"][DOES_LESS]
    rng = generator(population.options.seed, population.block, "deaths of less")
    taken_in = enrolled[:, NAMES.index(DOES_LESS)]
    comes = rng.random(people.size) < said["died"] * (population.calendar.first[-1] - start_of(population)).astype(int) / 365.25
    day = taken_in + (30 + rng.random(people.size) * 300).astype(np.int64) * DAY
    who = np.arange(people.size)
    is_sooner = comes & ~np.isnat(taken_in) & population.is_here(who, day) & ~(people.died <= day)
    died = np.where(is_sooner, day, people.died)
    return replace(population, people=replace(people, died=died)), Programmes(enrolled, is_sooner)


def thinned(population: Population, programmes: Programmes, service: str, who: Whole, day: Days) -> Mask:
    """Which events of a service a programme prevents: so many of those of people who are in it, by what it truly does."""
    rng = generator(population.options.seed, population.block, f"prevented {service}")
    chance = rng.random(who.size)
    is_prevented = np.zeros(who.size, bool)
    for name in NAMES:
        share = MODEL["programme"][name]["prevents"].get(service, 0.0)
        if share:
            is_prevented |= programmes.is_in(name, who, day) & (chance < share)
    return is_prevented


def practice_levels(n_practice: int, what: str) -> Real:
    """How much more (above 1) or less each practice truly does of something; most do as everybody does, and differ by luck alone."""
    level = np.ones(n_practice)
    for one in MODEL["practice_effect"]:
        if one["what"] == what:
            level[one["practice"] :: 8] = one["ratio"]
    return level
