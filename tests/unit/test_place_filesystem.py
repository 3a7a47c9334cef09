"""What a disk must do, which types are refused by name, and who holds a place."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from accord.errors import UserError
from accord.place import Place, filesystem, hold, new_place
from accord.place.filesystem import UNSAFE_TYPES, file_system_type, probe
from accord.place.lock import assert_held

MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 27 0:30 / /srv rw - xfs /dev/vdb rw
31 30 0:31 / /srv/share rw,relatime master:2 shared:9 - nfs4 host:/share rw
32 27 0:32 / /mnt/with\\040space rw - cifs //host/x rw
33 27 0:33 / /twice rw - ext4 /dev/vdc rw
34 33 0:34 / /twice rw - fuse.sshfs me@host: rw
a broken line
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/x", "ext4"), ("/srv/place", "xfs"), ("/srv/share/place", "nfs4"), ("/srv/shared", "xfs"),
        ("/mnt/with space/place", "cifs"), ("/twice/x", "fuse.sshfs"),
    ],
)  # fmt: skip
def test_the_type_is_that_of_the_closest_mount(folder: str, kind: str) -> None:
    assert file_system_type(Path(folder), MOUNTS) == kind


def test_without_mountinfo_the_type_is_unknown() -> None:
    assert file_system_type(Path("/home"), "") == "unknown"


def test_this_disk_is_safe_and_nothing_is_left(tmp_path: Path) -> None:
    probe(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "vfat", "exfat", "fuse.rclone"])
def test_unsafe_types_are_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    assert kind in UNSAFE_TYPES
    monkeypatch.setattr(filesystem, "file_system_type", lambda _: kind)
    with pytest.raises(UserError) as caught:
        probe(tmp_path)
    assert f"'{kind}'" in caught.value.what
    assert caught.value.where == str(tmp_path)


def test_a_disk_whose_locks_nobody_sees_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    with pytest.raises(UserError, match="cannot lock a file against a second opening of it"):
        probe(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_cannot_rename_over_a_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise FileExistsError(17, "File exists")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(UserError, match="cannot replace a file by renaming another over it: File exists"):
        probe(tmp_path)


def test_a_disk_that_cannot_write_out_a_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(UserError, match="cannot write a folder's names out to the disk: Invalid argument"):
        probe(tmp_path)


# --- the lock ---

HOLDER = """
import sys
from accord.place import hold, open_place
with hold(open_place(sys.argv[1]), "run"):
    print("held", flush=True)
    sys.stdin.read()
"""
COUNTER = """
import sys
from pathlib import Path
from accord.errors import UserError
from accord.place import hold, open_place
place, count = open_place(sys.argv[1]), Path(sys.argv[2])
done = 0
while done < 5:
    try:
        with hold(place, "count"):
            count.write_text(str(int(count.read_text()) + 1))
            done += 1
    except UserError as error:
        assert "the place is held by" in error.what, error
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return new_place(tmp_path / "maplewood")


def test_the_second_is_told_who_holds_it_and_a_dead_holder_does_not_block(place: Place) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(place.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(UserError) as caught, hold(place, "check"):
            pytest.fail("two hold the place")
        assert f"(process {child.pid}) for 'run', since 20" in caught.value.what
        assert caught.value.where == str(place.root)
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert json.loads(place.lock_file.read_text())["pid"] == child.pid  # its leftovers are there still
    with hold(place, "check") as holder:
        assert (holder.pid, holder.purpose) == (os.getpid(), "check")


def test_contending_processes_never_hold_it_together(place: Place, tmp_path: Path) -> None:
    count = tmp_path / "count"
    count.write_text("0")
    command = [sys.executable, "-c", COUNTER, str(place.root), str(count)]
    children = [subprocess.Popen(command) for _ in range(3)]
    assert [child.wait() for child in children] == [0, 0, 0]
    assert count.read_text() == "15"


def test_one_process_does_not_hold_it_twice_and_may_hold_it_again(place: Place) -> None:
    with hold(place, "run"):
        assert_held(place)
        with pytest.raises(UserError, match="for 'run'"), hold(place, "again"):
            pytest.fail("held twice")
        assert_held(place)
    with hold(place, "again"):
        pass
    with pytest.raises(AssertionError, match="only within"):
        assert_held(place)


def test_a_holder_that_has_not_said_who_it_is(place: Place) -> None:
    with place.lock_file.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="another process"), hold(place, "run"):
            pytest.fail("two hold the place")


def test_a_lock_file_that_is_a_link_is_refused(place: Place, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    place.lock_file.symlink_to(tmp_path / "precious")
    with pytest.raises(UserError, match="cannot be locked"), hold(place, "run"):
        pytest.fail("held by a link")
    assert (tmp_path / "precious").read_text() == "precious"
