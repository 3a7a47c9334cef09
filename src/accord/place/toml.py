"""Reading the files that people write: TOML in, a checked model out, or one `UserError` that names the line and the mend."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from accord.errors import UserError
from accord.place.toml_faults import Fault, faults_of, place_of
from accord.place.toml_lines import KeyPath, scan

M = TypeVar("M", bound=BaseModel)
LARGEST_BYTES = 16 * 1024 * 1024  # a file that a person writes; a lookup of a whole code list is under 4 MB


def read_model(path: Path, model: type[M], *, text: str | None = None, check: Callable[[M], Iterable[Fault]] | None = None) -> M:
    """The file as its model. Numbers with a point are exact decimals.

    text: the file's text where it is already read; `path` then only names it.
    check: what must hold between keys, looked at once each is well formed.
    Raises UserError for any fault: the first in the file is told in full, the others are counted.
    """
    text = read_text(path) if text is None else text
    read, faults = _modelled(path, text, model, check)
    if read is None or faults:
        raise fault_error(path, text, faults)
    return read


def every_fault(path: Path, model: type[M], *, check: Callable[[M], Iterable[Fault]]) -> tuple[M | None, list[UserError]]:
    """The file as its model, and each of its faults as an error of its own, in the order of their lines.

    There is no model where keys are not well formed; then `check` has not been asked. Raises UserError for what is no TOML at all.
    """
    text = read_text(path)
    read, faults = _modelled(path, text, model, check)
    lines = scan(text)
    return read, [fault_error(path, text, [fault]) for fault in sorted(faults, key=lambda f: lines.of(f.path))]


def _modelled(
    path: Path, text: str, model: type[M], check: Callable[[M], Iterable[Fault]] | None
) -> tuple[M | None, list[Fault]]:
    data = _parsed(path, text)
    try:
        read = model.model_validate(data)
    except ValidationError as error:
        return None, faults_of(model, data, error)
    return read, list(check(read)) if check else []


def line_of(path_or_text: Path | str, key_path: KeyPath) -> int:
    """The line of a key, or of the nearest key above it that is there (1 if none is). A `str` is the text itself."""
    text = path_or_text if isinstance(path_or_text, str) else read_text(path_or_text)
    return scan(text).of(key_path)


def fault_error(path: Path, text: str, faults: Iterable[Fault]) -> UserError:
    """The one message for all faults of one file: the first by line, and how many more there are."""
    lines = scan(text)
    first, *more = sorted(faults, key=lambda f: lines.of(f.path))
    and_more = f" (and {len(more)} more fault{'s' if len(more) > 1 else ''} in this file)" if more else ""
    return UserError(first.what + and_more, where=f"{path}, line {lines.of(first.path)}", what_to_do=first.what_to_do)


def read_text(path: Path) -> str:
    """The text of a file that a person wrote: UTF-8, with or without a byte-order mark. Raises UserError."""
    try:
        if not path.is_file():
            what = f"{path.name} is not a file" if path.exists() else f"there is no file {path.name}"
            raise UserError(what, where=str(path), what_to_do="write the file, or mend the name that leads to it")
        if path.stat().st_size > LARGEST_BYTES:
            raise UserError(
                f"{path.name} is over 16 MB", where=str(path), what_to_do="keep data in sources/: this file holds settings"
            )
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{path.name} cannot be read: {error.strerror}", where=str(path), what_to_do="give its reader the right to"
        ) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        mend = "save it as UTF-8 (the encoding, in your editor's 'save as')"
        raise UserError(f"{path.name} is not UTF-8 text", where=f"{path}, line {line}", what_to_do=mend) from None


def check_toml(path: Path, text: str) -> None:
    """Pass text that is TOML, whatever it says. Raises UserError, naming the line that cannot be read."""
    _parsed(path, text)


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except RecursionError:
        raise UserError(
            "the file nests too deeply", where=str(path), what_to_do="take brackets out: no file needs so many"
        ) from None
    except ValueError as error:
        raise _syntax_error(path, text, str(error)) from None


_AT_LINE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")
_PLAIN: tuple[tuple[str, str, str], ...] = (
    (
        "Invalid value",
        "no value that can be read stands here",
        'put text in quotes: key = "text"; write a date as 2025-04-01, a number as 12.50',
    ),
    ("Expected '='", "a key without '='", 'write: key = "value"'),
    ("Expected newline or end", "something stands after the value", "put each key on a line of its own, and text in quotes"),
    ("Unterminated string", "a text whose closing quote is missing", 'close it with "'),
    ("Illegal character '\\n'", "a text whose closing quote is missing on this line", 'close it with "'),
    ("Unclosed array", "a list whose comma or closing ] is missing", "put a comma between its items and ] at its end"),
    (
        "Unclosed inline table",
        "an inline table whose comma or closing } is missing",
        "put a comma between its keys and } at its end",
    ),
    ("Expected ']", "a heading whose closing bracket is missing", "write [name], or [[name]] for one of several"),
    ("Invalid date", "a date that no calendar has", "write year-month-day: 2025-04-01"),
    ("Unescaped '\\'", "a \\ that starts nothing known", "write \\\\ for one \\, or put the text in 'single quotes'"),
    ("Exceeds the limit", "a number of more digits than can be read", "write a shorter number"),
    ("Duplicate inline", "a key given twice", "keep one of the two"),
    ("Cannot", "a key or table given twice", "keep one of the two; several tables of one name are written [[name]]"),
    (
        "Invalid initial character",
        "a key that cannot be read",
        'put a key with other signs than letters, digits, _ and - in quotes: "key" = 1',
    ),
    (
        "Invalid statement",
        "a line that cannot be read",
        'write: key = "value", or a heading [name], or a comment that begins with #',
    ),
    (
        "Illegal character",
        "a control character, which TOML does not allow",
        "take it out: the file may be damaged, or not be text",
    ),
    (
        "Found invalid character",
        "a control character, which TOML does not allow",
        "take it out: the file may be damaged, or not be text",
    ),
)


def _syntax_error(path: Path, text: str, message: str) -> UserError:
    lines = scan(text)
    at = _AT_LINE.search(message)
    if lines.repeated:
        key, line = lines.repeated
        first = lines.at[key]
        what, mend = (
            f"{place_of(key)} is given twice, first on line {first}",
            "keep one of the two; several tables of one name are written [[name]]",
        )
    else:
        line = int(at.group(1)) if at and at.group(1) else lines.last
        bare = _AT_LINE.sub("", message)
        what, mend = next(
            ((w, m) for start, w, m in _PLAIN if bare.startswith(start)), (bare, "write it as TOML wants (https://toml.io)")
        )
    return UserError(f"not valid TOML: {what}", where=f"{path}, line {line}", what_to_do=mend)
