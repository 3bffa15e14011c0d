"""Lines along the edges of a frame that are no part of the radiograph: padding, shutters, and the white that a negative's zeros become."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]

NARROW: Final = 0.05
"""Width of the black border, as a share of the shorter side."""

DIM: Final = 16
"""Grey value up to which a pixel of a straightened frame may be what lay around the film: air is seldom darker, collimated plate is."""

LEAST_LIT: Final = 0.005
"""Share of a line that must be brighter, so that specks of noise do not hold it."""

WIDE_WHITE: Final = 0.05
"""Share of the frame from which a white border is taken for padding: the white lines that scanners leave along an edge cover 4.6 % at
most of the 1,262 validation hands (RSNA challenge), and the detector has seen such lines on hands that it learnt from."""

LEAST_LEFT: Final = 0.1
"""Share of each side that must be left; a frame that is all border is kept as it is, for the gates to judge."""


def inner_box(grey: NDArray[np.uint8]) -> Box:
    """Rectangle without the border, ``(top, left, height, width)``: no line at its edges is nothing but black and white.

    Parameters
    ----------
    grey
        ``(H, W)``, bone bright on dark, 0 where padded.
    """
    if all(_holds(line) for line in (grey[0], grey[-1], grey[:, 0], grey[:, -1])):
        return (0, 0, grey.shape[0], grey.shape[1])
    outside = (grey == 255) | (grey == 0)
    return _between(~outside.all(axis=1), ~outside.all(axis=0), grey.shape)


def lit_box(grey: NDArray[np.uint8]) -> Box:
    """Rectangle without the lines at the edges that are all but black, as straightening leaves them: ``(top, left, height, width)``.

    Parameters
    ----------
    grey
        ``(H, W)``, bone bright on dark.
    """
    lit = grey > DIM
    return _between(lit.mean(axis=1) > LEAST_LIT, lit.mean(axis=0) > LEAST_LIT, grey.shape)


def _holds(line: NDArray[np.uint8]) -> bool:
    """Whether a line is more than black and white."""
    return bool(((line != 255) & (line != 0)).any())


def _between(row_holds: NDArray[np.bool_], column_holds: NDArray[np.bool_], shape: tuple[int, ...]) -> Box:
    """Rectangle from the first to the last line that holds something; the whole frame where too little would be left."""
    rows, columns = np.flatnonzero(row_holds), np.flatnonzero(column_holds)
    whole = (0, 0, shape[0], shape[1])
    if rows.size == 0 or columns.size == 0:
        return whole
    top, left = int(rows[0]), int(columns[0])
    height, width = int(rows[-1]) + 1 - top, int(columns[-1]) + 1 - left
    return whole if height < LEAST_LEFT * shape[0] or width < LEAST_LEFT * shape[1] else (top, left, height, width)


def narrowly_framed(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put a narrow black border in place of the one that is there; a frame without border stays as it is.

    A finger that reaches the border ends there, and its outline can be told from one that is cut off.
    """
    top, left, height, width = inner_box(grey)
    if (height, width) == grey.shape:
        return grey
    return np.pad(grey[top : top + height, left : left + width], round(NARROW * min(height, width)))


def darkly_framed(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Paint a wide white border black, at its width, as collimated plates have it; other frames stay as they are."""
    top, left, height, width = inner_box(grey)
    inner = grey[top : top + height, left : left + width]
    white = np.count_nonzero(grey == 255) - np.count_nonzero(inner == 255) if (height, width) != grey.shape else 0
    if white <= WIDE_WHITE * grey.size:
        return grey
    painted = np.zeros_like(grey)
    painted[top : top + height, left : left + width] = inner
    return painted
