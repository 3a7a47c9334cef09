"""place.toml: each key deleted, retyped, misspelled and dangled gives one message with the line and the mend."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from accord.errors import UserError
from accord.place.settings import KeyFile, Partner, PlaceSettings, settings_faults
from accord.place.toml import read_model
from accord.tables.codes import ORGANISATION_KIND, VAT_REGIME

VALID = """\
name = "Maplewood"
currency = "GBP"
calendar = "nhs_financial_year"

[period]
from = 2025-04-01
to = 2026-04-01

[key]
file = "/etc/accord/maplewood.key"

[identity]
trust = ["nhs_number", "local_id"]

[[partner]]
id = "QMW"
name = "Maplewood Integrated Care Board"
kind = "payer"
vat = "nhs_contracted_out"

[[partner]]
id = "RMX"
name = "Riverside Hospital"
kind = "hospital"
vat = "nhs_contracted_out"

[[source]]
id = "admissions"
glob = "hospital/*/admissions_*.csv"
map = "hes/admissions"
partner = "RMX"

[source.given]
year_start = "2025-04-01"
"""
LINES = VALID.splitlines()
OTHER_TYPES = ("5", "1.5", "true", "2025-01-01", "2025-01-01T00:00:00", '"text"', "[5]", "{ strange = 5 }")
DANGLED = {
    "name": ['""', '" "', '"a\\nb"', f'"{"x" * 201}"'],
    "currency": ['"gbp"', '"POUND"', '"£"', '""'],
    "calendar": ['"tax_year"'],
    "to": ["2025-04-01", "2024-04-01"],
    "from": ["2026-04-01"],
    "file": ['"maplewood.key"', '"x/../maplewood.key"', '"/places/maplewood/keys/k"', '""'],
    "trust": ["[]", '["NHS number"]', '["nhs_number", "nhs_number"]'],
    "id": ['""', '"a b"', '"../x"', '".hidden"', f'"{"x" * 65}"', '"a\\u0000"'],
    "kind": ['"hospitals"'],
    "vat": ['"none"'],
    "glob": [
        '"../*.csv"',
        '"/etc/*"',
        '"a/../../x"',
        '"~/x"',
        '"a//b"',
        '"a/"',
        '"./a"',
        "'C:\\x'",
        '""',
        '"a\\u0000b"',
        '"a\\nb"',
    ],
    "map": ['"../secret"', '"/etc/x"', '""', '"a//b"', '".x"'],
    "partner": ['"NOBODY"', '"rmx"'],
    "year_start": [],
}


def _read(text: str) -> PlaceSettings:
    root = Path("/places/maplewood")
    return read_model(Path("place.toml"), PlaceSettings, text=text, check=lambda s: settings_faults(s, root))


def _fault(lines: list[str]) -> UserError:
    with pytest.raises(UserError) as caught:
        _read("\n".join(lines) + "\n")
    assert re.fullmatch(r"place\.toml, line \d+", caught.value.where)
    assert caught.value.what_to_do
    assert "\n" not in caught.value.what
    return caught.value


def _with(number: int, *lines: str) -> list[str]:
    return [*LINES[: number - 1], *lines, *LINES[number:]]


def _keys() -> list[tuple[int, str, int]]:
    """Each key: its line, its name, and the line of the heading it stands under (1 if none)."""
    found, heading = [], 1
    for number, line in enumerate(LINES, start=1):
        heading = number if line.startswith("[") else heading
        if " = " in line:
            found.append((number, line.split(" = ")[0], heading))
    return found


KEYS = _keys()
NAMED_KEYS = [k for k in KEYS if k[1] != "year_start"]  # what is given to a map has the names that the map asks for


def test_the_valid_file_is_valid() -> None:
    read = _read(VALID)
    assert [p.id for p in read.partner] == ["QMW", "RMX"]
    assert read.partner_of(read.source[0]).name == "Riverside Hospital"
    assert read.source[0].given == {"year_start": "2025-04-01"}
    assert isinstance(read.key, KeyFile)
    assert (read.period.start_date.isoformat(), read.period.end_date.isoformat()) == ("2025-04-01", "2026-04-01")
    assert (
        _read(VALID.replace('[key]\nfile = "/etc/accord/maplewood.key"\n', "").replace("[period]", 'key = "demo"\n[period]')).key
        == "demo"
    )


@pytest.mark.parametrize(("number", "key", "heading"), NAMED_KEYS, ids=str)
def test_a_deleted_key(number: int, key: str, heading: int) -> None:
    error = _fault(_with(number))
    assert error.what.startswith(f"key '{key}'")
    assert "is missing" in error.what
    assert error.where == f"place.toml, line {heading}"
    assert f"{key} = " in error.what_to_do


@pytest.mark.parametrize(("number", "key", "heading"), NAMED_KEYS, ids=str)
def test_a_misspelled_key(number: int, key: str, heading: int) -> None:
    error = _fault(_with(number, LINES[number - 1].replace(key, key[:1] + "x" + key[1:], 1)))
    assert "is not one that accord knows" in error.what
    assert "more fault" not in error.what
    assert error.where == f"place.toml, line {number}"
    assert f"did you mean '{key}'?" in error.what_to_do


@pytest.mark.parametrize(("number", "key", "heading"), KEYS, ids=str)
def test_a_retyped_key(number: int, key: str, heading: int) -> None:
    given = LINES[number - 1].split(" = ")[1]
    own = {'"': '"text"', "2": "2025-01-01", "[": "-"}[given[0]]
    for value in OTHER_TYPES:
        if value != own:
            error = _fault(_with(number, f"{key} = {value}"))
            assert error.where == f"place.toml, line {number}", (value, str(error))
            assert "should be" in error.what, (value, str(error))


@pytest.mark.parametrize(("number", "key", "heading"), KEYS, ids=str)
def test_a_dangled_key(number: int, key: str, heading: int) -> None:
    for value in DANGLED[key]:
        line = {"from": number + 1}.get(key, number)  # a period that ends before it starts is told at its end
        assert _fault(_with(number, f"{key} = {value}")).where == f"place.toml, line {line}", value


@pytest.mark.parametrize("number", [n for n, line in enumerate(LINES, start=1) if line.startswith("[")])
def test_a_misspelled_or_deleted_heading(number: int) -> None:
    misspelled = _fault(_with(number, re.sub(r"(\w)(\]+)$", r"\1q\2", LINES[number - 1])))
    assert misspelled.where == f"place.toml, line {number}"
    assert "did you mean" in misspelled.what_to_do
    _fault(_with(number))


@pytest.mark.parametrize("other", ["QMW", "qmw"])
def test_ids_are_unique_whatever_their_capitals(other: str) -> None:
    number = LINES.index('id = "RMX"') + 1
    error = _fault(_with(number, f'id = "{other}"'))
    assert error.what.startswith(f"partner 2 has the id '{other}', and so has partner 1")
    assert error.where == f"place.toml, line {number}"


def test_source_ids_are_unique() -> None:
    error = _fault([*LINES, *LINES[LINES.index("[[source]]") : LINES.index("[source.given]")]])
    assert error.what.startswith("source 2 has the id 'admissions', and so has source 1")


def test_a_dangling_partner_is_told_with_the_partners() -> None:
    error = _fault([line.replace('partner = "RMX"', 'partner = "RMZ"') for line in LINES])
    assert "source 'admissions' is of partner 'RMZ'" in error.what
    assert error.what_to_do == "did you mean 'RMX'? the partners are: QMW, RMX"


def test_a_place_may_be_new() -> None:
    new = VALID[: VALID.index("[[partner]]")]
    assert (len(_read(new).partner), len(_read(new).source)) == (0, 0)


def test_codes_are_those_of_the_tables() -> None:
    assert get_args(Partner.model_fields["kind"].annotation) == ORGANISATION_KIND
    assert get_args(Partner.model_fields["vat"].annotation) == VAT_REGIME


def test_a_place_may_ask_for_an_hcc_model_by_cms_s_name() -> None:
    assert _read(VALID).conditions.hcc_model is None
    assert _read(VALID + '\n[conditions]\nhcc_model = "CMS-HCC Model V28"\n').conditions.hcc_model == "CMS-HCC Model V28"


@pytest.mark.parametrize(
    ("written", "said"),
    [('hcc_model = "V28"', "CMS-HCC Model V28"), ("hcc_model = 28", "should be"), ('hcc_modell = "CMS-HCC Model V28"', "hcc_model")],
)
def test_an_hcc_model_that_is_none(written: str, said: str) -> None:
    number = len(LINES) + 3
    error = _fault([*LINES, "", "[conditions]", written])
    assert error.where == f"place.toml, line {number}"
    assert said in error.what + error.what_to_do
