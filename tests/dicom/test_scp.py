from __future__ import annotations

import zlib
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    DeflatedExplicitVRLittleEndian,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pynetdicom.dsutils import encode

from baa_node.dicom import IMPLEMENTATION_CLASS_UID, scp
from baa_node.dicom.scp import Answer, Caller, Received, StoreRefusedError, StoreRequest, read_request
from baa_node.intake import content_sha256
from tests.dicom.conftest import data_set_bytes, part10, radiograph

LIMIT = 1 << 20
CALLER = Caller(calling_ae="PACS", called_ae="BAA_NODE", address="127.0.0.1", tls=False)


def request_for(ds: Dataset, **changes: object) -> StoreRequest:
    request = StoreRequest(
        caller=CALLER,
        sop_class_uid=ComputedRadiographyImageStorage,
        sop_instance_uid=ds.get("SOPInstanceUID", "1.2.3"),
        abstract_syntax=ComputedRadiographyImageStorage,
        transfer_syntax=ds.file_meta.TransferSyntaxUID,
        encoded=data_set_bytes(part10(ds)),
        too_large=False,
    )
    return replace(request, **changes)  # type: ignore[arg-type]


def refusal_of(request: StoreRequest) -> Answer:
    with pytest.raises(StoreRefusedError) as refused:
        read_request(request, max_dataset_bytes=LIMIT)
    return refused.value.answer


def without(ds: Dataset, keyword: str) -> StoreRequest:
    request = request_for(ds)
    kept = Dataset({tag: element for tag, element in ds.items() if ds[tag].keyword != keyword})
    return replace(request, encoded=encode(kept, False, True))


def test_a_received_instance_is_a_file_with_the_data_set_as_sent() -> None:
    ds = radiograph()
    request = request_for(ds)
    received = read_request(request, max_dataset_bytes=LIMIT)
    stored = dcmread(BytesIO(received.content))
    assert data_set_bytes(received.content) == request.encoded
    assert stored.file_meta.MediaStorageSOPInstanceUID == ds.SOPInstanceUID
    assert stored.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert stored.file_meta.ImplementationClassUID == IMPLEMENTATION_CLASS_UID
    assert stored.file_meta.ImplementationVersionName == "BAA_NODE_1"
    assert (received.study_instance_uid, received.series_instance_uid) == (ds.StudyInstanceUID, ds.SeriesInstanceUID)
    assert "PixelData" not in received.header
    assert received.header.PatientID == "PHANTOM"


def test_content_does_not_depend_on_who_sent_it() -> None:
    ds = radiograph()
    other = Caller(calling_ae="MODALITY", called_ae="BAA_NODE", address="10.0.0.1", tls=True)
    first, second = (read_request(request_for(ds, caller=caller), max_dataset_bytes=LIMIT) for caller in (CALLER, other))
    assert first.content == second.content


def test_an_instance_has_the_digest_of_its_file() -> None:
    received = read_request(request_for(radiograph()), max_dataset_bytes=LIMIT)
    assert received.sha256 == content_sha256(received.content)


def test_different_instance_uid_is_a_mismatch() -> None:
    answer = refusal_of(request_for(radiograph(), sop_instance_uid="1.2.3"))
    assert answer.status == scp.MISMATCH == 0xA900
    assert answer.response().OffendingElement == 0x00080018


def test_different_sop_class_is_a_mismatch() -> None:
    dx = DigitalXRayImageStorageForPresentation
    answer = refusal_of(request_for(radiograph(), sop_class_uid=dx, abstract_syntax=dx))
    assert (answer.status, answer.response().OffendingElement) == (0xA900, 0x00080016)


def test_command_outside_its_presentation_context_is_not_supported() -> None:
    assert refusal_of(request_for(radiograph(), abstract_syntax=DigitalXRayImageStorageForPresentation)).status == 0x0122


@pytest.mark.parametrize("uid", ["1.2.x", "1..2", "1.02", "1", "", "1." + "2" * 63, "1.2 ", "../../etc/passwd"])
def test_malformed_instance_uid(uid: str) -> None:
    assert refusal_of(request_for(radiograph(), sop_instance_uid=uid)).status == scp.INVALID_INSTANCE == 0x0117


@pytest.mark.parametrize(
    ("keyword", "status"),
    [("SOPInstanceUID", 0xC004), ("SOPClassUID", 0xC004), ("StudyInstanceUID", 0xC005), ("SeriesInstanceUID", 0xC005)],
)
def test_missing_identifier_cannot_be_understood(keyword: str, status: int) -> None:
    ds = radiograph()
    answer = refusal_of(without(ds, keyword))
    assert (answer.status, answer.response().OffendingElement) == (status, ds[keyword].tag)


def test_malformed_study_cannot_be_understood() -> None:
    ds = radiograph()
    ds.StudyInstanceUID = "1.2.3.4.5.6"
    encoded = data_set_bytes(part10(ds)).replace(b"1.2.3.4.5.6", b"1.2.3.4..56")
    assert refusal_of(request_for(ds, encoded=encoded)).status == 0xC006


@pytest.mark.parametrize("encoded", [b"", b"\x00", b"not a data set", bytes(1000), b"\xff" * 1000])
def test_garbage_cannot_be_understood(encoded: bytes) -> None:
    answer = refusal_of(request_for(radiograph(), encoded=encoded, transfer_syntax=ImplicitVRLittleEndian))
    assert 0xC000 <= answer.status <= 0xC00F


@given(st.binary(max_size=300), st.sampled_from([ExplicitVRLittleEndian, ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian]))
@pytest.mark.filterwarnings("ignore")
def test_whatever_is_sent_ends_in_an_answer(encoded: bytes, transfer_syntax: str) -> None:
    request = request_for(radiograph(), encoded=encoded, transfer_syntax=transfer_syntax)
    assert 0xC000 <= refusal_of(request).status <= 0xC00F


WHOLE = radiograph(rows=1, columns=1)
WHOLE.RequestAttributesSequence = [Dataset()]


@given(st.data())
@pytest.mark.filterwarnings("ignore")
def test_damaged_data_sets_are_read_or_refused(data: st.DataObject) -> None:
    request = request_for(WHOLE)
    encoded = bytearray(request.encoded)
    for _ in range(data.draw(st.integers(1, 4))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    status, uid = read_or_refuse(replace(request, encoded=bytes(encoded)))
    assert uid == WHOLE.SOPInstanceUID if status == scp.STORED else status in {0xA900, *range(0xC000, 0xC010)}


def read_or_refuse(request: StoreRequest) -> tuple[int, str]:
    try:
        return scp.STORED, read_request(request, max_dataset_bytes=LIMIT).sop_instance_uid
    except StoreRefusedError as refused:
        return refused.answer.status, ""


@pytest.mark.parametrize("missing", [1, 2, 5, 9, 11, 17, 19])
def test_a_header_cut_short_cannot_be_understood(missing: int) -> None:
    request = request_for(radiograph())
    pixels = request.encoded.index(b"\xe0\x7f\x10\x00")  # after elements of 10 bytes each
    assert refusal_of(replace(request, encoded=request.encoded[: pixels - missing])).status == 0xC003


def test_an_instance_without_pixels_is_well_formed() -> None:
    ds = radiograph()
    assert read_request(without(ds, "PixelData"), max_dataset_bytes=LIMIT).sop_instance_uid == ds.SOPInstanceUID


def test_too_large_is_out_of_resources() -> None:
    answer = refusal_of(request_for(radiograph(), encoded=b"", too_large=True))
    assert answer.status == scp.OUT_OF_RESOURCES == 0xA700


def test_a_deflated_data_set_must_not_swell_beyond_the_limit() -> None:
    bomb = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    encoded = bomb.compress(bytes(8 * LIMIT)) + bomb.flush()
    assert len(encoded) < LIMIT // 50
    assert refusal_of(request_for(radiograph(), encoded=encoded, transfer_syntax=DeflatedExplicitVRLittleEndian)).status == 0xA700


def test_a_comment_fits_its_element_and_success_carries_none() -> None:
    failed = Answer(status=0xA700, comment="ä" + "x" * 100).response()
    assert len(failed.ErrorComment) == 64
    assert failed.ErrorComment.isascii()
    assert "ErrorComment" not in Answer(status=scp.STORED, comment="fine").response()


class Failing:
    """A handler that raises."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def admit(self, caller: Caller) -> scp.Admission:
        raise self.error

    def receive(self, received: Received) -> Answer:
        raise self.error


@pytest.mark.parametrize(
    ("error", "status"), [(scp.SpoolError("disk full"), 0xA700), (scp.StoreError("gone"), 0xA700), (KeyError("DOE^JANE"), 0x0110)]
)
def test_what_the_handler_raises_becomes_a_status_without_values(error: Exception, status: int, caplog: pytest.LogCaptureFixture) -> None:
    answer = scp.answer_store(request_for(radiograph()), Failing(error), max_dataset_bytes=LIMIT)
    assert answer.status == status
    assert "DOE" not in caplog.text + answer.comment
    if status == 0x0110:
        assert answer.comment.split()[-1] in caplog.text


def test_a_handler_that_cannot_say_lets_nobody_in() -> None:
    assert scp.admission_of(CALLER, Failing(RuntimeError("database"))) is scp.Admission.BUSY
