"""A very small PACS for the demonstration: it sends files to a node and keeps the results that come back, in memory."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.filewriter import dcmwrite
from pydicom.uid import (
    Comprehensive3DSRStorage,
    EncapsulatedPDFStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)
from pynetdicom import AE, evt
from pynetdicom.transport import ThreadedAssociationServer

from baa_node.dicom.scu import Endpoint, Outgoing, send

_KINDS = {Comprehensive3DSRStorage: "sr", EncapsulatedPDFStorage: "pdf", SecondaryCaptureImageStorage: "capture"}


class PracticePacs:
    """Storage SCP for results and Storage SCU for images.

    Attributes
    ----------
    received
        Data sets by SOP Instance UID.
    stores
        C-STORE requests answered, the repeated ones too.
    """

    def __init__(self, ae_title: str, port: int) -> None:
        self.ae_title = ae_title
        self.stores = 0
        self.received: dict[str, Dataset] = {}
        self._lock = threading.Lock()
        ae = AE(ae_title)
        for sop_class in _KINDS:
            ae.add_supported_context(sop_class, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
        handlers = [(evt.EVT_C_STORE, self._keep)]
        self._server: ThreadedAssociationServer = ae.start_server(("127.0.0.1", port), block=False, evt_handlers=handlers)

    @classmethod
    def start(cls, ae_title: str, port: int = 0) -> PracticePacs:
        """Listen on the loopback interface, on a free port unless one is named."""
        return cls(ae_title, port)

    @property
    def port(self) -> int:
        """TCP port of the listener."""
        return int(self._server.socket.getsockname()[1])

    def store_to(self, host: str, port: int, ae_title: str, files: Sequence[Path]) -> None:
        """Send DICOM files as they are.

        Raises
        ------
        DeliveryError
            The node cannot be reached or rejects the association.
        """
        endpoint = Endpoint(ae_title=ae_title, host=host, port=port, calling_ae=self.ae_title)
        send(endpoint, [[_outgoing(file)] for file in files])

    def results_for(self, source_uid: str) -> dict[str, Dataset]:
        """Report (``sr``), picture (``capture``) and page (``pdf``) that name the image as their source."""
        with self._lock:
            received = list(self.received.values())
        return {_KINDS[ds.SOPClassUID]: ds for ds in received if source_uid in _sources(ds)}

    def stop(self) -> None:
        """Close the listener."""
        self._server.shutdown()

    def _keep(self, event: evt.Event) -> int:
        ds = event.dataset
        ds.file_meta = event.file_meta
        with self._lock:
            self.stores += 1
            self.received[ds.SOPInstanceUID] = ds
        return 0x0000


def _outgoing(file: Path) -> Outgoing:
    ds = dcmread(file)
    content = BytesIO()
    dcmwrite(content, ds, enforce_file_format=True)
    return Outgoing(
        sop_class_uid=ds.SOPClassUID,
        sop_instance_uid=ds.SOPInstanceUID,
        transfer_syntax_uid=ds.file_meta.TransferSyntaxUID,
        content=content.getvalue(),
    )


def _sources(ds: Dataset) -> set[str]:
    images = [*(ds.get("SourceImageSequence") or ()), *(ds.get("SourceInstanceSequence") or ())]
    for study in ds.get("CurrentRequestedProcedureEvidenceSequence") or ():
        for series in study.ReferencedSeriesSequence:
            images.extend(series.ReferencedSOPSequence)
    return {image.ReferencedSOPInstanceUID for image in images}
