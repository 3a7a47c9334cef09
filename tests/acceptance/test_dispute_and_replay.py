"""Over the small place: a line in dispute is frozen and released, and a settlement is given back byte for byte from its own inputs."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import accord as python_accord

PAYER = '\n[[partner]]\nid = "WXICB"\nname = "Wexcombe ICB"\nkind = "payer"\nvat = "outside"\n'
HOSPITAL = """\
title      = "Wexcombe hospital 2025/26"
payer      = "WXICB"
payee      = "WXH"
period     = { from = 2025-04-01, to = 2026-04-01 }
population = { registered_with = "partners" }

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
prices     = "tariff"
baseline   = { amount = 600.00 }
rate_above = 0.30

[[clause]]
kind     = "pay_for_performance"
id       = "earned"
measures = [{ id = "hba1c", points = 10, from = 0.35, to = 0.75 }]
withhold = { of = "planned", rate = 0.10 }
"""
FIGURES = 'title = "Figures"\nsource = "a letter"\n[clause.earned]\nachieved = { hba1c = 0.500 }\n'
PAYMENTS = "date,contract,amount\n2025-05-01,hospital,60000.00\n2025-10-01,hospital,60000.00\n2025-06-01,community,1.00\n"
SIDECAR = 'title = "Tariff"\nsource = "schedule 4"\nfrom = 2025-04-01\n'
DISPUTE = """\
[[dispute]]
id        = "coding"
line      = "hospital/planned/paid/0"
raised_by = "WXICB"
raised_on = 2025-09-20
reason    = "twelve attendances are not in the notes"
amount    = 1500.00
answer_by = 2025-10-18
"""
REJECTED = DISPUTE + 'resolved_on = 2025-12-01\noutcome = "rejected"\n'


@pytest.fixture(scope="module")
def place_once(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(small_run, tmp_path_factory.mktemp("dispute") / "wexcombe", symlinks=True))
    run = python_accord.open(folder).current()
    select = "select distinct currency_code from activity where setting = 'inpatient' and currency_code is not null order by 1"
    codes = [code for (code,) in run.sql(select).fetchall()]
    with (folder / "place.toml").open("a", encoding="utf-8") as settings:
        settings.write(PAYER)
    for name in ("figures", "prices", "disputes"):
        (folder / name).mkdir()
    (folder / "contracts" / "hospital.toml").write_text(HOSPITAL, encoding="utf-8")
    other = HOSPITAL[: HOSPITAL.index("[[clause]]")].replace("WXH", "WCM")
    block = '[[clause]]\nkind = "block"\nid = "contacts"\nservices = ["community_contact"]\nprices = "reported_cost"\nvalue = 40000.00\n'
    (folder / "contracts" / "community.toml").write_text(other + block, encoding="utf-8")
    (folder / "figures" / "hospital.toml").write_text(FIGURES, encoding="utf-8")
    (folder / "figures" / "payments.csv").write_text(PAYMENTS, encoding="utf-8")
    (folder / "prices" / "tariff.toml").write_text(SIDECAR, encoding="utf-8")
    rows = "".join(f"{code},,,100.00,,\n" for code in codes)
    (folder / "prices" / "tariff.csv").write_text(f"currency_code,setting,admission,price,trim_days,per_day\n{rows}", encoding="utf-8")
    return folder


@pytest.fixture
def place(place_once: Path, tmp_path: Path) -> Path:
    """A copy for one test to do with as it likes."""
    return Path(shutil.copytree(place_once, tmp_path / "wexcombe", symlinks=True))


def disputes(place: Path, text: str) -> None:
    (place / "disputes" / "hospital.toml").write_text(text, encoding="utf-8")


def manifests(place: Path) -> list[dict[str, Any]]:
    """The settlements of the hospital, each after the one that it follows."""
    found = [json.loads(p.read_text(encoding="utf-8")) for p in (place / "settlements" / "hospital").glob("*/manifest.json")]
    by_follows = {each["follows"]: each for each in found}
    ordered = [by_follows[None]]
    while len(ordered) < len(found):
        ordered.append(by_follows[ordered[-1]["settlement_id"]])
    return ordered


def folder_of(place: Path, n: int = -1) -> Path:
    return place / "settlements" / "hospital" / str(manifests(place)[n]["settlement_id"])


def accounts(place: Path) -> dict[tuple[str, str], Decimal]:
    """Every posting of every settlement of the hospital, added up by party and account."""
    found: dict[tuple[str, str], Decimal] = {}
    for file in (place / "settlements" / "hospital").glob("*/posting.parquet"):
        for row in pq.read_table(file).to_pylist():
            key = row["party_id"], row["account"]
            found[key] = found.get(key, Decimal(0)) + row["amount"]
    return {key: amount for key, amount in found.items() if amount}


def test_a_line_in_dispute_is_frozen_shown_and_released(accord: Callable[..., Any], place: Path, tmp_path: Path) -> None:
    never = Path(shutil.copytree(place, tmp_path / "never", symlinks=True))
    assert accord("settle", "hospital", "-p", never, "--final").code == 0
    disputes(place, DISPUTE)
    ended = accord("settle", "hospital", "-p", place, "--final")
    assert ended.code == 0, ended.err
    before = Decimal(manifests(never)[0]["due"])
    (manifest,) = manifests(place)
    assert (Decimal(manifest["frozen"]), Decimal(manifest["due"])) == (1500, before - 1500)
    assert accounts(place)["WXH", "disputed"] == -accounts(place)["WXICB", "disputed"] == 1500
    known_on = date.fromisoformat(manifest["known_on"])
    overdue = (known_on - date(2025, 10, 18)).days
    shown = " ".join(ended.out.split())
    assert f"coding hospital/planned/paid/0 WXICB 2025-09-20 1,500.00 answer by 2025-10-18: {overdue} days overdue" in shown
    assert "coding: twelve attendances are not in the notes" in ended.out
    assert f"settled {Decimal(manifest['net']):,.2f} in dispute: coding -1,500.00 frozen until it is decided due {before - 1500:,.2f}" in shown
    with (folder_of(place) / "statement.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    (row,) = [r for r in rows if r["section"] == "dispute"]
    assert (row["name"], row["amount"], row["because"]) == ("coding", "1500.00", "twelve attendances are not in the notes")
    assert "raised by WXICB on 2025-09-20; answer by 2025-10-18: " in row["detail"]
    balance = {r["name"]: Decimal(r["amount"]) for r in rows if r["section"] == "balance"}
    assert balance["due"] == balance["net"] - balance["frozen"] == before - 1500
    number = next(r["name"] for r in rows if r["detail"] == "in dispute: coding")
    assert "WXICB disputes hospital/planned/paid/0: twelve" in accord("explain", number, "-p", place).out
    disputes(place, REJECTED)
    released = accord("settle", "hospital", "-p", place, "--final")
    assert f"{manifest['settlement_id']} dispute coding" in released.out
    assert "rejected on 2025-12-01" in released.out
    assert accounts(place) == accounts(never)


def test_a_dispute_outside_the_contract_stops_the_settlement(accord: Callable[..., Any], place: Path) -> None:
    disputes(place, DISPUTE.replace("1500.00", "9000000.00"))
    ended = accord("settle", "-p", place)
    assert (ended.code, ended.out) == (2, "")
    assert "9,000,000.00 of 'hospital/planned/paid/0' is in dispute, and the line comes to " in ended.err
    assert "hospital.toml, line 7" in ended.err
    assert not (place / "settlements").exists()


def test_a_file_of_disputes_that_is_of_no_contract_is_not_passed_over(accord: Callable[..., Any], place: Path) -> None:
    (place / "disputes" / "hospitl.toml").write_text(DISPUTE, encoding="utf-8")
    ended = accord("settle", "-p", place)
    assert (ended.code, ended.out) == (2, "")
    assert "disputes/hospitl.toml is of no contract of the place" in ended.err
    assert "did you mean 'hospital'?" in ended.err


def spoilt(place: Path) -> None:
    """Everything that people write is changed, and more is delivered, after the settlement."""
    for name in ("contracts/hospital.toml", "prices/tariff.csv", "figures/hospital.toml", "figures/payments.csv", "disputes/hospital.toml"):
        file = place / name
        file.write_text(file.read_text(encoding="utf-8").replace("00", "70"), encoding="utf-8")
    (place / "contracts" / "community.toml").unlink()
    (place / "place.toml").write_text((place / "place.toml").read_text(encoding="utf-8").replace('"outside"', '"standard"'), encoding="utf-8")


def test_replay_gives_a_settlement_back_whatever_was_changed_since(accord: Callable[..., Any], place: Path, contents_of: Any) -> None:
    disputes(place, DISPUTE)
    for options in (("--until", "2025-08"), ("--until", "2025-11"), ("--final",)):
        assert accord("settle", "hospital", "-p", place, *options).code == 0
        disputes(place, REJECTED if "2025-11" in options else DISPUTE)
    spoilt(place)
    before = contents_of(place)
    for each in manifests(place):
        ended = accord("replay", "-p", place, "--settlement", f"hospital/{each['settlement_id']}")
        assert (ended.code, ended.err) == (0, ""), ended.out
        assert f"replay of settlement {each['settlement_id']}: same: all {len(each['files'])} files came out the same, byte for byte" in ended.out
    latest = accord("replay", "-p", place, "--settlement", "hospital")
    assert f"replay of settlement {manifests(place)[-1]['settlement_id']}: same" in latest.out
    changed = {name for name, content in contents_of(place).items() if before.get(name) != content}
    assert changed <= {".accord.lock"}
    assert not [path for path in (place / "restricted").iterdir() if path.name.startswith(".work")]


def test_what_a_settlement_was_made_from_is_in_its_folder_and_no_more(accord: Callable[..., Any], place: Path) -> None:
    disputes(place, DISPUTE)
    assert accord("settle", "hospital", "-p", place).code == 0
    inputs = folder_of(place) / "inputs"
    names = {path.relative_to(inputs).as_posix() for path in inputs.rglob("*") if path.is_file()}
    assert names == {
        "place.toml", "contracts/hospital.toml", "contracts/community.toml", "prices/tariff.csv", "prices/tariff.toml", "figures/hospital.toml",
        "figures/payments.csv", "disputes/hospital.toml",
    }  # fmt: skip
    assert (inputs / "figures" / "payments.csv").read_text(encoding="utf-8").count("community") == 0
    assert (inputs / "contracts" / "hospital.toml").read_bytes() == (place / "contracts" / "hospital.toml").read_bytes()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("inputs/figures/hospital.toml", "inputs/figures/hospital.toml was changed after it was published: an input was changed"),
        ("inputs/prices/tariff.csv", "inputs/prices/tariff.csv was changed after it was published: an input was changed"),
        ("statement.csv", "statement.csv was changed after it was published"),
        ("contract.toml", "contract.toml was changed after it was published"),
    ],
)
def test_a_file_that_was_tampered_with_is_named(accord: Callable[..., Any], place: Path, name: str, said: str) -> None:
    accord("settle", "hospital", "-p", place)
    file = folder_of(place) / name
    file.chmod(0o644)
    file.write_bytes(file.read_bytes().replace(b"0", b"1", 1))
    ended = accord("replay", "-p", place, "--settlement", "hospital")
    assert ended.code == 1
    assert [line.strip() for line in ended.out.splitlines()[1:]] == [said]


def tampered_with_its_hash(folder: Path, name: str, was: bytes, written: bytes) -> None:
    """A file changed by somebody who mends its hash in the manifest too."""
    file, manifest = folder / name, folder / "manifest.json"
    old = python_accord.place.runs.file_sha256(file)
    for path in (file, manifest):
        path.chmod(0o644)
    assert was in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(was, written))
    manifest.write_text(manifest.read_text(encoding="utf-8").replace(old, python_accord.place.runs.file_sha256(file)), encoding="utf-8")


def test_a_hash_that_is_mended_too_does_not_help(accord: Callable[..., Any], place: Path) -> None:
    accord("settle", "hospital", "-p", place)
    tampered_with_its_hash(folder_of(place), "inputs/figures/hospital.toml", b"0.500", b"0.600")
    ended = accord("replay", "-p", place, "--settlement", "hospital")
    assert ended.code == 1
    assert "  statement.csv comes out different" in ended.out.splitlines()
    assert "  bridge_line.parquet comes out different" in ended.out.splitlines()
    assert "manifest.json comes out different: settlement_id, net, due, balance" in ended.out


def test_what_it_follows_is_read_from_the_folders_of_then(accord: Callable[..., Any], place: Path) -> None:
    accord("settle", "hospital", "-p", place, "--until", "2025-08")
    accord("settle", "hospital", "-p", place)
    first = folder_of(place, 0) / "posting.parquet"
    first.chmod(0o644)
    first.write_bytes(first.read_bytes()[:-1] + b"x")
    ended = accord("replay", "-p", place, "--settlement", "hospital")
    assert ended.code == 1
    assert f"posting.parquet of {manifests(place)[0]['settlement_id']}, which it follows, is not as it was published" in ended.out


def test_what_cannot_be_replayed_is_said_plainly(accord: Callable[..., Any], place: Path) -> None:
    accord("settle", "hospital", "-p", place)
    run_id = manifests(place)[0]["run_id"]
    (place / "runs" / run_id).rename(place / "elsewhere")
    gone = accord("replay", "-p", place, "--settlement", "hospital")
    assert (gone.code, gone.out) == (2, "")
    assert f"run {run_id}, which settlement {folder_of(place).name} was made from, is gone" in gone.err
    (place / "elsewhere").rename(place / "runs" / run_id)
    table = place / "runs" / run_id / "tables" / "activity.parquet"
    table.chmod(0o644)
    table.write_bytes(table.read_bytes()[:-1] + b"x")
    assert f"table activity of run {run_id} is not as it was settled" in accord("replay", "-p", place, "--settlement", "hospital").out
    manifest = folder_of(place) / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"rulebook_edition": "', '"rulebook_edition": "0ther'), encoding="utf-8")
    other = accord("replay", "-p", place, "--settlement", "hospital")
    assert (other.code, other.out) == (2, "")
    assert "with the rulebook 0ther" in other.err
    assert "replay it with the edition it was made by" in other.err


@pytest.mark.parametrize(("named", "said"), [("hospitl", "was never settled"), ("hospital/2019", "no settlement is called '2019'")])
def test_a_settlement_that_is_not_there(accord: Callable[..., Any], place: Path, named: str, said: str) -> None:
    accord("settle", "hospital", "-p", place)
    ended = accord("replay", "-p", place, "--settlement", named)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_a_settlement_from_a_monthly_file_is_replayed_from_the_file_of_then(accord: Callable[..., Any], place: Path, tmp_path: Path) -> None:
    file = tmp_path / "totals.csv"
    file.write_text("contract,month,service,price_group,activity,amount\ncommunity,2025-04,community_contact,all,26,1823.08\n", encoding="utf-8")
    assert accord("settle", "community", "-p", place, "--until", "2025-04", "--totals", file).code == 0
    file.unlink()
    ended = accord("replay", "-p", place, "--settlement", "community")
    assert (ended.code, ended.err) == (0, ""), ended.out
    assert "byte for byte" in ended.out
