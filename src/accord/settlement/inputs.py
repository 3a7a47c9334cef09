"""The files that a settlement is made from, as they are copied into it: a small place of their own, from which it can be settled again."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path

from accord.place import Place
from accord.settlement.care import Scoped
from accord.settlement.disputes import FOLDER as DISPUTES
from accord.settlement.figures import PAYMENTS_NAME, Payment

INPUTS_NAME = "inputs"
TOTALS_NAME = "totals.csv"


def texts_of(
    place: Place, contract_id: str, payments: Sequence[Payment], scopes: Mapping[str, Scoped], totals: Path | None
) -> dict[str, bytes]:
    """Each file by its name in the place: the settings, every contract, and what this one is settled by. payments: the rows that count.

    scopes: the contracts that might claim an act, whose prices count. totals: the monthly file; None where a run was settled.
    The other contracts are copied too: whether an act is claimed twice, and whether this one holds, depends on them.
    """
    files = [place.settings_file, *sorted(place.contracts.glob("*.toml")), *_of_contract(place, contract_id), *_of_prices(place, scopes)]
    texts = {file.relative_to(place.root).as_posix(): file.read_bytes() for file in files if file.is_file()}
    if payments:
        texts[f"figures/{PAYMENTS_NAME}"] = _payment_rows(contract_id, payments)
    return texts | ({TOTALS_NAME: totals.read_bytes()} if totals else {})


def _of_contract(place: Place, contract_id: str) -> Iterator[Path]:
    yield from (place.root / folder / f"{contract_id}.toml" for folder in ("figures", DISPUTES))


def _of_prices(place: Place, scopes: Mapping[str, Scoped]) -> Iterator[Path]:
    """Every file of every list; one that stands outside the place is of the rulebook, whose edition the settlement names."""
    lists = {name: each for scope in scopes.values() for name, each in scope.lists.items()}
    yield from (file for _, each in sorted(lists.items()) for file in each.files if file.is_relative_to(place.root))


def _payment_rows(contract_id: str, payments: Iterable[Payment]) -> bytes:
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("date", "contract", "amount"))
    writer.writerows((each.day.isoformat(), contract_id, str(each.amount)) for each in payments)
    return out.getvalue().encode()
