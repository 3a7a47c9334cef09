"""Lists of prices that a place keeps: `prices/<name>.csv`, and beside it `<name>.toml` that says where it comes from.

A list may have two tables of its own: `<name>_supplements.csv`, and `<name>_mff.csv`, the market-forces factor by provider. The factors of an
allocation of money to areas are other figures, and are never read here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import Field

from accord.clauses.terms import Name, Written
from accord.errors import UserError
from accord.place import line_of, read_model
from accord.place.csv_rows import Row, read_rows
from accord.place.toml_faults import Fault, did_you_mean
from accord.settlement.contract import Contract
from accord.tables import Table
from accord.tables.codes import ADMISSION, SETTING
from accord.tables.settlement import PRICE, PRICE_SUPPLEMENT, PROVIDER_FACTOR

SUBMITTED = "submitted"
REPORTED_COST = "reported_cost"
OF_THE_RECORD = (SUBMITTED, REPORTED_COST)
"""What a clause may name instead of a list: the amount that the record states for its payer, or the cost that it reports."""

COLUMNS = ("currency_code", "setting", "admission", "price", "trim_days", "per_day")
SHORT_STAY, DATED = ("short_stay_days", "short_stay_share"), ("from", "to")
SUPPLEMENTS, FACTORS = "_supplements", "_mff"
RATE_PLACES = 6


class Origin(Written):
    """The TOML beside a list of prices. from: the first day that it applies to; to: the first day that it does not, where it ends."""

    title: Name = Field(examples=["National tariff 2025/26"])
    source: Name = Field(examples=["NHS England, 2025/26 NHS Payment Scheme, annex A"])
    start_date: date = Field(alias="from", examples=[date(2025, 4, 1)])
    end_date: date | None = Field(default=None, alias="to", examples=[date(2026, 4, 1)])


@dataclass(frozen=True)
class Price:
    """One price. setting, admission: None is any. trim_days: the nights that it pays for; per_day: what each night beyond them is paid.

    short_stay_days, short_stay_share: of an emergency admission of at most so many nights, the share that is paid.
    start_date, end_date: the days of this price; None is as far as the list goes, or until the code's next price.
    """

    code: str
    setting: str | None
    admission: str | None
    amount: Decimal | None
    trim_days: int | None
    per_day: Decimal | None
    short_stay_days: int | None = None
    short_stay_share: Decimal | None = None
    start_date: date | None = None
    end_date: date | None = None


@dataclass(frozen=True)
class Supplement:
    """What is paid on top of a price, as a rate of it. code, service_code: None is any."""

    code: str | None
    service_code: str | None
    rate: Decimal
    start_date: date | None = None
    end_date: date | None = None


@dataclass(frozen=True)
class MarketForces:
    """The factor by which what a provider is paid is multiplied."""

    provider: str
    factor: Decimal
    start_date: date | None = None
    end_date: date | None = None


@dataclass(frozen=True)
class PriceList:
    """One list, with where it comes from and its files. factors: none where it has no table of them; then nothing is multiplied."""

    name: str
    origin: Origin
    prices: tuple[Price, ...]
    files: tuple[Path, ...]
    supplements: tuple[Supplement, ...] = ()
    factors: tuple[MarketForces, ...] = ()


def price_list(folder: Path, name: str, contract: Contract, written_in: Path, n_clause: int) -> PriceList:
    """The list that a clause of a contract names. folder: the place's prices/.

    Raises UserError, also where there is none of that name, or where it does not apply to all of the contract.
    """
    if not (folder / f"{name}.csv").is_file():
        missing = _missing(folder, name)
        where = f"{written_in}, line {line_of(written_in, ('clause', n_clause, 'prices'))}"
        raise UserError(missing.what, where=where, what_to_do=missing.what_to_do)
    one = _read_list(folder, name)
    for what, where, mend in _unfit(one, contract):
        raise UserError(what, where=where, what_to_do=mend)
    return one


def price_faults(folder: Path, contract: Contract) -> Iterator[Fault]:
    """What is wrong with the lists that a contract names, each with the key that names it: none, unreadable, or not of the contract's days."""
    for n, clause in enumerate(contract.clause):
        name = getattr(clause, "prices", None)
        if name is None or name in OF_THE_RECORD:
            continue
        path = ("clause", n, "prices")
        if not (folder / f"{name}.csv").is_file():
            yield replace(_missing(folder, name), path=path)
            continue
        try:
            one = _read_list(folder, name)
        except UserError as error:
            yield Fault(path, f"the prices of '{name}' cannot be read: {error.what} ({error.where})", error.what_to_do)
            continue
        yield from (Fault(path, what, mend) for what, _, mend in _unfit(one, contract))


def price_tables(lists: Iterable[PriceList]) -> list[tuple[Table, list[tuple[Any, ...]]]]:
    """The tables that a step prices by, each with its rows. A price lasts no longer than its list."""
    prices, supplements, factors = [], [], []
    for one in lists:
        start, end = one.origin.start_date, one.origin.end_date
        for p in one.prices:
            stay = (p.amount, p.trim_days, p.per_day, p.short_stay_days, p.short_stay_share)
            prices.append((one.name, p.code, p.setting, p.admission, *stay, p.start_date or start, p.end_date or end))
        supplements += [(one.name, s.code, s.service_code, s.rate, s.start_date, s.end_date) for s in one.supplements]
        factors += [(one.name, f.provider, f.factor, f.start_date, f.end_date) for f in one.factors]
    return [(PRICE, prices), (PRICE_SUPPLEMENT, supplements), (PROVIDER_FACTOR, factors)]


def _missing(folder: Path, name: str) -> Fault:
    lists = [path.relative_to(folder).with_suffix("").as_posix() for path in sorted(folder.rglob("*.csv"))]
    named = [each for each in lists if not each.endswith((SUPPLEMENTS, FACTORS))]
    known = did_you_mean(name, [*named, *OF_THE_RECORD], "or name one of those that there are")
    return Fault((), f"the place has no list of prices '{name}'", f"add {folder / name}.csv; {known}")


def _unfit(one: PriceList, contract: Contract) -> Iterator[tuple[str, str, str]]:
    """Why a list cannot price a contract: what, where, and the mend."""
    sidecar, (start, end) = one.files[1], (contract.period.start_date, contract.period.end_date)
    if one.origin.start_date > start:
        what = f"the prices of '{one.name}' apply from {one.origin.start_date}, and the contract begins on {start}"
        yield what, f"{sidecar}, line {line_of(sidecar, ('from',))}", "name a list in the contract that applies when it begins"
    if one.origin.end_date is not None and one.origin.end_date < end:
        what = f"the prices of '{one.name}' end on {one.origin.end_date}, and the contract on {end}"
        mend = "add the prices of the later days with their 'from', and let the list end with the contract or later"
        yield what, f"{sidecar}, line {line_of(sidecar, ('to',))}", mend
    if one.factors and (day := _first_without(one.factors, contract)):
        file = next(path for path in one.files if path.stem.endswith(FACTORS))
        what = f"'{contract.payee}', who is paid by the prices of '{one.name}', has no market-forces factor on {day}"
        yield what, str(file), "add the provider's row; a factor of 1 changes nothing"


def _first_without(factors: Sequence[MarketForces], contract: Contract) -> date | None:
    """The first day of a contract on which its payee has no factor."""
    day = contract.period.start_date
    for each in sorted((f for f in factors if f.provider == contract.payee), key=lambda f: f.start_date or date.min):
        if (each.start_date or date.min) <= day:
            day = max(day, each.end_date or date.max)
    return day if day < contract.period.end_date else None


def _read_list(folder: Path, name: str) -> PriceList:
    file = folder / f"{name}.csv"
    sidecar = file.with_suffix(".toml")
    origin = read_model(sidecar, Origin)
    one = PriceList(name, origin, tuple(_prices(file, origin)), (file, sidecar))
    beside = {part: file.with_name(f"{file.stem}{part}.csv") for part in (SUPPLEMENTS, FACTORS)}
    if beside[SUPPLEMENTS].is_file():
        one = replace(one, supplements=tuple(_supplements(beside[SUPPLEMENTS])), files=(*one.files, *_with_origin(beside[SUPPLEMENTS])))
    if beside[FACTORS].is_file():
        one = replace(one, factors=tuple(_factors(beside[FACTORS])), files=(*one.files, *_with_origin(beside[FACTORS])))
    return one


def _with_origin(file: Path) -> tuple[Path, Path]:
    read_model(file.with_suffix(".toml"), Origin)
    return file, file.with_suffix(".toml")


def _prices(file: Path, origin: Origin) -> list[Price]:
    """The prices as they stand, each until the next of its code, setting and admission begins."""
    rows = [(row, _price(row)) for row in read_rows(file, COLUMNS, (*SHORT_STAY, *DATED))]
    for row, price in rows:
        if price.start_date is not None and price.start_date < origin.start_date:
            raise row.wrong("from", f"is before the list applies, which is from {origin.start_date}", "correct one of the two")
    keyed = [((p.code, p.setting, p.admission), row, p.start_date or origin.start_date, p.end_date) for row, p in rows]
    ends = _ends(keyed, "a price for the same setting and admission")
    return [replace(price, end_date=end) for (_, price), end in zip(rows, ends, strict=True)]


def _ends(rows: Sequence[tuple[tuple[str | None, ...], Row, date, date | None]], alike: str) -> list[date | None]:
    """The end of each row's days: as written, or where the next row of its key begins. Raises UserError for two rows of one day."""
    order = sorted(range(len(rows)), key=lambda n: (tuple(part or "" for part in rows[n][0]), rows[n][2], rows[n][1].line))
    ends = [end for *_, end in rows]
    for n, following in pairwise(order):
        (key, row, start, end), (next_key, next_row, next_start, _) = rows[n], rows[following]
        if key != next_key:
            continue
        if start == next_start:
            what = f"{key[0]} has {alike} on line {row.line} too"
            raise UserError(what, where=f"{row.file}, line {next_row.line}", what_to_do="keep one of the two")
        if end is not None and end > next_start:
            raise next_row.wrong("from", f"is {next_start}, and what stands on line {row.line} applies until {end}", "correct one of the two")
        ends[n] = end or next_start
    return ends


def _price(row: Row) -> Price:
    amount, per_day = (row.number_or_none(column, RATE_PLACES) for column in ("price", "per_day"))
    if any(number is not None and number < 0 for number in (amount, per_day)):
        raise row.wrong("price", "is below zero", "a price is 0 or more; leave it empty where there is none")
    trim_days, short_stay_days = row.whole_or_none("trim_days"), row.whole_or_none("short_stay_days")
    if (trim_days is None) != (per_day is None):
        raise row.wrong("trim_days", "and 'per_day' belong together, and one of them is missing", "write both, or neither")
    share = row.number_or_none("short_stay_share", RATE_PLACES)
    if (short_stay_days is None) != (share is None):
        raise row.wrong("short_stay_days", "and 'short_stay_share' belong together, and one of them is missing", "write both, or neither")
    if share is not None and not 0 < share <= 1:
        raise row.wrong("short_stay_share", f"is {row.cells['short_stay_share']}", "write the share that is paid, as 0.70 for 70 per cent")
    code, setting, admission = row.text("currency_code").upper(), row.one_of("setting", SETTING), row.one_of("admission", ADMISSION)
    return Price(code, setting, admission, amount, trim_days, per_day, short_stay_days, share, *_days(row))


def _days(row: Row) -> tuple[date | None, date | None]:
    start, end = row.day_or_none("from"), row.day_or_none("to")
    if start is not None and end is not None and end <= start:
        raise row.wrong("to", f"is {end}, which is not after 'from'", "'from' is the first day in and 'to' the first day out")
    return start, end


def _supplements(file: Path) -> Iterator[Supplement]:
    for row in read_rows(file, ("currency_code", "service_code", "rate"), DATED):
        if not (row.cells["currency_code"] or row.cells["service_code"]):
            raise row.wrong("currency_code", "and 'service_code' are empty", "name what the supplement is for, by one or both of them")
        rate = row.number("rate", RATE_PLACES)
        if rate <= 0:
            raise row.wrong("rate", f"is {row.cells['rate']}", "write what is paid on top, as a rate of the price: 0.28 for 28 per cent")
        yield Supplement(row.cells["currency_code"].upper() or None, row.cells["service_code"] or None, rate, *_days(row))


def _factors(file: Path) -> list[MarketForces]:
    rows = [(row, _factor(row)) for row in read_rows(file, ("provider_id", "factor"), DATED)]
    ends = _ends([((each.provider,), row, each.start_date or date.min, each.end_date) for row, each in rows], "a factor of the same days")
    return [replace(each, end_date=end) for (_, each), end in zip(rows, ends, strict=True)]


def _factor(row: Row) -> MarketForces:
    factor = row.number("factor", RATE_PLACES)
    if factor <= 0:
        raise row.wrong("factor", f"is {row.cells['factor']}", "write what the price is multiplied by, as 1.0646")
    return MarketForces(row.text("provider_id"), factor, *_days(row))
