"""The reference pages of the manual, as Markdown made from the code: nothing here can differ from what the code does.

`pages()` is all that a builder of manuals needs; `python docs/reference_pages.py DIR` writes them below a folder.
"""

from __future__ import annotations

import inspect
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from clause_pages import contract_file
from map_pages import map_file, shipped_maps
from model_pages import inline, need_file, place_file
from page_parts import grid, join, prose

ROOT = Path(__file__).resolve().parents[1]
SPEC = ROOT / "tests" / "spec"


def pages() -> dict[str, str]:
    """Every reference page by its path below the manual."""
    found = {
        "reference/commands.md": commands(),
        "reference/place.md": place_file(),
        "reference/maps.md": map_file(),
        "reference/shipped-maps.md": shipped_maps(),
        "reference/contracts.md": contract_file(),
        "reference/needs.md": need_file(),
        "reference/rules.md": rules(),
        "reference/rulebook.md": rulebook(),
        "reference/tables.md": tables(),
        "reference/python.md": python(),
        "reference/glossary.md": (ROOT / "GLOSSARY.md").read_text(encoding="utf-8"),
        "reference/changes.md": (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
    }
    return found | behaviour()


# --- tables -----------------------------------------------------------------------------------------------------------------


def tables() -> str:
    """Every published table with its columns."""
    contracts = import_module("accord.tables").PUBLISHED.values()
    intro = (
        "# Tables\n\nEach run publishes these tables, each as one Parquet file. A *lineage* column names the delivery rather than "
        "the content, so two runs count as equal whatever it holds. A *personal* column must not be shown outside direct care."
    )
    books, settlement = import_module("accord.tables.books"), import_module("accord.tables.settlement")
    settled = (books.BRIDGE_LINE, books.POSTING, settlement.CONTRACT_ACTIVITY)
    also = "Each [settlement](../how-to/settle-a-contract.md) of a contract publishes these:"
    fitted = (import_module("accord.tables.need").PERSON_NEED,)
    last = "Each [fit](../how-to/fit-need.md) of a model of need keeps this:"
    heads = ("Table", "One row is")
    listed, further, kept = (grid(heads, ((f"[{t.name}](#{t.name})", t.meaning) for t in these)) for these in (contracts, settled, fitted))
    return join(intro, listed, also, further, last, kept, *(_table(t) for t in (*contracts, *settled, *fitted)))


def _table(table: Any) -> str:
    count = {None: "about single people: not to leave the place", 0: "not about people: no smallest count"}.get(
        table.smallest_count, f"a row that is shown outside must rest on at least {table.smallest_count} people"
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


def rulebook() -> str:
    """The dated parameters and the code systems that the package knows."""
    reader = import_module("accord.rulebook.reader")
    paths = {p.relative_to(reader.FOLDER).with_suffix("").as_posix(): p for p in sorted(reader.FOLDER.rglob("*.toml"))}
    data = {name: tomllib.loads(path.read_text("utf-8")) for name, path in paths.items()}
    intro = (
        "# The rulebook\n\nWhat the law, a dictionary or a convention sets is data with its source, not a number in the code. A run's "
        "manifest names the edition of the rulebook that it was made with."
    )
    parameters = (_parameter_page(name, d) for name, d in data.items() if "value" in d)
    return join(intro, *parameters, *map(_code_systems, _of_systems(data)), _wide_tables(reader, [n for n, d in data.items() if "sha256" in d]))


def _of_systems(data: dict[str, Any]) -> Iterator[Any]:
    yield from (d for d in data.values() if "system" in d)


def _parameter_page(name: str, data: Any) -> str:
    rows = ((v["from"], v["published_on"], inline(v["amount"]), f"[{v['reference']}]({v['href']})") for v in data["value"])
    facts = f"Unit: {data['unit']}. Checked on {data['checked_on']}."
    return join(f"## {data['title']}", f"`{name}`. {facts}", grid(("From", "Published on", "Value", "Source"), rows))


def _wide_tables(reader: Any, names: list[str]) -> str:
    intro = (
        "Lists of codes and other wide tables are CSV files beside the TOML that says what they are and where they are from. They come "
        "with the package, in `accord/rulebook`; a range in them stands for each of its codes."
    )
    rows = []
    for one in map(reader.listed, names):
        about = one.about
        systems = ", ".join(f"`{s}`" for s in about.get("code_systems", ()))
        source = f"[{about['reference']}]({about['href']})"
        rows.append((f"`{one.name}.csv`", about["title"], systems, about.get("coverage", ""), str(len(one.rows)), about["version"], source))
    headings = ("File", "What it is", "Systems", "Coverage", "Rows", "Version", "Source")
    return join("## Lists of codes and wide tables", intro, grid(headings, rows))


def _code_systems(data: Any) -> str:
    intro = (
        "A code is put into capitals and loses its dots before it is held against its system's form. A code of the right form may still "
        "not exist. A map may name a system that is not listed here: its codes are kept, and their form is not looked at."
    )
    rows = ((f"`{s['id']}`", s["title"], f"`{s['pattern']}`", s["reference"]) for s in data["system"])
    return join(f"## {data['title']}", intro, grid(("System", "What it is", "Form", "Source"), rows))


def command_group() -> Any:
    """The `accord` command as the command line library sees it."""
    from typer.main import get_command

    return get_command(import_module("accord.cli").app)


def commands() -> str:
    """Every command with its arguments and options."""
    group = command_group()
    intro = "# Commands\n\n" + prose(group.help)
    return join(intro, *(_command(name, c) for name, c in each_command(group)), _exit_codes())


def each_command(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every command that can be typed, by its words: of a group, the commands in it."""
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from each_command(command, f"{before}{name} ")
        elif not command.hidden:
            yield f"{before}{name}", command


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
    parameters = list(_all_taken(p for p in signature.parameters.values() if p.name != "self"))
    is_silent = inspect.isclass(thing) or signature.return_annotation in (signature.empty, None, "None")
    given = "" if is_silent else f" -> {signature.return_annotation}"
    return f"```text\n{name}({', '.join(parameters)}){given}\n```"


def _all_taken(parameters: Iterable[inspect.Parameter]) -> Iterator[str]:
    """The parameters in order, with the star from which on they are given by name."""
    is_named = False
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not is_named:
            is_named = True
            yield "*"
        yield ("**" if parameter.kind is parameter.VAR_KEYWORD else "") + _taken(parameter)


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
