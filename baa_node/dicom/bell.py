"""Waiting for a socket and for other threads at once."""

from __future__ import annotations

import os
import queue
import select
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable


class RingingQueue(queue.Queue[Any]):
    """A queue that rings for whoever waits for more than this queue."""

    def __init__(self, ring: Callable[[], None]) -> None:
        super().__init__()
        self._ring = ring

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Put `item`, then ring."""
        super().put(item, block, timeout)
        self._ring()


class Bell:
    """Lets a thread wait for a socket and for other threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._listener = 0

    def open(self) -> None:
        """Begin to hear rings; those before are not heard, so look around first. For the thread that will wait."""
        self._listener = threading.get_ident()
        with self._lock:
            self._descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def ring(self) -> None:
        """End the wait, or the next one; whoever waits need not ring for itself, as it looks around before."""
        if threading.get_ident() == self._listener:
            return
        with self._lock:  # a closed descriptor's number may be another file by now
            if self._descriptor is not None:
                os.eventfd_write(self._descriptor, 1)

    def wait(self, sock: socket.socket | None, timeout_s: float) -> None:
        """Wait until somebody rings, `sock` can be read, or the time is up. For the thread that closes only."""
        if self._descriptor is None:
            return
        poller = select.poll()
        poller.register(self._descriptor, select.POLLIN)
        if sock is not None:
            poller.register(sock, select.POLLIN)
        if any(descriptor == self._descriptor for descriptor, _ in poller.poll(timeout_s * 1000)):
            os.eventfd_read(self._descriptor)

    def close(self) -> None:
        """Give the descriptor back; ringing has no effect afterwards."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
