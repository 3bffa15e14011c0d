"""What a report must hold and where it is: every line of the content tree, and every point a radiologist asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pydicom.dataset import Dataset

from baa_node.core.assessment import Assessment, AssessmentPolicy, Refusal, ZConvention, assess
from baa_node.core.radiograph import Laterality, Sex
from baa_node.core.reasons import Reason
from baa_node.core.report import build_report
from tests.parts.report import evidence, named, number
from tests.parts.results import DEVICE, ESTIMATE, RADIOGRAPH, WRITTEN_AT, as_received, full_dx

CM, CO, CA, C, IF = "HAS CONCEPT MOD", "HAS OBS CONTEXT", "HAS ACQ CONTEXT", "CONTAINS", "INFERRED FROM"
SOURCE = "1.2.3.1"
MEAN_CENTRED = assess(
    replace(RADIOGRAPH, sex=Sex.FEMALE, birth_date=date(2008, 5, 27), lossy=True),
    replace(ESTIMATE, bone_age_months=122.0, interval_months=(107.1, 136.9), sex_used="F"),
    AssessmentPolicy(convention=ZConvention.REFERENCE_MEAN),
)
REFUSED = Refusal(reasons=(Reason.NO_HAND, Reason.POOR_QUALITY), detail="no outline with fingers")
ANY = "any"

Line = tuple[str, str, str, Any]
GROUP = "126010/125007"
ENTRY = "111028/126200/260753009"

HEAD: list[Line] = [  # level by level: path of concept names, relationship, value type, value
    ("121049", CM, "CODE", "en"),
    ("121005", CO, "CODE", "121007"),
    ("121012", CO, "UIDREF", DEVICE.uid),
    ("121013", CO, "TEXT", DEVICE.name),
    ("121014", CO, "TEXT", DEVICE.manufacturer),
    ("121015", CO, "TEXT", "baa_node"),
    ("121016", CO, "TEXT", DEVICE.serial),
    ("121024", CO, "CODE", "121025"),
]
SUBJECT: list[Line] = [
    ("121032", CO, "CODE", "F"),
    ("121033", CO, "NUM", (139.2, "mo")),
]
LIBRARY: list[Line] = [
    ("121058", CM, "CODE", "37362-1"),
    ("111028", C, "CONTAINER", "SEPARATE"),
    ("111028/126200", C, "CONTAINER", "SEPARATE"),
    (ENTRY, C, "IMAGE", SOURCE),
    (f"{ENTRY}/121139", CA, "CODE", "DX"),
    (f"{ENTRY}/111060", CA, "DATE", "20200101"),
    (f"{ENTRY}/111027", CA, "CODE", "7771000"),
    (f"{ENTRY}/110910", CA, "NUM", (2000.0, "{pixels}")),
    (f"{ENTRY}/110911", CA, "NUM", (1500.0, "{pixels}")),
    (f"{ENTRY}/111044", CA, "TEXT", "L"),
    (f"{ENTRY}/111043", CA, "TEXT", "F"),
    (f"{ENTRY}/111026", CA, "NUM", (0.144, "mm")),
    (f"{ENTRY}/111066", CA, "NUM", (0.143, "mm")),
    ("126010", C, "CONTAINER", "SEPARATE"),
    (GROUP, C, "CONTAINER", "SEPARATE"),
    (f"{GROUP}/112039", CO, "TEXT", "Bone age left hand"),
    (f"{GROUP}/112040", CO, "UIDREF", ANY),
    (f"{GROUP}/121077", C, "TEXT", ANY),
    (f"{GROUP}/121071", C, "CODE", "RDES14"),
    (f"{GROUP}/363698007", CM, "CODE", "85562004"),
    (f"{GROUP}/363698007/272741003", CM, "CODE", "7771000"),
]
VALUES: list[Line] = [
    (f"{GROUP}/111001", CM, "TEXT", "first"),
    (f"{GROUP}/111003", CM, "TEXT", "1.0.0"),
    (f"{GROUP}/111002", CM, "TEXT", "sex=F"),
    (f"{GROUP}/111002", CM, "TEXT", "members=vgg6-espinal 109.0 mo, inceptionv4 111.0 mo"),
    (f"{GROUP}/111002", CM, "TEXT", "provider=CPUExecutionProvider"),
    (f"{GROUP}/111002", CM, "TEXT", f"model_sha256={'ab' * 32}"),
    (f"{GROUP}/111002", CM, "TEXT", "software=baa_node 0.1.0"),
    (f"{GROUP}/111002", CM, "TEXT", f"source_sha256={'ef' * 32}"),
    (f"{GROUP}/111000", CM, "CODE", "123110"),
    (f"{GROUP}/85151-9", C, "NUM", (122.0, "mo")),
    (f"{GROUP}/85151-9/370129005", CM, "CODE", "252956001"),
    (f"{GROUP}/85151-9/121112", IF, "IMAGE", SOURCE),
    (f"{GROUP}/BAA001", C, "NUM", (107.1, "mo")),
    (f"{GROUP}/BAA002", C, "NUM", (136.9, "mo")),
    (f"{GROUP}/BAA003", C, "NUM", (90.0, "%")),
    (f"{GROUP}/BAA005", C, "NUM", (1.41, "mo")),
    (f"{GROUP}/RDE122", C, "NUM", (139.2, "mo")),
    (f"{GROUP}/BAA004", C, "NUM", (-17.2, "mo")),
    (f"{GROUP}/RDE1732", C, "NUM", (144.9, "mo")),
    (f"{GROUP}/RDE1734", C, "NUM", (10.92, "mo")),
    (f"{GROUP}/121416", C, "NUM", (-2.1, "1")),
    (f"{GROUP}/111065", C, "CODE", "111222"),
    (f"{GROUP}/RDE1733", C, "CODE", "RDE1733.0"),
    (f"{GROUP}/121402", C, "CODE", "371880002"),
    (f"{GROUP}/121406", C, "TEXT", ANY),
    (f"{GROUP}/121106", C, "TEXT", ANY),  # borderline
    (f"{GROUP}/121106", C, "TEXT", ANY),  # lossy
    (f"{GROUP}/121106", C, "TEXT", ANY),  # replaces
    (f"{GROUP}/121106", C, "TEXT", ANY),  # disclaimer
]
REASONS: list[Line] = [
    (f"{GROUP}/111001", CM, "TEXT", "baa_node"),
    (f"{GROUP}/111003", CM, "TEXT", "0.1.0"),
    (f"{GROUP}/111002", CM, "TEXT", "software=baa_node 0.1.0"),
    (f"{GROUP}/111002", CM, "TEXT", f"source_sha256={'ef' * 32}"),
    (f"{GROUP}/111000", CM, "CODE", "123110"),
    (f"{GROUP}/111065", C, "CODE", "111225"),
    (f"{GROUP}/BAA010", C, "CODE", "BAA101"),
    (f"{GROUP}/BAA010", C, "CODE", "BAA105"),
    (f"{GROUP}/121106", C, "TEXT", "No value was computed by software. Assess the image by hand."),
    (f"{GROUP}/121106", C, "TEXT", "no outline with fingers"),
    (f"{GROUP}/121106/121049", CM, "CODE", "en"),
    (f"{GROUP}/121106", C, "TEXT", ANY),  # replaces
    (f"{GROUP}/121106", C, "TEXT", ANY),  # disclaimer
]


def built(result: Assessment | Refusal, **options: Any) -> Dataset:
    return as_received(build_report(full_dx(), result, DEVICE, written_at=WRITTEN_AT, source_sha256="ef" * 32, **options))


FIRST = built(REFUSED)


def lines(node: Dataset, path: str = "") -> Iterator[Line]:
    """Content items depth first, in the order of the document."""
    for item in node.get("ContentSequence", []):
        here = f"{path}/{item.ConceptNameCodeSequence[0].CodeValue}".lstrip("/")
        yield here, str(item.RelationshipType), str(item.ValueType), value(item)
        yield from lines(item, here)


def value(item: Dataset) -> Any:
    if item.ValueType == "NUM":
        measured = item.MeasuredValueSequence[0]
        return float(measured.NumericValue), str(measured.MeasurementUnitsCodeSequence[0].CodeValue)
    if item.ValueType == "CODE":
        return str(item.ConceptCodeSequence[0].CodeValue)
    if item.ValueType == "IMAGE":
        return str(item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
    keyword = {"TEXT": "TextValue", "UIDREF": "UID", "DATE": "Date", "CONTAINER": "ContinuityOfContent"}[item.ValueType]
    return str(item[keyword].value)


@pytest.mark.parametrize(
    ("result", "demanded"),
    [
        (MEAN_CENTRED, [*HEAD, *SUBJECT, *LIBRARY, *VALUES]),
        (REFUSED, [*HEAD, *LIBRARY, *REASONS]),
    ],
    ids=["assessed", "refused"],
)
def test_the_tree_line_by_line(result: Assessment | Refusal, demanded: list[Line]) -> None:
    found = list(lines(built(result, predecessor=FIRST, revision=2)))
    assert [line[:3] for line in found] == [line[:3] for line in demanded]
    differing = [(said, wanted) for (*_, said), (*_, wanted) in zip(found, demanded, strict=True) if wanted not in {ANY, said}]
    assert differing == []
    assert all(line[3] for line in found)


def text(report: Dataset, code: str) -> list[str]:
    return [str(item.TextValue) for item in named(report, (code, "DCM"))]


def conclusion(report: Dataset) -> str:
    return text(report, "121077")[0]


def comments(**radiograph: Any) -> str:
    return "\n".join(text(built(assess(replace(RADIOGRAPH, **radiograph), ESTIMATE)), "121106"))


PLAIN = built(assess(RADIOGRAPH, ESTIMATE))
ASKED: dict[str, Callable[[], bool]] = {
    "bone age in months": lambda: number(PLAIN, ("85151-9", "LN")) == 110.0,
    "bone age in years and months": lambda: "9 years 2 months (110.0 mo" in conclusion(PLAIN),
    "chronological age": lambda: number(PLAIN, ("RDE122", "RADELEMENT")) == 120.0 and "10 years 0 months (120.0 mo)" in conclusion(PLAIN),
    "difference": lambda: number(PLAIN, ("BAA004", "99BAANODE")) == -9.9,
    "z-score": lambda: number(PLAIN, ("121416", "DCM")) == -1.02 and "z-score -1.0" in conclusion(PLAIN),
    "named reference table": lambda: "Brush Foundation study" in text(PLAIN, "121406")[0],
    "sex of the reference": lambda: "; boys, 10 years 0 months:" in text(PLAIN, "121406")[0],
    "mean and SD of the reference at this age": lambda: "mean 125.7 mo, SD 9.79 mo" in text(PLAIN, "121406")[0],
    "90 % interval": lambda: "90 % prediction interval 95.1 to 124.9 mo" in conclusion(PLAIN),
    "qualitative finding": lambda: "within 2 SD of the reference" in conclusion(PLAIN),
    "sex used": lambda: "sex=M" in text(PLAIN, "111002") and ", male;" in conclusion(PLAIN),
    "side": lambda: [value(item) for item in named(PLAIN, ("272741003", "SCT"))] == ["7771000"],
    "members' values": lambda: "members=vgg6-espinal 109.0 mo, inceptionv4 111.0 mo" in text(PLAIN, "111002"),
    "their spread": lambda: number(PLAIN, ("BAA005", "99BAANODE")) == 1.41,
    "bundle and its version": lambda: text(PLAIN, "111001") + text(PLAIN, "111003") == ["first", "1.0.0"],
    "digest of the bundle": lambda: f"model_sha256={'ab' * 32}" in text(PLAIN, "111002"),
    "provider, CPU": lambda: "provider=CPUExecutionProvider" in text(PLAIN, "111002"),
    "provider, CUDA": lambda: (
        "provider=CUDAExecutionProvider" in text(built(assess(RADIOGRAPH, replace(ESTIMATE, provider="CUDAExecutionProvider"))), "111002")
    ),
    "source image": lambda: [value(item) for item in named(PLAIN, ("121112", "DCM"))] == [SOURCE],
    "evidence": lambda: evidence(PLAIN) == [("1.2.3.2", SOURCE)],
    "warning of a right hand": lambda: "Right hand" in comments(laterality=Laterality.RIGHT),
    "warning of a missing birth date": lambda: "No birth date" in comments(birth_date=None),
    "warning of an age outside the reference": lambda: "outside the reference table" in comments(birth_date=date(2002, 1, 1)),
    "warning of low image quality, few pixels": lambda: "Low image quality" in comments(pixels=RADIOGRAPH.pixels[:, :220]),
    "warning of low image quality, little contrast": lambda: "Low image quality" in comments(pixels=RADIOGRAPH.pixels // 16 + 60),
    "warning of disagreement": lambda: (
        "networks differ more than usual" in text(built(assess(RADIOGRAPH, replace(ESTIMATE, spread_months=20.0))), "121106")[0]
    ),
    "no warning without cause": lambda: len(text(PLAIN, "121106")) == 1,
    "an amended report says so": lambda: (
        "replaces an earlier report" in text(built(assess(RADIOGRAPH, ESTIMATE), predecessor=FIRST, revision=2), "121106")[0]
    ),
    "a refusal names no bone age": lambda: number(FIRST, ("85151-9", "LN")) is None,
    "a refusal says why": lambda: conclusion(FIRST).startswith("Bone age was NOT estimated. No hand was found in the image."),
}


@pytest.mark.parametrize("asked", ASKED)
def test_what_is_asked_for_is_there(asked: str) -> None:
    assert ASKED[asked]()
