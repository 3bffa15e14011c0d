from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baa_node.core.acceptance.agreement import Figure
from baa_node.core.calibration import CalibrationError, Line, SiteCalibration, calibrate, check_fits, read_calibration, write_calibration
from baa_node.core.ensemble import BundleIdentity
from baa_node.core.radiograph import Sex
from tests.parts.calibrations import calibration, line
from tests.parts.results import ESTIMATE

CALIBRATION = calibration(ESTIMATE.bundle)


def test_value_and_interval_go_through_the_line_and_the_raw_ones_are_kept() -> None:
    found = calibrate(ESTIMATE, CALIBRATION, Sex.MALE)  # 110.04 (95.1 to 124.9); 0.9 x + 6
    assert found.bone_age_months == pytest.approx(0.9 * 110.04 + 6)
    assert found.interval_months == pytest.approx((0.9 * 95.1 + 6, 0.9 * 124.9 + 6))
    assert found.raw_months == 110.04
    assert found.correction is not None
    assert found.correction.raw_interval_months == (95.1, 124.9)
    assert (found.correction.version, found.correction.sha256) == (1, CALIBRATION.seal)
    assert found.members == ESTIMATE.members


def test_without_a_line_nothing_changes() -> None:
    assert calibrate(ESTIMATE, None, Sex.MALE) is ESTIMATE
    assert calibrate(ESTIMATE, CALIBRATION, None) is ESTIMATE
    assert calibrate(ESTIMATE, replace(CALIBRATION, lines={Sex.FEMALE: line()}), Sex.MALE) is ESTIMATE


def test_where_the_sex_is_unknown_what_either_would_be_given_goes_through_its_line() -> None:
    unknown = replace(ESTIMATE, sex_used=None, by_sex={Sex.FEMALE: (100.0, 88.0, 112.0), Sex.MALE: (120.0, 106.0, 134.0)})
    found = calibrate(unknown, replace(CALIBRATION, lines={Sex.MALE: line()}), None)  # 0.9 x + 6
    assert found.bone_age_months == ESTIMATE.bone_age_months
    assert found.by_sex[Sex.FEMALE] == (100.0, 88.0, 112.0)
    assert found.by_sex[Sex.MALE] == pytest.approx((0.9 * 120 + 6, 0.9 * 106 + 6, 0.9 * 134 + 6))
    other = replace(unknown, bundle=BundleIdentity(name="second", version="2", sha256="cd" * 32))
    assert calibrate(other, CALIBRATION, None).by_sex == unknown.by_sex


def test_what_another_bundle_gave_is_not_corrected() -> None:
    other = replace(ESTIMATE, bundle=BundleIdentity(name="second", version="2", sha256="cd" * 32))
    assert calibrate(other, CALIBRATION, Sex.MALE) is other
    assert CALIBRATION.seals_for(other.bundle.sha256) == {}
    assert CALIBRATION.seals_for(ESTIMATE.bundle.sha256) == {"F": CALIBRATION.seal, "M": CALIBRATION.seal}


def test_beyond_the_fitted_range_the_shift_of_its_end_is_used() -> None:
    fitted = line()  # 0.9 x + 6 on 30 to 200
    assert fitted.apply(200) == pytest.approx(186)
    assert fitted.apply(210) == pytest.approx(196)
    assert fitted.apply(10) == pytest.approx(13)


@given(st.floats(0.5, 2), st.floats(-30, 30), st.floats(0, 240), st.floats(0, 240))
def test_a_line_never_turns_the_order_round(slope: float, intercept: float, one: float, other: float) -> None:
    fitted = line(slope, intercept)
    low, high = sorted((one, other))
    assert fitted.apply(low) <= fitted.apply(high) + 1e-9


def test_a_file_gives_back_what_was_written_and_its_seal() -> None:
    text = write_calibration(CALIBRATION)
    again = read_calibration(text)
    assert again == CALIBRATION
    assert again.seal == CALIBRATION.seal == json.loads(text)["sha256"]
    assert again.seals == {"F": again.seal, "M": again.seal}


@pytest.mark.parametrize("change", [("0.9", "0.91"), ('"version": 1', '"version": 2'), ("Z", "X"), ('"M"', '"F"'), ('"n": 80', '"n": 81')])
def test_any_change_breaks_the_seal(change: tuple[str, str]) -> None:
    text = write_calibration(CALIBRATION)
    assert change[0] in text
    with pytest.raises(CalibrationError, match="changed after it was made"):
        read_calibration(text.replace(*change, 1))


@pytest.mark.parametrize("text", ["", "{}", "[]", "3", "no json", '{"format": 1}'])
def test_what_is_no_calibration_is_told(text: str) -> None:
    with pytest.raises(CalibrationError, match="not a calibration written by"):
        read_calibration(text)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (replace(CALIBRATION, lines={}), "no line"),
        (replace(CALIBRATION, lines={Sex.MALE: line(-1.0)}), "slope -1.0"),
        (replace(CALIBRATION, lines={Sex.MALE: replace(line(), range_months=(90.0, 90.0))}), "range 90.0 to 90.0"),
    ],
)
def test_a_sealed_file_may_still_hold_nonsense(wrong: SiteCalibration, told: str) -> None:
    with pytest.raises(CalibrationError, match=f"sealed, but holds no calibration: .*{told}"):
        read_calibration(write_calibration(wrong))


def test_another_bundle_is_refused_by_name() -> None:
    check_fits(CALIBRATION, ESTIMATE.bundle)
    with pytest.raises(CalibrationError, match=r"made for the networks first 1\.0\.0 \(abab.*reads with second 2"):
        check_fits(CALIBRATION, BundleIdentity(name="second", version="2", sha256="cd" * 32))


def test_a_line_of_whole_numbers_is_read_as_written() -> None:
    whole = Figure(value=1.0, low=1.0, high=1.0)
    fitted = Line(slope=whole, intercept_months=whole, range_months=(1.0, 2.0), n=1, mae_before=whole, mae_after=whole, gain=whole)
    made = replace(CALIBRATION, lines={Sex.MALE: fitted})
    assert read_calibration(write_calibration(made)).seal == made.seal
