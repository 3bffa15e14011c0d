from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

from baa_node.core.routes.conditions import OF_THE_PATIENT, Condition, Operator, found_in, parse_condition
from baa_node.errors import ConfigError


def holding(**elements: object) -> Dataset:
    """A data set with these values, whatever they are."""
    ds = Dataset()
    for keyword, value in elements.items():
        ds.add(DataElement(tag_for_keyword(keyword), dictionary_VR(keyword), value, validation_mode=0))
    return ds


def holds(text: str, ds: Dataset) -> bool:
    return parse_condition(text).holds(ds)


@pytest.mark.parametrize(
    ("condition", "elements", "expected"),
    [
        ("Modality equals DX", {"Modality": "DX "}, True),
        ("Modality equals dx", {"Modality": "DX"}, True),
        ("Modality equals DX", {"Modality": "CR"}, False),
        ("Modality equals DX", {}, False),
        ("Modality one-of CR | DX", {"Modality": "DX"}, True),
        ("Modality one-of CR | MG", {"Modality": "DX"}, False),
        ("ImageType equals PRIMARY", {"ImageType": ["ORIGINAL", "PRIMARY "]}, True),
        ("ImageType equals ORIGINAL\\PRIMARY", {"ImageType": ["ORIGINAL", "PRIMARY"]}, False),
        ("ImageType contains prim", {"ImageType": ["ORIGINAL", "PRIMARY"]}, True),
        ("StudyDescription contains bone age", {"StudyDescription": " XR  Bone   Age, left"}, True),
        ("StudyDescription contains Ä", {"StudyDescription": "HÄNDE"}, True),
        ("StudyDescription contains HÄNDE", {"StudyDescription": "ha\u0308nde"}, True),  # A with a combining mark
        ("StudyDescription equals 手", {"StudyDescription": "手"}, True),
        ("Rows equals 2048.0", {"Rows": 2048}, True),
        ("Rows one-of 1024 | 2048", {"Rows": 2048}, True),
        ("KVP equals 55", {"KVP": "55.00 "}, True),
        ("KVP equals 55", {"KVP": "5.5E1"}, True),
        ("PixelSpacing equals 0.143", {"PixelSpacing": ["0.143", "0.143"]}, True),
        ("EchoTime equals 1", {"EchoTime": ""}, False),
        ("TableOfXBreakPoints equals 0.1", {"TableOfXBreakPoints": 0.1}, True),
        ("StudyDate equals 2026-01-31", {"StudyDate": "20260131"}, True),
        ("StudyDate equals 20260131", {"StudyDate": "2026.01.31"}, True),
        ("StudyDate contains 2026", {"StudyDate": "20260131"}, True),
        ("SOPClassUID equals 1.2.840.10008.5.1.4.1.1.1", {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1\0"}, True),
        ("SOPClassUID equals 1.2.840.10008.5.1.4.1.1.1", {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.1"}, False),
        ("ReferringPhysicianName equals Doe^Jane", {"ReferringPhysicianName": "DOE^JANE^^^ "}, True),
        ("ReferringPhysicianName contains doe", {"ReferringPhysicianName": "山田=Doe^J"}, True),
        ("RetrieveAETitle equals pacs", {"RetrieveAETitle": "PACS"}, False),
        ("RetrieveAETitle equals PACS", {"RetrieveAETitle": " PACS "}, True),
        ("PatientSex missing", {}, True),
        ("PatientSex missing", {"PatientSex": ""}, True),
        ("PatientSex missing", {"PatientSex": "  "}, True),
        ("PatientSex missing", {"PatientSex": "F"}, False),
        ("PatientName missing", {"PatientName": "Doe"}, False),
        ("Rows missing", {"Rows": 0}, False),
        ("ICCProfile missing", {"ICCProfile": b""}, True),
        ("ICCProfile missing", {"ICCProfile": b"\0\1"}, False),
    ],
)
def test_a_condition(condition: str, elements: dict[str, object], expected: bool) -> None:
    assert holds(condition, holding(**elements)) is expected


def test_text_where_a_number_should_be_equals_no_number_and_is_not_missing() -> None:
    ds = Dataset()
    ds.add(DataElement(tag_for_keyword("KVP"), "LO", "fifty-five"))
    assert not holds("KVP equals 55", ds)
    assert not holds("KVP missing", ds)


def test_items_of_sequences_are_reached_by_their_path() -> None:
    item, other = holding(CodeValue="37362-1 ", CodingSchemeDesignator="LN"), holding(CodeValue="X")
    ds = holding(ProcedureCodeSequence=[other, item])
    assert holds("ProcedureCodeSequence.CodeValue equals 37362-1", ds)
    assert not holds("ProcedureCodeSequence.CodeValue equals 37362-2", ds)
    assert holds("ProcedureCodeSequence.CodeMeaning missing", ds)
    assert not holds("ProcedureCodeSequence missing", ds)
    assert holds("ProcedureCodeSequence missing", holding(ProcedureCodeSequence=[]))
    assert holds("RequestAttributesSequence.RequestedProcedureCodeSequence.CodeValue missing", ds)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Modalty equals DX", "did you mean Modality?"),
        ("(0019,1001) equals 1", "no DICOM attribute"),
        ("OverlayData missing", "no DICOM attribute"),  # of a repeating group: no tag of its own
        ("Modality is DX", "write KEYWORD, then equals, one-of, contains, missing"),
        ("Modality", "write KEYWORD"),
        (" equals DX", "write KEYWORD"),
        ("ProcedureCodeSequence. equals DX", "no DICOM attribute"),
        ("Modality equals", "give one value"),
        ("Modality one-of |", "give 1 to 50 values"),
        ("Modality missing DX", "give no value"),
        ("Rows equals many", "is a number, and 'many' is none"),
        ("Rows equals nan", "is a number"),
        ("KVP contains 5", "is a number: it can equal"),
        ("StudyDate equals yesterday", "is a date"),
        ("ProcedureCodeSequence equals X", "ask whether it is missing"),
        ("Modality.CodeValue equals X", "Modality is no sequence"),
        ("PixelData missing", "is not looked at"),
        ("TransferSyntaxUID equals 1.2", "is not looked at"),
        ("Status equals 0", "is not looked at"),
        ("StudyDescription equals \x1b[2J", "printable"),
        (f"StudyDescription equals {'x' * 257}", "1 to 256"),
        ("ReferringPhysicianName equals ^^", "nothing but padding"),
    ],
)
def test_what_can_never_be_right_is_explained(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_condition(text)
    assert complaint in str(caught.value)


@pytest.mark.parametrize("keyword", sorted(OF_THE_PATIENT))
def test_no_route_holds_a_patients_data(keyword: str) -> None:
    assert parse_condition(f"{keyword} missing").holds(Dataset())
    for operator in (Operator.EQUALS, Operator.ONE_OF, Operator.CONTAINS):
        with pytest.raises(ConfigError, match="tells who somebody is"):
            Condition(attribute=keyword, operator=operator, values=("20100101",))
    with pytest.raises(ConfigError, match="tells who somebody is"):
        parse_condition("OtherPatientIDsSequence.PatientID equals 1")


def test_a_tag_is_its_keyword() -> None:
    assert parse_condition("(0008,1030) contains hand") == parse_condition("00081030 contains hand")
    assert parse_condition("(0008,1030) contains hand").attribute == "StudyDescription"


values = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="|\\^="), min_size=1, max_size=20)


@given(value=values, padding=st.sampled_from(["", " ", "  "]), other=values)
def test_padding_and_case_never_matter_and_equal_is_one_of_one_and_contained(value: str, padding: str, other: str) -> None:
    ds = holding(StudyDescription=f"{padding}{value}{padding}", SeriesDescription=[other, value])
    equals = Condition(attribute="StudyDescription", operator=Operator.EQUALS, values=(value,))
    assert equals.holds(ds)
    assert Condition(attribute="StudyDescription", operator=Operator.ONE_OF, values=(other, value)).holds(ds)
    assert Condition(attribute="StudyDescription", operator=Operator.CONTAINS, values=(value,)).holds(ds)
    assert Condition(attribute="SeriesDescription", operator=Operator.EQUALS, values=(value,)).holds(ds)
    assert not Condition(attribute="StudyDescription", operator=Operator.MISSING).holds(ds)


@given(operator=st.sampled_from(Operator), several=st.lists(values, min_size=1, max_size=4))
def test_what_is_written_is_read_back(operator: Operator, several: list[str]) -> None:
    chosen = {Operator.MISSING: (), Operator.ONE_OF: tuple(several)}.get(operator, (several[0],))
    condition = Condition(attribute="ProtocolName", operator=operator, values=chosen)
    assert parse_condition(str(condition)) == condition


@given(text=st.text(max_size=60), number=st.floats(allow_nan=True), raw=st.binary(max_size=40))
def test_whatever_a_data_set_holds_a_condition_is_answered(text: str, number: float, raw: bytes) -> None:
    ds = holding(StudyDescription=text, TableOfXBreakPoints=number, ICCProfile=raw, Rows=text)
    for condition in ("StudyDescription contains a", "TableOfXBreakPoints equals 1", "ICCProfile missing", "Rows equals 1"):
        assert holds(condition, ds) in {True, False}


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize(("charset", "text"), [("ISO_IR 192", "Hände 手"), ("ISO_IR 100", "Hände"), ("ISO 2022 IR 87", "手")])
def test_values_are_found_in_files_of_every_encoding(syntax: str, charset: str, text: str) -> None:
    ds = holding(SpecificCharacterSet=["", charset] if "2022" in charset else charset, StudyDescription=text, KVP="55", Rows=12)
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1", generate_uid()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    buffer = io.BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    buffer.seek(0)
    read = dcmread(buffer)
    assert found_in(read, "StudyDescription") == (text,)
    assert holds(f"StudyDescription equals {text.upper()}", read)
    assert holds("KVP equals 55.0", read)
    assert holds("Rows one-of 11 | 12", read)
