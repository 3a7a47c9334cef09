"""The README's two commands are the ones that continuous integration runs, the tests last."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

FIRST_SCREEN_LINES = 40


@pytest.fixture(scope="module")
def readme(root: Path) -> str:
    return (root / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def commands(readme: str) -> list[str]:
    """The lines of the first block of shell in the README."""
    block = re.search(r"^```sh\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    assert block
    return block[1].splitlines()


@pytest.fixture(scope="module")
def run(root: Path) -> list[str]:
    """What `.ci/run` does, a line each, without comments."""
    lines = (root / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def test_two_commands_stand_on_the_first_screen(readme: str, commands: list[str]) -> None:
    screen = readme.splitlines()[:FIRST_SCREEN_LINES]
    assert len(commands) == 2
    assert all(command in screen for command in commands)
    assert commands[0].endswith("accord demo")
    assert "pytest" in commands[1]


def test_both_install_from_the_pins(commands: list[str]) -> None:
    assert "-r requirements.txt -e ." in commands[0]
    assert "-r requirements-dev.txt" in commands[1]


def test_continuous_integration_runs_them_as_they_stand(commands: list[str], run: list[str]) -> None:
    assert all(command in run for command in commands)


def test_the_tests_come_last(commands: list[str], run: list[str]) -> None:
    assert run[-1] == commands[1]


def test_it_can_be_run(root: Path) -> None:
    assert os.access(root / ".ci" / "run", os.X_OK)
