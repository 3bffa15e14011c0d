"""A DICOM data set becomes grey values as a viewer would show them, with the few facts the reading needs."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from datetime import date
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from baa_node.core import attributes
from baa_node.core.frame import pixels
from baa_node.core.frame.borders import inner_box
from baa_node.core.frame.pixels import PixelLayout
from baa_node.errors import UndecodablePixels


class Sex(enum.StrEnum):
    """Patient's Sex (0010,0040) as far as a growth reference knows it; the value is the DICOM code string."""

    FEMALE = "F"
    MALE = "M"


class Laterality(enum.StrEnum):
    """Side of the hand from Image Laterality (0020,0062) or Laterality (0020,0060); never guessed from pixels."""

    LEFT = "L"
    RIGHT = "R"


@dataclass(frozen=True, kw_only=True)
class Radiograph:
    """One projection radiograph, ready for preprocessing.

    Attributes
    ----------
    pixels
        ``(H, W) uint8``, displayed grey values: bone bright on dark (MONOCHROME2 sense), 0 where padded.
    sex
        None when Patient's Sex is absent, empty, ``O`` or anything but ``F`` and ``M``.
    birth_date, examined_on
        None when the attribute is absent or no valid date. ``examined_on`` is Study Date, or Acquisition Date where it
        is present and differs from Study Date by more than one day.
    spacing_mm
        ``(row, column)`` distance at the detector or object in mm, None when absent, zero or not positive.
    lossy
        True when Lossy Image Compression (0028,2110) is ``01`` or the transfer syntax is a lossy one.
    negative
        True where ``pixels`` are the opposite of what the data set declares, because a hand is seen only so.
    """

    pixels: NDArray[np.uint8]
    sex: Sex | None
    laterality: Laterality | None
    birth_date: date | None
    examined_on: date | None
    spacing_mm: tuple[float, float] | None
    lossy: bool
    negative: bool = False


MIN_INSIDE_WINDOW: Final = 0.05
"""A window or VOI LUT that leaves fewer than this share of the pixels between black and white is a leftover of another
image: a hand covers at least a tenth of its frame, and a window set for it shows most of that as greys."""

MIN_SPREAD: Final = 32 / 255
"""A window under which the middle 98 % of the pixels span less than 32 grey levels is a default (0 to 65535 over a
12-bit image, say), not a choice; what eight bits cannot hold would be lost to the networks. Hands flattened to 24 levels are read more than
a year wrong in 14 of 100 cases as they are, in 6 where what they have is spread (``train/LOG.md``)."""

STRETCH: Final = (0.001, 0.999)
"""Quantiles that become black and white when nothing usable says otherwise: a thousandth on each side drops dead pixels
and hot pixels and keeps thin cortical bone, the brightest part of an infant's hand and less than a hundredth of the frame."""

SAMPLES: Final = 250_000
"""Pixels counted for the two rules above; a regular grid of so many fixes a 0.1 % quantile to a few grey values."""

SQUARE: Final = 0.01
"""Pixels whose sides differ by less than this share are left as they are: 1 % is below the effect of rotation."""

_LEFT: Final = frozenset({"L", "7771000", "G-A101"})
_RIGHT: Final = frozenset({"R", "24028007", "G-A100"})


def from_dataset(ds: Dataset, *, max_pixels: int = pixels.MAX_PIXELS) -> Radiograph:
    """Make a radiograph of one CR, DX or digitised film instance, whatever its transfer syntax.

    Grey values follow the standard's order (PS3.3 C.11.1, C.11.2 and C.8.11.3): unused bits off, sign, Modality LUT or
    rescale, VOI LUT or first window, inversion. Where no window is given, or the one given fails ``MIN_INSIDE_WINDOW``
    or ``MIN_SPREAD``, the quantiles ``STRETCH`` of the image's own values, a border left out (``core.frame.borders``), become black
    and white. Pixels whose sides differ are made square by shrinking the finer direction, so no declaration can enlarge an image.

    Raises
    ------
    UnsupportedImage, MissingAttribute, UndecodablePixels
        See ``core.frame.pixels``; also a lookup table shorter than it declares, or a rescale slope of zero.
    """
    layout = pixels.read_layout(ds, max_pixels=max_pixels)
    words = pixels.decode(ds, layout)
    grey = _displayed(ds, layout, words)
    spacing = _spacing(ds)
    square, spacing = _square(grey, spacing, _aspect(ds, spacing))
    study, acquired = attributes.day(ds, "StudyDate"), attributes.day(ds, "AcquisitionDate")
    return Radiograph(
        pixels=square,
        sex=_sex(ds),
        laterality=read_laterality(ds),
        birth_date=attributes.day(ds, "PatientBirthDate"),
        examined_on=_examined_on(study, acquired),
        spacing_mm=spacing,
        lossy=layout.lossy or attributes.text(ds, "LossyImageCompression") == "01",
    )


def read_laterality(ds: Dataset) -> Laterality | None:
    """Side of the hand: Image Laterality, else Laterality, else the modifier of the anatomic region (PS3.3 C.7.6.16, CID 244)."""
    regions = attributes.items(ds, "AnatomicRegionSequence")
    modifiers = [attributes.text(m, "CodeValue") for r in regions for m in attributes.items(r, "AnatomicRegionModifierSequence")]
    for found in (attributes.text(ds, "ImageLaterality"), attributes.text(ds, "Laterality"), *modifiers):
        if found in _LEFT:
            return Laterality.LEFT
        if found in _RIGHT:
            return Laterality.RIGHT
        if found in ("B", "U"):
            return None
    return None


def examination_day(ds: Dataset) -> date | None:
    """Day on which the radiograph was made, as in ``Radiograph.examined_on``."""
    return _examined_on(attributes.day(ds, "StudyDate"), attributes.day(ds, "AcquisitionDate"))


def _examined_on(study: date | None, acquired: date | None) -> date | None:
    if study is None or acquired is None:
        return study or acquired
    return acquired if abs((acquired - study).days) > 1 else study


def _sex(ds: Dataset) -> Sex | None:
    found = attributes.text(ds, "PatientSex")
    return Sex(found) if found in {"F", "M"} else None


def _spacing(ds: Dataset) -> tuple[float, float] | None:
    for keyword in ("ImagerPixelSpacing", "PixelSpacing"):
        found = attributes.numbers(ds, keyword)
        if len(found) == 2 and min(found) > 0:
            return found[0], found[1]
    return None


def _aspect(ds: Dataset, spacing: tuple[float, float] | None) -> float:
    """Height of a pixel over its width; Pixel Aspect Ratio counts only without a spacing (PS3.3 C.7.6.3.1.7)."""
    ratio = spacing or attributes.numbers(ds, "PixelAspectRatio")
    return ratio[0] / ratio[1] if len(ratio) == 2 and min(ratio) > 0 else 1.0


def _square(
    grey: NDArray[np.uint8], spacing: tuple[float, float] | None, aspect: float
) -> tuple[NDArray[np.uint8], tuple[float, float] | None]:
    if abs(aspect - 1) < SQUARE:
        return grey, spacing
    rows, columns = grey.shape
    size = (max(1, round(columns / aspect)), rows) if aspect > 1 else (columns, max(1, round(rows * aspect)))
    shrunk = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    side = max(spacing) if spacing else None
    return np.asarray(shrunk, np.uint8), (side, side) if side else None


def _displayed(ds: Dataset, layout: PixelLayout, words: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Grey values; a border of one value has no say in what becomes black and white."""
    table = _grey_table(ds, layout, _counts(words, layout))
    grey = np.take(table, words, mode="clip")
    top, left, height, width = inner_box(grey)
    if (height, width) == words.shape:
        return grey
    table = _grey_table(ds, layout, _counts(words[top : top + height, left : left + width], layout))
    return np.take(table, words, mode="clip")


def _counts(words: NDArray[np.uint8] | NDArray[np.uint16], layout: PixelLayout) -> NDArray[np.intp]:
    """Count how often each stored word occurs on a regular grid of about ``SAMPLES`` pixels."""
    step = max(1, math.isqrt(words.size // SAMPLES))
    return np.bincount(words[::step, ::step].ravel(), minlength=1 << layout.bits_allocated)


def _grey_table(ds: Dataset, layout: PixelLayout, counts: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Grey value of every possible stored word: all arithmetic is done once a word, not once a pixel."""
    stored = _stored_values(layout)
    padding = _padding(ds, layout, stored)
    counts = np.where(padding, 0, counts)
    shown = _modality(ds, layout, stored)
    fraction = _of_interest(ds, layout, shown)
    if fraction is None or _is_absurd(fraction, counts):
        fraction = _stretched(shown, counts)
    table = np.rint(fraction * 255).astype(np.uint8)
    if layout.inverted:
        table = 255 - table
    table[padding] = 0
    return table


def _stored_values(layout: PixelLayout) -> NDArray[np.int64]:
    """Sample value of every word: overlay bits around it dropped, two's complement resolved (PS3.5 8.1.1).

    A lossy codec may overshoot the largest value; that is white, not the dark value left when the carry is dropped.
    """
    words = np.arange(1 << layout.bits_allocated, dtype=np.int64)
    span = 1 << layout.bits_stored
    stored = words >> (layout.high_bit + 1 - layout.bits_stored)
    if layout.lossy and not layout.signed:
        return stored.clip(max=span - 1)
    stored &= span - 1
    signed: NDArray[np.int64] = np.where(stored >= span // 2, stored - span, stored)
    return signed if layout.signed else stored


def _padding(ds: Dataset, layout: PixelLayout, stored: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the words of Pixel Padding Value, or of the range up to its limit, both ends included (PS3.3 C.7.5.1.1.2)."""
    value = attributes.integer(ds, "PixelPaddingValue")
    if value is None:
        return np.zeros(stored.shape, np.bool_)
    limit = attributes.integer(ds, "PixelPaddingRangeLimit")
    ends = [_as_stored(end, layout) for end in (value, value if limit is None else limit)]
    return (stored >= min(ends)) & (stored <= max(ends))


def _as_stored(value: int, layout: PixelLayout) -> int:
    """Read a padding value with the sign of the pixels: its own value representation is often the wrong one of US and SS."""
    span = 1 << layout.bits_allocated
    value %= span
    return value - span if layout.signed and value >= span // 2 else value


def _modality(ds: Dataset, layout: PixelLayout, stored: NDArray[np.int64]) -> NDArray[np.float64]:
    """Apply the Modality LUT, or slope and intercept (PS3.3 C.11.1)."""
    tables = attributes.items(ds, "ModalityLUTSequence")
    if tables:
        table, _ = _looked_up(tables[0], stored.astype(np.float64), signed=layout.signed, name="ModalityLUTSequence")
        return table
    slope = (attributes.numbers(ds, "RescaleSlope") or (1.0,))[0]
    intercept = (attributes.numbers(ds, "RescaleIntercept") or (0.0,))[0]
    if slope == 0:
        raise UndecodablePixels("RescaleSlope is 0, so all pixels are equal")
    return np.asarray(stored * slope + intercept, np.float64)


def _of_interest(ds: Dataset, layout: PixelLayout, shown: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Apply the first VOI LUT, or else the first window (PS3.3 C.11.2): fraction of full brightness, None without either."""
    tables = attributes.items(ds, "VOILUTSequence")
    if tables:
        table, largest = _looked_up(tables[0], shown, signed=bool(shown.min() < 0), name="VOILUTSequence")
        return np.clip(table / largest, 0, 1)
    centre, width = attributes.numbers(ds, "WindowCenter"), attributes.numbers(ds, "WindowWidth")
    if not centre or not width:
        return None
    return _windowed(shown, centre[0], width[0], attributes.text(ds, "VOILUTFunction"))


def _windowed(shown: NDArray[np.float64], centre: float, width: float, function: str) -> NDArray[np.float64] | None:
    """Apply one window (PS3.3 C.11.2.1.2 and C.11.2.1.3); None when the standard forbids its width."""
    exact = function in ("LINEAR_EXACT", "SIGMOID")
    if width <= 0 or (not exact and width < 1):
        return None
    if function == "SIGMOID":
        return np.asarray(1 / (1 + np.exp(np.clip(-4 * (shown - centre) / width, -700, 700))), np.float64)
    if not exact:
        centre, width = centre - 0.5, width - 1
    if width == 0:
        return (shown > centre).astype(np.float64)
    return np.clip((shown - centre) / width + 0.5, 0, 1)


def _looked_up(item: Dataset, index: NDArray[np.float64], *, signed: bool, name: str) -> tuple[NDArray[np.float64], float]:
    """Map values through one LUT item; values outside it take its first or last entry (PS3.3 C.11.1.1.1)."""
    descriptor = attributes.numbers(item, "LUTDescriptor")
    if len(descriptor) != 3:
        raise UndecodablePixels(f"{name} has no LUTDescriptor of three values")
    entries, first, bits = int(descriptor[0]) % 65536 or 65536, int(descriptor[1]), int(descriptor[2])
    if signed and first >= 32768:
        first -= 65536
    data = _lut_data(item, entries)
    if data.size < entries or not 1 <= bits <= 16:
        raise UndecodablePixels(f"{name}: LUTData holds {data.size} entries where LUTDescriptor declares {entries} of {bits} bits")
    position = np.clip(np.rint(index - first), 0, entries - 1).astype(np.int64)
    return data[position].astype(np.float64), float((1 << bits) - 1)


def _lut_data(item: Dataset, entries: int) -> NDArray[np.uint16]:
    """Entries of a LUT whether pydicom gives them as numbers (US, SS) or bytes (OW); two 8-bit entries may share a word."""
    data = attributes.value(item, "LUTData")
    if isinstance(data, bytes):
        order = "<" if getattr(item, "is_little_endian", True) is not False else ">"
        words = np.frombuffer(data[: len(data) // 2 * 2], f"{order}u2")
        return words.astype(np.uint16) if words.size >= entries else np.frombuffer(data, np.uint8).astype(np.uint16)
    return (np.asarray(attributes.numbers(item, "LUTData"), np.int64) % 65536).astype(np.uint16)


def _is_absurd(fraction: NDArray[np.float64], counts: NDArray[np.intp]) -> bool:
    """Say whether a window shows almost nothing of the image: see ``MIN_INSIDE_WINDOW`` and ``MIN_SPREAD``."""
    total = counts.sum()
    if total == 0:
        return False
    inside = counts[(fraction > 0) & (fraction < 1)].sum()
    low, high = _quantiles(fraction, counts, (0.01, 0.99))
    return bool(inside < MIN_INSIDE_WINDOW * total or high - low < MIN_SPREAD)


def _stretched(shown: NDArray[np.float64], counts: NDArray[np.intp]) -> NDArray[np.float64]:
    """Spread the values between the quantiles ``STRETCH`` over the whole range; an image of one value becomes black."""
    if counts.sum() == 0:
        return np.zeros(shown.shape)
    low, high = _quantiles(shown, counts, STRETCH)
    return np.clip((shown - low) / (high - low if high > low else 1.0), 0, 1)


def _quantiles(values: NDArray[np.float64], counts: NDArray[np.intp], at: tuple[float, float]) -> tuple[float, float]:
    """Values below which the shares ``at`` of all counted pixels lie."""
    present = np.flatnonzero(counts)
    order = present[np.argsort(values[present], kind="stable")]
    below = np.cumsum(counts[order])
    low, high = np.searchsorted(below, [share * below[-1] for share in at])
    return float(values[order[low]]), float(values[order[min(high, order.size - 1)]])
