"""A run on DuckDB and a run on Spark say the same: every table has the same content hash."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from spec_engines import MASTER, started

import accord
from accord.notebook import OpenRun
from accord.pipeline import Resources
from accord.simulate import copy_small_place
from accord.tables import PUBLISHED

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "desynpuf"
ON_SPARK = Resources(spark=MASTER)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    # A name that Spark would take for a pattern.
    return [copy_small_place(tmp_path_factory.mktemp("demo") / f"wexcombe [{n}] {{a,b}}*?") for n in (1, 2)]


@pytest.fixture(scope="module")
def runs(places: list[Path]) -> list[OpenRun]:
    started()  # the one session of the test run, which a run on the same master uses again
    return [accord.open(places[0]).run(), accord.open(places[1]).run(resources=ON_SPARK)]


def test_the_demo_has_the_same_content_on_both(runs: list[OpenRun]) -> None:
    here, there = ({name: (e.content_hash, e.n_row) for name, e in run.manifest.tables.items()} for run in runs)
    assert set(here) == set(PUBLISHED)
    assert here == there


def test_a_run_on_spark_looks_the_same_to_every_reader(runs: list[OpenRun]) -> None:
    for name, table in PUBLISHED.items():
        here, there = (pq.ParquetFile(run.folder / "tables" / f"{name}.parquet") for run in runs)
        assert [(f.name, f.type) for f in there.schema_arrow] == [(f.name, f.type) for f in here.schema_arrow], name
        keys = [there.read(columns=list(table.order)).to_pylist(), here.read(columns=list(table.order)).to_pylist()]
        assert keys[0] == keys[1], f"{name} is not in its order"
    assert sorted(p.name for p in runs[1].folder.rglob("*")) == sorted(p.name for p in runs[0].folder.rglob("*"))
    assert runs[1].verify() == []


def test_nothing_is_left_behind(places: list[Path], runs: list[OpenRun]) -> None:
    restricted = {p.name for p in (places[1] / "restricted").iterdir()}
    assert restricted == {runs[1].run_id}
    assert not [p for p in places[1].rglob("*") if p.name.startswith((".probe", ".parts", "part-", "_SUCCESS"))]


def test_desynpuf_has_the_same_content_on_both(tmp_path: Path) -> None:
    files = sorted(DATA.glob("DE1_0_*.csv.gz")) if DATA.is_dir() else []
    if len(files) != 16:
        pytest.skip("the sixteen files of DE-SynPUF (../shared/data beside the repository) are not here")
    place = tmp_path / "desynpuf"
    shutil.copytree(ROOT / "examples" / "desynpuf", place, ignore=shutil.ignore_patterns("landed", "runs", "restricted", "receipts*"))
    for file in files:
        shutil.copyfile(file, place / "sources" / file.name)
    started()
    opened = accord.open(place)
    made = opened.run()
    assert made.manifest.tables["activity"].n_row > 20_000
    same = opened.replay(made.run_id, resources=ON_SPARK)
    assert set(same) == set(PUBLISHED)
    assert [name for name, is_same in same.items() if not is_same] == []
