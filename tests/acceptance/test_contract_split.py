"""One contract or two, split on any day of the period: where terms are linear in what was done, the two come to what the one does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

CONTRACT = """title      = "Wexcombe hospital"
payer      = "WXICB"
payee      = "WXH"
period     = {{ from = {start}, to = {end} }}
population = {{ registered_with = "partners" }}

[[clause]]
kind     = "activity_price"
id       = "planned"
services = ["elective_admission", "outpatient_attendance", "emergency_admission"]
prices   = "submitted"
share    = 0.5
unpriced = "at_cost"

[[clause]]
kind     = "fixed_and_variable"
id       = "urgent"
services = ["emergency_attendance"]
prices   = "submitted"
fixed    = 0.00
variable = [{{ service = "emergency_attendance", rate = 0.80, of = "actual" }}]
"""
PARTNER = '\n[[partner]]\nid = "WXICB"\nname = "ICB"\nkind = "payer"\nvat = "outside"\n'
FIRST, LAST = "2025-04-01", "2026-04-01"


@pytest.fixture(scope="module")
def place_once(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(small_run, tmp_path_factory.mktemp("split") / "wexcombe", symlinks=True))
    with (folder / "place.toml").open("a", encoding="utf-8") as settings:
        settings.write(PARTNER)
    return folder


@pytest.fixture
def place(place_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(place_once, tmp_path / "wexcombe", symlinks=True))


def _net(accord: Callable, place: Path, *spans: tuple[str, str]) -> Decimal:
    for file in (place / "contracts").glob("*.toml"):
        file.unlink()
    for n, (start, end) in enumerate(spans):
        (place / "contracts" / f"part_{len(spans)}_{n}.toml").write_text(CONTRACT.format(start=start, end=end), encoding="utf-8")
    ended = accord("settle", "-p", place)
    assert ended.code == 0, ended.err
    manifests = [json.loads(file.read_text(encoding="utf-8")) for file in place.glob(f"settlements/part_{len(spans)}_*/*/manifest.json")]
    assert len(manifests) == len(spans)
    return sum((Decimal(each["net"]) for each in manifests), Decimal(0))


@pytest.mark.parametrize("day", ["2025-05-01", "2025-08-17", "2026-02-28"])
def test_a_contract_split_on_any_day_settles_to_the_same(place: Path, accord: Callable, day: str) -> None:
    whole = _net(accord, place, (FIRST, LAST))
    assert whole > 0
    halves = _net(accord, place, (FIRST, day), (day, LAST))
    assert abs(whole - halves) <= Decimal("0.02")  # half a penny for each line that is rounded
