from __future__ import annotations

import io
import itertools
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import highdicom
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from baa_node.core.assessment import Assessment, AssessmentPolicy, Refusal, ZConvention
from baa_node.core.codes import Reason
from baa_node.core.priors.history import Earlier
from baa_node.core.radiograph import Laterality, Sex
from baa_node.core.report import COMPREHENSIVE_3D_SR, COMPREHENSIVE_SR, build_report, restate_report
from baa_node.core.words.sentences import sentences
from baa_node.errors import MissingAttribute
from tests.parts.programs import program
from tests.parts.report import IDENTIFIERS, evidence, items, named, number, reasons
from tests.parts.results import (
    DEVICE,
    ESTIMATE,
    NAMES,
    REFUSAL,
    WRITTEN_AT,
    as_bytes,
    as_received,
    assessment,
    full_dx,
    poor_cr,
    raw,
    results,
)

SOURCES = {"poor_cr": poor_cr, "full_dx": full_dx}
RESULTS = results()
CLASSES = (COMPREHENSIVE_3D_SR, COMPREHENSIVE_SR)
SHAPES = [kind for kind in RESULTS if not kind.startswith("refused_")]
VARIANTS = [
    *itertools.product(SHAPES, SOURCES, (COMPREHENSIVE_3D_SR, COMPREHENSIVE_SR)),
    *((kind, "full_dx", COMPREHENSIVE_3D_SR) for kind in RESULTS if kind not in SHAPES),
]


def built(source: Dataset, result: Assessment | Refusal, **options: object) -> Dataset:
    """Report as a receiver reads it."""
    return as_received(build_report(source, result, DEVICE, written_at=WRITTEN_AT, **options))


def values(report: Dataset, code: str, scheme: str = "DCM") -> list[str]:
    """Text, UID, or coded value of each item of that name."""
    found = []
    for item in named(report, (code, scheme)):
        coded = item.get("ConceptCodeSequence")
        found.append(str(item.get("TextValue") or item.get("UID") or item.get("Date") or (coded[0].CodeValue if coded else "")))
    return found


def complaints(path: Path) -> list[str]:
    """Errors that the validator finds in a file; it says them on either stream."""
    done = subprocess.run([program("dciodvfy"), path], capture_output=True, text=True, check=False)
    return [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("Error")]


@pytest.mark.parametrize(("kind", "name", "sop_class_uid"), VARIANTS)
def test_every_variant_conforms(tmp_path: Path, kind: str, name: str, sop_class_uid: str) -> None:
    path = tmp_path / "report.dcm"
    report = build_report(
        as_received(SOURCES[name]()), RESULTS[kind], DEVICE, written_at=WRITTEN_AT, sop_class_uid=sop_class_uid, source_sha256="ef" * 32
    )
    report.save_as(path, enforce_file_format=True)
    assert complaints(path) == []


def test_the_validator_would_complain(tmp_path: Path) -> None:
    report = built(full_dx(), assessment())
    del report.CompletionFlag
    report.save_as(tmp_path / "broken.dcm", enforce_file_format=True)
    assert complaints(tmp_path / "broken.dcm")


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


def test_numbers_of_a_result() -> None:
    report = built(full_dx(), assessment())
    assert number(report, ("85151-9", "LN")) == 110.0
    assert [number(report, (f"BAA00{n}", "99BAANODE")) for n in (1, 2, 3, 4, 5)] == [95.1, 124.9, 90.0, -9.9, 1.41]
    assert number(report, ("RDE122", "RADELEMENT")) == 120.0
    assert number(report, ("RDE1734", "RADELEMENT")) == 9.79
    assert number(report, ("121416", "DCM")) == -1.02
    assert number(report, ("121033", "DCM")) == 120.0
    assert values(report, "RDE1733", "RADELEMENT") == ["RDE1733.1"]
    assert values(report, "121402") == ["17621005"]
    assert values(report, "111065") == ["111222"]
    units = {item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue for item in items(report) if item.ValueType == "NUM"}
    assert units == {"mo", "%", "1", "mm", "{pixels}"}
    assert all(len(str(item.MeasuredValueSequence[0].NumericValue)) <= 16 for item in items(report) if item.ValueType == "NUM")


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        ("delayed", ["RDE1733.0", "371880002"]),
        ("normal", ["RDE1733.1", "17621005"]),
        ("advanced", ["RDE1733.2", "371879000"]),
        ("adult", ["RDE1733.3", "371934000"]),
        ("no_birth_date", ["RDE1733.3", "371934000"]),
    ],
)
def test_determination_is_coded(kind: str, answers: list[str]) -> None:
    report = built(full_dx(), RESULTS[kind])
    assert values(report, "RDE1733", "RADELEMENT") + values(report, "121402") == answers


def test_reference_mean_is_written_only_where_the_band_is_centred_on_it() -> None:
    by_mean = assessment(policy=AssessmentPolicy(convention=ZConvention.REFERENCE_MEAN))
    assert number(built(full_dx(), assessment()), ("RDE1732", "RADELEMENT")) is None
    report = built(full_dx(), by_mean)
    assert number(report, ("RDE1732", "RADELEMENT")) == 125.7
    assert "reference mean" in values(report, "121406")[0]


@pytest.mark.parametrize(
    ("kind", "absent"),
    [
        ("no_birth_date", ["RDE122", "RDE1734", "121416", "121033", "BAA004", "121406"]),
        ("no_sex", ["121032", "RDE1734", "121416", "121406"]),
        ("adult", ["RDE1734", "121416", "121406"]),
        ("one_member", ["BAA005"]),
    ],
)
def test_what_is_unknown_is_left_out(kind: str, absent: list[str]) -> None:
    report = built(full_dx(), RESULTS[kind])
    names = {item.ConceptNameCodeSequence[0].CodeValue for item in items(report)}
    assert names.isdisjoint(absent)
    assert number(report, ("85151-9", "LN")) is not None


def test_bone_age_names_method_equivalent_and_image() -> None:
    (bone_age,) = named(built(full_dx(), assessment()), ("85151-9", "LN"))
    assert bone_age.ConceptNameCodeSequence[0].EquivalentCodeSequence[0].CodeValue == "RDE123"
    method, image = bone_age.ContentSequence
    assert method.ConceptCodeSequence[0].CodeValue == "252956001"
    assert (image.RelationshipType, image.ReferencedSOPSequence[0].ReferencedSOPInstanceUID) == ("INFERRED FROM", "1.2.3.1")


@pytest.mark.parametrize("reason", list(Reason))
def test_refusal_is_coded_and_holds_no_number(reason: Reason) -> None:
    report = built(full_dx(), Refusal(reasons=(reason, Reason.NO_HAND)))
    assert reasons(report) == sorted([reason.code, "BAA101"])
    assert not any(item.ValueType == "NUM" for item in items(report) if item.RelationshipType == "CONTAINS")
    assert values(report, "111065") == ["111224" if reason.attempted else "111225"]
    equivalent = named(report, ("BAA010", "99BAANODE"))[0].ConceptCodeSequence[0].get("EquivalentCodeSequence")
    assert (equivalent[0].CodeValue if equivalent else None) == reason.equivalent
    assert values(report, "121077")[0].startswith("Bone age was NOT estimated. ")
    assert "Assess the image by hand" in values(report, "121106")[0]


def test_comments_end_with_the_disclaimer() -> None:
    comments = values(built(full_dx(), REFUSAL), "121106")
    disclaimer = sentences(REFUSAL).disclaimer
    assert comments[1:] == [REFUSAL.detail, *REFUSAL.cautions, disclaimer]
    lossy = assessment(lossy=True)
    assert values(built(full_dx(), lossy), "121106") == [*sentences(lossy).cautions, disclaimer]
    assert "not for diagnosis" in disclaimer
    assert "non-commercial research" in disclaimer


@pytest.mark.parametrize("kind", SHAPES)
def test_the_sentence_for_people_comes_first_and_all_text_is_ascii(kind: str) -> None:
    result = RESULTS[kind]
    if isinstance(result, Assessment):
        bundle = replace(result.estimate.bundle, name="Erste Bündel")
        result = replace(result, estimate=replace(result.estimate, bundle=bundle))
    (group,) = named(built(full_dx(), result), ("125007", "DCM"))
    contained = [item for item in group.ContentSequence if item.RelationshipType == "CONTAINS"]
    assert contained[0].ConceptNameCodeSequence[0].CodeMeaning == "Conclusion"
    assert contained[-1].TextValue == sentences(result).disclaimer
    assert all(str(item.get("TextValue", "")).isascii() for item in items(group))


def test_every_container_is_separate() -> None:
    report = built(full_dx(), assessment())
    containers = [report, *(item for item in items(report) if item.ValueType == "CONTAINER")]
    assert len(containers) == 5
    assert {container.ContinuityOfContent for container in containers} == {"SEPARATE"}
    assert report.ContentTemplateSequence[0].TemplateIdentifier == "1500"


def test_weights_and_their_inputs_are_named() -> None:
    report = built(full_dx(), assessment(), source_sha256="ef" * 32)
    assert values(report, "111001") == ["first"]
    assert values(report, "111003") == ["1.0.0"]
    assert values(report, "111002") == [
        "sex=M",
        "members=vgg6-espinal 109.0 mo, inceptionv4 111.0 mo",
        "provider=CPUExecutionProvider",
        f"model_sha256={'ab' * 32}",
        "software=baa_node 0.1.0",
        f"source_sha256={'ef' * 32}",
    ]


def test_observer_subject_and_image_library() -> None:
    report = built(full_dx(), assessment())
    assert [values(report, code) for code in ("121012", "121013", "121014", "121015", "121016")] == [
        [DEVICE.uid],
        ["BAANODE1"],
        ["Example hospital"],
        ["baa_node"],
        ["17"],
    ]
    assert values(report, "121032") == ["M"]
    assert [values(report, code)[0] for code in ("121139", "111060", "111027", "111044", "111043")] == [
        "DX",
        "20200101",
        "7771000",
        "L",
        "F",
    ]
    assert [number(report, (code, "DCM")) for code in ("110910", "110911", "111026", "111066")] == [2000, 1500, 0.144, 0.143]


def test_poor_header_gives_an_image_library_without_descriptors() -> None:
    report = built(poor_cr(), assessment())
    (image,) = named(report, ("260753009", "SCT"))
    assert "ContentSequence" not in image
    assert [item.ConceptCodeSequence[0].CodeValue for item in named(report, ("272741003", "SCT"))] == []
    assert values(report, "112039") == ["Bone age hand"]


@pytest.mark.parametrize("spacing", [["0", "0.1"], ["-1", "1"], ["0.1"]])
def test_impossible_spacing_is_left_out(spacing: list[str]) -> None:
    source = poor_cr()
    source.PixelSpacing = spacing
    assert number(built(source, assessment()), ("111026", "DCM")) is None


@pytest.mark.parametrize("kind", ["normal", "not_attempted"])
def test_identity_evidence_and_status(kind: str) -> None:
    source = full_dx()
    report = built(as_received(source), RESULTS[kind])
    assert {keyword: report.get(keyword) for keyword in IDENTIFIERS} == {keyword: source.get(keyword) for keyword in IDENTIFIERS}
    assert evidence(report) == [("1.2.3.2", "1.2.3.1")]
    assert (report.Modality, report.SeriesNumber, report.InstanceNumber) == ("SR", 7001, 3)
    assert (report.PreliminaryFlag, report.CompletionFlag, report.VerificationFlag) == ("PRELIMINARY", "COMPLETE", "UNVERIFIED")
    assert (report.Manufacturer, report.ManufacturerModelName, report.StationName) == ("Example hospital", "baa_node", "BAANODE1")
    assert report.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert report.CodingSchemeIdentificationSequence[0].CodingSchemeDesignator == "99BAANODE"


def test_each_order_becomes_a_referenced_request() -> None:
    requests = built(full_dx(), assessment()).ReferencedRequestSequence
    assert [request.RequestedProcedureID for request in requests] == ["R1", "R2"]
    assert {request.AccessionNumber for request in requests} == {"A1"}
    assert requests[0].RequestedProcedureCodeSequence[0].CodeValue == "37362-1"
    assert "ReferencedRequestSequence" not in built(poor_cr(), assessment())


def test_amended_report_names_its_predecessor(tmp_path: Path) -> None:
    first = built(full_dx(), REFUSAL)
    second = built(full_dx(), assessment(), revision=2, predecessor=first)
    study = second.PredecessorDocumentsSequence[0]
    reference = study.ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert (study.StudyInstanceUID, reference.ReferencedSOPInstanceUID) == (first.StudyInstanceUID, first.SOPInstanceUID)
    assert second.SOPInstanceUID != first.SOPInstanceUID
    assert second.SeriesInstanceUID == first.SeriesInstanceUID
    second.save_as(tmp_path / "second.dcm")
    assert complaints(tmp_path / "second.dcm") == []


@pytest.mark.parametrize("charset", NAMES)
def test_names_in_other_character_sets(tmp_path: Path, charset: str) -> None:
    source = full_dx()
    source.SpecificCharacterSet, source.PatientName = NAMES[charset]
    source.RequestAttributesSequence[0].RequestedProcedureDescription = NAMES[charset][1].split("=")[-1].replace("^", " ")
    path = tmp_path / "report.dcm"
    path.write_bytes(as_bytes(build_report(as_received(source), assessment(), DEVICE, written_at=WRITTEN_AT)))
    report = dcmread(path)
    assert report.PatientName == NAMES[charset][1]
    assert (
        report.ReferencedRequestSequence[0].RequestedProcedureDescription
        == source.RequestAttributesSequence[0].RequestedProcedureDescription
    )
    assert complaints(path) == []


@pytest.mark.parametrize("kind", ["normal", "not_attempted"])
def test_equal_arguments_give_equal_bytes(kind: str) -> None:
    first, second = (as_bytes(build_report(full_dx(), RESULTS[kind], DEVICE, written_at=WRITTEN_AT)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("charset", ["latin_1", "japanese"])
@pytest.mark.parametrize("kind", ["normal", "not_attempted"])
def test_restated_is_as_built(kind: str, charset: str) -> None:
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
    report = built(source, assessment())
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


def test_estimate_without_members_names_is_reported() -> None:
    result = replace(assessment(), estimate=replace(ESTIMATE, members={}))
    assert number(built(full_dx(), result), ("85151-9", "LN")) == 110.0


@pytest.mark.parametrize(("written", "coded"), [("1997.04.24", ["19970424"]), ("19970424", ["19970424"]), ("spring", []), ("", [])])
@pytest.mark.filterwarnings("ignore:Invalid value")
def test_study_date_in_the_image_library(written: str, coded: list[str]) -> None:
    source = poor_cr()
    raw(source, "StudyDate", "DA", written.encode())
    assert values(built(source, assessment()), "111060") == coded


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_real_headers(tmp_path: Path, shared_data: Path) -> None:
    wrong = {}
    for path in sorted((shared_data / "dicom").glob("*.dcm")):
        try:
            report = build_report(dcmread(path, force=True), REFUSAL, DEVICE, written_at=WRITTEN_AT)
        except MissingAttribute:
            continue
        report.save_as(tmp_path / path.name, enforce_file_format=True)
        wrong[path.name] = complaints(tmp_path / path.name)
    assert len(wrong) >= 16
    assert {name: errors for name, errors in wrong.items() if errors} == {}


PRIOR = Earlier(
    examined_on=date(2019, 1, 1),
    bone_age_months=98.0,
    chronological_age_months=108.0,
    sex=Sex.MALE,
    laterality=Laterality.LEFT,
    source="first 1.0.0",
    study_instance_uid="2.25.31",
    series_instance_uid="2.25.32",
    sop_class_uid=COMPREHENSIVE_3D_SR,
    sop_instance_uid="2.25.33",
)
HEARSAY = replace(PRIOR, examined_on=date(2018, 1, 1), bone_age_months=86.0, series_instance_uid="", study_instance_uid="2.25.41")


@pytest.mark.parametrize("sop_class_uid", [COMPREHENSIVE_3D_SR, COMPREHENSIVE_SR])
@pytest.mark.parametrize("kind", ["normal", "not_attempted"])
def test_earlier_assessments_are_told_and_named_as_evidence(tmp_path: Path, kind: str, sop_class_uid: str) -> None:
    report = build_report(full_dx(), RESULTS[kind], DEVICE, written_at=WRITTEN_AT, sop_class_uid=sop_class_uid, earlier=[HEARSAY, PRIOR])
    (study,) = report.PertinentOtherEvidenceSequence
    (series,) = study.ReferencedSeriesSequence
    (named_report,) = series.ReferencedSOPSequence
    assert (study.StudyInstanceUID, series.SeriesInstanceUID) == ("2.25.31", "2.25.32")
    assert (named_report.ReferencedSOPClassUID, named_report.ReferencedSOPInstanceUID) == (COMPREHENSIVE_3D_SR, "2.25.33")
    assert len(report.CurrentRequestedProcedureEvidenceSequence) == 1
    told = [line for line in values(report, "121106") if line.startswith("Earlier")]
    assert told == [
        "Earlier: 2019-01-01, bone age 98.0 mo at 108.0 mo (first 1.0.0).",
        "Earlier: 2018-01-01, bone age 86.0 mo at 108.0 mo (first 1.0.0).",
    ]
    path = tmp_path / "report.dcm"
    report.save_as(path, enforce_file_format=True)
    assert complaints(path) == []


def test_the_velocity_is_coded_and_inferred_from_the_earlier_report() -> None:
    report = built(full_dx(), RESULTS["normal"], earlier=[PRIOR])
    (velocity,) = named(report, ("BAA006", "99BAANODE"))
    (measured,) = velocity.MeasuredValueSequence
    assert float(measured.NumericValue) == 1.0
    assert measured.MeasurementUnitsCodeSequence[0].CodeValue == "a/a"
    assert velocity.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "2.25.33"
    assert named(built(full_dx(), RESULTS["normal"]), ("BAA006", "99BAANODE")) == []


def test_an_earlier_one_without_a_report_is_told_but_no_evidence() -> None:
    report = built(full_dx(), RESULTS["normal"], earlier=[HEARSAY])
    assert "PertinentOtherEvidenceSequence" not in report
    assert any(line.startswith("Earlier: 2018-01-01") for line in values(report, "121106"))


def test_there_is_one_bone_age_whatever_came_before() -> None:
    assert len(named(built(full_dx(), RESULTS["normal"], earlier=[HEARSAY, PRIOR]), ("85151-9", "LN"))) == 1


@pytest.mark.filterwarnings("ignore:Invalid value for VR DA:UserWarning")
def test_four_characters_of_noise_are_no_date() -> None:
    source = full_dx()
    source.StudyDate = "\x07\xe4\x01\x00"  # Python's date takes four such characters for a stored one, of the day 0
    report = build_report(source, assessment(), DEVICE, written_at=WRITTEN_AT)
    assert named(report, ("111060", "DCM")) == []
    assert len(named(build_report(full_dx(), assessment(), DEVICE, written_at=WRITTEN_AT), ("111060", "DCM"))) == 1
