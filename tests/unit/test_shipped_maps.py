"""The maps that Accord ships and those of its example places are whole: each can be read, and says nothing that a place would refuse."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from accord.intake.catalogue import SHIPPED, read_maps
from accord.intake.layout import Layout
from accord.place import open_place

ROOT = Path(__file__).resolve().parents[2]
EXPECTED = {
    "cms_desynpuf_beneficiary", "cms_desynpuf_inpatient", "tuva_eligibility", "tuva_medical_claim", "tuva_pharmacy_claim",
    *(f"cclf{n}" for n in range(1, 10)), "hes_apc", "hes_op", "hes_ae", "ecds", "gp_registration", "gp_consultation",
}  # fmt: skip
MAPS = sorted(SHIPPED.glob("*.toml"))
PLACES = sorted(path.parent for path in (ROOT / "examples").glob("*/place.toml"))


def layout(path: Path) -> Layout:
    return Layout.model_validate(tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal))


def test_the_promised_maps_are_shipped() -> None:
    assert {path.stem for path in MAPS} >= EXPECTED


@pytest.mark.parametrize("path", MAPS, ids=lambda p: p.stem)
def test_a_shipped_map_is_whole(path: Path) -> None:
    read = layout(path)
    assert read.read_columns()
    assert all(len(each.reason.split()) > 3 for each in read.ignore), "a reason says why, in words"


@pytest.mark.parametrize("path", MAPS, ids=lambda p: p.stem)
def test_only_real_nhs_numbers_are_checked_as_such(path: Path) -> None:
    checked = [i.column for i in layout(path).identifier if i.system == "nhs_number"]
    assert set(checked) <= {"NEWNHSNO", "NHS_NUMBER", "NHS Number", "nhs_number"}


def test_there_are_the_example_places() -> None:
    assert {path.name for path in PLACES} >= {"desynpuf", "tuva", "maplewood", "artificial_hes", "cclf"}


@pytest.mark.parametrize("folder", PLACES, ids=lambda p: p.name)
def test_an_example_place_and_its_maps_hold_together(folder: Path) -> None:
    place = open_place(folder)
    used = read_maps(place)
    own = {path.stem for path in (folder / "maps").glob("*.toml")}
    assert own <= set(used), f"maps that no source uses: {own - set(used)}"
    assert (folder / "README.md").is_file()


@pytest.mark.parametrize("folder", PLACES, ids=lambda p: p.name)
def test_an_example_place_keeps_no_data(folder: Path) -> None:
    assert "/sources/*" in (folder / ".gitignore").read_text(encoding="utf-8").splitlines()
