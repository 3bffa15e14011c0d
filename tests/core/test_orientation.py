from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baa_node.core.orientation import box_turned_back, turned_back, turns_to_upright
from baa_node.core.radiograph import Sex
from train.phantom import draw_hand

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
    assert turns_to_upright(np.ascontiguousarray(np.rot90(grey(name), turns))) == -turns % 4


@pytest.mark.parametrize("name", HANDS)
def test_a_mirrored_hand_is_upright_too(name: str) -> None:
    assert turns_to_upright(np.ascontiguousarray(grey(name)[:, ::-1])) == 0


def test_where_there_is_no_hand_nothing_is_turned() -> None:
    assert turns_to_upright(np.zeros((300, 240), np.uint8)) == 0
    assert turns_to_upright(np.random.default_rng(1).integers(0, 255, (300, 240), np.uint8)) == 0


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
    row, column, rows, columns = box_turned_back((top, left, height, width), turns, upright.shape)
    assert np.array_equal(turned_back(seen, turns), frame[row : row + rows, column : column + columns])
