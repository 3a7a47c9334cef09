"""The distribution of a year's cost at several sizes: by Fourier transform, and by direct resampling as its baseline."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accord.stats.compound import law_of, people

SIZES = (5_000, 20_000, 50_000, 100_000, 200_000, 500_000)
N_HISTORY = 100_000


def invented_costs() -> NDArray[np.float64]:
    """The yearly costs of so many people: most cost little, a few very much. Always the same."""
    costs: NDArray[np.float64] = np.random.default_rng(1).lognormal(0.0, 1.5, N_HISTORY)
    return costs


def drawn_directly(n_draw: int) -> float:
    """How many seconds it takes to draw so many years at each size, person by person."""
    costs, rng = invented_costs(), np.random.default_rng(2)
    began = time.perf_counter()
    for n in SIZES:
        people(costs, n).drawn(n_draw, rng)
    return time.perf_counter() - began


def transformed() -> dict[str, Any]:
    """What a worker answers: the seconds of each size, and of all."""
    costs, steps = invented_costs(), []
    for n in SIZES:
        began = time.perf_counter()
        law_of(people(costs, n)).quantile(0.95)
        steps.append((f"{n:,} people", time.perf_counter() - began, None))
    return {"of": {}, "totals": [("every size by Fourier transform", sum(seconds for _, seconds, _ in steps))], "steps": steps}
