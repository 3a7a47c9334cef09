"""What can be wrong with a list that two parties sign, or with a span: something twice, shares that are not the whole, an end before the start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from accord.clauses.terms import ValueOf
from accord.place.toml_faults import Fault


def repeated(table: str, ids: Sequence[str], key: str = "id") -> Iterator[Fault]:
    """Each id that stands in a list before. `table`: the list's key."""
    for n, each in enumerate(ids):
        if each in ids[:n]:
            yield Fault((table, n, key), f"'{each}' stands in {table} twice", "keep one of the two, or give each a name of its own")


def not_the_whole(table: str, shares: Sequence[Decimal]) -> Iterator[Fault]:
    """Shares that do not add up to 1."""
    total = sum(shares, Decimal(0))
    if total != 1:
        more = f"{abs(1 - total).normalize():f} too {'little' if total < 1 else 'much'}"
        yield Fault((table,), f"the shares of {table} add up to {total.normalize():f}, which is {more}", "change them so that they add up to 1")


def span_faults(key: str, held: ValueOf) -> Iterator[Fault]:
    """An earlier span that ends before it begins."""
    if held.value_of.end_date <= held.value_of.start_date:
        what = f"the span of {key} ends before or as it starts"
        yield Fault((key, "value_of", "to"), what, "'from' is the first day in and 'to' the first day out, so 'to' must be later")
