"""Exposure: the transform against direct resampling, what a contract makes of a cost, and what can be borne."""

from __future__ import annotations

import doctest
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from accord.budgets.exposure import Asked, Bargain, Histories, Layer, RiskFile, Terms, assess, layered, question_of
from accord.budgets.exposure.assess import bearable, cost_beyond
from accord.clauses import cap, pool, risk_corridor, shared_savings, stop_loss
from accord.clauses.terms import Budget, PartOf
from accord.errors import UserError
from accord.stats.compound import bell, law_of, laws_of, people, triangle
from accord.stats.refit import Floats, refit
from accord.stats.year_effect import estimated_year_effect, year_effect

N_DRAW = 10_000
DAY = date(2025, 4, 1)


def histories(n: int = 4_000, n_year: int = 2, seed: int = 1) -> Histories:
    """Invented people: two services, whose cost goes with the person's frailty in every year."""
    rng = np.random.default_rng(seed)
    frailty = rng.lognormal(0, 1.2, n)
    costs = np.stack([rng.gamma(0.3, frailty[:, None] * scale, (n, n_year)) for scale in (900.0, 300.0)], axis=2)
    return Histories(costs, np.full((n, n_year), 12), rng.integers(0, 8, n), ("hospital", "community"))


def question(changed: dict | None = None, terms: Terms | None = None, of: Histories | None = None):
    written = {
        "title": "T", "sizes": [5_000], "miss": [Decimal("0.01"), Decimal("0.05")], "accepted": Decimal("0.05"), "reserve": Decimal(100_000),
        "people": 20_000, "year_effect": {"sd": Decimal("0.01"), "correlation": Decimal("0.5"), "reference": "made up for a test"},
    }  # fmt: skip
    risk = RiskFile.model_validate(written | (changed or {}))
    return question_of(Asked(risk, Path("risk.toml"), DAY, DAY, terms or Terms()), of or histories())


@pytest.mark.parametrize(
    "module", ["stats.compound", "stats.refit", "stats.year_effect", "budgets.exposure.histories", "budgets.exposure.layers"]
)
def test_examples_in_the_code_are_true(module):
    assert doctest.testmod(import_module(f"accord.{module}")).failed == 0


def near(found: float, drawn: np.ndarray, beyond: float) -> None:
    """A chance worked out is that of the draws, within four standard errors."""
    chance = float((drawn > beyond).mean())
    assert found == pytest.approx(chance, abs=4 * (max(found, 1 / N_DRAW) / N_DRAW) ** 0.5), beyond


def test_the_transform_matches_direct_resampling_at_20_000_people():
    part = people(histories().windows(1).sum(axis=1), 20_000)
    law, drawn = law_of(part), part.drawn(N_DRAW, np.random.default_rng(2))
    assert law.mean == pytest.approx(part.mean, rel=1e-9)
    assert law.sd == pytest.approx(part.variance**0.5, rel=1e-3)
    assert law.rounding < 1e-3
    for factor in (0.97, 0.99, 1.0, 1.01, 1.02, 1.05):
        near(law.beyond(factor * part.mean), drawn, factor * part.mean)


def test_four_layers_match_direct_resampling_at_20_000_people_where_each_multiplies_the_others():
    """The draws let the year and the model change what luck made; the transform adds them up. The difference is not to be seen."""
    changed = {"open": [{"id": "o", "about": "a thing", "low": 0, "likely": 40_000, "high": 90_000, "chance": Decimal("0.5")}]}
    asked = question(changed)
    laws, rng = layered(asked.population, asked.items, 20_000), np.random.default_rng(3)
    process = asked.population.process(20_000).drawn(N_DRAW, rng)
    parameter = rng.normal(0, asked.population.parameter_covariance.sum() ** 0.5, N_DRAW)
    shock = rng.normal(0, asked.population.shock_covariance.sum() ** 0.5, N_DRAW)
    (item,) = asked.items.parts()
    drawn = {
        Layer.process: process, Layer.parameter: (1 + process) * (1 + parameter) - 1,
        Layer.shock: (1 + process) * (1 + parameter) * (1 + shock) - 1,
    }  # fmt: skip
    drawn[Layer.scope] = drawn[Layer.shock] + item.drawn(N_DRAW, rng)
    for layer, law in laws.items():
        for beyond in (-0.05, -0.02, 0.0, 0.02, 0.05, 0.10):
            near(law.beyond(beyond), drawn[layer], beyond)


def test_the_parameter_layer_is_that_of_a_model_fitted_again():
    found = histories()
    costs = found.costs.mean(axis=1)
    again = refitted(costs.sum(axis=1), found.groups, 2_000, np.random.default_rng(4))
    assert refit(costs, found.groups).sd == pytest.approx(again.std(), rel=4 / 4_000**0.5)


def test_a_year_effect_is_found_again_in_many_years():
    weights, true = np.array([0.7, 0.3]), year_effect(0.03, 0.4, np.array([0.7, 0.3])).covariance
    rng = np.random.default_rng(5)
    years = 1_000 * (weights * (1 + 0.02 * np.arange(200)[:, None]) + rng.multivariate_normal(np.zeros(2), true, 200) * 3)
    luck = np.zeros((2, 2))
    found = estimated_year_effect(years, luck, 0.95)
    assert found.sd * years.sum(axis=1).mean() / 3_000 == pytest.approx(0.03, rel=0.2)
    assert found.covariance[0, 1] > 0


def test_luck_is_no_year_effect():
    rng = np.random.default_rng(6)
    years = 100 + rng.normal(0, 1, (400, 1))
    assert estimated_year_effect(years, np.array([[1.0]]), 0.95).sd < 0.005
    assert estimated_year_effect(years, np.array([[4.0]]), 0.95).sd == 0


def test_layers_only_add():
    laws = list(layered(question().population, question().items, 20_000).values())
    assert [law.sd for law in laws] == sorted(law.sd for law in laws)


def test_what_is_open_at_its_whole_value_moves_the_law():
    asked = question(terms=Terms(open=(("vat", "VAT", Decimal(200_000)), ("x", "unknown", None))))
    laws = layered(asked.population, asked.items, 20_000)
    assert laws[Layer.scope].mean - laws[Layer.shock].mean == pytest.approx(200_000 / asked.expected, rel=1e-6)
    assert asked.unvalued == ("unknown",)


def test_what_the_file_says_of_an_item_goes_before_the_register():
    changed = {"open": [{"id": "vat", "about": "VAT, perhaps", "low": 0, "likely": 0, "high": 10}]}
    asked = question(changed, Terms(open=(("vat", "VAT", Decimal(200_000)),)))
    assert [item.about for item in asked.items.items] == ["VAT, perhaps"]


def test_shares_of_variance_add_up():
    told = assess(question(), lambda _: None)
    assert sum(told.by_layer.values()) == pytest.approx(1)
    assert sum(told.by_service.values()) == pytest.approx(1)
    assert list(told.by_service) == ["hospital", "community"]


def test_variance_by_service_is_that_of_the_law():
    asked = question()
    population = asked.population
    whole = population.process_covariance(20_000).sum() + population.parameter_covariance.sum() + population.shock_covariance.sum()
    assert layered(population, asked.items, 20_000)[Layer.shock].sd == pytest.approx(whole**0.5, rel=1e-3)


STOP_LOSS = {"kind": "stop_loss", "id": "s", "of": "b"}
HALF = risk_corridor.Terms(kind="risk_corridor", id="r", target=Budget(budget="b"), bands=[{"from": Decimal(0), "share": Decimal("0.5")}])


def test_a_person_stop_loss_is_the_clauses_own():
    """What each person's year leaves with the holder is what the clause's kernel says, to the penny."""
    terms = stop_loss.Terms(**STOP_LOSS, per="person", above=Decimal(2_000), share=Decimal("0.80"))
    costs = tuple(Decimal(int(each)) for each in histories(200).costs.sum(axis=2)[:, 0])
    relieved = float(stop_loss.settle(terms, stop_loss.Facts(costs)).result)
    found = Histories(np.array([[[float(cost)]] for cost in costs]), np.full((200, 1), 12), np.zeros(200, dtype=int), ("a",))
    assert found.costs.sum() - found.with_stop_loss(2_000, 0.8).costs.sum() == pytest.approx(relieved)
    assert relieved > 0


GAIN = shared_savings.Terms(kind="shared_savings", id="g", benchmark=Budget(budget="b"), minimum=Decimal("0.02"), share=Decimal("0.5"))
FIVE_PERCENT = PartOf(of="b", rate=Decimal("1.05"))
PAID_IN = [{"id": "A", "amount": Decimal(700)}, {"id": "B", "amount": Decimal(300)}]


@pytest.mark.parametrize(
    ("clauses", "cost", "result"),
    [
        ((), 1_200, -200.0),
        ((stop_loss.Terms(**STOP_LOSS, per="aggregate", above=FIVE_PERCENT, share=Decimal(1)),), 1_200, -50.0),
        ((HALF,), 1_200, -100.0),
        ((HALF, cap.Terms(kind="cap", id="c", of="r", on="payment", most=Decimal(500), least=Decimal(60))), 1_200, -60.0),
        ((stop_loss.Terms(**STOP_LOSS, per="aggregate", above=Decimal(1_100), share=Decimal(1)), HALF), 1_200, -50.0),
        ((GAIN,), 1_200, 0),
        ((GAIN,), 900, 50),
        ((pool.Terms(kind="pool", id="p", members=["A", "B"], contributions=PAID_IN, gain={"by": "equal"}, loss={"by": "budget"}),), 1_200, -140.0),
    ],
)
def test_what_a_contract_leaves_with_the_holder(clauses, cost, result):
    assert Bargain(clauses, Decimal(1_000), holder="A").result(cost, 10_000) == pytest.approx(result)


def test_the_cost_from_which_on_so_much_is_lost():
    bargain = Bargain((HALF,), Decimal(1_000))
    assert bargain.first_cost_beyond(100, 10_000, (0, 20_000)) == pytest.approx(1_200, abs=0.02)
    assert bargain.first_cost_beyond(-100, 10_000, (0, 20_000)) == pytest.approx(800, abs=0.02)


def test_a_share_a_cap_or_a_reserve_as_found_is_acceptable_and_a_little_more_is_not():
    asked = question({"budget": Decimal(9_000_000), "expected": Decimal(9_000_000)})
    found = assess(asked, lambda _: None).bearable
    law = layered(asked.population, asked.items, 20_000)[Layer.scope]

    def chance(share: float, reserve: float) -> float:
        return law.beyond(cost_beyond(asked, reserve / share, 20_000))

    assert found.chance > 0.05
    assert chance(found.share * 0.99, 100_000) < 0.05 < chance(found.share * 1.01, 100_000)
    assert chance(1, found.reserve) == pytest.approx(0.05, rel=1e-3)
    assert found.cap == pytest.approx(100_000 / 9_000_000)


def test_the_number_of_people_found_is_the_fewest():
    asked = question({"reserve": Decimal(800_000), "fitted_on": 1_000_000})
    found = bearable(asked, layered(asked.population, asked.items, 20_000)[Layer.scope])
    assert found.people is not None

    def over(n: int) -> float:
        return layered(asked.population, asked.items, n)[Layer.scope].beyond(cost_beyond(asked, 800_000, n))

    assert over(found.people) <= 0.05 < over(round(found.people * 0.99))


def test_no_number_of_people_helps_against_what_is_no_luck():
    assert assess(question({"reserve": Decimal(1_000)}), lambda _: None).bearable.people is None


def test_averaging_years_narrows_luck_less_than_if_people_were_new_each_year():
    one, two = (question({"years_averaged": n}).population.process(20_000).variance for n in (1, 2))
    assert one / 2 < two < one


def test_a_pool_is_of_everybody_in_it():
    told = assess(question({"pooled_with": [30_000]}), lambda _: None)
    assert sorted({row.n_people for row in told.rows}) == [5_000, 20_000, 50_000]
    assert {row.n_people for row in told.rows if row.is_own} == {50_000}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"years_averaged": 3}, "averages 3 years, and the run holds 2"),
        ({"year_effect": {"estimated": True}}, "the run holds 2 whole years, and a year effect is seen in 3 or more"),
        ({"year_effect": {"rule": "us_mssp/yeareffect"}}, "the rulebook has no rule 'us_mssp/yeareffect'"),
        ({"year_effect": {"rule": "us_mssp/person_cost_variation"}}, "gives no year effect"),
        ({"reserve": None}, "nobody has said what the reserve is"),
    ],
)  # fmt: skip
def test_what_cannot_be_worked_out_is_said(changed, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("risk.toml").write_text("", encoding="utf-8")
    with pytest.raises(UserError, match=words):
        question(changed)


def test_three_years_show_a_year_effect_of_their_own():
    asked = question({"year_effect": {"estimated": True}}, of=histories(n_year=4))
    assert asked.population.effect.covariance.shape == (2, 2)


def test_a_triangle_and_a_bell_have_their_moments():
    assert triangle(1.0, 2.0, 6.0, 1.0).mean == pytest.approx(3.0, abs=1e-6)
    assert triangle(1.0, 2.0, 6.0, 1.0).variance == pytest.approx((1 + 4 + 36 - 2 - 6 - 12) / 18, rel=1e-5)
    assert triangle(0.0, 0.0, 3.0, 1.0).mean == pytest.approx(1.0, abs=1e-6)
    assert laws_of([bell(0.02)])[0].beyond(0.04) == pytest.approx(0.022750, abs=1e-5)
    assert laws_of([bell(1.0)])[0].beyond(6.0) == pytest.approx(9.8659e-10, rel=0.03)


def refitted(costs: Floats, groups: np.ndarray, n_draw: int, rng: np.random.Generator) -> Floats:
    """The expected cost of one person, n_draw times over, each from a model fitted on people drawn anew: what `refit` must agree with.

    costs: (people,). A group of which nobody is drawn keeps the mean of everybody drawn.
    """
    mix = np.bincount(groups) / len(groups)
    return np.array([_refitted_once(costs, groups, mix, rng) for _ in range(n_draw)])


def _refitted_once(costs: Floats, groups: np.ndarray, mix: Floats, rng: np.random.Generator) -> float:
    chosen = rng.integers(0, len(costs), len(costs))
    counts = np.bincount(groups[chosen], minlength=len(mix))
    sums = np.bincount(groups[chosen], costs[chosen], len(mix))
    means = np.where(counts > 0, sums / np.maximum(counts, 1), costs[chosen].mean())
    return float(means @ mix)
