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
    (deploy/decisions/0001-preprocessing.md), made as the raster of the training images was (0025). The variant the shipped bundle uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from baa_node.core.frame.blurring import blurred, blurred_by_halves
from baa_node.core.frame.raster import antialiased, averaged, coded
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
    raster_filter
        How it is resized: ``"area"`` averages, ``"bilinear"`` is Pillow's antialiased resize, with which the training images were made.
    raster_quality
        Quality of the JPEG coding that the raster goes through, 1 to 100, as the training images did; 0 for none. Where the hand lies is
        found before.
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
    raster_filter: str = "area"
    raster_quality: int = 0

    def to_json(self) -> dict[str, str | int | float]:
        """Plain values, as they stand in ``bundle.json``."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> Preparation:
        """Read back what `to_json` wrote, or what it wrote before rasters were coded.

        Raises
        ------
        BundleError
            The variant is unknown, or a parameter is unknown, missing, of the wrong type or out of range.
        """
        return cls(**_checked({**_BEFORE_RASTERS_WERE_CODED, **values}))  # type: ignore[arg-type]


AREA: Final = "area"
BILINEAR: Final = "bilinear"
TRAINING_QUALITY: Final = 80
"""Of the JPEG files of 299 × 299 pixels that the shipped networks learnt from."""

_BEFORE_RASTERS_WERE_CODED: Final = {"raster_filter": AREA, "raster_quality": 0}

ESPINAL: Final = Preparation(variant="espinal")
"""The text of the paper: CLAHE 2/17, blur 73/17, Otsu, 10 %, CLAHE 2.5/50, zeros, 250 px."""

PAD: Final = Preparation(variant="pad")
"""The paper's unprocessed set."""

RESIZE: Final = Preparation(variant="resize", size=256)
"""256 px for Mirzazadeh & Parvanian; Monti & Tonazzo take 500."""

SOUZA: Final = Preparation(variant="souza", size=256)

UNET_EDGES: Final = Preparation(
    variant="unet_edges", size=256, margin=0.03, raster=299, raster_filter=BILINEAR, raster_quality=TRAINING_QUALITY
)
"""The margin keeps the mask's error away from the bones: it widens the mask as well as the crop."""

ESPINAL_RASTER: Final = Preparation(
    variant="espinal_raster",
    blur_px=13,
    blur_sigma=3.0,
    margin=0.03,
    grid=8,
    raster=299,
    raster_filter=BILINEAR,
    raster_quality=TRAINING_QUALITY,
)
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


class Frame:
    """One frame on its way to several networks: what they share is made once.

    Parameters
    ----------
    pixels
        ``(H, W) uint8``, bone bright on dark.
    """

    def __init__(self, pixels: Pixels) -> None:
        self.pixels: Pixels = np.ascontiguousarray(pixels)
        self._rasters: dict[tuple[int, str, int], Pixels] = {}

    def plain(self, spec: Preparation) -> Pixels:
        """Give the square of ``spec.raster`` that stands for the frame, as it is resized; the frame itself where that is 0."""
        wanted = (spec.raster, spec.raster_filter, 0)
        if wanted not in self._rasters:
            resized = averaged if spec.raster_filter == AREA else antialiased
            self._rasters[wanted] = resized(self.pixels, spec.raster) if spec.raster else self.pixels
        return self._rasters[wanted]

    def raster(self, spec: Preparation) -> Pixels:
        """Give the same square as networks see it: coded as JPEG where the spec says so."""
        wanted = (spec.raster, spec.raster_filter, spec.raster_quality)
        if wanted not in self._rasters:
            self._rasters[wanted] = coded(self.plain(spec), spec.raster_quality)
        return self._rasters[wanted]


def prepare(frame: Pixels | Frame, spec: Preparation, masker: Masker | None = None) -> Prepared:
    """Turn displayed grey values into a network's input.

    Parameters
    ----------
    frame
        ``(H, W) uint8``, bone bright on dark; as a `Frame` where several networks look at it.
    spec
        Variant and its parameters.
    masker
        Only asked by ``unet_edges``.

    Raises
    ------
    BundleError
        ``spec.variant`` is not one of the variants of this version, or it needs a mask and ``masker`` is None.
    """
    frame = frame if isinstance(frame, Frame) else Frame(frame)
    if spec.variant == UNET_EDGES.variant:
        return _unet_edges(frame, spec, masker)
    try:
        variant = _VARIANTS[spec.variant]
    except KeyError:
        raise BundleError(f"preprocessing variant {spec.variant!r} is unknown here; known: {', '.join(KNOWN)}") from None
    return variant(frame, spec)


def second_view(frame: Pixels | Frame, spec: Preparation) -> Prepared | None:
    """Prepare a frame as if the hand began a few grey levels above or below Otsu's threshold; None where that is much the same.

    On a frame with little contrast background counts as hand or hand as background by those few levels, and the value hangs on the crop.
    None, too, for variants that crop otherwise: no bundle that ships has them.
    """
    if spec.variant != ESPINAL_RASTER.variant:
        return None
    frame = frame if isinstance(frame, Frame) else Frame(frame)
    plain = frame.plain(spec)
    soft = _softened(plain, spec)
    threshold = otsu(soft)
    own, *others = (largest_region(soft, threshold + levels, spec.least_area) for levels in (0, -DOUBTED_LEVELS, DOUBTED_LEVELS))
    other = min(others, key=lambda box: overlap(own, box))
    if overlap(own, other) >= SAME_CROP:
        return None
    box = widened(other, round(spec.margin * spec.raster), spec.raster)
    return Prepared(image=in_box(frame.raster(spec), box, spec), crop=rescaled(box, plain.shape, frame.pixels.shape))


def hand_mask(pixels: Pixels, masker: Masker, least_area: float = UNET_EDGES.least_area) -> NDArray[np.bool_]:
    """Largest region that ``masker`` takes for a hand, its holes filled, ``(H, W)``; all of the frame if it is too small."""
    likely = masker(averaged(pixels, MASK_SIDE))
    likely = cv2.resize(likely, pixels.shape[::-1], interpolation=cv2.INTER_LINEAR)
    largest = largest_contour((likely > 0.5).astype(np.uint8))
    if largest is None or cv2.contourArea(largest) <= least_area * pixels.size:
        return np.ones(pixels.shape, np.bool_)
    return filled(largest, pixels.shape)


def segment_mask(pixels: Pixels, spec: Preparation) -> NDArray[np.bool_]:
    """Region whose rectangle is `segment_box` at full size, ``(H, W)``; all of the frame if it is too small."""
    soft = _softened(pixels, spec)
    largest = largest_contour(bright(soft, otsu(soft)))
    if largest is None or cv2.contourArea(largest) <= spec.least_area * pixels.size:
        return np.ones(pixels.shape, np.bool_)
    return filled(largest, pixels.shape)


def in_box(raster: Pixels, box: Box, spec: Preparation) -> Pixels:
    """Show a network this box of the raster as ``espinal_raster`` does, ``(size, size, 1)``."""
    top, left, height, width = box
    square = averaged(raster[top : top + height, left : left + width], spec.size)
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
        box = _settled_box(blurred_by_halves(enhanced, spec.blur_px, spec.blur_sigma), spec.least_area)
        if box is not None:
            return box
    soft = blurred(enhanced, spec.blur_px, spec.blur_sigma)
    return largest_region(soft, otsu(soft), spec.least_area)


def _espinal(frame: Frame, spec: Preparation) -> Prepared:
    top, left, height, width = segment_box(frame.pixels, spec)
    enhanced = _clahe(frame.pixels[top : top + height, left : left + width], spec.clip, spec.grid)
    return _padded(enhanced, (top, left), spec.size)


def _pad(frame: Frame, spec: Preparation) -> Prepared:
    return _padded(frame.pixels, (0, 0), spec.size)


def _resize(frame: Frame, spec: Preparation) -> Prepared:
    return Prepared(image=averaged(frame.pixels, spec.size)[:, :, np.newaxis], crop=(0, 0, *frame.pixels.shape))


def _espinal_raster(frame: Frame, spec: Preparation) -> Prepared:
    plain = frame.plain(spec)
    box = widened(segment_box(plain, spec, reduce=False), round(spec.margin * spec.raster), spec.raster)
    return Prepared(image=in_box(frame.raster(spec), box, spec), crop=rescaled(box, plain.shape, frame.pixels.shape))


def _unet_edges(frame: Frame, spec: Preparation, masker: Masker | None) -> Prepared:
    if masker is None:
        raise BundleError(f"preprocessing {spec.variant!r} needs a network that masks the hand, and there is none")
    raster = frame.raster(spec)
    mask = hand_mask(raster, masker, spec.least_area).astype(np.uint8)
    reach = 2 * round(spec.margin * min(raster.shape)) + 1
    shown: Pixels = raster * cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    left, top, width, height = cv2.boundingRect(cv2.findNonZero(shown)) if shown.any() else (0, 0, *shown.shape[::-1])
    edges: Pixels = cv2.filter2D(shown[top : top + height, left : left + width], -1, _EDGES)
    crop = rescaled((top, left, height, width), raster.shape, frame.pixels.shape)
    return Prepared(image=averaged(edges, spec.size)[:, :, np.newaxis], crop=crop)


_VARIANTS: Final[Mapping[str, Callable[[Frame, Preparation], Prepared]]] = {
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


def _softened(pixels: Pixels, spec: Preparation) -> Pixels:
    """CLAHE and blur before a threshold."""
    return blurred(_clahe(pixels, spec.segment_clip, spec.segment_grid), spec.blur_px, spec.blur_sigma)


def _settled_box(soft: Pixels, least_area: float) -> Box | None:
    """Box at Otsu's threshold, or None where one grey level more or less moves it by more than 3 px: rounding would decide."""
    threshold = otsu(soft)
    box = largest_region(soft, threshold, least_area)
    for near in (threshold - 1, threshold + 1):
        if max(abs(a - b) for a, b in zip(edges(box), edges(largest_region(soft, near, least_area)), strict=True)) > 3:
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
    return Prepared(image=averaged(square, size)[:, :, np.newaxis], crop=crop)


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
    if name == "raster_filter":
        return value in (AREA, BILINEAR)
    if kind == "str":
        return isinstance(value, str)
    if isinstance(value, bool) or not isinstance(value, int if kind == "int" else (int, float)):
        return False
    if name == "blur_px":
        return value > 0 and value % 2 == 1
    if name == "raster_quality":
        return 0 <= value <= 100
    return value >= 0 if name in {"least_area", "margin", "raster"} else value > 0
