"""A contract: the model of the TOML file that both sides sign, and the order in which its clauses are settled."""

from __future__ import annotations

from decimal import Decimal
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
from accord.clauses.kinds import Stage, changed_by, prices_activity, stage_of
from accord.clauses.terms import Fraction, Id, Listed, Name, Period, Written

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


class Vat(Written):
    """VAT on what is due, where the payee's regime charges it. recoverable: whether the payer gets it back; what it does not is a cost."""

    rate: Fraction = Field(examples=[Decimal("0.20")])
    recoverable: bool


class Contract(Written):
    """The whole of a contract. under: of a subcontract, the contract (its file's name without .toml) that its payer is paid by.

    vat: needed where the payee is a partner of the regime `standard`, and of no other.
    """

    title: Name = Field(examples=["Marlow emergency and community care 2025/26"])
    payer: Id = Field(examples=["QMW"])
    payee: Id = Field(examples=["RMX"])
    period: Period
    population: Registered | Resident
    under: Id | None = None
    vat: Vat | None = None
    clause: Listed[AnyClause] = Field(min_length=1)

    @property
    def pricing(self) -> list[Any]:
        """The clauses that price activity, shadows too."""
        return [clause for clause in self.clause if prices_activity(clause)]

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
