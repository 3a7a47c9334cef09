"""Runs: named, found, verified file by file, and never half published."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accord.errors import AuditError, UserError
from accord.place import (
    Audit,
    Manifest,
    Place,
    Run,
    Staging,
    TableEntry,
    append_receipt,
    check_receipts_kept,
    clean_up,
    current_run,
    hold,
    list_runs,
    new_place,
    open_run,
    read_receipts,
    receipts_used,
    run_ids,
    verify,
)

MOMENT = datetime(2026, 11, 22, 16, 3, 31, tzinfo=UTC)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return new_place(tmp_path / "maplewood")


def _manifest(staging: Staging, **more: object) -> Manifest:
    table = TableEntry(file="tables/activity.parquet", content_hash="c0ffee", n_row=2, edition=1, columns=(("id", "BIGINT"),))
    content = {
        "run_id": staging.run_id, "created_at": staging.created_at, "known_at": staging.created_at, "accord_version": "0",
        "python_version": "3", "duckdb_version": "2", "receipts": receipts_used(read_receipts(staging.place)),
        "tables": {"activity": table}, "audits": (Audit(name="conservation", held=True),),
    }  # fmt: skip
    return Manifest.model_validate(content | more)


def _fill(staging: Staging) -> None:
    staging.keep_input("place.toml", staging.place.settings_file.read_bytes())
    staging.keep_input("maps/hes/adm.toml", b"title = 'x'\n")
    (staging.folder / "tables").mkdir()
    (staging.folder / "tables" / "activity.parquet").write_bytes(b"PAR1 as it were PAR1")
    (staging.folder / "lineage.json").write_text("[]")


def _publish(place: Place, inputs_hash: str = "1a2b3c4d" * 8, moment: datetime | None = None) -> Run:
    with hold(place, "run"), Staging(place, inputs_hash, moment) as staging:
        _fill(staging)
        staging.publish(_manifest(staging))
    return open_run(place)


def test_a_published_run_is_current_whole_and_read_only(place: Place) -> None:
    assert current_run(place) is None
    run = _publish(place, moment=MOMENT)
    assert run.run_id == "20261122T160331Z-1a2b3c4d"
    assert (place.runs / "CURRENT").read_text() == "20261122T160331Z-1a2b3c4d\n"
    assert verify(run) == []
    assert set(run.manifest.inputs) == {"inputs/place.toml", "inputs/maps/hes/adm.toml"}
    assert set(run.manifest.other_files) == {"lineage.json"}
    assert run.table_file("activity").read_bytes().startswith(b"PAR1")
    assert {p.name for p in place.runs.iterdir()} == {"CURRENT", run.run_id}
    assert all(stat.S_IMODE(p.stat().st_mode) & 0o222 == 0 for p in run.folder.rglob("*") if p.is_file())
    assert stat.S_IMODE(place.restricted.stat().st_mode) == 0o700


def test_the_manifest_is_the_same_bytes_every_time(place: Place, tmp_path: Path) -> None:
    other = new_place(tmp_path / "other")
    other.settings_file.write_bytes(place.settings_file.read_bytes())
    one, two = (_publish(p, moment=MOMENT) for p in (place, other))
    assert (one.folder / "manifest.json").read_bytes() == (two.folder / "manifest.json").read_bytes()


def test_run_ids_are_unique_within_a_second(place: Place) -> None:
    ids = [_publish(place, moment=MOMENT).run_id for _ in range(3)]
    assert ids == ["20261122T160331Z-1a2b3c4d", "20261122T160331Z-1a2b3c4d-2", "20261122T160331Z-1a2b3c4d-3"]
    assert run_ids(place) == [r.run_id for r in list_runs(place)] == ids


def test_an_exception_leaves_the_run_before_current_and_no_trace(place: Place) -> None:
    before = _publish(place)
    with pytest.raises(RuntimeError), hold(place, "run"), Staging(place, "ff" * 32) as staging:
        _fill(staging)
        raise RuntimeError
    assert open_run(place).run_id == before.run_id
    assert {p.name for p in place.runs.iterdir()} == {"CURRENT", before.run_id}


def test_a_run_whose_audits_do_not_hold_is_not_published(place: Place) -> None:
    with (
        pytest.raises(AuditError, match="conservation: 3 records lost"),
        hold(place, "run"),
        Staging(place, "ff" * 32) as staging,
    ):
        _fill(staging)
        staging.publish(_manifest(staging, audits=(Audit(name="conservation", held=False, detail="3 records lost"),)))
    assert run_ids(place) == []
    assert current_run(place) is None


def test_a_table_changed_after_it_was_hashed_is_not_published(place: Place) -> None:
    with pytest.raises(AssertionError, match="activity was changed"), hold(place, "run"), Staging(place, "ff" * 32) as staging:
        _fill(staging)
        entry = _manifest(staging).tables["activity"].model_copy(update={"sha256": "00" * 32})
        staging.publish(_manifest(staging, tables={"activity": entry}))
    assert run_ids(place) == []


@pytest.mark.parametrize("call", ["rename", "replace", "chmod", "mkdir"])
def test_a_disk_that_fails_is_told_and_the_run_before_stays(place: Place, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    before = _publish(place)
    original = getattr(Path, call)

    def fail(self: Path, *arguments: object, **more: object) -> object:
        if place.runs in self.parents and ".accord-probe-" not in str(self):
            raise OSError(28, "No space left on device", str(self))
        return original(self, *arguments, **more)

    with hold(place, "run"):
        monkeypatch.setattr(Path, call, fail)
        with pytest.raises((UserError, OSError), match="No space left"), Staging(place, "ff" * 32) as staging:
            (staging.folder / "t").write_bytes(b"x")
            staging.publish(_manifest(staging, tables={}))
        monkeypatch.undo()
        clean_up(place)
    assert open_run(place).run_id == before.run_id
    assert not [p.name for p in place.runs.iterdir() if p.name.startswith(".")]


def test_everything_is_on_the_disk_before_it_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of a power cut: a name that is published must have all below it written out, and the name itself next."""
    done: list[tuple[str, str]] = []
    fsync, rename, replace = os.fsync, Path.rename, Path.replace

    def note_fsync(descriptor: int) -> None:
        done.append(("fsync", str(Path(f"/proc/self/fd/{descriptor}").readlink())))
        fsync(descriptor)

    def note_rename(self: Path, to: Path) -> Path:
        done.append(("rename", str(to)))
        return rename(self, to)

    def note_replace(self: Path, to: Path) -> Path:
        done.append(("rename", str(to)))
        return replace(self, to)

    with hold(place, "run"), Staging(place, "ff" * 32) as staging:
        _fill(staging)
        there = {str(p) for p in [staging.folder, *staging.folder.rglob("*")]}
        monkeypatch.setattr(os, "fsync", note_fsync)
        monkeypatch.setattr(Path, "rename", note_rename)
        monkeypatch.setattr(Path, "replace", note_replace)
        published = staging.publish(_manifest(staging))
    at_rename = done.index(("rename", str(published)))
    manifest = str(staging.folder / "manifest.json")
    at_manifest = done.index(("fsync", manifest))
    assert {path for _, path in done[:at_manifest]} == there
    assert done[at_manifest + 1 : at_rename] == [("fsync", str(staging.folder))]
    assert done[at_rename + 1] == ("fsync", str(place.runs))
    beside, current, last = done[at_rename + 2 :]
    assert beside[0] == "fsync" and Path(beside[1]).name.startswith(".current-")
    assert (current, last) == (("rename", str(place.runs / "CURRENT")), ("fsync", str(place.runs)))


def test_leftovers_of_a_killed_run_are_removed_by_the_next(place: Place) -> None:
    _publish(place)
    (place.runs / ".staging-x" / "deep").mkdir(parents=True)
    (place.runs / ".current-ab").touch()
    (place.root / ".accord-probe-ab").mkdir()
    with hold(place, "run"):
        assert clean_up(place) == [".accord-probe-ab", ".current-ab", ".staging-x"]
        assert clean_up(place) == []
    with pytest.raises(AssertionError, match="only within"):
        clean_up(place)


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def _swap_for_link(file: Path) -> None:
    file.rename(file.parent.parent / "kept")
    file.symlink_to("../kept")


CHANGES: dict[str, Callable[[Path], object]] = {
    "tables/activity.parquet was changed after": lambda f: (f / "tables/activity.parquet").write_bytes(b"PAR1 as it were PAR2"),
    "inputs/place.toml was changed after": lambda f: (f / "inputs/place.toml").write_bytes(b""),
    "lineage.json is missing": lambda f: (f / "lineage.json").unlink(),
    "lineage.json was replaced by a link": lambda f: _swap_for_link(f / "lineage.json"),
    "tables/extra.parquet was added after": lambda f: (f / "tables/extra.parquet").touch(),
    "link was added after": lambda f: (f / "link").symlink_to("/etc/passwd"),
    "manifest.json was changed after": lambda f: _edit(f / "manifest.json", '"n_row": 2', '"n_row": 3'),
}


@pytest.mark.parametrize("finding", CHANGES)
def test_verify_finds_every_change(place: Place, finding: str) -> None:
    run = _publish(place)
    for path in run.folder.rglob("*"):
        path.chmod(0o755)
    CHANGES[finding](run.folder)
    findings = verify(open_run(place))
    assert len(findings) == 1, findings
    assert findings[0].startswith(finding)


def test_any_flipped_bit_of_a_run_is_found(place: Place) -> None:
    run = _publish(place)
    for path in [p for p in run.folder.rglob("*") if p.is_file()]:
        path.chmod(0o644)
        whole = path.read_bytes()
        for at in range(0, len(whole), 97):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
            try:
                assert verify(open_run(place)), (path, at)
            except UserError as error:  # a manifest that is not JSON any more
                assert "cannot be opened" in error.what
        path.write_bytes(whole)
    assert verify(open_run(place)) == []


def test_a_renamed_run_is_found(place: Place) -> None:
    run = _publish(place, moment=MOMENT)
    run.folder.rename(run.folder.with_name("20261122T160332Z-1a2b3c4d"))
    assert verify(open_run(place, "20261122T160332Z")) == [f"manifest.json is of run {run.run_id}: the folder was renamed"]


def test_runs_are_opened_by_id_beginning_or_as_current(place: Place) -> None:
    with pytest.raises(UserError, match="no published run yet"):
        open_run(place)
    one = _publish(place, "11111111", MOMENT)
    two = _publish(place, "22222222", MOMENT)
    assert open_run(place, one.run_id) == one
    assert open_run(place, "20261122T160331Z-2") == two == open_run(place, "current")
    with pytest.raises(UserError, match="2 runs begin with '2026'") as caught:
        open_run(place, "2026")
    assert one.run_id in caught.value.what_to_do
    for unknown in ("20261122T160331Z-3", "", "../../x", "20261122T160331Z-1111111x"):
        with pytest.raises(UserError, match="no run is called") as caught:
            open_run(place, unknown)
        assert one.run_id in caught.value.what_to_do
    with pytest.raises(UserError, match="has no table 'activty'") as caught:
        one.table_file("activty")
    assert "did you mean 'activity'?" in caught.value.what_to_do


@pytest.mark.parametrize("content", [b"20990101T000000Z-00000000\n", b"../../etc\n", b"", b"\xff\xfe"])
def test_current_must_name_a_run(place: Place, content: bytes) -> None:
    run = _publish(place)
    (place.runs / "CURRENT").write_bytes(content)
    with pytest.raises(UserError, match="which is not a run of this place") as caught:
        current_run(place)
    assert run.run_id in caught.value.what_to_do
    assert open_run(place, run.run_id).run_id == run.run_id


def test_a_manifest_that_cannot_be_read_names_the_run(place: Place) -> None:
    run = _publish(place)
    (run.folder / "manifest.json").chmod(0o644)
    (run.folder / "manifest.json").write_text("{")
    with pytest.raises(UserError, match=f"run {run.run_id} cannot be opened"):
        list_runs(place)
    (run.folder / "manifest.json").unlink()
    with pytest.raises(UserError, match="No such file"):
        current_run(place)


def test_a_manifest_of_a_later_edition_opens(place: Place) -> None:
    run = _publish(place)
    file = run.folder / "manifest.json"
    file.chmod(0o644)
    file.write_text(file.read_text().replace('"edition": 1,', '"edition": 2,\n  "later": {},', 1))
    assert open_run(place).manifest.edition == 2


def test_receipts_that_are_gone_are_missed(place: Place) -> None:
    with hold(place, "run"):
        for name in ("a.csv", "b.csv"):
            append_receipt(
                place,
                sha256="ab" * 32,
                n_byte=1,
                source_id="s",
                partner_id="p",
                map_id="m",
                file_name=name,
                status="landed",
                n_record=1,
            )
    used = _publish(place).manifest.receipts
    assert (used.n, used.sha256) == (2, ("ab" * 32,) * 2)
    check_receipts_kept(place, read_receipts(place))
    lines = place.receipts_file.read_bytes().splitlines(keepends=True)
    place.receipts_file.write_bytes(lines[0])
    with pytest.raises(UserError, match="that had 2 lines, this has 1"):
        check_receipts_kept(place, read_receipts(place))


def test_an_input_stays_in_inputs(place: Place) -> None:
    with hold(place, "run"), Staging(place, "ff" * 32) as staging, pytest.raises(AssertionError):
        staging.keep_input("../../../x.toml", b"")


def test_staging_is_for_the_holder(place: Place) -> None:
    with pytest.raises(AssertionError, match="only within"), Staging(place, "ff" * 32):
        pytest.fail("staged without holding the place")
