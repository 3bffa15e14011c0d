"""A DICOM data set becomes grey values as a viewer would show them, with the few facts the reading needs."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray


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
    """

    pixels: NDArray[np.uint8]
    sex: Sex | None
    laterality: Laterality | None
    birth_date: date | None
    examined_on: date | None
    spacing_mm: tuple[float, float] | None
    lossy: bool
