"""Tests that share what is dear to make, such as a session of Spark, are kept to one worker."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("told")
def test_a_worker_tells_the_group_of_a_test(request: pytest.FixtureRequest) -> None:
    told = request.node.nodeid.endswith("@told")
    assert told == hasattr(request.config, "workerinput")
