"""Delivered files into landed ones, each with a receipt. Landing happens in a child process that holds no keys."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from accord.errors import UserError
from accord.intake.catalogue import Map, match_columns
from accord.intake.child import LandingChild
from accord.intake.land import Landed, Rejected
from accord.place import Place, Receipt, SourceFile, append_receipt

_log = logging.getLogger("accord")
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Delivery:
    """One receipt and its landed file; None if the file was rejected, or the receipt is a withdrawal. withdrawn_at: when the file was withdrawn."""

    receipt: Receipt
    landed: Path | None
    withdrawn_at: datetime | None = None


def landed_path(folder: Path, sha256: str) -> Path:
    """Where a file of that hash lies once landed."""
    return folder / f"{sha256}.parquet"


def known_deliveries(place: Place, receipts: Sequence[Receipt]) -> list[Delivery]:
    """Receipts with their landed files. Raises UserError naming a landed file, a source or a map that is gone."""
    sources = {source.id: source.map for source in place.settings.source}
    withdrawn = {r.withdraws_id: r.received_at for r in reversed(receipts) if r.withdraws_id}
    for receipt in receipts:
        if sources.get(receipt.source_id) != receipt.map_id:
            raise UserError(
                f"{receipt.file_name} was received by source {receipt.source_id!r} with map {receipt.map_id!r}, "
                "which place.toml no longer has",
                where=f"{place.settings_file} and line {receipt.submission_id} of {place.receipts_file.name}",
                what_to_do=f"put the source back, with map = {receipt.map_id!r}: every run is made from all receipts",
            )
    return [Delivery(r, _landed_of(place, r) if r.status == "landed" else None, withdrawn.get(r.submission_id)) for r in receipts]


def _landed_of(place: Place, receipt: Receipt) -> Path:
    path = landed_path(place.landed, receipt.sha256)
    if not path.is_file():
        raise UserError(
            f"the landed copy of {receipt.file_name} is gone", where=str(path),
            what_to_do="put it back from a backup: a receipt is for ever, and every run is made from all of them",
        )  # fmt: skip
    if _sha256(path) != receipt.landed_sha256:
        # One flipped bit of a Parquet file mostly reads on in silence, with other values.
        raise UserError(
            f"the landed copy of {receipt.file_name} is not what it was when it landed", where=str(path),
            what_to_do="put it back from a backup; if there is none, the disk may be failing: look at the other files too",
        )  # fmt: skip
    return path


def receive(
    place: Place, maps: Mapping[str, Map], receipts: Sequence[Receipt], files: Sequence[SourceFile], scratch: Path, progress: Progress
) -> list[Delivery]:
    """Land every file that has no receipt yet and write its receipt. Within `hold` only. Out: the new deliveries.

    The same bytes again under the same source are a logged no-op. Raises UserError at a file whose columns its map does not fit:
    that file gets no receipt, those before it keep theirs.
    """
    new = []
    for file, result in _land(place, maps, receipts, files, place.landed, scratch, progress):
        receipt = append_receipt(place, **_said(file, result))
        new.append(Delivery(receipt, result.path if isinstance(result, Landed) else None))
    return new


def look(
    place: Place, maps: Mapping[str, Map], receipts: Sequence[Receipt], files: Sequence[SourceFile], scratch: Path, progress: Progress
) -> list[Delivery]:
    """As `receive`, but nothing is kept: the receipts are not written, and files land in `scratch`."""
    new: list[Delivery] = []
    landed = scratch / "landed"
    landed.mkdir(parents=True, exist_ok=True)
    for file, result in _land(place, maps, receipts, files, landed, scratch, progress):
        number = len(receipts) + len(new) + 1
        receipt = Receipt(submission_id=number, received_at=datetime.now(UTC), **_said(file, result))
        new.append(Delivery(receipt, result.path if isinstance(result, Landed) else None))
    return new


def _land(
    place: Place, maps: Mapping[str, Map], receipts: Sequence[Receipt], files: Sequence[SourceFile], landed: Path, scratch: Path, progress: Progress
) -> Iterator[tuple[SourceFile, Landed | Rejected]]:
    seen = {(r.source_id, r.sha256) for r in receipts}
    sizes = {r.n_byte for r in receipts}
    landed.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds identifiers, as restricted/ does
    with LandingChild() as child:
        for file in files:
            if _was_received(file, seen, sizes):
                _log.info("%s was received before: nothing to do", file.name)
                continue
            progress(f"land {file.name}")
            result = child.land(file.path, maps[file.source.map].form, landed, scratch)
            if (file.source.id, result.sha256) in seen:
                _log.info("%s was received before: nothing to do", file.name)
                continue
            if isinstance(result, Landed):
                _match(maps[file.source.map], file, result, {r.sha256 for r in receipts})
            seen.add((file.source.id, result.sha256))
            yield file, result


def _was_received(file: SourceFile, seen: set[tuple[str, str]], sizes: set[int]) -> bool:
    try:
        return file.path.stat().st_size in sizes and (file.source.id, _sha256(file.path)) in seen
    except OSError as error:
        raise UserError(
            f"{file.name} cannot be read: {error.strerror}", where=str(file.path), what_to_do="see that it stays there, and who may read it"
        ) from None


def _match(one: Map, file: SourceFile, result: Landed, received: set[str]) -> None:
    try:
        match_columns(one, file.name, result.columns)
    except UserError:
        if result.sha256 not in received:
            with suppress(FileNotFoundError):
                result.path.unlink()
        raise


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _said(file: SourceFile, result: Landed | Rejected) -> dict[str, Any]:
    said: dict[str, Any] = {
        "sha256": result.sha256, "n_byte": result.n_byte, "source_id": file.source.id, "partner_id": file.source.partner,
        "map_id": file.source.map, "file_name": file.name,
    }  # fmt: skip
    if isinstance(result, Landed):
        landed = {"n_record": result.n_record, "n_blank_line": result.n_blank_line, "columns": result.columns}
        return {**said, "status": "landed", **landed, "landed_sha256": _sha256(result.path)}
    rejected = {"reject_rule": result.rule, "reject_line": result.line, "reject_reason": result.reason}
    return {**said, "status": "rejected", "n_record": 0, "n_blank_line": 0, "columns": (), **rejected}
