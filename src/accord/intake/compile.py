"""Column readers into portable SQL: for each reader the expression of its value, and the checks that its raw text must pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from accord.intake.readers import (
    Amount,
    Code,
    Constant,
    Date,
    FirstOf,
    Given,
    Integer,
    Lookup,
    MonthsAfter,
    Number,
    Partner,
    Text,
    columns_of,
)  # fmt: skip

DIGITS = "'0123456789'"
# One column holds less than ten million million: an account number that slipped in is no amount, and sums of columns never overflow.
_ADDEND = "decimal(19, 6)"
_EXACT = "decimal(24, 6)"
_MONEY = "decimal(18, 2)"
_AMOUNT = "an amount in plain digits, 13 at most before the point"
_MOST_MONTHS = 1200


@dataclass(frozen=True)
class Check:
    """One rule on one raw column: `condition` is true where the rule finds something. `personal` hides the raw text."""

    rule: str
    column: str
    condition: str
    raw: str
    detail: str = ""
    personal: bool = False


@dataclass(frozen=True)
class Value:
    """What a reader becomes: the SQL of its value, of the exact amount behind it (money only), and its checks."""

    sql: str
    checks: tuple[Check, ...] = ()
    exact: str = ""


def name(column: str) -> str:
    """A raw column's name, quoted."""
    return '"' + column.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def one_of(values: Sequence[str]) -> str:
    """A list of texts as the right side of IN."""
    return "(" + ", ".join(literal(v) for v in values) + ")"


def cleaned(column: str, missing: Sequence[str] = ()) -> str:
    """A raw column with the space around it taken off; NULL where that leaves nothing, or a text that stands for nothing."""
    return cleaned_text(name(column), missing)


def cleaned_text(text: str, missing: Sequence[str] = ()) -> str:
    """`cleaned`, of any SQL text."""
    trimmed = f"trim({text})"
    if not missing:
        return f"nullif({trimmed}, '')"
    return f"case when {trimmed} in {one_of(['', *missing])} then null else {trimmed} end"


def iso_day(text: str, format_: str) -> str:
    """The day that a text in one of the closed list of formats names; NULL where it names none."""
    year_first, guard = _ISO[format_](text)
    return (
        f"case when length({year_first}) = 10 and translate({year_first}, {DIGITS}, '') = '--'{guard} "
        f"then try_cast({year_first} as date) end"
    )


def _part(text: str, start: int, length: int | None = None) -> str:
    return f"substr({text}, {start}, {length})" if length else f"substr({text}, {start})"


def _marked(text: str, mark: str, *places: int) -> str:
    """The condition that a mark stands at these places: `12025-4-01` has its dashes elsewhere, and is no day of 2025."""
    return "".join(f" and substr({text}, {place}, 1) = '{mark}'" for place in places)


def _month_name(text: str) -> str:
    months = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
    whens = " ".join(f"when '{m}' then '{i:02}'" for i, m in enumerate(months, 1))
    return f"case upper(substr({text}, 4, 3)) {whens} end"


# How each format is put into YYYY-MM-DD, and what else must hold of the text.
_ISO: dict[str, Callable[[str], tuple[str, str]]] = {
    "YYYY-MM-DD": lambda x: (x, _marked(x, "-", 5, 8)),
    "YYYYMMDD": lambda x: (f"{_part(x, 1, 4)} || '-' || {_part(x, 5, 2)} || '-' || {_part(x, 7)}", ""),
    "DD/MM/YYYY": lambda x: (f"{_part(x, 7)} || '-' || {_part(x, 4, 2)} || '-' || {_part(x, 1, 2)}", _marked(x, "/", 3, 6)),
    "MM/DD/YYYY": lambda x: (f"{_part(x, 7)} || '-' || {_part(x, 1, 2)} || '-' || {_part(x, 4, 2)}", _marked(x, "/", 3, 6)),
    "DDMMYYYY": lambda x: (f"{_part(x, 5)} || '-' || {_part(x, 3, 2)} || '-' || {_part(x, 1, 2)}", f" and length({x}) = 8"),
    "MMYYYY": lambda x: (f"{_part(x, 3)} || '-' || {_part(x, 1, 2)} || '-01'", f" and length({x}) = 6"),
    "YYYY-MM": lambda x: (f"{x} || '-01'", f" and length({x}) = 7{_marked(x, '-', 5)}"),
    "DD-MON-YYYY": lambda x: (f"{_part(x, 8)} || '-' || {_month_name(x)} || '-' || {_part(x, 1, 2)}", f" and length({x}) = 11{_marked(x, '-', 3, 7)}"),
    "YYYY-MM-DD hh:mm:ss": lambda x: (
        _part(x, 1, 10), f" and length({x}) >= 16 and {_part(x, 11, 1)} in (' ', 'T'){_marked(x, '-', 5, 8)}"
    ),
}


def decimal(text: str, type_: str = _ADDEND) -> str:
    """The number that a text of digits, sign and point writes; NULL where it writes none. No exponents, no separators."""
    return f"case when translate({text}, '0123456789.+-', '') = '' then try_cast({text} as {type_}) end"


def whole(text: str) -> str:
    """The whole number that a text writes; NULL where it writes none."""
    return f"case when translate({text}, '0123456789+-', '') = '' then try_cast({text} as integer) end"


def compile_reader(reader: BaseModel, *, target: str, codes: Sequence[str] = (), required: bool = False, file_missing: Sequence[str] = ()) -> Value:
    """A reader's SQL. target: the engine type of the field; codes: the closed list it must keep to; required: by the table."""
    required = required or bool(getattr(reader, "required", False))
    missing = (*getattr(reader, "missing", ()), *file_missing)
    match reader:
        case FirstOf():
            return _first_of(reader, target, codes, required, file_missing)
        case Constant(constant=value):
            # A day is a value of the map, not of the query: it comes as a column, as given values do.
            return Value(_typed(name(f"_constant_{value}") if target == "DATE" else literal(value), target))
        case Given(given=given):
            return Value(_typed(name(f"_given_{given}"), target))
        case Partner():
            return Value("_partner_id")
        case Date():
            return _date(reader, missing, required)
        case MonthsAfter():
            return _months_after(reader, missing)
        case Amount():
            return _amount(reader, missing, required)
        case Integer(integer=column):
            text = cleaned(column, missing)
            value = whole(text) if target == "INTEGER" else f"cast({whole(text)} as {target.lower()})"
            return _scalar(column, text, value, "unreadable_number", required)
        case Number(number=column):
            text = cleaned(column, missing)
            return _scalar(column, text, decimal(text, "decimal(18, 6)"), "unreadable_number", required)
        case Lookup():
            return _lookup(reader, missing, required)
        case Code(code=column):
            return _text(column, f"upper(replace({cleaned(column, missing)}, '.', ''))", codes, required)
        case Text(text=column):
            return _text(column, cleaned(column, missing), codes, required)
    raise AssertionError(f"no such reader: {reader!r}")


def _typed(text: str, target: str) -> str:
    return text if target == "VARCHAR" else f"try_cast({text} as {target.lower()})"


def _needed(column: str, text: str, required: bool) -> tuple[Check, ...]:
    return (Check("missing_required", column, f"{text} is null", name(column)),) if required else ()


def _scalar(column: str, text: str, value: str, rule: str, required: bool, expected: str = "a number") -> Value:
    unreadable = Check(
        rule if required else "unreadable_value", column, f"{text} is not null and {value} is null", name(column), f"expected {expected}"
    )
    return Value(value, (*_needed(column, text, required), unreadable))


def _text(column: str, text: str, codes: Sequence[str], required: bool) -> Value:
    if not codes:
        return Value(text, _needed(column, text, required))
    unknown = Check("unknown_code", column, f"{text} not in {one_of(codes)}", name(column), "expected one of " + ", ".join(codes))
    return Value(f"case when {text} in {one_of(codes)} then {text} end", (*_needed(column, text, required), unknown))


def _date(reader: Date, missing: Sequence[str], required: bool) -> Value:
    text = cleaned(reader.date, missing)
    day = _scalar(reader.date, text, iso_day(text, reader.format), "unreadable_date", required, f"a date as {reader.format}")
    if not reader.plus_days:
        return day
    return Value(f"cast({day.sql} + interval {reader.plus_days} day as date)", day.checks)


def _months_after(reader: MonthsAfter, missing: Sequence[str]) -> Value:
    start = compile_reader(reader.months_after, target="DATE", file_missing=missing)
    text = cleaned(reader.count, missing)
    # A larger count leads out of the calendar, where the engine stops.
    number = f"case when {whole(text)} between -{_MOST_MONTHS} and {_MOST_MONTHS} then {whole(text)} end"
    count = _scalar(reader.count, text, number, "unreadable_number", True, f"a number of months, {_MOST_MONTHS} at most")
    return Value(f"cast({start.sql} + interval 1 month * {count.sql} as date)", (*start.checks, *count.checks))


def _amount(reader: Amount, missing: Sequence[str], required: bool) -> Value:
    columns = [reader.amount] if isinstance(reader.amount, str) else reader.amount
    parts = [_scalar(c, cleaned(c, missing), decimal(cleaned(c, missing)), "unreadable_amount", required, _AMOUNT) for c in columns]
    checks = [check for part in parts for check in part.checks if check.rule != "missing_required"]
    values = [part.sql for part in parts]
    for product in reader.plus:
        value, more = _product(product.rate, product.times, missing, required)
        values.append(value)
        checks += more
    exact = _sum(values)
    money = f"cast({exact} as {_MONEY})"
    label, raw = columns[0], name(columns[0])
    checks.append(Check("negative_amount", label, f"{money} < 0", raw))
    checks.append(Check("over_precise_amount", label, f"{exact} <> {money}", raw))
    if required:
        empty = " and ".join(f"{cleaned(c, missing)} is null" for c in columns)
        checks.append(Check("missing_required", label, empty, raw))
    return Value(money, tuple(_merged(checks)), exact)


def _merged(checks: Sequence[Check]) -> list[Check]:
    """One check per rule and column, so that an issue's key holds."""
    found: dict[tuple[str, str], Check] = {}
    for check in checks:
        before = found.get((check.rule, check.column))
        condition = f"({before.condition}) or ({check.condition})" if before else check.condition
        found[check.rule, check.column] = Check(check.rule, check.column, condition, check.raw, before.detail if before else check.detail, check.personal)
    return list(found.values())


def _product(rate: str, times: str, missing: Sequence[str], required: bool) -> tuple[str, tuple[Check, ...]]:
    by = _scalar(rate, cleaned(rate, missing), decimal(cleaned(rate, missing), "decimal(18, 6)"), "unreadable_amount", required, _AMOUNT)
    n = _scalar(times, cleaned(times, missing), whole(cleaned(times, missing)), "unreadable_number", required)
    # Cast wide first: engines differ in what a product of decimals may hold.
    product = f"try_cast(cast({by.sql} as decimal(28, 6)) * cast({n.sql} as decimal(10, 0)) as {_ADDEND})"
    too_large = f"{by.sql} is not null and {n.sql} is not null and {product} is null"
    large = Check("unreadable_amount" if required else "unreadable_value", rate, too_large, name(rate), f"times {times} is no amount of money")
    checks = tuple(c for c in (*by.checks, large, *n.checks) if c.rule != "missing_required")
    return product, checks


def _sum(values: Sequence[str]) -> str:
    if len(values) == 1:
        return values[0]
    total = " + ".join(f"coalesce({v}, 0)" for v in values)
    return f"case when coalesce({', '.join(values)}) is not null then cast({total} as {_EXACT}) end"


def _lookup(reader: Lookup, missing: Sequence[str], required: bool) -> Value:
    text = cleaned(reader.lookup, missing)
    whens = " ".join(f"when {literal(theirs)} then {literal(ours)}" for theirs, ours in reader.values.items())
    if reader.otherwise is not None:
        return Value(f"case {text} {whens} else {literal(reader.otherwise)} end", _needed(reader.lookup, text, required))
    known = one_of(list(reader.values))
    unknown = Check("unknown_code", reader.lookup, f"{text} not in {known}", name(reader.lookup), "not in the map's lookup")
    return Value(f"case {text} {whens} end", (*_needed(reader.lookup, text, required), unknown))


def _first_of(reader: FirstOf, target: str, codes: Sequence[str], required: bool, file_missing: Sequence[str]) -> Value:
    each = [compile_reader(r, target=target, codes=codes, file_missing=file_missing) for r in reader.first_of]
    value = f"coalesce({', '.join(v.sql for v in each)})"
    checks = [check for v in each for check in v.checks]
    if required:
        column = next((c for r in reader.first_of for c in columns_of(r)), "")
        checks.append(Check("missing_required", column, f"{value} is null", name(column)))
    exact = f"coalesce({', '.join(v.exact or v.sql for v in each)})" if any(v.exact for v in each) else ""
    return Value(value, tuple(_merged(checks)), exact)


def nhs_number(text: str) -> str:
    """An NHS number's ten digits, spaces and hyphens taken off."""
    return f"translate({text}, ' -', '')"


def is_repeated_digit(number: str) -> str:
    """Whether ten digits are one digit ten times."""
    return f"length({number}) = 10 and translate({number}, {DIGITS}, '') = '' and replace({number}, substr({number}, 1, 1), '') = ''"


def is_valid_nhs_number(number: str) -> str:
    """Whether a text is an NHS number: ten digits, the last of them 11 less the weighted sum of the others modulo 11.

    Source: NHS Data Dictionary, NHS NUMBER. A check digit of 10 is never issued; 11 is written 0.
    """
    weighted = " + ".join(f"try_cast(substr({number}, {i}, 1) as integer) * {11 - i}" for i in range(1, 10))
    return (
        f"length({number}) = 10 and translate({number}, {DIGITS}, '') = '' "
        f"and (11 - ({weighted}) % 11) % 11 = try_cast(substr({number}, 10, 1) as integer) and not ({is_repeated_digit(number)})"
    )
