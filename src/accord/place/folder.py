"""A place: one folder that holds what partners delivered, how it is read, and every run."""

from __future__ import annotations

import json
import logging
import shutil
import stat
import tempfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from accord.errors import UserError
from accord.place import key
from accord.place.settings import PlaceSettings, settings_faults
from accord.place.sources import KEEPER, SourceFile, sort_out
from accord.place.toml import line_of, read_model

SETTINGS_NAME = "place.toml"
_TEMPLATE = {  # the file in template/: where it goes
    "place.toml": SETTINGS_NAME,
    "maps.md": "maps/README.md",
    "contracts.md": "contracts/README.md",
    "promises.md": "promises/README.md",
}
_GIT_IGNORES = """\
# Data about people, and what is made from it, does not belong in a repository.
/sources/*
!/sources/.gitkeep
/landed/
/runs/
/restricted/
/settlements/
/needs/*/
/receipts.jsonl*
/.accord*
"""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """A place on disk. `root` is its folder, with links followed; `settings` is its place.toml."""

    root: Path
    settings: PlaceSettings

    @property
    def settings_file(self) -> Path:
        """place.toml."""
        return self.root / SETTINGS_NAME

    @property
    def sources(self) -> Path:
        """Where partners drop files. They may change at any time."""
        return self.root / "sources"

    @property
    def maps(self) -> Path:
        """How each layout becomes canonical tables: one TOML file a map."""
        return self.root / "maps"

    @property
    def contracts(self) -> Path:
        """One TOML file a contract."""
        return self.root / "contracts"

    @property
    def promises(self) -> Path:
        """One TOML file a dated promise."""
        return self.root / "promises"

    @property
    def receipts_file(self) -> Path:
        """What was received, append-only."""
        return self.root / "receipts.jsonl"

    @property
    def landed(self) -> Path:
        """Each delivered file once, as text Parquet, by its hash."""
        return self.root / "landed"

    @property
    def runs(self) -> Path:
        """Published runs, one folder each, and CURRENT."""
        return self.root / "runs"

    @property
    def restricted(self) -> Path:
        """Identifiers and raw text. Write there only through `restricted_folder`, which keeps it closed to others."""
        return self.root / "restricted"

    @property
    def lock_file(self) -> Path:
        """The file that `hold` locks."""
        return self.root / ".accord.lock"


def open_place(path: Path | str) -> Place:
    """The place in a folder, its place.toml read and checked. Raises UserError."""
    root = Path(path).resolve()
    if not (root / SETTINGS_NAME).exists():
        what = "there is no such folder" if not root.exists() else f"this is not a place: it has no {SETTINGS_NAME}"
        raise UserError(what, where=str(path), what_to_do="name the folder of a place; `accord new DIR` makes one")
    settings = read_model(root / SETTINGS_NAME, PlaceSettings, check=lambda s: settings_faults(s, root))
    return Place(root, settings)


def new_place(path: Path | str) -> Place:
    """Make a place in a new or empty folder: all of it or nothing. Raises UserError."""
    target = Path(path).absolute()
    _check_target(target)
    try:
        with tempfile.TemporaryDirectory(prefix=".accord-new-", dir=target if target.exists() else target.parent) as scratch:
            made = Path(scratch) / "place"
            _fill(made, target.name)
            open_place(made)
            _move_in(made, target)
    except OSError as error:
        raise UserError(
            f"the place cannot be made: {error.strerror}", where=str(target), what_to_do="choose a folder you may write in"
        ) from None
    return open_place(target)


def check_ready(place: Place) -> None:
    """What a run needs and a new place may still lack: a partner and a source. Raises UserError."""
    for table in ("partner", "source"):
        if not getattr(place.settings, table):
            what_to_do = f"add a [[{table}]]: the comments in {SETTINGS_NAME} show one"
            raise UserError(f"the place has no {table} yet", where=str(place.settings_file), what_to_do=what_to_do)


def secret_key(place: Place) -> bytes:
    """The key by which identifiers become numbers: of the key file, or the published one of the demo. Raises UserError."""
    try:
        return key.read_key(place.settings.key, place.root)
    except UserError as error:
        line = line_of(place.settings_file, ("key", "file"))
        raise UserError(
            error.what, where=f"{error.where} (named by {SETTINGS_NAME}, line {line})", what_to_do=error.what_to_do
        ) from None


def source_files(place: Place) -> list[SourceFile]:
    """The delivered files that a source takes in, by name. Raises UserError naming a file that is refused (see `sort_out`)."""
    return _sorted_out(place)[0]


def unclaimed_files(place: Place) -> list[str]:
    """The names of files below sources/ that no source takes in. Raises UserError as `source_files` does."""
    return _sorted_out(place)[1]


def restricted_folder(place: Place) -> Path:
    """restricted/, made if need be, and closed to everybody but its owner. Raises UserError if it cannot be closed."""
    folder = place.restricted
    try:
        if folder.is_symlink():
            raise UserError("restricted/ is a link", where=str(folder), what_to_do="make it a folder of the place itself")
        folder.mkdir(mode=0o700, exist_ok=True)
        mode = stat.S_IMODE(folder.stat().st_mode)
        if mode != 0o700:
            folder.chmod(0o700)
            _log.warning("%s was open to others (its mode was %04o): closed to 0700", folder, mode)
        if stat.S_IMODE(folder.stat().st_mode) != 0o700:
            raise PermissionError(1, "its mode does not stay 0700")
    except OSError as error:
        mend = f"as its owner: chmod 700 {folder}; on a disk without owners, move the place"
        raise UserError(f"restricted/ cannot be closed to others: {error.strerror}", where=str(folder), what_to_do=mend) from None
    return folder


def _sorted_out(place: Place) -> tuple[list[SourceFile], list[str]]:
    if not place.sources.is_dir():
        raise UserError(
            "the place has no folder sources/", where=str(place.sources), what_to_do="make it: partners' files go there"
        )
    if not place.sources.resolve().is_relative_to(place.root):
        raise UserError(
            "sources/ is a link that leads outside the place", where=str(place.sources), what_to_do="make it a folder"
        )
    return sort_out(place.sources, place.settings, place.settings_file)


def _check_target(target: Path) -> None:
    if not target.parent.is_dir():
        raise UserError(
            f"there is no folder {target.parent}", where=str(target), what_to_do=f"make it first: mkdir -p {target.parent}"
        )
    if target.exists() and not target.is_dir():
        raise UserError("this is a file", where=str(target), what_to_do="name a folder that does not exist yet")
    if target.exists() and any(target.iterdir()):
        raise UserError(
            "the folder is not empty", where=str(target), what_to_do="name a folder that does not exist yet, or an empty one"
        )
    if not target.name.isprintable():
        raise UserError(
            f"a place cannot be called {target.name!a}", where=str(target.parent), what_to_do="use printable characters"
        )


def _fill(made: Path, name: str) -> None:
    template = resources.files("accord.place") / "template"
    for source, destination in _TEMPLATE.items():
        text = (template / source).read_text(encoding="utf-8")
        if source == SETTINGS_NAME:
            text = text.replace('"Maplewood"', json.dumps(name.strip()[:200] or "A place", ensure_ascii=False), 1)
        (made / destination).parent.mkdir(parents=True, exist_ok=True)
        (made / destination).write_text(text, encoding="utf-8")
    (made / "sources").mkdir()
    (made / "sources" / KEEPER).touch()
    (made / ".gitignore").write_text(_GIT_IGNORES, encoding="utf-8")


def _move_in(made: Path, target: Path) -> None:
    """A new folder comes into being by one rename. An empty one is kept, for its owner and rights; place.toml comes last."""
    if not target.exists():
        made.rename(target)
        return
    moved: list[Path] = []
    try:
        for entry in sorted(made.iterdir(), key=lambda p: p.name == SETTINGS_NAME):
            moved.append(entry.rename(target / entry.name))
    except BaseException:
        for entry in moved:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        raise
