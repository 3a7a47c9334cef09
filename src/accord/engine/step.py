"""What a step is: one portable SELECT with a name, typed inputs and a typed output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import sqlglot
from sqlglot import exp

from accord.engine.binding import bind, check_output, check_tables
from accord.engine.dialect import Part, in_spark, in_spark_by_parts
from accord.engine.lint import OF_TEXT, OF_TYPES, lint
from accord.engine.provenance import sources
from accord.engine.query import Query, parse, typed, with_parameters
from accord.errors import UserError
from accord.tables import Table


@dataclass(frozen=True, eq=False)
class Step:
    """One SELECT of the portable subset that makes table `output` out of tables `inputs`.

    sql: the text, which may begin with `with`; values are bound as `$name`, typed by `parameters` (name to engine type).
    notes: In, Out, Units, Ties, Leaves out (and the attrition row it writes), Source.
    """

    name: str
    sql: str
    inputs: tuple[Table, ...]
    output: Table
    parameters: Mapping[str, str] = field(default_factory=dict)
    notes: str = ""

    def check(self) -> None:
        """Parse, lint, qualify and type the text against the contracts, once. Reads no data. Raises UserError."""
        _ = self._tree

    def text(self, dialect: str = "duckdb") -> str:
        """The text an auditor reads: as written, or in another engine's words (`spark`)."""
        if dialect == "duckdb":
            return self._query.text
        if dialect == "spark":
            return in_spark(self._query, self.inputs)
        return sqlglot.transpile(self._query.text, read="duckdb", write=dialect, pretty=True)[0]

    def parts_in_spark(self) -> tuple[list[Part], str]:
        """The text in Spark's words, with the named parts of its `with` apart, in order, and the SELECT that stands over them."""
        return in_spark_by_parts(self._query, self.inputs)

    def lineage(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """Output column to the sorted (input table, column) pairs its values are made of; column "*" where rows are counted.

        Columns that only choose rows (conditions, joins, groups, orderings) are not values, and are left out.
        """
        return sources(self._tree, self.inputs, self.output)

    def runnable(self, values: Mapping[str, object]) -> str:
        """The checked text with each parameter cast to its declared type, to be run with `values` bound.

        Raises UserError if the step does not check or the values are not those of `parameters`.
        """
        self.check()
        wrong = sorted(set(values) ^ set(self.parameters))
        if wrong:
            what = f"step '{self.name}' takes the parameters {sorted(self.parameters)}, but was given {sorted(values)}"
            raise UserError(what, where=f"step '{self.name}'", what_to_do=f"look at {', '.join(wrong)}")
        if not self.parameters:
            return self._query.text
        return with_parameters(self._query.text, lambda p: f"cast(${p} as {self.parameters[p]})")

    @cached_property
    def _query(self) -> Query:
        return parse(self.name, self.sql, self.parameters)

    @cached_property
    def _tree(self) -> exp.Query:
        return _checked(self.name, self.sql, self.inputs, self.output, tuple(self.parameters.items()))


# A process that makes many runs of a place checks each text once.
@lru_cache(maxsize=1024)
def _checked(name: str, sql: str, inputs: tuple[Table, ...], output: Table, parameters: tuple[tuple[str, str], ...]) -> exp.Query:
    query = parse(name, sql, dict(parameters))
    lint(query, query.tree, OF_TEXT)
    check_tables(query, inputs)
    columns = bind(query, inputs)
    tree = typed(query, inputs)
    lint(query, tree, OF_TYPES)
    check_output(query, columns, output)
    return tree
