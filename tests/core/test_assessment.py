from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baa_node.core.assessment import (
    DAYS_PER_MONTH,
    Assessment,
    AssessmentPolicy,
    Determination,
    ZConvention,
    age_in_words,
    assess,
    z_in_words,
)
from baa_node.core.radiograph import Laterality, Sex
from baa_node.core.reference import reference_at
from tests.parts.results import ESTIMATE, RADIOGRAPH, assessment

MEAN = AssessmentPolicy(convention=ZConvention.REFERENCE_MEAN)
EXAMINED = date(2020, 1, 1)
ages = st.floats(0, 250)
days = st.integers(0, 9000)


def born(months: float) -> date:
    return EXAMINED - timedelta(days=round(months * DAYS_PER_MONTH))


def cautions(result: Assessment, word: str) -> list[str]:
    return [caution for caution in result.cautions if word in caution]


def test_ten_year_old_boy() -> None:
    result = assessment()
    assert result.chronological_age_months == pytest.approx(3652 / 30.436875)
    assert result.difference_months == pytest.approx(110.04 - 3652 / 30.436875)
    assert result.reference_mean_months == pytest.approx(125.66, abs=0.01)
    assert result.z_score == -1.02
    assert result.determination is Determination.NORMAL
    assert result.cautions == ()
    assert result.conclusion == (
        "Bone age 9 years 2 months (110.0 mo, 90 % interval 95.1-124.9); "
        "chronological age 10 years 0 months, male; z-score -1.0: within 2 SD of the reference."
    )
    assert "Brush Foundation" in result.reference
    assert "Ohio" in result.reference
    assert "(bone age - chronological age) / SD" in result.reference


@pytest.mark.parametrize(
    ("policy", "z_score", "determination", "other"),
    [(AssessmentPolicy(), -1.575, Determination.NORMAL, "delayed"), (MEAN, -2.099, Determination.DELAYED, "normal")],
)
def test_conventions_differ_and_the_report_says_so(
    policy: AssessmentPolicy, z_score: float, determination: Determination, other: str
) -> None:
    # girl of 11.6 years, bone age 122 months: delayed from the reference mean, normal from her own age
    result = assessment(122.0, policy=policy, sex=Sex.FEMALE, birth_date=born(139.2))
    assert result.z_score == pytest.approx(z_score, abs=0.011)
    assert result.determination is determination
    (caution,) = cautions(result, "Borderline")
    assert result.cautions[0] == caution
    assert caution.endswith(f"the same bone age is {other}.")
    assert f"- {policy.convention.value})" in result.reference


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"birth_date": None}, "No birth date"),
        ({"examined_on": None}, "No examination date"),
        ({"birth_date": date(2021, 1, 1)}, "after the examination"),
        ({"birth_date": date(2002, 1, 1)}, "outside the reference table (3 months to 17 years)"),
        ({"birth_date": date(2003, 6, 1), "sex": Sex.FEMALE}, "outside the reference table (3 months to 16 years)"),
        ({"sex": None}, "sex is unknown"),
    ],
)
def test_what_cannot_be_compared_is_none_and_said(change: dict[str, object], word: str) -> None:
    result = assessment(**change)
    assert (result.z_score, result.reference_mean_months, result.reference_sd_months, result.reference) == (None, None, None, "")
    assert result.determination is Determination.INDETERMINATE
    assert cautions(result, word)
    assert result.conclusion.endswith("not compared with a reference.")


def test_outside_the_table_the_difference_still_stands() -> None:
    assert assessment(215.0, birth_date=born(210)).difference_months == pytest.approx(5, abs=0.05)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"laterality": Laterality.RIGHT}, "Right hand"),
        ({"lossy": True}, "compressed with loss"),
    ],
)
def test_cautions_about_the_image(change: dict[str, object], word: str) -> None:
    assert not cautions(assessment(), word)
    assert cautions(assessment(**change), word)


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
    assert bool(cautions(assessment(months, sex=sex), "few")) == expected


@pytest.mark.parametrize(("spread", "expected"), [(None, False), (9.0, False), (9.1, True)])
def test_caution_where_members_differ_by_more_than_the_interval_allows(spread: float | None, expected: bool) -> None:
    # 90 % of a normal distribution lie within 1.645 standard deviations: 14.9 / 1.645 = 9.06
    result = assess(RADIOGRAPH, replace(ESTIMATE, spread_months=spread))
    assert bool(cautions(result, "differ more than usual")) == expected


@pytest.mark.parametrize(("spread", "expected"), [(4.0, False), (4.1, True)])
def test_the_bundles_own_limit_of_disagreement_goes_before_the_intervals(spread: float, expected: bool) -> None:
    result = assess(RADIOGRAPH, replace(ESTIMATE, spread_months=spread, disagreement_months=4.0))
    assert bool(cautions(result, "differ more than usual")) == expected


def test_value_read_without_sex_says_so() -> None:
    assert cautions(assess(RADIOGRAPH, replace(ESTIMATE, sex_used=None)), "do not use the patient's sex")


def test_a_site_may_set_another_limit() -> None:
    wide = assessment(100.0, policy=AssessmentPolicy(normal_limit_sd=2.5))
    narrow = assessment(100.0, policy=AssessmentPolicy(normal_limit_sd=1.5))
    assert (wide.determination, narrow.determination) == (Determination.NORMAL, Determination.DELAYED)
    assert "within 2.5 SD" in wide.conclusion
    assert "within 1.5 SD" in narrow.reference


@pytest.mark.parametrize(
    ("months", "words"),
    [
        (110.0, "9 years 2 months"),
        (119.6, "10 years 0 months"),
        (13.0, "1 year 1 month"),
        (11.4, "11 months"),
        (0.0, "0 months"),
        (-0.3, "0 months"),
        (-14.0, "minus 1 year 2 months"),
    ],
)
def test_age_in_words(months: float, words: str) -> None:
    assert age_in_words(months) == words


@given(ages)
def test_age_in_words_is_within_half_a_month(months: float) -> None:
    numbers = [int(word) for word in age_in_words(months).split() if word.isdigit()]
    assert abs(sum(number * unit for number, unit in zip(reversed(numbers), (1, 12), strict=False)) - months) <= 0.5


@given(bone_age=ages, age_days=days, sex=st.none() | st.sampled_from(Sex), policy=st.sampled_from([AssessmentPolicy(), MEAN]))
def test_invariants(bone_age: float, age_days: int, sex: Sex | None, policy: AssessmentPolicy) -> None:
    result = assessment(bone_age, policy=policy, sex=sex, birth_date=EXAMINED - timedelta(days=age_days))
    age = result.chronological_age_months
    assert age == pytest.approx(age_days / 30.436875)
    assert result.difference_months == pytest.approx(bone_age - age)
    point = None if sex is None else reference_at(age, sex)
    assert (result.z_score is None) == (point is None) == (result.determination is Determination.INDETERMINATE)
    assert all(text.isascii() and text for text in (*result.cautions, result.conclusion))
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


@given(z_score=st.floats(-5, 5).map(lambda value: round(value, 2)), limit=st.sampled_from([1.5, 2.0, 2.5]))
def test_printed_z_score_never_contradicts_the_verdict(z_score: float, limit: float) -> None:
    printed = float(z_in_words(z_score, AssessmentPolicy(normal_limit_sd=limit)))
    assert (printed > limit, printed < -limit) == (z_score > limit, z_score < -limit)
