"""The steps of a run as they are published with it, and a column followed back through them without running anything."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from accord.engine.lineage import Hop, follow
from accord.engine.step import Step
from accord.errors import UserError


def recorded(steps: Sequence[Step]) -> str:
    """The steps as JSON: each with its text, its notes, its inputs, its output, and what each column of that is made of."""
    return json.dumps([_said(step) for step in steps], indent=1, ensure_ascii=False)


def _said(step: Step) -> dict[str, Any]:
    return {
        "step": step.name, "output": step.output.name, "inputs": {t.name: list(t.names) for t in step.inputs}, "notes": step.notes,
        "columns": step.lineage(), "sql": step.text(),
    }  # fmt: skip


def trace_recorded(file: Path, column: str) -> list[Hop]:
    """The hops from `TABLE.COLUMN` back to the raw columns. Raises UserError for one that is not there."""
    table, dot, name = column.partition(".")
    if not dot or not name:
        mend = "write TABLE.COLUMN, such as activity.net_amount"
        raise UserError(f"{column!r} is not a column of a table", where="the column asked for", what_to_do=mend)
    steps = json.loads(file.read_text(encoding="utf-8"))
    made = {s["output"]: {c: tuple((t, n) for t, n in sources) for c, sources in s["columns"].items()} for s in steps}
    names = {t: columns for s in steps for t, columns in s["inputs"].items()} | {s["output"]: list(s["columns"]) for s in steps}
    return follow({s["output"]: s["step"] for s in steps}, made, names, table, name)
