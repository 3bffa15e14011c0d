"""A connection on which nobody can be held up: a deadline on every read and write.

pynetdicom reads with blocking calls that have no timeout (PS3.8 leaves that to the implementation).
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any, Final

from pynetdicom.transport import T_CONNECT, AddressInformation, AssociationSocket

from baa_node.dicom.certificate import HANDSHAKES
from baa_node.dicom.tls import reason_of

if TYPE_CHECKING:
    from pynetdicom.association import Association

logger = logging.getLogger("baa_node.dicom")

ALERT_WITHIN_S: Final = 0.2
"""For the alert of a peer that has closed already: it is here, or it never comes."""

QUICKACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)


class DeadlineSocket(AssociationSocket):  # type: ignore[misc]
    """A connection on which no read and no write waits for ever.

    Parameters
    ----------
    pdu_timeout_s : float
        Within which a read of `recv` must be complete, and a write accepted by the network.

    Attributes
    ----------
    failure : OSError or None
        Why `connect` did not succeed, or why TLS ended the connection afterwards.
    peer_closed : bool
        Whether a read found the connection closed by the peer.
    overdue : bool
        Whether a read was given up because the rest did not come.
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
        self.peer_closed = False
        self.overdue = False
        self.socket: Any
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection to wait for."""
        return self.socket is not None and self._is_connected

    @property
    def ready(self) -> bool:
        """Whether a read would find something; polled, because select() fails from file descriptor 1024 on."""
        if not self.is_connected:
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
                HANDSHAKES.note(server_hostname, primitive.address_info.port, self.socket.getpeercert(binary_form=True))
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
                self.overdue = True
                raise TimeoutError(f"{nr_bytes - filled} of {nr_bytes} bytes missing after {self.pdu_timeout_s:g} s")
            self.socket.settimeout(remaining)
            count = self._receive_some(view[filled:])
            if count == 0:
                self.peer_closed = True
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
            self.peer_closed = self.peer_closed or isinstance(error, ConnectionError | ssl.SSLEOFError)
            self.failure = self._alert()
            logger.info("connection lost while sending: %s", reason_of(self.failure or error))
            self.close()

    def interrupt(self) -> None:
        """End the connection from another thread; the upper layer reads its end and closes."""
        sock = self.socket  # another thread may let go of it meanwhile
        if sock is not None:
            with contextlib.suppress(OSError):  # the peer was faster
                sock.shutdown(socket.SHUT_RDWR)

    def _alert(self) -> ssl.SSLError | None:
        """Read what TLS said before it hung up: in TLS 1.3 our certificate is judged when we believe to be connected."""
        if not isinstance(self.socket, ssl.SSLSocket):
            return None
        try:
            self.socket.settimeout(ALERT_WITHIN_S)
            self.socket.recv(1)
        except ssl.SSLEOFError:
            return None
        except ssl.SSLError as alert:
            return alert
        except OSError:
            return None
        return None

    def _receive_some(self, view: memoryview) -> int:
        try:
            return int(self.socket.recv_into(view))
        except ConnectionError:
            self.peer_closed = True
            raise
        except TimeoutError:
            self.overdue = True
            raise

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
