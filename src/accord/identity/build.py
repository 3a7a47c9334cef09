"""The identity room's part of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accord.engine import Session
from accord.engine.feed import write_columns
from accord.engine.session import Kernel
from accord.identity.crosswalk import Statement, led_by_statements
from accord.identity.keyed_hash import keyed_hashes
from accord.identity.steps import PEOPLE_OF_SIGHTINGS, PERSONS, identifiers, links, resolve
from accord.tables.working import IDENTIFIER_HASH, LED_IDENTIFIER

_LED_BY = (("identifier", "identifier"),)
_HASHING = Kernel("keyed hash", IDENTIFIER_HASH, {"identifier": _LED_BY, "identifier_hash": _LED_BY})
_STATED = (("same_person", "previous_identifier"), ("same_person", "current_identifier"))
_FOLLOWING = Kernel(
    "statements followed", LED_IDENTIFIER,
    {"identifier": _STATED, "leads_to": (*_STATED, ("same_person", "start_date")), "is_conflict": _STATED,
     "start_date": (("same_person", "start_date"),), "end_date": (("same_person", "end_date"),), "known_at": (("same_person", "known_at"),)},
)  # fmt: skip


def build_people(session: Session, systems: Sequence[str], key: bytes) -> None:
    """In: sighting, same_person. Out: led_identifier, identifier_hash, sighting_person, person_link. `systems`: the most trusted first."""
    _follow_statements(session)
    session.materialise(resolve(systems))
    session.materialise(identifiers(systems))
    _hash_identifiers(session, key)
    session.materialise(PEOPLE_OF_SIGHTINGS)
    session.materialise(links(systems))


def _hash_identifiers(session: Session, key: bytes) -> None:
    texts = [row[0] for row in session.rows("select identifier from identifier order by identifier")]
    hashes = keyed_hashes(texts, key)
    write_columns(session, IDENTIFIER_HASH, {"identifier": texts, "identifier_hash": hashes.tolist()}, _HASHING)


def _follow_statements(session: Session) -> None:
    rows = session.rows(
        """select previous_identifier, current_identifier, start_date, end_date, known_at from same_person
order by previous_identifier, current_identifier"""
    )
    write_columns(session, LED_IDENTIFIER, led_columns(rows), _FOLLOWING)


def led_columns(rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    """In: rows of same_person: previous, current, start, end, known_at. Out: the columns of led_identifier."""
    led = led_by_statements([Statement(previous, current, start) for previous, current, start, _, _ in rows])
    names = sorted(led)
    days = {"start_date": dict[str, Any](), "end_date": dict[str, Any]()}
    known: dict[str, Any] = {}
    for previous, current, start, end, known_at in rows:
        for identifier in (previous, current):
            known[identifier] = min(known_at, known.get(identifier, known_at))
        if start is not None:
            days["start_date"][previous] = min(start, days["start_date"].get(previous, start))
        if end is not None:
            days["end_date"][previous] = max(end, days["end_date"].get(previous, end))
    return {
        "identifier": names, "leads_to": [led[n].leads_to for n in names], "is_conflict": [led[n].is_conflict for n in names],
        "known_at": [known[n] for n in names], **{column: [said.get(n) for n in names] for column, said in days.items()},
    }  # fmt: skip


def build_persons(session: Session) -> None:
    """In: sighting_person, person_statement. Out: person."""
    session.materialise(PERSONS)
