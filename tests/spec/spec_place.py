"""A page's maps and files as a place: every table of a run can be made of them, each by the step that the pipeline itself runs."""

from __future__ import annotations

import hashlib
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from accord import pipeline
from accord.engine import Session, Step
from accord.identity.build import led_columns
from accord.identity.keyed_hash import keyed_hashes
from accord.intake.catalogue import Map, match_columns, salt
from accord.intake.layout import Layout
from accord.intake.plan import Plan
from accord.place import PlaceSettings, read_model
from accord.tables import SUBMISSION, Table
from accord.tables.working import IDENTIFIER_HASH, LED_IDENTIFIER, PARTNER, SAME_PERSON

KEY = bytes(32)
SMALL = (
    "age_band", "code_form", "calendar_month", "stay_rule", "accounting_year", "year_reach", "condition_kind", "condition_code",
    "classification_system", "condition_weight", "score_band", "segment_rule", "hcc_person", "hcc_condition", "hcc_score",
    "attribution_period", "participant", "unit_cost", "cost_pool", "standard_time",
)  # fmt: skip
"""Tables of rules, of the calendar and of what a place states, and those of an HCC model, which no page asks for."""
NO_MAP = {"none": '[organisation]\nid = { text = "id" }\nkind = { constant = "other" }\n'}
PERIOD = {"from": date(2025, 4, 1), "to": date(2026, 4, 1)}


@dataclass(frozen=True)
class Rows:
    """The rows of one table: its contract and full-width rows of Python values."""

    table: Table
    rows: tuple[tuple[object, ...], ...]


RunStep = Callable[[Step, Mapping[str, Rows], Mapping[str, object]], Sequence[tuple[object, ...]]]


@dataclass(frozen=True)
class PageFile:
    """One delivered file of a page, every value as text."""

    name: str
    map_id: str
    partner_id: str
    received_at: datetime
    given: Mapping[str, str]
    columns: tuple[str, ...]
    records: tuple[tuple[str | None, ...], ...]
    corrects: str = "never"
    withdrawn_at: datetime | None = None


@dataclass(frozen=True)
class Wiring:
    """What a run of some maps is made of: their plans, each step by the table it makes, and the rulebook's small tables."""

    plans: tuple[Plan, ...]
    steps: Mapping[str, Step]
    small: Mapping[str, list[dict[str, Any]]]


@cache
def wiring(maps: tuple[tuple[str, str], ...], trust: tuple[str, ...], corrected: frozenset[str]) -> Wiring:
    """The wiring of maps (id and TOML), some of them corrected, for identifier systems, the most trusted first.

    Raises UserError for a map at fault.
    """
    with tempfile.TemporaryDirectory() as folder:
        plans = tuple(Plan(_map(Path(folder), map_id, text), trust, map_id in corrected) for map_id, text in maps)
        settings = PlaceSettings.model_validate(
            {"name": "Page", "currency": "GBP", "calendar": "nhs_financial_year", "key": "demo", "period": PERIOD, "identity": {"trust": trust}}
        )
        with Session(folder=Path(folder) / "tables", scratch=Path(folder) / "scratch") as session:
            steps = _recorded(session, settings, plans)
            small = {path.stem: pq.read_table(path).to_pylist() for path in session.folder.glob("*.parquet")}
        return Wiring(plans, steps, small)


def _recorded(session: Any, settings: PlaceSettings, plans: Sequence[Plan]) -> dict[str, Step]:
    """Every step that a run of these maps runs, by the table it makes. Nothing runs; the rulebook's tables are written."""
    steps: dict[str, Step] = {}
    session.materialise = session.view = lambda step, /, **_: steps.__setitem__(step.output.name, step)
    session.rows = lambda *_: []
    pipeline.build(pipeline.Work(session, settings, plans, [], KEY, date(2026, 4, 1)), lambda _: None)
    return steps


def _map(folder: Path, map_id: str, text: str) -> Map:
    said = tomllib.loads(text)
    head = "".join(f'{key} = "The map of this page"\n' for key in ("title", "reference") if key not in said)
    path = folder / f"{map_id}.toml"
    path.write_text(head + text + ("" if "file" in said else '\n[file]\nformat = "csv"\n'), encoding="utf-8")
    return Map(map_id, path, read_model(path, Layout))


def systems_of(maps: Mapping[str, str]) -> tuple[str, ...]:
    """The identifier systems in the order in which maps name them: the order of trust of a page that states none."""
    found = (i["system"] for text in maps.values() for i in tomllib.loads(text).get("identifier", []))
    return tuple(dict.fromkeys(found)) or ("nhs_number",)


@dataclass
class PagePlace:
    """A page's place. Tables are made when they are asked for, once; a table that the page gives is not made."""

    maps: Mapping[str, str]
    trust: tuple[str, ...]
    files: Sequence[PageFile]
    given: Mapping[str, Rows]

    def make(self, names: Sequence[str], run: RunStep) -> dict[str, Rows]:
        """The named tables, each step run by `run`. Raises UserError for a map or a file that does not fit."""
        wired = self._wiring()
        made = {PARTNER.name: self._partners(), SUBMISSION.name: self._submissions()}
        made |= {name: _small(wired, name) for name in SMALL}
        made |= {plan.map.raw.name: self._raw(plan) for plan in wired.plans} | dict(self.given)
        for name in names:
            _make(name, wired, made, run)
        return {name: made[name] for name in names}

    def _wiring(self) -> Wiring:
        corrected = frozenset(f.map_id for f in self.files if f.corrects != "never" or f.withdrawn_at)
        return wiring(tuple((self.maps or NO_MAP).items()), self.trust, corrected)

    def _partners(self) -> Rows:
        ids = dict.fromkeys(f.partner_id for f in self.files)
        return Rows(PARTNER, tuple((i, i, "other") for i in ids))

    def _submissions(self) -> Rows:
        said = [
            {"submission_id": n, "partner_id": f.partner_id, "source_id": f.map_id, "map_id": f.map_id, "file_name": f.name, "sha256": f"{n:064}",
             "n_byte": 0, "received_at": f.received_at, "status": "landed", "n_record": len(f.records)}
            for n, f in enumerate(self.files, 1)
        ]  # fmt: skip
        return _rows(SUBMISSION, said)

    def _raw(self, plan: Plan) -> Rows:
        records = []
        for number, file in enumerate(self.files, 1):
            if file.map_id == plan.map.map_id:
                self._match(plan, file)
                records += [_landed(plan, number, n, file, record) for n, record in enumerate(file.records, 1)]
        return _rows(plan.map.raw, records)

    def _match(self, plan: Plan, file: PageFile) -> None:
        with tempfile.TemporaryDirectory() as folder:  # what it tells names a line of the map
            match_columns(_map(Path(folder), plan.map.map_id, self.maps[plan.map.map_id]), file.name, file.columns)


def _landed(plan: Plan, submission_id: int, number: int, file: PageFile, record: tuple[str | None, ...]) -> dict[str, object]:
    values = dict(zip(file.columns, record, strict=True))
    digest = hashlib.md5(chr(0).join(values[c] or "" for c in sorted(values)).encode()).digest()
    hashed = int.from_bytes(digest, "little")
    about = {
        "_source_id": file.map_id, "_corrects": file.corrects, "_withdrawn_at": file.withdrawn_at,
        "_submission_id": submission_id, "_record_number": number, "_received_at": file.received_at, "_partner_id": file.partner_id,
        "_salt": salt(file.partner_id, file.map_id, file.given), "_hash_a": hashed >> 66, "_hash_b": (hashed & (2**64 - 1)) >> 2,
    }  # fmt: skip
    given = {f"_given_{name}": value for name, value in file.given.items()}
    about |= {f"_period_{end}": str(day) for end, day in PERIOD.items()}
    return {**values, **about, **given, **{f"_constant_{day}": day for day in plan.map.layout.constant_days()}}


def _rows(table: Table, records: Sequence[Mapping[str, object]]) -> Rows:
    return Rows(table, tuple(tuple(r.get(c.name) for c in table) for r in records))


def _small(wired: Wiring, name: str) -> Rows:
    table = next(t for step in wired.steps.values() for t in step.inputs if t.name == name)
    return _rows(table, wired.small[name])


def _make(name: str, wired: Wiring, made: dict[str, Rows], run: RunStep) -> None:
    if name in made:
        return
    if name == IDENTIFIER_HASH.name:
        _make("identifier", wired, made, run)
        texts = sorted(str(row[0]) for row in made["identifier"].rows)
        made[name] = Rows(IDENTIFIER_HASH, tuple(zip(texts, map(int, keyed_hashes(texts, KEY)), strict=True)))
        return
    if name == LED_IDENTIFIER.name:
        _make(SAME_PERSON.name, wired, made, run)
        columns = led_columns([row[1:] for row in made[SAME_PERSON.name].rows])
        made[name] = Rows(LED_IDENTIFIER, tuple(zip(*(columns[c] for c in LED_IDENTIFIER.names), strict=True)))
        return
    step = wired.steps[name]
    for table in step.inputs:
        _make(table.name, wired, made, run)
    given = {table.name: made[table.name] for table in step.inputs}
    made[name] = Rows(step.output, tuple(run(step, given, {})))
