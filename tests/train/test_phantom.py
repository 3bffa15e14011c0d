from __future__ import annotations

import cv2
import numpy as np
import pytest

from baa_node.core.radiograph import Laterality, Sex
from train.phantom import KINDS, Phantom, draw_hand, draw_not_a_hand, maturity
from train.phantom.adult import Pose
from train.phantom.anatomy import build_hand
from train.phantom.projection import View, bone_mineral


def draw(age_months: float, sex: Sex = Sex.MALE, *, seed: int = 7, height_px: int = 500, **more: object) -> Phantom:
    return draw_hand(age_months=age_months, sex=sex, seed=seed, height_px=height_px, **more)  # type: ignore[arg-type]


def separate_bones(age_months: float, sex: Sex) -> int:
    """Count what a person would count: bright islands in the shadow of the bones alone, without grain and noise."""
    hand = build_hand(age_months, sex, Pose(spread=1.3))
    view = View.of(px_per_mm=7.0, turn_deg=0.0, offset=np.array([600.0, 1500.0]), shape=(1900, 1300))
    shadow = bone_mineral(hand, view, np.zeros((64, 64), np.float32))
    count, _, stats, _ = cv2.connectedComponentsWithStats((shadow > 0.25).astype(np.uint8))
    return int((stats[1:count, cv2.CC_STAT_AREA] > 8).sum())


def test_equal_arguments_give_equal_pixels() -> None:
    one, two = draw(100), draw(100)
    assert np.array_equal(one.pixels, two.pixels)
    assert np.array_equal(one.mask, two.mask)


def test_another_seed_gives_another_image() -> None:
    assert draw(100, seed=1).pixels.tobytes() != draw(100, seed=2).pixels.tobytes()


@pytest.mark.parametrize("height_px", [300, 1000, 1300])
def test_the_image_has_the_height_asked_for_in_twelve_bits(height_px: int) -> None:
    phantom = draw(100, height_px=height_px)
    assert phantom.pixels.dtype == np.uint16
    assert phantom.pixels.shape == phantom.mask.shape
    assert phantom.pixels.shape[0] == height_px
    assert 1000 < phantom.pixels.max() <= 4095


@pytest.mark.parametrize("sex", list(Sex))
@pytest.mark.parametrize("age_months", [12, 24, 60, 120, 180, 216])
def test_the_hand_covers_a_sane_part_of_the_frame_and_is_brighter_than_air(age_months: float, sex: Sex) -> None:
    phantom = draw(age_months, sex, marker=False)
    assert 0.15 < phantom.mask.mean() < 0.6
    assert phantom.pixels[phantom.mask].mean() > phantom.pixels[~phantom.mask].mean() + 200
    top = int(np.flatnonzero(phantom.mask.any(axis=1))[0])
    assert top > 0.01 * phantom.mask.shape[0], "fingertips lie inside the frame"


@pytest.mark.parametrize("seed", range(12))
def test_fingers_and_thumb_lie_inside_the_frame(seed: int) -> None:
    upper = draw(120, seed=seed, collimation=False).mask[:300]
    assert not upper[:, 0].any()
    assert not upper[:, -1].any()


def test_a_right_hand_is_the_mirror_of_the_left() -> None:
    left = draw(130, laterality=Laterality.LEFT, marker=False)
    right = draw(130, laterality=Laterality.RIGHT, marker=False)
    assert np.array_equal(left.pixels, right.pixels[:, ::-1])
    assert np.array_equal(left.mask, right.mask[:, ::-1])


def test_the_thumb_of_a_left_hand_points_right() -> None:
    mask = draw(130, marker=False, collimation=False).mask
    tip = mask[: int(0.2 * mask.shape[0])].nonzero()[1].mean()
    reach = mask.any(axis=0).nonzero()[0]
    assert reach[-1] - tip > tip - reach[0], "the thumb reaches further from the middle finger than the little finger"


def test_the_marker_letter_is_never_mirrored() -> None:
    plain = draw(130, laterality=Laterality.RIGHT, marker=False)
    marked = draw(130, laterality=Laterality.RIGHT, marker=True)
    changed = np.abs(marked.pixels.astype(int) - plain.pixels) > 1500
    rows, columns = changed.nonzero()
    letter = changed[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    half = letter.shape[1] // 2
    assert letter[:, :half].sum() > letter[:, -half:].sum(), "an R is heavier on its left"


@pytest.mark.parametrize("sex", list(Sex))
def test_centres_only_ever_increase_with_age(sex: Sex) -> None:
    counts = [len(maturity.centres(age, sex)) for age in range(6, 229, 3)]
    assert counts == sorted(counts)
    assert counts[0] < 3
    assert counts[-1] == len(maturity.APPEARANCE_MONTHS) == 30


def test_the_carpals_appear_in_their_order() -> None:
    for sex in Sex:
        ages = [maturity.APPEARANCE_MONTHS[name][0 if sex is Sex.FEMALE else 1] for name in maturity.CARPALS]
        assert ages == sorted(ages)


@pytest.mark.parametrize("name", list(maturity.APPEARANCE_MONTHS))
def test_girls_are_never_later(name: str) -> None:
    girls, boys = maturity.APPEARANCE_MONTHS[name]
    assert girls <= boys


def test_girls_are_ahead_of_boys_at_eleven_years() -> None:
    assert set(maturity.centres(132, Sex.FEMALE)) > set(maturity.centres(131, Sex.MALE))
    for name in ("PP3", "MC2", "radius", "ulna", "DP1"):
        girl, boy = maturity.epiphysis(name, 132, Sex.FEMALE), maturity.epiphysis(name, 132, Sex.MALE)
        assert girl.width > boy.width


def test_an_epiphysis_appears_widens_caps_and_fuses_in_that_order() -> None:
    states = [maturity.epiphysis("PP3", age, Sex.MALE) for age in range(6, 229)]
    for values in ([s.width for s in states], [s.growth for s in states], [s.cap for s in states], [s.fused for s in states]):
        assert values == sorted(values)
        assert values[0] == 0.0
        assert values[-1] >= 1.0
    assert all(state.growth == 1.0 for state in states if state.cap > 0)
    assert all(state.cap == 1.0 for state in states if state.fused > 0)


def test_the_picture_shows_more_islands_as_centres_appear_and_fewer_as_they_fuse() -> None:
    infant, toddler, child, adult = (separate_bones(age, Sex.FEMALE) for age in (9, 30, 66, 228))
    assert infant < toddler <= child
    assert infant >= 19, "five metacarpals and fourteen phalanges"
    assert child > 35
    assert adult < child - 12


def test_the_hand_grows() -> None:
    assert build_hand(48, Sex.MALE, Pose()).scale < build_hand(144, Sex.MALE, Pose()).scale < build_hand(200, Sex.MALE, Pose()).scale


@pytest.mark.parametrize("age_months", [0, 5.9, 229, float("nan")])
def test_an_age_that_cannot_be_drawn_is_refused(age_months: float) -> None:
    with pytest.raises(ValueError, match="bone age must lie in"):
        draw(age_months)


@pytest.mark.parametrize("kind", list(KINDS))
def test_what_is_no_hand_is_drawn_deterministically(kind: str) -> None:
    one, two = draw_not_a_hand(kind, 3, height_px=300), draw_not_a_hand(kind, 3, height_px=300)
    assert np.array_equal(one.pixels, two.pixels)
    assert one.pixels.shape[0] == 300
    assert one.pixels.max() <= 4095


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match="chest"):
        draw_not_a_hand("chest", 1)
