"""The maps of a place: found, read, and held against place.toml before any data is read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from accord.errors import UserError
from accord.intake.decode import FileForm, Position
from accord.intake.layout import Layout
from accord.intake.layout_faults import layout_faults
from accord.intake.readers import Constant, FirstOf, Lookup, expand_all
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
                text("_source_id", "The source that took it in.", required=True),
                text("_corrects", "How the source corrects.", required=True),
                moment("_withdrawn_at", "When the file was withdrawn.", lineage=True),
                bigint("_salt", "Keeps records of different partners and maps apart.", required=True),
                bigint("_hash_a", "First half of the record's content hash.", required=True),
                bigint("_hash_b", "Second half.", required=True),
                *(text(f"_given_{name}", "Given by the source in place.toml.") for name in sorted(self.layout.given())),
                *(text(f"_constant_{day}", "Stated by the map.") for day in self.layout.constant_days()),
                *(text(column, "Of the place's period.") for column in ("_period_from", "_period_to") if self.layout.has_rates()),
                *(text(column, "As delivered.") for column in self.layout.read_columns()),
            ),
            key=("_submission_id", "_record_number"),
        )

    @property
    def form(self) -> FileForm:
        """How its files are written."""
        f = self.layout.file
        positions = tuple((p.column, p.first, p.width) for p in f.positions)
        ends = tuple(_may_end_at(positions, set(expand_all(f.may_lack))))
        return FileForm(f.format, f.delimiter, f.quote, f.encoding, f.header, tuple(f.columns), positions, ends, f.may_be_parquet)


def _may_end_at(positions: Sequence[Position], may_lack: set[str]) -> Iterator[int]:
    """Where records may end before the last position: before any of the columns at their end that may be lacking."""
    for column, first, _ in reversed(positions[1:]):
        if column not in may_lack:
            return
        yield first - 1


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
            maps[source.map] = Map(source.map, paths[source.map], read_model(paths[source.map], Layout, check=layout_faults))
            _check(maps[source.map], place.settings)
        _check_given(place, i, maps[source.map])
        _check_corrects(place, i, maps[source.map])
    return maps


def _dangling(place: Place, i: int, map_id: str, paths: Mapping[str, Path]) -> UserError:
    settings = place.root / "place.toml"
    return UserError(
        f"there is no map named {map_id!r}",
        where=f"{settings}, line {line_of(settings, ('source', i, 'map'))}",
        what_to_do=f"write maps/{map_id}.toml, or name one of {', '.join(paths)}{nearest(map_id, paths)}",
    )


def _check(one: Map, settings: PlaceSettings) -> None:
    named = [(("identifier", i, "system"), each.system) for i, each in enumerate(one.layout.identifier)]
    named += [(("same_person", i, "system"), each.system) for i, each in enumerate(one.layout.same_person)]
    for where, system in named:
        if system not in settings.identity.trust:
            raise _fault(
                one, where, f"identifier system {system!r} is not in place.toml's identity.trust",
                f"add it to identity.trust, at its place in the order of trust{nearest(system, settings.identity.trust)}",
            )  # fmt: skip
    for path, reader in one.layout.readers():
        allowed = CODED_FIELDS.get((str(path[0]), str(path[-1])), ())
        if allowed:
            _check_codes(one, path, reader, allowed)


def _check_corrects(place: Place, i: int, one: Map) -> None:
    if place.settings.source[i].corrects == "by_key" and not (one.layout.correction and one.layout.correction.key):
        settings = place.root / "place.toml"
        raise UserError(
            f"source {place.settings.source[i].id!r} corrects by_key, and its map {one.map_id!r} names no key",
            where=f"{settings}, line {line_of(settings, ('source', i, 'corrects'))}",
            what_to_do='add to the map: [correction] with key = ["…"], the columns that tell what is recorded; or write corrects = "by_file"',
        )


def _check_codes(one: Map, path: tuple[str | int, ...], reader: Any, allowed: Sequence[str]) -> None:
    for key, value in _said(path, reader):
        if value not in allowed:
            raise _fault(one, key, f"{value!r} is no {path[-1]} that Accord knows", f"use one of {', '.join(allowed)}{nearest(value, allowed)}")


def _said(path: tuple[str | int, ...], reader: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The values that a reader itself states, each after the path of its key."""
    match reader:
        case FirstOf(first_of=readers):
            for i, each in enumerate(readers):
                yield from _said((*path, "first_of", i), each)
        case Constant(constant=constant):
            yield (*path, "constant"), constant
        case Lookup(values=values, otherwise=otherwise):
            yield from (((*path, "values", theirs), ours) for theirs, ours in values.items())
            if otherwise is not None:
                yield (*path, "otherwise"), otherwise


def _fault(one: Map, path: tuple[str | int, ...], what: str, mend: str) -> UserError:
    return UserError(what, where=f"{one.path}, line {line_of(one.path, path)}", what_to_do=mend)


def _check_given(place: Place, i: int, one: Map) -> None:
    settings = place.root / "place.toml"
    source, wanted = place.settings.source[i], one.layout.given()
    for name in sorted(wanted - set(source.given)):
        raise UserError(
            f"source {source.id!r} does not give {name!r}, which the map {one.map_id!r} wants",
            where=f"{settings}, line {line_of(settings, ('source', i, 'given'))}",
            what_to_do=f'write given = {{ {name} = "…" }} in the source{nearest(name, set(source.given) - wanted)}',
        )
    for name in sorted(set(source.given) - wanted):
        raise UserError(
            f"source {source.id!r} gives {name!r}, which the map {one.map_id!r} does not use",
            where=f"{settings}, line {line_of(settings, ('source', i, 'given', name))}",
            what_to_do="take it out, or correct its name",
        )


def match_columns(one: Map, file_name: str, columns: Sequence[str]) -> None:
    """Hold a file's columns against its map. UserError at the first that the file lacks, or else that the map does not name."""
    keys = _keys_by_column(one.layout)
    read, may_lack = one.layout.read_columns(), one.layout.may_lack()
    unnamed = [column for column in columns if column not in keys]
    lacking = [column for column in read if column not in columns and column not in may_lack]
    if len(columns) == 1 and unnamed and len(keys) > 1:
        raise _fault(
            one, ("file", "delimiter"), f"{file_name} has only one column by its map's delimiter, {one.layout.file.delimiter!r}: {columns[0][:80]!r}",
            'write the character that parts its columns into [file], such as delimiter = ";"',
        )  # fmt: skip
    if lacking:
        raise _fault(
            one, keys[lacking[0]], f"{file_name} has no column {lacking[0]!r}, which its map reads",
            f"correct the name, or add it to file.may_lack{nearest(lacking[0], unnamed)}",
        )  # fmt: skip
    if unnamed:
        absent = [column for column in keys if column not in columns]
        near = nearest_word(unnamed[0], absent)
        raise _fault(
            one, keys[near] if near else (), f"column {columns.index(unnamed[0]) + 1} of {file_name}, {unnamed[0]!r}, is not named by its map",
            f"read it in a section, or add it to an [[ignore]] with the reason{nearest(unnamed[0], absent)}",
        )  # fmt: skip


def _keys_by_column(layout: Layout) -> dict[str, tuple[str | int, ...]]:
    """Each raw column that a map names, and the path of the key that names it first."""
    ignored = ((column, ("ignore", i, "columns")) for i, each in enumerate(layout.ignore) for column in each.columns)
    return dict(ignored) | {column: path for path, column in reversed([*layout.columns_by_key()])}
