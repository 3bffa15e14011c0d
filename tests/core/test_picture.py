from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from baa_node.core.assessment import Assessment, AssessmentPolicy, Determination, Refusal, ZConvention, assess
from baa_node.core.picture import HEIGHT, PANELS_HEIGHT, WIDTH, draw_panels, draw_picture
from baa_node.core.priors.history import Earlier
from baa_node.core.reasons import Reason
from baa_node.core.words import Language
from tests.parts.results import ESTIMATE, RADIOGRAPH, REFUSAL, assessment, results

RESULTS = results()
FRAME = (400, 300)


def flat(value: int, shape: tuple[int, int] = FRAME) -> NDArray[np.uint8]:
    return np.full(shape, value, np.uint8)


def draw(pixels: NDArray[np.uint8] | None, result: Assessment | Refusal) -> NDArray[np.uint8]:
    return draw_picture(pixels, result, version="0.1.0")


def image_area(result: Assessment | Refusal, shape: tuple[int, int] = FRAME) -> NDArray[np.bool_]:
    """Where the picture follows the frame: whatever differs between a black and a white one."""
    return np.any(draw(flat(0, shape), result) != draw(flat(255, shape), result), axis=2)


def boxes(area: NDArray[np.bool_]) -> list[tuple[slice, slice]]:
    """Each block of columns of the area with its rows."""
    columns = np.flatnonzero(np.diff(np.concatenate(([0], area.any(axis=0).astype(int), [0]))))
    found = []
    for left, right in columns.reshape(-1, 2):
        rows = np.flatnonzero(area[:, left:right].any(axis=1))
        found.append((slice(rows[0], rows[-1] + 1), slice(left, right)))
    return found


@pytest.mark.parametrize("kind", RESULTS)
def test_every_result_can_be_drawn(kind: str) -> None:
    for pixels in (flat(90), None):
        picture = draw(pixels, RESULTS[kind])
        assert picture.shape == (HEIGHT, WIDTH, 3)
        assert picture.dtype == np.uint8


@pytest.mark.parametrize("kind", ["normal", "no_birth_date", "no_sex", "adult"])
def test_nothing_is_drawn_on_the_radiograph(kind: str) -> None:
    result = RESULTS[kind]
    (rows, columns), _ = boxes(image_area(result))
    for value in (0, 77, 255):
        assert (draw(flat(value), result)[rows, columns] == value).all()


def test_nothing_is_drawn_on_the_radiograph_of_a_refusal() -> None:
    ((rows, columns),) = boxes(image_area(REFUSAL))
    assert (draw(flat(77), REFUSAL)[rows, columns] == 77).all()


@pytest.mark.parametrize("kind", ["normal", "no_birth_date", "not_attempted"])
@pytest.mark.parametrize("shape", [FRAME, (300, 400), (30, 2000), (2000, 30)])
def test_text_and_image_do_not_touch(kind: str, shape: tuple[int, int]) -> None:
    result = RESULTS[kind]
    area = image_area(result, shape)
    outside = draw(flat(0, shape), result).copy()
    outside[area] = 0
    for rows, columns in boxes(area):
        ring = outside[max(0, rows.start - 4) : rows.stop + 4, max(0, columns.start - 4) : columns.stop + 4]
        assert ring.max() < 20


def test_panels_are_equal_in_size_and_keep_the_aspect_ratio() -> None:
    first, second = boxes(image_area(assessment(), (400, 300)))
    height, width = first[0].stop - first[0].start, first[1].stop - first[1].start
    assert (second[0].stop - second[0].start, second[1].stop - second[1].start) == (height, width)
    assert height / width == pytest.approx(400 / 300, rel=0.01)
    assert height > HEIGHT / 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (2, 3), (3000, 40)])
def test_extreme_frames(shape: tuple[int, int]) -> None:
    for result in (assessment(), REFUSAL):
        assert draw(flat(200, shape), result).shape == (HEIGHT, WIDTH, 3)


def attention(saliency: NDArray[np.float32], crop: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    """Which pixels of the right panel are coloured, at the scale of the panel."""
    result = assess(RADIOGRAPH, replace(ESTIMATE, saliency=saliency, crop=crop))
    _, (rows, columns) = boxes(image_area(assessment()))
    panel = draw(flat(60), result)[rows, columns].astype(int)
    return (panel.max(axis=2) - panel.min(axis=2)) > 3


def centre_of(mask: NDArray[np.bool_]) -> tuple[float, float]:
    """Mean row and column as shares of the panel."""
    rows, columns = np.nonzero(mask)
    return (rows.mean() + 0.5) / mask.shape[0], (columns.mean() + 0.5) / mask.shape[1]


def test_saliency_covers_its_crop_and_nothing_else() -> None:
    mask = attention(np.ones((4, 4), np.float32), (100, 150, 200, 75))
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    assert (rows[0] / mask.shape[0], (rows[-1] + 1) / mask.shape[0]) == pytest.approx((0.25, 0.75), abs=0.003)
    assert (columns[0] / mask.shape[1], (columns[-1] + 1) / mask.shape[1]) == pytest.approx((0.5, 0.75), abs=0.003)
    assert mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()


@pytest.mark.parametrize(("cell", "place"), [((1, 1), (1 / 4, 1 / 4)), ((4, 2), (3 / 4, 5 / 12)), ((2, 3), (5 / 12, 7 / 12))])
def test_saliency_lies_where_it_belongs(cell: tuple[int, int], place: tuple[float, float]) -> None:
    saliency = np.zeros((6, 6), np.float32)
    saliency[cell] = 1
    assert centre_of(attention(saliency, (0, 0, *FRAME))) == pytest.approx(place, abs=0.01)


def test_crop_may_reach_beyond_the_frame() -> None:
    # a square around a portrait frame of 400 by 300: its middle column is the middle of the frame
    saliency = np.zeros((5, 5), np.float32)
    saliency[2, 2] = 1
    assert centre_of(attention(saliency, (0, -50, 400, 400))) == pytest.approx((0.5, 0.5), abs=0.01)


@pytest.mark.parametrize("saliency", [np.zeros((7, 7)), np.full((1, 1), np.nan), np.full((3, 5), -2.0)])
def test_no_attention_leaves_the_second_image_grey(saliency: NDArray[np.float64]) -> None:
    assert not attention(saliency.astype(np.float32), (0, 0, *FRAME)).any()


def test_attention_grows_brighter_on_a_grey_monitor() -> None:
    ramp = np.repeat(np.linspace(0, 1, 16, dtype=np.float32)[:, None], 16, axis=1)
    result = assess(RADIOGRAPH, replace(ESTIMATE, saliency=ramp, crop=(0, 0, *FRAME)))
    _, (rows, columns) = boxes(image_area(result))
    grey = draw(flat(0), result)[rows, columns].astype(float) @ (0.299, 0.587, 0.114)
    profile = grey.mean(axis=1)[::40]
    assert (np.diff(profile) > -1).all()
    assert profile[-1] > 100


def test_answer_cautions_and_reference_change_the_picture() -> None:
    base = draw(flat(0), assessment())
    for other in (
        assessment(111.0),
        assessment(lossy=True),
        assessment(policy=AssessmentPolicy(normal_limit_sd=2.5)),
        assessment(policy=AssessmentPolicy(convention=ZConvention.REFERENCE_MEAN)),
        replace(assessment(), estimate=replace(ESTIMATE, provider="CUDAExecutionProvider")),
    ):
        assert not np.array_equal(draw(flat(0), other), base)


def test_pictures_are_reproducible() -> None:
    assert np.array_equal(draw(flat(9), assessment()), draw(flat(9), assessment()))


def test_many_words_stay_inside_the_picture() -> None:
    # whatever ran over the edge would be cut there: the outermost columns must be plain
    long = "Very long words about what was found in this image and what to think of it " * 5
    refusal = Refusal(reasons=tuple(Reason)[:6], detail=long, cautions=(long,) * 5)
    crowded = replace(
        assessment(180.0, birth_date=None),
        cautions=(long,) * 5,
        estimate=replace(ESTIMATE, members={f"member-{n}": 100.0 + n for n in range(20)}),
    )
    for result in (refusal, crowded):
        picture = draw(flat(0), result)
        for column in (0, 20, WIDTH - 20, WIDTH - 1):
            assert len({tuple(pixel) for pixel in picture[:, column]}) <= 4


PILL = (slice(20, 96), slice(1040, WIDTH))


def grey(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.asarray(picture.astype(float) @ (0.299, 0.587, 0.114))


def test_verdicts_differ_in_shape_on_a_grey_monitor() -> None:
    base = assessment()
    pills = [grey(draw(None, replace(base, determination=verdict)))[PILL] for verdict in Determination]
    for row, one in enumerate(pills):
        for other in pills[row + 1 :]:
            assert np.count_nonzero(np.abs(one - other) > 60) > 200


def test_only_what_departs_from_normal_is_full() -> None:
    full = {
        verdict: np.count_nonzero(grey(draw(None, replace(assessment(), determination=verdict)))[PILL] > 150) > 5000
        for verdict in Determination
    }
    assert {verdict for verdict, is_full in full.items() if is_full} == {Determination.DELAYED, Determination.ADVANCED}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", ["normal", "no_birth_date", "not_attempted"])
def test_every_language_draws_another_picture(kind: str, language: Language) -> None:
    picture = draw_picture(flat(0), RESULTS[kind], version="0.1.0", language=language)
    assert picture.shape == (HEIGHT, WIDTH, 3)
    assert (language is Language.ENGLISH) == np.array_equal(picture, draw(flat(0), RESULTS[kind]))


def test_earlier_assessments_change_the_chart_and_nothing_else() -> None:
    before = Earlier(examined_on=date(2018, 1, 1), bone_age_months=80.0, chronological_age_months=96.0)
    alone, together = draw(flat(0), assessment()), draw_picture(flat(0), assessment(), version="0.1.0", earlier=[before])
    changed = np.argwhere((alone != together).any(axis=2))
    assert changed.size
    assert changed[:, 1].min() > WIDTH - 40 - 496 - 4
    assert changed[:, 0].min() > 300


def test_cautions_are_told_whole_or_counted() -> None:
    caution = "One sentence that a reader must see. "
    few, many, more = (draw(flat(0), replace(assessment(), cautions=(caution,) * count)) for count in (4, 5, 6))
    assert not np.array_equal(few, many)
    assert not np.array_equal(many, more)


HEADER_ALONE = (
    Reason.UNSUPPORTED,
    Reason.ATTRIBUTES,
    Reason.NO_HAND,
    Reason.SEVERAL_HANDS,
    Reason.NOT_FRONTAL,
    Reason.AGE_OUTSIDE_USE,
    Reason.SEX_UNKNOWN,
)
"""All that one header can be refused for."""


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("shape", [FRAME, (300, 400), None])
def test_reasons_of_a_refusal_are_told_whole_or_counted(language: Language, shape: tuple[int, int] | None) -> None:
    """Each one more changes the picture below its headline, which tells only how many there are."""
    pixels = None if shape is None else flat(90, shape)
    refusals = [Refusal(reasons=HEADER_ALONE, cautions=("One sentence that a reader must see.",) * count) for count in range(3)]
    refusals = [*(Refusal(reasons=HEADER_ALONE[:count]) for count in range(4, 7)), *refusals]
    drawn = [draw_picture(pixels, one, version="0.1.0", language=language)[300:] for one in refusals]
    for one, next_one in pairwise(drawn):
        assert not np.array_equal(one, next_one)


def test_a_bar_explains_the_colours_of_attention() -> None:
    result = assessment()
    _, (rows, columns) = boxes(image_area(result))
    below = draw(flat(0), result)[rows.stop + 25, columns].astype(int)
    bar = grey(below[below.max(axis=1) - below.min(axis=1) > 40])  # text is grey
    assert len(bar) > 100
    assert (np.diff(bar) > -2).all()
    assert bar[-1] - bar[0] > 150


def test_panels_stand_alone_for_a_page() -> None:
    assert draw_panels(flat(90), assessment()).shape == (PANELS_HEIGHT, WIDTH, 3)
    refused = draw_panels(flat(90, (400, 100)), REFUSAL)
    assert refused.shape[0] == PANELS_HEIGHT
    assert refused.shape[1] < WIDTH
