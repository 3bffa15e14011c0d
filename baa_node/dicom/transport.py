"""A connection and an upper layer that no peer can hold up: deadlines on every PDU, limits on its length.

Both sides of an association use them. pynetdicom reads with blocking calls that have no timeout and believes any
length that a PDU header announces (PS3.8 9.3.1 leaves both to the implementation).
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import struct
import time
from typing import TYPE_CHECKING, Any, Final

from pynetdicom.dul import DULServiceProvider
from pynetdicom.fsm import InvalidEventError
from pynetdicom.transport import T_CONNECT, AddressInformation, AssociationSocket

if TYPE_CHECKING:
    from pynetdicom.association import Association

logger = logging.getLogger("baa_node.dicom")

PDU_HEADER: Final = struct.Struct(">BxL")
ASSOCIATE_RQ: Final = 0x01
P_DATA_TF: Final = 0x04
LONGEST_NEGOTIATION: Final = 1 << 20
"""Bytes; 128 presentation contexts with 45 transfer syntaxes each take about 170 KiB (PS3.8 9.3.2)."""

LENGTH_LIMITS: Final = {0x01: LONGEST_NEGOTIATION, 0x02: LONGEST_NEGOTIATION, 0x03: 64, 0x05: 64, 0x06: 64, 0x07: 64}
"""Longest body by PDU type (PS3.8 9.3); that of P-DATA-TF is negotiated."""

QUICKACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)


class DeadlineSocket(AssociationSocket):  # type: ignore[misc]
    """A connection on which no read and no write waits for ever.

    Parameters
    ----------
    pdu_timeout_s : float
        Within which a read of `recv` must be complete, and a write accepted by the network.
    """

    def __init__(
        self,
        assoc: Association,
        client_socket: socket.socket | None = None,
        address: AddressInformation | None = None,
        *,
        pdu_timeout_s: float,
    ) -> None:
        super().__init__(assoc, client_socket, address)
        self.pdu_timeout_s = pdu_timeout_s
        self.failure: OSError | None = None
        self.socket: Any
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def ready(self) -> bool:
        """Whether a read would find something; polled, because select() fails from file descriptor 1024 on."""
        if self.socket is None or not self._is_connected:
            return False
        pending = getattr(self.socket, "pending", None)
        poller = select.poll()
        try:
            poller.register(self.socket, select.POLLIN)
            return bool(poller.poll(0)) or bool(pending and pending())
        except (OSError, ValueError):
            self.close()
            return False

    def connect(self, primitive: T_CONNECT) -> None:
        """Connect within the association's connection timeout and keep what went wrong in `failure`."""
        try:
            self.socket.settimeout(self.assoc.connection_timeout)
            self.socket.connect(primitive.address_info.as_tuple)
            if self.tls_args:
                context, server_hostname = self.tls_args
                self.socket = context.wrap_socket(self.socket, server_hostname=server_hostname)
            self.assoc.requestor.address_info = AddressInformation.from_tuple(self.socket.getsockname())
            self._is_connected = True
            primitive.result = "Evt2"
        except OSError as error:
            self.failure = error
            self._shutdown_socket()
            self.socket = None
            primitive.result = "Evt17"
        finally:
            self.provider_queue.put(primitive)
            self._ready.set()

    def recv(self, nr_bytes: int) -> bytearray:
        """Read `nr_bytes`, fewer where the peer closes; TimeoutError where they are not here in time."""
        deadline = time.monotonic() + self.pdu_timeout_s
        received = bytearray(nr_bytes)
        view = memoryview(received)
        filled = 0
        while filled < nr_bytes:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError(f"{nr_bytes - filled} of {nr_bytes} bytes missing after {self.pdu_timeout_s:g} s")
            self.socket.settimeout(remaining)
            count = self.socket.recv_into(view[filled:])
            if count == 0:
                break
            filled += count
        self._acknowledge_at_once()
        return bytearray(view[:filled]) if filled < nr_bytes else received

    def send(self, bytestream: bytes) -> None:
        """Send all, or close the connection at the latest after the PDU timeout; nothing where it is closed already."""
        if self.socket is None:
            return
        try:
            self.socket.settimeout(self.pdu_timeout_s)
            self.socket.sendall(bytestream)
        except OSError as error:
            logger.info("connection lost while sending: %s", error)
            self.close()

    def interrupt(self) -> None:
        """End the connection from another thread; the upper layer reads its end and closes."""
        if self.socket is not None:
            with contextlib.suppress(OSError):  # the peer was faster
                self.socket.shutdown(socket.SHUT_RDWR)

    def _acknowledge_at_once(self) -> None:
        """Re-arm quick acknowledgement, which Linux drops again: a peer with Nagle's algorithm otherwise waits 40 ms."""
        if QUICKACK is not None:
            self.socket.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)

    def _shutdown_socket(self) -> None:
        """Close in any case: the original leaves the descriptor open where the peer was faster."""
        if self.socket is None:
            return
        self.interrupt()
        self.socket.close()


class BoundedProvider(DULServiceProvider):  # type: ignore[misc]
    """An upper layer that reads no PDU longer than agreed and ends with its connection.

    Parameters
    ----------
    max_pdu_bytes : int
        Longest P-DATA-TF body that was offered to the peer.
    """

    def __init__(self, assoc: Association, *, max_pdu_bytes: int) -> None:
        super().__init__(assoc)
        self.daemon = True
        self._limits = {**LENGTH_LIMITS, P_DATA_TF: max_pdu_bytes}
        self._hung_up = False

    def note_activity(self) -> None:
        """Let the idle time begin anew."""
        self._idle_timer.restart()

    def hang_up(self) -> None:
        """Abort the association and listen no longer: what the peer still sends cannot be trusted, or is too much."""
        self._hung_up = True
        self.event_queue.put("Evt19")  # unrecognised or invalid PDU (PS3.8 9.2.3)

    def run_reactor(self) -> None:
        """Run until the association is over, then close the socket and wake whoever waits for this provider."""
        try:
            super().run_reactor()
        except InvalidEventError as error:  # for example a response ready after the peer broke the protocol
            logger.info("upper layer ended: %s", error)
        finally:
            if self.socket is not None:
                self.socket.close()
            self.to_user_queue.put(None)
            self.assoc.dimse.msg_queue.put((None, None))

    def _send(self, pdu: Any) -> None:
        """Send, and count it as activity."""
        super()._send(pdu)
        self.note_activity()

    def _is_transport_event(self) -> bool:
        """Look for a PDU, except from a peer that was hung up on: every further byte would be another protocol error."""
        if not self._hung_up:
            return bool(super()._is_transport_event())
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
            logger.info("connection given up in the middle of a PDU: %s", error)
            self.socket.close()
            return
        if length is None:
            return
        if len(body) < length:
            self.socket.close()
            return
        self._queue(bytes(header + body))

    def _announced_length(self, header: bytearray) -> int | None:
        """Length of the body, or None where there is nothing to read: closed, unknown type, longer than allowed."""
        if len(header) < PDU_HEADER.size:
            self.socket.close()
            return None
        pdu_type, length = PDU_HEADER.unpack(header)
        if length > self._limits.get(pdu_type, -1):
            logger.warning("PDU of type 0x%02X with %d bytes refused", pdu_type, length)
            self.hang_up()
            return None
        return int(length)

    def _queue(self, encoded: bytes) -> None:
        try:
            pdu, event = self._decode_pdu(encoded)
        except Exception as error:  # noqa: BLE001 - bytes of a stranger in a foreign decoder: anything may be raised
            logger.warning("PDU of type 0x%02X cannot be decoded: %s", encoded[0], type(error).__name__)
            self.event_queue.put("Evt19")
            return
        self.event_queue.put(event)
        self._recv_pdu.put(pdu)
