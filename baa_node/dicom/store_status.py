"""What the status of a C-STORE response means for what was sent (PS3.4 table B.2-1, PS3.7 C)."""

from __future__ import annotations

import enum
from typing import Final

SOP_CLASS_NOT_SUPPORTED: Final = 0x0122

RETRY_STATUSES: Final = frozenset({0x0110, 0x0124, 0x0210, 0x0213})
"""Failures that may pass: processing failure, not authorised (an administrator's to mend), duplicate invocation, resource
limitation (PS3.7 C.5)."""

STORED_BEFORE: Final = 0x0111
"""Duplicate SOP Instance (PS3.7 C.5): our UIDs are derived from what is sent, so the peer has this object already."""

WARNING_STATUSES: Final = frozenset({0x0001, 0x0107, 0x0116, STORED_BEFORE})


class Outcome(enum.Enum):
    """What became of an item."""

    STORED = "stored"
    WARNING = "stored with a warning"
    REFUSED_RETRY = "refused for now"
    FAILED = "refused for good"
    NOT_ACCEPTED = "no presentation context accepted"


def outcome_of(status: int) -> Outcome:
    """Classify the status of a C-STORE response (PS3.4 table B.2-1, PS3.7 C.4 and C.5).

    A7xx (out of resources) asks for another try; Bxxx warns about an object that is stored; A9xx (data set does not
    match), Cxxx (cannot understand) and all that is unknown will be the same tomorrow.
    """
    if status == 0:
        return Outcome.STORED
    if status >> 12 == 0xB or status in WARNING_STATUSES:
        return Outcome.WARNING
    if status >> 8 == 0xA7 or status in RETRY_STATUSES:
        return Outcome.REFUSED_RETRY
    return Outcome.FAILED
