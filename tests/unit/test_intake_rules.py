"""Every rule of intake and every column reader is shown at work by a page of the manual."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from accord.intake.catalogue import salt
from accord.intake.readers import DATE_FORMATS, READER_KINDS, expand
from accord.intake.rules import RULES
from accord.tables.codes import SEVERITY

PAGES = {p.name: p.read_text(encoding="utf-8") for p in (Path(__file__).parents[1] / "spec" / "intake").glob("*.md")}


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_shown_by_a_page(rule):
    assert [page for page, text in PAGES.items() if re.search(rf"^\|.*\| {rule} \|", text, re.MULTILINE)]


@pytest.mark.parametrize("kind", READER_KINDS)
def test_every_column_reader_is_shown_by_a_page(kind):
    assert [page for page, text in PAGES.items() if re.search(rf"\{{ {kind} = ", text)]


@pytest.mark.parametrize("form", DATE_FORMATS)
def test_every_date_format_is_shown_by_a_page(form):
    assert f'format = "{form}"' in PAGES["dates.md"]


def test_a_record_is_refused_only_for_what_cannot_be_read():
    assert {rule.severity for rule in RULES.values()} <= set(SEVERITY)
    refusing = [rule.name for rule in RULES.values() if rule.severity == "refuse"]
    assert refusing == ["unreadable_date", "unreadable_amount", "unreadable_number", "missing_required"]
    assert list(RULES)[: len(refusing)] == refusing, "the first to refuse a record is the one that is named"
    assert all(rule.title and rule.mend for rule in RULES.values())


@pytest.mark.parametrize(
    ("name", "columns"),
    [("DIAG_{01..03}", ["DIAG_01", "DIAG_02", "DIAG_03"]), ("C{9..11}_X", ["C9_X", "C10_X", "C11_X"]), ("plain", ["plain"]), ("{x}", ["{x}"])],
)
def test_a_range_of_columns(name, columns):
    assert expand(name) == columns


def test_a_salt_keeps_partners_maps_and_given_values_apart():
    said = [("RMX", "claims", {}), ("RQQ", "claims", {}), ("RMX", "claim", {}), ("RMX", "claims", {"a": "1"}), ("RMX", "claims", {"a": "2"})]
    assert len({salt(*each) for each in said}) == len(said)
    assert all(0 <= salt(*each) < 2**62 for each in said)
    assert salt("RMX", "claims", {"a": "1", "b": "2"}) == salt("RMX", "claims", {"b": "2", "a": "1"})
