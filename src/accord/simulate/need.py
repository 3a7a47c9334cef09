"""Need: what makes one person use more care than another, what makes it pass, and what moves everybody at once. Deaths follow from it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from accord.simulate.conditions import NAMES, Conditions, conditions_of
from accord.simulate.draws import DAY, Days, Mask, Real, Whole, band_of, days_in, events, generator
from accord.simulate.geography import Geography, geography_of
from accord.simulate.model import MODEL
from accord.simulate.options import Options
from accord.simulate.people import BLOCK, People, people_of

SERVICES = tuple(MODEL["service"])
_REFERENCE = 2**31 + 1
"""The block whose mean need stands for everybody's: a service's rate by age is the rate that its mean person has."""


@dataclass(frozen=True)
class Calendar:
    """The months of the period. first: the first of each month, and of the month after the last."""

    first: Days

    @property
    def n(self) -> int:
        """How many months."""
        return self.first.size - 1

    def month_of(self, day: Days) -> Whole:
        """The month of each day: below 0 before the period, `n` and more after it."""
        months: Whole = (day.astype("datetime64[M]") - self.first[0].astype("datetime64[M]")).astype(np.int64)
        return months


@dataclass(frozen=True)
class Need:
    """What drives use. All by person and month: age in years, passing need (a standard normal), whether in the last half year of life.

    shock: by service and month, what moves everybody. mean: by service and age band, the mean multiple of the reference people.
    """

    age: Real
    passing: Real
    is_last: Mask
    shock: dict[str, Real]
    mean: dict[str, Real]


@dataclass(frozen=True)
class Population:
    """A block of people with their conditions, their need and the calendar they live by."""

    people: People
    conditions: Conditions
    need: Need
    calendar: Calendar
    geography: Geography
    options: Options
    block: int

    def rates(self, service: str) -> Real:
        """Expected events of a service by person and month."""
        said, need = MODEL["service"][service], self.need
        bands = band_of(need.age, said["ages"])
        a_year = np.asarray(said["per_1000"], float)[bands] / 1000
        level = multiple(service, self.people, self.conditions, need, self.calendar, self.geography) / need.mean[service][bands]
        return a_year / 12 * level * need.shock[service][None, :] * self._share_here()

    def _share_here(self) -> Mask:
        """Whether a person is in the place at all in a month; days outside are taken off event by event."""
        entry, left = self.people.entry()[:, None], self.people.exit()[:, None]
        return (entry < self.calendar.first[None, 1:]) & (left > self.calendar.first[None, :-1])

    def draw(self, service: str, times: Real | float = 1.0) -> tuple[Whole, Days]:
        """Who has an event of a service, and on which day: only of those in the place on it. Where a service comes in bursts, each brings several.

        times: by how much the rate of each person and month is multiplied.
        """
        said = MODEL["service"][service]
        rng = generator(self.options.seed, self.block, service)
        who, month = events(rng, self.rates(service) * times / said.get("burst", 1.0))
        day = days_in(rng, month, self.calendar.first)
        if "burst" in said:
            n = rng.geometric(1 / said["burst"], who.size)
            who = np.repeat(who, n)
            day = np.repeat(day, n) + (rng.random(who.size) * said["burst_days"]).astype(np.int64) * DAY
        return self.here(who, day)

    def here(self, who: Whole, day: Days) -> tuple[Whole, Days]:
        """The events of those who are in the place on the day."""
        is_here = self.is_here(who, day)
        return who[is_here], day[is_here]

    def is_here(self, who: Whole, day: Days) -> Mask:
        """Whether each is alive and registered in the place on a day of the period."""
        is_within = (day >= self.calendar.first[0]) & (day < self.calendar.first[-1])
        is_in: Mask = is_within & (day >= self.people.entry()[who]) & (day < self.people.exit()[who])
        return is_in


def calendar_of(options: Options) -> Calendar:
    """The months of the period."""
    start, end = np.datetime64(options.start, "M"), np.datetime64(options.end, "M")
    return Calendar(np.arange(start, end + 1).astype("datetime64[D]"))


def population_of(block: int, size: int, options: Options, geography: Geography, mean: dict[str, Real]) -> Population:
    """One block of people, with all that makes them use care, and with the days of those who die."""
    calendar = calendar_of(options)
    people = people_of(block, size, options, geography)
    conditions = conditions_of(block, people, options, geography)
    passing = _passing(generator(options.seed, block, "passing"), people.size, calendar.n)
    age = _ages(people, calendar)
    people = replace(people, died=_deaths(block, people, conditions, age, passing, calendar, options))
    need = Need(age, passing, _last_months(people, calendar), shocks(options, calendar), mean)
    return Population(people, conditions, need, calendar, geography, options, block)


def reference_mean(options: Options) -> dict[str, Real]:
    """The mean multiple of each service by age band, among people who are the same for every seed: so rates by age are those of the model."""
    fixed = replace(options, people=BLOCK, practices=8, seed=0)
    geography = geography_of(fixed)
    none = {service: np.ones(len(MODEL["service"][service]["ages"])) for service in SERVICES}
    one = population_of(_REFERENCE, BLOCK, fixed, replace(geography, order=geography.order[:0]), none)
    means = {}
    for service in SERVICES:
        bands = band_of(one.need.age, MODEL["service"][service]["ages"]).ravel()
        level = (multiple(service, one.people, one.conditions, one.need, one.calendar, geography) * one._share_here()).ravel()
        here, n = one._share_here().ravel(), none[service].size
        means[service] = np.bincount(bands, level, n) / np.maximum(np.bincount(bands, here, n), 1)
        means[service][means[service] == 0] = 1
    return means


def multiple(service: str, people: People, conditions: Conditions, need: Need, calendar: Calendar, geography: Geography) -> Real:
    """How many times the use of a person with nothing each has, by month, for proneness, passing need, conditions, deprivation, frailty, dying."""
    said = MODEL["service"][service]
    log: Real = np.zeros(need.age.shape)
    log += (said["latent"] * people.latent + said["deprivation"] * (5.5 - geography.decile[people.area]))[:, None]
    log += said.get("frailty", 0.0) * conditions.frailty[:, None]
    log += said["passing"] * need.passing
    for condition, weight in said["conditions"].items():
        log += weight * conditions.by_month(condition, calendar.first[:-1])
    log += np.log(said.get("last_months", 1.0)) * need.is_last
    times: Real = np.exp(log)
    return times


def shocks(options: Options, calendar: Calendar) -> dict[str, Real]:
    """What moves everybody in a month: winter as every year has it, and a wave and a year's own level that chance gives."""
    said = MODEL["shock"]
    rng = generator(options.seed, _REFERENCE, "shock")
    months = calendar.first[:-1].astype("datetime64[M]").astype(np.int64) % 12
    winter = np.asarray(said["winter"])[months]
    year = (np.arange(calendar.n)) // 12
    level = said["year_spread"] * rng.standard_normal(year.max() + 1)[year]
    wave = np.abs(said["wave_spread"] * rng.standard_normal(year.max() + 1))[year] * (winter > 0)
    return {
        service: np.exp(MODEL["service"][service]["winter"] * (winter + wave) + MODEL["service"][service]["year"] * level) for service in SERVICES
    }


def _passing(rng: np.random.Generator, n: int, months: int) -> Real:
    """Need that comes and goes: each month keeps so much of the one before."""
    kept = MODEL["need"]["kept_a_month"]
    noise = rng.standard_normal((n, months))
    made = np.empty((n, months))
    made[:, 0] = noise[:, 0]
    for m in range(1, months):
        made[:, m] = kept * made[:, m - 1] + np.sqrt(1 - kept * kept) * noise[:, m]
    return made


def _ages(people: People, calendar: Calendar) -> Real:
    middle = calendar.first[:-1] + (calendar.first[1:] - calendar.first[:-1]) // 2
    days = (middle[None, :] - people.birth[:, None]).astype(np.int64)
    return np.maximum(days / 365.25, 0)


def _deaths(block: int, people: People, conditions: Conditions, age: Real, passing: Real, calendar: Calendar, options: Options) -> Days:
    said = MODEL["death"]
    rng = generator(options.seed, block, "deaths")
    log = np.interp(age, said["age"], np.log(np.asarray(said["per_1000"]) / 1000))
    log += np.where(people.is_male == 1, said["male"], said["female"])[:, None]
    log += said["latent"] * people.latent[:, None] + said["passing"] * passing + said["frailty"] * conditions.frailty[:, None] - said["level"]
    for condition, weight in said["conditions"].items():
        log += weight * conditions.onset_has(NAMES.index(condition))[:, None]
    who, month = events(rng, np.exp(log) / 12)
    day = days_in(rng, month, calendar.first)
    first = np.unique(who, return_index=True)[1]
    died = np.full(people.size, np.datetime64("NaT", "D"))
    died[who[first]] = day[first]
    is_here = (died > people.entry()) & ~(died >= people.left)
    return np.where(is_here, died, np.datetime64("NaT", "D"))


def _last_months(people: People, calendar: Calendar) -> Mask:
    """Whether a month is of the last half year before a death."""
    month = calendar.month_of(people.died)[:, None]
    before = month - np.arange(calendar.n)[None, :]
    is_last: Mask = ~np.isnat(people.died)[:, None] & (before >= 0) & (before < MODEL["death"]["last_months"])
    return is_last
