"""A session over a published run: its tables to read, and a folder for what is worked out of them, which is gone afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from accord.engine.feed import write_rows
from accord.engine.session import Session
from accord.place import Place, Run, restricted_folder
from accord.tables import PUBLISHED

WORK_PREFIX = ".work-"


@contextmanager
def over_run(
    place: Place, run: Run, names: Sequence[str], *, may_lack: Sequence[str] = (), select: Mapping[str, str] | None = None,
    memory_limit: str | None = None, threads: int | None = None,
) -> Iterator[Session]:  # fmt: skip
    """A session with these tables of a run. Within `hold` only. The folder is below restricted/, as working tables are of single people.

    may_lack: tables that are younger than some runs: of a run without one, it is empty. select: of a table, another list of columns.
    memory_limit, threads: as of a session.
    """
    folder = Path(tempfile.mkdtemp(prefix=WORK_PREFIX, dir=restricted_folder(place)))
    try:
        spill = folder / "spill"
        with Session(folder=folder, scratch=spill, readable=[run.folder], memory_limit=memory_limit, threads=threads) as session:
            for name in names:
                session.register(name, [run.table_file(name)], select=(select or {}).get(name))
            for name in may_lack:
                if name in run.manifest.tables:
                    session.register(name, [run.table_file(name)])
                else:
                    write_rows(session, PUBLISHED[name], ())
            yield session
    finally:
        shutil.rmtree(folder, ignore_errors=True)
