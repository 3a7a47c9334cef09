"""An analyst's own step over tables that are there already, such as a finished run's: checked first, read-only."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from accord.engine import duck
from accord.engine.step import Step


def run_on(
    step: Step, connection: duckdb.DuckDBPyConnection, values: Mapping[str, object] | None = None
) -> duckdb.DuckDBPyRelation:
    """The rows of `step` over the tables of `connection`, which hold its inputs by name. Nothing is written.

    The relation is not ordered. Raises UserError for a step that does not check or values that do not fit its parameters.
    """
    bound = dict(values or {})
    text = step.runnable(bound)
    duck.add_macros(connection)
    return connection.sql(text, params=bound) if bound else connection.sql(text)
