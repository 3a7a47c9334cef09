"""How the records of one map are read: each raw column cleaned once, each day, number and amount read out of it once.

A step's SELECT stands over a reading, always under the alias `v`, and finds there what it names: `v."ADMIDATE"` is the column without
the space around it, `v."date of ADMIDATE"` the day it writes. An expression that repeats itself inside others costs many times over,
both when a step is checked and for every record; a column of a reading costs once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from accord.tables import Table

_ABOUT = {
    "_submission_id": "_submission_id", "_record_number": "_record_number", "_received_at": "_received_at", "_partner_id": "_partner_id",
    "_record_id": "_hash_a + _salt", "_hash_b": "_hash_b", "_salt": "_salt", "_source_id": "_source_id", "_corrects": "_corrects",
    "_withdrawn_at": "_withdrawn_at",
}  # fmt: skip
"""What every reading has besides its columns, under names that no column of it bears."""


def name(column: str) -> str:
    """A raw column's name, quoted."""
    return '"' + column.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def one_of(values: Sequence[str]) -> str:
    """A list of texts as the right side of IN."""
    return "(" + ", ".join(literal(v) for v in values) + ")"


class Reading:
    """The columns over which one map's expressions are written. Whoever writes an expression asks here for what it names.

    missing: texts that stand for nothing in every column of the file.
    """

    def __init__(self, raw: Table, missing: Sequence[str]) -> None:
        self._raw = raw
        self._missing = tuple(missing)
        self._texts: dict[str, str] = {}
        self._parts: dict[str, str] = {}

    def delivered(self, column: str) -> str:
        """A column as delivered."""
        return self._named(self._texts, f"{column} as delivered", name(column))

    def stated_at(self) -> str:
        """When a record was last stated: received, in these words, in a file that still stands."""
        standing = "max(case when _withdrawn_at is null then _received_at end) over (partition by _hash_a + _salt, _hash_b)"
        return self._named(self._texts, "stated at", f"coalesce({standing}, _received_at)")

    def trimmed(self, column: str) -> str:
        """A column without the space around it; '' where that leaves nothing."""
        return self._named(self._texts, f"{column} trimmed", f"coalesce({_trimmed(name(column))}, '')")

    def text(self, column: str, missing: Sequence[str] = (), taken: str = "{x}") -> str:
        """A column without the space around it; NULL where that leaves nothing, or a text that stands for nothing.

        taken: what is taken of the column, `{x}`, before that.
        """
        return self._named(self._texts, column, _cleaned(taken.replace("{x}", name(column)), (*missing, *self._missing)))

    def part(self, what: str, text: str, read: Callable[[str], str]) -> str:
        """What is read out of a column of this reading, such as its date. `read` writes the SQL over that column."""
        column = text.removeprefix("v.")
        return self._named(self._parts, f"{what} of {column[1:-1]}", read(column))

    def select(self, readers: str) -> str:
        """The reading as a table to select from: as much of it as the text `readers` names."""
        parts = {column: sql for column, sql in self._parts.items() if f"v.{column}" in readers}
        texts = {column: sql for column, sql in self._texts.items() if f"v.{column}" in readers}
        below = {column: sql for column, sql in self._texts.items() if any(column in part for part in parts.values())}
        given = ", ".join([*_ABOUT, *texts, *(f"{sql} as {column}" for column, sql in parts.items())])
        cleaned = ", ".join(f"{sql} as {column}" for column, sql in (_ABOUT | texts | below).items())
        return f"(select {given}\n  from (select {cleaned}\n    from {self._raw.name}) as cleaned) as v"

    def _named(self, columns: dict[str, str], label: str, sql: str) -> str:
        every, n, column = self._texts | self._parts, 1, name(label)
        while every.get(column, sql) != sql or column[1:-1].lower() in _ABOUT:
            n += 1
            column = name(f"{label} ({n})")
        columns[column] = sql
        return f"v.{column}"


def _trimmed(text: str) -> str:
    # To ask whether there is anything to take off takes a third of the time of `trim`. Spaces other than ' ' take more than one byte.
    has_space = f"{text} like ' %' or {text} like '% ' or bit_length({text}) <> 8 * length({text})"
    return f"case when {has_space} then nullif(trim({text}), '') else nullif({text}, '') end"


def _cleaned(text: str, missing: Sequence[str]) -> str:
    if not missing:
        return _trimmed(text)
    return f"case when trim({text}) in {one_of(['', *missing])} then null else {_trimmed(text)} end"
