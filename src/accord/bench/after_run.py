"""What is worked out of a published run: what people need, and figures of budgets."""

from __future__ import annotations

from collections.abc import Callable

from accord.budgets import counting
from accord.budgets.budget_file import Benchmark, read_ruled
from accord.engine import Session
from accord.engine.over_run import over_run
from accord.place import Place, Run, hold
from accord.population import need
from accord.population.need.fitting import fit_rows
from accord.population.need.judging import judge
from accord.population.need.model_file import read_need_model
from accord.population.need.preparing import READ, frame_of, prepare
from accord.population.need.scoring import score
from accord.population.need.supply import read_supply
from accord.tables.conditions import CONDITION

MODEL = "bench"
_BENCHMARK = """title    = "Benchmark of everybody"
source   = "accord bench"
kind     = "benchmark"
period   = { from = 2025-04-01, to = 2026-04-01 }
holder   = "RAC"
figures  = "everybody.csv"
years    = [2022, 2023]
weights  = [0.40, 0.60]
settled  = 2024
risk_cap = { rate = 0.03, over = "all_types" }
truncated_at = { rule = "us_mssp/truncation_percentile" }

[[type]]
id          = "young"
below_years = 65

[[type]]
id         = "old"
from_years = 65
"""

Stage = Callable[[str], None]


def worked_out(place: Place, run: Run, memory: str, threads: int, stage: Stage) -> None:
    """A model of need, fitted, judged and scored; then the figures of a benchmark. stage: told of each part as it begins."""
    with hold(place, "bench"):
        stage("what is known of people's need")
        with over_run(place, run, (*READ, CONDITION.name), memory_limit=memory, threads=threads) as session:
            _needs(place, session, stage)
        stage("figures of budgets")
        with over_run(place, run, counting.READ, memory_limit=memory, threads=threads) as session:
            file = place.root / "everybody.toml"
            file.write_text(_BENCHMARK, encoding="utf-8")
            written = read_ruled(file, run.manifest.known_at.date())
            assert isinstance(written, Benchmark)
            counting.benchmark_figures(session, place, file, written)


def _needs(place: Place, session: Session, stage: Stage) -> None:
    need.new_need_model(place, MODEL)
    model = read_need_model(place, MODEL)
    made = prepare(session, model, read_supply(None), frame_of(place, model, None))
    stage("a model of need fitted, judged, and everybody scored")
    fitted = fit_rows(made.files, made.frame.fitted)
    judge(fitted, score(made.files, fitted, made.frame.fitted))
    score(made.files, fitted, made.frame.coming)
