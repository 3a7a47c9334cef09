"""From the bytes of a delivered file to UTF-8 text: read once, hashed, unpacked and transcoded in one stream.

What is hashed is what is passed on: the file is opened and read once, so a change by its sender in the meantime can only
give another hash, never a file that differs from its hash.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from accord.errors import UserError
from accord.intake.limits import CHUNK_BYTES, FREE_UNPACKED_BYTES, MAX_EXPANSION, MAX_UNPACKED_BYTES, MEBIBYTE, RefusedError

ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1")

_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OTHER_ARCHIVES = {b"7z\xbc\xaf\x27\x1c": "7z", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zstandard", b"Rar!\x1a\x07": "rar"}
_BZIP2 = (b"BZh", b"1AY&SY")
_UTF16_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


Position = tuple[str, int, int]
"""A column of a fixed-width record: its name, its first character (from 1) and its width."""


@dataclass(frozen=True)
class FileForm:
    """How a file is written, as its map says. delimiter: one ASCII character; quote: one, or "" for none; columns: names, if there is no heading.

    positions: the columns of a fixed-width record, which follow one another without a gap. may_end_at: positions, fewer than all, at which
    every record of a file may end. may_be_parquet: a file that begins as Parquet does is read as Parquet.
    """

    format: str
    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    header: bool = True
    columns: tuple[str, ...] = ()
    positions: tuple[Position, ...] = ()
    may_end_at: tuple[int, ...] = ()
    may_be_parquet: bool = False

    def __post_init__(self) -> None:
        for fault, found in (
            ("format is csv, fixed or parquet", self.format not in {"csv", "fixed", "parquet"}),
            ("positions are given when, and only when, the format is fixed", (self.format == "fixed") != bool(self.positions)),
            ("delimiter is one ASCII character, no line end", not _is_mark(self.delimiter)),
            ("quote is one ASCII character or empty, no line end", self.quote != "" and not _is_mark(self.quote)),
            ("delimiter and quote differ", self.delimiter == self.quote),
            (f"encoding is one of {', '.join(ENCODINGS)}", self.encoding not in ENCODINGS),
            ("columns are named when, and only when, a CSV file has no heading", self.format == "csv" and self.header == bool(self.columns)),
        ):
            if found:
                raise ValueError(f"{fault}, not {self!r}")


def _is_mark(text: str) -> bool:
    return len(text) == 1 and text.isascii() and text not in "\0\r\n"


class DeliveredFile:
    """A partner's file, opened and read once. `sha256` and `n_byte` tell of the bytes that `chunks` has given; `drain` reads the rest for their sake.

    A missing, unreadable or irregular file (a folder, a pipe) is a UserError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.n_byte = 0
        self._hash = hashlib.sha256()
        self._worker: ThreadPoolExecutor | None = None
        self._hashing: Future[None] | None = None
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # non-blocking: a pipe must not hang us
        except (OSError, ValueError) as error:
            raise _unreadable(path, getattr(error, "strerror", None) or str(error)) from error
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            os.close(self._descriptor)
            raise _unreadable(path, "it is not a regular file")

    def __enter__(self) -> DeliveredFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._worker is not None:
            self._worker.shutdown()
        os.close(self._descriptor)

    def chunks(self) -> Iterator[bytes]:
        """The file's bytes from where reading stopped, in chunks."""
        while chunk := self._read():
            yield chunk

    def drain(self) -> None:
        """Read what is left, for the hash and the size."""
        for _ in self.chunks():
            pass

    @property
    def sha256(self) -> str:
        """Of the bytes read so far, in hexadecimal."""
        self._settle()
        return self._hash.hexdigest()

    def _read(self) -> bytes:
        try:
            chunk = os.read(self._descriptor, CHUNK_BYTES)
        except OSError as error:
            raise _unreadable(self.path, error.strerror or str(error)) from error
        self._settle()
        self.n_byte += len(chunk)
        if len(chunk) < CHUNK_BYTES:
            self._hash.update(chunk)
        else:  # a second core hashes this chunk while the caller frames it
            self._worker = self._worker or ThreadPoolExecutor(max_workers=1, thread_name_prefix="sha256")
            self._hashing = self._worker.submit(self._hash.update, chunk)
        return chunk

    def _settle(self) -> None:
        if self._hashing is not None:
            self._hashing.result()
            self._hashing = None


def _unreadable(path: Path, why: str) -> UserError:
    return UserError(f"the file cannot be read: {why}", where=str(path), what_to_do="Put a readable, regular file there, or take it out of sources/.")


def unpacked(source: DeliveredFile, spool: Path) -> Iterator[bytes]:
    """The file's bytes, unpacked where its first bytes say gz (of one or more members) or zip (of one member), whatever its name.

    spool: where a zip file is copied, since its directory stands at its end. Refuses what unpacks too far, archives in archives,
    and other packings by name.
    """
    chunks = source.chunks()
    first = next(chunks, b"")
    packing = _packing(first)
    if not first:
        raise RefusedError("empty_file", "the file has no bytes")
    if packing is None:
        yield first
        yield from chunks
    elif packing in {"gz", "zip"}:
        whole = chained(first, chunks)
        yield from _guarded(_gunzipped(whole) if packing == "gz" else _unzipped(whole, spool), source)
    else:
        raise RefusedError("unknown_archive", f"the file is packed as {packing}")


def _packing(first: bytes) -> str | None:
    if first.startswith(_GZIP):
        return "gz"
    if first.startswith(_ZIP):
        return "zip"
    if first.startswith(_BZIP2[0]) and first[4:].startswith(_BZIP2[1]):
        return "bzip2"
    return next((name for mark, name in _OTHER_ARCHIVES.items() if first.startswith(mark)), None)


def chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    """A first chunk, and then the rest."""
    yield first
    yield from rest


def _guarded(chunks: Iterator[bytes], source: DeliveredFile) -> Iterator[bytes]:
    """The unpacked chunks, until they are too many for the packed bytes read so far."""
    n_unpacked = 0
    for chunk in chunks:
        if not n_unpacked and (packing := _packing(chunk)):
            raise RefusedError("nested_archive", f"the archive holds a {packing} archive")
        n_unpacked += len(chunk)
        if n_unpacked > MAX_UNPACKED_BYTES:
            raise RefusedError("zip_bomb", f"the file unpacks to more than {MAX_UNPACKED_BYTES // MEBIBYTE} MiB")
        if n_unpacked > FREE_UNPACKED_BYTES and n_unpacked > MAX_EXPANSION * source.n_byte:
            raise RefusedError("zip_bomb", f"the file unpacks to more than {MAX_EXPANSION} times its size")
        yield chunk
    if not n_unpacked:
        raise RefusedError("empty_file", "the archive holds a file that has no bytes")


def _gunzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            left = chunk
            while left:
                if inflate.eof:
                    left = left.lstrip(b"\0")  # tape and block padding between members is allowed
                    if not left:
                        break
                    inflate = zlib.decompressobj(wbits=31)
                yield from _inflated(inflate, left)
                left = inflate.unused_data
    except zlib.error as error:
        raise RefusedError("damaged_archive", f"the gz file is damaged ({error})") from error
    if not inflate.eof:
        raise RefusedError("damaged_archive", "the gz file is cut short")


def _inflated(inflate: zlib._Decompress, packed: bytes) -> Iterator[bytes]:
    """All that these packed bytes of one member give, never more than a chunk at a time."""
    while True:
        text = inflate.decompress(packed, CHUNK_BYTES)
        if text:
            yield text
        packed = inflate.unconsumed_tail
        if inflate.eof or (not packed and len(text) < CHUNK_BYTES):
            return


_ZIP_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, LookupError, OverflowError, OSError, struct.error)


def _unzipped(chunks: Iterator[bytes], spool: Path) -> Iterator[bytes]:
    with spool.open("wb") as copy:
        for chunk in chunks:
            copy.write(chunk)
    try:
        with zipfile.ZipFile(spool) as archive, archive.open(_only_member(archive)) as member:
            while text := member.read(CHUNK_BYTES):
                yield text
    except _ZIP_FAULTS as error:
        raise RefusedError("damaged_archive", f"the zip file is damaged ({type(error).__name__})") from error


def _only_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = archive.infolist()
    if len(members) != 1 or members[0].is_dir():
        raise RefusedError("archive_members", f"the zip file holds {len(members)} entries, and one file is wanted")
    member = members[0]
    parts = member.filename.replace("\\", "/").split("/")
    if member.filename.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
        raise RefusedError("unsafe_member", "the zip file names its member by a path that is absolute or leads out of the archive")
    if member.flag_bits & 0x1:
        raise RefusedError("encrypted_archive", "the zip file is locked with a password")
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:  # the others unpack without a limit
        raise RefusedError("damaged_archive", "the zip file is packed by a method other than deflate")
    return member


def as_utf8(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The text as UTF-8 without its byte-order mark, every chunk ending at a character's end.

    A byte that the encoding does not know is a RefusedError without a line: what precedes it is given first, so whoever counts lines knows it.
    """
    first = next(chunks, b"")
    encoding, n_mark = _without_mark(first, encoding)
    text = chained(first[n_mark:], chunks)
    return _utf8(text, n_mark) if encoding == "utf-8" else _transcoded(text, encoding, n_mark)


def _without_mark(first: bytes, encoding: str) -> tuple[str, int]:
    """The encoding that a byte-order mark settles, and the mark's length."""
    mark = _UTF16_MARKS.get(first[:2])
    if encoding == "utf-16" and mark is None:
        detail = "the file should be UTF-16 but does not begin with a byte-order mark; the map can say utf-16-le or utf-16-be"
        raise RefusedError("wrong_encoding", detail, 1)
    if encoding == "utf-8":
        if mark is not None:
            raise RefusedError("wrong_encoding", "the file begins as UTF-16 does, and the map says utf-8", 1)
        return encoding, 3 if first.startswith(codecs.BOM_UTF8) else 0
    if encoding.startswith("utf-16"):
        return (mark or encoding, 2) if encoding in {"utf-16", mark} else (encoding, 0)
    return encoding, 0


def _utf8(chunks: Iterator[bytes], n_before: int) -> Iterator[bytes]:
    carry = b""
    for chunk in chunks:
        text = carry + chunk if carry else chunk
        carry = b""
        if not text.isascii():
            try:
                text.decode("utf-8")
            except UnicodeDecodeError as error:
                good, carry = text[: error.start], text[error.start :]
                yield good
                if not (error.reason == "unexpected end of data" and error.end == len(text)):
                    raise _undecodable("utf-8", carry[0], n_before + error.start) from error
                n_before += len(good)
                continue
        n_before += len(text)
        yield text
    if carry:
        raise _undecodable("utf-8", carry[0], n_before)


def _transcoded(chunks: Iterator[bytes], encoding: str, n_before: int) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    wide = encoding.startswith("utf-16")
    try:
        for chunk in chunks:
            n_held = len(decoder.getstate()[0])
            yield chunk if not wide and chunk.isascii() else decoder.decode(chunk).encode("utf-8")
            n_before += len(chunk)
        chunk, n_held = b"", len(decoder.getstate()[0])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        yield bytes(error.object[: error.start]).decode(encoding).encode("utf-8")
        raise _undecodable(encoding, error.object[error.start], n_before - n_held + error.start) from error


def _undecodable(encoding: str, byte: int, offset: int) -> RefusedError:
    return RefusedError("wrong_encoding", f"byte {offset + 1} of the text (hexadecimal {byte:02x}) is not {encoding}")
