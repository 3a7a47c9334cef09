"""Every version is pinned, and every package may be used and passed on."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

EXTRAS = ("spark", "runoff", "analysis")
PIN = re.compile(r"(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)==(?P<version>[0-9][0-9a-z.]*)")
COPYLEFT = re.compile(r"\b(?:A?GPL|AGPLv?3|GPLv?[23])\b|Affero|GNU General Public|GNU GENERAL PUBLIC", re.IGNORECASE)
PERMISSIVE = re.compile(r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|Unlicense|0BSD|Zlib|CC0", re.IGNORECASE)
WEAK_COPYLEFT = {"certifi", "chainladder", "hypothesis", "pathspec"}
"""MPL-2.0: their own files stay open, and Accord, which changes none of them, is free. None is among what Accord cannot run without."""


def _pins(path: Path) -> dict[str, str]:
    """Name to version, of the file itself and of the files that it includes."""
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            found |= _pins(path.parent / line[3:])
        elif line and not line.startswith("#"):
            pin = PIN.fullmatch(line)
            assert pin, f"{path.name}: {line} is not name==version in lower case"
            found[pin["name"]] = pin["version"]
    return found


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def runtime(root: Path) -> dict[str, str]:
    return _pins(root / "requirements.txt")


@pytest.fixture(scope="module")
def everything(root: Path) -> dict[str, str]:
    return _pins(root / "requirements-dev.txt")


def _needed(wanted: list[str]) -> Iterator[Distribution]:
    """Every installed package that these requirements lead to on this machine, each once."""
    waiting, seen = [Requirement(w) for w in wanted], set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in seen or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        found = distribution(name)
        yield found
        waiting += [Requirement(r) for r in found.requires or []]


def _names(wanted: list[str]) -> set[str]:
    return {canonicalize_name(d.name) for d in _needed(wanted)}


def test_what_accord_needs_is_pinned(project: dict[str, Any], runtime: dict[str, str]) -> None:
    assert _names(project["project"]["dependencies"]) == set(runtime)


def test_what_accord_is_tested_with_is_pinned(project: dict[str, Any], everything: dict[str, str]) -> None:
    extras = project["project"]["optional-dependencies"]
    assert _names([*project["project"]["dependencies"], *extras["dev"], *extras["spark"], *extras["runoff"], *extras["analysis"]]) == set(everything)


@pytest.mark.parametrize("extra", EXTRAS)
def test_what_an_option_needs_is_pinned(extra: str, project: dict[str, Any], root: Path) -> None:
    extras, runtime = project["project"]["optional-dependencies"], set(_pins(root / "requirements.txt"))
    assert _names(extras[extra]) - runtime == set(_pins(root / f"requirements-{extra}.txt")) - runtime


def test_options_can_be_installed_together(root: Path) -> None:
    pins = [_pins(root / f"requirements-{extra}.txt") for extra in EXTRAS]
    assert all(one[name] == other[name] for one, other in combinations(pins, 2) for name in one.keys() & other.keys())


def test_pins_keep_to_what_the_package_asks_for(project: dict[str, Any], runtime: dict[str, str], everything: dict[str, str]) -> None:
    for wanted in map(Requirement, project["project"]["dependencies"]):
        assert runtime[canonicalize_name(wanted.name)] in wanted.specifier
    extras = project["project"]["optional-dependencies"]
    for wanted in map(Requirement, [*extras["spark"], *extras["runoff"], *extras["analysis"]]):
        assert everything[canonicalize_name(wanted.name)] in wanted.specifier


def test_what_builds_the_package_is_pinned(project: dict[str, Any]) -> None:
    assert all(PIN.fullmatch(r) for r in project["build-system"]["requires"])


def _licence(found: Distribution) -> str:
    """The licence as the package states it: its expression, else its classifiers, else the first line of its field."""
    stated = found.metadata
    classifiers = [c.split("::")[-1] for c in stated.get_all("Classifier") or [] if c.startswith("License ::")]
    return stated.get("License-Expression") or "; ".join(classifiers) or (stated.get("License") or "").strip().partition("\n")[0]


def test_every_licence_lets_accord_be_passed_on(everything: dict[str, str]) -> None:
    wrong = []
    for name in sorted(everything):
        try:
            licence = _licence(distribution(name))
        except PackageNotFoundError:
            continue  # its absence is the business of the tests above
        if COPYLEFT.search(licence) or not (PERMISSIVE.search(licence) or name in WEAK_COPYLEFT):
            wrong.append(f"{name}: {licence or 'no licence stated'}")
    assert not wrong, wrong


def test_nothing_that_accord_runs_on_is_weak_copyleft(runtime: dict[str, str]) -> None:
    assert not WEAK_COPYLEFT & set(runtime)


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "GNU Affero General Public License v3", "AGPL-3.0-or-later", "GPLv2"])
def test_copyleft_is_seen(licence: str) -> None:
    assert COPYLEFT.search(licence)


@pytest.mark.parametrize("licence", ["LGPL-2.1", "MIT", "MPL-2.0"])
def test_what_is_not_copyleft_is_not_taken_for_it(licence: str) -> None:
    assert not COPYLEFT.search(licence)
