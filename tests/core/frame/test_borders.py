from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baa_node.core.frame.borders import darkly_framed, inner_box, lit_box, narrowly_framed
from baa_node.core.radiograph import from_dataset
from tests.parts.frames import image, ramp

PICTURE = np.random.default_rng(5).integers(1, 240, (40, 30), np.uint8)


@given(above=st.integers(0, 9), below=st.integers(0, 9), left=st.integers(0, 9), right=st.integers(0, 9), grey=st.sampled_from((0, 255)))
def test_a_black_or_white_border_is_found(above: int, below: int, left: int, right: int, grey: int) -> None:
    framed = np.pad(PICTURE, ((above, below), (left, right)), constant_values=grey)
    assert inner_box(framed) == (above, left, 40, 30)


@pytest.mark.parametrize("grey", [0, 255])
def test_a_narrow_black_border_takes_the_place_of_any_other(grey: int) -> None:
    assert np.array_equal(narrowly_framed(PICTURE), PICTURE)
    framed = narrowly_framed(np.pad(PICTURE, ((9, 3), (20, 1)), constant_values=grey))
    assert np.array_equal(framed, np.pad(PICTURE, 2))


@given(above=st.integers(0, 9), below=st.integers(0, 9), left=st.integers(0, 9), right=st.integers(0, 9))
def test_a_white_border_is_painted_black_once_it_is_wide(above: int, below: int, left: int, right: int) -> None:
    widths = ((above, below), (left, right))
    white = np.pad(PICTURE, widths, constant_values=255)
    wide = white.size - PICTURE.size > 0.05 * white.size
    assert np.array_equal(darkly_framed(white), np.pad(PICTURE, widths) if wide else white)


def test_a_white_frame_around_a_black_one_is_black() -> None:
    collimated = np.pad(PICTURE, 6)
    assert np.array_equal(darkly_framed(np.pad(collimated, 5, constant_values=255)), np.pad(collimated, 5))
    assert darkly_framed(collimated) is collimated
    assert darkly_framed(PICTURE) is PICTURE


def test_a_border_of_another_grey_stays() -> None:
    assert inner_box(np.pad(PICTURE, 4, constant_values=70)) == (0, 0, 48, 38)


def test_a_marker_on_the_border_keeps_its_lines() -> None:
    framed = np.pad(PICTURE, 4)
    framed[1, 5:9] = 200
    assert inner_box(framed) == (1, 4, 43, 30)


@pytest.mark.parametrize("grey", [0, 255])
def test_a_frame_that_is_all_border_is_kept(grey: int) -> None:
    assert inner_box(np.full((40, 30), grey, np.uint8)) == (0, 0, 40, 30)
    spot = np.full((40, 30), grey, np.uint8)
    spot[20, 15] = 100
    assert inner_box(spot) == (0, 0, 40, 30)


@pytest.mark.parametrize(("photometric", "value"), [("MONOCHROME1", 0), ("MONOCHROME1", 4095), ("MONOCHROME2", 0), ("MONOCHROME2", 4095)])
def test_a_border_does_not_move_black_and_white(photometric: str, value: int) -> None:
    words = np.clip(ramp(60, 50), 10, 4000).astype(np.uint16)
    bare = from_dataset(image(words, PhotometricInterpretation=photometric)).pixels
    framed = from_dataset(image(np.pad(words, 25, constant_values=value), PhotometricInterpretation=photometric)).pixels
    assert np.array_equal(framed[25:-25, 25:-25], bare)


def test_what_is_lit_lies_between_dim_lines_and_specks() -> None:
    frame = np.full((200, 300), 5, np.uint8)
    frame[40:150, 60:250] = 90
    frame[10, 10] = frame[190, 20] = 255  # specks
    assert lit_box(frame) == (40, 60, 110, 190)


def test_a_frame_that_is_dim_altogether_is_kept() -> None:
    assert lit_box(np.full((20, 30), 9, np.uint8)) == (0, 0, 20, 30)
