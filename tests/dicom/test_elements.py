from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID
from pynetdicom.dimse_messages import C_STORE_RSP
from pynetdicom.dimse_primitives import C_STORE

from baa_node.dicom import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from baa_node.dicom.contexts import TRANSFER_SYNTAXES
from baa_node.dicom.elements import PREAMBLE, file_header, store_response
from baa_node.dicom.scp import STORED, Answer

COMPONENTS = st.lists(st.integers(0, 10**12).map(str), min_size=2, max_size=6)
UIDS = COMPONENTS.map(".".join).filter(lambda uid: len(uid) <= 64)
STATUSES = st.sampled_from([0x0000, 0x0110, 0x0111, 0x0117, 0x0122, 0x0124, 0xA700, 0xA900, 0xC003, 0xC006])
TAGS = st.lists(st.integers(0x00080000, 0x7FE00010), max_size=4).map(tuple)


def header_by_pydicom(sop_class: str, sop_instance: str, syntax: str) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = UID(sop_instance)
    meta.TransferSyntaxUID = UID(syntax)
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    stream = DicomBytesIO()
    write_file_meta_info(stream, meta, enforce_standard=True)
    return PREAMBLE + stream.getvalue()


def response_by_pynetdicom(message_id: int, sop_class: str, sop_instance: str, answer: Answer) -> bytes:
    primitive = C_STORE()
    primitive.MessageID = primitive.MessageIDBeingRespondedTo = message_id
    primitive.AffectedSOPClassUID, primitive.AffectedSOPInstanceUID = sop_class, sop_instance
    for element in answer.response():
        setattr(primitive, element.keyword, element.value)
    message = C_STORE_RSP()
    message.primitive_to_message(primitive)
    (data,) = message.encode_msg(1, 0)
    ((_, fragment),) = data.presentation_data_value_list
    return bytes(fragment[1:])


def packed(message_id: int, sop_class: str, sop_instance: str, answer: Answer) -> bytes | None:
    answered = {"status": answer.status, "comment": answer.shown_comment, "offending": answer.offending}
    return store_response(sop_class, sop_instance, message_id=message_id, **answered)  # type: ignore[arg-type]


@given(sop_class=UIDS, sop_instance=UIDS, syntax=st.sampled_from(TRANSFER_SYNTAXES))
def test_the_file_header_is_what_pydicom_writes(sop_class: str, sop_instance: str, syntax: str) -> None:
    assert file_header(sop_class, sop_instance, syntax) == header_by_pydicom(sop_class, sop_instance, syntax)


@given(message_id=st.integers(0, 65535), sop_class=UIDS, sop_instance=UIDS, status=STATUSES, comment=st.text(max_size=80), offending=TAGS)
def test_a_response_is_what_pynetdicom_sends_or_left_to_it(
    message_id: int, sop_class: str, sop_instance: str, status: int, comment: str, offending: tuple[int, ...]
) -> None:
    answer = Answer(status=status, comment=comment, offending=offending)
    mine = packed(message_id, sop_class, sop_instance, answer)
    if mine is None:
        assert status != STORED
        assert not answer.shown_comment.isprintable() or "\\" in answer.shown_comment
    else:
        assert mine == response_by_pynetdicom(message_id, sop_class, sop_instance, answer)


def test_every_field_of_a_refusal_is_packed() -> None:
    answer = Answer(status=0xA900, comment="SOP Class or SOP Instance UID differs from the command", offending=(0x00080016, 0x00080018))
    mine = packed(7, "1.2.840.10008.5.1.4.1.1.1", "1.2.3.45", answer)
    assert mine is not None
    assert mine == response_by_pynetdicom(7, "1.2.840.10008.5.1.4.1.1.1", "1.2.3.45", answer)


@pytest.mark.parametrize(
    ("sop_class", "sop_instance", "comment"),
    [("None", "1.2.3", ""), ("1.2.3", "None", ""), ("1.2.3", "1.2.é", ""), ("1.2.3", "1." + "2" * 64, ""), ("1.2.3", "1.2.4", "a\\b")],
)
def test_what_is_not_plain_is_left_to_pynetdicom(sop_class: str, sop_instance: str, comment: str) -> None:
    assert store_response(sop_class, sop_instance, message_id=1, status=0x0110, comment=comment) is None
