"""What of its care each kind of clause leaves with its payee, and where pay turns on a total."""

from __future__ import annotations

import doctest
from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter

from accord.budgets.exposure import Asked, Bargain, Histories, Layer, RiskFile, Terms, assess, layered, question_of
from accord.budgets.exposure.covering import Sides, covers_of
from accord.clauses.kinds import AnyClause
from accord.errors import UserError
from accord.stats.year_effect import chi_square_at

DAY = date(2025, 4, 1)
SIDES = Sides("QMW", "RMX", {}, DAY, date(2026, 4, 1))
N_DRAW = 10_000


def clause(kind: str, id: str, **keys: object):
    return TypeAdapter(AnyClause).validate_python({"kind": kind, "id": id, **keys})


BLOCK = clause("block", "b", services=["community_contact"], prices="x/y", value=Decimal(2_000_000))
TARIFF = clause("activity_price", "t", services=["emergency_admission"], prices="submitted", unpriced="at_cost")
HALF = clause("activity_price", "t", services=["emergency_admission"], prices="submitted", unpriced="at_cost", share=Decimal("0.5"))
MARGIN = clause(
    "marginal_rate", "m", services=["emergency_admission"], prices="submitted", baseline={"amount": Decimal(11_300_000)}, rate_above=Decimal("0.30"),
)  # fmt: skip
HEADS = clause("capitation", "c", services=["emergency_admission", "community_contact"], budget={"per_person": Decimal(700)})
PART = {"service": "emergency_admission", "rate": Decimal("0.20"), "of": "difference", "plan": Decimal(11_000_000)}
BLENDED = clause("fixed_and_variable", "f", services=["emergency_admission"], prices="x/y", fixed=Decimal(11_000_000), variable=[PART])
LIMITED = BLENDED.model_copy(update={"limit": Decimal("0.005")})
CAPPED = clause("cap", "k", of="t", on="payment", most=Decimal(11_500_000))
CORRIDOR = clause("risk_corridor", "r", target={"amount": Decimal(15_000_000)}, bands=[{"from": Decimal(0), "share": Decimal("0.5")}])
SAVINGS = clause("shared_savings", "s", benchmark={"budget": "all"}, share=Decimal("0.5"))
EQUALLY = {"by": "equal"}
POOL = clause("pool", "p", members=["QMW", "RMX"], contributions=[{"id": "QMW", "amount": Decimal(100)}], pays=["b"], gain=EQUALLY, loss=EQUALLY)


@pytest.mark.parametrize("module", ["asking"])
def test_examples_in_the_code_are_true(module):
    assert doctest.testmod(import_module(f"accord.budgets.exposure.{module}")).failed == 0


def people(n: int = 4_000, seed: int = 1) -> Histories:
    """Invented people: a block's care and a tariff's, whose cost goes with the person's frailty."""
    rng = np.random.default_rng(seed)
    frailty = rng.lognormal(0, 1.2, n)
    costs = np.stack([rng.gamma(0.3, frailty[:, None] * scale, (n, 2)) for scale in (900.0, 300.0)], axis=2)
    return Histories(costs, np.full((n, 2), 12), rng.integers(0, 8, n), ("emergency_admission", "community_contact"))


def asked(clauses: tuple, of: tuple[str, str], changed: dict | None = None, figures: dict | None = None):
    written = {
        "title": "T", "sizes": [5_000], "miss": [Decimal("0.01")], "accepted": Decimal("0.05"), "reserve": Decimal(100_000), "people": 20_000,
        "year_effect": {"sd": Decimal("0.01"), "correlation": Decimal("0.5"), "reference": "made up for a test"},
    }  # fmt: skip
    risk = RiskFile.model_validate(written | (changed or {}))
    terms = Terms("RMX", clauses, payer="QMW", figures=figures or {}, end_date=SIDES.end_date)
    return question_of(Asked(risk, Path("risk.toml"), DAY, DAY, terms), replace(people(), clauses=of))


def sd(question) -> float:
    """The spread of the year in money."""
    return layered(question.population, question.items, question.n_people)[Layer.shock].sd * question.expected


@pytest.fixture(scope="module")
def whole() -> float:
    """The spread of the year of a block of emergency admissions, of which all is borne."""
    return sd(asked((clause("block", "e", services=["emergency_admission"], prices="x/y", value=Decimal(1)),), ("e", "")))


@pytest.mark.parametrize(
    ("clauses", "expected"),
    [
        ((BLOCK,), [("community_contact", "RMX", "QMW", "cost")]),
        ((TARIFF,), [("emergency_admission", "RMX", "QMW", "price")]),
        ((HEADS,), [("emergency_admission", None, None, "cost"), ("community_contact", None, None, "cost")]),
        ((TARIFF, clause("marginal_rate", "m", services=["emergency_admission"], of="t", baseline={"amount": Decimal(1)}, rate_above=Decimal("0.3"))),
         [("emergency_admission", "RMX", "QMW", "cost"), ("emergency_admission", "RMX", "QMW", "price")]),
    ],
)  # fmt: skip
def test_whose_acts_of_which_clause_count(clauses, expected):
    found = [(row.service, row.provider, row.payer, row.basis) for cover in covers_of(clauses, SIDES) for row in cover.care]
    if len(clauses) == 2:  # the rate claims its acts before the clause whose prices it changes
        assert [cover.id for cover in covers_of(clauses, SIDES)] == ["m", "t"]
    assert [row[:3] for row in found] == [row[:3] for row in expected]


def test_shared_savings_are_held_against_all_care_by_anybody():
    (cover,) = covers_of((TARIFF, SAVINGS), SIDES)
    assert cover.id == "s"
    assert {row.provider for row in cover.care} == {None}
    assert {"gp_contact", "social_care"} <= {row.service for row in cover.care}


def test_below_a_corridor_what_is_paid_by_the_act_counts_in_full():
    (cover,) = covers_of((TARIFF, CORRIDOR), SIDES)
    assert cover.is_borne
    assert not covers_of((TARIFF,), SIDES)[0].is_borne


def test_a_pool_is_of_the_clauses_that_it_pays():
    assert [cover.id for cover in covers_of((BLOCK, TARIFF, POOL), SIDES)] == ["b"]
    assert Bargain((BLOCK, POOL), Decimal(100), holder="RMX").result(140, 1_000) == pytest.approx(-20)


def test_of_a_share_of_the_price_the_rest_is_borne():
    question = asked((BLOCK, HALF), ("t", "b"))
    assert question.population.weights.tolist() == [0.5, 1.0]
    assert question.budget == pytest.approx(2_000_000 + 0.5 * question.population.histories.per_person_of("t")["emergency_admission"] * 20_000)


def test_of_what_is_blended_the_rate_is_not_borne_and_past_the_limit_all_is(whole):
    blended, limited = (asked((each,), ("f", "")) for each in (BLENDED, LIMITED))
    assert sd(blended) == pytest.approx(0.8 * whole, rel=2e-3)
    assert 0.8 * whole < sd(limited) < whole


def test_a_cap_on_what_acts_may_come_to_leaves_the_payee_what_is_above(whole):
    free, tight = (asked((TARIFF, CAPPED.model_copy(update={"most": Decimal(most)})), ("t", "")) for most in (10**9, 1))
    assert sd(tight) == pytest.approx(whole, rel=2e-3)
    assert sd(free) < 1e-3 * whole


def test_of_several_clauses_a_person_stop_loss_is_on_the_care_of_its_own():
    stop = clause("stop_loss", "s", of="b", per="person", above=Decimal(500), share=Decimal(1))
    question = asked((BLOCK, HALF, stop), ("t", "b"))
    before = replace(people(), clauses=("t", "b")).per_person_of("t")
    assert question.population.histories.per_person_of("t") == pytest.approx(before)
    assert question.population.histories.costs[:, :, 1].max() <= 500 + 1e-9


LIMITED_STOP = clause("stop_loss", "s", of="b", per="person", above=Decimal(2_000), share=Decimal("0.8"), most=Decimal(521_000))


def test_a_person_stop_loss_with_a_most_matches_direct_resampling_at_20_000_people():
    question = asked((BLOCK, LIMITED_STOP), ("", "b"))
    law, rng = layered(question.population, question.items, 20_000)[Layer.process], np.random.default_rng(4)
    costs = replace(people(), clauses=("", "b")).only([1]).windows(1)[:, 0]
    relief = 0.8 * np.maximum(0, costs - 2_000)
    drawn = [(costs[at].sum(), relief[at].sum()) for at in (rng.integers(0, len(costs), 20_000) for _ in range(N_DRAW))]
    lost = np.array([cost - min(521_000.0, above) for cost, above in drawn]) - 2_000_000
    assert 0.1 < np.mean([above > 521_000 for _, above in drawn]) < 0.9
    for beyond in (-0.05, -0.02, 0.0, 0.02, 0.05):
        near(law.beyond(beyond), lost, question.expected * (1 + beyond) - question.budget)


def near(found: float, drawn: np.ndarray, beyond: float) -> None:
    chance = float((drawn > beyond).mean())
    assert found == pytest.approx(chance, abs=4 * (max(found * (1 - found), 1 / N_DRAW) / N_DRAW) ** 0.5), beyond


def test_a_block_beside_a_marginal_rate_matches_direct_resampling_at_20_000_people():
    """Whole histories are drawn, so that both clauses' care goes together as it does in people, and each year is paid by the clauses' own kernels."""
    question = asked((MARGIN, BLOCK), ("m", "b"))
    law, rng = layered(question.population, question.items, 20_000)[Layer.process], np.random.default_rng(3)
    histories = question.population.histories.windows(1)
    years = np.array([histories[rng.integers(0, len(histories), 20_000)].sum(axis=0) for _ in range(N_DRAW)])
    cover = next(each for each in covers_of((MARGIN, BLOCK), SIDES) if each.id == "m")
    income = np.array([float(cover.paid({"emergency_admission": Decimal(each).quantize(Decimal("0.01"))})) for each in years[:, 0]])
    lost = years.sum(axis=1) - income - 2_000_000
    for beyond in (-0.03, -0.01, 0.0, 0.01, 0.02, 0.05):
        near(law.beyond(beyond), lost, question.expected * (1 + beyond) - question.budget)


def test_where_pay_turns_the_parts_of_the_variance_still_add_up():
    told = assess(asked((MARGIN, BLOCK), ("m", "b")), lambda _: None)
    assert sum(told.by_layer.values()) == pytest.approx(1)
    assert sum(told.by_service.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("clauses", "figures", "budget"),
    [
        ((BLOCK,), {}, 2_000_000),
        ((HEADS,), {}, 14_000_000),
        ((HEADS.model_copy(update={"budget": HEADS.budget.model_copy(update={"need": "n"})}),), {"c": {"need": Decimal("1.1")}}, 15_400_000),
        ((HEADS, CORRIDOR), {}, 15_000_000),
        ((clause("capitation", "c", services=["community_contact"], budget={"budget": "set"}),), {"c": {"budget": Decimal(9)}}, 9),
    ],
)
def test_the_budget_is_what_the_contract_says(clauses, figures, budget):
    of = ("c", "c") if clauses[0].kind == "capitation" else ("", "b")
    assert asked(clauses, of, figures=figures).budget == pytest.approx(budget)


BUNDLE = clause("bundle", "x", services=["elective_admission"], fee=Decimal(1))
EARLIER = {"value_of": {"from": date(2020, 4, 1), "to": date(2021, 4, 1)}, "priced_at": "current"}
REPRICED = clause("marginal_rate", "m", services=["emergency_admission"], prices="submitted", baseline=EARLIER, rate_above=Decimal("0.3"))


@pytest.mark.parametrize(
    ("clauses", "words"),
    [
        ((BUNDLE, BLOCK), "which acts are of an episode no table says"),
        ((REPRICED,), "its baseline is the worth of earlier acts"),
        ((MARGIN, CORRIDOR), "by another rule than cost"),
        ((BLOCK, LIMITED_STOP, CORRIDOR), "turns on the total above the point"),
        ((LIMITED, CORRIDOR), "by another rule than cost"),
        ((TARIFF, CAPPED.model_copy(update={"on": "gross"})), "it is on the gross of 't'"),
        ((BLENDED, CAPPED.model_copy(update={"of": "f"})), "is not worked out with a cap"),
        ((TARIFF,), "the contract pays RMX for each act"),
        ((MARGIN, LIMITED.model_copy(update={"services": ("community_contact",)})), "pay turns on the totals of 2 clauses"),
    ],
)  # fmt: skip
def test_what_is_not_worked_out_is_said(clauses, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("risk.toml").write_text("", encoding="utf-8")
    with pytest.raises(UserError, match=words):
        asked(clauses, (clauses[0].id, clauses[-1].id))


def test_a_baseline_that_the_payer_sent_the_worth_of_is_known():
    assert asked((REPRICED,), ("m", ""), figures={"m": {"repriced": Decimal(11_300_000)}}).population.bend is not None


@pytest.mark.parametrize("on", ["gross", "share", "payment"])
def test_a_cap_on_a_corridor_is_where_it_says(on):
    """600 is saved: a cap of 100 on the gross leaves half of 100, and on the share or the payment 100."""
    half = CORRIDOR.model_copy(update={"target": CORRIDOR.target.model_copy(update={"amount": Decimal(1_000)})})
    limit = clause("cap", "k", of="r", on=on, most=Decimal(100))
    assert Bargain((half, limit), Decimal(1_000)).result(400, 1_000) == pytest.approx({"gross": 50, "share": 100, "payment": 100}[on])


def test_few_years_tell_little():
    """The interval of one number is what chi square of one degree of freedom has it."""
    assert [round((1 / chi_square_at(q, 1)) ** 0.5, 3) for q in (0.975, 0.025)] == [0.446, 31.91]
