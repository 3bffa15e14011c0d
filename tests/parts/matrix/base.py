"""One case of the interoperability matrix: a name, and what is different about its file; the rest is the same drawn hand."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

from baa_node.core.radiograph import Sex
from tests.parts.coding import code
from tests.parts.dcmtk import recode
from tests.parts.results import raw
from train.phantom import draw_hand

Change = Callable[[Dataset], None]

ROOT: Final = "1.2.826.0.1.3680043.10.1717"


@dataclass(frozen=True, kw_only=True)
class Case:
    """How a file differs from the plain CR of a girl of ten.

    Attributes
    ----------
    change
        Applied to the data set before it is written.
    coding
        Name of a transfer syntax in `CODERS` of the DCMTK parts, or of one in `PYDICOM_CODERS`.
    months_off
        How far the estimate may be from the plain file's, months; None where the picture is another or is refused.
    reason
        Code of the refusal that is expected; None where a bone age is.
    side
        ``"L"`` or ``"R"`` as the report must name it, None where the header names none.
    like
        Case whose picture is the same; its estimate is the one to compare with.
    left_out
        Optional attributes of which a result leaves out what is no value.
    inherits
        Attributes that come with a fault which a result carries on, because an identifier is copied as it came.
    """

    id: str
    change: Change
    coding: str = "explicit"
    months_off: float | None = 0.0
    reason: str | None = None
    side: str | None = "L"
    like: str = "bits_12_of_16_high_11_monochrome2"
    left_out: tuple[str, ...] = ()
    inherits: tuple[str, ...] = ()


def same(ds: Dataset) -> None:
    """Change nothing."""
    assert ds.SOPInstanceUID


def sets(**elements: object) -> Change:
    """Set elements; None deletes one."""

    def change(ds: Dataset) -> None:
        for keyword, value in elements.items():
            if value is None:
                delattr(ds, keyword)
            else:
                setattr(ds, keyword, value)

    return change


def written(keyword: str, vr: str, value: bytes) -> Change:
    """Put bytes into the file as a device might write them, valid or not."""
    return lambda ds: raw(ds, keyword, vr, value)


def both(*changes: Change) -> Change:
    """Apply one change after the other."""

    def change(ds: Dataset) -> None:
        for one in changes:
            one(ds)

    return change


def item(**elements: object) -> Dataset:
    """Item of a sequence."""
    made = Dataset()
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


@cache
def hand() -> NDArray[np.float64]:
    """Displayed values of the drawn hand, 0 to 1, in 256 steps: what every bit depth of the matrix can hold."""
    pixels = draw_hand(age_months=118.0, sex=Sex.FEMALE, seed=3, height_px=460).pixels
    return np.rint(pixels / pixels.max() * 255) / 255


def plain(number: int) -> FileDataset:
    """CR of the drawn hand; ``number`` gives it its own UIDs."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset("case.dcm", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.Modality = ComputedRadiographyImageStorage, "CR"
    ds.SOPInstanceUID, ds.SeriesInstanceUID, ds.StudyInstanceUID = (f"{ROOT}.{level}.{number}" for level in (1, 2, 3))
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Phantom^Matrix", "MATRIX-1", "20150101", "F"
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber = "20250102", "101500", "S1", "ACC-1"
    ds.ReferringPhysicianName, ds.Manufacturer = "House^G", "Phantom"
    ds.SeriesNumber, ds.InstanceNumber, ds.BodyPartExamined, ds.ViewPosition, ds.Laterality = 1, 1, "HAND", "PA", "L"
    ds.PatientOrientation, ds.ImagerPixelSpacing = ["R", "F"], [0.3, 0.3]
    store(bits=12)(ds)
    return ds


def store(
    *, bits: int = 12, allocated: int = 16, high_bit: int | None = None, signed: bool = False, inverted: bool = False, dirty: bool = False
) -> Change:
    """Write the hand in this layout; ``dirty`` fills the bits beside the sample as old overlays did."""

    def change(ds: Dataset) -> None:
        top = bits - 1 if high_bit is None else high_bit
        samples = np.rint((1 - hand() if inverted else hand()) * ((1 << bits) - 1)).astype(np.int64)
        words = (samples - (1 << (bits - 1)) if signed else samples) & ((1 << bits) - 1)
        words <<= top + 1 - bits
        if dirty:
            words |= ((1 << allocated) - 1) ^ (((1 << bits) - 1) << (top + 1 - bits))
        ds.Rows, ds.Columns = words.shape
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME1" if inverted else "MONOCHROME2"
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = allocated, bits, top, int(signed)
        data = words.astype("<u2" if allocated == 16 else "u1").tobytes()
        ds.PixelData = data + b"\0" * (len(data) % 2)
        ds["PixelData"].VR = "OW" if allocated == 16 else "OB"

    return change


def as_dx(ds: Dataset) -> None:
    """Make the CR a Digital X-Ray image for presentation."""
    ds.SOPClassUID, ds.Modality, ds.PresentationIntentType = DigitalXRayImageStorageForPresentation, "DX", "FOR PRESENTATION"
    ds.PresentationLUTShape = "INVERSE" if ds.PhotometricInterpretation == "MONOCHROME1" else "IDENTITY"
    ds.ImageLaterality = ds.Laterality
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = 0, 1, "US"
    ds.AnatomicRegionSequence = [code("85562004", "SCT", "Hand")]


PYDICOM_CODERS: Final[dict[str, dict[str, Any]]] = {
    "jpeg2000_lossless": {"transfer_syntax_uid": pydicom.uid.JPEG2000Lossless},
    "jpeg2000_lossy": {"transfer_syntax_uid": pydicom.uid.JPEG2000, "j2k_cr": [6]},
    "jpegls_lossless_charls": {"transfer_syntax_uid": pydicom.uid.JPEGLSLossless},
    "rle_pydicom": {"transfer_syntax_uid": pydicom.uid.RLELossless},
}
"""Codings of pydicom's own encoders, beside DCMTK's."""


def write(case: Case, number: int, target: Path) -> Path:
    """Write the file of a case."""
    ds = plain(number)
    case.change(ds)
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    if case.coding in PYDICOM_CODERS:
        ds.compress(**PYDICOM_CODERS[case.coding], generate_instance_uid=False)
    buffer = io.BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    target.write_bytes(buffer.getvalue())
    if case.coding == "explicit" or case.coding in PYDICOM_CODERS:
        return target
    return recode(target, target.with_suffix(".coded.dcm"), case.coding)
