"""What the manual says to type is typed: each page's blocks run in their order, in an empty folder.

A `console` block is commands after `$ `; a `python` block sees what earlier ones defined; a block with `title="x/y"` is written to
that file; a `text` block directly below one that runs is what it prints, with `...` on a line of its own for any lines. Blocks in
`sh` change a machine and are not run. CONTRIBUTING.md tells authors.

The README and the tutorial are typed into a shell, each command a process, as a person would. On the other pages `accord` itself is called in this
process, which need not load it again each time; what stands behind it on the line (a pipe, a file) is still the shell's.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(
    r"(?:^<!-- exit: (?P<exit>\d+) -->\n)?^(?P<ticks>`{3,})(?P<language>\w+)(?P<more>[^\n`]*)\n(?P<body>.*?)^(?P=ticks)$",
    re.MULTILINE | re.DOTALL,
)
TITLE = re.compile(r'title="(?P<path>[^"]+)"')
RUNS = ("console", "python")
ACCORD = 'command -v accord >/dev/null || accord() { python -m accord "$@"; }; '
"""Where the package is on the path of Python without being installed, `accord` is its module."""
CALL = re.compile(r"accord (?P<args>[^|<>&;$`*?~]*?)(?P<rest>(?: 2?[|>].*)?)")
"""A line that calls the command with words that are no shell's, and what the shell does with what it says, if anything."""
SAID = 'accord() { cat; printf %s "$COMPLAINED" >&2; return "$CODE"; }; accord'


@dataclass(frozen=True)
class Block:
    """One fenced block. output: the `text` block directly below it, if any."""

    language: str
    body: str
    line: int
    file: str = ""
    exit: int = 0
    output: str | None = None


def blocks(page: str) -> list[Block]:
    """The blocks of a page that do something, in order."""
    found: list[Block] = []
    fences = list(FENCE.finditer(page))
    for fence, after in zip_longest(fences, fences[1:]):
        title = TITLE.search(fence["more"])
        if fence["language"] not in RUNS and not title:
            continue
        is_output = after and after["language"] == "text" and not page[fence.end() : after.start()].strip()
        line = page.count("\n", 0, fence.start("ticks")) + 1
        found.append(
            Block(
                language=fence["language"],
                body=fence["body"],
                line=line,
                file=title["path"] if title else "",
                exit=int(fence["exit"] or 0),
                output=after["body"] if after and is_output and not title else None,
            )
        )
    return found


def commands(body: str) -> Iterator[str]:
    """The commands of a console block; a line that ends with a backslash goes on."""
    lines = iter(body.splitlines())
    for line in lines:
        if line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command = command[:-1] + next(lines).removeprefix("> ")
            yield command


def says(expected: str, printed: str) -> bool:
    """Whether what was printed is what the page shows; space at line ends and empty lines around it aside."""
    lines = [line.rstrip() for line in expected.strip("\n").splitlines()]
    pattern = "".join(r"(?:[^\n]*\n)*" if line.strip() == "..." else re.escape(line) + r"\n" for line in lines)
    actual = "".join(f"{line.rstrip()}\n" for line in printed.strip("\n").splitlines())
    return re.fullmatch(pattern, actual) is not None


class Reader:
    """Someone who types a page, in a folder of their own."""

    def __init__(self, folder: Path, accord: Callable[..., Any] | None = None) -> None:
        self.folder, self.accord = folder, accord
        self.names: dict[str, object] = {"__name__": "__main__"}
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        terminal = {"NO_COLOR": "1", "COLUMNS": "120", "TERM": "dumb"}
        self.environment = os.environ | terminal | {"PATH": path, "PYTHONPATH": str(ROOT / "src")}

    def type(self, block: Block) -> None:
        """Do what one block says, and hold it to what the page says of it."""
        if block.file:
            return self._write(block)
        printed = self._console(block) if block.language == "console" else self._python(block)
        if block.output is not None:
            assert says(block.output, printed), f"line {block.line} prints\n{printed}\nand not\n{block.output}"

    def _write(self, block: Block) -> None:
        target = self.folder / block.file
        assert target.resolve().is_relative_to(self.folder.resolve()), f"line {block.line}: {block.file} is outside the folder"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(block.body, encoding="utf-8")

    def _console(self, block: Block) -> str:
        printed, typed = "", list(commands(block.body))
        assert typed, f"line {block.line}: a console block without a command"
        for n, command in enumerate(typed):
            code, out, err = self._typed(command)
            wanted = block.exit if n == len(typed) - 1 else 0
            assert code == wanted, f"line {block.line}: {command}\nexit code {code}\n{out + err}"
            printed += out
        return printed

    def _typed(self, command: str) -> tuple[int, str, str]:
        call = CALL.fullmatch(command) if self.accord else None
        if not self.accord or not call:
            return self._shell(ACCORD + command)
        with chdir(self.folder):
            ended = self.accord(*shlex.split(call["args"]))
        if not call["rest"]:
            return ended.code, ended.out, ended.err
        return self._shell(SAID + call["rest"], ended.out, {"COMPLAINED": ended.err, "CODE": str(ended.code)})

    def _shell(self, command: str, given: str = "", more: dict[str, str] | None = None) -> tuple[int, str, str]:
        shell = ["bash", "-c", command]
        done = subprocess.run(
            shell, cwd=self.folder, env=self.environment | (more or {}), input=given, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr

    def _python(self, block: Block) -> str:
        caught = StringIO()
        with chdir(self.folder), redirect_stdout(caught):
            exec(compile(block.body, f"line {block.line}", "exec"), self.names)
        return caught.getvalue()


FIRST = (ROOT / "README.md", *sorted((ROOT / "docs" / "tutorial").rglob("*.md")))
PAGES = [p for p in dict.fromkeys((*FIRST, *sorted((ROOT / "docs").rglob("*.md")))) if blocks(p.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(  # a page is long, and shares nothing with another: any worker may take it
    "page", [pytest.param(p, id=(n := p.relative_to(ROOT).as_posix()), marks=pytest.mark.xdist_group(n)) for p in PAGES]
)
def test_a_page_of_the_manual_works(page: Path, tmp_path: Path, accord: Callable[..., Any]) -> None:
    reader = Reader(tmp_path, None if page in FIRST else accord)
    for block in blocks(page.read_text(encoding="utf-8")):
        reader.type(block)


def _type(page: str, folder: Path) -> None:
    reader = Reader(folder)
    for block in blocks(page):
        reader.type(block)


def test_a_page_may_write_a_file_and_go_on(tmp_path: Path) -> None:
    page = (
        '```toml title="a/b.toml"\nx = 1\n```\n\n```console\n$ cat a/b.toml\n```\n\n```text\nx = 1\n```\n\n'
        "```python\ny = 2\n```\n\n```python\nprint(y)\n```\n\n```text\n2\n```\n"
    )
    assert [b.language for b in blocks(page)] == ["toml", "console", "python", "python"]
    _type(page, tmp_path)


def test_an_exit_code_may_be_foretold(tmp_path: Path) -> None:
    _type("<!-- exit: 2 -->\n```console\n$ true\n$ exit 2\n```\n", tmp_path)


def test_dots_stand_for_any_lines() -> None:
    assert says("a\n...\nd\n", "a\nb\nc\nd")
    assert says("a\n...\n", "a")
    assert not says("a\n...\nd\n", "a\nb\n")
    assert not says("a.c\n", "abc\n")


@pytest.mark.parametrize(
    "page",
    [
        "```console\n$ false\n$ true\n```\n",
        "<!-- exit: 2 -->\n```console\n$ exit 1\n```\n",
        "```console\n$ echo a\n```\n\n```text\nb\n```\n",
        "```python\nprint('a')\n```\n```text\nb\n```\n",
        '```toml title="../a.toml"\nx = 1\n```\n',
        "```console\nno prompt\n```\n",
    ],
)
def test_a_page_that_does_not_work_is_found(page: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        _type(page, tmp_path)
