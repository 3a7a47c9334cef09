"""A standalone cluster of two workers, and a Spark Connect server, started and stopped here, on loopback."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from spec_engines import SMALL

import accord
from accord import cli
from accord.simulate import copy_small_place

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
    env = {**os.environ, "SPARK_HOME": str(home), "SPARK_CONF_DIR": str(settings), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}

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
    env = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1]), "SPARK_CONF_DIR": str(settings)}
    ended = subprocess.run([sys.executable, "-m", "accord", *args], env=env, text=True, capture_output=True, timeout=LONGEST, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended.stdout


def _hashes(place: Path) -> dict[str, str]:
    manifest = json.loads((accord.open(place).current().folder / "manifest.json").read_text(encoding="utf-8"))
    return {name: entry["content_hash"] for name, entry in manifest["tables"].items()}


def test_two_workers_run_the_demo_and_a_server_replays_it(start_spark: Start, settings: Path, tmp_path: Path) -> None:
    port, address = _free_port(), _free_port()
    start_spark("spark-class", "org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", str(_free_port()))
    _wait_for(port)
    master = f"spark://127.0.0.1:{port}"
    for n in (1, 2):
        start_spark(
            "spark-class", "org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", "1g",
            "--webui-port", str(_free_port()), "--work-dir", str(tmp_path / f"worker-{n}"), master,
        )  # fmt: skip
    place = tmp_path / "demo"
    printed = _run(settings, "demo", str(place), "--engine", "spark", "--master", master)
    assert "audits hold" in printed
    applications = [list((tmp_path / f"worker-{n}").glob("app-*/*")) for n in (1, 2)]
    assert [len(executors) for executors in applications] == [1, 1], "both workers had a part in it"

    twin = copy_small_place(tmp_path / "twin")
    accord.open(twin).run()
    assert _hashes(place) == _hashes(twin)

    start_spark(
        "spark-submit", "--master", "local[2]", "--conf", f"spark.connect.grpc.binding.port={address}",
        "--conf", "spark.connect.grpc.binding.address=127.0.0.1", "--conf", "spark.driver.memory=2g",
        "--conf", f"spark.sql.warehouse.dir={tmp_path / 'warehouse'}",
        "--class", "org.apache.spark.sql.connect.service.SparkConnectServer",
    )  # fmt: skip
    _wait_for(address)
    printed = _run(settings, "replay", "--place", str(place), "--engine", "spark", "--master", f"sc://127.0.0.1:{address}")
    assert "tables came out the same" in printed
