"""How like a real place an invented one is: targets with their sources, each measured on a run of Accord over the files."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from accord.engine.duck import connection, literal, name
from accord.simulate.measures import MEASURES, TABLES

_TABLES = ("activity", "diagnosis", "observation", "person", "person_month", "readmission", "record_fate", "spell")
EVERY_AGE = (0, 200)


@dataclass(frozen=True)
class Target:
    """One published figure, and the band within which an invented place has met it. ages: first in, first out.

    Everything else is text, for people to read.
    """

    id: str
    title: str
    unit: str
    measure: str
    amount: float
    low: float
    high: float
    ages: tuple[int, int]
    band: str
    period: str
    reference: str
    href: str


@dataclass(frozen=True)
class Assumption:
    """One figure that the model goes by without a source that was read."""

    title: str
    unit: str
    amount: float
    why: str


@dataclass(frozen=True)
class Measured:
    """One target and what a run gives; None where the run is too short or too small to tell."""

    target: Target
    value: float | None

    @property
    def is_within(self) -> bool | None:
        """Whether the target is met."""
        return None if self.value is None else self.target.low <= self.value <= self.target.high


@cache
def targets() -> tuple[Target, ...]:
    """Every target, in the order of the file."""
    return tuple(_target(said) for said in _read()["target"])


def _target(said: dict[str, Any]) -> Target:
    numbers = {key: float(said[key]) for key in ("amount", "low", "high")}
    return Target(**{**{key: said[key] for key in Target.__dataclass_fields__ if key in said}, **numbers, "ages": tuple(said.get("ages", EVERY_AGE))})


@cache
def assumptions() -> tuple[Assumption, ...]:
    """Every assumption, in the order of the file."""
    return tuple(Assumption(a["title"], a["unit"], float(a["amount"]), a["why"]) for a in _read().get("assumption", ()))


def _read() -> dict[str, Any]:
    return tomllib.loads((files("accord.simulate") / "calibration.toml").read_text(encoding="utf-8"))


def measure(run: Path) -> list[Measured]:
    """Each target, measured on a published run: on its tables alone, not on the truth. run: its folder."""
    with _opened(run / "tables") as opened:
        return [Measured(target, _value(opened, target)) for target in targets()]


def _value(opened: duckdb.DuckDBPyConnection, target: Target) -> float | None:
    query = MEASURES[target.measure]
    bounds = dict(zip(("youngest", "oldest"), target.ages, strict=True))
    found = opened.execute(query, {name: age for name, age in bounds.items() if f"${name}" in query}).fetchall()
    value = found[0][0] if found else None
    return None if value is None else float(value)


def _opened(tables: Path) -> duckdb.DuckDBPyConnection:
    opened = connection({"allowed_directories": f"[{literal(str(tables))}]"})
    for table in _TABLES:
        opened.execute(f"create view {name(table)} as select * from read_parquet({literal(str(tables / f'{table}.parquet'))})")
    opened.execute(TABLES)
    return opened
