"""Callers that mean harm, or are broken: none may cost the others their service."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from baa_node.dicom.scu import Endpoint, echo
from baa_node.dicom.server import NodeServer
from tests.dicom.conftest import Recorder, data_set_bytes, part10, radiograph
from tests.dicom.wire import COMMAND, LAST, association, association_request, connection, ends, p_data, read_pdu, status_of, store_command
from tests.parts.programs import eventually
from tests.parts.watch import Moment, own_s

Listen = Callable[..., NodeServer]
REJECTED, ABORT = 0x03, 0x07


def still_serves(server: NodeServer) -> None:
    echo(Endpoint(ae_title="BAA_NODE", host="127.0.0.1", port=server.port, calling_ae="PACS", association_timeout_s=5))


def nobody_left(server: NodeServer) -> None:
    eventually(lambda: not server.connections, what="every connection to end", timeout_s=5, every_s=0.02)


@pytest.mark.parametrize(
    "sent",
    [b"", b"\x01", association_request()[:5], association_request()[:50]],
    ids=["nothing", "a byte", "half a header", "half an association request"],
)
def test_silence_before_the_association_ends_the_connection(listen: Listen, sent: bytes) -> None:
    server = listen(pdu_timeout_s=0.5)
    with connection(server.port) as sock:
        sock.sendall(sent)
        assert ends(sock)
    nobody_left(server)


def test_silence_in_the_middle_of_a_pdu_ends_the_association(listen: Listen) -> None:
    server = listen(pdu_timeout_s=0.5)
    with association(server.port) as sock:
        sock.sendall(p_data(bytes(1000), LAST)[:500])
        assert ends(sock)
    nobody_left(server)


def test_a_drip_of_bytes_does_not_extend_the_deadline(listen: Listen) -> None:
    server = listen(pdu_timeout_s=0.5)
    with association(server.port) as sock:
        started = Moment()
        sock.sendall(p_data(bytes(1000), LAST)[:6])
        assert drops(sock, b"x", pause_s=0.1)
    assert own_s(started) < 8


def test_half_pdus_do_not_lock_anybody_out(listen: Listen) -> None:
    server = listen(pdu_timeout_s=1, max_associations=3, max_associations_per_address=3)
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(association(server.port)).sendall(b"\x04\x00\x00")
        time.sleep(1.5)
        still_serves(server)


def test_an_idle_association_is_aborted(listen: Listen) -> None:
    server = listen(idle_timeout_s=0.5)
    with association(server.port) as sock:
        assert read_pdu(sock)[0] == ABORT
    nobody_left(server)


def test_a_slow_store_is_not_idleness(listen: Listen, node: Recorder) -> None:
    server = listen(idle_timeout_s=0.5)
    answer = node.answer
    node.answer = lambda received: (time.sleep(0.8), answer(received))[1]
    ds = radiograph()
    with association(server.port) as sock:
        sock.sendall(store_command(ds.SOPInstanceUID) + p_data(data_set_bytes(part10(ds)), LAST))
        assert status_of(read_pdu(sock)) == 0
        sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            sock.recv(1)


@pytest.mark.parametrize("pdu_type", [0x01, 0x04, 0x05, 0x07, 0x00, 0x47])
def test_a_pdu_of_four_gigabytes_or_unknown_type_is_not_believed(listen: Listen, pdu_type: int) -> None:
    server = listen()
    with association(server.port) as sock:
        sock.sendall(struct.pack(">BxL", pdu_type, 0xFFFFFFFF))
        assert ends(sock)
    nobody_left(server)
    still_serves(server)


def test_something_other_than_dicom_is_dropped(listen: Listen) -> None:
    server = listen()
    with connection(server.port) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: node\r\n\r\n")
        assert ends(sock)
    still_serves(server)


@pytest.mark.parametrize(
    "pdu",
    [
        p_data(b"", LAST | COMMAND),
        p_data(b"garbage", LAST | COMMAND),
        p_data(bytes(64), LAST | COMMAND),
        struct.pack(">BxLL", 4, 4, 0),
        struct.pack(">BxL", 4, 0),
        store_command("1." + "2" * 70, with_data_set=False),
        association_request(),
    ],
    ids=["empty command", "text", "zeros", "empty value", "empty PDU", "UID of 72 characters", "second association request"],
)
@pytest.mark.filterwarnings("ignore:Invalid value for VR UI", "ignore:The value length")
def test_a_command_that_is_none_ends_one_association(listen: Listen, pdu: bytes) -> None:
    server = listen(idle_timeout_s=1)
    with association(server.port) as sock:
        sock.sendall(pdu)
        assert ends(sock)
    nobody_left(server)
    still_serves(server)


def test_data_in_an_unknown_context_ends_one_association(server: NodeServer) -> None:
    with association(server.port) as sock:
        command = bytearray(store_command("1.2.3", with_data_set=False))
        command[10] = 99
        sock.sendall(command)
        assert ends(sock)
    still_serves(server)


@pytest.mark.parametrize("field", [b"WIRE\0\0\0", b" WIRE"])
def test_padding_of_titles_is_not_significant(server: NodeServer, node: Recorder, field: bytes) -> None:
    with connection(server.port) as sock:
        sock.sendall(association_request(calling=field, pad=b"\0"))
        assert read_pdu(sock)[0] == 0x02
    assert node.callers[0].calling_ae == "WIRE"


@pytest.mark.parametrize("calling", [b" " * 16, b"\0" * 16, b"AE\\TITLE", "KÄTHE".encode()])
def test_a_blank_or_impossible_calling_title_is_rejected_with_its_reason(server: NodeServer, calling: bytes) -> None:
    with connection(server.port) as sock:
        sock.sendall(association_request(calling=calling))
        assert read_pdu(sock) == b"\x03\x00\x00\x00\x00\x04\x00\x01\x01\x03"
    nobody_left(server)


def test_a_blank_called_title_means_us_only_where_any_title_does(listen: Listen, node: Recorder) -> None:
    strict, lenient = listen(), listen(any_called_ae=True)
    with connection(strict.port) as sock:
        sock.sendall(association_request(called=b""))
        assert read_pdu(sock) == b"\x03\x00\x00\x00\x00\x04\x00\x01\x01\x07"
    with connection(lenient.port) as sock:
        sock.sendall(association_request(called=b""))
        assert read_pdu(sock)[0] == 0x02
    assert [caller.called_ae for caller in node.callers] == ["BAA_NODE"]


@pytest.mark.parametrize("limit", ["max_associations", "max_associations_per_address"])
def test_one_association_too_many_is_told_that_the_node_is_busy(listen: Listen, limit: str) -> None:
    server = listen(**{limit: 2})
    with association(server.port), association(server.port) as second:
        with connection(server.port) as third:
            third.sendall(association_request())
            assert read_pdu(third) == b"\x03\x00\x00\x00\x00\x04\x00\x02\x03\x02"
        second.close()
        eventually(lambda: server.connections == 1, what="the place to be free", timeout_s=5)
        still_serves(server)


def test_connections_far_beyond_the_limit_are_dropped_unread(listen: Listen) -> None:
    server = listen(max_associations=2, max_associations_per_address=2)
    with ExitStack() as stack:
        first = [stack.enter_context(connection(server.port, timeout_s=0.5)) for _ in range(4)]
        assert ends(stack.enter_context(connection(server.port)))
        assert not any(ends(sock) for sock in first)
    nobody_left(server)
    still_serves(server)


def test_a_data_set_beyond_the_limit_is_out_of_resources(listen: Listen, node: Recorder) -> None:
    server = listen(max_dataset_bytes=10_000)
    ds = radiograph()
    with association(server.port) as sock:
        sock.sendall(store_command(ds.SOPInstanceUID) + p_data(bytes(9_000), 0) + p_data(bytes(9_000), LAST))
        assert status_of(read_pdu(sock)) == 0xA700
        sock.sendall(store_command(ds.SOPInstanceUID) + p_data(data_set_bytes(part10(ds)), LAST))
        assert status_of(read_pdu(sock)) == 0
    assert len(node.received) == 1


def test_an_endless_data_set_is_aborted(listen: Listen, node: Recorder) -> None:
    server = listen(max_dataset_bytes=10_000)
    with association(server.port) as sock:
        sock.sendall(store_command("1.2.3"))
        assert drops(sock, p_data(bytes(9_000), 0), pause_s=0.005)
    nobody_left(server)
    assert not node.received


def test_a_store_without_data_set_or_instance_is_answered(server: NodeServer) -> None:
    with association(server.port) as sock:
        sock.sendall(store_command("1.2.3", with_data_set=False))
        assert status_of(read_pdu(sock)) == 0xC003
        sock.sendall(store_command("", with_data_set=False))
        assert status_of(read_pdu(sock)) == 0x0117


def test_requests_sent_without_waiting_for_answers_do_not_pile_up(server: NodeServer, node: Recorder) -> None:
    answered = threading.Event()
    answer = node.answer
    node.answer = lambda received: (answered.wait(10), answer(received))[1]
    ds = radiograph(rows=1000, columns=500)
    encoded = data_set_bytes(part10(ds))
    fragments = [encoded[start : start + 100_000] for start in range(0, len(encoded), 100_000)]
    message = store_command(ds.SOPInstanceUID) + b"".join(p_data(one, LAST if one is fragments[-1] else 0) for one in fragments)
    with association(server.port, timeout_s=1) as sock:
        sent = 0
        with suppress(TimeoutError):
            for _ in range(64):
                sock.sendall(message)
                sent += 1
        assert 1 < sent < 32, "one being answered, one waiting, the rest in the buffers of the network"
        answered.set()
        sock.settimeout(10)
        assert [status_of(read_pdu(sock)) for _ in range(sent)] == [0] * sent


@pytest.mark.parametrize("when", ["after the command", "in the data set", "after the last fragment"])
def test_a_sender_that_vanishes_leaves_nothing_behind(server: NodeServer, node: Recorder, when: str) -> None:
    ds = radiograph()
    command, data = store_command(ds.SOPInstanceUID), p_data(data_set_bytes(part10(ds)), LAST)
    sent = {"after the command": command, "in the data set": command + data[:100], "after the last fragment": command + data}[when]
    with association(server.port) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset, as a pulled plug does later
        sock.sendall(sent)
        time.sleep(0.1)
    nobody_left(server)
    assert len(node.received) == (when == "after the last fragment")
    still_serves(server)


def test_threads_and_descriptors_come_back(listen: Listen) -> None:
    server = listen(pdu_timeout_s=0.3)
    still_serves(server)
    nobody_left(server)
    before = threading.active_count(), open_descriptors()
    for _ in range(5):
        with association(server.port) as sock:
            sock.sendall(b"\x04\x00")
            assert ends(sock)
        with connection(server.port) as sock:
            sock.sendall(b"\xff" * 6)
            assert ends(sock)
        still_serves(server)
    nobody_left(server)
    eventually(lambda: (threading.active_count(), open_descriptors()) <= before, what="threads and descriptors to return", timeout_s=5)


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def drops(sock: socket.socket, sent: bytes, *, pause_s: float) -> bool:
    """Whether a peer to which `sent` is sent for five seconds closes the connection."""
    deadline = time.monotonic() + 5
    try:
        while time.monotonic() < deadline:
            sock.sendall(sent)
            time.sleep(pause_s)
    except (BrokenPipeError, ConnectionResetError):
        return True
    return False


@pytest.mark.filterwarnings("ignore::UserWarning")  # zeros are no data set
def test_all_data_sets_together_are_bounded(listen: Listen, node: Recorder) -> None:
    server = listen(max_dataset_bytes=1_000_000, max_receiving_bytes=100_000)
    with association(server.port) as one, association(server.port) as other:
        one.sendall(store_command("1.2.3") + p_data(bytes(14_000), 0) * 6)  # 84,000 bytes and not the last
        time.sleep(0.3)
        other.sendall(store_command("1.2.4") + p_data(bytes(14_000), 0) * 2 + p_data(bytes(14_000), LAST))
        assert status_of(read_pdu(other)) == 0xA700
        one.sendall(p_data(bytes(14), LAST))
        assert status_of(read_pdu(one)) != 0xA700
        other.sendall(store_command("1.2.5") + p_data(bytes(14_000), 0) * 2 + p_data(bytes(14_000), LAST))
        assert status_of(read_pdu(other)) != 0xA700  # what was held is free again
    assert node.received == []


def test_whoever_holds_most_gives_way_when_all_places_are_taken(listen: Listen) -> None:
    server = listen(max_associations=4, max_associations_per_address=4)
    hoard = [socket.create_connection(("127.0.0.1", server.port), 5, ("127.0.0.2", 0)) for _ in range(8)]
    try:
        eventually(lambda: server.connections == 8, what="all places taken")
        still_serves(server)
        hoard[0].settimeout(2)
        assert hoard[0].recv(1) == b""
        hoard[-1].settimeout(0.5)
        with pytest.raises(TimeoutError):
            hoard[-1].recv(1)
    finally:
        for sock in hoard:
            sock.close()
