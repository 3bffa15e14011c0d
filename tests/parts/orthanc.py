"""A real Orthanc on temporary folders and free ports, spoken to by its REST interface."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import pydicom
import pytest

from tests.parts.programs import Service, eventually, free_port, program

COMPREHENSIVE_3D_SR = "1.2.840.10008.5.1.4.1.1.88.34"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def dicomweb_plugin() -> str:
    """Path of Orthanc's DICOMweb plug-in; the test fails, naming the package, when it is absent."""
    for folder in ("/usr/share/orthanc/plugins", "/usr/local/share/orthanc/plugins"):
        path = Path(folder) / "libOrthancDicomWeb.so"
        if path.exists():
            return str(path)
    pytest.fail("Orthanc's DICOMweb plug-in is not installed: apt-get install orthanc-dicomweb", pytrace=False)


class _AskedAgain(httpx.HTTPTransport):
    """Ask once more where Orthanc closes the connection without a word.

    Orthanc 1.10.1 does so with one request in some hundreds while its DICOMweb jobs fail, on a kept connection as on a new one.
    What the tests ask of it, it may be asked twice.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return super().handle_request(request)
        except httpx.RemoteProtocolError:
            return super().handle_request(request)


class Orthanc:
    """Orthanc as PACS: AE title ``ORTHANC``, knows the node as modality ``node``.

    Parameters
    ----------
    folder : Path
        Empty folder for configuration, storage and logs; a second instance on the same folder keeps the first one's images.
    node_port : int
        Port on which the node listens.
    sync : bool
        Fsync each received file (Orthanc's ``SyncStorageArea``); the tests need no such promise, the benchmark does.
    settings : dict
        Further settings of its configuration file.
    """

    ae_title = "ORTHANC"
    host = "127.0.0.1"

    def __init__(
        self, folder: Path, *, node_port: int, sync: bool = False, port: int | None = None, settings: dict[str, Any] | None = None
    ) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.http_port = free_port()
        self.node_port = node_port
        self.sync = sync
        self._settings = settings or {}
        self.service: Service | None = None
        address = f"http://127.0.0.1:{self.http_port}"
        self.http = httpx.Client(base_url=address, timeout=60.0, trust_env=False, transport=_AskedAgain())

    def _configuration(self) -> dict[str, Any]:
        return {
            "Name": "PACS of the tests",
            "StorageDirectory": str(self.folder / "storage"),
            "IndexDirectory": str(self.folder / "storage"),
            "HttpPort": self.http_port,
            "DicomPort": self.port,
            "DicomAet": self.ae_title,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomAlwaysAllowStore": True,
            "DicomAlwaysAllowEcho": True,
            "DicomCheckModalityHost": False,
            "DicomModalities": {"node": {"AET": "BAA_NODE", "Host": self.host, "Port": self.node_port}},
            "SynchronousCMove": True,
            "SyncStorageArea": self.sync,
            "OverwriteInstances": False,
            "StorageCompression": False,
            "MaximumPduLength": 131072,
            "KeepAlive": True,
            "TcpNoDelay": True,
            "Plugins": [],
            **self._settings,
        }

    def start(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "orthanc.json"
        settings.write_text(json.dumps(self._configuration(), indent=1))
        self.service = Service("orthanc", [program("Orthanc"), str(settings)], folder=self.folder, env={"TCP_NODELAY": "1"})
        eventually(self._answers, what="Orthanc's REST interface to answer", timeout_s=30)
        return self

    def _answers(self) -> bool:
        if self.service is not None and not self.service.alive:
            raise RuntimeError(f"Orthanc ended at once\n{self.service.said()}")
        try:
            return self.http.get("/system").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        if self.service is not None:
            self.service.stop()
            self.service = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        self.http.close()

    def get(self, path: str) -> Any:
        answer = self.http.get(path)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: Any) -> Any:
        answer = self.http.post(path, json=body)
        answer.raise_for_status()
        return answer.json()

    def upload(self, path: Path) -> str:
        """Put a file into Orthanc by REST; returns Orthanc's identifier of the instance."""
        answer = self.http.post("/instances", content=path.read_bytes())
        answer.raise_for_status()
        return str(answer.json()["ID"])

    def send_to_node(self, *identifiers: str) -> dict[str, Any]:
        """C-STORE from Orthanc to the node, ended when this returns; Orthanc's summary of the job."""
        summary: dict[str, Any] = self.post("/modalities/node/store", {"Resources": list(identifiers), "Synchronous": True})
        return summary

    def find(self, level: str = "Instance", **query: str) -> list[str]:
        """Orthanc's identifiers of what matches the query, keys being DICOM keywords."""
        found: list[str] = self.post("/tools/find", {"Level": level, "Query": query})
        return found

    def file(self, identifier: str) -> bytes:
        """Return the stored file of an instance, byte for byte."""
        answer = self.http.get(f"/instances/{identifier}/file")
        answer.raise_for_status()
        return answer.content

    def dataset(self, identifier: str) -> pydicom.Dataset:
        return pydicom.dcmread(io.BytesIO(self.file(identifier)))

    def in_study(self, study_uid: str, sop_class: str) -> list[str]:
        """Orthanc's identifiers of the instances of one SOP class in one study."""
        return self.find(StudyInstanceUID=study_uid, SOPClassUID=sop_class)

    def reports(self, study_uid: str) -> list[pydicom.Dataset]:
        return [self.dataset(one) for one in self.in_study(study_uid, COMPREHENSIVE_3D_SR)]

    def captures(self, study_uid: str) -> list[pydicom.Dataset]:
        return [self.dataset(one) for one in self.in_study(study_uid, SECONDARY_CAPTURE)]

    def report_in(self, study_uid: str, *, timeout_s: float = 30.0) -> pydicom.Dataset:
        """Wait for the first report of a study."""
        return eventually(lambda: self.reports(study_uid), what=f"a report in study {study_uid}", timeout_s=timeout_s)[0]

    def capture_in(self, study_uid: str, *, timeout_s: float = 30.0) -> pydicom.Dataset:
        """Wait for the first secondary capture of a study."""
        return eventually(lambda: self.captures(study_uid), what=f"a picture in study {study_uid}", timeout_s=timeout_s)[0]

    def stays(self, count: int, study_uid: str, *, for_s: float) -> bool:
        """Whether the study still holds ``count`` instances after a while: nothing else came."""
        time.sleep(for_s)
        return len(self.find(StudyInstanceUID=study_uid)) == count
