"""DICOM files for the tests: copies of a sample under new UIDs, and a small plain CR that needs no sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid


def copy_with(source: Path, target: Path, **elements: object) -> Path:
    """Copy a file under a new SOP Instance UID with some elements set; the value None deletes one."""
    ds = pydicom.dcmread(source)
    ds.SOPInstanceUID = generate_uid()
    for keyword, value in elements.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.save_as(target)
    return target


def copy_in_new_study(source: Path, target: Path, **elements: object) -> Path:
    """Copy a file as if another examination: new study, series and instance."""
    return copy_with(source, target, **{"StudyInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid(), **elements})


def plain_cr(target: Path, *, rows: int = 300, columns: int = 240) -> Path:
    """Write a CR of a bright ellipse on black: a well-formed radiograph that shows no hand."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    ds = FileDataset(target, {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID = meta.MediaStorageSOPClassUID
    ds.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    _identify(ds)
    _draw(ds, rows, columns)
    ds.save_as(target, enforce_file_format=True)
    return target


def _identify(ds: pydicom.Dataset) -> None:
    ds.StudyInstanceUID, ds.SeriesInstanceUID = generate_uid(), generate_uid()
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Phantom^Plain", "PLAIN-1", "20140102", "F"
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName = "20250102", "101500", "1", "ACC-1", ""
    ds.SeriesNumber, ds.InstanceNumber, ds.Modality, ds.BodyPartExamined, ds.ViewPosition = "1", "1", "CR", "HAND", "PA"
    ds.Manufacturer, ds.PatientOrientation, ds.Laterality = "Phantom", ["R", "F"], "L"


def _draw(ds: pydicom.Dataset, rows: int, columns: int) -> None:
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    grey = np.where((x / 0.6) ** 2 + (y / 0.8) ** 2 < 1, 3000, 100).astype("<u2")
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = rows, columns, 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.ImagerPixelSpacing = [0.5, 0.5]
    ds.WindowCenter, ds.WindowWidth = "2048", "4096"
    ds.PixelData = grey.tobytes()
