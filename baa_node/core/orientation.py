"""Which way up is the hand? A plate is exposed in any orientation, the networks learnt from hands whose fingers point up.

Only quarter turns, which change no pixel: a hand tilted by less is read as it lies.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from baa_node.core import hand_shape

Box = tuple[int, int, int, int]

TILT_DEG: Final = 50.0
"""Fingers may lean so far from the vertical before the frame is turned. Of the 1,255 validation hands (RSNA challenge) in which one
hand is found, 1,250 were left as they are when this was chosen, and of their copies turned by 90, 180 and 270° 99.4 % were turned back;
what turning does to the estimate is told by ``python -m train.robustness``."""


def turns_to_upright(pixels: NDArray[np.uint8]) -> int:
    """Quarter turns against the clock, 0 to 3, after which the fingers point up; 0 where no hand is found.

    Parameters
    ----------
    pixels
        ``(H, W) uint8``, bone bright on dark.
    """
    direction = hand_shape.finger_direction_deg(pixels)
    if direction is None:
        return 0
    tilt = (direction + 180) % 360 - 180
    if abs(tilt) < TILT_DEG:
        return 0
    return round(tilt / 90) % 4 or (1 if tilt > 0 else 3)


def turned_back(field: NDArray[np.float32], turns: int) -> NDArray[np.float32]:
    """Bring a map of the upright frame into the orientation of the frame that was turned by ``turns``."""
    return np.ascontiguousarray(np.rot90(field, -turns))


def box_turned_back(box: Box, turns: int, upright_shape: tuple[int, ...]) -> Box:
    """Bring ``(top, left, height, width)`` in the upright frame of that shape into the frame that was turned by ``turns``."""
    top, left, height, width = box
    rows, columns = upright_shape
    for _ in range(turns % 4):
        top, left, height, width = left, rows - top - height, width, height
        rows, columns = columns, rows
    return top, left, height, width
