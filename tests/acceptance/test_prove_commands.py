"""`accord prove mssp` from outside: several files, a miss that nothing explains, and a mistake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

HEADER = "ACO_ID,ACO_Name,Current_Track,N_AB,MinSavPerc,QualScore,Met_QPS,ABtotBnchmk,ABtotExp,DisAdj,EarnSaveLoss\n"
GOOD = HEADER + "M1,[red]Marlow,EN,20000,1.00%,82.50%,1,200000000,192000000,0,5880000\n"


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_each_year_of_each_file_has_its_count(accord: Callable[..., Any], tmp_path: Path) -> None:
    files = [written(tmp_path, f"py{year}.csv", GOOD) for year in (2023, 2024)]
    ended = accord("prove", "mssp", *files)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.count("reproduced 1 of 1") == 2
    assert "ABtotBnchmk (benchmark, to 1)" in ended.out
    assert "MinSavPerc (minimum savings rate, to 0.01 %, in percent)" in ended.out


def test_a_miss_that_nothing_explains_is_found(accord: Callable[..., Any], tmp_path: Path) -> None:
    ended = accord("prove", "mssp", written(tmp_path, "py2024.csv", GOOD.replace("5880000", "5870123")))
    assert ended.code == 1
    assert "reproduced 0 of 1" in ended.out
    assert "1 miss: unexplained\n    M1 [red]Marlow (row 1): published 5,870,123.00, settled 5,880,000.00" in ended.out


def test_the_year_is_asked_for_where_the_file_does_not_say_it(accord: Callable[..., Any], tmp_path: Path) -> None:
    file = written(tmp_path, "copy.csv", GOOD)
    ended = accord("prove", "mssp", file)
    assert (ended.code, ended.out) == (2, "")
    assert "add --year" in ended.err
    assert "reproduced 1 of 1" in accord("prove", "mssp", file, "--year", "2024").out
