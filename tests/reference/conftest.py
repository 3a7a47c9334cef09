"""Outside data, where it is there, and a published run of an example place over it."""

from __future__ import annotations

import csv
import gzip
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import accord
from accord.notebook import OpenRun

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"

Record = dict[str, str]
Account = dict[tuple[str, int], Record]


@pytest.fixture(scope="session")
def outside_data() -> Path:
    """The folder of other people's files, which no repository holds."""
    if not DATA.is_dir():
        pytest.skip("the outside data (../shared/data beside the repository) is not here; the README of each example says where to get it")
    return DATA


def published(example: str, files: list[Path], to: Path) -> OpenRun:
    """A run of an example place, copied to a folder of its own, over these files."""
    place = to / example
    shutil.copytree(ROOT / "examples" / example, place, ignore=shutil.ignore_patterns("landed", "runs", "restricted", "receipts*"))
    for file in files:
        shutil.copyfile(file, place / "sources" / file.name)
    return accord.open(place).run()


@pytest.fixture(scope="session")
def publish() -> Callable[[str, list[Path], Path], OpenRun]:
    return published


def records(file: Path) -> Iterator[tuple[int, Record]]:
    """Each record of a CSV file with its number from 1, read by Python's own reader."""
    with gzip.open(file, "rt", encoding="utf-8", newline="") if file.suffix == ".gz" else file.open(encoding="utf-8", newline="") as lines:
        yield from enumerate(csv.DictReader(lines), 1)


@pytest.fixture(scope="session")
def read_records() -> Callable[[Path], Iterator[tuple[int, Record]]]:
    return records


@pytest.fixture(scope="session")
def sent() -> Callable[[OpenRun], dict[int, str]]:
    """The submissions of a run: id to the name of the file."""
    return lambda run: dict(run.submission.project("submission_id, file_name").fetchall())
