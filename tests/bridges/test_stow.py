"""DICOMweb to a server in this process that answers as it is told; a real one is in tests/interop."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from baa_node.bridges import Attempt, Wires, bridge_to
from baa_node.errors import DeliveryError
from tests.bridges.conftest import Packing, destination, nobody
from tests.parts.dicomweb import DICOM_JSON, part_of, said, stores, uid_of
from tests.parts.fhir import Reply, Request, WebServer
from tests.parts.programs import free_port


def send(url: str, wires: Wires, parcel: Any) -> Attempt:
    return bridge_to(destination("stow", url), wires, endpoint=nobody).send(parcel)


def test_report_and_picture_are_sent_byte_for_byte(pack: Packing, wires: Wires) -> None:
    parcel = pack()
    with WebServer(stores) as server:
        attempt = send(server.url, wires, parcel)
    report, capture = (one for one in parcel.results if one.rank == 0)
    assert attempt.stored
    assert attempt.taken == (report.sop_instance_uid, capture.sop_instance_uid)
    assert [part_of(request) for request in server.requests] == [parcel.read(report), parcel.read(capture)]
    assert {request.path for request in server.requests} == {"/base/studies"}


def test_the_other_class_follows_where_the_first_is_not_supported(pack: Packing, wires: Wires) -> None:
    parcel = pack()
    first, second, capture = parcel.results
    with WebServer(lambda one: said(409, uid_of(one), 0x0122) if uid_of(one) == first.sop_instance_uid else stores(one)) as server:
        attempt = send(server.url, wires, parcel)
    assert attempt.stored
    assert attempt.taken == (second.sop_instance_uid, capture.sop_instance_uid)


@pytest.mark.parametrize(
    ("reply", "stored", "retry"),
    [
        (lambda uid: said(200, uid), True, False),
        (lambda _: Reply(200), True, False),  # PS3.18 lets a server say no more than that
        (lambda uid: said(202, uid), True, False),
        (lambda uid: said(409, uid, 0x0111), True, False),
        (lambda uid: said(409, uid, 0xA700), False, True),
        (lambda uid: said(409, uid, 0x0110), False, True),
        (lambda uid: said(202, uid, 0xA700), False, True),
        (lambda uid: said(409, uid, 0xA900), False, False),
        (lambda uid: said(409, uid, 0xC000), False, False),
        (lambda uid: said(200, uid, 0xC000), False, False),
        (lambda _: Reply(202), False, True),
        (lambda _: Reply(409, b"{", DICOM_JSON), False, True),
        (lambda _: Reply(400), False, False),
        (lambda _: Reply(401), False, True),
        (lambda _: Reply(415), False, False),
        (lambda _: Reply(413), False, False),
        (lambda _: Reply(429), False, True),
        (lambda _: Reply(503), False, True),
    ],
)
def test_what_an_answer_means(pack: Packing, wires: Wires, reply: Callable[[str], Reply], stored: bool, retry: bool) -> None:
    with WebServer(lambda one: reply(uid_of(one)) if one.method == "POST" else Reply(204)) as server:
        attempt = send(server.url, wires, pack())
    assert (attempt.stored, attempt.retry) == (stored, retry)
    assert bool(attempt.taken) is stored


def test_what_is_there_already_is_stored_whatever_the_conflict_is_called(pack: Packing, wires: Wires) -> None:
    parcel = pack()

    def conflict(request: Request) -> Reply:
        if request.method == "POST":
            return said(409, uid_of(request), 0x0110)
        assert re.fullmatch(r"/base/studies/1\.2\.3\.2/instances\?SOPInstanceUID=[0-9.]+", request.path)
        return Reply(200, json.dumps([{"00080018": {"vr": "UI", "Value": ["x"]}}]).encode(), DICOM_JSON)

    with WebServer(conflict) as server:
        attempt = send(server.url, wires, parcel)
    assert attempt.stored
    assert len(attempt.taken) == 2


@pytest.mark.parametrize("answer", [Reply(503), Reply(200, after_s=3.0)])
def test_what_was_taken_before_the_fault_is_remembered(pack: Packing, wires: Wires, answer: Reply) -> None:
    parcel = pack()
    report = parcel.results[0].sop_instance_uid
    with WebServer(lambda one: stores(one) if uid_of(one) == report else answer) as server:
        attempt = send(server.url, wires, parcel)
    assert (attempt.stored, attempt.retry, attempt.taken) == (False, True, (report,))


def test_a_server_that_is_away_is_tried_again(pack: Packing, wires: Wires) -> None:
    attempt = send(f"http://127.0.0.1:{free_port()}/dicom-web", wires, pack())
    assert (attempt.stored, attempt.retry) == (False, True)


@pytest.mark.parametrize(("status", "ok"), [(200, True), (204, True), (401, False), (404, False)])
def test_a_probe_asks_for_one_study(wires: Wires, status: int, ok: bool) -> None:
    with WebServer(lambda _: Reply(status, b"[]" if status == 200 else b"", DICOM_JSON)) as server:
        bridge = bridge_to(destination("stow", server.url), wires, endpoint=nobody)
        if ok:
            assert "answers queries" in bridge.probe()
        else:
            with pytest.raises(DeliveryError, match=f"HTTP {status}"):
                bridge.probe()
    assert server.requests[0].path == "/base/studies?limit=1"
