"""The independent framer: where each record of a CSV text begins and ends, and how long its content is, by NumPy alone.

It shares nothing with the engine that lands the file, so that comparing the two can find what either of them loses. The
rules are RFC 4180's, strictly: a field is quoted whole or not at all, a quote inside it is doubled, lines end with LF or
CR LF (both may occur), and every record has as many fields as the heading. A line without any byte is blank: it is
counted and is no record, in a file of one column too (there, an empty value that counts must be written as two quotes).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from accord.intake.decode import FileForm
from accord.intake.limits import MAX_RECORD_BYTES, MEBIBYTE, RefusedError, check_names

_LF, _CR = 0x0A, 0x0D
Positions = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Framed:
    """What the framer found. lengths: a file of one uint32 a record, the bytes of its content without delimiters, quoting and line end.

    n_content_byte: their sum. quotes_newlines: some quoted field holds a line end.
    """

    columns: tuple[str, ...]
    n_record: int
    n_blank_line: int
    n_content_byte: int
    quotes_newlines: bool
    lengths: Path


class Fault(NamedTuple):
    """Something that cannot be framed: its place in the text scanned, the rule, the place whose line is named, and what to say of it."""

    at: int
    rule: str
    blame: int
    detail: str


@dataclass(frozen=True)
class Scan:
    """A text that begins with a record, cut into records; what follows the last line end is left out.

    starts, ends, n_field, n_byte, is_blank, one element a record: its first byte, its line end (LF), its fields, the bytes of its
    content, whether it is a line without any byte. separators: every unquoted delimiter and line end. returns: every unquoted CR.
    """

    starts: Positions
    ends: Positions
    n_field: Positions
    n_byte: Positions
    is_blank: Mask
    separators: Positions
    returns: Positions
    faults: tuple[Fault, ...]
    quotes_newlines: bool

    @property
    def n_used(self) -> int:
        """How much of the text its whole records take."""
        return int(self.ends[-1]) + 1 if self.ends.size else 0


class _Quoting(NamedTuple):
    """Where a text's quotes are, and those of them that double the quote before them."""

    quotes: Positions
    doubled: Positions

    def removed(self, ends: Positions) -> Positions | int:
        """Per record: how many of its quotes are not content: all, but for one of each doubled pair."""
        if not self.quotes.size:
            return 0
        return np.diff(np.searchsorted(self.quotes, ends) - np.searchsorted(self.doubled, ends), prepend=0)

    def open_at(self, place: int) -> int | None:
        """The quote that opened the field which is still open at a place."""
        before = self.quotes[: int(np.searchsorted(self.quotes, place))]
        return int(np.setdiff1d(before[0::2], self.doubled)[-1]) if before.size % 2 else None


def scan(text: bytes, delimiter: str, quote: str, *, is_last: bool) -> Scan:
    """Cut a text into records by the parity of the quotes before each byte.

    In: a text that begins outside quotes, at a record's start; is_last: nothing follows it, and it ends with LF (or with the CR that
    is its fault). Out: see `Scan`. What can only be judged by the bytes that follow is left for the scan that has them.
    """
    data = np.frombuffer(text, np.uint8)
    has_quote, has_return = bool(quote) and quote.encode() in text, b"\r" in text
    marked, one = data == _LF, np.empty(data.size, bool)
    for mark in [ord(delimiter), *([ord(quote)] if has_quote else []), *([_CR] if has_return else [])]:
        marked |= np.equal(data, mark, out=one)
    marks = np.flatnonzero(marked)
    kinds = data[marks]
    quoting, quotes_newlines, returns = _Quoting(marks[:0], marks[:0]), False, marks[:0]
    if has_quote:
        is_quote = kinds == ord(quote)
        inside = np.logical_xor.accumulate(is_quote) & ~is_quote
        quotes_newlines = bool((inside & (kinds != ord(delimiter))).any())
        quotes = marks[is_quote]
        opening = quotes[0::2]
        quoting = _Quoting(quotes, opening[(opening > 0) & (data[opening - 1] == ord(quote))])
        outside = ~(inside | is_quote)
        marks, kinds = marks[outside], kinds[outside]
    if has_return:
        is_return = kinds == _CR
        returns, marks, kinds = marks[is_return], marks[~is_return], kinds[~is_return]
    ended = np.flatnonzero(kinds == _LF)
    ends = marks[ended]
    starts = np.concatenate((marks[:0], [0], ends + 1))[: ends.size]
    n_line_byte = ends - starts
    if has_return:
        n_line_byte -= (data[ends - 1] == _CR) & (n_line_byte > 0)
    n_field = np.diff(ended, prepend=-1)
    n_byte = n_line_byte - (n_field - 1) - quoting.removed(ends)
    faults = (
        *_quoting_faults(data, quoting, ord(delimiter), is_last), *_other_faults(text, data, returns, is_last),
        *_too_long(quoting, starts, ends, len(text)),
    )  # fmt: skip
    return Scan(starts, ends, n_field, n_byte, n_line_byte == 0, marks, returns, faults, quotes_newlines)


def _quoting_faults(data: NDArray[np.uint8], quoting: _Quoting, delimiter: int, is_last: bool) -> Iterator[Fault]:
    """A quote opens a field or doubles one; what follows a closing quote ends the field or doubles it."""
    quotes = quoting.quotes
    if not quotes.size:
        return
    opening, closing, quote = quotes[0::2], quotes[1::2], data[quotes[0]]
    before = data[opening - 1]
    bare = opening[(opening > 0) & (before != delimiter) & (before != _LF) & (before != quote)]
    if bare.size:
        yield Fault(int(bare[0]), "bare_quote", int(bare[0]), "a quote stands inside a field that does not begin with one")
    closing = closing[closing + 1 < data.size]
    after = data[closing + 1]
    wild = closing[(after != delimiter) & (after != _LF) & (after != _CR) & (after != quote)]
    if wild.size:
        yield Fault(int(wild[0]), "text_after_quote", int(wild[0]), "text follows the quote that closes a field")
    if is_last and (opened := quoting.open_at(data.size)) is not None:
        yield Fault(data.size, "unclosed_quote", opened, "a quoted field that begins here is never closed")


def _other_faults(text: bytes, data: NDArray[np.uint8], returns: Positions, is_last: bool) -> Iterator[Fault]:
    if (nul := text.find(b"\0")) >= 0:
        yield Fault(nul, "nul_byte", nul, "the file holds a NUL byte")
    if returns.size:
        judged = returns[returns + 1 < data.size]
        lone = judged[data[judged + 1] != _LF]
        if is_last and judged.size < returns.size:
            lone = np.append(lone, returns[-1])
        if lone.size:
            yield Fault(int(lone[0]), "lone_cr", int(lone[0]), "a carriage return without a line feed stands outside quotes")


def _too_long(quoting: _Quoting, starts: Positions, ends: Positions, n_text: int) -> Iterator[Fault]:
    long = starts[ends - starts > MAX_RECORD_BYTES]
    tail = int(ends[-1]) + 1 if ends.size else 0
    if not long.size and n_text - tail <= MAX_RECORD_BYTES:
        return
    start = int(long[0]) if long.size else tail
    limit = start + MAX_RECORD_BYTES
    opened = quoting.open_at(limit)
    what = "the record" if opened is None else "the quoted field"
    detail = f"{what} that begins here is longer than {MAX_RECORD_BYTES // MEBIBYTE} MiB"
    yield Fault(limit, "field_too_long", start if opened is None else opened, detail)


def frame(chunks: Iterable[bytes], form: FileForm, text: Path, lengths: Path) -> Framed:
    """Frame a stream of UTF-8 text in bounded memory, and write it out as it is to land.

    Out: in `text`, the records with a heading of our own, LF as the only unquoted line end, no byte-order mark and no blank line,
    which the engine can read in one way only; in `lengths`, one uint32 a record. Raises RefusedError with the line.
    """
    with text.open("wb") as text_file, lengths.open("wb") as lengths_file:
        framer = _Framer(form, text_file, lengths_file)
        feed_all(framer.feed, chunks, framer.line_at_end)
        framer.finish()
    return Framed(framer.columns, framer.n_record, framer.n_blank_line, framer.n_content_byte, framer.quotes_newlines, lengths)


def feed_all(feed: Callable[[bytes], None], chunks: Iterable[bytes], line_now: Callable[[], int]) -> None:
    """Give a framer every chunk. Bytes that are not the encoding's are found while decoding: their line is the one the framer has come to."""
    try:
        for chunk in chunks:
            feed(chunk)
    except RefusedError as refusal:
        if refusal.rule == "wrong_encoding" and refusal.line is None:
            refusal.line = line_now()
        raise


class _Framer:
    """The state between two chunks: what is held of a record that has not ended, and how far the file has come."""

    def __init__(self, form: FileForm, text: BinaryIO, lengths: BinaryIO) -> None:
        self.form, self.text, self.lengths = form, text, lengths
        self.columns: tuple[str, ...] = ()
        self.n_record = self.n_blank_line = self.n_content_byte = 0
        self.quotes_newlines = False
        self._held = b""
        self._n_line = 0
        if not form.header:
            self._name(form.columns)

    def feed(self, chunk: bytes, *, is_last: bool = False) -> None:
        """Frame what is held and this chunk, as far as whole records go."""
        text = self._held + chunk
        if is_last and text and not text.endswith((b"\n", b"\r")):
            text += b"\n"
        found = scan(text, self.form.delimiter, self.form.quote, is_last=is_last)
        if not self.columns:
            self._take_heading(text, found)
            if self.columns:
                self.feed(b"", is_last=is_last)
            return
        self._refuse_first(text, (*found.faults, *self._ragged(found)))
        self._write(text, found)
        self._held = text[found.n_used :]
        self._n_line += text.count(b"\n", 0, found.n_used) if found.quotes_newlines else found.ends.size

    def finish(self) -> None:
        """Frame what is held as the file's end. Refuses a file without the heading that it should have."""
        self.feed(b"", is_last=True)
        if not self.columns:
            raise RefusedError("no_heading", "the file has no heading line")

    def line_at_end(self) -> int:
        """The line, from 1, on which the text given so far ends."""
        return self._line(self._held, len(self._held))

    def _line(self, text: bytes, place: int) -> int:
        return self._n_line + text.count(b"\n", 0, place) + 1

    def _name(self, columns: tuple[str, ...]) -> None:
        check_names(columns)
        self.columns = columns
        letter = next(c for c in "abc" if c not in (self.form.delimiter, self.form.quote))
        self.text.write(self.form.delimiter.join([letter] * len(columns)).encode() + b"\n")

    def _take_heading(self, text: bytes, found: Scan) -> None:
        """Name the columns by the first line that is not blank, and hold the rest; or count the blank lines."""
        written = np.flatnonzero(~found.is_blank)
        n_blank = int(written[0]) if written.size else found.ends.size
        end = int(found.ends[n_blank]) if written.size else len(text)
        self._refuse_first(text, [f for f in found.faults if f.at <= end])
        self.n_blank_line += n_blank
        if written.size:
            start = int(found.starts[n_blank])
            cuts = found.separators[(found.separators >= start) & (found.separators <= end)]
            try:
                self._name(tuple(_names(text, start, cuts.tolist(), self.form.quote)))
            except RefusedError as refusal:
                refusal.line = self._line(text, start)
                raise
        n_used = end + 1 if written.size else found.n_used
        self._n_line += text.count(b"\n", 0, n_used)
        self._held = text[n_used:]

    def _ragged(self, found: Scan) -> Iterator[Fault]:
        bad = np.flatnonzero((found.n_field != len(self.columns)) & ~found.is_blank)
        if bad.size:
            n = int(found.n_field[bad[0]])
            detail = f"the record that begins here has {n} field{'s' if n > 1 else ''}, and {len(self.columns)} are named"
            yield Fault(int(found.ends[bad[0]]), "ragged_record", int(found.starts[bad[0]]), detail)

    def _refuse_first(self, text: bytes, faults: Iterable[Fault]) -> None:
        first = min(faults, default=None)
        if first is not None:
            raise RefusedError(first.rule, first.detail, self._line(text, first.blame))

    def _write(self, text: bytes, found: Scan) -> None:
        n_byte, n_used = found.n_byte[~found.is_blank], found.n_used
        self.n_record += n_byte.size
        self.n_content_byte += int(n_byte.sum())
        self.n_blank_line += found.is_blank.size - n_byte.size
        self.quotes_newlines |= found.quotes_newlines
        self.lengths.write(n_byte.astype(np.uint32).data)
        returns = found.returns[found.returns < n_used]
        if n_byte.size == found.is_blank.size and not returns.size:
            self.text.write(memoryview(text)[:n_used])
            return
        is_kept = np.ones(n_used, bool)
        is_kept[returns] = False
        is_kept[found.ends[found.is_blank]] = False
        self.text.write(np.frombuffer(text, np.uint8, n_used)[is_kept].data)


def _names(text: bytes, start: int, cuts: list[int], quote: str) -> Iterator[str]:
    """The fields of a heading that is known to be well quoted."""
    for cut in cuts:
        name = text[start:cut].decode("utf-8")
        name = name.removesuffix("\r") if cut == cuts[-1] else name
        yield name[1:-1].replace(quote * 2, quote) if quote and name.startswith(quote) else name
        start = cut + 1
