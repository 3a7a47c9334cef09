"""A place on disk: its settings, its delivered files, its receipts, its lock and its runs.

In:    a folder; the TOML files that people write in it; the files that partners drop into it.
Out:   a `Place`; source files by name; receipts; the secret key; runs, staged, published, opened and verified.
Reads: no rules.
Never: looks into a delivered file, knows what a map or a contract means, or changes a run that is published.
"""

from accord.place.folder import (
    Place,
    check_ready,
    new_place,
    open_place,
    restricted_folder,
    secret_key,
    source_files,
    unclaimed_files,
)
from accord.place.history import remember, texts_at
from accord.place.lock import hold
from accord.place.manifest import Audit, Manifest, ReceiptsUsed, TableEntry, receipts_used
from accord.place.receipts import Receipt, append_receipt, known_receipts, read_receipts, withdraw_file
from accord.place.runs import Run, Staging, check_receipts_kept, clean_up, current_run, list_runs, open_run, run_ids, verify
from accord.place.settings import Partner, PlaceSettings, Snapshot, Source
from accord.place.sources import SourceFile
from accord.place.toml import line_of, read_model

__all__ = [
    "Audit", "Manifest", "Partner", "Place", "PlaceSettings", "Receipt", "ReceiptsUsed", "Run", "Snapshot", "Source", "SourceFile",
    "Staging", "TableEntry", "append_receipt", "check_ready", "check_receipts_kept", "clean_up", "current_run", "hold",
    "known_receipts", "line_of", "list_runs", "new_place", "open_place", "open_run", "read_model", "read_receipts", "receipts_used",
    "remember", "restricted_folder", "run_ids", "secret_key", "source_files", "texts_at", "unclaimed_files", "verify", "withdraw_file",
]  # fmt: skip
