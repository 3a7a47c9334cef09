"""What must hold of every exposure: more people, pools and stop-losses never make luck worse, and a smaller share never loses more."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.budgets.exposure import Bargain, Histories, Items, Layer, Population, layered
from accord.clauses import cap, risk_corridor, stop_loss
from accord.clauses.terms import Budget, PartOf
from accord.stats.compound import Part, law_of, laws_of, people
from accord.stats.refit import refit
from accord.stats.year_effect import shares_of_variance, year_effect

COSTS = st.lists(st.floats(0, 1e5, allow_nan=False), min_size=2, max_size=30).filter(lambda costs: max(costs) - min(costs) > 1)
PART = st.floats(0.05, 1).map(lambda part: Decimal(str(round(part, 3))))
SIZES = st.integers(50, 300_000)


def population(costs: list[float]) -> Population:
    """These people's costs of one year and one service."""
    array = np.array(costs)[:, None, None]
    found = Histories(array, np.full((len(costs), 1), 12), np.zeros(len(costs), dtype=np.int64), ("care",))
    return Population(found, None, 10_000, year_effect(0.01, 0.5, np.ones(1)), 1)


@settings(max_examples=40)
@given(COSTS, SIZES, st.integers(1, 50))
def test_more_people_have_less_process_variance(costs, n, times):
    one = population(costs)
    assert one.process(n * times).variance <= one.process(n).variance * (1 + 1e-9)


@settings(max_examples=25)
@given(COSTS, st.integers(2_000, 50_000), st.integers(2, 10), st.floats(0.01, 0.2))
def test_pooling_never_raises_the_chance_of_a_miss(costs, n, times, beyond):
    """Of a miss that is far enough out for a large number to be against it: a chance of less than a half."""
    one = population(costs)
    alone, pooled = (layered(one, Items((), 1.0), size)[Layer.shock].beyond(beyond) for size in (n, n * times))
    assert alone > 0.4 or pooled <= alone + 1e-4


@settings(max_examples=60)
@given(COSTS, st.floats(1, 1e5), PART)
def test_a_person_stop_loss_never_raises_variance(costs, point, share):
    found = population(costs).histories
    assert found is not None
    assert found.with_stop_loss(point, float(share)).costs.std() <= found.costs.std() * (1 + 1e-9)


def _clauses(part: Decimal, point: Decimal, most: Decimal) -> list[tuple]:
    corridor = risk_corridor.Terms(kind="risk_corridor", id="r", target=Budget(budget="b"), bands=[{"from": Decimal(0), "share": part}])
    return [
        (), (stop_loss.Terms(kind="stop_loss", id="s", of="b", per="aggregate", above=PartOf(of="b", rate=1 + point), share=part),),
        (corridor,), (corridor, cap.Terms(kind="cap", id="c", of="r", on="payment", most=most * 10_000, least=most * 10_000)),
    ]  # fmt: skip


@given(PART, PART, PART, st.lists(st.floats(0, 30_000), min_size=2, max_size=20))
def test_a_dearer_year_never_leaves_more_and_clauses_never_lose_more_than_the_budget_alone(part, point, most, costs):
    for clauses in _clauses(part, point, most):
        bargain = Bargain(clauses, Decimal(10_000))
        results = [bargain.result(cost, 10_000) for cost in sorted(costs)]
        assert results == sorted(results, reverse=True)
        assert all(result >= 10_000 - cost - 0.01 for result, cost in zip(results, sorted(costs), strict=True) if cost > 10_000)


@given(PART, PART, st.floats(10_000, 30_000))
def test_what_is_lost_rises_with_the_share(part, other, cost):
    small, large = sorted((part, other))
    losses = []
    for share in (small, large):
        clause = risk_corridor.Terms(kind="risk_corridor", id="r", target=Budget(budget="b"), bands=[{"from": Decimal(0), "share": share}])
        losses.append(Bargain((clause,), Decimal(10_000)).loss(cost, 10_000))
    assert losses[0] <= losses[1]


@settings(max_examples=40)
@given(COSTS, SIZES)
def test_a_law_has_the_mean_and_the_spread_of_its_part(costs, n):
    part = people(np.array(costs), n)
    law = law_of(part)
    assert law.mean == pytest.approx(part.mean, rel=1e-6)
    assert law.sd == pytest.approx(part.variance**0.5, rel=0.02)
    assert law.sd / part.variance**0.5 - 1 == pytest.approx(law.rounding, abs=1e-4)


@settings(max_examples=40)
@given(COSTS, SIZES, st.floats(0.001, 0.999))
def test_a_quantile_is_passed_as_often_as_it_says(costs, n, chance):
    law = law_of(people(np.array(costs), n))
    assert law.beyond(law.quantile(chance)) == pytest.approx(1 - chance, abs=1e-6)


@settings(max_examples=25)
@given(COSTS, st.lists(st.floats(-5, 5), min_size=1, max_size=8))
def test_the_order_of_parts_does_not_matter(costs, values):
    parts = [people(np.array(costs) / max(costs), 500), Part(np.array(values), np.full(len(values), 1 / len(values)))]
    one, other = laws_of(parts)[-1], laws_of(parts[::-1])[-1]
    assert one.mean == pytest.approx(other.mean, abs=1e-6)
    assert one.sd == pytest.approx(other.sd, rel=1e-6)


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=6), st.floats(0, 1), st.floats(0.001, 0.2))
def test_a_year_effect_falls_on_services_so_that_the_whole_varies_as_stated(weights, correlation, sd):
    found = year_effect(sd, correlation, np.array(weights) / sum(weights))
    assert found.sd == pytest.approx(sd)
    assert float(shares_of_variance(found.covariance).sum()) == pytest.approx(1)


@given(COSTS, st.data())
def test_groups_never_make_a_budget_less_certain(costs, data):
    groups = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(costs), max_size=len(costs))))
    together = np.zeros(len(costs), dtype=np.int64)
    array = np.array(costs)[:, None]
    assert refit(array, groups).sd <= refit(array, together).sd * (1 + 1e-9)
