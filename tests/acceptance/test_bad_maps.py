"""Each key of a map, and each key of place.toml that leads to a map, deleted, emptied, retyped, misspelled and dangled: `accord check`
ends with exit code 2 and one message that names the file, the line and the mend.

The walk is over a map that has every section, every kind of reader and every option. What a change leaves valid is listed in FINE, with
the reason; every other change must be refused.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from accord import pipeline
from accord.intake import receive
from accord.intake.land import land
from accord.place import lock
from accord.publish.check_report import CheckReport

Key = tuple[str | int, ...]

PLACE = """\
name     = "Rich"
currency = "GBP"
period   = { from = 2025-04-01, to = 2025-07-01 }
calendar = "nhs_financial_year"
key      = "demo"

[identity]
trust = [
  "nhs_number",
  "local_id",
]

[[partner]]
id   = "RMX"
name = "Riverside Hospital"
kind = "hospital"
vat  = "nhs_contracted_out"

[[source]]
id      = "stays"
glob    = "stays.csv"
map     = "stays"
partner = "RMX"
corrects = "by_key"

[source.given]
year_start = "2025-04-01"
ward       = "W1"

[[snapshot]]
name = "freeze"
at   = 2025-07-01
"""
# Every section and every kind of reader, each option that has a default given another value where it can have one.
RICH: dict[str, Any] = {
    "title": "Stays, one row a stay",
    "reference": "written for this test",
    "file": {
        "format": "csv", "delimiter": ";", "quote": "'", "encoding": "cp1252", "header": True, "may_lack": ["WEIGHT"], "missing": ["-"],
    },
    "identifier": [
        {"column": "NHS", "system": "nhs_number", "scope": "any", "missing": ["none"]},
        {"column": "LOCAL", "system": "local_id", "scope": "partner"},
    ],
    "person": {
        "birth_date": {"first_of": [{"date": "DOB", "format": "YYYY-MM-DD"}, {"date": "DOB2", "format": "DDMMYYYY", "missing": ["?"]}]},
        "sex": {"lookup": "SEX", "values": {"1": "male", "2": "female"}, "otherwise": "unknown", "missing": ["9"]},
        "death_date": {"constant": "2025-06-30"},
        "ethnicity": {"text": "ETHNOS", "missing": ["Z"]},
        "deprivation_decile": {"integer": "IMD", "missing": ["99"]},
    },
    "registration": [
        {
            "population": "registered",
            "organisation": {"text": "GP", "required": True},
            "start_date": {"given": "year_start"},
            "end_date": {"months_after": {"given": "year_start"}, "count": "MONTHS"},
            "when": {"column": "LISTED", "in": ["Y"]},
        },
        {
            "population": "resident",
            "organisation": {"text": "AREA"},
            "start_date": {"constant": "2025-04-01"},
            "end_date": {"months_after": {"date": "MOVED", "format": "DD-MON-YYYY"}, "count": "MONTHS"},
        },
    ],
    "activity": {
        "setting": {"lookup": "KIND", "values": {"I": "inpatient", "C": "community"}, "otherwise": "inpatient"},
        "start_date": {"date": "FROM", "format": "YYYYMMDD", "required": True},
        "end_date": {"date": "TO", "format": "YYYYMMDD", "plus_days": 1, "missing": ["00000000"]},
        "provider": {"partner": "id"},
        "payer": {"constant": "QMW"},
        "practice": {"first_of": [{"text": "GP"}, {"constant": "none"}], "required": True},
        "service_code": {"given": "ward"},
        "currency": {"code": "HRG", "system": "hrg", "missing": ["U"]},
        "episode_number": {"integer": "EPI"},
        "quantity": {"number": "WEIGHT", "missing": ["0"]},
        "duration_minutes": {"constant": "30"},
        "gross_amount": {"amount": ["BED", "DRUGS"], "plus": [{"rate": "RATE", "times": "DAYS"}], "missing": ["n/a"]},
        "net_amount": {"amount": "NET", "required": True},
        "when": {"column": "STATUS", "not_in": ["void"]},
    },
    "diagnosis": [
        {
            "columns": ["DIAG_{1..2}"], "system": {"lookup": "ICDV", "values": {"9": "icd9cm", "0": "icd10"}, "otherwise": "icd10"},
            "first_position": 2, "missing": ["NONE"],
        },
        {"columns": ["DIAGS"], "system": "icd10", "split": "|", "most": 3},
    ],
    "procedure": [{"columns": ["OP_{1..2}"], "system": "opcs4", "dates": ["OPDATE_{1..2}"], "date_format": "DD/MM/YYYY"}],
    "observation": [
        {"columns": ["SCORE"], "system": "local", "value": "number", "missing": ["-1"], "date": {"date": "SEEN", "format": "YYYY-MM"}}
    ],
    "organisation": {
        "id": {"text": "SITE"}, "kind": {"constant": "hospital"}, "name": {"text": "SITENAME"}, "parent": {"partner": "id"},
    },
    "same_person": [
        {
            "current": "NEWNHS", "previous": "OLDNHS", "system": "nhs_number", "scope": "any", "when": {"column": "RENUMBERED", "in": ["Y"]},
            "start_date": {"date": "OLDFROM", "format": "YYYYMMDD"}, "end_date": {"date": "OLDTO", "format": "YYYYMMDD"},
        }
    ],
    "correction": {
        "key": ["STAY"], "version": [{"integer": "VERSION"}, {"date": "CHANGED", "format": "YYYYMMDD"}], "scope": ["PERIOD"],
        "cancels": {"column": "ADJUSTS", "in": ["1"]},
    },
    "ignore": [{"columns": ["LINE", "NOTE"], "reason": "says nothing of care"}],
}  # fmt: skip
COLUMNS = [
    "NHS", "LOCAL", "DOB", "DOB2", "SEX", "ETHNOS", "IMD", "GP", "MONTHS", "LISTED", "AREA", "MOVED", "KIND", "FROM", "TO",
    "HRG", "EPI", "WEIGHT", "BED", "DRUGS", "RATE", "DAYS", "NET", "STATUS", "DIAG_1", "DIAG_2", "ICDV", "DIAGS", "OP_1",
    "OP_2", "OPDATE_1", "OPDATE_2", "SCORE", "SEEN", "SITE", "SITENAME", "LINE", "NOTE", "NEWNHS", "OLDNHS", "OLDFROM", "OLDTO", "RENUMBERED",
    "STAY", "VERSION", "CHANGED", "PERIOD", "ADJUSTS",
]  # fmt: skip
RECORD = {
    "NHS": "9990000018", "LOCAL": "A1", "DOB": "1950-01-31", "SEX": "1", "ETHNOS": "A", "IMD": "3", "GP": "P1", "MONTHS": "3",
    "LISTED": "Y", "AREA": "E01", "MOVED": "01-JUN-2025", "KIND": "I", "FROM": "20250402", "TO": "20250404", "HRG": "AA01A", "EPI": "1",
    "WEIGHT": "1.5", "BED": "100.00", "DRUGS": "20.00", "RATE": "1.50", "DAYS": "2", "NET": "123.00", "STATUS": "final",
    "DIAG_1": "I10", "DIAG_2": "E119", "ICDV": "0", "DIAGS": "J45|J46", "OP_1": "W371", "OPDATE_1": "03/04/2025", "SCORE": "7",
    "SEEN": "2025-04", "SITE": "S1", "SITENAME": "North Wing", "RENUMBERED": "N", "STAY": "9", "VERSION": "1",
    "CHANGED": "20250501", "PERIOD": "2025-04", "ADJUSTS": "0",
}  # fmt: skip

OTHER = {"NHS": "9990000026", "STAY": "10"}


def write(document: dict[str, Any]) -> tuple[str, dict[Key, int]]:
    """The document as TOML with every key on a line of its own, and the line of each key: written apart from what reads it."""
    lines: list[str] = []
    at: dict[Key, int] = {}
    _table(document, (), lines, at)
    return "\n".join(lines) + "\n", at


def _table(table: dict[str, Any], path: Key, lines: list[str], at: dict[Key, int]) -> None:
    def is_table(value: Any) -> bool:
        return isinstance(value, dict) or (isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value))

    for key, value in table.items():
        if not is_table(value):
            lines.append(f"{_name(key)} = {_value(value)}")
            at[*path, key] = len(lines)
    for key, value in table.items():
        dotted = ".".join(_name(k) for k in (*path, key) if isinstance(k, str))
        for n, each in enumerate(value if isinstance(value, list) else [value]) if is_table(value) else ():
            lines.append(f"[[{dotted}]]" if isinstance(value, list) else f"[{dotted}]")
            at.setdefault((*path, key), len(lines))
            here: Key = (*path, key, n) if isinstance(value, list) else (*path, key)
            at[here] = len(lines)
            _table(each, here, lines, at)


def _name(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z_]+", key) else json.dumps(key)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value(v) for v in value)}]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_name(k)} = {_value(v)}" for k, v in value.items()) + " }"
    return json.dumps(value)


# What a change of the first kinds, to keys of the second, leaves as good a map as before.
FINE = (
    ("dangled", "title reference ignore.0.reason", "it is free text"),
    ("deleted", "file.quote file.encoding file.header", "it has a default, which fits this file too"),
    ("deleted emptied", "file.may_lack", "this delivery lacks no column"),
    ("deleted emptied dangled", "*.missing", "what stands for an empty value is the sender's own word, and may be none"),
    ("deleted misspelled", "*.values.*", "the codes are the sender's own: one that is not listed is flagged, record by record"),
    ("dangled", "diagnosis.0.system.values.* diagnosis.0.system.otherwise *.system", "the sender may have a list of codes of its own"),
    ("deleted", "*.otherwise", "a code that is not listed is then flagged"),
    ("deleted", "*.required *.plus_days *.date_format *.first_position *.split *.most", "it has a default"),
    ("deleted", "person.death_date activity.provider activity.payer activity.duration_minutes organisation.parent", "it reads no column"),
    ("deleted", "activity.practice registration.0.end_date", "the columns it reads are read elsewhere too"),
    ("dangled", "registration.0.when.in activity.when.not_in same_person.0.when.in correction.cancels.in", "the codes are the sender's own"),
    ("dangled", "activity.payer.constant activity.practice.first_of.1.constant", "organisations are known by any name"),
)
# Though `*.system` above is fine elsewhere: these must be in identity.trust, and those, dangled, are nearly a known code system.
NOT_FINE = ("identifier.0.system", "identifier.1.system", "same_person.0.system", "diagnosis.1.system", "procedure.0.system")
# Changes after which the fault lies with another key, which still counts on what went: its file, and the line's beginning.
ELSEWHERE = (
    ("deleted emptied", "registration registration.0", "place.toml", "year_start"),
    ("deleted", "activity.service_code", "place.toml", "ward"),
    ("dangled", "registration.0.start_date.given registration.0.end_date.months_after.given", "place.toml", "[source.given]"),
    ("dangled", "activity.service_code.given", "place.toml", "[source.given]"),
    ("deleted", "activity activity.quantity", "stays.toml", "may_lack"),
    ("deleted", "correction", "place.toml", "corrects"),
    ("dangled", "activity.quantity.number", "stays.toml", "may_lack"),
)
OTHER_KINDS = (5, True, "text", {"strange": 5})


def keys_of(value: Any, path: Key = ()) -> Iterator[Key]:
    """Every key of the document, tables and lists of tables too."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield (*path, key)
            yield from keys_of(below, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for n, below in enumerate(value):
            yield (*path, n)
            yield from keys_of(below, (*path, n))


def changes(path: Key, value: Any) -> Iterator[tuple[str, Any]]:
    """Each way to spoil a key: what it is called, and the new name or value."""
    yield "deleted", None
    if isinstance(path[-1], str):
        yield "misspelled", f"{path[-1][:1]}x{path[-1][1:]}"
    yield from (("retyped", other) for other in OTHER_KINDS if type(other) is not type(value))
    if isinstance(value, str):
        yield "dangled", f"{value}_q"
    if isinstance(value, list):
        yield "emptied", []
        if isinstance(value[0], str):
            yield "dangled", [f"{value[0]}_q", *value[1:]]


def changed(path: Key, how: str, new: Any) -> dict[str, Any]:
    """RICH with one change."""
    document = copy.deepcopy(RICH)
    above: Any = document
    for key in path[:-1]:
        above = above[key]
    if how == "deleted":
        del above[path[-1]]
    elif how == "misspelled":
        renamed = {new if key == path[-1] else key: value for key, value in above.items()}
        above.clear()
        above.update(renamed)
    else:
        above[path[-1]] = new
    return document


def dotted(path: Key) -> str:
    return ".".join(map(str, path))


def listed(rows: tuple[tuple[str, ...], ...], how: str, path: Key) -> tuple[str, ...] | None:
    return next((row for row in rows if how in row[0].split() and any(fnmatch(dotted(path), key) for key in row[1].split())), None)


def lines_wanted(path: Key, how: str, new: Any, at: dict[Key, int], message: str) -> set[int]:
    """The key's line, or that of the nearest key above it that is there; of a reader, also that of the field it is written for."""
    key = (*path[:-1], new) if how == "misspelled" else path
    wanted = {next((at[key[:n]] for n in range(len(key), 0, -1) if key[:n] in at), 1)}
    field = path[: 3 if len(path) > 1 and isinstance(path[1], int) else 2]
    wanted |= {at[path[:n]] for n in range(len(field), len(path)) if path[:n] in at}
    if how in ("deleted", "emptied", "retyped") and ("is not named by its map" in message or "no [[identifier]]" in message):
        wanted.add(1)  # what is no longer written stands on no line
    if how == "emptied" and "need a key" in message:
        wanted.add(at[path[:-1]])  # so does a list of nothing: its section is named
    return wanted


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_rich(tmp_path_factory.mktemp("rich") / "rich")


class InThisProcess:
    """Lands files here: thousands of children would take minutes, and their own tests show them."""

    def __enter__(self) -> InThisProcess:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    land = staticmethod(land)


@pytest.fixture
def spoil(rich: Path, accord: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """`spoil(text)`: `accord check` with this text for a map, as far as the place, its maps and the columns of its files go."""
    monkeypatch.setattr(receive, "LandingChild", InThisProcess)
    monkeypatch.setattr(lock, "probe", lambda _: None)  # the disk is the same each time
    monkeypatch.setattr(pipeline, "build", lambda *_: None)
    monkeypatch.setattr(pipeline, "check_report", lambda *_: CheckReport((), (), ()))

    def check(text: str) -> Any:
        (rich / "maps" / "stays.toml").write_text(text, encoding="utf-8")
        return accord("check", rich)

    return check


def held_to_the_form(ended: Any) -> tuple[str, int, str]:
    """Of the one message that a mistake may have: the file, the line and the mend."""
    assert ended.code == 2, (ended.code, ended.out, ended.err)
    found = re.fullmatch(r"accord: [^\n]+\n  where: ([^\n]+), line (\d+)\n  mend:  ([^\n]{4,})\n", ended.message)
    assert found, ended.err
    assert "so that this holds" not in ended.err
    return Path(found[1]).name, int(found[2]), found[3]


def test_the_rich_map_and_the_barest_are_good(accord: Callable[..., Any], tmp_path: Path) -> None:
    place = make_rich(tmp_path / "place")
    ended = accord("check", place, "--format", "json")
    assert ended.code == 0, ended.err
    (file,) = json.loads(ended.out)["files"]
    assert (file["n_record"], file["n_accepted"], file["findings"]) == (2, 2, [])
    bare = copy.deepcopy(RICH)
    for path in sorted(keys_of(RICH), key=len, reverse=True):
        if listed(FINE, "deleted", path) and not (path[0] == "file" or "values" in path or path[-1] == "split"):
            above: Any = bare
            for key in path[:-1]:
                above = above[key]
            above.pop(path[-1], None)
    (place / "maps" / "stays.toml").write_text(write(bare)[0], encoding="utf-8")
    assert accord("check", place).code == 0


@pytest.mark.parametrize("path", list(keys_of(RICH)), ids=dotted)
def test_each_key_of_a_map_spoiled(path: Key, spoil: Callable[[str], Any]) -> None:
    value: Any = RICH
    for key in path:
        value = value[key]
    for how, new in changes(path, value):
        text, at = write(changed(path, how, new))
        ended = spoil(text)
        if listed(FINE, how, path) and dotted(path) not in NOT_FINE:
            assert ended.code == 0, (how, new, ended.err)
            continue
        file, line, mend = held_to_the_form(ended)
        if elsewhere := listed(ELSEWHERE, how, path):
            told = PLACE if elsewhere[2] == "place.toml" else text
            assert file == elsewhere[2], (how, new, ended.err)
            assert told.splitlines()[line - 1].startswith(elsewhere[3]), (how, new, ended.err)
            continue
        assert file == "stays.toml", (how, new, ended.err)
        assert line in lines_wanted(path, how, new, at, ended.message), (how, new, ended.err)
        if how == "misspelled":
            assert f"did you mean '{path[-1]}'?" in mend, (how, new, ended.err)


def make_rich(folder: Path) -> Path:
    """A place whose one map is RICH, with a file of two records."""
    (folder / "sources").mkdir(parents=True)
    (folder / "maps").mkdir()
    (folder / "place.toml").write_text(PLACE, encoding="utf-8")
    (folder / "maps" / "stays.toml").write_text(write(RICH)[0], encoding="utf-8")
    records = [COLUMNS, [RECORD.get(c, "") for c in COLUMNS], [{**RECORD, **OTHER}.get(c, "") for c in COLUMNS]]
    (folder / "sources" / "stays.csv").write_text("".join(";".join(r) + "\n" for r in records), encoding="cp1252")
    return folder


PLACE_MISTAKES = (
    # what is changed in place.toml, into what; the file and the line (by its beginning) that are named; words of the message
    ('map     = "stays"', 'map     = "stayz"', "place.toml", "map ", "did you mean 'stays'?"),
    ('map     = "stays"', 'map     = "STAYS"', "place.toml", "map ", "did you mean 'stays'?"),
    ('year_start = "2025-04-01"\n', "", "place.toml", "[source.given]", 'year_start = "'),
    ("year_start =", "yxear_start =", "place.toml", "[source.given]", "did you mean 'yxear_start'?"),
    ('year_start = "2025-04-01"', "year_start = 2025-04-01", "place.toml", "year_start", "should be text"),
    ("ward ", 'extra = "1"\nward ', "place.toml", "extra", "does not use"),
    ('  "local_id",\n', "", "stays.toml", 'system = "local_id"', "identity.trust"),
    ('"local_id"', '"local_ident"', "stays.toml", 'system = "local_id"', "did you mean 'local_ident'?"),
    ('partner = "RMX"', 'partner = "RMY"', "place.toml", "partner ", "did you mean 'RMX'?"),
    ('corrects = "by_key"', 'corrects = "by_keys"', "place.toml", "corrects", "did you mean 'by_key'?"),
    ('corrects = "by_key"', 'correcst = "by_key"', "place.toml", "correcst", "did you mean 'corrects'?"),
    ('corrects = "by_key"', "corrects = 1", "place.toml", "corrects", "never, by_key, by_file"),
    ('name = "freeze"', 'name = ""', "place.toml", "name ", "cannot be a name"),
    ('name = "freeze"', 'nam = "freeze"', "place.toml", "nam ", "did you mean 'name'?"),
    ("at   = 2025-07-01", 'at   = "July"', "place.toml", "at ", "at = 2025-08-20"),
    ("at   = 2025-07-01", "", "place.toml", "[[snapshot]]", "at = "),
)


@pytest.mark.parametrize(("old", "new", "file", "line", "words"), PLACE_MISTAKES)
def test_each_key_of_the_place_that_leads_to_a_map(
    old: str, new: str, file: str, line: str, words: str, tmp_path: Path, accord: Callable[..., Any]
) -> None:
    place = make_rich(tmp_path / "place")
    assert PLACE.count(old) == 1
    text = PLACE.replace(old, new)
    (place / "place.toml").write_text(text, encoding="utf-8")
    ended = accord("check", place)
    named, number, _ = held_to_the_form(ended)
    assert named == file
    told = text if file == "place.toml" else write(RICH)[0]
    assert told.splitlines()[number - 1].startswith(line), ended.err
    assert words in ended.err


MAP_MISTAKES = (
    (("activity", "gross_amount", "amount"), [], "names no column"),
    (("person", "death_date", "constant"), "2025-02-30", "write a day as 2025-04-30"),
    (("registration", 1, "start_date", "constant"), "April", "write a day as 2025-04-30"),
    (("activity", "duration_minutes", "constant"), "half an hour", "write a whole number"),
    (("activity", "cost"), {"constant": "12,50"}, "write an amount as 12.50"),
    (("activity", "end_date", "plus_days"), 10**12, "less than or equal to 366"),
    (("diagnosis", 0, "first_position"), 10**12, "less than or equal to 1000"),
    (("diagnosis", 0, "columns"), ["DIAG_{1..99999999}"], "stands for 99999999 columns"),
    (("diagnosis", 0, "columns"), ["DIAG_{2..1}"], "write the lower number first"),
    (("diagnosis", 1, "columns"), ["DIAGS", "NOTE"], "take split out"),
    (("procedure", 0, "dates"), ["OPDATE_1"], "name one date column for each"),
    (("diagnosis", 1, "system"), "ICD-10", "cannot name a code system"),
    (("observation", 0, "columns"), ["SCORE", "SCORE"], "keep one of the two"),
    (("identifier", 1, "system"), "nhs_number", "named twice"),
    (("registration", 1, "population"), "registered", "keep one"),
    (("ignore", 0, "columns"), ["LINE", "NOTE", "NET"], "read by a section and ignored too"),
    (("ignore", 0, "columns"), ["LINE", "NOTE", "NOTE"], "ignored twice"),
    (("file", "delimiter"), "€", "one ASCII character"),
    (("file", "delimiter"), "'", "the same character"),
    (("file", "delimiter"), ",", 'such as delimiter = ";"'),
    (("file", "columns"), ["A"], "exactly when header = false"),
    (("identifier", 0, "column"), "nhs", "did you mean 'NHS'?"),
)


@pytest.mark.parametrize(("path", "new", "words"), MAP_MISTAKES, ids=lambda v: dotted(v) if isinstance(v, tuple) else None)
def test_a_map_that_is_well_formed_and_makes_no_sense(path: Key, new: Any, words: str, spoil: Callable[[str], Any]) -> None:
    text, at = write(changed(path, "retyped", new))
    ended = spoil(text)
    file, line, _ = held_to_the_form(ended)
    assert file == "stays.toml"
    assert line in lines_wanted(path, "dangled", new, at, ended.message) | {at[path[: 1 if path[0] == "file" else 2]]}, ended.err
    assert words in ended.err
