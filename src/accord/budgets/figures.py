"""The figures of a budget, as CSV beside its file: organisations with people and factors, or types of enrolment with what they cost by year."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from accord.budgets.benchmark import BaseYear, Enrolled
from accord.budgets.budget_file import Benchmark, Capitation
from accord.errors import UserError
from accord.place.csv_rows import Row, read_rows

T = TypeVar("T")
FACTOR_PLACES = 12
"""Weighted populations are published with ten places."""

ORGANISATION = "organisation_id"
BENCHMARK_COLUMNS = ("type", "year", "person_years", "per_capita", "trend", "risk", "adjustment")


def columns_of(budget: Capitation) -> tuple[str, ...]:
    """The columns that a capitation reads of its file of figures, each once. Need by a fitted model is in none."""
    named: list[str | None] = [budget.people]
    for each in budget.service:
        named += [each.need if isinstance(each.need, str) else None, each.market_forces, each.weighted]
        named += [each.inequalities.index, each.inequalities.weighted] if each.inequalities else []
    named.append(budget.pace.baseline if budget.pace else None)
    return tuple(dict.fromkeys([ORGANISATION, *filter(None, named)]))


def read_organisations(file: Path, budget: Capitation) -> dict[str, dict[str, Fraction]]:
    """Each organisation's figures by column, in the order of the file. Raises UserError, also for one that stands there twice or has nobody."""
    _there(file, columns_of(budget))
    found: dict[str, dict[str, Fraction]] = {}
    above_zero = {budget.people, *([budget.pace.baseline] if budget.pace else [])}
    for row in read_rows(file, columns_of(budget)):
        id = row.text(ORGANISATION)
        if id in found:
            raise row.wrong(ORGANISATION, f"is '{id}' on an earlier line too", "write each organisation once")
        found[id] = {column: _factor(row, column, column in above_zero) for column in columns_of(budget)[1:]}
    return _some(file, found)


def read_types(file: Path, budget: Benchmark) -> list[Enrolled]:
    """Each type of enrolment with its benchmark years and the year settled. Raises UserError, also for a year that is missing or not asked for."""
    _there(file, BENCHMARK_COLUMNS)
    rows: dict[str, dict[int, Row]] = {}
    for row in read_rows(file, BENCHMARK_COLUMNS):
        year = row.whole("year")
        if year not in (*budget.years, budget.settled):
            known = ", ".join(map(str, (*budget.years, budget.settled)))
            raise row.wrong("year", f"is {year}, which is no year of this budget", f"its years are {known}")
        if year in rows.setdefault(row.text("type"), {}):
            raise row.wrong("year", f"is {year} for '{row.text('type')}' on an earlier line too", "keep one of the two")
        rows[row.text("type")][year] = row
    return [_type(file, budget, name, years) for name, years in _some(file, rows).items()]


def _type(file: Path, budget: Benchmark, name: str, rows: dict[int, Row]) -> Enrolled:
    missing = [year for year in (*budget.years, budget.settled) if year not in rows]
    if missing:
        raise UserError(f"'{name}' has no figures for {missing[0]}", where=str(file), what_to_do="add a row for the type and the year")
    base = tuple(BaseYear(year, _money(rows[year]), _ratio(rows[year], "trend"), _ratio(rows[year], "risk")) for year in budget.years)
    last = rows[budget.settled]
    adjustment = last.number_or_none("adjustment", 6) or Decimal(0)
    return Enrolled(name, base, last.number("person_years", 6), _ratio(last, "trend"), _ratio(last, "risk"), adjustment)


def _money(row: Row) -> Decimal:
    return _positive(row, "per_capita", row.number("per_capita", 6), or_zero=True)


def _ratio(row: Row, column: str) -> Decimal:
    """A ratio; one, where the cell is empty."""
    number = row.number_or_none(column, FACTOR_PLACES)
    return Decimal(1) if number is None else _positive(row, column, number)


def _factor(row: Row, column: str, above_zero: bool) -> Fraction:
    return Fraction(_positive(row, column, row.number(column, FACTOR_PLACES), or_zero=not above_zero))


def _positive(row: Row, column: str, number: Decimal, *, or_zero: bool = False) -> Decimal:
    if number < 0 or (number == 0 and not or_zero):
        mend = f"write a number {'of 0 or more' if or_zero else 'above 0'}; take the line out where there is none"
        raise row.wrong(column, f"is {number.normalize():f}", mend)
    return number


def _some(file: Path, found: dict[str, T]) -> dict[str, T]:
    if not found:
        raise UserError(f"{file.name} has no rows", where=str(file), what_to_do="write one row below the headings for each figure")
    return found


def _there(file: Path, columns: Sequence[str]) -> None:
    if not file.is_file():
        mend = f"write it, with the columns {', '.join(columns)}; accord budget figures counts people and costs from a run"
        raise UserError(f"there is no file of figures {file.name}", where=str(file), what_to_do=mend)


def write_figures(file: Path, columns: Sequence[str], rows: Iterable[Sequence[object]], text: Callable[[object], str] = str) -> None:
    """A file of figures, which must not be there yet. Raises UserError if it is: what somebody has filled in is not written over."""
    if file.exists():
        raise UserError(f"{file.name} is there already", where=str(file), what_to_do="move it away first, or name another file in the budget")
    lines = [",".join(columns), *(",".join("" if cell is None else text(cell) for cell in row) for row in rows)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
