"""Made-up sources and results for the tests of what goes back into a study."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import ComputedRadiographyImageStorage, DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

from baa_node.core.assessment import Assessment, AssessmentPolicy, Refusal, assess
from baa_node.core.calibration import calibrate
from baa_node.core.ensemble import BundleIdentity, Estimate
from baa_node.core.objects.header import Device
from baa_node.core.radiograph import Laterality, Radiograph, Sex
from baa_node.core.reasons import Reason
from baa_node.core.report import build_report
from tests.parts.calibrations import calibration
from tests.parts.coding import code
from tests.parts.dcmtk import dciodvfy_errors

WRITTEN_AT: Final = datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=UTC)
DEVICE: Final = Device(name="BAANODE1", uid="2.25.1234", manufacturer="Example hospital", serial="17", version="0.1.0")
RADIOGRAPH: Final = Radiograph(
    pixels=np.tile(np.linspace(0, 255, 400, dtype=np.uint8)[:, None], (1, 300)),
    sex=Sex.MALE,
    laterality=Laterality.LEFT,
    birth_date=date(2010, 1, 1),
    examined_on=date(2020, 1, 1),
    spacing_mm=None,
    lossy=False,
)
ESTIMATE: Final = Estimate(
    bone_age_months=110.04,
    interval_months=(95.1, 124.9),
    coverage=0.9,
    members={"vgg6-espinal": 109.0, "inceptionv4": 111.0},
    spread_months=1.414,
    saliency=np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8),
    crop=(-5, 0, 50, 30),
    sex_used="M",
    bundle=BundleIdentity(name="first", version="1.0.0", sha256="ab" * 32),
    provider="CPUExecutionProvider",
)
REFUSAL: Final = Refusal(
    reasons=(Reason.HAND_CUT_OFF, Reason.NO_HAND), detail="The hand touches the lower border.", cautions=("Look twice.",)
)


NAMES: Final = {
    "latin_1": ("ISO_IR 100", "Müller^Jörg"),
    "cyrillic": ("ISO_IR 144", "Люкceмбypг"),
    "japanese": (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    "korean": (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
    "chinese": ("GB18030", "Wang^XiaoDong=王^小东"),
    "unicode": ("ISO_IR 192", "Παπαδόπουλος^Γιώργος"),
}

DEFAULT_POLICY: Final = AssessmentPolicy()


WITHOUT_SEX: Final = replace(ESTIMATE, sex_used=None, by_sex={Sex.FEMALE: (96.2, 84.0, 108.4), Sex.MALE: (120.0, 105.5, 134.5)})
"""The same of a patient of unknown sex, with what either sex would be given."""


def assessment(months: float = 110.04, *, policy: AssessmentPolicy = DEFAULT_POLICY, **radiograph: Any) -> Assessment:
    """Result of an estimate with the usual interval around it; keywords change the radiograph."""
    estimate = replace(ESTIMATE, bone_age_months=months, interval_months=(months - 14.9, months + 14.9))
    return assess(replace(RADIOGRAPH, **radiograph), estimate, policy)


def results() -> Mapping[str, Assessment | Refusal]:
    """One result of each kind that reports differ by."""
    single = replace(ESTIMATE, members={"vgg6": 110.0}, spread_months=None)
    return {
        "normal": assessment(),
        "delayed": assessment(60.0),
        "advanced": assessment(180.0),
        "no_birth_date": assessment(birth_date=None),
        "no_sex": assess(replace(RADIOGRAPH, sex=None, laterality=None), WITHOUT_SEX),
        "adult": assessment(215.0, birth_date=date(1990, 1, 1)),
        "one_member": assess(RADIOGRAPH, single),
        "calibrated": assess(RADIOGRAPH, calibrate(ESTIMATE, calibration(ESTIMATE.bundle), Sex.MALE)),
        "not_attempted": REFUSAL,
        "failed": Refusal(reasons=(Reason.MEMBERS_DISAGREE,)),
        **{f"refused_{reason.code}": Refusal(reasons=(reason,)) for reason in Reason},
    }


def poor_cr() -> Dataset:
    """Hardly more than the UIDs: legal once, and still sent."""
    ds = Dataset()
    ds.SOPClassUID = ComputedRadiographyImageStorage
    ds.SOPInstanceUID, ds.SeriesInstanceUID, ds.StudyInstanceUID = "1.2.3.1", "1.2.3.3", "1.2.3.2"
    return ds


def full_dx() -> Dataset:
    """A header as a modality with a work list writes it."""
    ds = poor_cr()
    ds.SOPClassUID, ds.Modality = DigitalXRayImageStorageForPresentation, "DX"
    ds.PatientName, ds.PatientID, ds.IssuerOfPatientID = "Doe^Jane", "4711", "Example hospital"
    ds.PatientBirthDate, ds.PatientSex, ds.PatientAge = "20100101", "M", "010Y"
    ds.PatientWeight = "31.5"
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber = "20200101", "101112", "S1", "A1"
    ds.ReferringPhysicianName, ds.StudyDescription = "House^G", "Left hand"
    ds.Rows, ds.Columns, ds.InstanceNumber = 2000, 1500, 3
    ds.ImageLaterality, ds.PatientOrientation, ds.ImagerPixelSpacing = "L", ["L", "F"], [0.143, 0.144]
    ds.TimezoneOffsetFromUTC = "+0900"
    ds.Manufacturer, ds.ManufacturerModelName = "Maker", "Detector"
    ds.ProcedureCodeSequence = [code("37362-1", "LN", "XR Bone age")]
    ds.RequestAttributesSequence = [_request("R1"), _request("R2")]
    return ds


SOURCES: Final = {"poor_cr": poor_cr, "full_dx": full_dx}


def as_received(ds: Dataset) -> Dataset:
    """Data set after a way through bytes: nothing decoded yet, as it comes from a peer."""
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dcmread(io.BytesIO(as_bytes(ds)))


def as_bytes(ds: Dataset) -> bytes:
    buffer = io.BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def reported(source: Dataset, result: Assessment | Refusal, **options: Any) -> Dataset:
    """Report as a receiver reads it."""
    return as_received(build_report(source, result, DEVICE, written_at=WRITTEN_AT, **options))


def complaints(ds: Dataset, folder: Path) -> list[str]:
    """Errors that the validator finds in an object once it is written."""
    path = folder / f"{ds.SOPInstanceUID}.dcm"
    path.write_bytes(as_bytes(ds))
    return dciodvfy_errors(path)


def _request(number: str) -> Dataset:
    item = Dataset()
    item.RequestedProcedureID, item.ScheduledProcedureStepID = number, f"{number}-1"
    item.RequestedProcedureDescription = "Bone age"
    item.RequestedProcedureCodeSequence = [code("37362-1", "LN", "XR Bone age")]
    return item


def raw(ds: Dataset, keyword: str, vr: str, value: bytes) -> None:
    """Put bytes into a data set as a peer might send them, valid or not."""
    tag = Tag(keyword)
    ds[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True)


SHAPES: Final = [kind for kind in results() if not kind.startswith("refused_")]
"""Results that reports differ by in more than the reason for a refusal."""
