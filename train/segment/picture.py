"""One row an image, one column a round: the outline of the mask on the image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from train.segment.masks import Likely, Pixels

LARGER: Final = 2
"""Times the size of the images."""

OUTLINE: Final = (60, 190, 255)
"""Amber in OpenCV's order of blue, green, red."""


def draw(images: Pixels, by_round: Sequence[Likely], titles: Sequence[str], target: Path) -> None:
    """Write a PNG of ``len(images)`` rows and ``len(by_round)`` columns; ``by_round`` holds probabilities ``(N, H, W)``."""
    rows = [np.hstack([_outlined(image[:, :, 0], likely[index]) for likely in by_round]) for index, image in enumerate(images)]
    side = images.shape[1] * LARGER
    head = np.full((28, side * len(by_round), 3), 255, np.uint8)
    for column, title in enumerate(titles):
        cv2.putText(head, title, (column * side + 8, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (30, 30, 30), 1, cv2.LINE_AA)
    cv2.imwrite(str(target), np.vstack([head, *rows]))


def _outlined(image: NDArray[np.uint8], likely: NDArray[np.float32]) -> NDArray[np.uint8]:
    shown = cv2.cvtColor(cv2.resize(image, None, fx=LARGER, fy=LARGER, interpolation=cv2.INTER_CUBIC), cv2.COLOR_GRAY2BGR)
    smooth = cv2.resize(likely, None, fx=LARGER, fy=LARGER, interpolation=cv2.INTER_LINEAR)
    contours, _ = cv2.findContours((smooth > 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    cv2.drawContours(shown, contours, -1, OUTLINE, 2, cv2.LINE_AA)
    return np.asarray(cv2.copyMakeBorder(shown[2:-2, 2:-2], 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=(255, 255, 255)), np.uint8)
