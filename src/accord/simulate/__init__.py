"""An invented place whose truth is known: the demo, the teaching data, the load test, and the proof of what other rooms find.

In:    how many people, which period, a seed, how much dirt. Of a run: its published tables.
Out:   `simulate`: a place of raw files as its partners would send them, and beside it, in a folder of its own, what is true.
       `measure`: published targets against a run of the place. `found_faults`: planted faults against what the run found.
       `copy_small_place`: a small hand-made place, as a folder on disk.
Reads: model.toml, which holds every number of the model; calibration.toml, the targets and their sources.
Never: uses anything about a real person, takes part in a run, or lets another room read the truth.
"""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path

from accord.place import new_place
from accord.simulate.calibration import Assumption, Measured, Target, assumptions, measure, targets
from accord.simulate.options import Options, asked
from accord.simulate.recall import FoundFaults, found_faults, other_findings
from accord.simulate.writing import Simulated, simulate, truth_folder


def copy_small_place(to: Path | str) -> Path:
    """Make the small invented place in a new or empty folder, and give that folder. Its files are dropped into sources/, not yet received.

    Raises UserError if the folder holds something already or cannot be written.
    """
    made = new_place(to).root
    with as_file(files(__name__) / "small_place") as carried:
        shutil.copytree(carried, made, dirs_exist_ok=True, copy_function=shutil.copyfile)
    return made


__all__ = [
    "Assumption", "FoundFaults", "Measured", "Options", "Simulated", "Target", "asked", "assumptions", "copy_small_place", "found_faults",
    "measure", "other_findings", "simulate", "targets", "truth_folder",
]  # fmt: skip
