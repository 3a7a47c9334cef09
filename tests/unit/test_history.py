"""The texts of a place by day: what changed is noted, and what was taken out is gone from then on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from accord.place import hold, new_place, remember, texts_at

MAY, JUNE, JULY, AUGUST = (datetime(2025, month, 1, tzinfo=UTC) for month in (5, 6, 7, 8))


def test_a_text_that_is_taken_out_is_not_brought_back_by_a_later_day(tmp_path: Path) -> None:
    place = new_place(tmp_path / "place")
    settings = {"place.toml": b"one"}
    with hold(place, "test"):
        remember(place, settings | {"contracts/a.toml": b"first", "maps/m.toml": b"map"}, MAY)
        remember(place, settings | {"maps/m.toml": b"map"}, JUNE)
        remember(place, settings | {"maps/m.toml": b"map"}, JULY)
        remember(place, settings | {"contracts/a.toml": b"first"}, AUGUST)
    then = {moment: {name: file.read_bytes() for name, file in texts_at(place, moment).items()} for moment in (MAY, JUNE, JULY, AUGUST)}
    assert then[MAY] == {"place.toml": b"one", "contracts/a.toml": b"first", "maps/m.toml": b"map"}
    assert then[JUNE] == then[JULY] == {"place.toml": b"one", "maps/m.toml": b"map"}
    assert then[AUGUST] == {"place.toml": b"one", "contracts/a.toml": b"first"}
    lines = (place.root / "history.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 6, "a text that stays gone is noted once"
