"""Rules read from data: a value has the date from which it applies, the day it was published, and its source."""

from __future__ import annotations

import csv
import hashlib
import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

FOLDER = Path(str(files("accord.rulebook")))


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
def code_list(name: str) -> tuple[dict[str, str], ...]:
    """The rows of `<name>.csv`, such as `code_list("us_mssp/primary_care_code")`: column to text. What it is, says `<name>.toml`."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(csv.DictReader(lines))


@cache
def edition() -> str:
    """The SHA-256 of the rulebook's data files, by name and content: the edition that a run names."""
    digest = hashlib.sha256()
    for path in sorted([*FOLDER.rglob("*.toml"), *FOLDER.rglob("*.csv")]):
        digest.update(path.relative_to(FOLDER).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"), parse_float=Decimal)
