"""`accord sign`: UnitingCare's figures must come out red, and nothing that is not settled may look as if it were.

Source: National Audit Office, Investigation into the collapse of the UnitingCare Partnership contract (HC 512), and the report of the Committee of
Public Accounts: a bid of 726 million over five years; one month in, 34 million more were asked for, 21 percent of the first year's price, which makes
that about 162 million; the partnership's form created VAT that nobody had funded. How much that VAT was, and what was set aside, the sources at hand
do not say: the reserve here is invented.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CONTRACT = """\
title      = "Older people's and adult community services"
payer      = "CCG"
payee      = "UCP"
period     = { from = 2015-04-01, to = 2020-04-01 }
population = { resident_in = ["E10000003"] }

[[clause]]
kind     = "block"
id       = "services"
services = ["emergency_admission", "community_contact"]
prices   = "england/national_tariff"
value    = 726000000.00
"""
REGISTER = """\
as_at        = 2015-05-01
yearly_price = 162000000.00
people       = 850000
reserve      = { amount = 10000000.00, held_by = "UCP", agreed_on = 2015-03-01 }
vat          = { status = "irrecoverable", legal_form = "limited liability partnership" }

[[open]]
id        = "cost-lines"
kind      = "clarification"
about     = "cost clarifications still in negotiation"
value     = 34000000.00
opened_on = 2015-04-01
"""
FUNDED = 'legal_form = "limited liability partnership", is_funded = true }'
SEATS = """
[[seat]]
person = "A. Marlow"
party  = "CCG"
role   = "member of the governing body"
from   = 2014-04-01

[[seat]]
person = "a.  MARLOW"
party  = "UCP"
role   = "director"
from   = 2014-10-01
"""


@pytest.fixture
def sign(accord: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """`sign(register, …)`: the command over UnitingCare's contract with this register beside it."""

    def run(register: str, *options: object, contract: str = CONTRACT) -> Any:
        file = tmp_path / "unitingcare.toml"
        file.write_text(contract, encoding="utf-8")
        (tmp_path / "open").mkdir(exist_ok=True)
        (tmp_path / "open" / "unitingcare.toml").write_text(register, encoding="utf-8")
        return accord("sign", file, *options)

    return run


def funded(register: str = REGISTER, reserve: str = "34000000.00") -> str:
    return register.replace('legal_form = "limited liability partnership" }', FUNDED).replace("10000000.00", reserve)


def test_unitingcare_is_red(sign):
    ended = sign(REGISTER)
    assert (ended.code, ended.err) == (1, "")
    assert "RED: do not sign." in ended.out
    assert "what is open comes to 34,000,000.00 (open clarifications 34,000,000.00), and the reserve is 10,000,000.00" in ended.out
    assert "24,000,000.00 is nobody's" in ended.out
    assert "no value is set on 'VAT that a limited liability partnership cannot recover'" in ended.out
    assert "21% of the first year's price of 162,000,000.00" in ended.out
    assert "53.6 standard deviations of a year's luck" in ended.out


@pytest.mark.parametrize("reserve", ["0", "33999999.99", "34000000.00", "800000000.00"])
def test_with_unvalued_vat_it_is_red_whatever_is_set_aside(sign, reserve):
    assert sign(REGISTER.replace("10000000.00", reserve)).code == 1


@pytest.mark.parametrize(("reserve", "code", "told"), [("33999999.99", 1, "0.01 is nobody's"), ("34000000.00", 0, "GREEN: it may be signed.")])
def test_the_reserve_must_bear_what_is_open_to_the_penny(sign, reserve, code, told):
    ended = sign(funded(reserve=reserve))
    assert ended.code == code
    assert told in ended.out


def test_what_is_open_counts_together(sign):
    more = funded() + '\n[[open]]\nid = "b"\nkind = "baseline"\nabout = "activity of 2013/14"\nvalue = 5.00\nopened_on = 2015-04-02\n'
    more += '\n[[open]]\nid = "m"\nkind = "missing_data"\nabout = "community contacts"\nvalue = 1.00\nopened_on = 2015-04-02\n'
    ended = sign(more)
    assert ended.code == 1
    assert "(open clarifications 34,000,000.00, disputed baseline 5.00, missing data 1.00)" in ended.out


@pytest.mark.parametrize(("status", "code"), [("recoverable", 0), ("irrecoverable", 1), ("unknown", 1)])
def test_vat_is_open_until_it_is_recoverable_or_funded(sign, status, code):
    assert sign(REGISTER.replace("10000000.00", "34000000.00").replace('"irrecoverable"', f'"{status}"')).code == code


def test_what_is_closed_is_open_no_longer_but_was(sign):
    closed = funded(reserve="0").replace("opened_on = 2015-04-01", "opened_on = 2015-04-01\nclosed_on = 2015-04-20")
    assert sign(closed).code == 0
    ended = sign(closed, "--on", "2015-04-19")
    assert ended.code == 1
    assert "as at 2015-04-19" in ended.out
    assert sign(closed, "--on", "2015-04-20").code == 0, "settled on that day"
    assert sign(closed, "--on", "2015-03-31").code == 0, "not raised yet"


def test_a_reserve_that_is_not_agreed_yet_is_none(sign):
    later = funded().replace("agreed_on = 2015-03-01", "agreed_on = 2015-04-25")
    assert sign(later, "--on", "2015-04-24").code == 1
    assert sign(later, "--on", "2015-04-25").code == 0


def test_who_sits_on_both_sides_is_named(sign):
    ended = sign(funded() + SEATS)
    assert ended.code == 1
    assert "Conflict of interest: a.  MARLOW is member of the governing body for the payer and director for the payee" in ended.out
    assert "AMBER" in ended.out


def test_a_conflict_that_is_handled_is_told_and_no_finding(sign):
    ended = sign(funded() + SEATS + 'handled = "does not vote on it"\n')
    assert ended.code == 0
    assert "handled: does not vote on it" in ended.out


@pytest.mark.parametrize(("until", "code"), [("2014-10-01", 0), ("2015-05-01", 0), ("2015-05-02", 1)])
def test_seats_conflict_only_while_both_are_taken(sign, until, code):
    assert sign(funded() + SEATS.replace("from   = 2014-04-01", f"from   = 2014-04-01\nuntil  = {until}")).code == code


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("as_at        = 2015-05-01", "", 1, "as_at"),
        ("34000000.00", "-1.00", 11, "value"),
        ('kind      = "clarification"', 'kind      = "clarifications"', 9, "clarification"),
        ('held_by = "UCP"', 'held_by = "UPC"', 4, "'UPC' is no side of this contract"),
        ("agreed_on = 2015-03-01", "agreed_on = 2015-06-01", 4, "agreed after the day of the register"),
        ("opened_on = 2015-04-01", "opened_on = 2015-06-01", 12, "opened after the day of the register"),
        ("opened_on = 2015-04-01", "opened_on = 2015-04-01\nclosed_on = 2015-03-01", 13, "closed before it was opened"),
        ('"irrecoverable"', '"recoverable", value = 1.00', 5, "recoverable has no cost"),
        ("yearly_price = 162000000.00", "yearly_price = 0", 2, "costs nothing"),
        ("people       = 850000", "peeple       = 850000", 3, "people"),
    ],
)
def test_a_register_that_cannot_be_is_told_with_its_line(sign, old, new, line, told):
    assert old in REGISTER
    ended = sign(REGISTER.replace(old, new))
    assert (ended.code, ended.out) == (2, "")
    assert f"open/unitingcare.toml, line {line}\n" in ended.err
    assert told in ended.err


def test_every_fault_of_a_register_is_told(sign):
    ended = sign(REGISTER.replace('held_by = "UCP"', 'held_by = "UPC"') + SEATS.replace('"UCP"', '"LLP"').replace('"CCG"', '"GCC"'))
    assert ended.code == 2
    assert ended.err.count("is no side of this contract") == 3


def test_a_contract_with_a_fault_is_not_asked_about(sign):
    ended = sign(REGISTER, contract=CONTRACT.replace("value    =", "valve    ="))
    assert (ended.code, ended.out) == (2, "")
    assert "unitingcare.toml, line 12" in ended.err


def test_a_contract_without_a_register_cannot_be_judged(accord, tmp_path):
    file = tmp_path / "new.toml"
    file.write_text(CONTRACT, encoding="utf-8")
    ended = accord("sign", file)
    assert (ended.code, ended.out) == (2, "")
    assert "write open/new.toml beside the contract" in ended.err


def test_a_register_does_not_know_the_future(sign):
    ended = sign(REGISTER, "--on", "2015-05-02")
    assert ended.code == 2
    assert "the register is as at 2015-05-01, and does not know 2015-05-02" in ended.err


def test_luck_is_left_out_where_nothing_is_known_of_it(sign):
    assert "standard deviations" not in sign(REGISTER.replace("people       = 850000", "")).out
    early = CONTRACT.replace("2015-04-01", "2005-04-01").replace("2020-04-01", "2006-04-01")
    ended = sign(REGISTER, contract=early)
    assert ended.code == 1
    assert "standard deviations" not in ended.out
