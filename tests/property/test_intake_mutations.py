"""Ten thousand damaged files: each is landed whole and exactly, or rejected whole by a rule; never an exception, never a dead process.

All go through one `LandingChild` a test process, as in production, because a damaged Parquet file may kill the process that reads
it. What landed from CSV is compared, field by field, with Python's own `csv` reader; what landed from Parquet, with PyArrow.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import hashlib
import io
import random
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from accord.intake.child import LandingChild
from accord.intake.land import FileForm, Landed, Rejected
from accord.intake.limits import REJECT_RULES

N_SHARD = 20
N_FILE = 10_000 // N_SHARD
OURS = {"engine_refused", "frame_mismatch", "reader_crashed", "reader_timeout"}
"""Rules by which a CSV file is never rejected: whatever the framer accepts, the engine reads alike."""

PLAIN = "person,amount,note\n1,2.50,flu\n2,,\n3,-4.00,“café”\n\n4,1e3,NULL\n"
QUOTED = 'person,note,"amount, net"\n1,"said ""no"", then left",2\n2,"two\nlines","3"\n"3","",4\n4,"""",5\n5,"a\r\nb",6'
WIDE = ";".join(f"c{i}" for i in range(40)) + "\r\n" + "\r\n".join(";".join(f"{i * j}" for i in range(40)) for j in range(5)) + "\r\n"
SINGLE = 'code\nI21\n""\n\n"J45"\n'
PIPES = "a|b\n'x|y'|1\n'it''s'|2\n|3\n"
NO_QUOTE = 'a,b\n"x,1\n5" pipe,2\n'


def _zip(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("extract.csv", (2025, 4, 1, 0, 0, 0)), content)
    return out.getvalue()


def _parquet(codec: str, use_dictionary: bool) -> bytes:
    n = 30
    table = pa.table(
        {
            "code": pa.array([None if i % 7 == 0 else f"X{i % 5}é" for i in range(n)]),
            "note": pa.array(["" if i % 4 == 0 else "n" * i for i in range(n)]),
            "n": pa.array([None if i % 5 == 0 else i * 10**9 for i in range(n)], pa.int64()),
            "rate": pa.array([i / 7 * 10 ** (i - 15) for i in range(n)], pa.float64()),
            "is_new": pa.array([i % 2 == 0 for i in range(n)]),
            "on": pa.array([dt.date(2020, 1, 1) + dt.timedelta(days=i) for i in range(n)]),
            "cost": pa.array([Decimal(i).scaleb(-2) for i in range(n)], pa.decimal128(18, 2)),
        }
    )
    out = io.BytesIO()
    pq.write_table(table, out, compression=codec, use_dictionary=use_dictionary, row_group_size=20)
    return out.getvalue()


Pack = Callable[[bytes], bytes]
CSV = FileForm("csv")
BASES: list[tuple[bytes, FileForm, Pack]] = [
    (PLAIN.encode(), CSV, bytes),
    (b"\xef\xbb\xbf" + PLAIN.replace("\n", "\r\n").encode(), CSV, bytes),
    (QUOTED.encode(), CSV, bytes),
    (WIDE.encode(), FileForm("csv", delimiter=";"), bytes),
    (SINGLE.encode(), CSV, bytes),
    (PIPES.encode(), FileForm("csv", delimiter="|", quote="'"), bytes),
    (NO_QUOTE.encode(), FileForm("csv", quote=""), bytes),
    (QUOTED.encode(), FileForm("csv", header=False, columns=("a", "b", "c")), bytes),
    (PLAIN.encode("utf-16"), FileForm("csv", encoding="utf-16"), bytes),
    (QUOTED.encode("utf-16-be"), FileForm("csv", encoding="utf-16-be"), bytes),
    (PLAIN.encode("cp1252"), FileForm("csv", encoding="cp1252"), bytes),
    (QUOTED.encode("latin-1"), FileForm("csv", encoding="latin-1"), bytes),
    (PLAIN.encode(), CSV, lambda b: gzip.compress(b, mtime=0)),
    (QUOTED.encode(), CSV, lambda b: gzip.compress(b[:40], mtime=0) + gzip.compress(b[40:], mtime=0)),
    (QUOTED.encode(), CSV, _zip),
    (_parquet("snappy", True), FileForm("parquet"), bytes),
    (_parquet("none", False), FileForm("parquet"), bytes),
    (_parquet("zstd", True), FileForm("parquet"), bytes),
]
SPLICES = [
    b'"', b'""', b",", b";", b"|", b"'", b"\n", b"\r\n", b"\r", b"\0", b"\\", b"#", b" ", b"\xef\xbb\xbf", b"\xff", "é".encode(), b"\n\n",
    b'",', b'"\n',
]  # fmt: skip


def _mutate(rng: random.Random, content: bytes) -> bytes:
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        at, to = sorted(rng.randrange(len(content) + 1) for _ in range(2)) if content else (0, 0)
        to = min(to, at + rng.choice((1, 4, 30)))
        kind = rng.randrange(7)
        if kind == 0 and at < len(content):
            content = content[:at] + bytes([content[at] ^ (1 << rng.randrange(8))]) + content[at + 1 :]
        elif kind == 1:
            content = content[:at] + content[to:]
        elif kind == 2:
            content = content[:at] + bytes(rng.randrange(256) for _ in range(rng.randint(1, 3))) + content[at:]
        elif kind == 3:
            content = content[:at] if rng.random() < 0.3 else content
        elif kind == 4:
            content = content[:to] + content[at:to] * rng.randint(1, 3) + content[to:]
        else:
            content = content[:at] + rng.choice(SPLICES) + content[to if rng.random() < 0.3 else at :]
    return content


def _damaged(rng: random.Random) -> tuple[bytes, FileForm]:
    """A base whose text is damaged before it is packed, or after, or which is read under another encoding."""
    content, form, pack = rng.choice(BASES)
    if pack is not bytes and rng.random() < 0.5:
        return pack(_mutate(rng, content)), form
    if form.format == "csv" and rng.random() < 0.05:
        form = FileForm("csv", form.delimiter, form.quote, rng.choice(("utf-8", "utf-16-le", "cp1252", "latin-1")), form.header, form.columns)
    return _mutate(rng, pack(content)), form


def _csv_records(content: bytes, form: FileForm) -> tuple[list[str], list[list[str]]]:
    """Column names and records by the standard library, strictly, blank lines left out."""
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    elif content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = archive.read(archive.namelist()[0])
    text = content.decode("utf-8-sig" if form.encoding == "utf-8" else form.encoding)
    text = text.removeprefix("\ufeff") if form.encoding.startswith("utf-16") else text
    quoting = {"quotechar": form.quote} if form.quote else {"quoting": csv.QUOTE_NONE}
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=form.delimiter, strict=True, **quoting) if row]
    return (rows[0], rows[1:]) if form.header else (list(form.columns), rows)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}".removesuffix(".0") if abs(value) < float("inf") else str(value)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _parquet_records(content: bytes) -> tuple[list[str], list[list[str]]]:
    with pq.ParquetFile(io.BytesIO(content), pre_buffer=False) as file:
        table = file.read(use_threads=False)
    return table.column_names, [list(row) for row in zip(*map(_texts, table.columns), strict=True)]


def _texts(column: pa.ChunkedArray) -> list[str]:
    try:
        return [_text(value) for value in column.to_pylist()]
    except OverflowError:  # a damaged date that Python has no word for: the engine's is taken
        assert pa.types.is_date(column.type)
        with duckdb.connect() as engine:
            days = column.cast(pa.int32()).to_pylist()
            return [_text(row[0]) for row in engine.execute("select cast(date '1970-01-01' + unnest(?::int[]) as varchar)", [days]).fetchall()]


def _check_landed(content: bytes, form: FileForm, result: Landed) -> None:
    """The landed file holds exactly the records of the delivered one, in order, each with its hash."""
    names, records = _parquet_records(content) if form.format == "parquet" else _csv_records(content, form)
    landed = pq.read_table(result.path, use_threads=False)
    assert landed.column_names == [*names, "_hash_a", "_hash_b"] == [*result.columns, "_hash_a", "_hash_b"]
    assert result.n_record == landed.num_rows == len(records)
    rows = list(zip(*(c.to_pylist() for c in landed.columns), strict=True))
    assert [["" if v is None else v for v in row[:-2]] for row in rows] == records
    in_order = sorted(range(len(names)), key=lambda i: names[i])
    for row, record in zip(rows, records, strict=True):
        digest = hashlib.md5("\0".join(record[i] for i in in_order).encode()).digest()
        assert row[-2:] == (int.from_bytes(digest[8:], "little") >> 2, int.from_bytes(digest[:8], "little") >> 2)


@pytest.fixture(scope="module")
def child() -> Iterator[LandingChild]:
    with LandingChild() as child:
        yield child


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mutations")
    for name in ("landed", "scratch"):
        (folder / name).mkdir()
    return folder


def _land(child: LandingChild, folder: Path, content: bytes, form: FileForm) -> Landed | Rejected:
    file = folder / "delivered"
    file.write_bytes(content)
    result = child.land(file, form, folder / "landed", folder / "scratch")
    assert (result.sha256, result.n_byte) == (hashlib.sha256(content).hexdigest(), len(content))
    return result


@pytest.mark.parametrize("base", range(len(BASES)))
def test_undamaged_files_land(child: LandingChild, folder: Path, base: int) -> None:
    content, form, pack = BASES[base]
    result = _land(child, folder, pack(content), form)
    assert isinstance(result, Landed), result
    _check_landed(pack(content), form, result)
    result.path.unlink()  # the same bytes come again in another form


@pytest.mark.parametrize("shard", range(N_SHARD))
def test_damaged_files_land_exactly_or_not_at_all(child: LandingChild, folder: Path, shard: int) -> None:
    rng = random.Random(shard)
    seen: Counter[str] = Counter()
    for _ in range(N_FILE):
        content, form = _damaged(rng)
        result = _land(child, folder, content, form)
        if isinstance(result, Landed):
            seen["landed"] += 1
            _check_landed(content, form, result)
            result.path.unlink()
        else:
            seen[result.rule] += 1
            assert result.rule in REJECT_RULES
            assert form.format == "parquet" or result.rule not in OURS, (result, content)
            assert result.reason.endswith((".", "?"))
    assert seen["landed"] > N_FILE // 10, "too few land for their exactness to be tested"
    assert len(seen) > 8, "the damage is all of one kind"
    assert not list((folder / "scratch").iterdir()), "temporary files were left behind"
