"""The largest bright region of a frame, and rectangles in it: ``(top, left, height, width)`` in pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Box = tuple[int, int, int, int]


def otsu(blurred: Pixels) -> float:
    """Threshold that parts grey values into two classes (Otsu 1979)."""
    threshold, _ = cv2.threshold(blurred, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return float(threshold)


def bright(blurred: Pixels, threshold: float) -> Pixels:
    """Mask, 255 where a pixel is above the threshold."""
    return np.asarray(cv2.threshold(blurred, threshold, 255, cv2.THRESH_BINARY)[1], np.uint8)


def largest_contour(foreground: Pixels) -> NDArray[np.int32] | None:
    """Outer contour of the largest region that is not 0; None where all is."""
    contours, _ = cv2.findContours(foreground, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return max((np.asarray(contour, np.int32) for contour in contours), key=cv2.contourArea, default=None)


def largest_region(blurred: Pixels, threshold: float, least_area: float) -> Box:
    """Rectangle around the largest region above a threshold; the whole frame if it has no more than this share of the area."""
    largest = largest_contour(bright(blurred, threshold))
    if largest is None or cv2.contourArea(largest) <= least_area * blurred.size:
        return (0, 0, *blurred.shape)
    left, top, width, height = cv2.boundingRect(largest)
    return (top, left, height, width)


def filled(contour: NDArray[np.int32], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Mask of what lies within a contour, ``shape``."""
    region = np.zeros(shape, np.uint8)
    cv2.drawContours(region, [contour], 0, 1, cv2.FILLED)
    return region > 0


def edges(box: Box) -> Box:
    """Top, left, bottom and right; the last two lie beyond the box."""
    return (box[0], box[1], box[0] + box[2], box[1] + box[3])


def overlap(one: Box, other: Box) -> float:
    """Area that two boxes share, of the area that they cover together."""
    top, left, bottom, right = (meet(a, b) for meet, a, b in zip((max, max, min, min), edges(one), edges(other), strict=True))
    shared = max(0, bottom - top) * max(0, right - left)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


def widened(box: Box, by: int, side: int) -> Box:
    """Add a margin on every side within a square of this side."""
    top, left = max(0, box[0] - by), max(0, box[1] - by)
    bottom, right = min(side, box[0] + box[2] + by), min(side, box[1] + box[3] + by)
    return (top, left, bottom - top, right - left)


def rescaled(box: Box, seen: tuple[int, ...], frame: tuple[int, ...]) -> Box:
    """Carry a box from the image it was found in to the frame that image is a resized copy of."""
    top, bottom = (round(y * frame[0] / seen[0]) for y in (box[0], box[0] + box[2]))
    left, right = (round(x * frame[1] / seen[1]) for x in (box[1], box[1] + box[3]))
    return (top, left, bottom - top, right - left)
