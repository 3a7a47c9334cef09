"""What Spark raises, told to people where it is theirs to mend."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from accord.errors import UserError

_UNREADABLE = re.compile(
    r"FAILED_READ_FILE|FileNotFoundException|PATH_NOT_FOUND|AccessControlException|Permission denied|TASK_WRITE_FAILED|Mkdirs failed"
)
_TOO_LARGE = re.compile(r"ARITHMETIC_OVERFLOW|NUMERIC_VALUE_OUT_OF_RANGE|CAST_OVERFLOW|CAST_INVALID_INPUT|DATETIME_OVERFLOW")
_NO_MEMORY = re.compile(r"OutOfMemoryError|UNABLE_TO_ACQUIRE_MEMORY|ExecutorLostFailure")
_GONE = re.compile(r"stopped SparkContext|Py4JNetworkError|Connection refused|StatusCode\.UNAVAILABLE|SESSION_NOT_FOUND")
SHARED = "keep the place in a folder that every machine of the cluster sees under the same path, and may read and write"
"""The mend where an executor cannot see a place."""


@contextmanager
def in_plain_words(where: str) -> Iterator[None]:
    """Turn what Spark raises into a UserError where a person can mend it; anything else goes on as it is."""
    try:
        yield
    except Exception as error:
        told = _told(str(error), where) if type(error).__module__.split(".")[0] in ("pyspark", "py4j", "grpc") else None
        if told is None:
            raise
        raise told from None


def _told(said: str, where: str) -> UserError | None:
    if _TOO_LARGE.search(said):
        # The engine's own words may quote a value, so they are not passed on.
        mend = "look for amounts that cannot be money: accord check names each file's amounts that are too large or unreadable"
        return UserError(f"{where} meets a number too large for its column", where=where, what_to_do=mend)
    if _UNREADABLE.search(said):
        return UserError(f"{where}: an executor of the Spark cluster cannot read or write the place's files", where=where, what_to_do=SHARED)
    if _NO_MEMORY.search(said):
        mend = "give the driver more with --memory, or the executors with spark.executor.memory in spark-defaults.conf"
        return UserError(f"{where} ran out of memory on Spark", where=where, what_to_do=mend)
    if _GONE.search(said):
        return UserError(f"{where}: Spark is gone", where=where, what_to_do="look at the log of the Spark master, and run again")
    return None
