"""What the tests of whole commands share: a tiny place that runs in two seconds, and the command called in this process or its own."""

from __future__ import annotations

import io
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from accord import cli, pipeline

PLACE = """\
name     = "Tiny"
currency = "GBP"
period   = { from = 2025-04-01, to = 2025-07-01 }
calendar = "nhs_financial_year"
key      = "demo"
identity = { trust = ["nhs_number"] }

[[partner]]
id   = "RMX"
name = "Riverside Hospital"
kind = "hospital"
vat  = "nhs_contracted_out"

[[source]]
id      = "visits"
glob    = "visits*"
map     = "visits"
partner = "RMX"
"""
MAP = """\
title     = "Visits, one row a visit"
reference = "the hospital's own extract"

[file]
format = "csv"

[[identifier]]
column = "nhs_number"
system = "nhs_number"
scope  = "any"

[[registration]]
population   = "registered"
organisation = { text = "practice" }
start_date   = { constant = "2025-04-01" }

[activity]
setting    = { constant = "outpatient" }
provider   = { partner = "id" }
start_date = { date = "day", format = "YYYY-MM-DD" }
cost       = { amount = "cost" }
"""
HEADING = "nhs_number,practice,day,cost\n"
VISITS = HEADING + (
    "9990000018,P1,2025-04-02,10.00\n"
    "9990000026,P1,2025-05-03,20.50\n"
    "9990000034,P2,2025-06-04,-5.00\n"  # flagged: below zero
    "9990000034,P2,2025-06-04,-5.00\n"  # the same record again
    ",P2,2025-06-05,7.00\n"  # flagged: nobody
    "9990000042,P2,05/06/2025,9.00\n"  # refused: its date cannot be read
)
CLEAN = HEADING + "9990000018,P1,2025-04-02,10.00\n"


@dataclass(frozen=True)
class Ended:
    """A command that has ended: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def message(self) -> str:
        """What it said went wrong: standard error without progress."""
        return "".join(line for line in self.err.splitlines(keepends=True) if not line.startswith(PROGRESS))


STAGES = [label for label, _ in pipeline.STAGES]
PROGRESS = tuple(f"accord: {label}" for label in ("land ", *STAGES, "audits", "content hashes", "publish"))


def _accord(*args: object) -> Ended:
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.object(sys, "argv", ["accord", *map(str, args)]),
        patch.object(logging.root, "handlers", []),  # the runner of tests has some, and then `main` would set up none
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return Ended(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def accord() -> Callable[..., Ended]:
    """`accord(…)`: the command in this process, through `main`, as a script would call it: its output is no terminal."""
    return _accord


@pytest.fixture
def start_accord() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """`start_accord(…)`: the command in a process of its own, in a session of its own; ended with the test if it has not."""
    running: list[subprocess.Popen[str]] = []

    def start(*args: object) -> subprocess.Popen[str]:
        source = str(Path(cli.__file__).parents[2])
        process = subprocess.Popen(
            [sys.executable, "-m", "accord", *map(str, args)], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": source}, start_new_session=True,
        )  # fmt: skip
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def _make_tiny(folder: Path, visits: str = VISITS) -> Path:
    (folder / "sources").mkdir(parents=True)
    (folder / "maps").mkdir()
    (folder / "place.toml").write_text(PLACE, encoding="utf-8")
    (folder / "maps" / "visits.toml").write_text(MAP, encoding="utf-8")
    (folder / "sources" / "visits_1.csv").write_text(visits, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def make_tiny() -> Callable[..., Path]:
    """`make_tiny(folder)`: a place of one partner, one map and one file, in a new folder."""
    return _make_tiny


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A tiny place that was never run."""
    return _make_tiny(tmp_path / "tiny")


@pytest.fixture(scope="session")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny place with one published run, for tests that only read it."""
    place = _make_tiny(tmp_path_factory.mktemp("published") / "tiny")
    ended = _accord("run", place)
    assert ended.code == 0, ended.err
    return place


@pytest.fixture
def published(published_once: Path, tmp_path: Path) -> Path:
    """The same, copied for one test to do with as it likes."""
    return Path(shutil.copytree(published_once, tmp_path / "published", symlinks=True))


def _contents_of(folder: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        found[name] = str(path.readlink()).encode() if path.is_symlink() else (b"a folder" if path.is_dir() else path.read_bytes())
    return found


@pytest.fixture(scope="session")
def contents_of() -> Callable[[Path], dict[str, bytes]]:
    """`contents_of(folder)`: every file below it by name, with its bytes, and every folder and link."""
    return _contents_of
