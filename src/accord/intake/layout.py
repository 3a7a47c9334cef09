"""A map: how one raw layout becomes canonical tables. The model of the TOML file that a person writes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from accord.intake.readers import (
    READER_KINDS,
    Amount,
    Code,
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
    columns_of,
    expand,
    expand_all,
    given_names,
)  # fmt: skip

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_TEXT = (Text, Code, Lookup, Constant, Given, Partner)
_EXAMPLES = {
    "text": (_TEXT, '{ text = "COLUMN" }, { lookup = "COLUMN", values = {…} } or { constant = "…" }'),
    "day": ((Date, Constant, Given, MonthsAfter), '{ date = "COLUMN", format = "YYYY-MM-DD" }'),
    "money": ((Amount, Constant), '{ amount = "COLUMN" }'),
    "integer": ((Integer, Constant, Given), '{ integer = "COLUMN" }'),
    "number": ((Number, Integer, Constant), '{ number = "COLUMN" }'),
    "code": ((Code,), '{ code = "COLUMN", system = "icd10" }'),
}


def _wants(what: str) -> AfterValidator:
    allowed, example = _EXAMPLES[what]

    def check(reader: BaseModel) -> BaseModel:
        each = reader.first_of if isinstance(reader, FirstOf) else [reader]
        if not all(isinstance(r, allowed) for r in each):
            raise ValueError(f"wants a reader of a {what}, such as {example}")
        return reader

    return AfterValidator(check)


TextField = Annotated[Reader, _wants("text")]
DayField = Annotated[Reader, _wants("day")]
MoneyField = Annotated[Reader, _wants("money")]
IntegerField = Annotated[Reader, _wants("integer")]
NumberField = Annotated[Reader, _wants("number")]
CodeField = Annotated[Reader, _wants("code")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileSection(_Strict):
    """How the file is written. `may_lack` names columns that an extract may be delivered without."""

    format: Literal["csv", "parquet"]
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', max_length=1)
    encoding: Literal["utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"] = "utf-8"
    header: bool = True
    columns: list[str] = []
    may_lack: list[str] = []
    missing: list[str] = []

    @model_validator(mode="after")
    def _named(self) -> FileSection:
        if self.header == bool(self.columns):
            raise ValueError("columns is for a file without a heading: give it exactly when header = false")
        return self


class When(_Strict):
    """Which records have this section: those whose column holds, or does not hold, one of the values. '' is an empty column."""

    column: str
    is_in: list[str] = Field(default=[], alias="in")
    not_in: list[str] = []

    @model_validator(mode="after")
    def _one(self) -> When:
        if bool(self.is_in) == bool(self.not_in):
            raise ValueError("when wants exactly one of in = [...] and not_in = [...]")
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
    """A span on a list (registered) or in an area (resident)."""

    population: Literal["registered", "resident"]
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
    system: str | Lookup
    first_position: int = Field(default=1, ge=1)
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
            raise ValueError(f"dates wants one column for each of the {len(self.columns)} code columns")
        if self.split and len(self.columns) > 1:
            raise ValueError("split is for one column that holds several codes: give one column")
        return self


class ObservationSection(_Strict):
    """Columns to rows, one a column: the column's name is the code."""

    columns: list[str] = Field(min_length=1)
    system: str
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
    ignore: list[Ignored] = []

    @model_validator(mode="after")
    def _makes_sense(self) -> Layout:
        for fault in _faults(self):
            raise ValueError(fault)
        return self

    def readers(self) -> Iterator[tuple[tuple[str | int, ...], BaseModel]]:
        """Each reader with the path of its key in the file."""
        for section, model in self.sections():
            for name in type(model).model_fields:
                reader = getattr(model, name)
                if isinstance(reader, BaseModel) and not isinstance(reader, When):
                    yield (*section, name), reader

    def sections(self) -> Iterator[tuple[tuple[str | int, ...], BaseModel]]:
        """Each section of readers with its path."""
        for name in ("person", "activity", "organisation"):
            if (model := getattr(self, name)) is not None:
                yield (name,), model
        for name in ("registration", "observation"):
            for i, model in enumerate(getattr(self, name)):
                yield (name, i), model

    def read_columns(self) -> list[str]:
        """The raw columns that any section reads, each once, in the order in which they are named."""
        found: dict[str, None] = dict.fromkeys(i.column for i in self.identifier)
        for _, reader in self.readers():
            found.update(dict.fromkeys(columns_of(reader)))
        for codes in (*self.diagnosis, *self.procedure):
            found.update(dict.fromkeys((*codes.columns, *codes.dates)))
            if isinstance(codes.system, Lookup):
                found[codes.system.lookup] = None
        for seen in self.observation:
            found.update(dict.fromkeys(seen.columns))
        for when in self._conditions():
            found[when.column] = None
        return list(found)

    def _conditions(self) -> Iterator[When]:
        whens = [*(r.when for r in self.registration), self.activity.when if self.activity else None]
        yield from (when for when in whens if when)

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
        return sorted({r.constant for r in held if isinstance(r, Constant) and _ISO_DAY.fullmatch(r.constant)})

    def given(self) -> set[str]:
        """The values that a source must give."""
        return {name for _, reader in self.readers() for name in given_names(reader)}


def _faults(layout: Layout) -> Iterator[str]:
    read = layout.read_columns()
    twice = sorted(set(read) & set(layout.ignored_columns()))
    if twice:
        yield f"column {twice[0]} is read by a section and ignored too: take it out of one"
    again = [name for name, n in Counter(layout.ignored_columns()).items() if n > 1]
    if again:
        yield f"column {again[0]} is ignored twice"
    if not read:
        yield f"reads no column: give it a section such as [activity], whose fields are readers ({', '.join(READER_KINDS)})"
    unknown = sorted(layout.may_lack() - set(read) - set(layout.ignored_columns()))
    if unknown:
        yield f"may_lack names {unknown[0]}, which no section reads"
    systems = [i.system for i in layout.identifier]
    if len(set(systems)) < len(systems):
        yield "names one identifier system twice"
    if (layout.activity or layout.registration or layout.person) and not layout.identifier:
        yield "has records about people but no [[identifier]]: say which column tells who the person is"
    populations = [r.population for r in layout.registration]
    if len(set(populations)) < len(populations):
        yield f"has two [[registration]] sections for one population, {populations[0]}: a record registers a person in each once"
    if (layout.diagnosis or layout.procedure) and not layout.activity:
        yield "has codes but no [activity] for them to belong to"
