"""What a run says of itself: what it was made from, what it holds, and the hash of each."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from accord.errors import UserError
from accord.place.receipts import FIRST_LINK, Receipt

MANIFEST_NAME = "manifest.json"
_OWN_HASH = re.compile(rb'"manifest_sha256": "([0-9a-f]{64}|)"\n\}\n\Z')


class _Recorded(BaseModel):
    """A later edition may add keys: an older reader passes over them."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class TableEntry(_Recorded):
    """One table: its file in the run, the file's hash ('' until published), and what equality of runs compares (content_hash)."""

    file: str
    content_hash: str
    n_row: int
    edition: int
    columns: tuple[tuple[str, str], ...]
    sha256: str = ""


class Audit(_Recorded):
    """One audit of the run, whether it held, and what it looked at."""

    name: str
    held: bool
    detail: str = ""


class ReceiptsUsed(_Recorded):
    """The receipts that a run was made from: the first `n`, the hash that binds them, and their files' hashes in order."""

    n: int = 0
    chain: str = FIRST_LINK
    sha256: tuple[str, ...] = ()


class Manifest(_Recorded):
    """A run's manifest.json; its keys are written in this order.

    engine: what ran the steps: duckdb, or spark and its version.
    inputs: what is copied into inputs/ (place.toml, maps), by path. other_files: whatever else is in the run.
    Both, and each table's sha256, are filled in as the run is published.
    manifest_sha256: of the manifest's own text with this value left empty.
    """

    edition: int = 1
    run_id: str
    created_at: datetime
    known_at: datetime
    accord_version: str
    python_version: str
    duckdb_version: str
    engine: str = "duckdb"
    rulebook_edition: str = ""
    receipts: ReceiptsUsed
    inputs: dict[str, str] = {}
    tables: dict[str, TableEntry]
    other_files: dict[str, str] = {}
    audits: tuple[Audit, ...] = ()
    manifest_sha256: str = ""

    def files(self) -> dict[str, str]:
        """Every file of the run but the manifest, with its hash."""
        return self.inputs | {t.file: t.sha256 for t in self.tables.values()} | self.other_files


def receipts_used(receipts: Sequence[Receipt]) -> ReceiptsUsed:
    """How a manifest records the receipts that a run was made from: the first ones of receipts.jsonl, up to the last known."""
    return ReceiptsUsed(
        n=len(receipts), chain=receipts[-1].chain if receipts else FIRST_LINK, sha256=tuple(r.sha256 for r in receipts)
    )


def manifest_text(manifest: Manifest) -> bytes:
    """The manifest as it is written, its own hash put in."""
    content = manifest.model_copy(update={"manifest_sha256": ""}).model_dump(mode="json")
    text = (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
    return _with_own_hash(text, hashlib.sha256(text).hexdigest())


def own_hash_holds(text: bytes) -> bool:
    """Whether a manifest's text is as it was written."""
    found = _OWN_HASH.search(text)
    return found is not None and hashlib.sha256(_with_own_hash(text, "")).hexdigest() == found.group(1).decode()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a run's folder; whether it was edited is for `verify`. Raises UserError if it cannot be read."""
    file = folder / MANIFEST_NAME
    try:
        return Manifest.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not a manifest as accord wrote it"
        mend = "put the run back from a backup, or make it again: accord run"
        raise UserError(f"run {folder.name} cannot be opened: {why}", where=str(file), what_to_do=mend) from None


def _with_own_hash(text: bytes, value: str) -> bytes:
    return _OWN_HASH.sub(f'"manifest_sha256": "{value}"\n}}\n'.encode(), text)
