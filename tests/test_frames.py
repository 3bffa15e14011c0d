"""Decoded frames wait for their picture, within bounds."""

from __future__ import annotations

import numpy as np

from baa_node.frames import RecentFrames


def frame(value: int) -> np.ndarray:
    return np.full((10, 10), value, np.uint8)


def test_a_frame_is_given_once() -> None:
    frames = RecentFrames()
    kept = frame(1)
    frames.keep("a", kept)
    assert frames.take("a") is kept
    assert frames.take("a") is None


def test_what_was_never_here_is_decoded_again() -> None:
    assert RecentFrames().take("a") is None


def test_the_oldest_make_room() -> None:
    frames = RecentFrames(most_bytes=250)
    for number, name in enumerate("abab"):
        frames.keep(name, frame(number))
    frames.keep("c", frame(4))
    assert frames.take("a") is None
    assert [frames.take(name)[0, 0] for name in "bc"] == [3, 4]  # type: ignore[index]


def test_one_that_is_too_large_is_not_kept() -> None:
    frames = RecentFrames(most_bytes=99)
    frames.keep("a", frame(1))
    assert frames.take("a") is None
