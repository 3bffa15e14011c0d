"""Write ``sample_dicom/``: synthetic hands as DX and CR objects, and what a reader is expected to make of each.

``python -m train.samples`` draws them again. Equal library versions give equal bytes: nothing here asks the clock or a random source.
"""

from __future__ import annotations

import json
import sys
import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from baa_node.bundle import default_bundle, load_bundle
from baa_node.core.assessment import Assessment
from baa_node.core.radiograph import Laterality, Sex
from baa_node.core.reading import read_bone_age
from train.phantom import draw_hand, draw_not_a_hand

FOLDER = Path(__file__).resolve().parent.parent / "sample_dicom"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "phantom.baa-node.invalid")
EXAMINED_ON = date(2026, 1, 15)
DAYS_PER_MONTH = 365.25 / 12
DOSE = 80.0
MAX_VALUE = 4095

DX, CR = DigitalXRayImageStorageForPresentation, ComputedRadiographyImageStorage


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One file of the folder.

    Attributes
    ----------
    bone_age_months
        Drawn bone age; None where no hand is drawn that could have one.
    age_months
        Chronological age on the day of the examination, to a day.
    inverted
        True for MONOCHROME1: bone is stored dark and shown bright.
    display
        What tells a viewer which values matter: ``window``, ``lut`` (VOI LUT) or ``none``.
    requested
        True when the image answers an order (Request Attributes Sequence).
    kind
        Kind of `draw_not_a_hand`, None for one hand.
    reasons
        Codes of the expected refusal; empty when the image is to be read.
    """

    name: str
    what: str
    sop_class: UID
    transfer_syntax: UID
    sex: Sex | None
    age_months: float
    seed: int
    patient_name: str
    bone_age_months: float | None = None
    laterality: Laterality | None = Laterality.LEFT
    height_px: int = 1000
    inverted: bool = False
    display: str = "window"
    requested: bool = False
    kind: str | None = None
    body_part: str = "HAND"
    reasons: tuple[str, ...] = ()

    @property
    def birth_date(self) -> date:
        """Day of birth that gives the chronological age."""
        return EXAMINED_ON - timedelta(days=round(self.age_months * DAYS_PER_MONTH))

    def uid(self, level: str) -> UID:
        """UID of this sample's ``patient``, ``study``, ``series`` or ``instance``: 2.25 and a name-based UUID (PS3.5 B.2)."""
        return UID(f"2.25.{uuid.uuid5(NAMESPACE, f'{level}/{self.name}').int}")


SAMPLES: tuple[Sample, ...] = (
    Sample(
        name="01_dx_girl_02y", what="infant hand; capitate, hamate, triquetrum and the distal radius have appeared", sop_class=DX,
        transfer_syntax=JPEG2000Lossless, sex=Sex.FEMALE, age_months=24, bone_age_months=24, seed=103, patient_name="PHANTOM^GIRL 02Y",
    ),
    Sample(
        name="02_cr_boy_04y", what="MONOCHROME1 without a presentation LUT shape; RLE", sop_class=CR, transfer_syntax=RLELossless,
        sex=Sex.MALE, age_months=50, bone_age_months=48, seed=202, patient_name="PHANTOM^BOY 04Y", inverted=True, height_px=800,
    ),
    Sample(
        name="03_dx_girl_08y_delayed", what="bone age two and a half years behind; MONOCHROME1, INVERSE; JPEG-LS", sop_class=DX,
        transfer_syntax=JPEGLSLossless, sex=Sex.FEMALE, age_months=102, bone_age_months=72, seed=304, patient_name="PHANTOM^GIRL 08Y",
        inverted=True, requested=True,
    ),
    Sample(
        name="04_cr_boy_08y_right", what="right hand; no window; uncompressed, implicit VR", sop_class=CR,
        transfer_syntax=ImplicitVRLittleEndian, sex=Sex.MALE, age_months=97, bone_age_months=96, seed=405,
        patient_name="PHANTOM^BOY 08Y", laterality=Laterality.RIGHT, display="none", height_px=800,
    ),
    Sample(
        name="05_dx_girl_07y_advanced", what="bone age three years ahead; VOI LUT instead of a window", sop_class=DX,
        transfer_syntax=JPEG2000Lossless, sex=Sex.FEMALE, age_months=90, bone_age_months=126, seed=501, patient_name="PHANTOM^GIRL 07Y",
        display="lut", requested=True,
    ),
    Sample(
        name="06_cr_boy_12y_utf8", what="patient name beyond ASCII (ISO_IR 192); right hand; JPEG-LS", sop_class=CR,
        transfer_syntax=JPEGLSLossless, sex=Sex.MALE, age_months=150, bone_age_months=144, seed=602,
        patient_name="PHANTÔM^JÜRGEN ŁUKASZ 12Y=幻影^少年", laterality=Laterality.RIGHT, requested=True,
    ),
    Sample(
        name="07_dx_girl_13y", what="first distal phalanges are fusing; larger frame", sop_class=DX, transfer_syntax=JPEG2000Lossless,
        sex=Sex.FEMALE, age_months=158, bone_age_months=156, seed=703, patient_name="PHANTOM^GIRL 13Y", height_px=1200,
    ),
    Sample(
        name="08_dx_boy_15y_delayed", what="bone age more than two years behind; JPEG-LS", sop_class=DX,
        transfer_syntax=JPEGLSLossless, sex=Sex.MALE, age_months=190, bone_age_months=162, seed=803,
        patient_name="PHANTOM^BOY 15Y", height_px=1000,
    ),
    Sample(
        name="09_cr_girl_15y", what="phalanges and metacarpals fused, radius open; MONOCHROME1; JPEG-LS", sop_class=CR,
        transfer_syntax=JPEGLSLossless, sex=Sex.FEMALE, age_months=184, bone_age_months=186, seed=904, patient_name="PHANTOM^GIRL 15Y",
        inverted=True,
    ),
    Sample(
        name="10_dx_boy_17y", what="nearly adult; only radius and ulna are still fusing", sop_class=DX, transfer_syntax=JPEG2000Lossless,
        sex=Sex.MALE, age_months=204, bone_age_months=204, seed=1002, patient_name="PHANTOM^BOY 17Y", requested=True,
    ),
    Sample(
        name="11_dx_no_sex", what="Patient's Sex is empty: read by the network that needs none, and marked so", sop_class=DX,
        transfer_syntax=JPEG2000Lossless, sex=None, age_months=120, bone_age_months=120, seed=1111, patient_name="PHANTOM^CHILD 10Y",
    ),
    Sample(
        name="12_dx_two_hands", what="must be refused: both hands in one image", sop_class=DX, transfer_syntax=JPEGLSLossless,
        sex=Sex.FEMALE, age_months=108, seed=1200, patient_name="PHANTOM^GIRL 09Y", laterality=None, kind="two_hands", height_px=800,
        reasons=("BAA102",),
    ),
    Sample(
        name="13_dx_knee", what="must be refused: a knee, and labelled so", sop_class=DX, transfer_syntax=JPEGLSLossless, sex=Sex.MALE,
        age_months=132, seed=1300, patient_name="PHANTOM^BOY 11Y", kind="foot_or_long_bone", body_part="KNEE", reasons=("BAA101",),
    ),
    Sample(
        name="14_cr_adult", what="must be refused: an adult of 35 years", sop_class=CR, transfer_syntax=JPEG2000Lossless, sex=Sex.FEMALE,
        age_months=420, bone_age_months=216, seed=1404, patient_name="PHANTOM^WOMAN 35Y", height_px=480, reasons=("BAA108",),
    ),
)  # fmt: skip


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


def write(folder: Path = FOLDER) -> list[Path]:
    """Write all samples, ``expected.json`` and ``README.md``; returns the DICOM files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for sample in SAMPLES:
        path = folder / f"{sample.name}.dcm"
        build(sample).save_as(path, enforce_file_format=True)
        paths.append(path)
    (folder / "expected.json").write_text(json.dumps(expected(), indent=2) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(_readme(), encoding="utf-8")
    return paths


def expected() -> dict[str, dict[str, Any]]:
    """Tell what a reader should make of each file; ``bone_age_months`` stays null until a bundle has read it."""
    return {f"{sample.name}.dcm": _expected(sample) for sample in SAMPLES}


def _expected(sample: Sample) -> dict[str, Any]:
    return {
        "sop_instance_uid": str(sample.uid("instance")),
        "kind": "refused" if sample.reasons else "assessed",
        "sex": sample.sex.value if sample.sex else None,
        "drawn_bone_age_months": sample.bone_age_months,
        "chronological_age_months": round((EXAMINED_ON - sample.birth_date).days / DAYS_PER_MONTH, 2),
        "bone_age_months": None,
        "reasons": list(sample.reasons),
    }


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


_ENCODERS: dict[UID, str] = {JPEG2000Lossless: "pylibjpeg", JPEGLSLossless: "pyjpegls", RLELossless: "pydicom"}


def _readme() -> str:
    rows = "\n".join(_row(sample) for sample in SAMPLES)
    return f"""# Synthetic hand radiographs

Drawn by `train/phantom`, written by `python -m train.samples`
(`python -m train.samples --note-readings` after a change of the shipped bundle). No patient, no image of a patient and no data of one went
into them: every name, identifier and date is invented, every bone is a polygon. They show a node the ways in which
modalities send a hand; they say nothing about how well a network reads children.

Every file is a complete DX (for presentation) or CR object with 12 bits stored in 16, checked with `dciodvfy`.
Quality Control Subject is YES and Image Comments names the drawn bone age.

| file | SOP class | transfer syntax | sex | age at examination | drawn bone age | what it is |
|---|---|---|---|---|---|---|
{rows}

`expected.json` holds for each file `sop_instance_uid`, `kind` (`assessed` or `refused`), `sex`, `drawn_bone_age_months`,
`chronological_age_months`, `reasons` (the codes of a refusal), and `bone_age_months`: what the shipped bundle reads. It is
noted to tell whether a node reads as it did, not whether it reads well.
"""


def _row(sample: Sample) -> str:
    kind = "DX" if sample.sop_class == DX else "CR"
    bone_age = "" if sample.bone_age_months is None else f"{sample.bone_age_months:g} months"
    sex = sample.sex.value if sample.sex else ""
    cells = (f"`{sample.name}.dcm`", kind, sample.transfer_syntax.name, sex, f"{sample.age_months:g} months", bone_age, sample.what)
    return f"| {' | '.join(cells)} |"


def note_readings(folder: Path = FOLDER) -> dict[str, float]:
    """Read the samples with the shipped bundle and note the values in ``expected.json``; returns them by file name.

    They say what this bundle reads, so that a node can be checked for reading the same; not that it reads well.
    """
    ensemble = load_bundle(default_bundle())
    known = expected()
    values = {}
    for name, entry in known.items():
        result = read_bone_age(pydicom.dcmread(folder / name), ensemble)
        if isinstance(result, Assessment):
            values[name] = entry["bone_age_months"] = round(result.estimate.bone_age_months, 1)
    (folder / "expected.json").write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
    return values


if __name__ == "__main__":
    if sys.argv[1:] != ["--note-readings"]:
        write()
    for file_name, months in note_readings().items():
        print(f"{file_name}  {months:.1f} months")
