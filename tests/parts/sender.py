"""What the tests send themselves: any bytes as data set, and associations of any contexts."""

from __future__ import annotations

from pathlib import Path

import pydicom
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE
from pynetdicom.association import Association

from tests.parts.line import Image, Line


def associate(port: int, *contexts: tuple[str, str], calling: str = "ORTHANC", called: str = "BAA_NODE") -> Association:
    """Open an association; each context is an abstract syntax with its one transfer syntax."""
    ae = AE(ae_title=calling)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 20
    for abstract, transfer in contexts:
        ae.add_requested_context(abstract, transfer)
    return ae.associate("127.0.0.1", port, ae_title=called)


def store_bytes(
    port: int,
    data: bytes,
    *,
    sop_class: str = ComputedRadiographyImageStorage,
    sop_instance: str | None = None,
    syntax: str = ExplicitVRLittleEndian,
    calling: str = "ORTHANC",
    called: str = "BAA_NODE",
) -> int | None:
    """Send ``data`` unlooked at as the data set of one C-STORE; the status, or None when the association was aborted instead."""
    with Line(port, calling=calling, called=called, sop_class=sop_class, syntax=syntax) as line:
        return line.store(Image(sop_class=sop_class, sop_instance=sop_instance or generate_uid(), data=data))


def encoded_dataset(path: Path) -> tuple[bytes, pydicom.Dataset]:
    """Data set of a file as it stands on disk after the file meta information, and its parsed form."""
    ds = pydicom.dcmread(path, defer_size=1024)
    raw = path.read_bytes()
    start = 132 + 12 + ds.file_meta.FileMetaInformationGroupLength
    return raw[start:], ds
