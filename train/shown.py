"""A bare frame as the node shows it to its gates and networks, by way of a data set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from baa_node.core.radiograph import Radiograph, Sex, from_dataset


def radiograph(pixels: NDArray[np.uint8], sex: Sex | None = Sex.FEMALE) -> Radiograph:
    """Make of a frame ``(H, W)``, bone bright, what a data set becomes whose window shows its eight bits as they are."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.Rows, ds.Columns = pixels.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
    ds.WindowCenter, ds.WindowWidth = "128", "256"
    ds.PatientSex = "" if sex is None else sex.value
    ds.add_new("PixelData", "OB", np.ascontiguousarray(pixels).tobytes())
    return from_dataset(ds)
