"""Rules as data: a value is chosen by the day it applies to and the day on which it was known, and every value has its source."""

from __future__ import annotations

import hashlib
import re
from datetime import date

import pytest

from accord import rulebook
from accord.rulebook import Parameter, Value, code_forms, edition, parameter
from accord.rulebook.reader import FOLDER


def value(start, published, amount, until=None):
    return Value(date.fromisoformat(start), date.fromisoformat(published), amount, "somewhere", "https://", until and date.fromisoformat(until))


PRICE = Parameter(
    "price", "A price", "pounds", date(2026, 1, 1),
    (
        value("2024-04-01", "2024-03-01", 100),
        value("2025-04-01", "2025-03-01", 110),
        value("2025-04-01", "2025-06-15", 112),  # issued again in June, with effect from April
        value("2026-04-01", "2026-03-01", 120, until="2027-04-01"),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("day", "known_at", "amount"),
    [
        ("2024-04-01", "2026-12-31", 100), ("2025-03-31", "2026-12-31", 100), ("2025-04-01", "2026-12-31", 112),
        ("2025-04-01", "2025-06-14", 110), ("2025-04-01", "2025-06-15", 112), ("2025-04-01", "2025-02-28", 100),
        ("2026-04-01", "2026-02-28", 112), ("2027-03-31", "2027-01-01", 120), ("2027-04-01", "2027-01-01", 112),
    ],
)  # fmt: skip
def test_a_value_is_chosen_by_both_dates(day, known_at, amount):
    assert PRICE.at(date.fromisoformat(day), date.fromisoformat(known_at)) == amount


@pytest.mark.parametrize(("day", "known_at"), [("2024-03-31", "2026-12-31"), ("2024-04-01", "2024-02-29")])
def test_a_day_that_no_value_covers_is_an_error(day, known_at):
    with pytest.raises(AssertionError, match="price has no value"):
        PRICE.at(date.fromisoformat(day), date.fromisoformat(known_at))


def test_age_bands_are_whole_and_in_order():
    edges = parameter("age_bands").at(date(2025, 4, 1), date(2025, 4, 1))
    assert edges[0] == 0
    assert edges == sorted(set(edges))


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.toml")), ids=lambda p: p.stem)
def test_every_rule_is_cited(path):
    data = rulebook.reader._read(path.relative_to(FOLDER).as_posix())
    assert data["title"]
    assert data["checked_on"]
    for row in data.get("value", []):
        assert row["reference"]
        assert row["href"].startswith("https://")
    assert all(system["reference"] for system in data.get("system", []))


@pytest.mark.parametrize(
    ("system", "good", "bad"),
    [
        ("icd10", ["I21", "I219", "E11X", "M0690", "G02A", "I219D"], ["I2", "21I", "I21.9", "410", "I21999", "i21"]),
        ("icd10cm", ["E11", "E119", "S72001A", "C4A0"], ["E1", "S72001AB", "11E"]),
        ("icd10pcs", ["0SR9019"], ["0SR901", "0SRO019", "0SR90199"]),
        ("icd9cm", ["250", "25000", "V270", "E8809"], ["25", "250000", "V2", "I21"]),
        ("icd9cm_procedure", ["81", "8154"], ["8", "81540", "W37"]),
        ("opcs4", ["W37", "W371"], ["W3", "W3712", "371"]),
        ("hcpcs", ["99213", "G0008", "0001F"], ["9921", "992133", "G-008"]),
        ("ms_drg", ["470"], ["47", "4700", "DZ1"]),
        ("hrg", ["DZ11K"], ["DZ11", "D11KZ", "470"]),
        ("snomed_ct", ["44054006"], ["44054", "044054006", "4405400A"]),
        ("ndc", ["00002140780", "000021407"], ["0002-1407", "12345678"]),
    ],
)
def test_forms_of_codes_fit_codes_and_nothing_else(system, good, bad):
    pattern = re.compile(code_forms()[system])
    assert [code for code in good if not pattern.search(code)] == []
    assert [code for code in bad if pattern.search(code)] == []


def test_every_form_is_tried():
    tried = {mark.args[1][n][0] for mark in test_forms_of_codes_fit_codes_and_nothing_else.pytestmark for n in range(len(mark.args[1]))}
    assert tried == set(code_forms())


def test_the_edition_is_that_of_every_file(monkeypatch, tmp_path):
    for path in [*FOLDER.rglob("*.toml"), *FOLDER.rglob("*.csv")]:
        copy = tmp_path / path.relative_to(FOLDER)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    monkeypatch.setattr(rulebook.reader, "FOLDER", tmp_path)
    assert edition.__wrapped__() == edition()
    (tmp_path / "another.toml").write_text("", encoding="utf-8")
    added = edition.__wrapped__()
    (tmp_path / "another.toml").write_text("x = 1\n", encoding="utf-8")
    assert len({edition(), added, edition.__wrapped__()}) == 3


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.csv")), ids=lambda p: p.stem)
def test_every_wide_table_has_a_page_that_is_about_it(path):
    said = rulebook.reader._read(path.relative_to(FOLDER).with_suffix(".toml").as_posix())
    assert said["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert said["source"]
    assert said["licence"]
    assert said["href"].startswith("https://")
    assert said["retrieved_on"]
    assert list(said["columns"]) == list(rulebook.code_list(path.relative_to(FOLDER).with_suffix("").as_posix())[0])
