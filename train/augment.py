"""One affine warp and one grey-value curve an image: what training varies and the node meets."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Limits of the random changes; all zero means none.

    Attributes
    ----------
    zoom
        Height and width are scaled apart, each by a factor from 1 / (1 + zoom) to 1 + zoom: the aspect ratio is not known.
    scale
        One factor for both, from 1 / (1 + scale) to 1 + scale.
    shear
        Rows are moved against each other, either way, by this share of their distance.
    rotate_deg
        Either way.
    shift
        Either way, as a share of the side.
    flip
        Mirror every other image; left hands by convention, right ones by accident.
    flip_vertical
        Turn every other image upside down.
    contrast, brightness, gamma
        Slope 1 ± contrast, offset ± brightness (share of white), exponent from 1 / (1 + gamma) to 1 + gamma.
    """

    zoom: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    rotate_deg: float = 0.0
    shift: float = 0.0
    flip: bool = False
    flip_vertical: bool = False
    contrast: float = 0.0
    brightness: float = 0.0
    gamma: float = 0.0


def augment(images: Pixels, limits: Augmentation, rng: np.random.Generator) -> Pixels:
    """Each image of ``(N, size, size, 1) uint8`` changed in its own way."""
    changed = np.empty_like(images)
    side = images.shape[1]
    for index, image in enumerate(images):
        warped = cv2.warpAffine(image, _warp(side, limits, rng), (side, side), flags=cv2.INTER_LINEAR)
        changed[index, :, :, 0] = cv2.LUT(warped, _curve(limits, rng))
    return changed


def _warp(side: int, limits: Augmentation, rng: np.random.Generator) -> NDArray[np.float64]:
    """2 × 3 matrix about the centre of the image."""
    angle = np.deg2rad(limits.rotate_deg * rng.uniform(-1, 1))
    scale_x, scale_y = (1 + limits.zoom) ** rng.uniform(-1, 1, 2)
    if limits.flip and rng.random() < 0.5:
        scale_x = -scale_x
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.diag([scale_x, scale_y]) @ _further(limits, rng)
    centre = np.full(2, (side - 1) / 2)
    offset = centre - linear @ centre + limits.shift * side * rng.uniform(-1, 1, 2)
    return np.column_stack([linear, offset])


def _further(limits: Augmentation, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw scale, shear and vertical flip, but no number for what is not asked for: runs from before it was there stay the same."""
    scale = (1 + limits.scale) ** rng.uniform(-1, 1) if limits.scale else 1.0
    shear = limits.shear * rng.uniform(-1, 1) if limits.shear else 0.0
    upright = -1.0 if limits.flip_vertical and rng.random() < 0.5 else 1.0
    return scale * np.array([[1.0, shear * upright], [0.0, upright]])


def _curve(limits: Augmentation, rng: np.random.Generator) -> Pixels:
    slope = 1 + limits.contrast * rng.uniform(-1, 1)
    offset = limits.brightness * rng.uniform(-1, 1)
    exponent = (1 + limits.gamma) ** rng.uniform(-1, 1)
    grey = np.linspace(0, 1, 256) ** exponent
    return np.asarray(np.clip(np.rint(255 * ((grey - 0.5) * slope + 0.5 + offset)), 0, 255), np.uint8)
