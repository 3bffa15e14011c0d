"""Which way up is the hand? A plate is exposed in any orientation, the networks learnt from hands whose fingers point up.

Quarter turns change no pixel and are made first. What tilt is left is taken out too, from `TOLERATED_DEG` on: the networks bear a
little of it, and the outline tells the direction of the fingers no better than to some ten degrees.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from baa_node.core.frame import hand_shape
from baa_node.core.frame.borders import narrowly_framed

Box = tuple[int, int, int, int]
Grey = NDArray[np.uint8]
Field = NDArray[np.float32]

TILT_DEG: Final = 50.0
"""Fingers may lean so far from the vertical before the frame is turned by a quarter. When this was chosen, hardly any
validation hand (RSNA challenge) was turned, and hardly any copy turned by 90, 180 or 270° was not turned back; what turning does to the
estimate is told by ``python -m train.robustness``."""

TOLERATED_DEG: Final = 15.0
"""Hands that lean less are read as they lie. Of validation hands that seem to lean more, those whose lean proves true were read better
put upright when this was chosen, the others worse; ``python -m train.drift`` measures the error with all of it in place."""

STRAIGHTENED_DEG: Final = 25.0
"""Hands that lean more are put upright altogether; in between by a growing part, so that no reading hangs on a hair."""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """How a frame is turned against the clock: by quarters first, then by whole degrees in a frame that holds all of it."""

    quarters: int = 0
    tilt_deg: int = 0

    @property
    def degrees(self) -> int:
        """Both together, 0 to 359."""
        return (90 * self.quarters + self.tilt_deg) % 360


def turn_to_upright(pixels: Grey) -> Turn:
    """Find out how to turn a frame so that the fingers point up; no turn where no hand is found.

    Parameters
    ----------
    pixels
        ``(H, W) uint8``, bone bright on dark.
    """
    tilt = _tilt_deg(pixels) or 0.0
    quarters = 0 if abs(tilt) < TILT_DEG else round(tilt / 90) % 4 or (1 if tilt > 0 else 3)
    upright = np.rot90(pixels, quarters)
    if quarters:
        tilt = _tilt_deg(upright) or 0.0
    return Turn(quarters=quarters, tilt_deg=_straightened(tilt) if abs(tilt) < 90 and _proves_true(upright, tilt) else 0)


def turned(pixels: Grey, turn: Turn) -> Grey:
    """Turn a frame ``(H, W)``; corners that come in by a tilt are black, as if they were collimated."""
    upright = np.rot90(pixels, turn.quarters)
    if not turn.tilt_deg:
        return upright
    matrix, (rows, columns) = _tilting(upright.shape, turn.tilt_deg)
    return np.asarray(cv2.warpAffine(np.ascontiguousarray(upright), matrix, (columns, rows), flags=cv2.INTER_LINEAR), np.uint8)


def turned_back(field: Field, box: Box, turn: Turn, frame: tuple[int, ...]) -> tuple[Field, Box]:
    """Bring a map and the box it covers from a turned frame into the frame of shape ``frame`` as it was.

    Parameters
    ----------
    field
        ``(h, w)``, of any resolution.
    box
        ``(top, left, height, width)`` in pixels of the turned frame; may reach outside.

    Returns
    -------
    tuple
        Map and box in the frame; after a tilt the box is the upright rectangle around the tilted one, and the map is 0 beside that.
    """
    upright = frame[:2] if turn.quarters % 2 == 0 else (frame[1], frame[0])
    if turn.tilt_deg:
        field, box = _tilted_back(field, box, turn.tilt_deg, upright)
    return np.ascontiguousarray(np.rot90(field, -turn.quarters)), _box_turned_back(box, turn.quarters, upright)


def _tilt_deg(pixels: Grey) -> float | None:
    """By how much fingers lean to the right, -180 to 180; None where no hand is found."""
    direction = hand_shape.finger_direction_deg(pixels)
    return None if direction is None else (direction + 180) % 360 - 180


def _proves_true(pixels: Grey, tilt_deg: float) -> bool:
    """Whether a hand that seems to lean is found again, and leans less than half as much, once it is put upright."""
    if abs(tilt_deg) <= TOLERATED_DEG:
        return False
    left = _tilt_deg(narrowly_framed(turned(pixels, Turn(tilt_deg=round(tilt_deg)))))
    return left is not None and abs(left) < abs(tilt_deg) / 2


def _straightened(tilt_deg: float) -> int:
    share = (abs(tilt_deg) - TOLERATED_DEG) / (STRAIGHTENED_DEG - TOLERATED_DEG)
    return round(tilt_deg * min(max(share, 0.0), 1.0))


def _tilting(shape: tuple[int, ...], degrees: int) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Map from pixels of a frame to those of the tilted one, and the shape of that: all of the frame lies in it."""
    rows, columns = shape[:2]
    matrix = np.asarray(cv2.getRotationMatrix2D(((columns - 1) / 2, (rows - 1) / 2), degrees, 1.0), np.float64)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    wide, high = math.ceil(columns * cosine + rows * sine), math.ceil(columns * sine + rows * cosine)
    matrix[:, 2] += ((wide - columns) / 2, (high - rows) / 2)
    return matrix, (high, wide)


def _tilted_back(field: Field, box: Box, degrees: int, shape: tuple[int, ...]) -> tuple[Field, Box]:
    top, left, height, width = box
    back = np.asarray(cv2.invertAffineTransform(_tilting(shape, degrees)[0]), np.float64)
    corners = np.array([(x - 0.5, y - 0.5, 1.0) for x in (left, left + width) for y in (top, top + height)])
    landed = corners @ back.T + 0.5
    (first_x, first_y), (last_x, last_y) = np.floor(landed.min(axis=0)), np.ceil(landed.max(axis=0))
    around = (int(first_y), int(first_x), int(last_y - first_y), int(last_x - first_x))
    rows, columns = (max(1, round(count * long / was)) for count, long, was in zip(field.shape, around[2:], (height, width), strict=True))
    cells = _cells(around, (rows, columns)) @ np.linalg.inv(_cells_to_pixels(back, box, field.shape)).T
    x, y = cells[..., 0].astype(np.float32), cells[..., 1].astype(np.float32)
    return np.asarray(cv2.remap(field, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), np.float32), around


def _cells(box: Box, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Homogeneous ``(x, y, 1)`` of the middle of each cell of a map over a box, ``(rows, columns, 3)``, in pixels."""
    top, left, height, width = box
    y = top + (np.arange(shape[0]) + 0.5) * height / shape[0] - 0.5
    x = left + (np.arange(shape[1]) + 0.5) * width / shape[1] - 0.5
    return np.dstack([*np.meshgrid(x, y), np.ones(shape)])


def _cells_to_pixels(back: NDArray[np.float64], box: Box, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """``(3, 3)``: from column and row of a map over the box of a tilted frame to pixels of the frame before."""
    top, left, height, width = box
    across, down = width / shape[1], height / shape[0]
    in_tilted = np.array([[across, 0, left + across / 2 - 0.5], [0, down, top + down / 2 - 0.5], [0, 0, 1]])
    return np.asarray(np.vstack([back, [0, 0, 1]]) @ in_tilted, np.float64)


def _box_turned_back(box: Box, quarters: int, upright: tuple[int, ...]) -> Box:
    top, left, height, width = box
    rows, columns = upright[:2]
    for _ in range(quarters % 4):
        top, left, height, width = left, rows - top - height, width, height
        rows, columns = columns, rows
    return top, left, height, width
