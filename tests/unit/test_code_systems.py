"""A code system is stated by name; a name that is nearly a known one is taken for a slip, not for a list of the sender's own."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from accord.intake.readers import Code

SLIPS = [("icd10x", "icd10"), ("opcs", "opcs4"), ("icd9cm_procedures", "icd9cm_procedure"), ("snomedct", "snomed_ct")]


@pytest.mark.parametrize(("written", "meant"), SLIPS)
def test_a_slip_is_told_with_what_was_meant(written: str, meant: str) -> None:
    with pytest.raises(ValidationError, match=f'write "{meant}"'):
        Code.model_validate({"code": "DIAG", "system": written})


@pytest.mark.parametrize("system", ["icd10", "icd10cm", "hrg_root", "mh_cluster", "local_icd10x", "council_services"])
def test_a_known_system_and_a_list_of_the_senders_own_are_taken(system: str) -> None:
    assert Code.model_validate({"code": "DIAG", "system": system}).system == system
