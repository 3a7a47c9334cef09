"""Shared savings for any terms: the bridge adds up, more spent is never better, and no step jumps but the minimum."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from accord.clauses.shared_savings import Facts, Terms, settle, shared_out

RATES = st.decimals(0, 1, places=3)
BENCHMARKS = st.integers(1, 10**9).map(Decimal)
LIMITS = st.one_of(st.none(), RATES.map(lambda rate: {"of": "benchmark", "rate": rate}))


@st.composite
def agreements(draw, **more):
    """Terms without a minimum, unless one is asked for."""
    cap, loss = draw(LIMITS), draw(st.one_of(st.none(), RATES))
    return Terms.model_validate(
        {
            "kind": "shared_savings", "id": "s", "benchmark": {"budget": "b"}, "share": draw(RATES), "sequestration": draw(RATES),
            "round_at": draw(st.sampled_from(["line", "total"])), "extreme_circumstances": True,
            "cap": cap and {**cap, "on": draw(st.sampled_from(["gross", "share", "payment"]))},
            "loss": None if loss is None else {"rate": loss, "limit": draw(LIMITS)}, **more,
        }
    )  # fmt: skip


@given(agreements(), BENCHMARKS, st.lists(st.integers(0, 2 * 10**9), min_size=2, max_size=6))
def test_more_spent_is_never_better(terms, benchmark, spent):
    results = [settle(terms, Facts(benchmark, Decimal(amount))).result for amount in sorted(spent)]
    assert all(b <= a + Decimal("0.03") for a, b in pairwise(results))  # a penny a rounded line


@given(agreements(), BENCHMARKS, st.integers(0, 2 * 10**9))
def test_a_dollar_more_never_moves_the_result_by_more_than_a_dollar(terms, benchmark, spent):
    one, other = (settle(terms, Facts(benchmark, Decimal(amount))).result for amount in (spent, spent + 1))
    assert abs(one - other) <= Decimal("1.06")


@given(agreements(), RATES, BENCHMARKS, st.integers(0, 2 * 10**9))
def test_a_minimum_leaves_what_passes_it_as_it_is_and_nothing_of_the_rest(terms, minimum, benchmark, spent):
    facts = Facts(benchmark, Decimal(spent))
    gated = settle(terms.model_copy(update={"minimum": minimum}), facts).result
    is_past = abs(benchmark - spent) >= minimum * benchmark
    assert gated == (settle(terms, facts).result if is_past else 0)


@given(agreements(), BENCHMARKS, st.integers(0, 2 * 10**9), RATES, st.integers(0, 10**6))
def test_between_nothing_and_the_whole(terms, benchmark, spent, excused, advance):
    facts = Facts(benchmark, Decimal(spent), excused_part=excused, excused_amount=Decimal(advance), advances=Decimal(advance))
    gross, result = benchmark - spent, settle(terms, facts).result
    assert min(gross, 0) - 1 < result < max(gross, 0) + 1
    assert result == sum(line.amount for line in settle(terms, facts))


@given(agreements(partners=[{"id": "A", "share": Decimal("0.4")}, {"id": "B", "share": Decimal("0.6")}]), BENCHMARKS, st.integers(0, 2 * 10**9))
def test_partners_share_all_of_it(terms, benchmark, spent):
    assert shared_out(terms, Facts(benchmark, Decimal(spent))).result == 0
