"""One hand in every coding that DCMTK and the openjpeg plugin can write: all acknowledged, and the lossless ones read the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    ComputedRadiographyImageStorage,
    DeflatedExplicitVRLittleEndian,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from tests.parts.dcmtk import CODERS, recode, send_as_is
from tests.parts.images import copy_in_new_study
from tests.parts.line import Line
from tests.parts.node import Node
from tests.parts.orthanc import Orthanc
from tests.parts.report import bone_age_months, reasons

PROMISED = [
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    JPEG2000Lossless,
    JPEG2000,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    HTJ2K,
    RLELossless,
]
LOSSY = {"jpeg_baseline", "jpeg_extended", "jpegls_near"}


@dataclass(frozen=True, kw_only=True)
class Sent:
    study_uid: str
    acknowledged: bool


@pytest.fixture(scope="module")
def sent(round_trip: tuple[Orthanc, Node], hand: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sent]:
    """Send the same hand in every coding, each time as another study."""
    folder = tmp_path_factory.mktemp("codings")
    coders: dict[str, Callable[[Path, Path], Path]] = {name: _dcmtk(name) for name in CODERS}
    return {name: _send(round_trip[1], hand, folder, name, coder) for name, coder in {**coders, "jpeg2000_lossless": _jpeg2000}.items()}


def _dcmtk(coding: str) -> Callable[[Path, Path], Path]:
    return lambda source, target: recode(source, target, coding)


def _jpeg2000(source: Path, target: Path) -> Path:
    ds = pydicom.dcmread(source)
    ds.compress(JPEG2000Lossless, generate_instance_uid=False)
    ds.save_as(target)
    return target


def _send(node: Node, hand: Path, folder: Path, coding: str, coder: Callable[[Path, Path], Path]) -> Sent:
    plain = copy_in_new_study(hand, folder / f"{coding}.plain.dcm")
    coded = coder(plain, folder / f"{coding}.dcm")
    return Sent(
        study_uid=str(pydicom.dcmread(plain, stop_before_pixels=True).StudyInstanceUID), acknowledged=send_as_is(node.port, coded, coding)
    )


@pytest.mark.parametrize("sop_class", [ComputedRadiographyImageStorage, DigitalXRayImageStorageForPresentation], ids=["CR", "DX"])
@pytest.mark.parametrize("syntax", PROMISED, ids=[syntax.keyword for syntax in PROMISED])
def test_every_promised_syntax_is_accepted_alone(node: Node, sop_class: UID, syntax: UID) -> None:
    with Line(node.port, calling="ORTHANC", called=node.ae_title, sop_class=sop_class, syntax=syntax):
        pass  # refused contexts raise


@pytest.mark.parametrize("coding", [*CODERS, "jpeg2000_lossless"])
def test_each_coding_is_acknowledged_and_answered(sent: dict[str, Sent], orthanc: Orthanc, coding: str) -> None:
    assert sent[coding].acknowledged
    report = orthanc.report_in(sent[coding].study_uid, timeout_s=60)
    assert bone_age_months(report) is not None, reasons(report)


@pytest.mark.parametrize("coding", [name for name in [*CODERS, "jpeg2000_lossless"] if name not in LOSSY])
def test_lossless_codings_read_the_same(sent: dict[str, Sent], orthanc: Orthanc, coding: str) -> None:
    first = bone_age_months(orthanc.report_in(sent["explicit"].study_uid, timeout_s=60))
    again = bone_age_months(orthanc.report_in(sent[coding].study_uid, timeout_s=60))
    assert again == pytest.approx(first, abs=0.1)  # months; the pixels are equal bit for bit, so only rounding is forgiven


@pytest.mark.parametrize("coding", sorted(LOSSY))
def test_lossy_codings_read_nearly_the_same(sent: dict[str, Sent], orthanc: Orthanc, coding: str) -> None:
    first = bone_age_months(orthanc.report_in(sent["explicit"].study_uid, timeout_s=60))
    again = bone_age_months(orthanc.report_in(sent[coding].study_uid, timeout_s=60))
    assert again == pytest.approx(first, abs=6.0)  # months
