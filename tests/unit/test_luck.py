"""How far luck goes: held against the published figures of methods, each with its source."""

from __future__ import annotations

import doctest
from datetime import date
from importlib import import_module
from math import inf, sqrt

import pytest

from accord.rulebook import parameter
from accord.stats import Verdict, chance_of_overspend, luck_band, people_needed, verdict

DAY = date(2025, 4, 1)
US = float(parameter("us_mssp/person_cost_variation").at(DAY, date.max))
ENGLAND = float(parameter("england/person_cost_variation").at(DAY, date.max))


@pytest.mark.parametrize("module", ["stats.decomposition", "stats.luck", "settlement.savings", "settlement.sheet"])
def test_examples_in_the_code_are_true(module):
    assert doctest.testmod(import_module(f"accord.{module}")).failed == 0


@pytest.mark.parametrize(
    ("n", "us", "england"),
    [
        (5_000, ("0.255", "0.0500", "0.0005"), ("0.348", "0.164", "0.0251")),
        (10_000, ("0.176", "0.0100", "0.0000"), ("0.290", "0.083", "0.0028")),
        (20_000, ("0.094", "0.0005", None), ("0.217", "0.025", "0.0000")),
        (30_000, ("0.054", None, None), ("0.169", "0.0082", None)),
        (50_000, ("0.019", None, None), ("0.108", "0.0010", None)),
        (100_000, ("0.0016", None, None), ("0.040", "0.0000", None)),
        (300_000, (None, None, None), ("0.0012", None, None)),
    ],
)
def test_the_chance_of_an_overspend_is_that_of_the_normal_law(n, us, england):
    """More than 2, 5 and 10 percent of the budget, by the number of people."""
    for spread, chances in ((US, us), (ENGLAND, england)):
        for beyond, chance in zip((0.02, 0.05, 0.10), chances, strict=True):
            if chance is not None:
                half_of_last_place = 0.5 * 10.0 ** -len(chance.partition(".")[2])
                assert chance_of_overspend(spread, n, beyond) == pytest.approx(float(chance), abs=half_of_last_place * 1.01), (spread, n, beyond)


@pytest.mark.parametrize(("n", "beyond", "published"), [(100_000, 0.02, 0.04), (100_000, 0.01, 0.20), (300_000, 0.01, 0.06)])
def test_groups_of_practices_overspend_as_mckinsey_foretold(n, beyond, published):
    """Published to a whole percent, and one of them as about 20: within one percent."""
    assert chance_of_overspend(ENGLAND, n, beyond) == pytest.approx(published, abs=0.01)


@pytest.mark.parametrize(("n", "confidence", "rate"), [(5_000, 0.80, 0.039), (20_000, 0.90, 0.025), (50_000, 0.98, 0.022)])
def test_minimum_savings_rates_are_bands_of_luck(n, confidence, rate):
    """One-sided confidences of 90, 95 and 99 percent are two-sided ones of 80, 90 and 98."""
    assert luck_band(US, [n], confidence) == pytest.approx(rate, rel=0.02)


@pytest.mark.parametrize(("n", "observed"), [(9_700, 0.0200), (17_500, 0.0170)])
def test_savings_of_one_year_are_as_noisy_as_the_law_says(n, observed):
    """Middle rows of the results files' table (2022 to 2023), within a tenth; small ACOs are noisier, and large ones too, than luck alone."""
    assert US / sqrt(n) == pytest.approx(observed, rel=0.1)


def test_unitingcare_was_no_bad_luck():
    """21 percent at 850,000 people is 54 standard deviations of luck."""
    assert 0.21 / (ENGLAND / sqrt(850_000)) == pytest.approx(54, abs=0.5)


@pytest.mark.parametrize(("rate", "told"), [(0.05, "inside"), (-0.05, "inside"), (0.0501, "outside"), (-0.2, "outside"), (0.0, "inside")])
def test_the_edge_of_the_band_is_inside(rate, told):
    assert verdict(rate, 0.05) is Verdict[told]


def test_nobody_is_all_luck():
    assert luck_band(US, [0, 1000], 0.95) == inf


def test_the_number_of_people_needed_is_the_first_that_will_do():
    n = people_needed(ENGLAND, 0.01, 0.05)
    assert chance_of_overspend(ENGLAND, n, 0.01) <= 0.05 < chance_of_overspend(ENGLAND, n - 1, 0.01)
