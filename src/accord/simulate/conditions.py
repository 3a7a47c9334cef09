"""Long-term conditions: who has which, from when, and how they add up to frailty."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from accord.simulate.draws import DAY, NEVER, Days, Real, Whole, generator
from accord.simulate.geography import Geography
from accord.simulate.model import MODEL
from accord.simulate.options import Options
from accord.simulate.people import People

NAMES = tuple(MODEL["condition"])
_AGES = np.arange(0, 111)


@dataclass(frozen=True)
class Conditions:
    """onset: the day each condition began, shape (people, conditions), NaT where it never does in the period.

    frailty: 0 to 1 at the period's start, from age and what a person has.
    """

    onset: Days
    frailty: Real

    def present(self, who: Whole, day: Days) -> Real:
        """Which conditions each has on a day. Out: 0 or 1, shape (events, conditions)."""
        return (self.onset[who] <= day[:, None]).astype(float)

    def onset_has(self, condition: int) -> Real:
        """Whether each has a condition by the end of the period."""
        return (~np.isnat(self.onset[:, condition])).astype(float)

    def by_month(self, condition: str, first: Days) -> Real:
        """How far each has come with a condition in each month: 0 without it, more the longer it has lasted. Out: shape (people, months)."""
        said = MODEL["conditions"]
        onset = self.onset[:, NAMES.index(condition), None]
        years = np.where(np.isnat(onset), 0, (first[None, :] - onset).astype(np.int64)) / 365.25
        stage = said["at_onset"] + (said["after_ten"] - said["at_onset"]) * np.clip(years / 10, 0, 1)
        return np.asarray((onset <= first[None, :]) * stage)


def conditions_of(block: int, people: People, options: Options, geography: Geography) -> Conditions:
    """Each condition begins at the age at which its prevalence, for the person's deprivation, passes what the person can bear.

    What a person can bear is normal: partly the person's lasting proneness, which all conditions share, so that they come together.
    """
    rng = generator(options.seed, block, "conditions")
    deprived = np.asarray(5.5 - geography.decile[people.area], np.float64)
    end = np.datetime64(options.end, "D")
    onset = np.full((people.size, len(NAMES)), NEVER)
    for i, name in enumerate(NAMES):
        onset[:, i] = _onset(rng, MODEL["condition"][name], people, deprived, end)
    return Conditions(onset, _frailty(people, onset, np.datetime64(options.start, "D")))


def _onset(rng: np.random.Generator, said: dict[str, object], people: People, deprived: Real, end: np.datetime64) -> Days:
    shared = MODEL["conditions"]["shared"]
    bears = shared * people.latent + np.sqrt(1 - shared**2) * rng.standard_normal(people.size)
    bears = bears + np.asarray(said["deprivation"]) * deprived
    threshold = -_passes(tuple(said["ages"]), tuple(said["prevalence"]))  # type: ignore[arg-type]
    age = np.searchsorted(-threshold, -bears) + rng.random(people.size)  # thresholds fall with age: the first that is not above
    has = age < _AGES[-1]
    day = people.birth + (np.where(has, age, 0) * 365.25).astype(np.int64) * DAY
    return np.where(has & (day < end), day, NEVER)


def _passes(ages: tuple[float, ...], prevalence: tuple[float, ...]) -> Real:
    """The normal deviate below which so many have the condition at each age, never falling with age."""
    shares = np.maximum.accumulate(np.interp(_AGES, ages, prevalence))
    normal = NormalDist()
    return np.array([normal.inv_cdf(min(max(float(p), 1e-7), 0.999)) for p in shares])


def _frailty(people: People, onset: Days, start: np.datetime64) -> Real:
    said = MODEL["frailty"]
    weights = np.array([said["weight"].get(name, 0.0) for name in NAMES])
    age = people.age_on(np.arange(people.size), np.full(people.size, start))
    score: Real = ((onset <= start) * weights).sum(axis=1) + said["latent"] * people.latent + said["a_year_over_65"] * np.maximum(age - 65, 0)
    return np.asarray(np.where(age < 50, 0.0, 1 / (1 + np.exp(-(score - said["middle"])))))
