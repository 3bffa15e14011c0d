"""The accepting side of one association: who is let in, how much may be sent, who answers."""

from __future__ import annotations

import struct
import threading
from typing import TYPE_CHECKING, Any, Final, Protocol

from pynetdicom.acse import ACSE
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.pdu import A_ASSOCIATE_RJ
from pynetdicom.pdu_primitives import A_ASSOCIATE

from baa_node.dicom.bell import RingingQueue
from baa_node.dicom.contexts import MOST_CONTEXTS
from baa_node.dicom.limits import Limit, reached
from baa_node.dicom.messages import BoundedMessages, Budget, ForgetfulBuffer
from baa_node.dicom.notices import Notices, Reason
from baa_node.dicom.scp import INVALID_INSTANCE, Admission, Answer, Caller
from baa_node.dicom.storing import Storekeeper, answer_store, is_plain, serve_store
from baa_node.dicom.transport import ASSOCIATE_RQ, ASSOCIATED, P_DATA_ARRIVED, BoundedAssociation, BoundedProvider
from baa_node.dicom.troubles import TLS_HANDSHAKE

if TYPE_CHECKING:
    from collections.abc import Callable

    from pynetdicom.ae import ApplicationEntity
    from pynetdicom.association import Association

CALLED_AE: Final = slice(10, 26)
CALLING_AE: Final = slice(26, 42)
"""Octets of an A-ASSOCIATE-RQ PDU (PS3.8 table 9-11)."""

VARIABLE_ITEMS: Final = 74
"""Octets of an A-ASSOCIATE-RQ PDU before its items (PS3.8 table 9-11), its header included."""

ITEM_HEADER: Final = struct.Struct(">BxH")
PRESENTATION_CONTEXT: Final = 0x20
BEFORE_REQUEST: Final = ("Sta1", "Sta2")
"""States of PS3.8 9.2 in which no association request has come; the transport's opening may still be queued."""

LONGEST_SERVED_S: Final = 1.0
"""After which an association looks whether a request is still served; only then it knows since when it is idle."""

TIMER_EXPIRED: Final = "Evt18"
"""Event of PS3.8 9.2.3: the ARTIM timer."""


class Doorkeeper(Storekeeper, Protocol):
    """Decides about associations; keeps a place for each that it lets in, and takes what they bring.

    Attributes
    ----------
    notices
        Where callers are noted that get nowhere.
    """

    notices: Notices

    def admit(self, association: NodeAssociation) -> Admission:
        """Decide about an association that has said who it is."""


class AcceptingProvider(BoundedProvider):
    """An upper layer that understands the AE titles of careless callers.

    Titles padded with NUL are read as if padded with spaces. A title that is blank or no AE title at all is rejected
    with its reason; pynetdicom would abort, which looks like a broken network.

    Parameters
    ----------
    stand_in : str
        Title put in place of a blank called AE title; empty where such callers are to be rejected.
    turnstile : Lock
        Through which senders of data sets go one by one.
    """

    def __init__(self, assoc: Association, *, max_pdu_bytes: int, stand_in: str, turnstile: threading.Lock) -> None:
        super().__init__(assoc, max_pdu_bytes=max_pdu_bytes)
        self._stand_in = stand_in
        self._turnstile = turnstile

    def _act(self, event: str) -> None:
        """Take turns with the other senders: whoever only wants to associate then waits for one of them, not for all."""
        if event == TIMER_EXPIRED:
            reached(Limit.PDU_TIME, "connection closed: nothing came in time that opens or ends an association")
        if event != P_DATA_ARRIVED:
            super()._act(event)
            return
        with self._turnstile:
            super()._act(event)
        self.assoc.serve_here()

    def _queue_data(self, body: bytes | bytearray) -> None:
        with self._turnstile:
            super()._queue_data(body)

    def _queue(self, encoded: bytes) -> None:
        if encoded[0] != ASSOCIATE_RQ or self.state_machine.current_state not in BEFORE_REQUEST:
            super()._queue(encoded)
            return
        if _contexts(encoded) > MOST_CONTEXTS:
            reached(Limit.CONTEXTS, "association request with more than %d presentation contexts refused", MOST_CONTEXTS)
            self.hang_up()
            return
        called, calling = (encoded[field].replace(b"\0", b" ").strip() for field in (CALLED_AE, CALLING_AE))
        called = called or self._stand_in.encode("ascii")
        if not _is_ae_title(calling):
            self._reject(Admission.UNKNOWN_CALLER, calling, called)
        elif not _is_ae_title(called):
            self._reject(Admission.WRONG_CALLED_AE, calling, called)
        else:
            super()._queue(b"".join((encoded[: CALLED_AE.start], called.ljust(16), calling.ljust(16), encoded[CALLING_AE.stop :])))

    def _has_enough(self) -> bool:
        """Let a peer wait that sends requests without waiting for answers: each may hold a data set in memory.

        One operation at a time is what we agree to (PS3.7 D.3.3.3).
        """
        return bool(self.state_machine.current_state == ASSOCIATED and not self.assoc.dimse.msg_queue.empty())

    def _announced_length(self, header: bytearray) -> int | None:
        """Tell who speaks TLS here, where none is spoken."""
        length = super()._announced_length(header)
        if self.foreign_octet == TLS_HANDSHAKE:
            self.assoc.notices.stranger(self.assoc.address, Reason.TLS)
        return length

    def _reject(self, admission: Admission, calling: bytes, called: bytes) -> None:
        titles = {"calling_ae": calling.decode("ascii", "replace"), "called_ae": called.decode("ascii", "replace")}
        caller = Caller(**titles, address=self.assoc.address, tls=self.assoc.tls)
        self.assoc.notices.note(caller, Reason.NO_TITLE)
        answer = A_ASSOCIATE()
        answer.result, answer.result_source, answer.diagnostic = admission.value
        self._send(A_ASSOCIATE_RJ(answer))
        self.socket.close()


class Inbox(RingingQueue):
    """Requests for the thread of an association, but for those that somebody else takes before."""

    def __init__(self, ring: Callable[[], None], taken: Callable[[tuple[int, Any]], bool]) -> None:
        super().__init__(ring)
        self._taken = taken

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Put a request, with its presentation context before it, then ring, unless it is taken."""
        if not self._taken(item):
            super().put(item, block, timeout)


class GuardedControl(ACSE):  # type: ignore[misc]
    """Association control that asks the doorkeeper before it negotiates anything."""

    def _negotiate_as_acceptor(self) -> None:
        admission = self.assoc.admission()
        if admission is Admission.ADMITTED:
            super()._negotiate_as_acceptor()
            if self.assoc.is_established and not self.assoc.accepted_contexts:
                self.assoc.notices.nothing_in_common(self.assoc.caller, self.assoc.rejected_contexts)
            return
        self.send_reject(*admission.value)
        self.assoc.kill()


class NodeAssociation(BoundedAssociation):
    """One accepted connection.

    Attributes
    ----------
    caller : Caller or None
        Known once the association request has been read.

    Parameters
    ----------
    blank_called_ae : str
        Title under which a caller is served that names none; empty where it is rejected.
    budget, turnstile
        Shared by all associations of a listener: what they may hold together, and whose turn it is to send P-DATA.
    """

    def __init__(
        self,
        ae: ApplicationEntity,
        doorkeeper: Doorkeeper,
        *,
        tls: bool,
        max_pdu_bytes: int,
        max_dataset_bytes: int,
        pdu_timeout_s: float,
        idle_timeout_s: float,
        budget: Budget,
        turnstile: threading.Lock,
        blank_called_ae: str = "",
    ) -> None:
        super().__init__(ae, "acceptor")
        self.acse = GuardedControl(self)
        self.dul = AcceptingProvider(self, max_pdu_bytes=max_pdu_bytes, stand_in=blank_called_ae, turnstile=turnstile)
        self.dimse = BoundedMessages(self, max_dataset_bytes=max_dataset_bytes, budget=budget)
        self.is_established = False
        self._bell = threading.Event()
        self.dul.to_user_queue = RingingQueue(self._bell.set)
        self.dimse.msg_queue = Inbox(self._bell.set, self._keep_at_hand)
        self.acse_timeout = pdu_timeout_s  # these two also set the timers of the new upper layer
        self.network_timeout = idle_timeout_s
        self.caller: Caller | None = None
        self.notices = doorkeeper.notices
        self.tls = tls
        self._doorkeeper = doorkeeper
        self._serving: set[int] = set()  # threads that do
        self._at_hand: C_STORE | None = None

    @property
    def address(self) -> str:
        """From where the connection comes."""
        return str(self.requestor.address_info.address)

    @property
    def busy(self) -> bool:
        """Whether a message is being received or answered."""
        return bool(self._serving) or self._at_hand is not None or self.dimse.message is not None or not self.dimse.msg_queue.empty()

    def admission(self) -> Admission:
        """Ask the doorkeeper about the caller of the association request."""
        request = self.requestor.primitive
        self.caller = Caller(
            calling_ae=request.calling_ae_title.strip(),
            called_ae=request.called_ae_title.strip(),
            address=self.address,
            tls=self.tls,
        )
        return self._doorkeeper.admit(self)

    def forget(self) -> None:
        """Let go of what was received and will not be served any more, its memory too: an association holds itself in circles."""
        abandoned = [getattr(self.dimse.message, "data_set", None), getattr(self._at_hand, "DataSet", None)]
        while not self.dimse.msg_queue.empty():
            abandoned.append(getattr(self.dimse.get_msg(block=False)[1], "DataSet", None))
        for data_set in abandoned:
            _release(data_set)
            if data_set is not None:
                data_set.close()

    def close(self) -> None:
        """End the association from another thread: abort where it is established and its upper layer free, else drop the connection."""
        if self.is_established and self.dul.ident not in self._serving:
            self.abort(block=False)
        elif self.dul.socket is not None:
            self.dul.socket.interrupt()

    def serve_here(self) -> None:
        """Serve the request that was kept for the upper layer's own thread; nothing is read meanwhile, as one operation at a time needs."""
        request, self._at_hand = self._at_hand, None
        if request is not None:
            self._serve_request(request, request._context_id)  # noqa: SLF001 - where pynetdicom keeps it

    def _keep_at_hand(self, item: tuple[int, Any]) -> bool:
        """Keep a request for the upper layer's own thread, as to wake another takes longer than much of what it does.

        That are plain C-STORE requests alone, and none while another request waits or is served, or before it is known here that the
        association stands.
        """
        context_id, request = item
        if self._serving or not self.is_established or not self.dimse.msg_queue.empty() or not is_plain(self, request, context_id):
            return False
        self._at_hand = request
        return True

    def _run_reactor(self) -> None:
        """Serve one message after the other until the association is over; asleep in between."""
        while not self._kill:
            self._bell.wait(LONGEST_SERVED_S if self._serving else max(self.dul.idle_remaining_s(), 0.001))
            self._bell.clear()
            context_id, message = self.dimse.get_msg(block=False)
            if message is not None:
                self._serve_request(message, context_id)
                self._bell.set()  # there may be another
            if self._is_over():
                self.kill()

    def _is_over(self) -> bool:
        """Whether the association has ended, by either side or by silence; a release is answered."""
        if self.is_established and self.acse.is_release_requested():
            self.acse.send_release(is_response=True)
            self.is_released = True
        elif self.acse.is_aborted() or not self.dul.is_alive():
            self.is_aborted = True
        elif not self._serving and self.dul.idle_timer_expired():
            reached(Limit.IDLE, "association of %s aborted: idle", self.caller and self.caller.calling_ae)
            self.abort(block=False)
        else:
            return False
        self.is_established = False
        return True

    def _serve_request(self, msg: Any, context_id: int) -> None:
        thread = threading.get_ident()
        self._serving.add(thread)
        try:
            if isinstance(msg, C_STORE) and msg.MessageID is not None and not msg.is_valid_request:
                answer_store(self, msg, Answer(status=INVALID_INSTANCE), context_id)  # left alone, its sender would wait for its timeout
            elif is_plain(self, msg, context_id):
                serve_store(self, msg, context_id, self._doorkeeper)
            else:
                super()._serve_request(msg, context_id)
        finally:
            _release(getattr(msg, "DataSet", None))
            self.dul.resume()
            self.dul.note_activity()  # a long store must not end in an idle timeout before its answer is sent
            self._serving.discard(thread)


def _release(data_set: Any) -> None:
    if isinstance(data_set, ForgetfulBuffer):
        data_set.release()


def _contexts(request: bytes) -> int:
    """Presentation contexts that an A-ASSOCIATE-RQ proposes, counted without decoding any."""
    found, at = 0, VARIABLE_ITEMS
    while at + ITEM_HEADER.size <= len(request):
        kind, length = ITEM_HEADER.unpack_from(request, at)
        found += kind == PRESENTATION_CONTEXT
        at += ITEM_HEADER.size + length
    return found


def _is_ae_title(value: bytes) -> bool:
    """Whether `value` without padding is an AE title (PS3.5 table 6.2-1): printable ASCII without backslash, not empty."""
    return bool(value) and all(0x20 <= octet < 0x7F and octet != ord("\\") for octet in value)
