"""A pooled budget: what each partner puts in, held against the least that it must, and what the pool then has for each service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from accord.books import allocate
from accord.clauses.bridge import Bridge, BridgeLine
from accord.clauses.walking import money, percent

NOTHING = Decimal("0.00")


@dataclass(frozen=True)
class Contribution:
    """What one partner puts in. least: the least that it must, where a rule or an agreement says so."""

    party: str
    amount: Decimal
    reference: str = ""
    least: Decimal | None = None

    @property
    def short(self) -> Decimal:
        """By how much it is below the least."""
        return max(NOTHING, (self.least or NOTHING) - self.amount)


def set_pooled(contributions: Sequence[Contribution], services: Sequence[tuple[str, Decimal]]) -> dict[str, Bridge]:
    """By service, a bridge whose lines are the partners' parts of it. services: each with its share of the pool, as it is agreed.

    Each contribution is divided over the services by their shares, so that all bridges together are all contributions, to the penny.
    """
    parts = [allocate(each.amount, [share for _, share in services]) for each in contributions]
    return {service: _bridge(contributions, [part[n] for part in parts], share) for n, (service, share) in enumerate(services)}


def _bridge(contributions: Sequence[Contribution], amounts: Sequence[Decimal], share: Decimal) -> Bridge:
    lines = [BridgeLine(f"from {each.party}", amount, _because(each, share)) for each, amount in zip(contributions, amounts, strict=True)]
    return Bridge(lines[0], tuple(lines[1:]))


def _because(each: Contribution, share: Decimal) -> str:
    least = f", which must be {money(each.least)} or more" if each.least is not None else ""
    return f"{percent(share)} of {money(each.amount)}{least}" + (f"; see {each.reference}" if each.reference else "")
