"""The years that attribution is about, and the rule of each, as small tables for the steps to join."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from accord.engine import Session
from accord.engine.feed import write_columns
from accord.errors import UserError
from accord.place import PlaceSettings
from accord.rulebook import code_list, parameter
from accord.tables.attribution import ATTRIBUTION_PERIOD, PARTICIPANT, PROVIDER_CLASS, QUALIFYING_CODE

WINDOWS = "us_mssp/assignment"
CODES = "us_mssp/primary_care_code"
SPECIALTIES = "us_mssp/provider_specialty"
_FIRST_MONTH = {"nhs_financial_year": 4, "calendar_year": 1}


def write_rules(session: Session, settings: PlaceSettings, known_on: date) -> None:
    """Out: attribution_period, participant; of the services of Medicare also qualifying_code, provider_class. Raises UserError."""
    said = settings.attribution
    periods = [_period(settings, start, end, known_on) for start, end in years(settings)]
    write_columns(session, ATTRIBUTION_PERIOD, {c: [p[c] for p in periods] for c in ATTRIBUTION_PERIOD.names})
    write_columns(session, PARTICIPANT, {"participant_id": said.participants, "organisation_id": [said.organisation] * len(said.participants)})
    if said.services == "us_mssp":
        rows = [row for start, _ in years(settings) for row in qualifying_codes(start)]
        write_columns(session, QUALIFYING_CODE, {c: [row[c] for row in rows] for c in QUALIFYING_CODE.names})
        classes = code_list(SPECIALTIES)
        columns = {"service_code": [row["code"] for row in classes], "provider_class": [row["provider_class"] for row in classes]}
        write_columns(session, PROVIDER_CLASS, columns)


def years(settings: PlaceSettings) -> Iterator[tuple[date, date]]:
    """First day in and first day out of each year of the place's calendar, as far as it lies in its period."""
    start, end = settings.period.start_date, settings.period.end_date
    while start < end:
        begins = date(start.year, _FIRST_MONTH[settings.calendar], 1)
        following = begins if start < begins else begins.replace(year=start.year + 1)
        yield start, min(following, end)
        start = following


def qualifying_codes(start: date) -> Iterator[dict[str, Any]]:
    """Each code that counts in the year that begins on `start`, once: of two rows the one that asks less of the setting."""
    found: dict[str, dict[str, Any]] = {}
    for row in code_list(CODES):
        if row["from"] <= start.isoformat() and (not row["to"] or start.isoformat() < row["to"]):
            settings = {key: row[key] or None for key in ("only_in_setting", "not_in_setting")}
            for code in _between(row["first_code"], row["last_code"]):
                if code not in found or not any(settings.values()):
                    found[code] = {"start_date": start, "code_system": "hcpcs", "code": code, **settings}
    yield from found.values()


def _between(first: str, last: str) -> Iterator[str]:
    """Each code of a range: a letter or none, then digits.

    >>> list(_between("G0438", "G0439"))
    ['G0438', 'G0439']
    """
    letter, digits = (first[0], first[1:]) if first[0].isalpha() else ("", first)
    yield from (f"{letter}{n:0{len(digits)}}" for n in range(int(digits), int(last.removeprefix(letter)) + 1))


def _period(settings: PlaceSettings, start: date, end: date, known_on: date) -> dict[str, Any]:
    said = settings.attribution
    window, lag, wide = (0, 0, 0) if said.method != "plurality" else _months(settings, start, known_on)
    is_before = said.timing == "prospective"
    closes = _earlier(start, lag) if is_before else end
    opens = start if not window else _earlier(closes, window)
    return {
        "start_date": start, "end_date": end, "first_month_date": start.replace(day=1), "window_start_date": opens, "window_end_date": closes,
        "wide_start_date": _earlier(closes, wide) if wide else opens, "method": said.method, "movers": said.movers or "last",
        "measure": said.measure or "contacts", "is_cover_required": said.cover == "required", "organisation_id": said.organisation,
    }  # fmt: skip


def _months(settings: PlaceSettings, start: date, known_on: date) -> tuple[int, int, int]:
    """The window, how long before the year it ends, and the wider one. Raises UserError for a year that the rules do not cover."""
    said = settings.attribution
    if said.services == "gp":
        return said.window_months or 0, 0, 0
    first = min(v.start_date for v in parameter(WINDOWS).values)
    if start < first:
        what = f"the rules of assignment that Accord holds begin on {first}, and the place's period on {settings.period.start_date}"
        raise UserError(what, where="place.toml, [attribution]", what_to_do='begin the period later, or write services = "gp" or another method')
    amount = parameter(WINDOWS).at(start, max(known_on, first))
    return amount["window_months"], amount["lag_months"], amount["wide_months"]


def _earlier(day: date, months: int) -> date:
    """The same day some months before; the last of a month that has no such day.

    >>> _earlier(date(2026, 1, 1), 3), _earlier(date(2024, 5, 31), 3)
    (datetime.date(2025, 10, 1), datetime.date(2024, 2, 29))
    """
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError(f"no month before {day}")
