"""Why a budget moved from one that was set to another: by organisation and line of the bridge, and by which models need was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq

from accord.budgets.setting import budgets_folder, file_of, in_order, manifest_of
from accord.errors import UserError
from accord.place import Place
from accord.place.keeping import damaged_files, kept
from accord.place.toml_faults import did_you_mean

NOTHING = Decimal("0.00")
Lines = dict[tuple[str, str], Decimal]
"""By organisation and line, over all services."""


@dataclass(frozen=True)
class Move:
    """What one organisation had and has. parts: by line of the bridge, in its order; they add up to after less before, to the penny."""

    organisation_id: str
    before: Decimal
    after: Decimal
    parts: Mapping[str, Decimal]


@dataclass(frozen=True)
class OtherNeed:
    """One service whose need was by one fit and is by another; None: by no model."""

    service: str
    before: tuple[str, str] | None
    after: tuple[str, str] | None


@dataclass(frozen=True)
class Moved:
    """Two budgets of one name beside each other. before, after: their ids."""

    budget_id: str
    before: str
    after: str
    moves: tuple[Move, ...]
    needs: tuple[OtherNeed, ...]


def moved(place: Place, name: str, before: str, after: str) -> Moved:
    """Every organisation of either. before, after: ids of what was kept, or their beginnings; empty for the last two that were set. UserError."""
    there = in_order(place, name)
    if not there:
        file_of(place, name)
    if len(there) < 2:
        what = f"the budget '{name}' was {'set once' if there else 'never set'}: there are no two to set beside each other"
        raise UserError(what, where=str(budgets_folder(place) / name), what_to_do=f"set it again when something changed: accord budget set {name}")
    folders = _one_of(there, before, there[-2]), _one_of(there, after, there[-1])
    lines, needs = [_lines(folder) for folder in folders], [_needs(folder) for folder in folders]
    return Moved(name, folders[0].name, folders[1].name, tuple(_moves(*lines)), tuple(_other_needs(*needs)))


def budgets_by(place: Place, model: str, fit: str) -> list[str]:
    """The budgets of a place that were set by a fit of a model."""
    folder = budgets_folder(place)
    names = sorted(each.name for each in folder.iterdir() if each.is_dir()) if folder.is_dir() else []
    return [name for name in names if any((model, fit) in _needs(each).values() for each in kept(folder / name))]


def _one_of(there: list[Path], id: str, usual: Path) -> Path:
    found = [folder for folder in there if folder.name.startswith(id)] if id else [usual]
    if len(found) != 1:
        mend = did_you_mean(id, [folder.name for folder in there], "those that were set are")
        raise UserError(f"{len(found)} budgets that were set begin with '{id}'", where=str(there[0].parent), what_to_do=mend)
    return found[0]


def _lines(folder: Path) -> Lines:
    if damaged_files(folder, manifest_of(folder)["files"]):
        raise UserError(f"the budget {folder.name} is not as it was kept", where=str(folder), what_to_do="delete the folder, and set it again")
    found: Lines = {}
    for row in pq.read_table(folder / "budget_line.parquet").to_pylist():
        key = row["organisation_id"], row["line"]
        found[key] = found.get(key, NOTHING) + row["amount"]
    return found


def _needs(folder: Path) -> dict[str, tuple[str, str]]:
    """By service, the model and the fit; a budget that was kept before models could be named has none."""
    return {service: (by["model"], by["fit"]) for service, by in manifest_of(folder).get("needs", {}).items()}


def _moves(before: Lines, after: Lines) -> Iterator[Move]:
    names = list(dict.fromkeys(line for _, line in (*after, *before)))
    for id in sorted({id for id, _ in (*before, *after)}):
        was, now = ([lines.get((id, name), NOTHING) for name in names] for lines in (before, after))
        parts = {name: b - a for name, a, b in zip(names, was, now, strict=True)}
        yield Move(id, sum(was, NOTHING), sum(now, NOTHING), parts)


def _other_needs(before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]]) -> Iterator[OtherNeed]:
    for service in dict.fromkeys((*before, *after)):
        if before.get(service) != after.get(service):
            yield OtherNeed(service, before.get(service), after.get(service))
