"""The framer against a reader that goes byte by byte, over small texts cut into chunks anywhere, and its limits."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from accord.intake import frame as framer
from accord.intake.decode import FileForm, as_utf8
from accord.intake.frame import Framed, frame
from accord.intake.limits import CHUNK_BYTES, MAX_RECORD_BYTES, RefusedError


def slow_records(text: str, delimiter: str, quote: str) -> Iterator[tuple[int, list[str]]]:  # noqa: PLR0912 - one state machine
    """Line and fields of each record, [] for a blank line, by RFC 4180, one character after another. Raises RefusedError."""
    line, start_line, fields, value, state, opened = 1, 1, [], "", "start", 1
    text += "" if text.endswith(("\n", "\r")) or not text else "\n"
    for i, char in enumerate(text):
        if state == "quoted":
            if char == quote:
                state = "closed"
            elif char == "\0":
                raise RefusedError("nul_byte", "", line)
            else:
                value += char
                line += char == "\n"
            continue
        if state == "closed" and char == quote:
            value, state = value + char, "quoted"
        elif state == "closed" and char not in (delimiter, "\r", "\n"):
            raise RefusedError("text_after_quote", "", line)
        elif char == "\0":
            raise RefusedError("nul_byte", "", line)
        elif quote and char == quote:
            if state == "text":
                raise RefusedError("bare_quote", "", line)
            state, opened = "quoted", line
        elif char == "\r":
            if text[i + 1 : i + 2] != "\n":
                raise RefusedError("lone_cr", "", line)
        elif char in (delimiter, "\n"):
            fields.append(value)
            if char == "\n":
                yield start_line, [] if fields == [""] and state == "start" else fields
                fields, line = [], line + 1
                start_line = line
            value, state = "", "start"
        else:
            value, state = value + char, "text"
    if state == "quoted":
        raise RefusedError("unclosed_quote", "", opened)


def slow_frame(text: str, form: FileForm) -> tuple[tuple[str, ...], list[list[str]], int]:
    """Columns, records and blank lines; RefusedError with rule and line."""
    columns, records, n_blank = form.columns, [], 0
    for line, fields in slow_records(text, form.delimiter, form.quote):
        if not fields:
            n_blank += 1
        elif not columns:
            columns = tuple(fields)
            if "" in [c.strip() for c in columns]:
                raise RefusedError("empty_column_name", "", line)
            if len({c.lower() for c in columns}) < len(columns):
                raise RefusedError("repeated_column_name", "", line)
        elif len(fields) != len(columns):
            raise RefusedError("ragged_record", "", line)
        else:
            records.append(fields)
    if not columns:
        raise RefusedError("no_heading", "")
    return columns, records, n_blank


def framed(folder: Path, chunks: list[bytes], form: FileForm) -> tuple[Framed, list[int], bytes]:
    found = frame(iter(chunks), form, folder / "text", folder / "lengths")
    return found, np.fromfile(found.lengths, np.uint32).tolist(), (folder / "text").read_bytes()


def cut(rng: random.Random, content: bytes) -> list[bytes]:
    """The content in chunks, none of which ends within a character."""
    text = content.decode()
    places = sorted({0, len(text), *(rng.randrange(len(text) + 1) for _ in range(rng.randint(0, 5)))})
    return [text[a:b].encode() for a, b in pairwise(places)]


FORMS = [
    FileForm("csv"), FileForm("csv"), FileForm("csv", quote=""), FileForm("csv", delimiter=";", quote="'"), FileForm("csv", delimiter="\t"),
    FileForm("csv", header=False, columns=("p", "q")), FileForm("csv", header=False, columns=("p",)),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_frames_as_a_reader_that_goes_byte_by_byte(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    outcomes = set()
    for _ in range(700):
        form = rng.choice(FORMS)
        mark, quote = form.delimiter, form.quote or '"'
        pieces = [mark, mark, "\n", "\n", "x", "é", quote, f"{quote}x{mark}\n{quote}", quote * 2, f"{quote}{quote}{mark}", "\r\n", "\r", "\0"]
        weights = [6, 6, 6, 6, 6, 3, 1, 4, 1, 2, 3, 0.2, 0.1]
        heading = "" if form.columns or rng.random() < 0.1 else rng.choice((f"a{mark}b\n", f"a{mark}b\n", "\na\n", f"a{mark}{quote}b\n{quote}\r\n"))
        row = rng.choice((f"1{mark}2\n", f"{quote}1{quote}{mark}\n", "1\n", ""))
        text = heading + row * rng.randint(0, 3) + "".join(rng.choices(pieces, weights, k=rng.randint(0, 6))) + row * rng.randint(0, 2)
        try:
            expected = slow_frame(text, form)
        except RefusedError as refusal:
            outcomes.add(refusal.rule)
            with pytest.raises(RefusedError) as caught:
                framed(tmp_path, cut(rng, text.encode()), form)
            assert (caught.value.rule, caught.value.line) == (refusal.rule, refusal.line), text
            continue
        outcomes.add("framed")
        found, lengths, landing = framed(tmp_path, cut(rng, text.encode()), form)
        columns, records, n_blank = expected
        assert (found.columns, found.n_record, found.n_blank_line) == (columns, len(records), n_blank), text
        assert lengths == [sum(len(v.encode()) for v in record) for record in records], text
        assert found.n_content_byte == sum(lengths)
        assert found.quotes_newlines or not any("\n" in value for record in records for value in record)
        if form.quote:
            again = csv.reader(landing.decode().split("\n", 1)[1].splitlines(keepends=True), delimiter=mark, quotechar=form.quote, strict=True)
            assert list(again) == records, text
    assert {"framed", "ragged_record", "bare_quote", "text_after_quote", "unclosed_quote", "lone_cr"} <= outcomes


def test_a_plain_text_lands_byte_for_byte_under_our_own_heading(tmp_path: Path) -> None:
    content = b'name,n\nx,1\n"y ""z""",2\n'
    assert framed(tmp_path, [content], FileForm("csv"))[2] == b"a,a\n" + content.split(b"\n", 1)[1]


def test_what_lands_has_lf_only_and_no_blank_line(tmp_path: Path) -> None:
    found, lengths, text = framed(tmp_path, [b"n,m\r\n\r\n1,2\n", b'\n\n3,"4\r\n"\r', b"\n5,6"], FileForm("csv"))
    assert text == b'a,a\n1,2\n3,"4\r\n"\n5,6\n'
    assert (found.n_blank_line, lengths) == (3, [2, 4, 2])


@pytest.mark.parametrize(
    ("content", "rule", "line"),
    [
        (b"a,b\n1,2\n\n3\n4,5\n", "ragged_record", 4),
        (b'a,b\n"x\ny",2\n3,4,5\n', "ragged_record", 4),
        (b'a,b\n1,2\n3,"\n4,5\n6,7\n', "unclosed_quote", 3),
        (b'a,b\n1,2\n3,"x""\n4,5\n', "unclosed_quote", 3),
        (b'a,b\n1,5" pipe\n', "bare_quote", 2),
        (b'a,b\n1, "x"\n', "bare_quote", 2),
        (b'a,b\n1,"x" \n', "text_after_quote", 2),
        (b'a,b\n"x\ny"z,1\n', "text_after_quote", 3),
        (b"a,b\n1,2\n3,\x004\n", "nul_byte", 3),
        (b"a,b\r1,2\r", "lone_cr", 1),
        (b"a,b\r\n1,2\r\n3,4\r", "lone_cr", 3),
        (b"\n\n\n", "no_heading", None),
        (b"a,,c\n1,2,3\n", "empty_column_name", 1),
        (b"a,b,\n1,2,3\n", "empty_column_name", 1),
        (b"\nCode,cODE\n1,2\n", "repeated_column_name", 2),
        (b"a,_HASH_A\n1,2\n", "reserved_column_name", 1),
        (",".join(f"c{i}" for i in range(1025)).encode() + b"\n", "too_many_columns", 1),
    ],
)
def test_refuses_by_name_with_the_line(tmp_path: Path, content: bytes, rule: str, line: int | None) -> None:
    with pytest.raises(RefusedError) as caught:
        framed(tmp_path, [content], FileForm("csv"))
    assert (caught.value.rule, caught.value.line) == (rule, line)


def test_a_record_up_to_the_limit_is_framed(tmp_path: Path) -> None:
    longest = b"x" * (MAX_RECORD_BYTES - 2)
    chunks = [b"a,b\n1,2\n" + longest[:CHUNK_BYTES], longest[CHUNK_BYTES:] + b",y\n3,4\n"]
    assert framed(tmp_path, chunks, FileForm("csv"))[1] == [2, MAX_RECORD_BYTES - 1, 2]


@pytest.mark.parametrize(
    ("start", "line", "what"),
    [(b"a,b\n1,2\n3,", 3, "record"), (b'a,b\n1,2\n3\n,4\n"x', 3, None), (b'a,b\n1,2\n"\n', 3, "quoted field")],
)
def test_an_endless_field_is_refused_before_it_is_held(tmp_path: Path, start: bytes, line: int, what: str | None) -> None:
    given = 0

    def endless() -> Iterator[bytes]:
        nonlocal given
        yield start
        while True:
            given += CHUNK_BYTES
            yield b"x" * CHUNK_BYTES

    with pytest.raises(RefusedError) as caught:
        frame(endless(), FileForm("csv"), tmp_path / "text", tmp_path / "lengths")
    assert caught.value.line == line
    assert caught.value.rule == ("ragged_record" if what is None else "field_too_long")
    assert what is None or caught.value.detail.startswith(f"the {what} that begins here")
    assert given <= MAX_RECORD_BYTES + 2 * CHUNK_BYTES


def test_blank_lines_before_a_heading_are_not_held(tmp_path: Path) -> None:
    found, _, _ = framed(tmp_path, [b"\n" * CHUNK_BYTES] * 6 + [b"a,b\n1,2\n"], FileForm("csv"))
    assert (found.columns, found.n_record, found.n_blank_line) == (("a", "b"), 1, 6 * CHUNK_BYTES)


def test_scan_counts_by_record() -> None:
    found = framer.scan(b'a,b\n"x,""y""",\r\n\n1,2', ",", '"', is_last=False)
    assert found.n_field.tolist() == [2, 2, 1]
    assert found.n_byte.tolist() == [2, 5, 0]
    assert found.is_blank.tolist() == [False, False, True]
    assert found.n_used == 17


@pytest.mark.parametrize(
    ("encoding", "content", "line", "said"),
    [
        ("utf-8", b"a,b\n1,2\n3,caf\xe9\n", 3, "byte 14 of the text (hexadecimal e9) is not utf-8"),
        ("utf-8", b"\xef\xbb\xbfa\n\xc3", 2, "byte 6 of"),
        ("utf-8", b"\xff\xfea\0\n\0", 1, "begins as UTF-16 does"),
        ("utf-16", b"a,b\n1,2\n", 1, "does not begin with a byte-order mark"),
        ("utf-16-le", "a,b\n1,".encode("utf-16-le") + b"\x00\xd8x\0\n\0", 2, "byte 13 of"),
        ("utf-16-le", "a,b\n1,2\n".encode("utf-16-le") + b"3", 3, "byte 17 of"),
        ("cp1252", b"a,b\n1,\x81\n", 2, "byte 7 of the text (hexadecimal 81) is not cp1252"),
    ],
)
@pytest.mark.parametrize("n_chunk", [1, 2, 3, 100])
def test_the_wrong_encoding_is_refused_with_line_and_byte(tmp_path: Path, encoding: str, content: bytes, line: int, said: str, n_chunk: int) -> None:
    size = max(3, -(-len(content) // n_chunk))  # a mark is never cut: the first chunk of a file is a full one
    chunks = [content[i : i + size] for i in range(0, len(content), size)]
    with pytest.raises(RefusedError) as caught:
        frame(as_utf8(iter(chunks), encoding), FileForm("csv", encoding=encoding), tmp_path / "text", tmp_path / "lengths")
    assert (caught.value.rule, caught.value.line) == ("wrong_encoding", line)
    assert said in caught.value.detail


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_nothing_is_read_beyond_a_byte_that_the_encoding_does_not_know(encoding: str) -> None:
    chunks = iter([b"a,b\n1,\x81", b"2\n", b"3,4\n"])
    with pytest.raises(RefusedError):
        list(as_utf8(chunks, encoding))
    assert list(chunks) == [b"2\n", b"3,4\n"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
@pytest.mark.parametrize("size", [3, 4, 7, 1000])
def test_every_encoding_gives_the_same_text(encoding: str, size: int) -> None:
    text = "a,b\r\né,ü\n" + "ß" * 50 + "," + ("😀\ufeff" if encoding.startswith("utf") else "£") + "\n"
    content = text.encode(encoding)
    chunks = [content[i : i + size] for i in range(0, len(content), size)]
    assert b"".join(as_utf8(iter(chunks), encoding.removesuffix("-sig"))).decode() == text


@pytest.mark.parametrize(
    "wrong",
    [
        {"format": "xlsx"}, {"delimiter": ""}, {"delimiter": ",,"}, {"delimiter": "é"}, {"delimiter": "\n"}, {"quote": "\r"}, {"quote": ","},
        {"encoding": "ascii"}, {"columns": ("a",)}, {"header": False},
    ],
)  # fmt: skip
def test_a_form_that_means_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not FileForm"):
        FileForm(**{"format": "csv", **wrong})  # type: ignore[arg-type]
