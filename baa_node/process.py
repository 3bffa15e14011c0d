"""Settings of the whole process for a node that serves many connections at once, and its patience with one image."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import gc
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

from baa_node.errors import ConfigError
from baa_node.faults import cannot_write

SWITCH_INTERVAL_S: Final = 0.0005
"""Between two threads that both compute. With Python's 5 ms a caller waits that long behind every sender, once a step."""

MMAP_THRESHOLD: Final = -3
"""``M_MMAP_THRESHOLD`` of mallopt(3)."""

OWN_MAPPING_BYTES: Final = 1 << 20
"""From this size on a block of memory is a mapping of its own, given back when it is freed.

The C library would raise its threshold to 32 MiB by itself as images come and go, and then keep what they took.
"""


def settle() -> None:
    """Answer fairly, and give memory back; where the C library has no such setting, memory is left as it is."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MMAP_THRESHOLD, OWN_MAPPING_BYTES)


def stand_back(niceness: int) -> None:
    """Let other processes go first where processors are short: every thread of this one gets this niceness, and so does what it starts.

    Linux counts niceness by thread (setpriority(2), sched(7)); elsewhere it is the process that has one. A thread that stands further back
    already stays there, and 0 changes nothing.
    """
    while any(_moved_back(thread, niceness) for thread in _threads()):
        pass  # a thread that was not moved yet may have started one meanwhile


def _threads() -> list[int]:
    folder = Path("/proc/self/task")
    return [int(entry.name) for entry in folder.iterdir()] if folder.is_dir() else [0]


def _moved_back(thread: int, niceness: int) -> bool:
    """Tell whether it stood further ahead, and does no longer."""
    try:
        before = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, max(before, niceness))
        return os.getpriority(os.PRIO_PROCESS, thread) > before
    except ProcessLookupError:  # it ended
        return False


@contextlib.contextmanager
def collector_at_rest() -> Iterator[Callable[[], None]]:
    """Keep Python's garbage collector from work while a process starts; call what is given when everything stands.

    A start makes half a million objects that stay: modules, classes, tables. The collector goes through all that there are again and again
    meanwhile, which was a third of the time until a node listened (2.9 s, and 2.0 s without). Once everything stands, what there is is
    frozen: never looked at again, so that each full collection later is shorter, too. However the block ends, the collector works then.
    """
    gc.disable()

    def all_stands() -> None:
        gc.freeze()
        gc.enable()

    try:
        yield all_stands
    finally:
        gc.enable()


def out_of_time(limit_s: float) -> Callable[[], bool]:
    """Start a clock: the function that comes back says whether ``limit_s`` seconds are over; 0 never ends."""
    ends = time.monotonic() + limit_s
    return lambda: limit_s > 0 and time.monotonic() > ends


def sole_use(data_dir: Path) -> IO[str]:
    """Lock the data directory for as long as the returned file is open; the kernel lets go when a process dies.

    Raises
    ------
    ConfigError
        Another node runs on it, or it cannot be written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / "node.lock").open("w")
    except OSError as error:
        raise ConfigError(cannot_write(error, where=data_dir, otherwise=f"data directory {data_dir} cannot be used")) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise ConfigError(f"another node is running on data directory {data_dir}") from None
    return lock
