"""Accord keeps the books of a health and care partnership: raw extracts in, one audited run of tables out.

In:    the folder of a place.
Out:   `open(path)`: the place, its runs, and every table of a run as a relation to go on with.
Reads: no rules.
Never: changes a published run.

>>> import accord
>>> run = accord.open("marlow").current()              # doctest: +SKIP
>>> run.activity.filter("setting = 'inpatient'").df()  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accord.engine import Step
    from accord.errors import AuditError, UserError
    from accord.notebook import OpenPlace, OpenRun, open
    from accord.pipeline import Resources
    from accord.tables import Column, Table

# Found when asked for: a room that imports another must not load the whole house, nor must the child process that lands files.
_HOME = {
    "AuditError": "accord.errors", "Column": "accord.tables", "OpenPlace": "accord.notebook", "OpenRun": "accord.notebook",
    "Resources": "accord.pipeline", "Step": "accord.engine", "Table": "accord.tables", "UserError": "accord.errors",
    "open": "accord.notebook",
}  # fmt: skip
__all__ = ["AuditError", "Column", "OpenPlace", "OpenRun", "Resources", "Step", "Table", "UserError", "open"]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'accord' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOME[name]), name)
