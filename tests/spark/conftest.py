"""What the tests of Spark share: everything here needs it, runs in one worker, and fails where CI is true and it is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from spec_engines import GROUP, skip_without, spark_is_missing

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(GROUP)
            item.add_marker("spark")


@pytest.fixture(scope="session", autouse=True)
def _with_spark() -> None:
    skip_without(spark_is_missing())
