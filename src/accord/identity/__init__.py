"""One person behind many records, by exact identifiers in an explicit order of trust.

In:    sighting (each combination of identifiers that records show together), same_person (statements that two are one person's),
       person_statement (what records state of people), the place's key.
Out:   led_identifier, identifier_hash (kept under restricted/), sighting_person, person, person_link.
Reads: no rules; the order of trust is place.toml's identity.trust.
Never: guesses. Where an identifier was seen with two different stronger ones, or is stated to be of two different people, its own
       records stay a person apart.
"""

from accord.identity.build import build_people, build_persons

__all__ = ["build_people", "build_persons"]
