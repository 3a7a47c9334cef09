"""The rules of the portable subset that the bare text decides. Each finds its breaches in a parsed query; `lint` lists them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from accord.engine.breach import Breach, bare, calls, lands_uncast, shown
from accord.engine.query import Query

ANCHORS = frozenset({"1900-01-01", "9999-12-31"})
"""Days that are no rule: what weekdays are counted from, and the end of what has not ended."""

ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
WEEKDAY_PARTS = frozenset({"isodow", "dow", "dayofweek", "weekday", "dayofweek_iso"})
COUNTED_PARTS = frozenset({"DAY", "SECOND"})
SECONDS = {"HOUR": 3600, "MINUTE": 60}
MONTHS = "`(year(b) - year(a)) * 12 + month(b) - month(a)` for months begun"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def picks(_: Query, tree: exp.Query) -> Iterator[Breach]:
    """arg_max, any_value, first, last, DISTINCT ON, and joins by position or nearness: which row they pick is not said."""
    instead = "rank the rows: `qualify row_number() over (partition by … order by …, unique key nulls last) = 1`"
    why = "picks one of several rows without saying which"
    classes = (exp.ArgMax, exp.ArgMin, exp.First, exp.Last, exp.FirstValue, exp.LastValue, exp.NthValue, exp.AnyValue, exp.Mode)
    for node in calls(tree, classes, _names("arbitrary arg_max_null arg_min_null")):
        yield Breach(node, why, instead)
    for join in tree.find_all(exp.Join):
        if join.method in ("ASOF", "POSITIONAL"):
            yield Breach(join, f"{why} ({join.method} join)", f"join on a key or a range, then {instead}")
    for select in tree.find_all(exp.Select):
        distinct = select.args.get("distinct")
        if distinct is not None and distinct.args.get("on"):
            yield Breach(distinct, why, instead)


def division(_: Query, tree: exp.Query) -> Iterator[Breach]:
    """`/`, `//` and `%` whose divisor could be 0."""
    for node in tree.find_all(exp.Div, exp.IntDiv, exp.Mod):
        divisor = bare(node.expression)
        literal = isinstance(divisor, exp.Literal) and divisor.is_number and float(divisor.name) != 0
        guarded = isinstance(divisor, exp.Nullif) and divisor.expression.name == "0"
        if not literal and not guarded and divisor is not None:
            mark = {"Div": "/", "IntDiv": "//", "Mod": "%"}[type(node).__name__]
            instead = f"`x {mark} nullif({shown(divisor)[1:-1]}, 0)`"
            yield Breach(node, "fails on one engine and is NULL or infinite on another where the divisor is 0", instead)


def quantiles(_: Query, tree: exp.Query) -> Iterator[Breach]:
    """Medians and quantiles under names that Spark answers approximately."""
    classes = (exp.Median, exp.PercentileCont, exp.PercentileDisc, exp.Quantile, exp.ApproxQuantile, exp.ApproxDistinct)
    for node in calls(tree, classes, _names("mad reservoir_quantile approx_top_k")):
        instead = "`percentile(x, 0.5)`, which is exact on every engine"
        if isinstance(node, exp.ApproxDistinct):
            instead = "`count(distinct x)`"
        yield Breach(node, "is silently approximate on one engine", instead)


def weekdays(_: Query, tree: exp.Query) -> Iterator[Breach]:
    """Days of the week and names of months, which engines number and spell differently."""
    instead = "`date_diff('day', date '1900-01-01', d) % 7 + 1`, which is 1 on Mondays"
    why = "numbers or names days differently from engine to engine"
    for node in calls(tree, (exp.DayOfWeek, exp.DayOfWeekIso, exp.Dayname, exp.Monthname), _names("weekday isodow dow")):
        yield Breach(node, why, instead)
    for node in calls(tree, (exp.Extract,), _names("date_part datepart")):
        part = node.this if isinstance(node, exp.Extract) else next(iter(node.expressions), exp.null())
        if isinstance(node, exp.Extract | exp.Anonymous) and part.name.lower() in WEEKDAY_PARTS:
            yield Breach(node, why, instead)
    for node in tree.find_all(exp.TimeToStr):
        if re.search(r"%[aAwubB]", node.args["format"].name):
            yield Breach(node, why, instead)


def spans_of_time(_: Query, tree: exp.Query) -> Iterator[Breach]:
    """date_diff in any part but day and second: some engines count boundaries crossed, others whole parts."""
    why = "counts boundaries crossed on one engine and whole spans on another"
    for node in tree.find_all(exp.DateDiff):
        part = node.text("unit").upper()
        if part in SECONDS:
            yield Breach(node, why, f"`date_diff('second', a, b) // {SECONDS[part]}`")
        elif part not in COUNTED_PARTS:
            instead = "`date_diff('day', a, b) // 7`" if part == "WEEK" else MONTHS
            yield Breach(node, why, instead)
    for call in calls(tree, (), _names("age date_sub datesub")):
        yield Breach(call, why, f"`date_diff('day', a, b)` or {MONTHS}")


def series(_: Query, tree: exp.Query) -> Iterator[Breach]:
    """Rows made out of nothing."""
    for node in calls(tree, (exp.GenerateSeries, exp.GenerateDateArray), _names("range generate_series")):
        yield Breach(node, "makes rows differently on each engine", "join the calendar table (or a reference table of numbers)")


def stars(_: Query, tree: exp.Query) -> Iterator[Breach]:
    """Columns that are not named."""
    for select in tree.find_all(exp.Select):
        for column in select.expressions:
            if column.is_star or isinstance(bare(column.unalias()), exp.Columns):
                yield Breach(column, "hides which columns are read, and changes when the table does", "the names of the columns")
        group = select.args.get("group")
        if group is not None and group.args.get("all"):
            yield Breach(group, "hides which columns are meant", "the names of the columns")


def uncast_sums(_: Query, tree: exp.Query) -> Iterator[Breach]:
    """A sum, or a count_if, whose type each engine chooses for itself."""
    for node in tree.find_all(exp.Sum, exp.CountIf):
        if lands_uncast(node):
            why = "lands in a type that the engine chooses: a whole number becomes a double in Parquet, money grows to 38 digits"
            text = shown(node)[1:-1]
            yield Breach(node, why, f"`cast({text} as bigint)` for counts, `cast({text} as decimal(18, 2))` for money")


def orderings(query: Query, tree: exp.Query) -> Iterator[Breach]:
    """Orderings that leave open where NULL goes, or that are missing where rows are ranked or cut."""
    for key in tree.find_all(exp.Ordered):
        if isinstance(key.this, exp.Var):
            yield Breach(key, "orders by whatever columns there are", "the columns, each with `nulls last`")
        elif id(key) in query.silent:
            instead = f"`{shown(key.this)[1:-1]}{' desc' if key.args.get('desc') else ''} nulls last`"
            yield Breach(key, "does not say where NULL goes, and engines differ", instead)
    ranks = (exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile, exp.Lag, exp.Lead)
    for window in tree.find_all(exp.Window):
        if isinstance(window.this, ranks) and window.args.get("order") is None:
            instead = "`over (partition by … order by …, unique key nulls last)`, written out in each window"
            yield Breach(window, "ranks rows in no stated order", instead)
    for limit in tree.find_all(exp.Limit, exp.Offset):
        if limit.parent is not None and limit.parent.args.get("order") is None:
            yield Breach(limit, "keeps some rows without saying which", "`order by …, unique key nulls last` before it")


def pasted_values(query: Query, tree: exp.Query) -> Iterator[Breach]:
    """Dates and rates in the text, which belong to the rulebook or to the run."""
    instead = "bind it: `$name`, with its type in the step's `parameters`; or join a reference table of rules"
    for node in tree.find_all(exp.Literal):
        if node.is_string and ISO_DAY.match(node.name) and node.name not in ANCHORS and not _is_held_against_text(node):
            yield Breach(node, "is a date pasted into the text", instead)
        elif not node.is_string and not node.name.isdigit() and float(node.name) % 1 and not _is_share_of_percentile(node):
            yield Breach(node, "is a rate pasted into the text", instead)
    used = list(tree.find_all(exp.Placeholder))
    for mark in used:
        if mark.name not in query.parameters:
            why = "is not among the step's parameters" if mark.name.isidentifier() else "is a value without a name"
            yield Breach(mark, why, "`$name`, with its type in the step's `parameters`")
    for unused in sorted(query.parameters.keys() - {m.name for m in used}):
        instead = f"${unused} where its value belongs, or leave it out of `parameters`"
        yield Breach(tree, f"never uses its parameter ${unused}", instead)


def _is_held_against_text(node: exp.Literal) -> bool:
    """A text that happens to look like a day, in a list that raw text is held against: `trim(x) in ('1801-01-01')`."""
    listed = node.parent
    return isinstance(listed, exp.In) and any(isinstance(part, exp.Trim) for part in (listed.this, listed.this.this))


def _is_share_of_percentile(node: exp.Literal) -> bool:
    return isinstance(node.parent, exp.Anonymous) and node.parent.name.lower() == "percentile"


def clocks_and_dice(_: Query, tree: exp.Query) -> Iterator[Breach]:
    """What gives another answer tomorrow: clocks, random numbers, samples, settings of the machine."""
    classes = (
        exp.CurrentDate, exp.CurrentDatetime, exp.CurrentTime, exp.CurrentTimestamp, exp.CurrentUser, exp.CurrentVersion,
        exp.Localtime, exp.Localtimestamp, exp.Rand, exp.Uuid, exp.TableSample,
    )  # fmt: skip
    names = _names(
        "now get_current_timestamp transaction_timestamp setseed uuidv4 uuidv7 nextval getvariable getenv current_setting hash"
    )
    for node in calls(tree, classes, names):
        why = "gives another answer on another day, machine or engine"
        yield Breach(node, why, "a bound parameter such as `$as_of`, or a column")


def files_and_functions(_: Query, tree: exp.Query) -> Iterator[Breach]:
    """Rows that come from a file or a function rather than from an input of the step."""
    for table in tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier | exp.GenerateSeries):
            yield Breach(table, "reads rows that are not an input of the step", "the name of a table among the step's `inputs`")


def lists(_: Query, tree: exp.Query) -> Iterator[Breach]:
    """Lists per group, which run out of memory over people and keep no order."""
    for node in calls(tree, (exp.ArrayAgg,), _names("list histogram array_agg")):
        yield Breach(node, "holds a whole group in memory, in no stated order", "rows: one row an item, with its position")


def statistics(_: Query, tree: exp.Query) -> Iterator[Breach]:
    """Aggregates of doubles whose last digits depend on the order in which threads meet."""
    classes = (
        exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop, exp.Corr, exp.CovarPop, exp.CovarSamp,
        exp.RegrSlope, exp.RegrIntercept, exp.RegrR2, exp.Kurtosis, exp.Skewness,
    )  # fmt: skip
    names = _names("product fsum kahan_sum sumkahan favg mean sem entropy geomean geometric_mean")
    for node in calls(tree, classes, names):
        instead = "exact sums (n, sum, sum of squares) in the step, and the statistic in a kernel"
        yield Breach(node, "adds doubles in whatever order threads meet: six runs, six answers", instead)
