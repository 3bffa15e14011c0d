"""Data sets in memory around a given frame, so that a test says only what it is about."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ComputedRadiographyImageStorage, ExplicitVRLittleEndian

from baa_node.core.eligibility import refuse_header
from baa_node.core.gates.limits import Gates
from baa_node.core.reasons import Reason


def image(words: NDArray[Any], *, bits: int = 12, **attributes: Any) -> Dataset:
    """Make a native little-endian CR hand of these stored words; keyword arguments override or, when None, remove."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ComputedRadiographyImageStorage
    ds.SOPInstanceUID, ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3.1", "1.2.3.2", "1.2.3.3"
    ds.Modality, ds.BodyPartExamined, ds.PatientSex = "CR", "HAND", "F"
    ds.PatientBirthDate, ds.StudyDate = "20150101", "20250101"
    ds.Rows, ds.Columns = words.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = 8 * words.dtype.itemsize
    ds.BitsStored, ds.HighBit = min(bits, ds.BitsAllocated), min(bits, ds.BitsAllocated) - 1
    ds.PixelRepresentation = int(words.dtype.kind == "i")
    ds.PixelData = words.astype(words.dtype.newbyteorder("<")).tobytes()
    ds["PixelData"].VR = "OW"
    for keyword, value in attributes.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return ds


def header_reasons(*, gates: Gates | None = None, sex_required: bool = True, **attributes: Any) -> list[Reason]:
    """Why the header of such an image is refused; empty where it is not."""
    refusal = refuse_header(image(ramp(), **attributes), gates or Gates(), sex_required=sex_required)
    return list(refusal.reasons) if refusal else []


def compressed(ds: Dataset, syntax: UID, frame: bytes) -> Dataset:
    """Replace the frame by an encoded one."""
    ds.file_meta.TransferSyntaxUID = syntax
    ds.PixelData = encapsulate([frame])
    ds["PixelData"].VR = "OB"
    return ds


def ramp(rows: int = 40, columns: int = 50, *, bits: int = 12) -> NDArray[np.uint16]:
    """Return a frame with every kind of neighbour: a slope, a step and a few large jumps."""
    y, x = np.mgrid[:rows, :columns]
    words = (y * 97 + x * x * 5 + np.where(x > columns // 2, 700, 0)) % (1 << bits)
    return words.astype(np.uint16)
