"""A year of the invented place, month by month, with late rows, corrections and a withdrawal: what was published then can be made again."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import accord
from accord import simulate
from accord.place import history, receipts, runs
from accord.publish import run_diff

# Each source: its file, its date column and how that writes a day, its amount and the columns that name a record.
SOURCES = (
    ("gp_federation/consultations", "contact_date", "%Y-%m-%d", "cost"),
    ("hospital/admitted", "EPISTART", "%Y-%m-%d", "FINAL_PRICE"),
    ("hospital/outpatients", "APPTDATE", "%Y-%m-%d", "FINAL_PRICE"),
    ("council/packages", "paid_from", "%d/%m/%Y", "net_cost"),
    ("ambulance/incidents", "incident_date", "%d/%m/%Y", "cost"),
)
LATE, WRONG, WITHDRAWN = 20, 25, "hospital/outpatients_08.csv"


class Clock:
    """Stands in for `datetime` in the modules that ask what time it is."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self, _: object) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment

    def __getattr__(self, name: str) -> Any:
        return getattr(datetime, name)


@pytest.fixture
def clock() -> Iterator[Clock]:
    made = Clock(datetime(2025, 4, 1, tzinfo=UTC))
    with patch.object(receipts, "datetime", made), patch.object(history, "datetime", made), patch.object(runs, "datetime", made):
        yield made


def months_of(rows: list[dict[str, str]], day: str, form: str, amount: str) -> dict[int, list[dict[str, str]]]:
    """The rows by the month in which they are delivered: most in their own, some late, some wrong first and put right two months on."""
    delivered: dict[int, list[dict[str, str]]] = {}
    for n, row in enumerate(rows):
        try:
            month = (datetime.strptime(row[day], form).replace(tzinfo=UTC).date() - date(2025, 4, 1)).days // 31
        except ValueError:
            month = 0
        month = min(max(month, 0), 11)
        is_wrong = n % WRONG == 3 and row.get(amount, "").replace(".", "").isdigit() and month < 9
        if is_wrong:
            delivered.setdefault(month, []).append(row | {amount: f"{float(row[amount]) + 100:.2f}"})
        delivered.setdefault(min(month + (2 if is_wrong else n % LATE == 7), 11), []).append(row)
    return delivered


def read(file: Path) -> list[dict[str, str]]:
    content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    return list(csv.DictReader(content.decode("utf-8-sig").splitlines()))


def write(file: Path, rows: list[dict[str, str]]) -> None:
    with (gzip.open(file, "wt", encoding="utf-8", newline="") if file.suffix == ".gz" else file.open("w", encoding="utf-8", newline="")) as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def deliveries(place: Path) -> Callable[[int], None]:
    """Take the invented place's files out of sources/, and give back what drops a month of them in."""
    parts = {}
    for stem, day, form, amount in SOURCES:
        file = next((place / "sources").glob(f"{stem}_2025_26.*"))
        parts[stem, "".join(file.suffixes)] = months_of(read(file), day, form, amount)
        file.unlink()

    def drop(month: int) -> None:
        for (stem, suffix), rows in parts.items():
            if month in rows:
                write(place / "sources" / f"{stem}_{month:02}{suffix}", rows[month])

    return drop


def hashes(run: accord.OpenRun) -> dict[str, str]:
    return {name: table.content_hash for name, table in run.manifest.tables.items()}


def test_each_month_as_it_was_published_then(tmp_path: Path, clock: Clock) -> None:
    root = tmp_path / "wexcombe"
    simulate.copy_small_place(root)
    text = (root / "place.toml").read_text(encoding="utf-8").replace('map     = "practices"\n', 'map     = "practices"\ncorrects = "by_file"\n')
    for map_id in ("gp_consultation", "hes_apc", "hes_op", "social_care", "ambulance"):
        text = text.replace(f'map     = "{map_id}"\n', f'map     = "{map_id}"\ncorrects = "by_key"\n')
    (root / "place.toml").write_text(text + '\n[[snapshot]]\nname = "month 6 freeze"\nat = 2025-10-28\n', encoding="utf-8")
    drop = deliveries(root)
    published = {}
    for month in range(12):
        clock.moment = datetime(2025, 4, 28, tzinfo=UTC) + timedelta(days=30.5 * month)
        drop(month)
        if month == 10:
            accord.pipeline.withdraw(accord.open(root).place, WITHDRAWN, "sent in error")
        if month == 7:  # a map changes too: what was published before must still come out as it was
            copied = (root / "maps" / "ambulance.toml").read_text(encoding="utf-8")
            (root / "maps" / "ambulance.toml").write_text(copied + "\n# looked over in November\n", encoding="utf-8")
        published[clock.moment.date()] = accord.open(root).run()
    opened = accord.open(root)
    assert len({hashes(run)["activity"] for run in published.values()}) == 12
    for day, then in published.items():
        again = opened.run_as_known(str(day))
        assert hashes(again) == hashes(then), day
        assert again.manifest.inputs == then.manifest.inputs
        assert opened.current().run_id == published[max(published)].run_id
    frozen = opened.run_as_known("month 6 freeze")
    assert hashes(frozen) == hashes(published[date(2025, 10, 28)])
    why_it_moved(list(published.values()))


def why_it_moved(published: list[accord.OpenRun]) -> None:
    """The causes add up exactly (`run_diff` asserts it), and each kind of cause is there."""
    found = run_diff.run_diff(published[5]._run, published[11]._run)
    assert {"delivery", "correction", "withdrawal"} <= {m.cause for m in found.moved}
    assert "maps/ambulance.toml" in found.changed_inputs
    cost = [sum(m.cost for m in found.moved if m.total == "activity"), found.after["activity"][2] - found.before["activity"][2]]
    assert cost[0] == cost[1] != 0
