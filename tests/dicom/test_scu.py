from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from itertools import count
from pathlib import Path
from socketserver import TCPServer
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import (
    Comprehensive3DSRStorage,
    ComprehensiveSRStorage,
    ComputedRadiographyImageStorage,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    SecondaryCaptureImageStorage,
)
from pynetdicom import AE, evt
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import Verification
from pynetdicom.transport import ThreadedAssociationServer

from baa_node.dicom.requestor import RequestedAssociation
from baa_node.dicom.scu import AssociationLost, Endpoint, Later, Outcome, Outgoing, echo, send
from baa_node.dicom.store_status import outcome_of
from baa_node.errors import DeliveryError
from baa_node.mistakes import Mistake
from tests.dicom.conftest import data_set_bytes, part10, radiograph
from tests.parts.programs import eventually

NATIVE = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
Answering = Callable[[evt.Event], int]


class Pacs:
    """A storage SCP of pynetdicom that keeps what it gets."""

    def __init__(self) -> None:
        self.stored: list[tuple[str, str, bytes]] = []
        self.answer: Answering = lambda event: 0x0000
        self.sockets: list[socket.socket] = []
        self.ae = AE("PACS")
        self.server: Any = None

    def start(self, sop_classes: tuple[str, ...], syntaxes: list[str], **titles: object) -> None:
        for sop_class in sop_classes:
            self.ae.add_supported_context(sop_class, syntaxes)
        for name, value in titles.items():
            setattr(self.ae, name, value)
        handlers = [
            (evt.EVT_C_STORE, self.keep),
            (evt.EVT_C_ECHO, lambda event: self.answer(event)),
            (evt.EVT_CONN_OPEN, lambda event: self.sockets.append(event.assoc.dul.socket.socket)),
        ]
        self.server = self.ae.make_server(("127.0.0.1", 0), evt_handlers=handlers, server_class=ThreadedAssociationServer)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        if self.server is None:
            return
        TCPServer.shutdown(self.server)
        self.server.server_close()
        for association in self.server.active_associations:
            if association.is_established:
                association.abort()
            association.join(5)
        for sock in self.sockets:  # pynetdicom leaves a socket open where we are the first to close
            sock.close()

    def keep(self, event: evt.Event) -> int:
        status = self.answer(event)
        self.stored.append((event.request.AffectedSOPClassUID, event.context.transfer_syntax, event.encoded_dataset(include_meta=False)))
        return status

    @property
    def endpoint(self) -> Endpoint:
        port = self.server.socket.getsockname()[1]
        return Endpoint(ae_title="PACS", host="127.0.0.1", port=port, calling_ae="BAA_NODE", response_timeout_s=5, association_timeout_s=5)


@pytest.fixture
def pacs() -> Iterator[Pacs]:
    peer = Pacs()
    yield peer
    peer.stop()


def outgoing(sop_class: str = SecondaryCaptureImageStorage, *, syntax: str = ExplicitVRLittleEndian) -> Outgoing:
    ds = radiograph(sop_class=sop_class)
    ds.PatientName = "Phantom^Hand"
    return Outgoing(sop_class_uid=sop_class, sop_instance_uid=ds.SOPInstanceUID, transfer_syntax_uid=syntax, content=part10(ds))


def test_bytes_go_out_as_they_are(pacs: Pacs) -> None:
    pacs.start((SecondaryCaptureImageStorage,), [ImplicitVRLittleEndian, ExplicitVRLittleEndian])  # the peer would prefer implicit
    sent = outgoing()
    (result,) = send(pacs.endpoint, [[sent]])
    assert (result.item, result.outcome, result.outgoing, result.status) == (0, Outcome.STORED, sent, 0)
    assert pacs.stored == [(SecondaryCaptureImageStorage, ExplicitVRLittleEndian, data_set_bytes(sent.content))]


def test_written_anew_only_where_the_peer_knows_nothing_but_implicit(pacs: Pacs) -> None:
    pacs.start((SecondaryCaptureImageStorage,), [ImplicitVRLittleEndian])
    sent = outgoing()
    (result,) = send(pacs.endpoint, [[sent]])
    assert result.outcome is Outcome.STORED
    ((_, syntax, encoded),) = pacs.stored
    assert syntax == ImplicitVRLittleEndian
    arrived = dcmread(BytesIO(encoded), force=True)
    original = dcmread(BytesIO(sent.content))
    assert Dataset(arrived) == Dataset(original)
    assert encoded != data_set_bytes(sent.content)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (0x0000, Outcome.STORED),
        (0xB000, Outcome.WARNING),
        (0xB006, Outcome.WARNING),
        (0xB007, Outcome.WARNING),
        (0x0111, Outcome.WARNING),
        (0xA700, Outcome.REFUSED_RETRY),
        (0xA7FF, Outcome.REFUSED_RETRY),
        (0x0110, Outcome.REFUSED_RETRY),
        (0x0124, Outcome.REFUSED_RETRY),
        (0xA900, Outcome.FAILED),
        (0xC000, Outcome.FAILED),
        (0xCFFF, Outcome.FAILED),
        (0x0117, Outcome.FAILED),
        (0x0122, Outcome.FAILED),
    ],
)
def test_every_status_class(pacs: Pacs, status: int, outcome: Outcome) -> None:
    pacs.start((SecondaryCaptureImageStorage,), NATIVE)
    pacs.answer = lambda event: status
    (result,) = send(pacs.endpoint, [[outgoing()]])
    assert (result.status, result.outcome) == (status, outcome)


def test_an_unknown_status_is_no_success() -> None:
    taken = {Outcome.STORED, Outcome.WARNING}
    assert {status for status in range(0x10000) if outcome_of(status) in taken} == {0, 1, 0x0107, 0x0111, 0x0116, *range(0xB000, 0xC000)}


def test_one_association_for_all_items_and_each_answered_for_itself(pacs: Pacs) -> None:
    pacs.start((Comprehensive3DSRStorage, SecondaryCaptureImageStorage), NATIVE)
    statuses = iter([0x0000, 0xA700, 0xB000])
    peers: list[object] = []
    pacs.answer = lambda event: (peers.append(event.assoc), next(statuses))[1]
    results = send(pacs.endpoint, [[outgoing(Comprehensive3DSRStorage)], [outgoing()], [outgoing()]])
    assert [(r.item, r.outcome) for r in results] == [(0, Outcome.STORED), (1, Outcome.REFUSED_RETRY), (2, Outcome.WARNING)]
    assert len(set(map(id, peers))) == 1


def test_the_fallback_is_sent_to_a_peer_without_comprehensive_3d(pacs: Pacs) -> None:
    pacs.start((ComprehensiveSRStorage, SecondaryCaptureImageStorage), NATIVE)
    report = [outgoing(Comprehensive3DSRStorage), outgoing(ComprehensiveSRStorage)]
    results = send(pacs.endpoint, [report, [outgoing()]])
    assert results[0].outgoing is report[1]
    assert [sop_class for sop_class, _, _ in pacs.stored] == [ComprehensiveSRStorage, SecondaryCaptureImageStorage]


def test_the_preferred_alternative_is_sent_alone_where_both_are_accepted(pacs: Pacs) -> None:
    pacs.start((ComprehensiveSRStorage, Comprehensive3DSRStorage), NATIVE)
    report = [outgoing(Comprehensive3DSRStorage), outgoing(ComprehensiveSRStorage)]
    assert send(pacs.endpoint, [report])[0].outgoing is report[0]
    assert len(pacs.stored) == 1


def test_the_fallback_follows_a_sop_class_that_is_refused_after_all(pacs: Pacs) -> None:
    pacs.start((ComprehensiveSRStorage, Comprehensive3DSRStorage), NATIVE)
    pacs.answer = lambda event: 0x0122 if event.request.AffectedSOPClassUID == Comprehensive3DSRStorage else 0
    report = [outgoing(Comprehensive3DSRStorage), outgoing(ComprehensiveSRStorage)]
    (result,) = send(pacs.endpoint, [report])
    assert (result.outgoing, result.outcome) == (report[1], Outcome.STORED)


def test_an_item_without_presentation_context_does_not_stop_the_others(pacs: Pacs) -> None:
    pacs.start((SecondaryCaptureImageStorage,), NATIVE)
    results = send(pacs.endpoint, [[outgoing(Comprehensive3DSRStorage)], [outgoing()]])
    assert [result.outcome for result in results] == [Outcome.NOT_ACCEPTED, Outcome.STORED]
    assert (results[0].outgoing, results[0].status) == (None, None)


def test_what_comes_later_follows_in_the_same_association(pacs: Pacs) -> None:
    pacs.start((Comprehensive3DSRStorage, SecondaryCaptureImageStorage), NATIVE)
    peers: list[object] = []
    pacs.answer = lambda event: (peers.append(event.assoc), 0)[1]
    stored_before: list[int] = []

    def made() -> list[list[Outgoing]]:
        stored_before.append(len(pacs.stored))
        return [[outgoing()]]

    results = send(pacs.endpoint, [[outgoing(Comprehensive3DSRStorage)]], later=Later(classes=[SecondaryCaptureImageStorage], items=made))
    assert stored_before == [1]  # the report was answered before the picture was asked for
    assert [(r.item, r.outcome) for r in results] == [(0, Outcome.STORED), (1, Outcome.STORED)]
    assert len(set(map(id, peers))) == 1


def test_what_never_comes_leaves_the_others_stored(pacs: Pacs) -> None:
    pacs.start((Comprehensive3DSRStorage, SecondaryCaptureImageStorage), NATIVE)
    later = Later(classes=[SecondaryCaptureImageStorage], items=list)
    (result,) = send(pacs.endpoint, [[outgoing(Comprehensive3DSRStorage)]], later=later)
    assert result.outcome is Outcome.STORED


def test_a_peer_that_accepts_nothing(pacs: Pacs) -> None:
    pacs.start((Verification,), NATIVE)
    assert [result.outcome for result in send(pacs.endpoint, [[outgoing()]])] == [Outcome.NOT_ACCEPTED]


def test_a_compressed_object_is_not_offered_uncompressed(pacs: Pacs) -> None:
    pacs.start((SecondaryCaptureImageStorage,), NATIVE)
    assert send(pacs.endpoint, [[outgoing(syntax=JPEG2000Lossless)]])[0].outcome is Outcome.NOT_ACCEPTED


def test_nothing_to_send_opens_no_association() -> None:
    assert send(Endpoint(ae_title="PACS", host="127.0.0.1", port=1, calling_ae="BAA_NODE"), []) == []


def test_many_items(pacs: Pacs) -> None:
    pacs.start((SecondaryCaptureImageStorage,), NATIVE)
    one = outgoing()
    assert {result.outcome for result in send(pacs.endpoint, [[one]] * 50)} == {Outcome.STORED}
    assert len(pacs.stored) == 50


def test_a_dead_port_is_named() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    endpoint = Endpoint(ae_title="PACS", host="127.0.0.1", port=port, calling_ae="BAA_NODE")
    for call in (echo, lambda peer: send(peer, [[outgoing()]])):
        with pytest.raises(DeliveryError, match=f"PACS at 127.0.0.1:{port} refuses connections") as caught:
            call(endpoint)
        assert caught.value.retry_helps


def test_an_unknown_host_and_an_impossible_title_are_named() -> None:
    with pytest.raises(DeliveryError, match=r"no-such-host\.invalid:104"):
        echo(Endpoint(ae_title="PACS", host="no-such-host.invalid", port=104, calling_ae="BAA_NODE"))
    with pytest.raises(DeliveryError, match="must not exceed 16 characters"):
        echo(Endpoint(ae_title="P" * 17, host="127.0.0.1", port=104, calling_ae="BAA_NODE"))


def test_failed_attempts_leave_no_descriptor_behind(pacs: Pacs) -> None:
    pacs.start((SecondaryCaptureImageStorage,), NATIVE, require_calling_aet=["OTHER"])
    before = len(list(Path("/proc/self/fd").iterdir()))
    for changes in ({"ae_title": "P" * 17}, {"port": 1}, {}) * 3:
        with pytest.raises(DeliveryError):
            echo(replace(pacs.endpoint, **changes))  # type: ignore[arg-type]
    pacs.stop()
    eventually(lambda: len(list(Path("/proc/self/fd").iterdir())) < before, what="descriptors to come back", timeout_s=5)


@pytest.mark.parametrize(
    ("demand", "reason"),
    [
        ({"require_calling_aet": ["OTHER"]}, "does not know BAA_NODE"),
        ({"require_called_aet": True}, "is not called PACS"),
    ],
)
def test_a_rejection_is_told_with_its_reason(pacs: Pacs, demand: dict[str, object], reason: str) -> None:
    pacs.start((SecondaryCaptureImageStorage,), NATIVE, ae_title="SOMEBODY", **demand)
    with pytest.raises(DeliveryError, match=reason) as caught:
        send(pacs.endpoint, [[outgoing()]])
    assert caught.value.retry_helps


def test_a_rejection_that_came_before_anybody_waited_is_told(pacs: Pacs) -> None:
    """As on a busy machine: the upper layer has read the rejection and closed the connection, pynetdicom sees only that it is closed."""
    pacs.start((Verification,), NATIVE)
    association = RequestedAssociation(pacs.endpoint, [build_context(Verification)])
    answer = A_ASSOCIATE()
    answer.result, answer.result_source, answer.diagnostic = 1, 1, 3
    association.dul.to_user_queue.put(answer)
    association.dul.to_user_queue.put(None)
    assert "does not know BAA_NODE" in (association.trouble() or "")
    association.connection.socket.close()


def test_an_abort_in_the_middle_tells_what_had_been_answered(pacs: Pacs) -> None:
    pacs.start((SecondaryCaptureImageStorage,), NATIVE)
    number = count()

    def abort_second(event: evt.Event) -> int:
        if next(number) == 1:
            event.assoc.abort()
        return 0

    pacs.answer = abort_second
    with pytest.raises(AssociationLost, match=r"PACS at 127.0.0.1:\d+ aborted the association") as caught:
        send(pacs.endpoint, [[outgoing()]] * 3)
    assert [result.outcome for result in caught.value.results] == [Outcome.STORED]
    assert caught.value.retry_helps


def test_a_connection_that_breaks_is_noticed_at_once(pacs: Pacs) -> None:
    pacs.start((SecondaryCaptureImageStorage,), NATIVE)
    pacs.answer = lambda event: event.assoc.dul.socket.socket.shutdown(socket.SHUT_RDWR) or 0
    with pytest.raises(AssociationLost, match="closed the connection"):
        send(pacs.endpoint, [[outgoing()]])


def test_a_peer_that_never_answers_a_store(pacs: Pacs) -> None:
    pacs.start((SecondaryCaptureImageStorage,), NATIVE)
    release = threading.Event()
    pacs.answer = lambda event: release.wait(10) and 0
    endpoint = Endpoint(ae_title="PACS", host="127.0.0.1", port=pacs.endpoint.port, calling_ae="BAA_NODE", response_timeout_s=0.3)
    with pytest.raises(DeliveryError, match=r"gave no answer within 0\.3 s"):
        send(endpoint, [[outgoing()]])
    release.set()


@pytest.mark.parametrize(
    ("says", "message"),
    [
        (None, Mistake.NO_ANSWER.code),
        (b"\x03\x00", Mistake.NO_ANSWER.code),
        (b"", Mistake.HUNG_UP.code),
        (b"SSH-2.0", Mistake.NOT_DICOM.code),
    ],
    ids=["nothing", "half a header", "closes", "another protocol"],
)
def test_a_peer_that_is_no_dicom_peer(says: bytes | None, message: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        accepted: list[socket.socket] = []
        thread = threading.Thread(target=misbehave, args=(listener, says, accepted))
        thread.start()
        limits = {"association_timeout_s": 0.3, "response_timeout_s": 0.3}
        with pytest.raises(DeliveryError, match=message):
            echo(Endpoint(ae_title="PACS", host="127.0.0.1", port=port, calling_ae="BAA_NODE", **limits))
        thread.join()
        for sock in accepted:
            sock.close()


def misbehave(listener: socket.socket, says: bytes | None, accepted: list[socket.socket]) -> None:
    sock, _ = listener.accept()
    if says is not None:
        sock.recv(100_000)
        sock.sendall(says)
    if says == b"":
        sock.close()
    else:
        accepted.append(sock)


def test_echo_reports_a_failing_status_and_a_missing_service(pacs: Pacs) -> None:
    pacs.start((Verification,), NATIVE)
    echo(pacs.endpoint)
    pacs.answer = lambda event: 0x0122
    with pytest.raises(DeliveryError, match="status 0x0122") as caught:
        echo(pacs.endpoint)
    assert caught.value.status == 0x0122


def test_echo_of_a_peer_without_verification(pacs: Pacs) -> None:
    pacs.start((ComputedRadiographyImageStorage,), NATIVE)
    with pytest.raises(DeliveryError, match="does not accept Verification"):
        echo(pacs.endpoint)


def test_a_sender_leaves_no_thread_behind(pacs: Pacs) -> None:
    pacs.start((SecondaryCaptureImageStorage,), NATIVE)
    before = threading.active_count()
    for _ in range(3):
        send(pacs.endpoint, [[outgoing()]])
    eventually(lambda: threading.active_count() <= before, what="the threads of both sides to end", timeout_s=5)
