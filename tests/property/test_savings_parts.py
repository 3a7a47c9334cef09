"""The parts of a change: they add up exactly, whatever the figures, prefer no order, and do not depend on how finely groups are cut."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from accord.settlement.savings import Cause, Year, causes, explained, to_pennies
from accord.stats import parts_of_change

GROUPS = [("kept", "young"), ("kept", "old"), ("left", "old"), ("joined", "young")]
SERVICES = ["visit", "stay"]
YEARS = (date(2024, 4, 1), date(2025, 4, 1))
pence = st.integers(1, 10_000_000).map(lambda n: Fraction(n, 100))


@st.composite
def years(draw, without="joined"):
    """A year of people in groups, each with some acts and an amount for each service; an amount without acts now and then."""
    groups = [group for group in GROUPS if group[0] != without]
    people = {group: Fraction(draw(st.integers(1, 5000))) for group in groups}
    keys = [(group, service) for group in groups for service in SERVICES]
    acts = {key: Fraction(draw(st.integers(0, 900))) for key in keys}
    return Year(people, acts, {key: draw(pence) for key in keys})


pairs = st.tuples(years(), years(without="left"))


@given(pairs)
def test_parts_add_up_exactly(pair):
    before, after = pair
    assert sum(causes(before, after).values()) == after.cost - before.cost


@given(pairs)
def test_the_bridge_adds_up_to_the_penny(pair):
    before, after = pair
    told = explained(before, after, YEARS)
    assert Fraction(told.bridge.start.amount) == before.cost
    assert Fraction(told.bridge.result) == after.cost
    assert [line.name for line in told.bridge.steps] == list(Cause)


@given(pairs)
def test_seen_from_the_other_year_every_part_is_its_opposite(pair):
    before, after = pair
    there, back = causes(before, after), causes(after, before)
    assert there == {cause: -part for cause, part in back.items()}


@given(pairs, st.integers(1, 9))
def test_a_group_that_is_cut_into_like_parts_changes_nothing(pair, tenths):
    """Cut at the same place in both years, its acts and amounts in proportion."""
    assert causes(*pair) == causes(*(_cut(year, ("kept", "old"), Fraction(tenths, 10)) for year in pair))


def _cut(year: Year, group: tuple[str, str], part: Fraction) -> Year:
    def cut(figures, of):
        found = {}
        for key, figure in figures.items():
            if of(key) == group:
                for name, share in (("old a", part), ("old b", 1 - part)):
                    new = (group[0], name)
                    found[new if key == group else (new, key[1])] = figure * share
            else:
                found[key] = figure
        return found

    return Year(cut(year.people, lambda k: k), cut(year.acts, lambda k: k[0]), cut(year.amounts, lambda k: k[0]))


@given(years(without="left"), st.integers(2, 9))
def test_twice_the_people_with_the_same_care_is_all_population(year, times):
    more = Year(*({key: figure * times for key, figure in part.items()} for part in (year.people, year.acts, year.amounts)))
    parts = causes(year, more)
    of_acts = sum(amount for key, amount in year.amounts.items() if year.acts[key])
    assert parts[Cause.population] == of_acts * (times - 1)
    assert not any(parts[cause] for cause in Cause if cause not in (Cause.population, Cause.rest))


@given(years(without="left"), st.fractions(Fraction(1, 2), 2))
def test_dearer_acts_alone_are_all_price(year, times):
    priced = {key: amount for key, amount in year.amounts.items() if year.acts[key]}
    cheap = replace(year, amounts=priced)
    dear = replace(year, amounts={key: amount * times for key, amount in priced.items()})
    parts = causes(cheap, dear)
    assert parts[Cause.price] == cheap.cost * (times - 1)
    assert not any(part for cause, part in parts.items() if cause is not Cause.price)


@given(st.permutations(["a", "b", "c", "d"]), st.dictionaries(st.frozensets(st.sampled_from("abcd")), st.fractions(), max_size=16))
def test_no_order_is_preferred(order, figures):
    def value(chosen):
        return figures.get(chosen, Fraction(0))

    parts = parts_of_change(value, order)
    assert parts == parts_of_change(value, sorted(order))
    assert sum(parts.values()) == value(frozenset("abcd")) - value(frozenset())


@given(st.lists(st.fractions(-1000, 1000, max_denominator=999), min_size=1, max_size=8))
def test_rounded_parts_add_up_and_are_a_penny_off_at_most(exact):
    total = Fraction(round(sum(exact) * 100), 100)
    parts = {str(n): part for n, part in enumerate([*exact, total - sum(exact)])}
    rounded = to_pennies(parts, total)
    assert sum(map(Fraction, rounded.values())) == total
    assert all(abs(Fraction(rounded[name]) - part) < Fraction(15, 1000) for name, part in parts.items())
