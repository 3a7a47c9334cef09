"""Faults of whole files: one with a broken row, one that breaks off. Accord refuses such a file whole."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa

from accord.simulate.dirt import share_of
from accord.simulate.draws import generator
from accord.simulate.model import MODEL
from accord.simulate.options import Options

_FILES = 2**31 + 3
"""The block that stands for chance of the files."""


class _Kept(Protocol):
    def files(self, kinds: list[str]) -> list[tuple[int, str]]: ...
    def faults(self, kind: list[str], file_number: object, record_number: object, was: pa.Array) -> None: ...


def break_files(sources: Path, kept: _Kept, options: Options) -> None:
    """Break so many of the files that may be broken, at least one of each kind if there is to be any; no file twice."""
    rng = generator(options.seed, _FILES, "whole files")
    taken: set[int] = set()
    for kind in ("broken_row", "truncated_file"):
        share = share_of(options, kind)
        free = [one for one in kept.files(MODEL["fault"][kind]["kinds"]) if one[0] not in taken]
        if not share or not free:
            continue
        for at in rng.permutation(len(free))[: max(1, round(share * len(free)))]:
            number, name = free[at]
            _break(sources / name, kind, rng)
            taken.add(number)
            kept.faults([kind], np.array([number]), np.array([0]), pa.nulls(1, pa.string()))


def _break(path: Path, kind: str, rng: np.random.Generator) -> None:
    heading, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    at = int(rng.integers(0, len(lines)))
    if kind == "broken_row":
        lines[at] = lines[at].rpartition(",")[0] + "\n"
        text = "".join(lines)
    else:
        text = "".join(lines)[: -(len(lines[-1]) * 2 // 3)]
    path.write_text(heading + text, encoding="utf-8")
