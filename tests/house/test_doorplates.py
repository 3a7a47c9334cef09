"""Each room says at its door what comes in, what goes out, which rules it reads and what it never does."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PLATE = re.compile(r"^In: +\S.*^Out: +\S.*^Reads: +\S.*^Never: +\S", re.MULTILINE | re.DOTALL)


def _rooms(root: Path) -> list[Path]:
    package = root / "src" / "accord"
    return sorted({p.parent for p in package.rglob("*.py")} - {package})


@pytest.mark.parametrize("plate", ["In: x", "In: a\nOut: b\nNever: c", "In:\nOut: b\nReads: c\nNever: d"])
def test_half_a_plate_is_none(plate: str) -> None:
    assert not PLATE.search(plate)


def test_every_room_has_a_doorplate(root: Path) -> None:
    bare = []
    for room in _rooms(root):
        door = room / "__init__.py"
        plate = ast.get_docstring(ast.parse(door.read_text(encoding="utf-8"))) if door.exists() else None
        if not PLATE.search(plate or ""):
            bare.append(str(room.relative_to(root)))
    assert not bare, f"no In / Out / Reads / Never in the docstring of __init__.py: {bare}"
