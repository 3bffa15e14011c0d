"""Sending results: one association for all, bytes as they are, and every status understood."""

from __future__ import annotations

import enum
import queue
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from pydicom.filereader import dcmread
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.ae import ApplicationEntity
from pynetdicom.dimse_primitives import C_ECHO, C_STORE
from pynetdicom.dsutils import encode
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.transport import AddressInformation

from baa_node.dicom import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from baa_node.dicom.connection import DeadlineSocket
from baa_node.dicom.contexts import MOST_CONTEXTS, VERIFICATION
from baa_node.dicom.tls import ClientTls
from baa_node.dicom.transport import BoundedAssociation, BoundedProvider
from baa_node.dicom.troubles import why_hung_up, why_no_connection, why_no_dicom, why_not_taken, why_rejected
from baa_node.errors import ConfigError, DeliveryError
from baa_node.mistakes import Mistake
from baa_node.traces import note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pydicom.uid import UID

__all__ = [
    "AssociationLost",
    "ClientTls",
    "Endpoint",
    "Later",
    "Outcome",
    "Outgoing",
    "SendResult",
    "association_with",
    "echo",
    "not_taken",
    "outcome_of",
    "send",
]

MAX_PDU_BYTES: Final = 128 * 1024
NATIVE: Final = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
SOP_CLASS_NOT_SUPPORTED: Final = 0x0122

MEDIUM_PRIORITY: Final = 0

PREFIX: Final = slice(128, 132)
GROUP_LENGTH_HEADER: Final = slice(132, 140)
GROUP_LENGTH: Final = slice(140, 144)


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A peer as we call it.

    Attributes
    ----------
    connect_timeout_s : float
        For the connection and its TLS handshake.
    association_timeout_s : float
        For the answer to an association or release request.
    response_timeout_s : float
        For the answer to each message; a PACS may index before it answers.
    """

    ae_title: str
    host: str
    port: int
    calling_ae: str
    tls: ClientTls | None = None
    connect_timeout_s: float = 10
    association_timeout_s: float = 30
    response_timeout_s: float = 60

    def __str__(self) -> str:
        return f"{self.ae_title} at {self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One object to be stored; `content` is a Part 10 file in `transfer_syntax_uid`."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Later:
    """Items that are not there yet when the association is asked for.

    Attributes
    ----------
    classes : sequence of str
        SOP classes that they may have, in either native transfer syntax.
    items : callable
        Waits for them and gives them, as `send` takes them; none when they do not come.
    """

    classes: Sequence[str]
    items: Callable[[], Sequence[Sequence[Outgoing]]]


NOTHING_LATER: Final = Later(classes=(), items=list)


class Outcome(enum.Enum):
    """What became of an item."""

    STORED = "stored"
    WARNING = "stored with a warning"
    REFUSED_RETRY = "refused for now"
    FAILED = "refused for good"
    NOT_ACCEPTED = "no presentation context accepted"


@dataclass(frozen=True, kw_only=True)
class SendResult:
    """What became of the item number `item`: the alternative that was sent and how the peer answered.

    Attributes
    ----------
    comment
        What the peer said of its status, or why there was no presentation context.
    """

    item: int
    outcome: Outcome
    outgoing: Outgoing | None = None
    status: int | None = None
    comment: str = ""


class AssociationLost(DeliveryError):  # noqa: N818 - named as it is logged
    """The association ended before all items were answered; `results` holds those that were."""

    def __init__(self, message: str, results: Sequence[SendResult]) -> None:
        super().__init__(message)
        self.results = tuple(results)


RETRY_STATUSES: Final = frozenset({0x0110, 0x0124, 0x0210, 0x0213})
"""Failures that may pass: processing failure, not authorised (an administrator's to mend), duplicate invocation, resource
limitation (PS3.7 C.5)."""

STORED_BEFORE: Final = 0x0111
"""Duplicate SOP Instance (PS3.7 C.5): our UIDs are derived from what is sent, so the peer has this object already."""

WARNING_STATUSES: Final = frozenset({0x0001, 0x0107, 0x0116, STORED_BEFORE})


def outcome_of(status: int) -> Outcome:
    """Classify the status of a C-STORE response (PS3.4 table B.2-1, PS3.7 C.4 and C.5).

    A7xx (out of resources) asks for another try; Bxxx warns about an object that is stored; A9xx (data set does not
    match), Cxxx (cannot understand) and all that is unknown will be the same tomorrow.
    """
    if status == 0:
        return Outcome.STORED
    if status >> 12 == 0xB or status in WARNING_STATUSES:
        return Outcome.WARNING
    if status >> 8 == 0xA7 or status in RETRY_STATUSES:
        return Outcome.REFUSED_RETRY
    return Outcome.FAILED


def echo(endpoint: Endpoint) -> None:
    """Ask `endpoint` for a sign of life (C-ECHO).

    Raises
    ------
    DeliveryError
        Naming the peer and what happened: no connection, rejected and why, no answer, aborted, status.
    """
    with association_with(endpoint, [build_context(VERIFICATION, list(NATIVE))]) as association:
        if not association.accepted_contexts:
            raise DeliveryError(why_not_taken(endpoint, [VERIFICATION], association.rejected_contexts))
        response = association.exchange(_echo_request(), association.accepted_contexts[0])
    if response.Status != 0:
        raise DeliveryError(f"{endpoint} answered C-ECHO with status 0x{response.Status:04X}", status=response.Status)


def not_taken(endpoint: Endpoint, kinds: Sequence[Sequence[str]]) -> list[str]:
    """Propose SOP classes without sending anything, and say why none of a kind is accepted.

    Parameters
    ----------
    kinds : sequence of sequences
        SOP class UIDs that serve for each kind of object, best first.

    Raises
    ------
    DeliveryError
        As `send`.
    """
    proposed = [build_context(one, [syntax]) for one in dict.fromkeys(uid for kind in kinds for uid in kind) for syntax in NATIVE]
    with association_with(endpoint, proposed) as association:
        taken = {str(context.abstract_syntax) for context in association.accepted_contexts}
        return [why_not_taken(endpoint, kind, association.rejected_contexts) for kind in kinds if not taken.intersection(kind)]


def send(
    endpoint: Endpoint,
    items: Sequence[Sequence[Outgoing]],
    *,
    permit: Callable[[], None] = lambda: None,
    later: Later = NOTHING_LATER,
) -> list[SendResult]:
    """Store one alternative of each item, the first that the peer accepts, all in one association.

    An alternative whose SOP class the peer accepted in negotiation and then refuses with 0x0122 is followed by the next.

    Parameters
    ----------
    items : sequence of sequences
        The alternatives of each item, best first.
    permit
        Called before the association and before each item; whoever may not go on does not return from it.
    later
        What follows the items in the same association.

    Raises
    ------
    DeliveryError
        The peer cannot be reached, rejects or ends the association. Another try may always help: a rejected AE title or
        a wrong certificate is mended at either end without our objects changing. `AssociationLost` tells which items
        had been answered.
    """
    offered = _offers((outgoing for alternatives in items for outgoing in alternatives), later.classes)
    results: list[SendResult] = []
    if not offered:
        return results
    permit()
    with association_with(endpoint, offered) as association:
        note("associated")
        for item, alternatives in enumerate(chain(items, _when_made(later))):
            permit()
            try:
                results.append(_send_item(association, item, alternatives))
            except DeliveryError as error:
                raise AssociationLost(str(error), results) from error
            note(f"answered {item + 1}")
    return results


class RequestedAssociation(BoundedAssociation):
    """An association that we open, used from one thread; no reactor runs beside it."""

    def __init__(self, endpoint: Endpoint, contexts: Sequence[PresentationContext]) -> None:
        super().__init__(ApplicationEntity(endpoint.calling_ae), "requestor")
        self.endpoint = endpoint
        self._requests: queue.SimpleQueue[tuple[Any, int]] = queue.SimpleQueue()
        self.dul = BoundedProvider(self, max_pdu_bytes=MAX_PDU_BYTES)
        self.acse_timeout = endpoint.association_timeout_s
        self.dimse_timeout = endpoint.response_timeout_s
        self.connection_timeout = endpoint.connect_timeout_s
        self.network_timeout = None
        remote = AddressInformation(endpoint.host, endpoint.port)
        local = AddressInformation("" if remote.is_ipv4 else "::", 0)
        self._introduce(contexts, local, remote)
        tls_args = (endpoint.tls.context(), endpoint.host) if endpoint.tls else None
        self.connection = DeadlineSocket(self, address=local, pdu_timeout_s=endpoint.response_timeout_s)  # last: it holds a descriptor
        self.connection.tls_args = tls_args
        self.set_socket(self.connection)

    def exchange(self, request: Any, context: PresentationContext) -> Any:
        """Send `request` and give the response; DeliveryError where none comes."""
        self.dimse.send_msg(request, context.context_id)
        return self.next_response()

    def next_response(self) -> Any:
        """Give the next response to a request that has several; DeliveryError where none comes."""
        response = self._response()
        if response is None:
            raise DeliveryError(f"{self.endpoint} {self._silence()}")
        if not response.is_valid_response:
            raise DeliveryError(f"{self.endpoint} answered with an invalid message")
        return response

    def request_within(self, wait_s: float) -> tuple[Any, int]:
        """Wait for a request that the peer makes on this association; None and 0 where none comes in time."""
        deadline = time.monotonic() + wait_s
        while self.dul.is_alive() and time.monotonic() < deadline:
            with suppress(queue.Empty):
                return self._requests.get(timeout=min(0.1, wait_s))
        return None, 0

    def _serve_request(self, msg: Any, context_id: int) -> None:
        """Keep a request of the peer for `request_within`: pynetdicom serves those for events in a thread of their own."""
        self._requests.put((msg, context_id))

    def close(self) -> None:
        """Release the association where it stands, and let go of the connection."""
        if self.is_established and self.dul.is_alive():
            self.acse.negotiate_release()
        self.kill()
        self.connection.interrupt()

    def give_up(self) -> None:
        """Abort: the conversation has failed."""
        if self.is_established and self.dul.is_alive():
            self.abort()
        self.kill()
        self.connection.interrupt()

    def trouble(self) -> str | None:
        """Why the request did not end in an association; None where it did, be it without any presentation context."""
        answer = self._answer()
        if self.connection.failure is not None:
            return _why_unreachable(self.connection.failure, self.endpoint)
        if answer is not None:
            return why_rejected(self.endpoint, answer) if answer.result else None
        if self.dul.foreign_octet is not None:
            return why_no_dicom(self.endpoint, self.dul.foreign_octet)
        if self.connection.overdue or (self._sent_abort and not self.connection.peer_closed):
            return Mistake.NO_ANSWER.told(peer=self.endpoint, seconds=self.acse_timeout)
        return why_hung_up(self.endpoint)

    def _answer(self) -> A_ASSOCIATE | None:
        """Give the answer to the request. A rejection may have come, and ended the connection, before pynetdicom began to wait for it."""
        if self.acceptor.primitive is not None:
            return self.acceptor.primitive
        left: list[Any] = []
        with suppress(queue.Empty):
            while True:
                left.append(self.dul.to_user_queue.get_nowait())
        return next((one for one in left if isinstance(one, A_ASSOCIATE)), None)

    def _introduce(self, contexts: Sequence[PresentationContext], local: AddressInformation, remote: AddressInformation) -> None:
        """Fill in what the association request says about either side; ValueError where an AE title is none."""
        self.acceptor.ae_title = self.endpoint.ae_title
        self.acceptor.address_info = remote
        self.requestor.ae_title = self.endpoint.calling_ae
        self.requestor.address_info = local
        self.requestor.maximum_length = MAX_PDU_BYTES
        self.requestor.implementation_class_uid = IMPLEMENTATION_CLASS_UID
        self.requestor.implementation_version_name = IMPLEMENTATION_VERSION_NAME
        for index, context in enumerate(contexts):
            context.context_id = 2 * index + 1
        self.requestor.requested_contexts = list(contexts)

    def _response(self) -> Any:
        """Wait for a response; the time that sending takes does not count while it goes on."""
        while True:
            unsent = self.dul.to_provider_queue.qsize()
            _, response = self.dimse.get_msg(block=True)
            if response is not None or self.acse.is_aborted() or self.dul.to_provider_queue.qsize() >= unsent:
                return response

    def _silence(self) -> str:
        if self.acse.is_aborted("a-abort"):
            return "aborted the association"
        if self.acse.is_aborted("a-p-abort") and not self.connection.overdue:
            return "closed the connection"
        return f"gave no answer within {self.dimse_timeout:g} s"


@contextmanager
def association_with(
    endpoint: Endpoint,
    contexts: Sequence[PresentationContext],
    *,
    opened_by: Callable[[Endpoint, Sequence[PresentationContext]], RequestedAssociation] = RequestedAssociation,
) -> Iterator[RequestedAssociation]:
    """Open an association and close it again; DeliveryError where the peer cannot be reached or refuses."""
    try:
        association = opened_by(endpoint, contexts)
    except OSError as error:  # unknown host
        raise DeliveryError(_why_unreachable(error, endpoint)) from error
    except (ValueError, ConfigError) as error:  # impossible AE title, TLS files
        raise DeliveryError(f"cannot connect to {endpoint}: {error}") from error
    association.request()
    trouble = association.trouble()
    if trouble is not None:
        raise DeliveryError(trouble)
    try:
        yield association
    except BaseException:
        association.give_up()
        raise
    association.close()


def _why_unreachable(error: OSError, endpoint: Endpoint) -> str:
    return why_no_connection(
        error,
        peer=str(endpoint),
        host=endpoint.host,
        port=endpoint.port,
        seconds=endpoint.connect_timeout_s,
        tls=endpoint.tls is not None,
    )


def _when_made(later: Later) -> Iterator[Sequence[Outgoing]]:
    """Ask for the items that come later when it is their turn."""
    yield from later.items()


def _offers(outgoing: Iterable[Outgoing], classes: Sequence[str] = ()) -> list[PresentationContext]:
    """Presentation contexts to propose: each SOP class in each syntax in which it could be sent, one syntax a context.

    One syntax a context leaves the choice to us; the peer would choose among several by its own preference.
    """
    pairs = [(one.sop_class_uid, syntax) for one in outgoing for syntax in _syntaxes(one)]
    pairs += [(sop_class, str(syntax)) for sop_class in classes for syntax in NATIVE]
    unique = list(dict.fromkeys(pairs))
    if len(unique) > MOST_CONTEXTS:
        raise ValueError(f"{len(unique)} presentation contexts needed, {MOST_CONTEXTS} possible in one association")
    return [build_context(sop_class, [syntax]) for sop_class, syntax in unique]


def _syntaxes(outgoing: Outgoing) -> list[str]:
    own = outgoing.transfer_syntax_uid
    return [own, *(str(syntax) for syntax in NATIVE if own in NATIVE and syntax != own)]


def _context_for(association: RequestedAssociation, outgoing: Outgoing) -> PresentationContext | None:
    """Choose the accepted context that needs least rewriting."""
    accepted = {(str(context.abstract_syntax), str(context.transfer_syntax[0])): context for context in association.accepted_contexts}
    found = (accepted.get((outgoing.sop_class_uid, syntax)) for syntax in _syntaxes(outgoing))
    return next((context for context in found if context is not None), None)


def _send_item(association: RequestedAssociation, item: int, alternatives: Sequence[Outgoing]) -> SendResult:
    result = None
    for outgoing in alternatives:
        context = _context_for(association, outgoing)
        if context is None:
            continue
        result = _store(association, item, outgoing, context)
        if result.status != SOP_CLASS_NOT_SUPPORTED:
            break
    return result or SendResult(item=item, outcome=Outcome.NOT_ACCEPTED, comment=_why_none(association, alternatives))


def _why_none(association: RequestedAssociation, alternatives: Sequence[Outgoing]) -> str:
    offered = [one.sop_class_uid for one in alternatives]
    return why_not_taken(association.endpoint, offered, association.rejected_contexts)


def _store(association: RequestedAssociation, item: int, outgoing: Outgoing, context: PresentationContext) -> SendResult:
    request = C_STORE()
    request.MessageID = item % 0xFFFF + 1
    request.AffectedSOPClassUID = outgoing.sop_class_uid
    request.AffectedSOPInstanceUID = outgoing.sop_instance_uid
    request.Priority = MEDIUM_PRIORITY
    request.DataSet = BytesIO(data_set_of(outgoing, context.transfer_syntax[0]))
    response = association.exchange(request, context)
    return SendResult(
        item=item,
        outcome=outcome_of(response.Status),
        outgoing=outgoing,
        status=response.Status,
        comment=str(response.ErrorComment or ""),
    )


def data_set_of(outgoing: Outgoing, transfer_syntax: UID) -> bytes:
    """Give the encoded data set: as it is in the file, or written anew where the peer wants the other native syntax."""
    if transfer_syntax == outgoing.transfer_syntax_uid:
        return outgoing.content[_data_set_offset(outgoing.content) :]
    data_set = dcmread(BytesIO(outgoing.content))
    encoded = encode(data_set, transfer_syntax.is_implicit_VR, transfer_syntax.is_little_endian)
    if encoded is None:
        raise DeliveryError(f"{outgoing.sop_instance_uid} cannot be written as {transfer_syntax.name}", retry_helps=False)
    return bytes(encoded)


def _data_set_offset(part10: bytes) -> int:
    """Where the data set begins: after preamble, prefix and the group length's worth of file meta information (PS3.10 7.1)."""
    if part10[PREFIX] != b"DICM" or part10[GROUP_LENGTH_HEADER] != b"\x02\x00\x00\x00UL\x04\x00":
        raise ValueError("content is no DICOM file with a group length")
    return GROUP_LENGTH.stop + int.from_bytes(part10[GROUP_LENGTH], "little")


def _echo_request() -> C_ECHO:
    request = C_ECHO()
    request.MessageID = 1
    request.AffectedSOPClassUID = VERIFICATION
    return request
