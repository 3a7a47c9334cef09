"""Where each key of a TOML text stands. It reads positions only: `tomllib` reads values and says what is valid."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass, field

KeyPath = tuple[str | int, ...]
"""The way to a key: names of keys, and places in arrays from 0. `("partner", 1, "kind")`"""

_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_QUOTED_KEY = re.compile(r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"|\'[^\'\n]*\'')
_STRING = re.compile(r'"""(?:[^\\]|\\.)*?""""{0,2}|\'\'\'.*?\'\'\'\'{0,2}|' + _QUOTED_KEY.pattern, re.DOTALL)
_SCALAR = re.compile(r"[^,\]}#\n]+")


@dataclass(frozen=True)
class Lines:
    """Line numbers, from 1. `repeated`: a key given twice, with its second line. `last`: the line of the last key begun."""

    at: dict[KeyPath, int]
    repeated: tuple[KeyPath, int] | None
    last: int

    def of(self, path: KeyPath) -> int:
        """The line of a key, or of the nearest key above it that is there; 1 if none is."""
        return next((self.at[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.at), 1)


class _LostError(Exception):
    """The text is not TOML from here on: keep what was found before."""


@dataclass
class _Scan:
    """A scan under way: the text, where its lines begin, and what has been found so far."""

    text: str
    starts: list[int]
    at: dict[KeyPath, int] = field(default_factory=dict)
    stated: set[KeyPath] = field(default_factory=set)
    n_element: dict[KeyPath, int] = field(default_factory=dict)
    repeated: tuple[KeyPath, int] | None = None
    last: int = 1

    def line(self, position: int) -> int:
        return bisect_right(self.starts, position)

    def note(self, path: KeyPath, position: int) -> None:
        """A key stands here: its line, and that of each key above it that is named nowhere else."""
        self.last = self.line(position)
        for n in range(1, len(path) + 1):
            self.at.setdefault(path[:n], self.last)

    def state(self, path: KeyPath, position: int) -> None:
        """A key is given its value, or a table its heading, here: that may happen once."""
        self.note(path, position)
        if path in self.stated and self.repeated is None:
            self.repeated = (path, self.last)
        self.stated.add(path)

    def expect(self, token: str, position: int) -> int:
        if not self.text.startswith(token, position):
            raise _LostError
        return position + len(token)


def scan(text: str) -> Lines:
    """The line of every key, table, array element and inline-table key. Text that is not TOML is read as far as it is."""
    under_way = _Scan(text, [0, *(m.end() for m in re.finditer("\n", text))])
    with suppress(_LostError, RecursionError):
        _document(under_way)
    return Lines(under_way.at, under_way.repeated, under_way.last)


def _document(s: _Scan) -> None:
    table: KeyPath = ()
    position = _skip(_BLANK, s.text, 0)
    while position < len(s.text):
        if s.text.startswith("[", position):
            table, position = _heading(s, position)
        else:
            position = _pair(s, position, table)
        position = _skip(_BLANK, s.text, position)


def _heading(s: _Scan, start: int) -> tuple[KeyPath, int]:
    is_array = s.text.startswith("[[", start)
    names, position = _key(s, start + (2 if is_array else 1))
    position = s.expect("]]" if is_array else "]", position)
    path = _within_arrays(s, names[:-1])
    if is_array:
        path = (*path, names[-1])
        s.note(path, start)
        element = s.n_element.get(path, 0)
        s.n_element[path] = element + 1
        s.at[(*path, element)] = s.line(start)
        return (*path, element), position
    path = (*path, names[-1])
    if path not in s.stated:
        s.at[path] = s.line(start)  # a table named before only by one below it is now named itself
    s.state(path, start)
    return path, position


def _within_arrays(s: _Scan, names: tuple[str, ...]) -> KeyPath:
    """A heading's parents: below an array of tables, its latest element is meant."""
    path: KeyPath = ()
    for name in names:
        path = (*path, name)
        if path in s.n_element:
            path = (*path, s.n_element[path] - 1)
    return path


def _pair(s: _Scan, start: int, table: KeyPath) -> int:
    names, position = _key(s, start)
    path = (*table, *names)
    s.state(path, start)
    position = s.expect("=", position)
    return _value(s, _skip(_SPACE, s.text, position), path)


def _key(s: _Scan, position: int) -> tuple[tuple[str, ...], int]:
    names: list[str] = []
    while True:
        position = _skip(_SPACE, s.text, position)
        if bare := _BARE_KEY.match(s.text, position):
            names.append(bare.group())
            position = bare.end()
        elif quoted := _QUOTED_KEY.match(s.text, position):
            names.append(_unquoted(quoted.group()))
            position = quoted.end()
        else:
            raise _LostError
        position = _skip(_SPACE, s.text, position)
        if not s.text.startswith(".", position):
            return tuple(names), position
        position += 1


def _unquoted(raw: str) -> str:
    try:
        return str(tomllib.loads("k = " + raw)["k"])
    except tomllib.TOMLDecodeError:
        raise _LostError from None


def _value(s: _Scan, position: int, path: KeyPath) -> int:
    match s.text[position : position + 1]:
        case "[":
            return _array(s, position + 1, path)
        case "{":
            return _inline_table(s, position + 1, path)
        case '"' | "'":
            found = _STRING.match(s.text, position)
        case _:
            found = _SCALAR.match(s.text, position)
    if found is None:
        raise _LostError
    return found.end()


def _array(s: _Scan, position: int, path: KeyPath) -> int:
    element = 0
    position = _skip(_BLANK, s.text, position)
    while not s.text.startswith("]", position):
        s.at[(*path, element)] = s.line(position)
        position = _skip(_BLANK, s.text, _value(s, position, (*path, element)))
        if not s.text.startswith("]", position):
            position = _skip(_BLANK, s.text, s.expect(",", position))
        element += 1
    return position + 1


def _inline_table(s: _Scan, position: int, path: KeyPath) -> int:
    position = _skip(_BLANK, s.text, position)
    while not s.text.startswith("}", position):
        position = _skip(_BLANK, s.text, _pair(s, position, path))
        if not s.text.startswith("}", position):
            position = _skip(_BLANK, s.text, s.expect(",", position))
    return position + 1


def _skip(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position
