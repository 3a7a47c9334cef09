"""The Tuva demo's claims: who gave most primary care in each year, worked out again from the raw text by Python, apart from the package.

Source: tuva-health/demo. The claims name no specialty, so what tells is Accord's own last step, over the codes of primary care.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from accord.population.attribution.rules import qualifying_codes

pytestmark = pytest.mark.xdist_group("tuva")
MEDICAL, PHARMACY, ELIGIBILITY = "medical_claim_seed.csv", "pharmacy_claim_seed.csv", "eligibility_seed.csv"
YEARS = (2016, 2017, 2018)
HOME, HOSPITAL = {"12"}, {"21", "61"}
SHARES = ("coinsurance_amount", "copayment_amount", "deductible_amount")


@pytest.fixture(scope="module")
def raw(outside_data: Path) -> dict[str, list[dict]]:
    found = {}
    for name in (MEDICAL, ELIGIBILITY):
        with (outside_data / "tuva_input_layer" / name).open(encoding="utf-8", newline="") as lines:
            found[name] = list(csv.DictReader(lines))
    return found


@pytest.fixture(scope="module")
def run(outside_data: Path, publish: Callable, tmp_path_factory: pytest.TempPathFactory) -> object:
    files = [outside_data / "tuva_input_layer" / name for name in (MEDICAL, PHARMACY, ELIGIBILITY)]
    return publish("tuva", files, tmp_path_factory.mktemp("tuva_attribution"))


def _counts(line: dict, rules: dict[str, dict]) -> bool:
    rule = rules.get(line["hcpcs_code"])
    if not rule or line["revenue_center_code"]:
        return False
    place = line["place_of_service_code"]
    return (not rule["only_in_setting"] or place in HOME) and (not rule["not_in_setting"] or place not in HOSPITAL)


def _allowed(line: dict) -> Decimal:
    paid = Decimal(line["paid_amount"] or 0)
    gross = paid + sum((Decimal(line[share] or 0) for share in SHARES), Decimal(0))
    cost = Decimal(line["allowed_amount"]) if line["allowed_amount"] else paid
    return max(gross, cost, Decimal(0))


@pytest.fixture(scope="module")
def expected(raw: dict[str, list[dict]]) -> dict[tuple[str, int], tuple[str, Decimal, int]]:
    """Each person and year with such care: who gave most of it, how much, on how many days."""
    money: dict[tuple[str, int], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    days: dict[tuple[str, int], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    rules = {year: {row["code"]: row for row in qualifying_codes(date(year, 1, 1))} for year in YEARS}
    for line in raw[MEDICAL]:
        day = line["claim_line_start_date"] or line["claim_start_date"]
        provider = line["facility_npi"] or line["billing_npi"] or line["rendering_npi"]
        year = int(day[:4])
        if year in rules and provider and _counts(line, rules[year]):
            money[line["person_id"], year][provider] += _allowed(line)
            days[line["person_id"], year][provider].add(day)
    found = {}
    for key, providers in money.items():
        ranked = sorted(providers, key=lambda p: (-providers[p], -len(days[key][p]), _reverse(max(days[key][p])), p))
        found[key] = (ranked[0], providers[ranked[0]], len(days[key][ranked[0]]))
    return found


def _reverse(day: str) -> int:
    return -int(day.replace("-", ""))


@pytest.fixture(scope="module")
def people(raw: dict[str, list[dict]], run: object) -> dict[int, str]:
    """Each person of the run by the file's own id: both in the order in which nothing else could match."""
    rows = run.sql(
        """select distinct r.person_id, f.record_number from registration r join record_fate f on r.registration_id = f.record_id
        where f.fate = 'accepted' and r.population = 'registered'"""
    ).fetchall()
    return {person: raw[ELIGIBILITY][number - 1]["person_id"] for person, number in rows}


def test_whose_people_are_whose_is_what_the_claims_say(expected, people, run) -> None:
    rows = run.sql(
        "select person_id, year(start_date), organisation_id, allowed_amount, n_contact from attribution where step = 'specialty_not_stated'"
    ).fetchall()
    found = {(people[person], year): (organisation, amount, n) for person, year, organisation, amount, n in rows}
    left_out = run.sql("select person_id, year(start_date) from attribution_attrition where reason = 'no cover in the window'").fetchall()
    covered = {key: value for key, value in expected.items() if key not in {(people[p], y) for p, y in left_out}}
    assert len(found) >= 10
    assert found == covered


def test_everybody_is_told_of_once_in_every_year(run) -> None:
    found = run.sql(
        """select year(start_date), count(*), count(distinct person_id) from (select person_id, start_date from attribution
        union all select person_id, start_date from attribution_attrition) group by 1 order by 1"""
    ).fetchall()
    assert found == [(year, 10, 10) for year in YEARS]
