"""`accord risk`: from a place's own people and its contract to what a board can accept; and every mistake told with its mend."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

PLACE = """\
name     = "Tiny"
currency = "GBP"
period   = { from = 2023-04-01, to = 2025-04-01 }
calendar = "nhs_financial_year"
key      = "demo"
identity = { trust = ["token"] }

[[partner]]
id   = "RMX"
name = "Riverside Hospital"
kind = "hospital"
vat  = "nhs_contracted_out"

[[partner]]
id   = "QMW"
name = "Quay and Marlow ICB"
kind = "payer"
vat  = "outside"

[[partner]]
id   = "P1"
name = "First Practice"
kind = "gp_practice"
vat  = "exempt"

[[source]]
id      = "visits"
glob    = "visits*"
map     = "visits"
partner = "RMX"
"""
MAP = """\
title     = "Visits, one row a visit"
reference = "the hospital's own extract"

[file]
format = "csv"

[[identifier]]
column = "token"
system = "token"
scope  = "any"

[[registration]]
population   = "registered"
organisation = { text = "practice" }
start_date   = { constant = "2023-04-01" }

[activity]
setting    = { constant = "outpatient" }
provider   = { partner = "id" }
start_date = { date = "day", format = "YYYY-MM-DD" }
cost       = { amount = "cost" }
"""
N_PEOPLE = 120
CONTRACT = """\
title      = "Outpatients 2024/25"
payer      = "QMW"
payee      = "RMX"
period     = { from = 2024-04-01, to = 2025-04-01 }
population = { registered_with = ["P1"] }

[[clause]]
kind     = "block"
id       = "budget"
services = ["outpatient_attendance"]
prices   = "reported_cost"
value    = 20000.00

[[clause]]
kind  = "stop_loss"
id    = "dear"
of    = "budget"
per   = "person"
above = 300.00
share = 1.00
"""
RISK = """\
title       = "All care"
sizes       = [5000, 100000]
miss        = [0.01, 0.05]
reserve     = 500.00
accepted    = 0.05
fitted_on   = 50000
year_effect = { sd = 0.01, correlation = 0.5, reference = "made up for a test" }
"""
STATED = '{ sd = 0.01, correlation = 0.5, reference = "made up for a test" }'


def visits() -> str:
    """Each person has two visits, one in each year, of costs that go together; half belong to practice P1."""
    rng = np.random.default_rng(1)
    lines = ["token,practice,day,cost"]
    for n in range(N_PEOPLE):
        frailty = rng.lognormal(4, 1)
        lines += [f"t{n},P{n % 2 + 1},{year}-06-01,{frailty * rng.uniform(0.5, 1.5):.2f}" for year in (2023, 2024)]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def made(accord: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place with two whole years and a published run."""
    folder = tmp_path_factory.mktemp("risk") / "place"
    for name, text in {
        "place.toml": PLACE, "maps/visits.toml": MAP, "sources/visits.csv": visits(), "risk/place.toml": RISK, "risk/clinics.toml": RISK,
        "contracts/clinics.toml": CONTRACT,
    }.items():  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    ended = accord("run", folder)
    assert ended.code == 0, ended.err
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "place", symlinks=True)
    return tmp_path / "place"


def table(place: Path, name: str = "place") -> list[dict[str, str]]:
    (kept,) = [folder for folder in (place / "risk").iterdir() if folder.name.startswith(f"{name}-")]
    with (kept / "risk.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_a_board_sees_four_layers_at_every_size(accord, place):
    ended = accord("risk", "-p", place, "--no-picture")
    assert ended.code == 0, ended.err
    rows = table(place)
    assert [row["people"] for row in rows] == [str(n) for n in (N_PEOPLE, 5_000, 100_000) for _ in range(4)]
    assert [row["layers_up_to"] for row in rows[:4]] == ["process", "parameter", "common shock", "scope and price"]
    assert "120 people of the run, over 2 years, are drawn again as whole histories" in ended.out
    assert "of gains and losses keeps to that" in ended.out
    assert "100,000 people" in ended.err


def test_the_spread_of_the_run_is_that_of_its_person_years(accord, place):
    accord("risk", "-p", place, "--no-picture")
    costs = np.array([float(line.rpartition(",")[2]) for line in visits().splitlines()[1:]])
    row = next(row for row in table(place) if row["people"] == "100000")
    assert float(row["sd"]) == pytest.approx(costs.std() / costs.mean() / 100_000**0.5, rel=2e-3)


def test_the_same_question_is_kept_once_and_what_is_kept_is_hashed(accord, place):
    first = accord("risk", "-p", place, "--no-picture").out
    assert accord("risk", "-p", place, "--no-picture").out == first
    (kept,) = [folder for folder in (place / "risk").iterdir() if folder.is_dir()]
    manifest = json.loads((kept / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["files"]) == {"risk.csv"}
    assert {"risk", "table activity", "table person_month", "rulebook"} <= set(manifest["inputs"])
    accord("risk", "-p", place, "--no-picture", "--reserve", "6000")
    assert len([folder for folder in (place / "risk").iterdir() if folder.is_dir()]) == 2


def test_the_picture_is_drawn(accord, place):
    pytest.importorskip("altair", reason="the option analysis is not installed")
    assert accord("risk", "-p", place).code == 0
    (picture,) = (place / "risk").glob("*/risk.svg")
    text = picture.read_text(encoding="utf-8")
    assert text.startswith("<svg")
    assert "cost of the year as part of the budget" in text


def test_a_stop_loss_of_the_contract_works_on_people(accord, place):
    accord("risk", "-p", place, "--no-picture")
    ended = accord("risk", "clinics", "-p", place, "--no-picture")
    assert ended.code == 0, ended.err
    bare, relieved = (next(row for row in table(place, name) if row["people"] == "5000") for name in ("place", "clinics"))
    assert float(relieved["sd"]) < 0.8 * float(bare["sd"])


def test_years_that_are_averaged_are_of_the_same_people(accord, place):
    (place / "risk" / "place.toml").write_text(RISK + "years_averaged = 2\n", encoding="utf-8")
    ended = accord("risk", "-p", place, "--no-picture")
    assert "in the mean of 2 years" in ended.out


def test_the_size_of_one_practice_is_counted_in_the_run(accord, place):
    assert "All care · 60 people" in accord("risk", "-p", place, "--no-picture", "--organisation", "P1").out
    ended = accord("risk", "-p", place, "--no-picture", "--organisation", "P9")
    assert ended.code == 2
    assert "nobody is registered with 'P9' in the run" in ended.err


@pytest.mark.parametrize(
    ("text", "words", "mend"),
    [
        (None, "nobody has written what the board accepts", "write risk/place.toml in the place"),
        (RISK.replace("accepted    = 0.05", "accepted    = 0.6"), "a reserve that is more often too small than not is none", "such as 0.05"),
        (RISK + "years_averaged = 3\n", "the contract averages 3 years, and the run holds 2 whole ones", "average fewer"),
        (RISK.replace(STATED, "{ estimated = true }"), "a year effect is seen in 3 or more", "england/year_effect"),
        (RISK + 'services = ["outpatients"]\n', "no act of care is of the service 'outpatients'", "outpatient_attendance"),
        (RISK + 'spread = { rule = "england/person_cost_variation" }\n', "the file does not say how many people", "add people ="),
        (RISK + '[[open]]\nid = "a"\nabout = "rent"\nlow = 2\nlikely = 1\nhigh = 3\n', "low, likely and high are not in order", "smallest"),
        (RISK.replace("reserve     = 500.00\n", ""), "nobody has said what the reserve is", "reserve"),
        (RISK + 'population = "resident"\n', "nobody is of this population in any whole year", '"registered"'),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_mend(accord, place, text, words, mend):
    file = place / "risk" / "place.toml"
    if text is None:
        file.unlink()
    else:
        file.write_text(text, encoding="utf-8")
    ended = accord("risk", "-p", place, "--no-picture")
    assert (ended.code, ended.out) == (2, "")
    assert words in ended.err
    assert mend in ended.err
    assert "Traceback" not in ended.err
    assert not [folder for folder in (place / "risk").iterdir() if folder.is_dir()]


def test_without_the_packages_that_draw_it_says_how_to_get_them(accord, place, monkeypatch):
    monkeypatch.setitem(sys.modules, "altair", None)
    ended = accord("risk", "-p", place)
    assert ended.code == 2
    assert "requirements-analysis.txt" in ended.err
    assert not list((place / "risk").glob("*/"))


def test_nothing_below_zero_is_set_aside(accord, place):
    ended = accord("risk", "-p", place, "--reserve", "-5", "--no-picture")
    assert ended.code == 2
    assert "nothing that can be set aside" in ended.err


BLOCK = CONTRACT[: CONTRACT.index('[[clause]]\nkind  = "stop_loss"')]
"""The contract without its stop-loss."""
PAYS = 'kind     = "block"', 'prices   = "reported_cost"', "value    = 20000.00"


def paying(kind: str, prices: str, more: str) -> str:
    """The contract where the clause pays otherwise."""
    text = BLOCK
    for was, becomes in zip(PAYS, (f'kind = "{kind}"', prices, more), strict=True):
        text = text.replace(was, becomes)
    return text


BY_THE_HEAD = paying("capitation", "", "budget = { per_person = 100.00 }")
TARIFF = paying("activity_price", PAYS[1], 'unpriced = "at_cost"')
MARGINAL = paying("marginal_rate", PAYS[1], "baseline = { amount = 1.00 }\nrate_above = 0.30")


def spread_at_5000(place: Path, name: str) -> float:
    return next(float(row["sd"]) for row in table(place, name) if row["people"] == "5000")


def test_a_contract_s_people_are_those_on_the_lists_that_it_names(accord, place):
    ended = accord("risk", "clinics", "-p", place, "--no-picture")
    assert "All care · 60 people" in ended.out
    assert "not of the population in the month: 120 acts" in ended.out


def test_a_payee_bears_of_a_block_what_it_gives_itself_and_of_a_capitation_what_anybody_gives(accord, place):
    """The same visits, given by a hospital that is not the payee's."""
    (place / "contracts" / "clinics.toml").write_text(BLOCK.replace('payee      = "RMX"', 'payee      = "NVH"'), encoding="utf-8")
    with (place / "place.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[partner]]\nid   = "NVH"\nname = "North Vale Hospital"\nkind = "hospital"\nvat  = "nhs_contracted_out"\n')
    ended = accord("risk", "clinics", "-p", place, "--no-picture")
    assert ended.code == 2
    assert "the run has no care that 'budget' is about" in ended.err
    (place / "contracts" / "clinics.toml").write_text(BY_THE_HEAD.replace('payee      = "RMX"', 'payee      = "NVH"'), encoding="utf-8")
    ended = accord("risk", "clinics", "-p", place, "--no-picture")
    assert ended.code == 0, ended.err
    assert "what 'budget' pays for care as it is expected" in ended.out
    assert "The budget is 6,000" in ended.out
    assert "all care of these services of its people is borne, whoever gives it" in ended.out


def test_amounts_of_a_contract_of_two_years_are_cut_to_one_and_of_broken_months_refused(accord, place):
    for start, words in (("2023-04-01", "The budget is 10,000 GBP a year, by what 'budget' pays"), ("2024-04-15", "is not of whole months")):
        (place / "contracts" / "clinics.toml").write_text(BLOCK.replace("from = 2024-04-01", f"from = {start}"), encoding="utf-8")
        ended = accord("risk", "clinics", "-p", place, "--no-picture")
        assert words in ended.out + ended.err


def test_of_acts_that_are_paid_for_nothing_is_borne_and_above_a_baseline_of_nothing_all_but_the_rate(accord, place):
    spreads = []
    for text in (BLOCK, MARGINAL, TARIFF + "share = 0.50\n"):
        (place / "contracts" / "clinics.toml").write_text(text, encoding="utf-8")
        ended = accord("risk", "clinics", "-p", place, "--no-picture")
        assert ended.code == 0, ended.err
        spreads.append(spread_at_5000(place, "clinics"))
        shutil.rmtree(next((place / "risk").glob("clinics-*")))
    assert spreads[1:] == pytest.approx([0.7 * spreads[0], 0.5 * spreads[0]], rel=1e-3)
    (place / "contracts" / "clinics.toml").write_text(TARIFF, encoding="utf-8")
    ended = accord("risk", "clinics", "-p", place, "--no-picture")
    assert (ended.code, "the contract pays RMX for each act" in ended.err) == (2, True)


def test_a_budget_that_is_set_is_what_the_cost_is_held_against_and_without_one_it_is_said(accord, place):
    assert "NOBODY HAS SET A BUDGET" in accord("risk", "-p", place, "--no-picture").out
    (place / "budgets").mkdir()
    (place / "budgets" / "all.toml").write_text(BUDGET, encoding="utf-8")
    (place / "budgets" / "all.csv").write_text("organisation_id,people\nP1,60\nP2,60\n", encoding="utf-8")
    (place / "risk" / "place.toml").write_text(RISK.replace("sizes ", 'budget = { budget = "all" }\nsizes '), encoding="utf-8")
    ended = accord("risk", "-p", place, "--no-picture")
    assert "the budget 'all' is written, and was never set" in ended.err
    assert accord("budget", "set", "all", "--place", place).code == 0
    ended = accord("risk", "-p", place, "--no-picture")
    assert "The budget is 12,000 GBP a year, by accord budget set all" in ended.out
    assert "NOBODY HAS SET A BUDGET" not in ended.out
    assert "care of other services" not in ended.out
    assert "The budget is 6,000 GBP" in accord("risk", "-p", place, "--no-picture", "--organisation", "P1").out
    (place / "budgets" / "all.toml").write_text(BUDGET.replace("outpatient_attendance", "gp_contact"), encoding="utf-8")
    assert accord("budget", "set", "all", "--place", place).code == 0
    ended = accord("risk", "-p", place, "--no-picture")
    assert "The budget is for gp_contact, and care of other services is counted too: outpatient_attendance." in ended.out


BUDGET = """\
title   = "All care"
source  = "made up for a test"
kind    = "capitation"
period  = { from = 2024-04-01, to = 2025-04-01 }
total   = 12000.00
figures = "all.csv"
people  = "people"

[[service]]
id    = "outpatient_attendance"
share = 1.00
"""
