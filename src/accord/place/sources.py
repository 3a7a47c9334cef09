"""The files that partners dropped into sources/: which source takes each, and which names and links are refused."""

from __future__ import annotations

import fnmatch
import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from accord.errors import UserError
from accord.place.settings import PlaceSettings, Source
from accord.place.toml import line_of

LONGEST_NAME_BYTES = 255
KEEPER = ".gitkeep"  # what keeps an empty folder in a repository; no partner delivers it
_TURNS_TEXT_ROUND = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


@dataclass(frozen=True)
class SourceFile:
    """One delivered file: where it is, its name below sources/ (with /), and the source that takes it in."""

    path: Path
    name: str
    source: Source


def sort_out(folder: Path, settings: PlaceSettings, settings_file: Path) -> tuple[list[SourceFile], list[str]]:
    """Every file below sources/: those that a source takes, and the names of those that none does; both by name.

    Raises UserError naming the file if its name cannot be trusted, it is a link that leads outside, it is no file, or two sources
    take it.
    """
    claimed: list[SourceFile] = []
    unclaimed: list[str] = []
    for name, path in sorted(_walk(folder, "", (folder.resolve(),), folder.resolve())):
        takers = [n for n, source in enumerate(settings.source) if matches(name, source.glob)]
        if len(takers) > 1:
            raise _two_takers(name, takers, settings, settings_file)
        if takers:
            claimed.append(SourceFile(path, name, settings.source[takers[0]]))
        else:
            unclaimed.append(name)
    return claimed, unclaimed


def matches(name: str, glob: str) -> bool:
    """Whether a pattern takes a name. `*`, `?` and `[…]` stay within one folder, `**` is any number of folders; capitals count.

    As in a shell, no wildcard matches a leading dot.
    """
    return _matches(name.split("/"), glob.split("/"))


def _matches(names: list[str], patterns: list[str]) -> bool:
    # reachable[n]: whether the patterns so far can use up exactly the first n names
    reachable = [True] + [False] * len(names)
    for pattern in patterns:
        following = [False] * len(reachable)
        for n, name in enumerate(names):
            if pattern == "**":
                following[n] = following[n] or reachable[n]
                following[n + 1] = following[n] and not name.startswith(".")
            elif reachable[n] and fnmatch.fnmatchcase(name, pattern) and (pattern.startswith(".") or not name.startswith(".")):
                following[n + 1] = True
        if pattern == "**":
            following[-1] = following[-1] or reachable[-1]
        reachable = following
    return reachable[-1]


def _walk(folder: Path, above: str, chain: tuple[Path, ...], top: Path) -> Iterator[tuple[str, Path]]:
    """Files below a folder by name. `chain`: the real folders that led here, so that a link cannot lead round in a circle."""
    for path in _listed(folder):
        name = above + path.name
        _check_name(name)
        real, mode = _real(path, name, top)
        if stat.S_ISDIR(mode):
            if real in chain:
                raise _refused(name, "is a link that leads round in a circle", "take the link out of sources/")
            yield from _walk(path, name + "/", (*chain, real), top)
        elif not stat.S_ISREG(mode):
            raise _refused(name, f"is {_special(mode)}, not a file", "take it out of sources/")
        elif path.name != KEEPER:
            yield name, path


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise UserError(
            f"{folder.name}/ cannot be read: {error.strerror}", where=str(folder), what_to_do="mend its rights"
        ) from None


def _real(path: Path, name: str, top: Path) -> tuple[Path, int]:
    """Where a name really leads, and the mode of what is there."""
    try:
        real = path.resolve(strict=True)
        mode = real.stat().st_mode
    except (OSError, RuntimeError):
        why = "is a link that leads nowhere" if path.is_symlink() else "went away while it was looked at"
        raise _refused(name, why, "put the file itself into sources/") from None
    if not real.is_relative_to(top):
        raise _refused(name, "is a link that leads outside sources/", "put the file itself into sources/")
    return real, mode


def _check_name(name: str) -> None:
    try:
        n_byte = len(os.fsencode(name))
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise _refused(name, "has a name that is not UTF-8", "rename it") from None
    if any(unicodedata.category(c) in ("Cc", "Zl", "Zp") or unicodedata.bidirectional(c) in _TURNS_TEXT_ROUND for c in name):
        raise _refused(name, "has a control character in its name", "rename it")
    if n_byte > LONGEST_NAME_BYTES:
        raise _refused(
            name, f"has a name of {n_byte} bytes, over {LONGEST_NAME_BYTES}", "rename it, or move it to a higher folder"
        )


def _special(mode: int) -> str:
    kinds = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
    return kinds.get(stat.S_IFMT(mode), "something else")


def _refused(name: str, why: str, mend: str) -> UserError:
    shown = name if len(name) <= 120 else name[:60] + "…" + name[-40:]
    return UserError(f"sources/{ascii(shown)[1:-1]} {why}", where="sources/", what_to_do=mend)


def _two_takers(name: str, takers: list[int], settings: PlaceSettings, settings_file: Path) -> UserError:
    ids = " and ".join(f"'{settings.source[n].id}'" for n in takers)
    line = line_of(settings_file, ("source", takers[1], "glob"))
    mend = "make their globs exclude one another, so that each file has one source"
    return UserError(f"sources/{name} is taken by sources {ids}", where=f"{settings_file}, line {line}", what_to_do=mend)
