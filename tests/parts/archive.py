"""A PACS in this process that counts: every C-STORE it was sent, not only what it kept."""

from __future__ import annotations

import time
from collections import Counter
from types import TracebackType
from typing import Any, Self

from pynetdicom import AE, evt
from pynetdicom.presentation import build_context

from tests.parts.programs import free_port

TAKEN = ("1.2.840.10008.5.1.4.1.1.88.34", "1.2.840.10008.5.1.4.1.1.88.33", "1.2.840.10008.5.1.4.1.1.7")
"""Comprehensive 3D SR, Comprehensive SR, Secondary Capture."""


class Archive:
    """Stores nothing, counts and dawdles.

    Attributes
    ----------
    stores
        C-STORE requests by SOP Instance UID.
    """

    ae_title = "ARCHIVE"

    def __init__(self, *, answer_after_s: float = 0.0) -> None:
        self.port = free_port()
        self.stores: Counter[str] = Counter()
        self._answer_after_s = answer_after_s
        self._server: Any = None

    def __enter__(self) -> Self:
        ae = AE(ae_title=self.ae_title)
        ae.supported_contexts = [build_context(sop_class) for sop_class in TAKEN]
        ae.network_timeout = 20
        self._server = ae.start_server(("127.0.0.1", self.port), block=False, evt_handlers=[(evt.EVT_C_STORE, self._store)])
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()

    def _store(self, event: evt.Event) -> int:
        self.stores[str(event.request.AffectedSOPInstanceUID)] += 1
        time.sleep(self._answer_after_s)
        return 0x0000
