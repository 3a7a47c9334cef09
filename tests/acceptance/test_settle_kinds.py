"""`accord settle` of pools, caps on the gross and the share, VAT by clause, narrowed services, repriced baselines and blocks that run out, over
the small place; each figure by hand from the run's own tables."""

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

D = Decimal
PARTNER = '\n[[partner]]\nid = "{id}"\nname = "{id}"\nkind = "other"\nvat = "{vat}"\n'
HEAD = """\
title      = "Wexcombe {payee}"
payer      = "WXICB"
payee      = "{payee}"
period     = {{ from = {start}, to = 2026-04-01 }}
population = {{ registered_with = "partners" }}
"""
ACTIVITY = """
[[clause]]
kind     = "activity_price"
id       = "{id}"
services = {services}
prices   = "submitted"
unpriced = "not_paid"
"""
VALUE = """
select coalesce(sum(a.net_amount), 0)
from activity a
join person_month p on p.person_id = a.person_id
  and p.month_date = date_trunc('month', coalesce(a.discharge_date, a.start_date))
where a.is_in_force and a.provider_id = 'WXH' and a.payer_id = 'WXICB' and p.registered_id in ('WX001', 'WX002', 'WX003')
  and (a.setting <> 'inpatient' or a.discharge_date is not null) and """
EMERGENCY = "a.setting = 'inpatient' and a.admission = 'emergency' and coalesce(a.discharge_date, a.start_date) "


@pytest.fixture(scope="module")
def place_once(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(small_run, tmp_path_factory.mktemp("kinds") / "wexcombe", symlinks=True))
    with (folder / "place.toml").open("a", encoding="utf-8") as settings:
        settings.write(PARTNER.format(id="WXICB", vat="outside"))
    (folder / "figures").mkdir()
    return folder


@pytest.fixture
def place(place_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(place_once, tmp_path / "wexcombe", symlinks=True))


@pytest.fixture(scope="module")
def run(place_once: Path) -> OpenRun:
    return python_accord.open(place_once).current()


def write(place: Path, clauses: str, figures: str = "", *, start: str = "2025-04-01", payee: str = "WXH", head: str = "") -> Path:
    file = place / "contracts" / "hospital.toml"
    file.write_text(HEAD.format(payee=payee, start=start) + head + clauses, encoding="utf-8")
    if figures:
        text = f'title = "Figures"\nsource = "a letter"\n{figures}'
        (place / "figures" / "hospital.toml").write_text(text, encoding="utf-8")
    return file


def settlement(place: Path) -> Path:
    return next((place / "settlements" / "hospital").iterdir())


def due(place: Path) -> Decimal:
    return D(json.loads((settlement(place) / "manifest.json").read_text(encoding="utf-8"))["due"])


def bridges(place: Path) -> dict[tuple[str, str, str], Any]:
    rows = pq.read_table(settlement(place) / "bridge_line.parquet").to_pylist()
    return {(r["clause_id"], r["bridge"], r["line"]): r for r in rows}


def amount(run: OpenRun, condition: str) -> Decimal:
    return D(run.sql(VALUE + condition).fetchall()[0][0])


POOL = """
[[clause]]
kind          = "pool"
id            = "network"
members       = ["WXICB", "WXH", "WCM"]
contributions = [{ id = "WXICB", amount = 100000.00 }, { id = "WXH", amount = { clause = "planned", rate = 0.05 } }]
pays          = ["planned"]
gain          = { by = "lost_activity" }
loss          = { by = "equal" }
release       = [{ measure = "core_set", at_least = 0.40 }]
reserve       = 0.10
"""
SENT = "[clause.network]\nspent = 1000.00\nresults = { core_set = 0.50 }\nweights = { lost_activity = { WCM = 3, WXH = 1 } }\n"


def test_a_pool_is_a_party_with_accounts_of_its_own(accord: Callable[..., Any], place: Path, run: OpenRun) -> None:
    with (place / "place.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[[source]]\nid = "core_set"\nglob = "core.csv"\nmap = "figures"\npartner = "WXICB"\n')
    write(place, ACTIVITY.format(id="planned", services='["outpatient_attendance"]') + POOL, SENT)
    ended = accord("settle", "hospital", "-p", place, "--final")
    assert ended.code == 0, ended.err
    planned = amount(run, "a.setting = 'outpatient'")
    paid_in = D(100_000) + (planned * D("0.05")).quantize(D("0.01"))
    gain = paid_in - planned - 1000
    reserve = (gain * D("0.10")).quantize(D("0.01"))
    assert due(place) == 0
    rows = pq.read_table(settlement(place) / "posting.parquet").to_pylist()
    by_party: dict[tuple[str, str, str], Decimal] = {}
    for row in rows:
        key = row["party_id"], row["account"], row["other_party_id"]
        by_party[key] = by_party.get(key, D(0)) + row["amount"]
    pool = "hospital/network"
    assert by_party[pool, "income", "WXICB"] == -100_000
    shared = ((gain - reserve) / 4).quantize(D("0.01"))
    assert by_party["WXH", "receivable", pool] + by_party["WXH", "payable", pool] == planned - (paid_in - 100_000) + shared
    assert by_party[pool, "payable", "WCM"] == -((gain - reserve) * 3 / 4).quantize(D("0.01"))
    assert not [key for key in by_party if key[:1] == ("WXICB",) and key[2] == "WXH" and by_party[key]]
    for party in {row["party_id"] for row in rows}:
        assert sum(row["amount"] for row in rows if row["party_id"] == party) == 0
    with (settlement(place) / "statement.csv").open(encoding="utf-8", newline="") as file:
        pools = [row for row in csv.DictReader(file) if row["section"] == "pool"]
    assert [(row["name"], row["detail"]) for row in pools] == [
        (f"{pool}/WXICB", "paid in"), (f"{pool}/WXH", "paid in"), (f"{pool}/planned", "paid in the payer's place"), (f"{pool}/others", "spent"),
        (f"{pool}/WXICB", "shared out"), (f"{pool}/WXH", "shared out"), (f"{pool}/WCM", "shared out"), (f"{pool}/{pool}", "left in the pool"),
    ]  # fmt: skip
    assert D(pools[-1]["amount"]) == reserve
    assert f"left in the pool {reserve:,.2f}" in " ".join(ended.out.split())


@pytest.mark.parametrize(
    ("figures", "asked"),
    [
        ("[clause.network]\nspent = 1000.00\n", "'weights.lost_activity'"),
        ("[clause.network]\nweights = { lost_activity = { WCM = 3 } }\n", "'results'"),
        ("[clause.network]\nweights = { lost_activity = { XYZ = 3 } }\n", "'XYZ' is not a member of the pool"),
        ("[clause.network]\nweights = { lost_activity = { WCM = -3 } }\n", "'WCM' goes by -3, which is below zero"),
        ("[clause.network]\npaid_for = { planned = 3 }\n", "a pool has no figure 'paid_for'"),
    ],
)
def test_a_figure_of_a_pool_that_nobody_sent_or_that_nothing_can_be_divided_by(
    accord: Callable[..., Any], place: Path, figures: str, asked: str
) -> None:
    with (place / "place.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[[source]]\nid = "core_set"\nglob = "core.csv"\nmap = "figures"\npartner = "WXICB"\n')
    write(place, ACTIVITY.format(id="planned", services='["outpatient_attendance"]') + POOL, figures)
    ended = accord("settle", "hospital", "-p", place, "--final")
    assert (ended.code, ended.out) == (2, "")
    assert asked in ended.err
    assert not (place / "settlements").exists()


CAPPED = """
[[clause]]
kind   = "risk_corridor"
id     = "corridor"
target = { amount = 100000.00 }
bands  = [{ from = 0.00, to = 0.10, share = 1.00 }, { from = 0.10, share = 0.50 }]

[[clause]]
kind = "cap"
id   = "most"
of   = "corridor"
on   = "%s"
most = 12000.00
"""


@pytest.mark.parametrize(
    ("on", "by_hand"),
    [
        ("gross", lambda saved: 10_000 + (min(saved, D(12_000)) - 10_000) / 2),
        ("share", lambda saved: min(D(12_000), 10_000 + (saved - 10_000) / 2)),
    ],
)
def test_a_cap_on_the_gross_is_another_than_on_the_share(
    accord: Callable[..., Any], place: Path, run: OpenRun, on: str, by_hand: Callable[[Decimal], Decimal]
) -> None:
    write(place, ACTIVITY.format(id="planned", services='["outpatient_attendance"]') + CAPPED % on)
    assert accord("settle", "hospital", "-p", place).code == 0
    planned = amount(run, "a.setting = 'outpatient'")
    assert due(place) == planned + by_hand(100_000 - planned)
    capped = bridges(place)["most", "capped", f"the {on} of 'corridor'"]
    assert capped["is_shadow"]
    saved = 100_000 - planned
    assert abs(capped["amount"] - (saved if on == "gross" else 10_000 + (saved - 10_000) / 2)) <= D("0.005")


HEART = '[{ service = "outpatient_attendance", specialty = ["130"], codes = ["WF01A", "WF01B"] }]'
OTHERS = '[{ service = "outpatient_attendance", specialty = ["110", "101"] }]'


def test_a_narrowed_service_pays_for_its_acts_alone_and_the_others_have_a_reason(accord: Callable[..., Any], place: Path, run: OpenRun) -> None:
    write(place, ACTIVITY.format(id="one", services=HEART) + ACTIVITY.format(id="other", services=OTHERS))
    ended = accord("settle", "hospital", "-p", place)
    assert ended.code == 0, ended.err
    one = amount(run, "a.setting = 'outpatient' and a.service_code = '130' and a.currency_code in ('WF01A', 'WF01B')")
    other = amount(run, "a.setting = 'outpatient' and a.service_code in ('110', '101')")
    assert one > 0 < other
    assert due(place) == one + other
    left = [line for line in ended.out.splitlines() if line.startswith("no clause pays for it") and "outpatient_attendance" in line and "WXH" in line]
    assert len(left) == 1
    explained = accord("explain", "hospital/one/paid/0", "-p", place)
    assert f"worth {one:,.2f} together" in explained.out


def test_two_clauses_may_not_pay_for_one_act_however_they_are_narrowed(accord: Callable[..., Any], place: Path) -> None:
    both = '[{ service = "outpatient_attendance", codes = ["WF01B"] }]'
    file = write(place, ACTIVITY.format(id="one", services=HEART) + ACTIVITY.format(id="other", services=both))
    ended = accord("contract", "check", file)
    assert ended.code == 2
    assert "'one' and 'other' both pay for outpatient_attendance (code WF01B)" in ended.err + ended.out


def test_a_monthly_file_says_the_specialty_and_the_code(accord: Callable[..., Any], place: Path, tmp_path: Path) -> None:
    write(place, ACTIVITY.format(id="one", services=HEART) + ACTIVITY.format(id="other", services=OTHERS))
    file = tmp_path / "totals.csv"
    heads, rows = "contract,month,service,price_group,activity,amount", "hospital,2025-04,outpatient_attendance,WF01A,2,100.00"
    file.write_text(f"{heads}\n{rows}\n", encoding="utf-8")
    ended = accord("settle", "hospital", "-p", place, "--until", "2025-04", "--totals", file)
    assert ended.code == 2
    assert "and the specialty in a column 'specialty'" in ended.err
    file.write_text(f"{heads},specialty\n{rows},130\n{rows},110\n", encoding="utf-8")
    ended = accord("settle", "hospital", "-p", place, "--until", "2025-04", "--totals", file)
    assert ended.code == 0, ended.err
    assert due(place) == 200


MARGINAL = """
[[clause]]
kind       = "marginal_rate"
id         = "emergency"
services   = ["emergency_admission"]
prices     = "submitted"
baseline   = { value_of = { from = %s, to = 2025-10-01 }, priced_at = "current" }
rate_above = 0.30
"""


def test_a_baseline_is_repriced_from_the_run(accord: Callable[..., Any], place: Path, run: OpenRun) -> None:
    write(place, MARGINAL % "2025-06-01", start="2025-10-01")
    ended = accord("settle", "hospital", "-p", place)
    assert ended.code == 0, ended.err
    before = amount(run, EMERGENCY + "between date '2025-06-01' and date '2025-09-30'")
    now = amount(run, EMERGENCY + "between date '2025-10-01' and date '2026-03-31'")
    assert before > 0
    assert due(place) == now - (max(D(0), now - before) * D("0.70")).quantize(D("0.01"))
    assert bridges(place)["emergency", "baseline", "activity of the baseline's span"]["amount"] == before
    explained = accord("explain", "hospital/emergency/baseline/0", "-p", place)
    assert f"worth {before:,.2f} together" in explained.out


def test_a_baseline_that_the_run_does_not_reach_is_asked_for(accord: Callable[..., Any], place: Path) -> None:
    write(place, MARGINAL % "2024-10-01", start="2025-10-01")
    ended = accord("settle", "hospital", "-p", place)
    assert (ended.code, ended.out) == (2, "")
    assert "needs the figure 'repriced', as the run has no care of 2024-10-01 to 2025-10-01 at hand and the payer has not sent" in ended.err
    assert "under [clause.emergency] add repriced" in ended.err


BLOCK = """
[[clause]]
kind     = "block"
id       = "visits"
services = ["outpatient_attendance"]
prices   = "submitted"
value    = 60000.00
based_on = {basis}
"""


@pytest.mark.parametrize(
    ("basis", "words"),
    [
        ("20000.00", "the volume ran out in 2025-07"),
        ("60000.00", "at their pace the volume runs out in 2026-01 (95 % between 2026-01 and 2026-03)"),
        ("900000.00", "the volume does not run out within the period"),
    ],
)
def test_a_block_says_when_its_volume_runs_out(accord: Callable[..., Any], place: Path, basis: str, words: str) -> None:
    write(place, BLOCK.format(basis=basis))
    ended = accord("settle", "hospital", "-p", place, "--until", "2025-08")
    assert ended.code == 0, ended.err
    line = bridges(place)["visits", "volume_left", "done so far"]
    assert words in line["because"]
    assert line["is_shadow"]


BEDS = ACTIVITY.format(id="beds", services='["elective_admission"]')
VAT = ACTIVITY.format(id="planned", services='["outpatient_attendance"]') + "vat = {vat}\n" + BEDS


def test_vat_is_a_line_for_each_clause(accord: Callable[..., Any], place: Path, run: OpenRun) -> None:
    settings = place / "place.toml"
    text = settings.read_text(encoding="utf-8")
    at = text.index('vat  = "', text.index('id   = "WXH"'))
    settings.write_text(text[:at] + 'vat  = "standard"' + text[text.index("\n", at) :], encoding="utf-8")
    write(place, VAT.replace("{vat}", '"exempt"'), head="vat = { rate = 0.20, recoverable = false }\n")
    ended = accord("settle", "hospital", "-p", place)
    assert ended.code == 0, ended.err
    beds = amount(run, "a.setting = 'inpatient' and a.admission = 'elective'")
    planned = amount(run, "a.setting = 'outpatient'")
    vat = (beds * D("0.20")).quantize(D("0.01"))
    assert due(place) == planned + beds + vat
    assert [line for (clause, _, line) in bridges(place) if clause == "_whole"] == ["before any clause", "planned", "beds", "VAT on beds"]
    assert "of it is irrecoverable, a cost of WXICB" in ended.out


@pytest.mark.parametrize(
    ("vat", "head", "what"),
    [
        ("{ rate = 0.20, recoverable = false }", "", "WXH charges no VAT"),
        ('"exempt"', "vat = { rate = 0.20, recoverable = false }\n", "WXH charges no VAT"),
    ],
)
def test_vat_that_a_regime_forbids_is_found_before_anybody_signs(accord: Callable[..., Any], place: Path, vat: str, head: str, what: str) -> None:
    file = write(place, VAT.replace("{vat}", vat), head=head)
    ended = accord("contract", "check", file)
    assert ended.code == 2
    assert what in ended.err + ended.out



POOL_OF_COST = """
title  = "General practice"
source = "invented"

[[pool]]
id                  = "gp_contacts"
provider            = "WGF"
setting             = "gp"
from                = 2025-04-01
to                  = 2026-04-01
cost                = 24000.00
theoretical_minutes = 37500
practical_share     = 0.80
minutes_per_act     = 10
"""
CONTACTS = """
[[clause]]
kind     = "activity_price"
id       = "contacts"
services = ["gp_contact"]
prices   = "{prices}"
unpriced = "at_cost"
"""
GP_COST = """
select coalesce(sum(c.cost), 0), count(*), min(c.cost_basis)
from activity a
join activity_cost c on a.activity_id = c.activity_id
join person_month p on p.person_id = a.person_id and p.month_date = date_trunc('month', a.start_date)
where a.is_in_force and a.setting = 'gp' and p.registered_id in ('WX001', 'WX002', 'WX003')"""


@pytest.fixture(scope="module")
def costed_once(place_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(place_once, tmp_path_factory.mktemp("costed") / "wexcombe", symlinks=True))
    (folder / "costs").mkdir()
    (folder / "costs" / "general_practice.toml").write_text(POOL_OF_COST, encoding="utf-8")
    python_accord.open(folder).run()
    return folder


@pytest.fixture
def costed(costed_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(costed_once, tmp_path / "wexcombe", symlinks=True))


@pytest.mark.parametrize("prices", ["submitted", "reported_cost"])
def test_an_act_without_a_price_is_valued_at_its_cost_as_worked_out(accord: Callable[..., Any], costed: Path, prices: str) -> None:
    """General practice reports no cost: without the pool of capacity its contacts are worth nothing, with it they are worth their minutes."""
    [(cost, n, basis)] = python_accord.open(costed).current().sql(GP_COST).fetchall()
    assert (basis, cost > 0) == ("minutes", True)
    write(costed, CONTACTS.format(prices=prices), payee="WGF")
    ended = accord("settle", "hospital", "-p", costed)
    assert ended.code == 0, ended.err
    assert due(costed) == cost
    line = bridges(costed)["contacts", "paid", "without a price"]
    assert line["because"] == f"{n} acts have no price: paid at {cost:,.2f}, of which {cost:,.2f} is worked out by unit costs and minutes"
    acts = pq.read_table(settlement(costed) / "contract_activity.parquet").to_pylist()
    assert {(row["cost_basis"], row["is_priced"], row["value_amount"]) for row in acts} == {("minutes", False, D("0.00"))}
    assert sum(row["cost"] for row in acts) == sum(row["amount"] for row in acts) == cost


@pytest.mark.parametrize("has_table", [True, False])
def test_without_costs_and_in_a_run_of_before_there_were_any_only_reported_costs_are_known(
    accord: Callable[..., Any], place: Path, has_table: bool
) -> None:
    if not has_table:
        runs = place / "runs"
        manifest = runs / (runs / "CURRENT").read_text(encoding="utf-8").strip() / "manifest.json"
        said = json.loads(manifest.read_text(encoding="utf-8"))
        del said["tables"]["activity_cost"]
        manifest.write_text(json.dumps(said), encoding="utf-8")
    write(place, CONTACTS.format(prices="submitted"), payee="WGF")
    ended = accord("settle", "hospital", "-p", place)
    assert ended.code == 0, ended.err
    assert due(place) == 0
    assert bridges(place)["contacts", "paid", "without a price"]["because"].endswith("acts have no price: paid at 0.00")
    inputs = json.loads((settlement(place) / "manifest.json").read_text(encoding="utf-8"))["inputs"]
    assert ("table activity_cost" in inputs) is has_table
    again = accord("replay", "--settlement", f"hospital/{settlement(place).name}", "-p", place)
    assert again.code == 0, again.err


def test_the_margin_is_shown_against_the_average_cost_that_the_run_knows(accord: Callable[..., Any], place: Path, run: OpenRun) -> None:
    write(place, MARGINAL.replace('{ value_of = { from = %s, to = 2025-10-01 }, priced_at = "current" }', "{ amount = 50000.00 }"))
    ended = accord("settle", "hospital", "-p", place)
    assert ended.code == 0, ended.err
    value = amount(run, EMERGENCY + "between date '2025-04-01' and date '2026-03-31'")
    acts = pq.read_table(settlement(place) / "contract_activity.parquet").to_pylist()
    priced = [row for row in acts if row["is_priced"]]
    assert sum(row["value_amount"] for row in priced) == value > 50000
    cost = sum(row["cost"] for row in priced)
    line = bridges(place)["emergency", "at_the_margin", "cost of the activity above"]
    assert line["amount"] == -(cost * (value - 50000) / value).quantize(D("0.01"))
    assert f"of {len(priced)} of {len(priced)} priced acts whose cost is known" in line["because"]
