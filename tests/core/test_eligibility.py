"""What a header alone refuses: kind of object, patient, identity; what its words say is in gates/test_vocabulary.py."""

from __future__ import annotations

import warnings
from typing import Any

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag
from pydicom.uid import (
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    EnhancedSRStorage,
    SecondaryCaptureImageStorage,
)

from baa_node.core.eligibility import refuse_header
from baa_node.core.gates.limits import DX_FOR_PROCESSING, SECONDARY_CAPTURE, Gates
from baa_node.core.reasons import Reason
from tests.parts.frames import header_reasons as reasons
from tests.parts.frames import image, ramp


def test_a_plain_hand_passes() -> None:
    assert reasons() == []


class TestKind:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"SOPClassUID": CTImageStorage, "Modality": "CT"},
            {"SOPClassUID": EnhancedSRStorage, "Modality": "SR", "PixelData": None},
            {"SOPClassUID": SecondaryCaptureImageStorage},
            {"SOPClassUID": DigitalXRayImageStorageForProcessing},
            {"Modality": "MR"},
            {"NumberOfFrames": 2},
            {"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3},
            {"PhotometricInterpretation": "YBR_FULL_422"},
            {"PhotometricInterpretation": "PALETTE COLOR"},
            {"PixelData": None},
        ],
        ids=str,
    )
    def test_what_is_no_grey_radiograph_is_unsupported(self, wrong: dict[str, Any]) -> None:
        assert reasons(**wrong) == [Reason.UNSUPPORTED]

    def test_other_classes_are_read_where_a_site_permits_them(self) -> None:
        gates = Gates(sop_classes=frozenset({DX_FOR_PROCESSING, SECONDARY_CAPTURE}))
        assert reasons(gates=gates, SOPClassUID=DigitalXRayImageStorageForProcessing, Modality="DX") == []
        assert reasons(gates=gates, SOPClassUID=SecondaryCaptureImageStorage, Modality="RG") == []
        assert reasons(gates=gates) == [Reason.UNSUPPORTED]

    def test_dx_for_presentation_is_read(self) -> None:
        assert reasons(SOPClassUID=DigitalXRayImageStorageForPresentation, Modality="DX") == []

    @pytest.mark.parametrize("keyword", ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"])
    def test_a_missing_identifier_is_named(self, keyword: str) -> None:
        refusal = refuse_header(image(ramp(), **{keyword: None}))
        assert refusal is not None
        assert refusal.reasons == (Reason.ATTRIBUTES,)
        assert keyword in refusal.detail


class TestPatient:
    @pytest.mark.parametrize("sex", ["O", "", None])
    def test_sex_is_needed_unless_the_bundle_does_without(self, sex: str | None) -> None:
        assert reasons(PatientSex=sex) == [Reason.SEX_UNKNOWN]
        assert reasons(PatientSex=sex, sex_required=False) == []

    @pytest.mark.parametrize(
        ("born", "examined", "found"),
        [
            ("20050102", "20250101", []),
            ("20041230", "20250101", [Reason.AGE_OUTSIDE_USE]),
            ("19000101", "20110218", [Reason.AGE_OUTSIDE_USE]),
            ("20250102", "20250101", [Reason.ATTRIBUTES]),
            ("", "20250101", []),
            ("20150101", "", []),
        ],
    )
    def test_age_by_dates(self, born: str, examined: str, found: list[Reason]) -> None:
        assert reasons(PatientBirthDate=born, StudyDate=examined) == found

    @pytest.mark.parametrize(
        ("stated", "found"), [("019Y", []), ("020Y", [Reason.AGE_OUTSIDE_USE]), ("300M", [Reason.AGE_OUTSIDE_USE]), ("010D", [])]
    )
    def test_age_as_stated_without_dates(self, stated: str, found: list[Reason]) -> None:
        assert reasons(PatientBirthDate="", PatientAge=stated) == found

    @pytest.mark.parametrize(
        ("stated", "found"),
        [
            ("010Y", []),
            ("009Y", []),
            ("011Y", []),
            ("012Y", [Reason.ATTRIBUTES]),
            ("007Y", [Reason.ATTRIBUTES]),
            ("120M", []),
            ("006M", [Reason.ATTRIBUTES]),
        ],
    )
    def test_a_stated_age_against_the_dates(self, stated: str, found: list[Reason]) -> None:
        """Ten years by the dates: a stated age may be a year off before it is a contradiction."""
        assert reasons(PatientBirthDate="20141201", StudyDate="20250101", PatientAge=stated) == found

    def test_the_limit_is_configurable(self) -> None:
        assert reasons(gates=Gates(max_age_years=9)) == [Reason.AGE_OUTSIDE_USE]

    def test_all_reasons_are_listed_most_important_first(self) -> None:
        found = reasons(
            Modality="CT", StudyInstanceUID=None, BodyPartExamined="CHEST", ViewPosition="LL", PatientBirthDate="19500101", PatientSex="O"
        )
        assert found == [
            Reason.UNSUPPORTED,
            Reason.ATTRIBUTES,
            Reason.NO_HAND,
            Reason.NOT_FRONTAL,
            Reason.AGE_OUTSIDE_USE,
            Reason.SEX_UNKNOWN,
        ]


@settings(max_examples=150)
@given(data=st.data())
def test_random_headers_never_raise(data: st.DataObject) -> None:
    ds = image(ramp())
    keywords = [
        "PatientAge",
        "PatientBirthDate",
        "StudyDate",
        "Modality",
        "ViewPosition",
        "StudyDescription",
        "NumberOfFrames",
        "SOPClassUID",
    ]
    for keyword in data.draw(st.lists(st.sampled_from(keywords), unique=True)):
        raw = data.draw(st.binary(max_size=16))
        tag = pydicom.tag.Tag(pydicom.datadict.tag_for_keyword(keyword))
        ds[tag] = pydicom.dataelem.RawDataElement(tag, pydicom.datadict.dictionary_VR(tag), len(raw), raw, 0, False, True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        refusal = refuse_header(ds)
    assert refusal is None or refusal.reasons


@pytest.mark.parametrize(
    ("charset", "name", "legible"),
    [
        ("ISO_IR 192", "Müller".encode(), True),
        ("ISO_IR 192", "Müller".encode("latin-1"), False),
        ("ISO_IR 100", "Müller".encode("latin-1"), True),
        ("GB18030", "王小明".encode("gb18030"), True),
        ("GB18030", b"\xff\xff", False),
        ("\\ISO 2022 IR 149", b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7", True),
        (None, "Müller".encode("latin-1"), True),
        ("ISO_IR 203", "Šárka".encode("iso8859-15"), True),
        ("ISO_IR 999", "Müller".encode("latin-1"), False),
        ("ISO_IR 999", b"Muller", True),
    ],
)
def test_an_identity_that_cannot_be_copied_faithfully_is_refused(charset: str | None, name: bytes, legible: bool) -> None:
    ds = image(ramp())
    if charset:
        ds.SpecificCharacterSet = charset.split("\\")
    ds[0x00100010] = RawDataElement(Tag(0x00100010), "PN", len(name), name, 0, False, True)
    refusal = refuse_header(ds)
    found = refusal.reasons if refusal else ()
    assert (Reason.ATTRIBUTES in found) is not legible
    assert name.decode("latin-1") not in (refusal.detail if refusal else "")
