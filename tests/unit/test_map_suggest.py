"""What `accord map suggest` makes of names and contents, of hostile files, and of what it cannot tell."""

from __future__ import annotations

import gzip
import tomllib
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from accord.cli import app
from accord.errors import UserError
from accord.intake.draft import suggest
from accord.intake.layout import Layout
from accord.intake.layout_faults import layout_faults
from accord.intake.profile import is_nhs_number

STAYS = """nhs;sex;dob;admission date;discharge date;ward;diag1;hrg;final price;note
9990000018;F;02/11/1941;30/04/2025;13/05/2025;A;I10;AA22C;1200.50;x
9990000026;M;17/01/1950;02/05/2025;14/05/2025;B;E11.9;AA22D;80;y
9990000034;F;28/12/1960;03/05/2025;21/05/2025;B;J44.1;AA22C;99.10;
"""


def drafted(tmp_path: Path, content: str | bytes, name: str = "f.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    suggested = suggest(path)
    return suggested, Layout.model_validate(tomllib.loads(suggested.text, parse_float=Decimal))


def test_contents_decide_with_the_name(tmp_path: Path) -> None:
    suggested, layout = drafted(tmp_path, STAYS)
    assert list(layout_faults(layout)) == [] and suggested.to_complete == ()
    assert layout.file.delimiter == ";"
    assert [(i.column, i.system, i.scope) for i in layout.identifier] == [("nhs", "nhs_number", "any")]
    assert layout.person.birth_date.format == "DD/MM/YYYY"
    assert layout.person.sex.values == {"F": "female", "M": "male"}
    assert (layout.activity.start_date.date, layout.activity.end_date.date) == ("admission date", "discharge date")
    assert (layout.activity.currency.code, layout.activity.currency.system) == ("hrg", "hrg")
    assert [d.columns for d in layout.diagnosis] == [["diag1"]]
    assert layout.activity.net_amount is None and layout.activity.gross_amount is None and layout.activity.cost is None
    assert "final price" in suggested.left
    assert any(line.startswith("final price looks like an amount: say which") for line in suggested.to_decide)


@pytest.mark.parametrize(
    ("column", "values", "format_"),
    [
        ("admission_date", ["2025-04-30", "2025-05-01"], "YYYY-MM-DD"),
        ("admission_date", ["20250430", "20250501"], "YYYYMMDD"),
        ("admission_date", ["30/04/2025", "01/05/2025"], "DD/MM/YYYY"),
        ("admission_date", ["04/30/2025", "05/01/2025"], "MM/DD/YYYY"),
        ("admission_date", ["30-APR-2025", "01-May-2025"], "DD-MON-YYYY"),
        ("admission_date", ["2025-04-30 13:45:00", "2025-05-01T00:00:00Z"], "YYYY-MM-DD hh:mm:ss"),
        ("admission_date", ["01/02/2025", "03/04/2025"], None),  # days or months: nobody can tell
        ("admission_date", ["2025-02-30", "2025-13-01"], None),
        ("batch", ["20250430", "20250501"], None),  # digits are a day only where the name says so
    ],
)
def test_a_date_is_of_the_format_that_was_seen(tmp_path: Path, column: str, values: list[str], format_: str | None) -> None:
    rows = "".join(f"P{n},{value}\n" for n, value in enumerate(values))
    suggested, layout = drafted(tmp_path, f"patient_id,{column}\n{rows}")
    assert (layout.activity.start_date.format if layout.activity else None) == format_
    assert bool(suggested.to_complete) == (format_ is None)
    assert (column in suggested.left) == (format_ is None)


def test_what_must_be_completed_is_said(tmp_path: Path) -> None:
    suggested, layout = drafted(tmp_path, "patient_id,colour\n1,red\n2,blue\n")
    assert suggested.to_complete == (
        "[activity] start_date: no column is surely the day on which care began; write the section, or a [[registration]]",
    )
    suggested, layout = drafted(tmp_path, "colour,shape\nred,round\n")
    assert [f.what for f in layout_faults(layout)] == ["the map reads no column"]
    assert suggested.to_complete[0].startswith("no column could be placed: write an [[identifier]]")


def test_ten_digits_are_an_nhs_number_only_by_their_check_digit(tmp_path: Path) -> None:
    assert is_nhs_number("999 000 0018") and not is_nhs_number("9990000019") and not is_nhs_number("1111111111")
    _, layout = drafted(tmp_path, "nhs_number,visit_date\n9990000019,2025-05-01\n9990000027,2025-05-02\n")
    assert layout.identifier == []


def test_a_file_with_nothing_in_it_is_refused_with_the_mend(tmp_path: Path) -> None:
    for content in ("", "\n\n", b"PAR1 is no Parquet"):
        with pytest.raises(UserError):
            drafted(tmp_path, content)
    with pytest.raises(UserError, match="no such file"):
        suggest(tmp_path / "absent.csv")


def test_a_heading_alone_one_column_and_five_hundred(tmp_path: Path) -> None:
    suggested, layout = drafted(tmp_path, "patient_id,visit_date\n")
    assert suggested.n_looked_at == 0 and set(layout.ignored_columns()) == {"patient_id", "visit_date"}
    suggested, layout = drafted(tmp_path, "only\nx\ny\n")
    assert layout.ignored_columns() == ["only"]
    wide = ",".join(f"c{n}" for n in range(500)) + "\n" + "\n".join(",".join(str(n * r) for n in range(500)) for r in range(3)) + "\n"
    suggested, layout = drafted(tmp_path, wide)
    assert len(layout.ignored_columns()) == 500 == len(suggested.left)


def test_names_that_toml_or_a_map_would_read_otherwise(tmp_path: Path) -> None:
    named = ['a "quoted" name', "back\\slash", "é ü 名", "tab\there", "x = y # z", "[[ignore]]"]
    table = pa.table({name: ["v"] for name in [*named, "DIAG_{1..3}", "patient_id", "visit_date"]} | {"visit_date": ["2025-05-01"]})
    pq.write_table(table, tmp_path / "f.parquet")
    suggested = suggest(tmp_path / "f.parquet")
    layout = Layout.model_validate(tomllib.loads(suggested.text, parse_float=Decimal))
    assert layout.file.format == "parquet"
    assert set(layout.ignored_columns()) == set(named)
    assert suggested.to_complete[0].startswith("column 'DIAG_{1..3}': its name stands for several columns")


def test_the_command_prints_a_map_and_what_it_leaves_to_a_person(tmp_path: Path) -> None:
    (tmp_path / "stays.csv.gz").write_bytes(gzip.compress(STAYS.encode()))
    result = CliRunner().invoke(app, ["map", "suggest", str(tmp_path / "stays.csv.gz"), "--map", "stays"])
    assert result.exit_code == 0
    assert tomllib.loads(result.stdout)["title"] == "stays, one row per record"
    assert "Could not be placed, and are ignored with the reason:" in result.stderr
    assert "final price looks like an amount" in result.stderr


@pytest.mark.parametrize(("column", "is_asked"), [("DAY_RATE", True), ("finalPrice", True), ("PAIDAMT", True), ("ward", False)])
def test_an_amount_is_told_by_its_name_and_contents_together(tmp_path: Path, column: str, is_asked: bool) -> None:
    suggested, _ = drafted(tmp_path, f"patient_id,visit_date,{column}\n1,2025-05-01,12.50\n2,2025-05-02,7\n")
    assert any("looks like an amount" in line for line in suggested.to_decide) == is_asked
    suggested, _ = drafted(tmp_path, f"patient_id,visit_date,{column}\n1,2025-05-01,high\n2,2025-05-02,low\n")
    assert not any("looks like an amount" in line for line in suggested.to_decide)
