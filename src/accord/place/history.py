"""What place.toml, the maps and the contracts said, and since when: so that a run can be made as it would have been made on a day.

`history.jsonl` has one line for each time that one of them was found changed, or gone; `history/` keeps each text under its SHA-256.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from accord.errors import UserError
from accord.place.filesystem import fsync, write_new
from accord.place.folder import Place
from accord.place.lock import assert_held

_LOG = "history.jsonl"
_TEXTS = "history"


@dataclass(frozen=True)
class Told:
    """One text as it stood from `seen_at` on: its name, such as place.toml or maps/admissions.toml, and the hash of its bytes; None: it was gone."""

    name: str
    sha256: str | None
    seen_at: datetime


_READER = TypeAdapter(Told)


def remember(place: Place, texts: Mapping[str, bytes], moment: datetime | None = None) -> None:
    """Note every text that is not as it was noted last, and every one that is gone since. Within `hold` only.

    texts: all that there are. moment: now, unless given (with a time zone).
    """
    assert_held(place)
    seen_at = (moment or datetime.now(UTC)).astimezone(UTC)
    last = {told.name: told.sha256 for told in _log(place)}
    folder = place.root / _TEXTS
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        sha256 = hashlib.sha256(text).hexdigest()
        if last.get(name) != sha256:
            if not (folder / sha256).exists():
                write_new(folder / sha256, text)
                fsync(folder)
            _append(place.root / _LOG, Told(name, sha256, seen_at))
    for name in sorted(name for name, sha256 in last.items() if sha256 is not None and name not in texts):
        _append(place.root / _LOG, Told(name, None, seen_at))


def texts_at(place: Place, moment: datetime) -> dict[str, Path]:
    """Each text as it stood at a moment: its name, and a file that holds it. One that was gone by then is left out.

    Raises UserError if nothing was known by then.
    """
    told = _log(place)
    last = {each.name: each.sha256 for each in told if each.seen_at <= moment}
    then = {name: sha256 for name, sha256 in last.items() if sha256 is not None}
    if "place.toml" not in then:
        first = min((each.seen_at for each in told), default=None)
        since = f"the first run of this place was on {first:%Y-%m-%d at %H:%M} UTC" if first else "this place has never been run"
        raise UserError(
            f"nothing was known of this place on {moment:%Y-%m-%d %H:%M} UTC", where=str(place.root / _LOG),
            what_to_do=f"{since}: give a later moment to --known-at",
        )  # fmt: skip
    return {name: _kept(place, name, sha256) for name, sha256 in then.items()}


def _kept(place: Place, name: str, sha256: str) -> Path:
    file = place.root / _TEXTS / sha256
    if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
        what = f"the text that {name} had is gone or was changed"
        raise UserError(what, where=str(file), what_to_do="put the folder history/ back from a backup")
    return file


def _log(place: Place) -> list[Told]:
    """Every line, the oldest first. A last line that a crash cut short is passed over: its text is noted again."""
    try:
        lines = (place.root / _LOG).read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    told = []
    for number, line in enumerate(lines, 1):
        try:
            told.append(_READER.validate_json(line))
        except ValidationError:
            if number < len(lines):
                where = f"{place.root / _LOG}, line {number}"
                raise UserError(
                    f"line {number} of {_LOG} is not as accord wrote it", where=where, what_to_do=f"put {_LOG} back from a backup"
                ) from None
    return told


def _append(file: Path, told: Told) -> None:
    torn = file.exists() and not file.read_bytes().endswith(b"\n")
    with file.open("ab") as log:
        if torn:
            log.seek(0)
            kept = file.read_bytes()
            log.truncate(kept.rfind(b"\n") + 1)
        said = {"name": told.name, "sha256": told.sha256, "seen_at": told.seen_at.isoformat(timespec="microseconds")}
        log.write(json.dumps(said, ensure_ascii=False).encode() + b"\n")
        log.flush()
    fsync(file)
