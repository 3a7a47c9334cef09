"""What every test of the house shares: properties are tried on the same cases every time, however slow the machine."""

from __future__ import annotations

import pytest
from _pytest.nodeid import NodeId
from hypothesis import HealthCheck, settings

settings.register_profile(
    "accord", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("accord")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Several workers (`-n 2`) keep groups together: a run over outside data is made once, and one session of Spark is started."""
    if hasattr(config, "workerinput"):
        config.option.loadgroup = True
    elif getattr(config.option, "dist", "no") == "load":
        config.option.dist = "loadgroup"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What runs on Spark comes first: one worker is busy with it for as long as the others are with all the rest."""
    items.sort(key=lambda item: item.get_closest_marker("spark") is None)
    if hasattr(config, "workerinput"):
        for item in items:
            _tell_group(item)


def _tell_group(item: pytest.Item) -> None:
    """Put a test's group behind its name, where pytest-xdist looks for it: version 3.8 writes it where pytest 9.2 reads no name any more."""
    mark = item.get_closest_marker("xdist_group")
    if mark and not item.nodeid.endswith(f"@{mark.args[0]}"):
        item._id = NodeId.parse(f"{item.nodeid}@{mark.args[0]}")
