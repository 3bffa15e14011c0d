"""Minimal Lower Layer Protocol (HL7 v2 implementation guide, appendix C): one message out, one acknowledgement back."""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import closing
from typing import Final

from baa_node.dicom.certificate import HANDSHAKES
from baa_node.errors import DeliveryError

START: Final = b"\x0b"
END: Final = b"\x1c\x0d"
LONGEST_ANSWER: Final = 1 << 20
"""Bytes; an acknowledgement is a few hundred."""


def connect(host: str, port: int, *, tls: ssl.SSLContext | None, timeout_s: float) -> socket.socket:
    """Connect; OSError where nobody is there or TLS fails."""
    plain = socket.create_connection((host, port), timeout=timeout_s)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls is None:
        return plain
    try:
        encrypted = tls.wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise
    HANDSHAKES.note(host, port, encrypted.getpeercert(binary_form=True) or b"")
    return encrypted


def exchange(message: bytes, host: str, port: int, *, tls: ssl.SSLContext | None, timeout_s: float) -> bytes:
    """Send a message on a connection of its own and give the answer without its frame.

    Raises
    ------
    OSError
        No connection, TLS failed, or it broke while sending.
    DeliveryError
        No complete answer within `timeout_s`, or one that is no MLLP.
    """
    with closing(connect(host, port, tls=tls, timeout_s=timeout_s)) as connection:
        connection.sendall(START + message + END)
        return _answer(connection, time.monotonic() + timeout_s, timeout_s)


def _answer(connection: socket.socket, deadline: float, timeout_s: float) -> bytes:
    received = bytearray()
    while not received.endswith(END):
        if len(received) > LONGEST_ANSWER or (received and not received.startswith(START)):
            raise DeliveryError("the answer is no MLLP frame")
        part = _part(connection, deadline)
        if part is None:
            raise DeliveryError(f"no complete acknowledgement within {timeout_s:g} s")
        if not part:
            raise DeliveryError("closed the connection without a complete acknowledgement")
        received += part
    if not received.startswith(START):
        raise DeliveryError("the answer is no MLLP frame")
    return bytes(received[len(START) : -len(END)])


def _part(connection: socket.socket, deadline: float) -> bytes | None:
    """Give what came, nothing at the end of the stream, None when the time is up: a byte now and then is no answer."""
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        return None
    connection.settimeout(left_s)
    try:
        return connection.recv(4096)
    except TimeoutError:
        return None
