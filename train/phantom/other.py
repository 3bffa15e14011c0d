"""Images that must be refused: what is no hand, or more than one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from baa_node.core.radiograph import Sex
from train.phantom import exposure, projection
from train.phantom.anatomy import build_hand
from train.phantom.exposure import Image, Technique
from train.phantom.hand import framed, random_pose


@dataclass(frozen=True, kw_only=True)
class NotAHand:
    """A drawn image without a readable hand: ``pixels`` is ``(H, W) uint16`` in 12 bits, bright where the beam is absorbed."""

    pixels: NDArray[np.uint16]
    kind: str
    spacing_mm: float


def draw_not_a_hand(kind: str, seed: int, *, height_px: int = 1200, dose: float = 1.0) -> NotAHand:
    """Draw an image that no bone age may be given for.

    Parameters
    ----------
    kind
        One of `KINDS`.
    dose
        As for `draw_hand`.

    Raises
    ------
    ValueError
        For another kind.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {kind!r}")
    rng = np.random.default_rng([seed, 0x4E4F5045])
    technique = Technique.drawn(rng, dose)
    soft, bone, spacing_mm = KINDS[kind](rng, height_px)
    grey = exposure.expose(soft, bone, technique, rng)
    return NotAHand(pixels=exposure.to_pixels(grey), kind=kind, spacing_mm=spacing_mm)


def _two_hands(rng: np.random.Generator, height_px: int) -> tuple[Image, Image, float]:
    """Draw both hands of one child side by side."""
    width = round(height_px * 1.3)
    age, sex = float(rng.uniform(36, 180)), Sex.FEMALE if rng.random() < 0.5 else Sex.MALE
    halves = []
    for _ in range(2):
        hand = build_hand(age, sex, random_pose(rng))
        view = framed(hand, rng, (height_px, width // 2), fill=0.9)
        soft, _ = projection.soft_tissue(hand, view)
        halves.append((soft, projection.bone_mineral(hand, view, projection.trabecular_grain(rng))))
    (soft_left, bone_left), (soft_right, bone_right) = halves
    soft, bone = np.hstack([soft_left, soft_right[:, ::-1]]), np.hstack([bone_left, bone_right[:, ::-1]])
    return np.ascontiguousarray(soft), np.ascontiguousarray(bone), 1.0 / view.px_per_mm


def _foot_or_long_bone(rng: np.random.Generator, height_px: int) -> tuple[Image, Image, float]:
    """Draw a knee: thigh bone above, shin bones below, in a limb that crosses the whole frame."""
    width = round(height_px * float(rng.uniform(0.6, 0.8)))
    y, x = np.mgrid[0:height_px, 0:width].astype(np.float32) / height_px
    middle = 0.5 * width / height_px + float(rng.uniform(-0.03, 0.03))
    knee = float(rng.uniform(0.45, 0.55))
    limb = 0.2 + 0.05 * np.cos(6.0 * (y - knee))
    u = np.clip(np.abs(x - middle) / limb, 0, 1)
    soft = 30.0 * np.sqrt(1 - u * u)
    flare = np.exp(-(((y - knee) / 0.09) ** 2))
    gap = 0.5 + 0.5 * np.tanh((np.abs(y - knee) - 0.012) * 250)
    bone = _shaft(x - middle, 0.055 + 0.075 * flare, 0.016 - 0.012 * flare) * gap
    fibula = 0.5 + 0.5 * np.tanh((y - knee - 0.06) * 100)
    bone += _shaft(x - middle + 0.125 + 0.02 * flare, 0.018 + 0.012 * flare, 0.007) * fibula
    bone *= 1 + 0.06 * cv2.GaussianBlur(rng.standard_normal(bone.shape, np.float32), (0, 0), 1.5) * 3
    return soft.astype(np.float32), (32.0 * bone).astype(np.float32), 300.0 / height_px


def _texture(rng: np.random.Generator, height_px: int) -> tuple[Image, Image, float]:
    """Draw clouds without any anatomy."""
    width = round(height_px * 0.8)
    clouds = np.zeros((height_px, width), np.float32)
    for cells in (4, 9, 21, 60):
        coarse = rng.standard_normal((cells, cells), np.float32)
        clouds += cv2.resize(coarse, (width, height_px), interpolation=cv2.INTER_CUBIC) / np.sqrt(cells)
    return np.clip(20 + 15 * clouds, 0, None).astype(np.float32), np.zeros_like(clouds), 0.2


def _blank(rng: np.random.Generator, height_px: int) -> tuple[Image, Image, float]:
    """Expose a detector with nothing on it."""
    shape = (height_px, round(height_px * float(rng.uniform(0.7, 0.9))))
    return np.zeros(shape, np.float32), np.zeros(shape, np.float32), 0.2


def _shaft(u: Image, half: Image, cortex: Image | float) -> Image:
    outer = np.sqrt(np.maximum(half * half - u * u, 0.0))
    inside = np.maximum(half - cortex, 0.0)
    inner = np.sqrt(np.maximum(inside * inside - u * u, 0.0))
    chord: Image = 2 * (outer - 0.75 * inner)
    return chord


KINDS: dict[str, Callable[[np.random.Generator, int], tuple[Image, Image, float]]] = {
    "two_hands": _two_hands,
    "foot_or_long_bone": _foot_or_long_bone,
    "texture": _texture,
    "blank": _blank,
}
