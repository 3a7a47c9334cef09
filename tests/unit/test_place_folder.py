"""A place's folder: made whole or not at all, opened with reasons, its files sorted out, its key kept outside."""

from __future__ import annotations

import base64
import os
import re
import socket
import stat
from pathlib import Path

import pytest

from accord.errors import UserError
from accord.place import (
    Place,
    check_ready,
    new_place,
    open_place,
    restricted_folder,
    secret_key,
    source_files,
    unclaimed_files,
)
from accord.place.key import DEMO_KEY
from accord.place.sources import matches

PARTNER = '\n[[partner]]\nid = "RMX"\nname = "Riverside"\nkind = "hospital"\nvat = "outside"\n'


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return new_place(tmp_path / "maplewood")


def _with_sources(place: Place, **globs: str) -> Place:
    sources = "".join(f'\n[[source]]\nid = "{i}"\nglob = "{g}"\nmap = "m"\npartner = "RMX"\n' for i, g in globs.items())
    place.settings_file.write_text(place.settings_file.read_text() + PARTNER + sources)
    return open_place(place.root)


def _drop(place: Place, *names: str) -> None:
    for name in names:
        (place.sources / name).parent.mkdir(parents=True, exist_ok=True)
        (place.sources / name).write_text("x")


# --- new and open ---


def test_a_new_place_opens_and_says_what_it_lacks(tmp_path: Path) -> None:
    place = new_place(tmp_path / "maplewood")
    assert place.settings.name == "maplewood"
    assert sorted(p.name for p in place.root.iterdir()) == [
        ".gitignore",
        "contracts",
        "maps",
        "place.toml",
        "promises",
        "sources",
    ]
    assert source_files(place) == []
    assert unclaimed_files(place) == []
    with pytest.raises(UserError, match="no partner yet"):
        check_ready(place)
    with pytest.raises(UserError, match="no source yet"):
        check_ready(Place(place.root, place.settings.model_copy(update={"partner": ("x",)})))
    check_ready(_with_sources(place, all="*.csv"))
    assert [p.name for p in tmp_path.iterdir()] == ["maplewood"]


def test_the_commented_examples_are_valid_when_taken_out_of_comments(place: Place) -> None:
    text = re.sub(
        r"^# (?=\[\[|(id|name|kind|vat|glob|map|partner|given) +=)", "", place.settings_file.read_text(), flags=re.MULTILINE
    )
    place.settings_file.write_text(text.replace('\nkey = "demo"', "").replace("# key = {", "key = {"))
    opened = open_place(place.root)
    assert (opened.settings.partner[0].id, opened.settings.source[0].map) == ("RMX", "admissions")


def test_an_empty_folder_becomes_a_place_and_keeps_its_rights(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir(mode=0o750)
    before = (tmp_path / "empty").stat()
    new_place(tmp_path / "empty")
    after = (tmp_path / "empty").stat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert not [p.name for p in (tmp_path / "empty").iterdir() if p.name.startswith(".accord-new-")]


@pytest.mark.parametrize("name", ['quo"te', "back\\slash", "naïve 東", "  "])
def test_a_place_may_have_any_printable_name(tmp_path: Path, name: str) -> None:
    assert new_place(tmp_path / name).settings.name == (name.strip() or "A place")


def test_new_refuses(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thing").touch()
    (tmp_path / "file").touch()
    for target, what in {
        "full": "not empty",
        "file": "this is a file",
        "no/where": "there is no folder",
        "a\nb": "cannot be called",
    }.items():
        with pytest.raises(UserError, match=what):
            new_place(tmp_path / target)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "full"]


@pytest.mark.parametrize("existing", [True, False])
def test_new_leaves_nothing_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existing: bool) -> None:
    target = tmp_path / "maplewood"
    if existing:
        target.mkdir()
    rename = Path.rename

    def fail_at_settings(self: Path, to: Path) -> Path:
        if self.name in ("place.toml", "place"):
            raise OSError(28, "No space left on device")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", fail_at_settings)
    with pytest.raises(UserError, match="No space left"):
        new_place(target)
    assert list(tmp_path.rglob("*")) == ([target] if existing else [])


def test_open_says_why_not(tmp_path: Path, place: Place) -> None:
    with pytest.raises(UserError, match="no such folder") as caught:
        open_place(tmp_path / "nowhere")
    assert "accord new" in caught.value.what_to_do
    with pytest.raises(UserError, match=r"has no place\.toml"):
        open_place(tmp_path)
    place.settings_file.write_text(place.settings_file.read_text().replace("currency =", "curency ="))
    with pytest.raises(UserError) as caught:
        open_place(place.root)
    assert caught.value.where == f"{place.settings_file}, line 5"


# --- sources ---


@pytest.mark.parametrize(
    ("name", "glob", "taken"),
    [
        ("a.csv", "*.csv", True), ("x/a.csv", "*.csv", False), ("x/a.csv", "*/*.csv", True), ("x/a.csv", "x/a.csv", True),
        ("a.csv", "**/*.csv", True), ("x/y/a.csv", "**/*.csv", True), ("x/y/a.csv", "x/**/a.csv", True), ("x/a.csv", "x/**/a.csv", True),
        ("y/x/a.csv", "x/**", False), ("x/y/a.csv", "x/**", True), ("x/y/a.csv", "**", True), ("x/y/z/a.csv", "**/y/**/a.csv", True),
        ("A.csv", "a.csv", False), ("a1.csv", "a[0-9].csv", True), ("ab.csv", "a?.csv", True), ("a/b.csv", "a?b.csv", False),
        (".a.csv", "*.csv", False), (".a.csv", ".*.csv", True), (".x/a.csv", "**/*.csv", False), ("x/.a.csv", "x/**", False),
    ],
)  # fmt: skip
def test_what_a_glob_takes(name: str, glob: str, taken: bool) -> None:
    assert matches(name, glob) is taken


def test_files_are_sorted_out(place: Place) -> None:
    place = _with_sources(place, adm="hospital/**/adm_*.csv", gp="gp/*.csv")
    _drop(place, "hospital/b/adm_1.csv", "hospital/adm_2.csv", "gp/x.csv", "gp/x.txt", ".hidden", "gp/.gitkeep")
    assert [(f.name, f.source.id, f.path) for f in source_files(place)] == [
        ("gp/x.csv", "gp", place.sources / "gp/x.csv"),
        ("hospital/adm_2.csv", "adm", place.sources / "hospital/adm_2.csv"),
        ("hospital/b/adm_1.csv", "adm", place.sources / "hospital/b/adm_1.csv"),
    ]
    assert unclaimed_files(place) == [".hidden", "gp/x.txt"]


def test_a_file_of_two_sources_is_refused_naming_both(place: Place) -> None:
    place = _with_sources(place, one="*.csv", two="a*")
    _drop(place, "abc.csv")
    with pytest.raises(UserError, match=r"sources/abc\.csv is taken by sources 'one' and 'two'") as caught:
        source_files(place)
    line = place.settings_file.read_text().splitlines().index('glob = "a*"') + 1
    assert caught.value.where.endswith(f"line {line}")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        (b"new\nline.csv", r"sources/new\\nline.csv has a control character"),
        (b"tab\t.csv", "control character"),
        (b"esc\x1b[31m.csv", r"esc\\x1b\[31m.csv has a control character"),
        ("turned\u202evsc.csv".encode(), r"turned\\u202evsc.csv has a control character"),
        ("line\u2028.csv".encode(), "control character"),
        (b"latin\xe9.csv", r"latin\\udce9.csv has a name that is not UTF-8"),
        (b"d" * 200 + b"/" + b"f" * 60, "has a name of 261 bytes, over 255"),
    ],
)
def test_names_that_cannot_be_trusted_are_refused_by_name(place: Place, name: bytes, what: str) -> None:
    path = os.fsencode(place.sources) + b"/" + name
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
    with open(path, "wb"):  # noqa: PTH123
        pass
    with pytest.raises(UserError, match=what) as caught:
        source_files(place)
    assert str(caught.value).isprintable() or "\n  where" in str(caught.value)


def test_links_that_lead_out_nowhere_or_round_are_refused(place: Place, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.csv").touch()
    restricted_folder(place)
    for target, what in {
        "/etc/passwd": "leads outside",
        str(tmp_path / "outside"): "leads outside",
        "../restricted": "leads outside",
        "../../outside/secret.csv": "leads outside",
        "nowhere": "leads nowhere",
        "link.csv": "leads nowhere",
        ".": "in a circle",
    }.items():
        (place.sources / "link.csv").symlink_to(target)
        with pytest.raises(UserError, match=rf"sources/link\.csv is a link that .*{what.split()[-1]}"):
            source_files(place)
        (place.sources / "link.csv").unlink()


def test_links_that_stay_inside_are_followed(place: Place) -> None:
    place = _with_sources(place, all="**/*.csv")
    _drop(place, "real/a.csv")
    (place.sources / "again").symlink_to("real")
    (place.sources / "b.csv").symlink_to("real/a.csv")
    assert [f.name for f in source_files(place)] == ["again/a.csv", "b.csv", "real/a.csv"]


def test_two_folders_that_link_to_one_another_are_refused(place: Place) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        (place.sources / one).mkdir()
        (place.sources / one / "link").symlink_to(f"../{other}")
    with pytest.raises(UserError, match="in a circle"):
        source_files(place)


def test_what_is_no_file_is_refused_by_name(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(place.sources / "pipe.csv")
    with pytest.raises(UserError, match=r"sources/pipe\.csv is a pipe"):
        source_files(place)
    (place.sources / "pipe.csv").unlink()
    monkeypatch.chdir(place.sources)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket.csv")
        with pytest.raises(UserError, match=r"sources/socket\.csv is a socket"):
            source_files(place)


def test_sources_itself_must_be_there_and_inside(place: Place, tmp_path: Path) -> None:
    place.sources.rename(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="has no folder sources/"):
        source_files(place)
    place.sources.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="leads outside the place"):
        source_files(place)


# --- restricted ---


def test_restricted_is_closed_and_closed_again(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    before = os.umask(0)
    try:
        folder = restricted_folder(place)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o755)
    assert stat.S_IMODE(restricted_folder(place).stat().st_mode) == 0o700
    assert "was open to others (its mode was 0755)" in caplog.text


def test_restricted_is_not_a_link_and_must_stay_closed(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.restricted.symlink_to(tmp_path)
    with pytest.raises(UserError, match="is a link"):
        restricted_folder(place)
    place.restricted.unlink()
    place.restricted.mkdir(mode=0o755)
    place.restricted.chmod(0o755)
    monkeypatch.setattr(Path, "chmod", lambda *_: None)  # as on a disk without owners
    with pytest.raises(UserError, match="cannot be closed"):
        restricted_folder(place)


# --- the key ---


def _keyed(place: Place, path: str) -> Place:
    text = place.settings_file.read_text().replace('\nkey = "demo"', f'\nkey = {{ file = "{path}" }}')
    place.settings_file.write_text(text)
    return open_place(place.root)


def test_the_demo_key_is_published(place: Place) -> None:
    assert secret_key(place) == DEMO_KEY
    assert len(DEMO_KEY) >= 32


@pytest.mark.parametrize("written", ["hex", "base64", "raw", "raw with newline"])
def test_a_key_file_is_hex_base64_or_raw(place: Place, tmp_path: Path, written: str) -> None:
    secret = bytes(range(100, 140))
    content = {
        "hex": secret.hex().encode() + b"\n",
        "base64": base64.b64encode(secret) + b"\n",
        "raw": bytes([0, 255]) + secret,
        "raw with newline": bytes([0, 255]) + secret + b"\n",
    }[written]
    (tmp_path / "key").write_bytes(content)
    (tmp_path / "key").chmod(0o600)
    for path in (str(tmp_path / "key"), "../key"):
        expected = secret if "raw" not in written else bytes([0, 255]) + secret
        assert secret_key(_keyed(place, path)) == expected
        place.settings_file.write_text(place.settings_file.read_text().replace(f'key = {{ file = "{path}" }}', 'key = "demo"'))


@pytest.mark.parametrize(
    ("content", "mode", "what"),
    [
        (None, 0, "there is no key file"),
        (b"ab" * 32, 0o644, "others may read or change"),
        (b"ab" * 32, 0o620, "others may read or change"),
        (bytes(range(31)), 0o600, "holds 31 bytes"),
        (bytes(range(31)).hex().encode(), 0o600, "holds 31 bytes"),
        (base64.b64encode(bytes(range(30))), 0o600, "holds 30 bytes"),
        (b"", 0o600, "holds 0 bytes"),
        (b"ab" * 40, 0o600, "not random"),
        (bytes(range(256)) * 20, 0o600, "at most 4096"),
    ],
)
def test_a_key_file_is_refused(place: Place, tmp_path: Path, content: bytes | None, mode: int, what: str) -> None:
    place = _keyed(place, str(tmp_path / "key"))
    if content is not None:
        (tmp_path / "key").write_bytes(content)
        (tmp_path / "key").chmod(mode)
    with pytest.raises(UserError, match=what) as caught:
        secret_key(place)
    assert str(tmp_path / "key") in caught.value.where
    line = place.settings_file.read_text().splitlines().index(f'key = {{ file = "{tmp_path / "key"}" }}') + 1
    assert f"named by place.toml, line {line})" in caught.value.where
    assert "umask 077" in caught.value.what_to_do or "chmod 600" in caught.value.what_to_do


def test_a_key_inside_the_place_is_refused_however_it_is_reached(place: Place, tmp_path: Path) -> None:
    (place.root / "key").write_text("ab" * 32)
    (tmp_path / "link").symlink_to(place.root / "key")
    text = place.settings_file.read_text()
    for path in ("key", str(place.root / "key"), str(tmp_path / "link"), f"../{place.root.name}/key", "sources/../key"):
        with pytest.raises(UserError, match="inside the place"):
            _keyed(place, path)
        place.settings_file.write_text(text)
    outside = _keyed(place, str(tmp_path / "key"))
    (tmp_path / "key").symlink_to(place.root / "key")  # moved in after place.toml was read
    with pytest.raises(UserError, match="inside the place"):
        secret_key(outside)
