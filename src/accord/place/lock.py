"""One run at a time on one place: an operating-system lock on a file of its own, which frees itself when its holder dies."""

from __future__ import annotations

import getpass
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from accord.errors import UserError
from accord.place.filesystem import lock_exclusively, probe
from accord.place.folder import Place


@dataclass(frozen=True)
class Holder:
    """Who holds a place: process, machine, user, for what, and since when (UTC)."""

    pid: int
    host: str
    user: str
    purpose: str
    since: str


@contextmanager
def hold(place: Place, purpose: str) -> Iterator[Holder]:
    """Hold a place for as long as the block lasts.

    The lock belongs to this process and those forked from it, and ends with the last of them: what a dead one left is no bar.
    Raises UserError that tells who holds the place, or that its disk is unsafe (`probe`).
    """
    probe(place.root)
    descriptor = _open(place)
    try:
        if not lock_exclusively(descriptor):
            raise _taken(place, _read(descriptor))
        holder = Holder(os.getpid(), socket.gethostname(), _user(), purpose, datetime.now(UTC).isoformat(timespec="seconds"))
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(asdict(holder)).encode(), 0)
        try:
            yield holder
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def assert_held(place: Place) -> None:
    """Stop a programme that writes to a place which it does not hold: AssertionError, as that is our mistake and no person's."""
    descriptor = _open(place)
    try:
        ours = _read(descriptor)
        is_ours = ours is not None and (ours.pid, ours.host) == (os.getpid(), socket.gethostname())
        assert is_ours and not lock_exclusively(descriptor), "write to a place only within `hold(place, purpose)`"
    finally:
        os.close(descriptor)


def _open(place: Place) -> int:
    try:
        return os.open(place.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        what = f"the place cannot be locked: {error.strerror}"
        raise UserError(
            what, where=str(place.lock_file), what_to_do="let the person who runs accord write in the place's folder"
        ) from None


def _read(descriptor: int) -> Holder | None:
    """What the lock file says; None if it says nothing that can be read (its holder has only just taken it)."""
    try:
        return Holder(**json.loads(os.pread(descriptor, 4096, 0)))
    except (ValueError, TypeError):
        return None


def _taken(place: Place, holder: Holder | None) -> UserError:
    who = "another process, which has only just taken it"
    if holder:
        who = f"{holder.user} on {holder.host} (process {holder.pid}) for '{holder.purpose}', since {holder.since}"
    return UserError(
        f"the place is held by {who}", where=str(place.root), what_to_do="wait until that ends, or stop it, and try again"
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user whom no password file names
        return f"user {os.getuid()}"
