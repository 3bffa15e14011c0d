"""Who is connected and who is associated, and who must give way when all places are taken."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from baa_node.dicom.limits import Limit, reached

if TYPE_CHECKING:
    from baa_node.dicom.acceptor import NodeAssociation

CONNECTIONS_PER_ASSOCIATION: Final = 2
"""Connections kept for each allowed association: those beyond are told that the node is busy, beyond these dropped."""


class Ledger:
    """Who is connected and who is associated, so that no address can take all places."""

    def __init__(self, max_associations: int, max_per_address: int) -> None:
        self._max_associations = max_associations
        self._max_per_address = max_per_address
        self._lock = threading.Lock()
        self._connections: Counter[str] = Counter()
        self._strangers: dict[str, dict[int, socket.socket]] = {}
        self._associations: dict[NodeAssociation, str] = {}
        self._waiting: dict[NodeAssociation, socket.socket] = {}
        self._open = True

    @property
    def connections(self) -> int:
        """Number of connections, associated or not."""
        with self._lock:
            return self._connections.total()

    def connect(self, address: str, connection: socket.socket) -> bool:
        """Note a connection from `address`; False where it must be dropped.

        Where all places are taken, the oldest connection without an association of the address that holds most gives way to an
        address that holds fewer: nobody can lock the others out by taking everything from a few addresses.
        """
        with self._lock:
            here = self._connections[address]
            if here / self._max_per_address >= CONNECTIONS_PER_ASSOCIATION:
                return False
            full = self._connections.total() / self._max_associations >= CONNECTIONS_PER_ASSOCIATION
            if full and not self._make_room(here + 1):
                return False
            self._connections[address] += 1
            self._strangers.setdefault(address, {})[id(connection)] = connection
            return True

    def forget(self, address: str, connection: socket.socket) -> None:
        """Do not end this connection any more to make room: its own thread is about to."""
        with self._lock:
            self._settle(address, connection)

    def disconnect(self, address: str) -> None:
        """Free the place of a connection noted by `connect`."""
        with self._lock:
            self._connections[address] -= 1
            if not self._connections[address]:
                del self._connections[address]

    def _make_room(self, fewer_than: int) -> bool:
        """End the oldest connection without an association of the address that holds most, if that is more than these."""
        greedy = max(self._strangers, key=lambda address: self._connections[address], default=None)
        if greedy is None or self._connections[greedy] <= fewer_than:
            return False
        oldest = next(iter(self._strangers[greedy].values()))
        self._settle(greedy, oldest)
        reached(Limit.CONNECTIONS, "the oldest idle connection from %s dropped: all addresses together have too many", greedy)
        with suppress(OSError):
            oldest.shutdown(socket.SHUT_RDWR)  # its thread sees the end and closes it
        return True

    def _settle(self, address: str, connection: socket.socket) -> None:
        """Count a connection among the strangers no longer."""
        strangers = self._strangers.get(address, {})
        strangers.pop(id(connection), None)
        if not strangers:
            self._strangers.pop(address, None)

    def shut(self) -> None:
        """Give no places from now on."""
        with self._lock:
            self._open = False

    def encrypt(self, address: str, plain: socket.socket, encrypted: socket.socket) -> None:
        """Note that a connection is spoken to through TLS from now on."""
        with self._lock:
            strangers = self._strangers.get(address, {})
            if strangers.pop(id(plain), None) is not None:
                strangers[id(encrypted)] = encrypted

    def expect(self, association: NodeAssociation, connection: socket.socket) -> bool:
        """Note a connection whose association is about to be negotiated; False where nobody is let in any more."""
        with self._lock:
            if self._open:
                self._waiting[association] = connection
            return self._open

    def associate(self, association: NodeAssociation, address: str) -> bool:
        """Give `association` a place; False where all, or those of its address, are taken."""
        with self._lock:
            here = sum(other == address for other in self._associations.values())
            if not self._open or len(self._associations) >= self._max_associations or here >= self._max_per_address:
                return False
            self._associations[association] = address
            if association in self._waiting:
                self._settle(address, self._waiting[association])
            return True

    def leave(self, association: NodeAssociation) -> None:
        """Free the place of `association`, if it had one."""
        with self._lock:
            self._waiting.pop(association, None)
            self._associations.pop(association, None)

    def present(self) -> list[NodeAssociation]:
        """Everyone with a connection that is past its TLS handshake."""
        with self._lock:
            return list(self._waiting.keys() | self._associations.keys())
