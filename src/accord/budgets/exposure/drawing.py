"""The picture of an exposure: how the cost may come out against the budget, layer upon layer, and how the chance of a miss falls with size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from accord.budgets.exposure.assess import Exposure
from accord.budgets.exposure.layers import Layer
from accord.errors import UserError

N_POINT = 240
WIDTH, HEIGHT = 380, 260
HUES = ("#1f3b73", "#f28e2b", "#e15759", "#76b7b2")
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
    both = (_densities(altair, exposure) | _chances(altair, exposure)).resolve_scale(color="independent", strokeDash="independent")
    return str(vl_convert.vegalite_to_svg(both.properties(title=exposure.question.title).to_json()))


def _densities(altair: Any, exposure: Exposure) -> Any:
    """Later layers are drawn wider and first, so that a layer that adds nothing does not hide the one before it."""
    axis = altair.Axis(format="%")
    cost = altair.X("cost:Q", title="cost of the year as part of the budget", axis=axis, scale=altair.Scale(zero=False, nice=False))
    layers = [str(layer) for layer in Layer]
    width = altair.StrokeWidth("layers up to:N", sort=layers, scale=altair.Scale(domain=layers, range=[1.5, 3.0, 5.0, 8.0]), legend=None)
    hues = altair.Color("layers up to:N", sort=layers, scale=altair.Scale(domain=layers, range=list(HUES)), title="layers up to")
    likely = altair.Y("density:Q", title="how likely", axis=altair.Axis(labels=False, ticks=False, grid=False))
    charts = [
        altair.Chart(altair.Data(values=[point for point in _density_points(exposure) if point["layers up to"] == layer])).mark_line()
        .encode(x=cost, y=likely, color=hues, strokeWidth=width)
        for layer in reversed(layers)
    ]  # fmt: skip
    at = {"budget": 1.0, "expected": exposure.question.expected / exposure.question.budget}
    title = "What the year may cost, layer upon layer"
    return altair.layer(*charts, *_marks(altair, at)).properties(width=WIDTH, height=HEIGHT, title=title)


def _marks(altair: Any, at: Mapping[str, float]) -> Iterator[Any]:
    """A line at each cost that has a name, the names on the outer sides of the lines."""
    for what, cost in at.items():
        is_left = cost < max(at.values()) or (what == "budget" and len(set(at.values())) == 1)
        mark = altair.Chart(altair.Data(values=[{"cost": cost, "what": what}]))
        yield mark.mark_rule(strokeDash=[4, 4]).encode(x="cost:Q")
        align = "right" if is_left else "left"
        yield mark.mark_text(align=align, dx=-3 if is_left else 3).encode(x="cost:Q", y=altair.value(HEIGHT - 8), text="what:N")


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
    """The first layer alone and all four: what between them is seen beside it."""
    miss = {part: f"{part:.4%}".rstrip("0%").rstrip(".") + "%" for part in exposure.question.miss}
    shown = {Layer.process: "luck alone", Layer.scope: "all four layers"}
    points = [
        {"people": row.n_people, "chance": chance, "counting": shown[row.layer], "more than": miss[part]}
        for row in exposure.rows if row.layer in shown for part, chance in zip(exposure.question.miss, row.missing, strict=True)
    ]  # fmt: skip
    sizes = sorted({row.n_people for row in exposure.rows})
    people = altair.X("people:Q", scale=altair.Scale(type="log", nice=False), axis=altair.Axis(values=sizes, format=",", labelAngle=-30))
    dash = altair.StrokeDash(
        "counting:N", scale=altair.Scale(domain=list(shown.values()), range=[[3, 3], [1, 0]]), legend=altair.Legend(symbolType="stroke")
    )
    hues = altair.Color("more than:N", sort=list(miss.values()), title="lost, of the budget, more than")
    chance = altair.Y("chance:Q", title="chance", axis=altair.Axis(format="%"))
    lines = altair.Chart(altair.Data(values=points)).mark_line().encode(x=people, y=chance, color=hues, strokeDash=dash)
    return lines.properties(width=WIDTH, height=HEIGHT, title="How likely so much is lost, by number of people")
