"""Who may use whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(config_filename=sys.argv[1], no_cache=True))"


def test_a_floor_uses_only_what_is_below_it(root: Path) -> None:
    """In a process of its own: the tool silences every logger there is."""
    command = [sys.executable, "-c", LINT, str(root / "pyproject.toml")]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


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
