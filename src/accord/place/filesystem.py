"""What a place asks of the file system, and a probe of it: writes that last, renames that are all or nothing, locks that hold."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from accord.errors import UserError

_UNSAFE = {
    "a network file system": ("nfs", "nfs4", "afs", "ncpfs", "coda", "fuse.glusterfs"),
    "a Windows share": ("cifs", "smb3", "smbfs", "fuse.smbnetfs"),
    "a folder shared by a virtual machine or WSL": ("9p", "fuse.grpcfuse", "fuse.osxfs"),
    "a folder shared by VirtualBox": ("vboxsf",),
    "a folder shared by Parallels": ("prl_fs",),
    "a folder shared by VMware": ("vmhgfs", "fuse.vmhgfs-fuse"),
    "a Windows disk seen from WSL": ("drvfs",),
    "a web folder": ("davfs", "fuse.davfs2"),
    "a FAT disk": ("vfat", "msdos"),
    "an exFAT disk": ("exfat",),
    "a folder of another machine": ("fuse.sshfs", "fuse.curlftpfs"),
    "an object store": ("fuse.s3fs", "fuse.goofys", "fuse.mount-s3", "fuse.gcsfuse", "fuse.blobfuse", "fuse.blobfuse2"),
    "a folder in the cloud": ("fuse.rclone", "fuse.google-drive-ocamlfuse", "fuse.onedriver"),
}
UNSAFE_TYPES = {kind: what for what, kinds in _UNSAFE.items() for kind in kinds}
"""Types on which a rename may be seen half done, or a lock is not seen by everyone: refused whatever the probe finds."""

PROBE_PREFIX = ".accord-probe-"
_MOVE = "keep the place on a local disk (ext4, xfs, btrfs, apfs …) and copy files to and from it"


def probe(folder: Path) -> None:
    """Make sure that renames are atomic, locks hold and folders can be written out in `folder`.

    Each is tried for real. A type of `UNSAFE_TYPES` is refused without a try, as it may fail only under load or on a crash.
    Raises UserError naming the type.
    """
    kind = file_system_type(folder)
    if kind in UNSAFE_TYPES:
        what = f"{folder} is on a '{kind}' file system ({UNSAFE_TYPES[kind]}), on which renames and locks are not safe"
        raise UserError(what, where=str(folder), what_to_do=_MOVE)
    scratch = folder / f"{PROBE_PREFIX}{secrets.token_hex(4)}"
    try:
        scratch.mkdir(mode=0o700)
        for what, holds in _PROBES.items():
            _try(what, holds, scratch, folder, kind)
    except OSError as error:
        raise UserError(
            f"{folder} cannot be written: {error.strerror}", where=str(folder), what_to_do="mend its rights or its disk"
        ) from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def file_system_type(folder: Path, mountinfo: str | None = None) -> str:
    """The type of the file system that holds a folder, by /proc/self/mountinfo or text in its form; 'unknown' without one."""
    if mountinfo is None:
        try:
            mountinfo = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return "unknown"
    mounts = [m for m in map(_mount, mountinfo.splitlines()) if m and folder.resolve().is_relative_to(m[0])]
    # Of two mounts on one point the later hides the earlier; max() keeps the first of equals, so read from the end.
    return max(reversed(mounts), key=lambda m: len(m[0].parts))[1] if mounts else "unknown"


def fsync(path: Path) -> None:
    """Have a file's bytes, or a folder's names, written to the disk before going on."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_new(path: Path, content: bytes) -> None:
    """Write a file that does not exist yet, and have its bytes on the disk before going on."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def lock_exclusively(descriptor: int) -> bool:
    """Take the lock on an open file, for as long as the file stays open; False if another opening of it has the lock."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _mount(line: str) -> tuple[Path, str] | None:
    """Mount point and type of one line of mountinfo; spaces in it are written \\040."""
    before, _, after = line.partition(" - ")
    fields = before.split(" ")
    if len(fields) < 5 or not after:
        return None
    return Path(re.sub(r"\\([0-7]{3})", lambda m: chr(int(m.group(1), 8)), fields[4])), after.split(" ")[0]


def _try(what: str, holds: Callable[[Path], bool], scratch: Path, folder: Path, kind: str) -> None:
    try:
        reason = "" if holds(scratch) else "it had no effect"
    except OSError as error:
        reason = str(error.strerror)
    if reason:
        message = f"{folder}, on a '{kind}' file system, cannot {what}: {reason}"
        raise UserError(message, where=str(folder), what_to_do=_MOVE)


def _replaces_file(scratch: Path) -> bool:
    old, new = scratch / "old", scratch / "new"
    old.write_bytes(b"old")
    new.write_bytes(b"new")
    new.replace(old)
    return old.read_bytes() == b"new" and not new.exists()


def _renames_folder(scratch: Path) -> bool:
    staged, published = scratch / ".staged", scratch / "published"
    staged.mkdir()
    (staged / "file").write_bytes(b"x")
    staged.rename(published)
    return (published / "file").read_bytes() == b"x" and not staged.exists()


def _locks(scratch: Path) -> bool:
    with (scratch / "lock").open("wb") as first, (scratch / "lock").open("rb") as second:
        if not lock_exclusively(first.fileno()) or lock_exclusively(second.fileno()):
            return False
        fcntl.flock(first.fileno(), fcntl.LOCK_UN)
        return lock_exclusively(second.fileno())


def _writes_out(scratch: Path) -> bool:
    write_new(scratch / "written", b"x")
    fsync(scratch)
    return True


_PROBES: dict[str, Callable[[Path], bool]] = {
    "replace a file by renaming another over it": _replaces_file,
    "rename a folder that holds files": _renames_folder,
    "lock a file against a second opening of it": _locks,
    "write a folder's names out to the disk": _writes_out,
}
