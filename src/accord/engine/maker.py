"""What a second engine does for a session: it makes the rows of a table; whatever is written is read by DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from accord.engine.step import Step
from accord.tables import Table


class Maker(Protocol):
    """An engine beside the embedded one. It knows every table under the name that the session knows it by."""

    @property
    def name(self) -> str:
        """Which engine it is, with its version."""

    def register(self, name: str, files: Sequence[Path]) -> None:
        """Make Parquet files of one layout readable under a name."""

    def stack(self, table: Table, parts: Sequence[tuple[Path, Mapping[str, str]]]) -> None:
        """Make landed files readable as one table. Each part is a file and, for each column, the portable SQL that reads it there."""

    def make(self, step: Step, values: Mapping[str, object], folder: Path) -> list[Path]:
        """Run a checked step into a folder that does not exist yet. Out: Parquet files, in the order of the contract."""

    def view(self, step: Step) -> None:
        """Make the output of a checked step readable without writing it."""

    def close(self) -> None:
        """Let go of what was opened for the session."""
