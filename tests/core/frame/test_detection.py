from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baa_node.core.frame.detection import VIEW_SIDE, Seen, sight, view_of
from baa_node.core.reasons import Reason

FRAME = cv2.GaussianBlur(np.random.default_rng(4).integers(20, 120, (500, 380)).astype(np.uint8), (0, 0), 12)


@settings(max_examples=30)
@given(gain=st.floats(0.5, 2.0), offset=st.integers(0, 15))
def test_brightness_and_contrast_change_the_view_by_their_rounding_alone(gain: float, offset: int) -> None:
    changed = np.clip(np.rint(FRAME * gain + offset), 0, 255).astype(np.uint8)
    levels = float(np.ptp(view_of(FRAME))) / float(np.ptp(FRAME) * min(gain, 1.0))
    assert np.abs(view_of(changed).astype(int) - view_of(FRAME)).max() <= 2 * levels


@settings(max_examples=30)
@given(rows=st.integers(1, 700), columns=st.integers(1, 700), level=st.integers(0, 255))
def test_any_frame_has_a_view(rows: int, columns: int, level: int) -> None:
    view = view_of(np.full((rows, columns), level, np.uint8))
    assert view.shape == (VIEW_SIDE, VIEW_SIDE)
    assert view.dtype == np.uint8


def test_black_and_white_are_those_of_the_frame() -> None:
    view = view_of(FRAME)
    assert (view.min(), view.max()) == (0, 255)


def test_every_sight_but_one_hand_names_a_reason() -> None:
    assert {seen: seen.reason for seen in Seen if seen.reason is None} == {Seen.ONE_HAND: None}
    assert {seen.reason for seen in Seen} - {None} == {
        Reason.NO_HAND,
        Reason.SEVERAL_HANDS,
        Reason.HAND_CUT_OFF,
        Reason.OBSCURED,
        Reason.UNLIKE_TRAINING,
    }


def test_a_network_may_tell_fewer_things_apart() -> None:
    seen = sight(["no_hand", "one_hand"], [0.3, 0.7], 4.0)
    assert (seen.likeliest, seen.one_hand) == (Seen.ONE_HAND, 0.7)


@pytest.mark.parametrize(("words", "shares"), [(["one_hand", "foot"], [0.5, 0.5]), (["no_hand"], [1.0]), (["one_hand"], [0.5, 0.5])])
def test_words_that_are_not_known_are_refused(words: list[str], shares: list[float]) -> None:
    with pytest.raises(ValueError, match=r"not known|zip"):
        sight(words, shares, 0.0)
