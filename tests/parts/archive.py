"""A PACS in this process that counts: every C-STORE it was sent, not only what it kept; and that gives receipts as told."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

from pydicom.dataset import Dataset
from pynetdicom import AE, build_role, evt
from pynetdicom.presentation import build_context

from tests.parts.programs import free_port

REPORT = "1.2.840.10008.5.1.4.1.1.88.34"
PICTURE = "1.2.840.10008.5.1.4.1.1.7"
TAKEN = (REPORT, "1.2.840.10008.5.1.4.1.1.88.33", PICTURE)
"""Comprehensive 3D SR, Comprehensive SR, Secondary Capture."""

COMMITMENT, COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
QUERY = "1.2.840.10008.5.1.4.1.2.2.1"

Reasons = dict[str, int]


@dataclass
class Receipts:
    """How an archive answers those who ask it to commit itself.

    Attributes
    ----------
    answer
        On the same association, on one of its own, or never.
    after_s
        How late.
    failing
        Given the number of the request and the SOP Class UIDs by SOP Instance UID, the Failure Reason of those it does not have.
    query
        Whether it offers a query.
    """

    answer: Literal["same", "own", "never"]
    node_port: int = 0
    after_s: float = 0.1
    failing: Callable[[int, dict[str, str]], Reasons] = field(default=lambda number, objects: {})
    query: bool = True


class Archive:
    """Stores nothing, counts and dawdles.

    Attributes
    ----------
    stores
        C-STORE requests by SOP Instance UID.
    classes
        SOP Class UID by SOP Instance UID.
    asked
        SOP Instance UIDs of each request for commitment.
    answered
        How many of these were answered.
    """

    ae_title = "ARCHIVE"

    def __init__(self, *, answer_after_s: float = 0.0, receipts: Receipts | None = None, host: str = "127.0.0.1") -> None:
        self.host = host
        self.port = free_port()
        self.stores: Counter[str] = Counter()
        self.classes: dict[str, str] = {}
        self.asked: list[list[str]] = []
        self.answered = 0
        self._answer_after_s = answer_after_s
        self._receipts = receipts
        self._answering: list[threading.Thread] = []
        self._server: Any = None

    def __enter__(self) -> Self:
        ae = AE(ae_title=self.ae_title)
        offered = [*TAKEN, *([COMMITMENT] if self._receipts else []), *([QUERY] if self._receipts and self._receipts.query else [])]
        ae.supported_contexts = [build_context(sop_class) for sop_class in offered]
        ae.network_timeout = 20
        handlers = [(evt.EVT_C_STORE, self._store), (evt.EVT_N_ACTION, self._commit), (evt.EVT_C_FIND, self._find)]
        self._server = ae.start_server((self.host, self.port), block=False, evt_handlers=handlers)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for thread in self._answering:
            thread.join(30)
        self._server.shutdown()

    def _store(self, event: evt.Event) -> int:
        uid = str(event.request.AffectedSOPInstanceUID)
        self.stores[uid] += 1
        self.classes[uid] = str(event.request.AffectedSOPClassUID)
        time.sleep(self._answer_after_s)
        return 0x0000

    def _find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        if str(event.identifier.SOPInstanceUID) in self.stores:
            yield 0xFF00, event.identifier

    def _commit(self, event: evt.Event) -> tuple[int, None]:
        receipts, request = self._receipts, event.action_information
        assert receipts is not None
        objects = {str(item.ReferencedSOPInstanceUID): str(item.ReferencedSOPClassUID) for item in request.ReferencedSOPSequence}
        self.asked.append(list(objects))
        information, failed = _information(str(request.TransactionUID), objects, receipts.failing(len(self.asked), objects))
        if receipts.answer != "never":
            arguments = (event.assoc if receipts.answer == "same" else None, information, failed)
            self._answering.append(threading.Thread(target=self._tell, args=arguments, daemon=True))
            self._answering[-1].start()
        return 0x0000, None

    def _tell(self, association: Any, information: Dataset, failed: bool) -> None:
        assert self._receipts is not None
        time.sleep(self._receipts.after_s)
        own = association is None
        if own:
            ae = AE(ae_title=self.ae_title)
            ae.add_requested_context(COMMITMENT)
            role = build_role(COMMITMENT, scp_role=True)
            association = ae.associate("127.0.0.1", self._receipts.node_port, ae_title="BAA_NODE", ext_neg=[role])
        association.send_n_event_report(information, 2 if failed else 1, COMMITMENT, COMMITMENT_INSTANCE)
        self.answered += 1
        if own:
            association.release()


def _information(transaction: str, objects: dict[str, str], failing: Reasons) -> tuple[Dataset, bool]:
    ds = Dataset()
    ds.TransactionUID = transaction
    items: dict[bool, list[Dataset]] = {True: [], False: []}
    for uid, sop_class in objects.items():
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
        if uid in failing:
            item.FailureReason = failing[uid]
        items[uid in failing].append(item)
    if items[False]:
        ds.ReferencedSOPSequence = items[False]
    if items[True]:
        ds.FailedSOPSequence = items[True]
    return ds, bool(items[True])
