"""The house as the house tests see it: which files it has, and what its modules say."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILT = {
    ".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache", "site", "build", "dist",
}  # fmt: skip


@dataclass(frozen=True)
class Module:
    """One Python file: its dotted name, its text, its tree."""

    path: Path
    name: str

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=str(self.path))

    @property
    def functions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        return [n for n in ast.walk(self.tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def _module(path: Path) -> Module:
    parts = path.relative_to(ROOT / "src").with_suffix("").parts
    return Module(path, ".".join(parts[:-1] if parts[-1] == "__init__" else parts))


def _files() -> list[Path]:
    """The files that git keeps or would keep; where there is no git (a released archive), those that no build made."""
    listing = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(listing, capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if not BUILT & set(p.relative_to(ROOT).parts)]
    return sorted(p for p in {ROOT / name for name in names if name} if p.is_file() and "__pycache__" not in p.parts)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def kept() -> list[Path]:
    """Every file of the repository."""
    files = _files()
    assert ROOT / "pyproject.toml" in files
    return files


@pytest.fixture(scope="session")
def texts(kept: list[Path]) -> dict[Path, str]:
    """Every text file of the repository."""
    found = {}
    for path in kept:
        raw = path.read_bytes()
        if b"\0" not in raw:
            found[path] = raw.decode("utf-8", errors="replace")
    return found


@pytest.fixture(scope="session")
def modules() -> list[Module]:
    """Every module of the package."""
    found = [_module(path) for path in sorted((ROOT / "src" / "accord").rglob("*.py"))]
    assert found
    return found
