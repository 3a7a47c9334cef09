"""The intake room's part of a run, in three parts: identity comes between the first two, the person table between the last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from accord.engine import Session
from accord.engine.feed import stack, write_columns
from accord.intake import canonical, coding, corrections, fates
from accord.intake.catalogue import Map, salt
from accord.intake.plan import Plan
from accord.intake.reading import literal, name
from accord.intake.receive import Delivery
from accord.place import PlaceSettings, Source
from accord.tables import DIAGNOSIS, PROCEDURE, SUBMISSION
from accord.tables.working import PARTNER


def make_plans(maps: Mapping[str, Map], settings: PlaceSettings, deliveries: Sequence[Delivery] = ()) -> list[Plan]:
    """Every map of the place, compiled. deliveries: what was received, as a withdrawn file changes how its map's records are held."""
    corrected = {source.map for source in settings.source if source.corrects != "never"}
    corrected |= {d.receipt.map_id for d in deliveries if d.withdrawn_at}
    return [Plan(one, tuple(settings.identity.trust), one.map_id in corrected) for one in maps.values()]


def build_records(session: Session, plans: Sequence[Plan], deliveries: Sequence[Delivery], settings: PlaceSettings) -> None:
    """In: landed files. Out: submission, record_fate, quarantine, file_amount, record_issue, sighting and working tables."""
    _register(session, plans, deliveries, settings)
    for plan in plans:
        session.materialise(fates.checked(plan))
        session.materialise(fates.found(plan))
    session.materialise(fates.refusals(plans))
    session.materialise(fates.repeats(plans))
    session.materialise(corrections.versions(plans))
    session.materialise(corrections.CONTESTS)
    session.materialise(corrections.ENTRIES)
    session.materialise(corrections.UNENTER)
    session.materialise(fates.record_fates(plans))
    session.materialise(fates.DROP)
    session.materialise(fates.QUARANTINES)
    session.materialise(fates.file_amounts(plans))
    session.materialise(fates.record_issues(plans))
    session.materialise(canonical.sightings(plans, settings.identity.trust))
    session.materialise(canonical.same_people(plans))


def build_care(session: Session, plans: Sequence[Plan]) -> None:
    """In: landed files, dropped, sighting_person. Out: person_statement, registration, activity, codes, observation, organisation."""
    session.materialise(canonical.person_statements(plans))
    session.materialise(canonical.registrations(plans))
    session.materialise(canonical.activities(plans))
    session.view(canonical.IN_FORCE)
    session.materialise(coding.attachments(plans))
    session.materialise(coding.code_rows(plans, DIAGNOSIS))
    session.materialise(coding.code_rows(plans, PROCEDURE))
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
    sources = {source.id: source for source in settings.source}
    for plan in plans:
        mine = [d for d in deliveries if d.landed and d.receipt.map_id == plan.map.map_id]
        period = _period(plan, settings)
        stack(session, plan.map.raw, [(d.landed, _read(plan.map, d, sources[d.receipt.source_id]) | period) for d in mine if d.landed])


def _moment(at: datetime) -> str:
    return f"timestamp '{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'"


def _period(plan: Plan, settings: PlaceSettings) -> dict[str, str]:
    """The place's period, for the records that are amounts only by the days of theirs that lie in it."""
    period = settings.period
    return {"_period_from": literal(str(period.start_date)), "_period_to": literal(str(period.end_date))} if plan.has_rates else {}


def _read(one: Map, delivery: Delivery, source: Source) -> dict[str, str]:
    """For each column of raw_<map>, the SQL that reads it from one landed file."""
    receipt, given = delivery.receipt, source.given
    here = set(receipt.columns)
    about = {
        "_submission_id": str(receipt.submission_id), "_record_number": "file_row_number + 1",
        "_received_at": _moment(receipt.received_at), "_withdrawn_at": _moment(delivery.withdrawn_at) if delivery.withdrawn_at else "null",
        "_partner_id": literal(receipt.partner_id), "_source_id": literal(source.id), "_corrects": literal(source.corrects),
        "_salt": str(salt(receipt.partner_id, receipt.map_id, given)),
        "_hash_a": "_hash_a", "_hash_b": "_hash_b",
    }  # fmt: skip
    values = {f"_given_{n}": literal(given[n]) for n in one.layout.given()}
    values |= {f"_constant_{day}": literal(day) for day in one.layout.constant_days()}
    return {**about, **values, **{c: name(c) if c in here else "null" for c in one.layout.read_columns()}}
