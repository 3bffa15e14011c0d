"""Deliveries to destinations that are no DICOM applications, step by step: what is sent, retried, given up, or left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from baa_node.bridges import Wires
from baa_node.db import audit, peers, studies
from baa_node.db.peers import Peer
from baa_node.db.studies import Delivery
from baa_node.errors import StoreError
from tests.parts.dicomweb import stores
from tests.parts.fhir import FhirStore, Reply, WebServer
from tests.parts.hands import hand_cr
from tests.parts.mllp import ACCEPT, MllpReceiver, acknowledgement
from tests.parts.times import NOW
from tests.parts.workbench import Bench

SIDE_VIEW = {"ViewPosition": "LL"}


@pytest.fixture
def ris(bench: Bench) -> Iterator[MllpReceiver]:
    with MllpReceiver() as receiver:
        add(bench, "ris", "hl7", receiver.url)
        yield receiver


@pytest.fixture
def store() -> FhirStore:
    return FhirStore()


@pytest.fixture
def server(bench: Bench, store: FhirStore) -> Iterator[WebServer]:
    with WebServer(store) as server:
        add(bench, "ehr", "fhir", server.url)
        yield server


def add(bench: Bench, name: str, kind: str, url: str, **changes: Any) -> None:
    bench.desk = replace(bench.desk, wires=Wires(timeout_s=2.0))
    peer = Peer(name=name, kind=kind, url=url, source=False, destination=True, **changes)
    with bench.desk.database.transaction() as c:
        peers.add_peer(c, peer, actor="test", now=NOW)
        pacs = peers.get_peer(c, "pacs")
        peers.edit_peer(c, "pacs", replace(pacs, route_to=(*pacs.route_to, name)), actor="test", now=NOW)


def edit(bench: Bench, name: str, **changes: Any) -> None:
    with bench.desk.database.transaction() as c:
        peers.edit_peer(c, name, replace(peers.get_peer(c, name), **changes), actor="test", now=NOW)


def reported(bench: Bench, folder: Path, **elements: Any) -> str:
    """Receive, read and report an image; its UID."""
    ds = hand_cr(folder, **elements)
    bench.send(ds)
    bench.desk.read(ds.SOPInstanceUID, 1)
    bench.desk.report(ds.SOPInstanceUID, 1)
    return str(ds.SOPInstanceUID)


def report_again(bench: Bench, uid: str) -> None:
    with bench.desk.database.transaction() as c:
        studies.order_reading(c, uid, actor="test", reason="check", now=NOW)
    bench.desk.read(uid, 2)
    bench.desk.report(uid, 2)


def delivered(bench: Bench, uid: str, name: str, revision: int = 1) -> Delivery:
    bench.desk.deliver(uid, revision, name)
    with bench.desk.database.reading() as c:
        return next(one for one in studies.list_deliveries(c, uid, revision) if one.peer == name)


def test_a_message_is_sent_and_its_answer_is_the_receipt(bench: Bench, ris: MllpReceiver, tmp_path: Path) -> None:
    delivery = delivered(bench, reported(bench, tmp_path), "ris")
    assert (delivery.state, delivery.receipt, delivery.confirm_at) == ("delivered", "sent", None)
    (message,) = ris.messages
    assert message["OBX.F5"] == "118.0"
    assert delivery.stored == (message.segments("OBX")[-3].extract_field(1, 5),)
    bench.desk.deliver(delivery.source_uid, 1, "ris")
    assert len(ris.messages) == 1


def test_resources_are_put_in_place(bench: Bench, server: WebServer, store: FhirStore, tmp_path: Path) -> None:
    assert delivered(bench, reported(bench, tmp_path), "ehr").state == "delivered"
    assert float(store.only("Observation").valueQuantity.value) == 118.0


@pytest.mark.parametrize(("answer", "state", "kind"), [("AE", "pending", "DELIVERY_ATTEMPT"), ("AR", "failed", "DELIVERY_FAILED")])
def test_a_refused_message_waits_or_is_given_up_and_sent_again_by_order(
    bench: Bench, ris: MllpReceiver, tmp_path: Path, answer: str, state: str, kind: str
) -> None:
    ris.answer = acknowledgement(answer)
    uid = reported(bench, tmp_path)
    delivery = delivered(bench, uid, "ris")
    assert (delivery.state, delivery.next_attempt_at is not None) == (state, state == "pending")
    assert answer in (delivery.last_error or "")
    assert bench.kinds()[-1] == kind
    ris.answer = ACCEPT
    with bench.desk.database.transaction() as c:
        studies.reopen_delivery(c, uid, 1, "ris", actor="test", now=datetime.now(UTC))
    assert delivered(bench, uid, "ris").state == "delivered"
    assert bench.kinds()[-1] == "DELIVERY_DONE"
    assert ris.messages[0]["MSH.F10"] == ris.messages[1]["MSH.F10"]


@pytest.mark.parametrize("kind", ["hl7", "fhir", "stow"])
def test_what_cannot_be_taken_now_is_taken_later_and_both_are_on_record(bench: Bench, kind: str, tmp_path: Path) -> None:
    receiver, taking = (MllpReceiver(), ACCEPT) if kind == "hl7" else (WebServer(FhirStore()), FhirStore() if kind == "fhir" else stores)
    busy = acknowledgement("AE") if kind == "hl7" else lambda _: Reply(503)
    with receiver:
        add(bench, "other", kind, receiver.url)
        uid = reported(bench, tmp_path)
        setattr(receiver, "answer" if kind == "hl7" else "handler", busy)
        waits = delivered(bench, uid, "other")
        assert (waits.state, waits.attempts, waits.next_attempt_at is not None) == ("pending", 1, True)
        setattr(receiver, "answer" if kind == "hl7" else "handler", taking)
        done = delivered(bench, uid, "other")
    assert (done.state, done.attempts, done.receipt) == ("delivered", 2, "sent")
    assert done.stored
    with bench.desk.database.reading() as c:
        events = [event for event in audit.list_events(c, limit=1000) if event.kind.startswith("DELIVERY")]
        assert audit.verify(c) == []
    assert [(event.kind, event.detail["peer"], event.outcome) for event in events] == [
        ("DELIVERY_ATTEMPT", "other", 4),
        ("DELIVERY_DONE", "other", 0),
    ]


def test_a_fhir_server_that_refuses_the_content_is_given_up(bench: Bench, server: WebServer, tmp_path: Path) -> None:
    server.handler = lambda _: Reply(422)
    assert delivered(bench, reported(bench, tmp_path), "ehr").state == "failed"


def test_a_secret_that_is_missing_is_waited_for(bench: Bench, tmp_path: Path) -> None:
    add(bench, "ehr", "fhir", "https://ehr.example/fhir", secret="file:/nowhere/token")
    delivery = delivered(bench, reported(bench, tmp_path), "ehr")
    assert delivery.state == "pending"
    assert "file:/nowhere/token" in (delivery.last_error or "")


def test_an_older_result_never_follows_its_amendment(bench: Bench, ris: MllpReceiver, tmp_path: Path) -> None:
    uid = reported(bench, tmp_path)
    report_again(bench, uid)
    assert delivered(bench, uid, "ris", revision=2).state == "delivered"
    older = delivered(bench, uid, "ris")
    assert (older.state, older.stored) == ("delivered", ())
    assert "reading 2 replaces it" in (older.last_error or "")
    assert [message["OBR.F25"] for message in ris.messages] == ["C"]


@pytest.mark.parametrize(("refusals", "messages"), [("both", 1), ("sr", 1), ("picture", 0), ("none", 0)])
def test_a_destination_may_leave_refusals_out(bench: Bench, ris: MllpReceiver, tmp_path: Path, refusals: str, messages: int) -> None:
    edit(bench, "ris", refusals=refusals)
    delivery = delivered(bench, reported(bench, tmp_path, **SIDE_VIEW), "ris")
    assert delivery.state == "delivered"
    assert len(ris.messages) == messages
    assert [message["OBX.F11"] for message in ris.messages] == ["X"] * messages
    assert delivered(bench, reported(bench, tmp_path, SOPInstanceUID="1.2.3.4"), "ris").state == "delivered"
    assert ris.messages[-1]["OBX.F5"] == "118.0"


def test_a_report_that_could_not_be_built_is_told_as_a_refusal(bench: Bench, ris: MllpReceiver, tmp_path: Path) -> None:
    ds = hand_cr(tmp_path)
    bench.send(ds)
    assert bench.desk.read(ds.SOPInstanceUID, 1)  # the record holds a number
    bench.desk.report_failure(ds.SOPInstanceUID, 1, "ZeroDivisionError")
    assert delivered(bench, ds.SOPInstanceUID, "ris").state == "delivered"
    assert ris.messages[0]["OBX.F11"] == "X"


def test_the_trail_is_whole_and_tells_no_patient(bench: Bench, ris: MllpReceiver, tmp_path: Path) -> None:
    delivered(bench, reported(bench, tmp_path, PatientName="Doe^Jane", PatientID="PAT-4711"), "ris")
    with bench.desk.database.reading() as c:
        assert audit.verify(c) == []
        told = str(audit.list_events(c))
    assert "Doe" not in told
    assert "PAT-4711" not in told


def test_a_peer_that_left_is_told(bench: Bench, ris: MllpReceiver, tmp_path: Path) -> None:
    uid = reported(bench, tmp_path)
    with bench.desk.database.transaction() as c, pytest.raises(StoreError, match="would route to nothing"):
        peers.remove_peer(c, "ris", actor="test", now=NOW)
    edit(bench, "pacs", route_to=())
    with bench.desk.database.transaction() as c:
        peers.remove_peer(c, "ris", actor="test", now=NOW)
    assert delivered(bench, uid, "ris").last_error == "peer entry was removed"
