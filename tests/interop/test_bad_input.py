"""What a careless or broken sender can do: a clear status or a coded refusal, and the next good image is read as ever."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    CTImageStorage,
    EnhancedSRStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
    generate_uid,
)

from tests.parts.dcmtk import echoscu, storescu
from tests.parts.images import copy_in_new_study, plain_cr
from tests.parts.node import Node
from tests.parts.orthanc import Orthanc
from tests.parts.report import bone_age_months, reasons
from tests.parts.sender import associate, encoded_dataset, store_bytes

VERIFICATION = "1.2.840.10008.1.1"
UNSUPPORTED, UNDECODABLE, ATTRIBUTES = "BAA114", "BAA112", "BAA113"

Change = Callable[[pydicom.Dataset], None]


@pytest.fixture(scope="module", autouse=True)
def _lives_on(round_trip: tuple[Orthanc, Node], hand: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """After all of this module the node is the same process and reads a good image."""
    orthanc, node = round_trip
    process = node.running.pid
    yield
    good = copy_in_new_study(hand, tmp_path_factory.mktemp("good") / "good.dcm")
    assert storescu(node.port, good).returncode == 0
    assert bone_age_months(orthanc.report_in(pydicom.dcmread(good).StudyInstanceUID)) is not None
    assert node.running.alive
    assert node.running.pid == process


def changed(tmp_path: Path, change: Change) -> Path:
    """Write the plain radiograph with one fault in it."""
    path = plain_cr(tmp_path / "changed.dcm")
    ds = pydicom.dcmread(path)
    change(ds)
    ds.save_as(path)
    return path


def no_pixels(ds: pydicom.Dataset) -> None:
    del ds.PixelData


def short_pixels(ds: pydicom.Dataset) -> None:
    ds.PixelData = ds.PixelData[: len(ds.PixelData) // 2]


def ybr(ds: pydicom.Dataset) -> None:
    ds.PhotometricInterpretation, ds.SamplesPerPixel, ds.PlanarConfiguration = "YBR_FULL", 3, 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
    ds.PixelData = np.zeros((ds.Rows, ds.Columns, 3), np.uint8).tobytes()


def palette(ds: pydicom.Dataset) -> None:
    ds.PhotometricInterpretation = "PALETTE COLOR"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
    ds.PixelData = np.zeros((ds.Rows, ds.Columns), np.uint8).tobytes()
    for colour in ("Red", "Green", "Blue"):
        ds.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [256, 0, 16])
        ds.add_new(f"{colour}PaletteColorLookupTableData", "OW", np.arange(256, dtype="<u2").tobytes())


def magnetic_resonance(ds: pydicom.Dataset) -> None:
    ds.Modality = "MR"


def absurd_size(ds: pydicom.Dataset) -> None:
    ds.Rows = ds.Columns = 46341


def several_frames(ds: pydicom.Dataset) -> None:
    ds.NumberOfFrames = 3
    ds.PixelData = ds.PixelData * 3


REFUSED: dict[Change, set[str]] = {
    no_pixels: {UNSUPPORTED, ATTRIBUTES, UNDECODABLE},
    short_pixels: {UNDECODABLE},
    ybr: {UNSUPPORTED},
    palette: {UNSUPPORTED},
    magnetic_resonance: {UNSUPPORTED, ATTRIBUTES},
    absurd_size: {UNDECODABLE, UNSUPPORTED},
    several_frames: {UNSUPPORTED},
}


@pytest.mark.parametrize("change", REFUSED, ids=[change.__name__ for change in REFUSED])
def test_an_image_that_cannot_be_read_is_refused_by_name(node: Node, orthanc: Orthanc, tmp_path: Path, change: Change) -> None:
    data, ds = encoded_dataset(changed(tmp_path, change))
    assert store_bytes(node.port, data, sop_instance=ds.SOPInstanceUID) == 0
    report = orthanc.report_in(ds.StudyInstanceUID)
    assert bone_age_months(report) is None
    assert set(reasons(report)) <= REFUSED[change]
    assert reasons(report)


def test_a_data_set_cut_off_is_answered_clearly(node: Node, orthanc: Orthanc, tmp_path: Path) -> None:
    data, ds = encoded_dataset(plain_cr(tmp_path / "plain.dcm"))
    status = store_bytes(node.port, data[: len(data) // 2], sop_instance=ds.SOPInstanceUID)
    if status == 0:
        assert reasons(orthanc.report_in(ds.StudyInstanceUID)) == [UNDECODABLE]
    else:
        assert status is not None
        assert status & 0xF000 == 0xC000


@pytest.mark.parametrize(
    "data",
    [
        np.random.default_rng(7).bytes(6000),
        b"Dear colleague, this is a letter and no radiograph.\r\n" * 40,
        b"",
        b"\x08\x00\x05\x00CS\xff\xff",
    ],
    ids=["random", "text", "empty", "half an element"],
)
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian], ids=["explicit", "implicit"])
def test_bytes_that_are_no_data_set_are_not_understood(node: Node, data: bytes, syntax: str) -> None:
    status = store_bytes(node.port, data, syntax=syntax)
    assert status is not None
    assert status & 0xF000 == 0xC000  # PS3.4 B.2.3: cannot understand


def test_another_instance_uid_in_the_command_is_a_mismatch(node: Node, orthanc: Orthanc, tmp_path: Path) -> None:
    data, ds = encoded_dataset(plain_cr(tmp_path / "plain.dcm"))
    assert store_bytes(node.port, data, sop_instance=generate_uid()) == 0xA900  # PS3.4 B.2.3: data set does not match SOP class
    assert orthanc.find(StudyInstanceUID=ds.StudyInstanceUID) == []


def test_another_class_in_the_data_set_is_a_mismatch(node: Node, tmp_path: Path) -> None:
    data, ds = encoded_dataset(copy_in_new_study(plain_cr(tmp_path / "plain.dcm"), tmp_path / "mr.dcm", SOPClassUID=MRImageStorage))
    assert store_bytes(node.port, data, sop_instance=ds.SOPInstanceUID) == 0xA900


@pytest.mark.parametrize(
    "sop_class", [MRImageStorage, CTImageStorage, EnhancedSRStorage, "1.2.3.4.5.6.7"], ids=["MR", "CT", "SR", "unknown"]
)
def test_a_class_that_is_not_read_is_settled_in_negotiation(node: Node, sop_class: str) -> None:
    assoc = associate(node.port, (VERIFICATION, ImplicitVRLittleEndian), (sop_class, ExplicitVRLittleEndian))
    assert assoc.is_established
    assert [context.abstract_syntax for context in assoc.rejected_contexts] == [sop_class]
    assert assoc.rejected_contexts[0].result == 3  # PS3.8 table 9-18: abstract syntax not supported
    assoc.release()


def test_an_association_without_a_message_is_released(node: Node) -> None:
    assoc = associate(node.port, (ComputedRadiographyImageStorage, ExplicitVRLittleEndian))
    assert assoc.is_established
    assoc.release()
    assert assoc.is_released


@pytest.mark.parametrize(
    "said",
    [b"", b"GET / HTTP/1.1\r\n\r\n", b"\x01\x00\xff\xff\xff\xff", b"\x01\x00\x00\x00\x00\xcd\x00\x01"],
    ids=["nothing", "http", "4 GB", "half"],
)
def test_a_caller_that_speaks_something_else_blocks_nobody(node: Node, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", node.port), timeout=5) as caller:
        caller.sendall(said)
        assert echoscu(node.port).returncode == 0
    assert echoscu(node.port).returncode == 0
