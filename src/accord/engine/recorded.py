"""The steps of a run as they are published with it, and a column followed back through them without running anything."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from accord.engine.lineage import Hop, follow
from accord.engine.session import Kernel
from accord.engine.step import Step
from accord.errors import UserError


def recorded(steps: Sequence[Step], kernels: Sequence[Kernel], files: Mapping[str, Sequence[str]]) -> str:
    """The steps as JSON: each with its text, notes, inputs, output, and what each column of that is made of.

    files: of each table that no step makes, the delivered files it is read from.
    """
    said = [_said(step) for step in steps] + [_said_of_kernel(kernel) for kernel in kernels]
    return json.dumps({"steps": said, "files": files}, indent=1, ensure_ascii=False)


def _said(step: Step) -> dict[str, Any]:
    return {
        "step": step.name, "output": step.output.name, "inputs": {t.name: list(t.names) for t in step.inputs}, "notes": step.notes,
        "columns": step.lineage(), "sql": step.text(),
    }  # fmt: skip


def _said_of_kernel(kernel: Kernel) -> dict[str, Any]:
    inputs: dict[str, list[str]] = {}
    for table, column in (pair for pairs in kernel.columns.values() for pair in pairs):
        inputs.setdefault(table, []).append(column)
    return {"step": kernel.name, "output": kernel.output.name, "inputs": inputs, "notes": "", "columns": kernel.columns, "sql": ""}


def trace_recorded(file: Path, column: str) -> list[Hop]:
    """The hops from `TABLE.COLUMN` back to the raw columns. Raises UserError for one that is not there."""
    table, dot, name = column.partition(".")
    if not dot or not name:
        mend = "write TABLE.COLUMN, such as activity.net_amount"
        raise UserError(f"{column!r} is not a column of a table", where="the column asked for", what_to_do=mend)
    steps = json.loads(file.read_text(encoding="utf-8"))["steps"]
    made = {s["output"]: {c: tuple((t, n) for t, n in sources) for c, sources in s["columns"].items()} for s in steps}
    names = {t: columns for s in steps if s["sql"] for t, columns in s["inputs"].items()} | {s["output"]: list(s["columns"]) for s in steps}
    return follow({s["output"]: s["step"] for s in steps}, made, names, table, name)


def recorded_files(file: Path) -> dict[str, list[str]]:
    """Of each raw table, the delivered files it was read from, by name."""
    files: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8"))["files"]
    return files
