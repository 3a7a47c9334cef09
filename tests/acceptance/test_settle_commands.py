"""`accord settle`, `explain` and `compare` over the small place: contracts that settle themselves, and what no contract pays for."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import accord as python_accord
from accord.notebook import OpenRun

PAYER = """
[[partner]]
id   = "WXICB"
name = "Wexcombe Integrated Care Board"
kind = "payer"
vat  = "outside"
"""
HEAD = """\
title      = "Wexcombe {title} 2025/26"
payer      = "WXICB"
payee      = "{payee}"
period     = {{ from = 2025-04-01, to = 2026-04-01 }}
population = {{ registered_with = "partners" }}
"""
HOSPITAL = HEAD.format(title="hospital", payee="WXH") + """
[[clause]]
kind     = "activity_price"
id       = "planned"
services = ["elective_admission", "outpatient_attendance"]
prices   = "submitted"
unpriced = "at_cost"

[[clause]]
kind       = "marginal_rate"
id         = "emergency"
services   = ["emergency_admission"]
prices     = "submitted"
baseline   = { amount = 60000.00 }
rate_above = 0.30
reference  = "schedule 3"
"""
COMMUNITY = HEAD.format(title="community", payee="WCM") + """
[[clause]]
kind     = "block"
id       = "contacts"
services = ["community_contact", "mental_health_contact"]
prices   = "reported_cost"
value    = 40000.00
"""
PAYMENTS = "date,contract,amount\n2025-05-01,hospital,60000.00\n2025-10-01,hospital,60000.00\n"
BY_HAND = """
select coalesce(sum(a.net_amount), 0)
from activity a
join person_month p on p.person_id = a.person_id
  and p.month_date = date_trunc('month', coalesce(a.discharge_date, a.start_date))
where a.is_in_force and a.provider_id = 'WXH' and a.payer_id = 'WXICB' and p.registered_id in ('WX001', 'WX002', 'WX003')
  and coalesce(a.discharge_date, a.start_date) between date '2025-04-01' and date '2026-03-31' and """


@pytest.fixture(scope="module")
def place_once(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(small_run, tmp_path_factory.mktemp("settle") / "wexcombe", symlinks=True))
    with (folder / "place.toml").open("a", encoding="utf-8") as settings:
        settings.write(PAYER)
    (folder / "contracts" / "hospital.toml").write_text(HOSPITAL, encoding="utf-8")
    (folder / "contracts" / "community.toml").write_text(COMMUNITY, encoding="utf-8")
    (folder / "figures").mkdir()
    (folder / "figures" / "payments.csv").write_text(PAYMENTS, encoding="utf-8")
    return folder


@pytest.fixture
def place(place_once: Path, tmp_path: Path) -> Path:
    """A copy for one test to do with as it likes."""
    return Path(shutil.copytree(place_once, tmp_path / "wexcombe", symlinks=True))


@pytest.fixture(scope="module")
def run(place_once: Path) -> OpenRun:
    return python_accord.open(place_once).current()


def settlement(place: Path, contract: str) -> Path:
    """The one settlement of a contract that is there, or the latest."""
    manifests = [json.loads(p.read_text(encoding="utf-8")) for p in sorted((place / "settlements" / contract).glob("*/manifest.json"))]
    followed = {each["follows"] for each in manifests}
    latest = next(each for each in manifests if each["settlement_id"] not in followed)
    return place / "settlements" / contract / str(latest["settlement_id"])


def manifest(place: Path, contract: str) -> dict[str, Any]:
    return dict(json.loads((settlement(place, contract) / "manifest.json").read_text(encoding="utf-8")))


def standing(place: Path, contract: str) -> dict[tuple[str, str], Decimal]:
    """Every posting of every settlement of a contract, added up by party and account."""
    found: dict[tuple[str, str], Decimal] = {}
    for file in (place / "settlements" / contract).glob("*/posting.parquet"):
        for row in pq.read_table(file).to_pylist():
            key = row["party_id"], row["account"]
            found[key] = found.get(key, Decimal(0)) + row["amount"]
    return {key: amount for key, amount in found.items() if amount}


def test_contracts_settle_to_the_penny_and_no_care_is_lost(accord: Callable[..., Any], place: Path, run: OpenRun) -> None:
    ended = accord("settle", "-p", place)
    assert (ended.code, ended.err) == (0, "")
    planned, emergency = (
        run.sql(BY_HAND + condition).fetchall()[0][0]
        for condition in (
            "(a.setting = 'outpatient' or (a.setting = 'inpatient' and a.admission = 'elective' and a.discharge_date is not null))",
            "a.setting = 'inpatient' and a.admission = 'emergency' and a.discharge_date is not null",
        )
    )
    above = emergency - 60_000
    assert above > 0
    kept = (above * Decimal("0.70")).quantize(Decimal("0.01"))
    due = planned + emergency - kept
    assert Decimal(manifest(place, "hospital")["due"]) == due
    assert Decimal(manifest(place, "hospital")["balance"]) == due - 120_000
    assert f"{due:,.2f}" in ended.out
    assert f"{kept:,.2f}  kept back by WXICB" in ended.out
    assert Decimal(manifest(place, "community")["due"]) == 40_000
    everything = run.sql("select count(*), sum(coalesce(net_amount, cost)) from activity where is_in_force").fetchall()[0]
    assert ["care", "in", "force", f"{everything[0]:,}", f"{everything[1]:,.2f}"] in [line.split() for line in ended.out.splitlines()]
    assert conserved(place, ended.out) == everything[1]


def conserved(place: Path, screen: str) -> Decimal:
    """What the contracts rest on, by their own files, and what the screen says that none pays for."""
    acts = [row for c in ("hospital", "community") for row in pq.read_table(settlement(place, c) / "contract_activity.parquet").to_pylist()]
    left = next(line.split() for line in screen.splitlines() if "no contract pays for it" in line and "WX" not in line)
    return sum((row["amount"] or Decimal(0) for row in acts if row["is_paying"]), Decimal(0)) + Decimal(left[-1].replace(",", ""))


def test_a_line_for_each_reason_why_nobody_pays(accord: Callable[..., Any], place: Path) -> None:
    lines = accord("settle", "-p", place).out.splitlines()
    assert any(line.startswith("no contract ") and "VAS" in line and "16,524.60" in line for line in lines)
    assert any(line.startswith("no contract ") and "gp_contact" in line and "1,714" in line for line in lines)
    assert any(line.startswith("not discharged yet ") and "emergency_admission" in line for line in lines)
    assert any(line.startswith("no clause pays for it ") and "emergency_attendance" in line for line in lines)


def test_the_block_shows_its_shadow_and_what_has_no_price_is_a_line(accord: Callable[..., Any], place: Path) -> None:
    accord("settle", "-p", place)
    lines = {(r["clause_id"], r["bridge"], r["line"]): r for r in pq.read_table(settlement(place, "community") / "bridge_line.parquet").to_pylist()}
    cost = sum(row["value_amount"] for row in pq.read_table(settlement(place, "community") / "contract_activity.parquet").to_pylist())
    assert lines["contacts", "shadow", "gap"]["amount"] == cost - 40_000
    assert lines["contacts", "shadow", "gap"]["is_shadow"]
    hospital = pq.read_table(settlement(place, "hospital") / "bridge_line.parquet").to_pylist()
    unpriced = next(row for row in hospital if row["bridge"] == "without_price")
    assert unpriced["because"].startswith("5 acts have no price by submitted")
    assert all(row["because"] for row in hospital if row["clause_id"] != "_whole")


def test_settling_twice_changes_nothing_and_a_settlement_is_never_written_again(accord: Callable[..., Any], place: Path, contents_of: Any) -> None:
    assert accord("settle", "-p", place).code == 0
    before = contents_of(place / "settlements")
    ended = accord("settle", "-p", place)
    assert ended.code == 0
    assert ended.out.count("settled so before: nothing changes") == 2
    assert contents_of(place / "settlements") == before
    assert not [path for path in (place / "restricted").iterdir() if path.name.startswith(".work")]


def test_interim_then_final_is_final_at_once(accord: Callable[..., Any], place: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(place, tmp_path / "other", symlinks=True))
    for options in (("--until", "2025-08"), ("--until", "2025-11"), ("--final",)):
        ended = accord("settle", "hospital", "-p", place, *options)
        assert ended.code == 0, ended.err
    assert "Takes back: 2025-11-interim-" in ended.out
    assert accord("settle", "hospital", "-p", other, "--final").code == 0
    assert standing(place, "hospital") == standing(other, "hospital")
    assert len(list((place / "settlements" / "hospital").iterdir())) == 3
    assert len(list((other / "settlements" / "hospital").iterdir())) == 1
    assert accord("settle", "hospital", "-p", place, "--until", "2025-08").out.count("nothing changes") == 1


def test_a_closed_contract_is_only_corrected_by_a_final_settlement(accord: Callable[..., Any], place: Path) -> None:
    assert accord("settle", "hospital", "-p", place, "--final").code == 0
    first = settlement(place, "hospital").name
    payments = place / "figures" / "payments.csv"
    payments.write_text(PAYMENTS + "2026-05-01,hospital,1000.00\n", encoding="utf-8")
    refused = accord("settle", "hospital", "-p", place)
    assert (refused.code, refused.out) == (2, "")
    assert f"the contract is closed: {first} is final" in refused.err
    corrected = accord("settle", "hospital", "-p", place, "--final")
    assert corrected.code == 0
    assert f"Takes back: {first}." in corrected.out
    assert manifest(place, "hospital")["follows"] == first
    assert standing(place, "hospital")["WXH", "bank"] == 121_000


def test_an_interim_settlement_counts_its_months_only(accord: Callable[..., Any], place: Path) -> None:
    ended = accord("settle", "-p", place, "--until", "2025-08")
    assert ended.code == 0
    assert Decimal(manifest(place, "community")["due"]) == Decimal("16666.67")
    assert Decimal(manifest(place, "hospital")["paid"]) == 60_000
    assert "count in part: 5 of 12." in ended.out
    back = accord("settle", "community", "-p", place, "--until", "2025-07")
    assert (back.code, back.out) == (2, "")
    assert "the contract is settled to 2025-09-01 already" in back.err


def test_explain_goes_down_to_the_acts(accord: Callable[..., Any], place: Path) -> None:
    accord("settle", "-p", place)
    ended = accord("explain", "hospital/emergency/paid/1", "-p", place, "--rows", "2")
    assert ended.code == 0, ended.err
    assert "is paid at 30 %; see schedule 3" in ended.out
    assert "clause emergency (marginal_rate), marginal rate" in ended.out
    acts = [r for r in pq.read_table(settlement(place, "hospital") / "contract_activity.parquet").to_pylist() if r["clause_id"] == "emergency"]
    assert f"It rests on {len(acts)} acts of care, worth {sum(r['value_amount'] for r in acts):,.2f} together" in ended.out
    assert str(acts[0]["person_id"]) in ended.out
    unpriced = accord("explain", "hospital/emergency/without_price/0", "-p", place)
    assert "It rests on 5 acts of care, worth 0.00 together" in unpriced.out
    whole = accord("explain", "hospital/_whole/paid/1", "-p", place)
    assert "No acts of care are known under it: it sums up the clauses." in whole.out


@pytest.mark.parametrize(
    ("line", "what", "mend"),
    [
        ("hospital/emergency/paid", "'hospital/emergency/paid' is no line", "write CONTRACT/CLAUSE/BRIDGE/NUMBER"),
        ("hospital/emergency/paid/7", "has no line 'hospital/emergency/paid/7'", "did you mean 'hospital/emergency/paid/1'?"),
        ("hospitl/emergency/paid/0", "contract 'hospitl' was never settled", "did you mean 'hospital'?"),
    ],
)
def test_a_line_that_is_not_there(accord: Callable[..., Any], place: Path, line: str, what: str, mend: str) -> None:
    accord("settle", "-p", place)
    ended = accord("explain", line, "-p", place)
    assert (ended.code, ended.out) == (2, "")
    assert what in ended.err
    assert mend in ended.err


def test_a_settlement_that_was_changed_is_not_explained(accord: Callable[..., Any], place: Path) -> None:
    accord("settle", "-p", place)
    file = settlement(place, "hospital") / "statement.csv"
    file.chmod(0o644)
    file.write_text(file.read_text(encoding="utf-8").replace("60000", "90000"), encoding="utf-8")
    ended = accord("explain", "hospital/emergency/paid/0", "-p", place)
    assert (ended.code, ended.out) == (2, "")
    assert "statement.csv of settlement" in ended.err


def test_compare_says_who_gains_and_that_nothing_is_saved(accord: Callable[..., Any], place: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(HOSPITAL.replace("0.30", "0.70"), encoding="utf-8")
    ended = accord("compare", place / "contracts" / "hospital.toml", other, "-p", place)
    assert ended.code == 0, ended.err
    assert "Shifted from one party's account to another's: 9,262.51. Saved: 0.00" in ended.out
    assert "+9,262.51" in ended.out
    assert "-9,262.51" in ended.out
    assert not (place / "settlements").exists()


def test_the_statement_prints_its_chain_and_its_lines_can_be_explained(accord: Callable[..., Any], place: Path) -> None:
    accord("settle", "-p", place)
    with (settlement(place, "hospital") / "statement.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [r["because"] for r in rows if r["section"] == "contract" and r["because"][:1].isdigit()] == [
        "1. planned (activity_price): price of each act", "2. emergency (marginal_rate): marginal rate",
    ]  # fmt: skip
    names = [r["name"] for r in rows if r["section"] == "bridge"]
    assert all(accord("explain", name, "-p", place).code == 0 for name in names)
    activity = sum(Decimal(r["amount"]) for r in rows if r["section"] == "activity" and r["name"] == "planned")
    assert activity == next(Decimal(r["amount"]) for r in rows if r["name"] == "hospital/planned/paid/0")


TOTALS = "contract,month,service,price_group,activity,amount\n"


def test_totals_settle_the_same_contract_and_the_difference_from_the_run_is_shown(accord: Callable[..., Any], place: Path, tmp_path: Path) -> None:
    accord("settle", "hospital", "-p", place)
    due = manifest(place, "hospital")["due"]
    with (settlement(place, "hospital") / "statement.csv").open(encoding="utf-8", newline="") as lines:
        activity = [row for row in csv.DictReader(lines) if row["section"] == "activity"]
    rows = [["hospital", r["month"], *r["detail"].split(), r["activity"], r["amount"]] for r in activity]
    file = tmp_path / "totals.csv"
    file.write_text(TOTALS + "\n".join(",".join(row) for row in rows) + "\n", encoding="utf-8")
    ended = accord("settle", "hospital", "-p", place, "--totals", file)
    assert ended.code == 0, ended.err
    months = {(row[1], row[2]) for row in rows}
    assert f"The monthly file against the run: {len(months)} of {len(months)} amounts of a month and service agree." in ended.out
    assert manifest(place, "hospital")["due"] == due
    assert manifest(place, "hospital")["run_id"] is None
    rows[0][-1] = str(Decimal(rows[0][-1]) + 1)
    file.write_text(TOTALS + "\n".join(",".join(row) for row in rows) + "\n", encoding="utf-8")
    apart = accord("settle", "hospital", "-p", place, "--totals", file).out
    assert f"{len(months) - 1} of {len(months)} amounts" in apart
    assert any(line.startswith(rows[0][1]) and line.endswith(" 1.00") for line in apart.splitlines())


def test_totals_settle_a_place_that_has_no_run(accord: Callable[..., Any], place: Path, tmp_path: Path) -> None:
    (place / "runs" / "CURRENT").unlink()
    file = tmp_path / "totals.csv"
    file.write_text(TOTALS + "hospital,2025-04,emergency_admission,all,40,70000.00\nother,2025-04,x,y,z,q\n", encoding="utf-8")
    ended = accord("settle", "hospital", "-p", place, "--totals", file, "--final")
    assert ended.code == 0, ended.err
    assert Decimal(manifest(place, "hospital")["due"]) == 63_000
    assert "from a monthly file" in ended.out
    refused = accord("settle", "hospital", "-p", place)
    assert (refused.code, refused.out) == (2, "")
    assert "give --totals FILE" in refused.err


# --- what is wrong is told, and nothing is published -------------------------------------------------------------------------


def spoil(place: Path, old: str, new: str) -> None:
    file = place / "contracts" / "hospital.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "what", "where", "mend"),
    [
        ('"outpatient_attendance"', '"outpatient_attendence"', "no act of care is of the service", "line 10", "did you mean 'outpatient_"),
        ('"submitted"', '"tariff"', "the place has no list of prices 'tarif", "line 11", "or name one of those that there are: submitted"),
        ("0.30", "30", "rate_above", "line 20", ""),
        ("2026-04-01", "2026-05-01", "the place accounts for 2025-04-01 to 2026-04-01", "line 4", "settle fewer with --until"),
        ('"WXICB"', '"WXIBC"', "'WXIBC' is not a partner of the place", "line 2", "did you mean 'WXICB'?"),
        ("2025-04-01, to", "2025-04-01, to =", "not valid TOML", "line 4", ""),
        ('kind     = "activity_price"', 'kind     = "activity_prise"', "kind", "line 8", "did you mean 'activity_price'?"),
    ],
)
def test_a_wrong_contract_never_settles(
    accord: Callable[..., Any], place: Path, old: str, new: str, what: str, where: str, mend: str
) -> None:  # fmt: skip
    spoil(place, old, new)
    ended = accord("settle", "hospital", "-p", place)
    assert (ended.code, ended.out) == (2, "")
    assert what in ended.err
    assert f"hospital.toml, {where}" in ended.err
    assert mend in ended.err
    assert not (place / "settlements").exists()


def test_where_one_contract_cannot_be_settled_none_is_published(accord: Callable[..., Any], place: Path) -> None:
    spoil(place, "baseline   = { amount = 60000.00 }", 'baseline = { value_of = { from = 2024-04-01, to = 2025-04-01 }, priced_at = "current" }')
    ended = accord("settle", "-p", place)
    assert (ended.code, ended.out) == (2, "")
    assert "clause 'emergency' (marginal_rate) needs the figure 'repriced'" in ended.err
    assert "figures/hospital.toml, which is not there" in ended.err
    assert not (place / "settlements").exists()
    (place / "figures" / "hospital.toml").write_text('title = "T"\nsource = "S"\n[clause.emergency]\nrepriced = 60000.00\n', encoding="utf-8")
    assert accord("settle", "-p", place).code == 0


@pytest.mark.parametrize(
    ("options", "what", "mend"),
    [
        (("--until", "2025-13"), "'2025-13' is no month", "write it as 2025-08"),
        (("--until", "2025-03"), "nothing is over yet: the contract begins on 2025-04-01", "name a month of the contract's period"),
        (("--until", "2025-08", "--final"), "a final settlement is of the whole period", "leave --until out"),
        (("--known-at", "2025-08-20"), "which is after 2025-08-20", "accord run --known-at 2025-08-20"),
        (("--run", "nothing"), "no run is called 'nothing'", ""),
    ],
)
def test_options_that_do_not_go_together(accord: Callable[..., Any], place: Path, options: tuple[str, ...], what: str, mend: str) -> None:
    ended = accord("settle", "hospital", "-p", place, *options)
    assert (ended.code, ended.out) == (2, "")
    assert what in ended.err
    assert mend in ended.err
    assert not (place / "settlements").exists()


def test_another_year_s_contract_stays_in_its_folder_and_claims_nothing(accord: Callable[..., Any], place: Path) -> None:
    before = HOSPITAL.replace("2025-04-01, to = 2026-04-01", "2024-04-01, to = 2025-04-01")
    (place / "contracts" / "last_year.toml").write_text(before, encoding="utf-8")
    ended = accord("settle", "-p", place)
    assert ended.code == 0, ended.err
    assert sorted(p.name for p in (place / "settlements").iterdir()) == ["community", "hospital"]
    named = accord("settle", "last_year", "-p", place)
    assert (named.code, named.out) == (2, "")
    assert "the place accounts for" in named.err


def test_vat_that_is_not_got_back_is_a_cost_of_the_payer(accord: Callable[..., Any], place: Path) -> None:
    settings = place / "place.toml"
    text = settings.read_text(encoding="utf-8")
    trust = text.index('id   = "WCM"')
    settings.write_text(text[:trust] + text[trust:].replace("nhs_contracted_out", "standard", 1), encoding="utf-8")
    refused = accord("settle", "community", "-p", place)
    assert (refused.code, refused.out) == (2, "")
    assert "does not say at which rate" in refused.err
    contract = place / "contracts" / "community.toml"
    contract.write_text(COMMUNITY.replace("\n[[clause]]", "vat = { rate = 0.20, recoverable = false }\n\n[[clause]]", 1), encoding="utf-8")
    ended = accord("settle", "community", "-p", place)
    assert ended.code == 0, ended.err
    assert "8,000.00 of it is irrecoverable, a cost of WXICB" in ended.out.replace("\n", " ")
    books = standing(place, "community")
    assert books["WXICB", "expense"] == 48_000
    assert books["WCM", "vat"] == -8_000
    assert books["WCM", "receivable"] == -books["WXICB", "payable"] == 48_000
