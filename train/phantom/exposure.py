"""From shadows to a 12-bit image: attenuation, scatter, noise, processing, collimation and a lead marker."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

SOFT_PER_MM = 0.027
BONE_PER_MM = 0.1
FULL_SCALE = 4095


@dataclass(frozen=True, kw_only=True)
class Technique:
    """How one image is exposed and processed; grey values are fractions of full scale.

    Attributes
    ----------
    air, gain
        Grey value of unattenuated beam, and grey values per unit of attenuation.
    gradient
        Change of the grey value from one side of the frame to the other, ``(x, y)``.
    noise
        Standard deviation in air.
    blur_px, enhance
        Unsharpness, and strength of the edge enhancement of the processing.
    scatter
        Fraction of the signal that is spread widely.
    """

    air: float
    gain: float
    gradient: tuple[float, float]
    noise: float
    blur_px: float
    enhance: float
    scatter: float

    @classmethod
    def drawn(cls, rng: np.random.Generator, dose: float = 1.0) -> Technique:
        """Draw one at random from the range seen in practice."""
        return cls(
            air=float(rng.uniform(0.03, 0.28)),
            gain=float(rng.uniform(0.36, 0.6)),
            gradient=(float(rng.uniform(-0.03, 0.03)), float(rng.uniform(-0.04, 0.04))),
            noise=float(rng.uniform(0.003, 0.007)) / dose**0.5,
            blur_px=float(rng.uniform(0.5, 0.9)),
            enhance=float(rng.uniform(0.0, 0.9)),
            scatter=float(rng.uniform(0.05, 0.2)),
        )


def expose(soft_mm: Image, bone_mm: Image, technique: Technique, rng: np.random.Generator) -> Image:
    """Grey values as fractions of full scale, bone bright, ``(H, W)``."""
    attenuation = SOFT_PER_MM * soft_mm + BONE_PER_MM * bone_mm
    attenuation += technique.scatter * (_wide_blur(attenuation) - attenuation)
    grey = technique.air + technique.gain * attenuation
    height, width = grey.shape
    grey += technique.gradient[0] * np.linspace(-0.5, 0.5, width, dtype=np.float32)[None, :]
    grey += technique.gradient[1] * np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None]
    noise: Image = cv2.GaussianBlur(rng.standard_normal(grey.shape, np.float32), (0, 0), 0.6)
    seen: Image = cv2.GaussianBlur(grey, (0, 0), technique.blur_px)
    seen += (1.8 * technique.noise) * noise * np.exp(0.5 * attenuation)
    if technique.enhance > 0:
        seen += technique.enhance * 0.6 * (seen - cv2.GaussianBlur(seen, (0, 0), max(height / 240, 1.0)))
    return seen


def collimate(grey: Image, rng: np.random.Generator, level: float) -> Mask:
    """Darken what lies outside a slightly turned rectangle, in place; returns the exposed field."""
    height, width = grey.shape
    margin = rng.uniform(0.008, 0.028, size=4) * np.array([width, height, width, height])
    corners = np.array(
        [(margin[0], margin[1]), (width - margin[2], margin[1]), (width - margin[2], height - margin[3]), (margin[0], height - margin[3])]
    )
    angle = np.deg2rad(rng.uniform(-1.2, 1.2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centre = np.array([width / 2, height / 2])
    corners = (corners - centre) @ turn.T + centre
    field = np.zeros(grey.shape, np.uint8)
    cv2.fillPoly(field, [np.round(corners).astype(np.int32)], 255)
    soft = cv2.GaussianBlur(field, (0, 0), height / 500).astype(np.float32) / 255
    grey *= 0.12 + 0.88 * soft
    grey += level * (1 - soft)
    return field > 0


def place_marker(grey: Image, letter: str, where: tuple[int, int], height_px: int, turn_deg: float) -> None:
    """Lay a lead letter on a plastic plate into the image, in place; ``where`` is the centre (x, y)."""
    size = 3 * height_px
    tile = np.zeros((size, size), np.uint8)
    plate = np.zeros((size, size), np.uint8)
    half = int(0.95 * height_px)
    middle = size // 2
    cv2.rectangle(plate, (middle - int(0.75 * half), middle - half), (middle + int(0.75 * half), middle + half), 255, -1)
    scale = height_px / 22.0
    (width, height), _ = cv2.getTextSize(letter, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    origin = (middle - width // 2, middle + height // 2)
    cv2.putText(tile, letter, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, max(2, height_px // 6), cv2.LINE_AA)
    matrix = cv2.getRotationMatrix2D((middle, middle), turn_deg, 1.0)
    tile, plate = (cv2.warpAffine(layer, matrix, (size, size)) for layer in (tile, plate))
    x0, y0 = where[0] - middle, where[1] - middle
    view = grey[max(y0, 0) : y0 + size, max(x0, 0) : x0 + size]
    crop = (slice(max(-y0, 0), max(-y0, 0) + view.shape[0]), slice(max(-x0, 0), max(-x0, 0) + view.shape[1]))
    view += 0.06 * (plate[crop].astype(np.float32) / 255)
    lead = tile[crop].astype(np.float32) / 255
    view += lead * (0.97 - view)


def to_pixels(grey: Image) -> NDArray[np.uint16]:
    """Fractions of full scale as 12-bit integers."""
    return np.round(np.clip(grey, 0.0, 1.0) * FULL_SCALE).astype(np.uint16)


def _wide_blur(image: Image) -> Image:
    height, width = image.shape
    small = cv2.resize(image, (max(width // 16, 1), max(height // 16, 1)), interpolation=cv2.INTER_AREA)
    blurred: Image = cv2.resize(cv2.GaussianBlur(small, (0, 0), 3.0), (width, height), interpolation=cv2.INTER_LINEAR)
    return blurred
