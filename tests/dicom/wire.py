"""PDUs written by hand (PS3.8 9.3), for what no well-behaved library would send."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

CR_IMAGE = "1.2.840.10008.5.1.4.1.1.1"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
COMMAND, LAST = 1, 2


def item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(body)) + body


def association_request(
    *, called: bytes = b"BAA_NODE", calling: bytes = b"WIRE", pad: bytes = b" ", contexts: int = 1, syntaxes: int = 1
) -> bytes:
    """A-ASSOCIATE-RQ with so many presentation contexts for CR images, each with its transfer syntax so many times.

    Beyond 128 contexts their identifiers come again.
    """
    syntax = item(0x40, EXPLICIT_LE.encode()) * syntaxes
    asked = b"".join(item(0x20, struct.pack(">Bxxx", (2 * n + 1) % 256) + item(0x30, CR_IMAGE.encode()) + syntax) for n in range(contexts))
    user = item(0x51, struct.pack(">L", 16384)) + item(0x52, b"1.2.3.4")
    items = item(0x10, b"1.2.840.10008.3.1.1.1") + asked + item(0x50, user)
    body = struct.pack(">Hxx", 1) + called.ljust(16, pad) + calling.ljust(16, pad) + bytes(32) + items
    return struct.pack(">BxL", 1, len(body)) + body


def p_data(payload: bytes, control: int) -> bytes:
    return struct.pack(">BxLLBB", 4, len(payload) + 6, len(payload) + 2, 1, control) + payload


def store_command(sop_instance_uid: str, *, with_data_set: bool = True) -> bytes:
    """C-STORE-RQ of a CR image in one PDU (PS3.7 9.3.1)."""
    elements = b"".join(
        (
            element(0x0002, padded(CR_IMAGE)),
            element(0x0100, struct.pack("<H", 0x0001)),
            element(0x0110, struct.pack("<H", 1)),
            element(0x0700, struct.pack("<H", 0)),
            element(0x0800, struct.pack("<H", 0x0001 if with_data_set else 0x0101)),
            element(0x1000, padded(sop_instance_uid)),
        )
    )
    return p_data(element(0x0000, struct.pack("<L", len(elements))) + elements, COMMAND | LAST)


def element(number: int, value: bytes) -> bytes:
    return struct.pack("<HHL", 0, number, len(value)) + value


def padded(uid: str) -> bytes:
    return uid.encode() + bytes(len(uid) % 2)


@contextmanager
def connection(port: int, *, timeout_s: float = 5) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as sock:
        yield sock


@contextmanager
def association(port: int, *, timeout_s: float = 5) -> Iterator[socket.socket]:
    """A connection on which an association has been accepted."""
    with connection(port, timeout_s=timeout_s) as sock:
        sock.sendall(association_request())
        assert read_pdu(sock)[0] == 0x02, "association not accepted"
        yield sock


def read_pdu(sock: socket.socket) -> bytes:
    """One PDU, or what came of it before the connection was closed."""
    header = read(sock, 6)
    return header + read(sock, int.from_bytes(header[2:6], "big"))


def read(sock: socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        try:
            part = sock.recv(length - len(received))
        except ConnectionResetError:
            return received
        if not part:
            return received
        received += part
    return received


def ends(sock: socket.socket) -> bool:
    """Whether the peer closes the connection, whatever it says before, within the socket's timeout."""
    try:
        while sock.recv(4096):
            pass
    except ConnectionResetError:
        pass
    except TimeoutError:
        return False
    return True


def status_of(pdu: bytes) -> int:
    """Status in the command set of a response in one PDU: element (0000,0900), US, implicit little endian."""
    at = pdu.index(b"\x00\x00\x00\x09\x02\x00\x00\x00")
    return int.from_bytes(pdu[at + 8 : at + 10], "little")
