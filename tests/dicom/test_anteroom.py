"""Connections that have not said who they are: they wait without a thread, and are heard as soon as they have."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from baa_node.dicom.anteroom import MOST_AWAITED
from baa_node.dicom.limits import REACHED, Limit
from baa_node.dicom.scu import Endpoint, echo
from baa_node.dicom.server import NodeServer
from tests.dicom.wire import association_request, connection, ends, read_pdu
from tests.parts.programs import eventually
from tests.parts.watch import Moment, own_s

Listen = Callable[..., NodeServer]
ACCEPTED = 0x02
MANY = 60


def test_who_says_nothing_has_no_thread(listen: Listen) -> None:
    server = listen(max_associations=MANY, max_associations_per_address=MANY)
    before = threading.active_count()
    with ExitStack() as stack:
        for _ in range(MANY):
            stack.enter_context(connection(server.port)).sendall(association_request()[:-1])
        eventually(lambda: server.connections == MANY, what="all to be let in")
        assert threading.active_count() == before
        echo(Endpoint(ae_title="BAA_NODE", host="127.0.0.1", port=server.port, calling_ae="PACS", association_timeout_s=5))
    eventually(lambda: server.connections == 0, what="those who went to be forgotten")


@pytest.mark.parametrize("pieces", [2, 7, 60], ids=lambda count: f"{count} pieces")
def test_a_request_in_pieces_is_answered(server: NodeServer, pieces: int) -> None:
    request = association_request()
    size = -(-len(request) // pieces)
    with connection(server.port) as sock:
        for start in range(0, len(request), size):
            sock.sendall(request[start : start + size])
            time.sleep(0.005)
        assert read_pdu(sock)[0] == ACCEPTED


def test_a_request_longer_than_what_is_awaited_is_answered(server: NodeServer) -> None:
    request = association_request(contexts=100, syntaxes=20)
    assert len(request) > MOST_AWAITED
    with connection(server.port) as sock:
        sock.sendall(request)
        assert read_pdu(sock)[0] == ACCEPTED


def test_half_a_request_is_given_up_in_time_and_counted(listen: Listen) -> None:
    server = listen(pdu_timeout_s=2)
    counted = REACHED.labels(Limit.PDU_TIME)._value.get()
    with connection(server.port) as early:
        early.sendall(association_request()[:50])
        time.sleep(1.5)
        with connection(server.port) as late:
            began = Moment()
            assert ends(early)
            assert own_s(began) < 1.5
            assert ends(late)
    assert REACHED.labels(Limit.PDU_TIME)._value.get() == counted + 2
    eventually(lambda: server.connections == 0, what="both to be forgotten")


@pytest.mark.parametrize("length", [0, 3, 50])
def test_whoever_goes_before_having_asked_frees_the_place_at_once(listen: Listen, length: int) -> None:
    server = listen(pdu_timeout_s=30)
    with connection(server.port) as sock:
        sock.sendall(association_request()[:length])
        eventually(lambda: server.connections == 1, what="the caller to be let in")
        sock.shutdown(socket.SHUT_WR)
        assert ends(sock)
    eventually(lambda: server.connections == 0, what="the place to be free", timeout_s=2)


def test_a_caller_who_waits_is_sent_away_when_the_node_stops(listen: Listen) -> None:
    server = listen(pdu_timeout_s=30)
    with connection(server.port) as sock:
        eventually(lambda: server.connections == 1, what="the caller to be let in")
        server.stop()
        assert ends(sock)
        assert server.connections == 0


def test_who_waits_costs_no_time(listen: Listen) -> None:
    server = listen(max_associations=MANY, max_associations_per_address=MANY, pdu_timeout_s=30)
    with ExitStack() as stack:
        for _ in range(MANY):
            stack.enter_context(connection(server.port)).sendall(association_request()[:100])
        eventually(lambda: server.connections == MANY, what="all to be let in")
        time.sleep(0.3)
        began = time.process_time()
        time.sleep(1)
        assert time.process_time() - began < 0.1
