"""How well risks tell who it will be: against scikit-learn where it is installed, and against counts made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from accord.stats.discrimination import area_under_curve, brier_score, calibration, flagged, highest, most_to_spend


def invented(n=3_000, seed=1):
    rng = np.random.default_rng(seed)
    odds = rng.normal(-2, 1.2, n)
    risk = 1 / (1 + np.exp(-odds))
    return np.round(risk, 2).clip(0.01, 0.99), rng.random(n) < risk, odds


def test_area_and_brier_are_those_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    risk, event, _ = invented()
    assert area_under_curve(risk, event) == pytest.approx(metrics.roc_auc_score(event, risk))
    assert brier_score(risk, event) == pytest.approx(metrics.brier_score_loss(event, risk))


def test_without_both_kinds_there_is_no_area():
    assert np.isnan(area_under_curve(np.array([0.1, 0.2]), np.array([True, True])))


def test_true_risks_are_calibrated():
    _, event, odds = invented(60_000)
    slope, intercept = calibration(1 / (1 + np.exp(-odds)), event)
    assert slope == pytest.approx(1, abs=0.04)
    assert intercept == pytest.approx(0, abs=0.04)


def test_risks_that_are_too_extreme_and_too_low_are_told():
    _, event, odds = invented(60_000)
    assert calibration(1 / (1 + np.exp(-2 * odds)), event)[0] == pytest.approx(0.5, abs=0.02)
    assert calibration(1 / (1 + np.exp(-(odds - 1))), event)[1] == pytest.approx(1, abs=0.04)


def test_what_a_list_finds():
    risk, event = np.array([0.9, 0.8, 0.3, 0.2, 0.1]), np.array([True, False, True, False, False])
    found = flagged(highest(risk, 2), event)
    assert (found.n, found.n_event, found.n_all, found.n_all_event) == (2, 1, 5, 2)
    assert (found.predictive_value, found.sensitivity, found.share) == (0.5, 0.5, 0.4)


def test_parr_30_may_spend_109_pounds_a_patient():
    """Nuffield Trust's chart of PARR-30: mean readmission cost of £1,088 a patient at band 11 and above, one in ten prevented."""
    assert round(most_to_spend(0.10, 1.0, 1_088.0)) == 109
