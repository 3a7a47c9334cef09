"""Shared savings: each step of the chain alone, and together on settlements that CMS published."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from accord.clauses.rules import with_rules_read
from accord.clauses.shared_savings import (
    Facts,
    Terms,
    bands_of,
    describe,
    faults,
    loss_rate,
    minimum_rate,
    rate_of_size,
    settle,
    shared_out,
    sharing_rate,
)

D = Decimal
KNOWN = date(2026, 11, 25)
BANDS = bands_of("us_mssp/minimum_savings_rate", date(2024, 1, 1), KNOWN)
BY_SIZE = {"table": "us_mssp/minimum_savings_rate"}


def terms(**said: Any) -> Terms:
    """Terms as a contract's file would give them."""
    return Terms.model_validate({"kind": "shared_savings", "id": "gain_share", "benchmark": {"budget": "b"}, "share": D("0.50"), **said})


def facts(benchmark: int, spent: int, **more: Any) -> Facts:
    return Facts(D(benchmark), D(spent), **more)


def lines(agreed: Terms, done: Facts) -> dict[str, Decimal]:
    return {line.name: line.amount for line in settle(agreed, done)}


def test_the_contract_of_the_design_is_read_as_it_stands():
    text = """
    kind       = "shared_savings"
    id         = "gain_share"
    benchmark  = { budget = "needs_weighted" }
    minimum    = { table = "us_mssp/minimum_savings_rate" }
    share      = 0.50
    cap        = { of = "benchmark", rate = 0.10 }
    loss       = { rate = 0.30, limit = { of = "benchmark", rate = 0.02 } }
    quality    = { gate = "core_set", at_least = 0.40 }
    partners   = [ { id = "GP_FED", share = 0.4 }, { id = "RMX", share = 0.3 }, { id = "COMM", share = 0.2 }, { id = "LA", share = 0.1 } ]
    """
    agreed = Terms.model_validate(tomllib.loads(text, parse_float=Decimal))
    assert list(faults(agreed)) == []
    done = facts(10_000_000, 9_000_000, n_people=12_000, bands=BANDS, quality=D("0.40"))
    assert settle(agreed, done).result == D("500000.00")
    assert settle(agreed, replace(done, quality=D("0.39"))).result == 0
    assert settle(agreed, replace(done, spent=D(11_000_000))).result == D("-200000.00")
    assert [line.amount for line in shared_out(agreed, done)] == [D("500000.00"), D(-200000), D(-150000), D(-100000), D(-50000)]
    assert describe(agreed).startswith("pays 50 % of savings against 'needs_weighted' once they pass the rate of us_mssp/minimum_savings_rate")


# --- the minimum --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("people", "rate"),
    [
        (1, "0.122"), (499, "0.122"), (500, "0.122"), (999, "0.087"), (1000, "0.087"), (2999, "0.050"), (3000, "0.050"), (4999, "0.039"),
        (5000, "0.039"), (5999, "0.036"), (6000, "0.036"), (7999, "0.032"), (8999, "0.031"), (9999, "0.030"), (10000, "0.030"), (14999, "0.027"),
        (15000, "0.027"), (19999, "0.025"), (20000, "0.025"), (49999, "0.022"), (50000, "0.022"), (59999, "0.020"),
        (60000, "0.020"), (135350, "0.020"),
    ],
)  # fmt: skip
def test_the_minimum_rate_at_the_ends_of_each_row_of_the_table(people, rate):
    assert rate_of_size(BANDS, people) == D(rate)


def test_between_the_ends_of_a_row_it_falls_in_a_straight_line():
    """CMS printed 2.35 % for 34,601 people in 2014, and 3.84 % for 5,194 in 2022."""
    assert [round(rate_of_size(BANDS, people), 4) for people in (34601, 5194)] == [D("0.0235"), D("0.0384")]


def test_the_minimum_is_a_threshold_and_not_a_deductible():
    agreed = terms(minimum=D("0.02"))
    assert [settle(agreed, facts(100_000, spent)).result for spent in (98_001, 98_000, 97_999)] == [0, D(1000), D("1000.50")]


def test_losses_have_the_same_minimum_unless_they_have_their_own():
    same, own = terms(minimum=D("0.02"), loss={"rate": D("0.30")}), terms(minimum=D("0.02"), loss={"rate": D("0.30"), "minimum": D("0.05")})
    lost = facts(100_000, 103_000)
    assert [settle(agreed, lost).result for agreed in (same, own)] == [D(-900), 0]
    assert (minimum_rate(own, lost), minimum_rate(own, lost, of_loss=True)) == (D("0.02"), D("0.05"))


def test_a_table_that_was_not_read_is_no_minimum_of_nothing():
    with pytest.raises(AssertionError, match="table of rates by size was not read"):
        settle(terms(minimum=BY_SIZE), facts(100, 90, n_people=9000))


# --- quality --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scaled", "is_met", "is_alternative_met", "rate"),
    [
        ("never", True, False, "0.50"), ("never", False, True, "0"), ("always", True, False, "0.40"), ("always", False, False, "0"),
        ("alternative", True, False, "0.50"), ("alternative", False, True, "0.40"), ("alternative", False, False, "0"),
    ],
)  # fmt: skip
def test_quality_opens_the_gate_and_may_scale_the_share(scaled, is_met, is_alternative_met, rate):
    agreed = terms(quality={"gate": "core_set", "scaled": scaled})
    done = facts(100, 90, quality=D("0.80"), is_met=is_met, is_alternative_met=is_alternative_met)
    assert sharing_rate(agreed, done) == D(rate)


@pytest.mark.parametrize(
    ("score", "is_met", "rate"),
    [("0.9026", True, "0.40"), ("0.7178", True, "0.46165"), ("0.541", True, "0.59425"), ("0.30", True, "0.75"), ("0.95", False, "0.75")],
)  # fmt: skip
def test_a_loss_rate_by_quality_is_one_less_the_share_within_bounds(score, is_met, rate):
    """ENHANCED in 2024: A2029, A5407, A5386; without the standard, the most."""
    agreed = terms(share=D("0.75"), loss={"rate": {"at_least": D("0.40"), "at_most": D("0.75")}}, quality={"gate": "q", "scaled": "alternative"})
    assert loss_rate(agreed, facts(100, 110, quality=D(score), is_met=is_met)) == D(rate)


def test_a_score_that_was_not_read_is_not_taken_for_none():
    with pytest.raises(AssertionError, match="quality score was not read"):
        settle(terms(quality={"gate": "q", "scaled": "always"}), facts(100, 90, is_met=True))


# --- caps, limits, sequestration, relief ----------------------------------------------------------------------------------------


def test_a_cap_on_the_gross_the_share_or_the_payment_comes_to_three_amounts():
    paid = {
        on: settle(terms(cap={"of": "benchmark", "rate": D("0.10"), "on": on}, sequestration=D("0.02")), facts(100_000, 70_000)).result
        for on in ("gross", "share", "payment")
    }
    assert paid == {"gross": D(4900), "share": D(9800), "payment": D(10000)}


def test_sequestration_is_of_gains_alone():
    agreed = terms(sequestration=D("0.02"), loss={"rate": D("0.30")})
    assert lines(agreed, facts(1000, 900))["sequestration"] == D("-1.00")
    assert lines(agreed, facts(1000, 1100)) == {"gross loss": D(-100), "borne by the payer": D(70)}


@pytest.mark.parametrize(
    ("excused", "owed"), [({}, -30), ({"excused_part": D("0.5")}, -15), ({"excused_amount": D(10)}, -20), ({"excused_part": D(1)}, 0)]
)
def test_a_disaster_excuses_losses_and_pays_nothing(excused, owed):
    agreed = terms(loss={"rate": D("0.30")}, extreme_circumstances=True)
    assert settle(agreed, facts(1000, 1100, **excused)).result == owed
    assert settle(agreed, facts(1000, 1100, excused_amount=D(500))).result == 0
    assert settle(agreed, facts(1000, 900, **excused)).result == D(50)
    assert settle(terms(loss={"rate": D("0.30")}), facts(1000, 1100, **excused)).result == -30


def test_the_guardrail_excuses_a_loss_and_pays_no_saving():
    assert settle(terms(guardrail=True), facts(1000, 990, is_guarded=True)).result == 0
    assert settle(terms(), facts(1000, 990, is_guarded=True)).result == 5


def test_low_revenue_shares_below_the_minimum_at_a_part_of_the_rate():
    agreed = terms(minimum=D("0.02"), low_revenue={"part": D("0.50"), "people_at_least": 5000}, loss={"rate": D("0.30")})
    below = facts(10_000, 9_900, n_people=5000, is_low_revenue=True)
    assert settle(agreed, below).result == 25
    assert settle(agreed, replace(below, n_people=4999)).result == 0
    assert settle(agreed, replace(below, is_low_revenue=False)).result == 0
    assert settle(agreed, replace(below, spent=D(9_800))).result == 100
    assert settle(agreed, replace(below, spent=D(10_100))).result == 0


def test_part_of_a_year_and_leaving_early():
    half = facts(1000, 900, part_of_year=D("0.5"), has_left=True)
    lost = replace(half, spent=D(1100))
    both, losses = (terms(proration=how, loss={"rate": D("0.30")}) for how in ("gains_and_losses", "losses_only"))
    assert [settle(agreed, done).result for agreed in (both, losses) for done in (half, lost)] == [D(25), D(-15), D(0), D(-15)]


@pytest.mark.parametrize(
    ("advances", "paid", "left"),
    [("565455", "6288", "559167"), ("1630434", "2097108", "0"), ("396545", "119369", "277176"), ("2050000", "0", "2050000")],
)
def test_advances_are_taken_off_what_was_earned(advances, paid, left):
    """Balances of advance investment payments in the results file of 2024 (A5328 and others): recouped up to what was earned."""
    done = facts(int(paid) * 2, 0, advances=D(advances))
    after = settle(terms(recoupment=True), done).result
    assert D(advances) - (D(paid) - after) == D(left)
    assert settle(terms(), done).result == D(paid)


# --- published settlements --------------------------------------------------------------------------------------------------------

LEVELS = {"A": "basic_a", "E": "basic_e", "EN": "enhanced"}
LOSSES = {"A": None, "E": {"rate": {"rule": "us_mssp/loss_rate", "option": "basic_e"}}, "EN": {"rate": {"at_least": D("0.40"), "at_most": D("0.75")}}}
LOW = {"low_revenue": {"part": D("0.50"), "people_at_least": 5000}}


def of_2024(level: str, **said: Any) -> Terms:
    """The program's rules by name, as a contract would have them."""
    rules = {
        "share": {"rule": "us_mssp/sharing_rate", "option": LEVELS[level]}, "sequestration": {"rule": "us_mssp/sequestration"},
        "cap": {"of": "benchmark", "rate": {"rule": "us_mssp/payment_limit", "option": LEVELS[level]}}, "loss": LOSSES[level],
        "quality": {"gate": "qps", "scaled": "alternative"}, "minimum": BY_SIZE, "extreme_circumstances": True,
    }  # fmt: skip
    return with_rules_read(terms(**rules | said), date(2024, 12, 31), KNOWN)


@pytest.mark.parametrize(
    ("aco", "level", "gross", "more", "said", "published"),
    [
        ("A5328", "A", 32084, {"is_met": True, "n_people": 9906, "is_low_revenue": True}, LOW, 6288),
        ("A5347", "E", 176988, {"is_met": True, "n_people": 7228, "is_low_revenue": True}, LOW, 43362),
        ("A2029", "EN", -3432303, {"is_met": True, "quality": D("0.9026"), "excused_amount": D(1382)}, {"minimum": 0}, -1371539),
        ("A5193", "E", -4831264, {"is_met": False, "is_alternative_met": True, "excused_amount": D(747)}, {"minimum": 0}, -1448632),
    ],
)  # fmt: skip
def test_settlements_of_2024(aco, level, gross, more, said, published):
    done = Facts(D(100_000_000), D(100_000_000 - gross), bands=BANDS, **more)
    assert abs(settle(of_2024(level, **said), done).result - published) < 1, aco


def test_alternative_quality_of_2024_within_the_rounding_of_its_score():
    """A2366: 76.63 % of 50 %, to the four digits that the score is printed in."""
    done = Facts(D(100_000_000), D(100_000_000 - 10807317), bands=BANDS, n_people=60000, quality=D("0.7663"), is_alternative_met=True, is_met=False)
    assert abs(settle(of_2024("E"), done).result - 4058007) <= D("0.98") * D("0.50") * D("0.00005") * 10807317


@pytest.mark.parametrize(
    ("year", "benchmark", "spent", "score", "published"),
    [
        (2016, 119762995, 91531752, "0.8866", 11976300),  # A00755
        (2017, 128423263, 90089518, "0.9146", 12842326),  # A00755
        (2018, 121182225, 83501144, "0.9082", 12118223),  # A1409
    ],
)
def test_the_payment_and_not_the_share_is_capped_at_a_tenth_of_the_benchmark(year, benchmark, spent, score, published):
    agreed = terms(
        share={"rule": "us_mssp/sharing_rate", "option": "track_1"}, sequestration={"rule": "us_mssp/sequestration"},
        cap={"of": "benchmark", "rate": {"rule": "us_mssp/payment_limit", "option": "track_1"}}, quality={"gate": "qps", "scaled": "always"},
    )  # fmt: skip
    done = facts(benchmark, spent, quality=D(score), is_met=True)
    bridge = settle(with_rules_read(agreed, date(year, 12, 31), KNOWN), done)
    assert abs(bridge.result - published) < 1
    assert [step.name for step in bridge.steps] == ["kept by the payer", "sequestration", "above the cap on the payment"]
    assert bridge.steps[-1].because == "no more than 10 % of the benchmark"


# --- what is wrong with terms ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "path", "what"),
    [
        ({"minimum": {"table": "us_mssp/nothing"}}, ("minimum", "table"), "no table of rates by size 'us_mssp/nothing'"),
        ({"minimum": {"table": "us_mssp/sequestration"}}, ("minimum", "table"), "no table of rates by size"),
        ({"minimum": {"table": "code_forms"}}, ("minimum", "table"), "no table of rates by size 'code_forms'"),
        ({"minimum": {"table": "age_bands"}}, ("minimum", "table"), "no table of rates by size 'age_bands'"),
        ({"loss": {"rate": D("0.3"), "minimum": {"table": "x"}}}, ("loss", "minimum", "table"), "no table of rates by size 'x'"),
        ({"loss": {"rate": {"at_least": D("0.7"), "at_most": D("0.4")}}}, ("loss", "rate", "at_least"), "above the greatest"),
        ({"low_revenue": {"part": D("0.5"), "people_at_least": 1}}, ("low_revenue",), "no minimum"),
        ({"partners": [{"id": "A", "share": D("0.5")}, {"id": "B", "share": D("0.4")}]}, ("partners",), "0.1 too little"),
        ({"partners": [{"id": "A", "share": D("0.5")}, {"id": "A", "share": D("0.5")}]}, ("partners", 1, "id"), "stands in partners twice"),
    ],
)
def test_terms_that_make_no_sense_are_told(said, path, what):
    (fault,) = faults(terms(**said))
    assert fault.path == path
    assert what in fault.what
    assert fault.what_to_do


@pytest.mark.parametrize(
    "said", [{"share": D("1.5")}, {"cap": {"of": "spent", "rate": D("0.1")}}, {"proration": "half"}, {"gate": "x"}, {"loss": {}}]
)
def test_terms_that_are_not_well_formed_are_not_read(said):
    with pytest.raises(ValidationError):
        terms(**said)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "pays 50 % of savings against 'b'; no loss is owed"),
        ({"loss": {"rate": {"at_least": D("0.40"), "at_most": D("0.75")}, "limit": {"of": "benchmark", "rate": D("0.15")}}},
         "pays 50 % of savings against 'b'; 40 % to 75 %, by quality, of losses is owed, at most 15 % of the benchmark"),
        ({"minimum": D("0.02"), "quality": {"gate": "q"}, "cap": {"of": "benchmark", "rate": D("0.1"), "on": "gross"}},
         "pays 50 % of savings against 'b' once they pass 2 %, if 'q' is met, at most 10 % of the benchmark, on the gross; no loss is owed"),
    ],
)  # fmt: skip
def test_the_clause_in_a_sentence(said, words):
    assert describe(terms(**said)) == words
