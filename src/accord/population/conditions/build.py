"""The conditions' part of a run."""

from __future__ import annotations

from datetime import date

from accord.engine import Session
from accord.population.conditions.coding import CODE_MEANINGS, CODES_SEEN, UNMAPPED_CODES
from accord.population.conditions.hcc import write_hccs
from accord.population.conditions.holding import CONDITIONS, HELD, PERSON_YEARS, RECORDED
from accord.population.conditions.rules import write_rules
from accord.population.conditions.scoring import SCORES, SEGMENTS


def build(session: Session, period: tuple[date, date], known_on: date, hcc_model: str | None) -> None:
    """In: as the doorplate says; the place's period; the day on which the rules were known; the HCC model that is asked for. Out: as it says.

    Raises UserError where an HCC model is asked for and cannot be had.
    """
    write_rules(session, period, known_on, hcc_model)
    for step in (CODES_SEEN, CODE_MEANINGS, UNMAPPED_CODES, PERSON_YEARS, RECORDED, HELD):
        session.materialise(step)
    write_hccs(session, hcc_model, known_on)
    for step in (CONDITIONS, SCORES, SEGMENTS):
        session.materialise(step)
