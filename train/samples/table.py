"""The table of synthetic samples: what each file shows, and what a reader is expected to make of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta

from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from baa_node.core.radiograph import Laterality, Sex

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "phantom.baa-node.invalid")
EXAMINED_ON = date(2026, 1, 15)
DAYS_PER_MONTH = 365.25 / 12

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
