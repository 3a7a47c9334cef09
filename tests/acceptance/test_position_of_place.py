"""`accord position`, `agree` and `savings` from a place: contracts of the small place, its run, its books, and what was received when."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import accord as python_accord
from accord.place import open_place, open_run
from accord.settlement.position import position_of_place
from accord.settlement.settling import Asked

PAYER = """
[[partner]]
id   = "WXICB"
name = "Wexcombe Integrated Care Board"
kind = "payer"
vat  = "outside"
"""
HEAD = """\
title      = "Wexcombe {payee} 2025/26"
payer      = "WXICB"
payee      = "{payee}"
period     = {{ from = 2025-04-01, to = 2026-04-01 }}
population = {{ registered_with = "partners" }}
"""
HOSPITAL = HEAD.format(payee="WXH") + """
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
"""
COMMUNITY = HEAD.format(payee="WCM") + """
[[clause]]
kind     = "fixed_and_variable"
id       = "contacts"
services = ["community_contact", "mental_health_contact"]
prices   = "reported_cost"
fixed    = 40000.00
variable = [{ service = "community_contact", rate = 0.50, of = "difference", plan = 24000.00 }]
"""
HEADS = HEAD.format(payee="WCC") + """
[[clause]]
kind     = "capitation"
id       = "by_head"
services = ["social_care"]
budget   = { per_person = 400.00 }
"""
PAYMENTS = "date,contract,amount\n2025-05-01,hospital,60000.00\n2025-10-01,hospital,60000.00\n2026-05-01,heads,1000.00\n"
CORRIDOR = """
[[clause]]
kind   = "risk_corridor"
id     = "corridor"
target = { amount = 220000.00 }
bands  = [{ from = 0.00, share = 0.50 }]
"""


@pytest.fixture(scope="module")
def place_once(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(small_run, tmp_path_factory.mktemp("position") / "wexcombe", symlinks=True))
    with (folder / "place.toml").open("a", encoding="utf-8") as settings:
        settings.write(PAYER)
    for name, text in (("hospital", HOSPITAL), ("community", COMMUNITY), ("heads", HEADS)):
        (folder / "contracts" / f"{name}.toml").write_text(text, encoding="utf-8")
    (folder / "figures").mkdir()
    (folder / "figures" / "payments.csv").write_text(PAYMENTS, encoding="utf-8")
    return folder


@pytest.fixture
def place(place_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(place_once, tmp_path / "wexcombe", symlinks=True))


def row(screen: str, name: str) -> list[str]:
    return next(line for line in screen.splitlines() if line.startswith(name)).split()


def settled(place: Path, contract: str) -> dict[str, Any]:
    (file,) = (place / "settlements" / contract).glob("*/manifest.json")
    return dict(json.loads(file.read_text(encoding="utf-8")))


def asked(place: Path) -> Asked:
    opened = open_place(place)
    return Asked(opened, open_run(opened))


def test_what_is_actual_is_what_the_contracts_settle_to_and_everything_adds_up(accord: Callable[..., Any], place: Path) -> None:
    assert accord("settle", "-p", place).code == 0
    found = position_of_place(asked(place), None)
    assert {c.contract for c in found.position.contracts} == {"hospital", "community", "heads"}
    for contract in found.position.contracts:
        manifest = settled(place, contract.contract)
        assert contract.begun.actual == Decimal(manifest["due"])
        assert contract.begun.paid == Decimal(manifest["paid"])
        for figure in ("plan", "activity", "actual", "accrual", "paid", "balance"):
            whole = getattr(contract.begun, figure)
            assert sum(getattr(m, figure) for m in contract.months) == whole
            assert sum(getattr(p.begun, figure) for p in contract.partners) == whole
    assert sum(p.balance for p in found.parties) == 0
    assert sum(p.forecast for p in found.parties) == 0
    payer = next(p for p in found.parties if p.party == "WXICB")
    assert payer.to_pay == sum(c.begun.due for c in found.position.contracts)
    assert payer.paid == 121_000


def test_a_plan_comes_from_the_contract(place: Path) -> None:
    found = {c.contract: c for c in position_of_place(asked(place), None).position.contracts}
    assert found["community"].begun.plan == 40_000  # the fixed amount: the variable part is planned at its own plan
    assert [m.plan for m in found["heads"].months] != [found["heads"].months[0].plan] * 12  # by the list of each month
    assert found["heads"].begun.plan == found["heads"].begun.actual
    assert found["hospital"].begun.plan == 0


def test_a_plan_of_the_place_s_own_file(accord: Callable[..., Any], place: Path) -> None:
    plans = "contract,month,service,plan\n" + "".join(f"hospital,2025-{n:02d},outpatient_attendance,6000.00\n" for n in range(4, 13))
    (place / "figures" / "plans.csv").write_text(plans, encoding="utf-8")
    ended = accord("position", "-p", place, "--contract", "hospital")
    assert ended.code == 0, ended.err
    assert "plan 54,000.00" in ended.out
    (place / "figures" / "plans.csv").write_text(plans.replace("outpatient_", "outpatent_", 1), encoding="utf-8")
    refused = accord("position", "-p", place, "--contract", "hospital")
    assert refused.code == 2
    assert "did you mean 'outpatient_attendance'" in refused.err


def received_later(place: Path) -> None:
    """The same run, as if each act had been received a month after its care, and every tenth two months after."""
    opened = open_run(open_place(place))
    file = opened.table_file("activity")
    table = pq.read_table(file)
    start = pc.coalesce(table["discharge_date"], table["start_date"])
    late = [32 if n % 10 else 62 for n in range(len(table))]
    days = pc.add(pc.cast(start, pa.int32()), pa.array(late, pa.int32()))
    known = pc.cast(pc.cast(pc.cast(days, pa.date32()), pa.timestamp("us")), table.schema.field("known_at").type)
    pq.write_table(table.set_column(table.schema.get_field_index("known_at"), table.schema.field("known_at"), known), file)


def test_what_was_received_when_makes_the_pattern(accord: Callable[..., Any], place: Path) -> None:
    received_later(place)
    whole = {c.contract: c for c in position_of_place(asked(place), None).position.contracts}
    ended = accord("position", "-p", place, "--known-at", "2025-12")
    assert ended.code == 0, ended.err
    assert "which show how it comes in" in ended.out
    assert "As at 2025-12" in ended.out
    early = {c.contract: c for c in python_position(place, "2025-12")}
    hospital = early["hospital"]
    assert len(hospital.months) == 9
    assert hospital.n_to_come == 3
    assert hospital.begun.accrual > 0  # December's care had not come
    assert "nothing has come: as other months" in hospital.months[-1].methods
    assert sum(m.actual for m in hospital.months) < whole["hospital"].begun.actual
    assert hospital.outturn.forecast > hospital.begun.due
    # every act that was told by then, and none that was told later
    acts = pq.read_table(open_run(open_place(place)).table_file("activity"), columns=["known_at", "activity_id"]).to_pylist()
    assert hospital.begun.activity < len([a for a in acts if a["known_at"].strftime("%Y-%m") <= "2025-12"])


def python_position(place: Path, month: str) -> Any:
    return position_of_place(asked(place), date.fromisoformat(f"{month}-01")).position.contracts


def test_care_that_is_taken_back_counts_until_then(place: Path) -> None:
    """One outpatient attendance of April is reversed by a row received in September: August still has it."""
    received_later(place)
    file = open_run(open_place(place)).table_file("activity")
    table = pq.read_table(file)
    rows = table.to_pylist()
    outpatient = [r for r in rows if r["setting"] == "outpatient" and r["payer_id"] == "WXICB" and r["net_amount"]]
    one = next(r for r in outpatient if f"{r['start_date']:%Y-%m}" == "2025-04")
    before = {c.contract: c.begun for c in python_position(place, "2025-12")}["hospital"]
    back = {**one, "activity_id": one["activity_id"] + 1, "reverses_id": one["activity_id"], "is_in_force": False}
    back["known_at"] = one["known_at"].replace(month=9, day=2)
    one["is_in_force"] = False
    pq.write_table(pa.Table.from_pylist([*rows, back], schema=table.schema), file)
    after = {m: {c.contract: c.begun for c in python_position(place, m)}["hospital"] for m in ("2025-08", "2025-12")}
    assert after["2025-12"].actual == before.actual - one["net_amount"]
    assert after["2025-12"].activity == before.activity - 1
    pq.write_table(table, file)
    august = {c.contract: c.begun for c in python_position(place, "2025-08")}["hospital"]
    assert after["2025-08"].actual == august.actual


def test_a_contract_that_cannot_be_settled_is_named_with_the_reason(accord: Callable[..., Any], place: Path) -> None:
    with (place / "contracts" / "heads.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[clause]]\nkind = "shared_savings"\nid = "gain"\nbenchmark = { budget = "admitted" }\nminimum = 0.02\nshare = 0.50\n')
    ended = accord("position", "-p", place)
    assert ended.code == 0, ended.err
    assert "No position of heads: clause 'gain' (shared_savings) needs the figure" in ended.out
    refused = accord("position", "-p", place, "--contract", "heads")
    assert refused.code == 2
    assert "needs the figure" in refused.err


# --- agreement of balances from the books --------------------------------------------------------------------------------------

THEIRS = "party,counterparty,contract,kind,month,reference,amount,activity\n"


def test_our_side_of_an_agreement_is_what_the_books_say(accord: Callable[..., Any], place: Path, tmp_path: Path) -> None:
    accord("settle", "-p", place)
    theirs, ours = tmp_path / "theirs.csv", tmp_path / "ours.csv"
    theirs.write_text(THEIRS + "WXICB,WXH,hospital,payable,2026-03,hospital/planned/paid,100000.00,\n", encoding="utf-8")
    by = ("--raised-from", "2500", "--agreed-from", "300000")
    ended = accord("agree", theirs, "-p", place, *by, "--write", ours)
    assert ended.code == 1, ended.err
    due, paid = (Decimal(settled(place, "hospital")[name]) for name in ("due", "paid"))
    assert row(ended.out, "hospital  receivable")[2] == f"{due - paid:,.2f}"
    assert "payment on account of 2025-05-01" in ended.out
    # what we write, they can hold against their own: mirrored, nothing differs
    mirrored = re.sub(r"^WXH,WXICB", "WXICB,WXH", ours.read_text(encoding="utf-8"), flags=re.MULTILINE).replace(",receivable,", ",payable,")
    lines = [line if ",accrual," not in line else _turned(line) for line in mirrored.splitlines()]
    theirs.write_text("\n".join(lines) + "\n", encoding="utf-8")
    same = accord("agree", theirs, "-p", place, *by)
    assert same.code == 0, same.out
    seen_by_payer = accord("agree", ours, "-p", place, "--us", "WXICB", *by)
    assert (seen_by_payer.code, seen_by_payer.err) == (0, "")


def _turned(line: str) -> str:
    cells = line.split(",")
    cells[6] = str(-Decimal(cells[6]))
    return ",".join(cells)


def test_a_statement_about_nobody_we_know_is_refused(accord: Callable[..., Any], place: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.csv"
    theirs.write_text(THEIRS + "WXICB,WXH,hospital,payable,2026-03,a,1.00,\nWXICB,WCM,community,payable,2026-03,a,1.00,\n", encoding="utf-8")
    refused = accord("agree", theirs, "-p", place)
    assert refused.code == 2
    assert "--us WCM" in refused.err
    unsettled = accord("agree", theirs, "-p", place, "--us", "WXH")
    assert unsettled.code == 2
    assert "settled no contract between WXH and WXICB" in unsettled.err


# --- savings, luck, and who gains ----------------------------------------------------------------------------------------------


def test_two_years_of_a_contract_are_decomposed_and_add_up(accord: Callable[..., Any], place: Path) -> None:
    ended = accord("savings", "hospital", "-p", place, "--from", "2025-04", "--to", "2025-10", "--months", "6")
    assert ended.code == 0, ended.err
    amounts = {name: Decimal(row(ended.out, name)[-2].replace(",", "")) for name in
               ("  population", "  attribution change", "  case mix", "  volume", "  price", "  rest", "cost of 2025-10")}  # fmt: skip
    start = Decimal(row(ended.out, "cost of 2025-04")[-1].replace(",", ""))
    assert start + sum(v for k, v in amounts.items() if k.startswith("  ")) == amounts["cost of 2025-10"]
    by_hand = """select coalesce(sum(a.net_amount), 0) from activity a join person_month p on p.person_id = a.person_id
        and p.month_date = date_trunc('month', coalesce(a.discharge_date, a.start_date))
        where a.is_in_force and a.provider_id = 'WXH' and a.payer_id = 'WXICB' and p.registered_id is not null and
        coalesce(a.discharge_date, a.start_date) between date '2025-04-01' and date '2025-09-30'
        and (a.setting = 'outpatient' or (a.setting = 'inpatient' and a.admission in ('elective', 'emergency') and a.discharge_date is not null))"""
    assert start == python_accord.open(place).current().sql(by_hand).fetchall()[0][0]
    assert "luck goes further than they say" in ended.out


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--from", "2025-04"), "are between two years"), (("--from", "2025-04", "--to", "2025-10"), "before the earlier is over"),
        (("--from", "2024-04", "--to", "2025-04"), "the place accounts for"),
    ],
)  # fmt: skip
def test_years_that_cannot_be_compared_are_refused(accord: Callable[..., Any], place: Path, options: tuple[str, ...], what: str) -> None:
    refused = accord("savings", "hospital", "-p", place, *options)
    assert refused.code == 2
    assert what in refused.err


def test_every_saving_carries_its_band_of_luck(accord: Callable[..., Any], place: Path) -> None:
    with (place / "contracts" / "hospital.toml").open("a", encoding="utf-8") as file:
        file.write(CORRIDOR)
    ended = accord("settle", "hospital", "-p", place)
    assert ended.code == 0, ended.err
    n = python_accord.open(place).current().sql("select count(*) // 12 from person_month where registered_id is not null").fetchall()[0][0]
    band = 1.959964 * 2.15 / n**0.5
    assert f"inside luck: 13,098.79 is +6.0% of 220,000.00; luck alone keeps within ±{band:.1%} in 95 % of years ({n} person-years" in ended.out
    (statement,) = (place / "settlements" / "hospital").glob("*/statement.csv")
    assert statement.read_text(encoding="utf-8").count("\nluck,corridor,") == 2
    compared = accord("compare", place / "contracts" / "hospital.toml", place / "contracts" / "hospital.toml", "-p", place)
    assert compared.out.count("inside luck: 13,098.79") == 4


def test_a_saving_of_people_whom_nobody_counted_says_so(accord: Callable[..., Any], place: Path, tmp_path: Path) -> None:
    with (place / "contracts" / "hospital.toml").open("a", encoding="utf-8") as file:
        file.write(CORRIDOR)
    totals = tmp_path / "totals.csv"
    totals.write_text("contract,month,service,price_group,activity,amount\nhospital,2025-04,emergency_admission,all,40,70000.00\n", encoding="utf-8")
    ended = accord("settle", "hospital", "-p", place, "--totals", totals)
    assert "nobody knows how many people it is about" in ended.out
    (statement,) = (place / "settlements" / "hospital").glob("*/statement.csv")
    assert "\nluck,corridor,,saving," in statement.read_text(encoding="utf-8")


def test_care_moved_to_council_beds_is_shifted_and_not_saved(accord: Callable[..., Any], place: Path, tmp_path: Path) -> None:
    """Fewer emergencies are paid for at the hospital, and the council is paid for beds: what one gains others lose, and nothing is saved."""
    hospital, beds = tmp_path / "hospital.toml", tmp_path / "beds.toml"
    hospital.write_text(HOSPITAL, encoding="utf-8")
    beds.write_text(HEAD.format(payee="WCC") + '\n[[clause]]\nkind = "block"\nid = "beds"\nservices = ["social_care"]\nprices = "reported_cost"\n'
                    "value = 150000.00\n", encoding="utf-8")  # fmt: skip
    ended = accord("compare", hospital, beds, "-p", place)
    assert ended.code == 0, ended.err
    gains = {party: Decimal(row(ended.out, party)[-1].replace(",", "")) for party in ("WCC", "WXH", "WXICB ")}
    assert gains["WCC"] == 150_000
    assert sum(gains.values()) == 0
    assert f"Shifted from one party's account to another's: {-gains['WXH']:,.2f}. Saved: 0.00" in ended.out
    assert "Only A pays for 33 acts of emergency admission by WXH" in ended.out
    assert "That is no saving." in ended.out
    assert "Neither gains nor loses, as no side pays it or is paid by it: VAS, WCM, WGF." in ended.out


def test_what_is_in_dispute_is_neither_due_nor_lost_from_our_side(accord: Callable[..., Any], place: Path, tmp_path: Path) -> None:
    (place / "disputes").mkdir()
    (place / "disputes" / "hospital.toml").write_text(
        '[[dispute]]\nid = "coding"\nline = "hospital/planned/paid/0"\nraised_by = "WXICB"\n'
        'raised_on = 2025-09-20\nreason = "twelve attendances are not in the notes"\namount = 1500.00\nanswer_by = 2025-10-18\n', encoding="utf-8",
    )  # fmt: skip
    assert accord("settle", "hospital", "-p", place).code == 0
    hospital = {c.contract: c for c in position_of_place(asked(place), None).position.contracts}["hospital"]
    assert hospital.begun.actual == Decimal(settled(place, "hospital")["due"])
    theirs = tmp_path / "theirs.csv"
    theirs.write_text(THEIRS + "WXICB,WXH,hospital,payable,2026-03,hospital/planned/paid,100000.00,\n", encoding="utf-8")
    ended = accord("agree", theirs, "-p", place, "--raised-from", "2500", "--agreed-from", "300000")
    assert row(ended.out, "hospital  dispute")[2:4] == ["1,500.00", "0.00"]
    assert row(ended.out, "hospital  receivable")[2] == f"{hospital.begun.actual - 120_000:,.2f}"
