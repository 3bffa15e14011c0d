from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import Dataset

from baa_node.core.assessment import Assessment, Determination, Refusal
from baa_node.core.radiograph import Sex
from baa_node.core.reading import ReadingPolicy, read_bone_age
from baa_node.core.reasons import Reason
from tests.parts.calibrations import calibration
from tests.parts.hands import constant_ensemble, hand_cr


def test_a_hand_is_read_and_compared(tmp_path: Path) -> None:
    result = read_bone_age(hand_cr(tmp_path), constant_ensemble(118.0))
    assert isinstance(result, Assessment)
    assert result.estimate.bone_age_months == 118.0
    assert result.chronological_age_months == pytest.approx(120.0, abs=0.1)
    assert result.determination is Determination.NORMAL


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"PatientSex": ""}, Reason.SEX_UNKNOWN),
        ({"PatientSex": "O"}, Reason.SEX_UNKNOWN),
        ({"PixelData": b"\0" * 10}, Reason.UNDECODABLE),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, Reason.UNSUPPORTED),
        ({"BodyPartExamined": "CHEST"}, Reason.NO_HAND),
        ({"PatientBirthDate": "19800101"}, Reason.AGE_OUTSIDE_USE),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(tmp_path: Path, elements: dict[str, object], reason: Reason) -> None:
    result = read_bone_age(hand_cr(tmp_path, **elements), constant_ensemble())
    assert isinstance(result, Refusal)
    assert reason in result.reasons


def test_sex_given_by_hand_stands_in_for_a_missing_one(tmp_path: Path) -> None:
    result = read_bone_age(hand_cr(tmp_path, PatientSex=""), constant_ensemble(), sex=Sex.MALE)
    assert isinstance(result, Assessment)
    assert result.estimate.sex_used == "M"


def test_a_calibration_of_the_site_is_applied_before_anything_is_compared(tmp_path: Path) -> None:
    ensemble = constant_ensemble(118.0)
    policy = ReadingPolicy(calibration=calibration(ensemble.identity))
    result = read_bone_age(hand_cr(tmp_path), ensemble, policy)
    assert isinstance(result, Assessment)
    assert result.estimate.bone_age_months == pytest.approx(0.9 * 118 + 6)
    assert result.estimate.raw_months == 118.0
    assert result.difference_months == pytest.approx(0.9 * 118 + 6 - (result.chronological_age_months or 0))


@pytest.mark.parametrize(("raw", "validated"), [(118.0, (115.0, 200.0)), (105.0, (90.0, 104.0))])
def test_raw_and_calibrated_value_must_both_lie_in_the_validated_range(tmp_path: Path, raw: float, validated: tuple[float, float]) -> None:
    ensemble = replace(constant_ensemble(raw), validated_range_months=validated)
    policy = ReadingPolicy(calibration=calibration(ensemble.identity))  # 112.2 of 118, 100.5 of 105
    result = read_bone_age(hand_cr(tmp_path), ensemble, policy)
    assert isinstance(result, Refusal)
    assert result.reasons == (Reason.ESTIMATE_OUTSIDE_RANGE,)


def test_an_empty_data_set_is_refused_not_raised() -> None:
    assert isinstance(read_bone_age(Dataset(), constant_ensemble()), Refusal)
