"""The wide Gaussian blur before a threshold, at full size or, to about one grey level the same, on a quarter of the area."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]


def blurred(pixels: Grey, kernel_px: int, sigma: float) -> Grey:
    """Blur ``(H, W) uint8`` with an odd kernel."""
    return np.asarray(cv2.GaussianBlur(pixels, (kernel_px, kernel_px), sigma), np.uint8)


def blurred_by_halves(pixels: Grey, kernel_px: int, sigma: float) -> Grey:
    """Blur on a copy of half the height and width, back at full size.

    The border is reflected before halving, so that the margins agree too.
    """
    height, width = pixels.shape
    reach = (kernel_px // 2 + 3) // 2 * 2
    framed = cv2.copyMakeBorder(pixels, reach, reach + height % 2, reach, reach + width % 2, cv2.BORDER_REFLECT_101)
    half = cv2.resize(framed, (framed.shape[1] // 2, framed.shape[0] // 2), interpolation=cv2.INTER_AREA)
    taps = _half_taps(kernel_px, sigma)
    cut = reach // 2 - 1
    small = cv2.sepFilter2D(half, cv2.CV_32F, taps, taps)[cut:-cut, cut:-cut]
    full = cv2.resize(small, (2 * small.shape[1], 2 * small.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.convertScaleAbs(full[2 : 2 + height, 2 : 2 + width]), np.uint8)


def _half_taps(kernel_px: int, sigma: float) -> NDArray[np.float64]:
    """Kernel for the half-size copy, from the one OpenCV really uses on 8 bits: coarse fixed-point numbers, read off a line."""
    line = np.zeros((1, 4 * kernel_px + 1), np.uint8)
    line[0, 2 * kernel_px] = 255
    kernel = np.rint(cv2.GaussianBlur(np.repeat(line, 4, axis=0), (kernel_px, kernel_px), sigma)[1] * (256 / 255)) / 256
    middle = 2 * kernel_px + 2 * np.arange(-(kernel_px // 4) - 1, kernel_px // 4 + 2)
    return np.asarray(kernel[middle] + (kernel[middle - 1] + kernel[middle + 1]) / 2)
