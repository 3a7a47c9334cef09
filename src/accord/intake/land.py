"""One delivered file into one landed file: hashed, framed, read by the engine as text, and the two compared before anything is kept."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import numpy as np

from accord.errors import UserError
from accord.intake.decode import DeliveredFile, FileForm, as_utf8, chained, unpacked
from accord.intake.fixed import DELIMITER, WHOLE_LINE, cut_columns, frame_fixed
from accord.intake.frame import Framed, frame
from accord.intake.limits import ENGINE_MEMORY, ENGINE_THREADS, MAX_RECORD_BYTES, MEBIBYTE, RefusedError
from accord.intake.parquet import ARROW_FAULTS, PARQUET_MARK, frame_parquet, quoted, read_footer, spool

__all__ = ["FileForm", "Landed", "Rejected", "connect", "land", "land_with"]

_FORM_KEY = "accord_form"
_OF_FIXED = ("positions", "may_end_at", "may_be_parquet")
_ROW_GROUP_BYTES = 256 * MEBIBYTE  # of memory: the content, and 16 bytes for each value that points to it
_ROW_GROUP_RECORDS = 122_880
_DICTIONARY_VALUES = 4000  # dates, codes and providers gain from a dictionary; trying one on identifiers costs a sixth of the writing
_BATCH_RECORDS = 1_000_000
_NO_ROOM = ("No space left", "Disk quota", "Read-only file system", "Input/output error")


@dataclass(frozen=True)
class Landed:
    """A file that lies at `path` as text, every record of it: `n_record` records of `columns`; blank lines were left out and counted."""

    sha256: str
    n_byte: int
    n_record: int
    n_blank_line: int
    columns: tuple[str, ...]
    path: Path


@dataclass(frozen=True)
class Rejected:
    """A file of which nothing landed: the rule (of `limits.REJECT_RULES`), the line to blame if there is one, and a sentence with the mend."""

    sha256: str
    n_byte: int
    rule: str
    line: int | None
    reason: str


@dataclass(frozen=True)
class _Readable:
    """A framed file as the engine will read it. relation: SQL that gives c0, c1, … as text. measured: columns whose lengths were framed."""

    framed: Framed
    relation: str
    measured: tuple[int, ...]
    n_value: tuple[int, ...] | None


def land(file: Path, form: FileForm, landed: Path, scratch: Path) -> Landed | Rejected:
    """Land one file in this process. For files from outside, `child.LandingChild` does the same where a crash harms nobody.

    In: a file; its form; the folder for landed files and one for temporary files, both there already. Out: `Landed`, with
    landed/<sha256>.parquet in place (written beside, synced, renamed), or `Rejected`, with nothing kept. Columns of the landed file:
    those of the file, in its order, VARCHAR, empty text as NULL; then _hash_a and _hash_b, BIGINT in 0..2^62-1. These are the MD5 of the
    record's columns in sorted name order, joined by chr(0), NULL as '', read as a little-endian number: its upper 64 bits and its
    lower 64 bits, each without the lowest two. Raises UserError where the file cannot be read or a folder not be written.
    """
    landed, scratch = landed.absolute(), scratch.absolute()
    with connect(landed, scratch) as connection:
        return land_with(connection, file, form, landed, scratch / f"landing-{secrets.token_hex(8)}")


def connect(landed: Path, scratch: Path) -> duckdb.DuckDBPyConnection:
    """An engine in memory that can touch these two folders and nothing else, for any number of files."""
    connection = duckdb.connect(
        config={"threads": ENGINE_THREADS, "memory_limit": ENGINE_MEMORY, "temp_directory": str(scratch), "autoinstall_known_extensions": False}
    )
    folders = ", ".join(_literal(str(folder)) for folder in (landed, scratch))
    for setting in (
        "TimeZone = 'UTC'", "preserve_insertion_order = true", f"allowed_directories = [{folders}]", "enable_external_access = false",
        "lock_configuration = true",
    ):  # fmt: skip
        connection.execute(f"set {setting}")
    return connection


def land_with(connection: duckdb.DuckDBPyConnection, file: Path, form: FileForm, landed: Path, work: Path) -> Landed | Rejected:
    """As `land`, with an engine of `connect` and a folder of this file's own, which is made and removed. Paths are absolute."""
    part = landed / f".{work.name}.part"
    try:
        work.mkdir()
        with DeliveredFile(file) as source:
            try:
                return _landed(connection, source, form, landed, work, part)
            except RefusedError as refusal:
                source.drain()
                return Rejected(source.sha256, source.n_byte, refusal.rule, refusal.line, refusal.reason())
    except OSError as error:
        raise UserError(
            f"a file could not be written while landing: {error.strerror or error}", where=str(error.filename or work),
            what_to_do="Free space there, or see who may write to it, and run again: nothing was kept of this file.",
        ) from error  # fmt: skip
    finally:
        part.unlink(missing_ok=True)
        shutil.rmtree(work, ignore_errors=True)


def _landed(connection: duckdb.DuckDBPyConnection, source: DeliveredFile, form: FileForm, landed: Path, work: Path, part: Path) -> Landed:
    read = _read(source, form, work)
    source.drain()
    target = landed / f"{source.sha256}.parquet"
    if not _is_landed(connection, read, form, target):
        _write(connection, read, form, part)
        _compare(connection, read, part)
        _publish(part, target)
    framed = read.framed
    return Landed(source.sha256, source.n_byte, framed.n_record, framed.n_blank_line, framed.columns, target)


def _read(source: DeliveredFile, form: FileForm, work: Path) -> _Readable:
    """The file framed by its form; a fixed-width form may allow that the file is Parquet, which its first bytes then say."""
    chunks = unpacked(source, work / "packed")
    if form.format == "csv":
        return _read_csv(chunks, form, work)
    if form.format == "parquet":
        return _read_parquet(chunks, work)
    first = next(chunks)
    whole = chained(first, chunks)
    return _read_parquet(whole, work) if form.may_be_parquet and first.startswith(PARQUET_MARK) else _read_fixed(whole, form, work)


def _read_csv(chunks: Iterator[bytes], form: FileForm, work: Path) -> _Readable:
    text = work / "text.csv"
    framed = frame(as_utf8(chunks, form.encoding), form, text, work / "lengths")
    numbers = range(len(framed.columns))
    relation = _csv(text, [f"c{i}" for i in numbers], form.delimiter, form.quote, parallel=not framed.quotes_newlines)
    return _Readable(framed, relation, tuple(numbers), None)


def _read_fixed(chunks: Iterator[bytes], form: FileForm, work: Path) -> _Readable:
    text = work / "text.txt"
    found = frame_fixed(as_utf8(chunks, form.encoding), form, text, work / "lengths")
    columns = ", ".join(f"{cut} as c{i}" for i, cut in enumerate(cut_columns(found.positions)))
    relation = f"(select {columns} from {_csv(text, [WHOLE_LINE], DELIMITER, '', parallel=True)})"
    return _Readable(found.framed, relation, tuple(range(len(found.positions))), found.n_value)


def _csv(text: Path, columns: Sequence[str], delimiter: str, quote: str, *, parallel: bool) -> str:
    """SQL that reads what a framer has written. parallel: a guess at a record's start in mid-file is safe if no quotes hold a line end."""
    options = {
        "auto_detect": "false", "columns": "{" + ", ".join(f"'{column}': 'VARCHAR'" for column in columns) + "}", "header": "true",
        "delim": _literal(delimiter), "quote": _literal(quote), "escape": _literal(quote), "new_line": "'\\n'", "nullstr": "''",
        "strict_mode": "true", "null_padding": "false", "ignore_errors": "false", "hive_partitioning": "false", "compression": "'none'",
        "max_line_size": str(2 * MAX_RECORD_BYTES), "buffer_size": str(8 * MAX_RECORD_BYTES), "parallel": "true" if parallel else "false",
    }  # fmt: skip
    return f"read_csv({_literal(str(text))}, {', '.join(f'{key} = {value}' for key, value in options.items())})"


def _read_parquet(chunks: Iterator[bytes], work: Path) -> _Readable:
    copy = work / "delivered.parquet"
    spool(chunks, copy)
    found = frame_parquet(copy, work / "lengths")
    columns = ", ".join(f"{text} as c{i}" for i, text in enumerate(found.texts))
    relation = f"(select {columns} from read_parquet({_literal(str(copy))}, hive_partitioning = false))"
    return _Readable(found.framed, relation, found.measured, found.n_value)


def _write(connection: duckdb.DuckDBPyConnection, read: _Readable, form: FileForm, part: Path) -> None:
    columns = read.framed.columns
    named = ", ".join(f"c{i} as {quoted(name)}" for i, name in enumerate(columns))
    numbered = ", ".join(f"c{i}" for i in range(len(columns)))
    n_mean = read.framed.n_content_byte // max(read.framed.n_record, 1) + 16 * len(columns)
    n_group = max(2048, min(_ROW_GROUP_RECORDS, _ROW_GROUP_BYTES // n_mean // 2048 * 2048))
    _run(
        connection,
        f"""copy (select {named}, {_hash_columns("digest")}
            from (select {numbered}, {_digest(columns, [f"c{i}" for i in range(len(columns))])} as digest from {read.relation}))
        to {_literal(str(part))} (format parquet, compression zstd, compression_level 1, dictionary_size_limit {_DICTIONARY_VALUES},
            row_group_size {n_group}, kv_metadata {{{_FORM_KEY}: {_literal(_form_text(form))}}})""",
    )


def _digest(names: Sequence[str], values: Sequence[str]) -> str:
    """SQL for the MD5 of a record; `concat` takes NULL for ''. No value holds chr(0), so that no two records read the same."""
    in_order = [value for _, value in sorted(zip(names, values, strict=True))]
    return f"md5_number(concat({', chr(0), '.join(in_order)}))"


def _hash_columns(digest: str) -> str:
    low = f"{digest} & cast(18446744073709551615 as uhugeint)"
    return f"cast({digest} >> 66 as bigint) as _hash_a, cast(({low}) >> 2 as bigint) as _hash_b"


def _form_text(form: FileForm) -> str:
    """The form as JSON. What only fixed-width forms have is left out of others: files landed before there were any have nothing of it."""
    return json.dumps({k: v for k, v in asdict(form).items() if v or k not in _OF_FIXED}, sort_keys=True)


def _compare(connection: duckdb.DuckDBPyConnection, read: _Readable, path: Path) -> None:
    """Read back what landed, and refuse the file unless each record has the length that was framed, and each column the values."""
    columns = read.framed.columns
    landed = f"read_parquet({_literal(str(path))}, file_row_number = true, hive_partitioning = false)"
    total = _sum([f"coalesce(strlen({quoted(columns[i])}), 0)" for i in read.measured])
    wrong = _first_difference(connection, f"select file_row_number, {total} from {landed}", read.framed)
    if wrong is not None:
        raise RefusedError("frame_mismatch", f"record {wrong + 1} does not have the length that was framed")
    if read.n_value is not None:
        counts = ", ".join(f"count({quoted(name)})" for name in columns)
        n_value = _run(connection, f"select {counts} from {landed}")[0]
        different = next((name for name, n, m in zip(columns, n_value, read.n_value, strict=True) if n != m), None)
        if different is not None:
            raise RefusedError("frame_mismatch", f"column {different!r} does not have as many values as were framed")


def _first_difference(connection: duckdb.DuckDBPyConnection, sql: str, framed: Framed) -> int | None:
    """The first record, from 0, whose number or length differs; None if all agree. Streamed: memory does not grow with the file."""
    expected = np.memmap(framed.lengths, np.uint32, "r") if framed.n_record else np.empty(0, np.uint32)
    n_seen = 0
    try:
        for batch in connection.sql(sql).to_arrow_reader(_BATCH_RECORDS):
            number, n_byte = (batch.column(i).to_numpy() for i in (0, 1))
            if n_seen + len(number) > expected.size:
                return expected.size
            wrong = np.flatnonzero((number != np.arange(n_seen, n_seen + len(number))) | (expected[n_seen : n_seen + len(number)] != n_byte))
            if wrong.size:
                return n_seen + int(wrong[0])
            n_seen += len(number)
    except (duckdb.Error, *ARROW_FAULTS) as error:
        raise _refused(error) from error
    return None if n_seen == framed.n_record else n_seen


def _sum(terms: Sequence[str]) -> str:
    """SQL that adds terms up as a balanced tree, since engines limit how deep an expression is."""
    if len(terms) < 2:
        return terms[0] if terms else "cast(0 as bigint)"
    half = len(terms) // 2
    return f"({_sum(terms[:half])} + {_sum(terms[half:])})"


def _is_landed(connection: duckdb.DuckDBPyConnection, read: _Readable, form: FileForm, target: Path) -> bool:
    """The same bytes landed before, under the same form, and what lies there is still what was framed, to the hash of each record."""
    if not target.is_file():
        return False
    columns = read.framed.columns
    digest = _digest(columns, [quoted(name) for name in columns])
    both = f"select _hash_a as a, _hash_b as b, {_hash_columns(digest)} from read_parquet({_literal(str(target))}, hive_partitioning = false)"
    try:
        names, notes = read_footer(target)
        written_as = notes.get(_FORM_KEY.encode())
        if written_as is not None and written_as != _form_text(form).encode():
            raise _other_form(target)
        if names != (*columns, "_hash_a", "_hash_b") or written_as is None:
            return False
        _compare(connection, read, target)
        different = _run(connection, f"select count(*) from ({both}) where a is distinct from _hash_a or b is distinct from _hash_b")
    except (RefusedError, *ARROW_FAULTS):
        return False
    return bool(different[0][0] == 0)


def _other_form(target: Path) -> UserError:
    return UserError(
        "the same bytes were landed before, written in another form (delimiter, quote, encoding or heading)", where=str(target),
        what_to_do="give both maps one form: runs made from the earlier landing must stay as they are",
    )  # fmt: skip


def _publish(part: Path, target: Path) -> None:
    _sync(part)
    part.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _run(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[object, ...]]:
    try:
        return connection.execute(sql).fetchall()
    except duckdb.Error as error:
        raise _refused(error) from error


def _refused(error: Exception) -> RefusedError | OSError:
    """The file's fault, unless the disk is to blame. The engine's own words may quote a record, so they go no further."""
    first = str(error).partition("\n")[0]
    cause = next((cause for cause in _NO_ROOM if cause in first), None)
    if cause is not None:
        return OSError(None, cause)
    return RefusedError("engine_refused", f"the engine cannot read what was framed ({type(error).__name__})")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
