"""The intake room's part of a run, in three parts: identity comes between the first two, the person table between the last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC

from accord.engine import Session
from accord.engine.feed import stack, write_columns
from accord.intake import canonical, fates
from accord.intake.catalogue import Map, salt
from accord.intake.plan import Plan
from accord.intake.reading import literal, name
from accord.intake.receive import Delivery
from accord.place import PlaceSettings
from accord.tables import DIAGNOSIS, PROCEDURE, SUBMISSION
from accord.tables.working import PARTNER


def make_plans(maps: Mapping[str, Map], settings: PlaceSettings) -> list[Plan]:
    """Every map of the place, compiled."""
    return [Plan(one, tuple(settings.identity.trust)) for one in maps.values()]


def build_records(session: Session, plans: Sequence[Plan], deliveries: Sequence[Delivery], settings: PlaceSettings) -> None:
    """In: landed files. Out: submission, record_fate, quarantine, file_amount, record_issue, sighting and working tables."""
    _register(session, plans, deliveries, settings)
    for plan in plans:
        session.materialise(fates.checked(plan))
        session.materialise(fates.found(plan))
    session.materialise(fates.repeats(plans))
    session.materialise(fates.refusals(plans))
    session.materialise(fates.record_fates(plans))
    session.materialise(fates.DROP)
    session.materialise(fates.QUARANTINES)
    session.materialise(fates.file_amounts(plans))
    session.materialise(fates.record_issues(plans))
    session.materialise(canonical.sightings(plans, settings.identity.trust))


def build_care(session: Session, plans: Sequence[Plan]) -> None:
    """In: landed files, dropped, sighting_person. Out: person_statement, registration, activity, codes, observation, organisation."""
    session.materialise(canonical.person_statements(plans))
    session.materialise(canonical.registrations(plans))
    session.materialise(canonical.activities(plans))
    session.view(canonical.IN_FORCE)
    session.materialise(canonical.code_rows(plans, DIAGNOSIS))
    session.materialise(canonical.code_rows(plans, PROCEDURE))
    session.materialise(canonical.observations(plans))
    session.materialise(canonical.organisation_statements(plans))
    session.materialise(canonical.ORGANISATIONS)


def build_issues(session: Session) -> None:
    """In: record_issue, submission, activity, codes, person, code_form. Out: issue."""
    session.materialise(fates.ISSUES)


def _register(session: Session, plans: Sequence[Plan], deliveries: Sequence[Delivery], settings: PlaceSettings) -> None:
    partners = settings.partner
    write_columns(session, PARTNER, {"partner_id": [p.id for p in partners], "name": [p.name for p in partners], "kind": [p.kind for p in partners]})
    receipts = [d.receipt for d in deliveries]
    columns = {c: [getattr(r, c) for r in receipts] for c in SUBMISSION.names if c != "received_at"}
    write_columns(session, SUBMISSION, {**columns, "received_at": [r.received_at.astimezone(UTC).replace(tzinfo=None) for r in receipts]})
    given = {source.id: source.given for source in settings.source}
    for plan in plans:
        mine = [d for d in deliveries if d.landed and d.receipt.map_id == plan.map.map_id]
        stack(session, plan.map.raw, [(d.landed, _read(plan.map, d, given.get(d.receipt.source_id, {}))) for d in mine if d.landed])


def _read(one: Map, delivery: Delivery, given: Mapping[str, str]) -> dict[str, str]:
    """For each column of raw_<map>, the SQL that reads it from one landed file."""
    receipt = delivery.receipt
    here = set(receipt.columns)
    about = {
        "_submission_id": str(receipt.submission_id), "_record_number": "file_row_number + 1",
        "_received_at": f"timestamp '{receipt.received_at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'",
        "_partner_id": literal(receipt.partner_id), "_salt": str(salt(receipt.partner_id, receipt.map_id, given)),
        "_hash_a": "_hash_a", "_hash_b": "_hash_b",
    }  # fmt: skip
    values = {f"_given_{n}": literal(given[n]) for n in one.layout.given()}
    values |= {f"_constant_{day}": literal(day) for day in one.layout.constant_days()}
    return {**about, **values, **{c: name(c) if c in here else "null" for c in one.layout.read_columns()}}
