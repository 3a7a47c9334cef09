"""What happened, as columns: the events of one kind of care, and which of them a programme prevented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from accord.simulate.draws import Days, Mask, Whole

_PENNY = Decimal("0.01")


@dataclass(frozen=True)
class Rows:
    """Events of one source. who: person; day: on which the care began; known: on which it ended, when it can be reported.

    columns: name to NumPy array, one element an event, as later stages need them. amount: in pence, 0 where the layout has no money.
    prevented: true of what would have happened without a programme; such events are never delivered, and the truth counts them.
    """

    source: str
    who: Whole
    day: Days
    known: Days
    columns: Mapping[str, NDArray[Any]]
    amount: Whole
    prevented: Mask

    @property
    def size(self) -> int:
        """How many."""
        return self.who.size

    def __getitem__(self, column: str) -> NDArray[Any]:
        return self.columns[column]

    def only(self, kept: Mask | Whole) -> Rows:
        """Some of the events."""
        columns = {name: column[kept] for name, column in self.columns.items()}
        return replace(
            self, who=self.who[kept], day=self.day[kept], known=self.known[kept], columns=columns, amount=self.amount[kept],
            prevented=self.prevented[kept],
        )  # fmt: skip


def rows(
    source: str, who: Whole, day: Days, *, known: Days | None = None, amount: Whole | None = None, prevented: Mask | None = None,
    **columns: NDArray[Any],
) -> Rows:  # fmt: skip
    """Events, with what is not said filled in: reported on their day, without money, not prevented."""
    return Rows(
        source, who, day, day if known is None else known, columns, np.zeros(who.size, np.int64) if amount is None else amount,
        np.zeros(who.size, bool) if prevented is None else prevented,
    )  # fmt: skip


def together(parts: Sequence[Rows]) -> Rows:
    """Events of one source that several stages made."""
    first = parts[0]
    joined = {name: np.concatenate([part.columns[name] for part in parts]) for name in first.columns}
    who, day, known, amount, prevented = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("who", "day", "known", "amount", "prevented")
    )
    return Rows(first.source, who, day, known, joined, amount, prevented)


def words(texts: Sequence[str], at: NDArray[Any]) -> pa.Array:
    """One of several texts for each event; a position below 0 is none."""
    positions = pa.array(np.where(at < 0, 0, at).astype(np.int32), mask=at < 0)
    return pa.DictionaryArray.from_arrays(positions, pa.array(list(texts), pa.string())).cast(pa.string())


def money(pence: Whole) -> pa.Array:
    """Amounts in pence as exact decimals of two places."""
    whole = pa.array(pence).cast(pa.decimal128(19, 0))
    return pc.multiply(whole, pa.scalar(_PENNY, pa.decimal128(3, 2))).cast(pa.decimal128(18, 2))


def dates(day: Days) -> pa.Array:
    """Days, NaT as none."""
    return pa.array(day.astype("datetime64[D]"))


def numbered(prefix: str, number: Whole) -> pa.Array:
    """Texts of a prefix and a number."""
    return pc.binary_join_element_wise(pa.scalar(prefix), pa.array(number).cast(pa.string()), "")
