"""Everything public has a place in the manual."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from accord.tables import PUBLISHED


@pytest.fixture(scope="module")
def reference(root: Path) -> Iterator[ModuleType]:
    sys.path.insert(0, str(root / "docs"))
    try:
        yield import_module("reference_pages")
    finally:
        sys.path.remove(str(root / "docs"))


@pytest.fixture(scope="module")
def pages(root: Path, reference: ModuleType) -> dict[str, str]:
    """Every page of the manual, written or made, by its path."""
    docs = root / "docs"
    return {p.relative_to(docs).as_posix(): p.read_text(encoding="utf-8") for p in docs.rglob("*.md")} | reference.pages()


def _section(page: str, heading: str) -> str:
    found = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, f"no section on {heading}"
    return found[1]


@pytest.mark.parametrize("table", PUBLISHED.values(), ids=lambda t: t.name)
def test_every_published_table_and_column_is_in_the_manual(table: object, pages: dict[str, str]) -> None:
    section = _section(pages["reference/tables.md"], table.name)
    missing = [c.name for c in table if f"| `{c.name}` | {c.type} | {c.meaning}".replace("|", "") not in section.replace("|", "")]
    assert not missing


def test_every_command_and_option_is_in_the_manual(reference: ModuleType, pages: dict[str, str]) -> None:
    silent = []
    for name, command in reference.each_command(reference.command_group()):
        section = _section(pages["reference/commands.md"], f"accord {name}")
        silent += [] if (command.help or "").strip() else [name]
        shown = [p for p in command.params if p.name != "help"]
        silent += [f"{name} {p.name}" for p in shown if not p.help or f"`{reference._parameter(p)}`" not in section]
    assert not silent, f"without help: {silent}"


def test_every_public_name_is_in_the_manual(pages: dict[str, str]) -> None:
    for name in import_module("accord").__all__:
        assert len(_section(pages["reference/python.md"], name).strip()) > 0


def test_every_rule_is_in_the_manual(pages: dict[str, str]) -> None:
    rules = [*import_module("accord.intake.rules").RULES, *import_module("accord.intake.limits").REJECT_RULES]
    assert not [r for r in rules if f"| `{r}` |" not in pages["reference/rules.md"]]


def test_every_column_reader_is_in_the_manual(pages: dict[str, str]) -> None:
    readers = import_module("accord.intake.readers")
    missing = [kind for kind in readers.READER_KINDS if f"| `{kind}` |" not in pages["reference/maps.md"]]
    assert not missing


def test_every_kind_of_clause_is_in_the_manual_with_its_keys_and_an_example(pages: dict[str, str]) -> None:
    for name, kind in import_module("accord.clauses.kinds").KINDS.items():
        keys = [field.alias or key for key, field in kind.terms.model_fields.items()]
        section = _section(pages["reference/contracts.md"], name)
        assert not [key for key in keys if f"| `{key}` |" not in section]
        assert f'kind = "{name}"' in pages["explanation/clauses.md"]


def test_every_map_that_is_shipped_is_in_the_manual(root: Path, pages: dict[str, str]) -> None:
    folder = root / "src" / "accord" / "intake" / "maps"
    maps = [p.relative_to(folder).with_suffix("").as_posix() for p in folder.rglob("*.toml")]
    assert not [m for m in maps if f"| `{m}` |" not in pages["reference/maps.md"]]


def test_every_spec_page_is_in_the_manual(root: Path, pages: dict[str, str]) -> None:
    spec = root / "tests" / "spec"
    index = pages["reference/behaviour/index.md"]
    paths = [p.relative_to(spec).as_posix() for p in spec.rglob("*.md") if p.name != "README.md"]
    assert not [p for p in paths if f"({p})" not in index or f"reference/behaviour/{p}" not in pages]


def test_every_written_page_can_be_found_from_the_contents(root: Path, pages: dict[str, str]) -> None:
    class Loader(yaml.SafeLoader):
        """mkdocs.yml names a few Python objects, which are nothing to this test."""

    Loader.add_multi_constructor("", lambda loader, suffix, node: None)
    contents = yaml.load((root / "mkdocs.yml").read_text(encoding="utf-8"), Loader)["nav"]
    named = set(re.findall(r"[\w/.-]+\.md", str(contents)))
    assert named <= set(pages), "the contents name a page that is not there"
    assert {p for p in pages if not p.startswith("reference/behaviour/")} <= named, "a page that the contents do not name"


def test_links_of_the_readme_lead_somewhere(root: Path) -> None:
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "GLOSSARY.md"):
        links = re.findall(r"\]\((?!https?://|#)([^)#]+)", (root / name).read_text(encoding="utf-8"))
        assert not [link for link in links if not (root / link).exists()], name
