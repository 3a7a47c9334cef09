"""Whether the whole cluster can read and write the folder of a run, tried before anything is run."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from accord.engine.spark.addresses import to_read, to_write
from accord.engine.spark.faults import SHARED, in_plain_words
from accord.engine.spark.start import Started
from accord.errors import UserError

TASKS_PER_CORE = 4
FEWEST_TASKS = 16


def probe(started: Started, folder: Path) -> None:
    """Let tasks on every executor read files in `folder` and write files there. Raises UserError where one cannot.

    There are four tasks a core, each with a file of its own, so that every executor is given some. Takes about a second.
    """
    tried, n_task = folder / f".probe-{uuid4().hex}", max(FEWEST_TASKS, TASKS_PER_CORE * started.n_core)
    try:
        tried.mkdir()
        with in_plain_words("the probe"):
            found = _n_read(started, tried, n_task)
            if found != n_task:
                raise _blind(folder, f"of {n_task} files written there for a try, {found} were read")
            started.spark.range(0, n_task, 1, n_task).write.parquet(to_write(tried / "back"))
        n_back = sum(pq.read_metadata(part).num_rows for part in (tried / "back").glob("part-*.parquet"))
        if n_back != n_task:
            raise _blind(folder, f"of {n_task} rows that executors wrote there for a try, {n_back} are here")
    except UserError as error:
        raise _blind(folder, error.what) from None
    finally:
        shutil.rmtree(tried, ignore_errors=True)


def _n_read(started: Started, tried: Path, n_task: int) -> int:
    files = [tried / f"{n:04}.parquet" for n in range(n_task)]
    for n, file in enumerate(files):
        pq.write_table(pa.table({"n": pa.array([n], pa.int64())}), file)
    # A union of single files is read by as many tasks; several files of one relation may be read by one.
    rows = [started.spark.read.schema("n bigint").parquet(to_read(file)) for file in files]
    every = rows[0]
    for one in rows[1:]:
        every = every.unionAll(one)
    return int(every.distinct().count())


def _blind(folder: Path, why: str) -> UserError:
    return UserError(f"the Spark cluster does not see this folder as this machine does: {why}", where=str(folder), what_to_do=SHARED)
