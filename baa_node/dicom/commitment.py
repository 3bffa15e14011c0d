"""Receipts: storage commitment (PS3.4 annex J) and a look by C-FIND (PS3.4 annex C) at what a peer says it has.

As SCU we ask a peer to commit itself to our reports. Its answer comes on the same association or, minutes later, on one of its own,
for which the listener accepts that the caller is the provider (role selection, PS3.7 D.3.3.4). As SCP we answer that we commit ourselves
to nothing: the node is no archive, and a modality that believed otherwise would delete its copy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.dimse_primitives import C_FIND, N_ACTION, N_EVENT_REPORT
from pynetdicom.dsutils import encode
from pynetdicom.presentation import PresentationContext, build_context

from baa_node.dicom.elements import is_uid
from baa_node.dicom.endpoint import Endpoint
from baa_node.dicom.requestor import MEDIUM_PRIORITY, RequestedAssociation, association_with
from baa_node.dicom.scp import UNREADABLE
from baa_node.errors import DeliveryError

if TYPE_CHECKING:
    from pynetdicom import evt

STORAGE_COMMITMENT: Final = UID("1.2.840.10008.1.20.1")
STORAGE_COMMITMENT_INSTANCE: Final = UID("1.2.840.10008.1.20.1.1")
STUDY_ROOT_FIND: Final = UID("1.2.840.10008.5.1.4.1.2.2.1")

REQUEST_COMMITMENT: Final = 1
"""Action Type ID (PS3.4 table J.3-1)."""

ALL_COMMITTED, SOME_FAILED = 1, 2
"""Event Type IDs (PS3.4 table J.3-2)."""

NOT_AN_ARCHIVE: Final = 0x0110
"""Processing failure: our answer to whoever asks us to commit ourselves."""

UNKNOWN_TRANSACTION: Final = 0x0115
"""Invalid argument value: our answer to an event about a transaction that we never began."""

PENDING: Final = (0xFF00, 0xFF01)


@dataclass(frozen=True, kw_only=True)
class Stored:
    """An object that a peer said it stored, and where it belongs."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str = ""
    series_instance_uid: str = ""


@dataclass(frozen=True, kw_only=True)
class Commitment:
    """What a peer answers to a request for commitment (PS3.4 J.3.3).

    Attributes
    ----------
    committed
        SOP Instance UIDs that the peer will keep.
    failed
        Failure Reason (0008,1197) by SOP Instance UID.
    """

    transaction_uid: str
    committed: tuple[str, ...] = ()
    failed: Mapping[str, int] = field(default_factory=dict)


class NotOfferedError(DeliveryError):
    """The peer does not accept the service at all; asking again will not change that."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retry_helps=False)


def request_commitment(endpoint: Endpoint, transaction_uid: str, stored: Sequence[Stored], *, wait_s: float) -> Commitment | None:
    """Ask a peer to commit itself to objects (N-ACTION) and wait a moment for the answer on the same association.

    Parameters
    ----------
    transaction_uid
        Never used before.
    wait_s
        How long to hold the association open for the N-EVENT-REPORT.

    Returns
    -------
    Commitment or None
        None where the peer has not answered yet.

    Raises
    ------
    NotOfferedError
        The peer does not accept Storage Commitment.
    DeliveryError
        It cannot be reached, or refuses the request, naming the status.
    """
    contexts = [build_context(STORAGE_COMMITMENT, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])]
    with association_with(endpoint, contexts) as association:
        if not association.accepted_contexts:
            raise NotOfferedError(f"{endpoint} offers no storage commitment")
        context = association.accepted_contexts[0]
        response = association.exchange(_action(transaction_uid, stored, context), context)
        if response.Status != 0:
            raise DeliveryError(
                f"{endpoint} answered the request for commitment with status 0x{response.Status:04X}", status=response.Status
            )
        return _answer_within(association, transaction_uid, wait_s)


def find_stored(endpoint: Endpoint, stored: Sequence[Stored]) -> list[str]:
    """Ask a peer which of some objects it has (C-FIND at the IMAGE level); the SOP Instance UIDs that it knows.

    Raises
    ------
    NotOfferedError
        The peer does not accept the Study Root Query.
    DeliveryError
        It cannot be reached or answers with a failure status.
    """
    contexts = [build_context(STUDY_ROOT_FIND, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])]
    with association_with(endpoint, contexts) as association:
        if not association.accepted_contexts:
            raise NotOfferedError(f"{endpoint} offers no query")
        context = association.accepted_contexts[0]
        return [one.sop_instance_uid for number, one in enumerate(stored, start=1) if _knows(association, context, number, one)]


def read_event(event_type: int, encoded: bytes, transfer_syntax: UID) -> Commitment:
    """Read the Event Information of an N-EVENT-REPORT (PS3.4 table J.3-2).

    Raises
    ------
    ValueError
        It is none: no transaction, another event type, bytes that are no data set.
    """
    if event_type not in {ALL_COMMITTED, SOME_FAILED}:
        raise ValueError(f"event type {event_type} is none of storage commitment")
    try:
        ds = read_dataset(BytesIO(encoded), transfer_syntax.is_implicit_VR, transfer_syntax.is_little_endian)
        found = Commitment(
            transaction_uid=str(ds.TransactionUID),
            committed=tuple(str(item.ReferencedSOPInstanceUID) for item in ds.get("ReferencedSOPSequence") or ()),
            failed={str(item.ReferencedSOPInstanceUID): int(item.FailureReason) for item in ds.get("FailedSOPSequence") or ()},
        )
    except UNREADABLE as error:
        raise ValueError(f"event information cannot be read ({type(error).__name__})") from error
    if not is_uid(found.transaction_uid):
        raise ValueError("event information without a Transaction UID")
    return found


def contexts_of_listener() -> list[PresentationContext]:
    """Give the one context, with both roles: who asks us is the user, who answers us is the provider."""
    context = build_context(STORAGE_COMMITMENT, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
    context.scu_role, context.scp_role = True, True
    return [context]


def answer_event(event: evt.Event, receive: Callable[[Commitment], bool]) -> int:
    """Serve one N-EVENT-REPORT: hand the answer over; the status to respond with (PS3.7 10.1.1)."""
    request = event.request
    encoded = request.EventInformation.getvalue() if request.EventInformation else b""
    try:
        commitment = read_event(request.EventTypeID, encoded, event.context.transfer_syntax)
    except ValueError:
        return UNKNOWN_TRANSACTION
    return 0x0000 if receive(commitment) else UNKNOWN_TRANSACTION


def _action(transaction_uid: str, stored: Sequence[Stored], context: PresentationContext) -> N_ACTION:
    request = N_ACTION()
    request.MessageID = 1
    request.RequestedSOPClassUID = STORAGE_COMMITMENT
    request.RequestedSOPInstanceUID = STORAGE_COMMITMENT_INSTANCE
    request.ActionTypeID = REQUEST_COMMITMENT
    ds = Dataset()
    ds.TransactionUID = transaction_uid
    ds.ReferencedSOPSequence = [_reference(one) for one in stored]
    request.ActionInformation = encoded_for(ds, context)
    return request


def _reference(one: Stored) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = one.sop_class_uid
    item.ReferencedSOPInstanceUID = one.sop_instance_uid
    return item


def _answer_within(association: RequestedAssociation, transaction_uid: str, wait_s: float) -> Commitment | None:
    event, context_id = association.request_within(wait_s)
    if not isinstance(event, N_EVENT_REPORT):
        return None
    context = next(one for one in association.accepted_contexts if one.context_id == context_id)
    encoded = event.EventInformation.getvalue() if event.EventInformation else b""
    try:
        commitment: Commitment | None = read_event(event.EventTypeID, encoded, context.transfer_syntax[0])
    except ValueError:
        commitment = None
    ours = commitment is not None and commitment.transaction_uid == transaction_uid
    response = N_EVENT_REPORT()
    response.MessageIDBeingRespondedTo = event.MessageID
    response.AffectedSOPClassUID = event.AffectedSOPClassUID
    response.AffectedSOPInstanceUID = event.AffectedSOPInstanceUID
    response.EventTypeID = event.EventTypeID
    response.Status = 0x0000 if ours else UNKNOWN_TRANSACTION
    association.dimse.send_msg(response, context_id)
    return commitment if ours else None


def _knows(association: RequestedAssociation, context: PresentationContext, number: int, one: Stored) -> bool:
    query = Dataset()
    query.QueryRetrieveLevel = "IMAGE"
    query.StudyInstanceUID = one.study_instance_uid
    query.SeriesInstanceUID = one.series_instance_uid
    query.SOPInstanceUID = one.sop_instance_uid
    request = C_FIND()
    request.MessageID = number
    request.AffectedSOPClassUID = STUDY_ROOT_FIND
    request.Priority = MEDIUM_PRIORITY
    request.Identifier = encoded_for(query, context)
    response: Any = association.exchange(request, context)
    found = False
    while response.Status in PENDING:
        found = True
        response = association.next_response()
    if response.Status != 0:
        raise DeliveryError(f"{association.endpoint} answered the query with status 0x{response.Status:04X}", status=response.Status)
    return found


def encoded_for(ds: Dataset, context: PresentationContext) -> BytesIO:
    """Encode what goes with a request as its context was negotiated."""
    syntax = context.transfer_syntax[0]
    encoded = encode(ds, syntax.is_implicit_VR, syntax.is_little_endian)
    if encoded is None:
        raise DeliveryError("a request cannot be encoded", retry_helps=False)
    return BytesIO(encoded)
