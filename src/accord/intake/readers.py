"""The column readers: the closed list of ways in which a map reads a value from a raw record.

Each is a small inline table in a map, told from the others by its first key. They are data: `compile` turns them into SQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from accord.intake.limits import MAX_COLUMNS
from accord.rulebook import code_forms

DATE_FORMATS = {
    "YYYY-MM-DD": "2025-04-30",
    "YYYYMMDD": "20250430",
    "DD/MM/YYYY": "30/04/2025",
    "MM/DD/YYYY": "04/30/2025",
    "DDMMYYYY": "30042025",
    "MMYYYY": "042025 (the first of the month)",
    "YYYY-MM": "2025-04 (the first of the month)",
    "DD-MON-YYYY": "30-APR-2025",
    "YYYY-MM-DD hh:mm:ss": "2025-04-30 13:45:00 or 2025-04-30T13:45:00Z (the day is kept)",
}
DateFormat = Literal[
    "YYYY-MM-DD", "YYYYMMDD", "DD/MM/YYYY", "MM/DD/YYYY", "DDMMYYYY", "MMYYYY", "YYYY-MM", "DD-MON-YYYY", "YYYY-MM-DD hh:mm:ss"
]
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SYSTEM = re.compile(r"[a-z][a-z0-9_]{0,63}")
_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


def expand(name: str) -> list[str]:
    """The column names that a name stands for: `DIAG_{01..03}` is DIAG_01, DIAG_02, DIAG_03; any other name is itself."""
    found = _RANGE.search(name)
    if not found:
        return [name]
    first, last = found.groups()
    numbers = range(int(first), int(last) + 1)
    if not 0 < len(numbers) <= MAX_COLUMNS:
        raise ValueError(f"{name!r} stands for {len(numbers)} columns: write the lower number first, and at most {MAX_COLUMNS} columns")
    return [name[: found.start()] + str(n).zfill(len(first)) + name[found.end() :] for n in numbers]


def expand_all(names: list[str]) -> list[str]:
    """`expand` over a list, in order."""
    return [column for name in names for column in expand(name)]


def is_day(text: str) -> bool:
    """Whether a text is a day that the calendar has, written as 2025-04-30."""
    try:
        return bool(_ISO_DAY.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def _code_system(text: str) -> str:
    if not _SYSTEM.fullmatch(text):
        raise ValueError('cannot name a code system: use small letters, digits and _, such as "icd10" or "opcs4"')
    if text not in code_forms() and (near := get_close_matches(text, code_forms(), n=1, cutoff=0.8)):
        other = f'a name of its own that is less like it, such as "local_{text}"'
        raise ValueError(f'is none of the known code systems: write "{near[0]}", or, if it is another list of codes, {other}')
    return text


CodeSystem = Annotated[str, AfterValidator(_code_system)]
"""The name of a list of codes. Those of the rulebook's code_forms are held to their form; any other is the sender's own list, and no near miss."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Text(_Strict):
    """Text, with space around it taken off. `{ text = "WARD" }`"""

    text: str
    missing: list[str] = []
    required: bool = False


class Date(_Strict):
    """A day. `{ date = "ADMIDATE", format = "YYYY-MM-DD" }`; `plus_days = 1` makes a last day in into a first day out."""

    date: str
    format: DateFormat
    plus_days: int = Field(default=0, ge=-366, le=366)
    missing: list[str] = []
    required: bool = False


class Lookup(_Strict):
    """One of our codes for each of theirs. `{ lookup = "SEX", values = { "1" = "male", "2" = "female" } }`

    A value that is not listed is flagged (unknown_code) and left empty, unless `otherwise` says what it is.
    """

    lookup: str
    values: dict[str, str]
    otherwise: str | None = None
    missing: list[str] = []
    required: bool = False


class Code(_Strict):
    """A code with its code system, which is always stated. `{ code = "SUSHRG", system = "hrg" }`

    The system may be a lookup of another column. Codes are kept in upper case, without dots.
    """

    code: str
    system: CodeSystem | Lookup
    missing: list[str] = []
    required: bool = False


class Product(_Strict):
    """A rate times a count of units, as part of an amount."""

    rate: str
    times: str


class Amount(_Strict):
    """Money: one column, or several added up, or with rates times counts added. `{ amount = ["DEDUCTIBLE", "COINSURANCE"] }`

    An empty column counts as nothing if another holds an amount; if all are empty there is no amount. less names columns that are taken
    off what the others come to.
    """

    amount: str | list[str]
    plus: list[Product] = []
    less: list[str] = []
    missing: list[str] = []
    required: bool = False

    @field_validator("amount")
    @classmethod
    def _some(cls, amount: str | list[str]) -> str | list[str]:
        if not amount:
            raise ValueError('names no column: write the name of one or more, such as ["DEDUCTIBLE", "COINSURANCE"]')
        return amount


RATE_PERIODS = ("day", "week", "two_weeks", "four_weeks", "month", "quarter", "year", "unit", "once")
"""What a rate of money may be for: a number of days, one of `times` units a week, or the whole of the care."""


class Weekly(_Strict):
    """Money at so much a week, for each day from the first to the last. `{ weekly = "WEEKLY_COST" }`

    every looks up what a rate is for where that is not always a week: day, week, two_weeks, four_weeks, month, quarter, year (the last
    three as parts of 52 weeks), unit (times says how many units a week) or once. The record becomes one activity for each month of the
    place's period in which the care was given.
    """

    weekly: str
    every: Lookup | None = None
    times: str | None = None
    missing: list[str] = []
    required: bool = False

    @field_validator("every")
    @classmethod
    def _known(cls, every: Lookup | None) -> Lookup | None:
        said = [*every.values.values(), *([every.otherwise] if every.otherwise is not None else [])] if every else []
        wrong = next((period for period in said if period not in RATE_PERIODS), None)
        if wrong is not None:
            raise ValueError(f"{wrong!r} is nothing that a rate is for: write one of {', '.join(RATE_PERIODS)}")
        return every

    @model_validator(mode="after")
    def _counted(self) -> Weekly:
        by_unit = self.every is not None and "unit" in (*self.every.values.values(), self.every.otherwise)
        if by_unit != bool(self.times):
            raise ValueError('says a rate for each unit and not how many, or the reverse: write times = "COLUMN" exactly when every holds "unit"')
        return self


class Integer(_Strict):
    """A whole number. `{ integer = "EPIORDER" }`"""

    integer: str
    missing: list[str] = []
    required: bool = False


class Number(_Strict):
    """A number with up to six decimals. `{ number = "QUANTITY" }`"""

    number: str
    missing: list[str] = []
    required: bool = False


class Constant(_Strict):
    """The same value for every record. `{ constant = "inpatient" }`"""

    constant: str


class Given(_Strict):
    """A value that place.toml gives with the source. `{ given = "year_start" }`"""

    given: str


class Partner(_Strict):
    """The id of the partner who sent the file. `{ partner = "id" }`"""

    partner: Literal["id"]


class MonthsAfter(_Strict):
    """A number of whole months after a day. `{ months_after = { given = "year_start" }, count = "COVERAGE_MONTHS" }`"""

    months_after: Given | Constant | Date
    count: str

    @field_validator("months_after")
    @classmethod
    def _day(cls, start: Given | Constant | Date) -> Given | Constant | Date:
        if isinstance(start, Constant) and not is_day(start.constant):
            raise ValueError(f"the constant {start.constant!r} cannot be read here: write a day as 2025-04-30")
        return start


class FirstOf(_Strict):
    """The first of several readers that gives a value. `{ first_of = [ { date = … }, { date = … } ] }`"""

    first_of: list[Reader] = Field(min_length=2)
    required: bool = False

    @field_validator("first_of")
    @classmethod
    def _flat(cls, readers: list[Any]) -> list[Any]:
        if any(isinstance(r, FirstOf) for r in readers):
            raise ValueError("first_of may not hold another first_of: write one list")
        return readers


_KINDS: dict[str, type[BaseModel]] = {
    "text": Text, "date": Date, "lookup": Lookup, "code": Code, "amount": Amount, "weekly": Weekly, "integer": Integer, "number": Number,
    "constant": Constant, "given": Given, "partner": Partner, "months_after": MonthsAfter, "first_of": FirstOf,
}  # fmt: skip
READER_KINDS = tuple(_KINDS)


def _kind(value: Any) -> str | None:
    if isinstance(value, dict):
        return next((k for k in _KINDS if k in value), None)
    return next((k for k, model in _KINDS.items() if isinstance(value, model)), None)


Reader = Annotated[
    Annotated[Text, Tag("text")]
    | Annotated[Date, Tag("date")]
    | Annotated[Lookup, Tag("lookup")]
    | Annotated[Code, Tag("code")]
    | Annotated[Amount, Tag("amount")]
    | Annotated[Weekly, Tag("weekly")]
    | Annotated[Integer, Tag("integer")]
    | Annotated[Number, Tag("number")]
    | Annotated[Constant, Tag("constant")]
    | Annotated[Given, Tag("given")]
    | Annotated[Partner, Tag("partner")]
    | Annotated[MonthsAfter, Tag("months_after")]
    | Annotated[FirstOf, Tag("first_of")],
    Discriminator(
        _kind,
        custom_error_type="reader_kind",
        custom_error_message="is not a column reader: write an inline table that begins with one of " + ", ".join(READER_KINDS),
    ),
]
FirstOf.model_rebuild()


def columns_of(reader: BaseModel) -> Iterator[str]:
    """The raw columns that a reader reads."""
    match reader:
        case Code(code=code, system=Lookup() as system):
            yield from (code, system.lookup)
        case Amount(amount=amount, plus=plus, less=less):
            yield from (*([amount] if isinstance(amount, str) else amount), *less)
            yield from (column for part in plus for column in (part.rate, part.times))
        case Weekly(weekly=rate, every=every, times=times):
            yield from (column for column in (rate, every.lookup if every else None, times) if column)
        case MonthsAfter(months_after=start, count=count):
            yield from (*columns_of(start), count)
        case FirstOf(first_of=readers):
            yield from (column for each in readers for column in columns_of(each))
        case Text() | Date() | Lookup() | Code() | Integer() | Number():
            yield str(getattr(reader, _kind(reader) or ""))
        case _:
            return


def given_names(reader: BaseModel) -> Iterator[str]:
    """The values that a reader wants from the source in place.toml."""
    match reader:
        case Given(given=name):
            yield name
        case MonthsAfter(months_after=start):
            yield from given_names(start)
        case FirstOf(first_of=readers):
            yield from (name for each in readers for name in given_names(each))
        case _:
            return
