"""Attribution's part of a run."""

from __future__ import annotations

from datetime import date

from accord.engine import Session
from accord.place import PlaceSettings
from accord.population.attribution.lists import AREAS, LISTS
from accord.population.attribution.outcome import ATTRIBUTIONS, LEFT_OUT, OUTCOMES
from accord.population.attribution.plurality import CONTACTS, SERVICES
from accord.population.attribution.rules import write_rules


def build(session: Session, settings: PlaceSettings, known_on: date) -> None:
    """In: as the doorplate says; the day on which the rules were known. Out: attribution, attribution_attrition. Raises UserError."""
    write_rules(session, settings, known_on)
    said = settings.attribution
    by_care = SERVICES if said.services == "us_mssp" else CONTACTS
    own = {"registered": LISTS, "resident": AREAS, "plurality": by_care}[said.method]
    for step in (own, OUTCOMES, ATTRIBUTIONS, LEFT_OUT):
        session.materialise(step)
