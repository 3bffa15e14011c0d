"""From the displayed grey values of a radiograph to the square a network sees; training reads it from here too.

Each variant is a pure function of the pixels and a `Preparation`:

``espinal``
    Espinal & Postigo, as their text has it: segmentation, crop, CLAHE with many small tiles, zero padding, resize.
``pad``
    Their control set: zero padding and resize only.
``resize``
    Mirzazadeh & Parvanian, Monti & Tonazzo: the whole frame to a square, the aspect ratio given up.
``souza``
    Souza & Oliveira: aspect ratio kept, zeros beside it, 256 px. Zero mean and unit variance are the network's first layer, so that
    what is stored and handed on stays 8 bits.
``unet_edges``
    Zerari: a U-Net masks the hand, the background goes to zero, crop, edge enhancement, square. The U-Net is handed in, since it is
    weights and this module has none.
``espinal_raster``
    The same segmentation, crop and CLAHE on a fixed small raster, aspect ratio given up on purpose
    (deploy/decisions/0001-preprocessing.md). The variant the shipped bundle uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from baa_node.core.frame.regions import Box, bright, edges, filled, largest_contour, largest_region, otsu, overlap, rescaled, widened
from baa_node.errors import BundleError

Pixels = NDArray[np.uint8]
Masker = Callable[[Pixels], NDArray[np.float32]]
"""From grey values ``(MASK_SIDE, MASK_SIDE) uint8`` to each pixel's probability, of the same shape, to belong to the hand."""

MASK_SIDE: Final = 128
"""Side of the square on which the hand is masked: a finger of a small hand is still 5 pixels wide."""

REDUCE_ABOVE_PX: Final = 600
"""Frames whose shorter side is above this are blurred on a copy of half the height and width."""

DOUBTED_LEVELS: Final = 8
"""Grey levels by which a threshold may be off, of 256."""

SAME_CROP: Final = 0.7
"""Two crops that share less of what they cover together show a network two pictures; one hand of twenty has such a second one."""


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """How one network wants its input; stands in ``bundle.json`` so that weights and preprocessing cannot part.

    Attributes
    ----------
    variant
        ``"espinal"``, ``"pad"``, ``"resize"``, ``"souza"``, ``"unet_edges"`` or ``"espinal_raster"``.
    size
        Side of the square given to the network, pixels.
    segment_clip, segment_grid
        CLAHE before the segmentation: clip limit and tiles a side.
    blur_px, blur_sigma
        Gaussian kernel (odd) and its sigma, in pixels of the image that is segmented.
    least_area
        Share of the image the largest contour or the mask must exceed for a crop; below it the whole image is kept.
    margin
        Widening of the crop on each side, as a share of the segmented image's side.
    clip, grid
        Final CLAHE: clip limit and tiles a side.
    raster
        Side of the square the frame is resized to before anything else; 0 keeps the frame.
    """

    variant: str
    size: int = 250
    segment_clip: float = 2.0
    segment_grid: int = 17
    blur_px: int = 73
    blur_sigma: float = 17.0
    least_area: float = 0.10
    margin: float = 0.0
    clip: float = 2.5
    grid: int = 50
    raster: int = 0

    def to_json(self) -> dict[str, str | int | float]:
        """Plain values, as they stand in ``bundle.json``."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> Preparation:
        """Read back what `to_json` wrote.

        Raises
        ------
        BundleError
            The variant is unknown, or a parameter is unknown, missing, of the wrong type or out of range.
        """
        return cls(**_checked(values))  # type: ignore[arg-type]


ESPINAL: Final = Preparation(variant="espinal")
"""The text of the paper: CLAHE 2/17, blur 73/17, Otsu, 10 %, CLAHE 2.5/50, zeros, 250 px."""

PAD: Final = Preparation(variant="pad")
"""The paper's unprocessed set."""

RESIZE: Final = Preparation(variant="resize", size=256)
"""256 px for Mirzazadeh & Parvanian; Monti & Tonazzo take 500."""

SOUZA: Final = Preparation(variant="souza", size=256)

UNET_EDGES: Final = Preparation(variant="unet_edges", size=256, margin=0.03, raster=299)
"""The margin keeps the mask's error away from the bones: it widens the mask as well as the crop."""

ESPINAL_RASTER: Final = Preparation(variant="espinal_raster", blur_px=13, blur_sigma=3.0, margin=0.03, grid=8, raster=299)
"""The shipped one. The blur is the paper's 73/17, which suits frames of about 1,700 px, scaled to 299 px."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What a network sees and where it lay in the frame.

    Attributes
    ----------
    image
        ``(size, size, 1) uint8``.
    crop
        ``(top, left, height, width)`` in pixels of the frame that the square covers; with padding it may reach outside.
    """

    image: Pixels
    crop: Box


def prepare(pixels: Pixels, spec: Preparation, masker: Masker | None = None) -> Prepared:
    """Turn displayed grey values into a network's input.

    Parameters
    ----------
    pixels
        ``(H, W) uint8``, bone bright on dark.
    spec
        Variant and its parameters.
    masker
        Only asked by ``unet_edges``.

    Raises
    ------
    BundleError
        ``spec.variant`` is not one of the variants of this version, or it needs a mask and ``masker`` is None.
    """
    if spec.variant == UNET_EDGES.variant:
        return _unet_edges(np.ascontiguousarray(pixels), spec, masker)
    try:
        variant = _VARIANTS[spec.variant]
    except KeyError:
        raise BundleError(f"preprocessing variant {spec.variant!r} is unknown here; known: {', '.join(KNOWN)}") from None
    return variant(np.ascontiguousarray(pixels), spec)


def second_view(pixels: Pixels, spec: Preparation) -> Prepared | None:
    """Prepare a frame as if the hand began a few grey levels above or below Otsu's threshold; None where that is much the same.

    On a frame with little contrast background counts as hand or hand as background by those few levels, and the value hangs on the crop.
    None, too, for variants that crop otherwise: no bundle that ships has them.
    """
    if spec.variant != ESPINAL_RASTER.variant:
        return None
    raster = _resized(np.ascontiguousarray(pixels), spec.raster)
    blurred = _blurred(_clahe(raster, spec.segment_clip, spec.segment_grid), spec)
    threshold = otsu(blurred)
    own, *others = (largest_region(blurred, threshold + levels, spec.least_area) for levels in (0, -DOUBTED_LEVELS, DOUBTED_LEVELS))
    other = min(others, key=lambda box: overlap(own, box))
    if overlap(own, other) >= SAME_CROP:
        return None
    box = widened(other, round(spec.margin * spec.raster), spec.raster)
    return Prepared(image=in_box(raster, box, spec), crop=rescaled(box, raster.shape, pixels.shape))


def hand_mask(pixels: Pixels, masker: Masker, least_area: float = UNET_EDGES.least_area) -> NDArray[np.bool_]:
    """Largest region that ``masker`` takes for a hand, its holes filled, ``(H, W)``; all of the frame if it is too small."""
    likely = masker(_resized(pixels, MASK_SIDE))
    likely = cv2.resize(likely, pixels.shape[::-1], interpolation=cv2.INTER_LINEAR)
    largest = largest_contour((likely > 0.5).astype(np.uint8))
    if largest is None or cv2.contourArea(largest) <= least_area * pixels.size:
        return np.ones(pixels.shape, np.bool_)
    return filled(largest, pixels.shape)


def segment_mask(pixels: Pixels, spec: Preparation) -> NDArray[np.bool_]:
    """Region whose rectangle is `segment_box` at full size, ``(H, W)``; all of the frame if it is too small."""
    blurred = _blurred(_clahe(pixels, spec.segment_clip, spec.segment_grid), spec)
    largest = largest_contour(bright(blurred, otsu(blurred)))
    if largest is None or cv2.contourArea(largest) <= spec.least_area * pixels.size:
        return np.ones(pixels.shape, np.bool_)
    return filled(largest, pixels.shape)


def in_box(raster: Pixels, box: Box, spec: Preparation) -> Pixels:
    """Show a network this box of the raster as ``espinal_raster`` does, ``(size, size, 1)``."""
    top, left, height, width = box
    square = _resized(raster[top : top + height, left : left + width], spec.size)
    return _clahe(square, spec.clip, spec.grid)[:, :, np.newaxis]


def segment_box(pixels: Pixels, spec: Preparation = ESPINAL, *, reduce: bool = True) -> Box:
    """Upright rectangle around the largest bright region, or the whole frame if that region is too small.

    CLAHE, Gaussian blur, Otsu's threshold, largest external contour (Espinal & Postigo, segmentation step).

    Parameters
    ----------
    pixels
        ``(H, W) uint8``.
    spec
        Parameters of the step.
    reduce
        Blur large frames on a copy of a quarter of the area; the box stays within 3 px. False blurs at full size.

    Returns
    -------
    tuple of int
        ``(top, left, height, width)`` in pixels of ``pixels``.
    """
    enhanced = _clahe(pixels, spec.segment_clip, spec.segment_grid)
    if reduce and min(pixels.shape) > REDUCE_ABOVE_PX:
        box = _settled_box(_blurred_by_halves(enhanced, spec), spec.least_area)
        if box is not None:
            return box
    blurred = _blurred(enhanced, spec)
    return largest_region(blurred, otsu(blurred), spec.least_area)


def _espinal(pixels: Pixels, spec: Preparation) -> Prepared:
    top, left, height, width = segment_box(pixels, spec)
    enhanced = _clahe(pixels[top : top + height, left : left + width], spec.clip, spec.grid)
    return _padded(enhanced, (top, left), spec.size)


def _pad(pixels: Pixels, spec: Preparation) -> Prepared:
    return _padded(pixels, (0, 0), spec.size)


def _resize(pixels: Pixels, spec: Preparation) -> Prepared:
    return Prepared(image=_resized(pixels, spec.size)[:, :, np.newaxis], crop=(0, 0, *pixels.shape))


def _espinal_raster(pixels: Pixels, spec: Preparation) -> Prepared:
    raster = _resized(pixels, spec.raster)
    box = widened(segment_box(raster, spec, reduce=False), round(spec.margin * spec.raster), spec.raster)
    return Prepared(image=in_box(raster, box, spec), crop=rescaled(box, raster.shape, pixels.shape))


def _unet_edges(pixels: Pixels, spec: Preparation, masker: Masker | None) -> Prepared:
    if masker is None:
        raise BundleError(f"preprocessing {spec.variant!r} needs a network that masks the hand, and there is none")
    raster = _resized(pixels, spec.raster) if spec.raster else pixels
    mask = hand_mask(raster, masker, spec.least_area).astype(np.uint8)
    reach = 2 * round(spec.margin * min(raster.shape)) + 1
    shown: Pixels = raster * cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    left, top, width, height = cv2.boundingRect(cv2.findNonZero(shown)) if shown.any() else (0, 0, *shown.shape[::-1])
    edges: Pixels = cv2.filter2D(shown[top : top + height, left : left + width], -1, _EDGES)
    crop = rescaled((top, left, height, width), raster.shape, pixels.shape)
    return Prepared(image=_resized(edges, spec.size)[:, :, np.newaxis], crop=crop)


_VARIANTS: Final[Mapping[str, Callable[[Pixels, Preparation], Prepared]]] = {
    "espinal": _espinal,
    "pad": _pad,
    "resize": _resize,
    "souza": _pad,
    "espinal_raster": _espinal_raster,
}

KNOWN: Final = (*_VARIANTS, UNET_EDGES.variant)
"""Names of all variants."""

_EDGES: Final = np.array([[-1, -1, -1], [-1, 9, -1], [-1, -1, -1]], np.float32)
"""Zerari, equation 3.1; results below 0 and above 255 are cut."""


def _clahe(pixels: Pixels, clip: float, grid: int) -> Pixels:
    equalised: Pixels = cv2.createCLAHE(clipLimit=clip, tileGridSize=(grid, grid)).apply(np.ascontiguousarray(pixels))
    return equalised


def _blurred(enhanced: Pixels, spec: Preparation) -> Pixels:
    blurred: Pixels = cv2.GaussianBlur(enhanced, (spec.blur_px, spec.blur_px), spec.blur_sigma)
    return blurred


def _blurred_by_halves(pixels: Pixels, spec: Preparation) -> Pixels:
    """Blur on a copy of half the height and width, back at full size: what the full-size blur gives, to about one grey level.

    The border is reflected before halving, so that the margins agree too.
    """
    height, width = pixels.shape
    reach = (spec.blur_px // 2 + 3) // 2 * 2
    framed = cv2.copyMakeBorder(pixels, reach, reach + height % 2, reach, reach + width % 2, cv2.BORDER_REFLECT_101)
    half = cv2.resize(framed, (framed.shape[1] // 2, framed.shape[0] // 2), interpolation=cv2.INTER_AREA)
    taps = _half_taps(spec.blur_px, spec.blur_sigma)
    cut = reach // 2 - 1
    blurred = cv2.sepFilter2D(half, cv2.CV_32F, taps, taps)[cut:-cut, cut:-cut]
    full = cv2.resize(blurred, (2 * blurred.shape[1], 2 * blurred.shape[0]), interpolation=cv2.INTER_LINEAR)
    rounded: Pixels = cv2.convertScaleAbs(full[2 : 2 + height, 2 : 2 + width])
    return rounded


def _half_taps(blur_px: int, blur_sigma: float) -> NDArray[np.float64]:
    """Kernel for the half-size copy, from the one OpenCV really uses on 8 bits: coarse fixed-point numbers, read off a line."""
    line = np.zeros((1, 4 * blur_px + 1), np.uint8)
    line[0, 2 * blur_px] = 255
    kernel = np.rint(cv2.GaussianBlur(np.repeat(line, 4, axis=0), (blur_px, blur_px), blur_sigma)[1] * (256 / 255)) / 256
    middle = 2 * blur_px + 2 * np.arange(-(blur_px // 4) - 1, blur_px // 4 + 2)
    return np.asarray(kernel[middle] + (kernel[middle - 1] + kernel[middle + 1]) / 2)


def _settled_box(blurred: Pixels, least_area: float) -> Box | None:
    """Box at Otsu's threshold, or None where one grey level more or less moves it by more than 3 px: rounding would decide."""
    threshold = otsu(blurred)
    box = largest_region(blurred, threshold, least_area)
    for near in (threshold - 1, threshold + 1):
        if max(abs(a - b) for a, b in zip(edges(box), edges(largest_region(blurred, near, least_area)), strict=True)) > 3:
            return None
    return box


def _padded(pixels: Pixels, origin: tuple[int, int], size: int) -> Prepared:
    """Centre on zeros in a square of the longer side, then resize; the crop is that square."""
    height, width = pixels.shape
    side = max(height, width)
    above, before = (side - height) // 2, (side - width) // 2
    square = np.zeros((side, side), np.uint8)
    square[above : above + height, before : before + width] = pixels
    crop = (origin[0] - above, origin[1] - before, side, side)
    return Prepared(image=_resized(square, size)[:, :, np.newaxis], crop=crop)


def _resized(pixels: Pixels, side: int) -> Pixels:
    """To a square by area averaging: the nearest to Pillow's antialiased resize that made the training raster."""
    if pixels.shape == (side, side):
        return pixels
    resized: Pixels = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)
    return resized


def _checked(values: Mapping[str, object]) -> dict[str, object]:
    known = {field.name: field.type for field in fields(Preparation)}
    if values.get("variant") not in KNOWN:
        raise BundleError(f"preprocessing variant {values.get('variant')!r} is unknown here; known: {', '.join(KNOWN)}")
    if values.keys() != known.keys():
        odd = ", ".join(sorted(values.keys() ^ known.keys()))
        raise BundleError(f"preprocessing parameters unknown or missing: {odd}")
    for name, value in values.items():
        if not _valid(name, str(known[name]), value):
            raise BundleError(f"preprocessing parameter {name} cannot be {value!r}")
    return dict(values)


def _valid(name: str, kind: str, value: object) -> bool:
    if kind == "str":
        return isinstance(value, str)
    if isinstance(value, bool) or not isinstance(value, int if kind == "int" else (int, float)):
        return False
    if name == "blur_px":
        return value > 0 and value % 2 == 1
    return value >= 0 if name in {"least_area", "margin", "raster"} else value > 0
