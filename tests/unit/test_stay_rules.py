"""The rulebook's rules about stays as one table: dated, known by a day, of one health system."""

from __future__ import annotations

from datetime import date

import pytest

from accord.engine import Session
from accord.rulebook import Value, parameter
from accord.stays.rules import FOR_EVER, codes, rule_rows, write_rules
from accord.tables.stays import POLICY, POSITION, STAY_RULE, SUBJECT

EVERY = [*parameter("stay_rules").values, *parameter("readmission_rules").values]


def value(start, published, until=None, **amount):
    amount = {"currency": "GBP", "what": "last_day", **amount}
    return Value(date.fromisoformat(start), date.fromisoformat(published), amount, "somewhere", "https://", until and date.fromisoformat(until))


WINDOWS = [
    value("2000-04-01", "2000-03-01", n=27),
    value("2011-04-01", "2011-03-01", n=28),
    value("2011-04-01", "2011-06-01", n=29),  # issued again, with effect from the same day
    value("2019-04-01", "2019-03-01", until="2020-04-01", n=30),
    value("2011-04-01", "2011-03-01", n=99, currency="USD"),
]


@pytest.mark.parametrize(
    ("known_on", "expected"),
    [
        ("1999-01-01", []),
        ("2001-01-01", [(27, "2000-04-01", "9999-12-31")]),
        ("2011-05-01", [(27, "2000-04-01", "2011-04-01"), (28, "2011-04-01", "9999-12-31")]),
        ("2026-01-01", [(27, "2000-04-01", "2011-04-01"), (29, "2011-04-01", "2019-04-01"), (30, "2019-04-01", "2020-04-01")]),
    ],
)
def test_a_later_value_takes_over_on_its_first_day(known_on, expected):
    rows = rule_rows(WINDOWS, "GBP", date.fromisoformat(known_on))
    assert [(r["n"], r["start_date"].isoformat(), r["end_date"].isoformat()) for r in rows] == expected


def test_values_of_another_kind_do_not_end_it():
    rows = list(rule_rows([value("2000-04-01", "2000-04-01", n=1), value("2005-04-01", "2005-04-01", what="transfer_days", n=2)], "GBP", FOR_EVER))
    assert [r["end_date"] for r in rows] == [FOR_EVER, FOR_EVER]
    assert [r["rule"] for r in rows] == ["last_day", "transfer_days"]


def test_a_range_stands_for_each_of_its_codes():
    assert list(codes(["C08-C11", "V01-V03", "290-292", "19"])) == ["C08", "C09", "C10", "C11", "V01", "V02", "V03", "290", "291", "292", "19"]


@pytest.mark.parametrize("currency", ["GBP", "USD"])
def test_the_rules_that_are_shipped_can_be_joined(currency):
    rows = list(rule_rows(EVERY, currency, date(2026, 11, 22)))
    assert {r["policy"] for r in rows} <= {"stay", *POLICY}
    assert {r["subject"] for r in rows} <= {"stay", *SUBJECT}
    assert {r["position"] for r in rows} <= set(POSITION)
    assert len({tuple(r[k] for k in STAY_RULE.key) for r in rows}) == len(rows)
    assert {len(r["code"]) for r in rows if r["what"] == "code"} <= {2, 3, 4}, "codes are cut to two, three and four characters"
    looked_at = {"code", "discharge_destination", "admission", "night", "admission_source", "death_date", "age_years"}
    assert {r["what"] for r in rows if r["policy"] != "stay"} <= looked_at
    joining = {"transfer_days", "adjoining_days", "discharge_destination", "admission_source", "admission_method", "not_a_transfer"}
    assert {r["what"] for r in rows if r["policy"] == "stay"} <= {*joining, "still_patient", "last_day"}


def test_every_amount_is_of_a_currency_and_says_only_what_is_read():
    read = {"currency", "codes", "n", *STAY_RULE.names}
    assert [v for v in EVERY if set(v.amount) - read or "currency" not in v.amount] == []


def test_a_currency_without_rules_has_an_empty_table(tmp_path):
    with Session(folder=tmp_path / "tables", scratch=tmp_path / "scratch") as session:
        write_rules(session, "NZD", date(2026, 11, 22))
        assert session.rows("select count(*) from stay_rule") == [(0,)]
