"""FHIR to a server in this process that holds every resource to the standard, and to one that answers as it is told."""

from __future__ import annotations

import json
import os
import ssl
from pathlib import Path
from typing import Any

import pytest

from baa_node.bridges import Attempt, Wires, bridge_to
from baa_node.dicom.certificate import HANDSHAKES, read_pem
from baa_node.errors import DeliveryError
from tests.bridges.conftest import Packing, destination, nobody
from tests.parts.certificates import Authorities
from tests.parts.fhir import FhirStore, Reply, WebServer, outcome
from tests.parts.programs import free_port
from tests.parts.results import REFUSAL, assessment
from tests.parts.watch import Moment, own_s


def send(url: str, wires: Wires, parcel: Any, **changes: Any) -> Attempt:
    return bridge_to(destination("fhir", url, **changes), wires, endpoint=nobody).send(parcel)


def test_both_resources_are_in_place_and_valid(pack: Packing, wires: Wires) -> None:
    parcel, store = pack(), FhirStore()
    with WebServer(store) as server:
        assert send(server.url, wires, parcel) == Attempt(stored=True, taken=(parcel.told.report_uid,))
    observation = store.only("Observation")
    assert float(observation.valueQuantity.value) == 110.0
    assert store.only("DiagnosticReport").result[0].reference == f"Observation/{observation.id}"


def test_sent_again_it_is_still_one_result(pack: Packing, wires: Wires) -> None:
    store = FhirStore()
    with WebServer(store) as server:
        assert send(server.url, wires, pack()).stored
        assert send(server.url + "/", wires, pack()).stored
    assert len(store.resources) == 2
    assert set(store.versions.values()) == {2}
    assert server.requests[0].body == server.requests[1].body


def test_an_amendment_and_a_refusal_take_the_place_of_what_was_there(pack: Packing, wires: Wires) -> None:
    store = FhirStore()
    with WebServer(store) as server:
        assert send(server.url, wires, pack()).stored
        assert send(server.url, wires, pack(assessment(125.0), revision=2)).stored
        assert (store.only("Observation").status, float(store.only("Observation").valueQuantity.value)) == ("amended", 125.0)
        assert send(server.url, wires, pack(REFUSAL, revision=3)).stored
        assert (store.only("Observation").status, store.only("Observation").valueQuantity) == ("cancelled", None)


@pytest.mark.parametrize(
    ("status", "retry"),
    [(400, False), (401, True), (403, True), (404, False), (408, True), (409, False), (422, False), (429, True), (500, True), (503, True)],
)
def test_what_a_failure_means(pack: Packing, wires: Wires, status: int, retry: bool) -> None:
    with WebServer(lambda _: Reply(status, outcome("processing", "Patient Doe is unknown"))) as server:
        attempt = send(server.url, wires, pack())
    assert (attempt.stored, attempt.retry) == (False, retry)
    assert f"HTTP {status} (processing)" in attempt.error
    assert "Doe" not in attempt.error


ENTRY = {"response": {"status": "201 Created"}}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>captive portal</html>",
        b"[]",
        json.dumps({"entry": [ENTRY]}).encode(),
        json.dumps({"entry": [ENTRY, {"response": {"status": "500"}}]}).encode(),
    ],
)
def test_a_success_that_does_not_say_so_is_tried_again(pack: Packing, wires: Wires, body: bytes) -> None:
    with WebServer(lambda _: Reply(200, body)) as server:
        attempt = send(server.url, wires, pack())
    assert (attempt.stored, attempt.retry) == (False, True)


@pytest.mark.parametrize("status", [301, 307])
def test_a_redirection_is_not_followed(pack: Packing, wires: Wires, status: int) -> None:
    with WebServer(lambda _: Reply(status)) as server:
        attempt = send(server.url, wires, pack())
    assert not attempt.stored
    assert len(server.requests) == 1


def test_a_slow_server_is_left_in_time(pack: Packing) -> None:
    with WebServer(lambda _: Reply(200, after_s=4.0)) as server:
        began = Moment()
        attempt = send(server.url, Wires(timeout_s=0.5), pack())
        assert own_s(began) < 3.5
    assert attempt.retry
    assert "in time" in attempt.error


def test_a_server_that_is_away_is_tried_again(pack: Packing, wires: Wires) -> None:
    attempt = send(f"http://127.0.0.1:{free_port()}/fhir", wires, pack())
    assert attempt.retry
    assert "refuses connections" in attempt.error


def test_a_token_is_read_where_it_is_said_to_be(pack: Packing, wires: Wires, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = tmp_path / "token"
    token.write_text("first\n")
    monkeypatch.setitem(os.environ, "BAA_TEST_PASSWORD", "pw")
    with WebServer(FhirStore()) as server:
        send(server.url, wires, pack(), secret=f"file:{token}")
        token.write_text("second")
        send(server.url, wires, pack(), secret=f"file:{token}")
        send(server.url, wires, pack(), user="baa", secret="env:BAA_TEST_PASSWORD")
        send(server.url, wires, pack())
    shown = [request.headers.get("Authorization") for request in server.requests]
    assert shown == ["Bearer first", "Bearer second", "Basic YmFhOnB3", None]


@pytest.mark.parametrize("secret", ["env:BAA_TEST_NOT_SET", "file:/nowhere/token"])
def test_a_secret_that_is_not_there_may_come(wires: Wires, secret: str) -> None:
    with pytest.raises(DeliveryError, match=secret) as caught:
        bridge_to(destination("fhir", "https://h/fhir", secret=secret), wires, endpoint=nobody)
    assert caught.value.retry_helps


@pytest.mark.parametrize(("kind", "stored"), [("good", True), ("expired", False), ("other host", False), ("stranger", False)])
def test_tls_takes_certificates_of_the_authority_alone(
    pack: Packing, authorities: Authorities, trusting: Wires, kind: str, stored: bool
) -> None:
    identity = authorities.issue(kind)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    with WebServer(FhirStore(), tls=context) as server:
        attempt = send(server.url, trusting, pack())
    assert attempt.stored is stored
    assert stored or (attempt.retry and "shows a certificate" in attempt.error)
    shown = HANDSHAKES.last("127.0.0.1", server.port)
    assert shown == (read_pem(identity.certificate)[0] if stored else None), "a peer that is not trusted showed nothing that counts"


def test_an_authority_that_cannot_be_read_is_named(wires: Wires) -> None:
    with pytest.raises(DeliveryError, match=r"nowhere\.pem"):
        bridge_to(destination("fhir", "https://h/fhir"), Wires(ca=Path("/nowhere.pem")), endpoint=nobody)


@pytest.mark.parametrize(
    ("reply", "complaint"),
    [
        (Reply(200, b'{"fhirVersion": "3.0.2"}'), "R4 is needed"),
        (Reply(200, b"hello"), "no capability statement"),
        (Reply(404), "HTTP 404"),
    ],
)
def test_a_probe_says_what_is_wrong(wires: Wires, reply: Reply, complaint: str) -> None:
    with WebServer(lambda _: reply) as server, pytest.raises(DeliveryError, match=complaint):
        bridge_to(destination("fhir", server.url), wires, endpoint=nobody).probe()


def test_a_probe_asks_for_the_capability_statement(wires: Wires) -> None:
    with WebServer(FhirStore()) as server:
        assert "FHIR 4.0.1" in bridge_to(destination("fhir", server.url), wires, endpoint=nobody).probe()
