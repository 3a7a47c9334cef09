"""A model of need on invented rows: made by the engine out of row numbers, fitted and scored as any other."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from accord.bench import invent
from accord.engine.duck import literal, parquet
from accord.population.need.fitting import fit_rows
from accord.population.need.preparing import Predictor, RowFiles
from accord.population.need.scoring import score

YEAR = date(2025, 4, 1)
N_AGE_SEX, N_DIAGNOSIS, N_PRACTICE = 38, 122, 40
"""Together 200 columns."""

_CODES = 6
"""Diagnosis groups a person has at most; each is there twice in five times."""

_PEOPLE = """select date '2025-04-01' as year_date, cast(i as bigint) as person_id, 'P' || cast(hash(i + 2) % 40 as varchar) as organisation_id,
  '65-69' as age_band, 'female' as sex, cast(1 + hash(i + 3) % 10 as integer) as deprivation_decile, 'A' as ethnicity,
  hash(i + 4) % 2 = 0 as is_training, false as is_apart,
  24 as n_history_month, cast(1 + hash(i + 5) % 12 as integer) as n_month, cast(0 as decimal(18, 2)) as past_counted_cost,
  cast(hash(i + 6) % 900000 as decimal(18, 2)) / 100 as cost, cast(hash(i + 6) % 900000 as decimal(18, 2)) / 100 as counted_cost,
  0 as n_emergency_admission, 0 as n_past_emergency_admission
from range({n}) r(i) order by person_id"""

_CELLS = """select distinct date '2025-04-01' as year_date, cast(i as bigint) as person_id, cast(c as integer) as column_number,
  1000 as value_per_1000
from (
  select i, hash(i) % 38 as c from range({n}) r(i)
  union all select i, 160 + hash(i + 2) % 40 as c from range({n}) r(i)
  union all select i, 38 + hash(i * 7 + k) % 122 as c from range({n}) r(i), range({codes}) s(k) where hash(i * 11 + k) % 5 < 2)
order by person_id, column_number"""


def _files(asked: dict[str, Any]) -> RowFiles:
    folder = Path(asked["scratch"])
    kinds = ["age_sex"] * N_AGE_SEX + ["diagnosis_group"] * N_DIAGNOSIS + ["organisation"] * N_PRACTICE
    return RowFiles(folder / "people.parquet", folder / "cells.parquet", tuple(Predictor(kind, str(n), (), 0, 0) for n, kind in enumerate(kinds)))


def fitted(asked: dict[str, Any], memory: str, tell: Callable[[str], None]) -> dict[str, Any]:
    """The rows, which do not count, then one pass that adds up and solves, and one that scores everybody."""
    files = _files(asked)
    with invent.engine(memory, asked["threads"], Path(asked["scratch"])) as made:
        for sql, to in ((_PEOPLE, files.people), (_CELLS, files.cells)):
            made.execute(f"copy ({sql.format(n=asked['n'], codes=_CODES)}) to {literal(str(to))} (format parquet, compression zstd)")
        (n_cell,), *_ = made.execute(f"select count(*) from {parquet([files.cells])}").fetchall()
    tell("fit")
    began = time.perf_counter()
    found = fit_rows(files, YEAR)
    solved = time.perf_counter()
    tell("score")
    score(files, found, YEAR)
    ended = time.perf_counter()
    totals = [("fit: sums and coefficients", solved - began), ("score everybody", ended - solved), ("fit and score", ended - began)]
    return {"totals": totals, "steps": [("cells", 0.0, n_cell)], "of": {}}


def scan(asked: dict[str, Any], memory: str) -> float:
    """Every cell added and every person counted, once."""
    with invent.engine(memory, asked["threads"], Path(asked["scratch"])) as made:
        began = time.perf_counter()
        made.execute(f"select sum(value_per_1000), count(distinct person_id) from {parquet([_files(asked).cells])}").fetchall()
        return time.perf_counter() - began
