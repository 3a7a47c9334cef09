"""What does not hold between the sections of a map, where a section says that its records belong to others."""

from __future__ import annotations

from pathlib import Path

import pytest

from accord.errors import UserError
from accord.intake.layout import Layout
from accord.intake.layout_faults import layout_faults
from accord.place.toml import read_model

HEAD = 'title = "Codes"\nreference = "written for this test"\n\n[file]\nformat = "csv"\n'
BELONGS = '[belongs_to]\nspell_code = { text = "claim" }\n'
CODES = '[[diagnosis]]\ncolumns = ["illness"]\nsystem = "icd10cm"\n'
ACTIVITY = """[[identifier]]
column = "person"
system = "local_id"
scope = "any"
[activity]
setting = { constant = "gp" }
start_date = { date = "seen", format = "YYYY-MM-DD" }
"""


def read(path: Path, text: str) -> Layout:
    path.write_text(HEAD + text, encoding="utf-8")
    return read_model(path, Layout, check=layout_faults)


def test_codes_may_belong_to_an_act_of_another_file(tmp_path: Path) -> None:
    assert read(tmp_path / "map.toml", BELONGS + CODES).read_columns() == ["claim", "illness"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (BELONGS + ACTIVITY + CODES, 6, "a record is an act of care or belongs to one, not both"),
        (BELONGS, 6, "the map has no codes that could belong to an act of care"),
        (CODES, 6, "the map has codes of a diagnosis but no act of care that they belong to"),
    ],
    ids=["both", "no codes", "no act"],
)
def test_a_record_belongs_to_one_act_and_has_codes(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(UserError) as error:
        read(tmp_path / "map.toml", text)
    assert said in str(error.value)
    assert error.value.where.endswith(f"line {line}")
