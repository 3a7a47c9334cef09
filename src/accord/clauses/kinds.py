"""The closed list of kinds of clause: of each its role, its place in the chain, its terms, and its kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

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
    shared_savings,
    stop_loss,
)
from accord.clauses.bridge import Bridge
from accord.clauses.terms import Clause
from accord.place.toml_faults import Fault

AnyClause = Annotated[
    activity_price.Terms
    | block.Terms
    | bundle.Terms
    | cap.Terms
    | capitation.Terms
    | fixed_and_variable.Terms
    | marginal_rate.Terms
    | pay_for_performance.Terms
    | pool.Terms
    | readmission_withhold.Terms
    | risk_corridor.Terms
    | shared_savings.Terms
    | stop_loss.Terms,
    Field(discriminator="kind"),
]
"""The terms of any kind, told apart by `kind`."""


class Role(StrEnum):
    """What a clause does. A clause of any role is a shadow, worked out and not paid, if its terms say `shadow = true`."""

    base = "base"  # pays for activity or people
    adjuster = "adjuster"  # changes what a base pays
    overlay = "overlay"  # shares a result between parties


class Stage(StrEnum):
    """The chain: in what order clauses are settled, unless one names another by `of`."""

    price = "price of each act"
    deduction = "deductions from acts"
    marginal = "marginal rate"
    instead = "in place of prices"
    withhold = "discount and withhold"
    person = "stop-loss of a person"
    aggregate = "stop-loss of all, and corridor"
    sharing = "shared savings"
    capped = "cap"
    pooled = "pool"


def _no_faults(_: Any) -> Iterator[Fault]:
    yield from ()


@dataclass(frozen=True)
class Kind:
    """One kind. settle: terms and facts to the bridge to what is paid. beside: bridges that are shown and not paid, by name.

    faults: what is wrong between keys of one clause. describe: the clause in a sentence that a finance director reads.
    """

    name: str
    role: Role
    stage: Stage
    terms: type[Clause]
    facts: type[Any]
    settle: Callable[[Any, Any], Bridge]
    describe: Callable[[Any], str]
    faults: Callable[[Any], Iterator[Fault]] = _no_faults
    beside: Mapping[str, Callable[[Any, Any], Bridge]] = field(default_factory=dict)


def _kind(role: Role, stage: Stage, module: Any, **beside: Callable[[Any, Any], Bridge]) -> Kind:
    name = module.__name__.rpartition(".")[2]
    faults = getattr(module, "faults", _no_faults)
    return Kind(name, role, stage, module.Terms, module.Facts, module.settle, module.describe, faults, beside)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        _kind(Role.base, Stage.price, activity_price),
        _kind(Role.base, Stage.price, bundle, provider_gain=bundle.provider_gain),
        _kind(Role.adjuster, Stage.deduction, readmission_withhold, eligible=readmission_withhold.eligible),
        _kind(
            Role.adjuster, Stage.marginal, marginal_rate,
            baseline=marginal_rate.baseline, ring_fenced=marginal_rate.ring_fenced, at_the_margin=marginal_rate.at_the_margin,
        ),
        _kind(
            Role.base, Stage.instead, block,
            shadow=block.shadow, volume_left=block.volume_left, room_below_threshold=block.room_below_threshold,
        ),
        _kind(Role.base, Stage.instead, fixed_and_variable),
        _kind(Role.base, Stage.instead, capitation),
        _kind(Role.adjuster, Stage.withhold, pay_for_performance),
        _kind(Role.adjuster, Stage.person, stop_loss),
        _kind(Role.overlay, Stage.aggregate, risk_corridor),
        _kind(Role.overlay, Stage.sharing, shared_savings, shared_out=shared_savings.shared_out),
        _kind(Role.adjuster, Stage.capped, cap, capped=cap.capped),
        _kind(Role.overlay, Stage.pooled, pool, shared_out=pool.shared_out),
    )
}  # fmt: skip


def kind_of(clause: Any) -> Kind:
    """The kind of a clause's terms."""
    return KINDS[clause.kind]


def stage_of(clause: Any) -> Stage:
    """Where in the chain a clause stands: by its kind, but a stop-loss of all people comes after those of single ones."""
    return Stage.aggregate if getattr(clause, "per", None) == "aggregate" else kind_of(clause).stage


def prices_activity(clause: Any) -> bool:
    """Whether a clause pays for its services itself: a base does, and so does a marginal rate that names a list of prices."""
    return kind_of(clause).role is Role.base or getattr(clause, "prices", None) is not None


def changed_by(clause: Any) -> str | None:
    """The id of the clause that a clause changes, if it changes one."""
    withhold = getattr(clause, "withhold", None)
    of = getattr(clause, "of", None) or getattr(withhold, "of", None)
    return of if isinstance(of, str) else None
