"""Storage commitment against pynetdicom: answered at once, later, in part, not at all; and what we answer who asks us."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ComputedRadiographyImageStorage, ImplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid
from pynetdicom import AE, build_role, evt
from pynetdicom.presentation import build_context

from baa_node.dicom import scp
from baa_node.dicom.commitment import (
    STORAGE_COMMITMENT,
    STORAGE_COMMITMENT_INSTANCE,
    STUDY_ROOT_FIND,
    Commitment,
    NotOfferedError,
    Stored,
    find_stored,
    read_event,
    request_commitment,
)
from baa_node.dicom.scu import Endpoint
from baa_node.dicom.server import ListenSettings, NodeServer
from baa_node.errors import DeliveryError

OBJECTS = [Stored(sop_class_uid=SecondaryCaptureImageStorage, sop_instance_uid=f"2.25.{number}") for number in (1, 2)]


class Provider:
    """A peer that commits itself as told."""

    def __init__(self) -> None:
        self.asked: list[Dataset] = []
        self.status = 0x0000
        self.answers: Callable[[Any, Dataset], None] = lambda association, information: None
        self.knows: set[str] = set()
        self.find_status = 0x0000
        self.ae = AE("PACS")
        self.server: Any = None

    def start(self, *classes: str) -> None:
        for sop_class in classes:
            self.ae.add_supported_context(sop_class)
        handlers = [(evt.EVT_N_ACTION, self._action), (evt.EVT_C_FIND, self._find)]
        self.server = self.ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)

    def stop(self) -> None:
        if self.server is not None:
            self.server.shutdown()

    @property
    def endpoint(self) -> Endpoint:
        port = self.server.socket.getsockname()[1]
        return Endpoint(ae_title="PACS", host="127.0.0.1", port=port, calling_ae="BAA_NODE", response_timeout_s=5, association_timeout_s=5)

    def _action(self, event: evt.Event) -> tuple[int, None]:
        self.asked.append(event.action_information)
        if self.status == 0:
            threading.Thread(target=self.answers, args=(event.assoc, event.action_information), daemon=True).start()
        return self.status, None

    def _find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        if self.find_status:
            yield self.find_status, None
        elif event.identifier.SOPInstanceUID in self.knows:
            yield 0xFF00, event.identifier


def event_information(transaction: str, *, failed: dict[str, int] | None = None) -> Dataset:
    ds = Dataset()
    ds.TransactionUID = transaction
    good, bad = [], []
    for one in OBJECTS:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = one.sop_class_uid, one.sop_instance_uid
        if failed and one.sop_instance_uid in failed:
            item.FailureReason = failed[one.sop_instance_uid]
            bad.append(item)
        else:
            good.append(item)
    if good:
        ds.ReferencedSOPSequence = good
    if bad:
        ds.FailedSOPSequence = bad
    return ds


@pytest.fixture
def peer() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.stop()


def test_the_request_names_transaction_and_objects(peer: Provider) -> None:
    peer.start(STORAGE_COMMITMENT)
    assert request_commitment(peer.endpoint, "2.25.77", OBJECTS, wait_s=0.1) is None
    (asked,) = peer.asked
    assert asked.TransactionUID == "2.25.77"
    named = [(item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID) for item in asked.ReferencedSOPSequence]
    assert named == [(one.sop_class_uid, one.sop_instance_uid) for one in OBJECTS]


@pytest.mark.parametrize("failed", [{}, {"2.25.2": 0x0112}])
def test_an_answer_on_the_same_association_is_taken_and_confirmed(peer: Provider, failed: dict[str, int]) -> None:
    statuses = []

    def answer(association: Any, information: Dataset) -> None:
        time.sleep(0.1)
        event = event_information(information.TransactionUID, failed=failed)
        status, _ = association.send_n_event_report(event, 2 if failed else 1, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE)
        statuses.append(status.Status)

    peer.answers = answer
    peer.start(STORAGE_COMMITMENT)
    found = request_commitment(peer.endpoint, "2.25.78", OBJECTS, wait_s=5)
    committed = tuple(one.sop_instance_uid for one in OBJECTS if one.sop_instance_uid not in failed)
    assert found == Commitment(transaction_uid="2.25.78", committed=committed, failed=failed)
    assert statuses in ([0x0000], [])  # the thread may still be waiting for the response that was sent


def test_a_peer_without_the_service_is_told_apart(peer: Provider) -> None:
    peer.start(ComputedRadiographyImageStorage)
    with pytest.raises(NotOfferedError, match="offers no storage commitment"):
        request_commitment(peer.endpoint, "2.25.79", OBJECTS, wait_s=1)
    with pytest.raises(NotOfferedError, match="offers no query"):
        find_stored(peer.endpoint, OBJECTS)


def test_a_refused_request_is_told_with_its_status(peer: Provider) -> None:
    peer.status = 0x0213
    peer.start(STORAGE_COMMITMENT)
    with pytest.raises(DeliveryError, match="0x0213"):
        request_commitment(peer.endpoint, "2.25.80", OBJECTS, wait_s=1)


def test_a_query_tells_what_is_there(peer: Provider) -> None:
    peer.knows = {"2.25.2"}
    peer.start(STUDY_ROOT_FIND)
    placed = [replace(one, study_instance_uid="2.25.9", series_instance_uid="2.25.8") for one in OBJECTS]
    assert find_stored(peer.endpoint, placed) == ["2.25.2"]


def test_a_failed_query_is_told(peer: Provider) -> None:
    peer.find_status = 0xA700
    peer.start(STUDY_ROOT_FIND)
    with pytest.raises(DeliveryError, match="0xA700"):
        find_stored(peer.endpoint, OBJECTS)


@pytest.mark.parametrize(("event_type", "encoded"), [(7, b""), (1, b""), (1, b"\x08\x00\x95\x11\xff\xff\xff\x7f"), (2, b"rubbish")])
def test_an_event_that_is_none_is_an_error(event_type: int, encoded: bytes) -> None:
    with pytest.raises(ValueError, match="event"):
        read_event(event_type, encoded, ImplicitVRLittleEndian)


class Handler:
    """A node that knows one transaction."""

    def __init__(self) -> None:
        self.told: list[Commitment] = []

    def admit(self, caller: scp.Caller) -> scp.Admission:
        return scp.Admission.ADMITTED

    def receive(self, received: scp.Received) -> scp.Answer:
        raise AssertionError("nothing is stored here")

    def turn_away(self, caller: scp.Caller, reason: str) -> None:
        raise AssertionError(reason)

    def committed(self, caller: scp.Caller, commitment: Commitment) -> bool:
        self.told.append(commitment)
        return commitment.transaction_uid == "2.25.81"


@pytest.fixture
def node() -> Iterator[tuple[Handler, int]]:
    handler = Handler()
    server = NodeServer.start(ListenSettings(ae_title="BAA_NODE", host="127.0.0.1", port=0), handler)
    yield handler, server.port
    server.stop()


@pytest.mark.parametrize(("transaction", "status"), [("2.25.81", 0x0000), ("2.25.82", 0x0115)])
def test_an_answer_on_an_association_of_its_own_is_taken(node: tuple[Handler, int], transaction: str, status: int) -> None:
    handler, port = node
    ae = AE("PACS")
    ae.add_requested_context(STORAGE_COMMITMENT)
    association = ae.associate("127.0.0.1", port, ae_title="BAA_NODE", ext_neg=[build_role(STORAGE_COMMITMENT, scp_role=True)])
    assert association.is_established
    event = event_information(transaction, failed={"2.25.1": 0x0110})
    response, _ = association.send_n_event_report(event, 2, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE)
    association.release()
    assert response.Status == status
    assert handler.told == [Commitment(transaction_uid=transaction, committed=("2.25.2",), failed={"2.25.1": 0x0110})]


def test_whoever_asks_us_to_commit_ourselves_is_refused(node: tuple[Handler, int]) -> None:
    _, port = node
    ae = AE("MODALITY")
    ae.requested_contexts = [build_context(STORAGE_COMMITMENT)]
    association = ae.associate("127.0.0.1", port, ae_title="BAA_NODE")
    response, _ = association.send_n_action(event_information(generate_uid()), 1, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE)
    association.release()
    assert response.Status == 0x0110
