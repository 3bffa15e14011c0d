"""Large files written past the page cache: their bytes go from one small buffer to the disk (decision 0026).

Nobody but a worker reads them, once; a copy in memory costs more than the reading, the more where memory is fresh to a virtual machine.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
from collections.abc import Iterator, Sequence
from typing import Final

LEAST_BYTES: Final = 2 << 20
"""Smaller files cost less by way of the page cache, and are read from there."""

ROOM_BYTES: Final = 512 << 10
BLOCK_BYTES: Final = 4096
"""Of which file systems want multiples, in memory and in the file (open(2), O_DIRECT)."""

_DIRECT: Final[int] = getattr(os, "O_DIRECT", 0)


def write_past_cache(descriptor: int, pieces: Sequence[bytes | memoryview]) -> None:
    """Write all of `pieces`, whole blocks without the page cache as far as the file system allows it; nothing is flushed.

    Raises
    ------
    OSError
        As of write(2); what was written before stays.
    """
    _ask_for(descriptor, direct=True)
    room = mmap.mmap(-1, ROOM_BYTES, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)  # not private: another thread may fork meanwhile (open(2))
    for filled in _filled(pieces, memoryview(room)):
        whole = len(filled) // BLOCK_BYTES * BLOCK_BYTES
        write_all(descriptor, filled[:whole])
        if whole < len(filled):  # the end of the file
            _ask_for(descriptor, direct=False)
            write_all(descriptor, filled[whole:])


def write_all(descriptor: int, content: bytes | memoryview) -> None:
    """Write all of `content`, with the page cache where the file system will not do without."""
    left = memoryview(content)
    while left:
        try:
            left = left[os.write(descriptor, left) :]
        except OSError as error:
            if error.errno != errno.EINVAL or not _is_direct(descriptor):
                raise
            _ask_for(descriptor, direct=False)


def _filled(pieces: Sequence[bytes | memoryview], room: memoryview) -> Iterator[memoryview]:
    """Give `room` each time the next bytes of `pieces` have filled it, at last as far as they reach."""
    filled = 0
    for piece in pieces:
        left = memoryview(piece)
        while left:
            count = min(len(left), len(room) - filled)
            room[filled : filled + count] = left[:count]
            left, filled = left[count:], filled + count
            if filled == len(room):
                yield room
                filled = 0
    if filled:
        yield room[:filled]


def _is_direct(descriptor: int) -> bool:
    return bool(fcntl.fcntl(descriptor, fcntl.F_GETFL) & _DIRECT)


def _ask_for(descriptor: int, *, direct: bool) -> None:
    """Ask the file system to leave the page cache out, which not all can, or not to."""
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | _DIRECT if direct else flags & ~_DIRECT)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
