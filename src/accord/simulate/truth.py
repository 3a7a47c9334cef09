"""The truth on disk: written as the place is, and read only by what compares a run with it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from accord.simulate.block import FilePart
from accord.simulate.dirt import KINDS, NO_FAULT
from accord.simulate.geography import Geography
from accord.simulate.hospital import HOSPITALS
from accord.simulate.layouts import practice_code
from accord.simulate.model import MODEL
from accord.simulate.need import calendar_of
from accord.simulate.options import Options
from accord.simulate.programmes import practice_levels
from accord.simulate.rows import money
from accord.simulate.sources import SOURCES, file_name
from accord.simulate.truths import TRUTH, BlockTruth
from accord.tables import Table

_TYPES = {
    "BIGINT": pa.int64(), "INTEGER": pa.int32(), "VARCHAR": pa.string(), "DATE": pa.date32(), "BOOLEAN": pa.bool_(),
    "DECIMAL(18,2)": pa.decimal128(18, 2),
}  # fmt: skip


class TruthWriter:
    """Writes the tables of the truth, a block at a time, and keeps count of the files."""

    def __init__(self, folder: Path, options: Options) -> None:
        self._folder = folder
        self._writers: dict[str, pq.ParquetWriter] = {}
        months = calendar_of(options).first[:-1].astype("datetime64[M]").astype(str)
        names = [(file_name(s, m, part), s.id, n, part) for s in SOURCES for n, m in enumerate(months) for part in (0, 1, 2)]
        self._number = {(source, n, part): i for i, (_, source, n, part) in enumerate(sorted(names), 1)}
        self._name = {(source, n, part): name for name, source, n, part in names}
        self._files: dict[tuple[str, int, int], list[int]] = {}
        self.n_person = self.n_record = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self._write_files()
        for writer in self._writers.values():
            writer.close()

    @property
    def n_file(self) -> int:
        """How many files have records."""
        return len(self._files)

    def add(self, part: FilePart, path: Path, text: bytes) -> None:
        """Append records to their file, and their truth to the truth."""
        with path.open("ab") as file:
            file.write(text)
        place, n = (part.source, part.month, part.part), part.person.size
        number, counts = self._number[place], self._files.setdefault(place, [0, 0, 0, 0])
        record = counts[0] + 1 + np.arange(n)
        is_nobody = part.person < 0
        self._append("true_record", {
            "file_number": np.full(n, number), "record_number": record, "person_key": pa.array(part.person, mask=is_nobody),
            "amount": part.amount, "is_in_force": part.in_force == 1,
        })  # fmt: skip
        at = np.flatnonzero(part.fault != NO_FAULT)
        kinds = np.array(KINDS, object)[part.fault[at]]
        self.faults(kinds, np.full(at.size, number), record[at], part.was.take(pa.array(at)))
        people = np.unique(part.person[~is_nobody]).size
        for i, more in enumerate((n, people, int(part.amount.sum()), int(part.amount[part.in_force == 1].sum()))):
            counts[i] += more
        self.n_record += n

    def faults(self, kind: Iterable[str], file_number: Any, record_number: Any, was: pa.Array) -> None:
        """Note planted faults."""
        columns = {"kind": pa.array(list(kind), pa.string()), "file_number": file_number, "record_number": record_number, "was": was}
        self._append("true_fault", columns)

    def files(self, kinds: Iterable[str]) -> list[tuple[int, str]]:
        """The number and name of every file of some kinds of events, by name."""
        of = {s.id for s in SOURCES if s.kind in set(kinds)}
        return sorted((self._number[place], self._name[place]) for place in self._files if place[0] in of)

    def people(self, truth: BlockTruth) -> None:
        """Note what is true of a block of people."""
        self.n_person += len(truth.tables["true_person"]["person_key"])
        for table, columns in truth.tables.items():
            self._append(table, columns)

    def levels(self, geography: Geography) -> None:
        """Note who truly differs."""
        rows: list[tuple[str, str, int]] = []
        for what in dict.fromkeys(one["what"] for one in MODEL["practice_effect"]):
            levels = practice_levels(geography.n_practice, what)
            rows += [(practice_code(n), what, round(1000 * level)) for n, level in enumerate(levels) if level != 1]
        for name in HOSPITALS:
            said = MODEL["hospital"][name]
            rows += [(said["partner"], what, round(1000 * said[what])) for what in ("nights", "readmissions", "outcome")]
        organisation, what, ratio = zip(*rows, strict=True)
        self._append("true_level", {"organisation_id": list(organisation), "what": list(what), "ratio_per_1000": list(ratio)})

    def _write_files(self) -> None:
        places = sorted(self._files, key=lambda place: self._number[place])
        counts = np.array([self._files[place] for place in places], np.int64).reshape(-1, 4)
        self._append("true_file", {
            "file_number": [self._number[p] for p in places], "file_name": [self._name[p] for p in places], "source_id": [p[0] for p in places],
            "n_record": counts[:, 0], "n_person": counts[:, 1], "amount": counts[:, 2], "amount_in_force": counts[:, 3],
        })  # fmt: skip

    def _append(self, name: str, columns: dict[str, Any]) -> None:
        contract = TRUTH[name]
        table = pa.table({c.name: _column(columns[c.name], c.type) for c in contract}, _schema(contract))
        if name not in self._writers:
            self._writers[name] = pq.ParquetWriter(self._folder / f"{name}.parquet", table.schema, compression="zstd")
        self._writers[name].write_table(table)


def _schema(contract: Table) -> pa.Schema:
    return pa.schema([pa.field(c.name, _TYPES[c.type]) for c in contract])


def _column(values: Any, type_: str) -> pa.Array:
    """A column of the contract's type; amounts come in pence."""
    if type_ == "DECIMAL(18,2)":
        return money(np.asarray(values))
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return array.cast(_TYPES[type_])
