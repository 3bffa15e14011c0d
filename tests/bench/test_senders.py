from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import ComputedRadiographyImageStorage

from baa_node.dicom.scp import STORED, Answer, Received
from baa_node.dicom.server import ListenSettings, NodeServer, ServerTls
from tests.bench import intake, receivers, senders
from tests.bench.receivers import PLAIN_NODE, Receiver
from tests.dicom.stand_in import Everybody
from tests.parts.certificates import Authorities


class Counting(Everybody):
    """Counts what it is sent."""

    def __init__(self) -> None:
        self.uids: list[str] = []

    def receive(self, received: Received) -> Answer:
        self.uids.append(received.sop_instance_uid)
        return Answer(status=STORED)


def test_each_manner_is_timed_and_idle_associations_are_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(senders, "RESPONSES", 3)
    monkeypatch.setattr(senders, "IDLE_LINES", 5)
    monkeypatch.setattr(senders, "IDLE_S", 0.2)
    monkeypatch.setattr(senders, "SETTLE_S", 0.0)
    taken = Counting()
    server = NodeServer.start(ListenSettings(ae_title="BAA_NODE", host="127.0.0.1", port=0), taken)
    node = Receiver(name=PLAIN_NODE, port=server.port, called="BAA_NODE", process=os.getpid())
    try:
        measured = senders.measure([node], intake.images(tmp_path, intake.SMALL))
    finally:
        server.stop()
    assert len(set(taken.uids)) == 3 * len(senders.MANNERS)
    assert {manner: p50 <= p99 for manner, (p50, p99) in measured.responses_ms[PLAIN_NODE].items()} == dict.fromkeys(senders.MANNERS, True)
    assert "5 idle associations" in senders.table(measured)[-1]


@pytest.mark.parametrize("nodelay", [True, False])
def test_a_sender_sets_what_it_says(nodelay: bool) -> None:
    server = NodeServer.start(ListenSettings(ae_title="BAA_NODE", host="127.0.0.1", port=0), Counting())
    try:
        with Receiver(name="", port=server.port, called="BAA_NODE").line(ComputedRadiographyImageStorage, nodelay=nodelay) as line:
            assert line.nodelay == nodelay
    finally:
        server.stop()


def test_pynetdicom_as_it_comes_keeps_what_it_acknowledges(tmp_path: Path) -> None:
    with ExitStack() as running:
        stock = receivers._stock(tmp_path / "stock", running)
        image = next(intake.images(tmp_path, intake.SMALL))
        with stock.line(image.sop_class) as line:
            line.send_apart(line.pack(image))
        (kept,) = (tmp_path / "stock").glob("*.dcm")
        assert dcmread(kept).SOPInstanceUID == image.sop_instance
        assert kept.read_bytes().endswith(image.data)


def test_a_line_over_tls(tmp_path: Path) -> None:
    authorities = Authorities(tmp_path)
    own = authorities.issue("good")
    tls = ServerTls(certificate=own.certificate, key=own.key, ca=authorities.ca)
    taken = Counting()
    server = NodeServer.start(ListenSettings(ae_title="BAA_NODE", host="127.0.0.1", port=0, tls=tls), taken)
    node = Receiver(name="", port=server.port, called="BAA_NODE", tls=receivers.client_context(authorities, own))
    image = next(intake.images(tmp_path, intake.SMALL))
    try:
        with node.line(image.sop_class) as line:
            line.send_apart(line.pack(image))
    finally:
        server.stop()
    assert taken.uids == [image.sop_instance]
