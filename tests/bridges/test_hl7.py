"""HL7 v2 to a receiver in this process that accepts, refuses, keeps silent, or talks nonsense."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from baa_node.bridges import Attempt, Wires, bridge_to
from baa_node.core.messages.hl7 import control_id
from baa_node.dicom.certificate import HANDSHAKES, read_pem
from baa_node.errors import DeliveryError
from tests.bridges.conftest import Packing, destination, nobody
from tests.parts.certificates import Authorities, Identity
from tests.parts.mllp import ACCEPT, END, START, Answer, MllpReceiver, acknowledgement, raw, silence
from tests.parts.programs import free_port
from tests.parts.results import NAMES, REFUSAL, full_dx
from tests.parts.watch import Moment, own_s


def send(url: str, wires: Wires, parcel: Any) -> Attempt:
    return bridge_to(destination("hl7", url), wires, endpoint=nobody).send(parcel)


@pytest.mark.parametrize("code", ["AA", "CA"])
def test_an_accepted_message_is_stored(pack: Packing, wires: Wires, code: str) -> None:
    parcel = pack()
    with MllpReceiver(acknowledgement(code)) as receiver:
        attempt = send(f"{receiver.url}/RIS/Hospital%20A", wires, parcel)
    assert attempt == Attempt(stored=True, taken=(parcel.told.report_uid,))
    (message,) = receiver.messages
    assert (message["MSH.F5"], message["MSH.F6"], message["MSH.F10"]) == ("RIS", "Hospital A", control_id(parcel.told))
    assert message["OBX.F5"] == "110.0"


def test_a_name_in_another_script_arrives(pack: Packing, wires: Wires) -> None:
    source = full_dx()
    source.SpecificCharacterSet, source.PatientName = NAMES["unicode"]
    with MllpReceiver() as receiver:
        assert send(receiver.url, wires, pack(source=source)).stored
    assert receiver.messages[0]["PID.F5.R1.C1"] == "Παπαδόπουλος"


def test_a_refusal_is_told(pack: Packing, wires: Wires) -> None:
    with MllpReceiver() as receiver:
        assert send(receiver.url, wires, pack(REFUSAL)).stored
    assert receiver.messages[0]["OBX.F11"] == "X"


@pytest.mark.parametrize(
    ("code", "fault", "retry"),
    [
        ("AE", "", True),
        ("AE", "207", True),
        ("AE", "204", True),
        ("CE", "", True),
        ("AE", "101", False),
        ("AE", "103", False),
        ("AR", "", False),
        ("AR", "200", False),
        ("CR", "", False),
        ("AR", "207", True),
    ],
)
def test_what_a_refused_message_means(pack: Packing, wires: Wires, code: str, fault: str, retry: bool) -> None:
    with MllpReceiver(acknowledgement(code, fault=fault)) as receiver:
        attempt = send(receiver.url, wires, pack())
    assert (attempt.stored, attempt.retry, attempt.taken) == (False, retry, ())
    assert code in attempt.error
    assert fault in attempt.error


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "no MLLP"),
        (raw(START + b"hello" + END), "no acknowledgement"),
        (raw(START + b"MSH|^~\\&|A\rPID|1\r" + END), "no acknowledgement"),
        (raw(START + b"MSH|^~\\&|A\rMSA|ZZ|1\r" + END), "no acknowledgement"),
        (raw(START + b"\xff\xfe\0" + END), "no acknowledgement"),
        (raw(START + b"MSH|^~\\&|A\rMSA|AA"), "without a complete"),  # half an answer
        (raw(START + b"x" * (2 << 20)), "no MLLP"),
        (raw(b""), "without a complete"),
        (acknowledgement("AA", to="SOMEBODY_ELSES"), "another message"),
    ],
)
def test_an_answer_that_says_nothing_is_tried_again(pack: Packing, wires: Wires, answer: Answer, told: str) -> None:
    with MllpReceiver(answer) as receiver:
        attempt = send(receiver.url, wires, pack())
    assert (attempt.stored, attempt.retry) == (False, True)
    assert told in attempt.error
    assert "Doe" not in attempt.error


def test_a_silent_receiver_is_left_in_time(pack: Packing) -> None:
    with MllpReceiver(silence(4.0)) as receiver:
        began = Moment()
        attempt = send(receiver.url, Wires(timeout_s=0.5), pack())
        assert own_s(began) < 3.5
    assert attempt.retry
    assert "within 0.5 s" in attempt.error


def test_a_receiver_that_is_away_is_tried_again(pack: Packing, wires: Wires) -> None:
    attempt = send(f"mllp://127.0.0.1:{free_port()}", wires, pack())
    assert attempt.retry
    assert "refuses connections" in attempt.error


def test_the_same_message_again_has_the_same_control_id(pack: Packing, wires: Wires) -> None:
    with MllpReceiver(acknowledgement("AE")) as receiver:
        send(receiver.url, wires, pack())
        receiver.answer = ACCEPT
        assert send(receiver.url, wires, pack()).stored
        assert send(receiver.url, wires, pack(revision=2)).stored
    first, again, amended = (message["MSH.F10"] for message in receiver.messages)
    assert first == again != amended


def served(identity: Identity) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    return context


@pytest.mark.parametrize(("kind", "stored"), [("good", True), ("expired", False), ("other host", False), ("stranger", False)])
def test_tls_takes_certificates_of_the_authority_alone(
    pack: Packing, authorities: Authorities, trusting: Wires, kind: str, stored: bool
) -> None:
    identity = authorities.issue(kind)
    with MllpReceiver(tls=served(identity)) as receiver:
        attempt = send(receiver.url, trusting, pack())
    assert attempt.stored is stored
    assert stored or (attempt.retry and "shows a certificate" in attempt.error)
    assert len(receiver.messages) == stored
    shown = HANDSHAKES.last("127.0.0.1", receiver.port)
    assert shown == (read_pem(identity.certificate)[0] if stored else None), "a peer that is not trusted showed nothing that counts"


def test_a_receiver_may_ask_for_our_certificate(pack: Packing, authorities: Authorities, trusting: Wires) -> None:
    context = served(authorities.issue("good"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authorities.ca)
    own = authorities.issue("good")
    with MllpReceiver(tls=context) as receiver:
        assert send(receiver.url, trusting, pack()).retry
        shown = Wires(ca=trusting.ca, timeout_s=2.0, certificate=own.certificate, key=own.key)
        assert send(receiver.url, shown, pack()).stored


def test_a_probe_says_whether_anybody_is_there(wires: Wires) -> None:
    with MllpReceiver() as receiver:
        assert "takes connections" in bridge_to(destination("hl7", receiver.url), wires, endpoint=nobody).probe()
    with pytest.raises(DeliveryError, match="refuses"):
        bridge_to(destination("hl7", receiver.url), wires, endpoint=nobody).probe()


def test_nothing_is_sent_without_permission(pack: Packing, wires: Wires) -> None:
    def denied() -> None:
        raise PermissionError

    with MllpReceiver() as receiver:
        with pytest.raises(PermissionError):
            bridge_to(destination("hl7", receiver.url), wires, endpoint=nobody, permit=denied).send(pack())
        assert receiver.messages == []
