"""A delivered Parquet file, read by PyArrow so that what the engine lands can be compared with it, and the SQL that makes each column text.

How a value is written as text: whole numbers and decimals plainly; floating numbers by their shortest exact digits, never with an
exponent, and a whole one without ".0" (so that a code that passed through a data frame is a code again); dates YYYY-MM-DD;
moments YYYY-MM-DD hh:mm:ss, with .ffffff where a second has a fraction (what is finer is cut), in UTC where they have a zone;
booleans true and false.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.compute
import pyarrow.parquet
from numpy.typing import NDArray

from accord.intake.frame import Framed
from accord.intake.limits import FREE_CELLS, MAX_CELLS_PER_BYTE, MAX_RECORD_BYTES, MEBIBYTE, RefusedError, check_names

pa: Any = pyarrow  # it carries no types
pc: Any = pyarrow.compute
pq: Any = pyarrow.parquet

ARROW_FAULTS = (pa.ArrowException, OSError, ValueError, TypeError, LookupError, OverflowError, RuntimeError)
"""What PyArrow raises over a file that it cannot read, as seen over damaged files of every kind."""

PARQUET_MARK = b"PAR1"
"""The bytes with which every Parquet file begins."""

_BATCH_RECORDS = 16_384


@dataclass(frozen=True)
class FramedParquet:
    """What PyArrow found. texts: SQL for each column as text. measured: the columns that were text, whose lengths were framed.

    n_value: per column, how many are neither NULL nor empty.
    """

    framed: Framed
    texts: tuple[str, ...]
    measured: tuple[int, ...]
    n_value: tuple[int, ...]


def frame_parquet(file: Path, lengths: Path) -> FramedParquet:
    """Count a Parquet file's records, and the values and text of each. Refuses what is damaged, nested, binary, or declares far too much."""
    try:
        with pq.ParquetFile(file, pre_buffer=False, buffer_size=MEBIBYTE) as parquet:
            schema, n_record = parquet.schema_arrow, parquet.metadata.num_rows
            check_names(tuple(schema.names))
            if not schema.names:
                raise RefusedError("no_heading", "the Parquet file has no column")
            if n_record * len(schema.names) > max(FREE_CELLS, MAX_CELLS_PER_BYTE * file.stat().st_size):
                raise RefusedError("zip_bomb", f"the Parquet file declares more than {MAX_CELLS_PER_BYTE} values for each of its bytes")
            texts = tuple(_as_text(f.name, _plain(f.type)) for f in schema)
            measured = tuple(i for i, f in enumerate(schema) if _is_text(_plain(f.type)))
            n_value = np.zeros(len(schema.names), np.int64)
            n_read = n_content = 0
            with lengths.open("wb") as out:
                for batch in parquet.iter_batches(batch_size=_BATCH_RECORDS):
                    n_byte = _measure(batch, measured, n_value, n_read)
                    out.write(n_byte.astype(np.uint32).data)
                    n_read, n_content = n_read + batch.num_rows, n_content + int(n_byte.sum())
    except ARROW_FAULTS as error:
        raise RefusedError("damaged_parquet", f"the file is not a whole Parquet file ({type(error).__name__})") from error
    if n_read != n_record:
        raise RefusedError("damaged_parquet", f"the file's footer declares {n_record} records, and {n_read} are there")
    framed = Framed(tuple(schema.names), n_record, 0, n_content, quotes_newlines=False, lengths=lengths)
    return FramedParquet(framed, texts, measured, tuple(int(n) for n in n_value))


def _measure(batch: Any, measured: tuple[int, ...], n_value: NDArray[np.int64], n_before: int) -> NDArray[np.int64]:
    """Per record of the batch, the bytes of its text; n_value is added to in place."""
    total = np.zeros(batch.num_rows, np.int64)
    for i, column in enumerate(batch.columns):
        plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        if i not in measured:
            n_value[i] += len(plain) - plain.null_count
            continue
        plain = plain.cast(pa.large_string())
        plain.validate(full=True)
        n_byte = pc.fill_null(pc.binary_length(plain), 0).to_numpy(zero_copy_only=False)
        nul = pc.index(pc.match_substring(plain, "\0"), value=True).as_py()
        if nul >= 0:
            raise RefusedError("nul_byte", f"record {n_before + nul + 1} holds a NUL byte in column {i + 1}")
        n_value[i] += int(np.count_nonzero(n_byte))
        total += n_byte
    if total.size and total.max() > MAX_RECORD_BYTES:
        longest = n_before + int(total.argmax()) + 1
        raise RefusedError("field_too_long", f"record {longest} holds more than {MAX_RECORD_BYTES // MEBIBYTE} MiB of text")
    return total


def _plain(kind: Any) -> Any:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _as_text(name: str, kind: Any) -> str:
    """SQL for one column as text, NULL where it is empty."""
    column = quoted(name)
    types = pa.types
    if _is_text(kind):
        return f"nullif(cast({column} as varchar), '')"
    if types.is_integer(kind) or types.is_boolean(kind) or types.is_date(kind) or (types.is_decimal(kind) and kind.precision <= 38):
        return f"cast({column} as varchar)"
    if types.is_floating(kind):
        return _plain_number(f"cast({column} as varchar)")
    if types.is_timestamp(kind):
        return _moment(f"cast({column} as timestamp)")
    if types.is_time(kind):
        return f"cast(cast({column} as time) as varchar)"
    if types.is_null(kind):
        return "cast(null as varchar)"
    raise RefusedError("unsupported_column", f"column {name!r} is of type {kind}, which has no plain text")


def read_footer(file: Path) -> tuple[tuple[str, ...], dict[bytes, bytes]]:
    """The column names of a Parquet file, and what its writer noted in it. Raises one of `ARROW_FAULTS`."""
    schema = pq.read_schema(file)
    return tuple(schema.names), schema.metadata or {}


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _moment(moment: str) -> str:
    whole = f"strftime({moment}, '%Y-%m-%d %H:%M:%S')"
    return f"case when date_part('microsecond', {moment}) % 1000000 = 0 then {whole} else strftime({moment}, '%Y-%m-%d %H:%M:%S.%f') end"


def _plain_number(text: str) -> str:
    """The engine's shortest digits, '1.5e-07' or '1e+20', with the exponent written out as zeros."""
    digits = f"replace(ltrim(split_part({text}, 'e', 1), '-'), '.', '')"
    power = f"cast(split_part({text}, 'e', 2) as integer)"
    sign = f"case when starts_with({text}, '-') then '-' else '' end"
    small = f"'0.' || repeat('0', -{power} - 1) || {digits}"
    large = f"{digits} || repeat('0', {power} + 1 - length({digits}))"
    return (
        f"case when not contains({text}, 'e') then regexp_replace({text}, '[.]0$', '') "
        f"when {power} < 0 then {sign} || {small} else {sign} || {large} end"
    )


def spool(chunks: Iterator[bytes], file: Path) -> None:
    """Write the chunks to a file: Parquet is read from its end, so it cannot be framed as it comes."""
    with file.open("wb") as out:
        for chunk in chunks:
            out.write(chunk)
