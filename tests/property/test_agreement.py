"""Any two statements: the causes add up to the difference of the balances, timing comes to nothing, and neither side's view is preferred."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from accord.settlement.agreement_of_balances import Cause, Thresholds, compared
from accord.settlement.statement import MIRRORED, Entry, Kind, Statements

BY = Thresholds(Decimal(2500), Decimal(300000), "a test")
entries = st.builds(
    Entry, st.sampled_from(["acute", "community"]), st.sampled_from(Kind), st.integers(1, 4).map(lambda month: date(2022, month, 1)),
    st.sampled_from(["A", "B", "C"]), st.sampled_from(["-10.00", "0.00", "10.00", "25.50"]).map(Decimal),
    st.sampled_from([None, Decimal(2), Decimal(3)]),
)  # fmt: skip
statements = st.builds(
    Statements, st.just("RMX"), st.just("QMW"), st.lists(entries, max_size=8).map(tuple), st.lists(entries, max_size=8).map(tuple), st.just((0, 0))
)
MIRRORED_CAUSE = {Cause.missing_ours: Cause.missing_theirs, Cause.missing_theirs: Cause.missing_ours}


def seen_from_their_side(said: Statements) -> Statements:
    def mirror(entry):
        return Entry(entry.contract, MIRRORED[entry.kind], entry.month, entry.reference, -entry.amount, entry.activity)

    return Statements(said.them, said.us, tuple(map(mirror, said.theirs)), tuple(map(mirror, said.ours)), (0, 0))


@given(statements)
def test_causes_and_lines_add_up_to_the_difference_of_the_balances(said):
    found = compared(said, BY)
    balance = sum((e.amount for e in said.ours), Decimal(0)) - sum((e.amount for e in said.theirs), Decimal(0))
    assert found.difference == balance
    assert sum(found.by_cause.values(), Decimal(0)) == balance
    assert all(d.amount for d in found.differences)


@given(statements)
def test_timing_comes_to_nothing(said):
    assert compared(said, BY).by_cause.get(Cause.timing, Decimal(0)) == 0


@given(statements)
def test_both_sides_find_the_same_causes(said):
    ours = Counter((d.contract, d.reference, d.month, d.cause, d.amount) for d in compared(said, BY).differences)
    theirs = compared(seen_from_their_side(said), BY).differences
    assert ours == Counter((d.contract, d.reference, d.month, MIRRORED_CAUSE.get(d.cause, d.cause), d.amount) for d in theirs)


@given(statements, st.randoms(use_true_random=False))
def test_the_order_of_rows_is_irrelevant(said, chance):
    ours, theirs = list(said.ours), list(said.theirs)
    chance.shuffle(ours)
    chance.shuffle(theirs)
    found, again = compared(said, BY), compared(Statements("RMX", "QMW", tuple(ours), tuple(theirs), (0, 0)), BY)
    assert (found.lines, found.differences, found.moved) == (again.lines, again.differences, again.moved)


@given(st.lists(entries, max_size=8).map(tuple))
def test_a_statement_agrees_with_itself(same):
    found = compared(Statements("RMX", "QMW", same, same, (0, 0)), BY)
    assert (found.differences, found.moved, found.is_agreed) == ((), (), True)
