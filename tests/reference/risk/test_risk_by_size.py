"""Published figures of financial risk by number of people, out of the exposure's own code and stated inputs."""

from __future__ import annotations

import csv
import math
import re
import statistics
from datetime import date
from decimal import Decimal
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest

from accord.budgets.exposure import Asked, Items, Layer, Population, RiskFile, Terms, assess, layered, question_of
from accord.rulebook import parameter
from accord.stats.compound import Law, cases, law_of
from accord.stats.year_effect import YearEffect, chi_square_at

DAY = date(2025, 4, 1)
US = float(parameter("us_mssp/person_cost_variation").at(DAY, date.max))
ENGLAND = float(parameter("england/person_cost_variation").at(DAY, date.max))
YEAR = parameter("us_mssp/year_effect").at(DAY, date.max)
OF_100_YEARS = 1 / math.sqrt(2 * 100)
"""The standard error of a standard deviation that 100 simulated years give, as part of it."""


def of_spread(spread: float) -> Population:
    """People of whom nothing is known but a published spread."""
    return Population(None, spread, 1e12, YearEffect(np.zeros((1, 1))), 1)


def process(spread: float, n: int) -> Law:
    """The first layer alone."""
    return layered(of_spread(spread), Items((), 1.0), n)[Layer.process]


@pytest.mark.parametrize(("n", "confidence", "rate"), [(5_000, 0.90, 0.039), (20_000, 0.95, 0.025), (50_000, 0.99, 0.022)])
def test_the_size_table_of_the_shared_savings_program(n, confidence, rate):
    """42 CFR 425.604(b): each minimum rate is how far luck at 2.15 a person goes at its confidence, to the digits printed; so each implies 2.15."""
    table = parameter("us_mssp/minimum_savings_rate").at(DAY, date.max)
    assert float(next(row["rate_from"] for row in table if row["people_from"] == n or row.get("people_to") == n)) == pytest.approx(rate, abs=5e-4)
    at_one = process(1.0, n).quantile(confidence)
    assert rate / at_one == pytest.approx(US, abs=0.04)
    assert process(US, n).quantile(confidence) == pytest.approx(rate, abs=5e-4)


CRUMP = [(9_000, 0.0749, 0.275), (24_000, 0.0498, 0.153), (179_400, 0.0180, 0.057)]
"""Crump and others, BMJ 1991;302:1582, surgery fund: list size, coefficient of variation, range from the 5th to the 95th of 100 simulated years."""


@pytest.mark.parametrize(("n", "cv", "wide"), CRUMP)
def test_three_list_sizes_of_a_surgery_fund(n, cv, wide):
    """One input: the root of (operations a person x mean square price), over the mean cost of a person, is 7.5. Prices are made up; it is not."""
    prices = np.exp(np.random.default_rng(1).normal(0, 0.6, 500))
    rate = float((prices**2).mean() / prices.mean() ** 2) / 7.5**2
    law = law_of(cases(prices, rate * n))
    assert law.sd / law.mean == pytest.approx(cv, rel=2 * OF_100_YEARS)
    # Each end of the range is a quantile of 100 years, whose standard error is 2.1 times that of a mean.
    error = 2 * math.sqrt(2) * 2.1 * (law.sd / law.mean) / 10
    assert (law.quantile(0.95) - law.quantile(0.05)) / law.mean == pytest.approx(wide, abs=error)


@pytest.mark.parametrize(("n", "beyond", "worked_out", "published"), [
    (100_000, 0.01, 0.191, 0.20), (300_000, 0.01, 0.065, 0.06), (100_000, 0.02, 0.040, 0.04),
])  # fmt: skip
def test_groups_of_practices_as_mckinsey_foretold(n, beyond, worked_out, published):
    """About 20 and 4 percent of groups of 100,000 and 6 percent of groups of 300,000 people; all three from 3.61 a person."""
    found = process(ENGLAND, n).beyond(beyond)
    assert found == pytest.approx(worked_out, abs=5e-4)
    assert found == pytest.approx(published, abs=0.01)


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
def test_the_lattice_gives_the_normal_law_to_the_printed_digits(n, us, england):
    for spread, chances in ((US, us), (ENGLAND, england)):
        for beyond, chance in zip((0.02, 0.05, 0.10), chances, strict=True):
            if chance is not None:
                half_of_last_place = 0.5 * 10.0 ** -len(chance.partition(".")[2])
                assert process(spread, n).beyond(beyond) == pytest.approx(float(chance), abs=half_of_last_place * 1.02), (spread, n, beyond)


def test_rare_and_costly_referrals_vary_greatly_below_30_000_people():
    """Bachmann and Bevan, BMJ 1996;313:1054: Poisson, 100 fund-years. Mean 2.8 % of cost; the dearest year of 7,000 people took 6.8 %.

    Input: referrals as frequent as makes 6.8 % the one year in a hundred at 7,000 people. Then: the excess of such a year more than halves by 30,000
    people and by less than as much again between 30,000 and 300,000; and 10,000 people over three years are as 30,000 in one.
    """

    def excess(n_cases: float) -> float:
        law = law_of(cases(np.ones(1), n_cases))
        return law.quantile(0.99) / law.mean - 1

    at_7_000 = next(n for n in np.arange(1.0, 20.0, 0.05) if excess(n) <= 6.8 / 2.8 - 1)
    by_size = {n: excess(at_7_000 * n / 7_000) for n in (7_000, 10_000, 30_000, 100_000, 300_000)}
    assert list(by_size.values()) == sorted(by_size.values(), reverse=True)
    assert by_size[30_000] < by_size[7_000] / 2
    assert by_size[7_000] - by_size[30_000] > by_size[30_000] - by_size[300_000]
    assert excess(3 * at_7_000 * 10_000 / 7_000) == pytest.approx(by_size[30_000])


MILLION = Decimal(1_000_000)
GAP = 34 * MILLION


def unitingcare(open_items: list[dict], terms: Terms | None = None):
    """National Audit Office, HC 512 (2016): some 850,000 people, 34 million more asked for, which was 21 % of the first year's price.

    162 million follows from the two. What people of that place cost is not published: their spread and the year effect are England's.
    """
    risk = RiskFile.model_validate({
        "title": "UnitingCare", "sizes": [850_000], "miss": [Decimal("0.01"), Decimal("0.20")], "accepted": Decimal("0.05"), "people": 850_000,
        "reserve": GAP, "budget": 162 * MILLION, "spread": {"rule": "england/person_cost_variation"}, "fitted_on": 850_000,
        "year_effect": {"rule": "england/year_effect"}, "open": open_items,
    })  # fmt: skip
    return assess(question_of(Asked(risk, Path("unitingcare.toml"), DAY, date.max, terms or Terms()), None), lambda _: None)


def test_luck_alone_calls_unitingcares_gap_impossible():
    assert pytest.approx(34, abs=0.03) == 162 * 0.21
    row = unitingcare([]).rows[0]
    assert float(GAP / (162 * MILLION)) / row.sd == pytest.approx(54, abs=0.5)
    assert (row.layer, row.over_reserve) == (Layer.process, 0.0)


def test_the_four_layers_together_do_not():
    """What was being clarified may cost anything from nothing to the 34 million asked for, half of it most likely: said by nobody, so the middle."""
    asked_for = {"id": "c", "about": "clarifications", "low": 0, "likely": GAP / 2, "high": GAP}
    rows = {row.layer: row.over_reserve for row in unitingcare([asked_for]).rows}
    assert rows[Layer.process] == rows[Layer.parameter] == 0
    assert rows[Layer.shock] == 0
    assert rows[Layer.scope] > 0.001


def test_as_its_register_had_it_the_gap_is_as_likely_as_not():
    told = unitingcare([], Terms(open=(("cost-lines", "open clarifications", GAP),)))
    assert told.rows[-1].over_reserve == pytest.approx(0.5, abs=0.01)
    assert told.bearable.people is None


def _results(file: Path) -> dict[str, dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return {row["ACO_ID"]: row for row in csv.DictReader(lines)}


def _number(text: str) -> float:
    return float(text.replace(",", ""))


@pytest.fixture(scope="module")
def large(outside_data) -> list[tuple[dict[str, str], dict[str, str]]]:
    """ACOs of 25,000 or more people in both years' results files."""
    one, other = (_results(outside_data / "mssp_puf" / f"py{year}.csv") for year in (2023, 2024))
    return [(one[id], other[id]) for id in sorted(one.keys() & other.keys()) if _number(one[id]["N_AB"]) >= 25_000]


def test_the_year_effect_is_what_luck_leaves_of_the_change_of_savings_rates(large):
    rates = [[1 - _number(row["ABtotExp"]) / _number(row["ABtotBnchmk"]) for row in pair] for pair in large]
    observed = statistics.variance([after - before for before, after in rates]) / 2
    luck = statistics.mean(of_spread(US).process(round(_number(row["N_AB"]))).variance for pair in large for row in pair)
    assert len(large) == 115
    assert (math.sqrt(observed), math.sqrt(luck)) == pytest.approx((0.0133, 0.0107), abs=5e-5)
    assert math.sqrt(observed - luck) == pytest.approx(float(YEAR["sd"]), abs=5e-5)


def test_services_move_together_as_the_rule_says(large):
    kinds = ("INP_All", "HSP", "SNF", "OPD", "PB", "AmbPay", "HHA", "DME")
    changes = [[math.log(_number(after[f"CapAnn_{k}"]) / _number(before[f"CapAnn_{k}"])) for k in kinds] for before, after in large]
    together = np.corrcoef(np.array(changes).T)
    assert statistics.median(together[i, j] for i, j in combinations(range(len(kinds)), 2)) == pytest.approx(float(YEAR["correlation"]), abs=5e-3)


ENROLMENT = (("ESRD", "ESRD"), ("DIS", "DIS"), ("AGDU", "AGED_Dual"), ("AGND", "AGED_NonDual"))
"""Types of enrolment, as columns of spending and of people name them."""
Change = tuple[float, float, float]
"""Of one ACO from one year to the next: the logarithm of the change of its cost a person, its people, and its cost."""


def _changes(folder: Path) -> dict[int, list[Change]]:
    """By the earlier year, of each ACO and agreement that began in January; of several files that tell of one, the first."""
    found: dict[tuple[str, int, int], Change] = {}
    for year in (2016, 2018, 2021, 2023, 2024):
        with (folder / f"py{year}.csv").open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                start = re.match(r"0?1/0?1/(?:20)?(\d\d)\b", row["Current_Start_Date"])
                for before in (1, 2) if start else ():
                    change = _change(row, before)
                    if change:
                        began = 2000 + int(start[1])
                        found.setdefault((row["ACO_Name"].strip().lower(), began, began - 4 + before), change)
    return {year: [each for (_, _, of), each in found.items() if of == year] for year in sorted({of for _, _, of in found})}


def _change(row: dict[str, str], before: int) -> Change | None:
    try:
        people = [_number(row[f"N_AB_Year_{who}_BY3"]) for _, who in ENROLMENT]
        costs = [[_number(row[f"Per_Capita_Exp_ALL_{what}_BY{n}"]) for what, _ in ENROLMENT] for n in (before, before + 1)]
    except ValueError:  # no number, where there are too few people to tell
        return None
    one, other = (sum(n * cost for n, cost in zip(people, year, strict=True)) for year in costs)
    return (math.log(other / one), sum(people), one) if min(map(min, costs)) > 0 else None


def interval(sd: float, n: int) -> tuple[float, float]:
    """Between which spreads the true one is with 95 percent confidence, if n show this one."""
    low, high = (sd * math.sqrt((n - 1) / chi_square_at(q, n - 1)) for q in (0.975, 0.025))
    return low, high


def test_the_year_effect_of_a_fixed_budget_is_everybodys_and_ones_own(outside_data):
    changes = _changes(outside_data / "mssp_puf")
    assert sum(map(len, changes.values())) == 2_782
    growth = {year: sum(g * cost for g, _, cost in of) / sum(cost for _, _, cost in of) for year, of in changes.items()}
    assert (growth[2019], growth[2020], statistics.stdev(growth.values())) == pytest.approx((-0.095, 0.080, 0.0469), abs=5e-4)
    usual = {year: of for year, of in changes.items() if year not in (2019, 2020)}
    everybody = statistics.stdev(growth[year] for year in usual)
    assert (len(usual), *interval(everybody, len(usual))) == pytest.approx((10, 0.0191, 0.0506), abs=5e-5)
    large = {year: [(g, n) for g, n, _ in of if n >= 25_000] for year, of in usual.items()}
    off = sum((g - statistics.mean(each for each, _ in of)) ** 2 for of in large.values() for g, _ in of) / sum(len(of) - 1 for of in large.values())
    luck = statistics.mean(2 * US**2 / n for of in large.values() for _, n in of)
    assert (math.sqrt(off), math.sqrt(luck), math.sqrt((off - luck) / 2)) == pytest.approx((0.0220, 0.0152, 0.0112), abs=5e-5)
    told = parameter("us_mssp/fixed_budget_year_effect").at(DAY, date.max)
    assert math.hypot(everybody, math.sqrt((off - luck) / 2)) == pytest.approx(float(told["sd"]), abs=5e-5)


def test_englands_year_effect_is_that_of_the_admissions_that_its_rule_cites():
    (value,) = parameter("england/year_effect").values
    counts = [int(each) for each in re.findall(r"\b\d{7}\b", value.reference)]
    changes = [math.log(after / before) for before, after in pairwise(counts)]
    assert (len(changes), statistics.mean(changes)) == pytest.approx((13, 0.0312), abs=5e-5)
    assert statistics.stdev(changes) == pytest.approx(float(value.amount["sd"]), abs=5e-5)
    assert interval(statistics.stdev(changes), 13) == pytest.approx((0.0162, 0.0373), abs=5e-5)
