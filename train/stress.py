"""Changes of a picture that a bone age should survive, each a function of the pixels and of a source of chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from baa_node.core.frame.raster import BLOCK, coded_elsewhere

Pixels = NDArray[np.uint8]
Change = Callable[[Pixels, np.random.Generator], Pixels]
"""``(H, W) uint8``, bone bright on dark, to another such frame, perhaps of another size."""

PLAIN: Final = "none"


def rotated(pixels: Pixels, degrees: float) -> Pixels:
    """Turn against the clock in a frame that holds all of it; the corners are black."""
    height, width = pixels.shape
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    cosine, sine = abs(turn[0, 0]), abs(turn[0, 1])
    size = (round(width * cosine + height * sine), round(width * sine + height * cosine))
    turn[:, 2] += ((size[0] - width) / 2, (size[1] - height) / 2)
    return np.asarray(cv2.warpAffine(pixels, turn, size, flags=cv2.INTER_LINEAR), np.uint8)


def _rotated(degrees: float) -> Change:
    """Either way, by chance."""
    return lambda pixels, rng: rotated(pixels, degrees * rng.choice((-1, 1)))


def _turned(turns: int) -> Change:
    return lambda pixels, _: np.rot90(pixels, turns)


def _curve(slope: float = 1.0, offset: float = 0.0, exponent: float = 1.0) -> Change:
    grey = np.linspace(0, 1, 256) ** exponent
    table = np.clip(np.rint(255 * ((grey - 0.5) * slope + 0.5 + offset)), 0, 255).astype(np.uint8)
    return lambda pixels, _: np.asarray(cv2.LUT(pixels, table), np.uint8)


def _flattened(levels: int) -> Change:
    """Show the frame with no more than so many grey values above black, as an underexposed film or a window far too wide does."""

    def change(pixels: Pixels, _: np.random.Generator) -> Pixels:
        low, high = np.percentile(pixels, (0.5, 99.8))
        return np.asarray(np.rint(np.clip((pixels - low) / max(high - low, 1.0), 0, 1) * levels), np.uint8)

    return change


def _blurred(sigma: float) -> Change:
    return lambda pixels, _: np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), np.uint8)


def _coarse(share: float) -> Change:
    """Shrink, then enlarge to the old size: fewer details in as many pixels."""

    def change(pixels: Pixels, _: np.random.Generator) -> Pixels:
        small = cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, pixels.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)

    return change


def _noisy(sigma: float) -> Change:
    return lambda pixels, rng: np.clip(np.rint(pixels + rng.normal(0, sigma, pixels.shape)), 0, 255).astype(np.uint8)


def _jpeg(quality: int) -> Change:
    def change(pixels: Pixels, _: np.random.Generator) -> Pixels:
        packed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)

    return change


def _framed(share: float, grey: int) -> Change:
    def change(pixels: Pixels, _: np.random.Generator) -> Pixels:
        reach = round(share * min(pixels.shape))
        return np.asarray(cv2.copyMakeBorder(pixels, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=(grey,)), np.uint8)

    return change


def _marked(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Burn a white L or R, as large as a marker of lead, into an upper corner."""
    marked = pixels.copy()
    height, width = pixels.shape
    left = 0.04 if rng.random() < 0.5 else 0.86
    place = (round(left * width), round(0.16 * height))
    cv2.putText(marked, rng.choice(["L", "R"]), place, cv2.FONT_HERSHEY_SIMPLEX, height / 230, (255,), max(1, height // 90), cv2.LINE_AA)
    return marked


CHANGES: Final[Mapping[str, Change]] = {
    PLAIN: lambda pixels, _: pixels,
    **{f"rotated {degrees}°": _rotated(degrees) for degrees in (5, 10, 15, 20, 30, 45)},
    **{f"turned {90 * turns}°": _turned(turns) for turns in (1, 2, 3)},
    "mirrored": lambda pixels, _: pixels[:, ::-1],
    "upside down and mirrored": lambda pixels, _: pixels[::-1],
    "inverted": lambda pixels, _: 255 - pixels,
    "brighter by 10 %": _curve(offset=0.1),
    "darker by 10 %": _curve(offset=-0.1),
    "contrast × 0.5": _curve(slope=0.5),
    "contrast × 1.5": _curve(slope=1.5),
    "gamma 0.7": _curve(exponent=0.7),
    "gamma 1.4": _curve(exponent=1.4),
    **{f"{levels} grey levels": _flattened(levels) for levels in (48, 24, 12)},
    "blur, 1 pixel": _blurred(1.0),
    "half the resolution": _coarse(0.5),
    "a third of the resolution": _coarse(1 / 3),
    "noise, 2 %": _noisy(5.0),
    "noise, 4 %": _noisy(10.0),
    "JPEG quality 50": _jpeg(50),
    "JPEG quality 20": _jpeg(20),
    "black border of 15 %": _framed(0.15, 0),
    "white border of 15 %": _framed(0.15, 255),
    "marker burnt in": _marked,
}
"""By the name that stands in the table."""


def recoded(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Show what was coded as JPEG as if it had been coded otherwise, or not at all, so that a network learns nothing from the marks of it.

    More often than not the old marks are taken out (mean of codings whose blocks lie elsewhere), and more often than not new ones are made,
    on a grid that begins anywhere.
    """
    if rng.random() < 0.7:
        places = [(down, across) for down in (1, 5) for across in (3, 7)]
        strength = int(rng.integers(70, 84))
        pixels = np.rint(np.mean([coded_elsewhere(pixels, strength, *place) for place in places], axis=0)).astype(np.uint8)
    if rng.random() < 0.7:
        pixels = coded_elsewhere(pixels, int(rng.integers(72, 93)), *rng.integers(0, BLOCK, 2))
    return pixels


def degraded(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Turn by up to 40° and, each more often not than done, spoil grey values, sharpness and coding: what a copy for training is shown as.

    The limits reach a little beyond the worst of `CHANGES` that a radiologist would still read.
    """
    changes: list[Change] = [lambda frame, chance: rotated(frame, chance.uniform(-40, 40))]
    spoils: list[Change] = [
        _curve(slope=rng.uniform(0.5, 1.7), offset=rng.uniform(-0.12, 0.12), exponent=2 ** rng.uniform(-0.6, 0.6)),
        _coarse(rng.uniform(0.35, 0.9)),
        _blurred(rng.uniform(0.3, 1.2)),
        _noisy(rng.uniform(1, 12)),
        _jpeg(int(rng.integers(15, 80))),
    ]
    changes.extend(spoil for spoil in spoils if rng.random() < 0.4)
    for change in changes:
        pixels = change(pixels, rng)
    return pixels
