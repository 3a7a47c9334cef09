"""The independent framer of fixed-width text: where each record begins and ends, and what each of its columns holds, by NumPy alone.

The engine cuts the same records by its own means (`cut_columns`), so that comparing the two can find what either of them loses. A
record is a line, which ends with LF or CR LF (both may occur); all lines of a file are of one width, counted in characters and not
in bytes. The space around a value is padding. A line without any byte is blank: it is counted and is no record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from accord.intake.decode import FileForm, Position
from accord.intake.frame import Framed, feed_all
from accord.intake.limits import MAX_RECORD_BYTES, MEBIBYTE, RefusedError, check_names

Characters = NDArray[np.integer[Any]]
WHOLE_LINE = "line"
DELIMITER = "\x1f"
"""No framed line holds it: the engine may be told that it parts columns, and then finds one column, the line."""

_LF, _CR, _SPACE, _DELETE = 0x0A, 0x0D, 0x20, 0x7F


@dataclass(frozen=True)
class FramedFixed:
    """What the framer found. positions: the columns that the file's records hold. n_value: per column, how many values are not empty."""

    framed: Framed
    positions: tuple[Position, ...]
    n_value: tuple[int, ...]


def cut_columns(positions: Sequence[Position]) -> list[str]:
    """For each column the SQL that cuts it out of a line of the file, without its padding; NULL where that leaves nothing."""
    return [f"nullif(trim(substr({WHOLE_LINE}, {first}, {width}), ' '), '')" for _, first, width in positions]


def frame_fixed(chunks: Iterable[bytes], form: FileForm, text: Path, lengths: Path) -> FramedFixed:
    """Frame a stream of UTF-8 text in bounded memory, and write it out as it is to land.

    Out: in `text`, the lines below a heading of our own, LF as the only line end; in `lengths`, one uint32 a record: the bytes of its
    values without their padding. Raises RefusedError with the line: at a record of a width that the form does not know or the first
    record had not, at a NUL byte or another control character, at bytes that are not the form's encoding.
    """
    with text.open("wb") as text_file, lengths.open("wb") as lengths_file:
        text_file.write(f"{WHOLE_LINE}\n".encode())
        framer = _Framer(form, text_file, lengths_file)
        feed_all(framer.feed, chunks, lambda: framer.n_line + 1)
        framer.feed(b"", is_last=True)
    positions = framer.positions or form.positions
    framed = Framed(tuple(p[0] for p in positions), framer.n_record, framer.n_blank_line, framer.n_content_byte, False, lengths)
    return FramedFixed(framed, positions, tuple(framer.n_value.tolist()) if framer.positions else (0,) * len(positions))


class _Framer:
    """The state between two chunks: the line that has not ended, the width of the first record, and how far the file has come."""

    def __init__(self, form: FileForm, text: BinaryIO, lengths: BinaryIO) -> None:
        check_names(tuple(p[0] for p in form.positions))
        self.form, self.text, self.lengths = form, text, lengths
        self.positions: tuple[Position, ...] = ()
        self.n_line = self.n_record = self.n_blank_line = self.n_content_byte = 0
        self.n_value = np.zeros(len(form.positions), np.int64)
        self._held = b""

    def feed(self, chunk: bytes, *, is_last: bool = False) -> None:
        """Frame what is held and this chunk, as far as whole lines go; if it is the last, to its end."""
        text = self._held + chunk
        if is_last and text and not text.endswith(b"\n"):
            text += b"\n"
        n_used = text.rfind(b"\n") + 1
        self._held = text[n_used:]
        if n_used:
            self._take(text[:n_used])
        if len(self._held) > MAX_RECORD_BYTES:
            detail = f"the line that begins here is longer than {MAX_RECORD_BYTES // MEBIBYTE} MiB"
            raise RefusedError("field_too_long", detail, self.n_line + 1)

    def _take(self, text: bytes) -> None:
        """Whole lines: measure each, and write those that are not blank."""
        ascii_only = text.isascii()
        wide = text if ascii_only else text.decode("utf-8").encode("utf-32-le")
        characters = self._without_returns(np.frombuffer(wide, np.uint8) if ascii_only else np.frombuffer(wide, np.uint32))
        ends = np.flatnonzero(characters == _LF)
        n_character = np.diff(ends, prepend=-1) - 1
        self._settle_width(n_character)
        self._refuse_first(characters, ends, n_character)
        is_record = n_character > 0
        kept = characters[np.repeat(is_record, n_character + 1)]
        if kept.size:
            self._measure(kept.reshape(int(is_record.sum()), -1))
            self.text.write(kept.astype("<u4").tobytes().decode("utf-32-le").encode() if not ascii_only else kept.data)
        self.n_line += ends.size
        self.n_blank_line += int((~is_record).sum())

    def _without_returns(self, characters: Characters) -> Characters:
        returns = np.flatnonzero(characters == _CR)
        lone = returns[characters[returns + 1] != _LF] if returns.size else returns
        if lone.size:
            line = self.n_line + int(np.count_nonzero(characters[: lone[0]] == _LF)) + 1
            raise RefusedError("lone_cr", "a carriage return without a line feed", line)
        return np.delete(characters, returns) if returns.size else characters

    def _settle_width(self, n_character: NDArray[np.int64]) -> None:
        """The columns of the file, by the width of its first record."""
        written = n_character[n_character > 0]
        if self.positions or not written.size:
            return
        end, width = _last(self.form.positions), int(written[0])
        if width == end or width in self.form.may_end_at:
            self.positions = tuple(p for p in self.form.positions if p[1] + p[2] - 1 <= width)
            self.n_value = self.n_value[: len(self.positions)]

    def _refuse_first(self, characters: Characters, ends: NDArray[np.int64], n_character: NDArray[np.int64]) -> None:
        """Refuse the first line that is at fault: by its width, or by a control character in it."""
        width = _last(self.positions or self.form.positions)
        wrong = np.flatnonzero((n_character != width) & (n_character > 0))
        control = np.flatnonzero(((characters < _SPACE) & (characters != _LF)) | (characters == _DELETE))
        where = int(np.searchsorted(ends, control[0])) if control.size else ends.size
        if control.size and (not wrong.size or where <= wrong[0]):
            place = int(control[0]) - (int(ends[where - 1]) + 1 if where else 0) + 1
            code = int(characters[control[0]])
            rule = "control_character" if code else "nul_byte"
            raise RefusedError(rule, f"character {place} of the line is a control character (hexadecimal {code:02x})", self.n_line + where + 1)
        if wrong.size:
            raise RefusedError("wrong_width", _width_told(int(n_character[wrong[0]]), width, self.form), self.n_line + int(wrong[0]) + 1)

    def _measure(self, lines: Characters) -> None:
        """Lines as rows of characters, the last of each its LF: the bytes of each record's values, and how many values each column has."""
        n_byte = np.zeros(lines.shape[0], np.int64)
        for i, (_, first, width) in enumerate(self.positions):
            field = lines[:, first - 1 : first - 1 + width]
            is_value = field != _SPACE
            has_value = is_value.any(axis=1)
            start, stop = is_value.argmax(axis=1), width - is_value[:, ::-1].argmax(axis=1)
            n_byte += np.where(has_value, stop - start, 0)
            if field.dtype != np.uint8:  # spaces and the like within a value are one byte each, so only wider characters count for more
                n_byte += ((field > 0x7F).astype(np.int64) + (field > 0x7FF) + (field > 0xFFFF)).sum(axis=1)
            self.n_value[i] += int(np.count_nonzero(has_value))
        self.lengths.write(n_byte.astype(np.uint32).data)
        self.n_record += lines.shape[0]
        self.n_content_byte += int(n_byte.sum())


def _last(positions: Sequence[Position]) -> int:
    """The last character of a record."""
    return positions[-1][1] + positions[-1][2] - 1


def _width_told(found: int, wanted: int, form: FileForm) -> str:
    widths = " or ".join(str(n) for n in sorted({*form.may_end_at, _last(form.positions)}))
    if found > wanted and found % wanted == 0:
        return f"the line has {found} characters and a record {wanted}: {found // wanted} records stand in one line, so line ends are missing"
    what = "short" if found < wanted else "long"
    told = f"the map's positions end at {widths}" if wanted == _last(form.positions) else f"the first record of the file has {wanted}"
    return f"the record is too {what}: it has {found} characters, and {told}"
