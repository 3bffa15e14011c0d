"""A Storage SCU on a bare socket, PDUs packed by hand (PS3.8 9.3): costs next to nothing, and sends what no decent program would."""

from __future__ import annotations

import socket
import ssl
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from pydicom.uid import ExplicitVRLittleEndian

CONTEXT_ID = 1
VERIFICATION = "1.2.840.10008.1.1"
COMMAND, LAST = 0x01, 0x02
APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"


@dataclass(frozen=True, kw_only=True)
class Image:
    """One instance ready to be sent: the UIDs of the command, and any bytes as data set."""

    sop_class: str
    sop_instance: str
    data: bytes
    syntax: str = ExplicitVRLittleEndian


class Line:
    """One association to a receiver.

    Parameters
    ----------
    sop_class, syntax : str
        The one presentation context that is proposed.
    nodelay : bool
        False for a sender that leaves Nagle's algorithm on (RFC 896), as careless ones do.

    Raises
    ------
    ConnectionError
        The association or its context is not accepted, or an answer is not Success.
    """

    def __init__(
        self,
        port: int,
        *,
        calling: str,
        called: str,
        sop_class: str,
        syntax: str = ExplicitVRLittleEndian,
        tls: ssl.SSLContext | None = None,
        nodelay: bool = True,
    ) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, nodelay)
            if tls is not None:
                self._socket = tls.wrap_socket(self._socket, server_hostname="127.0.0.1")
            self._pdu_length = self._associate(_associate_request(calling, called, sop_class, syntax))
        except BaseException:
            self._socket.close()
            raise

    def _associate(self, request: bytes) -> int:
        """Ask for the association; the longest PDU that the receiver takes."""
        self._socket.sendall(request)
        kind, body = self._read_pdu()
        if kind != 0x02 or not _context_accepted(body):
            raise ConnectionError(f"association not accepted (PDU {kind})")
        return _maximum_length(body)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if error is None:
                self._socket.sendall(struct.pack(">BBI4x", 0x05, 0, 4))
                self._read_pdu()
        finally:
            self._socket.close()

    @property
    def nodelay(self) -> bool:
        """Whether TCP_NODELAY is set."""
        return bool(self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    def pack(self, image: Image) -> bytes:
        """All PDUs of one C-STORE request."""
        step = self._pdu_length - 6
        pieces = [image.data[start : start + step] for start in range(0, len(image.data), step)] or [b""]
        flags = [0] * (len(pieces) - 1) + [LAST]
        return _data_pdu(COMMAND | LAST, _store_command(image)) + b"".join(map(_data_pdu, flags, pieces))

    def send(self, packed: bytes) -> float:
        """Send what `pack` made and wait for Success; returns the time at which the last byte had been handed over."""
        self._socket.sendall(packed)
        gone = time.monotonic()
        status = self.answer()
        if status != 0:
            raise ConnectionError(f"answered with status {status}")
        return gone

    def break_off(self, packed: bytes, share: float) -> None:
        """End the association in the middle of a C-STORE: up to one half after whole PDUs and by A-ABORT, beyond by a reset anywhere.

        Parameters
        ----------
        share : float
            How much of what `pack` made is sent, from 0 to 1; the first PDU always is.
        """
        first = end = 6 + int.from_bytes(packed[2:6], "big")
        if share > 0.5:
            end = max(first, min(int(share * len(packed)), len(packed) - 1))
        while share <= 0.5 and (after := end + 6 + int.from_bytes(packed[end + 2 : end + 6], "big")) <= share * len(packed):
            end = after
        try:
            self._socket.sendall(packed[:end] + (struct.pack(">BBI4x", 0x07, 0, 4) if share <= 0.5 else b""))
            if share > 0.5:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        finally:
            self._socket.close()

    def send_apart(self, packed: bytes) -> None:
        """Send what `pack` made, each PDU by a write of its own, as most programs do, and wait for Success."""
        start = 0
        while start < len(packed):
            end = start + 6 + int.from_bytes(packed[start + 2 : start + 6], "big")
            self._socket.sendall(packed[start:end])
            start = end
        status = self.answer()
        if status != 0:
            raise ConnectionError(f"answered with status {status}")

    def store(self, image: Image) -> int | None:
        """Send one instance; the status, or None when the receiver aborts the association."""
        self._socket.sendall(self.pack(image))
        return self.answer()

    def echo(self) -> None:
        """Send one C-ECHO request and wait for Success; the line must have been opened for Verification."""
        self._socket.sendall(_data_pdu(COMMAND | LAST, _echo_command()))
        status = self.answer()
        if status != 0:
            raise ConnectionError(f"answered with status {status}")

    def answer(self) -> int | None:
        """Status of the next C-STORE response; None for an A-ABORT."""
        kind, body = self._read_pdu()
        return _status(body[6:]) if kind == 0x04 else None

    def send_all(self, packed: Sequence[bytes]) -> None:
        for one in packed:
            self.send(one)

    def _read_pdu(self) -> tuple[int, bytes]:
        kind, _, length = struct.unpack(">BBI", self._read(6))
        return kind, self._read(length)

    def _read(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            part = self._socket.recv(size - len(parts))
            if not part:
                raise ConnectionError("connection closed by the receiver")
            parts += part
        return bytes(parts)


def _associate_request(calling: str, called: str, sop_class: str, syntax: str) -> bytes:
    context = struct.pack(">B3x", CONTEXT_ID) + _item(0x30, sop_class.encode()) + _item(0x40, syntax.encode())
    user = _item(0x51, struct.pack(">I", 131072)) + _item(0x52, b"1.2.826.0.1.3680043.8.498.1")
    items = _item(0x10, APPLICATION_CONTEXT.encode()) + _item(0x20, context) + _item(0x50, user)
    body = struct.pack(">HH16s16s32x", 1, 0, called.ljust(16).encode(), calling.ljust(16).encode()) + items
    return struct.pack(">BBI", 0x01, 0, len(body)) + body


def _item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(value)) + value


def _items(data: bytes) -> dict[int, bytes]:
    found = {}
    while data:
        kind, _, length = struct.unpack(">BBH", data[:4])
        found[kind] = data[4 : 4 + length]
        data = data[4 + length :]
    return found


def _context_accepted(body: bytes) -> bool:
    return _items(body[68:])[0x21][2] == 0


def _maximum_length(body: bytes) -> int:
    announced = struct.unpack(">I", _items(_items(body[68:])[0x50])[0x51])[0]
    return min(announced or 131072, 131072)


def _data_pdu(flags: int, fragment: bytes) -> bytes:
    return struct.pack(">BBIIBB", 0x04, 0, len(fragment) + 6, len(fragment) + 2, CONTEXT_ID, flags) + fragment


def _store_command(image: Image) -> bytes:
    elements = (
        _element(0x0002, _uid(image.sop_class))
        + _element(0x0100, struct.pack("<H", 0x0001))
        + _element(0x0110, struct.pack("<H", 1))
        + _element(0x0700, struct.pack("<H", 0))
        + _element(0x0800, struct.pack("<H", 0x0000))
        + _element(0x1000, _uid(image.sop_instance))
    )
    return _element(0x0000, struct.pack("<I", len(elements))) + elements


def _echo_command() -> bytes:
    elements = (
        _element(0x0002, _uid(VERIFICATION))
        + _element(0x0100, struct.pack("<H", 0x0030))
        + _element(0x0110, struct.pack("<H", 1))
        + _element(0x0800, struct.pack("<H", 0x0101))
    )
    return _element(0x0000, struct.pack("<I", len(elements))) + elements


def _element(number: int, value: bytes) -> bytes:
    return struct.pack("<HHI", 0x0000, number, len(value)) + value


def _uid(text: str) -> bytes:
    return text.encode() + b"\0" * (len(text) % 2)


def _status(command: bytes) -> int | None:
    while command:
        _, number, length = struct.unpack("<HHI", command[:8])
        if number == 0x0900:
            return int(struct.unpack("<H", command[8:10])[0])
        command = command[8 + length :]
    return None
