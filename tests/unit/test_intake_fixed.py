"""Fixed-width files: framed by NumPy, cut by the engine, and equal to what plain Python cuts; a layout that does not fit is refused."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.errors import UserError
from accord.intake.catalogue import Map
from accord.intake.decode import FileForm, Position
from accord.intake.fixed import frame_fixed
from accord.intake.land import Landed, Rejected, land
from accord.intake.layout import Layout
from accord.intake.layout_faults import layout_faults
from accord.intake.limits import REJECT_RULES, RefusedError
from accord.place.toml import read_model

POSITIONS: tuple[Position, ...] = (("id", 1, 3), ("name", 4, 5), ("sum", 9, 4))
FORM = FileForm("fixed", positions=POSITIONS)
Deliver = Callable[..., Landed | Rejected]


@pytest.fixture
def deliver(tmp_path: Path) -> Deliver:
    """Land these bytes, each time in folders of their own."""
    n = 0

    def _deliver(content: bytes, form: FileForm = FORM) -> Landed | Rejected:
        nonlocal n
        n += 1
        home = tmp_path / str(n)
        for folder in ("landed", "scratch"):
            (home / folder).mkdir(parents=True)
        (home / "file").write_bytes(content)
        return land(home / "file", form, home / "landed", home / "scratch")

    return _deliver


def rows(result: Landed | Rejected) -> list[tuple[str | None, ...]]:
    assert isinstance(result, Landed), result
    columns = ", ".join(f'"{c}"' for c in result.columns)
    return duckdb.execute(f"select {columns} from read_parquet('{result.path}') order by file_row_number").fetchall()


def cut(text: str, positions: Sequence[Position]) -> list[tuple[str | None, ...]]:
    """The values of each line, by plain Python."""
    lines = [line for line in text.replace("\r\n", "\n").split("\n") if line]
    return [tuple(line[first - 1 : first - 1 + width].strip(" ") or None for _, first, width in positions) for line in lines]


def test_padding_on_either_side_is_no_value(deliver: Deliver) -> None:
    assert rows(deliver(b"001Anne   12\n002     -3.5\n")) == [("001", "Anne", "12"), ("002", None, "-3.5")]


def test_a_space_within_a_value_and_what_csv_would_take_for_a_mark_are_kept(deliver: Deliver) -> None:
    assert rows(deliver(b'1  a b,"   7\n')) == [("1", 'a b,"', "7")]


def test_characters_are_counted_and_not_bytes(deliver: Deliver) -> None:
    assert rows(deliver("001Zoë €   1\n002𝄞        2\n".encode().replace(b"        2", b"       2"))) == [("001", "Zoë €", "1"), ("002", "𝄞", "2")]


def test_line_ends_of_both_kinds_blank_lines_and_a_last_line_without_an_end(deliver: Deliver) -> None:
    result = deliver(b"\r\n001Anne    1\r\n\n002Bob     2\n003Cy      3")
    assert rows(result) == [("001", "Anne", "1"), ("002", "Bob", "2"), ("003", "Cy", "3")]
    assert isinstance(result, Landed)
    assert (result.n_record, result.n_blank_line, result.columns) == (3, 2, ("id", "name", "sum"))


def test_a_record_of_spaces_is_a_record_without_values(deliver: Deliver) -> None:
    assert rows(deliver(b"001Anne    1\n            \n")) == [("001", "Anne", "1"), (None, None, None)]


def test_a_packed_file_and_one_in_another_encoding(deliver: Deliver) -> None:
    assert rows(deliver(gzip.compress(b"001Anne    1\n"))) == [("001", "Anne", "1")]
    latin = FileForm("fixed", encoding="latin-1", positions=POSITIONS)
    assert rows(deliver("001Zoë     1\n".encode("latin-1"), latin)) == [("001", "Zoë", "1")]


def test_parquet_of_the_same_columns_is_read_where_the_map_allows_it(deliver: Deliver, tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["001"], "name": ["Anne"], "sum": ["1"]}), tmp_path / "x.parquet")
    content = (tmp_path / "x.parquet").read_bytes()
    either = FileForm("fixed", positions=POSITIONS, may_be_parquet=True)
    assert rows(deliver(content, either)) == [("001", "Anne", "1")]
    assert isinstance(deliver(content), Rejected)
    assert rows(deliver(b"001Anne    1\n", either)) == [("001", "Anne", "1")]


def test_the_same_record_has_the_same_hash_in_either_form(deliver: Deliver, tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["001"], "name": [None], "sum": ["1"]}), tmp_path / "x.parquet")
    results = [deliver(b"001        1\n"), deliver((tmp_path / "x.parquet").read_bytes(), FileForm("parquet"))]
    found = [duckdb.execute(f"select _hash_a, _hash_b from read_parquet('{r.path}')").fetchall() for r in results if isinstance(r, Landed)]
    assert len(found) == 2
    assert found[0] == found[1]


SHORTER = FileForm("fixed", positions=POSITIONS, may_end_at=(8,))


def test_records_may_end_before_columns_that_may_be_lacking_all_or_none(deliver: Deliver) -> None:
    short = deliver(b"001Anne \n002Bob  \n", SHORTER)
    assert isinstance(short, Landed)
    assert (short.columns, rows(short)) == (("id", "name"), [("001", "Anne"), ("002", "Bob")])
    assert rows(deliver(b"001Anne    1\n", SHORTER)) == [("001", "Anne", "1")]
    mixed = deliver(b"001Anne \n002Bob     2\n", SHORTER)
    assert isinstance(mixed, Rejected)
    assert (mixed.rule, mixed.line) == ("wrong_width", 2)
    assert "12 characters, and the first record of the file has 8" in mixed.reason


BAD = [
    (b"001Anne    1\n002Bob    2\n", "wrong_width", 2, "too short: it has 11 characters, and the map's positions end at 12"),
    (b"001Anne    1\n\n002Bob      2\n", "wrong_width", 3, "too long: it has 13 characters, and the map's positions end at 12"),
    (b"001Anne    1\n002Bob     2003Cy      3\n", "wrong_width", 2, "2 records stand in one line, so line ends are missing"),
    (b"001Anne    1002Bob     2", "wrong_width", 1, "2 records stand in one line, so line ends are missing"),
    (b"id,name,sum\n001,Anne,1\n", "wrong_width", 1, "too short: it has 11 characters"),
    (b"001Anne    1\n002\tBob    2\n", "control_character", 2, "Character 4 of the line is a control character (hexadecimal 09)"),
    (b"001Anne    1\n002Bob     2\n\x1a", "control_character", 3, "hexadecimal 1a"),
    (b"001Anne    1\n002B\0b     2\n", "nul_byte", 2, "hexadecimal 00"),
    (b"001Anne    1\n002Bo\rb    2\n", "lone_cr", 2, "carriage return"),
    (b"001Anne    1\n002B\xffb     2\n", "wrong_encoding", 2, "is not utf-8"),
    (b"", "empty_file", None, "no bytes"),
]


@pytest.mark.parametrize(("content", "rule", "line", "said"), BAD, ids=[f"{n}-{each[1]}" for n, each in enumerate(BAD)])
def test_a_file_that_does_not_fit_is_rejected_with_the_line(deliver: Deliver, content: bytes, rule: str, line: int | None, said: str) -> None:
    result = deliver(content)
    assert isinstance(result, Rejected)
    assert (result.rule, result.line) == (rule, line)
    assert said in result.reason


CHARACTER = st.sampled_from('ab 9-.,"\'\\;é€𝄞\u00a0\u2028')


@st.composite
def fixed_text(draw: st.DrawFn) -> tuple[str, tuple[Position, ...]]:
    widths = draw(st.lists(st.integers(1, 6), min_size=1, max_size=5))
    firsts = [1 + sum(widths[:i]) for i in range(len(widths))]
    positions = tuple((f"c{i}", first, width) for i, (first, width) in enumerate(zip(firsts, widths, strict=True)))
    record = st.text(CHARACTER, min_size=sum(widths), max_size=sum(widths))
    lines = draw(st.lists(st.one_of(record, st.just("")), max_size=8))
    ends = draw(st.lists(st.sampled_from(["\n", "\r\n"]), min_size=len(lines), max_size=len(lines)))
    return "".join(a + b for a, b in zip(lines, ends, strict=True)), positions


@settings(max_examples=150, deadline=None)
@given(fixed_text(), st.lists(st.integers(0, 200), max_size=4))
def test_the_framer_measures_what_python_cuts_wherever_the_stream_is_parted(
    tmp_path_factory: pytest.TempPathFactory, drawn: tuple[str, tuple[Position, ...]], cuts: list[int]
) -> None:
    text, positions = drawn
    places = sorted({0, len(text), *(min(c, len(text)) for c in cuts)})
    chunks = [text[a:b].encode() for a, b in pairwise(places)]
    home = tmp_path_factory.mktemp("framed")
    found = frame_fixed(iter(chunks), FileForm("fixed", positions=positions), home / "text", home / "lengths")
    expected = cut(text, positions)
    lengths = [sum(len(v.encode()) for v in record if v) for record in expected]
    assert (home / "lengths").read_bytes() == b"".join(n.to_bytes(4, "little") for n in lengths)
    assert (found.framed.n_record, found.framed.n_content_byte) == (len(expected), sum(lengths))
    assert list(found.n_value) == [sum(v is not None for v in column) for column in zip(*expected, strict=True)] or not expected


@settings(max_examples=60, deadline=None)
@given(fixed_text())
def test_the_engine_lands_what_python_cuts(tmp_path_factory: pytest.TempPathFactory, drawn: tuple[str, tuple[Position, ...]]) -> None:
    text, positions = drawn
    home = tmp_path_factory.mktemp("landed")
    for folder in ("landed", "scratch"):
        (home / folder).mkdir()
    (home / "file").write_bytes(text.encode())
    result = land(home / "file", FileForm("fixed", positions=positions), home / "landed", home / "scratch")
    if not text:
        assert isinstance(result, Rejected)
        return
    assert rows(result) == cut(text, positions)


@settings(max_examples=150, deadline=None)
@given(fixed_text(), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 4), st.binary(max_size=4)), min_size=1, max_size=3))
def test_a_damaged_file_is_rejected_or_lands_as_python_cuts_it(
    tmp_path_factory: pytest.TempPathFactory, drawn: tuple[str, tuple[Position, ...]], damage: list[tuple[int, int, bytes]]
) -> None:
    text, positions = drawn
    content = text.encode()
    for at, n_gone, new in damage:
        content = content[:at] + new + content[at + n_gone :]
    home = tmp_path_factory.mktemp("damaged")
    for folder in ("landed", "scratch"):
        (home / folder).mkdir()
    (home / "file").write_bytes(content)
    result = land(home / "file", FileForm("fixed", positions=positions), home / "landed", home / "scratch")
    if isinstance(result, Rejected):
        assert result.rule in REJECT_RULES
        assert result.rule not in {"frame_mismatch", "engine_refused"}
    else:
        assert rows(result) == cut(content.removeprefix(b"\xef\xbb\xbf").decode(), positions)


def test_a_long_file_is_framed_in_pieces(tmp_path: Path) -> None:
    lines = b"".join(b"%03dname%5d\n" % (i % 1000, i % 9) for i in range(2000))
    chunks = [lines[i : i + 1000] for i in range(0, len(lines), 1000)]
    found = frame_fixed(iter(chunks), FORM, tmp_path / "text", tmp_path / "lengths")
    assert found.framed.n_record == 2000
    assert (tmp_path / "text").read_bytes() == b"line\n" + lines
    with pytest.raises(RefusedError) as refused:
        frame_fixed(iter([*chunks, b"short\n"]), FORM, tmp_path / "text", tmp_path / "lengths")
    assert refused.value.line == 2001


MAP = """title = "One record of three columns"
reference = "written for this test"

[file]
format = "fixed"
positions = [
  { column = "id",   first = 1, width = 3 },
  { column = "name", first = 4, width = 5 },
  { column = "sum",  first = 9, width = 4 },
]

[organisation]
id   = { text = "id" }
kind = { constant = "other" }

[[ignore]]
columns = ["name", "sum"]
reason  = "nothing of it is wanted here"
"""
FAULTS = [
    ("first = 4, width = 5", "first = 3, width = 6", 8, "column 'name' stands at 3 to 8, and the column before it ends at 3: they overlap"),
    ("first = 1, width = 3", "first = 1, width = 2", 8, "characters 3 to 3, before 'name', belong to no column"),
    ("first = 1, width = 3", "first = 2, width = 2", 7, "characters 1 to 1, before 'id', belong to no column"),
    ('column = "sum", ', 'column = "Name",', 9, "column 'Name' has two positions, capitals aside"),
    ('columns = ["name", "sum"]', 'columns = ["name"]', 9, "column 'sum' has a position, and the map does not say what it is"),
    ('text = "id"', 'text = "ide"', 13, "the map reads 'ide', which has no position"),
    ("first = 9, width = 4", "first = 9, width = 0", 9, "width"),
    ("first = 9, width = 4", 'first = 9, width = "4"', 9, "width"),
    ("first = 9, width = 4", "frist = 9, width = 4", 9, "frist"),
    ("first = 9, width = 4", "first = 9", 9, "width"),
    ('format = "fixed"', 'format = "csv"', 4, "positions is for format"),
    ('format = "fixed"', 'format = "parquet"', 4, "positions is for format"),
]


def one_map(path: Path, text: str) -> Map:
    path.write_text(text, encoding="utf-8")
    return Map("one", path, read_model(path, Layout, check=layout_faults))


@pytest.mark.parametrize(("before", "after", "line", "said"), FAULTS, ids=[str(n) for n in range(len(FAULTS))])
def test_a_bad_table_of_positions_is_told_with_its_line(tmp_path: Path, before: str, after: str, line: int, said: str) -> None:
    assert MAP.count(before) == 1
    with pytest.raises(UserError) as error:
        one_map(tmp_path / "one.toml", MAP.replace(before, after))
    assert said in str(error.value)
    assert error.value.where.endswith(f"line {line}")


def test_a_map_says_where_its_records_may_end(tmp_path: Path) -> None:
    assert one_map(tmp_path / "one.toml", MAP).form == FORM
    lacking = one_map(tmp_path / "one.toml", MAP.replace("positions = [", 'may_lack = ["sum"]\npositions = ['))
    assert lacking.form.may_end_at == (8,)
    both = one_map(tmp_path / "one.toml", MAP.replace("positions = [", 'may_lack = ["sum", "name"]\nmay_be_parquet = true\npositions = ['))
    assert (both.form.may_end_at, both.form.may_be_parquet) == ((8, 3), True)
