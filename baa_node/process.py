"""Settings of the whole process for a node that serves many connections at once."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

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
