"""Frames on a small square: resized, and coded as JPEG as the training images are (deploy/decisions/0025)."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]

BLOCK: Final = 8
"""Side of the squares that JPEG codes, pixels."""


def averaged(pixels: Grey, side: int) -> Grey:
    """Resize ``(H, W) uint8`` to a square by area averaging; one that is the square already stays what it is."""
    if pixels.shape == (side, side):
        return pixels
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def antialiased(pixels: Grey, side: int) -> Grey:
    """Resize ``(H, W) uint8`` to a square by Pillow's bilinear filter, to the bit."""
    from PIL import Image  # here: who only receives frames never gets so far

    return np.array(Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR), np.uint8)


def coded(square: Grey, quality: int) -> Grey:
    """There and back through baseline JPEG (ITU-T T.81) with the tables of its Annex K, scaled as every library does; 0 leaves it out.

    Parameters
    ----------
    quality
        1 to 100 on the scale of the Independent JPEG Group.
    """
    if not quality:
        return square
    _, packed = cv2.imencode(".jpg", square, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)


def coded_elsewhere(pixels: Grey, quality: int, down: int, across: int) -> Grey:
    """There and back through JPEG whose blocks begin elsewhere than at the corner of the frame.

    Parameters
    ----------
    down, across
        By how many pixels the blocks are moved up and to the left, 0 to 7.
    """
    rows, columns = pixels.shape
    framed = cv2.copyMakeBorder(pixels, BLOCK, BLOCK, BLOCK, BLOCK, cv2.BORDER_REPLICATE)
    return coded(framed[down:, across:], quality)[BLOCK - down :, BLOCK - across :][:rows, :columns]
