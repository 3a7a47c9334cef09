"""Attribution by care over acts made up: order is nothing, everybody is told of once, a list overrides, and a visit more never loses anybody."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from spec_engines import on_duckdb
from spec_pages import Rows

from accord.population.attribution.outcome import OUTCOMES
from accord.population.attribution.plurality import SERVICES
from accord.tables import PERSON, PERSON_MONTH, PROCEDURE, REGISTRATION, Table
from accord.tables.attribution import ATTRIBUTION_PERIOD, OWN_ATTRIBUTION, PARTICIPANT, PROVIDER_CLASS, QUALIFYING_CODE
from accord.tables.working import ACTIVITY_IN_FORCE

START, END, WIDE = date(2025, 1, 1), date(2026, 1, 1), date(2024, 1, 1)
PEOPLE, PROVIDERS, SPECIALTIES = range(1, 5), ("N1", "N2", "N3"), ("08", "50", "06", "30", None)
Act = tuple[int, str, str | None, int, int]
ACTS = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE), st.sampled_from(PROVIDERS), st.sampled_from(SPECIALTIES), st.integers(-366, 364), st.sampled_from((0, 5, 5, 7))
    ),
    max_size=12,
)  # fmt: skip
MEASURES = st.sampled_from(("allowed_charges", "contacts"))


def rows(table: Table, *said: dict[str, object]) -> Rows:
    return Rows(table, tuple(tuple(one.get(c.name) for c in table) for one in said))


def period(measure: str, ours: str | None = None) -> Rows:
    return rows(ATTRIBUTION_PERIOD, {
        "start_date": START, "end_date": END, "first_month_date": START, "window_start_date": START, "window_end_date": END, "wide_start_date": WIDE,
        "method": "plurality", "movers": "last", "measure": measure, "is_cover_required": False, "organisation_id": ours,
    })  # fmt: skip


def own(acts: list[Act], measure: str) -> Rows:
    """By our own rule alone."""
    given = {
        "attribution_period": period(measure), "participant": rows(PARTICIPANT),
        "qualifying_code": rows(QUALIFYING_CODE, {"start_date": START, "code_system": "hcpcs", "code": "99213"}),
        "provider_class": rows(PROVIDER_CLASS, *(
            {"service_code": c, "provider_class": k} for c, k in (("08", "physician"), ("50", "practitioner"), ("06", "specialist"))
        )),
        "activity_in_force": rows(ACTIVITY_IN_FORCE, *(
            {"activity_id": i, "person_id": who, "provider_id": provider, "service_code": specialty, "start_date": START + timedelta(day),
             "gross_amount": Decimal(amount), "setting": "outpatient"}
            for i, (who, provider, specialty, day, amount) in enumerate(acts)
        )),
        "procedure": rows(PROCEDURE, *(
            {"activity_id": i, "person_id": who, "position": 1, "code_system": "hcpcs", "code": "99213", "procedure_date": START + timedelta(day)}
            for i, (who, _, _, day, _) in enumerate(acts)
        )),
    }  # fmt: skip
    return Rows(OWN_ATTRIBUTION, tuple(on_duckdb(SERVICES, given, {})))


def told(found: Rows) -> dict[int, str | None]:
    at = {c.name: i for i, c in enumerate(found.table)}
    return {row[at["person_id"]]: row[at["organisation_id"]] for row in found.rows}


def outcome(acts: list[Act], measure: str, listed: dict[int, str]) -> list[dict[str, object]]:
    given = {
        "person": rows(PERSON, *({"person_id": who, "has_conflict": False} for who in PEOPLE)), "attribution_period": period(measure, "N1"),
        "registration": rows(REGISTRATION, *(
            {"registration_id": who, "population": "aligned", "person_id": who, "organisation_id": whose, "start_date": START, "known_at": None}
            for who, whose in listed.items()
        )),
        "person_month": rows(PERSON_MONTH), "own_attribution": own(acts, measure),
    }  # fmt: skip
    return [dict(zip(OUTCOMES.output.names, row, strict=True)) for row in on_duckdb(OUTCOMES, given, {})]


@settings(max_examples=60, deadline=None)
@given(ACTS, MEASURES, st.randoms())
def test_the_order_of_rows_is_nothing(acts: list[Act], measure: str, dice: random.Random) -> None:
    mixed = list(acts)
    dice.shuffle(mixed)
    assert sorted(own(acts, measure).rows, key=repr) == sorted(own(mixed, measure).rows, key=repr)


@settings(max_examples=60, deadline=None)
@given(ACTS, MEASURES, st.data())
def test_a_visit_more_to_whoever_has_the_person_never_loses_the_person(acts: list[Act], measure: str, data: st.DataObject) -> None:
    before = {who: whose for who, whose in told(own(acts, measure)).items() if whose}
    if before:
        who = data.draw(st.sampled_from(sorted(before)))
        more = data.draw(st.tuples(st.sampled_from(SPECIALTIES), st.integers(0, 364), st.sampled_from((0, 5, 100))))
        assert told(own([*acts, (who, before[who], *more)], measure))[who] == before[who]


@settings(max_examples=60, deadline=None)
@given(ACTS, MEASURES, st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(("N1", "N2")), max_size=4))
def test_everybody_is_told_of_once_and_a_list_overrides_always(acts: list[Act], measure: str, listed: dict[int, str]) -> None:
    found = outcome(acts, measure, listed)
    assert sorted(one["person_id"] for one in found) == list(PEOPLE)
    assert all((one["organisation_id"] is None) == (one["reason"] is not None) == (one["step"] is None) for one in found)
    assert {one["organisation_id"] for one in found} <= {"N1", None}
    for one in found if listed else ():
        assert one["organisation_id"] == ("N1" if listed.get(one["person_id"]) == "N1" else None)
