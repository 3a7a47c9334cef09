"""The file of the acts that a settlement rests on: the same bytes, however the engine cuts what it gives into batches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pytest

from accord.settlement import care
from accord.settlement.care import Care

COLUMNS = pa.table({"clause_id": [f"c{n // 400}" for n in range(1000)], "activity_id": list(range(1000)), "cost": [None, 1] * 500})


def written(folder: Path, sizes: Sequence[int]) -> bytes:
    """The file of 1,000 acts that come in batches of these sizes, over and over."""
    batches: list[pa.RecordBatch] = []
    at = 0
    while at < COLUMNS.num_rows:
        size = sizes[len(batches) % len(sizes)]
        batches += COLUMNS.slice(at, size).to_batches()
        at += size
    reader = pa.RecordBatchReader.from_batches(COLUMNS.schema, batches)
    relation: Any = SimpleNamespace(to_arrow_reader=lambda _: reader)
    session: Any = SimpleNamespace(connection=SimpleNamespace(sql=lambda *_, **__: relation))
    none: Any = None
    with patch.object(care, "BATCH", 300):
        Care(session, {}, (), none).write_acts("one", folder / "acts.parquet")
    return (folder / "acts.parquet").read_bytes()


@pytest.mark.parametrize("sizes", [[1], [299, 2], [300], [301], [1000], [7, 600]])
def test_the_file_of_acts_does_not_depend_on_batches(tmp_path: Path, sizes: list[int]) -> None:
    assert written(tmp_path, sizes) == written(tmp_path, [128])
