"""Settlements as they are kept: `settlements/<contract>/<id>/`, built aside, hashed, published by one rename and never changed."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from accord.books import Journal
from accord.errors import UserError
from accord.place import Place
from accord.place.keeping import MANIFEST_NAME, damaged_files, keep, kept
from accord.place.toml_faults import did_you_mean
from accord.settlement.journals import journals_of, standing

FOLDER = "settlements"
STATEMENT_COLUMNS = ("section", "name", "month", "detail", "activity", "amount", "because")


class SettlementManifest(BaseModel):
    """What a settlement says of itself. follows: the settlement before it, whose journals it takes back. inputs, files: each with its hash.

    run_id: None where it was settled from a monthly file alone. until: as it was asked for. frozen, conceded: of net, what is in dispute and what
    fell away. made_with: the libraries that wrote its files, which others may write otherwise.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    edition: int = 1
    settlement_id: str
    contract_id: str
    title: str
    payer: str
    payee: str
    status: Literal["interim", "final"]
    start_date: date
    end_date: date
    created_at: datetime
    known_on: date
    run_id: str | None
    accord_version: str
    rulebook_edition: str
    follows: str | None
    chain: tuple[str, ...]
    net: Decimal
    vat: Decimal
    due: Decimal
    paid: Decimal
    balance: Decimal
    inputs: dict[str, str]
    until: date | None = None
    frozen: Decimal = Decimal("0.00")
    conceded: Decimal = Decimal("0.00")
    made_with: dict[str, str] = {}
    files: dict[str, str] = {}


def settlements_folder(place: Place, contract_id: str) -> Path:
    """Where the settlements of a contract are."""
    return place.root / FOLDER / contract_id


def settlement_id(inputs: Mapping[str, str], end_date: date, status: str) -> str:
    """The name of a settlement: the last month that it covers, whether it is final, and the hash of all that it was made from."""
    digest = hashlib.sha256(json.dumps(dict(sorted(inputs.items()))).encode()).hexdigest()
    return f"{date.fromordinal(end_date.toordinal() - 1):%Y-%m}-{status}-{digest[:12]}"


def published(place: Place, contract_id: str) -> list[SettlementManifest]:
    """The settlements of a contract, each after the one that it follows. Raises UserError for one that cannot be read."""
    names = kept(settlements_folder(place, contract_id))
    by_follows = {manifest.follows: manifest for manifest in map(_read, names)}
    ordered, at = [], by_follows.get(None)
    while at is not None:
        ordered.append(at)
        at = by_follows.get(at.settlement_id)
    assert len(ordered) == len(names), f"the settlements of {contract_id} do not follow one another"
    return ordered


def posted(place: Place, contract_id: str) -> list[Journal]:
    """Every journal that the settlements of a contract have posted and nothing took back."""
    journals: list[Journal] = []
    for manifest in published(place, contract_id):
        file = settlements_folder(place, contract_id) / manifest.settlement_id / "posting.parquet"
        journals += journals_of(pq.read_table(file).to_pylist())
    return standing(journals)


def publish(place: Place, manifest: SettlementManifest, fill: Callable[[Path], None]) -> Path:
    """Build a settlement aside, hash what `fill` wrote, and give the folder its name. Raises UserError if the disk fails."""
    return keep(settlements_folder(place, manifest.contract_id), manifest.settlement_id, fill, partial(_text, manifest))


def settlement_named(place: Place, contract_id: str, named: str) -> SettlementManifest:
    """The settlement of a contract by its id, or the beginning of it; the latest without one. Raises UserError with those that there are."""
    there = published(place, contract_id)
    if not there:
        known = sorted(p.name for p in settlements_folder(place, contract_id).parent.glob("*") if p.is_dir())
        what = f"contract '{contract_id}' was never settled"
        raise UserError(what, where=str(place.root), what_to_do=did_you_mean(contract_id, known, "settle it: accord settle; settled are"))
    matching = [each for each in there if each.settlement_id.startswith(named)]
    if not matching:
        ids = [each.settlement_id for each in there]
        raise UserError(f"no settlement is called '{named}'", where="--settlement", what_to_do=did_you_mean(named, ids, "there are"))
    return matching[-1]


def libraries() -> dict[str, str]:
    """Those that write the files of a settlement, each with its version."""
    return {name: version(name) for name in ("duckdb", "pyarrow")}


def now() -> datetime:
    """The moment, for a manifest: nothing that is settled depends on it."""
    return datetime.now(UTC)


def write_statement(file: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """The statement as CSV, one figure a row."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, STATEMENT_COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def damaged(place: Place, manifest: SettlementManifest) -> list[str]:
    """The files of a settlement that are not as they were published."""
    return damaged_files(settlements_folder(place, manifest.contract_id) / manifest.settlement_id, manifest.files)


def _text(manifest: SettlementManifest, files: Mapping[str, str]) -> str:
    return manifest.model_copy(update={"files": dict(files)}).model_dump_json(indent=2) + "\n"


def _read(folder: Path) -> SettlementManifest:
    try:
        return SettlementManifest.model_validate_json((folder / MANIFEST_NAME).read_bytes())
    except (OSError, ValidationError):
        mend = "put it back from a backup: later settlements take its journals back by name"
        raise UserError(f"settlement {folder.name} cannot be opened", where=str(folder / MANIFEST_NAME), what_to_do=mend) from None
