"""`accord explain`: from a line of a statement down to its clause, what the rule says, and the acts of care that it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from accord.clauses.kinds import kind_of, stage_of
from accord.clauses.services import names
from accord.errors import UserError
from accord.place import Place, read_model
from accord.place.toml_faults import did_you_mean
from accord.settlement.chain import PAID, WHOLE_CONTRACT, WITHOUT_PRICE
from accord.settlement.contract import Contract
from accord.settlement.filling import ACTS_NAME
from accord.settlement.publishing import SettlementManifest, damaged, settlement_named, settlements_folder
from accord.settlement.scoping import BASELINE, earlier_span
from accord.settlement.totals import NOTHING

_LINE = "hospital/emergency/paid/0"


@dataclass(frozen=True)
class Act:
    """One act of care under a clause. person: a pseudonym."""

    activity_id: int
    person: int | None
    day: object
    service: str
    code: str | None
    nights: int | None
    value: Decimal
    is_priced: bool


@dataclass(frozen=True)
class Explained:
    """One line, with the bridge that it stands in. clause: None of the contract as a whole. acts: None where no acts are known."""

    manifest: SettlementManifest
    name: str
    number: int
    bridge: Sequence[Mapping[str, Any]]
    clause: Any | None
    says: str
    stage: str
    acts: Sequence[Act] | None

    @property
    def value(self) -> Decimal:
        """What the acts are worth together."""
        return sum((act.value for act in self.acts or ()), NOTHING)


def explain_line(place: Place, name: str, settlement: str = "") -> Explained:
    """The line of that name. Raises UserError naming the contracts, settlements or lines there are."""
    contract_id, clause_id, bridge, number = _parts(name)
    manifest = settlement_named(place, contract_id, settlement)
    folder = settlements_folder(place, contract_id) / manifest.settlement_id
    if changed := damaged(place, manifest):
        what = f"{', '.join(changed)} of settlement {manifest.settlement_id} was changed after it was published"
        raise UserError(what, where=str(folder), what_to_do="put it back from a backup")
    lines = pq.read_table(folder / "bridge_line.parquet").to_pylist()
    found = [line for line in lines if (line["clause_id"], line["bridge"]) == (clause_id, bridge)]
    if number >= len(found):
        names = [f"{line['contract_id']}/{line['clause_id']}/{line['bridge']}/{line['line_number']}" for line in lines]
        raise UserError(f"the settlement has no line '{name}'", where=str(folder), what_to_do=did_you_mean(name, names, "its lines are"))
    contract = read_model(folder / "contract.toml", Contract)
    clause = next((each for each in contract.clause if each.id == clause_id), None)
    says, stage = (kind_of(clause).describe(clause), str(stage_of(clause))) if clause else ("the clauses together, in the order of the chain", "")
    acts = _acts(folder, clause, bridge)
    if acts is not None and bridge == WITHOUT_PRICE:
        acts = [act for act in acts if not act.is_priced]
    return Explained(manifest, name, number, found, clause, says, stage, acts)


def _parts(name: str) -> tuple[str, str, str, int]:
    parts = name.split("/")
    if len(parts) == len(_LINE.split("/")) and parts[3].isdecimal():
        return parts[0], parts[1], parts[2], int(parts[3])
    mend = f"write CONTRACT/CLAUSE/BRIDGE/NUMBER as the statement has it, such as {_LINE}; the contract as a whole is {WHOLE_CONTRACT}/{PAID}"
    raise UserError(f"'{name}' is no line of a statement", where="the line", what_to_do=mend)


def _acts(folder: Path, clause: Any | None, bridge: str) -> list[Act] | None:
    """The acts under a clause, or under the clause that it changes; None where a monthly file was settled, or for the contract as a whole.

    A baseline rests on the acts of its earlier span.
    """
    file = folder / ACTS_NAME
    if clause is None or not file.is_file():
        return None
    columns = ["activity_id", "person_id", "care_date", "service", "currency_code", "stay_days", "value_amount", "is_priced"]
    ids = [f"{clause.id}{BASELINE}"] if f"/{bridge}" == BASELINE and earlier_span(clause) else [clause.id, getattr(clause, "of", None)]
    rows = pq.read_table(file, columns=["clause_id", *columns], filters=[("clause_id", "in", [id for id in ids if id])]).to_pylist()
    services = names(clause.services) if hasattr(clause, "services") else None
    return [Act(*(row[column] for column in columns)) for row in rows if services is None or row["service"] in services]
