"""An invented place whose records are made up, so that every command has something to work on.

In:    nothing.
Out:   `copy_small_place`: a small hand-made place, as a folder on disk.
Reads: no rules.
Never: uses anything about a real person, or takes part in a run of another place.
"""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path

from accord.place import new_place


def copy_small_place(to: Path | str) -> Path:
    """Make the small invented place in a new or empty folder, and give that folder. Its files are dropped into sources/, not yet received.

    Raises UserError if the folder holds something already or cannot be written.
    """
    made = new_place(to).root
    with as_file(files(__name__) / "small_place") as carried:
        shutil.copytree(carried, made, dirs_exist_ok=True, copy_function=shutil.copyfile)
    return made


__all__ = ["copy_small_place"]
