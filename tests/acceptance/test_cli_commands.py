"""Every command from outside: what it prints, where, and its exit code."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import accord as package
from accord import pipeline
from accord.place import Audit

Command = Callable[..., Any]
FORM = re.compile(r"accord: [^\n]+\n  where: [^\n]+\n  mend:  [^\n]{4,}\n")


def test_new_makes_a_place_that_says_what_it_lacks(accord: Command, tmp_path: Path) -> None:
    (tmp_path / "x[").mkdir()
    folder = tmp_path / "x[" / "red] place's"  # so that the path holds what closes a style: [/red]
    made = accord("new", folder)
    assert (made.code, made.err) == (0, "")
    assert str(folder) in made.out
    command = made.out.rstrip().rpartition("type: ")[2]  # what it says to type next can be typed
    checked = subprocess.run(
        command.replace("accord", f"{sys.executable} -m accord", 1), shell=True, check=False, text=True, capture_output=True,
        env={**os.environ, "PYTHONPATH": str(Path(package.__file__).parents[1])},
    )  # fmt: skip
    assert (checked.returncode, checked.stdout) == (2, "")
    assert FORM.fullmatch(checked.stderr)
    assert "add a [[partner]]" in checked.stderr
    assert accord("new", folder).code == 2


def test_check_in_words(accord: Command, tiny: Path) -> None:
    ended = accord("check", tiny)
    assert ended.code == 0
    assert re.search(r"visits_1\.csv +RMX +visits +6 +4 +1 +1 +2\n", ended.out)  # records, accepted, refused, duplicates, flagged
    assert re.search(r"unreadable_date +refuse +day +1 +record 6: 05/06/2025", ended.out)
    assert "9990000" not in ended.out, "a person's identifier was printed"
    assert "Nothing was kept" in ended.out
    assert ended.err.splitlines()[0] == "accord: land visits_1.csv"
    assert all(re.fullmatch(r"accord: [a-z][^\x1b\r]*", line) for line in ended.err.splitlines()), "progress is plain lines"
    assert ended.message == ""


def test_check_as_json_is_json_and_nothing_else(accord: Command, tiny: Path) -> None:
    ended = accord("check", tiny, "--format", "json")
    report = json.loads(ended.out)
    assert report["is_clean"] is False
    (file,) = report["files"]
    assert [file[f"n_{n}"] for n in ("record", "accepted", "refused", "duplicate", "flagged")] == [6, 4, 1, 1, 2]
    assert {(f["rule"], f["severity"], f["n"]) for f in file["findings"]} == {
        ("unreadable_date", "refuse", 1), ("negative_amount", "flag", 2), ("missing_person", "flag", 1),
    }  # fmt: skip


def test_strict_is_one_where_anything_is_found(accord: Command, tiny: Path) -> None:
    assert accord("check", tiny, "--strict").code == 1
    (tiny / "sources" / "visits_1.csv").write_text("nhs_number,practice,day,cost\n9990000018,P1,2025-04-02,10.00\n")
    assert accord("check", tiny, "--strict").code == 0
    (tiny / "sources" / "notes.txt").write_text("read me")
    ended = accord("check", tiny, "--strict")
    assert ended.code == 1
    assert "no source takes notes.txt" in ended.out


def test_check_leaves_the_place_as_it_was(accord: Command, published: Path, contents_of: Callable[[Path], object]) -> None:
    (published / "sources" / "visits_2.csv").write_text("nhs_number,practice,day,cost\n9990000018,P1,2025-04-09,1.00\n")
    before = contents_of(published)
    ended = accord("check", published)
    assert ended.code == 0
    assert "visits_2.csv" in ended.out
    assert contents_of(published) == before


def test_check_of_a_place_that_never_ran_leaves_two_empty_things(
    accord: Command, tiny: Path, contents_of: Callable[[Path], dict[str, bytes]]
) -> None:
    before = contents_of(tiny)
    assert accord("check", tiny).code == 0
    after = contents_of(tiny)
    assert after == before | {".accord.lock": b"", "restricted": b"a folder"}  # the lock, and where working tables were
    assert (tiny / "restricted").stat().st_mode & 0o777 == 0o700


def test_run_publishes_and_the_other_commands_read_it(accord: Command, published: Path) -> None:
    run = package.open(published).current()
    listed = accord("runs", "-p", published)
    assert listed.code == 0
    assert f"{run.run_id} (current)" in listed.out
    tables = accord("show", "-p", published)
    assert all(name in tables.out for name in run.tables)
    rows = accord("show", "record_fate", "-p", published, "--rows", 2)
    assert f"2 of 6 rows of record_fate, run {run.run_id}" in rows.out
    columns = accord("show", "activity", "-p", published, "--columns", "--run", run.run_id[:12])
    assert re.search(r"net_amount +DECIMAL\(18,2\) ", columns.out)
    assert accord("verify", "-p", published).out == f"run {run.run_id}: every file is as it was published\n"
    replayed = accord("replay", "-p", published)
    assert (replayed.code, replayed.out) == (0, f"replay of run {run.run_id}: all {len(run.tables)} tables came out the same\n")
    traced = accord("lineage", "activity.cost", "-p", published)
    assert traced.code == 0
    assert "visits_1.csv" in traced.out.splitlines()[-1]


def test_the_same_file_again_is_a_no_op_that_is_logged(accord: Command, published: Path) -> None:
    receipts = (published / "receipts.jsonl").read_bytes()
    before = package.open(published).current()
    (published / "sources" / "visits_again.csv").write_bytes((published / "sources" / "visits_1.csv").read_bytes())
    ended = accord("run", published)
    assert ended.code == 0
    for name in ("visits_1.csv", "visits_again.csv"):
        assert f"accord: {name} was received before: nothing to do\n" in ended.err
    assert (published / "receipts.jsonl").read_bytes() == receipts
    after = package.open(published).current()
    assert after.run_id != before.run_id
    assert {n: t.content_hash for n, t in after.manifest.tables.items()} == {n: t.content_hash for n, t in before.manifest.tables.items()}


def test_run_names_a_file_that_no_source_takes_and_closes_what_landed(accord: Command, published: Path) -> None:
    (published / "sources" / "stray.csv").write_text("a\n1\n", encoding="utf-8")
    ended = accord("run", published)
    assert ended.code == 0
    assert "no source takes stray.csv" in ended.out
    assert (published / "landed").stat().st_mode & 0o777 == 0o700


def test_a_source_that_is_taken_out_after_it_delivered_is_named_and_nothing_is_lost(accord: Command, published: Path) -> None:
    settings = published / "place.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace('id      = "visits"', 'id      = "others"'), encoding="utf-8")
    ended = accord("run", published)
    assert ended.code == 2
    assert "visits_1.csv was received by source 'visits' with map 'visits', which place.toml no longer has" in ended.message
    assert accord("verify", "-p", published).code == 0


def test_the_small_demo_makes_its_place_once_and_runs_it(
    accord: Command, monkeypatch: pytest.MonkeyPatch, make_tiny: Callable[..., Path], tmp_path: Path
) -> None:
    # The invented place itself has its own tests: a tiny one stands in for it here, as it runs in two seconds.
    monkeypatch.setattr("accord.simulate.copy_small_place", lambda to: make_tiny(Path(to)))
    first = accord("demo", "--small", tmp_path / "demo")
    assert first.code == 0, first.err
    assert "Made an invented place" in first.out
    assert "audits hold" in first.out
    again = accord("demo", tmp_path / "demo")
    assert again.code == 0, again.err
    assert "Made an invented place" not in again.out
    assert len(package.open(tmp_path / "demo").runs()) == 2


def test_the_screen_adds_up(accord: Command, tiny: Path) -> None:
    ended = accord("run", tiny)
    assert "3 people · 1 file · 6 records · 1 refused · 2 flagged and kept\n" in ended.out
    bridge = ended.out[ended.out.index("From the files") :]
    lines = {m[1].strip(): (int(m[2]), float(m[3])) for m in re.finditer(r"^( *[a-z ]+?) +(-?\d+) +(-?[\d.]+)$", bridge, re.MULTILINE)}
    # Lines that only corrections fill are left out of the screen where they are empty.
    for total, parts in (("activity", ("in the file", "rounding", "refused", "exact duplicate", "no act of care")),
                         ("registered", ("activity", "outside the period", "no person", "no registration"))):  # fmt: skip
        for n in (0, 1):
            assert sum(lines[part][n] for part in parts) == pytest.approx(lines[total][n])
    assert lines["registered"] == (3, 25.5)
    assert max(map(len, ended.out.splitlines()[:-2])) <= 120


MISTAKES = (
    (("check", "{place}/nowhere"), "there is no such folder"),
    (("run", "{place}/sources"), "it has no place.toml"),
    (("show", "activty", "-p", "{place}"), "did you mean 'activity'?"),
    (("show", "[/red]", "-p", "{place}"), "has no table '[/red]'"),
    (("show", "activity", "-p", "{place}", "--run", "1999"), "no run is called '1999'"),
    (("show", "activity", "-p", "{place}", "--run", ""), "no run is called ''"),
    (("verify", "1999", "-p", "{place}"), "no run is called '1999'"),
    (("replay", "1999", "-p", "{place}"), "no run is called '1999'"),
    (("lineage", "activity", "-p", "{place}"), "write TABLE.COLUMN"),
    (("lineage", "activty.cost", "-p", "{place}"), "did you mean 'activity'?"),
    (("lineage", "activity.costs", "-p", "{place}"), "did you mean 'cost'?"),
    (("demo", "{place}/sources"), "is not empty"),
    (("new", "{place}/place.toml"), "this is a file"),
)


@pytest.mark.parametrize(("words", "said"), MISTAKES, ids=lambda v: " ".join(v[:2]) if isinstance(v, tuple) else None)
def test_a_mistake_is_one_message_and_two(words: tuple[str, ...], said: str, accord: Command, published_once: Path) -> None:
    ended = accord(*(word.format(place=published_once) for word in words))
    assert (ended.code, ended.out) == (2, "")
    assert FORM.fullmatch(ended.err), ended.err
    assert said in ended.err


@pytest.mark.parametrize(
    "words",
    [
        ("frobnicate",), ("check", "--format", "yaml"), ("run", "--threads", "0"), ("run", "--threads", "100000"), ("run", "--memory", "banana"),
        ("run", "--memory", "1KB"), ("run", "--memory", "-1GB"), ("run", "--memory", "5MB"), ("show", "activity", "--rows", "0"), ("lineage",),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_mistaken_option_is_two(words: tuple[str, ...], accord: Command) -> None:
    ended = accord(*words)
    assert ended.code == 2
    assert "Traceback" not in ended.err
    assert "Try '" in ended.err


def test_too_little_memory_is_a_message(accord: Command, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise package.notebook.duckdb.OutOfMemoryException("Out of Memory Error: could not allocate\n\nPossible solutions:")

    monkeypatch.setattr(pipeline, "build", full)
    ended = accord("run", tiny)
    assert ended.code == 2
    assert FORM.fullmatch(ended.message)
    assert "--memory" in ended.message


def test_an_audit_that_fails_is_named_and_nothing_is_published(
    accord: Command, published: Path, monkeypatch: pytest.MonkeyPatch, contents_of: Callable[[Path], dict[str, bytes]]
) -> None:
    before = contents_of(published)
    broken = Audit(name="every record has one fate", held=False, detail="visits_1.csv: 6 framed, 5 with a fate")
    monkeypatch.setattr(pipeline.audits, "audit", lambda _: [broken])
    ended = accord("run", published)
    assert ended.code == 1
    assert "every record has one fate: visits_1.csv: 6 framed, 5 with a fate" in ended.err
    assert "not published" in ended.err
    assert contents_of(published) == before


def test_a_step_that_loses_a_record_is_not_published(accord: Command, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_care = pipeline.intake.build_care

    def losing(session: Any, *rest: Any) -> None:
        build_care(session, *rest)
        path = session.folder / "activity.parquet"
        kept = path.with_name("kept.parquet")
        session.connection.execute(f"copy (select * from activity order by activity_id limit 3) to '{kept}' (format parquet)")
        kept.replace(path)

    monkeypatch.setattr(pipeline.intake, "build_care", losing)
    ended = accord("run", tiny)
    assert ended.code == 1, ended.err
    assert "not published" in ended.err
    assert not (tiny / "runs" / "CURRENT").exists()


def test_a_screen_without_the_letters_gets_question_marks(published_once: Path) -> None:
    source = str(Path(package.__file__).parents[1])
    ended = subprocess.run(
        [sys.executable, "-m", "accord", "lineage", "activity.cost", "-p", str(published_once)], check=False, text=True, capture_output=True,
        env={**os.environ, "PYTHONPATH": source, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_pipe_that_closes_early_is_no_fault(published_once: Path) -> None:
    source = str(Path(package.__file__).parents[1])
    ended = subprocess.run(
        f"{sys.executable} -m accord show person_month --rows 9999 -p '{published_once}' | head -n 1",
        shell=True, check=False, text=True, capture_output=True,
        env={**os.environ, "PYTHONPATH": source},
    )  # fmt: skip
    assert ended.stderr == ""


def test_on_a_terminal_progress_moves_and_names_are_not_markup(tiny: Path) -> None:
    (tiny / "sources" / "visits[").mkdir()
    (tiny / "sources" / "visits_1.csv").rename(tiny / "sources" / "visits[" / "red].csv")
    (tiny / "place.toml").write_text((tiny / "place.toml").read_text().replace('"visits*"', '"**/*.csv"'))
    source = str(Path(package.__file__).parents[1])
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "accord", "check", str(tiny)], stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": source, "TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(theirs)
    said = b""
    while True:
        try:
            more = os.read(ours, 65536)
        except OSError:
            break
        said += more
    os.close(ours)
    assert process.wait() == 0, said
    assert b"\x1b[2K" in said, "the line of progress is rewritten in place"
    assert b"visits[/red].csv" in said
    assert b"Traceback" not in said
