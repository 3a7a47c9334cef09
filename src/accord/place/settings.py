"""place.toml: what a place is called, who its partners are, what they deliver, and for which period."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from accord.errors import UserError
from accord.place.toml_faults import Fault, did_you_mean

_ID = "[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"


def _shaped(pattern: str, what: str, mend: str) -> AfterValidator:
    """Text that keeps to a pattern, or else a message of the cause and the mend."""
    shape = re.compile(pattern)

    def check(text: str) -> str:
        if not shape.fullmatch(text) or not text.isprintable():
            raise ValueError(f"{what}: {mend}")
        return text

    return AfterValidator(check)


Id = Annotated[
    str, _shaped(_ID, "cannot be an id", "use up to 64 letters, digits, '_', '-' and '.', beginning with a letter or digit")
]
MapId = Annotated[
    str, _shaped(f"{_ID}(/{_ID})*", "cannot be a map's id", 'write the name of a file in maps/ without .toml: map = "admissions"')
]
System = Annotated[
    str, _shaped("[a-z][a-z0-9_]{0,63}", "cannot be an identifier system", 'use small letters, digits and _: "nhs_number"')
]
Currency = Annotated[str, _shaped("[A-Z]{3}", "is not a currency code", 'write the three capitals of ISO 4217: currency = "GBP"')]
Name = Annotated[str, _shaped(r"(?=.*\S).{1,200}", "cannot be a name", "write 1 to 200 printable characters")]
Glob = Annotated[
    str,
    _shaped(
        r"(?!~)(?!(.*/)?\.{1,2}(/|$))[^/\\]+(/[^/\\]+)*",
        "does not stay below sources/",
        'write a relative pattern with /: glob = "hospital/*.csv"',
    ),
]


class _Written(BaseModel):
    """What a person writes: nothing is guessed from another type, and no key is ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Period(_Written):
    """The days that the place accounts for: `from` in, `to` out."""

    start_date: datetime.date = Field(alias="from", examples=[datetime.date(2025, 4, 1)])
    end_date: datetime.date = Field(alias="to", examples=[datetime.date(2026, 4, 1)])


class KeyFile(_Written):
    """A secret key that is kept in a file outside the place. A relative path starts at the place."""

    file: str = Field(min_length=1, examples=["/etc/accord/place.key"])


class Identity(_Written):
    """The systems of identifiers by which people are known, the most trusted first."""

    trust: Annotated[tuple[System, ...], Field(strict=False, min_length=1, examples=[["nhs_number"]])]


class Partner(_Written):
    """An organisation that takes part: it gives care, pays for it, or both."""

    id: Id = Field(examples=["RMX"])
    name: Name = Field(examples=["Riverside Hospital"])
    kind: Literal[
        "gp_practice",
        "hospital",
        "community",
        "mental_health",
        "council",
        "pharmacy",
        "ambulance",
        "voluntary",
        "payer",
        "area",
        "other",
    ]
    vat: Literal["nhs_contracted_out", "local_authority", "exempt", "standard", "outside"]


class Source(_Written):
    """A set of files that one partner delivers in one layout. `given`: values that the map asks for and the files do not hold.

    corrects: whether what comes later corrects what came before: never (each record counts), by_key (a record replaces the one of the same
    key), by_file (a file replaces the one before it). The map's [correction] says which columns tell.
    """

    id: Id = Field(examples=["admissions"])
    glob: Glob = Field(examples=["hospital/admissions_*.csv"])
    map: MapId = Field(examples=["admissions"])
    partner: Id = Field(examples=["RMX"])
    given: dict[str, str] = {}
    corrects: Literal["never", "by_key", "by_file"] = "never"


class Snapshot(_Written):
    """A moment with a name, such as a flex or freeze date: `accord run --known-at NAME` gives the run as it was known then.

    at: the last day whose deliveries count, to its end in UTC.
    """

    name: Name = Field(examples=["2025-06 freeze"])
    at: datetime.date = Field(examples=[datetime.date(2025, 8, 20)])


class Attribution(_Written):
    """Whose people are whose, one row a person and year of the place's calendar. Left out, people belong to the list they are on.

    method: the list a person is on (registered), the area lived in (resident), or who gave most of the primary care (plurality).
    movers: of several lists or areas in a year the first, the last, or that of most months. Of plurality: services are contacts of general
    practice (gp) or those of the rules of Medicare (us_mssp); measure is what most is meant by; timing is a window before the year or the year
    itself; window_months is its length where no rule sets it; cover says whether a month of registration in the window is asked for.
    organisation and participants: providers, practices or areas that count as one, and whose people alone are ours.
    """

    method: Literal["registered", "resident", "plurality"] = "registered"
    movers: Literal["first", "last", "longest"] | None = Field(default=None, examples=["last"])
    services: Literal["gp", "us_mssp"] | None = Field(default=None, examples=["us_mssp"])
    measure: Literal["allowed_charges", "contacts"] | None = Field(default=None, examples=["allowed_charges"])
    timing: Literal["prospective", "retrospective"] | None = Field(default=None, examples=["retrospective"])
    window_months: int | None = Field(default=None, ge=1, le=120, examples=[24])
    cover: Literal["required", "not_known"] | None = Field(default=None, examples=["required"])
    organisation: Id | None = Field(default=None, examples=["A9999"])
    participants: Annotated[tuple[Id, ...], Field(strict=False)] = ()


class PlaceSettings(_Written):
    """The whole of place.toml. Attributes have the names of the keys; `partner` and `source` hold every table of that name."""

    name: Name = Field(examples=["Maplewood"])
    currency: Currency = Field(examples=["GBP"])
    period: Period
    calendar: Literal["nhs_financial_year", "calendar_year"]
    key: Literal["demo"] | KeyFile
    identity: Identity
    partner: Annotated[tuple[Partner, ...], Field(strict=False)] = ()
    source: Annotated[tuple[Source, ...], Field(strict=False)] = ()
    snapshot: Annotated[tuple[Snapshot, ...], Field(strict=False)] = ()
    attribution: Attribution = Attribution()

    def moment(self, text: str) -> datetime.datetime:
        """The moment that a snapshot's name, a day (to its end in UTC) or a day and time with a zone stands for. Raises UserError."""
        named = next((s.at for s in self.snapshot if s.name == text), None)
        try:
            day = named or datetime.date.fromisoformat(text)
            return datetime.datetime.combine(day, datetime.time.max, datetime.UTC)
        except ValueError:
            pass
        try:
            moment = datetime.datetime.fromisoformat(text)
            if moment.tzinfo is not None:
                return moment.astimezone(datetime.UTC)
        except ValueError:
            pass
        names = ", ".join(repr(s.name) for s in self.snapshot) or "place.toml has none"
        raise UserError(
            f"{text!r} is no moment", where="--known-at",
            what_to_do=f"write a day as 2025-08-20, a time as 2025-08-20T12:00:00+00:00, or the name of a [[snapshot]] ({names})",
        )  # fmt: skip

    def partner_of(self, source: Source) -> Partner:
        """The partner who delivers a source."""
        return next(p for p in self.partner if p.id == source.partner)


def settings_faults(settings: PlaceSettings, root: Path) -> Iterator[Fault]:
    """What does not hold between the keys of place.toml. `root`: the place's folder."""
    if settings.period.end_date <= settings.period.start_date:
        what = f"the period ends ({settings.period.end_date}) before or as it starts ({settings.period.start_date})"
        yield Fault(("period", "to"), what, "'from' is the first day in and 'to' the first day out, so 'to' must be later")
    yield from _repeats("partner", [p.id for p in settings.partner])
    yield from _repeats("source", [s.id for s in settings.source])
    yield from _repeats("snapshot", [s.name for s in settings.snapshot], "name")
    yield from _dangling(settings)
    yield from _attribution(settings.attribution)
    for n, system in enumerate(settings.identity.trust):
        if system in settings.identity.trust[:n]:
            yield Fault(
                ("identity", "trust", n),
                f"identifier system '{system}' is listed twice",
                "name each system once, the most trusted first",
            )
    if isinstance(settings.key, KeyFile) and is_inside(key_path(settings.key, root), root):
        what = "the key file is inside the place, so that whoever copies the place has the key too"
        yield Fault(("key", "file"), what, "move it to a folder outside the place that only you can read, and give that path")


def key_path(key: KeyFile, root: Path) -> Path:
    """Where a key file is. Links are not followed."""
    return root / Path(key.file).expanduser()


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a path, as written or with its links followed, is at or below a folder."""
    written = Path(os.path.normpath(path))
    return written.is_relative_to(folder) or path.resolve().is_relative_to(folder.resolve())


def _repeats(table: str, ids: list[str], key: str = "id") -> Iterator[Fault]:
    """Ids that differ only in capitals are taken for one: they become names of files and columns of other people's tools."""
    for n, each in enumerate(ids):
        first = next((i for i, other in enumerate(ids[:n]) if other.casefold() == each.casefold()), None)
        if first is not None:
            what = f"{table} {n + 1} has the {key} '{each}', and so has {table} {first + 1}"
            yield Fault((table, n, key), what, f"give each {table} {'an' if key == 'id' else 'a'} {key} of its own, different in more than capitals")


def _dangling(settings: PlaceSettings) -> Iterator[Fault]:
    known = [p.id for p in settings.partner]
    for n, source in enumerate(settings.source):
        if source.partner not in known:
            what = f"source '{source.id}' is of partner '{source.partner}', and no [[partner]] has that id"
            yield Fault(("source", n, "partner"), what, did_you_mean(source.partner, known, "the partners are"))


_OF_PLURALITY = ("services", "measure", "timing", "cover", "window_months")
_NEEDED = {
    "services": 'write services = "us_mssp" (the rules of Medicare) or "gp" (contacts of general practice)',
    "measure": 'write measure = "allowed_charges" or measure = "contacts"',
    "timing": 'write timing = "retrospective" (the year itself) or "prospective" (the months before it)',
    "cover": 'write cover = "required" (a month of registration in the window), or "not_known" where no file says who is covered',
}


def _attribution(said: Attribution) -> Iterator[Fault]:
    is_plurality = said.method == "plurality"
    for key in (*_OF_PLURALITY, "movers"):
        if getattr(said, key) is not None and is_plurality == (key == "movers"):
            what = f"{key} says nothing where method is {said.method!r}"
            yield Fault(("attribution", key), what, "take it out, or write another method")
    for key, mend in _NEEDED.items() if is_plurality else ():
        if getattr(said, key) is None:
            yield Fault(("attribution",), f"plurality needs {key}", mend)
    if is_plurality and said.services == "gp" and said.window_months is None:
        yield Fault(("attribution",), "no rule sets a window for contacts of general practice", "write window_months, such as 24")
    if is_plurality and said.services == "us_mssp" and said.window_months is not None:
        yield Fault(("attribution", "window_months"), "the rules of Medicare set the window", "take window_months out")
    if bool(said.participants) != (said.organisation is not None):
        one = "participants" if said.participants else "organisation"
        yield Fault(("attribution", one), "organisation and participants belong together", "give both: what they count as, and who they are")
    for n, each in enumerate(said.participants):
        if each in said.participants[:n]:
            yield Fault(("attribution", "participants", n), f"participant '{each}' is listed twice", "name each participant once")
