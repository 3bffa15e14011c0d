"""Somebody calls the node and something is wrong: ``peers``, the console's page of peers and the log say the same sentence."""

from __future__ import annotations

import json
import shlex
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from pydicom.uid import MPEG2MPML, ComputedRadiographyImageStorage, CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE

from baa_node.dicom.scu import ClientTls, Endpoint, Outgoing, echo, send
from baa_node.errors import DeliveryError
from baa_node.mistakes import Mistake
from tests.dicom.conftest import part10, radiograph
from tests.dicom.wire import association_request
from tests.mistakes.site import Running, Site, check, is_told
from tests.parts.certificates import Authorities
from tests.parts.programs import eventually

PACS = ("--ae-title", "PACS", "--host", "127.0.0.1", "--port", "104")


@pytest.fixture
def node(site: Site) -> Iterator[Running]:
    site.cli.ok("peers", "add", "pacs", *PACS)
    with site.running() as running:
        yield running


def endpoint(port: int, *, called: str = "BAA_NODE", calling: str = "PACS", tls: ClientTls | None = None) -> Endpoint:
    return Endpoint(ae_title=called, host="127.0.0.1", port=port, calling_ae=calling, tls=tls, association_timeout_s=5)


def called(title: str) -> Callable[[int], None]:
    return lambda port: echo(endpoint(port, called=title))


def calling(title: str) -> Callable[[int], None]:
    return lambda port: echo(endpoint(port, calling=title))


def raw(*, called: bytes = b"BAA_NODE", calling: bytes = b"PACS", pad: bytes = b" ", address: str = "127.0.0.1") -> Callable[[int], None]:
    """An association request as no library would write it; a rejection has type 3."""

    def call(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=5, source_address=(address, 0)) as connection:
            connection.sendall(association_request(called=called, calling=calling, pad=pad))
            if connection.recv(1) == b"\x03":
                raise DeliveryError("rejected")

    return call


def hello(port: int) -> None:
    """Begin a TLS handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
        try:
            context.wrap_socket(plain)
        except OSError as error:
            raise DeliveryError("no TLS") from error


def offering(sop_class: str, syntax: str) -> Callable[[int], None]:
    def call(port: int) -> None:
        ae = AE("PACS")
        ae.add_requested_context(sop_class, syntax)
        association = ae.associate("127.0.0.1", port, ae_title="BAA_NODE")
        association.release() if association.is_established else association.kill()
        assert not association.accepted_contexts
        raise DeliveryError("nothing accepted")

    return call


CALLERS = [
    ("wrong", called("ARCHIVE"), Mistake.CALLED_ANOTHER_TITLE, ("PACS at 127.0.0.1 called ARCHIVE", "this node is BAA_NODE")),
    ("lower case", called("baa_node"), Mistake.CALLED_OTHER_CASE, ("called baa_node", "enter BAA_NODE in the PACS exactly so")),
    ("blank", raw(called=b""), Mistake.CALLED_BLANK, ("PACS at 127.0.0.1 called without", "enter BAA_NODE")),
    ("caller unknown", raw(calling=b"XRAY", address="127.0.0.2"), Mistake.CALLER_UNKNOWN, ("XRAY at 127.0.0.2",)),
    ("caller lower case", calling("pacs"), Mistake.CALLER_OTHER_CASE, ("pacs at 127.0.0.1", "PACS of peer pacs")),
    ("caller blank", raw(calling=b""), Mistake.CALLER_BLANK, ("caller at 127.0.0.1",)),
    ("other AE than it answers on", calling("PACS_SCU"), Mistake.CALLER_UNDER_ANOTHER_TITLE, ("PACS_SCU at 127.0.0.1", "answers as PACS")),
    (
        "SOP class",
        offering(CTImageStorage, ExplicitVRLittleEndian),
        Mistake.CALLER_OFFERS_NOTHING,
        ("PACS at 127.0.0.1", "CT Image Storage"),
    ),
    (
        "transfer syntax",
        offering(ComputedRadiographyImageStorage, MPEG2MPML),
        Mistake.CALLER_SYNTAX,
        ("Computed Radiography Image Storage", "MPEG2 Main Profile"),
    ),
    ("TLS where none is spoken", hello, Mistake.CALLER_WITH_TLS, ("127.0.0.1",)),
]


def explained(site: Site, node: Running) -> str:
    """Give the sentence about the one caller that got nowhere, on which command line, page and log agree."""
    (caller,) = eventually(lambda: site.cli.json("peers", "list")["refused_callers"], what="the caller to be noted", timeout_s=5)
    sentence = str(caller["why"])
    assert sentence in site.cli.ok("peers").out
    assert is_told(sentence, node.page("/peers"))
    eventually(lambda: f"turned away: {sentence}" in site.log, what=f"the log to say: {sentence}", timeout_s=5)
    return sentence


@pytest.mark.parametrize(("call", "mistake", "named"), [case[1:] for case in CALLERS], ids=[case[0] for case in CALLERS])
def test_a_caller_that_gets_nowhere_is_explained(
    site: Site, node: Running, call: Callable[[int], None], mistake: Mistake, named: tuple[str, ...]
) -> None:
    with pytest.raises(DeliveryError):
        call(node.port)
    check(explained(site, node), mistake, *named)


def test_a_caller_under_another_title_is_admitted_with_its_results_going_to_where_it_answers(site: Site, node: Running) -> None:
    with pytest.raises(DeliveryError):
        calling("PACS_SCU")(node.port)
    (caller,) = site.cli.json("peers", "list")["refused_callers"]
    site.cli.ok(*shlex.split(caller["admit"])[3:])
    calling("PACS_SCU")(node.port)
    assert {peer["ae_title"]: peer["results_go_to"] for peer in site.cli.json("peers", "list")["peers"]}["PACS_SCU"] == ["pacs"]


@pytest.mark.parametrize("padding", [b" ", b"\0"], ids=["spaces", "NUL"])
def test_a_padded_title_is_no_mistake(site: Site, node: Running, padding: bytes) -> None:
    raw(called=b"BAA_NODE", calling=b" PACS" if padding == b" " else b"PACS", pad=padding)(node.port)
    assert site.cli.json("peers", "list")["refused_callers"] == []


@pytest.fixture
def tls_node(site: Site, authorities: Authorities) -> Iterator[Running]:
    own = authorities.issue("good")
    site.settings(NODE__TLS_CERTIFICATE=own.certificate, NODE__TLS_KEY=own.key, NODE__TLS_CA=authorities.ca)
    site.cli.ok("peers", "add", "pacs", *PACS)
    with site.running() as running:
        yield running


def test_a_caller_without_tls_is_explained(site: Site, tls_node: Running) -> None:
    with suppress(ConnectionError):
        raw()(tls_node.port)
    check(explained(site, tls_node), Mistake.CALLER_WITHOUT_TLS, "caller at 127.0.0.1")


def test_a_caller_whose_certificate_nobody_knows_is_explained(site: Site, tls_node: Running, authorities: Authorities) -> None:
    stranger = authorities.issue("stranger")
    tls = ClientTls(ca=authorities.ca, certificate=stranger.certificate, key=stranger.key)
    with pytest.raises(DeliveryError):
        echo(endpoint(tls_node.port, tls=tls))
    check(explained(site, tls_node), Mistake.CALLER_CERTIFICATE, "127.0.0.1", "unable to get local issuer certificate", "node.tls_ca")


def stored(port: int, **elements: str) -> int | None:
    """Send one image and give the status of the answer."""
    ds = radiograph()
    for keyword, value in elements.items():
        setattr(ds, keyword, value)
    syntax = ds.file_meta.TransferSyntaxUID
    sent = Outgoing(sop_class_uid=ds.SOPClassUID, sop_instance_uid=ds.SOPInstanceUID, transfer_syntax_uid=syntax, content=part10(ds))
    (result,) = send(endpoint(port), [[sent]])
    return result.status


def test_a_destination_that_may_not_send_is_explained(site: Site, node: Running) -> None:
    site.cli.ok("peers", "edit", "pacs", "--no-source")
    assert stored(node.port) == 0x0124
    check(explained(site, node), Mistake.NO_SOURCE, "PACS at 127.0.0.1", "--source")


def test_a_pacs_that_sends_back_what_it_got_is_explained(site: Site, node: Running) -> None:
    assert stored(node.port, ManufacturerModelName="baa_node") == 0
    sentence = Mistake.SENT_BACK.told(calling="PACS", own="BAA_NODE")
    assert sentence in site.log
    findings = {one["check"]: one for one in json.loads(site.cli("--json", "doctor").out)}
    assert not findings["peers"]["ok"]
    assert sentence in findings["peers"]["finding"]
    assert is_told(sentence, node.post("/doctor"))
