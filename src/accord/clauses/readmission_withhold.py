"""Readmissions that could have been avoided are not paid for, after the exclusions that both sides name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from pydantic import Field

from accord.clauses.bridge import Bridge
from accord.clauses.lists import repeated
from accord.clauses.terms import Clause, Fraction, Id, Listed, Written
from accord.clauses.walking import NOTHING, Exact, money, percent, walk
from accord.place.toml_faults import Fault

Exclusion = Literal[
    "no_national_price", "maternity", "cancer", "young_child", "self_discharge", "emergency_transfer", "cross_border", "renal_dialysis",
    "transplant", "multiple_trauma", "transport_accident",
]  # fmt: skip
"""The exclusions of the English rule: PMC5226021, table 1, and the guidance of 2011/12."""


class Group(Written):
    """Readmissions after one sort of discharge. One of the two says what is not paid.

    avoidable: that part of their value, as a review of cases found it. allowed: what is over that part of the year before's value.
    """

    after: Literal["elective", "other", "any"]
    avoidable: Fraction | None = None
    allowed: Fraction | None = None


class Terms(Clause):
    """Emergency readmissions within the rulebook's window are paid in part. of: the clause that pays for them. review: who led the review."""

    kind: Literal["readmission_withhold"]
    of: Id = Field(examples=["emergency"])
    groups: Listed[Group] = Field(min_length=1)
    exclusions: Listed[Exclusion] = Field(examples=[["maternity", "cancer"]])
    review: str = ""


@dataclass(frozen=True)
class Facts:
    """Values of readmissions, as the clause that pays for them prices them.

    value: by the group's `after`, after exclusions. excluded: by exclusion; a readmission that has several counts under the first.
    before: the value of the year before, by the group's `after`, where a group allows a part of it.
    """

    value: Mapping[str, Decimal]
    excluded: Mapping[str, Decimal] = field(default_factory=dict)
    before: Mapping[str, Decimal] = field(default_factory=dict)


def settle(terms: Terms, facts: Facts) -> Bridge:
    """From the value of all readmissions, those that are excluded among them, to what is paid for them.

    >>> terms = Terms(kind="readmission_withhold", id="r", of="emergency", exclusions=["cancer"],
    ...               groups=[Group(after="elective", avoidable=Decimal(1)), Group(after="other", allowed=Decimal("0.75"))])
    >>> settle(terms, Facts({"elective": Decimal(100), "other": Decimal(1000)}, {"cancer": Decimal(50)}, {"other": Decimal(1000)})).result
    Decimal('800.00')
    """
    return walk(Exact("value of readmissions", _all(facts)), _steps(terms, facts), terms.round_at)


def _all(facts: Facts) -> Decimal:
    return sum([*facts.value.values(), *facts.excluded.values()], NOTHING)


def _steps(terms: Terms, facts: Facts) -> Iterator[Exact]:
    for group in terms.groups:
        value = facts.value.get(group.after, NOTHING)
        if group.avoidable is not None:
            held, because = value * group.avoidable, f"{percent(group.avoidable)} of {money(value)} could have been avoided"
        else:
            most = facts.before[group.after] * (group.allowed or NOTHING)
            held, because = max(NOTHING, value - most), f"paid up to {money(most)}, {percent(group.allowed or NOTHING)} of the year before"
        yield Exact(f"after {group.after} discharges", -held, because)


def eligible(terms: Terms, facts: Facts) -> Bridge:
    """From the value of all readmissions, less each exclusion, to what the review's proportions apply to."""
    steps = [Exact(e.replace("_", " "), -facts.excluded.get(e, NOTHING), "excluded: paid in full") for e in terms.exclusions]
    return walk(Exact("value of readmissions", _all(facts)), steps, terms.round_at)


def faults(terms: Terms) -> Iterator[Fault]:
    """A group that says both or neither of its ways; one that stands twice, or is covered by another; an exclusion that stands twice."""
    afters = [group.after for group in terms.groups]
    yield from repeated("groups", afters, "after")
    if "any" in afters and len(set(afters)) > 1:
        what = "readmissions after any discharge are a group, and those after some discharges are another"
        yield Fault(("groups", afters.index("any"), "after"), what, 'keep "any" alone, or write "elective" and "other"')
    for n, group in enumerate(terms.groups):
        if (group.avoidable is None) == (group.allowed is None):
            what = f"the group after {group.after} discharges says not what is paid"
            yield Fault(("groups", n), what, "write one of avoidable = 0.25 and allowed = 0.75")


def describe(terms: Terms) -> str:
    """The clause in a sentence."""
    parts = [
        f"{percent(g.avoidable)} after {g.after} discharges" if g.avoidable is not None
        else f"what is over {percent(g.allowed or NOTHING)} of the year before's after {g.after} discharges"
        for g in terms.groups
    ]  # fmt: skip
    excluded = ", ".join(e.replace("_", " ") for e in terms.exclusions) or "none"
    return f"of emergency readmissions that '{terms.of}' pays for, does not pay {' and '.join(parts)}; excluded: {excluded}"
