"""What every test of the house shares: the same cases of properties every time, who runs what, and the small place with a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
        config.option.dist, config.option.loadscopereorder = "loadgroup", False


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file's tests, or a page's, are a group if nothing else is said: what they share is made in one worker, and not in each.

    Groups are taken in the order of their files: the first is Spark, then come whole stories; what ends the tests are unit tests, none of them long.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadGroupScheduling

    class ByFile(LoadGroupScheduling):
        def _split_scope(self, nodeid: str) -> str:
            group = str(super()._split_scope(nodeid))
            return group.split("::", 1)[0] if group == nodeid else group

    return ByFile(config, log)


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


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small place with one published run. It is made once, and only read: whoever changes it makes a copy."""
    import accord
    from accord.simulate import copy_small_place

    folder = copy_small_place(tmp_path_factory.mktemp("small_run") / "wexcombe")
    accord.open(folder).run()
    return folder
