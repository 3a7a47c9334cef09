"""A map: how one raw layout becomes canonical tables. The model of the TOML file that a person writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from accord.intake.limits import MAX_RECORD_BYTES
from accord.intake.readers import (
    Amount,
    Code,
    CodeSystem,
    Constant,
    Date,
    DateFormat,
    FirstOf,
    Given,
    Integer,
    Lookup,
    MonthsAfter,
    Number,
    Partner,
    Reader,
    Text,
    Weekly,
    columns_of,
    expand,
    expand_all,
    given_names,
    is_day,
)  # fmt: skip

_TEXT = (Text, Code, Lookup, Constant, Given, Partner)
_EXAMPLES = {
    "text": (_TEXT, '{ text = "COLUMN" }, { lookup = "COLUMN", values = {…} } or { constant = "…" }'),
    "day": ((Date, Constant, Given, MonthsAfter), '{ date = "COLUMN", format = "YYYY-MM-DD" }'),
    "money": ((Amount, Constant, Weekly), '{ amount = "COLUMN" } or { weekly = "COLUMN" }'),
    "integer": ((Integer, Constant, Given), '{ integer = "COLUMN" }'),
    "number": ((Number, Integer, Constant), '{ number = "COLUMN" }'),
    "code": ((Code,), '{ code = "COLUMN", system = "icd10" }'),
    "version": ((Date, Integer, Text, Lookup), '{ date = "COLUMN", format = "YYYY-MM-DD" }, { integer = "COLUMN" } or { text = "COLUMN" }'),
}
_CONSTANTS: dict[str, Callable[[str], object]] = {
    "day": is_day,
    "money": re.compile(r"-?\d{1,16}(\.\d{1,2})?").fullmatch,
    "integer": re.compile(r"-?\d{1,9}").fullmatch,
    "number": re.compile(r"-?\d{1,12}(\.\d{1,6})?").fullmatch,
}
_AS_WRITTEN = {"day": "a day as 2025-04-30", "money": "an amount as 12.50", "integer": "a whole number as 12", "number": "a number as 1.5"}


def _wants(what: str) -> AfterValidator:
    allowed, example = _EXAMPLES[what]
    reads = _CONSTANTS.get(what, bool)

    def check(reader: BaseModel) -> BaseModel:
        each = reader.first_of if isinstance(reader, FirstOf) else [reader]
        if not all(isinstance(r, allowed) for r in each):
            raise ValueError(f"wants a reader of a {what}, such as {example}")
        wrong = next((r.constant for r in each if isinstance(r, Constant) and not reads(r.constant)), None)
        if wrong is not None:
            raise ValueError(f"the constant {wrong!r} cannot be read here: write {_AS_WRITTEN.get(what, 'a text that is not empty')}")
        return reader

    return AfterValidator(check)


TextField = Annotated[Reader, _wants("text")]
DayField = Annotated[Reader, _wants("day")]
MoneyField = Annotated[Reader, _wants("money")]
IntegerField = Annotated[Reader, _wants("integer")]
NumberField = Annotated[Reader, _wants("number")]
CodeField = Annotated[Reader, _wants("code")]
VersionField = Annotated[Reader, _wants("version")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Position(_Strict):
    """Where a column stands in a fixed-width record: its first character, counted from 1, and its width."""

    column: str = Field(min_length=1)
    first: int = Field(ge=1, le=MAX_RECORD_BYTES)
    width: int = Field(ge=1, le=MAX_RECORD_BYTES)


class FileSection(_Strict):
    """How the file is written. `may_lack` names columns that an extract may be delivered without.

    positions: of a fixed-width file, every column in order, without a gap; its lines have no heading and end at the last position, or
    before the first of the columns at its end that it may lack. may_be_parquet: a Parquet file of the same columns is read as well.
    """

    format: Literal["csv", "fixed", "parquet"]
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', max_length=1)
    encoding: Literal["utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"] = "utf-8"
    header: bool = True
    columns: list[str] = []
    positions: list[Position] = []
    may_be_parquet: bool = False
    may_lack: list[str] = []
    missing: list[str] = []

    @field_validator("delimiter", "quote")
    @classmethod
    def _mark(cls, mark: str) -> str:
        if mark and (not mark.isascii() or mark in "\0\r\n"):
            raise ValueError('cannot part a text: write one ASCII character, such as "," or ";" or "\\t"')
        return mark

    @model_validator(mode="after")
    def _named(self) -> FileSection:
        if self.header == bool(self.columns):
            raise ValueError("columns is for a file without a heading: give it exactly when header = false")
        if self.delimiter == self.quote:
            raise ValueError("delimiter and quote are the same character: change one of them")
        if (self.format == "fixed") != bool(self.positions):
            raise ValueError('positions is for format = "fixed": give it exactly then, as [{ column = "NAME", first = 1, width = 10 }, …]')
        if self.may_be_parquet and self.format != "fixed":
            raise ValueError('may_be_parquet is for format = "fixed": write format = "parquet" if every file is one')
        return self


class When(_Strict):
    """Which records have this section: those whose column holds, or does not hold, one of the values. '' is an empty column."""

    column: str
    is_in: list[str] = Field(default=[], alias="in")
    not_in: list[str] = []

    @model_validator(mode="after")
    def _one(self) -> When:
        if bool(self.is_in) == bool(self.not_in):
            raise ValueError('says not which records: write one of in = ["…"] and not_in = ["…"]')
        return self


class Identifier(_Strict):
    """A column that says who the person is. scope: the same number means the same person anywhere, or only within one partner."""

    column: str
    system: str
    scope: Literal["any", "partner"]
    missing: list[str] = []


class PersonSection(_Strict):
    """What the record states of the person."""

    birth_date: DayField | None = None
    sex: TextField | None = None
    death_date: DayField | None = None
    ethnicity: TextField | None = None
    deprivation_decile: IntegerField | None = None


class RegistrationSection(_Strict):
    """A span on a list (registered), in an area (resident), on a payer's list of whose people are whose (aligned), or by own choice (voluntary)."""

    population: Literal["registered", "resident", "aligned", "voluntary"]
    organisation: TextField
    start_date: DayField
    end_date: DayField | None = None
    when: When | None = None


class ActivitySection(_Strict):
    """The act of care that the record describes. Fields are those of the activity table."""

    setting: TextField
    start_date: DayField
    provider: TextField | None = None
    payer: TextField | None = None
    practice: TextField | None = None
    admission: TextField | None = None
    service_code: TextField | None = None
    currency: CodeField | None = None
    end_date: DayField | None = None
    admission_date: DayField | None = None
    discharge_date: DayField | None = None
    spell_code: TextField | None = None
    episode_number: IntegerField | None = None
    admission_source_code: TextField | None = None
    discharge_destination_code: TextField | None = None
    quantity: NumberField | None = None
    duration_minutes: IntegerField | None = None
    gross_amount: MoneyField | None = None
    client_amount: MoneyField | None = None
    other_funder_amount: MoneyField | None = None
    net_amount: MoneyField | None = None
    cost: MoneyField | None = None
    when: When | None = None


class CodesSection(_Strict):
    """Code columns to rows, one a position. `split` takes several codes from one column, up to `most`."""

    columns: list[str] = Field(min_length=1)
    system: CodeSystem | Lookup
    first_position: int = Field(default=1, ge=1, le=1000)
    dates: list[str] = []
    date_format: DateFormat = "YYYY-MM-DD"
    split: str | None = Field(default=None, min_length=1, max_length=1)
    most: int = Field(default=1, ge=1, le=50)
    missing: list[str] = []

    @field_validator("columns", "dates")
    @classmethod
    def _expanded(cls, names: list[str]) -> list[str]:
        return expand_all(names)

    @model_validator(mode="after")
    def _paired(self) -> CodesSection:
        if self.dates and len(self.dates) != len(self.columns):
            raise ValueError(f"has {len(self.columns)} code columns and {len(self.dates)} dates: name one date column for each code column")
        if self.split and len(self.columns) > 1:
            raise ValueError("split is for one column that holds several codes: name one column, or take split out")
        return self


class ObservationSection(_Strict):
    """Columns to rows, one a column: the column's name is the code."""

    columns: list[str] = Field(min_length=1)
    system: CodeSystem
    date: DayField
    value: Literal["number", "text"]
    missing: list[str] = []

    @field_validator("columns")
    @classmethod
    def _expanded(cls, names: list[str]) -> list[str]:
        return expand_all(names)


class OrganisationSection(_Strict):
    """An organisation or area that the record lists."""

    id: TextField
    kind: TextField
    name: TextField | None = None
    parent: TextField | None = None


class BelongsTo(_Strict):
    """The act of care of another file that the record's codes belong to: the one of the same partner with this spell_code.

    order: a column that tells the order of several records' codes of one act.
    """

    spell_code: TextField
    order: IntegerField | None = None


class SamePerson(_Strict):
    """Two identifiers that the record states to be one person's: what was in use before, and what is in use now.

    start_date, end_date: when the previous one was in use (first day in, first day out), where the record says.
    """

    current: str
    previous: str
    system: str
    scope: Literal["any", "partner"]
    start_date: DayField | None = None
    end_date: DayField | None = None
    when: When | None = None


class CorrectionSection(_Strict):
    """How a record says what it corrects, for sources that correct. Which of it counts is said by `corrects` in place.toml.

    key: columns that together name what is recorded (by_key). version: readers whose values, in order, tell the later version; without
    them the later file does. cancels: records that take the key out of force. scope: columns that name what a file replaces (by_file).
    """

    key: list[str] = []
    version: list[VersionField] = []
    cancels: When | None = None
    scope: list[str] = []

    @model_validator(mode="after")
    def _something(self) -> CorrectionSection:
        if not self.key and (self.version or self.cancels):
            raise ValueError('version and cancels need a key: name the columns that tell what is recorded: key = ["CLAIM_ID"]')
        return self


class Ignored(_Strict):
    """Columns left out, and why."""

    columns: list[str] = Field(min_length=1)
    reason: str = Field(min_length=3)

    @field_validator("columns")
    @classmethod
    def _expanded(cls, names: list[str]) -> list[str]:
        return expand_all(names)


class Layout(_Strict):
    """One map. Every column of the file is read by a section, or ignored with a reason."""

    title: str = Field(min_length=3)
    reference: str = Field(min_length=3)
    file: FileSection
    identifier: list[Identifier] = []
    person: PersonSection | None = None
    registration: list[RegistrationSection] = []
    activity: ActivitySection | None = None
    diagnosis: list[CodesSection] = []
    procedure: list[CodesSection] = []
    observation: list[ObservationSection] = []
    organisation: OrganisationSection | None = None
    belongs_to: BelongsTo | None = None
    same_person: list[SamePerson] = []
    correction: CorrectionSection | None = None
    ignore: list[Ignored] = []

    def readers(self) -> Iterator[tuple[tuple[str | int, ...], BaseModel]]:
        """Each reader with the path of its key in the file."""
        for section, model in self.sections():
            for name in type(model).model_fields:
                reader = getattr(model, name)
                if isinstance(reader, BaseModel) and not isinstance(reader, When):
                    yield (*section, name), reader

    def sections(self) -> Iterator[tuple[tuple[str | int, ...], BaseModel]]:
        """Each section of readers with its path."""
        for name in ("person", "activity", "organisation", "belongs_to"):
            if (model := getattr(self, name)) is not None:
                yield (name,), model
        for name in ("registration", "observation", "same_person"):
            for i, model in enumerate(getattr(self, name)):
                yield (name, i), model

    def read_columns(self) -> list[str]:
        """The raw columns that any section reads, each once, in the order in which they are named."""
        return list(dict.fromkeys(column for _, column in self.columns_by_key()))

    def columns_by_key(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Each raw column that a section reads, after the path of the key that names it."""
        yield from ((("identifier", i, "column"), identifier.column) for i, identifier in enumerate(self.identifier))
        yield from ((path, column) for path, reader in self.readers() for column in columns_of(reader))
        for name, sections in (("diagnosis", self.diagnosis), ("procedure", self.procedure)):
            for i, codes in enumerate(sections):
                yield from (((name, i, "columns"), column) for column in codes.columns)
                yield from (((name, i, "dates"), column) for column in codes.dates)
                if isinstance(codes.system, Lookup):
                    yield (name, i, "system"), codes.system.lookup
        yield from ((("observation", i, "columns"), column) for i, seen in enumerate(self.observation) for column in seen.columns)
        for i, said in enumerate(self.same_person):
            yield from (((("same_person", i, "current"), said.current), (("same_person", i, "previous"), said.previous)))
        yield from (((*section, "when", "column"), when.column) for section, when in self._conditions())
        yield from self._correcting_columns()

    def _correcting_columns(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        if (said := self.correction) is not None:
            yield from ((("correction", "key"), column) for column in said.key)
            yield from ((("correction", "version", i), column) for i, reader in enumerate(said.version) for column in columns_of(reader))
            yield from ((("correction", "scope"), column) for column in said.scope)
            if said.cancels:
                yield ("correction", "cancels", "column"), said.cancels.column

    def _conditions(self) -> Iterator[tuple[tuple[str | int, ...], When]]:
        yield from ((("registration", i), r.when) for i, r in enumerate(self.registration) if r.when)
        yield from ((("same_person", i), s.when) for i, s in enumerate(self.same_person) if s.when)
        if self.activity and self.activity.when:
            yield ("activity",), self.activity.when

    def ignored_columns(self) -> list[str]:
        """The raw columns that are left out with a reason."""
        return [column for ignored in self.ignore for column in ignored.columns]

    def may_lack(self) -> set[str]:
        """The raw columns that a file may be delivered without."""
        return {column for name in self.file.may_lack for column in expand(name)} | set(self.ignored_columns())

    def constant_days(self) -> list[str]:
        """The days that the map itself states, each once."""
        each = [r for _, reader in self.readers() for r in (reader.first_of if isinstance(reader, FirstOf) else [reader])]
        held = [r.months_after if isinstance(r, MonthsAfter) else r for r in each]
        return sorted({r.constant for r in held if isinstance(r, Constant) and is_day(r.constant)})

    def has_rates(self) -> bool:
        """Whether money is so much a week, so that a record becomes an activity for each month."""
        each = (r for _, reader in self.readers() for r in (reader.first_of if isinstance(reader, FirstOf) else [reader]))
        return any(isinstance(reader, Weekly) for reader in each)

    def given(self) -> set[str]:
        """The values that a source must give."""
        return {name for _, reader in self.readers() for name in given_names(reader)}
