"""A detector that always sees the same, and drawn frames of what a real one must tell apart."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from baa_node.core.frame.detection import Detector, Seen, Sight
from baa_node.core.frame.hand_shape import SIDE as SHAPE_SIDE
from baa_node.core.frame.hand_shape import find_palm
from baa_node.core.radiograph import Sex
from train.detector.canvas import SIDE
from train.detector.variants import Hand
from train.phantom import draw_hand
from train.stress import CHANGES

Grey = NDArray[np.uint8]


def sees(seen: Seen, share: float = 1.0, distance: float = 5.0) -> Detector:
    """Look at nothing and see this with that share, one whole hand with the rest."""
    return lambda _view: Sight(shares={Seen.ONE_HAND: 1 - share} | {seen: share}, distance=distance)


def square_hand(seed: int) -> Hand:
    """Squash a drawn hand to the square that variants are made of; seeds whose palm the outline does not find (2) fail."""
    drawn = draw_hand(age_months=60 + 15.0 * (seed % 8), sex=Sex.FEMALE, seed=seed, height_px=500)
    frame = np.asarray(cv2.resize((drawn.pixels >> 4).astype(np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
    palm = find_palm(frame)
    assert palm is not None
    return Hand(frame=frame, x=palm.column / SHAPE_SIDE, y=palm.row / SHAPE_SIDE, radius=palm.radius)


def enlarged(frame: Grey, side: int = 400) -> Grey:
    """Make a frame large enough to be looked at."""
    return np.asarray(cv2.resize(frame, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)


def spoilt_hand(change: str) -> Grey:
    """Show a drawn hand as one of `CHANGES` leaves it, at the size of the training radiographs."""
    drawn = draw_hand(age_months=120, sex=Sex.FEMALE, seed=5, height_px=420).pixels
    grey = np.clip(np.rint(cv2.resize(drawn / drawn.max() * 255, (299, 299), interpolation=cv2.INTER_AREA)), 1, 254).astype(np.uint8)
    return np.ascontiguousarray(CHANGES[change](grey, np.random.default_rng(2)))
