"""The books: shares add up for any weights, journals balance within each party, and no pound is made or lost in any order."""

from __future__ import annotations

import doctest
from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.books import (
    Account,
    Journal,
    Party,
    Posting,
    allocate,
    allocation,
    balances,
    charge,
    freeze,
    journal,
    payment,
    reversal,
)
from accord.tables.books import ACCOUNT

AMOUNTS = st.decimals(-(10**12), 10**12, places=2)
WEIGHTS = st.lists(
    st.one_of(st.integers(0, 10**9), st.decimals(0, 10**6, places=6), st.fractions(0, 1000)), min_size=1, max_size=12
).filter(any)  # fmt: skip
PARTIES = [Party("QMW"), Party("RMX"), Party("GP_FED"), Party("POOL", is_pool=True)]
MOVEMENTS = st.tuples(
    st.sampled_from([charge, freeze, payment]), st.permutations(PARTIES).map(lambda p: p[:2]), st.decimals(-(10**6), 10**6, places=2)
).map(lambda m: m[0](*m[1], m[2]))  # fmt: skip
DAY = date(2026, 4, 1)


@given(AMOUNTS, WEIGHTS)
def test_shares_add_up_and_none_is_a_penny_from_its_exact_value(amount, weights):
    shares = allocate(amount, weights)
    total = sum(map(Fraction, weights))
    assert sum(shares) == amount
    assert all(share.as_tuple().exponent == -2 for share in shares)
    assert all(abs(Fraction(s) - Fraction(amount) * Fraction(w) / total) < Fraction(1, 100) for s, w in zip(shares, weights, strict=True))


@given(AMOUNTS, WEIGHTS)
def test_a_weight_of_nothing_gets_nothing_and_a_debt_is_divided_as_its_opposite_is(amount, weights):
    shares = allocate(amount, weights)
    assert all(not share for share, weight in zip(shares, weights, strict=True) if not weight)
    assert allocate(-amount, weights) == tuple(-share for share in shares)


@given(AMOUNTS, WEIGHTS, st.integers(1, 1000))
def test_only_proportions_count(amount, weights, times):
    assert allocate(amount, [Fraction(weight) * times for weight in weights]) == allocate(amount, weights)


def test_a_tie_goes_to_the_earlier_weight():
    assert allocate(Decimal("0.01"), [1, 1]) == (Decimal("0.01"), Decimal("0.00"))
    assert allocate(Decimal("0.03"), [1, 2, 1, 2]) == tuple(map(Decimal, ("0.01", "0.01", "0.00", "0.01")))


@pytest.mark.parametrize(
    ("amount", "weights", "said"),
    [("1.00", [], "nothing to divide"), ("1.00", [0, 0], "nothing to divide"), ("1.00", [2, -1], "negative"), ("1.001", [1], "two places")],
)
def test_what_cannot_be_divided_is_an_error(amount, weights, said):
    with pytest.raises(AssertionError, match=said):
        allocate(Decimal(amount), weights)


@given(st.lists(MOVEMENTS, max_size=12), st.randoms(use_true_random=False))
def test_what_one_owes_the_other_is_owed_in_any_order(movements, rng):
    postings = [posting for movement in movements for posting in movement]
    journal = Journal("J1", DAY, tuple(postings))
    within = defaultdict(Decimal)
    for posting in journal.postings:
        within[posting.party] += posting.amount
    assert not any(within.values())
    held = balances(postings)
    assert all(amount > 0 and (other, party) not in held for (party, other), amount in held.items())
    rng.shuffle(postings)
    assert balances(postings) == held


@given(st.lists(MOVEMENTS, max_size=8))
def test_a_reversal_leaves_nothing_and_names_what_it_takes_back(movements):
    journal = Journal("J1", DAY, tuple(posting for movement in movements for posting in movement))
    undone = reversal(journal, "J2", DAY)
    assert undone.reverses == "J1"
    assert balances([*journal.postings, *undone.postings]) == {}


@given(st.decimals("0.01", 10**9, places=2), WEIGHTS)
def test_what_goes_through_a_pool_all_comes_out(amount, weights):
    payer, pool = PARTIES[0], PARTIES[3]
    members = [Party(f"M{n}") for n in range(len(weights))]
    shares = zip(members, allocate(amount, weights), strict=True)
    out = [posting for member, share in shares for posting in charge(pool, member, share)]
    journal = Journal("J1", DAY, (*charge(payer, pool, amount), *out))
    of_pool = [p.amount for p in journal.postings if p.party == pool and p.account in (Account.income, Account.expense)]
    assert sum(of_pool) == 0
    assert sum(held for (_, other), held in balances(journal.postings).items() if other == pool) == amount


def test_a_balance_is_what_is_due_less_what_is_paid():
    payer, trust = PARTIES[:2]
    postings = [*charge(payer, trust, Decimal("100.00")), *payment(payer, trust, Decimal("130.00"))]
    assert balances(postings) == {(payer, trust): Decimal("30.00")}


def test_a_journal_that_does_not_balance_never_stands():
    payer, trust, pool = PARTIES[0], PARTIES[1], PARTIES[3]
    good = charge(payer, trust, Decimal("5.00"))
    with pytest.raises(AssertionError, match=r"does not balance within each party: .'RMX'"):
        Journal("J1", DAY, good[:3])
    elsewhere = (good[0], Posting(payer, Account.payable, pool, Decimal("-5.00")), *good[2:])
    with pytest.raises(AssertionError, match="only one side knows of"):
        Journal("J1", DAY, elsewhere)
    with pytest.raises(AssertionError, match="reverses itself"):
        Journal("J1", DAY, good, reverses="J1")


def test_what_is_frozen_is_due_no_more_and_both_sides_hold_it():
    payer, trust = PARTIES[:2]
    postings = [*charge(payer, trust, Decimal("100.00")), *freeze(payer, trust, Decimal("30.00"))]
    assert balances(postings) == {(trust, payer): Decimal("70.00")}
    assert {p.party.id: p.amount for p in postings if p.account is Account.disputed} == {"QMW": Decimal("-30.00"), "RMX": Decimal("30.00")}
    one_sided = (Posting(payer, Account.expense, trust, Decimal("5.00")), Posting(payer, Account.disputed, trust, Decimal("-5.00")))
    with pytest.raises(AssertionError, match="only one side knows of"):
        Journal("J1", DAY, one_sided)


def test_a_posting_is_of_two_places_and_between_two_parties():
    with pytest.raises(AssertionError, match="two places"):
        Posting(PARTIES[0], Account.bank, PARTIES[1], Decimal("1.001"))
    with pytest.raises(AssertionError, match="cannot owe itself"):
        charge(PARTIES[0], PARTIES[0], Decimal("1.00"))


def test_what_the_docstrings_say_holds():
    assert [doctest.testmod(module).failed for module in (allocation, journal)] == [0, 0]


def test_the_table_knows_every_account():
    assert tuple(Account) == ACCOUNT
