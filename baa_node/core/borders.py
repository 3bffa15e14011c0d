"""Lines along the edges of a frame that are no part of the radiograph: padding, shutters, and the white that a negative's zeros become."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]

NARROW: Final = 0.05
"""Width of the black border, as a share of the shorter side."""

LEAST_LEFT: Final = 0.1
"""Share of each side that must be left; a frame that is all border is kept as it is, for the gates to judge."""


def inner_box(grey: NDArray[np.uint8]) -> Box:
    """Rectangle without the border, ``(top, left, height, width)``: no line at its edges is nothing but black and white.

    Parameters
    ----------
    grey
        ``(H, W)``, bone bright on dark, 0 where padded.
    """
    outside = (grey == 255) | (grey == 0)
    rows, columns = np.flatnonzero(~outside.all(axis=1)), np.flatnonzero(~outside.all(axis=0))
    if rows.size == 0:
        return 0, 0, *grey.shape
    top, left = int(rows[0]), int(columns[0])
    height, width = int(rows[-1]) + 1 - top, int(columns[-1]) + 1 - left
    if height < LEAST_LEFT * grey.shape[0] or width < LEAST_LEFT * grey.shape[1]:
        return 0, 0, *grey.shape
    return top, left, height, width


def narrowly_framed(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put a narrow black border in place of the one that is there; a frame without border stays as it is.

    A finger that reaches the border ends there, and its outline can be told from one that is cut off.
    """
    top, left, height, width = inner_box(grey)
    if (height, width) == grey.shape:
        return grey
    return np.pad(grey[top : top + height, left : left + width], round(NARROW * min(height, width)))
