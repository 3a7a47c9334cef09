"""Runs: built aside, published whole by one rename, never changed; and CURRENT, which names the one in force."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from accord.errors import AuditError, UserError
from accord.place.filesystem import PROBE_PREFIX, fsync, probe, write_new
from accord.place.folder import Place, restricted_folder
from accord.place.lock import assert_held
from accord.place.manifest import (
    MANIFEST_NAME,
    Audit,
    Manifest,
    ReceiptsUsed,
    TableEntry,
    manifest_text,
    own_hash_holds,
    read_manifest,
    receipts_used,
)
from accord.place.receipts import Receipt

__all__ = [
    "Audit", "Manifest", "ReceiptsUsed", "Run", "Staging", "TableEntry", "check_receipts_kept", "clean_up", "current_run",
    "file_sha256", "list_runs", "open_run", "receipts_used", "run_ids", "verify",
]  # fmt: skip

CURRENT_NAME = "CURRENT"
INPUTS_NAME = "inputs"
_STAGING_PREFIX = ".staging-"
_CURRENT_PREFIX = ".current-"
_RUN_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}(-[0-9]+)?")


@dataclass(frozen=True)
class Run:
    """One published run: its folder and its manifest."""

    folder: Path
    manifest: Manifest

    @property
    def run_id(self) -> str:
        """The name of its folder."""
        return self.folder.name

    def table_file(self, name: str) -> Path:
        """The Parquet file of one of its tables. Raises UserError with the tables that it has."""
        if name not in self.manifest.tables:
            near = difflib.get_close_matches(name, self.manifest.tables, n=1)
            mend = (f"did you mean '{near[0]}'? " if near else "") + f"its tables are: {', '.join(self.manifest.tables)}"
            raise UserError(f"run {self.run_id} has no table '{name}'", where=str(self.folder), what_to_do=mend)
        return self.folder / self.manifest.tables[name].file


class Staging:
    """A run being built, in runs/.staging-<run_id>/; within `hold` only. Leaving the block without `publish` removes it.

    inputs_hash: a hex hash of all that the run is made from; its first 8 digits are in the run_id. moment: now, unless given.
    """

    def __init__(self, place: Place, inputs_hash: str, moment: datetime | None = None) -> None:
        self.place = place
        self.created_at = (moment or datetime.now(UTC)).astimezone(UTC)
        self.run_id = _free_id(place, f"{self.created_at:%Y%m%dT%H%M%SZ}-{inputs_hash[:8].lower()}")
        self.folder = place.runs / f"{_STAGING_PREFIX}{self.run_id}"

    def __enter__(self) -> Staging:
        """Remove what a dead run left behind, and make the folder."""
        clean_up(self.place)
        restricted_folder(self.place)
        try:
            self.place.runs.mkdir(exist_ok=True)
            probe(self.place.runs)
            self.folder.mkdir()
        except OSError as error:
            raise _unpublished(self.place, error) from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def keep_input(self, name: str, content: bytes) -> None:
        """Copy one input (place.toml, a map) into the run, as inputs/<name>."""
        file = self.folder / INPUTS_NAME / name
        assert file.resolve().is_relative_to(self.folder.resolve() / INPUTS_NAME), name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def publish(self, manifest: Manifest, *, is_current: bool = True) -> Path:
        """Make the run the current one, unless it is not to be, and return its folder. The manifest's hashes are filled in from the files.

        Every file is on the disk before the manifest is, the manifest before the run has its name, and the run before CURRENT
        names it; so whatever happens, CURRENT names a whole run. Raises AuditError if an audit does not hold, and UserError if
        the disk fails; the run before stays current.
        """
        assert_held(self.place)
        assert manifest.run_id == self.run_id, "the manifest is of another run"
        if broken := [f"{a.name}: {a.detail}" for a in manifest.audits if not a.held]:
            raise AuditError(broken)
        try:
            return self._publish(manifest, is_current)
        except OSError as error:
            raise _unpublished(self.place, error) from None

    def _publish(self, manifest: Manifest, is_current: bool) -> Path:
        names = list(_file_names(self.folder))
        for name in names:
            (self.folder / name).chmod(0o444)
            fsync(self.folder / name)
        text = manifest_text(_filled(manifest, self.folder, names))
        for folder in _folders(self.folder):
            fsync(folder)
        write_new(self.folder / MANIFEST_NAME, text)
        (self.folder / MANIFEST_NAME).chmod(0o444)
        fsync(self.folder)
        published = self.place.runs / self.run_id
        self.folder.rename(published)
        fsync(self.place.runs)
        if is_current:
            _set_current(self.place, self.run_id)
        return published


def clean_up(place: Place) -> list[str]:
    """Remove what dead runs left behind, and return its names. Within `hold` only: a live run's staging folder looks the same."""
    assert_held(place)
    left = [
        path
        for folder, prefixes in ((place.root, (PROBE_PREFIX,)), (place.runs, (PROBE_PREFIX, _STAGING_PREFIX, _CURRENT_PREFIX)))
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if path.name.startswith(prefixes)
    ]
    for path in left:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return [path.name for path in left]


def run_ids(place: Place) -> list[str]:
    """The ids of all published runs, the oldest first. Nothing is opened."""
    if not place.runs.is_dir():
        return []
    return sorted(p.name for p in place.runs.iterdir() if _RUN_ID.fullmatch(p.name) and p.is_dir())


def list_runs(place: Place) -> list[Run]:
    """All published runs, the oldest first. Raises UserError naming one that cannot be opened."""
    return [_open(place, run_id) for run_id in run_ids(place)]


def current_run(place: Place) -> Run | None:
    """The run in force; None before the first. Raises UserError if CURRENT does not name a run that is there."""
    file = place.runs / CURRENT_NAME
    try:
        run_id = file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        run_id = "what cannot be read"
    if run_id not in run_ids(place):
        known = run_ids(place)
        mend = (
            f"write the id of a whole run into it, such as {known[-1]}, or make one: accord run"
            if known
            else "make a run: accord run"
        )
        raise UserError(
            f"runs/{CURRENT_NAME} names {run_id[:80]!r}, which is not a run of this place", where=str(file), what_to_do=mend
        )
    return _open(place, run_id)


def open_run(place: Place, name: str = "current") -> Run:
    """A run by its id, by the beginning of its id, or as `current`. Raises UserError with the nearest ids."""
    if name == "current":
        run = current_run(place)
        if run is None:
            raise UserError("the place has no published run yet", where=str(place.root), what_to_do="make one: accord run")
        return run
    known = run_ids(place)
    found = [name] if name in known else [k for k in known if name and k.startswith(name)]
    if len(found) == 1:
        return _open(place, found[0])
    if found:
        what, mend = f"{len(found)} runs begin with '{name}'", f"give more of the id: {', '.join(found[-5:])}"
    else:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.3) or known[-3:]
        what = f"no run is called '{name}'"
        mend = f"the nearest are: {', '.join(near)}; `accord runs` lists all" if near else "make a run: accord run"
    raise UserError(what, where=str(place.runs), what_to_do=mend)


def verify(run: Run) -> list[str]:
    """What is not as it was published: a line for each file changed, missing or added, and for the manifest; empty if well."""
    findings = _manifest_findings(run)
    recorded, there = run.manifest.files(), set(_file_names(run.folder)) - {MANIFEST_NAME}
    for name, sha256 in sorted(recorded.items()):
        if name not in there:
            findings.append(f"{name} is missing")
        elif (run.folder / name).is_symlink():
            findings.append(f"{name} was replaced by a link")
        elif file_sha256(run.folder / name) != sha256:
            findings.append(f"{name} was changed after it was published")
    return findings + [f"{name} was added after the run was published" for name in sorted(there - set(recorded))]


def check_receipts_kept(place: Place, receipts: Sequence[Receipt]) -> None:
    """Make sure that the receipts of the current run are still there, as the chain alone cannot tell that last lines are gone.

    Raises UserError.
    """
    run = current_run(place)
    if run is None or run.manifest.receipts.n == 0:
        return
    used = run.manifest.receipts
    if len(receipts) < used.n or receipts[used.n - 1].chain != used.chain:
        counts = f"that had {used.n} lines, this has {len(receipts)}"
        what = f"receipts.jsonl is not the one that run {run.run_id} was made from: {counts}"
        raise UserError(what, where=str(place.receipts_file), what_to_do="put receipts.jsonl back from a backup")


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open(place: Place, run_id: str) -> Run:
    folder = place.runs / run_id
    return Run(folder, read_manifest(folder))


def _free_id(place: Place, run_id: str) -> str:
    """Two runs of the same inputs within one second: the second ends in -2."""
    taken, number, free = set(run_ids(place)), 1, run_id
    while free in taken:
        number += 1
        free = f"{run_id}-{number}"
    return free


def _file_names(folder: Path) -> Iterator[str]:
    """Every file below a folder, links too, by its path with /."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_dir():
            yield path.relative_to(folder).as_posix()


def _folders(folder: Path) -> Iterator[Path]:
    yield from (Path(each) for each, _, _ in os.walk(folder, topdown=False))


def _filled(manifest: Manifest, folder: Path, names: list[str]) -> Manifest:
    """The manifest with the hash of every file that is in the run."""
    sha256 = {name: file_sha256(folder / name) for name in names}
    tables = {name: t.model_copy(update={"sha256": sha256[t.file]}) for name, t in manifest.tables.items()}
    for name, table in manifest.tables.items():
        assert table.sha256 in ("", sha256[table.file]), f"{name} was changed after it was hashed"
    inputs = {name: h for name, h in sha256.items() if name.startswith(f"{INPUTS_NAME}/")}
    others = {name: h for name, h in sha256.items() if name not in inputs and name not in {t.file for t in tables.values()}}
    return manifest.model_copy(update={"tables": tables, "inputs": inputs, "other_files": others})


def _set_current(place: Place, run_id: str) -> None:
    beside = place.runs / f"{_CURRENT_PREFIX}{secrets.token_hex(4)}"
    write_new(beside, f"{run_id}\n".encode())
    beside.replace(place.runs / CURRENT_NAME)
    fsync(place.runs)


def _manifest_findings(run: Run) -> list[str]:
    findings = []
    if not own_hash_holds((run.folder / MANIFEST_NAME).read_bytes()):
        findings.append(f"{MANIFEST_NAME} was changed after it was published")
    if run.manifest.run_id != run.run_id:
        findings.append(f"{MANIFEST_NAME} is of run {run.manifest.run_id}: the folder was renamed")
    return findings


def _unpublished(place: Place, error: OSError) -> UserError:
    what = f"the run could not be published: {error.strerror}; the run before it stays current"
    return UserError(what, where=str(error.filename or place.runs), what_to_do="free space, or mend the rights, and run again")
