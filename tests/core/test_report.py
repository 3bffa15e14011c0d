"""The report as an object: conforming, readable by others, referring to what it is about, and the same each time."""

from __future__ import annotations

import io
import itertools
import subprocess
from pathlib import Path

import highdicom
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from baa_node.core import report as report_module
from baa_node.core.report import COMPREHENSIVE_3D_SR, COMPREHENSIVE_SR, build_report, restate_report
from baa_node.core.words import Language
from baa_node.core.words.sentences import sentences
from baa_node.errors import MissingAttribute
from tests.parts.programs import program
from tests.parts.report import IDENTIFIERS, evidence, items
from tests.parts.results import (
    DEVICE,
    NAMES,
    REFUSAL,
    SHAPES,
    SOURCES,
    WRITTEN_AT,
    as_bytes,
    as_received,
    assessment,
    complaints,
    full_dx,
    poor_cr,
    reported,
    results,
)

RESULTS = results()

CLASSES = (COMPREHENSIVE_3D_SR, COMPREHENSIVE_SR)


VARIANTS = [
    *itertools.product(SHAPES, SOURCES, (COMPREHENSIVE_3D_SR, COMPREHENSIVE_SR)),
    *((kind, "full_dx", COMPREHENSIVE_3D_SR) for kind in RESULTS if kind not in SHAPES),
]


@pytest.mark.parametrize(("kind", "name", "sop_class_uid"), VARIANTS)
def test_every_variant_conforms(tmp_path: Path, kind: str, name: str, sop_class_uid: str) -> None:
    report = build_report(
        as_received(SOURCES[name]()), RESULTS[kind], DEVICE, written_at=WRITTEN_AT, sop_class_uid=sop_class_uid, source_sha256="ef" * 32
    )
    assert complaints(report, tmp_path) == []


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", RESULTS)
def test_the_tree_is_packed_as_pydicom_writes_it(kind: str, language: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    def built() -> bytes:
        source = as_received(full_dx())
        return as_bytes(build_report(source, RESULTS[kind], DEVICE, written_at=WRITTEN_AT, source_sha256="ef" * 32, language=language))

    packed = built()
    monkeypatch.setattr(report_module, "encode_content", lambda document: None)
    assert packed == built()


def test_the_validator_would_complain(tmp_path: Path) -> None:
    report = reported(full_dx(), assessment())
    del report.CompletionFlag
    assert complaints(report, tmp_path)


@pytest.mark.parametrize("kind", ["normal", "not_attempted"])
@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("command", [("dsrdump", "+Pl"), ("dsr2html", "+U8")])
def test_toolkit_renders_it_without_complaint(tmp_path: Path, command: tuple[str, ...], name: str, kind: str) -> None:
    path = tmp_path / "report.dcm"
    path.write_bytes(as_bytes(build_report(SOURCES[name](), RESULTS[kind], DEVICE, written_at=WRITTEN_AT)))
    done = subprocess.run([program(command[0]), *command[1:], path], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert [line for line in done.stderr.splitlines() if line and "ISO_IR 192" not in line] == []
    assert sentences(RESULTS[kind]).conclusion.split("(")[0] in done.stdout


@pytest.mark.parametrize("kind", SHAPES)
def test_highdicom_reads_it_back(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "report.dcm"
    path.write_bytes(as_bytes(build_report(full_dx(), RESULTS[kind], DEVICE, written_at=WRITTEN_AT)))
    report = highdicom.sr.srread(path)
    assert isinstance(report, highdicom.sr.Comprehensive3DSR)
    (group,) = report.content.get_image_measurement_groups()
    assert group.tracking_identifier == "Bone age left hand"
    assert group.finding_type.value == "RDES14"
    assert [site.value.value for site in group.finding_sites] == ["85562004"]


def test_every_container_is_separate() -> None:
    report = reported(full_dx(), assessment())
    containers = [report, *(item for item in items(report) if item.ValueType == "CONTAINER")]
    assert len(containers) == 5
    assert {container.ContinuityOfContent for container in containers} == {"SEPARATE"}
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "1500"


@pytest.mark.parametrize("kind", ["normal", "not_attempted"])
def test_identity_evidence_and_status(kind: str) -> None:
    source = full_dx()
    report = reported(as_received(source), RESULTS[kind])
    assert {keyword: report.get(keyword) for keyword in IDENTIFIERS} == {keyword: source.get(keyword) for keyword in IDENTIFIERS}
    assert evidence(report) == [("1.2.3.2", "1.2.3.1")]
    assert (report.Modality, report.SeriesNumber, report.InstanceNumber) == ("SR", 7001, 3)
    assert (report.PreliminaryFlag, report.CompletionFlag, report.VerificationFlag) == ("PRELIMINARY", "COMPLETE", "UNVERIFIED")
    assert (report.Manufacturer, report.ManufacturerModelName, report.StationName) == ("Example hospital", "baa_node", "BAANODE1")
    assert report.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert report.CodingSchemeIdentificationSequence[0].CodingSchemeDesignator == "99BAANODE"


def test_each_order_becomes_a_referenced_request() -> None:
    requests = reported(full_dx(), assessment()).ReferencedRequestSequence
    assert [request.RequestedProcedureID for request in requests] == ["R1", "R2"]
    assert {request.AccessionNumber for request in requests} == {"A1"}
    assert requests[0].RequestedProcedureCodeSequence[0].CodeValue == "37362-1"
    assert "ReferencedRequestSequence" not in reported(poor_cr(), assessment())


def test_amended_report_names_its_predecessor(tmp_path: Path) -> None:
    first = reported(full_dx(), REFUSAL)
    second = reported(full_dx(), assessment(), revision=2, predecessor=first)
    study = second.PredecessorDocumentsSequence[0]
    reference = study.ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert (study.StudyInstanceUID, reference.ReferencedSOPInstanceUID) == (first.StudyInstanceUID, first.SOPInstanceUID)
    assert second.SOPInstanceUID != first.SOPInstanceUID
    assert second.SeriesInstanceUID == first.SeriesInstanceUID
    assert complaints(second, tmp_path) == []


@pytest.mark.parametrize("charset", NAMES)
def test_names_in_other_character_sets(tmp_path: Path, charset: str) -> None:
    source = full_dx()
    source.SpecificCharacterSet, source.PatientName = NAMES[charset]
    source.RequestAttributesSequence[0].RequestedProcedureDescription = NAMES[charset][1].split("=")[-1].replace("^", " ")
    built = build_report(as_received(source), assessment(), DEVICE, written_at=WRITTEN_AT)
    report = dcmread(io.BytesIO(as_bytes(built)))
    assert report.PatientName == NAMES[charset][1]
    assert (
        report.ReferencedRequestSequence[0].RequestedProcedureDescription
        == source.RequestAttributesSequence[0].RequestedProcedureDescription
    )
    assert complaints(built, tmp_path) == []


@pytest.mark.parametrize("kind", ["normal", "not_attempted"])
def test_equal_arguments_give_equal_bytes(kind: str) -> None:
    first, second = (as_bytes(build_report(full_dx(), RESULTS[kind], DEVICE, written_at=WRITTEN_AT)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("charset", ["latin_1", "japanese"])
@pytest.mark.parametrize("kind", ["normal", "not_attempted"])
def test_restated_is_as_reported(kind: str, charset: str) -> None:
    source = full_dx()
    source.SpecificCharacterSet, source.PatientName = NAMES[charset]
    common = {"source_sha256": "ab" * 32, "written_at": WRITTEN_AT}
    first, first_other = (build_report(source, RESULTS[kind], DEVICE, sop_class_uid=uid, **common) for uid in CLASSES)
    amended = {**common, "revision": 2}
    second = build_report(source, RESULTS[kind], DEVICE, predecessor=first, **amended)
    second_other = build_report(source, RESULTS[kind], DEVICE, sop_class_uid=COMPREHENSIVE_SR, predecessor=first_other, **amended)
    for report, other, options in ((first, first_other, {}), (second, second_other, {"revision": 2, "predecessor": first_other})):
        kept = as_bytes(report)
        for given in (report, dcmread(io.BytesIO(kept))):
            restated = restate_report(given, source, RESULTS[kind], DEVICE, sop_class_uid=COMPREHENSIVE_SR, **options)
            assert as_bytes(restated) == as_bytes(other)
            assert as_bytes(given) == kept


def test_patient_appears_nowhere_but_in_the_copied_header() -> None:
    source = full_dx()
    source.PatientName, source.PatientID, source.PatientBirthDate = "Wildgruber^Xaver", "PID-778899", "20100102"
    report = reported(source, assessment())
    text = str(Dataset({element.tag: element for element in report if element.keyword == "ContentSequence"}))
    assert "Conclusion" in text
    assert not any(secret in text for secret in ("Wildgruber", "778899", "20100102"))


def test_other_classes_and_images_without_uids_are_refused() -> None:
    with pytest.raises(ValueError, match="no report is built as"):
        build_report(full_dx(), assessment(), DEVICE, written_at=WRITTEN_AT, sop_class_uid="1.2.840.10008.5.1.4.1.1.88.11")
    source = poor_cr()
    del source.SOPInstanceUID
    with pytest.raises(MissingAttribute):
        build_report(source, assessment(), DEVICE, written_at=WRITTEN_AT)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_real_headers(tmp_path: Path, shared_data: Path) -> None:
    wrong = {}
    for path in sorted((shared_data / "dicom").glob("*.dcm")):
        try:
            report = build_report(dcmread(path, force=True), REFUSAL, DEVICE, written_at=WRITTEN_AT)
        except MissingAttribute:
            continue
        wrong[path.name] = complaints(report, tmp_path)
    assert len(wrong) >= 16
    assert {name: errors for name, errors in wrong.items() if errors} == {}
