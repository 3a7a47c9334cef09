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

# One child for every line of accord.place that a run executes: it is killed as it reaches that line. The parent then looks, without
# mending, at what is left; holds the place; cleans up; and every so often publishes again.
KILLED_AT_EVERY_LINE = (
    PUBLISH
    + """
import json, signal, sys
place = open_place(sys.argv[1])
watched = ("runs.py", "receipts.py", "lock.py", "folder.py", "filesystem.py", "manifest.py")

def killed_at(n):
    seen = 0
    def trace(frame, event, argument):
        nonlocal seen
        path, _, name = frame.f_code.co_filename.rpartition("/")
        if not (path.endswith("accord/place") and name in watched):
            return None
        seen += 1
        if seen == n:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace
    return trace

def look(n):
    run = current_run(place)
    assert run is None or verify(run) == [], (n, verify(run))
    known, receipts = run_ids(place), read_receipts(place)
    for each in list_runs(place):
        assert each.manifest.receipts.n <= len(receipts), n
    return (run.run_id if run else None), len(known), len(receipts)

report, n = {"currents": [], "kills": 0, "left": []}, 0
while True:
    n += 1
    before = look(n)
    child = os.fork()
    if child == 0:
        sys.settrace(killed_at(n))
        publish(place, n)
        sys.settrace(None)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    after = look(n)
    assert after[1] - before[1] in (0, 1) and after[2] - before[2] in (0, 1), (n, before, after)
    with hold(place, "look"):
        report["left"] += [name.rsplit("-", 1)[0][:9] for name in clean_up(place)]
    assert not [p.name for p in place.runs.glob(".*")] if place.runs.is_dir() else True
    if not os.WIFSIGNALED(status):
        assert os.WEXITSTATUS(status) == 0
        break
    report["kills"] += 1
    if after[0] not in report["currents"]:
        report["currents"].append(after[0])
report["receipts"] = len(read_receipts(place))
report["runs"] = len(run_ids(place))
report["torn"] = len(list(place.root.glob("receipts.jsonl.torn-*")))
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
    done = subprocess.run([sys.executable, "-c", KILLED_AT_EVERY_LINE, str(place.root)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["kills"] > 200  # each at another line: the protocol was gone through from end to end
    assert len(report["currents"]) > 2  # killed before, and killed after, CURRENT was replaced
    assert {".staging", ".current-", ".accord-p"} & set(report["left"])
    assert report["receipts"] >= report["runs"] > 1
    assert report["torn"] == 0  # a receipt is one write: kills alone never tear one
    run = current_run(place)
    assert run is not None
    assert run.run_id.endswith(f"{report['kills'] + 1:08x}")  # the one that nobody killed


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
        done = subprocess.run([sys.executable, "-c", limited, str(place.root), str(limit)], capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert "File too large" in done.stderr
        assert current_run(place) == before
        assert before is not None
        assert verify(before) == []
        read_receipts(place)
    subprocess.run([sys.executable, "-c", LOOP, str(place.root), "1"], check=True, capture_output=True)
    assert current_run(place) != before
    assert os.listdir(place.runs).count("CURRENT") == 1  # noqa: PTH208
