"""What lands: every value as it was written, whatever the file's form; and that nothing lands which differs from what was framed."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from accord.errors import UserError
from accord.intake import decode, frame
from accord.intake import land as landing
from accord.intake.decode import FileForm
from accord.intake.frame import Framed
from accord.intake.land import Landed, Rejected, land
from accord.intake.limits import REJECT_RULES

Deliver = Callable[..., Landed | Rejected]
CSV = FileForm("csv")


@pytest.fixture
def deliver(tmp_path: Path) -> Deliver:
    """Land some bytes under a form."""
    for name in ("landed", "scratch"):
        (tmp_path / name).mkdir()

    def one(content: bytes, form: FileForm = CSV, name: str = "delivered") -> Landed | Rejected:
        (tmp_path / name).write_bytes(content)
        result = land(tmp_path / name, form, tmp_path / "landed", tmp_path / "scratch")
        assert (result.sha256, result.n_byte) == (hashlib.sha256(content).hexdigest(), len(content))
        assert not list((tmp_path / "scratch").iterdir())
        assert isinstance(result, Landed) or not list((tmp_path / "landed").iterdir())
        return result

    return one


def rows(result: Landed | Rejected) -> list[tuple[str | None, ...]]:
    assert isinstance(result, Landed), result
    table = pq.read_table(result.path)
    assert table.num_rows == result.n_record
    assert table.column_names == [*result.columns, "_hash_a", "_hash_b"]
    assert set(table.schema.types[:-2]) == {pa.string()}
    assert table.schema.types[-2:] == [pa.int64(), pa.int64()]
    return list(zip(*(column.to_pylist() for column in table.columns[:-2]), strict=True))


def parquet(table: pa.Table, **options: object) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a,b\n1,2\n3,4", [("1", "2"), ("3", "4")]),
        (b"a,b\r\n1,2\n3,4\r\n", [("1", "2"), ("3", "4")]),
        (b'a,b\n"",2\n,""\n', [(None, "2"), (None, None)]),
        (b'a,b\n"x""y",""""\n', [('x"y', '"')]),
        (b'a,b\n"x\\",\\\n', [("x\\", "\\")]),
        (b"a,b\n 1 , \n", [(" 1 ", " ")]),
        (b"a,b\nNULL,NA\n#x,//\n", [("NULL", "NA"), ("#x", "//")]),
        (b'a,b\n"1\r\n2","3\n4"\n"5\r6",\n', [("1\r\n2", "3\n4"), ("5\r6", None)]),
        ("a,b\n\ufeff1,\ufeff\n".encode(), [("\ufeff1", "\ufeff")]),
        ("\ufeffä,b\n😀,\u2028\x85\x0b\x0c\n".encode(), [("😀", "\u2028\x85\x0b\x0c")]),
        (b"a,b\n007,1e3\n1.005,2020-01-01\n", [("007", "1e3"), ("1.005", "2020-01-01")]),
        (b"a,b\n", []),
        (b"a,b", []),
        (b"\n\na,b\n\n1,2\n\n", [("1", "2")]),
        (b'a\n1\n\n""\n3\n', [("1",), (None,), ("3",)]),
        (b'"a ""b""","c\nd"\n1,2\n', [("1", "2")]),
    ],
)
def test_every_value_lands_as_it_was_written(deliver: Deliver, content: bytes, expected: list[tuple[str | None, ...]]) -> None:
    assert rows(deliver(content)) == expected


@pytest.mark.parametrize(
    ("form", "content"),
    [
        (FileForm("csv", delimiter="\t"), "a\tb\n1\tü,\n"),
        (FileForm("csv", delimiter="|", quote="'"), "a|b\n1|'ü,'\n"),
        (FileForm("csv", delimiter="\x1f"), "a\x1fb\n1\x1fü,\n"),
        (FileForm("csv", delimiter="a", quote="b"), "cad\n1abü,b\n"),
        (FileForm("csv", header=False, columns=("a", "b"), delimiter=";"), "1;ü,\n"),
        (FileForm("csv", encoding="utf-16", delimiter=";"), "a;b\r\n1;ü,\r\n"),
        (FileForm("csv", encoding="cp1252", delimiter=";"), "a;b\n1;ü,"),
    ],
)
def test_every_form_lands_alike(deliver: Deliver, form: FileForm, content: str) -> None:
    assert rows(deliver(content.encode(form.encoding), form)) == [("1", "ü,")]


def test_a_quote_is_plain_text_where_the_form_has_none(deliver: Deliver) -> None:
    assert rows(deliver(b'a,b\n"x,5" pipe\n', FileForm("csv", quote=""))) == [('"x', '5" pipe')]


def test_blank_lines_are_counted_and_the_header_alone_is_no_record(deliver: Deliver) -> None:
    result = deliver(b"a,b\n\n\r\n1,2\n\n")
    assert isinstance(result, Landed)
    assert (result.n_record, result.n_blank_line, result.columns) == (1, 3, ("a", "b"))


@pytest.mark.parametrize("n_column", [1, 225, 1024])
def test_wide_files_land(deliver: Deliver, n_column: int) -> None:
    line = [str(i) for i in range(n_column)]
    content = "\n".join([",".join(f"c{v}" for v in line), *[",".join(line)] * 3]) + "\n"
    assert rows(deliver(content.encode())) == [tuple(line)] * 3


def test_long_records_and_many_records_land_in_order(deliver: Deliver) -> None:
    content = "".join(f"{i},{'é' * (i % 50)},{'x' * (1_000_000 if i % 9000 == 1 else 0)}\n" for i in range(40_000))
    landed = rows(deliver(("n,a,b\n" + content).encode()))
    assert [int(r[0] or 0) for r in landed] == list(range(40_000))
    assert landed[9001][2] == "x" * 1_000_000


def test_quoted_line_ends_that_look_like_records_stay_in_their_field(deliver: Deliver) -> None:
    inner = "7,8,9\n" * 300_000
    content = "a,b,c\n" + "".join(f'{i},"{inner}",z\n' if i == 5 else f"{i},y,z\n" for i in range(12))
    landed = rows(deliver(content.replace(inner, inner[: 3 * 1024 * 1024]).encode()))
    assert len(landed) == 12
    assert landed[5][1] == inner[: 3 * 1024 * 1024]


def test_hashes_do_not_depend_on_the_order_of_columns_and_cover_every_value(deliver: Deliver) -> None:
    one, two = deliver(b"b,a,c\n1,2,\n"), deliver(b'a,c,b\n2,"",1\n')
    other = deliver(b"b,a,c\n2,1,\n")
    assert isinstance(one, Landed)
    assert isinstance(two, Landed)
    assert isinstance(other, Landed)
    hashes = [pq.read_table(r.path, columns=["_hash_a", "_hash_b"]).to_pylist()[0] for r in (one, two, other)]
    digest = hashlib.md5(b"2\x001\x00").digest()
    expected = {"_hash_a": int.from_bytes(digest[8:], "little") >> 2, "_hash_b": int.from_bytes(digest[:8], "little") >> 2}
    assert hashes[0] == hashes[1] == expected
    assert hashes[2] != expected
    assert max(expected.values()) < 2**62


@pytest.mark.parametrize("folder", ["year=2024", "a[b]*?", "it's; \"x\"", "sp ace"])
def test_odd_folder_names_mean_nothing(tmp_path: Path, folder: str) -> None:
    home = tmp_path / folder
    (home / "landed").mkdir(parents=True)
    (home / "scratch").mkdir()
    (home / "x'*.csv").write_bytes(b"a,b\n1,2\n")
    assert rows(land(home / "x'*.csv", CSV, home / "landed", home / "scratch")) == [("1", "2")]
    (home / "x.parquet").write_bytes(parquet(pa.table({"year": ["1"]})))
    assert rows(land(home / "x.parquet", FileForm("parquet"), home / "landed", home / "scratch")) == [("1",)]


def test_archives_land_by_what_they_are_not_by_their_name(deliver: Deliver) -> None:
    content = b"a,b\n1,2\n3,4\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/x.csv", content)
    for file in (gzip.compress(content), gzip.compress(content[:7]) + gzip.compress(content[7:]) + b"\0" * 512, packed.getvalue()):
        assert rows(deliver(file, name="plain.csv")) == [("1", "2"), ("3", "4")]
    assert rows(deliver(content, name="not.gz")) == [("1", "2"), ("3", "4")]
    assert rows(deliver(gzip.compress(parquet(pa.table({"a": ["1"]}))), FileForm("parquet"))) == [("1",)]


def test_large_archives_land_whole(deliver: Deliver) -> None:
    content = b"n,text\n" + b"".join(b"%d,%x\n" % (i, i * 7919 * 104729) for i in range(300_000))
    result = deliver(gzip.compress(content, 1))
    assert isinstance(result, Landed)
    assert result.n_record == 300_000


# -- the same bytes again ------------------------------------------------------------------------------------------------


def test_the_same_bytes_again_reuse_what_landed(deliver: Deliver) -> None:
    first = deliver(b"a,b\n1,2\n")
    assert isinstance(first, Landed)
    before = first.path.stat().st_ino
    assert deliver(b"a,b\n1,2\n", name="again") == first
    assert first.path.stat().st_ino == before


@pytest.mark.parametrize("damage", ["cut", "value"])
def test_what_landed_is_landed_again_if_it_is_not_what_it_was(deliver: Deliver, damage: str) -> None:
    content = b"a;b,c\n1;2,3\n"
    first = deliver(content)
    assert isinstance(first, Landed)
    if damage == "cut":
        first.path.write_bytes(first.path.read_bytes()[:-9])
    else:
        table = pq.read_table(first.path)
        pq.write_table(table.set_column(0, "a;b", pa.array(["1;9"])), first.path)
    assert rows(deliver(content)) == [("1;2", "3")]


def test_the_same_bytes_in_another_form_are_refused_and_what_landed_stays(deliver: Deliver) -> None:
    first = deliver(b"a;b,c\n1;2,3\n")
    assert isinstance(first, Landed)
    before = first.path.read_bytes()
    with pytest.raises(UserError, match="another form"):
        deliver(b"a;b,c\n1;2,3\n", FileForm("csv", delimiter=";"))
    assert first.path.read_bytes() == before


# -- never a silent loss -------------------------------------------------------------------------------------------------


def _tampered(change: Callable[[Framed, Path], None]) -> Callable[..., Framed]:
    def framed(chunks: object, form: FileForm, text: Path, lengths: Path) -> Framed:
        found = frame.frame(chunks, form, text, lengths)  # type: ignore[arg-type]
        change(found, text)
        return found

    return framed


@pytest.mark.parametrize(
    ("text", "record"), [(b"h,h\n1,2\n3,4\n", 3), (b"h,h\n1,2\n3,44\n5,6\n", 2), (b"h,h\n1,2\n3,4\n5,6\n7,8\n", 4), (b"h,h\n", 1)]
)
def test_an_engine_that_reads_other_records_than_were_framed_is_found(
    deliver: Deliver, monkeypatch: pytest.MonkeyPatch, text: bytes, record: int
) -> None:
    monkeypatch.setattr(landing, "frame", _tampered(lambda _, path: path.write_bytes(text) and None))
    result = deliver(b"a,b\n1,2\n3,4\n5,6\n")
    assert isinstance(result, Rejected)
    assert result.rule == "frame_mismatch"
    assert result.reason.startswith(f"Record {record} does not")


def test_a_framer_that_counts_wrongly_is_found(deliver: Deliver, monkeypatch: pytest.MonkeyPatch) -> None:
    def lengthen(found: Framed, _: Path) -> None:
        np.array([2, 3, 2], np.uint32).tofile(found.lengths)

    monkeypatch.setattr(landing, "frame", _tampered(lengthen))
    result = deliver(b"a,b\n1,2\n3,4\n5,6\n")
    assert isinstance(result, Rejected)
    assert result.rule == "frame_mismatch"
    assert "record 2" in result.reason.lower()


def test_a_file_that_the_engine_cannot_read_is_rejected_without_quoting_it(deliver: Deliver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landing, "frame", _tampered(lambda _, path: path.write_bytes(b"h,h\nsecret,2,3\n") and None))
    result = deliver(b"a,b\nsecret,2\n")
    assert isinstance(result, Rejected)
    assert result.rule == "engine_refused"
    assert "secret" not in result.reason


def test_a_file_that_grows_while_it_is_read_lands_as_the_bytes_that_were_hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("landed", "scratch"):
        (tmp_path / name).mkdir()
    file = tmp_path / "growing.csv"
    file.write_bytes(b"a,b\n" + b"1,2\n" * 700_000)
    read = os.read

    def read_and_grow(descriptor: int, n: int) -> bytes:
        chunk = read(descriptor, n)
        if len(chunk) == n:
            with file.open("ab") as more:
                more.write(b"3,4\n")
        return chunk

    monkeypatch.setattr(decode.os, "read", read_and_grow)
    result = land(file, CSV, tmp_path / "landed", tmp_path / "scratch")
    monkeypatch.undo()
    assert isinstance(result, Landed)
    whole = file.read_bytes()
    assert result.n_byte == len(whole) > 4 + 700_000 * 4
    assert result.sha256 == hashlib.sha256(whole).hexdigest()
    assert result.n_record == whole.count(b"\n") - 1


@pytest.mark.parametrize("kind", ["absent", "folder", "pipe"])
def test_what_cannot_be_read_is_the_readers_mistake(deliver: Deliver, tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(UserError, match="cannot be read") as caught:
        land(path, CSV, tmp_path / "landed", tmp_path / "scratch")
    assert caught.value.where == str(path)


def test_a_folder_that_cannot_be_written_is_the_readers_mistake(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"a\n1\n")
    (tmp_path / "landed").mkdir()
    with pytest.raises(UserError, match="could not be written"):
        land(tmp_path / "x.csv", CSV, tmp_path / "landed", tmp_path / "absent")


def test_every_rule_has_a_title_and_a_mend() -> None:
    assert all(rule.title and rule.mend.endswith(".") for rule in REJECT_RULES.values())
    with pytest.raises(TypeError):
        REJECT_RULES["new"] = REJECT_RULES["zip_bomb"]  # type: ignore[index]


# -- Parquet -------------------------------------------------------------------------------------------------------------


def test_every_parquet_value_becomes_plain_text(deliver: Deliver) -> None:
    moment = dt.datetime(2024, 2, 29, 13, 45, 1)
    table = pa.table(
        {
            "text": pa.array(["x", "", None]),
            "large": pa.array(["é", "y", None], pa.large_string()),
            "word": pa.array(["m", "f", None]).dictionary_encode(),
            "tiny": pa.array([1, -2, None], pa.int8()),
            "wide": pa.array([2**64 - 1, 0, None], pa.uint64()),
            "is_new": pa.array([True, False, None]),
            "money": pa.array([Decimal("12.50"), Decimal("-0.05"), None], pa.decimal128(18, 2)),
            "on": pa.array([dt.date(2024, 2, 29), dt.date(1, 1, 1), None]),
            "at": pa.array([moment, moment.replace(microsecond=500), None], pa.timestamp("us")),
            "at_ms": pa.array([moment, moment.replace(microsecond=5000), None], pa.timestamp("ms")),
            "at_ns": pa.array([moment, moment.replace(microsecond=5), None], pa.timestamp("ns")),
            "at_zone": pa.array([moment, moment, None], pa.timestamp("us", tz="Europe/London")),
            "clock": pa.array([dt.time(9, 5), dt.time(9, 5, 1, 250000), None], pa.time64("us")),
            "nothing": pa.nulls(3),
        }
    )
    assert rows(deliver(parquet(table), FileForm("parquet"))) == [
        ("x", "é", "m", "1", "18446744073709551615", "true", "12.50", "2024-02-29", "2024-02-29 13:45:01", "2024-02-29 13:45:01",
         "2024-02-29 13:45:01", "2024-02-29 13:45:01", "09:05:00", None),
        (None, "y", "f", "-2", "0", "false", "-0.05", "0001-01-01", "2024-02-29 13:45:01.000500", "2024-02-29 13:45:01.005000",
         "2024-02-29 13:45:01.000005", "2024-02-29 13:45:01", "09:05:01.25", None),
        (None,) * 14,
    ]  # fmt: skip


def test_floating_numbers_are_written_exactly_and_without_exponent(deliver: Deliver) -> None:
    rng = np.random.default_rng(20250401)
    values = [0.0, 1.0, 4280.0, 0.1, -1.5, 1e15, 1e16, 1.5e17, -1e20, 1e-4, 1e-5, 1.5e-7, 5e-324, 1.7976931348623157e308]
    values += np.ldexp(rng.uniform(-1, 1, 3000), rng.integers(-150, 150, 3000)).tolist()
    small = np.array([0.1, 3.0, 1e10, 1.1e-6, 16777216], np.float32)
    table = pa.table({"x": pa.array(values)})
    landed = [r[0] for r in rows(deliver(parquet(table), FileForm("parquet")))]
    assert not [text for text in landed if "e" in (text or "e")]
    assert [float(text or "nan") for text in landed] == values
    assert landed[:6] == ["0", "1", "4280", "0.1", "-1.5", "1000000000000000"]
    landed = [r[0] for r in rows(deliver(parquet(pa.table({"x": pa.array(small)})), FileForm("parquet")))]
    assert landed == ["0.1", "3", "10000000000", "0.0000011", "16777216"]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([b"x"]), pa.array([[1]]), pa.array([{"a": 1}]), pa.array([b"12"], pa.binary(2)), pa.array([1], pa.duration("s")),
        pa.array([Decimal(1)], pa.decimal256(40, 2)),
    ],
    ids=str,
)  # fmt: skip
def test_columns_without_plain_text_are_refused_by_name(deliver: Deliver, column: pa.Array) -> None:
    result = deliver(parquet(pa.table({"fine": ["x"], "odd one": column})), FileForm("parquet"))
    assert isinstance(result, Rejected)
    assert result.rule == "unsupported_column"
    assert "'odd one'" in result.reason


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"a,b\n1,2\n", "damaged_parquet"),
        (b"PAR1", "damaged_parquet"),
        (parquet(pa.table({"a": ["x"] * 100}))[:-20], "damaged_parquet"),
        (parquet(pa.table({"a": ["x"] * 100}))[:40] + parquet(pa.table({"a": ["x"] * 100}))[44:], "damaged_parquet"),
        (parquet(pa.table({"a": ["x\0y"]})), "nul_byte"),
        (parquet(pa.table({"a": ["1"], "A": ["2"]})), "repeated_column_name"),
        (parquet(pa.table({"_Hash_B": ["2"]})), "reserved_column_name"),
        (parquet(pa.table({})), "no_heading"),
        (parquet(pa.table({"a": ["x" * 5_000_000]})), "field_too_long"),
        (b"", "empty_file"),
    ],
)
def test_parquet_files_that_cannot_be_taken_whole_are_rejected(deliver: Deliver, content: bytes, rule: str) -> None:
    result = deliver(content, FileForm("parquet"))
    assert isinstance(result, Rejected)
    assert result.rule == rule


def test_a_parquet_file_without_records_lands(deliver: Deliver) -> None:
    assert rows(deliver(parquet(pa.table({"a": pa.array([], pa.string()), "n": pa.array([], pa.int64())})), FileForm("parquet"))) == []


def test_a_parquet_value_that_the_engine_reads_otherwise_is_found(deliver: Deliver, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = landing.frame_parquet
    monkeypatch.setattr(landing, "frame_parquet", lambda *paths: replace(honest(*paths), texts=("cast(null as varchar)",)))
    result = deliver(parquet(pa.table({"n": [1, 2]})), FileForm("parquet"))
    assert isinstance(result, Rejected)
    assert result.rule == "frame_mismatch"
    assert "column 'n'" in result.reason.lower()
