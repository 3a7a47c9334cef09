"""How the amounts of a month of care come in: chain ladder, its error, and Bornhuetter-Ferguson, by the library `chainladder`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import isnan
from typing import Any

from accord.errors import UserError
from accord.settlement.position.totals import each_month

FEWEST_MONTHS = 3
"""Of care: the least in which one age has been followed by the next twice, so that a spread can be seen."""

INSTALL = "pip install -r requirements-runoff.txt, or pip install 'accord[runoff]'"
_SAME = 1e-9


@dataclass(frozen=True)
class RunOff:
    """By month of care. complete: the part that is known by now. ladder: the whole by what is known. with_plan: known, and the plan for the rest.

    error: the standard error of all of `ladder` together (Mack, 1993); None where too little was seen for one.
    """

    complete: Mapping[date, float]
    ladder: Mapping[date, float]
    with_plan: Mapping[date, float]
    error: float | None


def run_off(told: Mapping[tuple[date, date], Decimal], plans: Mapping[date, Decimal]) -> RunOff | None:
    """The pattern in which a line's amounts come in, and what it makes of each month. None if fewer than three months have come, all
    of them became known in one month, or amounts change their sign as they come in.

    told: amounts by month of care and month known. The oldest month is taken to be whole. Raises UserError if the library is not installed.
    """
    came = sorted({month for month, _ in told})
    if len(came) < FEWEST_MONTHS or len({known for _, known in told}) == 1:
        return None
    months = list(each_month(came[0], max(known for _, known in told)))
    cl, pandas, numpy = _library()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an age at which nothing has come yet divides by nothing, and is taken for whole
        triangle = _triangle(cl, pandas, told, months)
        developed = cl.Development(average="volume", sigma_interpolation="mack").fit(triangle)
        ladder = cl.MackChainladder().fit(developed.transform(triangle))
        weight = triangle.latest_diagonal
        weight.values = numpy.array([float(plans.get(month, 0)) for month in months]).reshape(weight.shape)
        with_plan = cl.BornhuetterFerguson(apriori=1.0).fit(developed.transform(triangle), sample_weight=weight)
        error = _error(ladder, triangle)
    factors = [*map(float, developed.cdf_.values.ravel()), 1.0]
    if not all(factor > 0 for factor in factors):
        return None
    return RunOff(
        {month: 1 / factor for month, factor in zip(reversed(months), factors, strict=True)},
        _by_month(months, ladder), _by_month(months, with_plan), error,
    )  # fmt: skip


def _library() -> tuple[Any, Any, Any]:
    """Imported here: it takes one and a half seconds, and most commands have no need of it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import chainladder
            import numpy
            import pandas
    except ImportError as error:
        what = f"care that is not known yet is estimated by the library chainladder, which is not installed ({error})"
        raise UserError(what, where="accord position", what_to_do=INSTALL) from None
    return chainladder, pandas, numpy


def _triangle(cl: Any, pandas: Any, told: Mapping[tuple[date, date], Decimal], months: Sequence[date]) -> Any:
    """Amounts that have come by month of care and age. Each month stands there with 0 at least, so that no gap is taken for a longer step."""
    rows = [(month, known, float(amount)) for (month, known), amount in told.items()] + [(month, month, 0.0) for month in months]
    frame = pandas.DataFrame(rows, columns=["month", "known", "amount"])
    for name in ("month", "known"):
        frame[name] = pandas.to_datetime(frame[name])
    return cl.Triangle(frame, origin="month", development="known", columns="amount", cumulative=False).incr_to_cum()


def _by_month(months: Sequence[date], method: Any) -> dict[date, float]:
    return {month: float(whole) for month, whole in zip(months, method.ultimate_.values.ravel(), strict=True) if not isnan(whole)}


def _error(ladder: Any, triangle: Any) -> float | None:
    """Mack's error of the total. The library has none where every month came in alike, and then it is 0; or where too little was seen."""
    error = float(ladder.total_mack_std_err_.values.ravel()[0])
    if not isnan(error):
        return error
    ratios = triangle.link_ratio.values[0, 0]
    seen = [[ratio for ratio in column if not isnan(ratio)] for column in ratios.T]
    return 0.0 if all(max(column) - min(column) <= _SAME for column in seen if column) else None
