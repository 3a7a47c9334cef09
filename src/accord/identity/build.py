"""The identity room's part of a run."""

from __future__ import annotations

from collections.abc import Sequence

from accord.engine import Session
from accord.engine.feed import write_columns
from accord.engine.session import Kernel
from accord.identity.keyed_hash import keyed_hashes
from accord.identity.steps import PEOPLE_OF_SIGHTINGS, PERSONS, identifiers, links, resolve
from accord.tables.working import IDENTIFIER_HASH

_LED_BY = (("identifier", "identifier"),)
_HASHING = Kernel("keyed hash", IDENTIFIER_HASH, {"identifier": _LED_BY, "identifier_hash": _LED_BY})


def build_people(session: Session, systems: Sequence[str], key: bytes) -> None:
    """In: sighting. Out: identifier_hash, sighting_person, person_link. `systems`: the most trusted first."""
    session.materialise(resolve(systems))
    session.materialise(identifiers(systems))
    _hash_identifiers(session, key)
    session.materialise(PEOPLE_OF_SIGHTINGS)
    session.materialise(links(systems))


def _hash_identifiers(session: Session, key: bytes) -> None:
    texts = [row[0] for row in session.rows("select identifier from identifier order by identifier")]
    hashes = keyed_hashes(texts, key)
    write_columns(session, IDENTIFIER_HASH, {"identifier": texts, "identifier_hash": hashes.tolist()}, _HASHING)


def build_persons(session: Session) -> None:
    """In: sighting_person, person_statement. Out: person."""
    session.materialise(PERSONS)
