"""What the terms of every kind of clause have in common, and the small parts that several of them are made of."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from accord.place.settings import Id, Name, Period

__all__ = [
    "Budget", "Clause", "Fraction", "Id", "Listed", "Money", "Name", "PartOf", "Period", "Rate", "Reason", "Rule", "Service", "ValueOf", "Vat",
    "Written",
]  # fmt: skip

T = TypeVar("T")
Listed = Annotated[tuple[T, ...], Field(strict=False)]
"""A list in the file, which nothing can change once it is read."""


class Written(BaseModel):
    """What two parties sign: nothing is guessed from another type, and no key is ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def exact(value: object) -> object:
    """TOML writes a whole number without a point: 1000 is as exact as 1000.00."""
    return Decimal(value) if type(value) is int else value


def _named(pattern: str, what: str, mend: str) -> AfterValidator:
    shape = re.compile(pattern)

    def check(text: str) -> str:
        if not shape.fullmatch(text):
            raise ValueError(f"{what}: {mend}")
        return text

    return AfterValidator(check)


Money = Annotated[Decimal, BeforeValidator(exact), Field(ge=0, max_digits=18, decimal_places=2, examples=[Decimal("5000000.00")])]
Fraction = Annotated[Decimal, BeforeValidator(exact), Field(ge=0, le=1, decimal_places=6, examples=[Decimal("0.30")])]
Factor = Annotated[Decimal, BeforeValidator(exact), Field(gt=0, le=10, decimal_places=6, examples=[Decimal("0.70")])]
Service = Annotated[str, _named("[a-z][a-z0-9_]{0,63}", "cannot name a service", 'use small letters, digits and _: "emergency_admission"')]
RuleName = Annotated[
    str,
    _named(
        "[a-z][a-z0-9_]{0,63}(/[a-z][a-z0-9_]{0,63}){0,3}",
        "cannot name a rule or a list of the rulebook",
        'use small letters, digits, _ and /: "england/marginal_rate"',
    ),
]
Reason = Annotated[str, Field(min_length=3, examples=["the ward at the other hospital closed"])]


class Rule(Written):
    """A dated value of the rulebook instead of a number: the one in force when the contract begins. `option`: of several, which."""

    rule: RuleName = Field(examples=["england/marginal_rate"])
    option: str = ""


class Budget(Written):
    """A budget by its name, as the budgets' table or a file of the payer's gives it."""

    budget: Id = Field(examples=["needs_weighted"])


class PartOf(Written):
    """A part of a budget or of a benchmark."""

    of: Id = Field(examples=["needs_weighted"])
    rate: Factor = Field(examples=[Decimal("1.10")])


class ValueOf(Written):
    """The activity of an earlier span, priced as today's is."""

    value_of: Period
    priced_at: Literal["current"]


class Vat(Written):
    """VAT on what is due, where the payee's regime charges it. recoverable: whether the payer gets it back; what it does not is a cost."""

    rate: Fraction = Field(examples=[Decimal("0.20")])
    recoverable: bool


Rate = Fraction | Rule


class Clause(Written):
    """The keys of every clause. `reference`: where the signed paper says it. `shadow`: worked out and shown, not paid.

    round_at: `line` rounds each line of the bridge to the penny, `total` only what it comes to. vat: of what the clause comes to, where it is not
    the contract's; `exempt` and `outside` (no supply at all) are without VAT. What changes a clause has the VAT of that clause.
    """

    id: Id = Field(examples=["emergency"])
    reference: str = ""
    round_at: Literal["line", "total"] = "line"
    shadow: bool = False
    vat: Vat | Literal["exempt", "outside"] | None = None
