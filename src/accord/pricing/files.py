"""What a place knows of costs: `costs/unit_costs.csv` with its sidecar, and pools of capacity in the other TOML files of `costs/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from accord.errors import UserError
from accord.place import read_model
from accord.place.csv_rows import Row, read_rows
from accord.place.settings import Id, Name
from accord.place.toml_faults import Fault
from accord.tables.codes import ADMISSION, SETTING

FOLDER = "costs"
UNIT_COSTS = "unit_costs"
RATE_PLACES = 6
COLUMNS, OPTIONAL = ("setting", "unit_cost"), ("admission", "currency_code", "service_code", "from", "to")


def _exact(value: object) -> object:
    """TOML writes a whole number without a point."""
    return Decimal(value) if type(value) is int else value


Money = Annotated[Decimal, BeforeValidator(_exact), Field(gt=0, max_digits=18, decimal_places=2, examples=[Decimal("560000.00")])]
Minutes = Annotated[Decimal, BeforeValidator(_exact), Field(gt=0, le=10**11, decimal_places=2, examples=[Decimal("10")])]
Share = Annotated[Decimal, BeforeValidator(_exact), Field(gt=0, le=1, decimal_places=6, examples=[Decimal("0.80")])]
Setting = Literal[SETTING]  # type: ignore[valid-type]  # the closed list itself


class _Written(BaseModel):
    """What a person writes: nothing is guessed from another type, and no key is ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Origin(_Written):
    """The TOML beside the unit costs. from: the first day that they apply to; to: the first day that they do not, where they end."""

    title: Name = Field(examples=["National schedule of costs 2023/24"])
    source: Name = Field(examples=["NHS England, National Cost Collection 2023/24"])
    start_date: date = Field(alias="from", examples=[date(2025, 4, 1)])
    end_date: date | None = Field(default=None, alias="to", examples=[date(2026, 4, 1)])


class Standard(_Written):
    """The minutes of an act of one service, where its record does not say."""

    service_code: Name
    minutes: Minutes


class Pool(_Written):
    """People, rooms and equipment that one provider keeps for one setting: what they cost, and the minutes that they can work.

    provider: an organisation, or a partner with all that belong to it. practical_share: of the theoretical minutes, those that can be worked.
    minutes_per_act: of an act that does not say how long it took, where no standard does.
    """

    id: Id = Field(examples=["gp_contacts"])
    provider: Id = Field(examples=["GP_FED"])
    setting: Setting = Field(examples=["gp"])
    start_date: date = Field(alias="from", examples=[date(2025, 4, 1)])
    end_date: date = Field(alias="to", examples=[date(2026, 4, 1)])
    cost: Money
    theoretical_minutes: Minutes = Field(examples=[Decimal("875000")])
    practical_share: Share
    minutes_per_act: Minutes | None = None
    standard: Annotated[tuple[Standard, ...], Field(strict=False)] = ()

    @property
    def practical_minutes(self) -> Decimal:
        """The minutes that can be worked."""
        return _to_rate(self.theoretical_minutes * self.practical_share)

    @property
    def cost_per_minute(self) -> Decimal:
        """The rate at which an act draws on the pool: its cost by its practical minutes, to six decimals.

        >>> said = {"id": "p", "provider": "A", "setting": "gp", "from": date(2025, 4, 1), "to": date(2026, 4, 1), "cost": 560000}
        >>> Pool(**said, theoretical_minutes=875000, practical_share=Decimal("0.80")).cost_per_minute
        Decimal('0.800000')
        """
        return _to_rate(self.cost / self.practical_minutes)


class PoolFile(_Written):
    """A file of pools, with where its figures come from."""

    title: Name = Field(examples=["Capacity of general practice 2025/26"])
    source: Name = Field(examples=["the federation's accounts and rotas"])
    pool: Annotated[tuple[Pool, ...], Field(strict=False, min_length=1)]


@dataclass(frozen=True)
class UnitCost:
    """One unit cost, by its line. admission, currency_code, service_code: None is any."""

    line: int
    setting: str
    admission: str | None
    currency_code: str | None
    service_code: str | None
    amount: Decimal
    start_date: date
    end_date: date | None


@dataclass(frozen=True)
class Costs:
    """All that a place knows of costs."""

    unit_costs: tuple[UnitCost, ...] = ()
    pools: tuple[Pool, ...] = ()


NO_COSTS = Costs()
"""Of a place without a folder costs/: only what records report."""


def cost_files(root: Path) -> dict[str, Path]:
    """The files of a place's costs/, by the names that a run keeps them under. Raises UserError for one that nothing reads."""
    folder = root / FOLDER
    found = sorted(path for path in folder.iterdir() if path.suffix in (".csv", ".toml")) if folder.is_dir() else []
    for path in found:
        if path.suffix == ".csv" and path.stem != UNIT_COSTS:
            raise UserError(f"nothing reads {path.name}", where=str(path), what_to_do=f"name it {UNIT_COSTS}.csv, or put it elsewhere")
    return {f"{FOLDER}/{path.name}": path for path in found}


def read_costs(files: Mapping[str, Path]) -> Costs:
    """What is known of costs. files: as cost_files names them. Raises UserError naming the file, the line and the mend."""
    csv, sidecar = (files.get(f"{FOLDER}/{UNIT_COSTS}.{kind}") for kind in ("csv", "toml"))
    unit_costs: tuple[UnitCost, ...] = ()
    if csv is not None:
        if sidecar is None:
            mend = "write title, source and from into it: a figure without its source is nobody's"
            raise UserError(f"{UNIT_COSTS}.csv has no {UNIT_COSTS}.toml beside it", where=str(csv), what_to_do=mend)
        unit_costs = tuple(_unit_costs(csv, read_model(sidecar, Origin)))
    named = {name: path for name, path in sorted(files.items()) if name.endswith(".toml") and name != f"{FOLDER}/{UNIT_COSTS}.toml"}
    pools: list[Pool] = []
    for path in named.values():
        pools += read_model(path, PoolFile, check=lambda read: _pool_faults(read, tuple(pools))).pool  # noqa: B023
    return Costs(unit_costs, tuple(pools))


def _unit_costs(file: Path, origin: Origin) -> Iterator[UnitCost]:
    seen: list[UnitCost] = []
    for row in read_rows(file, COLUMNS, OPTIONAL):
        one = _unit_cost(row, origin)
        kind = (one.setting, one.admission, one.currency_code, one.service_code)
        for other in seen:
            if kind == (other.setting, other.admission, other.currency_code, other.service_code) and _overlap(one, other):
                raise row.wrong("unit_cost", f"is of the same acts and days as that of line {other.line}", "keep one, or part their days")
        seen.append(one)
    yield from seen


def _unit_cost(row: Row, origin: Origin) -> UnitCost:
    setting = row.one_of("setting", SETTING)
    if setting is None:
        raise row.wrong("setting", "is empty", f"write one of {', '.join(SETTING)}")
    amount = row.number("unit_cost", RATE_PLACES)
    if amount <= 0:
        raise row.wrong("unit_cost", f"is {row.cells['unit_cost']}", "leave the row out: where there is no unit cost, care is not free")
    start, end = row.day_or_none("from") or origin.start_date, row.day_or_none("to") or origin.end_date
    if end is not None and end <= start:
        raise row.wrong("to", f"is {end}, which is not after {start}", "'from' is the first day in and 'to' the first day out")
    code, service = row.cells["currency_code"].upper() or None, row.cells["service_code"] or None
    return UnitCost(row.line, setting, row.one_of("admission", ADMISSION), code, service, amount, start, end)


def _pool_faults(read: PoolFile, before: tuple[Pool, ...]) -> Iterator[Fault]:
    """Pools whose days do not hold, that share a name, or that would both pay for the same act."""
    for n, pool in enumerate(read.pool):
        if pool.end_date <= pool.start_date:
            yield Fault(("pool", n, "to"), f"'{pool.id}' ends before or as it begins", "'from' is the first day in and 'to' the first day out")
        codes = [each.service_code for each in pool.standard]
        for m, code in enumerate(codes):
            if code in codes[:m]:
                yield Fault(("pool", n, "standard", m, "service_code"), f"'{code}' has standard minutes twice", "keep one of the two")
    whole = (*before, *read.pool)
    for (_, one), (n, other) in combinations(enumerate(whole), 2):
        path = ("pool", n - len(before))
        if n >= len(before) and one.id == other.id:
            yield Fault((*path, "id"), f"two pools are called '{one.id}'", "give each a name of its own")
        elif n >= len(before) and (one.provider, one.setting) == (other.provider, other.setting) and _overlap(one, other):
            what = f"'{one.id}' and '{other.id}' are both of {one.provider}'s {one.setting} on some days"
            yield Fault((*path, "from"), what, "make them one, or part their days: an act draws on one pool")


def _overlap(one: UnitCost | Pool, other: UnitCost | Pool) -> bool:
    return one.start_date < (other.end_date or date.max) and other.start_date < (one.end_date or date.max)


def _to_rate(number: Decimal) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-RATE_PLACES), ROUND_HALF_UP)
