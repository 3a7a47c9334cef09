"""Markdown from values: cells, tables, prose."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable


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


def listed(names: Iterable[str]) -> str:
    """Names as code, with commas."""
    return ", ".join(f"`{name}`" for name in names)
