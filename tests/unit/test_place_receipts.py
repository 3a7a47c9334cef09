"""receipts.jsonl: only ever added to, mended after a crash, and no edit goes unseen."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from accord.errors import UserError
from accord.place import Place, Receipt, append_receipt, hold, new_place, read_receipts
from accord.place.receipts import FIRST_LINK


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return new_place(tmp_path / "maplewood")


def _append(place: Place, name: str, **more: Any) -> Receipt:
    content: dict[str, Any] = {
        "sha256": "ab" * 32, "n_byte": 10, "source_id": "adm", "partner_id": "RMX", "map_id": "hes/adm", "status": "landed", "n_record": 3,
    }  # fmt: skip
    return append_receipt(place, file_name=name, **(content | more))


@pytest.fixture
def filled(place: Place) -> Place:
    with hold(place, "test"):
        _append(place, "a.csv", columns=["ID", "naïve 東"], n_blank_line=1)
        _append(
            place, "b.csv", status="rejected", n_record=0, reject_rule="ragged", reject_line=7, reject_reason='3 fields, not "4"'
        )
        _append(place, "c.csv")
    return place


def test_receipts_come_back_as_they_were_given(filled: Place) -> None:
    one, two, three = read_receipts(filled)
    assert [r.submission_id for r in (one, two, three)] == [1, 2, 3]
    assert (one.columns, one.n_blank_line, one.reject_rule) == (("ID", "naïve 東"), 1, None)
    assert (two.status, two.reject_rule, two.reject_line, two.reject_reason) == ("rejected", "ragged", 7, '3 fields, not "4"')
    assert [r.previous for r in (one, two, three)] == [FIRST_LINK, one.chain, two.chain]
    assert one.received_at.tzinfo is not None


def test_appending_returns_what_reading_gives(place: Place) -> None:
    moment = datetime(2026, 11, 22, 16, 3, 31, 5, tzinfo=timezone(timedelta(hours=2)))
    with hold(place, "test"):
        appended = [_append(place, "a.csv", received_at=moment), _append(place, "b.csv")]
    assert read_receipts(place) == appended
    assert appended[0].received_at == datetime(2026, 11, 22, 14, 3, 31, 5, tzinfo=UTC)


def test_no_receipts_yet(place: Place) -> None:
    assert read_receipts(place) == []
    place.receipts_file.touch()
    assert read_receipts(place) == []


def test_only_the_holder_may_append(place: Place) -> None:
    with pytest.raises(AssertionError, match="only within"):
        _append(place, "a.csv")
    assert not place.receipts_file.exists()


def test_an_end_cut_short_anywhere_is_mended_and_kept_aside(filled: Place) -> None:
    whole = filled.receipts_file.read_bytes()
    start = whole.rindex(b"\n", 0, -1) + 1
    before = read_receipts(filled)
    aside = filled.receipts_file.with_name("receipts.jsonl.torn-1")
    with hold(filled, "test"):
        for cut in [*range(start, start + 8), *range(start + 8, len(whole) - 3, 23), *range(len(whole) - 3, len(whole) + 1)]:
            filled.receipts_file.write_bytes(whole[:cut])
            n_left = 3 if cut >= len(whole) - 1 else 2
            assert read_receipts(filled) == before[:n_left], cut
            assert _append(filled, "new.csv").submission_id == n_left + 1
            assert [r.file_name for r in read_receipts(filled)] == [*["a.csv", "b.csv", "c.csv"][:n_left], "new.csv"]
            torn = whole[start:cut] if n_left == 2 else b""
            assert (aside.read_bytes() if aside.exists() else b"") == torn, cut
            aside.unlink(missing_ok=True)


def test_torn_ends_are_kept_each_by_itself(filled: Place) -> None:
    with hold(filled, "test"):
        for torn in (b"\0" * 4096, b'{"submission_id":4,'):
            with filled.receipts_file.open("ab") as file:
                file.write(torn)
            _append(filled, "new.csv")
    kept = sorted(filled.root.glob("receipts.jsonl.torn-*"))
    assert [k.read_bytes() for k in kept] == [b"\0" * 4096, b'{"submission_id":4,']
    assert len(read_receipts(filled)) == 5


def test_a_very_long_last_line_is_found_whole(filled: Place) -> None:
    with hold(filled, "test"):
        _append(filled, "wide.csv", columns=[f"a rather long column name, number {n}" for n in range(20_000)])
        assert _append(filled, "next.csv").submission_id == 5
    assert len(read_receipts(filled)[3].columns) == 20_000


@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_edit_is_found_and_its_line_named(filled: Place, number: int) -> None:
    lines = filled.receipts_file.read_text().splitlines()
    for key, value in json.loads(lines[number - 1]).items():
        changed: dict[str, Any] = json.loads(lines[number - 1])
        changed[key] = {int: 99, str: "rejected", list: ["X"], type(None): None}[type(value)]
        if changed[key] == value:
            continue
        edited = list(lines)
        edited[number - 1] = json.dumps(changed, ensure_ascii=False, separators=(",", ":"))
        filled.receipts_file.write_text("\n".join(edited) + "\n")
        with pytest.raises(UserError) as caught:
            read_receipts(filled)
        assert caught.value.where == f"{filled.receipts_file}, line {number}", key
        assert f"line {number} of receipts.jsonl" in caught.value.what
        assert "backup" in caught.value.what_to_do


@pytest.mark.parametrize(
    ("order", "line"),
    [
        ([1, 2], 1),
        ([0, 2], 2),
        ([1, 0, 2], 1),
        ([0, 2, 1], 2),
        ([0, 0, 1, 2], 2),
        ([0, 1, 2, 2], 4),
        ([0, 1, 3, 2], 3),
        ([3, 0, 1, 2], 1),
    ],
)
def test_a_line_taken_out_moved_or_put_in_is_found(filled: Place, order: list[int], line: int) -> None:
    lines = [*filled.receipts_file.read_text().splitlines(), ""]
    filled.receipts_file.write_text("".join(lines[n] + "\n" for n in order))
    with pytest.raises(UserError) as caught:
        read_receipts(filled)
    assert caught.value.where.endswith(f"line {line}")


def test_nothing_is_appended_to_an_edited_last_line(filled: Place) -> None:
    edited = filled.receipts_file.read_bytes().replace(b'"c.csv"', b'"d.csv"')
    filled.receipts_file.write_bytes(edited)
    with hold(filled, "test"), pytest.raises(UserError, match=r"last line of receipts\.jsonl was edited"):
        _append(filled, "e.csv")
    assert filled.receipts_file.read_bytes() == edited


def test_a_whole_line_of_another_place_is_found(filled: Place, tmp_path: Path) -> None:
    other = new_place(tmp_path / "other")
    with hold(other, "test"):
        _append(other, "x.csv")
        _append(other, "b.csv")
    lines = filled.receipts_file.read_bytes().splitlines(keepends=True)
    filled.receipts_file.write_bytes(lines[0] + other.receipts_file.read_bytes().splitlines(keepends=True)[1])
    with pytest.raises(UserError, match="does not follow the line before it") as caught:
        read_receipts(filled)
    assert caught.value.where.endswith("line 2")
