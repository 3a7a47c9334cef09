"""Files and names that mean harm, through whole commands: each is refused by name, nothing else is lost, and the run goes on where it may."""

from __future__ import annotations

import gzip
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import accord as package
from accord import pipeline
from accord.place import SourceFile

Command = Callable[..., Any]
HEADING = "nhs_number,practice,day,cost\n"
GOOD = HEADING + "9990000018,P1,2025-04-02,10.00\n"
MEBIBYTE = 1024 * 1024


def _gzip_bomb(path: Path) -> None:
    """A gigabyte of records: one packed member, repeated."""
    member = gzip.compress(b"9990000018,P1,2025-04-02,10.00\n" * (16 * MEBIBYTE // 31), compresslevel=9)
    path.write_bytes(gzip.compress(HEADING.encode()) + member * 64)


def _field_of_a_gigabyte(path: Path) -> None:
    member = gzip.compress(b"x" * (16 * MEBIBYTE), compresslevel=9)
    path.write_bytes(gzip.compress(HEADING.encode() + b"9990000018,P1,2025-04-02,") + member * 64)


def _zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("visits.csv", "w") as member:
        member.write(HEADING.encode())
        for _ in range(80):
            member.write(b"9990000018,P1,2025-04-02,10.00\n" * (MEBIBYTE // 31))


def _zip(*names: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                archive.writestr(name, GOOD)

    return write


def _text(text: str | bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(text if isinstance(text, bytes) else text.encode()) and None


def _nested(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("visits.csv.gz", gzip.compress(GOOD.encode()))


# The file, how it is made, its rule, and words of the reason that is shown.
REFUSED: tuple[tuple[str, Callable[[Path], None], str, str], ...] = (
    ("visits_bomb.csv.gz", _gzip_bomb, "zip_bomb", "The file unpacks to more than 200 times its size."),
    ("visits_bomb.zip", _zip_bomb, "zip_bomb", "The file unpacks to more than 200 times its size."),
    ("visits_cut.csv.gz", _text(gzip.compress(GOOD.encode())[:-9]), "damaged_archive", "cut short"),
    ("visits_empty.csv", _text(""), "empty_file", "The file has no bytes."),
    ("visits_field.csv.gz", _field_of_a_gigabyte, "field_too_long", "line 2: The record that begins here is longer than 4 MiB."),
    ("visits_nested.zip", _nested, "nested_archive", "The archive holds a gz archive."),
    ("visits_nul.csv", _text(GOOD + "9990000026,P1,2025-04-02,1\0\n"), "nul_byte", "line 3: The file holds a NUL byte."),
    ("visits_out.zip", _zip("../../../evil.csv"), "unsafe_member", "leads out of the archive"),
    ("visits_quote.csv", _text(GOOD + '9990000026,"P1,2025-04-02,1\n' * 1), "unclosed_quote", "line 3: A quoted field that begins here"),
    ("visits_ragged.csv", _text(GOOD + "9990000026,P1,2025-04-02\n"), "ragged_record", "line 3: The record that begins here has 3 fields"),
    ("visits_root.zip", _zip("/etc/cron.d/evil"), "unsafe_member", "absolute"),
    ("visits_two.zip", _zip("a.csv", "b.csv"), "archive_members", "holds 2 entries"),
    ("visits_utf16.csv", _text(GOOD.encode("utf-16")), "wrong_encoding", "line 1: The file begins as UTF-16 does"),
)  # fmt: skip


@pytest.fixture(scope="module")
def besieged(tmp_path_factory: pytest.TempPathFactory, make_tiny: Callable[..., Path], accord: Command) -> tuple[Path, Any]:
    """A place with every refused file among two good ones, and its first run."""
    place = make_tiny(tmp_path_factory.mktemp("besieged") / "tiny", GOOD)
    for name, make, _, _ in REFUSED:
        make(place / "sources" / name)
    (place / "sources" / "visits_z.csv.gz").write_bytes(gzip.compress((HEADING + "9990000026,P1,2025-05-03,20.50\n").encode()))
    return place, accord("run", place)


def test_the_run_goes_on_without_them(besieged: tuple[Path, Any]) -> None:
    place, ended = besieged
    assert ended.code == 0, ended.err
    run = package.open(place).current()
    assert run.activity.order("cost").project("cast(cost as varchar)").fetchall() == [("10.00",), ("20.50",)]
    assert f"{len(REFUSED)} rejected whole" in ended.out
    there = {".accord.lock", "history", "history.jsonl", "landed", "maps", "place.toml", "receipts.jsonl", "restricted", "runs", "sources"}
    assert {path.name for path in place.iterdir()} == there
    assert len(list((place / "landed").iterdir())) == 2
    assert list((place / "restricted").iterdir()) == [place / "restricted" / run.run_id]


@pytest.mark.parametrize(("name", "_make", "rule", "reason"), REFUSED, ids=lambda v: v if isinstance(v, str) and "." in v else "")
def test_each_is_refused_by_name(besieged: tuple[Path, Any], name: str, _make: object, rule: str, reason: str) -> None:
    place, ended = besieged
    (said,) = [line for line in ended.out.splitlines() if line.startswith(f"rejected {name}: ")]
    assert reason in said
    receipts = [json.loads(line) for line in (place / "receipts.jsonl").read_text().splitlines()]
    (receipt,) = [r for r in receipts if r["file_name"] == name]
    assert (receipt["status"], receipt["reject_rule"], receipt["n_record"]) == ("rejected", rule, 0)
    issues = package.open(place).current().sql(
        "select rule, record_number from issue i join submission s using (submission_id) where s.file_name = $name", {"name": name}
    )  # fmt: skip
    assert issues.fetchall() == [(rule, 0)]


def test_they_are_told_once(besieged: tuple[Path, Any], accord: Command) -> None:
    place, _ = besieged
    n_receipt = len((place / "receipts.jsonl").read_text().splitlines())
    ended = accord("check", place, "--strict")
    assert ended.code == 1
    for name, *_ in REFUSED:
        assert f"accord: {name} was received before: nothing to do\n" in ended.err
        assert f"{name} is rejected whole: " in ended.out
    assert len((place / "receipts.jsonl").read_text().splitlines()) == n_receipt


def _link_to_file(sources: Path, outside: Path) -> str:
    (sources / "visits_link.csv").symlink_to(outside / "secret.csv")
    return "sources/visits_link.csv is a link that leads outside"


def _link_to_folder(sources: Path, outside: Path) -> str:
    (sources / "more").symlink_to(outside, target_is_directory=True)
    return "sources/more is a link that leads outside"


def _link_upwards(sources: Path, outside: Path) -> str:
    (sources / "more").symlink_to("../restricted", target_is_directory=True)
    return "sources/more is a link that leads"


def _pipe(sources: Path, outside: Path) -> str:
    os.mkfifo(sources / "visits_pipe.csv")
    return "sources/visits_pipe.csv is a pipe, not a file"


def _newline(sources: Path, outside: Path) -> str:
    (sources / "visits_\n1.csv").write_text(GOOD)
    return "sources/visits_\\n1.csv has a control character in its name"


def _escape_code(sources: Path, outside: Path) -> str:
    (sources / "visits_\x1b[2J.csv").write_text(GOOD)
    return "sources/visits_\\x1b[2J.csv has a control character in its name"


def _not_utf8(sources: Path, outside: Path) -> str:
    Path(os.fsdecode(os.fsencode(sources) + b"/visits_\xff.csv")).write_text(GOOD)
    return "sources/visits_\\udcff.csv has a name that is not UTF-8"


def _too_long(sources: Path, outside: Path) -> str:
    (sources / ("d" * 200)).mkdir()
    (sources / ("d" * 200) / f"{'v' * 200}.csv").write_text(GOOD)
    return "has a name of 405 bytes, over 255"


WAYS = (_link_to_file, _link_to_folder, _link_upwards, _pipe, _newline, _escape_code, _not_utf8, _too_long)


@pytest.mark.parametrize("way", WAYS, ids=lambda w: w.__name__.strip("_"))
def test_a_name_or_link_that_cannot_be_trusted_stops_the_run_before_it_takes_anything(
    way: Callable[[Path, Path], str], published: Path, accord: Command, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.csv").write_text(GOOD)
    said = way(published / "sources", tmp_path / "outside")
    (published / "sources" / "visits_a.csv").write_text(GOOD)
    kept = ("runs/", "landed/", "receipts.jsonl", "restricted/")

    def what_is_kept() -> dict[str, bytes]:
        return {name: (published / name).read_bytes() for folder in kept for name in _files(published, folder)}

    before = what_is_kept()
    for command in ("check", "run"):
        ended = accord(command, published)
        assert ended.code == 2, ended.out
        assert said in ended.message
        assert {c for c in ended.message if not c.isprintable()} == {"\n"}
        assert ended.message.count("\n") == 3, ended.message
    assert what_is_kept() == before
    assert package.open(published).current().verify() == []


def _files(place: Path, below: str) -> list[str]:
    root = place / below
    return [below] if root.is_file() else [p.relative_to(place).as_posix() for p in root.rglob("*") if p.is_file()]


HARMLESS = (
    "visits ; rm -rf ~.csv", "visits'\"`$(reboot).csv", "visits *?[a-z]{1,2}.csv", "-visits --help.csv", "visits%s%n é 文.csv",
    f"visits{'x' * 240}.csv",
)  # fmt: skip


def test_odd_names_are_only_names(make_tiny: Callable[..., Path], accord: Command, tmp_path: Path) -> None:
    place = make_tiny(tmp_path / "a 'place' [1] * {x}; --", GOOD)  # the folder's own name as well
    (place / "place.toml").write_text((place / "place.toml").read_text().replace('"visits*"', '"*.csv"'))
    for n, name in enumerate(HARMLESS, start=1):
        (place / "sources" / name).write_text(f"{HEADING}9990000018,P1,2025-04-{n + 2:02},{n}.00\n")
    ended = accord("run", place)
    assert ended.code == 0, ended.err
    run = package.open(place).current()
    assert {name for (name,) in run.submission.project("file_name").fetchall()} == {*HARMLESS, "visits_1.csv"}
    assert len(run.activity.fetchall()) == 1 + len(HARMLESS)
    assert run.verify() == []
    assert accord("check", place).code == 0
    assert set(accord("replay", "-p", place).err.splitlines()) <= set(ended.err.splitlines()) | {"accord: content hashes"}


@pytest.mark.parametrize("glob", ["../*.csv", "/etc/passwd", "a/../../*", "~/*.csv", "..", "a\\\\..\\\\b"])
def test_a_glob_stays_below_sources(glob: str, tiny: Path, accord: Command) -> None:
    text = (tiny / "place.toml").read_text().replace('"visits*"', f'"{glob}"')
    (tiny / "place.toml").write_text(text)
    ended = accord("check", tiny)
    assert ended.code == 2
    assert "does not stay below sources/" in ended.err
    line = next(n for n, written in enumerate(text.splitlines(), start=1) if written.startswith("glob"))
    assert f"place.toml, line {line}\n" in ended.err


@pytest.mark.parametrize("name", ["visits_1.csv", "place.toml", "maps/visits.toml"])
def test_a_file_that_goes_away_is_a_message(name: str, published: Path, accord: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    look = pipeline.source_files

    def then_it_is_gone(place: Any) -> list[SourceFile]:
        found = look(place)
        found[0].path.unlink()
        return found

    if name == "visits_1.csv":
        monkeypatch.setattr(pipeline, "source_files", then_it_is_gone)
    else:
        (published / name).unlink()
    ended = accord("run", published)
    assert ended.code == 2, ended.err
    assert ended.message.count("\n") == 3
    assert package.open(published).current().verify() == [] if name != "place.toml" else True


def test_what_a_file_holds_does_not_reach_the_terminal_or_the_markup(tiny: Path, accord: Command) -> None:
    cell = "\x1b]0;owned\x07\x1b[2J[bold red]=cmd|' /C calc'!A0[/]"
    (tiny / "sources" / "visits_1.csv").write_text(f"{HEADING}9990000018,P\x9b31m[/],{cell},10.00\n9990000026,[/red]\u202eP1,2025-04-02,{cell}\n")
    checked, made = accord("check", tiny), accord("run", tiny)
    shown = [accord("show", table, "-p", tiny) for table in ("activity", "issue", "quarantine", "registration", "organisation")]
    for ended in (checked, made, *shown):
        assert ended.code == 0, ended.err
        unshown = {c for c in ended.out + ended.err if not c.isprintable()}
        assert unshown <= {"\n"}, unshown
    assert "\\x1b]0;owned\\x07\\x1b[2J[bold red]=cmd|' /C calc'!A0[/]" in checked.out
