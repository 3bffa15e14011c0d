from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baa_node.core.acceptance.calibration_fit import LEAST_IMAGES, Trial, fit, fit_by_sex, make_calibration, theil_sen
from baa_node.core.calibration import read_calibration, write_calibration
from baa_node.core.radiograph import Sex
from tests.parts.calibrations import calibration
from tests.parts.results import ESTIMATE

RNG = np.random.default_rng(7)
X = RNG.uniform(30, 200, 90)
NOISE = RNG.normal(0, 7, 90)


def test_the_line_is_the_median_of_slopes_worked_out_by_hand() -> None:
    slope, intercept = theil_sen(np.array([0.0, 1.0, 2.0, 4.0]), np.array([1.0, 3.0, 4.0, 30.0]))
    assert slope == 4.625  # of 1, 1.5, 2, 7.25, 9, 13
    assert intercept == pytest.approx(-0.3125)  # of -5.25, -1.625, 1, 11.5


@given(st.floats(0.5, 2), st.floats(-40, 40), st.permutations(range(9)))
def test_points_on_a_line_give_the_line_in_any_order(slope: float, intercept: float, order: list[int]) -> None:
    x = np.array([10.0, 25, 31, 48, 77, 99, 120, 160, 190])[order]
    assert theil_sen(x, slope * x + intercept) == (pytest.approx(slope), pytest.approx(intercept, abs=1e-6))


def test_a_place_has_no_slope() -> None:
    with pytest.raises(ValueError, match="no slope"):
        theil_sen(np.full(5, 3.0), np.arange(5.0))


def test_a_difference_between_readers_is_found_and_its_benefit_shown() -> None:
    trial = fit(0.92 * X - 4 + NOISE, X)
    line = trial.line
    assert line is not None
    assert trial.refused == ""
    assert line.slope.low < 0.92 < line.slope.high
    assert line.intercept_months.low < -4 < line.intercept_months.high
    assert line.mae_after.value < line.mae_before.value
    assert 0 < line.gain.low < line.gain.value < line.gain.high
    assert line.gain.value == pytest.approx(line.mae_before.value - line.mae_after.value)
    assert line.range_months == (X.min(), X.max())


def test_the_error_after_is_that_on_images_left_out() -> None:
    trial = fit(0.92 * X - 4 + NOISE, X)
    assert trial.line is not None
    own = np.abs(trial.line.slope.value * X + trial.line.intercept_months.value - (0.92 * X - 4 + NOISE)).mean()
    assert trial.line.mae_after.value > own


def test_some_wrong_labels_do_not_move_the_line_far() -> None:
    label = 0.92 * X - 4 + NOISE
    label[:6] /= 12  # years in a column of months
    line = fit(label, X).line
    assert line is not None
    assert line.slope.value == pytest.approx(0.92, abs=0.05)


def test_where_nothing_is_to_be_gained_there_is_no_line() -> None:
    trial = fit(X + NOISE, X)
    assert trial.line is not None
    assert trial.refused.startswith("no benefit is shown on images that the line was not fitted on")


def test_too_few_images_too_narrow_ages_and_absurd_slopes_are_refused() -> None:
    few = fit(X[: LEAST_IMAGES - 1], X[: LEAST_IMAGES - 1])
    assert few == Trial(n=LEAST_IMAGES - 1, line=None, refused="49 of the 50 images that are needed")
    narrow = fit(X / 10 + 90, X / 10 + 100)
    assert narrow.line is None
    assert "60 are needed" in narrow.refused
    assert "mistaken units" in fit(X / 12, X).refused


def test_the_fit_is_repeatable_with_so_many_images_that_pairs_are_drawn() -> None:
    many = np.random.default_rng(1).uniform(30, 200, 400)
    label = 0.95 * many + 3 + np.random.default_rng(2).normal(0, 7, 400)
    assert theil_sen(many, label) == theil_sen(many, label)
    assert theil_sen(many, label)[0] == pytest.approx(0.95, abs=0.02)


def test_sexes_are_fitted_apart_and_a_calibration_keeps_those_that_gain() -> None:
    boys = [(Sex.MALE, 0.92 * x - 4 + noise, x) for x, noise in zip(X, NOISE, strict=True)]
    girls = [(Sex.FEMALE, x, x) for x in X[:20]]
    trials = fit_by_sex([*boys, *girls, (None, 5.0, 100.0)])
    assert {sex: trial.n for sex, trial in trials.items()} == {Sex.FEMALE: 20, Sex.MALE: 90}
    before = calibration(ESTIMATE.bundle, version=4)
    made = make_calibration(trials, ESTIMATE.bundle, software="0.1.0", created="2026-03-04T05:06:07+00:00", before=before)
    assert made is not None
    assert (made.version, made.replaces) == (5, before.seal)
    assert set(made.lines) == {Sex.MALE}
    assert made.without == {Sex.FEMALE: "20 of the 50 images that are needed"}
    assert read_calibration(write_calibration(made)).seal == made.seal
    refused = {Sex.FEMALE: trials[Sex.FEMALE]}
    assert make_calibration(refused, ESTIMATE.bundle, software="0.1.0", created="", before=None) is None
