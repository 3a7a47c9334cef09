"""What holds of any clause: its bridge comes to what a plain formula says, corridors never jump, no penny is lost, order is irrelevant."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from accord.clauses import (
    activity_price,
    block,
    bundle,
    cap,
    capitation,
    fixed_and_variable,
    marginal_rate,
    pay_for_performance,
    pool,
    readmission_withhold,
    risk_corridor,
    stop_loss,
)
from accord.clauses.bridge import Bridge
from accord.clauses.kinds import KINDS, Stage, changed_by, stage_of
from accord.clauses.walking import PENNY, pennies
from accord.settlement.contract import Contract

D = Decimal
money = st.decimals(0, 10**9, places=2)
rate = st.decimals(0, 1, places=4)
signed = st.decimals(-(10**9), 10**9, places=2)
millions = st.integers(0, 10**6).map(lambda n: D(n) * 10**6)
"""Amounts of which every rate of a few digits gives whole pennies, so that nothing is rounded."""
hundredths = st.integers(0, 100).map(lambda n: D(n) / 100)
HALF = PENNY / 2


def terms(kind: str, **said: Any) -> Any:
    return KINDS[kind].terms.model_validate({"kind": kind, "id": kind, **said})


def comes_to(kind: str, said: dict[str, Any], facts: Any, exact: Decimal) -> None:
    """Rounded as a whole, the bridge comes to the exact amount to the penny; rounded line by line, to within half a penny a line."""
    whole: Bridge = KINDS[kind].settle(terms(kind, round_at="total", **said), facts)
    by_line: Bridge = KINDS[kind].settle(terms(kind, round_at="line", **said), facts)
    assert whole.result == pennies(exact)
    assert sum(line.amount for line in whole) == whole.result
    assert abs(by_line.result - exact) <= HALF * len(list(by_line))
    assert [line.name for line in whole] == [line.name for line in by_line]


@given(money, rate, rate, st.booleans(), money)
def test_activity_price(value: Decimal, of: Decimal, share: Decimal, at_cost: bool, cost: Decimal) -> None:
    said = {
        "services": ["a"], "prices": "p", "share": share, "adjustments": [{"id": "short", "rate": D("0.7")}],
        "unpriced": "at_cost" if at_cost else "not_paid",
    }  # fmt: skip
    facts = activity_price.Facts(value, {"short": value * of}, n_unpriced=2, cost_of_unpriced=cost)
    comes_to("activity_price", said, facts, share * (value - D("0.3") * value * of) + cost * at_cost)


@given(money, money, money, rate)
def test_marginal_rate(value: Decimal, excluded: Decimal, baseline: Decimal, above: Decimal) -> None:
    said = {"services": ["a"], "prices": "p", "baseline": {"amount": baseline}, "rate_above": above, "excludes": ["unpriced"]}
    facts = marginal_rate.Facts(value + excluded, date(2025, 4, 1), excluded={"unpriced": excluded})
    comes_to("marginal_rate", said, facts, excluded + min(value, baseline) + above * max(D(0), value - baseline))
    agreed = terms("marginal_rate", **said)
    kept, paid = marginal_rate.ring_fenced(agreed, facts), marginal_rate.settle(agreed, facts)
    assert kept.result + paid.result == value + excluded


@given(money, st.lists(st.tuples(rate, rate), max_size=3), money)
def test_block(value: Decimal, rates: list[tuple[Decimal, Decimal]], actual: Decimal) -> None:
    uplifts = [{"from": date(2020 + n, 4, 1), "uplift": up, "efficiency": down} for n, (up, down) in enumerate(rates)]
    exact = value
    for up, down in rates:
        exact *= 1 + up - down
    said = {"services": ["a"], "prices": "p", "value": value, "uplifts": uplifts}
    facts = block.Facts(date(2025, 4, 1), actual)
    comes_to("block", said, facts, exact)
    assert block.shadow(terms("block", **said), facts).result == actual


@given(money, money, money, rate, rate)
def test_fixed_and_variable(fixed: Decimal, plan: Decimal, actual: Decimal, part: Decimal, limit: Decimal) -> None:
    variable = [{"service": "a", "rate": part, "of": "difference", "plan": plan}, {"service": "b", "rate": part, "of": "actual"}]
    said = {"services": ["a", "b"], "prices": "p", "fixed": fixed, "variable": variable, "limit": limit}
    moved = max(-limit * fixed, min(limit * fixed, part * (actual - plan)))
    comes_to("fixed_and_variable", said, fixed_and_variable.Facts({"a": actual, "b": plan}), fixed + moved + part * plan)


@given(st.integers(0, 10**6), money, rate, rate, rate)
def test_capitation(people: int, per_person: Decimal, discount: Decimal, withhold: Decimal, earned: Decimal) -> None:
    said = {
        "services": ["a"], "budget": {"per_person": per_person, "need": "n"}, "discount": discount,
        "withhold": {"rate": withhold, "gate": "g"}, "retention": withhold, "management": {"rate": discount},
    }  # fmt: skip
    facts = capitation.Facts(D(people), need=D("1.07"), earned=earned)
    left = people * per_person * D("1.07") * (1 - discount)
    comes_to("capitation", said, facts, left * (1 - withhold * (1 - earned) - withhold + discount))


@given(st.lists(money, max_size=5), money, rate, money)
def test_stop_loss(costs: list[Decimal], point: Decimal, share: Decimal, most: Decimal) -> None:
    said = {"of": "b", "per": "person", "above": point, "share": share, "most": most}
    exact = min(most, share * sum(max(D(0), cost - point) for cost in costs))
    comes_to("stop_loss", said, stop_loss.Facts(tuple(costs)), exact)


@given(signed, money, money)
def test_cap(amount: Decimal, most: Decimal, least: Decimal) -> None:
    said = {"of": "b", "on": "payment", "most": most, "least": least}
    comes_to("cap", said, cap.Facts(amount), max(-least, min(most, amount)))


@given(st.integers(0, 10**5), money, money, rate, rate)
def test_bundle(n_episode: int, fee: Decimal, historical: Decimal, share: Decimal, discount: Decimal) -> None:
    said = {"services": ["a"], "fee": fee, "discount": discount, "warranty": {"days": 90, "share": share, "historical": historical}}
    comes_to("bundle", said, bundle.Facts(n_episode), n_episode * (fee + share * historical) * (1 - discount))


@given(st.tuples(money, money, money, money, rate, rate))
def test_readmission_withhold(figures: tuple[Decimal, ...]) -> None:
    elective, other, excluded, before, avoidable, allowed = figures
    said = {
        "of": "b", "exclusions": ["cancer"],
        "groups": [{"after": "elective", "avoidable": avoidable}, {"after": "other", "allowed": allowed}],
    }  # fmt: skip
    facts = readmission_withhold.Facts({"elective": elective, "other": other}, {"cancer": excluded}, {"other": before})
    comes_to("readmission_withhold", said, facts, excluded + elective * (1 - avoidable) + min(other, before * allowed))


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), rate), st.integers(1, 10**5), money)
def test_pay_for_performance(achieved: dict[str, Decimal], people: int, base: Decimal) -> None:
    measures = [{"id": i, "points": 10 + n, "from": D("0.2"), "to": D("0.7"), "by_prevalence": i == "b"} for n, i in enumerate("abc")]
    reached = {m["id"]: m["points"] * max(D(0), min(D(1), (achieved.get(m["id"], D(0)) - D("0.2")) * 2)) for m in measures}
    facts = pay_for_performance.Facts(achieved, D(people), {"b": D("1.5")}, base)
    worth = D(200) * people / 8000 * (sum(reached.values()) + reached["b"] / 2)
    comes_to("pay_for_performance", {"measures": measures, "points": {"per_point": 200, "average_list": 8000}}, facts, worth)
    earned = base * (D("0.95") + D("0.05") * sum(reached.values()) / 33)
    comes_to("pay_for_performance", {"measures": measures, "withhold": {"of": "b", "rate": D("0.05")}}, facts, earned)


# --- corridors --------------------------------------------------------------------------------------------------------------


@st.composite
def bands(draw: Any) -> list[dict[str, Decimal]]:
    edges = sorted(draw(st.sets(st.integers(1, 500), max_size=4)))
    starts, ends = [0, *edges], [*edges, None]
    shares = [draw(hundredths) for _ in starts]
    return [{"from": D(a) / 100, "share": s} | ({} if b is None else {"to": D(b) / 100}) for a, b, s in zip(starts, ends, shares, strict=True)]


def payees_part(target: Decimal, spent: Decimal, in_bands: list[dict[str, Decimal]]) -> Decimal:
    said = terms("risk_corridor", target={"amount": target}, bands=in_bands, round_at="total")
    return risk_corridor.settle(said, risk_corridor.Facts(spent)).result


@given(bands(), money, money, st.decimals(0, 1000, places=2))
def test_a_corridor_never_jumps_and_never_falls_as_more_is_saved(
    in_bands: list[dict[str, Decimal]], target: Decimal, spent: Decimal, more: Decimal
) -> None:
    here, there = payees_part(target, spent + more, in_bands), payees_part(target, spent, in_bands)
    assert here <= there <= here + more + PENNY


@given(bands(), money, money)
def test_in_a_corridor_no_side_gets_more_than_was_saved(in_bands: list[dict[str, Decimal]], target: Decimal, spent: Decimal) -> None:
    saved, part = target - spent, payees_part(target, spent, in_bands)
    assert min(saved, D(0)) <= part <= max(saved, D(0))


@given(bands(), millions, millions)
def test_what_is_saved_and_what_is_lost_mirror_each_other(in_bands: list[dict[str, Decimal]], target: Decimal, off: Decimal) -> None:
    assert payees_part(target, target - off, in_bands) == -payees_part(target, target + off, in_bands)


# --- sharing ----------------------------------------------------------------------------------------------------------------


@given(money, money, st.lists(st.decimals(0, 10**6, places=3), min_size=2, max_size=6), rate)
def test_a_pool_shares_to_the_penny_whatever_the_weights(paid_in: Decimal, spent: Decimal, weights: list[Decimal], reserve: Decimal) -> None:
    members = [f"P{n}" for n in range(len(weights))]
    said = terms(
        "pool", members=members, contributions=[{"id": "P0", "amount": paid_in}], reserve=reserve, gain={"by": "budget"}, loss={"by": "equity"},
    )  # fmt: skip
    by_member = dict(zip(members, weights, strict=True))
    facts = pool.Facts(spent, weights={"budget": by_member, "equity": by_member})
    shared = pool.shares(said, facts)
    assert sum(shared.values()) == pool.settle(said, facts).result
    assert pool.shared_out(said, facts).result == 0
    if any(weights):
        assert all(shared[member] == 0 for member, weight in by_member.items() if weight == 0)
    gain = paid_in - spent
    assert pool.settle(said, facts).result == (gain if gain <= 0 else gain - pennies(gain * reserve))


# --- order, and parts of a period ---------------------------------------------------------------------------------------------

EQUALLY = {"by": "equal"}
MEASURE = {"id": "m", "points": 1, "from": 0, "to": 1}
CLAUSES = [
    {"kind": "pool", "id": "pool", "members": ["A", "B"], "contributions": [{"id": "A", "amount": 1}], "gain": EQUALLY, "loss": EQUALLY},
    {"kind": "cap", "id": "most", "of": "earned", "on": "payment", "most": 100},
    {"kind": "pay_for_performance", "id": "earned", "measures": [MEASURE], "withhold": {"of": "beds", "rate": 0}},
    {"kind": "stop_loss", "id": "all", "of": "budget", "per": "aggregate", "above": 1, "share": 1},
    {"kind": "stop_loss", "id": "dear", "of": "budget", "per": "person", "above": 1, "share": 1},
    {"kind": "readmission_withhold", "id": "back", "of": "beds", "exclusions": [], "groups": [{"after": "any", "avoidable": 1}]},
    {"kind": "marginal_rate", "id": "above", "of": "beds", "services": ["bed"], "baseline": {"amount": 1}, "rate_above": 0},
    {"kind": "activity_price", "id": "beds", "services": ["bed"], "prices": "p", "unpriced": "not_paid"},
    {"kind": "capitation", "id": "budget", "services": ["gp"], "budget": {"per_person": 1}},
]


@given(st.permutations(CLAUSES))
def test_clauses_are_settled_in_one_order_however_they_are_written(clauses: list[dict[str, Any]]) -> None:
    chain = contract(clauses).chain()
    assert [clause.id for clause in chain] == ["beds", "back", "above", "budget", "earned", "dear", "all", "most", "pool"]


@given(st.permutations(CLAUSES))
def test_a_clause_comes_after_the_one_it_changes_whatever_its_stage(clauses: list[dict[str, Any]]) -> None:
    """A readmission withhold, which comes early, of a capitation, which comes late."""
    changed = [clause | {"of": "budget"} if clause["id"] == "back" else clause for clause in clauses]
    chain = contract(changed).chain()
    place = {clause.id: n for n, clause in enumerate(chain)}
    assert all(place[changed_by(clause)] < place[clause.id] for clause in chain if changed_by(clause))
    assert len(chain) == len(CLAUSES)
    unmoved = [list(Stage).index(stage_of(clause)) for clause in chain if clause.id != "back"]
    assert unmoved == sorted(unmoved)


def contract(clauses: list[dict[str, Any]]) -> Contract:
    return Contract.model_validate({
        "title": "Any", "payer": "A", "payee": "B", "period": {"from": date(2025, 4, 1), "to": date(2026, 4, 1)},
        "population": {"registered_with": "partners"}, "clause": clauses,
    })  # fmt: skip


@given(st.permutations(range(3)), st.lists(millions, min_size=3, max_size=3), hundredths)
def test_parts_that_do_not_depend_on_one_another_may_stand_in_any_order(order: list[int], actual: list[Decimal], part: Decimal) -> None:
    variable = [{"service": f"s{n}", "rate": part, "of": "difference", "plan": 5 * 10**6} for n in range(3)]
    facts = fixed_and_variable.Facts({f"s{n}": actual[n] for n in range(3)})
    said = {"services": ["s0", "s1", "s2"], "prices": "p", "fixed": 10**7, "limit": D("0.03")}
    as_written, shuffled = (
        fixed_and_variable.settle(terms("fixed_and_variable", variable=[variable[n] for n in by], **said), facts) for by in (range(3), order)
    )
    assert as_written.result == shuffled.result
    assert {line.name: line.amount for line in as_written} == {line.name: line.amount for line in shuffled}


@given(st.tuples(millions, millions, millions, millions, hundredths, hundredths))
def test_a_period_in_two_parts_settles_to_what_the_whole_does_where_terms_are_linear(figures: tuple[Decimal, ...]) -> None:
    first, second, plan, cost, part, discount = figures
    price = terms("activity_price", services=["a"], prices="p", share=part, unpriced="at_cost", adjustments=[{"id": "s", "rate": D("0.7")}])
    priced = [activity_price.settle(price, activity_price.Facts(v, {"s": v}, 1, cost)).result for v in (first, second)]
    assert activity_price.settle(price, activity_price.Facts(first + second, {"s": first + second}, 2, 2 * cost)).result == sum(priced)

    def blended(times: int) -> Any:
        variable = [{"service": "a", "rate": part, "of": "difference", "plan": plan * times}]
        return terms("fixed_and_variable", services=["a"], prices="p", fixed=cost * times, variable=variable)

    halves = [fixed_and_variable.settle(blended(1), fixed_and_variable.Facts({"a": v})).result for v in (first, second)]
    assert fixed_and_variable.settle(blended(2), fixed_and_variable.Facts({"a": first + second})).result == sum(halves)

    heads = terms(
        "capitation", services=["a"], budget={"per_person": 1}, discount=discount, withhold={"rate": part, "gate": "g"}, retention=part
    )
    paid = [capitation.settle(heads, capitation.Facts(people, earned=D("0.5"))).result for people in (first, second)]
    assert capitation.settle(heads, capitation.Facts(first + second, earned=D("0.5"))).result == sum(paid)

    back = terms("readmission_withhold", of="b", exclusions=["cancer"], groups=[{"after": "any", "avoidable": part}])
    held = [readmission_withhold.settle(back, readmission_withhold.Facts({"any": v}, {"cancer": cost})).result for v in (first, second)]
    whole = readmission_withhold.Facts({"any": first + second}, {"cancer": 2 * cost})
    assert readmission_withhold.settle(back, whole).result == sum(held)
