"""The ordered list of rooms that make a run: the only module that joins rooms."""

from __future__ import annotations

import hashlib
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import duckdb

from accord import answers, audits, identity, population, pricing, rulebook, stays
from accord.engine import Session, content_hash
from accord.engine.feed import write_columns
from accord.engine.maker import Maker
from accord.engine.recorded import recorded
from accord.errors import AuditError
from accord.intake import build as intake
from accord.intake.catalogue import Map, map_paths, read_maps
from accord.intake.plan import Plan
from accord.intake.receive import Delivery, known_deliveries, look, receive
from accord.place import (
    Audit,
    Manifest,
    Place,
    PlaceSettings,
    Receipt,
    Run,
    Staging,
    TableEntry,
    check_ready,
    check_receipts_kept,
    clean_up,
    hold,
    known_receipts,
    open_run,
    read_model,
    read_receipts,
    receipts_used,
    remember,
    restricted_folder,
    secret_key,
    source_files,
    texts_at,
    unclaimed_files,
    withdraw_file,
)  # fmt: skip
from accord.population import attribution
from accord.publish.check_report import CheckReport, check_report
from accord.tables import PUBLISHED
from accord.tables.working import AGE_BAND, CALENDAR_MONTH, CODE_FORM

Progress = Callable[[str], None]
WORK_PREFIX = ".work-"
LINEAGE_NAME = "lineage.json"


@dataclass(frozen=True)
class Work:
    """What the rooms of one run are given."""

    session: Session
    settings: PlaceSettings
    plans: Sequence[Plan]
    deliveries: Sequence[Delivery]
    key: bytes
    known_on: date
    costs: pricing.Costs = pricing.NO_COSTS


@dataclass(frozen=True)
class Resources:
    """How much of the machine a run may use; None is DuckDB's own choice (80 % of memory, every core).

    spark: the master that steps are run on, such as local[2] or sc://host:15002; None is the embedded engine.
    """

    memory_limit: str | None = None
    threads: int | None = None
    spark: str | None = None


AS_THE_ENGINE_CHOOSES = Resources()


def _rules(work: Work) -> None:
    edges = rulebook.parameter("age_bands").at(work.settings.period.start_date, work.known_on)
    names = [f"{a}-{b - 1}" for a, b in pairwise(edges)] + [f"{edges[-1]}+"]
    write_columns(work.session, AGE_BAND, {"age_band": names, "from_years": edges, "below_years": [*edges[1:], 1000]})
    forms = rulebook.code_forms()
    write_columns(work.session, CODE_FORM, {"code_system": list(forms), "pattern": list(forms.values())})
    months = list(_months(work.settings.period.start_date, work.settings.period.end_date))
    write_columns(work.session, CALENDAR_MONTH, {"month_date": months[:-1], "next_month_date": months[1:]})


def _months(start: date, end: date) -> Iterator[date]:
    """The first of each month from that of `start` to the first at or after `end`."""
    month = start.replace(day=1)
    while month < end:
        yield month
        month = (month.replace(day=28) + (date(2000, 1, 5) - date(2000, 1, 1))).replace(day=1)
    yield month


STAGES: tuple[tuple[str, Callable[[Work], None]], ...] = (
    ("rules and calendar", _rules),
    ("a fate for every record", lambda w: intake.build_records(w.session, w.plans, w.deliveries, w.settings)),
    ("one person behind many records", lambda w: identity.build_people(w.session, w.settings.identity.trust, w.key)),
    ("care, codes and registrations", lambda w: intake.build_care(w.session, w.plans)),
    ("what is known of people", lambda w: identity.build_persons(w.session)),
    ("findings", lambda w: intake.build_issues(w.session)),
    ("stays in hospital", lambda w: stays.build(w.session, w.settings.currency, w.known_on)),
    ("what each act cost", lambda w: pricing.build(w.session, w.costs)),
    ("person-months", lambda w: population.build(w.session)),
    ("whose people are whose", lambda w: attribution.build(w.session, w.settings, w.known_on)),
    ("conditions", lambda w: population.build_conditions(w.session, w.settings.period.span, w.known_on, w.settings.conditions.hcc_model)),
    ("first answers", lambda w: answers.build(w.session)),
)
"""Every room's part of a run, in order: each a label for the progress line and what it does."""


def build(work: Work, progress: Progress) -> None:
    """Every table of a run, in order. In: landed files, maps, settings, key. Out: the session's tables."""
    for label, stage in STAGES:
        progress(label)
        stage(work)


@dataclass(frozen=True)
class Inputs:
    """What a run is made from. place: with the settings of then. settings_file: where their text is. known_at: the moment, if not now.

    cost_files: what is known of costs, by the names that a run keeps it under.
    """

    place: Place
    settings_file: Path
    maps: Mapping[str, Map]
    cost_files: Mapping[str, Path]
    receipts: Sequence[Receipt]
    known_at: datetime | None = None


def run(place: Place, progress: Progress, resources: Resources = AS_THE_ENGINE_CHOOSES) -> Run:
    """Receive what is new, build, audit, hash and publish. Raises UserError; AuditError if an audit does not hold: then nothing is published."""
    with hold(place, "run"):
        _sweep(place)
        check_ready(place)
        maps, costs = read_maps(place), pricing.cost_files(place.root)
        pricing.read_costs(costs)  # a fault in them is told before anything is received
        key = secret_key(place)
        check_receipts_kept(place, read_receipts(place))
        with _work_folder(place) as folder:
            remember(place, _texts(place, maps, costs))
            receive(place, maps, read_receipts(place), source_files(place), folder, progress)
            return _publish(Inputs(place, place.settings_file, maps, costs, read_receipts(place)), key, folder, progress, resources)


def run_as_known(place: Place, moment: datetime, progress: Progress, resources: Resources = AS_THE_ENGINE_CHOOSES) -> Run:
    """The run as it would have been at a moment: its receipts, settings, maps and rulebook values. Nothing is received; CURRENT stays.

    Raises UserError, also where nothing was known yet; AuditError.
    """
    with hold(place, "run"):
        _sweep(place)
        check_receipts_kept(place, read_receipts(place))
        texts = texts_at(place, moment)
        then = Place(place.root, read_model(texts["place.toml"], PlaceSettings))
        maps = read_maps(then, {name[5:-5]: path for name, path in texts.items() if name.startswith("maps/")})
        costs = {name: path for name, path in texts.items() if name.startswith(f"{pricing.FOLDER}/")}
        inputs = Inputs(then, texts["place.toml"], maps, costs, known_receipts(read_receipts(place), moment), moment)
        with _work_folder(place) as folder:
            return _publish(inputs, secret_key(then), folder, progress, resources)


def withdraw(place: Place, file: str, reason: str) -> Receipt:
    """Note that a delivered file is withdrawn: from now on its records count no more. file: its name below sources/, or its submission_id.

    Raises UserError naming the files that there are.
    """
    with hold(place, "withdraw"):
        return withdraw_file(place, read_receipts(place), file, reason)


def _publish(inputs: Inputs, key: bytes, folder: Path, progress: Progress, resources: Resources) -> Run:
    place, maps, receipts = inputs.place, inputs.maps, inputs.receipts
    deliveries, costs = known_deliveries(place, receipts), pricing.read_costs(inputs.cost_files)
    with Staging(place, _inputs_hash(inputs)) as staging:
        known_at = inputs.known_at or staging.created_at
        with _session(folder, deliveries, resources) as session:
            plans = intake.make_plans(maps, place.settings, deliveries)
            build(Work(session, place.settings, plans, deliveries, key, known_at.date(), costs), progress)
            progress("audits")
            held = _audited(session)
            progress("content hashes")
            tables = {name: _entry(session, name) for name in PUBLISHED}
            engine = session.maker.name if session.maker else "duckdb"
            lineage = recorded(session.steps, session.kernels, _raw_files(maps, deliveries))
        progress("publish")
        _keep_inputs(inputs, staging)
        (staging.folder / LINEAGE_NAME).write_text(lineage, encoding="utf-8")
        (staging.folder / "tables").mkdir()
        for name in PUBLISHED:
            (folder / f"{name}.parquet").rename(staging.folder / "tables" / f"{name}.parquet")
        _keep_restricted(place, folder, staging.run_id, [one.slug for one in maps.values()])
        try:
            staging.publish(_manifest(staging, known_at, receipts, tables, held, engine), is_current=inputs.known_at is None)
        except BaseException:
            shutil.rmtree(restricted_folder(place) / staging.run_id, ignore_errors=True)
            raise
        return open_run(place, staging.run_id)


def check(place: Place, progress: Progress, resources: Resources = AS_THE_ENGINE_CHOOSES) -> CheckReport:
    """Read every file as a run would, and report what is found. Nothing is kept: no receipt, no landed file, no run."""
    with hold(place, "check"):
        _sweep(place)
        check_ready(place)
        maps, costs = read_maps(place), pricing.read_costs(pricing.cost_files(place.root))
        receipts = read_receipts(place)
        with _work_folder(place) as folder:
            deliveries = known_deliveries(place, receipts) + look(place, maps, receipts, source_files(place), folder, progress)
            with _session(folder, deliveries, resources) as session:
                plans = intake.make_plans(maps, place.settings, deliveries)
                build(Work(session, place.settings, plans, deliveries, secret_key(place), datetime.now(UTC).date(), costs), progress)
                return check_report(session, unclaimed_files(place))


def replay(place: Place, run: Run, progress: Progress, resources: Resources = AS_THE_ENGINE_CHOOSES) -> dict[str, bool]:
    """Make a run again from its own inputs and the receipts it was made from. Out: each table, and whether its content hash is the same."""
    with hold(place, f"replay of {run.run_id}"):
        _sweep(place)
        receipts = read_receipts(place)
        check_receipts_kept(place, receipts)
        inputs = run.folder / "inputs"
        then = Place(place.root, read_model(inputs / "place.toml", PlaceSettings))
        maps, costs = read_maps(then, map_paths(inputs / "maps")), pricing.read_costs(pricing.cost_files(inputs))
        deliveries = known_deliveries(then, receipts[: run.manifest.receipts.n])
        with _work_folder(place) as folder, _session(folder, deliveries, resources) as session:
            plans = intake.make_plans(maps, then.settings, deliveries)
            build(Work(session, then.settings, plans, deliveries, secret_key(then), run.manifest.known_at.date(), costs), progress)
            progress("content hashes")
            return {name: content_hash(session, PUBLISHED[name]) == entry.content_hash for name, entry in run.manifest.tables.items()}


@contextmanager
def _work_folder(place: Place) -> Iterator[Path]:
    # Below restricted/, as working tables hold identifiers.
    folder = Path(tempfile.mkdtemp(prefix=WORK_PREFIX, dir=restricted_folder(place)))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(place: Place) -> None:
    """Take away what a run that was killed left behind: its staging, its working tables, what it kept of people, half-landed files."""
    clean_up(place)
    known = {path.name for path in place.runs.iterdir()} if place.runs.is_dir() else set()
    for path in restricted_folder(place).iterdir():
        if path.name not in known:
            shutil.rmtree(path, ignore_errors=True)
    for path in place.landed.glob(".landing-*.part"):
        path.unlink(missing_ok=True)


def _session(folder: Path, deliveries: Sequence[Delivery], resources: Resources) -> Session:
    landed = sorted({d.landed.parent for d in deliveries if d.landed})
    n_byte = sum(path.stat().st_size for path in {d.landed for d in deliveries if d.landed})
    maker = _on_spark(resources.spark, folder, resources.memory_limit, n_byte) if resources.spark else None
    return Session(
        folder=folder, scratch=folder / "spill", readable=landed, memory_limit=resources.memory_limit, threads=resources.threads, maker=maker
    )


def _on_spark(master: str, folder: Path, memory_limit: str | None, n_byte: int) -> Maker:
    from accord.engine import spark  # a heavy import, only when asked for

    started = spark.start(master, folder / "spill" / "spark", memory_limit, n_byte=n_byte)
    try:
        spark.probe(started, folder)
    except BaseException:
        started.stop()
        raise
    return spark.SparkMaker(started)


def _audited(session: Session) -> tuple[Audit, ...]:
    found = audits.audit(session)
    broken = [f"{f.name}: {f.detail}" for f in found if not f.held]
    if broken:
        raise AuditError(broken)
    return tuple(Audit(name=f.name, held=f.held, detail=f.detail) for f in found)


def _entry(session: Session, name: str) -> TableEntry:
    table = PUBLISHED[name]
    n_row = int(str(session.rows(f'select count(*) from "{name}"')[0][0]))
    columns = tuple((c.name, c.type) for c in table)
    return TableEntry(file=f"tables/{name}.parquet", content_hash=content_hash(session, table), n_row=n_row, edition=table.edition, columns=columns)


def _raw_files(maps: Mapping[str, Map], deliveries: Sequence[Delivery]) -> dict[str, list[str]]:
    landed = [d.receipt for d in deliveries if d.landed]
    return {one.raw.name: [r.file_name for r in landed if r.map_id == one.map_id] for one in maps.values()}


def _texts(place: Place, maps: Mapping[str, Map], costs: Mapping[str, Path]) -> dict[str, bytes]:
    """What people write and a run is made by, under the names that it has in a run's inputs."""
    contracts = {f"contracts/{path.name}": path.read_bytes() for path in sorted(place.contracts.glob("*.toml"))}
    read = {f"maps/{m}.toml": one.path for m, one in maps.items()} | dict(costs)
    return {"place.toml": place.settings_file.read_bytes(), **{name: path.read_bytes() for name, path in read.items()}, **contracts}


def _inputs_hash(inputs: Inputs) -> str:
    digest = hashlib.sha256()
    for part in (receipts_used(inputs.receipts).chain, rulebook.edition(), version("accord")):
        digest.update(part.encode() + b"\0")
    costs = (inputs.cost_files[name] for name in sorted(inputs.cost_files))
    for path in (inputs.settings_file, *(inputs.maps[m].path for m in sorted(inputs.maps)), *costs):
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def _keep_inputs(inputs: Inputs, staging: Staging) -> None:
    staging.keep_input("place.toml", inputs.settings_file.read_bytes())
    for map_id, one in inputs.maps.items():
        staging.keep_input(f"maps/{map_id}.toml", one.path.read_bytes())
    for name, path in inputs.cost_files.items():
        staging.keep_input(name, path.read_bytes())


def _keep_restricted(place: Place, folder: Path, run_id: str, slugs: Sequence[str]) -> None:
    kept = restricted_folder(place) / run_id
    kept.mkdir(mode=0o700)
    for name in ("identifier_hash", *(f"found_{slug}" for slug in slugs)):
        (folder / f"{name}.parquet").rename(kept / f"{name}.parquet")


def _manifest(
    staging: Staging, known_at: datetime, receipts: Sequence[Receipt], tables: Mapping[str, TableEntry], held: tuple[Audit, ...], engine: str
) -> Manifest:
    return Manifest(
        run_id=staging.run_id, created_at=staging.created_at, known_at=known_at, accord_version=version("accord"),
        python_version=platform.python_version(), duckdb_version=duckdb.__version__, engine=engine, rulebook_edition=rulebook.edition(),
        receipts=receipts_used(receipts), tables=dict(tables), audits=held,
    )  # fmt: skip
