"""Asking a peer for a patient's earlier reports: C-FIND for where they are (PS3.4 annex C), C-GET for what they say (C.4.3).

The peer is a stranger with a deadline: a few studies, a few objects, a few megabytes, and at the end of the time what has come is taken
and the association dropped. Objects come as C-STORE requests on the association that we opened, for which we take the role of the
provider (role selection, PS3.7 D.3.3.4). A peer that offers C-MOVE only is not asked: it would send to our listener, where an object
that belongs to a question cannot be told from one that was sent to be read.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from io import BytesIO
from typing import Any, Final

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import (
    UID,
    Comprehensive3DSRStorage,
    ComprehensiveSRStorage,
    EnhancedSRStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pynetdicom.dimse_primitives import C_FIND, C_GET, C_STORE
from pynetdicom.presentation import PresentationContext, build_context, build_role

from baa_node.core import attributes
from baa_node.core.priors.history import Examination
from baa_node.dicom.commitment import PENDING, STUDY_ROOT_FIND, NotOfferedError, encoded_for
from baa_node.dicom.elements import is_uid
from baa_node.dicom.endpoint import Endpoint
from baa_node.dicom.messages import BoundedMessages, Budget
from baa_node.dicom.requestor import MEDIUM_PRIORITY, RequestedAssociation, association_with
from baa_node.dicom.scp import UNREADABLE
from baa_node.errors import DeliveryError

STUDY_ROOT_GET: Final = UID("1.2.840.10008.5.1.4.1.2.2.3")
REPORT_CLASSES: Final = (Comprehensive3DSRStorage, ComprehensiveSRStorage, EnhancedSRStorage)
"""SR classes in which a bone age may come; a dose report, say, is none of them and is not fetched."""

OUT_OF_RESOURCES: Final = 0xA700
WILD: Final = frozenset("*?\\")
MOST_ANSWERS: Final = 500
"""C-FIND responses read for one question."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much of an answer is taken.

    Attributes
    ----------
    wait_s
        For everything, from the connection to the last object.
    studies, objects
        The latest studies that are looked into, and the reports fetched.
    object_bytes, total_bytes
        Longest data set, and all that is received; a report of ours has about 15 kB.
    """

    wait_s: float = 2.0
    studies: int = 12
    objects: int = 24
    object_bytes: int = 1 << 20
    total_bytes: int = 8 << 20


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Whose reports, and of examinations until which day."""

    patient_id: str
    issuer: str
    until: date

    @property
    def is_one_patient(self) -> bool:
        """Whether the question has no wild card in it, which would ask for other patients, too (PS3.4 C.2.2.2.4)."""
        return bool(self.patient_id) and not set(self.patient_id + self.issuer) & WILD


def wanted_for(examination: Examination) -> Wanted | None:
    """Say what to ask for; None where nothing that a peer gives could be told to be this patient's and of an earlier day."""
    if examination.examined_on is None or examination.birth_date is None:
        return None
    wanted = Wanted(patient_id=examination.patient_id, issuer=examination.issuer, until=examination.examined_on)
    return wanted if wanted.is_one_patient else None


@dataclass
class Fetched:
    """What a peer gave; grows while it answers, so that what came in time is there when the time is up.

    Attributes
    ----------
    found
        Reports that its queries named.
    reports
        Those that came and can be parsed. Nothing in them is believed yet.
    """

    found: int = 0
    reports: list[Dataset] = field(default_factory=list)


def fetch_reports(endpoint: Endpoint, wanted: Wanted, fetched: Fetched, limits: Limits = Limits()) -> None:
    """Fetch a patient's earlier structured reports into `fetched`.

    Raises
    ------
    NotOfferedError
        The peer does not accept Study Root FIND and GET.
    DeliveryError
        It cannot be reached, fails, or is not done when the time is up; what had come until then stays in `fetched`.
    """
    deadline = time.monotonic() + limits.wait_s
    hurried = replace(
        endpoint,
        connect_timeout_s=min(endpoint.connect_timeout_s, limits.wait_s),
        association_timeout_s=min(endpoint.association_timeout_s, limits.wait_s),
        response_timeout_s=min(endpoint.response_timeout_s, limits.wait_s),
    )

    def open_association(endpoint: Endpoint, contexts: Sequence[PresentationContext]) -> RequestedAssociation:
        return _Retrieval(endpoint, contexts, limits, deadline)

    with association_with(hurried, _contexts(), opened_by=open_association) as association:
        assert isinstance(association, _Retrieval)
        _search(association, wanted, fetched, limits)


class _Retrieval(RequestedAssociation):
    """An association on which the peer may store reports, until a point in time."""

    def __init__(self, endpoint: Endpoint, contexts: Sequence[PresentationContext], limits: Limits, deadline: float) -> None:
        super().__init__(endpoint, contexts)
        self.dimse = BoundedMessages(self, max_dataset_bytes=limits.object_bytes, budget=Budget(limits.total_bytes))
        self._deadline = deadline
        self._message_id = 0
        for sop_class in REPORT_CLASSES:
            self.requestor.add_negotiation_item(build_role(sop_class, scp_role=True))

    def ask(self, request: Any, sop_class: UID, identifier: Dataset) -> Iterator[tuple[Any, PresentationContext]]:
        """Send a C-FIND or C-GET request; every message that comes until its last response, with its context."""
        context = next((one for one in self.accepted_contexts if one.abstract_syntax == sop_class), None)
        if context is None:
            raise NotOfferedError(f"{self.endpoint} offers no {sop_class.name}")
        self._message_id += 1
        request.MessageID = self._message_id
        request.AffectedSOPClassUID = sop_class
        request.Priority = MEDIUM_PRIORITY
        request.Identifier = encoded_for(identifier, context)
        self.dimse.send_msg(request, context.context_id)
        message = None
        while not isinstance(message, type(request)) or message.Status in PENDING:
            message, answered_in = self._next()
            yield message, answered_in

    def check(self, status: int) -> None:
        """Raise DeliveryError for a failure; Bxxx says that some sub-operations failed (PS3.4 table C.4-3), which the count shows."""
        if status not in {0x0000, *PENDING} and status >> 12 != 0xB:
            raise DeliveryError(f"{self.endpoint} answered with status 0x{status:04X}", status=status)

    def answer_store(self, request: C_STORE, context: PresentationContext, status: int) -> None:
        """Answer the peer's C-STORE."""
        response = C_STORE()
        response.MessageIDBeingRespondedTo = request.MessageID
        response.AffectedSOPClassUID = request.AffectedSOPClassUID
        response.AffectedSOPInstanceUID = request.AffectedSOPInstanceUID
        response.Status = status
        self.dimse.send_msg(response, context.context_id)

    def _next(self) -> tuple[Any, PresentationContext]:
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise DeliveryError(f"{self.endpoint} was not done in time")
        self.dimse_timeout = left_s
        context_id, message = self.dimse.get_msg(block=True)
        if message is None:
            raise DeliveryError(f"{self.endpoint} {self._silence()}")
        context = next((one for one in self.accepted_contexts if one.context_id == context_id), None)
        if context is None or not (isinstance(message, C_STORE) or message.is_valid_response):
            raise DeliveryError(f"{self.endpoint} answered with an invalid message")
        return message, context


def _contexts() -> list[PresentationContext]:
    native = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
    return [build_context(one, native) for one in (STUDY_ROOT_FIND, STUDY_ROOT_GET, *REPORT_CLASSES)]


def _search(association: _Retrieval, wanted: Wanted, fetched: Fetched, limits: Limits) -> None:
    """Look from study to series to instances, latest study first, as a hierarchical query must (PS3.4 C.4.1.2.1)."""
    for study in _latest_studies(association, wanted)[: limits.studies]:
        for series in _uids(
            association, _query("SERIES", StudyInstanceUID=study, Modality="SR", SeriesInstanceUID=""), "SeriesInstanceUID"
        ):
            place = {"StudyInstanceUID": study, "SeriesInstanceUID": series}
            instances = _uids(association, _query("IMAGE", **place, SOPClassUID="", SOPInstanceUID=""), "SOPInstanceUID", reports_only=True)
            fetched.found += len(instances)
            room = limits.objects - len(fetched.reports)
            if instances[:room]:
                _get(association, _query("IMAGE", **place, SOPInstanceUID=instances[:room]), fetched, limits)
            if room <= len(instances):
                return


def _latest_studies(association: _Retrieval, wanted: Wanted) -> list[str]:
    """Study Instance UIDs of this patient, latest first. Modalities in Study is optional to match on: who ignores it answers with all."""
    answers = [one for one in _find(association, studies_question(wanted)) if attributes.text(one, "PatientID") in {wanted.patient_id, ""}]
    answers.sort(key=lambda one: attributes.text(one, "StudyDate"), reverse=True)
    return _distinct(answers, "StudyInstanceUID")


def studies_question(wanted: Wanted) -> Dataset:
    """Ask, as every search begins, in which studies this patient has reports."""
    return _query(
        "STUDY",
        PatientID=wanted.patient_id,
        IssuerOfPatientID=wanted.issuer,
        StudyDate=f"-{wanted.until:%Y%m%d}",
        ModalitiesInStudy="SR",
        StudyInstanceUID="",
    )


def _uids(association: _Retrieval, question: Dataset, keyword: str, *, reports_only: bool = False) -> list[str]:
    """List the UIDs of what matches; not every peer tells the SOP Class, and what was not negotiated does not come."""
    answers = _find(association, question)
    return _distinct([one for one in answers if not reports_only or attributes.text(one, "SOPClassUID") in {*REPORT_CLASSES, ""}], keyword)


def _distinct(answers: Sequence[Dataset], keyword: str) -> list[str]:
    return [uid for uid in dict.fromkeys(attributes.text(one, keyword) for one in answers) if is_uid(uid)]


def _find(association: _Retrieval, question: Dataset) -> list[Dataset]:
    answers: list[Dataset] = []
    for message, context in association.ask(C_FIND(), STUDY_ROOT_FIND, question):
        if len(answers) > MOST_ANSWERS:
            raise DeliveryError(f"{association.endpoint} gave more than {MOST_ANSWERS} answers")
        if isinstance(message, C_STORE):
            raise DeliveryError(f"{association.endpoint} answered with an invalid message")
        association.check(message.Status)
        if message.Status in PENDING and message.Identifier is not None:
            answers += _parsed(message.Identifier, context)
    return answers


def _get(association: _Retrieval, question: Dataset, fetched: Fetched, limits: Limits) -> None:
    """Take what comes; where we refused an object, the peer's failure is our doing and nothing to complain of."""
    refused = False
    for message, context in association.ask(C_GET(), STUDY_ROOT_GET, question):
        if not isinstance(message, C_STORE):
            association.check(0x0000 if refused else message.Status)
            continue
        kept = message.DataSet is not None and not message.DataSet.overflowed and len(fetched.reports) < limits.objects
        fetched.reports += _parsed(message.DataSet, context) if kept else []
        association.answer_store(message, context, 0x0000 if kept else OUT_OF_RESOURCES)
        refused = refused or not kept


def _parsed(encoded: Any, context: PresentationContext) -> list[Dataset]:
    """Give the data set, or none where the bytes are no data set."""
    syntax = context.transfer_syntax[0]
    try:
        return [read_dataset(BytesIO(encoded.getvalue()), syntax.is_implicit_VR, syntax.is_little_endian)]
    except UNREADABLE:
        return []


def _query(level: str, **keys: Any) -> Dataset:
    ds = Dataset()
    if not all(str(value).isascii() for value in keys.values()):
        ds.SpecificCharacterSet = "ISO_IR 192"
    ds.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(ds, keyword, value)
    return ds
