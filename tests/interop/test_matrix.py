"""Three hundred files that differ in one thing each: what is made of each conforms, says what was computed, and names whose it is."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.datadict import dictionary_description, dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from baa_node.bundle import default_bundle, load_bundle
from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.comparison import Determination
from baa_node.core.ensemble import Ensemble, Member
from baa_node.core.objects.capture import build_capture
from baa_node.core.objects.document import build_document
from baa_node.core.reading import read_bone_age
from baa_node.core.report import COMPREHENSIVE_3D_SR, COMPREHENSIVE_SR, build_report
from tests.parts.dcmtk import dcmsend
from tests.parts.identity import COPIED, TYPE_2, differing
from tests.parts.matrix import CASES, texts, write
from tests.parts.node import Node
from tests.parts.orthanc import Orthanc
from tests.parts.programs import program
from tests.parts.report import BONE_AGE, LOWER_LIMIT, UPPER_LIMIT, named, number, reasons, values
from tests.parts.results import DEVICE, WRITTEN_AT, as_bytes

PICTURE = np.full((60, 80, 3), 40, np.uint8)
"""Stands for the picture of a result: what is drawn in it is tested elsewhere, here its header is."""

PAGE = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
"""Stands for the printed page in the same way."""

Result = Assessment | Refusal

OBJECTS: dict[str, Callable[[Dataset, Result], Dataset]] = {
    "sr3d": lambda source, result: build_report(source, result, DEVICE, written_at=WRITTEN_AT, sop_class_uid=COMPREHENSIVE_3D_SR),
    "sr": lambda source, result: build_report(source, result, DEVICE, written_at=WRITTEN_AT, sop_class_uid=COMPREHENSIVE_SR),
    "sc": lambda source, result: build_capture(source, PICTURE, result, DEVICE, written_at=WRITTEN_AT),
    "pdf": lambda source, result: build_document(source, PAGE, result, DEVICE, written_at=WRITTEN_AT),
}
"""What a node makes of one image, by name."""

REPORTS = ("sr3d", "sr")
PIXELS_DIFFER = ("bits_", "lut_", "padding_", "border_", "coding_")
"""Cases whose header is the plain one."""


COMPARED: dict[tuple[str, str], Callable[[Assessment], float | None]] = {
    ("RDE122", "RADELEMENT"): lambda result: _tenth(result.chronological_age_months),
    ("BAA004", "99BAANODE"): lambda result: _tenth(result.difference_months),
    ("121416", "DCM"): lambda result: result.z_score,
    ("RDE1734", "RADELEMENT"): lambda result: result.reference_sd_months,
    ("BAA005", "99BAANODE"): lambda result: result.estimate.spread_months,
}
"""Numbers beside the bone age, by their codes."""

DETERMINATION = ("RDE1733", "RADELEMENT")
VERDICTS = {
    Determination.DELAYED: "RDE1733.0",
    Determination.NORMAL: "RDE1733.1",
    Determination.ADVANCED: "RDE1733.2",
    Determination.INDETERMINATE: "RDE1733.3",
}


def _tenth(months: float | None) -> float | None:
    return None if months is None else round(months, 1)


@dataclass(frozen=True, kw_only=True)
class Walked:
    """One case after its walk through the core: the source, the result, and the files made of them."""

    source: Path
    result: Result
    files: dict[str, Path]

    def dataset(self, name: str) -> Dataset:
        return pydicom.dcmread(self.files[name])


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    """Networks of the shipped bundle, each asked once about the same input."""
    shipped = load_bundle(default_bundle(), providers=["CPUExecutionProvider"])
    return replace(shipped, members=tuple(replace(member, run=_remembered(member)) for member in shipped.members))


def _remembered(member: Member) -> Callable[..., tuple[NDArray[np.float32], NDArray[np.float32]]]:
    known: dict[bytes, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}

    def run(image: NDArray[np.uint8], sex: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        key = image.tobytes() + sex.tobytes()
        if key not in known:
            known[key] = member.run(image, sex)
        return known[key]

    return run


@pytest.fixture(scope="module")
def walk(ensemble: Ensemble, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Walked]:
    folder = tmp_path_factory.mktemp("matrix")
    numbers = {name: number for number, name in enumerate(CASES, start=1)}

    @cache
    def walked(name: str) -> Walked:
        case = CASES[name]
        source = write(case, numbers[name], folder / f"{name}.dcm")
        result = read_bone_age(pydicom.dcmread(source), ensemble)
        files = {kind: folder / f"{name}.{kind}.dcm" for kind in OBJECTS}
        for kind, build in OBJECTS.items():
            files[kind].write_bytes(as_bytes(build(pydicom.dcmread(source), result)))
        return Walked(source=source, result=result, files=files)

    return walked


@pytest.mark.parametrize("name", CASES)
def test_result_is_the_expected_one(walk: Callable[[str], Walked], name: str) -> None:
    case, result = CASES[name], walk(name).result
    if case.reason is not None:
        assert isinstance(result, Refusal)
        assert case.reason in {reason.code for reason in result.reasons}
        return
    assert isinstance(result, Assessment), result
    assert (None if result.laterality is None else result.laterality.value) == case.side
    if case.months_off is not None:
        alike = walk(case.like).result
        assert isinstance(alike, Assessment)
        assert result.estimate.bone_age_months == pytest.approx(alike.estimate.bone_age_months, abs=case.months_off + 1e-6)


@pytest.mark.parametrize("name", CASES)
def test_every_object_conforms(walk: Callable[[str], Walked], name: str) -> None:
    running = {kind: _validator(path) for kind, path in walk(name).files.items()}
    said = {kind: _errors(process.communicate(timeout=60)[0], CASES[name].inherits) for kind, process in running.items()}
    assert said == {kind: [] for kind in OBJECTS}


def _errors(text: str, inherited: tuple[str, ...]) -> list[str]:
    """Errors, but for those about an attribute that is copied with its fault."""
    tags = [f"(0x{tag >> 16:04x},0x{tag & 0xFFFF:04x})" for tag in map(tag_for_keyword, inherited) if tag is not None]
    known = [
        *tags,
        *(dictionary_description(keyword) for keyword in inherited),
        *(["Dicom dataset contains invalid data"] if inherited else []),
    ]
    return [line for line in text.splitlines() if line.startswith("Error") and not any(part in line for part in known)]


def _validator(path: Path) -> subprocess.Popen[str]:
    command = [program("dciodvfy"), str(path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")


@pytest.mark.parametrize("name", CASES)
def test_values_are_read_back_equal(walk: Callable[[str], Walked], name: str) -> None:
    walked = walk(name)
    for kind in REPORTS:
        report = walked.dataset(kind)
        if isinstance(walked.result, Refusal):
            assert reasons(report) == sorted(reason.code for reason in walked.result.reasons)
            assert number(report, BONE_AGE) is None
            continue
        estimate = walked.result.estimate
        told = [number(report, concept) for concept in (BONE_AGE, LOWER_LIMIT, UPPER_LIMIT)]
        assert told == [round(value, 1) for value in (estimate.bone_age_months, *estimate.interval_months)]
        assert _coded(report, "121032") == ([] if walked.result.sex is None else [walked.result.sex.value])
        assert _coded(report, "111027") == {"L": ["7771000"], "R": ["24028007"], None: []}[CASES[name].side]


@pytest.mark.parametrize("name", [name for name in CASES if not name.startswith(PIXELS_DIFFER)])
def test_the_comparison_is_read_back_equal(walk: Callable[[str], Walked], name: str) -> None:
    walked = walk(name)
    result = walked.result
    for kind in REPORTS:
        report = walked.dataset(kind)
        told = {concept: number(report, concept) for concept in COMPARED}
        if isinstance(result, Refusal):
            assert set(told.values()) == {None}
            continue
        assert told == {concept: None if (value := of(result)) is None else round(value, 2) for concept, of in COMPARED.items()}
        assert values(report, *DETERMINATION) == [VERDICTS[result.determination]]


def _coded(report: Dataset, concept: str) -> list[str]:
    return [str(found.ConceptCodeSequence[0].CodeValue) for found in named(report, (concept, "DCM"))]


@pytest.mark.parametrize("name", [name for name in CASES if not name.startswith(PIXELS_DIFFER)])
def test_another_library_finds_the_same_value_and_side(walk: Callable[[str], Walked], name: str) -> None:
    walked = walk(name)
    (group,) = highdicom.sr.srread(walked.files["sr3d"]).content.get_image_measurement_groups()
    (site,) = group.finding_sites
    side = None if site.laterality is None else site.laterality.value
    assert side == {"L": "7771000", "R": "24028007", None: None}[CASES[name].side]
    found = [one.value for one in group.get_measurements() if one.name.value == BONE_AGE[0]]
    assert found == ([] if isinstance(walked.result, Refusal) else [round(walked.result.estimate.bone_age_months, 1)])


@pytest.mark.parametrize("name", CASES)
def test_identifiers_are_those_of_the_source(walk: Callable[[str], Walked], name: str) -> None:
    walked = walk(name)
    expected = dict.fromkeys(OBJECTS, sorted(CASES[name].left_out))
    assert {kind: sorted(differing(walked.dataset(kind), pydicom.dcmread(walked.source))) for kind in OBJECTS} == expected


@pytest.mark.parametrize("name", [name for name in CASES if not name.startswith(PIXELS_DIFFER)])
def test_identifiers_of_plain_letters_are_copied_byte_for_byte(walk: Callable[[str], Walked], name: str) -> None:
    """As the files have them, undecoded; letters of another character set are other bytes in a report, which is in UTF-8."""
    walked = walk(name)
    source = {keyword: value for keyword, value in _stored(walked.source).items() if value.isascii() and b"\x1b" not in value}
    assert source.keys() >= {"StudyInstanceUID"}
    for kind, path in walked.files.items():
        copied = _stored(path)
        different = {keyword: copied.get(keyword) for keyword, value in source.items() if copied.get(keyword, b"") != value}
        assert different.keys() <= set(CASES[name].left_out), kind


def _stored(path: Path) -> dict[str, bytes]:
    ds = pydicom.dcmread(path, stop_before_pixels=True)
    raw = {keyword: ds.get_item(keyword) for keyword in COPIED if keyword in ds and dictionary_VR(keyword) != "SQ"}
    return {keyword: one.value or b"" for keyword, one in raw.items() if isinstance(one, RawDataElement)}


def test_the_matrix_is_as_wide_as_it_is_said_to_be() -> None:
    assert len(CASES) >= 300
    scripts = ("_japanese", "_korean", "_greek", "_arabic", "_utf8", "_chinese", "_cyrillic", "_thai", "_hebrew")
    kinds = ("charset_", "without_", "empty_", "issuer_", "uids_of_64", "bits_8_", "bits_16_", "coding_", "lut_", "padding_")
    for part in (*scripts, *kinds):
        assert any(part in name for name in CASES), part
    assert len({case.coding for case in CASES.values()}) >= 14


@pytest.mark.parametrize("key", [name for name in CASES if name.startswith("charset_")])
def test_the_name_is_the_one_that_was_meant(walk: Callable[[str], Walked], key: str) -> None:
    for kind in OBJECTS:
        assert str(walk(key).dataset(kind).PatientName).rstrip("=") == texts.name_of(key).rstrip("=")


THROUGH_THE_NODE = (
    *(name for name in CASES if name.startswith("charset_") and name.endswith("_everywhere")),
    "without_all_type_2",
    "issuer_everything_and_orders",
    "uids_of_64",
    "long_all",
    "extra_private_block",
    "date_acr_nema_points",
    "zone_+0545",
    "side_coded_right_dx",
    "dx_plain",
)
"""Sent to a real node, and read as a real archive shows them; Orthanc knows the character sets of the report, not of the source."""


@pytest.fixture(scope="module")
def sent(round_trip: tuple[Orthanc, Node], walk: Callable[[str], Walked]) -> dict[str, Walked]:
    walks = {name: walk(name) for name in THROUGH_THE_NODE}
    assert dcmsend(round_trip[1].port, *(walked.source for walked in walks.values())) == len(walks)
    return walks


@pytest.mark.parametrize("name", THROUGH_THE_NODE)
def test_the_archive_shows_the_identifiers_of_the_source(sent: dict[str, Walked], orthanc: Orthanc, name: str) -> None:
    source = pydicom.dcmread(sent[name].source)
    found = {"sr3d": orthanc.report_in(source.StudyInstanceUID, timeout_s=90), "sc": orthanc.capture_in(source.StudyInstanceUID)}
    assert {kind: differing(result, source) for kind, result in found.items()} == {"sr3d": [], "sc": []}
    for result in found.values():
        (identifier,) = orthanc.find(SOPInstanceUID=result.SOPInstanceUID)
        shown = orthanc.get(f"/instances/{identifier}/simplified-tags")
        for keyword in TYPE_2:
            assert str(shown[keyword]).strip() == str(source.get(keyword) or "").strip()
