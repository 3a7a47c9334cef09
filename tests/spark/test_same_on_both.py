"""A run on DuckDB and the same run again on Spark, in this process: every table has the same content hash. The demo: test_clusters."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from spec_engines import MASTER, started

import accord
from accord.pipeline import Resources
from accord.tables import PUBLISHED

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "desynpuf"
ON_SPARK = Resources(spark=MASTER)


def test_desynpuf_has_the_same_content_on_both(tmp_path: Path) -> None:
    files = sorted(DATA.glob("DE1_0_*Sample_1.csv.gz")) if DATA.is_dir() else []
    if len(files) != 4:
        pytest.skip("the four files of DE-SynPUF's first sample (../shared/data beside the repository) are not here")
    place = tmp_path / "desynpuf"
    shutil.copytree(ROOT / "examples" / "desynpuf", place, ignore=shutil.ignore_patterns("landed", "runs", "restricted", "receipts*"))
    for file in files:
        shutil.copyfile(file, place / "sources" / file.name)
    started()
    opened = accord.open(place)
    made = opened.run()
    assert made.manifest.tables["activity"].n_row > 5_000
    same = opened.replay(made.run_id, resources=ON_SPARK)
    assert set(same) == set(PUBLISHED)
    assert [name for name, is_same in same.items() if not is_same] == []
