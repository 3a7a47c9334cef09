"""Money at so much a week: what a rate is, and what comes together over a number of days.

A rate is an amount only once it meets days. What the first n days cost is the rate times n over the days it is for, rounded to the cent;
what a span costs is the difference of two such sums. So the days of any split add up, to the cent, and no cent is made or lost.
"""

from __future__ import annotations

from collections.abc import Sequence

from accord.intake.compile import Check, Value, decimal
from accord.intake.readers import Weekly
from accord.intake.reading import Reading, literal, name, one_of

DAYS = "{days}"
"""Stands in a rate's SQL for the number of days over which it comes together: `over` puts it in."""
# Of each kind how many rates there are in how many days. A month is a twelfth of 52 weeks, a quarter a fourth of them and a year all, as
# DHSC takes them in working out what client-level data cost (DHSC, ASC client level data, costs fact table: 12.0 / 52.0 of a week's).
_PER_DAYS = {
    "day": (1, 1), "week": (1, 7), "two_weeks": (1, 14), "four_weeks": (1, 28), "month": (3, 91), "quarter": (1, 91), "year": (1, 364),
    "unit": (1, 7), "once": (1, 1),
}  # fmt: skip
# Below a thousand million a week: over ten thousand years of days, twice its cents stay below what a 64-bit integer holds.
_MOST = 1_000_000_000
_EXPECTED = "a rate in plain digits, 9 at most before the point"
_CENT = "cast('0.01' as decimal(3, 2))"
_CENTS = "cast(round(cast({x} as decimal(18, 2)) * cast(100 as decimal(3, 0)), 0) as bigint)"


def over(sql: str, days: str) -> str:
    """A rate's SQL over a number of days (an SQL expression); any other SQL as it is."""
    return sql.replace(DAYS, f"({days})")


def compile_rate(reader: Weekly, reading: Reading, required: bool) -> Value:
    """A rate's SQL over a reading, with the number of days still to put in."""
    required = required or reader.required
    text = reading.text(reader.weekly, reader.missing)
    rate = reading.part("rate", text, _rate)
    times = reading.text(reader.times, reader.missing) if reader.times else ""
    kind = reading.text(reader.every.lookup, (*reader.missing, *reader.every.missing)) if reader.every else ""
    known = _kind(reader, kind)
    product = f"cast({rate} * {reading.part('units', times, _units)} as decimal(30, 12))" if times else ""
    amount = f"case {known} when 'unit' then {product} else cast({rate} as decimal(30, 12)) end" if times else rate
    checks = tuple(_checks(reader, (text, rate, amount, kind), required))
    amount = f"case when {_bounded(amount)} then {amount} end" if times else amount
    if reader.every and reader.every.otherwise is None:
        unknown = f"{kind} not in {one_of(list(reader.every.values))}"
        checks += (Check("unknown_code", reader.every.lookup, unknown, name(reader.every.lookup), "not in the map's lookup of what a rate is for"),)
    if reader.times:
        checks += tuple(_times_checks(reader, known, text, times, reading))
    value = f"cast(cast({_comes_to(amount, known)} as decimal(18, 0)) * {_CENT} as decimal(18, 2))"
    return Value(value, checks, value)


def _rate(text: str) -> str:
    number = decimal(text, "decimal(18, 6)")
    return f"case when {_bounded(number)} then cast({number} as decimal(16, 6)) end"


def _bounded(number: str) -> str:
    return f"{number} < {_MOST} and {number} > -{_MOST}"


def _units(text: str) -> str:
    return decimal(text, "decimal(12, 6)")


def _kind(reader: Weekly, text: str) -> str:
    """The SQL of what the rate is for; NULL where the record says nothing that the map knows."""
    if reader.every is None:
        return "'week'"
    whens = " ".join(f"when {literal(theirs)} then {literal(ours)}" for theirs, ours in reader.every.values.items())
    otherwise = f" else {literal(reader.every.otherwise)}" if reader.every.otherwise else ""
    return f"(case {text} {whens}{otherwise} end)"


def _comes_to(amount: str, kind: str) -> str:
    """The SQL of the cents that the first days come to: the rate's cents times the days over its own, rounded half away from zero."""
    cents = _CENTS.replace("{x}", amount)
    if kind == "'week'":
        many, half, whole, days = "", "7", "14", DAYS
    else:
        many, half = (f"(case {kind} {' '.join(f'when {literal(k)} then {per[i]}' for k, per in _PER_DAYS.items())} end)" for i in (0, 1))
        many = f" * {many}"
        whole = f"nullif(2 * {half}, 0)"
        days = f"(case when {kind} = 'once' and {DAYS} > 1 then 1 else {DAYS} end)"
    return f"case when {cents} < 0 then -1 else 1 end * ((2 * abs({cents}) * {days}{many} + {half}) // {whole})"


def _checks(reader: Weekly, sql: tuple[str, str, str, str], required: bool) -> Sequence[Check]:
    column, (text, rate, amount, kind) = reader.weekly, sql
    unreadable = f"{rate} is null or {kind} is null" if kind else f"{rate} is null"
    unreadable += f" or not ({_bounded(amount)})" if reader.times else ""
    checks = [
        Check("unreadable_amount" if required else "unreadable_value", column, f"{text} is not null and ({unreadable})", name(column),
              f"expected {_EXPECTED}{', and what it is for' if kind else ''}"),
        Check("negative_amount", column, f"{rate} < 0", name(column)),
        Check("over_precise_amount", column, f"{amount} <> cast({amount} as decimal(18, 2))", name(column),
              "it is rounded before days are taken of it"),
    ]  # fmt: skip
    return [*checks, Check("missing_required", column, f"{text} is null", name(column))] if required else checks


def _times_checks(reader: Weekly, known: str, text: str, times: str, reading: Reading) -> Sequence[Check]:
    assert reader.times is not None
    units = reading.part("units", times, _units)
    lacking = f"{known} = 'unit' and {text} is not null and {units} is null"
    return [Check("unreadable_value", reader.times, lacking, name(reader.times), "expected how many units a week")]
