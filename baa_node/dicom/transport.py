"""An upper layer that no peer can hold up: limits on the length of every PDU, and a reactor that sleeps until there is something to do.

Both sides of an association use it. pynetdicom believes any length that a PDU header announces (PS3.8 9.3.1 leaves that to the
implementation) and looks every few milliseconds whether something has come.
"""

from __future__ import annotations

import logging
import ssl
import struct
import threading
from typing import TYPE_CHECKING, Any, Final

from pynetdicom.association import Association
from pynetdicom.dul import DULServiceProvider
from pynetdicom.fsm import InvalidEventError
from pynetdicom.pdu_primitives import P_DATA

from baa_node.dicom.bell import Bell, RingingQueue
from baa_node.dicom.limits import Limit, reached
from baa_node.dicom.tls import reason_of

if TYPE_CHECKING:
    import socket

logger = logging.getLogger("baa_node.dicom")

PDU_HEADER: Final = struct.Struct(">BxL")
ASSOCIATE_RQ: Final = 0x01
P_DATA_TF: Final = 0x04
P_DATA_ARRIVED: Final = "Evt10"
"""Event of PS3.8 9.2.3: a P-DATA-TF PDU was received."""

ASSOCIATED: Final = "Sta6"
"""State of PS3.8 9.2 in which data is transferred."""

ITEM_HEADER: Final = struct.Struct(">LB")
"""Length and presentation context of a presentation data value item (PS3.8 9.3.5.1)."""

ITEM_LENGTH_BYTES: Final = 4
LONGEST_NEGOTIATION: Final = 1 << 18
"""Bytes; 128 presentation contexts with 45 transfer syntaxes each take about 170 KiB (PS3.8 9.3.2). Strangers send these
PDUs, too, and decoding one costs far more than receiving it."""

LENGTH_LIMITS: Final = {0x01: LONGEST_NEGOTIATION, 0x02: LONGEST_NEGOTIATION, 0x03: 64, 0x05: 64, 0x06: 64, 0x07: 64}
"""Longest body by PDU type (PS3.8 9.3); that of P-DATA-TF is negotiated."""

LONGEST_SLEEP_S: Final = 15.0
"""Between two looks at what has not rung: nothing but the upper layer's own timer comes without a ring, and that ends the sleep itself."""

PROMPT_END_S: Final = 0.1
"""Within which an upper layer ends by itself when its peer behaves."""

SLACK: Final = 64
"""Bytes by which a P-DATA-TF may be longer than offered: some senders do not count the headers in it (PS3.8 D.1)."""


class DataTransfer:
    """A P-DATA-TF PDU (PS3.8 9.3.5), taken apart where it lies in memory.

    Parameters
    ----------
    body
        What follows the header of the PDU; nobody may change it afterwards.

    Raises
    ------
    ValueError
        An item ends beyond the PDU, or is too short; ``struct.error`` for half a header of one.
    """

    def __init__(self, body: bytearray | bytes) -> None:
        self.values: list[tuple[int, memoryview]] = []
        view, start = memoryview(body).toreadonly(), 0
        while start < len(view):
            length, context_id = ITEM_HEADER.unpack_from(view, start)
            end = start + ITEM_LENGTH_BYTES + length
            if length < 1 or end > len(view):
                raise ValueError("presentation data value item of a wrong length")
            self.values.append((context_id, view[start + ITEM_HEADER.size : end]))
            start = end

    def to_primitive(self) -> P_DATA:
        """Give the indication for the DIMSE provider."""
        primitive = P_DATA()
        primitive.presentation_data_value_list.extend(self.values)
        return primitive


class BoundedProvider(DULServiceProvider):  # type: ignore[misc]
    """An upper layer that reads no PDU longer than agreed, sleeps until there is something to do, and ends with its connection.

    Parameters
    ----------
    max_pdu_bytes : int
        Longest P-DATA-TF body that was offered to the peer.

    Attributes
    ----------
    foreign_octet : int or None
        What came where a PDU has its type and is none: the other side speaks something else.
    """

    def __init__(self, assoc: Association, *, max_pdu_bytes: int) -> None:
        super().__init__(assoc)
        self.daemon = True
        self._limits = {**LENGTH_LIMITS, P_DATA_TF: max_pdu_bytes + SLACK}
        self._hung_up = False
        self.foreign_octet: int | None = None
        self._bell = Bell()
        self.event_queue = RingingQueue(self._bell.ring)
        self.to_provider_queue = RingingQueue(self._bell.ring)

    def note_activity(self) -> None:
        """Let the idle time begin anew."""
        self._idle_timer.restart()

    def resume(self) -> None:
        """Look again whether there is something to read."""
        self._bell.ring()

    def idle_remaining_s(self) -> float:
        """Seconds until the association has been idle for too long."""
        return float(self._idle_timer.remaining)

    def send_value(self, context_id: int, value: bytes) -> None:
        """Send a presentation data value: at once in this provider's own thread, else by way of its queue, as pynetdicom does."""
        if threading.get_ident() == self.ident and self.state_machine.current_state == ASSOCIATED:
            length = len(value) + 1  # the context is counted, too
            self.socket.send(PDU_HEADER.pack(P_DATA_TF, length + ITEM_LENGTH_BYTES) + ITEM_HEADER.pack(length, context_id) + value)
            self.note_activity()
            return
        data = P_DATA()
        data.presentation_data_value_list.append((context_id, value))
        self.send_pdu(data)

    def hang_up(self) -> None:
        """Abort the association and listen no longer: what the peer still sends cannot be trusted, or is too much."""
        self._hung_up = True
        self.event_queue.put("Evt19")  # unrecognised or invalid PDU (PS3.8 9.2.3)

    def kill_dul(self) -> None:
        """Let the reactor end."""
        super().kill_dul()
        self._bell.ring()

    def stop_dul(self) -> bool:
        """End the reactor where no association stands; whether it has ended."""
        if self.state_machine.current_state != "Sta1":
            return False
        self.kill_dul()
        self.join()
        return True

    def run_reactor(self) -> None:
        """Run until the association is over, then close the socket and wake whoever waits for this provider."""
        self._bell.open()
        self._idle_timer.start()
        self.assoc._dul_ready.set()  # noqa: SLF001 - how an association learns that its provider runs
        try:
            while not self._kill_thread:
                self._react()
        except InvalidEventError as error:  # for example a response ready after the peer broke the protocol
            logger.info("upper layer ended: %s", error)
        finally:
            if self.socket is not None:
                self.socket.close()
            self._bell.close()
            self.to_user_queue.put(None)
            self.assoc.dimse.msg_queue.put((None, None))

    def _react(self) -> None:
        """Take in what there is, then act on one event, or wait for one (PS3.8 9.2)."""
        if self.artim_timer.expired:
            self.event_queue.put("Evt18")
        if not self._process_recv_primitive() and self._is_transport_event():
            self.note_activity()
        if self.event_queue.empty():
            self._bell.wait(self._readable(), min(max(self.artim_timer.remaining, 0.001), LONGEST_SLEEP_S))
        else:
            self._act(self.event_queue.get())

    def _act(self, event: str) -> None:
        """Do what an event asks for; a PDU whose parts make no sense ends the association, as one that cannot be decoded."""
        try:
            self.state_machine.do_action(event)
        except InvalidEventError:
            raise
        except Exception as error:  # a stranger's values in foreign setters: anything may be raised
            if self._hung_up:
                raise
            reached(Limit.PDU_CONTENT, "association aborted: %s in answer to %s", type(error).__name__, event)
            self.hang_up()

    def _readable(self) -> socket.socket | None:
        """Give the socket on which a PDU may come."""
        if self.socket is None or not self.socket.is_connected or self._hung_up or self._has_enough():
            return None
        sock: socket.socket = self.socket.socket
        return sock

    def _has_enough(self) -> bool:
        """Whether to leave further PDUs to the network for now; whoever changes that calls `resume`."""
        return False

    def _send(self, pdu: Any) -> None:
        """Send, and count it as activity."""
        super()._send(pdu)
        self.note_activity()

    def _is_transport_event(self) -> bool:
        """Look for a PDU, except from a peer that was hung up on: every further byte would be another protocol error."""
        if not self._hung_up:
            return not self._has_enough() and bool(super()._is_transport_event())
        if self.state_machine.current_state == "Sta13":  # the abort is sent
            self.socket.close()
        return False

    def _read_pdu_data(self) -> None:
        """Read one PDU within the deadline and queue its event (PS3.8 9.2.3)."""
        try:
            header = self.socket.recv(PDU_HEADER.size)
            length = self._announced_length(header)
            body = b"" if length is None else self.socket.recv(length)
        except OSError as error:  # TimeoutError is one
            self._tell_broken(error)
            self.socket.close()
            return
        if length is None:
            return
        if len(body) < length:
            self.socket.close()
            return
        if header[0] == P_DATA_TF:
            self._queue_data(body)
        else:
            self._queue(bytes(header + body))

    def _tell_broken(self, error: OSError) -> None:
        if isinstance(error, TimeoutError):
            reached(Limit.PDU_TIME, "connection given up in the middle of a PDU: %s", error)
            return
        if isinstance(error, ssl.SSLError):  # in TLS 1.3 the peer judges our certificate when we believe to be connected
            self.socket.failure = error
        logger.info("connection lost in the middle of a PDU: %s", reason_of(error))

    def _announced_length(self, header: bytearray) -> int | None:
        """Length of the body, or None where there is nothing to read: closed, unknown type, longer than allowed."""
        if len(header) < PDU_HEADER.size:
            self.socket.close()
            return None
        pdu_type, length = PDU_HEADER.unpack(header)
        if length > self._limits.get(pdu_type, -1):
            self.foreign_octet = None if pdu_type in self._limits else pdu_type
            reached(Limit.PDU_LENGTH, "PDU of type 0x%02X with %d bytes refused", pdu_type, length)
            self.hang_up()
            return None
        return int(length)

    def _queue(self, encoded: bytes) -> None:
        try:
            pdu, event = self._decode_pdu(encoded)
        except Exception as error:  # noqa: BLE001 - bytes of a stranger in a foreign decoder: anything may be raised
            self._tell_undecodable(encoded[0], error)
            return
        self.event_queue.put(event)
        self._recv_pdu.put(pdu)

    def _queue_data(self, body: bytes | bytearray) -> None:
        """Queue a P-DATA-TF PDU without the copies that pynetdicom makes of it."""
        try:
            pdu = DataTransfer(body)
        except (ValueError, struct.error) as error:
            self._tell_undecodable(P_DATA_TF, error)
            return
        self.event_queue.put(P_DATA_ARRIVED)
        self._recv_pdu.put(pdu)

    def _tell_undecodable(self, pdu_type: int, error: Exception) -> None:
        reached(Limit.PDU_CONTENT, "PDU of type 0x%02X cannot be decoded: %s", pdu_type, type(error).__name__)
        self.event_queue.put("Evt19")


class BoundedAssociation(Association):  # type: ignore[misc]
    """An association that ends as soon as its upper layer does."""

    def kill(self) -> None:
        """End both threads of the association; the original looks every 10 ms whether it may."""
        if self.dul.is_alive():
            self._reactor_checkpoint.set()
            self.dul.join(PROMPT_END_S)
        super().kill()
