"""A step's text bound by the engine to empty tables of its inputs' contracts: which columns it gives, no data read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import cache
from threading import Lock

import duckdb
from sqlglot import exp

from accord.engine import duck
from accord.engine.query import Query, with_parameters
from accord.errors import UserError
from accord.tables import Table

DESCRIBE = "describe "
NO_SUCH_COLUMN = re.compile(r'(?:Referenced column|does not have a column named) "(?P<name>[^"]+)"')
_ONE_AT_A_TIME = Lock()


@cache
def _empty_database() -> duckdb.DuckDBPyConnection:
    # One database for all checks of the process: opening one takes longer than a check. It never holds a row.
    return duck.connection({"threads": "1", "errors_as_json": "true"})


def check_tables(query: Query, inputs: Sequence[Table]) -> None:
    """Every table that the text names is an input or a part named by `with`, and every input is read. Raises UserError."""
    parts = {cte.alias.casefold() for cte in query.tree.find_all(exp.CTE)}
    known = {t.name.casefold(): t.name for t in inputs}
    read = [t for t in query.tree.find_all(exp.Table) if t.db or t.name.casefold() not in parts]
    for table in read:
        if table.db or table.name.casefold() not in known:
            what = f"step '{query.step}' reads table '{table.name}', which is not among its inputs"
            mend = f"{_nearest(table.name, known.values())}name one of {', '.join(known.values())}, or add it to `inputs`"
            raise UserError(what, where=query.where(query.line(table)), what_to_do=mend)
    for name in known.keys() - {t.name.casefold() for t in read}:
        what = f"step '{query.step}' never reads its input '{known[name]}'"
        raise UserError(what, where=query.where(), what_to_do="leave it out of `inputs`")


def bind(query: Query, inputs: Sequence[Table]) -> list[tuple[str, str]]:
    """The (name, type) of each output column, in order. Raises UserError for what the engine cannot bind."""
    text = DESCRIBE + with_parameters(query.text, lambda p: f"cast(null as {query.parameters[p]})")
    with _ONE_AT_A_TIME:
        database = _empty_database()
        database.execute("begin")
        try:
            for table in inputs:
                columns = ", ".join(f"{duck.name(c.name)} {c.type}" for c in table)
                database.execute(f"create table {duck.name(table.name)} ({columns})")
            return [(str(row[0]), str(row[1])) for row in database.execute(text).fetchall()]
        except duckdb.Error as error:
            raise _told(query, text, inputs, error) from None
        finally:
            database.execute("rollback")


def check_output(query: Query, columns: Sequence[tuple[str, str]], output: Table) -> None:
    """The bound columns are the contract's: names, order, types. Raises UserError."""
    where = query.where()
    given, wanted = [name for name, _ in columns], list(output.names)
    for name in wanted:
        if name not in given:
            what = f"step '{query.step}' has no column '{name}', which table '{output.name}' has"
            raise UserError(what, where=where, what_to_do=f"{_nearest(name, set(given) - set(wanted))}select it, named '{name}'")
    for name in given:
        if name not in wanted or given.count(name) > 1:
            what = f"step '{query.step}' gives column '{name}', which table '{output.name}' does not have (or has once)"
            raise UserError(what, where=where, what_to_do="leave it out, or add it to the table's contract")
    if given != wanted:
        what = f"step '{query.step}' gives its columns in another order than table '{output.name}'"
        raise UserError(what, where=where, what_to_do=f"select them as {', '.join(wanted)}")
    for name, kind in columns:
        if kind != output[name].type:
            wanted_kind = output[name].type
            what = f"step '{query.step}': column '{name}' lands as {kind}, but table '{output.name}' has it as {wanted_kind}"
            raise UserError(what, where=where, what_to_do=f"write `cast(… as {wanted_kind.lower()}) as {name}`")


def _told(query: Query, text: str, inputs: Sequence[Table], error: duckdb.Error) -> UserError:
    try:
        details = json.loads(str(error).split(": ", 1)[1])
    except (IndexError, ValueError):
        details = {"exception_message": str(error)}
    said = str(details["exception_message"])
    place = query.where(text[: int(details["position"])].count("\n") + 1) if "position" in details else query.where()
    if missing := NO_SUCH_COLUMN.search(said):
        name = missing["name"]
        known = {c.name for t in inputs for c in t} | {a.alias for a in query.tree.find_all(exp.Alias)}
        mend = f"{_nearest(name, known)}name a column of {', '.join(t.name for t in inputs)}"
        return UserError(f"step '{query.step}' reads column '{name}', which is not there", where=place, what_to_do=mend)
    first = said.split("\n", 1)[0].strip()
    hint = str(details.get("candidates", "")) if details.get("error_subtype") == "MISSING_ENTRY" else ""
    mend = (f"did you mean `{hint}`? Otherwise: " if hint else "") + "write it with the functions and types there are"
    return UserError(f"step '{query.step}' does not bind: {first}", where=place, what_to_do=mend)


def _nearest(name: str, known: Iterable[str]) -> str:
    nearest = get_close_matches(name, list(known), n=1)
    return f"did you mean '{nearest[0]}'? Otherwise: " if nearest else ""
