"""[attribution] of place.toml: each thing that does not hold between its keys is one message with its line; and the years and windows it gives."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from accord.errors import UserError
from accord.place.settings import PlaceSettings, settings_faults
from accord.place.toml import read_model
from accord.population.attribution.rules import _period, qualifying_codes, years
from accord.rulebook import parameter

HEAD = """name = "Place"
currency = "USD"
calendar = "calendar_year"
period = { from = 2023-07-01, to = 2026-01-01 }
key = "demo"
identity = { trust = ["mbi"] }
[attribution]
"""
PLURALITY = 'method = "plurality"\nservices = "us_mssp"\nmeasure = "allowed_charges"\ntiming = "retrospective"\ncover = "required"\n'
KNOWN = date(2026, 1, 1)


def settings(tmp_path: Path, text: str) -> PlaceSettings:
    file = tmp_path / "place.toml"
    file.write_text(HEAD + text, encoding="utf-8")
    return read_model(file, PlaceSettings, check=lambda s: settings_faults(s, tmp_path))


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        ('method = "listed"', "registered", 8),
        ('method = "plurality"\nmeasure = "contacts"\ntiming = "prospective"\ncover = "required"', "plurality needs services", 7),
        (PLURALITY.replace('measure = "allowed_charges"\n', ""), "plurality needs measure", 7),
        (PLURALITY + "window_months = 12", "the rules of Medicare set the window", 13),
        (PLURALITY.replace("us_mssp", "gp"), "no rule sets a window", 7),
        (PLURALITY + 'movers = "last"', "movers says nothing", 13),
        ('measure = "contacts"', "measure says nothing where method is 'registered'", 8),
        ('participants = ["A", "B"]', "organisation and participants belong together", 8),
        ('organisation = "A"', "organisation and participants belong together", 8),
        ('organisation = "ACO"\nparticipants = ["A", "B", "A"]', "participant 'A' is listed twice", 9),
        (PLURALITY.replace("us_mssp", "gp") + "window_months = 0", "window_months", 13),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_told_with_its_line(tmp_path: Path, text: str, says: str, line: int) -> None:
    with pytest.raises(UserError) as told:
        settings(tmp_path, text)
    assert says in str(told.value)
    assert f"line {line}" in str(told.value)


def test_without_a_word_people_belong_to_the_list_they_were_on_last(tmp_path: Path) -> None:
    said = settings(tmp_path, "").attribution
    assert (said.method, said.movers, said.participants) == ("registered", None, ())


def test_years_are_those_of_the_calendar_within_the_period(tmp_path: Path) -> None:
    assert list(years(settings(tmp_path, ""))) == [
        (date(2023, 7, 1), date(2024, 1, 1)), (date(2024, 1, 1), date(2025, 1, 1)), (date(2025, 1, 1), date(2026, 1, 1)),
    ]  # fmt: skip
    nhs = settings(tmp_path, "").model_copy(update={"calendar": "nhs_financial_year"})
    assert [start for start, _ in years(nhs)] == [date(2023, 7, 1), date(2024, 4, 1), date(2025, 4, 1)]


@pytest.mark.parametrize(
    ("timing", "year", "window"),
    [
        ("retrospective", 2024, (date(2024, 1, 1), date(2025, 1, 1), date(2024, 1, 1))),
        ("prospective", 2024, (date(2022, 10, 1), date(2023, 10, 1), date(2022, 10, 1))),
        ("retrospective", 2025, (date(2025, 1, 1), date(2026, 1, 1), date(2024, 1, 1))),
        ("prospective", 2025, (date(2023, 10, 1), date(2024, 10, 1), date(2022, 10, 1))),
    ],
)
def test_the_window_is_the_rules_of_the_year(tmp_path: Path, timing: str, year: int, window: tuple[date, date, date]) -> None:
    """The windows of both years are those of tuva-health/tuva, cms_provider_attribution__assignment_windows.csv at 38cfedf."""
    said = settings(tmp_path, PLURALITY.replace("retrospective", timing))
    found = _period(said, date(year, 1, 1), date(year + 1, 1, 1), KNOWN)
    assert (found["window_start_date"], found["window_end_date"], found["wide_start_date"]) == window


def test_codes_are_those_of_the_year() -> None:
    of = {year: {row["code"]: row for row in qualifying_codes(date(year, 1, 1))} for year in range(2016, 2026)}
    assert "99213" in of[2016]
    assert "99497" not in of[2017]
    assert of[2019]["99497"]["not_in_setting"] is None
    assert of[2021]["99497"]["not_in_setting"] == "inpatient"
    assert (of[2018]["99347"]["only_in_setting"], of[2019]["99347"]["only_in_setting"]) == (None, "home_health")
    assert "99442" in of[2020]
    # 86 FR 65684, as CHESS Health Solutions reports it (chesshealthsolutions.com/?p=2416).
    assert set(of[2022]) - set(of[2021]) == {"99424", "99425", "99426", "99427", "99437", "G2212", "G2252"}
    assert {"G0556", "G0558"} <= set(of[2025])
    assert "G0556" not in of[2024]
    assert all(len(row["code"]) == 5 for rows in of.values() for row in rows.values())


def test_the_rules_begin_in_2016() -> None:
    assert min(v.start_date for v in parameter("us_mssp/assignment").values) == date(2016, 1, 1)
