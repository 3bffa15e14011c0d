from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from baa_node.core.assessment import (
    DAYS_PER_MONTH,
    Assessment,
    AssessmentPolicy,
    Determination,
    ZConvention,
    assess,
)
from baa_node.core.cautions import Caution, Concern
from baa_node.core.radiograph import Laterality, Sex
from baa_node.core.reference import reference_at
from baa_node.core.words import Language
from baa_node.core.words.sentences import caution_in_words
from tests.parts.looks import spoilt_hand
from tests.parts.results import ESTIMATE, RADIOGRAPH, WITHOUT_SEX, assessment

MEAN = AssessmentPolicy(convention=ZConvention.REFERENCE_MEAN)
EXAMINED = date(2020, 1, 1)
ages = st.floats(0, 250)
days = st.integers(0, 9000)


def born(months: float) -> date:
    return EXAMINED - timedelta(days=round(months * DAYS_PER_MONTH))


def shades(count: int) -> NDArray[np.uint8]:
    """Show as many grey values side by side."""
    return np.tile(
        np.linspace(100, 100 + count, RADIOGRAPH.pixels.shape[1], endpoint=False).astype(np.uint8), (RADIOGRAPH.pixels.shape[0], 1)
    )


def cautions(result: Assessment, about: Concern) -> list[Caution]:
    return [caution for caution in result.cautions if isinstance(caution, Caution) and caution.about is about]


def test_ten_year_old_boy() -> None:
    result = assessment()
    assert result.chronological_age_months == pytest.approx(3652 / 30.436875)
    assert result.difference_months == pytest.approx(110.04 - 3652 / 30.436875)
    assert result.reference_mean_months == pytest.approx(125.66, abs=0.01)
    assert result.z_score == -1.02
    assert result.determination is Determination.NORMAL
    assert result.cautions == ()


@pytest.mark.parametrize(
    ("policy", "z_score", "determination", "about", "other"),
    [
        (AssessmentPolicy(), -1.575, Determination.NORMAL, Concern.BORDERLINE_BY_MEAN, Determination.DELAYED),
        (MEAN, -2.099, Determination.DELAYED, Concern.BORDERLINE_BY_AGE, Determination.NORMAL),
    ],
)
def test_conventions_differ_and_the_result_says_so(
    policy: AssessmentPolicy, z_score: float, determination: Determination, about: Concern, other: Determination
) -> None:
    # girl of 11.6 years, bone age 122 months: delayed from the reference mean, normal from her own age
    result = assessment(122.0, policy=policy, sex=Sex.FEMALE, birth_date=born(139.2))
    assert result.z_score == pytest.approx(z_score, abs=0.011)
    assert result.determination is determination
    assert result.cautions[0] == Caution(about=about, values={"determination": other})


@pytest.mark.parametrize(
    ("change", "about", "values"),
    [
        ({"birth_date": None}, Concern.NO_BIRTH_DATE, {}),
        ({"examined_on": None}, Concern.NO_EXAMINATION_DATE, {}),
        ({"birth_date": date(2021, 1, 1)}, Concern.BORN_AFTER_EXAMINATION, {}),
        ({"birth_date": date(2002, 1, 1)}, Concern.AGE_OUTSIDE_REFERENCE, {"first_months": 3, "last_years": 17}),
        ({"birth_date": date(2003, 6, 1), "sex": Sex.FEMALE}, Concern.AGE_OUTSIDE_REFERENCE, {"first_months": 3, "last_years": 16}),
        ({"sex": None}, Concern.SEX_UNKNOWN, {}),
    ],
)
def test_what_cannot_be_compared_is_none_and_said(change: dict[str, object], about: Concern, values: dict[str, float]) -> None:
    result = assessment(**change)
    assert (result.z_score, result.reference_mean_months, result.reference_sd_months) == (None, None, None)
    assert result.determination is Determination.INDETERMINATE
    assert cautions(result, about) == [Caution(about=about, values=values)]


def test_outside_the_table_the_difference_still_stands() -> None:
    assert assessment(215.0, birth_date=born(210)).difference_months == pytest.approx(5, abs=0.05)


def test_where_the_sex_is_unknown_both_readings_are_said() -> None:
    result = assess(replace(RADIOGRAPH, sex=None), WITHOUT_SEX, AssessmentPolicy())
    (found,) = cautions(result, Concern.BY_SEX)
    assert caution_in_words(found, Language.ENGLISH) == (
        "Networks that use the sex give 96.2 mo for a girl (90 % interval 84.0 to 108.4) and 120.0 mo for a boy (105.5 to 134.5)."
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"laterality": Laterality.RIGHT}, [Concern.RIGHT_HAND]),
        ({"lossy": True}, [Concern.LOSSY]),
        ({"negative": True}, [Concern.NEGATIVE]),
        ({"pixels": RADIOGRAPH.pixels[:, :299]}, []),
        ({"pixels": RADIOGRAPH.pixels[:, :298]}, [Concern.COARSE]),
        ({"pixels": shades(31)}, []),
        ({"pixels": shades(30)}, [Concern.FAINT]),
    ],
    ids=lambda value: next(iter(value), "none") if isinstance(value, dict) else None,
)
def test_cautions_about_the_image(change: dict[str, object], expected: list[Concern]) -> None:
    assert [caution.about for caution in assessment(**change).cautions if isinstance(caution, Caution)] == expected


def test_padding_is_no_image() -> None:
    small = assessment(pixels=np.pad(RADIOGRAPH.pixels[20:230], 100)).cautions
    assert small == (Caution(about=Concern.COARSE, values={"short_side_px": 210, "usual_px": 299}),)


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ("none", None),
        ("noise, 2 %", Concern.NOISY),
        ("noise, 4 %", Concern.NOISY),
        ("JPEG quality 20", Concern.BLOCKY),
        ("a third of the resolution", Concern.UNSHARP),
    ],
)
def test_spoilt_images_are_read_with_a_caution(change: str, about: Concern | None) -> None:
    told = assessment(pixels=spoilt_hand(change)).cautions
    assert [caution.about for caution in told if isinstance(caution, Caution)] == ([about] if about else [])


def test_low_quality_is_told_in_numbers() -> None:
    small, faint = (assessment(pixels=pixels).cautions for pixels in (RADIOGRAPH.pixels[20:230], shades(21)))
    assert Caution(about=Concern.COARSE, values={"short_side_px": 210, "usual_px": 299}) in small
    assert faint == (Caution(about=Concern.FAINT, values={"levels": 21}),)


@pytest.mark.parametrize(
    ("months", "sex", "expected"),
    [
        (23.9, Sex.MALE, True),
        (24.0, Sex.MALE, False),
        (204.1, Sex.FEMALE, True),
        (204.1, Sex.MALE, False),
        (216.1, Sex.MALE, True),
        (204.1, None, True),
    ],
)
def test_caution_where_training_images_are_few(months: float, sex: Sex | None, expected: bool) -> None:
    found = assessment(months, sex=sex)
    assert bool(cautions(found, Concern.FEW_SO_YOUNG) + cautions(found, Concern.FEW_SO_MATURE)) == expected


@pytest.mark.parametrize(("spread", "expected"), [(None, False), (9.0, False), (9.1, True)])
def test_caution_where_members_differ_by_more_than_the_interval_allows(spread: float | None, expected: bool) -> None:
    # 90 % of a normal distribution lie within 1.645 standard deviations: 14.9 / 1.645 = 9.06
    result = assess(RADIOGRAPH, replace(ESTIMATE, spread_months=spread))
    assert cautions(result, Concern.MEMBERS_DIFFER) == (
        [Caution(about=Concern.MEMBERS_DIFFER, values={"spread_months": spread})] if expected else []
    )


@pytest.mark.parametrize(("spread", "expected"), [(4.0, False), (4.1, True)])
def test_the_bundles_own_limit_of_disagreement_goes_before_the_intervals(spread: float, expected: bool) -> None:
    result = assess(RADIOGRAPH, replace(ESTIMATE, spread_months=spread, disagreement_months=4.0))
    assert bool(cautions(result, Concern.MEMBERS_DIFFER)) == expected


def test_value_read_without_sex_says_so() -> None:
    assert cautions(assess(RADIOGRAPH, replace(ESTIMATE, sex_used=None)), Concern.SEX_NOT_USED)


def test_a_site_may_set_another_limit() -> None:
    wide = assessment(100.0, policy=AssessmentPolicy(normal_limit_sd=2.5))
    narrow = assessment(100.0, policy=AssessmentPolicy(normal_limit_sd=1.5))
    assert (wide.determination, narrow.determination) == (Determination.NORMAL, Determination.DELAYED)


@given(bone_age=ages, age_days=days, sex=st.none() | st.sampled_from(Sex), policy=st.sampled_from([AssessmentPolicy(), MEAN]))
def test_invariants(bone_age: float, age_days: int, sex: Sex | None, policy: AssessmentPolicy) -> None:
    result = assessment(bone_age, policy=policy, sex=sex, birth_date=EXAMINED - timedelta(days=age_days))
    age = result.chronological_age_months
    assert age == pytest.approx(age_days / 30.436875)
    assert result.difference_months == pytest.approx(bone_age - age)
    point = None if sex is None else reference_at(age, sex)
    assert (result.z_score is None) == (point is None) == (result.determination is Determination.INDETERMINATE)
    if point is not None and result.z_score is not None:
        centre = age if policy.convention is ZConvention.CHRONOLOGICAL_AGE else point.mean_months
        assert result.z_score == pytest.approx((bone_age - centre) / point.sd_months, abs=0.0051)
        assert (result.determination is Determination.DELAYED) == (result.z_score < -2)
        assert (result.determination is Determination.ADVANCED) == (result.z_score > 2)


@given(first=ages, second=ages)
def test_an_older_bone_never_has_a_lower_z_score(first: float, second: float) -> None:
    low, high = sorted((first, second))
    z_low, z_high = assessment(low).z_score, assessment(high).z_score
    assert z_low is not None
    assert z_high is not None
    assert z_low <= z_high
