"""The maps of a place: found, read, and held against place.toml before any data is read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from accord.errors import UserError
from accord.intake.land import FileForm
from accord.intake.layout import Layout
from accord.intake.readers import Constant, FirstOf, Lookup
from accord.place import Place, PlaceSettings
from accord.place.toml import line_of, read_model
from accord.place.toml_faults import nearest as nearest_word
from accord.tables import codes
from accord.tables.contract import Table, bigint, integer, moment, text

SHIPPED = Path(str(files("accord.intake") / "maps"))
CODED_FIELDS = {
    ("activity", "setting"): codes.SETTING,
    ("activity", "admission"): codes.ADMISSION,
    ("person", "sex"): codes.SEX,
    ("organisation", "kind"): codes.ORGANISATION_KIND,
}


@dataclass(frozen=True)
class Map:
    """One map as a place uses it."""

    map_id: str
    path: Path
    layout: Layout

    @property
    def slug(self) -> str:
        """The map's id as part of a table's name."""
        return re.sub(r"[^a-z0-9]+", "_", self.map_id.lower())

    @cached_property
    def raw(self) -> Table:
        """The contract of `raw_<map>`: every landed record that this map reads, as text, with where it came from."""
        return Table(
            name=f"raw_{self.slug}",
            meaning=f"Landed records of: {self.layout.title}.",
            columns=(
                integer("_submission_id", "The file.", required=True, lineage=True),
                bigint("_record_number", "The record.", required=True, lineage=True),
                moment("_received_at", "When the file was received.", required=True, lineage=True),
                text("_partner_id", "Who sent it.", required=True),
                bigint("_salt", "Keeps records of different partners and maps apart.", required=True),
                bigint("_hash_a", "First half of the record's content hash.", required=True),
                bigint("_hash_b", "Second half.", required=True),
                *(text(f"_given_{name}", "Given by the source in place.toml.") for name in sorted(self.layout.given())),
                *(text(f"_constant_{day}", "Stated by the map.") for day in self.layout.constant_days()),
                *(text(column, "As delivered.") for column in self.layout.read_columns()),
            ),
            key=("_submission_id", "_record_number"),
        )

    @property
    def form(self) -> FileForm:
        """How its files are written."""
        f = self.layout.file
        return FileForm(f.format, f.delimiter, f.quote, f.encoding, f.header, tuple(f.columns))


def nearest(word: str, words: Iterable[str]) -> str:
    """The words to add to a mend: the nearest of what there is, if any is near."""
    found = nearest_word(word, words)
    return f" (did you mean {found!r}?)" if found else ""


def salt(partner_id: str, map_id: str, given: Mapping[str, str]) -> int:
    """A 62-bit number for one partner, map and what the source gives: it keeps equal records that say different things apart."""
    said = "\x1f".join((partner_id, map_id, *(f"{name}={value}" for name, value in sorted(given.items()))))
    return int.from_bytes(hashlib.sha256(said.encode()).digest()[:8]) >> 2


def map_paths(*folders: Path) -> dict[str, Path]:
    """Every map in some folders by its id: its path below the folder, without .toml. A later folder's map hides an earlier one's."""
    return {path.relative_to(folder).with_suffix("").as_posix(): path for folder in folders for path in sorted(folder.rglob("*.toml"))}


def read_maps(place: Place, paths: Mapping[str, Path] | None = None) -> dict[str, Map]:
    """The maps that the place's sources name, by id, each held against place.toml. Raises UserError at the first fault.

    paths: where maps are; by default those that Accord ships, hidden by the place's own of the same id.
    """
    paths = map_paths(SHIPPED, place.maps) if paths is None else paths
    maps: dict[str, Map] = {}
    for i, source in enumerate(place.settings.source):
        if source.map not in paths:
            raise _dangling(place, i, source.map, paths)
        if source.map not in maps:
            maps[source.map] = Map(source.map, paths[source.map], read_model(paths[source.map], Layout))
            _check(maps[source.map], place.settings)
        _check_given(place, i, maps[source.map])
    return maps


def _dangling(place: Place, i: int, map_id: str, paths: Mapping[str, Path]) -> UserError:
    settings = place.root / "place.toml"
    return UserError(
        f"there is no map named {map_id!r}",
        where=f"{settings}, line {line_of(settings, ('source', i, 'map'))}",
        what_to_do=f"write maps/{map_id}.toml, or name one of {', '.join(paths)}{nearest(map_id, paths)}",
    )


def _check(one: Map, settings: PlaceSettings) -> None:
    for i, identifier in enumerate(one.layout.identifier):
        if identifier.system not in settings.identity.trust:
            raise _fault(
                one, ("identifier", i, "system"), f"identifier system {identifier.system!r} is not in place.toml's identity.trust",
                f"add it to identity.trust, at its place in the order of trust{nearest(identifier.system, settings.identity.trust)}",
            )  # fmt: skip
    for path, reader in one.layout.readers():
        allowed = CODED_FIELDS.get((str(path[0]), str(path[-1])), ())
        if allowed:
            _check_codes(one, path, reader, allowed)


def _check_codes(one: Map, path: tuple[str | int, ...], reader: Any, allowed: Sequence[str]) -> None:
    each = reader.first_of if isinstance(reader, FirstOf) else [reader]
    said = [r.constant for r in each if isinstance(r, Constant)]
    for lookup in (r for r in each if isinstance(r, Lookup)):
        said += [*lookup.values.values(), *([lookup.otherwise] if lookup.otherwise is not None else [])]
    for value in said:
        if value not in allowed:
            raise _fault(one, path, f"{value!r} is no {path[-1]} that Accord knows", f"use one of {', '.join(allowed)}{nearest(value, allowed)}")


def _fault(one: Map, path: tuple[str | int, ...], what: str, mend: str) -> UserError:
    return UserError(what, where=f"{one.path}, line {line_of(one.path, path)}", what_to_do=mend)


def _check_given(place: Place, i: int, one: Map) -> None:
    settings = place.root / "place.toml"
    given = place.settings.source[i].given
    for name in sorted(one.layout.given() ^ set(given)):
        lacks = name not in given
        raise UserError(
            f"source {place.settings.source[i].id!r} {'does not give' if lacks else 'gives'} {name!r}, which the map "
            f"{one.map_id!r} {'wants' if lacks else 'does not use'}",
            where=f"{settings}, line {line_of(settings, ('source', i) if lacks else ('source', i, 'given', name))}",
            what_to_do=f'write given = {{ {name} = "…" }} in the source' if lacks else "take it out, or correct its name",
        )


def match_columns(one: Map, file_name: str, columns: Sequence[str]) -> None:
    """Hold a file's columns against its map. UserError at the first that the map does not name, or that the file lacks."""
    read, ignored = one.layout.read_columns(), one.layout.ignored_columns()
    known = {*read, *ignored}
    for position, column in enumerate(columns, 1):
        if column not in known:
            raise UserError(
                f"column {position} of {file_name}, {column!r}, is not named by its map",
                where=f"{one.path}, line 1",
                what_to_do=f"read it in a section, or add it to an [[ignore]] with the reason{nearest(column, known)}",
            )
    for column in read:
        if column not in columns and column not in one.layout.may_lack():
            raise UserError(
                f"{file_name} has no column {column!r}, which its map reads",
                where=f"{one.path}, line {_line_naming(one.path, column)}",
                what_to_do=f"correct the name, or add it to file.may_lack{nearest(column, columns)}",
            )


def _line_naming(path: Path, column: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((i for i, line in enumerate(lines, 1) if f'"{column}"' in line), 1)
