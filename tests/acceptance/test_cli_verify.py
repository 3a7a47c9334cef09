"""`accord verify` and `accord replay`: whatever was done to a published run is found and named; an old run comes out the same again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import accord as package

Command = Callable[..., Any]


def _open_up(run: Path) -> None:
    """Published files are read-only; whoever tampers with them is not stopped by that."""
    for path in (run, *run.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _flip_a_bit(run: Path) -> str:
    file = run / "tables" / "activity.parquet"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0b100
    file.write_bytes(content)
    return "tables/activity.parquet was changed"


def _lose_a_file(run: Path) -> str:
    (run / "tables" / "issue.parquet").unlink()
    return "tables/issue.parquet is missing"


def _add_a_file(run: Path) -> str:
    (run / "tables" / "more.parquet").write_bytes(b"more")
    return "tables/more.parquet was added"


def _edit_the_map(run: Path) -> str:
    file = run / "inputs" / "maps" / "visits.toml"
    file.write_text(file.read_text().replace("outpatient", "inpatient"))
    return "inputs/maps/visits.toml was changed"


def _edit_the_manifest(run: Path) -> str:
    file = run / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["audits"][0]["detail"] = "all is well"
    file.write_text(json.dumps(manifest, indent=2) + "\n")
    return "manifest.json was changed"


def _cover_up(run: Path) -> str:
    """A changed table with its hash in the manifest changed to match: the manifest's own hash tells."""
    before = package.open(run.parents[1]).current().manifest.tables["activity"].sha256
    _flip_a_bit(run)
    after = package.place.runs.file_sha256(run / "tables" / "activity.parquet")
    (run / "manifest.json").write_text((run / "manifest.json").read_text().replace(before, after))
    return "manifest.json was changed"


TAMPERINGS = (_flip_a_bit, _lose_a_file, _add_a_file, _edit_the_map, _edit_the_manifest, _cover_up)


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda t: t.__name__.strip("_"))
def test_verify_names_what_was_done(tamper: Callable[[Path], str], accord: Command, published: Path) -> None:
    folder = package.open(published).current().folder
    _open_up(folder)
    assert accord("verify", "-p", published).code == 0
    said = tamper(folder)
    ended = accord("verify", "-p", published)
    assert (ended.code, ended.err) == (1, "")
    assert ended.out.splitlines()[0] == f"run {folder.name}: 1 finding"
    assert said in ended.out.splitlines()[1]


def test_an_older_run_comes_out_the_same_after_new_files_and_another_map(accord: Command, published: Path) -> None:
    old = package.open(published).current()
    (published / "sources" / "visits_2.csv").write_text("nhs_number,practice,day,cost\n9990000018,P9,2025-04-09,1.00\n")
    chosen = published / "maps" / "visits.toml"
    chosen.write_text(chosen.read_text().replace('constant = "outpatient"', 'constant = "community"'))
    assert accord("run", published).code == 0
    new = package.open(published).current()
    changed = {name for name, table in new.manifest.tables.items() if table.content_hash != old.manifest.tables[name].content_hash}
    assert {"activity", "registration", "record_fate", "submission"} <= changed
    for run in (old, new):
        ended = accord("replay", run.run_id, "-p", published)
        assert (ended.code, ended.out) == (0, f"replay of run {run.run_id}: all {len(run.tables)} tables came out the same\n")


def test_a_replay_that_differs_names_the_table(accord: Command, published: Path) -> None:
    run = package.open(published).current()
    _open_up(run.folder)
    _edit_the_map(run.folder)
    ended = accord("replay", "-p", published)
    assert ended.code == 1
    assert "activity came out different" in ended.out
    assert "person came out different" not in ended.out


def test_a_replay_without_what_it_was_made_from_says_so(accord: Command, published: Path) -> None:
    (landed,) = (published / "landed").glob("*.parquet")
    landed.rename(published / "away.parquet")
    ended = accord("replay", "-p", published)
    assert ended.code == 2
    assert f"the landed copy of visits_1.csv is gone\n  where: {landed}\n" in ended.message
    receipts = (published / "receipts.jsonl").read_text()
    (published / "receipts.jsonl").write_text(receipts.replace("visits_1", "visits_7"))
    ended = accord("replay", "-p", published)
    assert ended.code == 2
    assert "line 1 of receipts.jsonl was edited" in ended.message


@pytest.mark.parametrize("words", ["run", "replay"])
def test_a_landed_file_that_was_changed_is_found_before_it_is_used(words: str, accord: Command, published: Path) -> None:
    (landed,) = (published / "landed").glob("*.parquet")
    content = bytearray(landed.read_bytes())
    content[60] ^= 1  # among the values
    landed.write_bytes(content)
    ended = accord(words, *(["-p"] if words == "replay" else []), published)
    assert ended.code == 2
    assert str(landed) in ended.message
