from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baa_node.core.frame import hand_shape, orientation
from baa_node.core.frame.orientation import Turn, turn_to_upright, turned, turned_back
from baa_node.core.radiograph import Sex
from train.phantom import draw_hand
from train.stress import rotated

EMPTY = np.zeros((30, 30), np.uint8)

HANDS = {
    f"{months}_{sex}": draw_hand(age_months=months, sex=Sex(sex), seed=seed, height_px=360).pixels
    for seed, (months, sex) in enumerate([(30, "F"), (70, "M"), (118, "F"), (150, "M"), (190, "M")], start=11)
}


def grey(name: str) -> np.ndarray:
    pixels = HANDS[name].astype(float)
    return np.rint(pixels / pixels.max() * 255).astype(np.uint8)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("name", HANDS)
def test_a_turned_hand_is_turned_back(name: str, turns: int) -> None:
    assert turn_to_upright(np.ascontiguousarray(np.rot90(grey(name), turns))) == Turn(quarters=-turns % 4)


@pytest.mark.parametrize("name", HANDS)
def test_a_mirrored_hand_is_upright_too(name: str) -> None:
    assert turn_to_upright(np.ascontiguousarray(grey(name)[:, ::-1])) == Turn()


def test_where_there_is_no_hand_nothing_is_turned() -> None:
    assert turn_to_upright(np.zeros((300, 240), np.uint8)) == Turn()
    assert turn_to_upright(np.random.default_rng(1).integers(0, 255, (300, 240), np.uint8)) == Turn()


@given(
    turns=st.integers(0, 3),
    shape=st.tuples(st.integers(4, 9), st.integers(4, 9)),
    corner=st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
def test_box_and_map_come_back_to_the_same_pixels(turns: int, shape: tuple[int, int], corner: tuple[int, int]) -> None:
    frame = np.arange(shape[0] * shape[1], dtype=np.float32).reshape(shape)
    upright = np.rot90(frame, turns)
    top, left = corner
    height, width = upright.shape[0] - top, upright.shape[1] - left
    seen = upright[top : top + height, left : left + width]
    field, (row, column, rows, columns) = turned_back(seen, (top, left, height, width), Turn(quarters=turns), frame.shape)
    assert np.array_equal(field, frame[row : row + rows, column : column + columns])


def test_leaning_hands_are_put_upright() -> None:
    """The outline tells the direction to some ten degrees: little is left on average, and never more than there was."""
    left = {
        (name, degrees): (turn_to_upright(rotated(grey(name), degrees)).degrees + degrees + 180) % 360 - 180
        for name in HANDS
        for degrees in (-45, -35, 35, 45)
    }
    assert all(abs(lean) < abs(degrees) for (_, degrees), lean in left.items()), left
    assert np.mean(np.abs(list(left.values()))) < 12, left


@pytest.mark.parametrize("name", HANDS)
def test_a_hand_that_leans_a_little_is_hardly_touched(name: str) -> None:
    assert abs(turn_to_upright(rotated(grey(name), 5)).tilt_deg) <= 5


@given(tilt=st.floats(-89, 89), more=st.floats(0, 0.5))
def test_no_reading_hangs_on_a_hair(tilt: float, more: float) -> None:
    """Half a degree more turns the frame by no more than four: the steepest place is where the whole tilt is just reached."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(orientation, "_proves_true", lambda pixels, tilt_deg: True)
        patch.setattr(hand_shape, "finger_direction_deg", lambda pixels: tilt)
        one = turn_to_upright(EMPTY)
        patch.setattr(hand_shape, "finger_direction_deg", lambda pixels: min(tilt + more, 89))
        other = turn_to_upright(EMPTY)
    if one.quarters == other.quarters:
        assert abs(one.tilt_deg - other.tilt_deg) <= 4


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("tilt", [-40, -25, 25, 40])
def test_what_is_marked_in_the_turned_frame_lies_at_the_same_place_in_the_frame(quarters: int, tilt: int) -> None:
    frame = np.zeros((240, 180), np.uint8)
    cv2.circle(frame, (110, 90), 8, 255, -1)
    turn = Turn(quarters=quarters, tilt_deg=tilt)
    upright = turned(frame, turn)
    top, left, height, width = 20, 30, upright.shape[0] - 40, upright.shape[1] - 50
    coarse = cv2.resize(upright[top : top + height, left : left + width], (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    field, (row, column, rows, columns) = turned_back(coarse.astype(np.float32), (top, left, height, width), turn, frame.shape)
    y, x = np.unravel_index(np.argmax(cv2.GaussianBlur(field, (0, 0), 2)), field.shape)
    assert row + (y + 0.5) * rows / field.shape[0] == pytest.approx(90.5, abs=4)
    assert column + (x + 0.5) * columns / field.shape[1] == pytest.approx(110.5, abs=4)


def test_corners_that_come_in_are_black() -> None:
    """The crop then tells the radiograph from what came in as it does with collimated ones."""
    upright = turned(np.full((100, 80), 70, np.uint8), Turn(tilt_deg=30))
    assert upright.shape[0] > 100
    assert [upright[row, column] for row in (0, -1) for column in (0, -1)] == [0, 0, 0, 0]


def test_a_lean_that_does_not_prove_true_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once upright, the hand must be found again and lean less than half as much."""
    for again, turn in ((None, Turn()), (25.0, Turn()), (-25.0, Turn()), (15.0, Turn(tilt_deg=40))):
        told = iter([40.0, again])
        monkeypatch.setattr(hand_shape, "finger_direction_deg", lambda pixels, told=told: next(told))
        assert turn_to_upright(EMPTY) == turn
