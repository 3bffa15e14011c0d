from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from baa_node.dicom.scu import ClientTls, Endpoint, Outcome, Outgoing, echo, send
from baa_node.dicom.server import NodeServer, ServerTls
from baa_node.dicom.tls import TLS12_SUITES
from baa_node.errors import ConfigError, DeliveryError
from tests.dicom.conftest import Recorder, part10, radiograph
from tests.dicom.wire import connection, ends
from tests.parts.programs import eventually, program, run

Listen = Callable[..., NodeServer]


@dataclass(frozen=True)
class Identity:
    """A self-signed certificate, which is its own authority."""

    certificate: Path
    key: Path


@pytest.fixture(scope="module")
def identities(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Identity]:
    folder = tmp_path_factory.mktemp("tls")
    return {name: self_signed(folder, name) for name in ("node", "pacs", "stranger")}


def self_signed(folder: Path, name: str) -> Identity:
    identity = Identity(folder / f"{name}.pem", folder / f"{name}.key")
    subject = ("-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1")
    files = ("-keyout", identity.key, "-out", identity.certificate)
    done = run(program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files)
    assert done.returncode == 0, done.stdout
    return identity


@pytest.fixture
def server(listen: Listen, identities: dict[str, Identity]) -> NodeServer:
    return listen(tls=server_tls(identities), pdu_timeout_s=1)


def server_tls(identities: dict[str, Identity]) -> ServerTls:
    return ServerTls(certificate=identities["node"].certificate, key=identities["node"].key, ca=identities["pacs"].certificate)


def endpoint(server: NodeServer, trusts: Identity, shows: Identity | None) -> Endpoint:
    tls = ClientTls(ca=trusts.certificate, certificate=shows and shows.certificate, key=shows and shows.key)
    return Endpoint(ae_title="BAA_NODE", host="127.0.0.1", port=server.port, calling_ae="PACS", tls=tls, association_timeout_s=5)


def test_store_over_tls_with_certificates_on_both_sides(server: NodeServer, node: Recorder, identities: dict[str, Identity]) -> None:
    ds = radiograph(rows=600, columns=500)
    syntax = ds.file_meta.TransferSyntaxUID
    sent = Outgoing(sop_class_uid=ds.SOPClassUID, sop_instance_uid=ds.SOPInstanceUID, transfer_syntax_uid=syntax, content=part10(ds))
    (result,) = send(endpoint(server, identities["node"], identities["pacs"]), [[sent]])
    assert result.outcome is Outcome.STORED
    assert node.callers[0].tls
    assert node.received[0].sop_instance_uid == ds.SOPInstanceUID


@pytest.mark.parametrize("shows", ["stranger", None])
def test_a_caller_without_a_trusted_certificate_gets_nowhere(
    server: NodeServer, node: Recorder, identities: dict[str, Identity], shows: str | None
) -> None:
    with pytest.raises(DeliveryError):
        echo(endpoint(server, identities["node"], identities[shows] if shows else None))
    assert not node.callers
    why = "certificate is not accepted" if shows else "shows no certificate"
    eventually(lambda: any(address == "127.0.0.1" and why in reason for address, reason in node.distrusted), what="the node to note it")


def test_a_peer_with_another_certificate_is_not_called(server: NodeServer, node: Recorder, identities: dict[str, Identity]) -> None:
    with pytest.raises(DeliveryError, match=r"not trusted here \(self-signed certificate\)"):
        echo(endpoint(server, identities["stranger"], identities["pacs"]))
    assert not node.callers


def test_no_plain_association_on_a_tls_port(server: NodeServer, node: Recorder) -> None:
    with pytest.raises(DeliveryError, match="speaks TLS, and is called without"):
        echo(Endpoint(ae_title="BAA_NODE", host="127.0.0.1", port=server.port, calling_ae="PACS"))
    assert not node.callers
    # The caller looks afterwards whether TLS is spoken there, without a certificate, which may be noted as well.
    eventually(lambda: ("127.0.0.1", "the other side does not speak TLS") in node.distrusted, what="the node to note it")


def test_who_only_knocks_is_nothing_to_note(server: NodeServer, node: Recorder, identities: dict[str, Identity]) -> None:
    with connection(server.port):
        pass
    echo(endpoint(server, identities["node"], identities["pacs"]))
    assert node.distrusted == []


def test_silent_connections_do_not_keep_others_from_their_handshake(server: NodeServer, identities: dict[str, Identity]) -> None:
    with ExitStack() as stack:
        silent = [stack.enter_context(connection(server.port)) for _ in range(3)]
        echo(endpoint(server, identities["node"], identities["pacs"]))
        assert all(ends(sock) for sock in silent)


def test_a_failed_handshake_is_no_connection_that_could_give_way(listen: Listen, identities: dict[str, Identity]) -> None:
    server = listen(
        tls=server_tls(identities), max_associations=1, max_associations_per_address=1, pdu_timeout_s=20
    )  # two connections in all
    for _ in range(2):
        with from_elsewhere(server) as hasty:
            hasty.sendall(b"no TLS" * 10)
            assert ends(hasty)
    eventually(lambda: server.connections == 0, what="the failed ones to be gone")
    with from_elsewhere(server) as oldest, from_elsewhere(server):
        eventually(lambda: server.connections == 2, what="all places taken")
        oldest.settimeout(2)
        echo(endpoint(server, identities["node"], identities["pacs"]))
        assert ends(oldest)


def from_elsewhere(server: NodeServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), 5, ("127.0.0.2", 0))


@pytest.mark.parametrize("suite", TLS12_SUITES)
def test_tls_1_2_with_the_suites_of_the_profile(server: NodeServer, identities: dict[str, Identity], suite: str) -> None:
    assert handshake(server, identities, ssl.TLSVersion.TLSv1_2, suite) == suite


def test_nothing_older_than_tls_1_2(server: NodeServer, identities: dict[str, Identity]) -> None:
    with pytest.warns(DeprecationWarning, match=r"TLSv1_1"), pytest.raises((ssl.SSLError, ConnectionResetError)):
        handshake(server, identities, ssl.TLSVersion.TLSv1_1, "DEFAULT@SECLEVEL=0")


def handshake(server: NodeServer, identities: dict[str, Identity], version: ssl.TLSVersion, ciphers: str) -> str:
    context = ssl.create_default_context(cafile=str(identities["node"].certificate))
    context.load_cert_chain(identities["pacs"].certificate, identities["pacs"].key)
    context.minimum_version = context.maximum_version = version
    context.set_ciphers(ciphers)
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock,
        context.wrap_socket(sock, server_hostname="127.0.0.1") as tls,
    ):
        cipher = tls.cipher()
    assert cipher is not None
    return cipher[0]


@pytest.mark.parametrize(
    "missing",
    [{"ca": None}, {"certificate": None}, {"ca": Path("absent.pem")}, {"key": Path("absent.key")}],
    ids=["no authority", "no certificate", "absent authority", "absent key"],
)
def test_files_that_do_not_serve_are_named(listen: Listen, identities: dict[str, Identity], missing: dict[str, Path | None]) -> None:
    files: dict[str, Path | None] = {**vars(server_tls(identities)), **missing}
    with pytest.raises(ConfigError, match=r"absent|TLS"):
        listen(tls=ServerTls(**files))
