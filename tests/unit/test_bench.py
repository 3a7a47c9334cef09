"""Benchmarks run whole on a handful of records. What they measure is not judged here: no test depends on time."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from accord.bench import Asked, Figures, Limits, Line, asked, bench, print_figures
from accord.bench.invent import TUVA
from accord.errors import UserError
from accord.intake.catalogue import SHIPPED
from accord.intake.layout import Layout
from accord.place.toml import read_model

LIMITS = Limits("1GB", 2)


def _layer(folder: Path) -> Path:
    """A Tuva input layer of three people, made up: every column of the maps, most of them empty."""
    people = {"person_id": "p", "member_id": "m", "gender": "female", "birth_date": "1950-01-31", "payer": "plan"}
    days = {"enrollment_start_date": "2016-01-01", "enrollment_end_date": "2018-12-31"}
    care = {"claim_start_date": "2017-03-01", "claim_line_start_date": "2017-03-01", "dispensing_date": "2017-03-01", "paid_date": "2017-04-01"}
    filled = people | days | care | {"claim_id": "c", "claim_line_number": "1", "claim_type": "professional", "paid_amount": "12.50"}
    folder.mkdir()
    for kind in TUVA:
        layout = read_model(SHIPPED / f"tuva_{kind}.toml", Layout)
        columns = [*layout.read_columns(), *layout.ignored_columns()]
        with (folder / f"{kind}_seed.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(columns)
            rows.writerows([f"{filled.get(c, '')}{n}" if c.endswith("_id") and c in filled else filled.get(c, "") for c in columns] for n in range(3))
    return folder


def _run(kind: str, n: int, limits: Limits) -> tuple[Figures, str]:
    said: list[str] = []
    figures = bench(Asked(kind, n, limits), said.append)
    assert any("of disk needed" in words for words in said)
    shown = io.StringIO()
    print_figures(Console(file=shown, width=120), figures)
    return figures, shown.getvalue()


@pytest.mark.parametrize(
    ("kind", "n", "n_act"),
    [("intake", 2000, None), ("place", 2000, 2009), ("tuva", 10, 24), ("simulate", 60, None), ("risk", 3, None), ("need", 3000, None)],
)
def test_a_tiny_benchmark_prints_its_ratio_and_leaves_nothing(kind: str, n: int, n_act: int | None, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    figures, shown = _run(kind, n, replace(LIMITS, folder=work, files=_layer(tmp_path / "layer")))
    assert re.search(rf"^{kind}: .* times {figures.baseline.label} \([\d.]+ s\)$", shown, re.MULTILINE)
    assert figures.peak_byte > 0
    rows = {line.label: line.n_row for line in figures.lines}
    assert rows.get("activity") == n_act
    assert list(work.iterdir()) == []


def test_a_multiple_is_of_the_baseline_of_the_same_run() -> None:
    figures = Figures("place", "", "", Line("one scan", 2.0), (), (), 0)
    assert figures.multiple(Line("sort", 5.0)) == 2.5


def test_spark_is_measured_on_steps_alone() -> None:
    on_spark = replace(LIMITS, files=Path(), spark="local[2]")
    assert [a.kind for a in asked("all", 100, 10, on_spark)] == ["place"]
    with pytest.raises(UserError, match="'intake' measures how files are landed"):
        asked("intake", 100, None, on_spark)


def test_all_leaves_out_what_it_has_no_files_for() -> None:
    assert [a.kind for a in asked("all", 100, None, LIMITS)] == ["intake", "place", "simulate", "risk", "need"]
    assert [(a.kind, a.n) for a in asked("all", 100, 10, replace(LIMITS, files=Path()), 3)] == [
        ("intake", 100), ("tuva", 10), ("place", 100), ("simulate", 10), ("risk", 3), ("need", 10),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "n", "limits", "words"),
    [
        ("intake", 100, Limits("much", 2), "'much' is no amount of memory"),
        ("tuva", 10, LIMITS, "the Tuva input layer is not part of Accord"),
        ("tuva", 10, Limits("1GB", 2, Path("/nowhere")), "there is no eligibility"),
        ("intake", 10**15, LIMITS, "of disk are needed"),
    ],
)
def test_what_cannot_be_measured_is_said(kind: str, n: int, limits: Limits, words: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=words):
        bench(Asked(kind, n, replace(limits, folder=tmp_path)), lambda _: None)
    assert list(tmp_path.iterdir()) == []
