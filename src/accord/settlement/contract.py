"""A contract: the model of the TOML file that both sides sign, and the order in which its clauses are settled."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from accord.clauses.kinds import AnyClause, Stage, changed_by, prices_activity, stage_of
from accord.clauses.terms import Id, Listed, Name, Period, Vat, Written

CAPPED = ("gross", "share", "payment")
"""What a cap may be on, in the order in which caps take hold."""


class Registered(Written):
    """People on the lists of these partners, or with the one word "partners" of all of them."""

    registered_with: Id | Annotated[tuple[Id, ...], Field(strict=False, min_length=1)] = Field(examples=["partners"])


class Resident(Written):
    """People who live in these areas."""

    resident_in: Annotated[tuple[Id, ...], Field(strict=False, min_length=1)] = Field(examples=[["E06000001"]])


class Contract(Written):
    """The whole of a contract. under: of a subcontract, the contract (its file's name without .toml) that its payer is paid by.

    vat: needed where the payee is a partner of the regime `standard`, and of no other; a clause may say another for itself.
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
        """The clauses in the order in which they are settled: by stage, then as written; one that changes another comes after it.

        A cap on the gross comes before one on the share, and that before one on the payment.
        """
        stages = list(Stage)
        waiting = sorted(self.clause, key=lambda clause: (stages.index(stage_of(clause)), CAPPED.index(getattr(clause, "on", CAPPED[0]))))
        ordered: list[Any] = []
        while waiting:
            pending = {clause.id for clause in waiting}
            ready = next((clause for clause in waiting if changed_by(clause) not in pending), waiting[0])
            waiting.remove(ready)
            ordered.append(ready)
        return ordered


def root_of(contract: Contract, clause_id: str) -> str:
    """The clause that a clause changes in the end; itself, if it changes none."""
    by_id = {each.id: each for each in contract.clause}
    while (of := changed_by(by_id[clause_id])) is not None and of in by_id:
        clause_id = of
    return clause_id
