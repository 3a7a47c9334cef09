"""How much of a partner's file is read before it is refused, and the closed list of reasons to refuse a file whole."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

MEBIBYTE = 1024 * 1024

CHUNK_BYTES = MEBIBYTE
"""Bytes read, hashed and framed at once: arrays of this size stay in a processor's cache, which gains more than longer runs would."""

MAX_RECORD_BYTES = 4 * MEBIBYTE
"""The longest record, and so the longest field: no person-level extract comes near it, and an unclosed quote soon passes it."""

MAX_COLUMNS = 1024
"""The widest file: the widest layout known here has 225 columns; at 2,048 the older engine runs out of its 2 GB while it writes."""

MAX_UNPACKED_BYTES = 64 * 1024 * MEBIBYTE
"""What an archive may unpack to: 50 million records of 148 columns come to about 50 GB of text."""

MAX_EXPANSION = 200
"""Unpacked bytes to packed bytes. Extracts shrink 5 to 40 times, the emptiest (wide, mostly blank) about 100; a bomb 1,000 times."""

FREE_UNPACKED_BYTES = 64 * MEBIBYTE
"""Below this an archive's expansion is not judged: a small file of one repeated line harms nobody."""

MAX_CELLS_PER_BYTE = 1000
"""Parquet's own expansion: values declared for each byte of the file. A column of one repeated value passes 100; a bomb is far above."""

FREE_CELLS = 500_000_000
"""Below this many values a Parquet file's expansion is not judged."""

ENGINE_THREADS = 2
ENGINE_MEMORY = "3GB"
"""The engine's own limit while it lands a file. It uses far less, but sets 4 MB a column and thread aside before two threads may write:
below this, a file of 150 columns lands on one."""

CHILD_ADDRESS_BYTES = 12 * 1024 * MEBIBYTE
"""Address space of the landing child. Libraries reserve several times what they use, so this stops a runaway and not a large file."""

SECONDS_PER_FILE = 300
SECONDS_PER_MEBIBYTE = 2
"""Time a child may take for a file: fixed, and for each MiB of it as delivered. Landing runs at 50 MiB a second and more; packed files at 10."""


class RejectRule(NamedTuple):
    """A reason to refuse a whole file: what is wrong with it, and what its sender can do."""

    title: str
    mend: str


REJECT_RULES: Mapping[str, RejectRule] = MappingProxyType(
    {
        "empty_file": RejectRule("the file has no bytes", "Send it again; the transfer has probably failed."),
        "wrong_encoding": RejectRule(
            "the text is not in the encoding that the map states",
            "State its true encoding in the map's [file], or send UTF-8.",
        ),
        "nul_byte": RejectRule("the file holds a NUL byte", "Export it as text again; NUL never stands in a text file."),
        "no_heading": RejectRule(
            "the file has no heading line",
            "Send it with its heading, or say header = false and name the columns in the map.",
        ),
        "empty_column_name": RejectRule(
            "a column of the heading has no name",
            "Name every column, and look for a delimiter too many in the heading.",
        ),
        "repeated_column_name": RejectRule("two columns have the same name, capitals aside", "Rename one of them."),
        "reserved_column_name": RejectRule("a column has a name that Accord keeps for itself", "Rename the column."),
        "too_many_columns": RejectRule(f"the file has more than {MAX_COLUMNS} columns", "Look for a wrong delimiter, or send fewer columns."),
        "ragged_record": RejectRule(
            "a record has more or fewer fields than the heading",
            "Quote fields that hold the delimiter, and send the file again.",
        ),
        "wrong_width": RejectRule(
            "a record of a fixed-width file is shorter or longer than the map's positions",
            "Send it again if it was cut or its line ends were lost; if the layout has changed, give the map its new positions.",
        ),
        "control_character": RejectRule(
            "a fixed-width file holds a tab or another control character",
            "Send it as it was written: a character that stands for several moves every column behind it.",
        ),
        "bare_quote": RejectRule(
            "a quote stands inside a field that does not begin with one",
            "Quote the field and double the quotes inside it.",
        ),
        "text_after_quote": RejectRule(
            "text follows the quote that closes a field",
            "Double each quote that stands inside a quoted field.",
        ),
        "unclosed_quote": RejectRule("a quoted field is never closed", "Close the quote; if the file ends early, send it again."),
        "lone_cr": RejectRule(
            "a line ends with a carriage return alone",
            "End lines with LF or CR LF, or quote the field that holds the carriage return.",
        ),
        "field_too_long": RejectRule(
            f"a record or field is longer than {MAX_RECORD_BYTES // MEBIBYTE} MiB",
            "Look for a quote that is not closed, or leave out the long field.",
        ),
        "damaged_archive": RejectRule("the gz or zip file cannot be unpacked", "Pack and send it again."),
        "encrypted_archive": RejectRule(
            "the zip file is locked with a password",
            "Send it without a password; protect the channel it travels by.",
        ),
        "archive_members": RejectRule("the zip file does not hold exactly one file", "Pack each file by itself."),
        "unsafe_member": RejectRule("the zip file names a path outside itself", "Pack the file again under a plain name."),
        "nested_archive": RejectRule("the archive holds another archive", "Pack the file once."),
        "unknown_archive": RejectRule("the file is packed in a way that is not read", "Send it plain, or as gz or zip."),
        "zip_bomb": RejectRule("the file unpacks to far more than it should", "Send it unpacked, or in parts."),
        "damaged_parquet": RejectRule("the file is not a whole Parquet file", "Write and send it again."),
        "unsupported_column": RejectRule(
            "a Parquet column is nested, binary or of another type that has no plain text",
            "Write it as text, numbers or dates.",
        ),
        "engine_refused": RejectRule(
            "the engine cannot read what was framed",
            "Send the file again, as plain UTF-8 CSV if need be; if that fails too, report it.",
        ),
        "frame_mismatch": RejectRule(
            "the records that landed are not the records that were framed",
            "Nothing was taken in. Please report it, with the file's shape.",
        ),
        "reader_crashed": RejectRule(
            "the process that read the file died",
            "Send the file again, as plain UTF-8 CSV if need be; it may be damaged or hostile.",
        ),
        "reader_timeout": RejectRule(
            "the file took far longer to read than its size explains",
            "Send it in parts, or unpacked; it may be damaged or hostile.",
        ),
    }
)  # fmt: skip
"""Rule -> title and mend. Every `Rejected` names one of these."""

RESERVED_NAMES = frozenset({"_hash_a", "_hash_b", "file_row_number"})
"""Column names, in small letters, that a landed file or its reading adds."""


class RefusedError(Exception):
    """A file is refused whole: a rule of `REJECT_RULES`, the line if one is to blame (from 1), and what was seen. Never leaves the room."""

    def __init__(self, rule: str, detail: str, line: int | None = None) -> None:
        super().__init__(detail)
        self.rule = rule
        self.detail = detail
        self.line = line

    def reason(self) -> str:
        """What was seen, and the mend."""
        return f"{self.detail[:1].upper()}{self.detail[1:]}. {REJECT_RULES[self.rule].mend}"


def check_names(columns: tuple[str, ...]) -> None:
    """Refuse names that SQL could not tell apart, capitals ignored, that are empty, or that Accord keeps."""
    if len(columns) > MAX_COLUMNS:
        raise RefusedError("too_many_columns", f"the file has {len(columns)} columns, and {MAX_COLUMNS} are the most that are read")
    seen: dict[str, int] = {}
    for position, name in enumerate(columns, start=1):
        folded = name.lower()
        if not name.strip():
            raise RefusedError("empty_column_name", f"column {position} of {len(columns)} has no name")
        if "\0" in name:
            raise RefusedError("nul_byte", f"the name of column {position} holds a NUL byte")
        if folded in RESERVED_NAMES:
            raise RefusedError("reserved_column_name", f"column {position} is called {name!r}, a name that Accord adds itself")
        if folded in seen:
            raise RefusedError("repeated_column_name", f"columns {seen[folded]} and {position} are both called {name!r}, capitals aside")
        seen[folded] = position
