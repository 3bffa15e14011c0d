"""Syslog: messages of RFC 5424, over TLS with octet counting (RFC 5425) or in datagrams (RFC 5426), as PS3.15 A.6 and A.7 want them.

Syslog knows no acknowledgement. What can be known is asked all the same: whether the other side's system has taken every octet, and
whether the connection is still open a moment later.
"""

from __future__ import annotations

import fcntl
import socket
import ssl
import struct
import termios
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

PRIORITY: Final = "<85>"
"""Facility 10 (security and authorisation), severity 5 (notice): PS3.15 A.6."""

MESSAGE_ID: Final = "DICOM+RFC3881"
APPLICATION: Final = "baa-node"
LOOK_EVERY_S: Final = 0.02
BOM: Final = b"\xef\xbb\xbf"


def line(xml: bytes, *, at: datetime, host: str, process: str) -> bytes:
    """Write one syslog message (RFC 5424 6): header, no structured data, and the XML as UTF-8 with its byte order mark."""
    stamp = at.isoformat(timespec="milliseconds")
    header = f"{PRIORITY}1 {stamp} {_word(host, 255)} {APPLICATION} {_word(process, 128)} {MESSAGE_ID} - "
    return header.encode("ascii") + BOM + xml


def _word(text: str, longest: int) -> str:
    """Printable ASCII without spaces, or the nil value."""
    return "".join(mark if "!" <= mark <= "~" else "?" for mark in text)[:longest] or "-"


class Line(Protocol):
    """A way to the repository; OSError from each method where it is not there."""

    def open(self) -> None:
        """Connect, unless that is done."""

    def send(self, message: bytes) -> None:
        """Hand a message to the network."""

    def check(self) -> None:
        """Raise where something shows that not all that was sent has arrived."""

    def close(self) -> None:
        """Disconnect; harmless where there is nothing to."""


class UdpLine:
    """Datagrams: lost without a word where nobody listens, but for hosts that say so (ICMP)."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Bind to the repository's address, so that its refusals are heard."""
        if self._socket is None:
            family, kind, *_, address = socket.getaddrinfo(*self._address, type=socket.SOCK_DGRAM)[0]
            self._socket = socket.socket(family, kind)
            self._socket.connect(address)

    def send(self, message: bytes) -> None:
        """Send one datagram."""
        _opened(self._socket).send(message)

    def check(self) -> None:
        """Raise ConnectionRefusedError where the host has said that nobody listens."""
        _heard(_opened(self._socket))

    def close(self) -> None:
        """Forget the address."""
        connection, self._socket = self._socket, None
        if connection is not None:
            connection.close()


class TlsLine:
    """One connection, kept open.

    Parameters
    ----------
    context
        Makes the TLS context at each connection, so that a renewed certificate is taken up.
    """

    def __init__(self, host: str, port: int, *, context: Callable[[], ssl.SSLContext], timeout_s: float = 10.0) -> None:
        self._host, self._port = host, port
        self._context, self._timeout_s = context, timeout_s
        self._socket: ssl.SSLSocket | None = None

    def open(self) -> None:
        """Connect and shake hands."""
        if self._socket is not None:
            return
        context = self._context()
        plain = socket.create_connection((self._host, self._port), timeout=self._timeout_s)
        try:
            self._socket = context.wrap_socket(plain, server_hostname=self._host)
        except BaseException:
            plain.close()
            raise

    def send(self, message: bytes) -> None:
        """Send one frame: length in octets, a space, the message (RFC 5425 4.3)."""
        _opened(self._socket).sendall(b"%d %b" % (len(message), message))

    def check(self) -> None:
        """Raise where the other side's system has not taken every octet in time, or has closed the connection."""
        connection = _opened(self._socket)
        deadline = time.monotonic() + self._timeout_s
        while True:
            if _heard(connection) == b"":
                raise ConnectionResetError("the repository has closed the connection")
            if not _unacknowledged(connection):
                return
            if time.monotonic() >= deadline:
                raise TimeoutError("the repository does not take what is sent")
            time.sleep(LOOK_EVERY_S)

    def close(self) -> None:
        """Hang up."""
        connection, self._socket = self._socket, None
        if connection is not None:
            connection.close()


def _opened(connection: socket.socket | None) -> socket.socket:
    if connection is None:
        raise ConnectionError("not connected")
    return connection


def _heard(connection: socket.socket) -> bytes | None:
    """Read without waiting; None where nothing has come, which is what a syslog receiver says as long as all is well."""
    timeout_s = connection.gettimeout()
    connection.settimeout(0)
    try:
        return connection.recv(1)
    except (ssl.SSLWantReadError, BlockingIOError):
        return None
    finally:
        connection.settimeout(timeout_s)


def _unacknowledged(connection: socket.socket) -> int:
    """Octets that the other side's system has not acknowledged (SIOCOUTQ of Linux, tcp(7))."""
    found: int = struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4)))[0]
    return found
