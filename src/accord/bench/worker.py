"""What a benchmark measures, done in a process of its own, so that the most memory it held is its own.

It is asked in one line of JSON, its only argument, and answers in a file that the question names; what it prints is progress.
"""

from __future__ import annotations

import json
import logging
import re
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from accord import pipeline, simulate
from accord.bench import after_run, invent, need_bench, risk
from accord.engine import Session
from accord.engine.duck import parquet
from accord.engine.session import STEP_LOG
from accord.errors import UserError
from accord.intake import build as intake
from accord.intake.catalogue import read_maps
from accord.intake.receive import receive
from accord.place import Place, current_run, hold, open_place, read_receipts, restricted_folder, source_files

ENGINE_SHARE = 0.75
"""Of the memory that a benchmark may hold, what the engine is given: the rest is for what it does not count, and for Python."""


class _Clock(logging.Handler):
    """Notes each stage that the pipeline names and each step that the session logs."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[tuple[str, float, int | None]] = []
        self.stages: list[tuple[str, float]] = []
        self._stage: tuple[str, float, float] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """One step: its name, its seconds, its rows. What the session tells people is passed by."""
        if record.levelno > logging.DEBUG:
            return
        name, seconds, n_row = record.args  # type: ignore[misc]
        self.steps.append((str(name), float(seconds), int(n_row)))  # type: ignore[arg-type]

    def stage(self, label: str) -> None:
        """A stage begins, and the one before ends; what its steps do not account for is the stage's own."""
        if label:
            _tell(label)
        now = time.perf_counter()
        if self._stage:
            name, began, before = self._stage
            own = now - began - (self._in_steps() - before)
            self.steps.append((name, own, None))
            self.stages.append((name, now - began))
        self._stage = (label, now, self._in_steps()) if label else None

    def _in_steps(self) -> float:
        return sum(seconds for _, seconds, n_row in self.steps if n_row is not None)


def _tell(label: str) -> None:
    print(label, flush=True)  # noqa: T201


@contextmanager
def _clock() -> Iterator[_Clock]:
    clock, log = _Clock(), logging.getLogger(STEP_LOG)
    before = log.level, log.propagate
    log.addHandler(clock)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    try:
        yield clock
    finally:
        log.removeHandler(clock)
        log.setLevel(before[0])
        log.propagate = before[1]


def _engine_memory(asked: dict[str, Any]) -> str:
    return f"{int(asked['memory_byte'] * ENGINE_SHARE / 1e6)}MB"


def _baseline(asked: dict[str, Any]) -> float:
    if asked["kind"] == "simulate":
        return _without_a_model(asked)
    if asked["kind"] == "risk":
        return risk.drawn_directly(asked["n"])
    if asked["kind"] == "need":
        return need_bench.scan(asked, _engine_memory(asked))
    place = open_place(asked["place"])
    if asked["spark"]:
        return _scan_on_spark(asked, place)
    with invent.engine(_engine_memory(asked), asked["threads"], Path(asked["scratch"])) as made:
        began = time.perf_counter()
        if asked["kind"] == "place":
            made.execute(invent.ONE_SCAN.format(activity=parquet([_activity(place)]))).fetchall()
        else:
            made.execute("set preserve_insertion_order = true")
            invent.all_text(made, sorted(place.sources.glob("*.csv")), Path(asked["scratch"]))
        return time.perf_counter() - began


def _activity(place: Place) -> Path:
    run = current_run(place)
    assert run is not None
    return run.folder / "tables" / "activity.parquet"


def _scan_on_spark(asked: dict[str, Any], place: Place) -> float:
    """The same scan on Spark, once it has started and has read the file's layout."""
    from accord.engine import spark

    started = spark.start(asked["spark"], Path(asked["scratch"]) / "spark", _engine_memory(asked))
    try:
        started.spark.read.parquet(str(_activity(place))).createOrReplaceTempView("activity")
        began = time.perf_counter()
        started.spark.sql(invent.ONE_SCAN.format(activity="activity")).collect()
        return time.perf_counter() - began
    finally:
        started.stop()


def _run(asked: dict[str, Any], place: Place) -> dict[str, Any]:
    """A whole run, from what is delivered or landed to what is published; of acts of care also what is worked out of it."""
    with _clock() as clock:
        began = time.perf_counter()
        run = pipeline.run(place, clock.stage, pipeline.Resources(_engine_memory(asked), asked["threads"], asked["spark"]))
        took = time.perf_counter() - began
        if asked["kind"] == "place":
            after_run.worked_out(place, run, _engine_memory(asked), asked["threads"], clock.stage)
        clock.stage("")
    return {"totals": [*clock.stages, ("to a published run", took)], "steps": clock.steps}


def _intake(asked: dict[str, Any], place: Place) -> dict[str, Any]:
    """A file received and landed; then its records read, and a fate given to each."""
    maps = read_maps(place)
    scratch = restricted_folder(place) / "bench"
    with hold(place, "bench"), _clock() as clock:
        began = time.perf_counter()
        scratch.mkdir()
        clock.stage("hash, frame and land")
        deliveries = receive(place, maps, read_receipts(place), source_files(place), scratch, lambda _: None)
        landed = time.perf_counter()
        clock.stage("")
        resources = {"memory_limit": _engine_memory(asked), "threads": asked["threads"]}
        with Session(folder=scratch, scratch=scratch / "spill", readable=[place.landed], **resources) as session:
            intake.build_records(session, intake.make_plans(maps, place.settings), deliveries, place.settings)
        took = time.perf_counter() - began
    return {"totals": [("land", landed - began), ("read and fates", took - (landed - began)), ("intake", took)], "steps": clock.steps}


def _simulate(asked: dict[str, Any]) -> dict[str, Any]:
    """A place of three years, written; the most memory is that of this process and of each that makes people."""
    options = simulate.asked(people=asked["n"], years=3, threads=asked["threads"])
    began = time.perf_counter()
    made = simulate.simulate(Path(asked["place"]), options, _tell)
    took = time.perf_counter() - began
    files = [f for f in made.place.sources.rglob("*.csv") if f.is_file()]
    of = {"n_row": made.n_record, "n_byte": sum(f.stat().st_size for f in files)}
    own, of_children = (_most(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    rate = f"to a written place, {made.n_record / took:,.0f} records a second"
    return {"totals": [(rate, took, made.n_record)], "steps": [], "of": of, "peak_byte": own + options.threads * of_children}


def _without_a_model(asked: dict[str, Any]) -> float:
    """As many rows of as many bytes, of numbers drawn and written by the engine alone."""
    with invent.engine(_engine_memory(asked), asked["threads"], Path(asked["scratch"])) as made:
        began = time.perf_counter()
        made.execute(invent.rows_like(asked["of"]["n_row"], asked["of"]["n_byte"], Path(asked["scratch"]) / "rows.csv"))
        return time.perf_counter() - began


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    if asked["what"] == "baseline":
        return {"seconds": _baseline(asked)}
    if asked["kind"] == "simulate":
        return _simulate(asked)
    if asked["kind"] == "risk":
        return risk.transformed()
    if asked["kind"] == "need":
        return need_bench.fitted(asked, _engine_memory(asked), _tell)
    place = open_place(asked["place"])
    return {"of": {}, **(_intake(asked, place) if asked["kind"] == "intake" else _run(asked, place))}


def main() -> None:
    """Do what is asked, then answer."""
    asked = json.loads(sys.argv[1])
    try:
        answer = _answer(asked)
    except UserError as error:
        answer = {"user_error": [error.what, error.where, error.what_to_do]}
    Path(asked["answer"]).write_text(json.dumps({"peak_byte": _peak_byte(), **answer}), encoding="utf-8")


def _peak_byte() -> int:
    """The most that this process or a child that has ended held; with Spark's own process, where it is on this machine and tells."""
    return max(_most(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) + _peak_of_spark()


def _most(who: int) -> int:
    return (1 if sys.platform == "darwin" else 1024) * resource.getrusage(who).ru_maxrss


def _peak_of_spark() -> int:
    pyspark = sys.modules.get("pyspark")
    gateway = pyspark and pyspark.SparkContext._gateway
    status = Path(f"/proc/{gateway.proc.pid}/status") if gateway else Path()
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.is_file() else None
    return 1024 * int(found[1]) if found else 0


if __name__ == "__main__":
    main()
