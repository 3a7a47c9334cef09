"""The shape of a table contract: what a table's rows and columns mean, in code that can be read aloud."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MONEY = "DECIMAL(18,2)"
RATE = "DECIMAL(18,6)"


@dataclass(frozen=True)
class Column:
    """One column: its engine type, what it means, and what it may hold.

    required: NULL is an audit failure. codes: the closed list it must keep to. unit: of a quantity.
    lineage: names the delivery rather than the content, so equality of runs ignores it. personal: never shown outside direct care.
    """

    name: str
    type: str
    meaning: str
    required: bool = False
    codes: tuple[str, ...] = ()
    unit: str = ""
    lineage: bool = False
    personal: bool = False


@dataclass(frozen=True)
class Table:
    """One table's contract: `meaning` of a row, `key` columns (unique together), `order` of rows as written.

    edition: raised whenever a column changes meaning, so that old runs open by the edition they were written in.
    smallest_count: the smallest number of people that a published cell may rest on; None where rows are about single people,
    and so are never published outside at all; 0 where rows are not about people.
    may_be_empty: whether an empty table is a fact (no issues found) rather than a fault.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    order: tuple[str, ...] = ()
    edition: int = 1
    smallest_count: int | None = None
    may_be_empty: bool = True

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __getitem__(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """The column names, in order."""
        return tuple(c.name for c in self.columns)

    @property
    def types(self) -> dict[str, str]:
        """Column name to engine type, in order."""
        return {c.name: c.type for c in self.columns}

    @property
    def content_columns(self) -> tuple[str, ...]:
        """The columns that equality of runs looks at: all but lineage."""
        return tuple(c.name for c in self.columns if not c.lineage)


def bigint(name: str, meaning: str, **more: Any) -> Column:
    """A 64-bit whole number: keys and large counts."""
    return Column(name, "BIGINT", meaning, **more)


def integer(name: str, meaning: str, **more: Any) -> Column:
    """A whole number."""
    return Column(name, "INTEGER", meaning, **more)


def text(name: str, meaning: str, **more: Any) -> Column:
    """Text."""
    return Column(name, "VARCHAR", meaning, **more)


def day(name: str, meaning: str, **more: Any) -> Column:
    """A calendar day."""
    return Column(name, "DATE", meaning, **more)


def moment(name: str, meaning: str, **more: Any) -> Column:
    """A moment, UTC, without a zone."""
    return Column(name, "TIMESTAMP", meaning, **more)


def flag(name: str, meaning: str, **more: Any) -> Column:
    """True or false."""
    return Column(name, "BOOLEAN", meaning, **more)


def money(name: str, meaning: str, **more: Any) -> Column:
    """An amount in the place's currency, to two decimals, exact."""
    return Column(name, MONEY, meaning, **more)


def rate(name: str, meaning: str, **more: Any) -> Column:
    """A price, rate or quantity, to six decimals, exact."""
    return Column(name, RATE, meaning, **more)
