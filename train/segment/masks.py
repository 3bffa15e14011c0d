"""Which masks are good enough to learn from: nobody looks at them, so each must agree with itself and look like one hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from baa_node.core.frame.hand_shape import count_hands
from baa_node.core.preprocess import Preparation, segment_mask

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Likely = NDArray[np.float32]

CONTOUR: Final = Preparation(variant="espinal", size=128, blur_px=5, blur_sigma=1.3, segment_grid=8)
"""The segmentation of Espinal & Postigo, its blur scaled from frames of 1,700 px to 128 px."""

AREA: Final = (0.12, 0.75)
"""Share of the square that a hand may cover: an infant's on a large plate, a tightly collimated one."""

IN_ONE_PIECE: Final = 0.90
"""Least share of the foreground in its largest region; the rest, mostly side markers, is not learnt from."""

ALIKE: Final = 0.93
"""Least overlap of the mask with that of the mirror image."""

UNDECIDED: Final = 0.40
"""Most pixels between 0.2 and 0.8, as a share of the mask: an edge of one pixel around a hand is 0.12 of it."""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What can be said of a mask without knowing the truth; see the limits of the same name in capitals."""

    area: float
    in_one_piece: float
    alike: float
    undecided: float
    hands: int

    @property
    def good(self) -> bool:
        """Whether to learn from it."""
        return (
            AREA[0] <= self.area <= AREA[1]
            and self.in_one_piece >= IN_ONE_PIECE
            and self.alike >= ALIKE
            and self.undecided <= UNDECIDED
            and self.hands == 1
        )


def overlap(one: Mask, other: Mask) -> float:
    """Intersection over union; 1 for two empty masks."""
    union = int((one | other).sum())
    return float((one & other).sum()) / union if union else 1.0


def judged(likely: Likely, likely_mirrored: Likely) -> Quality:
    """Judge probabilities ``(H, W)``, the second ones of the mirror image and turned back; area and hands are of the largest region."""
    mask = likely > 0.5
    return _quality(mask, alike=overlap(mask, likely_mirrored > 0.5), undecided=float(((likely > 0.2) & (likely < 0.8)).sum()))


def judged_contour(mask: Mask) -> Quality:
    """Judge a mask that has no probabilities."""
    return _quality(mask, alike=1.0, undecided=0.0)


def contours(images: Pixels) -> Mask:
    """Mask by brightness, ``(N, H, W)`` of images ``(N, H, W, 1)``."""
    return np.stack([segment_mask(image[:, :, 0], CONTOUR) for image in images])


def largest_region(mask: Mask) -> Mask:
    """Leave the rest of ``(H, W)`` out."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return np.asarray(labels == 1 + np.argmax(stats[1:, cv2.CC_STAT_AREA])) if len(stats) > 1 else mask


def _quality(mask: Mask, *, alike: float, undecided: float) -> Quality:
    covered = int(mask.sum())
    if not covered:
        return Quality(area=0.0, in_one_piece=0.0, alike=alike, undecided=1.0, hands=0)
    largest = largest_region(mask)
    return Quality(
        area=float(largest.mean()),
        in_one_piece=int(largest.sum()) / covered,
        alike=alike,
        undecided=undecided / covered,
        hands=count_hands(np.where(largest, 200, 20).astype(np.uint8)),
    )
