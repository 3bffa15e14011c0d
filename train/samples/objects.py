"""A sample as a complete DX or CR object, drawn, described and encoded."""

from __future__ import annotations

import uuid

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

from baa_node.core.radiograph import Laterality, Sex
from train.phantom import draw_hand, draw_not_a_hand
from train.samples.table import DX, EXAMINED_ON, NAMESPACE, Sample

DOSE = 80.0
MAX_VALUE = 4095

_ENCODERS: dict[UID, str] = {JPEG2000Lossless: "pylibjpeg", JPEGLSLossless: "pyjpegls", RLELossless: "pydicom"}


def draw(sample: Sample) -> tuple[NDArray[np.uint16], float]:
    """Pixels of a sample with bone bright, ``(H, W) uint16`` in 12 bits, and their spacing in mm."""
    if sample.kind is not None:
        other = draw_not_a_hand(sample.kind, sample.seed, height_px=sample.height_px, dose=DOSE)
        return other.pixels, other.spacing_mm
    if sample.bone_age_months is None or sample.laterality is None:
        raise ValueError(f"{sample.name}: a hand needs a bone age and a side")
    phantom = draw_hand(
        age_months=sample.bone_age_months,
        sex=sample.sex or Sex.MALE,
        laterality=sample.laterality,
        seed=sample.seed,
        height_px=sample.height_px,
        dose=DOSE,
    )
    return phantom.pixels, phantom.spacing_mm


def build(sample: Sample) -> FileDataset:
    """Make the complete DICOM object, Pixel Data encoded in the sample's transfer syntax."""
    pixels, spacing_mm = draw(sample)
    ds = FileDataset("", {}, file_meta=_file_meta(sample), preamble=b"\0" * 128)
    for add in (_sop_common, _patient, _study, _series, _equipment):
        add(ds, sample)
    _image(ds, sample, spacing_mm)
    (_dx if sample.sop_class == DX else _cr)(ds, sample)
    _display(ds, sample, pixels)
    _pixel_data(ds, sample, pixels)
    return ds


def _file_meta(sample: Sample) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sample.sop_class
    meta.MediaStorageSOPInstanceUID = sample.uid("instance")
    compressed = sample.transfer_syntax.is_compressed
    meta.TransferSyntaxUID = ExplicitVRLittleEndian if compressed else sample.transfer_syntax
    meta.ImplementationClassUID = UID(f"2.25.{uuid.uuid5(NAMESPACE, 'implementation').int}")
    meta.ImplementationVersionName = "BAA_PHANTOM_1"
    return meta


def _sop_common(ds: Dataset, sample: Sample) -> None:
    ds.SpecificCharacterSet = "ISO_IR 100" if sample.patient_name.isascii() else "ISO_IR 192"
    ds.SOPClassUID = sample.sop_class
    ds.SOPInstanceUID = sample.uid("instance")


def _patient(ds: Dataset, sample: Sample) -> None:
    ds.PatientName = sample.patient_name
    ds.PatientID = f"SYNTH-{sample.name[:2]}"
    ds.IssuerOfPatientID = "BAA_NODE PHANTOM"
    ds.PatientBirthDate = f"{sample.birth_date:%Y%m%d}"
    ds.PatientSex = sample.sex.value if sample.sex else ""
    ds.QualityControlSubject = "YES"
    ds.PatientComments = "Synthetic phantom drawn by software; no patient"


def _study(ds: Dataset, sample: Sample) -> None:
    number = sample.name[:2]
    ds.StudyInstanceUID = sample.uid("study")
    ds.StudyDate = f"{EXAMINED_ON:%Y%m%d}"
    ds.StudyTime = f"10{number}00"
    ds.StudyID = f"S{number}"
    ds.AccessionNumber = f"SYN26{number}"
    ds.ReferringPhysicianName = ""
    ds.StudyDescription = "Knee PA" if sample.body_part == "KNEE" else "Bone age"
    ds.PatientAge = f"{int((EXAMINED_ON - sample.birth_date).days / 365.25):03d}Y"


def _series(ds: Dataset, sample: Sample) -> None:
    ds.Modality = "DX" if sample.sop_class == DX else "CR"
    ds.SeriesInstanceUID = sample.uid("series")
    ds.SeriesNumber = 1
    ds.SeriesDate, ds.SeriesTime = ds.StudyDate, ds.StudyTime
    ds.SeriesDescription = f"{sample.body_part.title()} PA"
    ds.BodyPartExamined = sample.body_part
    ds.PatientPosition = ""
    if sample.requested:
        ds.RequestAttributesSequence = [_request(ds, sample)]


def _request(ds: Dataset, sample: Sample) -> Dataset:
    item = Dataset()
    item.StudyInstanceUID = ds.StudyInstanceUID
    item.AccessionNumber = ds.AccessionNumber
    item.RequestedProcedureID = f"RP{sample.name[:2]}"
    item.RequestedProcedureDescription = "Bone age, left hand and wrist" if sample.laterality is Laterality.LEFT else "Bone age"
    item.ScheduledProcedureStepID = f"SPS{sample.name[:2]}"
    item.ScheduledProcedureStepDescription = "Hand PA"
    return item


def _equipment(ds: Dataset, _sample: Sample) -> None:
    ds.Manufacturer = "baa_node phantom"
    ds.ManufacturerModelName = "train.phantom"
    ds.DeviceSerialNumber = "0"
    ds.SoftwareVersions = "1"
    ds.InstitutionName = "No institution (synthetic)"


def _image(ds: Dataset, sample: Sample, spacing_mm: float) -> None:
    drawn = "" if sample.bone_age_months is None else f", drawn bone age {sample.bone_age_months:g} months"
    ds.ImageType = ["ORIGINAL", "PRIMARY", ""] if sample.sop_class == DX else ["ORIGINAL", "PRIMARY"]
    ds.InstanceNumber = 1
    ds.AcquisitionNumber = 1
    ds.ContentDate = ds.AcquisitionDate = ds.StudyDate
    ds.ContentTime = ds.AcquisitionTime = ds.StudyTime
    # Seen from behind the patient, the hand hanging: rows run to the patient's left, columns from the fingers up to the head.
    ds.PatientOrientation = ["L", "H"]
    ds.ImageComments = f"Synthetic phantom, no patient{drawn}"
    ds.BurnedInAnnotation = "NO"
    ds.LossyImageCompression = "00"
    ds.ImagerPixelSpacing = [f"{spacing_mm:.5f}"] * 2
    ds.ViewPosition = "PA"
    ds.KVP = "50"
    ds.Exposure = "3"


def _cr(ds: Dataset, sample: Sample) -> None:
    """Add what the CR Series and CR Image modules ask for (PS3.3 C.8.1)."""
    ds.Laterality = sample.laterality.value if sample.laterality else ""
    ds.AnatomicRegionSequence = [_anatomy(sample)]
    ds.PlateID = "SYNTHETIC"
    ds.AcquisitionDeviceProcessingDescription = "HAND PA"


def _dx(ds: Dataset, sample: Sample) -> None:
    """Add what the DX modules ask for (PS3.3 C.8.11)."""
    ds.PresentationIntentType = "FOR PRESENTATION"
    ds.ImageLaterality = sample.laterality.value if sample.laterality else "B"
    if sample.body_part == "KNEE":
        ds.ImageLaterality = "L"
    ds.AnatomicRegionSequence = [_anatomy(sample)]
    ds.PixelIntensityRelationship = "LOG"
    ds.PixelIntensityRelationshipSign = 1 if sample.inverted else -1
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "US"
    ds.PresentationLUTShape = "INVERSE" if sample.inverted else "IDENTITY"
    ds.DetectorType = "SCINTILLATOR"
    ds.DetectorID = "SYNTHETIC"
    ds.PositionerType = "NONE"
    ds.ViewCodeSequence = [_code("272479007", "SCT", "postero-anterior")]
    ds.ViewCodeSequence[0].ViewModifierCodeSequence = []
    ds.AcquisitionContextSequence = []


def _anatomy(sample: Sample) -> Dataset:
    if sample.body_part == "KNEE":
        return _code("72696002", "SCT", "Knee")
    return _code("85562004", "SCT", "Hand")


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _display(ds: Dataset, sample: Sample, pixels: NDArray[np.uint16]) -> None:
    """Say which grey values matter: from just below the darkest percentile to just above the brightest."""
    low, high = (float(v) for v in np.percentile(pixels, (1, 99.8)))
    low, high = max(low - 60, 0), min(high + 60, MAX_VALUE)
    if sample.inverted:
        low, high = MAX_VALUE - high, MAX_VALUE - low
    if sample.display == "window":
        ds.WindowCenter, ds.WindowWidth = f"{(low + high) / 2:.0f}", f"{high - low:.0f}"
        ds.WindowCenterWidthExplanation = "HAND"
    elif sample.display == "lut":
        ds.VOILUTSequence = [_voi_lut(low, high)]


def _voi_lut(low: float, high: float) -> Dataset:
    """S-shaped table of 4096 entries of 12 bits (PS3.3 C.11.2)."""
    x = (np.arange(MAX_VALUE + 1) - (low + high) / 2) / (high - low)
    curve = 0.5 + 0.5 * np.tanh(2.2 * x) / np.tanh(1.1)
    item = Dataset()
    item.LUTDescriptor = [MAX_VALUE + 1, 0, 12]
    item.LUTExplanation = "HAND"
    item.LUTData = np.round(np.clip(curve, 0, 1) * MAX_VALUE).astype("<u2").tobytes()
    item["LUTData"].VR = "OW"
    return item


def _pixel_data(ds: FileDataset, sample: Sample, pixels: NDArray[np.uint16]) -> None:
    stored = (MAX_VALUE - pixels if sample.inverted else pixels).astype("<u2")
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME1" if sample.inverted else "MONOCHROME2"
    ds.Rows, ds.Columns = stored.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = stored.tobytes()
    ds["PixelData"].VR = "OW"
    if sample.transfer_syntax.is_compressed:
        ds.compress(sample.transfer_syntax, generate_instance_uid=False, encoding_plugin=_ENCODERS[sample.transfer_syntax])
