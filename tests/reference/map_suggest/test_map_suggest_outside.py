"""`accord map suggest` over other people's files: every draft is a map that a run takes as it stands, and none places an amount."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

import accord
from accord.intake.draft import Suggestion, suggest
from accord.intake.layout import Layout
from accord.intake.layout_faults import layout_faults
from accord.intake.readers import Amount, Weekly

pytestmark = pytest.mark.xdist_group("map_suggest")
FOLDERS = {"maplewood": ("*.csv", "*.parquet"), "synthea_csv": ("*.gz",), "artificial_hes": ("*.csv",)}
PLACE = """name = "Drafts"
currency = "GBP"
period = {{ from = 2001-01-01, to = 2025-01-01 }}
calendar = "calendar_year"
key = "demo"
identity = {{ trust = [{trust}] }}

[[partner]]
id = "P"
name = "Partner"
kind = "other"
vat = "outside"
"""


def _files(data: Path, folder: str) -> list[Path]:
    if not (data / folder).is_dir():
        pytest.skip(f"{folder} is not among the outside data")
    return sorted(path for pattern in FOLDERS[folder] for path in (data / folder).glob(pattern))


@pytest.fixture(scope="module")
def drafts(outside_data: Path) -> Callable[[str], dict[Path, Suggestion]]:
    made = cache(lambda folder: {path: suggest(path) for path in _files(outside_data, folder)})
    return made


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_run_takes_every_draft_as_it_stands(folder: str, drafts, tmp_path: Path) -> None:
    made = drafts(folder)
    assert made
    place = tmp_path / "place"
    for sub in ("sources", "maps"):
        (place / sub).mkdir(parents=True)
    trust, sources = [], ""
    for n, (path, draft) in enumerate(made.items()):
        assert draft.to_complete == ()
        layout = Layout.model_validate(tomllib.loads(draft.text, parse_float=Decimal))
        assert list(layout_faults(layout)) == []
        trust += [i.system for i in layout.identifier]
        (place / "maps" / f"m{n}.toml").write_text(draft.text, encoding="utf-8")
        shutil.copyfile(path, place / "sources" / path.name)
        sources += f'\n[[source]]\nid = "s{n}"\nglob = "{path.name}"\nmap = "m{n}"\npartner = "P"\n'
    listed = ", ".join(f'"{system}"' for system in dict.fromkeys(trust))
    (place / "place.toml").write_text(PLACE.format(trust=listed) + sources, encoding="utf-8")
    report = accord.open(place).check()
    assert {f.file_name: f.status for f in report.files} == {path.name: "landed" for path in made}
    assert all(f.n_record for f in report.files)


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_amount_is_guessed_and_every_column_is_placed_or_listed(folder: str, drafts) -> None:
    for path, draft in drafts(folder).items():
        layout = Layout.model_validate(tomllib.loads(draft.text, parse_float=Decimal))
        assert not any(isinstance(reader, Amount | Weekly) for _, reader in layout.readers()), path.name
        assert set(layout.ignored_columns()) == set(draft.left), path.name


def test_columns_that_look_like_amounts_are_asked_about(drafts) -> None:
    made = {path.name: draft for path, draft in drafts("synthea_csv").items()}
    asked = {name: {line.split(" ")[0] for line in draft.to_decide if "looks like an amount" in line} for name, draft in made.items()}
    assert asked["encounters.csv.gz"] == {"BASE_ENCOUNTER_COST", "TOTAL_CLAIM_COST", "PAYER_COVERAGE"}
    assert asked["procedures.csv.gz"] == {"BASE_COST"}
    social = next(draft for path, draft in drafts("maplewood").items() if path.name == "social_care.csv")
    assert [line for line in social.to_decide if re.match("weekly_cost looks like an amount: say which", line)]
    assert social.left["weekly_cost"] == "not placed by map suggest: it looks like an amount, and an amount is never guessed"


def test_what_it_finds_in_hospital_episodes(drafts) -> None:
    draft = next(draft for path, draft in drafts("artificial_hes").items() if "apc" in path.name)
    layout = Layout.model_validate(tomllib.loads(draft.text, parse_float=Decimal))
    assert [i.column for i in layout.identifier] == ["PSEUDO_HESID"]
    assert {c for d in layout.diagnosis for c in d.columns} >= {"DIAG_4_01", "DIAG_4_02"}
    assert {c for p in layout.procedure for c in p.columns} >= {"OPERTN_4_01"}
    assert {d.system for d in layout.diagnosis} == {"icd10"} and {p.system for p in layout.procedure} == {"opcs4"}
