"""A contract: the model of the TOML file that both sides sign, and the order in which its clauses are settled."""

from __future__ import annotations

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
from accord.clauses.kinds import Stage, changed_by, stage_of
from accord.clauses.terms import Id, Listed, Name, Period, Written

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


class Registered(Written):
    """People on the lists of these partners, or with the one word "partners" of all of them."""

    registered_with: Id | Annotated[tuple[Id, ...], Field(strict=False, min_length=1)] = Field(examples=["partners"])


class Resident(Written):
    """People who live in these areas."""

    resident_in: Annotated[tuple[Id, ...], Field(strict=False, min_length=1)] = Field(examples=[["E06000001"]])


class Contract(Written):
    """The whole of a contract. under: of a subcontract, the contract (its file's name without .toml) that its payer is paid by."""

    title: Name = Field(examples=["Marlow emergency and community care 2025/26"])
    payer: Id = Field(examples=["QMW"])
    payee: Id = Field(examples=["RMX"])
    period: Period
    population: Registered | Resident
    under: Id | None = None
    clause: Listed[AnyClause] = Field(min_length=1)

    def chain(self) -> list[Any]:
        """The clauses in the order in which they are settled: by stage, then as written; one that changes another comes after it."""
        stages = list(Stage)
        waiting = sorted(self.clause, key=lambda clause: stages.index(stage_of(clause)))
        ordered: list[Any] = []
        while waiting:
            pending = {clause.id for clause in waiting}
            ready = next((clause for clause in waiting if changed_by(clause) not in pending), waiting[0])
            waiting.remove(ready)
            ordered.append(ready)
        return ordered
