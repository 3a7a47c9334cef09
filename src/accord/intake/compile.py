"""Column readers into portable SQL: for each reader the expression of its value, and the checks that its raw text must pass."""

from __future__ import annotations

from collections.abc import Sequence
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
from accord.intake.reading import Reading, literal, name, one_of

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


def iso_day(text: str, format_: str) -> str:
    """The day that a text in one of the closed list of formats names; NULL where it names none."""
    shape, day = _ISO[format_]
    return f"case when {shape.replace('{x}', text)} then try_cast({day.replace('{x}', text)} as date) end"


def _shaped(length: str, pattern: str) -> str:
    # The length says where it ends: `$` also stands before a line end on some engines.
    return f"length({{x}}) {length} and regexp_matches({{x}}, '^{pattern}')"


def _joined(year: int, month: int, day: int | None = None) -> str:
    last = f"substr({{x}}, {day}, 2)" if day else "'01'"
    return f"concat(substr({{x}}, {year}, 4), '-', substr({{x}}, {month}, 2), '-', {last})"


def _named_month() -> str:
    months = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
    whens = " ".join(f"when '{m}' then '{i:02}'" for i, m in enumerate(months, 1))
    return f"substr({{x}}, 8) || '-' || case upper(substr({{x}}, 4, 3)) {whens} end || '-' || substr({{x}}, 1, 2)"


# For each format the condition that a text has its shape, and the day put into YYYY-MM-DD.
_ISO: dict[str, tuple[str, str]] = {
    "YYYY-MM-DD": (_shaped("= 10", "[0-9]{4}-[0-9]{2}-[0-9]{2}"), "{x}"),
    "YYYYMMDD": (_shaped("= 8", "[0-9]{8}"), _joined(1, 5, 7)),
    "DD/MM/YYYY": (_shaped("= 10", "[0-9]{2}/[0-9]{2}/[0-9]{4}"), _joined(7, 4, 1)),
    "MM/DD/YYYY": (_shaped("= 10", "[0-9]{2}/[0-9]{2}/[0-9]{4}"), _joined(7, 1, 4)),
    "DDMMYYYY": (_shaped("= 8", "[0-9]{8}"), _joined(5, 3, 1)),
    "MMYYYY": (_shaped("= 6", "[0-9]{6}"), _joined(3, 1)),
    "YYYY-MM": (_shaped("= 7", "[0-9]{4}-[0-9]{2}"), _joined(1, 6)),
    "DD-MON-YYYY": (_shaped("= 11", "[0-9]{2}-[A-Za-z]{3}-[0-9]{4}"), _named_month()),
    "YYYY-MM-DD hh:mm:ss": (_shaped(">= 16", "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]"), "substr({x}, 1, 10)"),
}


def decimal(text: str, type_: str = _ADDEND) -> str:
    """The number that a text of digits, sign and point writes; NULL where it writes none. No exponents, no separators."""
    return f"case when not regexp_matches({text}, '[^0-9.+-]') then try_cast({text} as {type_}) end"


def _number(text: str) -> str:
    return decimal(text, "decimal(18, 6)")


def whole(text: str) -> str:
    """The whole number that a text writes; NULL where it writes none."""
    return f"case when not regexp_matches({text}, '[^0-9+-]') then try_cast({text} as integer) end"


def compile_reader(reader: BaseModel, reading: Reading, *, target: str, codes: Sequence[str] = (), required: bool = False) -> Value:
    """A reader's SQL over a reading. target: the engine type of the field; codes: the closed list it must keep to; required: by the table."""
    required = required or bool(getattr(reader, "required", False))
    missing = tuple(getattr(reader, "missing", ()))
    match reader:
        case FirstOf():
            return _first_of(reader, reading, target, codes, required)
        case Constant(constant=value):
            # A day is a value of the map, not of the query: it comes as a column, as given values do.
            return Value(_typed(reading.delivered(f"_constant_{value}") if target == "DATE" else literal(value), target))
        case Given(given=given):
            return Value(_typed(reading.delivered(f"_given_{given}"), target))
        case Partner():
            return Value("v._partner_id")
        case Date():
            return _date(reader, reading, missing, required)
        case MonthsAfter():
            return _months_after(reader, reading, missing)
        case Amount():
            return _amount(reader, reading, missing, required)
        case Integer(integer=column):
            text = reading.text(column, missing)
            number = reading.part("whole number", text, whole)
            value = number if target == "INTEGER" else f"cast({number} as {target.lower()})"
            return _scalar(column, text, value, "unreadable_number", required)
        case Number(number=column):
            text = reading.text(column, missing)
            return _scalar(column, text, reading.part("number", text, _number), "unreadable_number", required)
        case Lookup():
            return _lookup(reader, reading, missing, required)
        case Code(code=column):
            return _text(column, f"upper(replace({reading.text(column, missing)}, '.', ''))", codes, required)
        case Text(text=column):
            return _text(column, reading.text(column, missing), codes, required)
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


def _date(reader: Date, reading: Reading, missing: Sequence[str], required: bool) -> Value:
    text = reading.text(reader.date, missing)
    written = reading.part("date", text, lambda x: iso_day(x, reader.format))
    day = _scalar(reader.date, text, written, "unreadable_date", required, f"a date as {reader.format}")
    if not reader.plus_days:
        return day
    return Value(f"cast({day.sql} + interval {reader.plus_days} day as date)", day.checks)


def _months_after(reader: MonthsAfter, reading: Reading, missing: Sequence[str]) -> Value:
    start = compile_reader(reader.months_after, reading, target="DATE")
    text = reading.text(reader.count, missing)
    number = reading.part("whole number", text, whole)
    # A larger count leads out of the calendar, where the engine stops.
    few = f"case when {number} between -{_MOST_MONTHS} and {_MOST_MONTHS} then {number} end"
    count = _scalar(reader.count, text, few, "unreadable_number", True, f"a number of months, {_MOST_MONTHS} at most")
    return Value(f"cast({start.sql} + interval 1 month * {count.sql} as date)", (*start.checks, *count.checks))


def _amount(reader: Amount, reading: Reading, missing: Sequence[str], required: bool) -> Value:
    added = [reader.amount] if isinstance(reader.amount, str) else reader.amount
    columns = [*added, *reader.less]
    texts = [reading.text(c, missing) for c in columns]
    parts = [
        _scalar(c, text, reading.part("amount", text, decimal), "unreadable_amount", required, _AMOUNT)
        for c, text in zip(columns, texts, strict=True)
    ]
    checks = [check for part in parts for check in part.checks if check.rule != "missing_required"]
    values = [part.sql for part in parts[: len(added)]]
    for product in reader.plus:
        value, more = _product(product.rate, product.times, reading, missing, required)
        values.append(value)
        checks += more
    exact = _less(_sum(values), [part.sql for part in parts[len(added) :]])
    money = f"cast({exact} as {_MONEY})"
    label, raw = columns[0], name(columns[0])
    # Each column for itself: a payment below zero must show even where what is added to it lifts the sum.
    checks += [Check("negative_amount", c, f"{part.sql} < 0", name(c)) for c, part in zip(columns, parts, strict=True)]
    beyond = "".join(f" or (strpos({text}, '.') > 0 and length({text}) - strpos({text}, '.') > 6)" for text in texts)
    checks.append(Check("over_precise_amount", label, f"{exact} <> {money}{beyond}", raw))
    if required:
        checks.append(Check("missing_required", label, " and ".join(f"{text} is null" for text in texts[: len(added)]), raw))
    return Value(money, tuple(_merged(checks)), exact)


def _merged(checks: Sequence[Check]) -> list[Check]:
    """One check per rule and column, so that an issue's key holds."""
    found: dict[tuple[str, str], Check] = {}
    for check in checks:
        before = found.get((check.rule, check.column))
        condition = f"({before.condition}) or ({check.condition})" if before else check.condition
        detail = before.detail if before else check.detail
        found[check.rule, check.column] = Check(check.rule, check.column, condition, check.raw, detail, check.personal)
    return list(found.values())


def _product(rate: str, times: str, reading: Reading, missing: Sequence[str], required: bool) -> tuple[str, tuple[Check, ...]]:
    each, many = reading.text(rate, missing), reading.text(times, missing)
    by = _scalar(rate, each, reading.part("rate", each, _number), "unreadable_amount", required, _AMOUNT)
    n = _scalar(times, many, reading.part("whole number", many, whole), "unreadable_number", required)
    # Cast wide first: engines differ in what a product of decimals may hold.
    product = f"try_cast(cast({by.sql} as decimal(28, 6)) * cast({n.sql} as decimal(10, 0)) as {_ADDEND})"
    too_large = f"{by.sql} is not null and {n.sql} is not null and {product} is null"
    rule = "unreadable_amount" if required else "unreadable_value"
    large = Check(rule, rate, too_large, name(rate), f"times {times} is no amount of money")
    checks = tuple(c for c in (*by.checks, large, *n.checks) if c.rule != "missing_required")
    return product, checks


def _sum(values: Sequence[str]) -> str:
    if len(values) == 1:
        return values[0]
    total = " + ".join(f"coalesce({v}, 0)" for v in values)
    return f"case when coalesce({', '.join(values)}) is not null then cast({total} as {_EXACT}) end"


def _less(total: str, values: Sequence[str]) -> str:
    off = "".join(f" - coalesce({v}, 0)" for v in values)
    return f"cast({total}{off} as {_EXACT})" if values else total


def _lookup(reader: Lookup, reading: Reading, missing: Sequence[str], required: bool) -> Value:
    text = reading.text(reader.lookup, missing)
    whens = " ".join(f"when {literal(theirs)} then {literal(ours)}" for theirs, ours in reader.values.items())
    if reader.otherwise is not None:
        return Value(f"case {text} {whens} else {literal(reader.otherwise)} end", _needed(reader.lookup, text, required))
    known = one_of(list(reader.values))
    unknown = Check("unknown_code", reader.lookup, f"{text} not in {known}", name(reader.lookup), "not in the map's lookup")
    return Value(f"case {text} {whens} end", (*_needed(reader.lookup, text, required), unknown))


def _first_of(reader: FirstOf, reading: Reading, target: str, codes: Sequence[str], required: bool) -> Value:
    each = [compile_reader(r, reading, target=target, codes=codes) for r in reader.first_of]
    value = f"coalesce({', '.join(v.sql for v in each)})"
    checks = [check for v in each for check in v.checks]
    if required:
        column = next((c for r in reader.first_of for c in columns_of(r)), "")
        checks.append(Check("missing_required", column, f"{value} is null", name(column)))
    exact = f"coalesce({', '.join(v.exact or v.sql for v in each)})" if any(v.exact for v in each) else ""
    return Value(value, tuple(_merged(checks)), exact)


def nhs_number(text: str) -> str:
    """An NHS number's ten digits, spaces and hyphens taken off."""
    return f"replace(replace({text}, ' ', ''), '-', '')"


_REPEATED = one_of([str(digit) * 10 for digit in range(10)])


def is_repeated_digit(number: str) -> str:
    """Whether ten digits are one digit ten times."""
    return f"{number} in {_REPEATED}"


def is_valid_nhs_number(number: str, digits: str) -> str:
    """Whether a text is an NHS number: ten digits, the last of them 11 less the weighted sum of the others modulo 11.

    `digits` is the same as a whole number.

    Source: NHS Data Dictionary, NHS NUMBER. A check digit of 10 is never issued; 11 is written 0. So the ten digits weighted 10, 9 … 1
    add up to a multiple of 11. With q the number without its last p digits, digit p from the right is q(p) - 10 q(p+1), and the sum
    is that of q(p) weighted 1 - 9p, which is 1 + 2p modulo 11: nine whole divisions instead of ten texts taken apart.
    """
    total = " + ".join(f"{(1 + 2 * p) % 11} * ({digits} // {10**p})" for p in range(10) if (1 + 2 * p) % 11)
    return (
        f"length({number}) = 10 and not regexp_matches({number}, '[^0-9]') and ({total}) % 11 = 0 and not ({is_repeated_digit(number)})"
    )
