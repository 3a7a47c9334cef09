"""The reference pages of the manual, as Markdown made from the code: nothing here can differ from what the code does.

`pages()` is all that a builder of manuals needs; `python docs/reference_pages.py DIR` writes them below a folder.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
import tomllib
import typing
from collections.abc import Iterable, Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SPEC = ROOT / "tests" / "spec"


def pages() -> dict[str, str]:
    """Every reference page by its path below the manual."""
    found = {
        "reference/commands.md": commands(),
        "reference/place.md": place_file(),
        "reference/maps.md": map_file(),
        "reference/rules.md": rules(),
        "reference/tables.md": tables(),
        "reference/python.md": python(),
        "reference/glossary.md": (ROOT / "GLOSSARY.md").read_text(encoding="utf-8"),
        "reference/changes.md": (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
    }
    return found | behaviour()


def cell(text: object) -> str:
    """Text that can stand in a cell of a table."""
    return re.sub(r"\s+", " ", str(text)).strip().replace("|", "\\|")


def grid(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    heads = list(headings)
    lines = [heads, ["---"] * len(heads), *([cell(c) for c in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def prose(text: str | None) -> str:
    """A docstring as Markdown."""
    return inspect.cleandoc(text or "").strip() + "\n"


def join(*parts: str) -> str:
    """Parts of a page, an empty line between them."""
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part.strip())


# --- tables -----------------------------------------------------------------------------------------------------------------


def tables() -> str:
    """Every published table with its columns."""
    contracts = import_module("accord.tables").PUBLISHED.values()
    intro = (
        "# Tables\n\nEach run publishes these tables, each as one Parquet file. A *lineage* column names the delivery rather than "
        "the content, so two runs count as equal whatever it holds. A *personal* column is never shown outside direct care."
    )
    return join(intro, *(_table(t) for t in contracts))


def _table(table: Any) -> str:
    count = {None: "about single people: never published outside", 0: "not about people: no smallest count"}.get(
        table.smallest_count, f"a published cell rests on at least {table.smallest_count} people"
    )
    facts = [f"Key: {', '.join(f'`{k}`' for k in table.key)}.", f"Edition {table.edition}.", f"Disclosure: {count}."]
    if not table.may_be_empty:
        facts.append("Never empty: a run in which it is empty is not published.")
    rows = ((f"`{c.name}`", c.type, _column_meaning(c), _column_marks(c)) for c in table)
    return join(f"## {table.name}", table.meaning, " ".join(facts), grid(("Column", "Type", "Meaning", ""), rows))


def _column_meaning(column: Any) -> str:
    unit = f" Unit: {column.unit}." if column.unit else ""
    codes = f" One of {', '.join(f'`{c}`' for c in column.codes)}." if column.codes else ""
    return column.meaning + unit + codes


def _column_marks(column: Any) -> str:
    return ", ".join(mark for mark in ("required", "lineage", "personal") if getattr(column, mark))


# --- files that people write ------------------------------------------------------------------------------------------------


def place_file() -> str:
    """The keys of place.toml."""
    settings = import_module("accord.place.settings")
    intro = "# place.toml\n\nWhat a place is called, who its partners are, what they deliver, and for which period."
    return join(intro, *(_model(m) for m in _models(settings, first="PlaceSettings")))


def map_file() -> str:
    """The keys of a map, the column readers, and the maps that come with the package."""
    layout, readers = import_module("accord.intake.layout"), import_module("accord.intake.readers")
    intro = (
        "# Maps\n\nA map is a TOML file that says how one raw layout becomes canonical tables. Every column of the file is read by "
        "a section, or ignored with a reason."
    )
    formats = join("### Formats of dates", grid(("Format", "Reads"), ((f"`{k}`", v) for k, v in readers.DATE_FORMATS.items())))
    read = join("## Column readers", *(_model(m, level=3) for m in _models(readers)), formats)
    sections = join("## Sections", *(_model(m, level=3) for m in _models(layout, first="Layout")))
    return join(intro, shipped_maps(), sections, read)


def shipped_maps() -> str:
    """The maps that come with the package, with the sources of their layouts."""
    folder = Path(import_module("accord.intake.layout").__file__ or "").parent / "maps"
    read = {p: tomllib.loads(p.read_text("utf-8")) for p in sorted(folder.rglob("*.toml"))}
    rows = [(f"`{p.relative_to(folder).with_suffix('').as_posix()}`", m["title"], m["reference"]) for p, m in read.items()]
    return join("## Maps that come with Accord", grid(("Map", "Reads", "Source of the layout"), rows)) if rows else ""


def _models(module: ModuleType, first: str = "") -> list[Any]:
    """The public Pydantic models that a module defines, in its order, `first` before the others."""
    found = [
        v for n, v in vars(module).items()
        if not n.startswith("_") and hasattr(v, "model_fields") and inspect.isclass(v) and v.__module__ == module.__name__
    ]  # fmt: skip
    return sorted(found, key=lambda m: m.__name__ != first)


def _model(model: Any, level: int = 2) -> str:
    rows = [
        (f"`{f.alias or name}`", _type(f.annotation), "required" if f.is_required() else _default(f), _examples(f))
        for name, f in model.model_fields.items()
    ]
    headings = ("Key", "Holds", "If left out", "Such as")[: 4 if any(row[3] for row in rows) else 3]
    return join(f"{'#' * level} {model.__name__}", prose(model.__doc__), grid(headings, (row[: len(headings)] for row in rows)))


def _default(field: Any) -> str:
    value = field.get_default(call_default_factory=True)
    return "nothing" if value in (None, [], (), {}, "") else f"`{_toml(value)}`"


def _examples(field: Any) -> str:
    return ", ".join(f"`{_toml(example)}`" for example in field.examples or [])


def _toml(value: Any) -> str:
    """A value as it is written in TOML, where Python and JSON write it otherwise."""
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)


def _type(annotation: Any) -> str:
    """A type as a reader of the manual would say it."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return "reader" if _is_reader(annotation) else _type(parts[0])
    if origin is typing.Literal:
        return " or ".join(f'"{p}"' for p in parts)
    if origin in (list, tuple):
        return f"list of {_type(parts[0])}" if parts else "list"
    if origin is dict:
        return f"table of {_type(parts[1])}"
    if parts:
        return " or ".join(dict.fromkeys(_type(p) for p in parts if p is not type(None)))
    return {"str": "text", "bool": "true or false", "int": "whole number", "date": "date"}.get(
        getattr(annotation, "__name__", str(annotation)), getattr(annotation, "__name__", str(annotation))
    )


def _is_reader(annotation: Any) -> bool:
    return any(type(m).__name__ == "Discriminator" for m in annotation.__metadata__)


# --- rules, commands, Python ------------------------------------------------------------------------------------------------


def rules() -> str:
    """The closed list of rules of intake."""
    flagged, rejected = import_module("accord.intake.rules").RULES, import_module("accord.intake.limits").REJECT_RULES
    intro = (
        "# Rules of intake\n\nA rule *rejects* a file that cannot be divided into records, *refuses* a record that cannot be read, "
        "or *flags* one: a flagged record is kept and costed. Each finding is a row of [issue](tables.md#issue)."
    )
    return join(
        intro,
        "## Of a record",
        grid(("Rule", "Does", "When", "Mend"), ((f"`{r.name}`", r.severity, r.title, r.mend) for r in flagged.values())),
        "## Of a file",
        grid(("Rule", "When", "Mend"), ((f"`{name}`", r.title, r.mend) for name, r in rejected.items())),
    )


def command_group() -> Any:
    """The `accord` command as the command line library sees it."""
    from typer.main import get_command

    return get_command(import_module("accord.cli").app)


def commands() -> str:
    """Every command with its arguments and options."""
    group = command_group()
    intro = "# Commands\n\n" + prose(group.help)
    return join(intro, *(_command(name, c) for name, c in sorted(group.commands.items()) if not c.hidden), _exit_codes())


def _command(name: str, command: Any) -> str:
    shown = [p for p in command.params if not getattr(p, "hidden", False) and p.name != "help"]
    arguments = [_argument(p) for p in shown if p.param_type_name == "argument"]
    options = ["[OPTIONS]"] if any(p.param_type_name == "option" for p in shown) else []
    usage = f"```text\n{' '.join(['accord', name, *arguments, *options])}\n```"
    rows = ((f"`{_parameter(p)}`", p.help or "", _left_out(p)) for p in shown)
    return join(f"## accord {name}", usage, prose(command.help), grid(("", "Meaning", "If left out"), rows) if shown else "")


def _argument(parameter: Any) -> str:
    return parameter.name.upper() if parameter.required else f"[{parameter.name.upper()}]"


def _parameter(parameter: Any) -> str:
    return parameter.name.upper() if parameter.param_type_name == "argument" else ", ".join(parameter.opts)


def _left_out(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if isinstance(parameter.show_default, str):
        return parameter.show_default
    value = getattr(parameter.default, "value", parameter.default)
    return "" if value in (None, False, "", ()) else f"`{value}`"


def _exit_codes() -> str:
    codes = import_module("accord.errors").ExitCode
    said = dict(re.findall(r"^    (\w+) = \d+ *# (.+)$", inspect.getsource(codes), re.MULTILINE))
    rows = ((c.value, said.get(c.name, "it worked")) for c in codes)
    return join("## Exit codes", prose(codes.__doc__), grid(("Code", "Meaning"), rows))


def python() -> str:
    """The public names of the package."""
    package = import_module("accord")
    listed = ((name, getattr(package, name)) for name in package.__all__)
    return join("# Python", prose(package.__doc__).partition("\n\n")[0], *(_public(name, thing) for name, thing in listed))


def _public(name: str, thing: Any) -> str:
    parts = [f"## {name}", _signature(f"accord.{name}", thing), prose(thing.__doc__)]
    if inspect.isclass(thing):
        parts += [join(f"### {name}.{n}", _signature(n, member), prose(member.__doc__)) for n, member in _members(thing)]
    return join(*parts)


def _members(thing: type) -> Iterator[tuple[str, Any]]:
    for name, member in vars(thing).items():
        is_cached_property = hasattr(member, "attrname")
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property) or is_cached_property):
            yield name, member


def _signature(name: str, thing: Any) -> str:
    if not callable(thing) or isinstance(thing, property):
        return ""
    signature = inspect.signature(thing)
    parameters = [_taken(p) for p in signature.parameters.values() if p.name != "self"]
    is_silent = inspect.isclass(thing) or signature.return_annotation in (signature.empty, None, "None")
    given = "" if is_silent else f" -> {signature.return_annotation}"
    return f"```text\n{name}({', '.join(parameters)}){given}\n```"


def _taken(parameter: inspect.Parameter) -> str:
    """A parameter with its type. A default is shown where it reads as Python, as other representations differ from run to run."""
    text = parameter.name if parameter.annotation is parameter.empty else f"{parameter.name}: {parameter.annotation}"
    if parameter.default is parameter.empty:
        return text
    return f"{text} = {parameter.default!r}" if isinstance(parameter.default, str | int | tuple | None) else f"{text} = ..."


# --- behaviour --------------------------------------------------------------------------------------------------------------


def behaviour() -> dict[str, str]:
    """The pages of tests/spec, which run as tests, and a list of them."""
    sources = [p for p in sorted(SPEC.rglob("*.md")) if p.name != "README.md"]
    found = {f"reference/behaviour/{p.relative_to(SPEC).as_posix()}": p.read_text(encoding="utf-8") for p in sources}
    links = [f"- [{_title(text, path)}]({path.removeprefix('reference/behaviour/')})" for path, text in found.items()]
    intro = (
        "# Behaviour, by example\n\nEach page shows tables going in and the table that comes out. The pages are tests: each runs on "
        "every engine."
    )
    return {"reference/behaviour/index.md": join(intro, "\n".join(links))} | found


def _title(text: str, path: str) -> str:
    heading = re.search(r"^# (.+)$", text, re.MULTILINE)
    return heading[1] if heading else Path(path).stem.replace("_", " ")


if __name__ == "__main__":
    for page, written in pages().items():
        target = Path(sys.argv[1]) / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(written, encoding="utf-8")
