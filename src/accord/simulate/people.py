"""Who lives in the place: households in small areas, births, moves, changes of practice, and the numbers that people are known by."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from accord.simulate.draws import DAY, NEVER, Days, Real, Whole, choices, generator
from accord.simulate.geography import Geography
from accord.simulate.model import MODEL
from accord.simulate.options import Options

BLOCK = 10_000
"""People who are drawn together. Part of the model: another number gives another place."""

_ROLES = ("child", "young", "adult", "old", "oldest")


@dataclass(frozen=True)
class People:
    """The people of one block, one element a person. Days that never come are NaT.

    key: their number in the truth. practice, area: positions in the geography, before and after `moved`. arrived: first day registered.
    left: first day no longer so. died: day of death. mother: position in the block, -1 for those not born in the period.
    latent: lasting proneness to illness, a standard normal. number: the NHS number. second_number: another one, of people entered twice.
    """

    key: Whole
    household: Whole
    birth: Days
    is_male: Whole
    arrived: Days
    moved: Days
    left: Days
    died: Days
    practice: Whole
    practice_after: Whole
    area: Whole
    area_after: Whole
    mother: Whole
    given: Whole
    family: Whole
    ethnicity: Whole
    latent: Real
    number: Whole
    second_number: Whole

    @property
    def size(self) -> int:
        """How many."""
        return self.key.size

    def entry(self) -> Days:
        """The first day on which care can be given."""
        return np.maximum(self.birth, self.arrived)

    def exit(self) -> Days:
        """The first day on which none can: after death or departure; a day beyond every period if neither comes."""
        ends = np.fmin(self.died + DAY, self.left)
        return np.where(np.isnat(ends), np.datetime64("2999-01-01", "D"), ends)

    def practice_on(self, who: Whole, day: Days) -> Whole:
        """The practice that each was registered with on a day."""
        has_moved = day >= self.moved[who]
        return np.where(has_moved, self.practice_after[who], self.practice[who])

    def age_on(self, who: Whole, day: Days) -> Real:
        """Years of age, with their fraction."""
        return (day - self.birth[who]).astype(np.int64) / 365.25


def people_of(block: int, size: int, options: Options, geography: Geography) -> People:
    """Everybody of one block who lives in the place on any day of the period, those born in it last."""
    rng = generator(options.seed, block, "people")
    start, end = np.datetime64(options.start, "D"), np.datetime64(options.end, "D")
    household, role = _households(rng, size)
    n_home = int(household[-1]) + 1
    home_area = geography.draw_area(rng, n_home)
    home_practice = geography.draw_practice(rng, home_area)
    is_male = (rng.random(size) < np.asarray(MODEL["people"]["male_share"])[role]).astype(np.int64)
    birth = _births(rng, role, start)
    arrived, moved, left = _moves(rng, household, start, end, n_home, birth)
    area_after, practice_after = _after(rng, geography, home_area, home_practice)
    family = rng.integers(0, len(MODEL["names"]["family"]), n_home)[household]
    made = People(
        key=block * 2 * BLOCK + np.arange(size), household=block * BLOCK + household, birth=birth, is_male=is_male, arrived=arrived, moved=moved,
        left=left, died=np.full(size, NEVER), practice=home_practice[household], practice_after=practice_after[household],
        area=home_area[household], area_after=area_after[household], mother=np.full(size, -1),
        given=rng.integers(0, len(MODEL["names"]["female"]), size), family=family,
        ethnicity=choices(rng, MODEL["people"]["ethnicity_share"], n_home)[household], latent=rng.standard_normal(size),
        number=np.zeros(size, np.int64), second_number=np.zeros(size, np.int64),
    )  # fmt: skip
    return geography.numbered(joined(made, _babies(rng, made, start, end)), block)


def joined(first: People, more: People) -> People:
    """Two sets of people as one."""
    return People(**{f.name: np.concatenate((getattr(first, f.name), getattr(more, f.name))) for f in fields(People)})


def chosen(people: People, who: Whole) -> People:
    """Some of the people, in a given order."""
    return People(**{f.name: getattr(people, f.name)[who] for f in fields(People)})


def _households(rng: np.random.Generator, size: int) -> tuple[Whole, Whole]:
    """Out: the household and the role of each person, households of shared kinds until there are enough people."""
    kinds = MODEL["household"]
    members = [[_ROLES.index(role) for role in kind["members"]] for kind in kinds]
    drawn = choices(rng, [kind["share"] for kind in kinds], size)
    sizes = np.array([len(m) for m in members])[drawn]
    n_home = int(np.searchsorted(np.cumsum(sizes), size)) + 1
    household = np.repeat(np.arange(n_home), sizes[:n_home])[:size]
    role = np.concatenate([np.array(members[kind]) for kind in drawn[:n_home]])[:size]
    return household, role


def _births(rng: np.random.Generator, role: Whole, start: np.datetime64) -> Days:
    """Ages by role, drawn evenly within the bands of the model, the oldest thinning out as they do."""
    youngest, oldest = (np.asarray(MODEL["people"][bound], float) for bound in ("youngest", "oldest"))
    spread = rng.random(role.size)
    thinned = 1 - np.sqrt(1 - spread)  # a triangle: as many as live on
    place = np.where(role >= _ROLES.index("old"), thinned, spread)
    age_days = (youngest[role] + place * (oldest - youngest)[role]) * 365.25
    birth: Days = start - age_days.astype(np.int64) * DAY
    return birth


def _moves(
    rng: np.random.Generator, household: Whole, start: np.datetime64, end: np.datetime64, n_home: int, birth: Days
) -> tuple[Days, Days, Days]:  # fmt: skip
    """When each came, moved or changed practice, and left: whole households at once. Those who were there before came some years ago."""
    said, days = MODEL["moves"], (end - start).astype(int)
    years = days / 365.25
    day = start + rng.integers(1, days, (3, n_home)) * DAY
    is_new, is_moving, is_leaving = (rng.random(n_home) < said[share] * years for share in ("arrive", "within", "leave"))
    before = start - rng.integers(30, 6000, n_home) * DAY
    came = np.where(is_new, day[0], before)
    moved = np.where(is_moving & ~is_new, day[1], NEVER)
    left = np.where(is_leaving & ~is_new & ~is_moving, day[2], NEVER)
    return np.maximum(came[household], birth), moved[household], left[household]


def _after(rng: np.random.Generator, geography: Geography, area: Whole, practice: Whole) -> tuple[Whole, Whole]:
    """Where those who move go: half of them to another area, and to another practice; the others only change practice."""
    is_away = rng.random(area.size) < MODEL["moves"]["to_another_area"]
    area_after = np.where(is_away, geography.draw_area(rng, area.size), area)
    return area_after, geography.draw_practice(rng, area_after, unlike=practice)


def _babies(rng: np.random.Generator, people: People, start: np.datetime64, end: np.datetime64) -> People:
    said, days = MODEL["births"], (end - start).astype(int)
    age = people.age_on(np.arange(people.size), np.full(people.size, start + (days // 2) * DAY))
    fertility = np.interp(age, said["age"], said["per_1000_women"]) / 1000 * days / 365.25
    mother = np.flatnonzero((people.is_male == 0) & (rng.random(people.size) < fertility))
    born = start + rng.integers(0, days, mother.size) * DAY
    is_here = (born >= people.arrived[mother]) & ~(born >= people.left[mother])
    mother, born = mother[is_here], born[is_here]
    has_moved = born >= people.moved[mother]
    place = {
        name: np.where(has_moved, getattr(people, f"{name}_after")[mother], getattr(people, name)[mother]) for name in ("practice", "area")
    }
    return replace(
        chosen(people, mother), key=people.key[0] + people.size + np.arange(mother.size), birth=born, arrived=born,
        is_male=(rng.random(mother.size) < said["male_share"]).astype(np.int64), mother=mother, latent=rng.standard_normal(mother.size),
        moved=np.where(has_moved, NEVER, people.moved[mother]), given=rng.integers(0, len(MODEL["names"]["female"]), mother.size), **place,
    )  # fmt: skip
