"""Who may use whom."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from importlinter.cli import lint_imports


def test_a_floor_uses_only_what_is_below_it(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = lint_imports(config_filename=str(root / "pyproject.toml"), no_cache=True)
    assert code == 0, capsys.readouterr().out


def test_no_room_goes_round_the_floors_by_the_front_door(modules: list) -> None:
    """`accord/__init__.py` stands on every floor at once, so only a reader of the package, never a room, may import it."""
    rooms = {m.name.split(".")[1] for m in modules if "." in m.name}
    found = [
        f"{module.name}:{node.lineno}: from accord import {alias.name}"
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.module == "accord" and node.level == 0
        for alias in node.names
        if alias.name not in rooms
    ]
    assert not found, "\n".join(found)
