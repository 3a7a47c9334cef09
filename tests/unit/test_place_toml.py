"""Files that people write: where each key stands, and what is said of each fault."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from accord.errors import UserError
from accord.place.toml import every_fault, line_of, read_model
from accord.place.toml_faults import Fault

FILE = Path("maps/ward.toml")

# Each comment gives the path of the key that its line must be found for.
EVERY_FORM = '''\
# a comment with name = "x" in it
name = "Ward # not a comment"  # @ name
"a.b" = 1                      # @ a.b
'its' = 1
dotted.inner.key = 1           # @ dotted/inner/key
dotted.other = 2               # @ dotted/other
text = """                     # @ text
fake = 1
[fake_table]
a quote \\""" inside""""
after_text = \'\'\'               # @ after_text
fake = [ " {
\'\'\'
day = 1979-05-27 07:32:00      # @ day
list = [                       # @ list
  "first",                     # @ list/0
  # "no item",
  { inner = [1,                # @ list/1/inner
      2] },                    # @ list/1/inner/1
  "third", ]                   # @ list/2
inline = { a = 1, b = { c = """ # @ inline/b/c
x""", d = [ { e = 1 },         # @ inline/b/d/0/e
  { e = 2 } ] }, "f g" = 3 }   # @ inline/f g
empty = [ ]                    # @ empty
[table]                        # @ table
key = {}                       # @ table/key
[table.below."quoted . name"]  # @ table/below/quoted . name
key = true                     # @ table/below/quoted . name/key
[[many]]                       # @ many/0
id = 'one'                     # @ many/0/id
[[many]]                       # @ many/1
id = 'two'                     # @ many/1/id
[many.child]                   # @ many/1/child
key = 1                        # @ many/1/child/key
[[many.grandchild]]            # @ many/1/grandchild/0
[[many.grandchild]]            # @ many/1/grandchild/1
x . y = 1                      # @ many/1/grandchild/1/x/y
[ spaced . out ]               # @ spaced/out
'''


def _marked() -> list[tuple[tuple[str | int, ...], int]]:
    found = []
    for number, line in enumerate(EVERY_FORM.splitlines(), start=1):
        if mark := re.search(r"# @ (.*)$", line):
            found.append((tuple(int(p) if p.isdigit() else p for p in mark.group(1).split("/")), number))
    return found


@pytest.mark.parametrize(("path", "line"), _marked(), ids=str)
def test_line_of_every_form_of_key(path: tuple[str | int, ...], line: int) -> None:
    assert line_of(EVERY_FORM, path) == line
    assert line_of(EVERY_FORM.replace("\n", "\r\n"), path) == line


def test_a_missing_key_has_the_line_of_the_nearest_key_above() -> None:
    assert line_of(EVERY_FORM, ("many", 1, "missing", "deep")) == line_of(EVERY_FORM, ("many", 1))
    assert line_of(EVERY_FORM, ("list", 1, "missing")) == line_of(EVERY_FORM, ("list", 1))
    assert line_of(EVERY_FORM, ("missing",)) == 1
    assert line_of("", ("missing",)) == 1


def test_line_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("a = 1\nb = 2\n")
    assert line_of(tmp_path / "x.toml", ("b",)) == 2


# --- a model with what maps have: readers told apart by their first key, plain unions, dates, decimals, checks ---


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TextReader(_Strict):
    text: str
    missing: list[str] = []


class DateReader(_Strict):
    date: str
    format: Literal["YYYY-MM-DD", "DD/MM/YYYY"]


class FirstOf(_Strict):
    first_of: list[Reader] = Field(min_length=2)


def _tag(value: Any) -> str | None:
    return next((k for k in ("text", "date", "first_of") if k in value), None) if isinstance(value, dict) else None


Reader = Annotated[
    Annotated[TextReader, Tag("text")] | Annotated[DateReader, Tag("date")] | Annotated[FirstOf, Tag("first_of")],
    Discriminator(
        _tag, custom_error_type="reader_kind", custom_error_message="is not a reader: begin with text, date or first_of"
    ),
]
FirstOf.model_rebuild()


class Share(_Strict):
    party: str
    rate: Decimal = Field(gt=0)


class Pool(_Strict):
    pool: str
    rate: Decimal
    cap: Decimal


class Fixed(_Strict):
    kind: Literal["fixed"]
    price: Decimal


class Banded(_Strict):
    kind: Literal["banded"]
    bands: list[int]


class Ward(_Strict):
    title: str = Field(min_length=3)
    beds: int = 0
    read: dict[str, Reader] = {}
    untagged: Share | Pool | str = "none"
    either: str | list[str] = "x"
    kinded: Annotated[Fixed | Banded, Field(discriminator="kind")] | None = None
    many: list[Share] = []

    @model_validator(mode="after")
    def _not_both(self) -> Ward:
        if self.beds == 13:
            raise ValueError("no ward has 13 beds: give another number")
        return self


def _fault(text: str) -> UserError:
    with pytest.raises(UserError) as caught:
        read_model(FILE, Ward, text=text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "line", "what", "mend"),
    [
        ("title = 5", 1, "key 'title' should be text, and is 5", 'title = "text"'),
        ("beds = 1", 1, "key 'title' is missing", 'title = "text"'),
        ('titel = "Ward"', 1, "key 'titel' is not one that accord knows", "did you mean 'title'? The keys of this file are: beds,"),
        ('title = "Ward"\nzebra = 1', 2, "key 'zebra' is not one", "take out 'zebra'. The keys of this file are"),
        ('title = "W"', 1, "key 'title' is the text \"W\", and should have at least 3 characters", "title ="),
        ('title = "Ward"\nbeds = 1.5', 2, "key 'beds' should be a whole number, and is 1.5", "beds = 12"),
        ('title = "Ward"\nbeds = [1]', 2, "key 'beds' should be a whole number, and is a list", "beds = 12"),
        ('title = "Ward"\nbeds = 13', 1, "the file: no ward has 13 beds", "give another number"),
        ('title = "Ward"\n[[many]]\nparty = "A"\nrate = 0', 4, "key 'rate' in many 1 is 0, and should be greater than 0", "rate ="),
        ('title = "Ward"\n[[many]]\nparty = "A"\nrate = 1\n[[many]]\nparty = "B"', 5, "key 'rate' in many 2 is missing", "rate = 12.50"),
        ('title = "Ward"\nmany = 5', 2, "key 'many' should be a list, and is 5", "[[many]], a heading"),
        ('beds = 1\n[[many]]\nparty = "A"\nrate = 1\ntitle = "Ward"', 5, "key 'title' in many 1", "move it above the first [table]"),
    ],
)  # fmt: skip
def test_each_fault_is_told_with_its_line_and_mend(text: str, line: int, what: str, mend: str) -> None:
    error = _fault(text)
    assert error.where == f"maps/ward.toml, line {line}"
    assert what in error.what
    assert mend in error.what_to_do


@pytest.mark.parametrize(
    ("reader", "what", "mend"),
    [
        ('{ txt = "A" }', "key 'a' in read: is not a reader", "did you mean 'text'? begin with text"),
        ("{ }", "key 'a' in read: is not a reader", "begin with text"),
        ("5", "key 'a' in read (5): is not a reader", "begin with text"),
        ('{ date = "A" }', "key 'format' in read.a is missing", "it may be: YYYY-MM-DD, DD/MM/YYYY"),
        ('{ date = "A", format = "DD/MM/YYY" }', "key 'format' in read.a is the text", "did you mean 'DD/MM/YYYY'?"),
        ('{ date = 5, format = "DD/MM/YYYY" }', "key 'date' in read.a should be text", 'date = "text"'),
        ('{ text = "A", mising = ["x"] }', "key 'mising' in read.a", "did you mean 'missing'? The keys of read.a are: missing, text"),
        ('{ first_of = [ { text = "A" }, { date = "B" } ] }', "key 'format' in read.a.first_of 2 is missing", "format ="),
        ('{ first_of = [ { text = "A" } ] }', "should have at least 2 items", "first_of ="),
    ],
)  # fmt: skip
def test_a_reader_has_one_fault_not_one_for_each_kind(reader: str, what: str, mend: str) -> None:
    error = _fault(f'title = "Ward"\n\n[read]\na = {reader}\n')
    assert error.where.endswith("line 4")
    assert what in error.what
    assert "more fault" not in error.what
    assert mend in error.what_to_do


@pytest.mark.parametrize(
    ("untagged", "what"),
    [
        ('{ party = "A", rat = 0.5 }', "key 'rat' in untagged"),
        ('{ pool = "A", rate = 0.5 }', "key 'cap' in untagged is missing"),
        ('{ pool = "A", rate = "x", cap = 1 }', "key 'rate' in untagged should be a number"),
        ("5", "key 'untagged' should be a table or text, and is 5"),
    ],
)
def test_of_alternatives_without_a_tag_the_most_alike_is_meant(untagged: str, what: str) -> None:
    error = _fault(f'title = "Ward"\nuntagged = {untagged}')
    assert what in error.what
    assert "more fault" not in error.what


@pytest.mark.parametrize(
    ("kinded", "what", "mend"),
    [
        (
            '{ kind = "fixd", price = 1.5 }',
            "key 'kind' in kinded is the text \"fixd\", which is not one of its values",
            "did you mean 'fixed'?",
        ),
        ('{ kind = "banded", bands = [1, "x"] }', "item 2 of kinded.bands should be a whole number", "12"),
        ("{ price = 1.5 }", "key 'kind' in kinded is missing", "it may be: fixed, banded"),
    ],
)
def test_alternatives_told_apart_by_a_value(kinded: str, what: str, mend: str) -> None:
    error = _fault(f'title = "Ward"\nkinded = {kinded}')
    assert what in error.what
    assert mend in error.what_to_do


def test_text_or_list() -> None:
    assert "key 'either' should be text or a list, and is 5" in _fault('title = "Ward"\neither = 5').what
    assert "item 2 of either should be text, and is 5" in _fault('title = "Ward"\neither = ["a", 5]').what


def test_several_faults_are_one_message_about_the_first_line() -> None:
    error = _fault("beds = 1.5\nzebra = 1\n[read]\na = 5\n")
    assert error.what.startswith("key 'title' is missing (and 3 more faults in this file)")
    assert _fault("titel = 5\nzebra = 1").what.startswith(
        "key 'titel' is not one that accord knows (and 1 more fault in this file)"
    )


def test_decimals_are_exact() -> None:
    read = read_model(FILE, Ward, text='title = "Ward"\n[[many]]\nparty = "A"\nrate = 0.1')
    assert read.many[0].rate == Decimal("0.1")


def test_a_check_between_keys_is_told_with_its_line() -> None:
    def check(ward: Ward) -> list[Fault]:
        return [Fault(("read", "a"), f"{ward.title} reads a", "do not"), Fault(("beds",), "beds", "none")]

    with pytest.raises(UserError) as caught:
        read_model(FILE, Ward, text='title = "Ward"\nbeds = 1\nread = { a = { text = "A" } }', check=check)
    assert (caught.value.what, caught.value.where) == ("beds (and 1 more fault in this file)", "maps/ward.toml, line 2")


Part = Annotated[
    Decimal, BeforeValidator(lambda v: Decimal(v) if type(v) is int else v), Field(ge=0, le=1, examples=[Decimal("0.30")])
]


class Slice(_Strict):
    who: str
    rate: Part | Fixed


class Cake(_Strict):
    slice: Annotated[tuple[Slice, ...], Field(strict=False, min_length=1)]
    rest: Annotated[tuple[Slice, ...], Field(strict=False)]


CAKE = """\
[[slice]]
whom = "Ann"
rate = 3
[[slice]]
who = "Ben"
rate = 0.5
"""


def _check(_: Cake) -> list[Fault]:
    return [Fault(("slice", 1, "who"), "Ben has had his", "ask Ann"), Fault(("slice", 0), "too large", "cut it")]


def test_every_fault_of_a_file_in_the_order_of_its_lines(tmp_path: Path) -> None:
    """A whole number is nearer to a number than to a table; a list is not too short because its items are wrong."""
    file = tmp_path / "cake.toml"
    file.write_text(CAKE, encoding="utf-8")
    read, faults = every_fault(file, Cake, check=_check)
    assert read is None
    assert [(f.where.rpartition(" ")[2], f.what) for f in faults] == [
        ("1", "key 'rest' is missing"),
        ("2", "key 'whom' in slice 1 is not one that accord knows"),
        ("3", "key 'rate' in slice 1 is 3, and should be less than or equal to 1"),
    ]
    assert faults[0].what_to_do == "add it, for example: [[rest]], a heading with its keys below it"
    assert faults[2].what_to_do == "write it like this: rate = 0.30"


def test_what_does_not_hold_between_keys_is_told_in_the_order_of_lines_with_what_was_read(tmp_path: Path) -> None:
    file = tmp_path / "cake.toml"
    file.write_text("rest = []\n" + CAKE.replace("whom", "who").replace("rate = 3", "rate = 0.5"), encoding="utf-8")
    read, faults = every_fault(file, Cake, check=_check)
    assert read is not None
    assert [f.what for f in faults] == ["too large", "Ben has had his"]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ('title = "a"\ntitle = "b"\n', 2, "key 'title' is given twice, first on line 1"),
        ("[read]\na = 1\n[read]\n", 3, "key 'read' is given twice, first on line 1"),
        ("read = { a = 1, a = 2 }", 1, "key 'a' in read is given twice"),
        ("[[many]]\na = 1\n[[many]]\na = 1\na = 2\n", 5, "key 'a' in many 2 is given twice, first on line 4"),
        ("beds = 1\ntitle = Ward\n", 2, "no value that can be read"),
        ('beds = 1\ntitle = "Ward\nx = 1\n', 2, "closing quote is missing"),
        ('beds = 1\ntitle = """Ward\nx = 1\n', 2, "closing quote is missing"),
        ("beds = 1\nlist = [1,\n2\n", 2, "a list whose comma or closing ] is missing"),
        ("beds = 1\ntitle\n", 2, "a key without '='"),
        ("beds = 1 title = 2\n", 1, "something stands after the value"),
        ("day = 2025-02-30\n", 1, "a date that no calendar has"),
        ('title = "a\x00b"\n', 1, "a control character"),
        ("beds = " + "9" * 5000, 1, "more digits than can be read"),
    ],
)
def test_syntax_errors_in_plain_words(text: str, line: int, what: str) -> None:
    error = _fault(text)
    assert error.where == f"maps/ward.toml, line {line}"
    assert what in error.what
    assert error.what_to_do


def test_brackets_without_end_do_not_break_the_reader() -> None:
    assert "nests too deeply" in _fault("a = " + "[" * 50_000).what


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "there is no file ward.toml"),
        (b'title = "caf\xe9"', "ward.toml is not UTF-8 text"),
        ('title = "café"'.encode("utf-16"), "ward.toml is not UTF-8 text"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: bytes | None, what: str) -> None:
    file = tmp_path / "ward.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_model(file, Ward)
    assert what in caught.value.what
    assert caught.value.where.startswith(str(file))


def test_a_folder_is_not_a_file_and_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "ward.toml").mkdir()
    with pytest.raises(UserError, match="is not a file"):
        read_model(tmp_path / "ward.toml", Ward)
    (tmp_path / "bom.toml").write_bytes(b'\xef\xbb\xbftitle = "Ward"\r\n')
    assert read_model(tmp_path / "bom.toml", Ward).title == "Ward"
