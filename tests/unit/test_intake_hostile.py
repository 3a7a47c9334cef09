"""Files that mean harm, and files that kill their reader: refused by name, and nothing else is lost."""

from __future__ import annotations

import ast
import bz2
import gzip
import hashlib
import io
import lzma
import os
import signal
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from accord.errors import UserError
from accord.intake import child as landing_child
from accord.intake import parquet
from accord.intake.child import LandingChild
from accord.intake.decode import FileForm
from accord.intake.land import Landed, Rejected, land
from accord.intake.limits import FREE_UNPACKED_BYTES

Deliver = Callable[..., Landed | Rejected]
CSV = FileForm("csv")
TEXT = b"a,b\n1,2\n"


@pytest.fixture
def deliver(tmp_path: Path) -> Deliver:
    for name in ("landed", "scratch"):
        (tmp_path / name).mkdir()

    def one(content: bytes, form: FileForm = CSV) -> Landed | Rejected:
        (tmp_path / "delivered").write_bytes(content)
        result = land(tmp_path / "delivered", form, tmp_path / "landed", tmp_path / "scratch")
        assert (result.sha256, result.n_byte) == (hashlib.sha256(content).hexdigest(), len(content))
        assert not list((tmp_path / "scratch").iterdir())
        return result

    return one


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def locked() -> bytes:
    """A zip file whose member says that it is encrypted."""
    content = bytearray(zipped(("x.csv", TEXT)))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + at] |= 1
    return bytes(content)


def bomb(n_byte: int) -> bytes:
    deflate = zlib.compressobj(9, wbits=31)
    block = b"1,2\n" * 262_144
    return deflate.compress(b"a,b\n") + b"".join(deflate.compress(block) for _ in range(n_byte // len(block))) + deflate.flush()


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (gzip.compress(TEXT)[:-3], "damaged_archive"),
        (gzip.compress(TEXT)[:10], "damaged_archive"),
        (gzip.compress(TEXT) + b"rubbish", "damaged_archive"),
        (gzip.compress(TEXT)[:-8] + b"\0" * 8, "damaged_archive"),
        (gzip.compress(b""), "empty_file"),
        (gzip.compress(gzip.compress(TEXT)), "nested_archive"),
        (gzip.compress(zipped(("x.csv", TEXT))), "nested_archive"),
        (zipped(("x.csv.gz", gzip.compress(TEXT))), "nested_archive"),
        (zipped(("x.csv", TEXT))[:-30], "damaged_archive"),
        (zipped(("x.csv", TEXT), method=zipfile.ZIP_LZMA), "damaged_archive"),
        (zipped(("x.csv", TEXT), ("y.csv", TEXT)), "archive_members"),
        (zipped(), "archive_members"),
        (zipped(("folder/", b"")), "archive_members"),
        (zipped(("../x.csv", TEXT)), "unsafe_member"),
        (zipped(("a/../../x.csv", TEXT)), "unsafe_member"),
        (zipped(("/etc/x.csv", TEXT)), "unsafe_member"),
        (zipped(("C:\\x.csv", TEXT)), "unsafe_member"),
        (zipped(("..\\x.csv", TEXT)), "unsafe_member"),
        (locked(), "encrypted_archive"),
        (bz2.compress(TEXT), "unknown_archive"),
        (lzma.compress(TEXT), "unknown_archive"),
        (b"7z\xbc\xaf\x27\x1c" + TEXT, "unknown_archive"),
        (b"\x28\xb5\x2f\xfd" + TEXT, "unknown_archive"),
        (b"", "empty_file"),
        (b"\0" * 1000, "nul_byte"),
        (TEXT + b"3,\0\n", "nul_byte"),
        (b'a,b\n1,"\0"\n', "nul_byte"),
        (b"PAR1" + b"\0" * 50, "nul_byte"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # an archive holds the second it was made in, and no name may
)
def test_refused_by_name(deliver: Deliver, content: bytes, rule: str) -> None:
    result = deliver(content)
    assert isinstance(result, Rejected), result
    assert result.rule == rule
    assert result.reason.endswith(".")


def test_a_bomb_is_refused_before_it_is_unpacked(deliver: Deliver) -> None:
    content = bomb(2 * FREE_UNPACKED_BYTES)
    assert len(content) * 200 < FREE_UNPACKED_BYTES
    for packed in (content, zipped(("x.csv", b"1,2\n" * (FREE_UNPACKED_BYTES // 2)))):
        result = deliver(packed)
        assert isinstance(result, Rejected)
        assert result.rule == "zip_bomb"


def test_a_zip_that_lies_about_its_size_is_unpacked_no_further_than_it_says(deliver: Deliver) -> None:
    content = bytearray(zipped(("x.csv", TEXT * 1000)))
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = struct.pack("<I", 10)
    result = deliver(bytes(content))
    assert isinstance(result, Rejected)
    assert result.rule == "damaged_archive"


def test_a_parquet_bomb_is_refused_by_its_footer(deliver: Deliver, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    pq.write_table(pa.table({"a": [1.0] * 1_000_000}), out, compression="zstd", data_page_size=1 << 30, store_schema=False)
    monkeypatch.setattr(parquet, "FREE_CELLS", 999_999)
    assert isinstance(deliver(out.getvalue(), FileForm("parquet")), Landed)
    monkeypatch.setattr(parquet, "MAX_CELLS_PER_BYTE", 100)
    result = deliver(out.getvalue(), FileForm("parquet"))
    assert isinstance(result, Rejected)
    assert result.rule == "zip_bomb"


def test_a_field_of_a_gigabyte_is_refused(tmp_path: Path) -> None:
    for name in ("landed", "scratch"):
        (tmp_path / name).mkdir()
    file = tmp_path / "long.csv"
    with file.open("wb") as out:
        out.write(TEXT)
        block = b"x" * (64 << 20)
        for _ in range(16):
            out.write(block)
    result = land(file, CSV, tmp_path / "landed", tmp_path / "scratch")
    file.unlink()
    assert isinstance(result, Rejected)
    assert (result.rule, result.line, result.n_byte) == ("field_too_long", 3, (1 << 30) + len(TEXT))


# -- the child -----------------------------------------------------------------------------------------------------------

_BAD = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
import accord.intake.child as child
honest = child.land_with
def land_with(connection, file, form, landed, work):
    if file.name == "die":
        work.mkdir()
        (landed / f".{work.name}.part").write_bytes(b"half")
        os.kill(os.getpid(), 11)
    if file.name == "exit":
        os._exit(3)
    if file.name == "raise":
        raise MemoryError
    if file.name == "sleep":
        time.sleep(1000)
    if file.name == "tell":
        import resource
        core, size = resource.getrlimit(resource.RLIMIT_CORE)[0], resource.getrlimit(resource.RLIMIT_AS)[0]
        print("this must not pass for an answer", flush=True)
        return child.Rejected("", 0, "reader_crashed", None, repr((sorted(os.environ), os.getcwd(), core, size, sys.stdin.isatty())))
    return honest(connection, file, form, landed, work)
child.land_with = land_with
child.main()
"""


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], Landed | Rejected]]:
    """A child that dies in the way that a file's name says."""
    monkeypatch.setattr(landing_child, "_START", _BAD)
    monkeypatch.setenv("ACCORD_KEY", "secret")
    for name in ("landed", "scratch"):
        (tmp_path / name).mkdir()
    with LandingChild() as process:

        def one(name: str) -> Landed | Rejected:
            (tmp_path / name).write_bytes(TEXT)
            return process.land(tmp_path / name, CSV, tmp_path / "landed", tmp_path / "scratch")

        yield one


@pytest.mark.parametrize(("name", "cause"), [("die", "SIGSEGV"), ("exit", "exit code 3"), ("raise", "MemoryError")])
def test_a_file_that_kills_its_reader_is_rejected_and_the_next_one_lands(
    child: Callable[[str], Landed | Rejected], tmp_path: Path, name: str, cause: str
) -> None:
    for _ in range(2):
        result = child(name)
        assert isinstance(result, Rejected)
        assert (result.rule, result.sha256, result.n_byte) == ("reader_crashed", hashlib.sha256(TEXT).hexdigest(), len(TEXT))
        assert cause in result.reason
        assert not list((tmp_path / "scratch").iterdir())
        assert not list((tmp_path / "landed").iterdir())
    assert isinstance(child("fine"), Landed)


def test_a_reader_that_never_ends_is_ended(child: Callable[[str], Landed | Rejected], monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(child("fine"), Landed)
    monkeypatch.setattr(landing_child, "SECONDS_PER_FILE", 0)
    monkeypatch.setattr(landing_child, "SECONDS_PER_MEBIBYTE", 0)
    result = child("sleep")
    assert isinstance(result, Rejected)
    assert result.rule == "reader_timeout"


def test_the_child_has_no_keys_and_leaves_no_core(child: Callable[[str], Landed | Rejected]) -> None:
    result = child("tell")
    assert isinstance(result, Rejected)
    environment, folder, core, size, is_terminal = ast.literal_eval(result.reason)
    assert not [name for name in environment if not name.startswith("LC_")]
    assert (folder, core, is_terminal) == ("/", 0, False)
    assert size > 0


def test_a_child_that_died_between_files_is_no_files_fault(child: Callable[[str], Landed | Rejected], monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    popen = landing_child.subprocess.Popen
    monkeypatch.setattr(landing_child.subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1])
    assert isinstance(child("fine"), Landed)
    os.kill(started[0].pid, signal.SIGKILL)
    started[0].wait()
    assert isinstance(child("fine"), Landed)
    assert len(started) == 2


def test_a_child_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(landing_child, "_START", "raise SystemExit('no such module')")
    (tmp_path / "x").write_bytes(TEXT)
    with LandingChild() as process, pytest.raises(RuntimeError, match="cannot start: no such module"):
        process.land(tmp_path / "x", CSV, tmp_path, tmp_path)


def test_the_child_passes_on_what_the_reader_must_mend(tmp_path: Path) -> None:
    with LandingChild() as process, pytest.raises(UserError, match="cannot be read") as caught:
        process.land(tmp_path / "absent.csv", CSV, tmp_path, tmp_path)
    assert caught.value.where == str(tmp_path / "absent.csv")


def test_the_child_lands_as_land_does_whatever_the_files_name(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    results = []
    with LandingChild() as process:
        for i, one in enumerate((process.land, land)):
            landed = tmp_path / str(i)
            landed.mkdir()
            file = tmp_path / os.fsdecode(b"\xff'; drop\ntable \xc3\xa9.csv")
            file.write_bytes('ä,"b"\n1,"2\n3"\n\n'.encode())
            result = one(file, CSV, landed, tmp_path / "scratch")
            assert isinstance(result, Landed)
            results.append((result.sha256, result.n_record, result.n_blank_line, result.columns, pq.read_table(result.path).to_pylist()))
    assert results[0] == results[1]


def test_the_engine_can_touch_two_folders_and_nothing_else(tmp_path: Path) -> None:
    from accord.intake.land import connect

    (tmp_path / "secret.csv").write_bytes(TEXT)
    with connect(tmp_path / "landed", tmp_path / "scratch") as engine:
        for attempt in (f"from read_csv('{tmp_path}/secret.csv')", f"copy (select 1) to '{tmp_path}/out.csv'", "set enable_external_access = true"):
            with pytest.raises(Exception, match=r"(?i)permission|locked|cannot|disabled"):
                engine.execute(attempt)
