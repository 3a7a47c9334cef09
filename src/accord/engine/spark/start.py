"""A Spark session under the settings that make it mean what DuckDB means, or a plain word why there is none."""

from __future__ import annotations

import logging
import os
import re
import shutil
import socket
import sys
import time
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from accord.errors import UserError

CONNECT = "sc://"
BEHIND_AN_ADDRESS = ("pandas", "grpc", "grpc_status", "google.rpc", "zstandard")
"""What pyspark 4.3 asks for before it opens a Spark Connect address (`pyspark.sql.connect.utils`)."""

DRIVER_HEAP = "2GB"
PART_BYTE = 16_000_000
"""Of landed, compressed files: ten times as much when it is being sorted."""
INSTALL = "pip install -r requirements-spark.txt, or pip install 'accord[spark]'"
MEANING: Mapping[str, str] = {
    "spark.sql.ansi.enabled": "true",  # an overflow or a bad cast stops the run
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",  # a moment has no zone, in text and in Parquet
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",  # or a sum of sums would lose decimals in silence
    "spark.sql.caseSensitive": "false",
}
"""Settings that bear on what a step means. They can be set on any session, that of a server included."""

SPEED: Mapping[str, str] = {
    "spark.sql.parquet.compression.codec": "zstd",
}
# What Spark tells of a failed task is told again by the error that it raises.
_QUIET = """status = error
rootLogger.level = off
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %p %c: %m%n
"""
_ADDRESS = re.compile(r"(?:sc|spark)://(?P<host>[^:/;,]+)(?::(?P<port>\d+))?")
_LOCAL = re.compile(r"local(?:\[(?:\d+|\*)\])?")
CONNECT_PORT = 15002
CORES_BEHIND_AN_ADDRESS = 16
SETTLED_SECONDS, MOST_SECONDS = 2.0, 30.0


@dataclass(frozen=True)
class Started:
    """A Spark session and where it runs. `is_ours`: whether it was started here, and is stopped when it is let go."""

    spark: Any
    master: str
    is_ours: bool

    @property
    def n_core(self) -> int:
        """How many tasks run at a time; of a Spark Connect server, which does not tell, a fair guess."""
        return CORES_BEHIND_AN_ADDRESS if self.master.startswith(CONNECT) else int(self.spark.sparkContext.defaultParallelism)

    def stop(self) -> None:
        """Stop what was started here."""
        if self.is_ours:
            self.spark.stop()


def start(
    master: str, scratch: Path, memory_limit: str | None = None, settings: Mapping[str, str] | None = None, n_byte: int = 0
) -> Started:
    """A session on `master`. scratch: where Spark keeps what it spills. memory_limit: the driver's heap, such as 6GB (2GB if None).
    n_byte: how much there is to read, of which a session on this machine makes parts that fit into memory.

    A session that this process has already is used again, with tables of its own. Raises UserError where Spark is not installed,
    Java is not found, or the master does not answer.
    """
    _installed(master)
    _answers(master)
    if master.startswith(CONNECT):
        return Started(_connected(master, settings or {}), master, is_ours=True)
    _java()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of packages that Spark could use beside those that we do
        from pyspark.sql import SparkSession

        running = SparkSession.getActiveSession()
    if running is not None and running.sparkContext.master == master:
        return Started(_meaning(running.newSession(), settings or {}), master, is_ours=False)
    if running is not None:
        what = f"this process has a Spark session on {running.sparkContext.master} already, and one on {master} is asked for"
        raise UserError(what, where="the engine", what_to_do="use one master in one process")
    heap = (memory_limit or DRIVER_HEAP).upper().replace(" ", "").removesuffix("B").lower()
    return Started(_classic(master, scratch, heap, {**_parts(master, n_byte), **(settings or {})}), master, is_ours=True)


def _installed(master: str) -> None:
    for package in ("pyspark", *(BEHIND_AN_ADDRESS if master.startswith(CONNECT) else ())):
        try:
            import_module(package)
        except ImportError:
            what = f"Spark is not installed, or not whole: there is no package {package}"
            raise UserError(what, where=f"--master {master}", what_to_do=INSTALL) from None


def _answers(master: str) -> None:
    """Whether anybody listens at an address: Spark itself tries for a minute before it says so."""
    found = _ADDRESS.match(master)
    if found is None:
        if not _LOCAL.fullmatch(master) and master not in ("yarn",) and not master.startswith("k8s://"):
            mend = "write local[2], spark://HOST:PORT, or sc://HOST:PORT"
            raise UserError(f"{master!r} is not where a Spark runs", where="--master", what_to_do=mend)
        return
    try:
        socket.create_connection((found["host"], int(found["port"] or CONNECT_PORT)), timeout=5).close()
    except OSError as error:
        raise _unreachable(master, error) from None


def _java() -> None:
    home = os.environ.get("JAVA_HOME")
    if not (home and (Path(home) / "bin" / "java").exists()) and shutil.which("java") is None:
        mend = "install Java 17 (on Debian and Ubuntu: apt-get install openjdk-17-jre-headless), or set JAVA_HOME to where it is"
        raise UserError("Spark needs Java, and there is none", where="the engine", what_to_do=mend)


def _classic(master: str, scratch: Path, heap: str, settings: Mapping[str, str]) -> Any:
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    scratch.mkdir(parents=True, exist_ok=True)
    logging.getLogger("py4j").setLevel(logging.CRITICAL)  # what it would say is told by the error that it raises
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("accord").master(master)
    for name, value in {**_here(master, scratch.absolute(), heap), **MEANING, **SPEED, **settings}.items():
        builder = builder.config(name, value)
    try:
        spark = builder.getOrCreate()
        if not master.startswith("local"):
            _wait_for_executors(spark, master)
        spark.range(1).count()
    except UserError:
        _let_go()
        raise
    except Exception as error:  # a Java error has no class of its own here, and every one means that there is no Spark
        _let_go()
        if not isinstance(error, PySparkException) and type(error).__module__.split(".")[0] not in ("py4j", "pyspark"):
            raise
        raise _unreachable(master, error) from None
    return spark


def _wait_for_executors(spark: Any, master: str) -> None:
    """Until executors have come and no more come: those that come later would not be probed."""
    began = settled = time.monotonic()
    n_before = 0
    while time.monotonic() - settled < SETTLED_SECONDS or not n_before:
        n_now = spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1  # the driver is one of them
        if n_now != n_before:
            n_before, settled = n_now, time.monotonic()
        if not n_before and time.monotonic() - began > MOST_SECONDS:
            what = f"the Spark at {master} gave no executor within {MOST_SECONDS:.0f} seconds"
            raise UserError(what, where=f"--master {master}", what_to_do="look whether it has workers with memory and cores to spare")
        time.sleep(0.1)


def _let_go() -> None:
    from pyspark import SparkContext

    with suppress(Exception):
        if SparkContext._active_spark_context is not None:
            SparkContext._active_spark_context.stop()


def _here(master: str, scratch: Path, heap: str) -> dict[str, str]:
    """What a driver on this machine needs. Nothing of it listens to the world where the cluster is on this machine too."""
    quiet = scratch / "log4j2.properties"
    quiet.write_text(_QUIET, encoding="utf-8")
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": heap,
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={quiet.as_uri()}",
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
    }
    if master.startswith("local") or "//127.0.0.1:" in master or "//localhost:" in master:
        settings |= {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
    if master.startswith("local"):
        settings |= {"spark.default.parallelism": str(os.cpu_count() or 1), "spark.buffer.pageSize": "4m"}
    return settings


def _parts(master: str, n_byte: int) -> dict[str, str]:
    """How many parts a shuffle makes on this machine; Spark joins small ones again. A cluster's own setting stays."""
    n_part = max(2 * (os.cpu_count() or 1), n_byte // PART_BYTE)
    return {"spark.sql.shuffle.partitions": str(n_part)} if master.startswith("local") else {}


def _connected(master: str, settings: Mapping[str, str]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyspark.errors import PySparkException
        from pyspark.sql.connect.session import SparkSession

        try:
            spark = SparkSession.builder.remote(master).create()
            spark.range(1).count()
        except Exception as error:
            if not isinstance(error, PySparkException | ValueError) and type(error).__module__.split(".")[0] != "grpc":
                raise
            raise _unreachable(master, error) from None
    return _meaning(spark, settings)


def _meaning(spark: Any, settings: Mapping[str, str]) -> Any:
    for name, value in {**MEANING, **SPEED, **settings}.items():
        if name.startswith("spark.sql."):
            spark.conf.set(name, value)
    return spark


def _unreachable(master: str, error: Exception) -> UserError:
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    mend = "look whether it is running and its address is right; local[2] is this machine with two threads"
    return UserError(f"there is no Spark at {master}: {said}", where=f"--master {master}", what_to_do=mend)
