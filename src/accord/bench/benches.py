"""The benchmarks: what each makes, asks of a process of its own, and says of it."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from accord.bench import invent
from accord.bench.figures import Figures, Line
from accord.errors import UserError

Progress = Callable[[str], None]
N_BASELINE = 3
"""How often a baseline is measured: before, and after; its median counts."""


@dataclass(frozen=True)
class Limits:
    """What a benchmark may use. files: the folder of the Tuva input layer; folder: where to work, the system's own if None.

    spark: the master that steps are run on; None is the embedded engine.
    """

    memory: str
    threads: int
    files: Path | None = None
    folder: Path | None = None
    spark: str | None = None

    @property
    def memory_byte(self) -> int:
        """The most memory, in bytes. Raises UserError."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([MG])B", self.memory)
        if not found:
            raise UserError(f"{self.memory!r} is no amount of memory", where="--memory", what_to_do="write it as 8GB or 500MB")
        return int(float(found[1]) * (1e9 if found[2] == "G" else 1e6))


@dataclass(frozen=True)
class Asked:
    """What to measure: which benchmark, of how many records (of tuva: people), within which limits."""

    kind: str
    n: int
    limits: Limits


@dataclass(frozen=True)
class _Kind:
    """One benchmark. byte_each: disk needed for each record or person, all told. default: how many."""

    title: str
    aim: str
    baseline: str
    default: int
    byte_each: int


KINDS = {
    "intake": _Kind(
        "{n:,} CSV records: framed, landed, read, and a fate given to each", "at most 4 times the baseline", "all-text read_csv", 5_000_000, 900
    ),
    "tuva": _Kind(
        "the Tuva input layer of {n:,} people, delivered files to a published run", "under 30 s and 4 GB on 2 cores", "all-text read_csv",
        10_000, 500_000,
    ),
    "place": _Kind("{n:,} acts of care, landed files to a published run", "under 8 GB", "one scan", 50_000_000, 500),
    "simulate": _Kind(
        "an invented place of {n:,} people and three years, written as its partners would send it", "under 8 GB", "as many rows without a model",
        1_000_000, 9_000,
    ),
    "risk": _Kind(
        "{n:,} draws of a year's cost at sizes to 500,000 people", "under a tenth of the baseline", "direct resampling", 10_000, 1_000,
    ),
    "need": _Kind(
        "a model of need fitted on {n:,} people by 200 predictors, and everybody scored", "no matrix of people in memory", "one scan of the cells",
        1_000_000, 400,
    ),
}  # fmt: skip


_BASELINE_AFTER = ("place", "simulate", "need")
"""Benchmarks whose baseline needs what they make."""
_WITHOUT_RECORDS = ("simulate", "risk", "need")
"""Benchmarks that make what they need themselves."""
_UNITS = {"tuva": "people", "simulate": "people", "need": "people", "risk": "draws"}


def asked(what: str, n_record: int | None, n_people: int | None, limits: Limits, n_draw: int | None = None) -> list[Asked]:
    """The benchmarks that a word stands for, each of its usual size unless one is given. Raises UserError.

    `all` has tuva only where its files are given, and on Spark nothing but place: files are landed by the embedded engine alone.
    """
    if limits.spark and what not in ("place", "all"):
        raise UserError(f"'{what}' measures how files are landed, which Spark has no part in", where="--engine", what_to_do="measure place on Spark")
    all_kinds = ["place"] if limits.spark else [kind for kind in KINDS if kind != "tuva" or limits.files]
    kinds = all_kinds if what == "all" else [what]
    return [Asked(kind, {"people": n_people, "draws": n_draw}.get(_UNITS.get(kind, ""), n_record) or KINDS[kind].default, limits) for kind in kinds]


def bench(asked: Asked, progress: Progress) -> Figures:
    """Make the records, measure, and take everything away again, also when interrupted. Raises UserError where the disk is too small."""
    kind, limits = KINDS[asked.kind], asked.limits
    if limits.folder:
        limits.folder.mkdir(parents=True, exist_ok=True)
    with _terminated_as_interrupted(), tempfile.TemporaryDirectory(prefix="accord-bench-", dir=limits.folder) as folder:
        _check_disk(Path(folder), kind.byte_each * asked.n, progress)
        progress(f"make {asked.n:,} {_UNITS.get(asked.kind, 'records')}")
        place = Path(folder) / "place"
        if asked.kind not in _WITHOUT_RECORDS:
            _make(asked, place)
        question = {
            "kind": asked.kind, "place": str(place), "memory_byte": limits.memory_byte, "threads": limits.threads, "scratch": folder,
            "spark": limits.spark, "n": asked.n,
        }  # fmt: skip
        seconds = [] if asked.kind in _BASELINE_AFTER else [_asked(question | {"what": "baseline"}, progress)["seconds"]]
        answer = _asked(question | {"what": "measured"}, progress)
        question |= {"what": "baseline", "of": answer["of"]}
        seconds += [_asked(question, progress)["seconds"] for _ in range(N_BASELINE - len(seconds))]
    title = kind.title.format(n=asked.n) + (f", on Spark ({limits.spark})" if limits.spark else "")
    return Figures(
        asked.kind, title, kind.aim, Line(kind.baseline, median(seconds)),
        tuple(Line(*total) for total in answer["totals"]), tuple(Line(*step) for step in answer["steps"]), answer["peak_byte"],
    )  # fmt: skip


def _make(asked: Asked, place: Path) -> None:
    limits = asked.limits
    with invent.engine(f"{limits.memory_byte // 2_000_000}MB", limits.threads, place.parent) as made:
        if asked.kind == "tuva":
            if limits.files is None:
                raise UserError("the Tuva input layer is not part of Accord", where="--files", what_to_do="give the folder of its files: --files DIR")
            invent.tuva_place(place, made, limits.files, asked.n)
        else:
            (invent.intake_place if asked.kind == "intake" else invent.landed_place)(place, made, asked.n)


def _check_disk(folder: Path, n_byte: int, progress: Progress) -> None:
    free = shutil.disk_usage(folder).free
    progress(f"about {n_byte / 1e9:.1f} GB of disk needed in {folder.parent}, {free / 1e9:.1f} GB free")
    if free < n_byte:
        raise UserError(
            f"about {n_byte / 1e9:.1f} GB of disk are needed and {free / 1e9:.1f} GB are free", where=str(folder.parent),
            what_to_do="choose a folder on a larger disk with --out, or a smaller --records or --people",
        )  # fmt: skip


def _asked(question: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """The answer of a process of its own, which is ended if this one is interrupted."""
    file = Path(question["scratch"]) / "answer.json"
    file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "accord.bench.worker", json.dumps({**question, "answer": str(file)})]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                progress(line.strip())
        except BaseException:
            process.kill()
            raise
    if process.returncode or not file.exists():
        what = f"the benchmark '{question['kind']}' ended with code {process.returncode}"
        raise UserError(what, where="its own process", what_to_do="see what it said above; give it more memory, or measure fewer records")
    answer: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if "user_error" in answer:
        what, where, what_to_do = answer["user_error"]
        raise UserError(what, where=where, what_to_do=what_to_do)
    return answer


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """A plain kill takes the way of Ctrl-C, so that what was made is taken away."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
