"""Identifiers as keyed hashes: the same everywhere under one key, another under another, and never negative."""

from __future__ import annotations

import hmac

from accord.identity.keyed_hash import keyed_hashes

TEXTS = [f"nhs_number|any|{n}" for n in range(2000)]


def test_it_is_the_first_63_bits_of_the_hmac():
    key = bytes(range(32))
    plain = [int.from_bytes(hmac.digest(key, text.encode(), "sha256")[:8], "big") >> 1 for text in TEXTS]
    assert keyed_hashes(TEXTS, key).tolist() == plain
    assert all(0 <= n < 2**63 for n in plain)


def test_another_key_gives_other_numbers():
    one, other = (set(keyed_hashes(TEXTS, key).tolist()) for key in (bytes(32), bytes(31) + b"\1"))
    assert len(one) == len(TEXTS)
    assert not one & other


def test_of_no_text():
    assert keyed_hashes([], bytes(32)).tolist() == []


def test_text_is_hashed_as_utf_8_and_kept_apart():
    assert len(set(keyed_hashes(["é", "e", "É", " e", ""], bytes(32)).tolist())) == 5
