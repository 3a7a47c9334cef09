"""What was received, in the order in which it was: JSON lines that are only ever added to, each bound to the one before."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from accord.errors import UserError
from accord.place.filesystem import fsync, write_new
from accord.place.folder import Place
from accord.place.lock import assert_held

FIRST_LINK = "0" * 64
"""What the first receipt is bound to."""

_RESTORE = "put receipts.jsonl back from a backup; receipts are never edited: to correct a delivery, have it delivered again"


@dataclass(frozen=True)
class Receipt:
    """One file as it was received. `submission_id`: its line, from 1. `received_at`: UTC. `file_name`: below sources/, with /.

    A rejected file has its rule, its line (where there is one) and the reason; a landed one the hash of what landed.
    A withdrawal is a receipt about an earlier one, `withdraws_id`, whose file it names, with the reason: its records count until then.
    `chain`: the hash of this line, to which the next is bound as its `previous`.
    """

    submission_id: int
    sha256: str
    n_byte: int
    source_id: str
    partner_id: str
    map_id: str
    file_name: str
    received_at: datetime
    status: Literal["landed", "rejected", "withdrawal"]
    n_record: int
    n_blank_line: int
    columns: tuple[str, ...]
    reject_rule: str | None = None
    reject_line: int | None = None
    reject_reason: str | None = None
    landed_sha256: str = ""
    withdraws_id: int | None = None
    previous: str = ""
    chain: str = ""


_READER = TypeAdapter(Receipt)


def read_receipts(place: Place) -> list[Receipt]:
    """Every receipt, by submission_id. Raises UserError naming the first line that was edited, added, taken out or moved.

    A last line that a crash cut short was never a receipt: it is passed over here, and kept aside by the next append.
    """
    try:
        content = place.receipts_file.read_bytes()
    except FileNotFoundError:
        return []
    receipts: list[Receipt] = []
    previous = FIRST_LINK
    lines = content.split(b"\n")
    for number, line in enumerate(lines, start=1):
        if number == len(lines) and _whole_line(line, number, previous) is None:
            break
        receipt = _checked(place.receipts_file, line, number, previous)
        previous = receipt.chain
        receipts.append(receipt)
    return receipts


def append_receipt(  # noqa: PLR0913 (a receipt has so many columns)
    place: Place,
    *,
    sha256: str,
    n_byte: int,
    source_id: str,
    partner_id: str,
    map_id: str,
    file_name: str,
    status: Literal["landed", "rejected", "withdrawal"],
    n_record: int,
    n_blank_line: int = 0,
    columns: Sequence[str] = (),
    reject_rule: str | None = None,
    reject_line: int | None = None,
    reject_reason: str | None = None,
    landed_sha256: str = "",
    withdraws_id: int | None = None,
    received_at: datetime | None = None,
) -> Receipt:
    """Add one receipt, on the disk before this returns. Only within `hold`. received_at: now, unless given (with a time zone).

    A last line that a crash cut short is first moved to receipts.jsonl.torn-N. Raises UserError if the line before was edited.
    """
    assert_held(place)
    moment = (received_at or datetime.now(UTC)).astimezone(UTC)
    is_new = not place.receipts_file.exists()
    descriptor = os.open(place.receipts_file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        last = _last_whole(place.receipts_file, descriptor)
        receipt = Receipt(
            (last.submission_id if last else 0) + 1, sha256, n_byte, source_id, partner_id, map_id, file_name, moment, status,
            n_record, n_blank_line, tuple(columns), reject_rule, reject_line, reject_reason, landed_sha256, withdraws_id,
            last.chain if last else FIRST_LINK,
        )  # fmt: skip
        line, chain = _written(receipt)
        _write_all(descriptor, line + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new:
        fsync(place.root)
    return replace(receipt, chain=chain)


def known_receipts(receipts: Sequence[Receipt], moment: datetime) -> list[Receipt]:
    """The receipts that there were at a moment: the first ones, up to the last that was received by then."""
    last = max((r.submission_id for r in receipts if r.received_at <= moment), default=0)
    return list(receipts[:last])


def withdraw_file(place: Place, receipts: Sequence[Receipt], file: str, reason: str) -> Receipt:
    """Add the receipt of a withdrawal. Only within `hold`. file: a name below sources/, or a submission_id. Raises UserError."""
    gone = {r.withdraws_id for r in receipts}
    found = [r for r in receipts if file in (r.file_name, str(r.submission_id)) and r.status == "landed"]
    here = [r for r in found if r.submission_id not in gone]
    if len(here) != 1:
        listed = ", ".join(f"{r.submission_id} ({r.file_name})" for r in (here or [r for r in receipts if r.status == "landed"])[-8:])
        none = f"{file} was withdrawn before" if found else f"no file {file} was received"
        what = f"{file} names {len(here)} files that count" if here else none
        raise UserError(what, where=str(place.receipts_file), what_to_do=f"give one submission_id: {listed}")
    if not reason.strip():
        raise UserError("a withdrawal wants a reason", where="--reason", what_to_do='say why: --reason "sent in error"')
    one = here[0]
    return append_receipt(
        place, sha256=one.sha256, n_byte=one.n_byte, source_id=one.source_id, partner_id=one.partner_id, map_id=one.map_id,
        file_name=one.file_name, status="withdrawal", n_record=0, reject_reason=reason.strip(), withdraws_id=one.submission_id,
    )  # fmt: skip


# --- one line ---


def _written(receipt: Receipt) -> tuple[bytes, str]:
    """A receipt's line, and its hash: of the line's own bytes with the hash left out."""
    content: dict[str, Any] = {f.name: getattr(receipt, f.name) for f in fields(receipt) if f.name != "chain"}
    content["received_at"] = receipt.received_at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    chain = hashlib.sha256(body).hexdigest()
    return body[:-1] + _ending(chain), chain


def _ending(chain: str) -> bytes:
    return f',"chain":"{chain}"}}'.encode()


_N_ENDING = len(_ending(FIRST_LINK))


def _parsed(line: bytes) -> Receipt | None:
    try:
        return _READER.validate_json(line)
    except ValidationError:
        return None


def _is_as_written(line: bytes, receipt: Receipt) -> bool:
    return hashlib.sha256(line[:-_N_ENDING] + b"}").hexdigest() == receipt.chain and line.endswith(_ending(receipt.chain))


def _whole_line(line: bytes, number: int, previous: str) -> Receipt | None:
    """A last line that lacks only its newline is whole, and so is the receipt; anything else without one is a torn line."""
    receipt = _parsed(line)
    is_whole = receipt and _is_as_written(line, receipt) and (receipt.submission_id, receipt.previous) == (number, previous)
    return receipt if is_whole else None


def _checked(file: Path, line: bytes, number: int, previous: str) -> Receipt:
    receipt = _parsed(line)
    if receipt is None:
        raise _broken(file, number, "is not a receipt as accord wrote it")
    if not _is_as_written(line, receipt):
        raise _broken(file, number, "was edited after it was written")
    if receipt.submission_id != number or receipt.previous != previous:
        raise _broken(file, number, "does not follow the line before it: a line was taken out, put in or moved")
    return receipt


def _broken(file: Path, number: int, why: str) -> UserError:
    return UserError(f"line {number} of {file.name} {why}", where=f"{file}, line {number}", what_to_do=_RESTORE)


# --- the end of the file ---


def _last_whole(file: Path, descriptor: int) -> Receipt | None:
    """The last receipt, after mending the end of the file: a torn line is kept aside, a missing last newline is put in."""
    size = os.fstat(descriptor).st_size
    tail = _tail(descriptor, size)
    before, newline, end = tail.rpartition(b"\n")
    last_line = before.rpartition(b"\n")[2]
    last = _checked_last(file, last_line) if newline else None
    if not end:
        return last
    number, previous = (last.submission_id + 1, last.chain) if last else (1, FIRST_LINK)
    if (whole := _whole_line(end, number, previous)) is not None:
        _write_all(descriptor, b"\n")
        return whole
    _keep_aside(file, end)
    os.ftruncate(descriptor, size - len(end))
    os.fsync(descriptor)
    return last


def _tail(descriptor: int, size: int) -> bytes:
    """The end of the file, back to before its last whole line."""
    window = 64 * 1024
    while True:
        tail = os.pread(descriptor, window, max(0, size - window))
        if window >= size or tail.count(b"\n") >= 2:
            return tail
        window *= 4


def _checked_last(file: Path, line: bytes) -> Receipt:
    receipt = _parsed(line)
    if receipt is None or not _is_as_written(line, receipt):
        raise UserError("the last line of receipts.jsonl was edited", where=str(file), what_to_do=_RESTORE)
    return receipt


def _keep_aside(file: Path, torn: bytes) -> None:
    number = 1
    while (aside := file.with_name(f"{file.name}.torn-{number}")).exists():
        number += 1
    write_new(aside, torn)
    fsync(file.parent)


def _write_all(descriptor: int, content: bytes) -> None:
    written = 0
    while written < len(content):
        written += os.write(descriptor, content[written:])
