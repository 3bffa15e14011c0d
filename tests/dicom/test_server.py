from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    CTImageStorage,
    DigitalXRayImageStorageForProcessing,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)
from pynetdicom import AE, ALL_TRANSFER_SYNTAXES
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import A_ASSOCIATE

from baa_node.dicom.contexts import TRANSFER_SYNTAXES
from baa_node.dicom.limits import REACHED, Limit
from baa_node.dicom.scp import DUPLICATE, NOT_AUTHORISED, STORED, Admission, Answer, Caller, Received
from baa_node.dicom.scu import AssociationLost, Endpoint, Outcome, Outgoing, SendResult, echo, send
from baa_node.dicom.server import ListenSettings, NodeServer
from baa_node.errors import ConfigError, DeliveryError, SpoolError
from tests.dicom.conftest import Recorder, data_set_bytes, part10, radiograph
from tests.parts.dcmtk import dcmsend, echoscu, recode, storescu
from tests.parts.watch import Moment, own_s

Listen = Callable[..., NodeServer]


def endpoint(server: NodeServer, **changes: str) -> Endpoint:
    return Endpoint(**{"ae_title": "BAA_NODE", "host": "127.0.0.1", "port": server.port, "calling_ae": "PACS", **changes})  # type: ignore[arg-type]


def outgoing(ds: Dataset) -> Outgoing:
    syntax = ds.file_meta.TransferSyntaxUID
    return Outgoing(sop_class_uid=ds.SOPClassUID, sop_instance_uid=ds.SOPInstanceUID, transfer_syntax_uid=syntax, content=part10(ds))


def associate(server: NodeServer, *, calling: str = "PACS", called: str = "BAA_NODE", classes: tuple[str, ...] = ()) -> Association:
    ae = AE(calling)
    for sop_class in classes or (ComputedRadiographyImageStorage,):
        ae.add_requested_context(sop_class)
    return ae.associate("127.0.0.1", server.port, ae_title=called)


def rejection(association: Association) -> tuple[int, int, int]:
    assert not association.is_established
    answer = association.acceptor.primitive
    if answer is None:  # it came, and ended the connection, before the library began to wait for it
        answer = next(one for one in tuple(association.dul.to_user_queue.queue) if isinstance(one, A_ASSOCIATE))
    return answer.result, answer.result_source, answer.diagnostic


def test_echo(server: NodeServer, node: Recorder) -> None:
    echo(endpoint(server))
    (caller,) = node.callers
    assert (caller.calling_ae, caller.called_ae, caller.address, caller.tls) == ("PACS", "BAA_NODE", "127.0.0.1", False)


@pytest.mark.parametrize("syntax", TRANSFER_SYNTAXES, ids=lambda uid: uid.keyword)
def test_bytes_arrive_as_sent_in_every_syntax(server: NodeServer, node: Recorder, syntax: str) -> None:
    ds = radiograph()
    ds.file_meta.TransferSyntaxUID = syntax
    if ds.file_meta.TransferSyntaxUID.is_encapsulated:
        ds.PixelData = encapsulate([b"nobody looks inside"])
        ds["PixelData"].VR = "OB"
    sent = outgoing(ds)
    (result,) = send(endpoint(server), [[sent]])
    (received,) = node.received
    assert result.outcome is Outcome.STORED
    assert data_set_bytes(received.content) == data_set_bytes(sent.content)
    assert received.transfer_syntax_uid == dcmread(BytesIO(received.content)).file_meta.TransferSyntaxUID == syntax
    assert received.study_instance_uid == ds.StudyInstanceUID


def test_the_node_chooses_by_its_own_preference(server: NodeServer) -> None:
    ae = AE("PACS")
    ae.add_requested_context(ComputedRadiographyImageStorage, [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
    association = ae.associate("127.0.0.1", server.port, ae_title="BAA_NODE")
    assert association.accepted_contexts[0].transfer_syntax == [ExplicitVRLittleEndian]
    association.release()


def test_dcmtk_echo_and_store(server: NodeServer, node: Recorder, tmp_path: Path) -> None:
    ds = radiograph(rows=64, columns=64)
    plain = tmp_path / "plain.dcm"
    plain.write_bytes(part10(ds))
    compressed = recode(plain, tmp_path / "compressed.dcm", "jpeg_lossless_sv1")
    assert echoscu(server.port).returncode == 0
    assert storescu(server.port, plain).returncode == 0
    assert dcmsend(server.port, compressed) == 1
    first, second = node.received
    assert dcmread(BytesIO(first.content)).PixelData == ds.PixelData
    assert data_set_bytes(second.content) == data_set_bytes(compressed.read_bytes())


def test_a_store_is_served_by_the_thread_that_received_it(server: NodeServer, node: Recorder) -> None:
    served: list[object] = []
    node.answer = lambda _received: served.append(threading.current_thread()) or Answer(status=STORED)  # type: ignore[func-returns-value]
    association = associate(server)
    for _ in range(2):
        assert association.send_c_store(radiograph()).Status == STORED
    association.release()
    assert [type(thread).__name__ for thread in served] == ["AcceptingProvider"] * 2


def test_large_instance(server: NodeServer, node: Recorder) -> None:
    sent = outgoing(radiograph(rows=2000, columns=1500))
    send(endpoint(server), [[sent], [sent]])
    assert [data_set_bytes(received.content) == data_set_bytes(sent.content) for received in node.received] == [True, True]


@pytest.mark.parametrize(
    ("admission", "reason"),
    [(Admission.UNKNOWN_CALLER, (1, 1, 3)), (Admission.WRONG_CALLED_AE, (1, 1, 7)), (Admission.BUSY, (2, 3, 2))],
)
def test_who_is_not_admitted_hears_why(server: NodeServer, node: Recorder, admission: Admission, reason: tuple[int, int, int]) -> None:
    node.admission = admission
    assert rejection(associate(server)) == reason


def test_admission_is_asked_at_every_association(server: NodeServer, node: Recorder) -> None:
    node.admission = Admission.UNKNOWN_CALLER
    with pytest.raises(DeliveryError, match="does not know PACS"):
        echo(endpoint(server))
    node.admission = Admission.ADMITTED
    echo(endpoint(server))
    assert len(node.callers) == 2


def test_about_another_called_ae_title_the_handler_decides(server: NodeServer, node: Recorder) -> None:
    echo(endpoint(server, ae_title="SOMEBODY"))
    assert node.callers[-1].called_ae == "SOMEBODY"


def test_a_node_that_cannot_say_is_busy(server: NodeServer, node: Recorder) -> None:
    def fail(caller: Caller) -> Admission:
        raise RuntimeError("database")

    node.admit = fail  # type: ignore[method-assign]
    counted = REACHED.labels(Limit.ASSOCIATIONS)
    before = counted._value.get()
    assert rejection(associate(server)) == (2, 3, 2)
    assert counted._value.get() == before  # a database that is away is no limit of ours


def test_ipv6(listen: Listen, node: Recorder) -> None:
    server = listen(host="::1")
    echo(endpoint(server, host="::1"))
    assert node.callers[0].address == "::1"


def test_an_association_without_a_message_is_nothing_special(server: NodeServer, node: Recorder) -> None:
    association = associate(server)
    association.release()
    assert association.is_released
    echo(endpoint(server))
    assert not node.received


def test_unknown_sop_class_is_rejected_and_the_association_lives(server: NodeServer, node: Recorder) -> None:
    association = associate(server, classes=(CTImageStorage, ComputedRadiographyImageStorage))
    assert [context.abstract_syntax for context in association.rejected_contexts] == [CTImageStorage]
    assert association.send_c_store(radiograph()).Status == STORED
    association.release()
    assert len(node.received) == 1


def test_the_largest_association_request_there_is(server: NodeServer) -> None:
    ae = AE("PACS")
    for number in range(127):
        ae.add_requested_context(f"1.2.840.10008.5.1.4.1.1.999.{number}", ALL_TRANSFER_SYNTAXES)
    ae.add_requested_context(ComputedRadiographyImageStorage, ALL_TRANSFER_SYNTAXES)
    association = ae.associate("127.0.0.1", server.port, ae_title="BAA_NODE")
    assert [context.abstract_syntax for context in association.accepted_contexts] == [ComputedRadiographyImageStorage]
    association.release()


def test_optional_sop_classes(listen: Listen) -> None:
    optional = (DigitalXRayImageStorageForProcessing, SecondaryCaptureImageStorage)
    for settings, accepted in (({}, 0), ({"processing_images": True}, 1), ({"processing_images": True, "secondary_capture": True}, 2)):
        association = associate(listen(**settings), classes=(*optional, ComputedRadiographyImageStorage))
        assert len(association.accepted_contexts) == accepted + 1
        association.release()


@pytest.mark.parametrize("status", [STORED, DUPLICATE, NOT_AUTHORISED, 0xA700])
def test_the_answer_of_the_node_is_sent(server: NodeServer, node: Recorder, status: int) -> None:
    node.answer = lambda received: Answer(status=status, comment="reason")
    (result,) = send(endpoint(server), [[outgoing(radiograph())]])
    assert result.status == status
    assert result.comment == ("" if status == STORED else "reason")


def test_a_full_disk_is_out_of_resources_and_the_association_lives(server: NodeServer, node: Recorder) -> None:
    def fail_once(received: Received) -> Answer:
        if len(node.received) == 1:
            raise SpoolError("no space left")
        return Answer(status=STORED)

    node.answer = fail_once
    item = [outgoing(radiograph())]
    assert [result.status for result in send(endpoint(server), [item, item])] == [0xA700, STORED]


def test_a_fault_of_ours_is_a_processing_failure(server: NodeServer, node: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    def fail(received: Received) -> Answer:
        raise KeyError(received.header.PatientID)

    node.answer = fail
    (result,) = send(endpoint(server), [[outgoing(radiograph())]])
    assert result.status == 0x0110
    assert result.comment.split()[-1] in caplog.text
    assert "PHANTOM" not in caplog.text


def test_a_taken_port_is_named(server: NodeServer, node: Recorder) -> None:
    with pytest.raises(ConfigError, match=f"127.0.0.1:{server.port}"):
        NodeServer.start(ListenSettings(ae_title="BAA_NODE", host="127.0.0.1", port=server.port), node)


def test_a_port_is_shared_by_those_who_say_so(listen: Listen, node: Recorder) -> None:
    first = listen(share_port=True)
    second = listen(share_port=True, port=first.port)
    lines = [socket.create_connection(("127.0.0.1", first.port)) for _ in range(32)]
    deadline = time.monotonic() + 5
    while first.connections + second.connections < len(lines) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert min(first.connections, second.connections) > 0  # each is dealt none of 32 once in 2 ** 31 times
    assert first.connections + second.connections == len(lines)
    for line in lines:
        line.close()
    first.stop()
    for _ in range(8):
        echo(endpoint(second))
    with pytest.raises(ConfigError, match=f"127.0.0.1:{second.port}"):
        NodeServer.start(ListenSettings(ae_title="BAA_NODE", host="127.0.0.1", port=second.port), node)


@pytest.mark.parametrize("changes", [{"ae_title": "x" * 17}, {"host": "no-such-host.invalid"}])
def test_impossible_settings_are_named(node: Recorder, changes: dict[str, str]) -> None:
    settings = {"ae_title": "BAA_NODE", "host": "127.0.0.1", "port": 0, **changes}
    with pytest.raises(ConfigError, match=next(iter(changes.values()))):
        NodeServer.start(ListenSettings(**settings), node)  # type: ignore[arg-type]


def test_stop_lets_a_running_store_finish(server: NodeServer, node: Recorder) -> None:
    begun, finish = threading.Event(), threading.Event()

    def slow(received: Received) -> Answer:
        begun.set()
        assert finish.wait(10)
        return Answer(status=STORED)

    node.answer = slow
    outcomes: list[Outcome] = []
    sender = threading.Thread(target=lambda: outcomes.extend(r.outcome for r in send_quietly(server)))
    sender.start()
    assert begun.wait(5)
    stopper = threading.Thread(target=server.stop, args=(10,))
    stopper.start()
    time.sleep(0.3)
    assert stopper.is_alive(), "did not wait for the store"
    finish.set()
    stopper.join(5)
    sender.join(5)
    assert outcomes == [Outcome.STORED]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)


def test_nobody_is_let_in_while_the_node_stops(server: NodeServer, node: Recorder) -> None:
    asked = threading.Event()

    def slow(caller: Caller) -> Admission:
        asked.set()
        time.sleep(0.5)
        return Admission.ADMITTED

    node.admit = slow  # type: ignore[method-assign]
    refused: list[str] = []

    def call() -> None:
        try:
            echo(endpoint(server))
        except DeliveryError as error:
            refused.append(str(error))

    caller = threading.Thread(target=call)
    caller.start()
    assert asked.wait(5)
    server.stop(timeout_s=5)
    caller.join(5)
    assert len(refused) == 1


def send_quietly(server: NodeServer) -> list[SendResult]:
    """Send one image; the association may be aborted once it is answered."""
    try:
        return send(endpoint(server), [[outgoing(radiograph())]])
    except AssociationLost as lost:
        return list(lost.results)


def test_stop_ends_idle_associations_and_does_not_wait_for_ever(listen: Listen, node: Recorder) -> None:
    idle_server, stuck_server = listen(), listen()
    association = associate(idle_server)
    started = Moment()
    idle_server.stop(timeout_s=10)
    assert own_s(started) < 8
    finish = threading.Event()
    node.answer = lambda received: Answer(status=STORED if finish.wait(10) else 0x0110)
    sender = threading.Thread(target=send_quietly, args=(stuck_server,))
    sender.start()
    while not node.received:
        time.sleep(0.01)
    started = Moment()
    stuck_server.stop(timeout_s=0.5)
    assert own_s(started) < 8
    sender.join(5)
    assert not sender.is_alive()
    finish.set()
    association.kill()
