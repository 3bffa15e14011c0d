"""Noise and the block edges of hard compression: measured, and smoothed where they are stronger than in any hand that was learnt from.

Noise counts as far as it is left at the size of the networks' raster; what averages out there disturbs nobody. A frame below both limits
is taken as it is, bit for bit, as all 1,262 validation hands are (RSNA challenge, Halabi et al., Radiology 2019).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from baa_node.core.frame.borders import Box, inner_box, lit_box, narrowly_framed
from baa_node.core.frame.raster import BLOCK, coded_elsewhere

Grey = NDArray[np.uint8]

SIDE: Final = 299
"""Side of the square with the area of the reduced frame on which noise is measured and smoothed; smaller frames keep their size."""

NOISY: Final = 2.0
"""Standard deviation of the noise, in grey levels, from which a frame is smoothed. Validation hands have 0.7 at most; with noise of 2 %
(5 levels) added all have 3.9 or more."""

BLOCKY: Final = 1.8
"""Extra step at every eighth pixel, in grey levels, from which a frame is smoothed. Validation hands have 1.73 at most; in JPEG of quality
20 three in four have more."""

LARGESTBLOCKY_PX: Final = 600
"""Shorter side up to which blocks of 8 pixels are 4 or more on the raster; above it nobody looks for them."""

NOISE_QUALITY: Final = 35
BLOCK_QUALITY: Final = 20
"""JPEG qualities of the shifted copies: of 15 to 70 these changed the estimates of 20 stressed validation hands least."""

CALM: Final = 1.1
"""Strength of the smoothing by non-local means, in standard deviations of the noise: the outline stays, growth plates do not."""

_STRIDE: Final = 2
_LAPLACIAN: Final = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
_LEAST_LIT: Final = 100
_LEAST_COARSE: Final = 0.3


@dataclass(frozen=True, kw_only=True)
class Settled:
    """A frame as it is read; but for noise and block edges all of it is the frame itself.

    Attributes
    ----------
    box
        ``(top, left, height, width)`` within the frame, without its border.
    inner
        The frame within ``box``, for the networks.
    whole
        With a narrow border, for those who look for a hand.
    noise_levels
        Standard deviation of the noise that was smoothed; 0 where none was.
    block_levels
        Height of the block edges that were smoothed; 0 where none were.
    """

    box: Box
    inner: Grey
    whole: Grey
    noise_levels: float = 0.0
    block_levels: float = 0.0


def settle(pixels: Grey) -> Settled:
    """Find what is inside the border of a frame ``(H, W) uint8``, bone bright, and smooth it where it is noisy or blocky."""
    box = inner_box(pixels)
    inner = within(pixels, box)
    if (noise := noise_levels(inner)) >= NOISY:
        return _without_noise(inner, box, noise)
    if (step := block_levels(inner)) >= BLOCKY:
        return Settled(box=box, inner=_respread(inner, BLOCK_QUALITY), whole=narrowly_framed(pixels), block_levels=step)
    return Settled(box=box, inner=inner, whole=narrowly_framed(pixels))


def within(pixels: Grey, box: Box) -> Grey:
    """Cut a box out of a frame."""
    top, left, height, width = box
    return pixels[top : top + height, left : left + width]


def noise_levels(pixels: Grey) -> float:
    """Measure the standard deviation of the noise of a frame ``(H, W) uint8`` at the size of the networks' raster, in grey levels.

    Immerkær's mask (Computer Vision and Image Understanding 1996;64:300-302) cancels what changes evenly; the median of its answers, over
    what is neither black nor white, is not moved by edges.
    """
    reduced = _reduced(pixels)
    answers = np.abs(cv2.filter2D(reduced, cv2.CV_32F, _LAPLACIAN))[1:-1:2, 1:-1:2]
    middle = reduced[1:-1:2, 1:-1:2]
    answers = answers[(middle > 0) & (middle < 255)]
    return 1.4826 * float(np.median(answers)) if answers.size >= _LEAST_LIT else 0.0


def block_levels(pixels: Grey) -> float:
    """By how many grey levels neighbours differ more at every eighth column and row of a frame ``(H, W) uint8`` than elsewhere.

    JPEG codes blocks of 8 × 8; the lesser of both directions counts, since fingers are edges, too. 0 where nobody looks.
    """
    if not 4 * BLOCK <= min(pixels.shape) <= LARGESTBLOCKY_PX:
        return 0.0
    return max(0.0, min(_extra_step(lines.astype(np.int16)) for lines in (pixels[::2], pixels.T[::2])))


def grey_levels(inner: Grey) -> int:
    """Count the grey values that occur in a frame ``(H, W) uint8`` without its border, from the 1st to the 99th percentile.

    Values and not their span: a display spreads those that are there over the whole range, and a border has all the contrast there is.
    """
    sampled = inner[::4, ::4]
    low, high = np.percentile(sampled, (1, 99))
    return int(np.unique(sampled[(sampled >= low) & (sampled <= high)]).size)


def fine_detail(pixels: Grey) -> float:
    """Compare detail of one pixel of the raster with that of two or three, of a frame ``(H, W) uint8``: an unsharp one has little.

    Infinite where there is nothing to be sharp.
    """
    reduced = _reduced(pixels).astype(np.float32)
    soft, softer = (cv2.GaussianBlur(reduced, (0, 0), sigma) for sigma in (1.0, 3.0))
    coarse = float(np.abs(soft - softer).mean())
    return float(np.abs(reduced - soft).mean()) / coarse if coarse >= _LEAST_COARSE else math.inf


def _extra_step(lines: NDArray[np.int16]) -> float:
    steps = np.abs(np.diff(lines, axis=1))
    extra = (steps[:, 1:-1] - (steps[:, :-2] + steps[:, 2:]) / 2).mean(axis=0)
    by_phase = np.sort([extra[phase::BLOCK].mean() for phase in range(BLOCK)])
    return float(by_phase[-1] - np.median(by_phase[:-1]))


def _without_noise(inner: Grey, box: Box, noise: float) -> Settled:
    """Smooth, and look for the border again, since noise hides it."""
    reduced = _reduced(inner)
    calm = np.asarray(cv2.fastNlMeansDenoising(reduced, None, CALM * noise, 5, 15), np.uint8)
    top, left, height, width = lit_box(calm)
    down, across = inner.shape[0] / calm.shape[0], inner.shape[1] / calm.shape[1]
    first, before = math.floor(top * down), math.floor(left * across)
    found = (first, before, math.ceil((top + height) * down) - first, math.ceil((left + width) * across) - before)
    return Settled(
        box=(box[0] + found[0], box[1] + found[1], found[2], found[3]),
        inner=_respread(within(inner, found), NOISE_QUALITY),
        whole=np.ascontiguousarray(calm[top : top + height, left : left + width]),
        noise_levels=noise,
    )


def _respread(pixels: Grey, quality: int) -> Grey:
    """Mean of JPEG copies whose blocks lie elsewhere: coefficients that no copy keeps are noise, edges that one copy has are blocks.

    Cycle spinning (Coifman & Donoho 1995), with the codec itself as Nosratinia (J VLSI Signal Process 2001;27:69-79) does against blocks.
    """
    reduced = _reduced(pixels)
    total = np.zeros(reduced.shape, np.float32)
    shifts = [(down, across) for down in range(0, BLOCK, _STRIDE) for across in range(0, BLOCK, _STRIDE)]
    for down, across in shifts:
        total += coded_elsewhere(reduced, quality, down, across)
    mean = np.rint(total / len(shifts)).astype(np.uint8)
    if mean.shape == pixels.shape:
        return mean
    return np.asarray(cv2.resize(mean, pixels.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _reduced(pixels: Grey) -> Grey:
    """As many pixels as the raster has, in two steps: the first, by a whole number, is the fast one."""
    scale = math.sqrt(pixels.size) / SIDE
    if scale <= 1:
        return pixels
    rows, columns = pixels.shape
    step = min(int(scale), rows, columns)
    whole = pixels[: rows // step * step, : columns // step * step]
    coarse = cv2.resize(whole, (columns // step, rows // step), interpolation=cv2.INTER_AREA) if step > 1 else whole
    size = (max(1, round(columns / scale)), max(1, round(rows / scale)))
    return np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_AREA), np.uint8)
