"""An HL7 v2 receiver in this process that keeps what it is sent and answers as it is told."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import hl7

from tests.parts.programs import free_port

START, END = b"\x0b", b"\x1c\x0d"

Answer = Callable[[hl7.Message], bytes | None]
"""Bytes to send back to a message; None closes the connection."""


def acknowledgement(code: str, *, fault: str = "", to: str | None = None) -> Answer:
    """Answer with an acknowledgement code, an error code (HL7 table 0357) and the control ID of the message or another."""

    def answer(message: hl7.Message) -> bytes:
        text = str(message.create_ack(code))
        text = text.replace(message["MSH.F10"], to) if to is not None else text
        error = f"ERR|||{fault}^made up^HL70357|E\r" if fault else ""
        return START + f"{text}{error}".encode() + END

    return answer


def raw(content: bytes) -> Answer:
    """Answer with these bytes, whatever the message."""
    return lambda _: content


def silence(for_s: float) -> Answer:
    """Say nothing for a while, then close."""
    return lambda _: time.sleep(for_s)


ACCEPT = acknowledgement("AA")


class MllpReceiver:
    """Takes one message a connection.

    Attributes
    ----------
    messages
        What was received, in order.
    answer
        May be changed while it runs.
    """

    def __init__(self, answer: Answer = ACCEPT, *, port: int | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.port = port or free_port()
        self.answer = answer
        self.messages: list[hl7.Message] = []
        self._tls = tls
        self._stopping = threading.Event()

    @property
    def url(self) -> str:
        return f"{'mllps' if self._tls else 'mllp'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopping.set()
        socket.create_connection(("127.0.0.1", self.port)).close()  # wakes it
        self._thread.join(30)
        self._listener.close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            plain, _ = self._listener.accept()
            with plain:
                plain.settimeout(10)
                try:
                    self._converse(self._tls.wrap_socket(plain, server_side=True) if self._tls else plain)
                except OSError:  # the sender went away, or did not like our certificate
                    continue

    def _converse(self, connection: socket.socket) -> None:
        with connection:
            received = b""
            while not received.endswith(END):
                part = connection.recv(65536)
                if not part:
                    return
                received += part
            self.messages.append(hl7.parse(received[1:-2].decode()))
            answer = self.answer(self.messages[-1])
            if answer is not None:
                connection.sendall(answer)
