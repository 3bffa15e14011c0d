"""What keeps a stranger from taking everything: each limit that is reached is counted and told in the log."""

from __future__ import annotations

import logging
import threading
import time
from enum import StrEnum
from typing import Final

from prometheus_client import Counter

logger = logging.getLogger("baa_node.dicom")

LINES_EVERY_S: Final = 1.0
"""At most one line for each limit in this time: who attacks must not fill the log as well."""


class Limit(StrEnum):
    """What was reached, as the metric names it."""

    CONNECTIONS = "connections"
    ASSOCIATIONS = "associations"
    TLS = "tls"
    CONTEXTS = "presentation_contexts"
    PDU_LENGTH = "pdu_length"
    PDU_TIME = "pdu_time"
    PDU_CONTENT = "pdu_content"
    IDLE = "idle"
    DATA_SET = "data_set_size"
    RECEIVING = "receiving_size"


REACHED: Final = Counter(
    "baa_node_limit_reached", "Times that a peer reached a limit on what it may send, by limit.", ["limit"], registry=None
)
for _limit in Limit:
    REACHED.labels(_limit)  # a limit never reached is 0, not absent


class _Lines:
    """Which lines may be written."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._silent_until: dict[Limit, float] = {}
        self._held_back: dict[Limit, int] = {}

    def may(self, limit: Limit) -> int | None:
        """How many lines were held back before this one; None where this one is held back too."""
        now = time.monotonic()
        with self._lock:
            if now < self._silent_until.get(limit, 0.0):
                self._held_back[limit] = self._held_back.get(limit, 0) + 1
                return None
            self._silent_until[limit] = now + LINES_EVERY_S
            return self._held_back.pop(limit, 0)


_lines = _Lines()


def reached(limit: Limit, told: str, *values: object) -> None:
    """Count, and write a warning as `logging` takes it unless there was one a moment ago."""
    REACHED.labels(limit).inc()
    held_back = _lines.may(limit)
    if held_back is None:
        return
    more = f" (and {held_back} more of this kind)" if held_back else ""
    logger.warning("%s%s", told % values, more)
