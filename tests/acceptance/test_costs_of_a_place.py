"""A place states its unit costs and its capacity: acts without a reported cost have one, what was reported stands, and the run can be made again."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from accord import pipeline
from accord.errors import UserError
from accord.place import open_place
from accord.simulate import copy_small_place

UNIT_COSTS = "setting,unit_cost\noutpatient,150.00\n"
ORIGIN = 'title = "Unit costs"\nsource = "invented"\nfrom = 2025-04-01\n'
POOL = """
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
NEW = ("activity_cost", "cost_by_basis", "capacity")


def hashes(run):
    return {name: entry.content_hash for name, entry in run.manifest.tables.items()}


def rows(run, chosen, columns):
    """Of a table of a run, and perhaps a condition after its name."""
    name, _, condition = chosen.partition(" ")
    return duckdb.sql(f"select {columns} from '{run.table_file(name)}' {condition} order by all").fetchall()


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """The place without costs, with them, as it was known before, and without them again."""
    place = open_place(copy_small_place(tmp_path_factory.mktemp("costs") / "small"))
    runs = [pipeline.run(place, lambda _: None)]
    between = datetime.now(UTC)
    folder = place.root / "costs"
    folder.mkdir()
    for name, text in (("unit_costs.csv", UNIT_COSTS), ("unit_costs.toml", ORIGIN), ("general_practice.toml", POOL)):
        (folder / name).write_text(text, encoding="utf-8")
    runs.append(pipeline.run(place, lambda _: None))
    with_costs = datetime.now(UTC)
    shutil.rmtree(folder)
    runs.append(pipeline.run(place, lambda _: None))
    runs.append(pipeline.run_as_known(place, between, lambda _: None))
    runs.append(pipeline.run_as_known(place, with_costs, lambda _: None))
    return place, runs


def test_without_costs_only_reported_ones_are_there(story):
    _, (without, *_) = story
    assert {basis for (basis,) in rows(without, "cost_by_basis", "distinct cost_basis")} == {"reported", "none"}
    assert rows(without, "capacity", "pool_id") == []


def test_a_gp_contact_has_a_cost_and_unused_capacity_shows(story):
    _, (_, costed, *_) = story
    [(cost, rate, used, unused, used_cost, unused_cost, n)] = rows(
        costed, "capacity", "cost, cost_per_minute, used_minutes, unused_minutes, used_cost, unused_cost, n_activity"
    )
    assert (cost, rate, used + unused, used_cost + unused_cost) == (Decimal("24000.00"), Decimal("0.80"), 30_000, cost)
    assert used > 0
    assert used_cost == (used * rate).quantize(Decimal("0.01"))
    (drew,) = rows(costed, "activity_cost", "count(*), count(used_minutes), sum(used_minutes)")
    assert drew[1:] == (n, used)
    assert set(rows(costed, "activity_cost where setting = 'gp' and cost_basis = 'none'", "reason")) <= {("no unit cost and no pool",)}


def test_what_was_reported_stands_and_the_answers_with_it(story):
    _, (without, costed, *_) = story
    changed = {name for name, value in hashes(costed).items() if value != hashes(without)[name]}
    assert changed == set(NEW)
    reported = "cost_by_basis where cost_basis = 'reported'"
    columns = "setting, provider_id, n_activity, cost"
    assert rows(without, reported, columns) == rows(costed, reported, columns)


def test_what_was_known_of_costs_then_can_be_made_again(story):
    _, (without, costed, again, before, during) = story
    assert hashes(again) == hashes(without)
    assert hashes(before) == hashes(without)
    assert hashes(during) == hashes(costed)


def test_a_run_keeps_its_costs_and_is_made_again_from_them(story):
    place, (_, costed, *_) = story
    assert {p.name for p in (costed.folder / "inputs" / "costs").iterdir()} == {"unit_costs.csv", "unit_costs.toml", "general_practice.toml"}
    assert all(pipeline.replay(place, costed, lambda _: None).values())


def test_a_fault_in_costs_is_told_before_anything_is_received(tmp_path: Path):
    place = open_place(copy_small_place(tmp_path / "small"))
    (place.root / "costs").mkdir()
    (place.root / "costs" / "general_practice.toml").write_text(POOL.replace("24000.00", "0"), encoding="utf-8")
    with pytest.raises(UserError, match="cost"):
        pipeline.run(place, lambda _: None)
    assert not place.receipts_file.exists()
