"""The invented records of the benchmarks: made by the engine out of row numbers, so that every run of a size measures the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import duckdb

from accord.engine.duck import literal, name
from accord.errors import UserError
from accord.place import Place, append_receipt, hold, new_place, open_place

ACTIVITY_MAP = "bench_activity"
PARTNERS = {"RAC": "hospital", "GPF": "gp_practice", "RCH": "community", "LA1": "council"}
TUVA = ("eligibility", "medical_claim", "pharmacy_claim")
_TUVA_IDS = ("person_id", "member_id", "subscriber_id", "claim_id")

_PLACE = """name     = "Bench"
currency = "{currency}"
period   = {{ from = {start}, to = {end} }}
calendar = "{calendar}"
key      = "demo"
identity = {{ trust = {trust} }}
"""
_PARTNER = """
[[partner]]
id = "{id}"
name = "{id}"
kind = "{kind}"
vat = "outside"
"""
_SOURCE = """
[[source]]
id = "{id}"
glob = "{id}*.csv"
map = "{map}"
partner = "{partner}"
"""

CORRECTS = "hospital"
_BY_KEY = """corrects = "by_key"
"""

# Numbers without a right check digit are left out: the k-th person has the k-th valid number of those reserved for tests, and beyond.
_PEOPLE = """create table people as
with weighed as (
  select base, (11 - (select sum(cast(substr(cast(base as varchar), i, 1) as integer) * (11 - i)) from range(1, 10) w(i)) % 11) % 11 as digit
  from (select 999000000 - r.k as base from range({n} * 5 // 4 + 100) r(k)) as numbered)
select row_number() over (order by base) - 1 as k, cast(base * 10 + digit as varchar) as nhs_number from weighed where digit < 10
order by k limit {n}"""

# One date in a hundred thousand cannot be read, and one record in ten thousand is there twice: dirt costs time too.
# Nine contacts of general practice in ten are at the person's own, the tenth and all other care at any of 211 sites.
# An act in ten is a night or a few in hospital, half of them emergencies.
_ACTS = """with numbered as (select case when r.i % 10000 = 9999 then r.i - 1 else r.i end as i from range({first}, {last}) r(i)),
drawn as (
  select i, p.nhs_number, 'P' || lpad(cast(hash(p.k) % 97 as varchar), 4, '0') as practice,
    ['GP', 'GP', 'GP', 'GP', 'OP', 'OP', 'CH', 'AE', 'IP', 'SC'][1 + cast(hash(i + 1) % 10 as integer)] as setting,
    date '{start}' + cast(hash(i + 4) % {days} as integer) as day
  from numbered join people p on cast(hash(i) % {people} as bigint) = p.k)
select 'R' || cast(i as varchar) as record_id, nhs_number,
  case when setting = 'GP' and hash(i + 13) % 10 > 0 then practice else 'S' || lpad(cast(i % 211 as varchar), 4, '0') end as site,
  practice, setting, cast(100 + hash(i + 2) % 40 as varchar) as service, 'AA' || cast(10 + hash(i + 3) % 80 as varchar) || 'Z' as hrg,
  case when i % 101010 = 7 then '2024-13-01' else strftime(day, '%Y-%m-%d') end as start_date,
  '' as end_date,
  case when setting <> 'IP' then '' else ['11', '21'][1 + cast(hash(i + 11) % 2 as integer)] end as admission,
  case when setting <> 'IP' then '' else strftime(day, '%Y-%m-%d') end as admission_date,
  case when setting <> 'IP' then '' else strftime(day + cast(hash(i + 12) % 8 as integer), '%Y-%m-%d') end as discharge_date,
  cast(1 + hash(i + 5) % 4 as varchar) as units,
  cast(cast(hash(i + 6) % 90000 as decimal(9, 2)) / 100 + {more} as decimal(9, 2)) as amount,
  case when hash(i + 7) % 4 > 0 then ''
    else chr(cast(65 + hash(i + 8) % 26 as integer)) || cast(10 + hash(i + 9) % 90 as varchar) end as diagnosis,
  'Ward ' || cast(hash(i + 10) % 50 as varchar) as ward
from drawn where i % {step} = 0"""
"""One act of care a row number. step: every how many of them; more: what is added to the amount."""

# Whose people are whose by most contacts over two years: the rule that reads every act.
_BY_CONTACTS = """
[attribution]
method        = "plurality"
services      = "gp"
measure       = "contacts"
timing        = "prospective"
window_months = 24
cover         = "required"
"""

CORRECTED = 100
"""One record in so many of a hospital is sent once more with another amount."""

ONE_SCAN = "select sum(cost), count(distinct person_id) from {activity}"
"""The baseline of steps: every cost added and every person counted, once over a published activity table."""


def engine(memory: str, threads: int, scratch: Path) -> duckdb.DuckDBPyConnection:
    """An engine that makes files: open to the disk, within the limits of the benchmark."""
    made = duckdb.connect()
    for setting in (f"memory_limit = {literal(memory)}", f"threads = {threads}", f"temp_directory = {literal(str(scratch))}"):
        made.execute(f"set {setting}")
    made.execute("set preserve_insertion_order = false")
    made.execute("set enable_progress_bar = false")
    return made


def intake_place(folder: Path, made: duckdb.DuckDBPyConnection, n_record: int) -> Place:
    """A place with one CSV file of `n_record` records of 13 columns, delivered and not yet received."""
    place = _place(folder, [("activity", ACTIVITY_MAP, "RAC")], ("2022-04-01", "2025-04-01"))
    made.execute(_PEOPLE.format(n=_n_people(n_record)))
    made.execute(f"copy ({_acts(0, n_record, n_record)}) to {literal(str(place.sources / 'activity.csv'))} (format csv, header)")
    return place


def _n_people(n_record: int) -> int:
    return max(1, n_record // 50)


def _acts(first: int, last: int, n_record: int, step: int = 1, more: str = "0") -> str:
    return _ACTS.format(first=first, last=last, start="2022-04-01", days=1096, people=_n_people(n_record), step=step, more=more)


def landed_place(folder: Path, made: duckdb.DuckDBPyConnection, n_record: int) -> Place:
    """A place of four partners and `n_record` acts of care, every file landed and received already, as intake leaves them.

    The hospital has put one act in a hundred of its own right.
    """
    acts = {"RAC": "hospital", "GPF": "contacts", "RCH": "community", "LA1": "council"}
    sources = [(source, ACTIVITY_MAP, partner) for partner, source in acts.items()]
    place = _place(folder, [*sources, ("registrations", "gp_registration", "GPF")], ("2022-04-01", "2025-04-01"))
    with place.settings_file.open("a", encoding="utf-8") as file:
        file.write(_BY_CONTACTS)
    place = open_place(folder)
    made.execute(_PEOPLE.format(n=_n_people(n_record)))
    place.landed.mkdir(exist_ok=True)
    with hold(place, "bench"):
        for i, (source, _, partner) in enumerate(sources):
            first, last = (n_record * k // len(sources) for k in (i, i + 1))
            _landed(made, place, _acts(first, last, n_record), (source, ACTIVITY_MAP, partner))
        corrections = _acts(0, n_record // len(sources), n_record, step=CORRECTED, more="1")
        _landed(made, place, corrections, (CORRECTS, ACTIVITY_MAP, "RAC"), file=f"{CORRECTS}_corrections")
        _landed(made, place, _REGISTRATIONS, ("registrations", "gp_registration", "GPF"))
    return place


# One person in eight has moved once, so that some months have two spans.
_REGISTRATIONS = """select nhs_number, 'P' || lpad(cast(hash(k + span) % 97 as varchar), 4, '0') as practice_code,
  strftime(date '1935-01-01' + cast(hash(k + 1) % 31000 as integer), '%Y-%m-%d') as birth_date,
  cast(1 + hash(k + 2) % 2 as varchar) as sex, 'A' as ethnicity, 'E0100' || lpad(cast(hash(k + 3) % 600 as varchar), 4, '0') as lsoa,
  cast(1 + hash(k + 4) % 10 as varchar) as imd_decile, case span when 0 then '2020-01-01' else '2023-09-16' end as registered_from,
  case when span = 0 and k % 8 = 0 then '2023-09-15' else '' end as registered_to,
  case when k % 50 = 7 then '2024-12-31' else '' end as death_date
from people, range(2) s(span) where span = 0 or k % 8 = 0"""


def _landed(made: duckdb.DuckDBPyConnection, place: Place, rows: str, source: tuple[str, str, str], file: str = "") -> None:
    source_id, map_id, partner_id = source
    file = file or source_id
    columns = [row[0] for row in made.execute(f"describe {rows}").fetchall()]
    part = place.landed / f".{file}.part"
    listed = ", ".join(f"nullif(cast({name(c)} as varchar), '') as {name(c)}" for c in columns)
    halves = ", ".join(f"cast(hash(concat_ws('|', {side}, {', '.join(columns)})) >> 2 as bigint) as _hash_{side}" for side in ("'a'", "'b'"))
    halves = halves.replace("_hash_'a'", "_hash_a").replace("_hash_'b'", "_hash_b")
    rows_of = f"select {listed}, {halves} from ({rows})"
    n = made.execute(f"copy ({rows_of}) to {literal(str(part))} (format parquet, compression zstd, compression_level 1)").fetchall()[0][0]
    with part.open("rb") as written:
        sha256 = hashlib.file_digest(written, "sha256").hexdigest()
    n_byte = part.stat().st_size
    part.rename(place.landed / f"{sha256}.parquet")
    append_receipt(
        place, sha256=sha256, n_byte=n_byte, source_id=source_id, partner_id=partner_id, map_id=map_id, file_name=f"{file}.csv",
        status="landed", n_record=n, columns=columns, landed_sha256=sha256,
    )  # fmt: skip


def tuva_place(folder: Path, made: duckdb.DuckDBPyConnection, layer: Path, n_people: int) -> Place:
    """A place of the Tuva input layer's claims and eligibility, each copy of its people with ids of its own. Raises UserError."""
    sources = [(kind, f"tuva_{kind}", "medicare") for kind in TUVA]
    place = _place(folder, sources, ("2016-01-01", "2019-01-01"), trust=("tuva_person_id", "member_id"), partners={"medicare": "payer"})
    found = {kind: next(iter(sorted(layer.glob(f"{kind}*.csv"))), None) for kind in TUVA}
    for kind, file in found.items():
        if file is None:
            raise UserError(f"there is no {kind}*.csv", where=str(layer), what_to_do="give the folder of the Tuva input layer's files: --files")
    read = "read_csv({file}, all_varchar = true, header = true, auto_detect = true)"
    people = made.execute(f"select count(distinct person_id) from {read.format(file=literal(str(found['eligibility'])))}").fetchall()[0][0]
    n_copy = -(-n_people // people)
    for kind, file in found.items():
        rows = read.format(file=literal(str(file)))
        columns = [row[0] for row in made.execute(f"describe select * from {rows}").fetchall()]
        ids = {c: f"{name(c)} || '-' || cast(copy.n as varchar)" for c in columns if c in _TUVA_IDS}
        listed = ", ".join(f"{ids.get(c, name(c))} as {name(c)}" for c in columns)
        target = literal(str(place.sources / f"{kind}.csv"))
        made.execute(f"copy (select {listed} from {rows}, range({n_copy}) copy(n)) to {target} (format csv, header)")
    return place


def _place(
    folder: Path, sources: Sequence[tuple[str, str, str]], period: tuple[str, str], trust: Sequence[str] = ("nhs_number",),
    partners: Mapping[str, str] = PARTNERS,
) -> Place:  # fmt: skip
    place = new_place(folder)
    is_nhs = "nhs_number" in trust
    listed = "[" + ", ".join(f'"{system}"' for system in trust) + "]"
    head = _PLACE.format(
        start=period[0], end=period[1], trust=listed, currency="GBP" if is_nhs else "USD",
        calendar="nhs_financial_year" if is_nhs else "calendar_year",
    )  # fmt: skip
    parts = [_PARTNER.format(id=id_, kind=kind) for id_, kind in partners.items()]
    parts += [_SOURCE.format(id=id_, map=map_id, partner=partner) + _BY_KEY * (id_ == CORRECTS) for id_, map_id, partner in sources]
    place.settings_file.write_text(head + "".join(parts), encoding="utf-8")
    if any(map_id == ACTIVITY_MAP for _, map_id, _ in sources):
        (place.maps / f"{ACTIVITY_MAP}.toml").write_bytes((files("accord.bench") / "activity.toml").read_bytes())
    return open_place(folder)


def all_text(made: duckdb.DuckDBPyConnection, sources: Sequence[Path], into: Path) -> None:
    """The baseline of reading: each file read as text by the engine's own reader, straight into Parquet."""
    for file in sources:
        made.execute(f"copy (select * from read_csv({literal(str(file))}, all_varchar = true)) to {literal(str(into / file.stem))} (format parquet)")


_COLUMNS = 9
"""Columns of a row that is made without a model: about as many as a partner's file has."""


def rows_like(n_row: int, n_byte: int, to: Path) -> str:
    """A statement that writes rows of random numbers, about as many bytes as asked for in all, as CSV."""
    width = max(1, n_byte // max(n_row, 1) // _COLUMNS - 1)
    columns = ", ".join(f"cast(random() * {10 ** min(width, 15)} as bigint) as c{i}" for i in range(_COLUMNS))
    return f"copy (select {columns} from range({n_row})) to {literal(str(to))} (format csv, header)"
