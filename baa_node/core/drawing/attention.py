"""What the networks looked at, laid over the radiograph as colour that also reads as brightness."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from baa_node.core.ensemble import Estimate

STRENGTH: Final = 0.62
"""Share of the colour where attention is highest; the bone must stay visible below it."""
_FADE: Final = 1.5
"""Exponent by which the colour fades faster than attention does: where there is little, the film stays a film."""


def overlay(plain: NDArray[np.uint8], frame_shape: tuple[int, ...], estimate: Estimate) -> NDArray[np.uint8]:
    """Colour a shown frame by attention: hue and opacity both grow with it.

    Parameters
    ----------
    plain
        ``(h, w) uint8``, the frame at the size at which it is shown.
    frame_shape
        Rows and columns of the frame itself, in which the estimate gives its crop.

    Returns
    -------
    NDArray[np.uint8]
        ``(h, w, 3)`` RGB.
    """
    attention = attention_on(plain.shape, frame_shape, estimate)
    colours = colours_of(np.round(attention * 255).astype(np.uint8))
    opacity = (STRENGTH * attention**_FADE)[..., None]
    return np.asarray(np.round(plain[..., None] * (1 - opacity) + colours * opacity), np.uint8)


def attention_on(shown: tuple[int, ...], frame: tuple[int, ...], estimate: Estimate) -> NDArray[np.float32]:
    """Saliency in pixels of the shown frame, 0 outside the crop; the crop itself may reach beyond the frame."""
    top, left, height, width = estimate.crop
    saliency = np.clip(np.nan_to_num(estimate.saliency), 0, 1).astype(np.float32)
    row = _positions(shown[0], frame[0], top, height)
    column = _positions(shown[1], frame[1], left, width)
    inside = ((row >= 0) & (row <= 1))[:, None] & ((column >= 0) & (column <= 1))[None, :]
    y, x = np.meshgrid(row * saliency.shape[0] - 0.5, column * saliency.shape[1] - 0.5, indexing="ij")
    smooth = cv2.remap(saliency, x.astype(np.float32), y.astype(np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.where(inside, np.clip(smooth, 0, 1), 0).astype(np.float32)


def colours_of(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGB of attention levels, black to yellow, brighter with each level (inferno, matplotlib)."""
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB), np.uint8)


def colour_bar(width: int, height: int) -> NDArray[np.uint8]:
    """All levels from left to right, ``(height, width, 3)`` RGB."""
    return colours_of(np.tile(np.linspace(0, 255, width).astype(np.uint8), (height, 1)))


def _positions(shown: int, frame: int, start: int, length: int) -> NDArray[np.float64]:
    """Where the centres of the shown pixels lie in the crop: 0 at its first edge, 1 at its last."""
    return ((np.arange(shown) + 0.5) * frame / shown - start) / max(length, 1)
