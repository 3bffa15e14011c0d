"""The real parts by themselves: if these fail, the fault is in the installation and not in the node."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from tests.parts.dcmtk import CODERS, dciodvfy_errors, echoscu, recode, send_as_is, storescp, storescu
from tests.parts.images import copy_in_new_study, plain_cr
from tests.parts.line import Line
from tests.parts.orthanc import Orthanc
from tests.parts.programs import eventually, program
from tests.parts.sender import encoded_dataset, store_bytes


def test_orthanc_keeps_what_storescu_sends(lone_orthanc: Orthanc, tmp_path: Path) -> None:
    path = plain_cr(tmp_path / "plain.dcm")
    sent = pydicom.dcmread(path)
    assert echoscu(lone_orthanc.port, called="ORTHANC").returncode == 0
    assert storescu(lone_orthanc.port, path, called="ORTHANC").returncode == 0
    (kept,) = lone_orthanc.find(StudyInstanceUID=sent.StudyInstanceUID)
    assert lone_orthanc.dataset(kept).PixelData == sent.PixelData


def test_orthanc_sends_to_a_receiver(tmp_path: Path) -> None:
    received = tmp_path / "received"
    with storescp(received) as port, Orthanc(tmp_path / "orthanc", node_port=port) as orthanc:
        identifier = orthanc.upload(plain_cr(tmp_path / "plain.dcm"))
        assert orthanc.send_to_node(identifier)["FailedInstancesCount"] == 0
        assert eventually(lambda: list(received.iterdir()), what="the file of the receiver")


@pytest.mark.parametrize("coding", [name for name in CODERS if name != "jpeg_lossless"])  # storescp knows only its selection value 1
def test_each_coding_travels_as_it_is(tmp_path: Path, coding: str) -> None:
    received = tmp_path / "received"
    coded = recode(plain_cr(tmp_path / "plain.dcm"), tmp_path / "coded.dcm", coding)
    with storescp(received) as port:
        assert send_as_is(port, coded, coding)
        (kept,) = eventually(lambda: list(received.iterdir()), what="the file of the receiver")
    assert pydicom.dcmread(kept).file_meta.TransferSyntaxUID == pydicom.dcmread(coded).file_meta.TransferSyntaxUID


def test_the_raw_sender_is_understood(lone_orthanc: Orthanc, tmp_path: Path) -> None:
    data, ds = encoded_dataset(copy_in_new_study(plain_cr(tmp_path / "plain.dcm"), tmp_path / "copy.dcm"))
    assert store_bytes(lone_orthanc.port, data, sop_instance=ds.SOPInstanceUID, called="ORTHANC") == 0
    assert eventually(lambda: lone_orthanc.find(StudyInstanceUID=ds.StudyInstanceUID), what="the copy in Orthanc")


def test_the_plain_radiograph_is_sound(tmp_path: Path) -> None:
    assert dciodvfy_errors(plain_cr(tmp_path / "plain.dcm")) == []


def test_the_validator_sees_a_fault(tmp_path: Path) -> None:
    path = copy_in_new_study(plain_cr(tmp_path / "plain.dcm"), tmp_path / "broken.dcm", Rows=None)
    assert dciodvfy_errors(path)


def test_a_missing_program_fails_the_test_and_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(pytest.fail.Exception, match="apt-get install dicom3tools"):
        program("dciodvfy")


def test_the_bare_socket_sees_a_refused_context(lone_orthanc: Orthanc) -> None:
    with pytest.raises(ConnectionError):
        Line(lone_orthanc.port, calling="ORTHANC", called="ORTHANC", sop_class="1.2.3.4")
