from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import EncapsulatedPDFStorage

from baa_node.core.assessment import Assessment, Refusal
from baa_node.core.drawing.letter import write_letter
from baa_node.core.objects.document import build_document
from baa_node.core.objects.identifiers import SERIES_DESCRIPTION, document_uid, is_own_object
from baa_node.errors import MissingAttribute
from tests.parts.report import IDENTIFIERS
from tests.parts.results import DEVICE, NAMES, REFUSAL, SOURCES, WRITTEN_AT, as_bytes, as_received, assessment, complaints, full_dx, poor_cr

RESULTS = {"assessed": assessment(), "refused": REFUSAL}
PAGE = b"%PDF-1.4 page"


def built(source: Dataset, result: Assessment | Refusal = REFUSAL, page: bytes = PAGE) -> Dataset:
    return as_received(build_document(source, page, result, DEVICE, written_at=WRITTEN_AT))


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("kind", RESULTS)
def test_every_variant_conforms_and_holds_the_page(tmp_path: Path, name: str, kind: str) -> None:
    source, result = as_received(SOURCES[name]()), RESULTS[kind]
    page = write_letter(source, np.zeros((40, 30), np.uint8), result, DEVICE, written_at=WRITTEN_AT)
    document = build_document(source, page, result, DEVICE, written_at=WRITTEN_AT)
    assert complaints(document, tmp_path) == []
    read_back = as_received(document)
    assert read_back.EncapsulatedDocument[: read_back.EncapsulatedDocumentLength] == page


def test_the_validator_would_complain(tmp_path: Path) -> None:
    document = built(full_dx())
    del document.BurnedInAnnotation
    assert complaints(document, tmp_path)


def test_who_what_and_whence() -> None:
    source = full_dx()
    document = built(as_received(source), assessment())
    assert {keyword: document.get(keyword) for keyword in IDENTIFIERS} == {keyword: source.get(keyword) for keyword in IDENTIFIERS}
    (reference,) = document.SourceInstanceSequence
    assert (reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID) == (source.SOPClassUID, source.SOPInstanceUID)
    assert (document.SOPClassUID, document.Modality, document.SeriesNumber, document.InstanceNumber) == (
        EncapsulatedPDFStorage,
        "DOC",
        7003,
        3,
    )
    assert (document.BurnedInAnnotation, document.VerificationFlag) == ("YES", "UNVERIFIED")
    assert document.ImageLaterality == "L"
    assert document.SeriesDescription == SERIES_DESCRIPTION
    assert document.ContentTime == "140607.000890"
    assert is_own_object(document)


def test_title_tells_no_result() -> None:
    assert built(full_dx(), assessment()).DocumentTitle == built(full_dx()).DocumentTitle


def test_an_odd_page_is_padded_and_its_length_told() -> None:
    document = built(full_dx(), page=PAGE)
    assert (len(PAGE) % 2, document.EncapsulatedDocumentLength, len(document.EncapsulatedDocument)) == (1, len(PAGE), len(PAGE) + 1)


@pytest.mark.parametrize("charset", NAMES)
def test_names_in_other_character_sets(tmp_path: Path, charset: str) -> None:
    source = full_dx()
    source.SpecificCharacterSet, source.PatientName = NAMES[charset]
    document = built(as_received(source))
    assert document.PatientName == NAMES[charset][1]
    assert complaints(document, tmp_path) == []


def test_each_reading_has_a_document_of_its_own() -> None:
    uids = {document_uid(full_dx(), result, version="1", revision=revision) for result in RESULTS.values() for revision in (1, 2)}
    assert len(uids) == 4


def test_equal_arguments_give_equal_bytes() -> None:
    first, second = (as_bytes(build_document(full_dx(), PAGE, REFUSAL, DEVICE, written_at=WRITTEN_AT)) for _ in range(2))
    assert first == second


def test_only_pdf_is_wrapped() -> None:
    with pytest.raises(ValueError, match="PDF"):
        build_document(full_dx(), b"<html>", REFUSAL, DEVICE, written_at=WRITTEN_AT)


def test_image_without_uids_is_refused() -> None:
    source = poor_cr()
    source.StudyInstanceUID = ""
    with pytest.raises(MissingAttribute, match="StudyInstanceUID"):
        build_document(source, PAGE, REFUSAL, DEVICE, written_at=WRITTEN_AT)
