"""Queries of the portable subset and rows for them, made up by Hypothesis, each with its answer worked out in plain Python.

An expression is a pair: its SQL, and the function that gives its value for one row. NULL is None, with SQL's three-valued logic.
"""

from __future__ import annotations

import calendar
import math
import operator
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from hypothesis import strategies as st
from spec_place import Rows

from accord.engine import Step
from accord.tables.contract import Column, Table, bigint, day, flag, integer, money, rate, text

Row = Mapping[str, Any]
CENT, MILLIONTH = Decimal("0.01"), Decimal("0.000001")
SPACES = " \u00a0\u2003\u3000"
ACT = Table(
    "act", "An act.",
    (bigint("id", ""), integer("n", ""), text("words", ""), day("seen_date", ""), money("cost", ""), flag("is_new", ""), bigint("person_id", "")),
    ("id",),
)  # fmt: skip
PERSON = Table("person", "A person.", (bigint("person_id", ""), text("band", ""), day("birth_date", "")), ("person_id",))


class Made(NamedTuple):
    """An expression: its SQL and its value for a row."""

    sql: str
    of: Callable[[Row], Any]


@dataclass(frozen=True, repr=False)
class Question:
    """A step, the rows it is put to, and the rows that it must give, each as often."""

    step: Step
    given: Mapping[str, Rows]
    answer: Counter[tuple[Any, ...]]

    def __repr__(self) -> str:
        return "\n".join([self.step.sql, *(f"{name}: {rows.rows}" for name, rows in self.given.items()), f"answer: {dict(self.answer)}"])


def _column(name: str) -> Made:
    return Made(name, operator.itemgetter(name))


def _strict(sql: str, does: Callable[..., Any], *parts: Made) -> Made:
    """A function that is NULL where any part is."""

    def value(row: Row) -> Any:
        values = [part.of(row) for part in parts]
        return None if None in values else does(*values)

    return Made(sql.format(*(p.sql for p in parts)), value)


def _cut(a: int, b: int) -> int | None:
    return None if b == 0 else int(math.copysign(abs(a) // abs(b), a * b)) if a * b else 0


def _rest(a: int, b: int) -> int | None:
    return None if b == 0 else int(math.fmod(a, b))


def _signed(n: int) -> str:
    return f"{'-' if n < 0 else '+'} interval {abs(n)}"


def _later(of: date, months: int) -> date:
    year, month = divmod(of.year * 12 + of.month - 1 + months, 12)
    return date(year, month + 1, min(of.day, calendar.monthrange(year, month + 1)[1]))


def _rounded(whole: int, by: int) -> Decimal | None:
    if by == 0:
        return None
    scaled = whole / by * 1e6
    return (Decimal(math.copysign(math.floor(abs(scaled) + 0.5), scaled)) * MILLIONTH).quantize(MILLIONTH)


def _chosen(parts: tuple[Made, Made, Made]) -> Made:
    when, then, other = parts
    return Made(f"case when {when.sql} then {then.sql} else {other.sql} end", lambda r: then.of(r) if when.of(r) else other.of(r))


def _first(parts: tuple[Made, Made]) -> Made:
    one, other = parts
    return Made(f"coalesce({one.sql}, {other.sql})", lambda r: other.of(r) if one.of(r) is None else one.of(r))


def _greatest(parts: tuple[Made, Made]) -> Made:
    def value(row: Row) -> Any:
        return max((v for p in parts if (v := p.of(row)) is not None), default=None)

    return Made(f"greatest({parts[0].sql}, {parts[1].sql})", value)


def _and(parts: tuple[Made, Made]) -> Made:
    def value(row: Row) -> Any:
        both = [p.of(row) for p in parts]
        return False if False in both else None if None in both else True

    return Made(f"({parts[0].sql} and {parts[1].sql})", value)


def _or(parts: tuple[Made, Made]) -> Made:
    def value(row: Row) -> Any:
        both = [p.of(row) for p in parts]
        return True if True in both else None if None in both else False

    return Made(f"({parts[0].sql} or {parts[1].sql})", value)


def _with_choice(base: st.SearchStrategy[Made], conditions: st.SearchStrategy[Made]) -> st.SearchStrategy[Made]:
    return st.one_of(base, st.tuples(conditions, base, base).map(_chosen), st.tuples(base, base).map(_first))


def _literal(value: str) -> Made:
    return Made("'" + value.replace("'", "''") + "'", lambda _: value)


def _number(value: int) -> Made:
    return Made(f"cast({value} as integer)", lambda _: value)


LETTERS = "aBc\u00e9'|.5" + SPACES
_days = st.just(_column("seen_date"))
_days_made = st.one_of(
    _days,
    st.tuples(_days, st.integers(-40, 400)).map(
        lambda p: _strict(f"cast({{}} {_signed(p[1])} day as date)", lambda d: d + timedelta(p[1]), p[0])
    ),
    st.tuples(_days, st.integers(-14, 14)).map(
        lambda p: _strict(f"cast({{}} {_signed(p[1])} month as date)", lambda d: _later(d, p[1]), p[0])
    ),
    _days.map(lambda d: _strict("cast(date_trunc('month', {}) as date)", lambda v: v.replace(day=1), d)),
)
_texts_plain = st.one_of(st.just(_column("words")), st.text(LETTERS, max_size=3).map(_literal))
_texts_made = st.one_of(
    _texts_plain,
    _texts_plain.map(lambda t: _strict("trim({})", lambda v: v.strip(SPACES), t)),
    _texts_plain.map(lambda t: _strict("upper({})", str.upper, t)),
    _texts_plain.map(lambda t: _strict("replace({}, 'a', 'bb')", lambda v: v.replace("a", "bb"), t)),
    _texts_plain.map(lambda t: _strict("split_part({}, '|', 2)", lambda v: [*v.split("|"), ""][1], t)),
    _texts_plain.map(lambda t: Made(f"nullif({t.sql}, '')", lambda r: t.of(r) or None)),
    st.tuples(_texts_plain, st.integers(1, 3), st.integers(1, 3)).map(
        lambda p: _strict(f"substr({{}}, {p[1]}, {p[2]})", lambda v: v[p[1] - 1 : p[1] - 1 + p[2]], p[0])
    ),
    st.tuples(_texts_plain, _texts_plain).map(lambda p: _strict("({} || {})", operator.add, *p)),
    st.just(_strict("cast({} as varchar)", str, _column("n"))),
    st.just(_strict("cast({} as varchar)", str, _column("seen_date"))),
    st.just(_strict("cast({} as varchar)", str, _column("cost"))),
)
_wholes_plain = st.one_of(st.just(_column("n")), st.integers(-9, 9).map(_number))
_wholes_made = st.one_of(
    _wholes_plain,
    st.tuples(_wholes_plain, _wholes_plain).map(lambda p: _strict("({} + {})", operator.add, *p)),
    st.tuples(_wholes_plain, _wholes_plain).map(lambda p: _strict("({} * {})", operator.mul, *p)),
    st.tuples(_wholes_plain, _wholes_plain).map(lambda p: _strict("({} // nullif({}, 0))", _cut, *p)),
    st.tuples(_wholes_plain, _wholes_plain).map(lambda p: _strict("({} % nullif({}, 0))", _rest, *p)),
    _texts_made.map(lambda t: _strict("length({})", len, t)),
    _texts_plain.map(lambda t: _strict("strpos({}, '.')", lambda v: v.find(".") + 1, t)),
    st.tuples(_days_made, _days_made).map(lambda p: _strict("date_diff('day', {}, {})", lambda a, b: (b - a).days, *p)),
    _days_made.map(lambda d: _strict("(date_diff('day', date '1900-01-01', {}) % 7 + 1)", date.isoweekday, d)),
    _days_made.map(lambda d: _strict("(year({0}) * 12 + month({0}))", lambda v: v.year * 12 + v.month, d)),
    st.tuples(_wholes_plain, _wholes_plain).map(_greatest),
)
_PATTERNS = {"a$": r"a\Z", "^[a-z]+$": r"^[a-z]+\Z", r"[.]|5": r"[.]|5", "^.B": "^.B"}
_truths_made = st.one_of(
    st.just(_column("is_new")),
    *(
        st.tuples(st.sampled_from(["<", "<=", "=", "<>", ">"]), *2 * (kind,)).map(lambda p: _compared(*p))
        for kind in (_wholes_plain, _texts_made, _days_made)
    ),
    st.one_of(_texts_plain, _days, _wholes_plain).map(lambda e: Made(f"{e.sql} is null", lambda r: e.of(r) is None)),
    st.tuples(_texts_plain, _texts_plain).map(lambda p: Made(f"{p[0].sql} is distinct from {p[1].sql}", lambda r: p[0].of(r) != p[1].of(r))),
    _texts_plain.map(lambda t: _strict("{} in ('a', 'B', '')", lambda v: v in ("a", "B", ""), t)),
    _texts_plain.map(lambda t: _strict("{} like '%a_'", lambda v: re.search(r"a.\Z", v, re.DOTALL) is not None, t)),
    st.tuples(_texts_plain, st.sampled_from(sorted(_PATTERNS))).map(
        lambda p: _strict(f"regexp_matches({{}}, '{p[1]}')", lambda v: re.search(_PATTERNS[p[1]], v) is not None, p[0])
    ),
)
_COMPARED = {"<": operator.lt, "<=": operator.le, "=": operator.eq, "<>": operator.ne, ">": operator.gt}


def _compared(sign: str, one: Made, other: Made) -> Made:
    return _strict(f"{{}} {sign} {{}}", _COMPARED[sign], one, other)


def _money(exact: Decimal) -> Decimal:
    return exact.quantize(CENT, ROUND_HALF_UP)


truths = st.one_of(
    _truths_made, st.tuples(_truths_made, _truths_made).map(_and), st.tuples(_truths_made, _truths_made).map(_or),
    _truths_made.map(lambda t: _strict("(not {})", operator.not_, t)),
)  # fmt: skip
wholes = _with_choice(_wholes_made, truths)
texts = _with_choice(_texts_made, truths)
days = _with_choice(_days_made, truths)
_amounts_made = st.one_of(
    st.just(_column("cost")),
    st.just(_strict("cast(-{} as decimal(18, 2))", operator.neg, _column("cost"))),
    _wholes_plain.map(lambda w: _strict("cast({} * cast({} as decimal(10, 0)) as decimal(18, 2))", lambda a, b: a * b, _column("cost"), w)),
    st.just(_strict("cast(round({}, 0) as decimal(18, 2))", lambda v: v.quantize(Decimal(1), ROUND_HALF_UP), _column("cost"))),
)
amounts = _with_choice(_amounts_made, truths)
rates = st.tuples(_wholes_made, _wholes_made).map(
    lambda p: _strict("cast(round(cast({} as double) / nullif({}, 0), 6) as decimal(18, 6))", _rounded, *p)
)
KINDS: Mapping[str, tuple[st.SearchStrategy[Made], Callable[..., Column]]] = {
    "bigint": (wholes, bigint), "varchar": (texts, text), "date": (days, day), "boolean": (truths, flag), "decimal(18, 2)": (amounts, money),
    "decimal(18, 6)": (rates, rate),
}  # fmt: skip

_ids = st.integers(1, 4)
acts = st.lists(
    st.tuples(
        st.none() | st.integers(-99, 99), st.none() | st.text(LETTERS, max_size=4), st.none() | st.dates(date(1999, 1, 1), date(2031, 12, 31)),
        st.none() | st.integers(-99999, 99999).map(lambda c: Decimal(c) * CENT), st.none() | st.booleans(), st.none() | _ids,
    ), max_size=7,
).map(lambda rows: Rows(ACT, tuple((n, *row) for n, row in enumerate(rows, 1))))  # fmt: skip
people = st.lists(
    st.tuples(_ids, st.none() | st.sampled_from("xyz"), st.none() | st.dates(date(1950, 1, 1), date(2000, 1, 1))),
    max_size=4, unique_by=lambda p: p[0],
).map(lambda rows: Rows(PERSON, tuple(rows)))  # fmt: skip


def _said(rows: Rows) -> list[dict[str, Any]]:
    return [dict(zip(rows.table.names, row, strict=True)) for row in rows.rows]


def _question(sql: str, columns: Sequence[Column], given: Sequence[Rows], answer: Sequence[tuple[Any, ...]]) -> Question:
    step = Step("made up", sql, tuple(r.table for r in given), Table("result", "", tuple(columns), ()))
    return Question(step, {r.table.name: r for r in given}, Counter(answer))


@st.composite
def of_rows(draw: st.DrawFn) -> Question:
    """SELECT of expressions, with a condition; perhaps distinct, perhaps put together with itself."""
    given, where = draw(acts), draw(truths)
    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=4))
    made = [draw(KINDS[kind][0]) for kind in kinds]
    columns = [KINDS[kind][1](f"c{i}", "") for i, kind in enumerate(kinds)]
    listed = ", ".join(f"cast({m.sql} as {kind}) as c{i}" for i, (m, kind) in enumerate(zip(made, kinds, strict=True)))
    rows = [tuple(m.of(row) for m in made) for row in _said(given) if where.of(row)]
    one = f"select {{}}{listed} from act where {where.sql}"
    how = draw(st.sampled_from(["", "distinct ", " union all ", " union "]))
    if how.startswith(" "):
        sql = one.format("") + how + one.format("")
        return _question(sql, columns, [given], rows + rows if "all" in how else list(dict.fromkeys(rows)))
    return _question(one.format(how), columns, [given], list(dict.fromkeys(rows)) if how else rows)


@st.composite
def of_groups(draw: st.DrawFn) -> Question:
    """Rows counted, added up and compared by a text, where there are two or more."""
    given, key, where, least = draw(acts), draw(texts), draw(truths), draw(st.integers(1, 2))
    groups: dict[Any, list[dict[str, Any]]] = {}
    for row in _said(given):
        if where.of(row):
            groups.setdefault(key.of(row), []).append(row)
    sql = f"""with kept as (select {key.sql} as k, n, cost, seen_date, person_id, is_new from act where {where.sql})
select k, count(*) as c0, count(distinct person_id) as c1, cast(sum(cost) as decimal(18, 2)) as c2, min(seen_date) as c3, max(n) as c4,
  cast(sum(case when is_new then 1 else 0 end) as bigint) as c5, cast(sum(n) as bigint) as c6
from kept group by k having count(*) >= {least}"""
    columns = [
        text("k", ""), bigint("c0", ""), bigint("c1", ""), money("c2", ""), day("c3", ""), integer("c4", ""), bigint("c5", ""), bigint("c6", ""),
    ]  # fmt: skip
    answer = [(k, *_summed(rows)) for k, rows in groups.items() if len(rows) >= least]
    return _question(sql, columns, [given], answer)


def _summed(rows: Sequence[Row]) -> tuple[Any, ...]:
    def of(column: str, does: Callable[[list[Any]], Any]) -> Any:
        values = [r[column] for r in rows if r[column] is not None]
        return does(values) if values else None

    people_seen = {r["person_id"] for r in rows} - {None}
    n_new = sum(r["is_new"] is True for r in rows)
    return len(rows), len(people_seen), of("cost", sum), of("seen_date", min), of("n", max), n_new, of("n", sum)


@st.composite
def of_joins(draw: st.DrawFn) -> Question:
    """Acts and people joined: inner, left, right or full."""
    act_rows, person_rows, kind = draw(acts), draw(people), draw(st.sampled_from(["", "left ", "right ", "full "]))
    by_person = {p["person_id"]: p for p in _said(person_rows)}
    pairs = [(a, by_person.get(a["person_id"], {})) for a in _said(act_rows)]
    kept = [(a, p) for a, p in pairs if p or kind in ("left ", "full ")]
    seen = {a["person_id"] for a, _ in pairs}
    kept += [({}, p) for key, p in by_person.items() if key not in seen and kind in ("right ", "full ")]
    sql = f"""select a.id as c0, p.person_id as c1, coalesce(p.band, 'none') as c2, date_diff('day', p.birth_date, a.seen_date) as c3
from act a {kind}join person p on a.person_id = p.person_id"""
    columns = [bigint("c0", ""), bigint("c1", ""), text("c2", ""), bigint("c3", "")]
    return _question(sql, columns, [act_rows, person_rows], [_joined(a, p) for a, p in kept])


def _joined(a: Row, p: Row) -> tuple[Any, ...]:
    days_old = (a["seen_date"] - p["birth_date"]).days if a.get("seen_date") and p.get("birth_date") else None
    return a.get("id"), p.get("person_id"), p.get("band") or "none", days_old


@st.composite
def of_ranks(draw: st.DrawFn) -> Question:
    """The first row of each person, or each row with what stands before it, in an order with a unique last key."""
    given = draw(acts)
    column, down, first = draw(st.sampled_from(["n", "words", "seen_date", "cost"])), draw(st.booleans()), draw(st.booleans())
    order = f"{column} {'desc ' if down else ''}nulls {'first' if first else 'last'}, id nulls last"
    window = f"over (partition by person_id order by {order})"
    top = draw(st.booleans())
    sql = f"select id as c0, cast(row_number() {window} as bigint) as c1, lag(id) {window} as c2 from act"
    sql += f" qualify row_number() {window} = 1" if top else ""
    answer = []
    for person in {r["person_id"] for r in _said(given)}:
        mine = [r for r in _said(given) if r["person_id"] == person]
        filled = sorted((r for r in mine if r[column] is not None), key=lambda r: r["id"])
        filled.sort(key=lambda r: r[column], reverse=down)
        empty = [r for r in mine if r[column] is None]
        ids = [r["id"] for r in (empty + filled if first else filled + empty)]
        answer += [(i, place, ids[place - 2] if place > 1 else None) for place, i in enumerate(ids, 1) if place == 1 or not top]
    return _question(sql, [bigint("c0", ""), bigint("c1", ""), bigint("c2", "")], [given], answer)


questions = st.one_of(of_rows(), of_rows(), of_groups(), of_joins(), of_ranks())
