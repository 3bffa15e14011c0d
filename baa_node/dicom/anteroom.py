"""Where connections wait that have not yet said who they are: one thread for all of them, however many, silent or slow they may be."""

from __future__ import annotations

import enum
import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from baa_node.dicom.limits import Limit, reached
from baa_node.dicom.transport import ASSOCIATE_RQ, LONGEST_NEGOTIATION, PDU_HEADER

MOST_AWAITED: Final = 32 * 1024
"""Bytes of an association request that must have come before a thread reads it; a real one has 500 to 5,000."""


NEWS: Final = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET
"""What is there already is not told again: it stays there until a thread reads it."""


THE_END: Final = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
"""Nothing more comes after what is there."""


class Turn(enum.Enum):
    """What became of somebody who waited."""

    READY = enum.auto()
    """An association request is here, or what is none: reading it takes no waiting."""
    GONE = enum.auto()
    OVERDUE = enum.auto()


@dataclass(frozen=True)
class Visitor:
    """A connection that waits, from where it comes, and until when it may wait (monotonic)."""

    connection: socket.socket
    address: tuple[str, int]
    until: float


class Anteroom:
    """Waits for many connections at once, and for one more thing: new ones at the listening socket. For one thread.

    A connection that speaks TLS leaves with its first byte, as what follows cannot be read here; any other with a whole association
    request (PS3.8 9.3.2), or with the first octets of something else. Nothing is read here, only looked at, and looked at again when more
    has come.

    Parameters
    ----------
    patience_s : float
        For how long a connection may wait.
    encrypted : bool
        Whether TLS is spoken.
    """

    def __init__(self, *, patience_s: float, encrypted: bool) -> None:
        self._patience_s = patience_s
        self._encrypted = encrypted
        self._visitors: dict[int, Visitor] = {}  # by descriptor, in the order in which they came
        self._door = -1
        self._watch = select.epoll()

    def open(self, listening: socket.socket) -> None:
        """Begin to wait at the socket at which connections arrive."""
        self._door = listening.fileno()
        self._watch.register(self._door, select.EPOLLIN)

    def enter(self, connection: socket.socket, address: tuple[str, int]) -> None:
        """Let a connection wait."""
        connection.setblocking(False)
        self._visitors[connection.fileno()] = Visitor(connection, address, until=time.monotonic() + self._patience_s)
        self._watch.register(connection, NEWS)

    def look(self, timeout_s: float) -> Iterator[tuple[Visitor, Turn] | None]:
        """Give whoever waits no longer, as a blocking connection again, and None where somebody is at the door.

        Blocks for at most `timeout_s` where there is nobody.
        """
        for descriptor, news in self._watch.poll(timeout_s):
            if descriptor == self._door:
                yield None
            elif turn := self._turn(self._visitors[descriptor].connection, more_may_come=not news & THE_END):
                yield self._leave(descriptor), turn
        now = time.monotonic()
        while self._visitors and (longest := next(iter(self._visitors.items())))[1].until <= now:
            reached(Limit.PDU_TIME, "connection closed: nothing came in time that opens or ends an association")
            yield self._leave(longest[0]), Turn.OVERDUE

    def close(self) -> Iterator[Visitor]:
        """Give everybody who still waits, and wait no more."""
        for descriptor in list(self._visitors):
            yield self._leave(descriptor)
        self._watch.close()

    def _leave(self, descriptor: int) -> Visitor:
        self._watch.unregister(descriptor)
        visitor = self._visitors.pop(descriptor)
        visitor.connection.settimeout(self._patience_s)
        return visitor

    def _turn(self, connection: socket.socket, *, more_may_come: bool) -> Turn | None:
        """Whether somebody need not wait any longer; None where more must come first."""
        try:
            if self._asks(connection):
                return Turn.READY
        except BlockingIOError:
            return None
        except OSError:
            return Turn.GONE
        return None if more_may_come else Turn.GONE

    def _asks(self, connection: socket.socket) -> bool:
        begin = connection.recv(PDU_HEADER.size, socket.MSG_PEEK)
        if begin and (self._encrypted or begin[0] != ASSOCIATE_RQ):
            return True
        if len(begin) < PDU_HEADER.size:
            return False
        length = int(PDU_HEADER.unpack(begin)[1])
        if length > LONGEST_NEGOTIATION:
            return True
        wanted = min(PDU_HEADER.size + length, MOST_AWAITED)
        return len(connection.recv(wanted, socket.MSG_PEEK)) == wanted
