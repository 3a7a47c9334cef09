"""The pages on maps: sections, column readers, and what each map that comes with the package reads and ignores."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from model_pages import headings, inline, model_table, models, reader_of, wants
from page_parts import grid, join, listed


def map_file() -> str:
    """The keys of a map and the column readers, with a list of the maps that come with the package."""
    layout, readers = import_module("accord.intake.layout"), import_module("accord.intake.readers")
    intro = (
        "# Maps\n\nA map is a TOML file that says how one raw layout becomes canonical tables. Every column of the file is read by "
        "a section, or ignored with a reason. [Map a layout](../how-to/map-a-layout.md) shows how one is written."
    )
    heads = {"Layout": "The whole file", "When": "`when`", "Position": "`positions`"} | headings(layout.Layout)
    sections = join("## Sections", *(model_table(m, heads[m.__name__], 3) for m in models(layout, first="Layout")))
    kinds = {model.__name__: kind for kind, model in readers._KINDS.items()} | {"Product": "plus"}
    read = (model_table(m, f"`{kinds[m.__name__]}`", 3) for m in models(readers))
    return join(intro, _list_of_maps(), sections, "## Column readers", _COMMON_KEYS, _kinds_of_value(layout), *read, _date_formats(readers))


_COMMON_KEYS = """A reader is an inline table that begins with the key that names it. Space around a value is always taken off, and an
empty field is no value. Further keys of most readers:

- `missing` lists texts that stand for nothing, such as `["-", "n/k"]`; `missing` in `[file]` does so for every column.
- `required = true` refuses a record in which the value is absent or cannot be read. Without it such a value is flagged and counts as
  empty. The day on which care or a registration starts, the day of an observation and the id of a listed organisation are always
  required.

Where a section takes a list of columns, `"DIAG_{01..03}"` stands for `DIAG_01`, `DIAG_02` and `DIAG_03`."""


def _date_formats(readers: ModuleType) -> str:
    return join("### Formats of dates", grid(("Format", "Reads"), ((f"`{k}`", v) for k, v in readers.DATE_FORMATS.items())))


def _kinds_of_value(layout: ModuleType) -> str:
    """Which readers may stand where a key holds a reader of a day, a text and so on."""
    wanted = {reader_of(f): f for model in models(layout) for f in model.model_fields.values() if wants(f)}
    kinds = {v: k for k, v in import_module("accord.intake.readers")._KINDS.items()}
    rows = ((held, listed(kinds[r] for r in (wants(f) or {})["allowed"])) for held, f in sorted(wanted.items()))
    return grid(("A key that holds a", "takes, or a `first_of` these"), rows)


def _maps() -> dict[str, Path]:
    folder = Path(import_module("accord.intake.layout").__file__ or "").parent / "maps"
    return {p.relative_to(folder).with_suffix("").as_posix(): p for p in sorted(folder.rglob("*.toml"))}


def _list_of_maps() -> str:
    read = {name: tomllib.loads(path.read_text("utf-8")) for name, path in _maps().items()}
    rows = ((f"`{name}`", m["title"], m["reference"]) for name, m in read.items())
    after = "[What each of them reads and ignores](shipped-maps.md), column by column."
    return join("## Maps that come with Accord", grid(("Map", "Reads", "Source of the layout"), rows), after)


def shipped_maps() -> str:
    """Every map that comes with the package: what each column becomes, and which are left out and why."""
    intro = (
        "# Maps that come with Accord\n\nA source in place.toml names one of these by its id. A place's own map of the same id hides it: "
        "to change one, write its changed text to `maps/` under the same name."
    )
    return join(intro, *(_shipped_map(name, path) for name, path in _maps().items()))


def _shipped_map(name: str, path: Path) -> str:
    layout = import_module("accord.intake.layout").Layout.model_validate(tomllib.loads(path.read_text("utf-8")))
    ignored = ((listed(section.columns), section.reason) for section in layout.ignore)
    written = {"csv": "CSV", "fixed": "fixed-width records", "parquet": "Parquet"}[layout.file.format]
    facts = [f"Reads {written}{', or Parquet of the same columns' if layout.file.may_be_parquet else ''}."]
    facts += [f"Wants of its source: {listed(sorted(layout.given()))}."] if layout.given() else []
    facts += [f"May lack: {listed(layout.file.may_lack)}."] if layout.file.may_lack else []
    return join(
        f"## {name}", f"{layout.title}.\n\nSource of the layout: {layout.reference}.", _head_comment(path), " ".join(facts),
        grid(("Column", "Becomes", "By"), _becomes(layout)), grid(("Column left out", "Why"), ignored) if layout.ignore else "",
    )  # fmt: skip


def _head_comment(path: Path) -> str:
    """What the map says of itself before its first key, as it stands there."""
    lines = itertools.takewhile(lambda line: line.startswith("#") or not line.strip(), path.read_text("utf-8").splitlines())
    text = "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines).strip()
    return f"```text\n{text}\n```" if text else ""


def _becomes(layout: Any) -> Iterator[tuple[str, str, str]]:
    """Each raw column that a map reads, what it becomes, and by which reader."""
    columns_of = import_module("accord.intake.readers").columns_of
    for one in layout.identifier:
        yield f"`{one.column}`", f"identifier `{one.system}`", f"the same number is the same person {_SCOPES[one.scope]}"
    for path, reader in layout.readers():
        if path[0] != "observation":
            of = f"{path[0]} ({layout.registration[path[1]].population})" if path[0] == "registration" else path[0]
            yield listed(columns_of(reader)) or "(none)", f"{of}: `{path[-1]}`", f"`{inline(reader)}`"
    for name in ("diagnosis", "procedure"):
        for section in getattr(layout, name):
            dated = f", dated by {listed(section.dates)}" if section.dates else ""
            yield listed(section.columns), name, f"code system `{inline(section.system)}`{dated}"
    for section in layout.observation:
        yield listed(section.columns), "observation", f"`{section.value}` of system `{section.system}`, on `{inline(section.date)}`"


_SCOPES = {"any": "anywhere", "partner": "within the partner who sends it"}
