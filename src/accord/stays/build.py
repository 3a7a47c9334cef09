"""The stays room's part of a run."""

from __future__ import annotations

from datetime import date

from accord.engine import Session
from accord.stays.forming import PROVIDER_SPELLS, STAY_ACTIVITIES
from accord.stays.joining import CONTINUOUS_STAYS, SPELLS, TRANSFERS
from accord.stays.readmitting import EXCLUSIONS, PAIRS, READMISSIONS
from accord.stays.rules import write_rules


def build(session: Session, currency: str, known_on: date) -> None:
    """In: as the doorplate says; the place's currency, which names its health system; the day on which the rules were known. Out: as it says."""
    write_rules(session, currency, known_on)
    for step in (STAY_ACTIVITIES, PROVIDER_SPELLS, SPELLS, TRANSFERS, CONTINUOUS_STAYS, PAIRS, EXCLUSIONS, READMISSIONS):
        session.materialise(step)
