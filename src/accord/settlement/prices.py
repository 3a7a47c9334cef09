"""Lists of prices that a place keeps: `prices/<name>.csv`, and beside it `<name>.toml` that says where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from pydantic import Field

from accord.clauses.terms import Name, Written
from accord.errors import UserError
from accord.place import line_of, read_model
from accord.place.csv_rows import Row, read_rows
from accord.place.toml_faults import did_you_mean
from accord.settlement.contract import Contract
from accord.tables.codes import ADMISSION, SETTING

SUBMITTED = "submitted"
REPORTED_COST = "reported_cost"
OF_THE_RECORD = (SUBMITTED, REPORTED_COST)
"""What a clause may name instead of a list: the amount that the record states for its payer, or the cost that it reports."""

COLUMNS = ("currency_code", "setting", "admission", "price", "trim_days", "per_day")
RATE_PLACES = 6


class Origin(Written):
    """The TOML beside a list of prices. from: the first day that it applies to."""

    title: Name = Field(examples=["National tariff 2025/26"])
    source: Name = Field(examples=["NHS England, 2025/26 NHS Payment Scheme, annex A"])
    start_date: date = Field(alias="from", examples=[date(2025, 4, 1)])


@dataclass(frozen=True)
class Price:
    """One price. setting, admission: None is any. trim_days: the nights that it pays for; per_day: what each night beyond them is paid."""

    code: str
    setting: str | None
    admission: str | None
    amount: Decimal | None
    trim_days: int | None
    per_day: Decimal | None


@dataclass(frozen=True)
class PriceList:
    """One list, with where it comes from and its files."""

    name: str
    origin: Origin
    prices: tuple[Price, ...]
    files: tuple[Path, ...]


def price_list(folder: Path, name: str, contract: Contract, written_in: Path, n_clause: int) -> PriceList:
    """The list that a clause of a contract names. folder: the place's prices/. Raises UserError, also where there is none of that name."""
    file = folder / f"{name}.csv"
    if not file.is_file():
        where = f"{written_in}, line {line_of(written_in, ('clause', n_clause, 'prices'))}"
        mend = f"add {file}; {_known(folder, name)}"
        raise UserError(f"the place has no list of prices '{name}'", where=where, what_to_do=mend)
    sidecar = file.with_suffix(".toml")
    origin = read_model(sidecar, Origin)
    if origin.start_date > contract.period.start_date:
        what = f"the prices of '{name}' apply from {origin.start_date}, and the contract begins on {contract.period.start_date}"
        where = f"{sidecar}, line {line_of(sidecar, ('from',))}"
        raise UserError(what, where=where, what_to_do="name a list in the contract that applies when it begins")
    return PriceList(name, origin, tuple(_prices(file)), (file, sidecar))


def _known(folder: Path, name: str) -> str:
    lists = [path.relative_to(folder).with_suffix("").as_posix() for path in sorted(folder.rglob("*.csv"))]
    return did_you_mean(name, [*lists, *OF_THE_RECORD], "or name one of those that there are")


def _prices(file: Path) -> Iterator[Price]:
    seen: dict[tuple[str, str, str], int] = {}
    for row in read_rows(file, COLUMNS):
        price = _price(row)
        key = (price.code, price.setting or "", price.admission or "")
        if key in seen:
            what = f"{price.code} has a price for the same setting and admission on line {seen[key]} too"
            raise UserError(what, where=f"{file}, line {row.line}", what_to_do="keep one of the two")
        seen[key] = row.line
        yield price


def _price(row: Row) -> Price:
    amount, per_day = (row.number_or_none(column, RATE_PLACES) for column in ("price", "per_day"))
    if any(number is not None and number < 0 for number in (amount, per_day)):
        raise row.wrong("price", "is below zero", "a price is 0 or more; leave it empty where there is none")
    trim_days = row.whole("trim_days") if row.cells["trim_days"] else None
    if (trim_days is None) != (per_day is None):
        raise row.wrong("trim_days", "and 'per_day' belong together, and one of them is missing", "write both, or neither")
    code, setting, admission = row.text("currency_code").upper(), _one_of(row, "setting", SETTING), _one_of(row, "admission", ADMISSION)
    return Price(code, setting, admission, amount, trim_days, per_day)


def _one_of(row: Row, column: str, known: tuple[str, ...]) -> str | None:
    text = row.cells[column]
    if text and text not in known:
        raise row.wrong(column, f"is {text!r}", did_you_mean(text, known, "leave it empty for any, or write one of"))
    return text or None
