"""What is worked out over a run and kept beside it: a folder built aside, hashed, given its name by one rename, and never changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from accord.errors import UserError
from accord.place.filesystem import fsync, probe, write_new
from accord.place.runs import file_sha256

MANIFEST_NAME = "manifest.json"
STAGING_PREFIX = ".staging-"


def keep(folder: Path, name: str, fill: Callable[[Path], None], manifest: Callable[[Mapping[str, str]], str]) -> Path:
    """Build `folder/name` aside: `fill` writes its files, `manifest` makes its manifest's text from their hashes. Out: where it is.

    Every file is on the disk before the manifest is, and the manifest before the folder has its name. Raises UserError if the disk fails.
    """
    staging, target = folder / f"{STAGING_PREFIX}{name}", folder / name
    assert not target.exists(), f"{target} is published"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe(folder)
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        fill(staging)
        _seal(staging, manifest)
        staging.rename(target)
        fsync(folder)
    except OSError as error:
        what = f"{folder.name}/{name} could not be published: {error.strerror}; what was published before stands"
        raise UserError(what, where=str(error.filename or folder), what_to_do="free space, or mend the rights, and do it again") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return target


def kept(folder: Path) -> list[Path]:
    """What is kept in a folder, in the order of the names."""
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")) if folder.is_dir() else []


def damaged_files(folder: Path, files: Mapping[str, str]) -> list[str]:
    """Those of the files of one folder that are not as they were published. files: each with its SHA-256."""
    return [name for name, sha256 in files.items() if not (folder / name).is_file() or file_sha256(folder / name) != sha256]


def _seal(staging: Path, manifest: Callable[[Mapping[str, str]], str]) -> None:
    names = sorted(path.relative_to(staging).as_posix() for path in staging.rglob("*") if path.is_file())
    for name in names:
        (staging / name).chmod(0o444)
        fsync(staging / name)
    for folder in sorted(path for path in staging.rglob("*") if path.is_dir()):
        fsync(folder)
    text = manifest({name: file_sha256(staging / name) for name in names})
    write_new(staging / MANIFEST_NAME, text.encode())
    (staging / MANIFEST_NAME).chmod(0o444)
    fsync(staging)
