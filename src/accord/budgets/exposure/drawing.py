"""The picture of an exposure: how the cost may come out against the budget, layer upon layer, and how the chance of a miss falls with size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accord.budgets.exposure.assess import Exposure
from accord.budgets.exposure.layers import Layer
from accord.errors import UserError

N_POINT = 240
WIDTH, HEIGHT = 380, 260
FROM, TO = 1e-4, 1 - 1e-4
"""The chances between which the picture shows the cost."""


def draw(exposure: Exposure) -> str:
    """The picture as SVG. Raises UserError where the packages that draw are not installed."""
    try:
        import altair
        import vl_convert
    except ImportError:
        mend = "pip install -r requirements-analysis.txt, or add --no-picture"
        raise UserError("the packages that draw are not installed", where="accord risk", what_to_do=mend) from None
    spec = (_densities(altair, exposure) | _chances(altair, exposure)).properties(title=exposure.question.title).to_json()
    return str(vl_convert.vegalite_to_svg(spec))


def _densities(altair: Any, exposure: Exposure) -> Any:
    cost = altair.X("cost:Q", title="cost as part of the budget", axis=altair.Axis(format="%"), scale=altair.Scale(zero=False))
    lines = altair.Chart(altair.Data(values=list(_density_points(exposure)))).mark_line().encode(
        x=cost, y=altair.Y("density:Q", title="how likely", axis=altair.Axis(labels=False, ticks=False)), color=_layers(altair),
    )  # fmt: skip
    budget = altair.Chart(altair.Data(values=[{"cost": 1.0}])).mark_rule(strokeDash=[4, 4]).encode(x="cost:Q")
    return (lines + budget).properties(width=WIDTH, height=HEIGHT)


def _density_points(exposure: Exposure) -> Iterator[dict[str, Any]]:
    question = exposure.question
    low, high = min(law.quantile(FROM) for law in exposure.laws.values()), max(law.quantile(TO) for law in exposure.laws.values())
    step = (high - low) / N_POINT
    for layer, law in exposure.laws.items():
        heights = [law.beyond(low + n * step) - law.beyond(low + (n + 1) * step) for n in range(N_POINT)]
        for n, height in enumerate(heights):
            ratio = (1 + low + (n + 0.5) * step) * question.expected / question.budget
            yield {"cost": ratio, "density": height / max(heights), "layers up to": str(layer)}


def _chances(altair: Any, exposure: Exposure) -> Any:
    points = [
        {"people": row.n_people, "chance": chance, "layers up to": str(row.layer), "missed by over": f"{part:.4%}".rstrip("0%").rstrip(".") + " %"}
        for row in exposure.rows for part, chance in zip(exposure.question.miss, row.missing, strict=True)
    ]  # fmt: skip
    sizes = sorted({row.n_people for row in exposure.rows})
    people = altair.X("people:Q", scale=altair.Scale(type="log", nice=False), axis=altair.Axis(values=sizes, format=","))
    dash = altair.StrokeDash("missed by over:N", sort=None, legend=altair.Legend(symbolType="stroke"))
    chance = altair.Y("chance:Q", title="chance of a miss", axis=altair.Axis(format="%"))
    lines = altair.Chart(altair.Data(values=points)).mark_line(point=True).encode(x=people, y=chance, color=_layers(altair), strokeDash=dash)
    return lines.properties(width=WIDTH, height=HEIGHT)


def _layers(altair: Any) -> Any:
    return altair.Color("layers up to:N", sort=[str(layer) for layer in Layer])
