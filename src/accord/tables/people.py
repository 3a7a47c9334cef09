"""Who the people and organisations are: person, person_link, organisation, registration, person_month."""

from __future__ import annotations

from accord.tables.codes import ORGANISATION_KIND, REGISTRATION_KIND, SEX
from accord.tables.contract import Table, bigint, day, flag, integer, moment, text

PERSON = Table(
    name="person",
    meaning="One person, as far as exact identifiers tell people apart.",
    columns=(
        bigint("person_id", "63-bit keyed hash of the person's strongest identifier: the same in every run and engine.", required=True),
        day("birth_date", "Date of birth, as most records state it.", personal=True),
        text("sex", "As most records state it.", codes=SEX),
        day("death_date", "Date of death, where known."),
        text("ethnicity", "As recorded, in the partner's code."),
        integer("deprivation_decile", "1 is the most deprived tenth, where the partner gives it.", unit="decile"),
        flag("has_conflict", "Whether records joined to this person disagree on birth date or sex.", required=True),
    ),
    key=("person_id",),
    order=("person_id",),
)

PERSON_LINK = Table(
    name="person_link",
    meaning="One identifier that leads to one person, and on what ground.",
    columns=(
        bigint("person_id", "The person.", required=True),
        text("identifier_system", "What kind of identifier it is, such as nhs_number.", required=True),
        text("partner_id", "Whose identifier it is; 'any' where the system is the same everywhere.", required=True),
        bigint("identifier_hash", "63-bit keyed hash of system, partner and identifier.", required=True),
        text("basis", "Why it leads there.", required=True, codes=("strongest", "joined", "stated", "conflict")),
        day("start_date", "First day that it was in use, where a record states it."),
        day("end_date", "First day that it was in use no more, where a record states it."),
        moment("known_at", "When it was first received; of a link that a record states, when that record was.", required=True, lineage=True),
    ),
    key=("identifier_hash",),
    order=("person_id", "identifier_hash"),
)

ORGANISATION = Table(
    name="organisation",
    meaning="One organisation or area: a partner of the place, one listed by a file, or one only referred to.",
    columns=(
        text("organisation_id", "Its code.", required=True),
        text("name", "Its name, where known."),
        text("kind", "What it does.", required=True, codes=ORGANISATION_KIND),
        text("parent_id", "The organisation it belongs to, where known."),
        text("known_from", "Where it comes from.", required=True, codes=("place", "file", "referred_to")),
    ),
    key=("organisation_id",),
    order=("organisation_id",),
    smallest_count=0,
    may_be_empty=False,
)

REGISTRATION = Table(
    name="registration",
    meaning="One span in which one person is on one list (registered, or aligned by a payer), lives in an area, or has chosen. Spans may overlap.",
    columns=(
        bigint("registration_id", "The record it came from, as in record_fate.", required=True),
        text("population", "Registered or resident; aligned by a payer, or voluntary, by own choice.", required=True, codes=REGISTRATION_KIND),
        bigint("person_id", "The person; NULL where no identifier could be read."),
        text("organisation_id", "The practice, plan or area; NULL where the record names none."),
        day("start_date", "First day in.", required=True),
        day("end_date", "First day out; NULL while it lasts."),
        moment("known_at", "When it was received.", required=True, lineage=True),
    ),
    key=("registration_id", "population"),
    order=("person_id", "population", "start_date"),
)

PERSON_MONTH = Table(
    name="person_month",
    meaning="One person in one month of the place's period, in which the person was registered, resident or both, on any day.",
    columns=(
        bigint("person_id", "The person.", required=True),
        day("month_date", "First day of the month.", required=True),
        text("registered_id", "The practice or plan of the registration in force latest in the month; NULL if not registered."),
        text("resident_id", "The area lived in latest in the month; NULL if not known to be resident."),
        flag("is_registered", "Whether registered on any day of the month.", required=True),
        flag("is_resident", "Whether resident on any day of the month.", required=True),
        integer("age_years", "Completed years on the first day of the month; 0 in the month of birth; NULL if birth is unknown.", unit="years"),
        text("age_band", "As the rulebook bands it; 'unknown' where age is.", required=True),
        text("sex", "As in person; 'unknown' where it is.", required=True, codes=SEX),
    ),
    key=("person_id", "month_date"),
    order=("person_id", "month_date"),
)
