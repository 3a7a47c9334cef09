"""What the repository holds, and what it must not: addresses of one machine, notes to self, other people's data."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

# Each pattern is written so that it does not find itself.
REGISTRY = re.compile(r"pypi\.(?:org|python)|python[h]osted\.org|--(?:extra-)?index-ur[l]|--find-link[s]|test\.pyp[i]")
MACHINE = re.compile(r"""(?<![\w.$}/~-])/(?:root|work|home/\w+|Users/\w+)/|\b[A-Z]:\\Users\\""")
NOTE = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")))
CONFLICT = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)
MOST_BYTES = 1_000_000


def found(pattern: re.Pattern[str], texts: dict[Path, str], root: Path) -> list[str]:
    """Each hit as file, line and what stands there."""
    return [
        f"{path.relative_to(root)}:{text.count(chr(10), 0, hit.start()) + 1}: {hit.group()}"
        for path, text in texts.items()
        for hit in pattern.finditer(text)
    ]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [(REGISTRY, "https://files.python" + "hosted.org/x"), (MACHINE, "see /ho" + "me/ann/x"), (NOTE, "# TO" + "DO later")],
)
def test_the_patterns_bite(pattern: re.Pattern[str], text: str, root: Path) -> None:
    assert len(found(pattern, {root / "a.txt": "one\n" + text}, root)) == 1


def test_no_registry_is_named(texts: dict[Path, str], root: Path) -> None:
    assert not found(REGISTRY, texts, root)


def test_no_path_of_one_machine_is_named(texts: dict[Path, str], root: Path) -> None:
    assert not found(MACHINE, texts, root)


def test_nothing_is_left_to_do_in_a_comment(texts: dict[Path, str], root: Path) -> None:
    assert not found(NOTE, {p: t for p, t in texts.items() if p.suffix in (".py", ".toml", ".sql", ".md", ".yml")}, root)


def test_no_merge_was_left_half_done(texts: dict[Path, str], root: Path) -> None:
    assert not found(CONFLICT, texts, root)


def test_data_of_others_is_not_kept(kept: list[Path], root: Path) -> None:
    heavy = [f"{p.relative_to(root)}: {p.stat().st_size} bytes" for p in kept if p.stat().st_size > MOST_BYTES]
    assert not heavy, f"over {MOST_BYTES} bytes: {heavy}"


def test_the_licence_is_apache(root: Path) -> None:
    text = (root / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_changelog_has_an_entry_for_what_is_released_or_next(root: Path) -> None:
    headings = re.findall(r"^## (.+)$", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings
    assert all(re.fullmatch(r"Unreleased|\d+\.\d+\.\d+ \(\d{4}-\d{2}-\d{2}\)", h) for h in headings), headings


def test_every_changelog_entry_says_whether_published_figures_change(root: Path) -> None:
    entries = re.split(r"^## .+$", (root / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert all("### Published figures" in entry for entry in entries)


def test_what_stands_beside_the_code_is_packed_with_it(kept: list[Path], root: Path) -> None:
    package = root / "src" / "accord"
    patterns = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["package-data"]["accord"]
    packed = {path for pattern in patterns for path in package.glob(pattern)}
    left = [p for p in kept if p.is_relative_to(package) and p.suffix != ".py" and p not in packed]
    assert not left, f"not in [tool.setuptools.package-data]: {[str(p.relative_to(package)) for p in left]}"
