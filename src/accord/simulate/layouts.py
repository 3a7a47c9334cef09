"""How each partner writes what happened: the columns of its files, in the layouts of the maps that Accord ships."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accord.simulate.conditions import NAMES as CONDITIONS
from accord.simulate.draws import NEVER, Mask, Whole
from accord.simulate.geography import ROOM, nhs_numbers
from accord.simulate.hospital import HOSPITALS, KINDS, ROUTES
from accord.simulate.model import MODEL
from accord.simulate.need import Population
from accord.simulate.people import BLOCK
from accord.simulate.programmes import NAMES as PROGRAMMES
from accord.simulate.rows import Rows, dates, money, numbered, words

Columns = dict[str, pa.Array]
_KINDS = [MODEL["kind"][kind] for kind in KINDS]
_PARTNERS = [MODEL["hospital"][h]["partner"] for h in HOSPITALS]
_SEX = ("2", "1")
_BY_LENGTH = 3
"""Codes and prices that each kind of stay has: short, middle, long."""


def practice_code(n: int) -> str:
    """The code of a practice by its place."""
    return f"AS{n + 1:03d}"


def area_code(n: int) -> str:
    """The code of a small area by its place."""
    return f"E01{990_000 + n:06d}"


def has_tokens(n_people: int) -> bool:
    """Whether the numbers kept for tests are too few for so many people, so that files carry a pseudonym as well."""
    return -(-n_people // BLOCK) > nhs_numbers().size // ROOM


@dataclass(frozen=True)
class Writer:
    """Turns events of one block into columns."""

    population: Population

    def person(self, who: Whole, number: str = "nhs_number", token: str = "token_person_id") -> Columns:
        """The columns by which a person is known."""
        people = self.population.people
        value = people.number[who]
        known: Columns = {number: pa.array(value, mask=value == 0)}
        if has_tokens(self.population.options.people):
            known[token] = numbered("T", people.key[who])
        return known

    def practice(self, rows: Rows) -> pa.Array:
        """The practice of each person on the day."""
        codes = [practice_code(n) for n in range(self.population.geography.n_practice)]
        return words(codes, self.population.people.practice_on(rows.who, rows.day))

    def names(self, who: Whole) -> Columns:
        """Names and postcode, for linkage."""
        people, said = self.population.people, MODEL["names"]
        given = [*said["female"], *said["male"]]
        postcodes = [f"ZZ{1 + n // 90} {n % 9 + 1}{'ABDEFGHJLN'[n // 9 % 10]}A" for n in range(self.population.geography.decile.size)]
        return {
            "given_name": words(given, people.given[who] + people.is_male[who] * len(said["female"])),
            "family_name": words(said["family"], people.family[who]),
            "postcode": words(postcodes, people.area[who]),
        }

    def registrations(self, rows: Rows) -> Columns:
        """One row a person and span on a list."""
        people, n_area = self.population.people, self.population.geography.decile.size
        codes = [practice_code(n) for n in range(self.population.geography.n_practice)]
        return {
            **self.person(rows.who), **self.names(rows.who),
            "practice_code": words(codes, rows["practice"]), "birth_date": dates(people.birth[rows.who]),
            "sex": words(_SEX, people.is_male[rows.who]), "ethnicity": words(MODEL["people"]["ethnicity_code"], people.ethnicity[rows.who]),
            "lsoa": words([area_code(n) for n in range(n_area)], rows["area"]),
            "imd_decile": pa.array(self.population.geography.decile[rows["area"]]), "registered_from": dates(rows.day),
            "registered_to": dates(rows.known), "death_date": dates(rows["died"]),
        }  # fmt: skip

    def consultations(self, rows: Rows) -> Columns:
        """One row a contact with a practice."""
        said = MODEL["gp"]
        return {
            "consultation_id": numbered("C", rows["number"]), **self.person(rows.who), "practice_code": self.practice(rows),
            "contact_date": dates(rows.day), "staff_type": words(said["staff"], rows["staff"]), "mode": words(said["mode"], rows["mode"]),
            "minutes": pa.array(rows["minutes"]), "problem_codes": _problems(rows["problems"]),
        }  # fmt: skip

    def attendances(self, rows: Rows) -> Columns:
        """One row an emergency attendance, as ECDS."""
        people, by_kind = self.population.people, rows["kind"]
        return {
            **self.person(rows.who, "NHS_NUMBER", "TOKEN_PERSON_ID"), "EPIKEY": numbered("", rows["number"]), "ARRIVAL_DATE": dates(rows.day),
            "DEPARTURE_DATE": dates(rows.known), "DEPARTURE_TIME_SINCE_ARRIVAL": pa.array(rows["minutes"]),
            "DEPARTMENT_TYPE": words(["01", "03"], rows["is_minor"].astype(int)), "ATTENDANCE_CATEGORY": words(["1"], np.zeros(rows.size, int)),
            "CHIEF_COMPLAINT": words([k.get("complaint", "") for k in _KINDS], by_kind),
            "DIAGNOSIS_CODE_1": words([k.get("diagnosis", "") for k in _KINDS], by_kind),
            "DISCHARGE_DESTINATION": words(["306689006", "306706006"], rows["is_admitted"].astype(int)),
            "PRACTICE_CODE_PATIENT_REGISTRATION": self.practice(rows), "STATED_GENDER": words(_SEX, people.is_male[rows.who]),
            "PROVIDER_CODE": words(_PARTNERS, rows["hospital"]), "COMMISSIONER": _payer(rows),
            "HEALTH_RESOURCE_GROUP": words(MODEL["attendance"]["hrg"], rows["group"]), "FINAL_PRICE": money(rows.amount),
        }  # fmt: skip

    def admitted(self, rows: Rows) -> Columns:
        """One row an episode of a stay, as HES; the price of the stay stands on its last episode."""
        people, coded = self.population.people, rows["kind"] * _BY_LENGTH + rows["severity"]
        is_last = rows["is_last"].astype(bool)
        conditions = self.population.conditions.present(rows.who, rows.day).astype(int)
        return {
            **self.person(rows.who, "NEWNHSNO", "TOKEN_PERSON_ID"), "LOPATID": numbered("H", people.key[rows.who]),
            "DOB": dates(people.birth[rows.who]), "SEX": words(_SEX, people.is_male[rows.who]),
            "ETHNOS": words(MODEL["people"]["ethnicity_code"], people.ethnicity[rows.who]),
            "PROVSPNOPS": numbered("S", rows["spell"]), "EPIORDER": pa.array(rows["episode"]), "EPISTART": dates(rows.day),
            "EPIEND": dates(rows["ends"]), "ADMIDATE": dates(rows["admitted"]), "DISDATE": dates(np.where(is_last, rows["ends"], NEVER)),
            "ADMIMETH": _admission(rows), "ADMISORC": words(["19", "51"], (rows["route"] == ROUTES.index("transfer")).astype(int)),
            "DISDEST": words(["19", "54", "79", "51", "98"], np.where(is_last, rows["destination"], 4)),
            "TRETSPEF": words([k["specialty"] for k in _KINDS], rows["kind"]), "PROCODE3": words(_PARTNERS, rows["hospital"]),
            "PURCODE": _payer(rows), "GPPRAC": self.practice(rows), "SUSHRG": words([code for k in _KINDS for code in k["hrg"]], coded),
            "FINAL_PRICE": _or_none(money(rows.amount), ~is_last),
            "DIAG_4_01": words([code for k in _KINDS for code in k["icd10"]], coded), **_comorbid(conditions),
            "OPERTN_4_01": words([k.get("opcs4", "") for k in _KINDS], rows["kind"]),
        }  # fmt: skip

    def appointments(self, rows: Rows) -> Columns:
        """One row an outpatient appointment, as HES."""
        people = self.population.people
        return {
            **self.person(rows.who, "NEWNHSNO", "TOKEN_PERSON_ID"), "ATTENDKEY": numbered("", rows["number"]), "APPTDATE": dates(rows.day),
            "ATTENDED": words(["5", "3", "2", "4"], rows["is_missed"] * (1 + rows["number"] % 3)),
            "FIRSTATT": words(["2", "1"], rows["is_first"].astype(int)),
            "TRETSPEF": words(MODEL["clinic"]["specialty"], rows["specialty"]), "PROCODE3": words(_PARTNERS, rows["hospital"]),
            "PURCODE": _payer(rows), "GPPRAC": self.practice(rows), "FINAL_PRICE": _or_none(money(rows.amount), rows["is_missed"]),
            "SEX": words(_SEX, people.is_male[rows.who]),
        }  # fmt: skip

    def dispensings(self, rows: Rows) -> Columns:
        """One row a visit to a pharmacy."""
        return {
            "dispensing_id": numbered("D", rows["number"]), **self.person(rows.who), "practice_code": self.practice(rows),
            "dispensed_date": dates(rows.day), "items": pa.array(rows["items"]), "cost": money(rows.amount),
            "status": words(["dispensed", "cancelled"], rows["is_cancelled"].astype(int)),
        }  # fmt: skip

    def online(self, rows: Rows) -> Columns:
        """One row a contact with the online clinic."""
        return {
            "contact_id": numbered("N", rows["number"]), **self.person(rows.who), "contact_date": dates(rows.day),
            "minutes": pa.array(rows["minutes"]), "outcome": words(MODEL["online"]["outcome"], rows["outcome"]), "price": money(rows.amount),
        }  # fmt: skip

    def incidents(self, rows: Rows) -> Columns:
        """One row a person attended by an ambulance."""
        months = self.population.calendar.first[:-1].astype("datetime64[M]").astype(str).tolist()
        return {
            "incident_number": numbered("", rows["number"]), **self.person(rows.who), "incident_date": dates(rows.day),
            "outcome": words(["see_and_treat", "see_and_convey"], rows["is_brought"].astype(int)), "minutes": pa.array(rows["minutes"]),
            "conveyed_to": words(_PARTNERS, rows["hospital"]), "cost": money(rows.amount),
            "month": words(months, self.population.calendar.month_of(rows.day)),
        }  # fmt: skip

    def community_contacts(self, rows: Rows) -> Columns:
        """One row a contact, as CSDS, known by the data set's own pseudonym."""
        return {
            "PERSON ID": numbered("P", self.population.people.key[rows.who]), "CARE CONTACT IDENTIFIER": numbered("K", rows["number"]),
            "ORGANISATION IDENTIFIER (CODE OF PROVIDER)": words(["ACH"], np.zeros(rows.size, int)), "CARE CONTACT DATE": dates(rows.day),
            "ATTENDANCE STATUS": words(["5", "3"], rows["is_missed"].astype(int)),
            "CARE PROFESSIONAL TEAM LOCAL IDENTIFIER": words(MODEL["community_contact"]["team"], rows["team"]),
            "CLINICAL CONTACT DURATION OF CARE CONTACT": pa.array(rows["minutes"], mask=rows["is_missed"]),
        }  # fmt: skip

    def mental_health_contacts(self, rows: Rows) -> Columns:
        """One row a contact, as MHSDS, known by the data set's own pseudonym."""
        return {
            "Person_ID": numbered("M", self.population.people.key[rows.who]), "CareContactId": numbered("K", rows["number"]),
            "OrgIDProv": words(["AMH"], np.zeros(rows.size, int)), "CareContDate": dates(rows.day),
            "AttendStatus": words(["5", "3"], rows["is_missed"].astype(int)),
            "CareProfTeamLocalId": words(MODEL["mental_health_contact"]["team"], rows["team"]),
            "ClinContDurOfCareCont": pa.array(rows["minutes"], mask=rows["is_missed"]),
        }  # fmt: skip

    def mental_health_stays(self, rows: Rows) -> Columns:
        """One row a stay, as MHSDS: when it begins, and again when it has ended."""
        return {
            "Person_ID": numbered("M", self.population.people.key[rows.who]),
            "HospProvSpellID": numbered("W", rows["number"]),
            "OrgIDProv": words(["AMH"], np.zeros(rows.size, int)), "StartDateHospProvSpell": dates(rows.day),
            "DischDateHospProvSpell": dates(rows.known), "UniqMonthID": pa.array(1_400 + rows["version"]),
        }  # fmt: skip

    def patients(self, rows: Rows) -> Columns:
        """Who the people of the community trust's pseudonyms are."""
        return {"PERSON ID": numbered("P", self.population.people.key[rows.who]), **self.person(rows.who)}

    def mental_health_patients(self, rows: Rows) -> Columns:
        """Who the people of the mental-health trust's pseudonyms are."""
        return {"Person_ID": numbered("M", self.population.people.key[rows.who]), **self.person(rows.who)}

    def packages(self, rows: Rows) -> Columns:
        """One row a package of social care at one rate: when it begins, and again when it has ended."""
        said = MODEL["council"]
        return {
            "package_id": numbered("PK", rows["number"]), **self.person(rows.who),
            "client_id": numbered("CL", self.population.people.key[rows.who]), **self.names(rows.who),
            "provider": words(said["provider"], rows["provider"]), "service": words(said["service"], rows["service"]),
            "start_date": dates(rows.day), "end_date": dates(rows.known), "weekly_gross": money(rows.amount),
            "weekly_client": money(rows["client"]), "weekly_other_funder": money(rows["other"]),
        }  # fmt: skip

    def voluntary(self, rows: Rows) -> Columns:
        """One row a contact with the voluntary service."""
        return {
            "contact_id": numbered("V", rows["number"]), **self.person(rows.who), **self.names(rows.who),
            "birth_date": dates(self.population.people.birth[rows.who]), "contact_date": dates(rows.day),
            "activity": words(MODEL["voluntary"]["activity"], rows["activity"]), "minutes": pa.array(rows["minutes"]),
        }  # fmt: skip

    def deaths(self, rows: Rows) -> Columns:
        """One row a death."""
        return {**self.person(rows.who), "death_date": dates(rows.day), "place_of_death": words(["elsewhere", "hospital"], rows["in_hospital"])}

    def questionnaires(self, rows: Rows) -> Columns:
        """One row a questionnaire before or after a joint replacement."""
        asked = {name: pa.array(rows[name]) for name in MODEL["outcome"]["eq5d"]}
        return {
            **self.person(rows.who), "provider": words(_PARTNERS, rows["hospital"]), "procedure": words(KINDS, rows["kind"]),
            "operation_date": dates(rows.day), "questionnaire": pa.array(rows["which"]), "completed_date": dates(rows.known),
            "oxford_score": pa.array(rows["score"]), **asked, "eq_vas": pa.array(rows["vas"]),
        }  # fmt: skip

    def experiences(self, rows: Rows) -> Columns:
        """One row an answer of a patient."""
        return {
            "answer_id": numbered("E", rows["number"]), **self.person(rows.who), "contact_date": dates(rows.day),
            "service": words(MODEL["experience"]["service"], rows["service"]), "answer": pa.array(rows["answer"]),
        }  # fmt: skip

    def enrolments(self, rows: Rows) -> Columns:
        """One row a person and programme."""
        return {**self.person(rows.who), "programme": words(PROGRAMMES, rows["programme"]), "enrolled_date": dates(rows.day)}


WRITERS: Mapping[str, Callable[[Writer, Rows], Columns]] = {
    "registration": Writer.registrations, "consultation": Writer.consultations, "attendance": Writer.attendances, "admitted": Writer.admitted,
    "appointment": Writer.appointments, "dispensing": Writer.dispensings, "online": Writer.online, "incident": Writer.incidents,
    "community_contact": Writer.community_contacts, "mental_health_contact": Writer.mental_health_contacts,
    "mental_health_stay": Writer.mental_health_stays, "patient": Writer.patients, "mental_health_patient": Writer.mental_health_patients,
    "package": Writer.packages, "voluntary": Writer.voluntary, "death": Writer.deaths, "questionnaire": Writer.questionnaires,
    "experience": Writer.experiences, "enrolment": Writer.enrolments,
}  # fmt: skip
"""What writes the columns of each kind of event."""


def table_of(population: Population, rows: Rows) -> pa.Table:
    """Events as the table that their partner sends."""
    return pa.table(WRITERS[rows.source](Writer(population), rows))


def _payer(rows: Rows) -> pa.Array:
    return words([MODEL["place"]["payer"]], np.zeros(rows.size, int))


def _or_none(values: pa.Array, is_none: Mask) -> pa.Array:
    return pc.if_else(pa.array(is_none), pa.scalar(None, values.type), values)


def _admission(rows: Rows) -> pa.Array:
    codes = {"via_ed": "21", "direct": "22", "planned": "11", "birth": "31", "transfer": "81"}
    is_newborn = rows["kind"] == KINDS.index("newborn")
    is_booked = (rows["route"] == ROUTES.index("planned")) & (rows["number"] % 3 == 0)
    at = np.where(is_newborn, len(ROUTES), np.where(is_booked, len(ROUTES) + 1, rows["route"]))
    return words([*(codes[route] for route in ROUTES), "82", "12"], at)


def _problems(bits: Whole) -> pa.Array:
    """Conditions as SNOMED codes with ; between them, each combination put together once."""
    each, at = np.unique(bits, return_inverse=True)
    codes = [MODEL["condition"][name]["snomed"] for name in CONDITIONS]
    return words([";".join(code for i, code in enumerate(codes) if b >> i & 1) for b in each.tolist()], at)


def _comorbid(conditions: Whole) -> Columns:
    """The first four conditions that the person has, as secondary diagnoses."""
    codes = [MODEL["condition"][name]["icd10"] for name in CONDITIONS]
    place = np.cumsum(conditions, axis=1) * conditions
    found = {n: np.where((place == n).any(axis=1), (place == n).argmax(axis=1), -1) for n in range(1, 5)}
    return {f"DIAG_4_{n + 1:02d}": words(codes, at) for n, at in found.items()}


