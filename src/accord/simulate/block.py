"""One block of people, from their birth to the bytes that their partners send: pure, so that blocks can be made in any order and by any process."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from pyarrow import csv

from accord.simulate import clinics, community, hospital, primary
from accord.simulate.arrival import arrivals, by_file
from accord.simulate.dirt import spoiled, with_extra
from accord.simulate.draws import DAY, NEVER, Days, Real, Whole
from accord.simulate.geography import Geography
from accord.simulate.layouts import table_of
from accord.simulate.need import Population, population_of
from accord.simulate.options import Options
from accord.simulate.people import BLOCK
from accord.simulate.programmes import Programmes, enrol
from accord.simulate.rows import Rows, rows, together
from accord.simulate.sources import SOURCES, Source
from accord.simulate.truths import BlockTruth, block_truth

_AS_WRITTEN = csv.WriteOptions(include_header=False, quoting_style="none")


@dataclass(frozen=True)
class FilePart:
    """One block's records of one file. text: as they stand in it. The arrays hold the truth of each record, in order."""

    source: str
    month: int
    part: int
    heading: tuple[str, ...]
    text: bytes
    person: Whole
    amount: Whole
    in_force: Whole
    fault: Whole
    was: pa.Array


@dataclass(frozen=True)
class Block:
    """What one block gives: its parts of files, and its truth."""

    number: int
    parts: tuple[FilePart, ...]
    truth: BlockTruth


@dataclass(frozen=True)
class Asked:
    """What a block is made from."""

    number: int
    size: int
    options: Options
    geography: Geography
    mean: dict[str, Real]


def blocks(options: Options, geography: Geography, mean: dict[str, Real]) -> Iterator[Asked]:
    """The blocks of a place, in order."""
    for number, first in enumerate(range(0, options.people, BLOCK)):
        yield Asked(number, min(BLOCK, options.people - first), options, geography, mean)


def block(asked: Asked) -> Block:
    """Everything about one block of people."""
    population = population_of(asked.number, asked.size, asked.options, asked.geography, asked.mean)
    came = hospital.attendances_of(population)
    population, programmes = enrol(population, came)
    stays = hospital.hospital_of(population, programmes, came)
    happened = _happened(population, programmes, stays)
    parts = tuple(part for source in SOURCES if source.kind in happened for part in _parts(population, source, happened[source.kind]))
    return Block(asked.number, parts, block_truth(population, programmes, list(happened.values())))


def _happened(population: Population, programmes: Programmes, stays: hospital.Hospital) -> dict[str, Rows]:
    """Every event of every kind, those that a programme prevented among them."""
    consultations = primary.consultations(population, programmes)
    appointments = clinics.appointments(population, programmes)
    contacts = community.community_contacts(population, programmes, stays)
    minds = community.mental_health_contacts(population, programmes)
    wards = community.mental_health_stays(population)
    inpatients = hospital.episodes(population, stays.stays)
    made = [
        _registrations(population), consultations, stays.attendances, inpatients, appointments, contacts, minds, wards,
        community.packages(population, programmes, stays), primary.dispensings(population),
        primary.incidents(population, stays.attendances), primary.online(population), community.voluntary_contacts(population),
        _deaths(population, stays.stays), clinics.questionnaires(population, stays),
        clinics.experiences(population, [stays.attendances, stays.stays, appointments, consultations, contacts]),
        _enrolments(programmes), _patients("patient", contacts), _patients("mental_health_patient", minds, wards),
    ]  # fmt: skip
    return {one.source: _numbered(population, one) for one in made}


def _parts(population: Population, source: Source, every: Rows) -> Iterator[FilePart]:
    kept = ~every.prevented
    if source.hospital >= 0:
        kept = kept & (every["hospital"] == source.hospital)
    made, fault = with_extra(population, arrivals(population, every.only(kept)))
    sent = spoiled(population, source, table_of(population, made.rows), made, fault)
    keys = population.people.key
    for month, part, at in by_file(sent.arrivals, population.calendar.n):
        chosen = pa.array(at)
        yield FilePart(
            source.id, month, part, tuple(sent.table.column_names), text_of(sent.table.take(chosen)), keys[sent.arrivals.rows.who[at]],
            sent.arrivals.rows.amount[at], sent.arrivals.in_force[at].astype(np.int64), sent.fault[at], sent.was.take(chosen),
        )  # fmt: skip


def text_of(table: pa.Table) -> bytes:
    """Records as they stand in a file, without the heading. Raises ArrowInvalid if a text would need quotes."""
    written = io.BytesIO()
    csv.write_csv(table, written, _AS_WRITTEN)
    return written.getvalue()


def _registrations(population: Population) -> Rows:
    """Each span of each person on a list: one, or two of those who moved or changed practice."""
    people, n = population.people, population.people.size
    last = np.fmin(people.died, people.left - DAY)
    ends = np.fmin(people.moved - DAY, last)
    has_moved = ~np.isnat(people.moved) & ~(people.moved > np.where(np.isnat(last), people.moved, last))
    everybody = np.arange(n)
    first = rows("registration", everybody, people.entry(), known=ends, practice=people.practice, area=people.area, died=_if_last(people.died, ends))
    second = rows(
        "registration", everybody, people.moved, known=last, practice=people.practice_after, area=people.area_after, died=people.died,
    ).only(has_moved)  # fmt: skip
    made = together([first, second])
    return made.only((made.day < population.calendar.first[-1]) & ~(made.known < made.day))


def _if_last(died: Days, ends: Days) -> Days:
    return np.where(died == ends, died, NEVER)


def _numbered(population: Population, one: Rows) -> Rows:
    """Events with a number that stays theirs however often they are sent."""
    return replace(one, columns={**one.columns, "number": population.block * 10**8 + np.arange(one.size)})


def _deaths(population: Population, stays: Rows) -> Rows:
    who = np.flatnonzero(~np.isnat(population.people.died))
    in_hospital = np.isin(who, stays.who[(stays["destination"] == 2) & ~stays.prevented]).astype(int)
    return rows("death", who, population.people.died[who], in_hospital=in_hospital)


def _enrolments(programmes: Programmes) -> Rows:
    who, programme = np.nonzero(~np.isnat(programmes.enrolled))
    return rows("enrolment", who, programmes.enrolled[who, programme], programme=programme)


def _patients(source: str, *contacts: Rows) -> Rows:
    """Each person of a data set that has a pseudonym of its own, in the month of the first contact."""
    who = np.concatenate([c.who[~c.prevented] for c in contacts])
    day = np.concatenate([c.day[~c.prevented] for c in contacts])
    order = np.lexsort((day, who))
    person, first = np.unique(who[order], return_index=True)
    return rows(source, person, day[order][first])

