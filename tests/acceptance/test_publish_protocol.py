"""Whatever a kill interrupts, CURRENT opens and verifies, receipts read back, and the next run cleans up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from accord.place import Place, clean_up, current_run, hold, new_place, read_receipts, run_ids, verify

PUBLISH = """
import os
from accord.place import *

def publish(place, number):
    with hold(place, "run"):
        receipt = append_receipt(place, sha256="%064x" % number, n_byte=1, source_id="s", partner_id="p", map_id="m",
            file_name=f"{number}.csv", status="landed", n_record=1)
        with Staging(place, f"{number:08x}") as staging:
            (staging.folder / "tables").mkdir()
            for name in ("one", "two"):
                (staging.folder / "tables" / f"{name}.parquet").write_text(f"{number}" * 5000)
            staging.keep_input("place.toml", place.settings_file.read_bytes())
            tables = {n: TableEntry(file=f"tables/{n}.parquet", content_hash=str(number), n_row=number, edition=1, columns=())
                for n in ("one", "two")}
            staging.publish(Manifest(run_id=staging.run_id, created_at=staging.created_at, known_at=staging.created_at,
                accord_version="0", python_version="3", duckdb_version="2", receipts=receipts_used(read_receipts(place)), tables=tables))
"""

# One child for every line that a run executes in the functions that write, on a copy of a place with one run: it is killed as it reaches
# that line. The parent then looks at what is left without mending it, holds the place, cleans up, and now and then publishes again.
# What a process wrote outlives its kill whether or not it was synced, so fsync is left out here: it is what test_place_runs looks at.
KILLED_AT_EVERY_LINE = (
    PUBLISH
    + """
import json, shutil, signal, sys
os.fsync = lambda descriptor: None
writers = {"_publish", "publish", "_set_current", "__enter__", "__exit__", "clean_up", "keep_input", "write_new", "fsync", "append_receipt",
    "_last_whole", "_write_all", "hold", "probe", "restricted_folder"}

def killed_at(n):
    seen = 0
    def trace(frame, event, argument):
        nonlocal seen
        if "accord/place/" not in frame.f_code.co_filename or frame.f_code.co_name not in writers:
            return None
        seen += event == "line"
        if seen == n:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace
    return trace

original = open_place(sys.argv[1])
publish(original, 1)
first = current_run(original).run_id
report = {"first": 0, "second": 0, "left": [], "torn": 0}
killed, n = True, 0
while killed:
    n += 1
    root = shutil.copytree(original.root, f"{original.root}-{n}")
    place = open_place(root)
    child = os.fork()
    if child == 0:
        sys.settrace(killed_at(n))
        publish(place, 2)
        sys.settrace(None)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    killed = os.WIFSIGNALED(status)
    assert killed or os.WEXITSTATUS(status) == 0, n
    run, receipts = current_run(place), read_receipts(place)
    assert verify(run) == [], (n, verify(run))
    assert [r.submission_id for r in receipts] in ([1], [1, 2]), n
    assert len(run_ids(place)) in (1, 2) and run.manifest.receipts.n <= len(receipts), n
    report["first" if run.run_id == first else "second"] += 1
    report["torn"] += len(list(place.root.glob("receipts.jsonl.torn-*")))
    if n % 20 == 0:
        publish(place, 3)
        assert current_run(place).run_id.endswith("00000003") and verify(current_run(place)) == [], n
    else:
        with hold(place, "look"):
            report["left"] += [name[:9] for name in clean_up(place)]
    assert not list(place.runs.glob(".*")) and not list(place.root.glob(".accord-probe*")), n
    shutil.rmtree(root)
print(json.dumps(report))
"""
)
LOOP = (
    PUBLISH
    + """
import sys
place = open_place(sys.argv[1])
for number in range(1, int(sys.argv[2]) + 1):
    publish(place, number)
    print(number, flush=True)
"""
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return new_place(tmp_path / "maplewood")


def test_a_run_killed_at_any_line_leaves_a_whole_current_run(place: Place) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT_EVERY_LINE, str(place.root)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["first"] + report["second"] > 150  # each at another line: the protocol was gone through from end to end
    assert report["second"] > 1  # some were killed after CURRENT was replaced
    assert {".staging-", ".current-", ".accord-p"} <= {name[:9] for name in report["left"]}
    assert report["torn"] == 0  # a receipt is one write: kills alone never tear one


def test_a_writer_killed_in_full_flight_leaves_a_whole_current_run(place: Place) -> None:
    n_before = 0
    for stop_after in (1, 2, 3, 1, 4):
        with subprocess.Popen([sys.executable, "-c", LOOP, str(place.root), "1000"], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            for _ in range(stop_after):
                child.stdout.readline()
            child.send_signal(signal.SIGKILL)
        run = current_run(place)
        assert run is not None
        assert verify(run) == []
        assert len(run_ids(place)) >= n_before + stop_after
        n_before = len(run_ids(place))
        assert len(read_receipts(place)) >= n_before
        with hold(place, "clean up"):
            clean_up(place)
        assert not list(place.runs.glob(".*"))


def test_a_reader_never_sees_half_a_run(place: Place) -> None:
    n_read, seen = 0, set()
    with subprocess.Popen([sys.executable, "-c", LOOP, str(place.root), "60"], stdout=subprocess.DEVNULL) as writer:
        while writer.poll() is None:
            run = current_run(place)
            if run is None:
                continue
            assert verify(run) == []
            number = run.manifest.tables["one"].n_row
            assert {run.table_file(t).read_text() for t in ("one", "two")} == {str(number) * 5000}
            n_read += 1
            seen.add(number)
    assert writer.returncode == 0
    assert n_read >= len(seen) > 0
    last = current_run(place)
    assert last is not None
    assert last.manifest.tables["one"].n_row == 60


def test_a_full_disk_leaves_the_run_before_current(place: Place) -> None:
    subprocess.run([sys.executable, "-c", LOOP, str(place.root), "1"], check=True, capture_output=True)
    before = current_run(place)
    # A limit on file size stands in for a full disk: the tables still fit, the manifest with its hashes does not.
    limited = PUBLISH + (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "place = open_place(sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))\n"
        "publish(place, 1)\n"
    )
    for limit in (0, 1, 100, 600, 1000):
        done = subprocess.run(
            [sys.executable, "-c", limited, str(place.root), str(limit)], capture_output=True, text=True, check=False
        )
        assert done.returncode != 0
        assert "File too large" in done.stderr
        assert current_run(place) == before
        assert before is not None
        assert verify(before) == []
        read_receipts(place)
    subprocess.run([sys.executable, "-c", LOOP, str(place.root), "1"], check=True, capture_output=True)
    assert current_run(place) != before
    assert os.listdir(place.runs).count("CURRENT") == 1  # noqa: PTH208
