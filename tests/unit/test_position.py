"""Run-off, estimates and outturn: against Mack's published triangle, against patterns whose truth is known, and where little or nothing is known."""

from __future__ import annotations

import doctest
from datetime import date
from decimal import Decimal
from importlib import import_module

import pytest

from accord.settlement.position import Line, Method, MonthTotals
from accord.settlement.position.estimates import estimated
from accord.settlement.position.outturn import outturn, positions
from accord.settlement.position.run_off import run_off
from accord.settlement.position.totals import Totals, each_month

CONFIDENCE = Decimal("0.95")
MONTHS = list(each_month(date(2025, 4, 1), date(2026, 3, 1)))
PATTERN = (Decimal("0.40"), Decimal("0.40"), Decimal("0.20"))


def line(amounts, *, n_known=9, pattern=PATTERN, plan=Decimal("100.00"), n_planned=12, without=()):
    """One service: each month's whole amount comes in by the pattern, as far as months known go. without: months of which nothing came."""
    told = {
        (MONTHS[n], MONTHS[n + age]): amount * part
        for n, amount in enumerate(amounts) for age, part in enumerate(pattern)
        if n + age < n_known and n not in without
    }  # fmt: skip
    months = tuple(
        MonthTotals(month, plan if n < n_planned else Decimal("0.00"), amount=sum((a for (m, _), a in told.items() if m == month), Decimal("0.00")),
                    has_come=any(m == month for m, _ in told))
        for n, month in enumerate(MONTHS) if n < max(n_planned, n_known)
    )  # fmt: skip
    return Line("acute", "RMX", "care", months, told)


STEADY = [Decimal(n) for n in (100, 120, 90, 110, 130, 100, 95, 105, 115)]


def test_examples_in_the_code_are_true():
    assert doctest.testmod(import_module("accord.settlement.position.totals")).failed == 0


def test_mack_s_own_triangle_comes_out_as_he_published_it():
    """Taylor and Ashe's claims, in Mack, Distribution-free calculation of the standard error of chain ladder reserve estimates, ASTIN Bulletin 23
    (1993): a reserve of 18,681 thousand, with a standard error of 2,447. Its ten years stand here as months."""
    chainladder = import_module("chainladder")
    values = chainladder.load_sample("genins").cum_to_incr().values[0, 0]
    months = list(each_month(date(2001, 1, 1), date(2001, 10, 1)))
    told = {(months[i], months[i + age]): Decimal(str(values[i, age])) for i in range(10) for age in range(10 - i)}
    found = run_off(told, {})
    known = sum(told.values())
    assert sum(found.ladder.values()) - float(known) == pytest.approx(18_680_856, abs=1)
    assert found.error == pytest.approx(2_447_095, abs=1)


def test_a_pattern_that_always_holds_gives_the_truth_and_no_error():
    found = estimated(line(STEADY), MONTHS[8])
    assert [e.whole for e in found.begun[:8]] == STEADY[:8]
    assert found.error == 0
    assert found.begun[7].method is Method.ladder
    assert found.begun[7].accrual == Decimal("21.00")


def test_less_than_half_known_leans_on_the_plan():
    """40 percent of 115 is known, and 60 percent of the plan is to come."""
    last = estimated(line(STEADY), MONTHS[8]).begun[-1]
    assert (last.method, last.whole) == (Method.plan_for_rest, Decimal("106.00"))


def test_without_a_plan_what_is_known_must_do():
    last = estimated(line(STEADY, plan=Decimal("0.00")), MONTHS[8]).begun[-1]
    assert (last.method, last.whole) == (Method.thin, Decimal("115.00"))


@pytest.mark.parametrize("n", [3, 8])
def test_a_month_of_which_nothing_came_is_not_a_month_of_nothing(n):
    found = estimated(line(STEADY, without=(n,)), MONTHS[8]).begun[n]
    assert (found.method, found.accrual, found.totals.amount) == (Method.nothing_came, Decimal("100.00"), Decimal("0.00"))


def test_a_month_that_is_told_to_be_nothing_is_nothing():
    amounts = [*STEADY[:3], Decimal("0.00"), *STEADY[4:]]
    found = estimated(line(amounts), MONTHS[8]).begun[3]
    assert (found.method, found.accrual) == (Method.ladder, Decimal("0.00"))


def test_credits_that_always_come_are_foreseen():
    """What is known at first is too much, and a tenth of it is taken back in each of two months."""
    found = estimated(line(STEADY, pattern=(Decimal("1.2"), Decimal("-0.1"), Decimal("-0.1"))), MONTHS[8])
    assert [e.whole for e in found.begun] == STEADY
    assert [e.accrual for e in found.begun[-2:]] == [Decimal("-10.50"), Decimal("-23.00")]


def test_a_month_below_nothing_is_not_multiplied():
    amounts = [*STEADY[:7], Decimal("-50.00"), STEADY[8]]
    found = estimated(line(amounts), MONTHS[8]).begun[7]
    assert (found.method, found.accrual) == (Method.plan_for_rest, Decimal("20.00"))


@pytest.mark.parametrize("n", [1, 2])
def test_too_few_months_have_no_pattern_and_no_interval(n):
    found = estimated(line(STEADY[:n], n_known=n), MONTHS[n - 1])
    assert {e.method for e in found.begun} == {Method.no_pattern}
    assert {e.whole for e in found.begun} == {Decimal("100.00")}
    said = outturn([found], CONFIDENCE)
    assert (said.forecast, said.low, said.lacking) == (Decimal("1200.00"), None, ("RMX, care",))


def test_amounts_above_plan_are_not_cut_to_it():
    found = estimated(line([Decimal("500.00")], n_known=1), MONTHS[0]).begun[0]
    assert (found.accrual, found.whole) == (Decimal("0.00"), Decimal("200.00"))


def test_deliveries_that_stopped_do_not_age_what_came_before():
    """Nothing came in the last two months: what came is as complete as it was then."""
    stopped = line(STEADY[:7], n_known=7)
    found = estimated(stopped, MONTHS[8])
    assert [e.method for e in found.begun[-3:]] == [Method.plan_for_rest, Method.nothing_came, Method.nothing_came]
    assert positions(Totals(MONTHS[8], (stopped,), 0)).contracts[0].behind == (("RMX", "care", MONTHS[6]),)


def test_quarterly_amounts_are_not_taken_for_yearly_steps():
    told = {(MONTHS[n], MONTHS[n]): Decimal("300.00") for n in (0, 3, 6)}
    found = run_off(told, {})
    assert {month: found.ladder[month] for month in (MONTHS[0], MONTHS[3], MONTHS[6])} == pytest.approx({month: 300.0 for month, _ in told})


def test_months_to_come_go_on_as_the_plan_was_kept():
    """Every month comes to 120 of 100."""
    said = outturn([estimated(line([Decimal(120)] * 9, pattern=(Decimal(1),)), MONTHS[8])], CONFIDENCE)
    assert (said.forecast, said.to_come, said.low, said.high) == (Decimal("1440.00"), Decimal("360.00"), Decimal("1440.00"), Decimal("1440.00"))


def test_the_interval_is_that_of_the_ratio_estimator():
    """Nine months, all known at once, and three to come; Student's law of 8 degrees of freedom."""
    said = outturn([estimated(line(STEADY, pattern=(Decimal(1),)), MONTHS[8])], CONFIDENCE)
    variance = sum((float(x) - 965 / 9) ** 2 for x in STEADY) / 8
    half = 2.306004 * (variance * (3 + 9 / 9)) ** 0.5
    assert float(said.high - said.forecast) == pytest.approx(half, abs=0.01)
    assert said.forecast - said.low == said.high - said.forecast


def test_errors_of_services_are_added_up_as_if_all_went_one_way():
    one = estimated(line(STEADY, pattern=(Decimal(1),)), MONTHS[8])
    alone, both = (outturn([one] * n, CONFIDENCE) for n in (1, 2))
    assert float(both.high - both.forecast) == pytest.approx(2 * float(alone.high - alone.forecast), abs=0.011)


def test_amounts_that_change_their_sign_as_they_come_in_have_no_pattern():
    found = estimated(line(STEADY, pattern=(Decimal("-0.5"), Decimal(1), Decimal("0.5"))), MONTHS[8])
    assert {e.method for e in found.begun} == {Method.no_pattern}


def test_the_interval_holds_the_truth_as_often_as_it_says():
    """Sixty invented years, in which wholes and the part that comes at first vary. Of nine hundred, 300 each with 5, 9 and 11 months known, it held
    95, 94 and 97 percent."""
    rng = import_module("numpy.random").default_rng(11)
    held = 0
    for _ in range(60):
        wholes = [Decimal(f"{x:.2f}") for x in rng.normal(100, 8, 12)]
        told = {}
        for n, whole in enumerate(wholes[:9]):
            first = Decimal(f"{rng.uniform(0.52, 0.68):.4f}")
            parts = ((whole * first).quantize(Decimal("0.01")), whole - (whole * first).quantize(Decimal("0.01")))
            told |= {(MONTHS[n], MONTHS[n + age]): part for age, part in enumerate(parts) if n + age < 9}
        months = tuple(
            MonthTotals(month, Decimal("100.00"), amount=sum((a for (m, _), a in told.items() if m == month), Decimal("0.00")),
                        has_come=month <= MONTHS[8])
            for month in MONTHS
        )
        said = outturn([estimated(Line("acute", "RMX", "care", months, told), MONTHS[8])], CONFIDENCE)
        held += said.low <= sum(wholes) <= said.high
    assert held / 60 >= 0.9, held


def test_a_service_that_is_over_is_not_behind():
    over = line(STEADY[:3], n_known=5, n_planned=3)
    assert positions(Totals(MONTHS[8], (over,), 0)).contracts[0].behind == ()


def test_a_service_without_a_plan_that_fell_silent_is_behind():
    silent = line(STEADY[:5], n_known=5, n_planned=0, pattern=(Decimal(1),))
    assert positions(Totals(MONTHS[8], (silent,), 0)).contracts[0].behind == (("RMX", "care", MONTHS[4]),)
