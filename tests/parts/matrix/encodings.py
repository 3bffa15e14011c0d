"""How the pixels are kept: bit depths, lookup tables, padding, transfer syntaxes; the hand is the same."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

import numpy as np
from pydicom.dataset import Dataset

from tests.parts.dcmtk import CODERS
from tests.parts.matrix.base import PYDICOM_CODERS, Case, Change, as_dx, both, item, same, sets, store

LAYOUTS: Final = ((8, 8, 7), (8, 16, 7), (10, 16, 9), (12, 16, 11), (14, 16, 13), (15, 16, 14), (16, 16, 15), (12, 16, 15), (10, 16, 12))
"""Bits stored, bits allocated and high bit."""

LOSSY: Final[dict[str, float]] = {"jpeg_baseline": 6.0, "jpeg_extended": 6.0, "jpegls_near": 6.0, "jpeg2000_lossy": 6.0}
"""Codings that change the picture, and by how many months the estimate may follow."""

ONE_MONTH: Final = 1.0
"""What an encoding without loss may change (rounding of grey values to another number of bits)."""


def _layouts() -> Iterator[Case]:
    for (bits, allocated, high), signed, inverted in product(LAYOUTS, (False, True), (False, True)):
        name = f"bits_{bits}_of_{allocated}_high_{high}{'_signed' if signed else ''}_monochrome{1 if inverted else 2}"
        change = store(bits=bits, allocated=allocated, high_bit=high, signed=signed, inverted=inverted)
        yield Case(id=name, change=change, months_off=ONE_MONTH)
    for high, inverted in product((11, 15), (False, True)):
        change = store(bits=12, high_bit=high, inverted=inverted, dirty=True)
        yield Case(id=f"bits_12_of_16_high_{high}_dirty_monochrome{1 if inverted else 2}", change=change, months_off=ONE_MONTH)


def _table(values: np.ndarray, first: int, bits: int) -> Dataset:
    made = item(LUTDescriptor=[values.size % 65536, first, bits], LUTData=values.astype("<u2").tobytes())
    made["LUTDescriptor"].VR, made["LUTData"].VR = "US", "OW"
    return made


def _modality(values: np.ndarray, bits: int) -> Change:
    def change(ds: Dataset) -> None:
        table = _table(values, 0, bits)
        table.ModalityLUTType = "US"
        ds.ModalityLUTSequence = [table]

    return change


def _voi(values: np.ndarray, bits: int) -> Change:
    return lambda ds: setattr(ds, "VOILUTSequence", [_table(values, 0, bits)])


_LINE: Final = np.arange(4096)
_FULL: Final = sets(WindowCenter=2048, WindowWidth=4096)
_WINDOWS: Final[dict[str, Change]] = {
    "window_full": _FULL,
    "window_two": sets(WindowCenter=[2048, 500], WindowWidth=[4096, 100], WindowCenterWidthExplanation=["ALL", "BONE"]),
    "window_exact": sets(WindowCenter=2047.5, WindowWidth=4095, VOILUTFunction="LINEAR_EXACT"),
    "window_decimals": sets(WindowCenter="2048.0", WindowWidth="4096.000"),
    "window_width_zero": sets(WindowCenter=2048, WindowWidth=0),
    "window_far_away": sets(WindowCenter=40000, WindowWidth=10),
    "window_absent": same,
    "rescale_one": both(sets(RescaleIntercept=0, RescaleSlope=1, RescaleType="US"), _FULL),
    "rescale_slope": both(sets(RescaleIntercept=0, RescaleSlope="0.25"), sets(WindowCenter=512, WindowWidth=1024)),
    "rescale_intercept": both(sets(RescaleIntercept=-1024, RescaleSlope=1), sets(WindowCenter=1024, WindowWidth=4096)),
    "rescale_without_window": sets(RescaleIntercept=-1024, RescaleSlope="0.5"),
    "modality_lut_16_bits": both(_modality(_LINE * 16, 16), sets(WindowCenter=32768, WindowWidth=65536)),
    "modality_lut_12_bits": both(_modality(_LINE, 12), _FULL),
    "voi_lut_8_bits": _voi(_LINE >> 4, 8),
    "voi_lut_10_bits": _voi(_LINE >> 2, 10),
    "voi_lut_12_bits": _voi(_LINE, 12),
    "voi_lut_16_bits": _voi(_LINE * 16 + (_LINE >> 8), 16),
    "voi_lut_and_window": both(_voi(_LINE, 12), sets(WindowCenter=10, WindowWidth=5)),
    "voi_and_modality_lut": both(_modality(_LINE, 12), _voi(_LINE, 12)),
    "sigmoid_wide": sets(WindowCenter=2048, WindowWidth=4096, VOILUTFunction="SIGMOID"),
}
CURVED: Final = frozenset({"sigmoid_wide"})
"""Other grey values on purpose: a window that is no straight line."""

STRETCHED: Final = frozenset({"window_width_zero", "window_far_away", "window_absent", "rescale_without_window"})
"""Without a usable window the picture's own values become black and white, so these show the picture of the plain file."""


def _shown_inverse(ds: Dataset) -> None:
    store(bits=12, inverted=True)(ds)
    as_dx(ds)


def _padded(value: int, limit: int | None, frame: int) -> Change:
    """Frame the hand with pixels of the padding value, so that nothing of them may be seen."""

    declared = {"PixelPaddingValue": value, **({} if limit is None else {"PixelPaddingRangeLimit": limit})}
    return both(_framed_by(value, frame), sets(BitsStored=14, HighBit=13, **declared))


def _framed_by(value: int, frame: int = 40) -> Change:
    def change(ds: Dataset) -> None:
        words = np.frombuffer(ds.PixelData, "<u2").reshape(ds.Rows, ds.Columns)
        shown = np.pad(words, frame, constant_values=value)
        ds.Rows, ds.Columns = shown.shape
        ds.PixelData = shown.astype("<u2").tobytes()

    return change


def _codings() -> Iterator[Case]:
    for coding, deep, dx in product((*CODERS, *PYDICOM_CODERS), (False, True), (False, True)):
        if (coding == "jpeg_baseline" and deep) or (coding == "jpeg_extended" and not deep) or (dx and not deep):
            continue
        change = store(bits=12) if deep else store(bits=8, allocated=8)
        name = f"coding_{coding}_{12 if deep else 8}_bits_{'dx' if dx else 'cr'}"
        yield Case(id=name, change=both(change, as_dx) if dx else change, coding=coding, months_off=LOSSY.get(coding, ONE_MONTH))


def cases() -> Iterator[Case]:
    yield from _layouts()
    for name, change in _WINDOWS.items():
        off = None if name in CURVED else ONE_MONTH
        like = Case.like if name in STRETCHED else "lut_window_full"
        yield Case(id=f"lut_{name}", change=change, months_off=off, like=like)
        if name in ("voi_lut_12_bits", "modality_lut_12_bits", "sigmoid_wide"):
            yield Case(id=f"lut_{name}_dx", change=both(as_dx, change), months_off=off, like=like)
    yield Case(id="lut_presentation_inverse_dx", change=_shown_inverse, months_off=ONE_MONTH)
    yield Case(id="lut_presentation_identity_dx", change=as_dx, months_off=ONE_MONTH)
    for value, limit, frame in ((16383, None, 0), (16383, None, 40), (8000, 9000, 40), (5000, 4096, 1)):
        name = f"padding_{value}{'' if limit is None else f'_to_{limit}'}_frame_{frame}"
        yield Case(id=name, change=_padded(value, limit, frame), months_off=ONE_MONTH)
    yield Case(id="border_undeclared_black", change=_framed_by(0), months_off=ONE_MONTH)
    yield Case(id="border_undeclared_white", change=_framed_by(4095), months_off=ONE_MONTH)
    yield Case(id="border_undeclared_monochrome1", change=both(store(bits=12, inverted=True), _framed_by(0)), months_off=ONE_MONTH)
    yield from _codings()
