"""What is true of an invented place can be read by the simulator alone: no room that makes figures may know the answer."""

from __future__ import annotations

import re

TRUTH = re.compile(r"-truth\b|\btrue_[a-z]+\b|\btruth_folder\b|\bTRUTH\b|model\.toml")
MAY_KNOW = ("accord.simulate", "accord.cli.simulation")


def test_the_pattern_finds_what_it_should() -> None:
    assert TRUTH.search('read_parquet("place-truth/true_person.parquet")')
    assert not TRUTH.search("in truth, a true statement")


def test_no_other_room_names_the_truth(modules: list) -> None:
    found = [
        f"{module.name}: {hit.group()}"
        for module in modules
        if not module.name.startswith(MAY_KNOW)
        for hit in TRUTH.finditer(module.text)
    ]
    assert not found, "\n".join(found)


def test_no_other_room_uses_the_simulator(modules: list) -> None:
    """But for the commands, their screens, and the benchmark of the simulator itself."""
    allowed = ("accord.simulate", "accord.cli", "accord.screens", "accord.bench")
    found = [m.name for m in modules if not m.name.startswith(allowed) and re.search(r"accord\.simulate|import .*\bsimulate\b", m.text)]
    assert not found


def test_the_simulator_reads_runs_by_their_published_tables_only(modules: list) -> None:
    """It may not reach the rooms that make a run: what it compares is what anybody can read."""
    rooms = r"accord\.(intake|identity|stays|population|answers|audits|pipeline)\b"
    found = [m.name for m in modules if m.name.startswith("accord.simulate") and re.search(rf"^(from|import) {rooms}", m.text, re.MULTILINE)]
    assert not found
