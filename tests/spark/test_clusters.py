"""A standalone cluster of two workers, and a Spark Connect server, started and stopped here, on loopback."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from spec_engines import FRUGAL, SMALL

import accord
from accord import cli
from accord.notebook import OpenRun
from accord.simulate import copy_small_place
from accord.tables import PUBLISHED

LONGEST = 300
Start = Callable[..., None]


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError(f"nothing listens at port {port} after a minute")


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A folder with a spark-defaults.conf, as an administrator would write one: here for small tables."""
    folder = tmp_path / "conf"
    folder.mkdir()
    lines = [f"{name} {value}\n" for name, value in {**SMALL, "spark.ui.enabled": "false", "spark.executor.memory": "900m"}.items()]
    (folder / "spark-defaults.conf").write_text("".join(lines), encoding="utf-8")
    return folder


@pytest.fixture
def start_spark(settings: Path, tmp_path: Path) -> Iterator[Start]:
    """`start_spark("spark-class", …)`: a program of Spark's own in the background; all of them end with the test."""
    import pyspark

    home, running, log = Path(pyspark.__file__).parent, [], tmp_path / "spark.log"
    env = {
        **os.environ, "SPARK_HOME": str(home), "SPARK_CONF_DIR": str(settings), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable,
        "SPARK_DAEMON_JAVA_OPTS": FRUGAL,
    }  # fmt: skip

    def start(program: str, *args: str) -> None:
        with log.open("a") as lines:
            command = [home / "bin" / program, *args]
            running.append(subprocess.Popen(command, env=env, cwd=tmp_path, stdout=lines, stderr=lines, start_new_session=True))

    yield start
    for process in reversed(running):
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _run(settings: Path, *args: str) -> str:
    """The command in a process of its own, as no other master may be used in this one. Out: what it printed."""
    env = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[2]), "SPARK_CONF_DIR": str(settings)}
    ended = subprocess.run([sys.executable, "-m", "accord", *args], env=env, text=True, capture_output=True, timeout=LONGEST, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended.stdout


@pytest.fixture
def cluster(start_spark: Start, tmp_path: Path) -> str:
    """The address of a master with two workers of one core each."""
    port = _free_port()
    start_spark("spark-class", "org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", str(_free_port()))
    _wait_for(port)
    for n in (1, 2):
        start_spark(
            "spark-class", "org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", "1g",
            "--webui-port", str(_free_port()), "--work-dir", str(tmp_path / f"worker-{n}"), f"spark://127.0.0.1:{port}",
        )  # fmt: skip
    return f"spark://127.0.0.1:{port}"


@pytest.fixture
def server(start_spark: Start, tmp_path: Path) -> str:
    """The address of a Spark Connect server."""
    port = _free_port()
    start_spark(
        "spark-submit", "--master", "local[2]", "--conf", f"spark.connect.grpc.binding.port={port}",
        "--conf", "spark.connect.grpc.binding.address=127.0.0.1", "--conf", "spark.driver.memory=2g",
        "--conf", f"spark.sql.warehouse.dir={tmp_path / 'warehouse'}",
        "--class", "org.apache.spark.sql.connect.service.SparkConnectServer",
    )  # fmt: skip
    _wait_for(port)
    return f"sc://127.0.0.1:{port}"


def test_two_workers_run_the_demo_and_it_is_the_same_to_every_reader(cluster: str, settings: Path, tmp_path: Path) -> None:
    place = tmp_path / "demo [1] {a,b}*?"  # a name that Spark would take for a pattern
    assert "audits hold" in _run(settings, "demo", "--small", str(place), "--engine", "spark", "--master", cluster)
    applications = [list((tmp_path / f"worker-{n}").glob("app-*/*")) for n in (1, 2)]
    assert [len(executors) for executors in applications] == [1, 1], "both workers had a part in it"
    there, here = accord.open(place).current(), accord.open(copy_small_place(tmp_path / "twin")).run()
    assert set(here.manifest.tables) == set(PUBLISHED)
    assert _hashes(there) == _hashes(here)
    assert (there.manifest.engine.split()[0], here.manifest.engine) == ("spark", "duckdb")
    _looks_the_same(there, here)
    assert {p.name for p in (place / "restricted").iterdir()} == {there.run_id}
    assert not [p for p in place.rglob("*") if p.name.startswith((".probe", ".parts", "part-", "_SUCCESS"))]


def _hashes(run: OpenRun) -> dict[str, tuple[str, int]]:
    return {name: (entry.content_hash, entry.n_row) for name, entry in run.manifest.tables.items()}


def _looks_the_same(there: OpenRun, here: OpenRun) -> None:
    for name, table in PUBLISHED.items():
        one, other = (pq.ParquetFile(run.folder / "tables" / f"{name}.parquet") for run in (there, here))
        assert [(f.name, f.type) for f in one.schema_arrow] == [(f.name, f.type) for f in other.schema_arrow], name
        keys = [file.read(columns=list(table.order)).to_pylist() for file in (one, other)]
        assert keys[0] == keys[1], f"{name} is not in its order"
    assert sorted(p.name for p in there.folder.rglob("*")) == sorted(p.name for p in here.folder.rglob("*"))
    assert there.verify() == []


def test_a_connect_server_replays_a_run(server: str, settings: Path, tmp_path: Path) -> None:
    place = copy_small_place(tmp_path / "place")
    # Three of the demo's files: a server takes as long to plan a step as to run it, and one layout more is more to plan.
    for source in ("hospital", "council", "ambulance", "community_trust"):
        shutil.rmtree(place / "sources" / source)
    accord.open(place).run()
    printed = _run(settings, "replay", "--place", str(place), "--engine", "spark", "--master", server)
    assert "tables came out the same" in printed
