"""Earlier reports of other systems, and a peer that holds them: willing, slow, or lying, as told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, Self

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import Comprehensive3DSRStorage, ComprehensiveSRStorage, EnhancedSRStorage, ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt
from pynetdicom.presentation import build_context

from tests.parts.coding import code

FIND, GET = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.2.3"
CLASSES = (Comprehensive3DSRStorage, ComprehensiveSRStorage, EnhancedSRStorage)
BONE_AGE = ("85151-9", "LN", "XR Bone age")
MONTH, YEAR = ("mo", "UCUM", "month"), ("a", "UCUM", "year")


def num(concept: tuple[str, str, str], value: object, unit: tuple[str, str, str] = MONTH, *children: Dataset) -> Dataset:
    """NUM content item."""
    item = Dataset()
    item.RelationshipType, item.ValueType = "CONTAINS", "NUM"
    item.ConceptNameCodeSequence = [code(*concept)]
    measured = Dataset()
    measured.NumericValue = value
    measured.MeasurementUnitsCodeSequence = [code(*unit)]
    item.MeasuredValueSequence = [measured]
    if children:
        item.ContentSequence = list(children)
    return item


def coded(concept: tuple[str, str, str], value: tuple[str, str, str], *children: Dataset) -> Dataset:
    """CODE content item."""
    item = Dataset()
    item.RelationshipType, item.ValueType = "HAS CONCEPT MOD", "CODE"
    item.ConceptNameCodeSequence, item.ConceptCodeSequence = [code(*concept)], [code(*value)]
    if children:
        item.ContentSequence = list(children)
    return item


def container(*children: Dataset) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = "CONTAINS", "CONTAINER"
    item.ConceptNameCodeSequence = [code("125007", "DCM", "Measurement Group")]
    item.ContentSequence = list(children)
    return item


def prior_report(patient: Dataset, *items: Dataset, months: float | None = None, **elements: object) -> Dataset:
    """Another system's report about the same patient, in a study of its own."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = EnhancedSRStorage, generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = generate_uid(), generate_uid()
    ds.Modality = "SR"
    for keyword in ("PatientID", "PatientBirthDate", "PatientSex", "IssuerOfPatientID"):
        if keyword in patient:
            setattr(ds, keyword, patient[keyword].value)
    ds.Manufacturer, ds.ManufacturerModelName, ds.SoftwareVersions = "Other maker", "Other reader", "2"
    ds.CompletionFlag, ds.ContentDate, ds.ContentTime = "COMPLETE", "20240103", "101112"
    ds.ValueType = "CONTAINER"
    ds.ContentSequence = [container(*items, *([num(BONE_AGE, months)] if months is not None else []))]
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return ds


class PriorArchive:
    """Study Root FIND and GET provider of a few reports.

    Attributes
    ----------
    before_find, before_store
        Where given, an answer to a query, or an object beyond the first `free_stores`, waits for it, five seconds at most.
    asked
        C-FIND requests so far.
    """

    def __init__(self, *classes: str) -> None:
        self.before_find: threading.Event | None = None
        self.before_store: threading.Event | None = None
        self.free_stores = 0
        self.asked = 0
        self._held: list[tuple[str, Dataset]] = []
        self._classes = classes or (FIND, GET)
        self._server: Any = None
        self._connections: list[Any] = []

    def hold(self, ds: Dataset, *, found_as: str | None = None) -> None:
        """Keep a report; `found_as` is the Patient ID under which it lies."""
        self._held.append((found_as or str(ds.PatientID), ds))

    @property
    def port(self) -> int:
        return int(self._server.socket.getsockname()[1])

    def __enter__(self) -> Self:
        ae = AE("ARCHIVE")
        ae.supported_contexts = [build_context(one) for one in self._classes]
        for sop_class in CLASSES:
            ae.add_supported_context(sop_class, scu_role=True, scp_role=True)
        handlers = [(evt.EVT_C_FIND, self._find), (evt.EVT_C_GET, self._get), (evt.EVT_CONN_OPEN, self._connected)]
        self._server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        return self

    def __exit__(self, *_: object) -> None:
        for event in (self.before_find, self.before_store):
            if event is not None:
                event.set()
        self._server.shutdown()
        for connection in self._connections:  # the library leaves those open that were closed by us first
            connection.close()

    def _connected(self, event: evt.Event) -> None:
        self._connections.append(event.assoc.dul.socket.socket)

    def _find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        self.asked += 1
        if self.before_find is not None:
            self.before_find.wait(5)
        question = event.identifier
        for patient_id, ds in self._held:
            if self._matches(question, patient_id, ds):
                answer = Dataset()
                for element in question:
                    value = ds.get(element.keyword, element.value)
                    setattr(answer, element.keyword, value)
                if question.QueryRetrieveLevel == "STUDY":
                    answer.PatientID = patient_id
                yield 0xFF00, answer

    @staticmethod
    def _matches(question: Dataset, patient_id: str, ds: Dataset) -> bool:
        if question.QueryRetrieveLevel == "STUDY":
            return bool(question.PatientID == patient_id)
        keys = ("StudyInstanceUID",) if question.QueryRetrieveLevel == "SERIES" else ("StudyInstanceUID", "SeriesInstanceUID")
        return all(question[key].value == ds[key].value for key in keys)

    def _get(self, event: evt.Event) -> Iterator[Any]:
        wanted = event.identifier.SOPInstanceUID
        wanted = [wanted] if isinstance(wanted, str) else list(wanted)
        chosen = [ds for _, ds in self._held if ds.SOPInstanceUID in wanted]
        yield len(chosen)
        for ds in chosen:
            if self.free_stores:
                self.free_stores -= 1
            elif self.before_store is not None:
                self.before_store.wait(5)
            yield 0xFF00, ds
