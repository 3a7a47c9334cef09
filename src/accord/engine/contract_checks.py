"""A table as written, held to its contract: columns, types, required values, codes, key, and that it is not empty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from accord.engine import duck
from accord.engine.session import Session
from accord.tables import Column, Table

KEYS_AT_ONCE = 10_000_000
"""How many keys are held in memory together: larger tables are looked at in parts, by a hash of the key."""


def findings(session: Session, table: Table) -> list[str]:
    """What is wrong with the file of `table`, in words; nothing, if nothing is.

    Looks at the view registered under the table's name: one scan for counts, NULLs and codes, and one for the key (in parts,
    where the table is large). If the columns are not the contract's, nothing further is looked at.
    """
    wrong = list(_of_columns(session, table))
    if wrong:
        return wrong
    n_row, *counts = _counts(session, table)
    if n_row == 0 and not table.may_be_empty:
        return [f"{table.name} is empty, and it may not be"]
    return [*_of_values(session, table, counts), *_of_key(session, table, n_row)]


def _of_columns(session: Session, table: Table) -> Iterator[str]:
    found = {str(row[0]): str(row[1]) for row in session.rows(f"describe select * from {duck.name(table.name)}")}
    for column in table:
        if column.name not in found:
            yield f"{table.name} has no column {column.name}"
        elif found[column.name] != column.type:
            yield f"{table.name}.{column.name} is written as {found[column.name]}, not as {column.type}"
    for name in found:
        if name not in table.names:
            yield f"{table.name} has a column {name}, which its contract does not"
    if set(found) == set(table.names) and tuple(found) != table.names:
        yield f"{table.name} has its columns in another order than its contract"


def _checks(table: Table) -> Iterator[tuple[Column, str, str]]:
    """(column, condition that a row breaks, what that means) of each required or coded column."""
    for column in table:
        quoted = duck.name(column.name)
        if column.required:
            yield column, f"{quoted} is null", "is required, and it is NULL"
        if column.codes:
            yield column, f"{quoted} not in ({duck.literals(column.codes)})", "is none of its codes"


def _counts(session: Session, table: Table) -> list[int]:
    counts = [f"count(*) filter (where {condition})" for _, condition, _ in _checks(table)]
    row = session.rows(f"select {', '.join(['count(*)', *counts])} from {duck.name(table.name)}")[0]
    return [int(n) for n in row]


def _of_values(session: Session, table: Table, counts: list[int]) -> Iterator[str]:
    for (column, condition, meaning), n_broken in zip(_checks(table), counts, strict=True):
        if n_broken:
            shown = list(dict.fromkeys([*table.key, column.name]))
            where = f"from {duck.name(table.name)} where {condition} order by {duck.names(shown)} limit 1"
            row = session.rows(f"select {duck.names(shown)} {where}")[0]
            rows = f"{n_broken:,} row{'s' if n_broken > 1 else ''}"
            yield f"{table.name}.{column.name} {meaning}, in {rows}, such as {_words(shown, row)}"


def _of_key(session: Session, table: Table, n_row: int) -> Iterator[str]:
    keys, n_part = duck.names(table.key), 1 + n_row // KEYS_AT_ONCE
    n_repeated, first = 0, None
    for part in range(n_part):
        only = f"where hash({keys}) % {n_part} = {part}" if n_part > 1 else ""
        repeated = f"select {keys} from {duck.name(table.name)} {only} group by {keys} having count(*) > 1"
        n_of_part = int(session.rows(f"select count(*) from ({repeated})")[0][0])
        if n_of_part and first is None:
            first = session.rows(f"{repeated} order by {keys} limit 1")[0]
        n_repeated += n_of_part
    if first is not None:
        several = f"{n_repeated:,} key{'s stand' if n_repeated > 1 else ' stands'} in more than one row"
        yield f"{table.name} has repeated keys: {several}, such as {_words(table.key, first)}"


def _words(names: Sequence[str], row: tuple[object, ...]) -> str:
    return ", ".join(f"{name} {'NULL' if value is None else value}" for name, value in zip(names, row, strict=True))
