"""What the lint lets through, what it finds beyond the spec pages, and that each of its rules has a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from accord.engine import Step
from accord.engine.lint import OF_TEXT, OF_TYPES
from accord.errors import UserError
from accord.tables.contract import Table, bigint, day, flag, moment, money, rate, text

PAGES = Path(__file__).parents[1] / "spec" / "engine"
VISIT = Table(
    "visit",
    "One visit.",
    (
        bigint("id", ""), bigint("n", ""), money("cost", ""), rate("price", ""), day("seen", ""), day("left_on", ""), moment("made_at", ""),
        text("code", ""), flag("is_open", ""),
    ),
    key=("id",),
)  # fmt: skip


def refusal(select: str, **parameters: str) -> str:
    """The message of the refusal, or '' where nothing but the (empty) output contract is wrong."""
    try:
        Step("s", select, (VISIT,), Table("nothing", "", (), key=()), parameters).check()
    except UserError as error:
        return "" if "table 'nothing'" in error.what else str(error)
    raise AssertionError("a result without columns cannot be")


@pytest.mark.parametrize("rule", [*OF_TEXT, *OF_TYPES], ids=lambda r: r.not_this)
def test_every_rule_has_a_spec_page(rule):
    pages = [p.read_text(encoding="utf-8") for p in PAGES.glob("*.md")]
    assert any(rule.not_this in page for page in pages)


@pytest.mark.parametrize(
    "expression",
    [
        "n / nullif(id, 0)",
        "n / (nullif(id, 0))",
        "n / cast(nullif(id, 0) as double)",
        "n // 3600",
        "row_number() over (partition by code order by seen desc nulls last, id nulls first)",
        "lag(seen) over (partition by code order by seen nulls last, id nulls last)",
        "max(seen) over (partition by code)",
        "cast(sum(n) over (partition by code order by id nulls last) as bigint)",
        "cast(round(price, 0) as bigint)",
        "cast(n as integer)",
        "cast(code as integer)",
        "cast(cost * price as decimal(18, 2))",
        "cast((cost * price) as decimal(18, 2))",
        "cast(-(cost * 2) as decimal(18, 2))",
        "cast(cost * (n - 1) as decimal(18, 2))",
        "cost + cost",
        "n * 2",
        "cast(cost as double) * 2",
        "coalesce(left_on, date '9999-12-31')",
        "date_diff('day', date '1900-01-01', seen) % 7 + 1",
        "date_diff('second', made_at, made_at) // 60",
        "cast(seen - interval 1 month as date)",
        "seen + 1",
        "case when code = 'x' then 1 else 0 end",
        "code || 'AVG(x) / 0 and $not_a_parameter'",
        "(select count(*) from visit)",
        "exists (select 1 from visit w where w.id = visit.n)",
        "strftime(seen, '%Y-%m')",
        "year(seen) * 12 + month(seen)",
    ],
)
def test_the_portable_subset_passes(expression):
    assert refusal(f"select {expression} as x from visit") == ""


def test_parameters_comments_and_unions_pass():
    sql = """
        -- $not_a_parameter, median(x), select *
        with é as (select id, 'é' as "as $at" from visit where seen <= $at)
        select id from é
        union all
        select n from visit
        """
    assert refusal(sql, at="DATE") == ""


def test_percentile_takes_its_share_as_written():
    assert refusal("select code, percentile(n, 0.95) as x from visit group by code") == ""


def test_sums_that_only_decide_need_no_cast():
    sql = "select code from visit group by code having sum(n) > 1 order by sum(cost) nulls last, code nulls last limit 2"
    assert refusal(sql) == ""


@pytest.mark.parametrize(
    ("select", "said"),
    [
        ("select min_by(id, n) as x from visit", "picks one of several"),
        ("select mode(code) as x from visit", "picks one of several"),
        ("select last_value(id) over (order by n nulls last) as x from visit", "picks one of several"),
        ("select v.id from visit v positional join visit w", "POSITIONAL join"),
        ("select n / (id - id) as x from visit", "divisor is 0"),
        ("select n / 0 as x from visit", "divisor is 0"),
        ("select n / nullif(id, 1) as x from visit", "divisor is 0"),
        ("select mod(n, id) as x from visit", "`x % nullif(id, 0)`"),
        ("select quantile_cont(n, 0.5) as x from visit", "percentile(x, 0.5)"),
        ("select weekday(seen) as x from visit", "1 on Mondays"),
        ("select date_diff('minute', made_at, made_at) as x from visit", "// 60"),
        ("select date_diff('year', seen, left_on) as x from visit", "months begun"),
        ("select date_sub('month', seen, left_on) as x from visit", "date_diff('day', a, b)"),
        ("select r.x from range(3) r(x), visit v", "calendar table"),
        ("select columns('n') from visit", "hides which columns"),
        ("select code, count(*) as x from visit group by all", "hides which columns"),
        ("select id from visit order by all", "orders by whatever"),
        ("select id from visit order by id", "`id nulls last`"),
        ("select string_agg(code, ',' order by code) as x from visit", "`code nulls last`"),
        ("select lag(id) over (partition by code) as x from visit", "in no stated order"),
        ("select id from visit offset 2", "without saying which"),
        ("select id from visit where made_at < timestamp '2024-04-01 10:00:00'", "a date pasted"),
        ("select id from visit where code = '2024-04-01'", "a date pasted"),
        ("select id from visit where id = ?", "a value without a name"),
        ("select id from visit where id = $1", "a value without a name"),
        ("select id from visit where made_at < now()", "another answer"),
        ("select id from visit where code = current_setting('TimeZone')", "another answer"),
        ("select getenv('HOME') as x from visit", "another answer"),
        ("select array_agg(id) as x from visit", "in no stated order"),
        ("select var_pop(n) as x from visit", "six answers"),
        ("select avg(cast(n as double)) as x from visit", "six answers"),
        ("select avg(cost + 1) as x from visit", "averages a decimal"),
        ("select round(cost, 1) / nullif(n, 0) as x from visit", "divides a decimal"),
        ("select cast(cost * price * n as decimal(18, 2)) as x from visit", "product of decimals"),
        ("with a as (select cost as c from visit) select a.c * 2 as x from a", "product of decimals"),
        ("select try_cast(price as bigint) as x from visit", "cuts it to 2"),
        ("select price::int as x from visit", "cuts it to 2"),
        ("select date_diff('day', made_at, seen) as x from visit", "cast(a as date)"),
    ],
)  # fmt: skip
def test_what_leaves_the_subset_is_refused(select, said):
    assert said in refusal(select)


def test_every_breach_is_told_with_its_line():
    message = refusal("select n / id as a,\n  sum(n) as b\nfrom visit")
    assert "leaves the portable subset in 2 places" in message
    assert "lines 1, 2 of its SQL" in message
    assert "line 2: `sum(n)` lands" in message
