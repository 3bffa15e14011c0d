from __future__ import annotations

import io

import pytest
from highdicom.sr import CodeContentItem, CodedConcept, ContentSequence, TextContentItem
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.sr.coding import Code
from pydicom.uid import ComprehensiveSRStorage, ExplicitVRLittleEndian

from baa_node.core import codes
from baa_node.core.objects.content_items import CONTAINS, code_item, coded, concept_item, container
from baa_node.core.objects.encoded_content import encode_content


def sentence(said: str) -> TextContentItem:
    return TextContentItem(codes.CONCLUSION, said, CONTAINS)


def document(charset: str, said: str) -> Dataset:
    """A document whose content tree is three levels deep."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = ComprehensiveSRStorage
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = "1.2.3"
    ds.SpecificCharacterSet, ds.PatientName = charset, said
    inner = container(codes.IMAGING_MEASUREMENTS, [sentence(said)])
    ds.ContentSequence = ContentSequence([container(codes.IMAGING_MEASUREMENTS, [inner, sentence(said)])])
    return ds


def as_bytes(ds: Dataset) -> bytes:
    buffer = io.BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


SAID = {"ISO_IR 192": "Größe −2, 左手", "ISO_IR 100": "Größe"}


@pytest.mark.parametrize("charset", SAID)
def test_what_is_written_is_what_pydicom_writes(charset: str) -> None:
    plain, encoded = document(charset, SAID[charset]), document(charset, SAID[charset])
    encode_content(encoded)
    assert encoded.get_item("ContentSequence").is_raw
    assert as_bytes(encoded) == as_bytes(plain)
    assert encoded.get_item("ContentSequence").is_raw  # not decoded for it


@pytest.mark.parametrize("charset", SAID)
def test_whoever_asks_for_the_tree_has_it(charset: str) -> None:
    ds = document(charset, SAID[charset])
    written = as_bytes(ds)
    encode_content(ds)
    (root,) = ds.ContentSequence
    assert root.ContentSequence[1].TextValue == SAID[charset]
    assert root.ContentSequence[0].ContentSequence[0].TextValue == SAID[charset]
    root.ContentSequence[1].TextValue = "x"
    assert dcmread(io.BytesIO(as_bytes(ds))).ContentSequence[0].ContentSequence[1].TextValue == "x"
    assert as_bytes(ds) != written


def test_what_no_report_holds_goes_by_pydicom() -> None:
    def odd() -> Dataset:
        ds = document("ISO_IR 192", "x")
        item = ds.ContentSequence[0]
        item.PatientName = "Größe^Ä"
        item.ImageType = ["DERIVED", "SECONDARY"]
        item.Rows, item.PixelSpacing, item.SelectorFDValue = 7, [0.1, "0.25"], 1.5
        item.ContentDate, item.TextString = None, ""
        item.add_new(0x00091001, "OB", b"\1\2\3")
        item.ReferencedSOPSequence = []
        return ds

    encoded = odd()
    encode_content(encoded)
    assert as_bytes(encoded) == as_bytes(odd())


def test_a_concept_that_reports_share_is_written_as_in_a_report_of_its_own() -> None:
    concepts = [one for one in vars(codes).values() if isinstance(one, Code)]
    assert len(concepts) > 50
    for one in concepts:
        plain, encoded = (document("ISO_IR 192", "x") for _ in range(2))
        plain.ContentSequence = [CodeContentItem(CodedConcept.from_code(one), CodedConcept.from_code(one), CONTAINS)]
        encoded.ContentSequence = [code_item(one, one)]
        encode_content(encoded)
        assert as_bytes(encoded) == as_bytes(plain), one


def test_a_shared_item_is_one_object_and_its_own_is_another() -> None:
    assert code_item(codes.FINDING, codes.HAND) is code_item(codes.FINDING, codes.HAND)
    site = concept_item(codes.FINDING, coded(codes.HAND))
    site.ContentSequence = [code_item(codes.LATERALITY, codes.LEFT)]
    assert "ContentSequence" not in code_item(codes.FINDING, codes.HAND)
