"""A C-STORE sender for what no decent program sends: any bytes as data set, under any UIDs, in any announced transfer syntax."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pydicom
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE


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
) -> int | None:
    """Send ``data`` unlooked at as the data set of one C-STORE; returns the status, or None when the peer gave none."""
    assoc = associate(port, (sop_class, syntax), calling=calling)
    if not assoc.is_established:
        raise ConnectionError(f"association rejected={assoc.is_rejected} aborted={assoc.is_aborted}")
    request = C_STORE()
    request.MessageID = 1
    request.AffectedSOPClassUID = sop_class
    request.AffectedSOPInstanceUID = sop_instance or generate_uid()
    request.Priority = 2
    request.DataSet = BytesIO(data)
    try:
        return _exchange(assoc, request)
    finally:
        assoc.release()


def _exchange(assoc: Association, request: C_STORE) -> int | None:
    context = assoc.accepted_contexts
    if not context:
        return None
    assoc.dimse.send_msg(request, context[0].context_id)
    _, response = assoc.dimse.get_msg(block=True)
    return None if response is None else int(response.Status)


def encoded_dataset(path: Path) -> tuple[bytes, pydicom.Dataset]:
    """Data set of a file as it stands on disk after the file meta information, and its parsed form."""
    ds = pydicom.dcmread(path, defer_size=1024)
    raw = path.read_bytes()
    start = 132 + 12 + ds.file_meta.FileMetaInformationGroupLength
    return raw[start:], ds
