"""Files and folders of this machine as Spark is told of them: never another file system's, and never a pattern."""

from __future__ import annotations

import re
from pathlib import Path

_PATTERN = re.compile(r"([\\\[\]{}*?])")


def to_write(folder: Path) -> str:
    """The address of a folder to be written."""
    return f"file:{folder.absolute()}"


def to_read(file: Path) -> str:
    """The address that matches this file alone: Spark takes what it is to read for a pattern."""
    return "file:" + _PATTERN.sub(r"\\\1", str(file.absolute()))
