"""Certificates that a node is given while it runs: real handshakes with a peer, with a listener, and what stands on record."""

from __future__ import annotations

import logging
import socket
import ssl
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from pynetdicom import AE
from pynetdicom.sop_class import Verification

from baa_node.certificates import GIVEN, Certificates
from baa_node.config import Config
from baa_node.db import Database, audit
from baa_node.db.audit import AuditRecord
from baa_node.dicom.certificate import read_pem
from baa_node.dicom.scu import ClientTls, echo
from baa_node.dicom.server import NodeServer
from baa_node.doctor import Ground, examine
from baa_node.errors import ConfigError, DeliveryError
from baa_node.roles.intake import listen_settings_of
from baa_node.sections import NodeSection
from baa_node.wiring.lines import endpoint_of
from tests.db import made
from tests.dicom.conftest import Recorder
from tests.parts.certificates import Authorities, Identity

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Authorities:
    return Authorities(tmp_path_factory.mktemp("authorities"))


@pytest.fixture(scope="module")
def pacs(authorities: Authorities) -> Iterator[int]:
    """Port of a PACS that speaks TLS and trusts the authority."""
    with listening(authorities.issue("good"), authorities) as port:
        yield port


@pytest.fixture
def certificates(tmp_path: Path) -> Iterator[Certificates]:
    database = Database.open(f"sqlite:///{tmp_path / 'node.db'}")
    yield Certificates(Config(data_dir=tmp_path / "data"), database)
    database.close()


class listening:  # noqa: N801 - reads as what it does
    """A PACS on a port of its own while the block lasts."""

    def __init__(self, shown: Identity, authorities: Authorities) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authorities.ca))
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(shown.certificate, shown.key)
        self._context = context

    def __enter__(self) -> int:
        pacs = AE("PACS")
        pacs.add_supported_context(Verification)
        self._server = pacs.start_server(("127.0.0.1", 0), block=False, ssl_context=self._context)
        return int(self._server.socket.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()


def peer(port: int):  # type: ignore[no-untyped-def]
    return made.peer(host="127.0.0.1", port=port, tls=True)


def events(certificates: Certificates) -> list[AuditRecord]:
    with certificates.database.reading() as c:
        return audit.list_events(c)


def trust(certificates: Certificates, path: Path) -> str:
    return certificates.trust(path.read_bytes(), actor="console:ann", now=NOW)[0].sha256


def own(certificates: Certificates, identity: Identity) -> str:
    return certificates.take_own(identity.certificate.read_bytes(), identity.key.read_bytes(), actor="console:ann", now=NOW).sha256


def test_a_peer_is_called_over_tls_once_its_authority_was_given_and_no_longer_than_that(
    certificates: Certificates, authorities: Authorities, pacs: int
) -> None:
    config = certificates.config
    with pytest.raises(DeliveryError, match="says whom to trust"):
        endpoint_of(config, peer(pacs))
    sha256 = trust(certificates, authorities.ca)
    own(certificates, authorities.issue("good"))
    echo(endpoint_of(config, peer(pacs)))
    certificates.distrust(sha256[:12].upper(), actor="console:ann", now=NOW)
    with pytest.raises(DeliveryError, match="says whom to trust"):
        endpoint_of(config, peer(pacs))
    kinds = [(one.kind, one.actor, one.detail.get("sha256"), one.detail.get("sha256_to")) for one in events(certificates)]
    shown = read_pem(authorities.issue("good").certificate)  # another one of the same kind
    assert [kind[0] for kind in kinds] == ["CERTIFICATE_ADDED", "CERTIFICATE_CHANGED", "CERTIFICATE_REMOVED"]
    assert kinds[0][1:3] == kinds[2][1:3] == ("console:ann", sha256)
    assert kinds[1][3]
    assert "Hospital" in events(certificates)[0].subject
    assert shown[0].sha256 != kinds[1][3]


def test_without_its_authority_the_look_says_why_and_shows_the_certificate_all_the_same(
    certificates: Certificates, authorities: Authorities, pacs: int, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger.pem"
    trustme.CA(organization_name="Elsewhere").cert_pem.write_to_path(stranger)
    trust(certificates, stranger)
    own(certificates, authorities.issue("good"))
    ((_, found),) = certificates.look([peer(pacs), made.peer("plain")])
    assert found.certificate is not None
    assert "of an authority that is not trusted here (" in found.trouble
    trust(certificates, authorities.ca)
    ((_, after),) = certificates.look([peer(pacs)])
    assert (after.trouble, after.certificate) == ("", found.certificate)


@pytest.mark.parametrize(
    ("kind", "why"), [("expired", "has expired"), ("other host", "for another name"), ("not yet valid", "not yet valid")]
)
def test_the_look_says_what_else_is_wrong(certificates: Certificates, authorities: Authorities, kind: str, why: str) -> None:
    trust(certificates, authorities.ca)
    own(certificates, authorities.issue("good"))
    with listening(authorities.issue(kind), authorities) as port:
        ((_, found),) = certificates.look([peer(port)])
    assert why in found.trouble
    assert found.certificate is not None
    ((_, gone),) = certificates.look([peer(port)])
    assert gone.certificate is None
    assert "nothing listens there" in gone.trouble


def test_private_keys_are_for_the_user_of_the_node_alone(certificates: Certificates, authorities: Authorities) -> None:
    own(certificates, authorities.issue("good"))
    trust(certificates, authorities.ca)
    folder = certificates.config.data_dir / "tls"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    kept = [path for path in folder.rglob("*") if path.is_file()]
    assert len(kept) == 2, "nothing of what was tried is left"
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}


def test_what_is_given_comes_before_what_the_settings_name(certificates: Certificates, authorities: Authorities) -> None:
    configured = authorities.issue("other host")
    node = NodeSection(tls_certificate=str(configured.certificate), tls_key=str(configured.key), tls_ca=str(authorities.ca))
    both = replace(certificates, config=replace(certificates.config, node=node))
    sha256 = own(both, authorities.issue("good"))
    before = read_pem(configured.certificate)[0].sha256
    assert [(one.origin, one.in_force, one.certificates[0].sha256) for one in both.held()][:2] == [
        (GIVEN, True, sha256),
        ("node.tls_certificate", False, before),
    ]
    changed = events(both)[-1].detail
    assert (changed["sha256_from"], changed["sha256_to"]) == (before, sha256)
    back = both.drop_own(actor="console:ann", now=NOW)
    assert back is not None
    assert back.sha256 == before
    assert events(both)[-1].detail["sha256_from"] == sha256
    with pytest.raises(ConfigError, match="no certificate of the node was given here"):
        both.drop_own(actor="console:ann", now=NOW)


def test_a_certificate_that_tls_cannot_use_is_refused_before_it_is_kept(certificates: Certificates, tmp_path: Path) -> None:
    weak = weak_pair()
    with pytest.raises(ConfigError, match=r"TLS cannot use this certificate \(EE_KEY_TOO_SMALL\)"):
        certificates.take_own(*weak, actor="console:ann", now=NOW)
    assert certificates.held() == []
    assert events(certificates) == []


def weak_pair() -> tuple[bytes, bytes]:
    """A certificate with an RSA key of 1024 bits, which OpenSSL takes for too short."""
    from datetime import timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(65537, 1024)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "weak")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW - timedelta(days=1), NOW + timedelta(days=9))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM), key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


@pytest.fixture
def listener(certificates: Certificates, authorities: Authorities) -> Iterator[Callable[[], NodeServer]]:
    """Start a listener that has no certificate but those it is given."""
    servers: list[NodeServer] = []

    def start() -> NodeServer:
        node = NodeSection(host="127.0.0.1", tls_listen=True)
        settings = listen_settings_of(replace(certificates.config, node=node))
        servers.append(NodeServer.start(replace(settings, port=0), Recorder()))
        return servers[-1]

    yield start
    for server in servers:
        server.stop(timeout_s=1)


def test_a_listener_needs_a_certificate_and_says_how_to_give_it(listener: Callable[[], NodeServer]) -> None:
    with pytest.raises(ConfigError, match="baa-node certificates own"):
        listener()


def test_a_renewed_certificate_is_shown_to_the_next_caller_and_the_open_association_goes_on(
    certificates: Certificates, authorities: Authorities, listener: Callable[[], NodeServer], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    trust(certificates, authorities.ca)
    first = own(certificates, authorities.issue("good"))
    server = listener()
    caller = authorities.issue("other host")
    context = ClientTls(ca=authorities.ca, certificate=caller.certificate, key=caller.key).context()
    assert seen(server.port, context) == first
    modality = AE("MODALITY")
    modality.add_requested_context(Verification)
    association = modality.associate("127.0.0.1", server.port, ae_title="BAA_NODE", tls_args=(context, "127.0.0.1"))
    assert association.is_established
    second = own(certificates, authorities.issue("good"))
    assert seen(server.port, context) == second != first
    assert association.send_c_echo().Status == 0
    association.release()
    damaged = next((certificates.config.data_dir / "tls").glob("own/*/own.pem"))
    damaged.write_text("half of a file")
    assert seen(server.port, context) == second, "the one before stays in force"
    assert "goes on with those before" in caplog.text
    assert "PRIVATE KEY" not in caplog.text


def seen(port: int, context: ssl.SSLContext) -> str:
    """Fingerprint of what a listener shows to a new connection."""
    import hashlib

    with socket.create_connection(("127.0.0.1", port), 5) as plain, context.wrap_socket(plain, server_hostname="127.0.0.1") as tls:
        return hashlib.sha256(tls.getpeercert(binary_form=True) or b"").hexdigest()


def test_the_listener_is_not_left_without_a_certificate(certificates: Certificates, authorities: Authorities) -> None:
    own(certificates, authorities.issue("good"))
    listening_with_it = replace(certificates, config=replace(certificates.config, node=NodeSection(tls_listen=True)))
    with pytest.raises(ConfigError, match="callers are met with this certificate"):
        listening_with_it.drop_own(actor="console:ann", now=NOW)


def test_the_listener_is_not_left_without_an_authority(certificates: Certificates, authorities: Authorities, tmp_path: Path) -> None:
    listening_with_it = replace(certificates, config=replace(certificates.config, node=NodeSection(tls_listen=True)))
    sha256 = trust(listening_with_it, authorities.ca)
    with pytest.raises(ConfigError, match="no caller would be trusted any more"):
        listening_with_it.distrust(sha256, actor="console:ann", now=NOW)
    other = tmp_path / "other.pem"
    trustme.CA(organization_name="Elsewhere").cert_pem.write_to_path(other)
    trust(listening_with_it, other)
    listening_with_it.distrust(sha256, actor="console:ann", now=NOW)


def test_the_doctor_looks_at_what_was_given(certificates: Certificates, authorities: Authorities) -> None:
    sha256 = trust(certificates, authorities.ca)
    (end,) = (one.not_after for one in read_pem(authorities.ca))

    def told(now: datetime) -> tuple[bool, str]:
        unused = {"database": None, "ensemble": None, "probe": None}
        (found,) = examine(Ground(config=certificates.config, now=now, **unused), ["certificates"])  # type: ignore[arg-type]
        return found.ok, found.finding

    assert told(NOW)[0]
    ok, finding = told(end)
    assert not ok
    assert sha256[:16] in finding
