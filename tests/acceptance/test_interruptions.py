"""`accord run` killed or interrupted at any moment: the published run stays whole and in force, and the next run clears up."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import accord as package
from accord import __main__, pipeline
from accord.errors import UserError
from accord.notebook import OpenRun
from accord.place import hold, open_place

SEED = 20250401
SECOND = "nhs_number,practice,day,cost\n9990000018,P1,2025-04-09,1.00\n"
LINES = 12
"""Progress lines of a run with one new file, after the first: one file landed, eight stages, audits, content hashes, publish."""


def _hashes(run: OpenRun) -> dict[str, str]:
    return {name: table.content_hash for name, table in run.manifest.tables.items()}


def _still_whole(place: Path, before: OpenRun, n_run: int) -> None:
    opened = package.open(place)
    current = opened.current()
    assert current.verify() == []
    assert current.run_id == before.run_id or len(opened.runs()) > n_run, "CURRENT names another run, and none was published"
    assert before.verify() == []
    assert all(run.verify() == [] for run in opened.runs())


def _left_over(place: Path) -> list[str]:
    hidden = [p.name for folder in (place / "runs", place / "restricted", place / "landed") for p in folder.glob(".*")]
    unknown = {p.name for p in (place / "restricted").iterdir()} - {run.run_id for run in package.open(place).runs()}
    return sorted({*hidden, *unknown, *(p.name for p in place.glob(".accord-probe-*"))})


def _clears_up(place: Path, wanted: dict[str, str], accord: Callable[..., Any]) -> None:
    ended = accord("run", place)
    assert ended.code == 0, ended.err
    run = package.open(place).current()
    assert _hashes(run) == wanted
    assert run.verify() == []
    assert _left_over(place) == []


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, make_tiny: Callable[..., Path], accord: Callable[..., Any]) -> dict[str, str]:
    """The content of a run of both files that nothing disturbed."""
    place = make_tiny(tmp_path_factory.mktemp("undisturbed") / "tiny")
    (place / "sources" / "visits_2.csv").write_text(SECOND)
    assert accord("run", place).code == 0
    return _hashes(package.open(place).current())


@pytest.fixture
def waiting(published: Path) -> Path:
    """A place with a published run, and a file that came since."""
    (published / "sources" / "visits_2.csv").write_text(SECOND)
    return published


def _stop_at_line(process: subprocess.Popen[str], n: int, stop: signal.Signals) -> list[str]:
    assert process.stderr is not None
    said = [process.stderr.readline() for _ in range(n)]
    process.send_signal(stop)
    return said


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT], ids=lambda s: s.name)
def test_stopped_at_each_line_of_progress(
    stop: signal.Signals, waiting: Path, start_accord: Callable[..., Any], accord: Callable[..., Any], undisturbed: dict[str, str]
) -> None:
    before = package.open(waiting).current()
    # Every other line for each signal, and the last for both: a run takes two seconds.
    for n in [*range(1 + (stop is signal.SIGINT), LINES, 2), LINES + 1]:
        n_run = len(package.open(waiting).runs())
        process = start_accord("run", waiting)
        said = _stop_at_line(process, n, stop)
        out, rest = process.communicate(timeout=60)
        ended_by_itself = process.returncode == 0 or "audits hold" in out  # while Python takes itself down, a signal is late
        if not ended_by_itself:
            assert process.returncode == (-signal.SIGKILL if stop is signal.SIGKILL else 130), (n, said, rest)
        if stop is signal.SIGINT and not ended_by_itself:
            assert "Traceback" not in rest, rest
            assert rest.endswith("accord: interrupted; the last published run stays current\n")
            assert [name for name in _left_over(waiting) if name.startswith(".")] == []  # of the run's own folder the next run takes care
        _still_whole(waiting, before, n_run)
    _clears_up(waiting, undisturbed, accord)


def test_killed_at_any_moment(
    waiting: Path, start_accord: Callable[..., Any], accord: Callable[..., Any], undisturbed: dict[str, str]
) -> None:
    before, chance = package.open(waiting).current(), random.Random(SEED)
    for _ in range(6):
        n_run = len(package.open(waiting).runs())
        process = start_accord("run", waiting)
        _stop_at_line(process, 1, signal.SIGCONT)
        time.sleep(chance.uniform(0, 1.0))
        process.kill()
        process.communicate()
        _still_whole(waiting, before, n_run)
    _clears_up(waiting, undisturbed, accord)


def test_what_a_machine_that_died_left_is_taken_away(waiting: Path, accord: Callable[..., Any], undisturbed: dict[str, str]) -> None:
    restricted = waiting / "restricted"
    for folder in (restricted / ".work-dead", restricted / "20250101T000000Z-00000000", waiting / "runs" / ".staging-20250101T000000Z-00000000"):
        folder.mkdir()
        (folder / "identifier_hash.parquet").write_bytes(b"half a file")
    (waiting / "runs" / ".current-dead").write_text("nothing")
    (waiting / "landed" / ".landing-dead.part").write_bytes(b"half a file")
    with (waiting / "receipts.jsonl").open("ab") as receipts:
        receipts.write(b'{"submission_id":2,"sha2')
    _clears_up(waiting, undisturbed, accord)


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), RuntimeError("Query interrupted")], ids=["in Python", "in the engine"])
def test_an_interruption_is_told_in_one_line(
    raised: BaseException, tiny: Path, accord: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise raised

    monkeypatch.setattr(pipeline, "build", interrupted)
    ended = accord("run", tiny)
    assert ended.code == 130
    assert ended.message == "accord: interrupted; the last published run stays current\n"
    assert _left_over(tiny) == []


def test_an_interruption_before_the_first_line_is_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Interrupted:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "accord.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "accord.cli")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        __main__.main()
    assert ended.value.code == 130
    assert capsys.readouterr() == ("", "")


def test_an_error_of_ours_leaves_the_run_before(waiting: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = package.open(waiting).current()
    for stage in ("build", "_keep_inputs", "_keep_restricted", "_manifest"):
        with monkeypatch.context() as broken:
            broken.setattr(pipeline, stage, lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                package.open(waiting).run()
        assert package.open(waiting).current().run_id == before.run_id
        left = [name for name in _left_over(waiting) if not name.startswith("20")]
        assert left == [], stage


def test_the_second_of_two_is_told_who_holds_the_place(waiting: Path, accord: Callable[..., Any]) -> None:
    with hold(open_place(waiting), "run") as holder:
        for command in ("run", "check", "replay"):
            ended = accord(command, *(["-p"] if command == "replay" else []), waiting)
            assert ended.code == 2
            for said in (holder.host, f"process {holder.pid}", holder.since, "'run'", "wait until that ends"):
                assert said in ended.err, ended.err
        for command in ("runs", "show", "verify"):  # reading waits for nobody
            assert accord(command, "-p", waiting).code == 0


def test_of_two_runs_at_once_one_is_published(waiting: Path, start_accord: Callable[..., Any], undisturbed: dict[str, str]) -> None:
    first = start_accord("run", waiting)
    assert first.stderr.readline() == "accord: visits_1.csv was received before: nothing to do\n"
    with pytest.raises(UserError, match=f"process {first.pid}"):
        package.open(waiting).run()
    _, said = first.communicate(timeout=60)
    assert first.returncode == 0, said
    assert len(package.open(waiting).runs()) == 2
    assert _hashes(package.open(waiting).current()) == undisturbed
