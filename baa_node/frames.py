"""Decoded frames between two steps of one process, so that an image is decoded once; after a restart it is decoded again."""

from __future__ import annotations

import threading
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST_BYTES: Final = 64 << 20
"""Some twenty radiographs; a refusal waits for seconds until its picture is drawn."""


class RecentFrames:
    """The frames that were kept last and not taken yet, by the names of their files; for many threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept: dict[str, NDArray[np.uint8]] = {}

    def keep(self, name: str, pixels: NDArray[np.uint8]) -> None:
        """Keep a frame, ``(H, W) uint8``; the oldest make room, and one that is too large is not kept."""
        with self._lock:
            self._kept.pop(name, None)
            self._kept[name] = pixels
            while sum(frame.nbytes for frame in self._kept.values()) > self._most_bytes:
                del self._kept[next(iter(self._kept))]

    def take(self, name: str) -> NDArray[np.uint8] | None:
        """Give a frame and forget it; None where it is not here any more, or was decoded by another process."""
        with self._lock:
            return self._kept.pop(name, None)
