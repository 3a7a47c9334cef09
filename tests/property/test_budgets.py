"""Budgets whatever the organisations, factors and bounds: nothing of the total is lost, and every line is a sum that can be checked."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from accord.budgets.benchmark import BaseYear, Enrolled, RiskCap, capped_risks, set_benchmark
from accord.budgets.capitation import MANAGEMENT, Allowance, Facts, Serving, set_capitation
from accord.budgets.pace import Pace, bounds_of_total, moved
from accord.budgets.pooled import Contribution, set_pooled

AMOUNTS = st.integers(100, 10**11).map(lambda n: Decimal(n).scaleb(-2))
FACTORS = st.integers(100, 10_000).map(lambda n: Fraction(n, 1000))
PEOPLE = st.integers(12, 1_200_000).map(lambda n: Fraction(n, 12))
PARTS = st.integers(0, 20).map(lambda n: Fraction(n, 20))
SHARES = st.sampled_from([(Decimal(1),), (Decimal("0.6"), Decimal("0.4")), (Decimal("0.333333"), Decimal("0.333333"), Decimal("0.333334"))])


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    n = draw(st.integers(1, 6))

    def column(of: st.SearchStrategy[Fraction]) -> list[Fraction]:
        return draw(st.lists(of, min_size=n, max_size=n))

    def maybe() -> list[Fraction] | None:
        return column(FACTORS) if draw(st.booleans()) else None

    services = [
        Serving(
            f"service_{m}", share, maybe(), maybe(), inequalities=(Decimal("0.15"), column(FACTORS)) if draw(st.booleans()) else None,
        )
        for m, share in enumerate(draw(SHARES))
    ]  # fmt: skip
    pace = Pace(draw(PARTS)) if draw(st.booleans()) else None
    allowance = draw(st.none() | st.builds(Allowance, st.booleans(), per_person=st.just(Decimal("0.01"))))
    total = draw(AMOUNTS) + 10_000
    return Facts(total, [f"O{i}" for i in range(n)], column(PEOPLE), services, column(PEOPLE) if pace else (), pace, allowance)


@given(facts())
def test_budgets_add_up_to_the_total(given_facts: Facts) -> None:
    made = set_capitation(given_facts)
    beside = given_facts.allowance is not None and not given_facts.allowance.within
    care = sum((b.result for (_, service), b in made.bridges.items() if service != MANAGEMENT), Decimal(0))
    running = sum((b.result for (_, service), b in made.bridges.items() if service == MANAGEMENT), Decimal(0))
    assert care + (Decimal(0) if beside else running) == given_facts.total
    assert {id for id, _ in made.bridges} == set(given_facts.organisations)


@given(facts())
def test_what_a_rule_moves_is_nothing_over_all(given_facts: Facts) -> None:
    made = set_capitation(given_facts)
    for service in (s.service for s in given_facts.services):
        steps = [step for (_, each), bridge in made.bridges.items() if each == service for step in bridge.steps]
        for name in {step.name for step in steps} - {"pace of change"}:
            assert sum((step.amount for step in steps if step.name == name), Decimal(0)) == 0
    assert sum((s.amount for b in made.bridges.values() for s in b.steps if s.name == "pace of change"), Decimal(0)) == 0


@given(facts(), st.randoms(use_true_random=False))
def test_the_order_of_organisations_moves_at_most_pennies(given_facts: Facts, chance: object) -> None:
    """A penny that is left over goes to the earlier of equals: apart from that, order does not matter."""
    order = list(range(len(given_facts.organisations)))
    chance.shuffle(order)  # type: ignore[attr-defined]

    def at(values: object) -> list[Fraction] | None:
        return None if values is None else [values[n] for n in order]  # type: ignore[index]

    services = [
        Serving(s.service, s.share, at(s.need), at(s.market_forces), inequalities=s.inequalities and (s.inequalities[0], at(s.inequalities[1]) or []))
        for s in given_facts.services
    ]
    other = Facts(
        given_facts.total, [given_facts.organisations[n] for n in order], at(given_facts.people) or [], services,
        at(given_facts.baselines) if given_facts.pace else (), given_facts.pace, given_facts.allowance,
    )  # fmt: skip
    first, second = set_capitation(given_facts), set_capitation(other)
    pennies = Decimal("0.01") * (2 + 2 * len(given_facts.services))
    assert all(abs(first.of(id) - second.of(id)) <= pennies for id in given_facts.organisations)


@given(st.lists(st.tuples(PEOPLE, PEOPLE), min_size=1, max_size=8), PARTS, PARTS)
def test_pace_keeps_its_bounds_and_the_total(pairs: list[tuple[Fraction, Fraction]], speed: Fraction, where: Fraction) -> None:
    baselines, targets = [a for a, _ in pairs], [b for _, b in pairs]
    pace = Pace(speed, Fraction(-1, 50), Fraction(9, 100))
    least, most = bounds_of_total(baselines, pace)
    assert least is not None and most is not None
    total = least + (most - least) * where
    at = moved(baselines, targets, total, pace)
    assert sum(at.amounts, Fraction(0)) == total
    assert all(Fraction(-1, 50) <= growth <= Fraction(9, 100) for growth in at.growth)


@given(st.lists(st.tuples(PEOPLE, PEOPLE), min_size=2, max_size=8), PARTS)
def test_pace_brings_nobody_past_another(pairs: list[tuple[Fraction, Fraction]], speed: Fraction) -> None:
    """Whoever is further above target grows less, or as much."""
    baselines, targets = [a for a, _ in pairs], [b for _, b in pairs]
    at = moved(baselines, targets, sum(baselines, Fraction(0)) * Fraction(103, 100), Pace(speed, Fraction(0), Fraction(1)))
    above = sorted(zip([a / b for a, b in pairs], at.growth, strict=True))
    assert all(later[1] <= earlier[1] for earlier, later in pairwise(above) if earlier[0] < later[0])


RATIOS = st.integers(5_000, 20_000).map(lambda n: Decimal(n).scaleb(-4))
CENTS = st.integers(-50_000, 9_000_000).map(lambda n: Decimal(n).scaleb(-2))


@st.composite
def types(draw: st.DrawFn) -> list[Enrolled]:
    def years() -> tuple[BaseYear, ...]:
        return tuple(BaseYear(2021 + n, abs(draw(CENTS)), draw(RATIOS), draw(RATIOS)) for n in range(3))

    return [
        Enrolled(f"type_{n}", years(), 1 + abs(draw(CENTS)), draw(RATIOS), draw(RATIOS), draw(CENTS))
        for n in range(draw(st.integers(1, 4)))
    ]


WEIGHTS = (Decimal("0.10"), Decimal("0.30"), Decimal("0.60"))


@given(types(), st.booleans())
def test_a_benchmark_is_its_formula(given_types: list[Enrolled], over_all: bool) -> None:
    cap = RiskCap(Decimal("0.03"), over_all)
    made = set_benchmark(given_types, WEIGHTS, cap)
    for one, risk in zip(given_types, capped_risks(given_types, cap), strict=True):
        base = sum((Fraction(w) * Fraction(y.per_capita * y.trend * y.risk) for w, y in zip(WEIGHTS, one.years, strict=True)), Fraction(0))
        exact = Fraction(one.person_years) * (base + Fraction(one.adjustment)) * Fraction(one.update) * risk
        assert abs(Fraction(made[one.name].result) - exact) <= Fraction(1, 100)


@given(types(), st.booleans())
def test_capped_risk_grows_no_further(given_types: list[Enrolled], over_all: bool) -> None:
    capped = capped_risks(given_types, RiskCap(Decimal("0.03"), over_all))
    people = [Fraction(one.person_years) for one in given_types]
    if over_all:
        mean = sum((n * ratio for n, ratio in zip(people, capped, strict=True)), Fraction(0)) / sum(people, Fraction(0))
        assert mean <= Fraction(103, 100)
    else:
        assert all(ratio <= Fraction(103, 100) for ratio in capped)
    assert all(ratio <= Fraction(one.risk) for ratio, one in zip(capped, given_types, strict=True))


@given(st.lists(AMOUNTS, min_size=1, max_size=5), SHARES)
def test_a_pool_is_what_is_put_in(amounts: list[Decimal], shares: tuple[Decimal, ...]) -> None:
    parts = [Contribution(f"P{n}", amount) for n, amount in enumerate(amounts)]
    made = set_pooled(parts, [(f"service_{n}", share) for n, share in enumerate(shares)])
    assert sum((bridge.result for bridge in made.values()), Decimal(0)) == sum(amounts, Decimal(0))
    for n, amount in enumerate(amounts):
        assert sum((list(bridge)[n].amount for bridge in made.values()), Decimal(0)) == amount
