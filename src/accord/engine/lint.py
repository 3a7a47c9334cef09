"""The portable subset as a table of rules, and the one function that holds a step to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import exp

from accord.engine import rules_of_text as text
from accord.engine import rules_of_types as types
from accord.engine.breach import Breach, shown
from accord.engine.query import Query
from accord.errors import UserError


@dataclass(frozen=True)
class Rule:
    """One row of the table: what is not written, what is written instead, and what finds it."""

    not_this: str
    but: str
    find: Callable[[Query, exp.Query], Iterator[Breach]]


OF_TEXT = (
    Rule("arg_max, ASOF join, ordered first or last", "row_number() over (… order by …, unique key nulls last) = 1", text.picks),
    Rule("x / y", "x / nullif(y, 0)", text.division),
    Rule("median, percentile_cont", "percentile(x, 0.5)", text.quantiles),
    Rule("isodow, weekday functions", "date_diff('day', date '1900-01-01', d) % 7 + 1", text.weekdays),
    Rule("date_diff('hour', a, b)", "date_diff('second', a, b) // 3600", text.spans_of_time),
    Rule("generate_series of dates", "join the calendar table", text.series),
    Rule("select *", "named columns", text.stars),
    Rule("sum uncast", "cast(sum(x) as bigint), or as its contract's decimal", text.uncast_sums),
    Rule("a ranking without an order, or without NULLS FIRST or LAST", "both, always", text.orderings),
    Rule("values pasted into the text", "bound parameters ($as_of), or a reference table of rules", text.pasted_values),
    Rule("clocks, random numbers, samples, settings", "bound parameters", text.clocks_and_dice),
    Rule("files and table functions", "inputs of the step", text.files_and_functions),
    Rule("list(x)", "one row an item", text.lists),
    Rule("stddev, corr and other statistics", "exact sums in the step, the statistic in a kernel", text.statistics),
)
"""The rules that need no types, in the order of the manual."""

OF_TYPES = (
    Rule("sum of doubles", "exact decimals or whole numbers", types.sums_of_doubles),
    Rule("avg or division of a decimal", "a double, rounded; money is never divided in SQL", types.divided_decimals),
    Rule("a decimal product left uncast", "cast(a * b as its contract's type)", types.decimal_products),
    Rule("cast(2.5 as int)", "round first", types.casts_that_cut),
    Rule("day - day", "date_diff('day', a, b)", types.days_apart),
)
"""The rules that need the tables' contracts."""


def lint(query: Query, tree: exp.Query, rules: tuple[Rule, ...]) -> None:
    """Hold a parsed query to `rules`. Raises one UserError that tells every breach, in the order of the text."""
    told = {}
    for rule in rules:
        for breach in rule.find(query, tree):
            subject = shown(breach.node) if breach.node is not tree else "it"
            line = query.line(breach.node)
            told[line, f"{subject} {breach.why}"] = f"write instead: {breach.instead}"
    if told:
        raise _error(query, dict(sorted(told.items())))


def _error(query: Query, told: dict[tuple[int, str], str]) -> UserError:
    lines = [line for line, _ in told]
    if len(told) == 1:
        (_, what), mend = told.popitem()
        return UserError(f"step '{query.step}': {what}", where=query.where(*lines), what_to_do=mend)
    whats = "\n".join(f"    line {line}: {why}" for line, why in told)
    mends = "\n".join(f"    line {line}: {mend}" for (line, _), mend in told.items())
    what = f"step '{query.step}' leaves the portable subset in {len(told)} places:\n{whats}"
    return UserError(what, where=query.where(*lines), what_to_do=f"\n{mends}")
