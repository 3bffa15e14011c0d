"""A node whose decisions are recorded, and small radiographs to send to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

from baa_node.dicom.scp import STORED, Admission, Answer, Caller, Received
from baa_node.dicom.server import ListenSettings, NodeServer


@dataclass
class Recorder:
    """A node that keeps what it is given and answers as it is told."""

    admission: Admission = Admission.ADMITTED
    answer: Callable[[Received], Answer] = lambda received: Answer(status=STORED)
    callers: list[Caller] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    distrusted: list[tuple[str, str]] = field(default_factory=list)
    turned_away: list[tuple[Caller, str]] = field(default_factory=list)

    def admit(self, caller: Caller) -> Admission:
        self.callers.append(caller)
        return self.admission

    def turn_away(self, caller: Caller, reason: str) -> None:
        self.turned_away.append((caller, reason))

    def receive(self, received: Received) -> Answer:
        self.received.append(received)
        return self.answer(received)

    def distrust(self, address: str, reason: str) -> None:
        self.distrusted.append((address, reason))


@pytest.fixture
def node() -> Recorder:
    return Recorder()


@pytest.fixture
def listen(node: Recorder) -> Iterator[Callable[..., NodeServer]]:
    """Start servers for `node` that differ from short-tempered defaults by keyword."""
    servers: list[NodeServer] = []
    default = ListenSettings(ae_title="BAA_NODE", host="127.0.0.1", port=0, pdu_timeout_s=5, idle_timeout_s=5)

    def start(**changes: object) -> NodeServer:
        servers.append(NodeServer.start(replace(default, **changes), node))  # type: ignore[arg-type]
        return servers[-1]

    yield start
    for server in servers:
        server.stop(timeout_s=1)


@pytest.fixture
def server(listen: Callable[..., NodeServer]) -> NodeServer:
    return listen()


RAMP = b"".join(value.to_bytes(2, "little") for value in range(4096))


def radiograph(*, rows: int = 16, columns: int = 12, sop_class: str = ComputedRadiographyImageStorage) -> Dataset:
    """A synthetic image of 16 bit with the identifiers that the door looks at."""
    ds = Dataset()
    ds.SOPClassUID = sop_class
    ds.SOPInstanceUID = generate_uid()
    ds.StudyInstanceUID = generate_uid()
    ds.SeriesInstanceUID = generate_uid()
    ds.PatientID = "PHANTOM"
    ds.Modality = "CR"
    ds.Rows, ds.Columns = rows, columns
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = (RAMP * (rows * columns // 4096 + 1))[: 2 * rows * columns]
    ds["PixelData"].VR = "OW"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return ds


def part10(ds: Dataset) -> bytes:
    stream = BytesIO()
    dcmwrite(stream, ds, enforce_file_format=True)
    return stream.getvalue()


def data_set_bytes(part10: bytes) -> bytes:
    """The data set of a file, found by the group length of its file meta information."""
    return part10[144 + int.from_bytes(part10[140:144], "little") :]
