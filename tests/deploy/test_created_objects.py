"""What the conformance statement says of reports, captures and pages is held to what is made."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import numpy as np
import pytest
from pydicom.datadict import dictionary_description
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from baa_node.config import Config
from baa_node.core import codes
from baa_node.core.assessment import Assessment, AssessmentPolicy, Refusal, ZConvention
from baa_node.core.codes import PRIVATE_SCHEME, standard_concept_of
from baa_node.core.objects.document import build_document
from baa_node.core.objects.identifiers import CODING_SCHEME_UID
from baa_node.core.priors.history import Earlier
from baa_node.core.reasons import Reason
from baa_node.core.report import build_capture, build_report
from baa_node.results import REPORT_CLASSES
from baa_node.wiring.installation import load_identity
from baa_node.wiring.reading import device_of
from tests.deploy.statement import ROOT, STATEMENT, Row, coded, parts_of, table, tables
from tests.parts.results import WRITTEN_AT, as_received, assessment, full_dx, poor_cr, results

ATTRIBUTES = ("Attribute", "Tag", "Value", "Presence", "Source")
ALL, REPORT, CAPTURE, PAGE = (rows for rows in tables() if tuple(rows[0]) == ATTRIBUTES)
RARE_TEXT = {
    "PatientBirthTime": "0101",
    "PatientSize": "1.4",
    "EthnicGroup": "1",
    "PatientIdentityRemoved": "NO",
    "DeidentificationMethod": "none",
    "AdmissionID": "V1",
    "ServiceEpisodeID": "E1",
    "LossyImageCompression": "01",
    "LossyImageCompressionRatio": "12.5",
    "LossyImageCompressionMethod": "ISO_10918_1",
}
RARE_SEQUENCES = (
    "IssuerOfPatientIDQualifiersSequence",
    "OtherPatientIDsSequence",
    "DeidentificationMethodCodeSequence",
    "IssuerOfAccessionNumberSequence",
    "ReferencedStudySequence",
)


def rich_dx() -> Dataset:
    """A header with every attribute that is copied where it is there."""
    ds = full_dx()
    for keyword, value in RARE_TEXT.items():
        setattr(ds, keyword, value)
    for keyword in RARE_SEQUENCES:
        item = Dataset()
        item.CodeMeaning = item.PatientID = keyword  # an item without what it is about would be left out
        setattr(ds, keyword, [item])
    return as_received(ds)


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("installation")
    return device_of(Config(data_dir=folder), load_identity(folder))


def outcomes() -> list[Assessment | Refusal]:
    by_mean = AssessmentPolicy(convention=ZConvention.REFERENCE_MEAN)
    shapes = [result for kind, result in results().items() if not kind.startswith("refused_")]
    return [*shapes, assessment(policy=by_mean)]


def reports(source: Dataset, device: Any) -> list[Dataset]:
    made = [
        build_report(source, result, device, written_at=WRITTEN_AT, sop_class_uid=uid, source_sha256="ab" * 32)
        for result in outcomes()
        for uid in REPORT_CLASSES
    ]
    amended = build_report(source, outcomes()[0], device, written_at=WRITTEN_AT, revision=2, predecessor=made[0])
    later = [build_report(source, result, device, written_at=WRITTEN_AT, earlier=[PRIOR]) for result in outcomes()]
    return [*made, amended, *later]


PRIOR = Earlier(
    examined_on=date(2018, 1, 1),
    bone_age_months=90.0,
    chronological_age_months=96.0,
    study_instance_uid="2.25.1",
    series_instance_uid="2.25.2",
    sop_class_uid=REPORT_CLASSES[0],
    sop_instance_uid="2.25.3",
)


def captures(source: Dataset, device: Any) -> list[Dataset]:
    picture = np.zeros((8, 8, 3), np.uint8)
    return [build_capture(source, picture, result, device, written_at=WRITTEN_AT) for result in outcomes()]


def pages(source: Dataset, device: Any) -> list[Dataset]:
    return [build_document(source, b"%PDF-1.4 ", result, device, written_at=WRITTEN_AT) for result in outcomes()]


def tag_of(row: Row) -> int:
    return int(re.sub("[(),]", "", row["Tag"]), 16)


@pytest.mark.parametrize(("build", "own"), [(reports, REPORT), (captures, CAPTURE), (pages, PAGE)], ids=["report", "capture", "page"])
def test_attributes_of_created_objects(build: Any, own: list[Row], device: Any) -> None:
    rich = rich_dx()
    built = [(rich, made) for made in build(rich, device)] + [(None, made) for made in build(as_received(poor_cr()), device)]
    rows = {tag_of(row): row for row in (*ALL, *own)}
    for source, made in built:
        assert {int(tag) for tag in made.keys()} <= set(rows)  # noqa: SIM118 - iterating over a data set gives elements
        for tag, row in rows.items():
            assert complaint(row, tag, made, source) == ""
    for tag, row in rows.items():
        there = {tag in made for _, made in built}
        assert there == ({True, False} if row["Presence"] == "ANAP" else {True}), row["Attribute"]


def complaint(row: Row, tag: int, made: Dataset, source: Dataset | None) -> str:
    """Say what is wrong with one attribute of a created object; nothing when it is as its row says."""
    empty = tag not in made or made[tag].is_empty
    if (row["Presence"] == "ALWAYS" and empty) or (row["Presence"] == "EMPTY" and not empty):
        return f"{row['Attribute']} is {row['Presence']}"
    if row["Source"] == "FIXED" and not empty and text_of(made[tag].value) != row["Value"].split("`")[1]:
        return f"{row['Attribute']} holds {made[tag].value}"
    if row["Source"] == "COPY" and source is not None and not empty and made[tag].value != source[tag].value:
        return f"{row['Attribute']} differs from the image's"
    return ""


def text_of(value: Any) -> str:
    return str(value) if isinstance(value, str | int) else "\\".join(value)


def test_attributes_are_named_as_in_the_data_dictionary() -> None:
    for row in (*ALL, *REPORT, *CAPTURE, *PAGE):
        assert dictionary_description(tag_of(row)) == row["Attribute"]
    for rows in (ALL, REPORT, CAPTURE, PAGE):
        assert [tag_of(row) for row in rows] == sorted({tag_of(row) for row in rows})


def content(node: Dataset, level: int = 1) -> set[tuple[str, str, str, tuple[str, str, str]]]:
    found = set()
    for item in node.get("ContentSequence") or ():
        name = item.ConceptNameCodeSequence[0]
        concept = (name.CodeValue, name.CodingSchemeDesignator, name.CodeMeaning)
        found |= {(">" * level, item.RelationshipType, item.ValueType, concept), *content(item, level + 1)}
    return found


def test_content_of_the_report(device: Any) -> None:
    made = [report for source in (rich_dx(), poor_cr()) for report in reports(source, device)]
    rows = table("Level", "Relationship", "Type", "Concept", "Value", "When")
    said = {(row["Level"], row["Relationship"], row["Type"], coded(row["Concept"])[0]) for row in rows}
    assert said == set().union(*map(content, made))
    assert len(said) == len(rows)
    always = {(row["Level"], row["Relationship"], row["Type"], coded(row["Concept"])[0]) for row in rows if row["When"] == "always"}
    assert always == set.intersection(*map(content, made))


def all_codes() -> set[Code]:
    return {value for value in vars(codes).values() if isinstance(value, Code)}


def test_private_concepts() -> None:
    said = {(row["Code"], row["Meaning"]) for row in table("Code", "Meaning")}
    assert said == {(code.value, code.meaning) for code in all_codes() if code.scheme_designator == PRIVATE_SCHEME}
    assert f"scheme {PRIVATE_SCHEME}, UID {CODING_SCHEME_UID}," in STATEMENT


REASONS = ("Code", "Meaning", "Equivalent", "Summary", "Given by this version")


def test_reasons_of_a_refusal() -> None:
    rows = table(*REASONS)
    assert [(row["Code"], row["Meaning"]) for row in rows] == [(reason.code, reason.meaning) for reason in Reason]
    for row, reason in zip(rows, Reason, strict=True):
        assert coded(row["Equivalent"]) == ([parts_of(standard) for standard in [standard_concept_of(reason)] if standard])
        assert row["Summary"] == ("Failed" if reason.attempted else "Not Attempted")


def test_reasons_given_by_this_version() -> None:
    code = [path for path in (ROOT / "baa_node").rglob("*.py") if path.name != "codes.py" and "words" not in path.parts]
    sources = [path.read_text(encoding="utf-8") for path in code]
    given = {reason.code for reason in Reason if any(re.search(rf"\bReason\.{reason.name}\b", text) for text in sources)}
    assert {row["Code"] for row in table(*REASONS) if row["Given by this version"] == "yes"} == given


def test_every_code_of_the_statement_is_in_the_code() -> None:
    known = {parts_of(code) for code in all_codes() | {standard for standard in map(standard_concept_of, Reason) if standard}}
    assert set(coded(STATEMENT)) <= known
    assert {row["Designator"] for row in table("Designator", "Scheme")} == {code.scheme_designator for code in all_codes()}
