"""The secret key by which people's identifiers become numbers: read from outside the place, or the published one of the demo."""

from __future__ import annotations

import base64
import binascii
import re
import stat
from pathlib import Path

from accord.errors import UserError
from accord.place.settings import KeyFile, is_inside, key_path

DEMO_KEY = b"accord: published, for invented people only"
"""Not a secret: whoever reads this can turn a demo place's numbers back into identifiers. For invented people only."""

LEAST_BYTES = 32
LARGEST_BYTES = 4096


def make_one(path: str) -> str:
    """The command that makes a key file."""
    return f"(umask 077; python3 -c 'import secrets; print(secrets.token_hex({LEAST_BYTES}))' > {path})"


def read_key(key: str | KeyFile, root: Path) -> bytes:
    """The key's bytes: 32 or more, written as hex, base64 or raw.

    Raises UserError if the file is absent, inside the place, open to others, too short or not random.
    """
    if not isinstance(key, KeyFile):
        return DEMO_KEY
    path = key_path(key, root)
    if is_inside(path, root):
        raise UserError(
            "the key file is inside the place", where=str(path), what_to_do="move it outside, and give that path in place.toml"
        )
    _check_rights(path)
    content = path.read_bytes()
    secret = _decoded(content)
    if len(secret) < LEAST_BYTES or len(content) > LARGEST_BYTES:
        what = f"the key holds {len(secret)} bytes; it wants {LEAST_BYTES} or more, in a file of at most {LARGEST_BYTES}"
        raise UserError(what, where=str(path), what_to_do=f"make one: {make_one(str(path))}")
    if len(set(secret)) < 8:
        raise UserError(
            "the key is not random: it repeats itself", where=str(path), what_to_do=f"make one: {make_one(str(path))}"
        )
    return secret


def _check_rights(path: Path) -> None:
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise UserError("the key file is not a file", where=str(path), what_to_do=f"make one: {make_one(str(path))}")
        if mode & 0o027:
            what = f"others may read or change the key file (its mode is {stat.S_IMODE(mode):04o})"
            raise UserError(what, where=str(path), what_to_do=f"close it, chmod 600 {path}; if others saw it, make a new one")
        path.open("rb").close()
    except FileNotFoundError:
        raise UserError("there is no key file", where=str(path), what_to_do=f"make one: {make_one(str(path))}") from None
    except OSError as error:
        raise UserError(
            f"the key file cannot be read: {error.strerror}", where=str(path), what_to_do="let the person who runs accord read it"
        ) from None


def _decoded(content: bytes) -> bytes:
    """Hex before base64 before raw: text that reads as an encoding is taken for it, so that 32 hex digits count as 16 bytes."""
    text = content.strip()
    if re.fullmatch(rb"(?:[0-9a-fA-F]{2})+", text):
        return bytes.fromhex(text.decode("ascii"))
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return content.removesuffix(b"\n")
