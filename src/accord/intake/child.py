"""Landing in a child process: a file from outside that breaks the reader breaks nothing else.

The child is this interpreter anew, with an empty environment (so no keys), no terminal, limits on memory and time and no core
dump. It is asked and answers in lines of JSON, which cannot run code in the parent, and it serves many files until one kills it.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import duckdb

from accord.errors import UserError
from accord.intake.land import FileForm, Landed, Rejected, connect, land_with
from accord.intake.limits import (
    CHILD_ADDRESS_BYTES,
    ENGINE_THREADS,
    MEBIBYTE,
    REJECT_RULES,
    SECONDS_PER_FILE,
    SECONDS_PER_MEBIBYTE,
    RefusedError,
)

_START = "import sys; sys.path.insert(0, sys.argv[1]); from accord.intake.child import main; main()"
_START_SECONDS = 120


class LandingChild:
    """A child process that lands files, as a context. It is started at the first file, and again after a file that killed it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._complaints: IO[bytes] | None = None

    def __enter__(self) -> LandingChild:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def land(self, file: Path, form: FileForm, landed: Path, scratch: Path) -> Landed | Rejected:
        """As `land.land`, in the child. A file on which the child dies or never ends is Rejected by reader_crashed or reader_timeout."""
        landed, name = landed.absolute(), f"landing-{secrets.token_hex(8)}"
        work = scratch.absolute() / name
        request = {"file": str(file.absolute()), "form": asdict(form), "landed": str(landed), "work": str(work)}
        self._ask(json.dumps(request).encode() + b"\n")
        answer = self._answer(_allowed_seconds(file))
        if "died" in answer:
            (landed / f".{name}.part").unlink(missing_ok=True)
            shutil.rmtree(work, ignore_errors=True)
        if "user_error" in answer:
            what, where, what_to_do = answer["user_error"]
            raise UserError(what, where=where, what_to_do=what_to_do)
        if "landed" in answer:
            return Landed(**{**answer["landed"], "columns": tuple(answer["landed"]["columns"]), "path": Path(answer["landed"]["path"])})
        return Rejected(**answer["rejected"]) if "rejected" in answer else _rejected_unread(file, answer)

    def _ask(self, request: bytes) -> None:
        """Send a request; once more to a new child if this one died since its last file, which is not this file's fault."""
        for is_last_try in (False, True):
            pipe = self._running().stdin
            assert pipe is not None
            try:
                pipe.write(request)
                pipe.flush()
                return
            except BrokenPipeError:
                if is_last_try:
                    raise

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the child
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-X", "utf8", "-c", _START, str(Path(__file__).parents[2])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._complaints, env={}, cwd="/", start_new_session=True,
        )  # fmt: skip
        if "ready" not in self._answer(_START_SECONDS):
            self._complaints.seek(0)
            said = self._complaints.read().decode(errors="replace").strip() or "it said nothing"
            raise RuntimeError(f"the process that reads files cannot start: {said}")
        return self._process

    def _answer(self, seconds: float) -> dict[str, Any]:
        """The child's next line; or, once it is dead, {"died": rule and cause}."""
        process, line, rule = self._process, b"", "reader_crashed"
        assert process is not None and process.stdout is not None
        ends_at = time.monotonic() + seconds
        poll = select.poll()
        poll.register(process.stdout, select.POLLIN | select.POLLHUP)
        while not line.endswith(b"\n"):
            if not poll.poll(max(0, ends_at - time.monotonic()) * 1000):
                process.kill()
                rule = "reader_timeout"
                break
            more = os.read(process.stdout.fileno(), MEBIBYTE)
            if not more:
                break
            line += more
        else:
            answer: dict[str, Any] = json.loads(line)
            return answer
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
        code = process.wait()
        cause = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return {"died": ["reader_timeout" if code == -signal.SIGXCPU else rule, cause]}

    def _end(self) -> None:
        process, self._process = self._process, None
        complaints, self._complaints = self._complaints, None
        if process is not None:
            process.kill()  # it keeps nothing that a file's landing needs: each is whole or absent
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    if pipe is not None:
                        pipe.close()
            process.wait()
        if complaints is not None:
            complaints.close()


def _allowed_seconds(file: Path) -> float:
    try:
        return SECONDS_PER_FILE + SECONDS_PER_MEBIBYTE * file.stat().st_size / MEBIBYTE
    except OSError:
        return SECONDS_PER_FILE


def _rejected_unread(file: Path, answer: dict[str, Any]) -> Rejected:
    rule, cause = answer["died"] if "died" in answer else ("reader_crashed", answer["failed"])
    refusal = RefusedError(rule, f"{REJECT_RULES[rule].title} ({cause})")
    try:
        with file.open("rb") as whole:
            sha256 = hashlib.file_digest(whole, "sha256").hexdigest()
            return Rejected(sha256, whole.tell(), rule, None, refusal.reason())
    except OSError as error:
        what = f"the file cannot be read: {error.strerror}"
        raise UserError(what, where=str(file), what_to_do="See that it stays there while it is read.") from error


def main() -> None:
    """The child: answer each request on standard input until it closes."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not pass for an answer
    for limit, value in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, CHILD_ADDRESS_BYTES)):
        _limit(limit, value)
    connections: dict[tuple[Path, Path], duckdb.DuckDBPyConnection] = {}

    def say(answer: dict[str, object]) -> None:
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()

    say({"ready": True})
    for line in sys.stdin.buffer:
        say(_serve(json.loads(line), connections))


def _form(said: dict[str, Any]) -> FileForm:
    """A form that was sent as JSON, whose lists were tuples."""
    positions = tuple((name, first, width) for name, first, width in said["positions"])
    return FileForm(**{**said, "columns": tuple(said["columns"]), "positions": positions, "may_end_at": tuple(said["may_end_at"])})


def _limit(limit: int, soft: int) -> None:
    _, hard = resource.getrlimit(limit)
    with suppress(ValueError, OSError):  # some systems refuse a limit that they do not keep
        resource.setrlimit(limit, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _serve(request: dict[str, Any], connections: dict[tuple[Path, Path], duckdb.DuckDBPyConnection]) -> dict[str, object]:
    file, landed, work = Path(request["file"]), Path(request["landed"]), Path(request["work"])
    form = _form(request["form"])
    spent = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, int(spent.ru_utime + spent.ru_stime + (ENGINE_THREADS + 1) * _allowed_seconds(file)))
    key = (landed, work.parent)
    try:
        if key not in connections:
            connections[key] = connect(*key)
        result = land_with(connections[key], file, form, landed, work)
    except UserError as error:
        return {"user_error": [error.what, error.where, error.what_to_do]}
    except Exception as error:
        connections.pop(key, None)
        return {"failed": type(error).__name__}
    if isinstance(result, Landed):
        return {"landed": {**asdict(result), "path": str(result.path)}}
    if result.rule == "engine_refused":  # the engine may have declared itself broken
        connections.pop(key).close()
    return {"rejected": asdict(result)}
