"""Statements that two identifiers are one person's: the same whatever their order, and followed at a cost that grows with their number."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from accord.identity.crosswalk import Led, Statement, led_by_statements

DAYS = st.one_of(st.none(), st.integers(0, 3).map(lambda n: date(2020, 1, 1) + timedelta(days=n)))
STATEMENTS = st.lists(st.builds(Statement, st.sampled_from("ABCDEF"), st.sampled_from("ABCDEF"), DAYS), max_size=9)


def reached(statements: list[Statement], start: str) -> set[str]:
    """The identifiers without a successor that statements lead to, found by trying every way."""
    seen, todo = set(), [start]
    while todo:
        one = todo.pop()
        if one not in seen:
            seen.add(one)
            todo += [s.current for s in statements if s.previous == one]
    return {one for one in seen if not any(s.previous == one for s in statements)}


@settings(max_examples=300, deadline=None)
@given(STATEMENTS, st.randoms(use_true_random=False))
def test_identifiers_lead_where_trying_every_way_does(statements: list[Statement], rng) -> None:
    led = led_by_statements(statements)
    said = [s for s in statements if s.previous != s.current]
    assert set(led) == {i for s in said for i in (s.previous, s.current)}
    for one, found in led.items():
        ends = reached(said, one)
        assert found.is_conflict == (len(ends) != 1)
        same = {other for other in led if reached(said, other) == ends} if len(ends) == 1 else {one}
        assert {other for other in led if led[other].leads_to == found.leads_to} == same
        assert found.leads_to in same
    shuffled = list(statements)
    rng.shuffle(shuffled)
    assert led_by_statements(shuffled) == led


def test_the_earliest_in_use_stands_for_the_person_and_dates_that_are_not_known_come_last() -> None:
    early, late = date(2018, 1, 1), date(2021, 1, 1)
    statements = [Statement("C", "Z", None), Statement("B", "Z", late), Statement("Y", "Z", early)]
    assert {i: each.leads_to for i, each in led_by_statements(statements).items()} == dict.fromkeys("BCYZ", "Y")
    assert led_by_statements([Statement("Y", "B", None)])["B"] == Led("Y", False)


def test_a_long_chain_is_followed_to_its_end() -> None:
    chain = [Statement(f"{i:06}", f"{i + 1:06}", None) for i in range(50_000)]
    assert {each.leads_to for each in led_by_statements(chain).values()} == {"000000"}
