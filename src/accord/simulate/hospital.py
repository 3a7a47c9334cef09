"""Attendances and stays: what brings people to hospital, how long they stay, how they leave, and who is soon back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from accord.simulate.draws import DAY, Days, Mask, Real, Whole, band_of, choices_by, generator, heavy, pence
from accord.simulate.model import MODEL
from accord.simulate.need import Population
from accord.simulate.programmes import SHIFTS, Programmes, practice_levels, thinned
from accord.simulate.rows import Rows, rows, together

KINDS = tuple(MODEL["kind"])
HOSPITALS = tuple(MODEL["hospital"])
_STAY = MODEL["stay"]
_KIND_ROWS = [MODEL["kind"][kind] for kind in KINDS]
ROUTES = ("via_ed", "direct", "planned", "birth", "transfer")
_VIA_ED, _DIRECT, _PLANNED, _BIRTH, _TRANSFER = range(len(ROUTES))


@dataclass(frozen=True)
class Hospital:
    """attendances: kind, is_admitted, hospital. stays: day is admission and known is discharge; kind, route, hospital, destination,
    severity, n_saved (nights that a programme moved to the council).
    """

    attendances: Rows
    stays: Rows


def attendances_of(population: Population) -> tuple[Whole, Days]:
    """Who comes to an emergency department, before any programme; by practice more or less, as each truly does."""
    people, first = population.people, population.calendar.first[:-1]
    has_moved = first[None, :] >= people.moved[:, None]
    practice = np.where(has_moved, people.practice_after[:, None], people.practice[:, None])
    return population.draw("emergency_department", practice_levels(population.geography.n_practice, "emergency_department")[practice])


def hospital_of(population: Population, programmes: Programmes, attendances: tuple[Whole, Days]) -> Hospital:
    """Every attendance and stay of a block, no two stays of one person at a time."""
    loose, admitted = _attendances(population, programmes, attendances)
    loose = loose.only(population.is_here(loose.who, loose.day))  # not of those whose death a programme has brought forward
    last, others = _last(population, programmes), [_direct(population, programmes), *_planned(population, programmes), _births(population)]
    stays = _apart(together([admitted, last, *others]))
    for n in range(_STAY["readmission_rounds"]):
        stays = _apart(together([stays, _readmissions(population, programmes, stays, n)]))
    stays = _apart(together(_transferred(population, stays)))
    stays = _reported(population, stays)
    return Hospital(_timed(population, together([_outside(loose, stays), _arrivals(stays)])), stays)


def _attendances(population: Population, programmes: Programmes, at: tuple[Whole, Days]) -> tuple[Rows, Rows]:
    """Attendances that go home, and stays of those that do not."""
    rng = generator(population.options.seed, population.block, "attendances")
    who, day = at
    age = population.people.age_on(who, day)
    kind = _kind(rng, age, "urgent")
    chance = np.interp(age, _STAY["admitted_age"], _STAY["admitted_share"])
    chance = chance * np.exp(_STAY["admitted_latent"] * population.people.latent[who] + _STAY["admitted_frail"] * population.conditions.frailty[who])
    winter = np.asarray(MODEL["shock"]["winter"])[day.astype("datetime64[M]").astype(np.int64) % 12]
    is_admitted = rng.random(who.size) < chance * np.exp(_STAY["admitted_winter"] * winter)
    prevented = thinned(population, programmes, "emergency_department", who, day)
    hospital = hospital_near(population, who, day)
    made = rows("attendance", who, day, prevented=prevented, kind=kind, is_admitted=is_admitted, hospital=hospital)
    stayed = made.only(is_admitted)
    stays = _stays(rng, population, programmes, _Cause(stayed.who, stayed.day, stayed["kind"], stayed.prevented), _VIA_ED)
    return made.only(~is_admitted), stays


def _kind(rng: np.random.Generator, age: Real, group: str) -> Whole:
    """What is the matter, by age. Out: positions in KINDS."""
    bands = MODEL["kind_ages"]
    shares = np.array([[row["share"][band] if row["group"] == group else 0.0 for row in _KIND_ROWS] for band in range(len(bands))])
    return choices_by(rng, shares, band_of(age, bands))


def hospital_near(population: Population, who: Whole, day: Days) -> Whole:
    """The hospital that each lives nearest to."""
    people = population.people
    area = np.where(day >= people.moved[who], people.area_after[who], people.area[who])
    hospital: Whole = (area >= MODEL["place"]["share_of_first_hospital"] * population.geography.decile.size).astype(np.int64)
    return hospital


def _direct(population: Population, programmes: Programmes) -> Rows:
    rng = generator(population.options.seed, population.block, "direct")
    who, day = population.draw("direct_admission")
    prevented = thinned(population, programmes, "emergency_department", who, day)
    kind = _kind(rng, population.people.age_on(who, day), "urgent")
    return _stays(rng, population, programmes, _Cause(who, day, kind, prevented), _DIRECT)


def _last(population: Population, programmes: Programmes) -> Rows:
    """Stays that end in death, and had it for their cause."""
    rng = generator(population.options.seed, population.block, "last stays")
    died = population.people.died
    who = np.flatnonzero(~np.isnat(died) & (rng.random(died.size) < _STAY["died_in_hospital"]))
    day = died[who] - np.ceil(heavy(rng, _STAY["last_nights"], 0.9, who.size)).astype(np.int64) * DAY
    who, day = population.here(who, day)
    kind = _kind(rng, population.people.age_on(who, day), "urgent")
    made = _stays(rng, population, programmes, _Cause(who, day, kind, np.zeros(who.size, bool)), _VIA_ED)
    return replace(made, known=died[who], columns={**made.columns, "destination": np.full(who.size, 2), "n_saved": np.zeros(who.size, np.int64)})


def _planned(population: Population, programmes: Programmes) -> list[Rows]:
    made = []
    for service in ("day_case", "elective_stay", "joint_replacement"):
        rng = generator(population.options.seed, population.block, f"planned {service}")
        who, day = population.draw(service)
        prevented = thinned(population, programmes, service, who, day)
        kind = _kind(rng, population.people.age_on(who, day), service)
        made.append(_stays(rng, population, programmes, _Cause(who, day, kind, prevented), _PLANNED))
    return made


def _births(population: Population) -> Rows:
    """A stay for each mother and each baby born in the place."""
    rng = generator(population.options.seed, population.block, "birth stays")
    people = population.people
    baby = np.flatnonzero(people.mother >= 0)
    who, day = np.concatenate((people.mother[baby], baby)), np.concatenate((people.birth[baby], people.birth[baby]))
    kind = np.repeat([KINDS.index("childbirth"), KINDS.index("newborn")], baby.size)
    is_here = population.is_here(who, day)
    none = np.zeros(who.size, bool)
    return _stays(rng, population, None, _Cause(who, day, kind, none), _BIRTH).only(is_here)


@dataclass(frozen=True)
class _Cause:
    """Why people come to stay, one element each."""

    who: Whole
    day: Days
    kind: Whole
    prevented: Mask


def _stays(rng: np.random.Generator, population: Population, programmes: Programmes | None, cause: _Cause, route: int) -> Rows:
    """How long each stays and how it ends. programmes: None where none can change that."""
    who, day, kind = cause.who, cause.day, cause.kind
    hospital = hospital_near(population, who, day)
    age = population.people.age_on(who, day)
    nights = _nights(rng, kind, age, population.conditions.frailty[who], hospital)
    saved = np.zeros(who.size, np.int64)
    if programmes is not None and route in (_VIA_ED, _DIRECT):
        is_in = programmes.is_in(SHIFTS, who, day) & (nights >= MODEL["programme"][SHIFTS]["least_nights"])
        saved = np.where(is_in, np.rint(nights * MODEL["programme"][SHIFTS]["nights_moved"]), 0).astype(np.int64)
    end = day + (nights - saved) * DAY
    died = population.people.died[who]
    is_death = (died >= day) & (died <= end)
    end = np.where(is_death, died, end)
    goes_on = rng.random(who.size)
    destination = np.where(is_death, 2, np.where((age >= 75) & (goes_on < _STAY["to_a_home"]) & (nights > 5), 1, 0))
    severity = np.minimum(np.searchsorted([2, 9], nights, side="right"), 2)
    return rows(
        "admitted", who, day, known=end, prevented=cause.prevented, kind=kind, route=np.full(who.size, route), hospital=hospital,
        destination=destination, severity=severity, n_saved=np.where(is_death, 0, saved), is_readmission=np.zeros(who.size, bool),
    )  # fmt: skip


def _nights(rng: np.random.Generator, kind: Whole, age: Real, frailty: Real, hospital: Whole) -> Whole:
    """Nights of each stay: none for a share of each kind, more the older and frailer, and more where the hospital keeps people longer."""
    same_day, mean, spread = (np.array([row[what] for row in _KIND_ROWS])[kind] for what in ("same_day", "nights", "spread"))
    longer = np.array([MODEL["hospital"][h]["nights"] for h in HOSPITALS])[hospital]
    ageing = np.exp(_STAY["night_a_year"] * (np.minimum(age, 90) - 65) + _STAY["night_frail"] * frailty)
    ageing = np.where(same_day >= 1, 1.0, ageing)
    drawn = np.maximum(mean * ageing * longer - 0.5, 0.3) * np.exp(spread * rng.standard_normal(kind.size) - spread * spread / 2)
    goes_home = rng.random(kind.size) < np.where(same_day < 1, same_day * np.clip(1.25 - age / 130, 0.3, 1.2), 1.0)
    return np.where(goes_home, 0, np.minimum(np.ceil(drawn), _STAY["most_nights"])).astype(np.int64)


def _readmissions(population: Population, programmes: Programmes, stays: Rows, n: int) -> Rows:
    """Emergencies that follow a discharge within the window because of it; those of the first round are followed by others in the next."""
    rng = generator(population.options.seed, population.block, f"readmissions {n}")
    is_new = stays["is_readmission"] == (n > 0)
    left = stays.only(is_new & (stays["destination"] != 2) & (stays["route"] != _BIRTH))
    age = population.people.age_on(left.who, left.known)
    share = np.interp(age, _STAY["readmission_age"], _STAY["readmission_share"])
    share = np.where(left["route"] == _PLANNED, share * _STAY["readmission_planned"], share)
    share = share * np.array([MODEL["hospital"][h]["readmissions"] for h in HOSPITALS])[left["hospital"]]
    share = share * np.exp(0.3 * population.people.latent[left.who])
    back = left.only(rng.random(left.size) < share)
    day = back.known + (1 + np.minimum(rng.exponential(_STAY["readmission_days"], back.size), 28).astype(np.int64)) * DAY
    is_here = population.is_here(back.who, day)
    back, day = back.only(is_here), day[is_here]
    kind = np.where(back["route"] == _PLANNED, _kind(rng, population.people.age_on(back.who, day), "urgent"), back["kind"])
    made = _stays(rng, population, programmes, _Cause(back.who, day, kind, back.prevented), _VIA_ED)
    return replace(made, columns={**made.columns, "is_readmission": np.ones(made.size, bool)})


def _transferred(population: Population, stays: Rows) -> tuple[Rows, Rows]:
    """Some emergencies go on to the other hospital on the day they leave the first. Out: the stays, and those that go on from them."""
    rng = generator(population.options.seed, population.block, "transfers")
    goes_on = (stays["route"] == _VIA_ED) & (stays.known - stays.day > 2 * DAY) & (stays["destination"] == 0)
    goes_on &= (rng.random(stays.size) < _STAY["transferred"]) & population.is_here(stays.who, stays.known)
    moved = stays.only(goes_on)
    made = _stays(rng, population, None, _Cause(moved.who, moved.known, moved["kind"], moved.prevented), _TRANSFER)
    destination = np.where(goes_on, 3, stays["destination"])
    return replace(stays, columns={**stays.columns, "destination": destination}), replace(
        made, columns={**made.columns, "hospital": 1 - moved["hospital"]}
    )


def _apart(stays: Rows) -> Rows:
    """The stays that begin after every earlier one of the person has ended; the second of a transfer begins on the day itself."""
    order = np.lexsort((stays["route"] == _TRANSFER, stays.day, stays.who))
    stays = stays.only(order)
    far = np.int64(10**7)
    start, end = (stays.who * far + days.astype(np.int64) for days in (stays.day, stays.known))
    latest = np.concatenate(([-1], np.maximum.accumulate(end)[:-1]))
    return stays.only((start > latest) | ((stays["route"] == _TRANSFER) & (start == latest)))


def _reported(population: Population, stays: Rows) -> Rows:
    """Only stays of people who are in the place when they begin, with their price."""
    stays = stays.only(population.is_here(stays.who, stays.day))
    return replace(stays, amount=_prices(stays))


def _prices(stays: Rows) -> Whole:
    """The price of the group, more for each night beyond its trim point, times the market forces factor of the hospital."""
    table = np.array([row["price"] for row in _KIND_ROWS], float)
    nights = (stays.known - stays.day).astype(np.int64)
    beyond = np.maximum(nights - np.array([row["trim"] for row in _KIND_ROWS])[stays["kind"]], 0)
    factor = np.array([MODEL["hospital"][h]["market_forces"] for h in HOSPITALS])[stays["hospital"]]
    return pence((table[stays["kind"], stays["severity"]] + beyond * _STAY["price_a_night_beyond"]) * factor)


def _outside(attendances: Rows, stays: Rows) -> Rows:
    """The attendances of people who are not in hospital on the day."""
    far = np.int64(10**7)
    start = stays.who * far + stays.day.astype(np.int64)
    at = attendances.who * far + attendances.day.astype(np.int64)
    last = np.searchsorted(start, at, side="right") - 1
    inside = (last >= 0) & (stays.who[last] == attendances.who) & (attendances.day <= stays.known[last]) if stays.size else at < 0
    return attendances.only(~inside)


def _arrivals(stays: Rows) -> Rows:
    """The attendance by which a stay began."""
    came = stays.only(stays["route"] == _VIA_ED)
    return rows(
        "attendance", came.who, came.day, prevented=came.prevented, kind=came["kind"], is_admitted=np.ones(came.size, bool),
        hospital=came["hospital"],
    )  # fmt: skip


def _timed(population: Population, attendances: Rows) -> Rows:
    """How long each took, and its price."""
    said = MODEL["attendance"]
    rng = generator(population.options.seed, population.block, "times")
    stayed = attendances["is_admitted"].astype(int)
    minutes = np.maximum(np.rint(heavy(rng, np.asarray(said["minutes"], float)[stayed], 0.55, attendances.size)), 8).astype(np.int64)
    group = np.where(stayed == 1, 2, (minutes > said["minutes"][0]).astype(int))
    is_minor = (stayed == 0) & (rng.random(attendances.size) < said["minor"])
    factor = np.array([MODEL["hospital"][h]["market_forces"] for h in HOSPITALS])[attendances["hospital"]]
    amount = pence(np.asarray(said["price"], float)[group] * factor)
    return replace(attendances, amount=amount, columns={**attendances.columns, "minutes": minutes, "group": group, "is_minor": is_minor})


def episodes(population: Population, stays: Rows) -> Rows:
    """Stays as the episodes that hospitals report: most are one; of longer stays some are two, the second under another consultant."""
    rng = generator(population.options.seed, population.block, "episodes")
    nights = (stays.known - stays.day).astype(np.int64)
    is_two = (nights >= 3) & (rng.random(stays.size) < _STAY["second_episode"])
    moved = stays.day + (1 + (rng.random(stays.size) * np.maximum(nights - 1, 1)).astype(np.int64)) * DAY
    spell = population.block * 10**8 + np.arange(stays.size)
    last = _episode(stays, np.where(is_two, moved, stays.day), stays.known, spell, 1 + is_two, np.ones(stays.size, bool))
    first = _episode(stays, stays.day, moved, spell, np.ones(stays.size, np.int64), np.zeros(stays.size, bool)).only(is_two)
    return together([first, last])


def _episode(stays: Rows, begins: Days, ends: Days, spell: Whole, number: Whole, is_last: Mask) -> Rows:
    columns = {**stays.columns, "admitted": stays.day, "ends": ends, "spell": spell, "episode": number, "is_last": is_last}
    return replace(stays, day=begins, columns=columns, amount=np.where(is_last, stays.amount, 0))
