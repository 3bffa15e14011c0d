from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from baa_node.core.assessment import DAYS_PER_MONTH, Assessment, AssessmentPolicy, Determination, ZConvention, assess
from baa_node.core.drawing import palette
from baa_node.core.drawing.canvas import Canvas
from baa_node.core.drawing.growth_chart import draw_growth_chart, reference_curve, shown
from baa_node.core.priors.history import Earlier
from baa_node.core.radiograph import Laterality, Sex
from baa_node.core.words import Language
from baa_node.core.words.picture import words_of
from tests.parts.results import ESTIMATE, RADIOGRAPH, assessment

SAME_SOURCE = f"{ESTIMATE.bundle.name} {ESTIMATE.bundle.version}"
SIZE = (496, 700)
MARGIN = 40


def earlier(age: float | None, bone_age: float = 70.0, *, source: str = SAME_SOURCE, side: Laterality | None = Laterality.LEFT) -> Earlier:
    day = date(2010, 1, 1) + timedelta(days=(age or 0) * DAYS_PER_MONTH)
    return Earlier(examined_on=day, bone_age_months=bone_age, chronological_age_months=age, laterality=side, source=source)


def chart(result: Assessment, *others: Earlier, language: Language = Language.ENGLISH) -> NDArray[np.uint8]:
    canvas = Canvas(SIZE[0] + 2 * MARGIN, SIZE[1] + 2 * MARGIN, palette.GROUND)
    draw_growth_chart(canvas, result, others, (MARGIN, MARGIN, MARGIN + SIZE[0], MARGIN + SIZE[1]), words_of(language))
    return canvas.pixels()


def rows_of(picture: NDArray[np.uint8], colour: tuple[int, int, int]) -> NDArray[np.intp]:
    """Rows above the legend that hold a colour."""
    return np.flatnonzero((picture[:500] == colour).all(axis=2).any(axis=1))


def columns_of(picture: NDArray[np.uint8], colour: tuple[int, int, int]) -> NDArray[np.intp]:
    return np.flatnonzero((picture[:500] == colour).all(axis=2).any(axis=0))


@pytest.mark.parametrize("sex", Sex)
@pytest.mark.parametrize("convention", ZConvention)
@given(share=st.floats(0, 1), deviations=st.sampled_from((-2.0, -1.0, 0.0, 1.0, 2.0)))
def test_on_a_curve_the_z_score_is_that_of_the_curve(sex: Sex, convention: ZConvention, share: float, deviations: float) -> None:
    policy = AssessmentPolicy(convention=convention)
    curve = reference_curve(sex, policy, deviations)
    day = date(2000, 1, 1)
    born = day - timedelta(days=round((3.1 + share * (curve[-1][0] - 3.2)) * DAYS_PER_MONTH))
    age = (day - born).days / DAYS_PER_MONTH
    months = float(np.interp(age, *zip(*curve, strict=True)))
    radiograph = replace(RADIOGRAPH, sex=sex, birth_date=born, examined_on=day)
    result = assess(radiograph, replace(ESTIMATE, bone_age_months=months), policy)
    assert result.z_score == pytest.approx(deviations, abs=0.011)


def test_an_older_bone_is_higher_and_an_older_child_further_right() -> None:
    low, high = chart(assessment(90.0)), chart(assessment(150.0))
    assert rows_of(high, palette.AMBER).mean() < rows_of(low, palette.AMBER).mean() - 40
    young, old = (chart(assessment(110.0, examined_on=date(year, 1, 1))) for year in (2015, 2025))
    assert columns_of(old, palette.AMBER).mean() > columns_of(young, palette.AMBER).mean() + 100


def test_the_error_bar_is_as_long_as_the_interval() -> None:
    result = assessment(110.0)
    wide = replace(result, estimate=replace(result.estimate, interval_months=(80.0, 140.0)))
    narrow = replace(result, estimate=replace(result.estimate, interval_months=(95.0, 125.0)))
    long, short = (np.ptp(rows_of(chart(one), palette.AMBER)) for one in (wide, narrow))
    assert long - 3 == pytest.approx(2 * (short - 3), abs=4)


@pytest.mark.parametrize("result", [assessment(birth_date=None), assess(replace(RADIOGRAPH, sex=None), ESTIMATE)], ids=["age", "sex"])
def test_without_age_or_sex_there_is_no_chart_and_the_reason_is_told(result: Assessment) -> None:
    assert np.array_equal(chart(result), chart(result, earlier(60.0)))
    assert rows_of(chart(result), palette.AMBER).size == 0
    other = replace(result, sex=None, chronological_age_months=None)
    assert not np.array_equal(chart(result), chart(other))


def test_earlier_assessments_are_joined_in_the_order_of_ages() -> None:
    points = [earlier(60.0, 50.0), earlier(84.0, 80.0), earlier(100.0, 90.0)]
    assert np.array_equal(chart(assessment(), *points), chart(assessment(), *reversed(points)))
    assert not np.array_equal(chart(assessment(), *points), chart(assessment(), *points[:2]))


def test_each_kind_of_mark_has_a_shape_of_its_own() -> None:
    kinds = [
        earlier(60.0),
        earlier(60.0, source="Elsewhere 1"),
        earlier(60.0, side=Laterality.RIGHT),
        earlier(60.0, source="Elsewhere 1", side=Laterality.RIGHT),
    ]
    pictures = [chart(assessment(), kind)[:500].mean(axis=2) for kind in kinds]
    for row, one in enumerate(pictures):
        for other in pictures[row + 1 :]:
            assert np.count_nonzero(np.abs(one - other) > 60) > 20


def test_an_unknown_side_is_no_other_hand() -> None:
    assert np.array_equal(chart(assessment(), earlier(60.0, side=None)), chart(assessment(), earlier(60.0)))


def test_what_has_no_place_is_counted_not_drawn() -> None:
    points = [earlier(None), earlier(-3.0), earlier(5000.0), earlier(80.0)]
    assert shown(points) == [points[3]]
    assert not np.array_equal(chart(assessment(), *points), chart(assessment(), points[3]))
    assert not np.array_equal(chart(assessment(), *points), chart(assessment(), *points[1:]))


@pytest.mark.parametrize("limit", [0.5, 1.0, 2.0, 2.5])
def test_the_band_reaches_to_the_limit_of_normal(limit: float) -> None:
    by_limit = chart(assessment(policy=AssessmentPolicy(normal_limit_sd=limit)))
    assert np.array_equal(by_limit, chart(assessment())) is (limit == 2.0)


@pytest.mark.parametrize("years", [1, 17, 35, 90])
def test_the_frame_grows_with_the_patient(years: int) -> None:
    result = assessment(215.0, birth_date=date(2020 - years, 1, 1))
    amber = columns_of(chart(result), palette.AMBER)
    assert MARGIN + 40 < amber.min() < amber.max() < MARGIN + SIZE[0]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("determination", Determination)
def test_no_word_runs_out_of_the_box(language: Language, determination: Determination) -> None:
    points = [earlier(60.0), earlier(70.0, source="x"), earlier(80.0, side=Laterality.RIGHT), earlier(None)]
    picture = chart(replace(assessment(), determination=determination), *points, language=language)
    picture[MARGIN:-MARGIN, MARGIN:-MARGIN] = palette.GROUND
    assert (picture == palette.GROUND).all()


def test_the_ground_is_the_same_for_the_next_patient_and_not_drawn_on() -> None:
    first = chart(assessment(60), earlier(40.0))
    chart(assessment(100), earlier(80.0), earlier(90.0, side=Laterality.RIGHT))
    assert np.array_equal(chart(assessment(60), earlier(40.0)), first)
    assert not np.array_equal(chart(assessment(100)), first)
