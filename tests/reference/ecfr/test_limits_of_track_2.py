"""42 CFR 425.606, read in MichalOpoka/ecfr on GitHub, section-425.606.md at 0b4d0e0: what Track 2 is paid and owes at most."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accord.settlement.mssp.agreement import terms_of


@pytest.mark.parametrize("year", [2012, 2016, 2018])
def test_track_2_is_paid_15_percent_of_its_benchmark_and_owes_10_at_most(year):
    """(e)(2) and (g)(3), the third and any later performance year; the first two, of 5 and 7.5 percent, cannot be told from a results file."""
    terms = terms_of(year, "track_2")
    assert (terms.cap.of, terms.cap.rate) == ("benchmark", Decimal("0.15"))
    assert (terms.loss.limit.of, terms.loss.limit.rate) == ("benchmark", Decimal("0.10"))
    assert terms.share == Decimal("0.60")
