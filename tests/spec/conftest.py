"""Every page below this folder is collected, and each of its cases runs on each engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from spec_engines import ENGINES, GROUP, Engine, skip_without
from spec_pages import Case, PageError, cases
from spec_run import PageDiffersError, run_case

from accord.errors import UserError


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> pytest.File | None:
    if file_path.suffix == ".md" and file_path.name != "README.md":
        return Page.from_parent(parent, path=file_path)
    return None


class Page(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        for case in cases(self.path):
            for engine in ENGINES:
                item = CaseOnEngine.from_parent(self, name=f"{case.title} [{engine.name}]")
                item.case, item.engine = case, engine
                if engine.name == "spark":
                    item.add_marker(GROUP)
                    item.add_marker("spark")
                yield item

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> object:
        return str(excinfo.value) if isinstance(excinfo.value, PageError) else super().repr_failure(excinfo)


class CaseOnEngine(pytest.Item):
    case: Case
    engine: Engine

    def runtest(self) -> None:
        skip_without(self.engine.missing())
        run_case(self.case, self.engine)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> object:
        return str(excinfo.value) if isinstance(excinfo.value, PageDiffersError | UserError) else super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.case.line - 1, self.name
