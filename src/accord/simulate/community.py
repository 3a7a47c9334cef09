"""Community, mental-health and voluntary care, what follows a stay in hospital, and the packages of care that the council pays for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from accord.simulate.draws import DAY, NEVER, Days, Mask, Whole, band_of, choices_by, generator, heavy, pence
from accord.simulate.hospital import Hospital
from accord.simulate.model import MODEL
from accord.simulate.need import Population
from accord.simulate.programmes import Programmes, thinned
from accord.simulate.rows import Rows, rows, together

_COUNCIL = MODEL["council"]
SERVICES = tuple(_COUNCIL["service"])
_HOME_CARE, _RESIDENTIAL, _NURSING, _SHORT_BED, _REABLEMENT = range(len(SERVICES))


def community_contacts(population: Population, programmes: Programmes, hospital: Hospital) -> Rows:
    """Contacts of community teams, and of rehabilitation at home after a stay."""
    usual = _contacts(population, programmes, "community", "community_contact")
    return together([usual, _rehabilitation(population, hospital)])


def mental_health_contacts(population: Population, programmes: Programmes) -> Rows:
    """Contacts of mental-health teams."""
    return _contacts(population, programmes, "mental_health", "mental_health_contact")


def voluntary_contacts(population: Population) -> Rows:
    """Contacts with a voluntary service."""
    rng = generator(population.options.seed, population.block, "voluntary contacts")
    who, day = population.draw("voluntary")
    return rows(
        "voluntary", who, day, minutes=np.rint(heavy(rng, 55.0, 0.5, who.size)).astype(np.int64) + 5,
        activity=rng.integers(0, len(MODEL["voluntary"]["activity"]), who.size),
    )  # fmt: skip


def _contacts(population: Population, programmes: Programmes, service: str, source: str) -> Rows:
    said = MODEL[source]
    rng = generator(population.options.seed, population.block, f"{service} contacts")
    who, day = population.draw(service)
    team = choices_by(rng, np.asarray(said["share"], float), band_of(population.people.age_on(who, day), said["ages"]))
    minutes = np.maximum(np.rint(heavy(rng, np.asarray(said["minutes"], float)[team], 0.45, who.size)), 5).astype(np.int64)
    is_missed = rng.random(who.size) < said["missed"]
    return rows(source, who, day, team=team, minutes=minutes, is_missed=is_missed, prevented=thinned(population, programmes, service, who, day))


def _rehabilitation(population: Population, hospital: Hospital) -> Rows:
    said = MODEL["rehabilitation"]
    rng = generator(population.options.seed, population.block, "rehabilitation")
    stays = _leavers(population, hospital, said["least_age"], said["least_nights"])
    stays = stays.only(rng.random(stays.size) < said["share"])
    n = rng.poisson(said["contacts"], stays.size)
    who, prevented = np.repeat(stays.who, n), np.repeat(stays.prevented, n)
    day = np.repeat(stays.known, n) + (1 + rng.integers(0, said["days"], who.size)) * DAY
    made = rows(
        "community_contact", who, day, prevented=prevented, team=np.full(who.size, said["team"]),
        minutes=np.maximum(np.rint(heavy(rng, 45.0, 0.4, who.size)), 5).astype(np.int64), is_missed=np.zeros(who.size, bool),
    )  # fmt: skip
    return made.only(population.is_here(who, day))


def _leavers(population: Population, hospital: Hospital, least_age: float, least_nights: int) -> Rows:
    """Stays of older people who went home after some nights."""
    stays = hospital.stays
    is_old = population.people.age_on(stays.who, stays.day) >= least_age
    return stays.only(is_old & (stays.known - stays.day >= least_nights * DAY) & (stays["destination"] == 0))


def mental_health_stays(population: Population) -> Rows:
    """Stays in mental-health wards, none beginning before the person's last one has ended."""
    rng = generator(population.options.seed, population.block, "mental-health stays")
    who, day = population.draw("mental_health_stay")
    nights = np.maximum(np.rint(heavy(rng, MODEL["mental_health_stay"]["nights"], 0.9, who.size)), 1).astype(np.int64)
    end = np.minimum(day + nights * DAY, population.people.exit()[who] - DAY)
    order = np.lexsort((day, who))
    who, day, end = who[order], day[order], end[order]
    far = np.int64(10**7)
    latest = np.concatenate(([-1], np.maximum.accumulate(who * far + end.astype(np.int64))[:-1]))
    made = rows("mental_health_stay", who, day, known=end)
    return made.only((who * far + day.astype(np.int64) > latest) & (end >= day))


def packages(population: Population, programmes: Programmes, hospital: Hospital) -> Rows:
    """Packages of social care: those in force when the period begins, new ones of the frail, those that follow a stay, and beds that take
    over from the hospital in the programme that shifts cost. Amounts are so much a week.
    """
    made = together([
        _in_force(population), _new(population, programmes), _after_stay(population, hospital), _shifted(population, hospital)
    ])  # fmt: skip
    last = population.people.exit()[made.who] - DAY
    ends = np.where(np.isnat(made.known), last, np.minimum(made.known, last))
    is_open = ends >= population.calendar.first[-1]
    return replace(made, known=np.where(is_open, NEVER, ends)).only(ends >= made.day)


def _package(rng: np.random.Generator, who: Whole, day: Days, end: Days, service: Whole, prevented: Mask | None = None) -> Rows:
    weekly = heavy(rng, np.asarray(_COUNCIL["weekly"], float)[service], _COUNCIL["spread"], who.size)
    client = np.where(np.asarray(_COUNCIL["charged"], bool)[service], rng.beta(1.2, 2.4, who.size), 0.0)
    other = np.where(service == _NURSING, _COUNCIL["nursing_contribution"], 0.0)
    gross = pence(np.maximum(weekly, 60))
    return rows(
        "package", who, day, known=end, amount=gross, prevented=prevented, service=service, client=np.minimum(pence(client * weekly), gross // 2),
        other=np.minimum(pence(other), gross // 4), provider=rng.integers(0, len(_COUNCIL["provider"]), who.size),
    )  # fmt: skip


def _long_term(rng: np.random.Generator, population: Population, who: Whole, day: Days) -> Whole:
    is_frail = population.conditions.frailty[who] + 0.3 * rng.standard_normal(who.size)
    return np.where(is_frail > 1.0, _NURSING, np.where(is_frail > 0.78, _RESIDENTIAL, _HOME_CARE))


def _in_force(population: Population) -> Rows:
    rng = generator(population.options.seed, population.block, "packages in force")
    people, start = population.people, population.calendar.first[0]
    age = population.need.age[:, 0]
    share = np.interp(age, _COUNCIL["age"], _COUNCIL["share"]) * (0.3 + 2.2 * population.conditions.frailty) * (age >= 18)
    who = np.flatnonzero((rng.random(people.size) < share) & (people.entry() <= start) & (people.exit() > start))
    day = np.maximum(start - rng.integers(0, 700, who.size) * DAY, people.entry()[who])
    return _with_prices_of_the_young(population, _package(rng, who, day, np.full(who.size, NEVER), _long_term(rng, population, who, day)))


def _new(population: Population, programmes: Programmes) -> Rows:
    rng = generator(population.options.seed, population.block, "new packages")
    who, day = population.draw("social_care")
    prevented = thinned(population, programmes, "social_care", who, day)
    made = _package(rng, who, day, np.full(who.size, NEVER), _long_term(rng, population, who, day), prevented)
    return _with_prices_of_the_young(population, made)


def _with_prices_of_the_young(population: Population, made: Rows) -> Rows:
    is_young = (made["service"] == _HOME_CARE) & (population.people.age_on(made.who, made.day) < 65)
    return replace(made, amount=np.where(is_young, np.rint(made.amount * _COUNCIL["younger"]).astype(np.int64), made.amount))


def _after_stay(population: Population, hospital: Hospital) -> Rows:
    """Reablement for six weeks after a stay; some need home care from then on."""
    said = MODEL["reablement"]
    rng = generator(population.options.seed, population.block, "reablement")
    stays = _leavers(population, hospital, said["least_age"], said["least_nights"])
    is_dying = population.people.died[stays.who] - stays.known < said["not_before_death_days"] * DAY
    stays = stays.only((rng.random(stays.size) < said["share"]) & ~is_dying & population.is_here(stays.who, stays.known + DAY))
    begins = stays.known + DAY
    ends = begins + rng.integers(21, 43, stays.size) * DAY
    goes_on = (rng.random(stays.size) < said["needs_more"]) & population.is_here(stays.who, ends + DAY)
    service = np.concatenate((np.full(stays.size, _REABLEMENT), np.full(goes_on.sum(), _HOME_CARE)))
    return _package(
        rng, np.concatenate((stays.who, stays.who[goes_on])), np.concatenate((begins, (ends + DAY)[goes_on])),
        np.concatenate((ends, np.full(goes_on.sum(), NEVER))), service, np.concatenate((stays.prevented, stays.prevented[goes_on])),
    )  # fmt: skip


def _shifted(population: Population, hospital: Hospital) -> Rows:
    """A bed that the council pays for in place of each night that the programme took off a stay, and as long again."""
    rng = generator(population.options.seed, population.block, "shifted")
    stays = hospital.stays.only((hospital.stays["n_saved"] > 0) & population.is_here(hospital.stays.who, hospital.stays.known + DAY))
    begins = stays.known + DAY
    return _package(rng, stays.who, begins, begins + 2 * stays["n_saved"] * DAY, np.full(stays.size, _SHORT_BED), stays.prevented)
