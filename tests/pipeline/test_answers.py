"""What a destination answers to a C-STORE, and what becomes of the delivery: sent once, sent again, or given up and shown."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import Comprehensive3DSRStorage, SecondaryCaptureImageStorage
from pynetdicom import evt
from sqlalchemy import update

from baa_node.db import audit, studies
from baa_node.db.studies import Delivery
from baa_node.db.tables import deliveries
from baa_node.dicom.practice import PracticePacs
from baa_node.dispatch import Patience
from tests.parts.hands import hand_cr
from tests.parts.workbench import Bench, wait

Answering = Callable[[str], int]


class Moody(PracticePacs):
    """Answers as told by SOP class, after a while if you like, and keeps what it answers with Success or a warning.

    Attributes
    ----------
    asked
        C-STORE requests by SOP class.
    most
        Associations that were open at the same time.
    """

    def __init__(self, port: int, answer: Answering, *, answer_after_s: float = 0.0) -> None:
        self.asked: Counter[str] = Counter()
        self.most = 0
        self._answer, self._answer_after_s = answer, answer_after_s
        super().__init__("PACS", port)

    def _keep(self, event: evt.Event) -> int:
        with self._lock:
            self.asked[event.request.AffectedSOPClassUID] += 1
            self.most = max(self.most, len(self._server.active_associations))
        time.sleep(self._answer_after_s)
        status = self._answer(event.request.AffectedSOPClassUID)
        return status if status >> 12 in {0xA, 0xC} else status | super()._keep(event)


@contextmanager
def answering(bench: Bench, answer: Answering, **options: float) -> Iterator[Moody]:
    pacs = Moody(bench.pacs_port, answer, **options)
    try:
        yield pacs
    finally:
        pacs.stop()


def delivery(bench: Bench, uid: str) -> Delivery:
    with bench.desk.database.reading() as c:
        (found,) = studies.list_deliveries(c, uid, 1)
    return found


def attempts(bench: Bench) -> list[tuple[str, Any]]:
    """Kind and status of what the trail tells of each attempt."""
    with bench.desk.database.reading() as c:
        return [(event.kind, event.detail["status"]) for event in audit.list_events(c, limit=1000) if "attempt" in event.detail]


@pytest.mark.parametrize("status", [0xB000, 0x0111])
def test_what_is_stored_with_a_warning_is_delivered_and_sent_once(bench: Bench, tmp_path: Path, status: int) -> None:
    ds = hand_cr(tmp_path)
    with answering(bench, lambda sop_class: status) as pacs:
        bench.start()
        bench.send(ds)
        wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery")
        assert set(pacs.results_for(ds.SOPInstanceUID)) == {"sr", "capture"}
        assert pacs.asked == {Comprehensive3DSRStorage: 1, SecondaryCaptureImageStorage: 1}
    assert attempts(bench) == [("DELIVERY_DONE", status)]


@pytest.mark.parametrize("status", [0xA700])
def test_what_is_refused_for_now_is_sent_again_and_nothing_else(bench: Bench, tmp_path: Path, status: int) -> None:
    ds = hand_cr(tmp_path)
    for_pictures = itertools.chain([status, status], itertools.repeat(0))
    with answering(bench, lambda sop_class: next(for_pictures) if sop_class == SecondaryCaptureImageStorage else 0) as pacs:
        bench.start()
        bench.send(ds)
        wait(lambda: bench.states(ds) == ["DELIVERED"], "delivery")
        assert set(pacs.results_for(ds.SOPInstanceUID)) == {"sr", "capture"}
        assert pacs.asked == {Comprehensive3DSRStorage: 1, SecondaryCaptureImageStorage: 3}
    assert attempts(bench) == [("DELIVERY_ATTEMPT", status), ("DELIVERY_ATTEMPT", status), ("DELIVERY_DONE", 0)]


@pytest.mark.parametrize("status", [0xA900, 0xC000])
def test_what_is_refused_for_good_is_not_sent_again_but_shown(bench: Bench, tmp_path: Path, status: int) -> None:
    ds = hand_cr(tmp_path)
    with answering(bench, lambda sop_class: status if sop_class == Comprehensive3DSRStorage else 0) as pacs:
        bench.start()
        bench.send(ds)
        wait(lambda: bench.states(ds) == ["UNDELIVERABLE"], "the end")
        time.sleep(1)  # the first pause is 0.3 s
        assert pacs.asked == {Comprehensive3DSRStorage: 1, SecondaryCaptureImageStorage: 1}
    shown = delivery(bench, ds.SOPInstanceUID)
    assert (shown.state, shown.attempts, shown.last_status) == ("failed", 1, status)
    assert f"status 0x{status:04X}" in (shown.last_error or "")
    assert attempts(bench) == [("DELIVERY_FAILED", status)]


def test_a_destination_never_has_more_associations_than_it_may(bench: Bench, tmp_path: Path) -> None:
    bench.desk = replace(bench.desk, confirm=False)  # a question about receipts is an association of its own
    images = [hand_cr(tmp_path, seed=seed) for seed in range(5)]
    for ds in images:
        bench.send(ds)
        bench.desk.read(ds.SOPInstanceUID, 1)
        bench.desk.report(ds.SOPInstanceUID, 1)
    with answering(bench, lambda sop_class: 0, answer_after_s=0.3) as pacs:
        bench.start(parallel_deliveries=2)
        wait(lambda: all(bench.states(ds) == ["DELIVERED"] for ds in images), "delivery of all")
        assert pacs.most == 2
        assert pacs.stores == 2 * len(images)


def test_attempts_go_on_for_seven_days_and_no_longer(bench: Bench, tmp_path: Path) -> None:
    bench.desk = replace(bench.desk, patience=Patience())
    ds = hand_cr(tmp_path)
    bench.send(ds)
    bench.desk.read(ds.SOPInstanceUID, 1)
    bench.desk.report(ds.SOPInstanceUID, 1)

    def tried(waited: timedelta) -> Delivery:
        """Try once, so long after the delivery was opened; nobody listens there."""
        with bench.desk.database.transaction() as c:
            c.execute(update(deliveries).values(opened_at=datetime.now(UTC) - waited))
        bench.desk.deliver(ds.SOPInstanceUID, 1, "pacs")
        return delivery(bench, ds.SOPInstanceUID)

    for waited, pause_s in (({}, 2), ({"minutes": 5}, 300), ({"hours": 5}, 3600), ({"days": 6, "hours": 22}, 3600)):
        began = datetime.now(UTC)
        after = tried(timedelta(**waited))
        assert after.state == "pending"
        assert after.next_attempt_at is not None
        assert pause_s <= (after.next_attempt_at - began).total_seconds() < pause_s + 30
    last = tried(timedelta(days=6, hours=23, minutes=30))
    assert (last.state, last.attempts, last.next_attempt_at) == ("failed", 5, None)
    assert bench.states(ds) == ["UNDELIVERABLE"]
