"""What people write for a settlement, and what is wrong with it: prices, figures, payments, monthly totals, and a contract's tax and kinds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from accord.errors import UserError
from accord.place import Place, PlaceSettings, new_place, read_model
from accord.settlement.chain import Case, settle
from accord.settlement.contract import Contract
from accord.settlement.figures import Given, Payment, read_figures, read_payments
from accord.settlement.prices import MarketForces, Price, Supplement, price_list
from accord.settlement.settling import contract_files
from accord.settlement.span import span_of
from accord.settlement.taxing import Tax, tax_of
from accord.settlement.totals import Done, Total, read_totals

HEAD = """\
title      = "A contract"
payer      = "QMW"
payee      = "RMX"
period     = { from = 2025-04-01, to = 2026-04-01 }
population = { registered_with = "partners" }
"""
ACTIVITY = """
[[clause]]
kind     = "activity_price"
id       = "visits"
services = ["gp_contact"]
prices   = "tariff"
unpriced = "not_paid"
"""


def contract_of(folder: Path, clauses: str) -> tuple[Path, Contract]:


    file = folder / "one.toml"
    file.write_text(HEAD + clauses, encoding="utf-8")
    return file, read_model(file, Contract)


def told(call: Callable[[], Any]) -> UserError:
    with pytest.raises(UserError) as found:
        call()
    return found.value


# --- prices ------------------------------------------------------------------------------------------------------------------

SIDECAR = 'title = "Tariff"\nsource = "schedule 4"\nfrom = 2025-04-01\n'
PRICES = "currency_code,setting,admission,price,trim_days,per_day\n"


def prices_of(folder: Path, rows: str, sidecar: str = SIDECAR) -> tuple[Price, ...]:
    file, contract = contract_of(folder, ACTIVITY)
    (folder / "tariff.csv").write_text(PRICES + rows, encoding="utf-8")
    (folder / "tariff.toml").write_text(sidecar, encoding="utf-8")
    return price_list(folder, "tariff", contract, file, 0).prices


def test_a_list_of_prices_is_read(tmp_path: Path) -> None:
    found = prices_of(tmp_path, "aa35f,inpatient,emergency,5000.125,10,250\nWF01A,,,,,\n")
    assert found == (
        Price("AA35F", "inpatient", "emergency", Decimal("5000.125000"), 10, Decimal("250.000000")),
        Price("WF01A", None, None, None, None, None),
    )


@pytest.mark.parametrize(
    ("rows", "line", "what", "mend"),
    [
        ("A1,,,12.5x,,\n", 2, "'price' is '12.5x'", "write a number with a point and at most 6 places"),
        ("A1,,,-1,,\n", 2, "'price' is below zero", "a price is 0 or more"),
        ("A1,,,1,,\nA1,,,2,,\n", 3, "A1 has a price for the same setting and admission on line 2 too", "keep one of the two"),
        ("A1,inpatien,,1,,\n", 2, "'setting' is 'inpatien'", "did you mean 'inpatient'?"),
        ("A1,,,1,3,\n", 2, "'trim_days' and 'per_day' belong together", "write both, or neither"),
        (",,,1,,\n", 2, "'currency_code' is empty", "write it"),
        ("A1,,,1\n", 2, "the line has 4 fields, and the header names 6", "write one field a column"),
        ('A1,,,"1,,\n', 2, "tariff.csv is not CSV", "put text that holds a comma or a quote in quotes"),
    ],
)
def test_a_price_that_cannot_be_read_is_told_with_its_line(tmp_path: Path, rows: str, line: int, what: str, mend: str) -> None:
    error = told(lambda: prices_of(tmp_path, rows))
    assert what in error.what
    assert error.where == f"{tmp_path / 'tariff.csv'}, line {line}"
    assert mend in error.what_to_do


def test_a_list_that_is_not_there_or_of_a_later_year(tmp_path: Path) -> None:
    file, contract = contract_of(tmp_path, ACTIVITY)
    missing = told(lambda: price_list(tmp_path, "tarif", contract, file, 0))
    assert (missing.what, missing.where) == ("the place has no list of prices 'tarif'", f"{file}, line 11")
    assert "submitted, reported_cost" in missing.what_to_do
    later = told(lambda: prices_of(tmp_path, "", SIDECAR.replace("2025", "2026")))
    assert (later.what, later.where) == (
        "the prices of 'tariff' apply from 2026-04-01, and the contract begins on 2025-04-01", f"{tmp_path / 'tariff.toml'}, line 3",
    )  # fmt: skip
    unsourced = told(lambda: prices_of(tmp_path, "", SIDECAR.replace('source = "schedule 4"\n', "")))
    assert "source" in unsourced.what


DATED = PRICES.strip() + ",short_stay_days,short_stay_share,from,to\n"


def dated_prices(folder: Path, rows: str, head: str = DATED) -> tuple[Price, ...]:
    file, contract = contract_of(folder, ACTIVITY)
    (folder / "tariff.csv").write_text(head + rows, encoding="utf-8")
    (folder / "tariff.toml").write_text(SIDECAR, encoding="utf-8")
    return price_list(folder, "tariff", contract, file, 0).prices


def test_a_price_lasts_until_the_next_of_its_code(tmp_path: Path) -> None:
    found = dated_prices(tmp_path, "A1,,,10,,,1,0.7,,\nA1,,,11,,,,,2025-10-01,2026-01-01\nA1,,gp,12,,,,,,\n".replace(",gp,", ",elective,"))
    assert [(p.start_date, p.end_date, p.short_stay_days, p.short_stay_share) for p in found] == [
        (None, date(2025, 10, 1), 1, Decimal("0.70")), (date(2025, 10, 1), date(2026, 1, 1), None, None), (None, None, None, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ("A1,,,10,,,,,,2025-12-01\nA1,,,11,,,,,2025-10-01,\n", "'from' is 2025-10-01, and what stands on line 2 applies until 2025-12-01"),
        ("A1,,,10,,,,,,\nA1,,,11,,,,,2025-04-01,\n", "A1 has a price for the same setting and admission on line 2 too"),
        ("A1,,,10,,,,,2025-03-01,\n", "'from' is before the list applies"),
        ("A1,,,10,,,,,2025-10-01,2025-10-01\n", "'to' is 2025-10-01, which is not after 'from'"),
        ("A1,,,10,,,1,,,\n", "'short_stay_days' and 'short_stay_share' belong together"),
        ("A1,,,10,,,1,0,,\n", "'short_stay_share' is 0"),
    ],
)
def test_prices_of_several_days_that_do_not_fit_are_told(tmp_path: Path, rows: str, what: str) -> None:
    assert what in told(lambda: dated_prices(tmp_path, rows)).what


def test_a_column_that_is_nearly_one_of_the_optional_is_told_and_others_are_passed_over(tmp_path: Path) -> None:
    assert dated_prices(tmp_path, "A1,,,10,,,seen\n", PRICES.strip() + ",note\n")
    error = told(lambda: dated_prices(tmp_path, "A1,,,10,,,1,0.7\n", PRICES.strip() + ",shortstay_days,short_stay_share\n"))
    assert (error.what, error.what_to_do) == ("tariff.csv has a column 'shortstay_days'", "did you mean 'short_stay_days'?")


def test_supplements_and_factors_stand_beside_the_list_with_their_own_source(tmp_path: Path) -> None:
    (tmp_path / "tariff_supplements.csv").write_text("currency_code,service_code,rate\n,150,0.28\n", encoding="utf-8")
    (tmp_path / "tariff_mff.csv").write_text("provider_id,factor,from\nRMX,1.05,\nRMX,1.06,2025-10-01\n", encoding="utf-8")
    for part in ("supplements", "mff"):
        assert "tariff_" + part in told(lambda: prices_of(tmp_path, "A1,,,10,,\n")).where
        (tmp_path / f"tariff_{part}.toml").write_text(SIDECAR, encoding="utf-8")
    file, contract = contract_of(tmp_path, ACTIVITY)
    found = price_list(tmp_path, "tariff", contract, file, 0)
    assert found.supplements == (Supplement(None, "150", Decimal("0.28")),)
    assert found.factors == (MarketForces("RMX", Decimal("1.05"), None, date(2025, 10, 1)), MarketForces("RMX", Decimal("1.06"), date(2025, 10, 1)))
    assert [path.name for path in found.files] == [
        "tariff.csv", "tariff.toml", "tariff_supplements.csv", "tariff_supplements.toml", "tariff_mff.csv", "tariff_mff.toml",
    ]  # fmt: skip
    (tmp_path / "tariff_supplements.csv").write_text("currency_code,service_code,rate\n,,0.28\n", encoding="utf-8")
    assert "name what the supplement is for" in told(lambda: price_list(tmp_path, "tariff", contract, file, 0)).what_to_do


# --- figures and payments ----------------------------------------------------------------------------------------------------

CAPITATION = """
[[clause]]
kind     = "capitation"
id       = "heads"
services = ["gp_contact"]
budget   = { per_person = 120.00, need = "england" }
discount = 0.10
"""
CORRIDOR = """
[[clause]]
kind   = "risk_corridor"
id     = "corridor"
target = { budget = "needs" }
bands  = [{ from = 0, share = 0.5 }]
"""


def settled(folder: Path, clauses: str, done: Done, figures: str = "", *, is_final: bool = False) -> Decimal:
    _, contract = contract_of(folder, clauses)
    if figures:
        (folder / "figures").mkdir(exist_ok=True)
        (folder / "figures" / "one.toml").write_text('title = "Figures"\nsource = "a letter"\n' + figures, encoding="utf-8")
    given = read_figures(folder / "figures", "one", contract)
    return settle(Case("one", contract, span_of(contract, None), done, given, Tax(), is_final, date.max)).due


def test_capitation_is_for_person_years_and_the_need_that_the_payer_sends(tmp_path: Path) -> None:
    done = Done((Total("heads", date(2025, 4, 1), "gp_contact", "none", 9, Decimal("0.00"), 9),), n_person_month=18)
    error = told(lambda: settled(tmp_path, CAPITATION, done))
    assert error.what == "clause 'heads' (capitation) needs the figure 'need', which no table holds and the payer has not sent"
    assert error.where == f"{tmp_path / 'figures' / 'one.toml'}, which is not there"
    assert error.what_to_do == "write title and source, and under [clause.heads] add need = …"
    assert settled(tmp_path, CAPITATION, done, "[clause.heads]\nneed = 1.5\n") == Decimal("243.00")


def test_a_corridor_under_a_capitation_needs_what_the_care_cost(tmp_path: Path) -> None:
    clauses, done = CAPITATION.replace(', need = "england"', "") + CORRIDOR, Done((), n_person_month=12)
    assert "'actual'" in told(lambda: settled(tmp_path, clauses, done)).what
    assert "'target'" in told(lambda: settled(tmp_path, clauses, done, "[clause.corridor]\nactual = 90\n")).what
    assert settled(tmp_path, clauses, done, "[clause.corridor]\nactual = 90\ntarget = 100.00\n") == Decimal("108.00") + 5


def test_a_withhold_is_earned_in_the_end_only(tmp_path: Path) -> None:
    clauses = CAPITATION.replace(', need = "england"', "") + 'withhold = { rate = 0.50, gate = "core" }\n'
    done = Done((), n_person_month=12)
    assert settled(tmp_path, clauses, done) == 54
    assert "'earned'" in told(lambda: settled(tmp_path, clauses, done, is_final=True)).what
    assert settled(tmp_path, clauses, done, "[clause.heads]\nearned = 0.5\n", is_final=True) == 81


SHARING = """
[[clause]]
kind      = "shared_savings"
id        = "gain"
benchmark = { budget = "needs" }
minimum   = 0.02
share     = 0.50
loss      = { rate = 0.30, limit = { of = "benchmark", rate = 0.02 } }
quality   = { gate = "core", at_least = 0.40 }
"""
EARNED = """
[[clause]]
kind     = "pay_for_performance"
id       = "earned"
measures = [{ id = "hba1c", points = 10, from = 0.35, to = 0.75 }]
withhold = { of = "visits", rate = 0.10 }
"""
READMITTED = """
[[clause]]
kind       = "readmission_withhold"
id         = "again"
of         = "visits"
groups     = [{ after = "any", avoidable = 0.25 }]
exclusions = ["cancer"]
"""
BUNDLE = """
[[clause]]
kind     = "bundle"
id       = "cabg"
services = ["elective_admission"]
fee      = 20000.00
warranty = { days = 90, share = 0.50 }
"""
BY_SIZE = "[clause.gain]\nbenchmark = 1000.00\nspent = {spent}\nquality = 0.50\nn_people = 5000\n"
VISITS = Done((Total("visits", date(2025, 4, 1), "gp_contact", "all", 9, Decimal("1000.00")),))


@pytest.mark.parametrize(
    ("clauses", "figures", "due"),
    [
        (SHARING, "[clause.gain]\nbenchmark = 1000.00\nspent = 900\nquality = 0.50\n", "50.00"),
        (SHARING, "[clause.gain]\nbenchmark = 1000.00\nspent = 900\nquality = 0.30\n", "0.00"),
        (SHARING, "[clause.gain]\nbenchmark = 1000.00\nspent = 2000\nquality = 0.50\n", "-20.00"),
        (SHARING.replace("0.02\nshare", '{ table = "us_mssp/minimum_savings_rate" }\nshare'), BY_SIZE.format(spent="970"), "0.00"),
        (SHARING.replace("0.02\nshare", '{ table = "us_mssp/minimum_savings_rate" }\nshare'), BY_SIZE.format(spent="960"), "20.00"),
        (ACTIVITY + EARNED, "[clause.earned]\nachieved = { hba1c = 0.55 }\n", "950.00"),
        (ACTIVITY + READMITTED, "[clause.again]\nvalue = { any = 100.00 }\nexcluded = { cancer = 40.00 }\n", "975.00"),
        (BUNDLE, "[clause.cabg]\nn_episode = 2\nhistorical = 3000.00\n", "43000.00"),
    ],
)
def test_kinds_whose_figures_the_payer_sends(tmp_path: Path, clauses: str, figures: str, due: str) -> None:
    """Each figure is asked for by name until the last is there, and then the clause comes to what its terms say."""
    assert settled(tmp_path, clauses, VISITS, figures) == Decimal(due)
    head, *keys = figures.splitlines(keepends=True)
    for n, key in enumerate(keys):
        error = told(lambda n=n: settled(tmp_path, clauses, VISITS, head + "".join(keys[:n] + keys[n + 1 :])))
        assert f"needs the figure '{key.partition(' ')[0]}'" in error.what


PREVALENT = """
[[clause]]
kind     = "pay_for_performance"
id       = "earned"
measures = [{ id = "hba1c", points = 10, from = 0.35, to = 0.75, by_prevalence = true }, { id = "bp", points = 5, from = 0.35, to = 0.75 }]
points   = { per_point = 200.00, average_list = 9000 }
"""
ALLOWED = READMITTED.replace("avoidable = 0.25", "allowed = 0.75")


@pytest.mark.parametrize(
    ("clauses", "figures", "key", "part"),
    [
        (PREVALENT, "[clause.earned]\nachieved = { hba1c = 0.55 }\nlist_size = 900\nprevalence = { bp = 1.1 }\n", "prevalence", "hba1c"),
        (ACTIVITY + ALLOWED, "[clause.again]\nvalue = { any = 9.00 }\nexcluded = { cancer = 4.00 }\nbefore = { other = 9.00 }\n", "before", "any"),
    ],
)
def test_a_part_of_a_figure_that_is_missing_is_asked_for(tmp_path: Path, clauses: str, figures: str, key: str, part: str) -> None:
    error = told(lambda: settled(tmp_path, clauses, VISITS, figures))
    assert f"needs the figure '{key}' of '{part}', which no table holds" in error.what
    assert error.where == f"{tmp_path / 'figures' / 'one.toml'}, line 3"
    assert f"add {key} = {{ {part} = … }}" in error.what_to_do


def test_a_rule_that_was_not_published_yet_is_told(tmp_path: Path) -> None:
    margin = '''
[[clause]]
kind       = "marginal_rate"
id         = "urgent"
services   = ["emergency_admission"]
prices     = "submitted"
baseline   = { amount = 600.00 }
rate_above = { rule = "england/marginal_rate" }
'''
    file = tmp_path / "one.toml"
    file.write_text((HEAD + margin).replace("2025", "2017").replace("2026", "2018"), encoding="utf-8")
    contract = read_model(file, Contract)
    days = span_of(contract, None)
    error = told(lambda: settle(Case("one", contract, days, Done(()), Given(tmp_path), Tax(), False, date(2017, 4, 2))))
    assert error.what == "the rule 'england/marginal_rate' for 2017-04-01 was published on 2017-04-03, and what is known is of 2017-04-02"
    assert error.where == "the rule england/marginal_rate"
    assert settle(Case("one", contract, days, Done(()), Given(tmp_path), Tax(), False, date(2017, 4, 3))).due == 0


@pytest.mark.parametrize(
    ("figures", "line", "what", "mend"),
    [
        ("[clause.head]\nneed = 1\n", 3, "the contract has no clause 'head'", "did you mean 'heads'?"),
        ("[clause.heads]\nneeds = 1\n", 4, "a capitation has no figure 'needs'", "did you mean 'need'?"),
        ('[clause.heads]\nneed = "much"\n', 4, "'need' cannot be read", "write amounts and rates as numbers"),
    ],
)
def test_a_figure_that_nobody_knows_is_told_with_its_line(tmp_path: Path, figures: str, line: int, what: str, mend: str) -> None:
    error = told(lambda: settled(tmp_path, CAPITATION, Done((), 12), figures))
    assert what in error.what
    assert error.where == f"{tmp_path / 'figures' / 'one.toml'}, line {line}"
    assert mend in error.what_to_do


def test_payments_of_other_contracts_and_later_days_do_not_count(tmp_path: Path) -> None:
    rows = "date,contract,amount\n2025-06-01,one,10.00\n2025-05-01,one,-1.50\n2025-05-01,two,7.00\n2025-07-01,one,3.00\n"
    (tmp_path / "payments.csv").write_text(rows, encoding="utf-8")
    found = read_payments(tmp_path, "one", frozenset({"one", "two"}), date(2025, 6, 30))
    assert found == (Payment(date(2025, 5, 1), Decimal("-1.50")), Payment(date(2025, 6, 1), Decimal("10.00")))
    error = told(lambda: read_payments(tmp_path, "one", frozenset({"one"}), date.max))
    assert (error.what, error.where) == ("'contract' is 'two', and no contract has that name", f"{tmp_path / 'payments.csv'}, line 4")
    assert read_payments(tmp_path / "none", "one", frozenset(), date.max) == ()


# --- monthly totals ----------------------------------------------------------------------------------------------------------

TOTALS = "contract,month,service,price_group,activity,amount\n"


def totals_of(folder: Path, rows: str) -> Done:
    file, contract = contract_of(folder, ACTIVITY)
    (folder / "totals.csv").write_text(TOTALS + rows, encoding="utf-8")
    return read_totals(folder / "totals.csv", file.stem, contract, date(2025, 6, 1))


def test_monthly_totals_are_read_up_to_a_day(tmp_path: Path) -> None:
    rows = "one,2025-04,gp_contact,long,3,90.00\none,2025-05,gp_contact,long,2,0\none,2025-06,gp_contact,long,9,9.00\ntwo,x,y,z,a,b\n"
    assert totals_of(tmp_path, rows).totals == (
        Total("visits", date(2025, 4, 1), "gp_contact", "long", 3, Decimal("90.00")),
        Total("visits", date(2025, 5, 1), "gp_contact", "long", 2, Decimal("0.00"), n_unpriced=2),
    )


@pytest.mark.parametrize(
    ("rows", "line", "what", "mend"),
    [
        ("one,2025-04,gp_contacts,a,3,9.00\n", 2, "'service' is 'gp_contacts', and no clause", "did you mean 'gp_contact'?"),
        ("one,2025-4,gp_contact,a,3,9.00\n", 2, "'month' is '2025-4'", "write a month as 2025-08"),
        ("one,2026-04,gp_contact,a,3,9.00\n", 2, "'month' is 2026-04, and the contract runs from", "write a month of the contract's"),
        ("one,2025-04,gp_contact,a,x,9.00\n", 2, "'activity' is 'x'", "write a whole number"),
        ("one,2025-04,gp_contact,a,3,9.001\n", 2, "'amount' is '9.001'", "at most 2 places"),
        ("one,2025-04,gp_contact,a,3,NaN\n", 2, "'amount' is 'NaN'", "write a number"),
        ("one,2025-04,gp_contact,a,3,9\none,2025-04,gp_contact,a,4,9\n", 3, "gp_contact (a) of 2025-04 stands on line 2 too", "send one row"),
    ],
)
def test_a_total_that_cannot_be_read_is_told_with_its_line(tmp_path: Path, rows: str, line: int, what: str, mend: str) -> None:
    error = told(lambda: totals_of(tmp_path, rows))
    assert what in error.what
    assert error.where == f"{tmp_path / 'totals.csv'}, line {line}"
    assert mend in error.what_to_do


def test_a_file_without_the_contract_or_without_a_column(tmp_path: Path) -> None:
    assert "has no row of contract 'one'" in told(lambda: totals_of(tmp_path, "two,2025-04,gp_contact,a,3,9.00\n")).what
    file, contract = contract_of(tmp_path, ACTIVITY)
    (tmp_path / "totals.csv").write_text("contract,month,service,group,activity,amount\n", encoding="utf-8")
    error = told(lambda: read_totals(tmp_path / "totals.csv", file.stem, contract, date.max))
    assert (error.what, error.where) == ("totals.csv has no column 'price_group'", f"{tmp_path / 'totals.csv'}, line 1")


# --- kinds, tax, contracts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payee", "payer", "vat", "expected"),
    [
        ("exempt", "outside", "", Tax()),
        ("standard", "local_authority", "vat = { rate = 0.20, recoverable = true }\n", Tax(Decimal("0.20"), True)),
        ("standard", "outside", "vat = { rate = 0.20, recoverable = false }\n", Tax(Decimal("0.20"), False)),
        ("standard", "outside", "vat = { rate = 0.20, recoverable = true }\n", "QMW gets no VAT back: its regime in place.toml is outside"),
        ("standard", "outside", "", "RMX charges VAT (its regime in place.toml is standard), and the contract does not say at which rate"),
        ("exempt", "outside", "vat = { rate = 0.20, recoverable = true }\n", "RMX charges no VAT: its regime in place.toml is exempt"),
    ],
)
def test_vat_goes_by_the_regimes_of_the_parties(tmp_path: Path, payee: str, payer: str, vat: str, expected: Tax | str) -> None:
    settings = _settings(payer=payer, payee=payee)
    file = tmp_path / "one.toml"
    file.write_text(HEAD + vat + ACTIVITY, encoding="utf-8")


    contract = read_model(file, Contract)
    if isinstance(expected, Tax):
        assert tax_of(settings, contract, file) == expected
    else:
        assert told(lambda: tax_of(settings, contract, file)).what == expected


def test_irrecoverable_vat_is_a_cost_of_the_payer(tmp_path: Path) -> None:
    _, contract = contract_of(tmp_path, ACTIVITY)
    total = Total("visits", date(2025, 4, 1), "gp_contact", "all", 1, Decimal("100.03"))
    one = settle(Case("one", contract, span_of(contract, None), Done((total,)), Given(tmp_path), Tax(Decimal("0.20"), False), False, date.max))
    assert (one.net, one.vat, one.irrecoverable_vat, one.due) == tuple(map(Decimal, ("100.03", "20.01", "20.01", "120.04")))
    assert [line.name for line in one.whole()] == ["before any clause", "visits", "VAT on visits"]
    assert "20.01 of it the payer does not get back" in list(one.whole())[-1].because


def _settings(*, payer: str, payee: str) -> PlaceSettings:
    partners = [{"id": "QMW", "name": "Payer", "kind": "payer", "vat": payer}, {"id": "RMX", "name": "Payee", "kind": "other", "vat": payee}]
    whole = {
        "name": "A place", "currency": "GBP", "period": {"from": date(2025, 4, 1), "to": date(2026, 4, 1)},
        "calendar": "calendar_year", "key": "demo",
        "identity": {"trust": ["nhs_number"]}, "partner": partners,
    }  # fmt: skip
    return PlaceSettings.model_validate(whole)


def test_a_contract_is_named_as_its_file(tmp_path: Path) -> None:
    place: Place = new_place(tmp_path / "place")
    assert "the place has no contract" in told(lambda: contract_files(place, "")).what
    for name in ("hospital", "community"):
        (place.contracts / f"{name}.toml").write_text(HEAD + ACTIVITY, encoding="utf-8")
    assert list(contract_files(place, "")) == ["community", "hospital"]
    assert list(contract_files(place, "hospital")) == ["hospital"]
    assert list(contract_files(place, str(place.contracts / "hospital.toml"))) == ["hospital"]
    assert "its contracts are: community, hospital" in told(lambda: contract_files(place, "hospitals")).what_to_do
