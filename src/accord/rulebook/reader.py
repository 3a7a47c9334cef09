"""Rules read from data: a value has the date from which it applies, the day it was published, and its source."""

from __future__ import annotations

import csv
import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

FOLDER = Path(str(files("accord.rulebook")))
_RANGE = re.compile(r"(?P<letter>[A-Z]?)(?P<first>\d+)-(?P=letter)(?P<last>\d+)")


@dataclass(frozen=True)
class Value:
    """One value of a parameter: in force from `start_date`, published on `published_on`, with its source."""

    start_date: date
    published_on: date
    amount: Any
    reference: str
    href: str
    valid_until: date | None = None


@dataclass(frozen=True)
class Parameter:
    """One rule with its values by date."""

    name: str
    title: str
    unit: str
    checked_on: date
    values: tuple[Value, ...]

    def at(self, day: date, known_at: date) -> Any:
        """The amount in force on `day` as published by `known_at`. Ties: the latest published. An assertion if none covers the day."""
        known = [v for v in self.values if v.published_on <= known_at and v.start_date <= day]
        known = [v for v in known if v.valid_until is None or day < v.valid_until]
        assert known, f"{self.name} has no value for {day} as known on {known_at}"
        return max(known, key=lambda v: (v.start_date, v.published_on)).amount


@dataclass(frozen=True)
class Listed:
    """A wide table of the rulebook: the rows of a CSV, as text, and what the TOML beside it says of them.

    about: title, version, reference, href, licence, sha256 and so on; of a list of codes also classification, code_systems and coverage:
    whole (every code of the system is meant to be in one of its conditions), chosen (a code that is not in it has none of them) or
    partial (known to lack codes).
    """

    name: str
    about: Mapping[str, Any]
    rows: tuple[Mapping[str, str], ...]


@cache
def parameter(name: str) -> Parameter:
    """The rule in `<name>.toml`, such as `parameter("age_bands")`."""
    data = _read(f"{name}.toml")
    values = tuple(
        Value(v["from"], v["published_on"], v["amount"], v["reference"], v["href"], v.get("valid_until")) for v in data["value"]
    )
    return Parameter(name, data["title"], data["unit"], data["checked_on"], values)


@cache
def code_forms() -> dict[str, str]:
    """Code system to the regular expression that each of its codes matches whole."""
    return {system["id"]: system["pattern"] for system in _read("code_forms.toml")["system"]}


@cache
def services() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Every service of services.toml: its name, its setting, and its kinds of admission; none: all that no other service of its setting has."""
    return tuple((each["id"], each["setting"], tuple(each.get("admissions", ()))) for each in _read("services.toml")["service"])


@cache
def listed(name: str) -> Listed:
    """The table in `<name>.csv` with the TOML of the same name, such as `listed("codes/charlson_icd10")`."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return Listed(name, _read(f"{name}.toml"), tuple(csv.DictReader(file)))


@cache
def code_lists() -> tuple[Listed, ...]:
    """Every list of codes in codes/, by name: rows have a condition, and the codes that mean it (for `each_code`)."""
    names = (path.relative_to(FOLDER).with_suffix("").as_posix() for path in sorted(FOLDER.glob("codes/*.csv")))
    return tuple(one for one in map(listed, names) if "code_systems" in one.about)


def each_code(codes: Iterable[str]) -> Iterator[str]:
    """Each code of a list in which C00-C03 stands for C00, C01, C02, C03.

    >>> list(each_code(["51", "C08-C10", "140-141"]))
    ['51', 'C08', 'C09', 'C10', '140', '141']
    """
    for text in codes:
        if found := _RANGE.fullmatch(text):
            first, last = found["first"], found["last"]
            yield from (f"{found['letter']}{n:0{len(first)}}" for n in range(int(first), int(last) + 1))
        else:
            yield text


@cache
def edition() -> str:
    """The SHA-256 of the rulebook's data files, by name and content: the edition that a run names."""
    digest = hashlib.sha256()
    for path in sorted([*FOLDER.rglob("*.toml"), *FOLDER.rglob("*.csv")]):
        digest.update(path.relative_to(FOLDER).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"), parse_float=Decimal)
